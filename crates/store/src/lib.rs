//! Keeps everything, in SQLite or PostgreSQL.
//!
//! - [`database`](Store): opening, and transactions ([`Tx`]) – `read` sees one snapshot, `write` may change.
//! - Nouns, each with its statements and the methods it adds to `Tx` or `Store`: `organization`,
//!   `connection`, `run`, `listing`, `staged`, `implied`, `fact`, `person`, `term`, `lease`, `audit`,
//!   `plan`, `schedule`, `alert`, `channel`, `message`, `hook`, `event` (the audit archive), `dirty` (what events
//!   named), `looked`, `known`, `question`, `finding`.
//! - [`sql`]: what people and rules ask in SQL, in a cage.
//! - `seal`: secrets at rest. `dialect`: what differs between the databases. `query`: the only place that
//!   puts SQL text together.
//!
//! It promises that a page and the position after it are kept together or not at all, that a run's facts are
//! hidden until it is published, and that nothing ends without a [`CompleteRun`]. It knows nothing of HTTP.

mod alert;
mod audit;
mod channel;
mod check;
mod connection;
mod database;
mod dialect;
mod dirty;
mod error;
mod event;
mod export;
mod fact;
mod finding;
mod hook;
mod implied;
mod job;
mod known;
mod lease;
mod listing;
mod looked;
mod message;
mod organization;
mod person;
mod plan;
mod query;
mod question;
mod run;
mod schedule;
mod seal;
pub mod sql;
mod staged;
mod term;
mod value;
pub mod views;

pub use alert::{ALERTS_JOB, AlertRow, LookAt, alerts_key};
pub use audit::AuditRow;
pub use channel::ChannelRow;
pub use check::{Ambiguous, CountCheck};
pub use connection::{ConnectionRow, Guards, NewConnection, ScimCredential, Semantics};
pub use database::{Store, Tx};
pub use dirty::{Dirty, EventStream, UNKNOWN_WINDOW_MS};
pub use error::StoreError;
pub use event::{EventRow, EventSearch, NewEvent};
pub use export::ExportedFact;
pub use fact::{FactRef, Merge};
pub use finding::{
    DecisionRow, EvaluationRow, FindingCount, FindingFilter, FindingRow, NewFinding, RULES_JOB,
    TransitionRow, rules_key,
};
pub use hook::{DELIVERIES_KEPT_MS, HookRow};
pub use implied::{GivenRole, NumberedAccount, PairNumbers};
pub use job::Job;
pub use known::{Cause, Part, Turned};
pub use lease::{LEASE_MS, Lease, Taken, this_holder};
pub use listing::{CompleteRun, ListingRow, ListingState};
pub use looked::Looked;
pub use message::{DeliveryRow, MESSAGE_JOB, MessageRow, MessageState, NewMessage, message_key};
pub use organization::OrganizationRow;
pub use plan::{ActionRow, GuardTrip, JournalRow, NewPlan, PlanRow, RecentActions, Settlement};
pub use question::SavedQuestion;
pub use run::{Extent, RunProgress, RunReport, RunRow, RunState};
pub use schedule::ScheduleRow;
pub use seal::MasterKey;
pub use staged::{ActivityRow, Hint, HintRow, NOT_TOLD, Observation, PageOf, TOKEN_USE, Whole};
pub use term::{Numbers, TermCache};
