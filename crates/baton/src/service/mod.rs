//! Service mode: tasks are got from a server, carried out and finished, until we are told to end.
//!
//! ```text
//! client id, secret → assertion → token ─┐
//!                                        ├→ Hello → GetTask ⇄ wait → a task → Work → FinishTask
//! SSL_CERT_FILE, the machine's → trust ──┘             ↑                └ full sync: Heartbeat, UploadAsset
//! ```
//!
//! Promises: a secret is never shown; what the server refuses for good ends the program at once; a task that comes
//! twice is done once, because its outcome is remembered until the server has taken it; a full sync that is cancelled
//! leaves no file; when we are told to end, short tasks are finished and a sync is handed back for another connector.

mod credentials;
mod full_sync;
pub mod health;
mod host;
mod outcome;
mod runner;
mod server;
mod token;
mod trust;
mod way;

pub use credentials::{ClientId, SigningKey};
pub use runner::{Service, serve};
pub use server::Server;

use futures::future::BoxFuture;
use std::time::Duration;
use tonic::Code;

/// Why the service cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The client id is none.
    #[error("the client id is not of the form NAME@HOST/ID; copy it from where the server gave it out")]
    ClientId,
    /// The client secret is none; what is wrong with it.
    #[error("the client secret cannot be used: {0}; copy it from where the server gave it out")]
    ClientSecret(&'static str),
    /// The server's address is none.
    #[error("\"{0}\" is no host of a server")]
    Host(String),
    /// The file of certificates cannot be used.
    #[error("the certificates in {file} cannot be used: {what}")]
    Certificates {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The proxy that the environment names is of a kind that calls cannot go through.
    #[error(
        "the server's tasks cannot be asked for through a proxy of the kind {0}; name one that begins with http:// \
         in HTTPS_PROXY, or the server in NO_PROXY"
    )]
    Proxy(String),
    /// The HTTPS client cannot be made.
    #[error("cannot speak HTTPS: {0}")]
    Client(String),
    /// The token endpoint does not answer.
    #[error("the server's token endpoint cannot be reached: {0}")]
    TokenUnreachable(String),
    /// The token endpoint answers something else.
    #[error("the server's token endpoint answers something that is no token")]
    TokenNotUnderstood,
    /// The token endpoint refuses.
    #[error(
        "the server refuses the client id and secret ({status}{}{reason}); make new ones there, or correct them here",
        if .reason.is_empty() { "" } else { ", " }
    )]
    TokenRefused {
        /// The HTTP status.
        status: u16,
        /// What the server says.
        reason: String,
    },
    /// The token endpoint refuses and clocks differ.
    #[error(
        "this machine's clock is {} s {} the server's, which therefore refuses the client secret; set the clock",
        .seconds.abs(),
        if *.seconds > 0 { "ahead of" } else { "behind" }
    )]
    ClockSkew {
        /// How far ours is ahead; behind when negative.
        seconds: i64,
    },
    /// A call failed.
    #[error("the server's {call} failed ({}): {what}", code_name(*.code))]
    Call {
        /// Which.
        call: &'static str,
        /// Why.
        code: Code,
        /// What the server or the way to it says.
        what: String,
    },
    /// The server was greeted too often without an answer.
    #[error("the server did not answer {attempts} times: {last}")]
    GaveUp {
        /// How many times it was greeted.
        attempts: u32,
        /// How it failed the last time.
        last: Box<ServiceError>,
    },
    /// Health cannot be told.
    #[error("health cannot be served on {address}: {source}")]
    Health {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is to be uploaded cannot be read.
    #[error("the file to upload cannot be read: {0}")]
    Upload(std::io::Error),
}

impl ServiceError {
    /// Whether nothing will change by asking again.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            ServiceError::TokenUnreachable(_)
            | ServiceError::TokenNotUnderstood
            | ServiceError::Upload(_) => false,
            ServiceError::Call { code, .. } => matches!(
                code,
                Code::Unauthenticated
                    | Code::PermissionDenied
                    | Code::InvalidArgument
                    | Code::Unimplemented
                    | Code::FailedPrecondition
                    | Code::NotFound
            ),
            _ => true,
        }
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// The next time to ask for a task.
    Poll,
    /// The next time to say that a task is being worked on.
    Heartbeat,
    /// The next attempt after a failure.
    Attempt,
}

/// Waits; tests wait in their own time.
pub trait Pause: Send + Sync {
    /// Waits so long for that.
    fn wait(&self, what: For, time: Duration) -> BoxFuture<'static, ()>;
}

/// Waits on the machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPause;

impl Pause for RealPause {
    fn wait(&self, _: For, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The name of a code, as it is written in the protocol's documents.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// A text of somebody else, fit for one line of ours.
fn presentable(text: &str) -> String {
    const LONGEST: usize = 300;
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut line: String = text.chars().take(LONGEST).map(visible).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line.trim().to_owned()
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
