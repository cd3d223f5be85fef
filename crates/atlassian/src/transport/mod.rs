//! The one way to Atlassian: authenticate → wait for the limiter → send → retry reads → read the answer.
//!
//! Nothing else in the product makes an HTTP client for Atlassian. Reads are retried within a counted budget,
//! writes never. The key is sent and never printed; log lines carry the operation's name, not its path, because
//! a path can hold an account id and a query an e-mail address.

mod body;
mod interpreter;
mod limiter;
mod request;
mod retry;
mod tls;

pub use interpreter::{Heard, Interpreter, Question};
pub use limiter::Waiting;
pub(crate) use request::Request;

use crate::drift::Drift;
use crate::error::ApiError;
use crate::wire::parse_error;
use body::{BodyProblem, is_json, json_problem, read_body};
use bytes::Bytes;
use limiter::Limiter;
use model::Clock;
use request::revokes_every_token;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// How the transport behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the API is; with or without a trailing `/admin`.
    pub base_url: String,
    /// Largest share of an announced request budget that we use, from 0 to 1.
    pub rate_share: f64,
    /// Most requests at the same time.
    pub max_concurrency: u32,
    /// Most requests in all; `None` for no bound.
    pub max_requests: Option<u64>,
    /// A file of certificates to trust besides the machine's.
    pub ca_file: Option<PathBuf>,
    /// Who stands between the client and Atlassian, if somebody does.
    pub interpreter: Option<Arc<dyn Interpreter>>,
}

impl Options {
    /// The defaults for an address: half of an announced budget, 24 requests at a time.
    pub fn new(base_url: impl Into<String>) -> Options {
        Options {
            base_url: base_url.into(),
            rate_share: 0.5,
            max_concurrency: 24,
            max_requests: None,
            ca_file: None,
            interpreter: None,
        }
    }
}

/// What the transport did so far, and what it waits for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Of them, repeats of reads that had failed.
    pub retries: u64,
    /// Of them, refused for the rate.
    pub rate_limited: u64,
    /// Requests by operation.
    pub operations: BTreeMap<String, u64>,
    /// What is being waited for now.
    pub waiting: Option<Waiting>,
}

/// An answer that was read and understood.
pub(crate) struct Answer<T> {
    pub value: T,
    /// When the request was sent whose answer this is.
    pub sent_at: i64,
}

/// What was sent, by all transports that share a bound.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    rate_limited: AtomicU64,
    operations: Mutex<BTreeMap<&'static str, u64>>,
    /// How far the server's clock is ahead of ours, in milliseconds.
    server_ahead_ms: AtomicI64,
    /// Whether a question was ever answered.
    has_answered: AtomicBool,
}

/// Sends requests to Atlassian. Cheap to share.
pub struct Transport {
    http: reqwest::Client,
    base: Url,
    /// The path of the address of the API, without a slash at its end; mostly empty.
    root: String,
    key: SecretString,
    limiter: Limiter,
    clock: Arc<dyn Clock>,
    max_requests: Option<u64>,
    max_concurrency: u32,
    rate_share: f64,
    counts: Arc<Counts>,
    interpreter: Option<Arc<dyn Interpreter>>,
    /// What Atlassian sent that we do not know.
    pub drift: Drift,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

impl Transport {
    /// Prepares to call an API with a key.
    pub fn new(options: &Options, key: SecretString, clock: Arc<dyn Clock>) -> Result<Transport, ApiError> {
        let base = base_address(&options.base_url)?;
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .user_agent(concat!("orgwarden/", env!("CARGO_PKG_VERSION")));
        let http = tls::client(builder, &base, options.ca_file.as_deref())?;
        let root = base.path().trim_end_matches('/').to_owned();
        Ok(Transport {
            http,
            base,
            root,
            key,
            limiter: Limiter::new(options.rate_share, options.max_concurrency),
            clock,
            max_requests: options.max_requests,
            max_concurrency: options.max_concurrency,
            rate_share: options.rate_share,
            counts: Arc::new(Counts::default()),
            interpreter: options.interpreter.clone(),
            drift: Drift::default(),
        })
    }

    /// A way to another address with another credential, such as that of a SCIM directory. Its limits are its own; its
    /// requests count as this transport's, so that one bound holds for both.
    pub fn beside(&self, base_url: &str, key: SecretString) -> Result<Transport, ApiError> {
        Ok(Transport {
            http: self.http.clone(),
            base: base_address(base_url)?,
            root: self.root.clone(),
            key,
            limiter: Limiter::new(self.rate_share, self.max_concurrency),
            clock: Arc::clone(&self.clock),
            max_requests: self.max_requests,
            max_concurrency: self.max_concurrency,
            rate_share: self.rate_share,
            counts: Arc::clone(&self.counts),
            interpreter: self.interpreter.clone(),
            drift: Drift::default(),
        })
    }

    /// The last part of the path of the address: for a SCIM directory its id.
    pub(crate) fn last_segment(&self) -> &str {
        self.base
            .path_segments()
            .and_then(|mut segments| segments.next_back())
            .unwrap_or_default()
    }

    /// What was done so far.
    pub fn status(&self) -> Status {
        let operations = self
            .counts
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Status {
            requests: self.counts.requests.load(Ordering::Relaxed),
            retries: self.counts.retries.load(Ordering::Relaxed),
            rate_limited: self.counts.rate_limited.load(Ordering::Relaxed),
            operations: operations
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
            waiting: self.limiter.waiting(),
        }
    }

    /// How far the server's clock is ahead of ours by its latest answer, in milliseconds, to about a second; 0 before
    /// one.
    pub fn server_ahead_ms(&self) -> i64 {
        self.counts.server_ahead_ms.load(Ordering::Relaxed)
    }

    /// Asks, retrying, and reads the answer as JSON of the given shape.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<Answer<T>, ApiError> {
        self.read_checked(request, |_| Ok(())).await
    }

    /// Like [`Transport::read`]; an answer that `check` does not accept is asked for again.
    pub(crate) async fn read_checked<T: DeserializeOwned>(
        &self,
        request: &Request,
        check: impl Fn(&T) -> Result<(), Unusable>,
    ) -> Result<Answer<T>, ApiError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.once(request).await? {
                Ok((body, sent_at)) => match serde_json::from_slice::<T>(&body) {
                    Ok(value) => match check(&value) {
                        Ok(()) => {
                            self.counts.has_answered.store(true, Ordering::Relaxed);
                            return Ok(Answer { value, sent_at });
                        }
                        Err(Unusable::RepeatedCursor) => Failure::RepeatedCursor,
                    },
                    Err(error) => Failure::NotUnderstood(json_problem(&error)),
                },
                Err(failure) => failure,
            };
            let has_answered = self.counts.has_answered.load(Ordering::Relaxed);
            match retry::decide(&failure, attempt, has_answered) {
                retry::Decision::GiveUp => return Err(self.give_up(request, failure, attempt)),
                retry::Decision::Again { wait } => {
                    self.counts.retries.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(
                        operation = request.operation,
                        attempt,
                        wait_ms = wait.as_millis() as u64,
                        "asking Atlassian again"
                    );
                    if matches!(failure, Failure::RateLimited(_)) {
                        self.limiter.pause(wait);
                    } else {
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        }
    }

    /// Sends a write, once. What is not clear afterwards – no answer, a problem of the server's – is
    /// [`ApiError::OutcomeUnknown`]: whoever asked reads back before anything else. The answer's JSON, if it has any.
    pub(crate) async fn write(&self, request: &Request) -> Result<Option<Value>, ApiError> {
        let operation = request.operation;
        self.check_writes(operation)?;
        match self.once(request).await? {
            Ok((body, _)) if body.is_empty() => Ok(None),
            // It landed, whatever the answer looks like.
            Ok((body, _)) => Ok(serde_json::from_slice(&body).ok()),
            Err(Failure::RateLimited(wait)) => Err(ApiError::RateLimited {
                operation,
                attempts: 1,
                wait,
            }),
            Err(failure @ Failure::Connection(_)) => match failure {
                Failure::Connection(error) if !error.is_connect() => Err(ApiError::OutcomeUnknown {
                    operation,
                    what: "the connection broke before an answer was complete".into(),
                }),
                failure => Err(self.give_up(request, failure, 1)),
            },
            Err(Failure::Server { status, .. }) => Err(ApiError::OutcomeUnknown {
                operation,
                what: format!("the server answered {status}"),
            }),
            Err(Failure::NotUnderstood(what)) => Err(ApiError::OutcomeUnknown {
                operation,
                what: format!("the answer is none of the API's: {what}"),
            }),
            Err(failure @ Failure::RepeatedCursor) => Err(self.give_up(request, failure, 1)),
        }
    }

    /// Sends the request once. The outer error ends the call; the inner one may be tried again.
    async fn once(&self, request: &Request) -> Result<Result<(Bytes, i64), Failure>, ApiError> {
        let (prepared, question) = self.prepare(request)?;
        let permit = self.limiter.acquire().await;
        self.count(request)?;
        let sent_at = self.clock.now_ms();
        let response = match prepared.send().await {
            Ok(response) => response,
            Err(error) => {
                permit.failed();
                return Ok(Err(Failure::Connection(error)));
            }
        };
        let status = response.status();
        let headers = response.headers().clone();
        if let Some(server) = limiter::server_time(&headers) {
            let ahead_ms = server.as_millisecond() - self.clock.now_ms();
            self.counts.server_ahead_ms.store(ahead_ms, Ordering::Relaxed);
        }
        permit.answered(
            status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
            &headers,
        );
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.counts.rate_limited.fetch_add(1, Ordering::Relaxed);
            self.interpreted(&question, || heard(status, &headers, &Bytes::new()), Bytes::new());
            return Ok(Err(Failure::RateLimited(limiter::retry_after(&headers))));
        }
        let body = match read_body(response).await {
            Ok(body) => body,
            Err(BodyProblem::TooLarge) => {
                return Ok(Err(Failure::NotUnderstood("it is larger than 32 MiB".into())));
            }
            Err(BodyProblem::Broken(error)) => return Ok(Err(Failure::Connection(error))),
        };
        let body = self.interpreted(&question, || heard(status, &headers, &body), body.clone());
        tracing::trace!(
            operation = request.operation,
            status = status.as_u16(),
            bytes = body.len(),
            "answer"
        );
        if status.is_success() {
            if !is_json(&headers) {
                return Ok(Err(Failure::NotUnderstood("it is not JSON".into())));
            }
            return Ok(Ok((body, sent_at)));
        }
        let detail = parse_error(&body);
        let operation = request.operation;
        if status.is_server_error() {
            return Ok(Err(Failure::Server {
                status: status.as_u16(),
                detail,
                wait: limiter::retry_after(&headers),
            }));
        }
        if status.is_redirection() {
            return Ok(Err(Failure::NotUnderstood(format!(
                "it is a redirection ({})",
                status.as_u16()
            ))));
        }
        if !is_json(&headers) {
            let what = format!("a {} that is not JSON", status.as_u16());
            return Err(ApiError::NotUnderstood {
                operation,
                attempts: 1,
                what,
            });
        }
        Err(match status {
            StatusCode::UNAUTHORIZED => ApiError::Unauthorized { operation, detail },
            StatusCode::FORBIDDEN => ApiError::Forbidden { operation, detail },
            StatusCode::NOT_FOUND => ApiError::NotFound { operation, detail },
            _ => ApiError::Refused {
                operation,
                status: status.as_u16(),
                detail,
            },
        })
    }

    fn count(&self, request: &Request) -> Result<(), ApiError> {
        let before = self.counts.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(max) = self.max_requests.filter(|max| before >= *max) {
            self.counts.requests.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::RequestsSpent { max });
        }
        let mut operations = self
            .counts
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *operations.entry(request.operation).or_insert(0) += 1;
        Ok(())
    }

    fn prepare(&self, request: &Request) -> Result<(reqwest::RequestBuilder, Question), ApiError> {
        let address = format!("{}{}", self.base.as_str().trim_end_matches('/'), request.path);
        let mut url = Url::parse(&address).map_err(|_| ApiError::Address {
            url: self.base.to_string(),
        })?;
        let question = self.question(request, &url);
        let translated = self.translated(&question, &mut url);
        let sent = translated.as_ref().unwrap_or(&question);
        if revokes_every_token(&request.method, &url) {
            return Err(ApiError::NeverSent {
                operation: request.operation,
            });
        }
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let mut authorization = HeaderValue::try_from(bearer).map_err(|_| ApiError::Unauthorized {
            operation: request.operation,
            detail: crate::wire::ErrorDetail {
                detail: Some("the key holds characters that no API key has".into()),
                ..Default::default()
            },
        })?;
        authorization.set_sensitive(true);
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .header(AUTHORIZATION, authorization);
        if let Some(media) = request.media {
            builder = builder.header(ACCEPT, media);
            if request.body.is_some() {
                builder = builder.header(CONTENT_TYPE, media);
            }
        }
        if !sent.query.is_empty() {
            builder = builder.query(&sent.query);
        }
        if let Some(body) = &sent.body {
            builder = builder.json(body);
        }
        Ok((builder, question))
    }

    fn give_up(&self, request: &Request, failure: Failure, attempts: u32) -> ApiError {
        let operation = request.operation;
        match failure {
            Failure::Connection(error) => ApiError::Unreachable {
                host: self.base.host_str().unwrap_or("the server").to_owned(),
                operation,
                attempts,
                source: error.without_url(),
            },
            Failure::RateLimited(wait) => ApiError::RateLimited {
                operation,
                attempts,
                wait,
            },
            Failure::Server { status, detail, .. } => ApiError::Server {
                operation,
                status,
                attempts,
                detail,
            },
            Failure::NotUnderstood(what) => ApiError::NotUnderstood {
                operation,
                attempts,
                what,
            },
            Failure::RepeatedCursor => ApiError::RepeatedCursor { operation },
        }
    }
}

/// Why an answer of the right shape cannot be used.
pub(crate) enum Unusable {
    /// It names its own cursor as the next.
    RepeatedCursor,
}

/// What went wrong with one attempt and may go well with another.
#[derive(Debug)]
pub(crate) enum Failure {
    Connection(reqwest::Error),
    RateLimited(Option<Duration>),
    Server {
        status: u16,
        detail: crate::wire::ErrorDetail,
        wait: Option<Duration>,
    },
    NotUnderstood(String),
    RepeatedCursor,
}

fn heard(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Heard {
    Heard {
        status: status.as_u16(),
        headers: interpreter::heard_headers(headers),
        body: body.clone(),
    }
}

fn base_address(text: &str) -> Result<Url, ApiError> {
    // What stands before the @ may be a password.
    let shown = match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    };
    let wrong = || ApiError::Address { url: shown.clone() };
    let trimmed = text.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/admin").unwrap_or(trimmed);
    let url = Url::parse(trimmed).map_err(|_| wrong())?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if is_http && url.username().is_empty() && url.query().is_none() {
        Ok(url)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_works_with_and_without_admin() {
        let base = |text: &str| base_address(text).map(|url| url.to_string()).ok();
        assert_eq!(
            base("http://127.0.0.1:8/admin/"),
            Some("http://127.0.0.1:8/".into())
        );
        assert_eq!(
            base("https://api.atlassian.com"),
            Some("https://api.atlassian.com/".into())
        );
        assert_eq!(base("ftp://x"), None);
        assert_eq!(base("api.atlassian.com"), None);
        assert_eq!(base("https://user@host"), None);
        let refused = base_address("https://user:word@host").unwrap_err().to_string();
        assert!(refused.contains("host") && !refused.contains("word"), "{refused}");
    }
}
