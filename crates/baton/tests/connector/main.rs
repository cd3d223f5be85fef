//! The connector's files and answers, against what the other program wrote.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deploy;
mod document;
mod hostile;
mod sample;
mod writing;
