//! What tests need and the product does not: throw-away databases, and programs that may be absent.
//!
//! - [`sqlite`], [`postgres`]: an empty store of its own for each test. They go when the test ends.
//! - [`Program`]: a test that needs PostgreSQL, a browser or axe-core asks for it first. When it is absent the test
//!   is skipped and named on stderr, unless `ORGWARDEN_REQUIRE` (such as `postgres,chromium,axe`) says that it must be
//!   there.
//!
//! A dev-dependency only: it panics with what is wrong, because the reader is somebody who runs tests.

mod cluster;
mod database;
mod program;
mod skipped;

pub use database::{TestDatabase, postgres, postgres_url, sqlite, sqlite_url};
pub use program::Program;
