//! Keeps everything, in SQLite or PostgreSQL.
//!
//! - [`database`](Store): opening, and transactions ([`Tx`]) – `read` sees one snapshot, `write` may change.
//! - Nouns, each with its statements and the methods it adds to `Tx` or `Store`: `organization`,
//!   `connection`, `run`, `listing`, `staged`, `implied`, `fact`, `person`, `term`, `lease`, `audit`,
//!   `plan`, `question`, `finding`.
//! - [`sql`]: what people and rules ask in SQL, in a cage.
//! - `seal`: secrets at rest. `dialect`: what differs between the databases. `query`: the only place that
//!   puts SQL text together.
//!
//! It promises that a page and the position after it are kept together or not at all, that a run's facts are
//! hidden until it is published, and that nothing ends without a [`CompleteRun`]. It knows nothing of HTTP.

mod audit;
mod check;
mod connection;
mod database;
mod dialect;
mod error;
mod export;
mod fact;
mod finding;
mod implied;
mod job;
mod lease;
mod listing;
mod organization;
mod person;
mod plan;
mod query;
mod question;
mod run;
mod seal;
pub mod sql;
mod staged;
mod term;
mod value;
pub mod views;

pub use audit::AuditRow;
pub use check::{Ambiguous, CountCheck};
pub use connection::{ConnectionRow, Guards, NewConnection, ScimCredential, Semantics};
pub use database::{Store, Tx};
pub use error::StoreError;
pub use export::ExportedFact;
pub use fact::{FactRef, Merge};
pub use finding::{
    DecisionRow, EvaluationRow, FindingCount, FindingFilter, FindingRow, NewFinding, TransitionRow,
};
pub use implied::{GivenRole, NumberedAccount, PairNumbers};
pub use job::Job;
pub use lease::{LEASE_MS, Lease, Taken, this_holder};
pub use listing::{CompleteRun, ListingRow, ListingState};
pub use organization::OrganizationRow;
pub use plan::{ActionRow, GuardTrip, JournalRow, NewPlan, PlanRow, RecentActions, Settlement};
pub use question::SavedQuestion;
pub use run::{RunProgress, RunReport, RunRow, RunState};
pub use seal::MasterKey;
pub use staged::{ActivityRow, Hint, HintRow, Observation, PageOf, TOKEN_USE, Whole};
pub use term::{Numbers, TermCache};
