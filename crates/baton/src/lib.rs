//! The connector: Orgwarden in place of `baton-atlassian`, for those whose governance system expects that program.
//!
//! - [`reading`]: one sync into a file. `contents`: what the file says.
//! - [`connector`]: one organization, reached.
//! - [`proto`]: the messages. [`json`]: how they are written as JSON.
//! - [`c1z`]: the files.
//! - [`ids`]: how entitlements and grants are called.
//! - [`options`]: what the connector is told. [`describe`]: what it says of itself. [`log`]: how it tells what it does.
//! - `changes`: changing the organization.
//! - [`work`]: what can be asked of it. [`Worker`]: doing it. [`verbs`]: that on demand. [`service`]: getting that
//!   from a server.
//!
//! It asks only `app`, as every surface does. What it promises besides: a file is written whole or not at all, and the
//! ids in it are those that the other program writes for the same organization.

mod aside;
pub mod c1z;
mod changes;
pub mod connector;
mod contents;
pub mod describe;
pub mod ids;
pub mod json;
pub mod log;
pub mod options;
pub mod proto;
pub mod reading;
pub mod service;
#[cfg(any(test, feature = "stand-in"))]
pub mod stand_in;
pub mod verbs;
pub mod work;
mod worker;

pub use aside::Aside;
pub use changes::refusal;
pub use connector::{Connector, Reach};
pub use reading::{FileOptions, ReadingError, Synced};
pub use worker::Worker;
