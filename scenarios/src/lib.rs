//! End-to-end stories: the product as its commands wire it, a real store, a twin over HTTP.
//!
//! [`Stage`] is one organization on one store. [`judge`] compares what the product exports with what the twin says is
//! true, also when the truth changed while the product was reading; [`claims`] says what following the audit log must
//! know. [`day`] is a day of mixed plans and kills. The tests run a small sample; `soak` (through `cargo xtask soak`)
//! runs many.

mod change;
pub mod claims;
pub mod day;
pub mod draw;
mod expected;
pub mod judge;
pub mod kills;
mod stage;

pub use change::ChangeStage;
pub use stage::{Stage, Weather};
