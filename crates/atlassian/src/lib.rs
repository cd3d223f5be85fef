//! Talks to Atlassian: one module per part of the API, over one transport.
//!
//! - [`transport`]: the only place that sends requests – authentication, limits, retries, body limits, tracing.
//!   It counts every request and honours a bound on them.
//! - [`org`]: the organizations API, one file per noun. A page is what the server said; only the server ends a
//!   listing.
//! - [`wire`]: what Atlassian sends, as it sends it. Absent and unknown fields and unknown values are data.
//!
//! It promises that no key, e-mail address or name reaches a log line or an error, that reads are retried within
//! a counted budget and writes are never repeated. It knows nothing of the store. Only `provision` may call writes;
//! there are none yet.

mod cursor;
mod drift;
mod error;
pub mod org;
pub mod transport;
pub mod wire;

pub use cursor::{Cursor, Page};
pub use drift::Drift;
pub use error::ApiError;
pub use org::Admin;
pub use transport::{Options, Status, Transport};
