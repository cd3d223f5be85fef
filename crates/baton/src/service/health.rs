//! Whether the service is well: `/health`, `/ready` and `/live` for whoever watches over it, and asking them.

use super::ServiceError;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is known of the service's health.
#[derive(Debug, Default)]
pub struct Health {
    /// Whether the server was greeted and answered, and we were not told to end.
    pub is_ready: AtomicBool,
    /// Whether the server answered when it was last asked.
    pub is_well: AtomicBool,
}

impl Health {
    /// Sets whether tasks are taken.
    pub(super) fn ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }

    /// Sets whether the server answers.
    pub(super) fn well(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::Relaxed);
    }
}

type Answer = (StatusCode, &'static str);

fn answer(is_so: bool) -> Answer {
    if is_so {
        (StatusCode::OK, "{\"status\":\"ok\"}\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"unavailable\"}\n")
    }
}

/// Binds the address; what comes back serves until `end`.
pub async fn bind(
    address: SocketAddr,
    health: Arc<Health>,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, impl Future<Output = std::io::Result<()>>), ServiceError> {
    let failed = |source| ServiceError::Health { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let ready =
        |State(health): State<Arc<Health>>| async move { answer(health.is_ready.load(Ordering::Relaxed)) };
    let well = |State(health): State<Arc<Health>>| async move {
        answer(health.is_ready.load(Ordering::Relaxed) && health.is_well.load(Ordering::Relaxed))
    };
    let router = Router::new()
        .route("/live", get(|| async { answer(true) }))
        .route("/ready", get(ready))
        .route("/health", get(well))
        .with_state(health);
    let serving = axum::serve(listener, router).with_graceful_shutdown(end);
    Ok((bound, async move { serving.await }))
}

/// Asks a service on this machine whether it is well. `endpoint` is health, ready or live. `Err` says why not.
pub async fn ask(address: SocketAddr, endpoint: &str, limit: Duration) -> Result<(), String> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /{endpoint} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let status = match tokio::time::timeout(limit, asked).await {
        Err(_) => return Err(format!("{address} did not answer within {} s", limit.as_secs())),
        Ok(Err(error)) => return Err(format!("{address} cannot be asked: {error}")),
        Ok(Ok(answer)) => answer.split(' ').nth(1).map(str::to_owned).unwrap_or_default(),
    };
    if status == "200" {
        Ok(())
    } else {
        Err(format!("{endpoint} of {address} answers {status}"))
    }
}
