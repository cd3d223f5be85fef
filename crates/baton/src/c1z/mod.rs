//! Files of the connector protocol, version 1: a SQLite database, compressed, behind five bytes.
//!
//! - `container`: the five bytes and the compression, within limits.
//! - `schema`: the tables and indexes. `time`: times as those tables hold them.
//! - [`C1z`] reads a file. `list`, `stats` and `diff` say what is in it, in the shapes that the protocol's own tool
//!   prints.
//! - [`Writer`] adds a sync to a file. The file is replaced whole or not at all.
//!
//! Files come from elsewhere and may be anything: each is a file of this form or one sentence, within bounded memory.
//! Files of version 3, which hold another kind of database, are refused by name.

mod container;
mod diff;
mod error;
mod file;
mod list;
mod schema;
mod stats;
mod time;
mod write;

pub use container::Limits;
pub use diff::Diff;
pub use error::C1zError;
pub use file::{C1z, SyncRun};
pub use list::List;
pub use stats::Stats;
pub use time::WallClock;
pub use write::{Encoded, GrantRow, Retention, WriteOptions, Writer, Written};
