//! Sockets: a listener whose connections can be reset, as the fault of that name demands.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::request::{Hub, answer};

/// What a handler knows of the connection its request came by.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    resets: Arc<AtomicBool>,
}

impl Line {
    /// The connection ends with a reset instead of its next byte.
    pub(crate) fn reset(&self) {
        self.resets.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Line {
            resets: Arc::clone(&stream.io().resets),
        }
    }
}

/// The listener, whose connections can be reset.
pub(crate) struct Door(TcpListener);

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for more to send.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection of the twin keeps its delay");
        }
        (
            Wire {
                stream,
                resets: Arc::new(AtomicBool::new(false)),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that ends with a reset instead of its next byte, when told so.
pub(crate) struct Wire {
    stream: TcpStream,
    resets: Arc<AtomicBool>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if !self.resets.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Serves until told to end.
pub(crate) async fn serve(
    hub: Arc<Hub>,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) {
    let handler =
        move |ConnectInfo(line): ConnectInfo<Line>, request: Request| answer(Arc::clone(&hub), line, request);
    let app = axum::Router::new().fallback(handler);
    let service = app.into_make_service_with_connect_info::<Line>();
    if let Err(error) = axum::serve(Door(listener), service)
        .with_graceful_shutdown(end)
        .await
    {
        tracing::warn!(%error, "the twin stopped serving");
    }
}
