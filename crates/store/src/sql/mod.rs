//! The cage: SQL that people and rules write, over documented views, and nothing else.
//!
//! ```text
//! text ──> Question::read    tokens: one SELECT, known views, known functions, variables
//!            │               what is sent is put together anew from the tokens, without comments
//!            ▼
//! Store::cage ──> Cage       a connection of its own, read-only, on one snapshot, with the views of one
//!            │               organization as of one run: sqlite.rs, postgres.rs
//!            ▼
//!          Cage::ask ──> Answer    at most so many rows and bytes, within so much time
//! ```
//! It promises that a question changes nothing, reads nothing but the [`mod@views`], ends in time and fits in memory;
//! and that whatever is refused is refused with one sentence that says what to do. Either half would do: the tokens are
//! judged before a database sees them, and the databases refuse by themselves – SQLite by an authorizer, PostgreSQL by
//! a role that may read the views only.

mod answer;
mod cage;
mod postgres;
mod refusal;
mod sqlite;
mod text;
mod view;
mod views;

pub use answer::{Answer, Cell};
pub use cage::{Cage, Limits};
pub use refusal::Refusal;
pub use text::{FUNCTIONS, Moment, Question, Variables};
pub use view::{Column, View, views};
