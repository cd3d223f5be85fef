//! Talks to Atlassian: one module per part of the API, over one transport.
//!
//! - [`transport`]: the only place that sends requests – authentication, limits, retries, body limits, tracing.
//!   It counts every request and honours a bound on them.
//! - [`org`]: the organizations API, one file per noun. A page is what the server said; only the server ends a
//!   listing.
//! - [`manage`]: user management of one managed account.
//! - [`scim`]: what an identity provider has put into a directory, with the directory's own token.
//! - [`writes`]: the calls that change something; only `provision` may name it.
//! - [`refusal`]: what Atlassian's reasons for a refusal mean for a person.
//! - [`wire`]: what Atlassian sends, as it sends it. Absent and unknown fields and unknown values are data.
//!
//! It promises that no key, e-mail address or name reaches a log line or an error, that reads are retried within
//! a counted budget and writes are never repeated. It knows nothing of the store. Only `provision` may call
//! writes, and no one can call the one that revokes everybody's tokens at once: see `tests/client/unreachable.rs`.

mod cursor;
mod drift;
mod error;
pub mod manage;
pub mod org;
pub mod refusal;
pub mod scim;
pub mod transport;
pub mod wire;
pub mod writes;

pub use cursor::{Cursor, Page};
pub use drift::Drift;
pub use error::ApiError;
pub use manage::Manage;
pub use org::Admin;
pub use scim::Scim;
pub use transport::{Heard, Interpreter, Options, Question, Status, Transport};
