//! What a rule is, and the life of a finding. Pure: no clock, no files, no database.
//!
//! - [`Rule`]: a question in SQL whose rows are findings, with words for people. [`pack`]: rules as text; a wrong one
//!   is refused with its line and harms no other. [`shipped`]: those that come with the product.
//! - [`Sentence`]: words with the cells of a row in them.
//! - [`life`]: what an evaluation does to the findings that are known.
//!
//! The SQL is asked elsewhere, in a cage; here it is only text.

pub mod life;
pub mod pack;
mod rule;
mod sentence;
mod set;

pub use life::{Decision, Finding, Kind, State, Step, Transition};
pub use pack::{Problem, shipped};
pub use rule::{Rule, Severity};
pub use sentence::Sentence;
pub use set::RuleSet;
