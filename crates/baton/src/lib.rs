//! The connector: Orgwarden in place of `baton-atlassian`, for those whose governance system expects that program.
//!
//! - [`connector`]: one organization, reached.
//! - [`proto`]: the messages. [`json`]: how they are written as JSON.
//! - [`c1z`]: the files.
//! - [`ids`]: how entitlements and grants are called.
//!
//! It asks only `app`, as every surface does. What it promises besides: a file is written whole or not at all, and the
//! ids in it are those that the other program writes for the same organization.

pub mod c1z;
pub mod connector;
pub mod ids;
pub mod json;
pub mod proto;

pub use connector::{Connector, Reach};
