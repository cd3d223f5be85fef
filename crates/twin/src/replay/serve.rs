//! One request to a replay.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::capture::{Capture, Recorded};
use super::question::key_of;
use crate::request::MOST_BODY_BYTES;

/// The capture and what was asked of it.
pub(super) struct Desk {
    pub(super) capture: Capture,
    stats: Mutex<Stats>,
}

#[derive(Default)]
struct Stats {
    requests: u64,
    rate_limited: u64,
    unrecorded: u64,
    operations: BTreeMap<String, u64>,
}

impl Desk {
    pub(super) fn new(capture: Capture) -> Desk {
        Desk {
            capture,
            stats: Mutex::default(),
        }
    }

    pub(super) fn stats_now(&self) -> Value {
        let stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "requests": stats.requests,
            "operations": stats.operations,
            "rate_limited": stats.rate_limited,
            "unrecorded": stats.unrecorded,
        })
    }

    fn count(&self, operation: Option<&str>, status: u16) {
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        stats.requests += 1;
        stats.rate_limited += u64::from(status == 429);
        stats.unrecorded += u64::from(operation.is_none());
        let name = operation.unwrap_or("unrecorded").to_owned();
        *stats.operations.entry(name).or_default() += 1;
    }

    async fn answer(&self, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if let Some(control) = path.strip_prefix("/_twin/") {
            return match (parts.method.as_str(), control) {
                ("GET", "stats") => write(200, &self.stats_now()),
                _ => write(404, &json!({ "message": "a replay has no such control" })),
            };
        }
        let Ok(body) = axum::body::to_bytes(body, MOST_BODY_BYTES).await else {
            return write(413, &json!({ "message": "the body is too large" }));
        };
        let method = parts.method.as_str();
        let key = key_of(method, path, parts.uri.query().unwrap_or_default(), &body);
        match self.capture.answer(&key) {
            Some((operation, Ok(recorded))) => {
                self.count(Some(&operation), recorded.status);
                give(recorded)
            }
            Some((operation, Err(_))) => {
                self.count(Some(&operation), 500);
                write(
                    500,
                    &json!({ "message": "the capture changed while it was replayed" }),
                )
            }
            None => {
                self.count(None, 404);
                tracing::debug!(method, path, body = %String::from_utf8_lossy(&body), "never recorded");
                write(
                    404,
                    &json!({ "message": "this request was never recorded, so this replay has no answer to it" }),
                )
            }
        }
    }
}

fn give(recorded: Recorded) -> Response<Body> {
    let mut response = Response::new(Body::from(recorded.body));
    *response.status_mut() =
        StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(recorded.content_type),
    );
    if let Some(seconds) = recorded.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn write(status: u16, json: &Value) -> Response<Body> {
    give(Recorded {
        status,
        content_type: "application/json",
        retry_after: None,
        body: json.to_string().into_bytes(),
    })
}

/// Serves until told to end.
pub(super) async fn serve(
    desk: Arc<Desk>,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) {
    let handler = move |request: Request| {
        let desk = Arc::clone(&desk);
        async move { desk.answer(request).await }
    };
    let app = axum::Router::new().fallback(handler);
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(end).await {
        tracing::warn!(%error, "the replay stopped serving");
    }
}
