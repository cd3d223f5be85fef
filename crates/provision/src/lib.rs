//! Changes Atlassian: the only crate that writes there.
//!
//! An approved plan is carried out action by action, and each action goes the same way:
//!
//! ```text
//! approved ── is it so already? ──────────────────────────────> confirmed
//!     │ no: intent on record, on disk
//!     ▼
//! running ── one remote change ── accepted, refused or unclear
//!     │                                │ unclear: unknown
//!     ▼                                ▼
//!   read until it is so ──> confirmed     it is not so: failed, or stuck where only a person can tell
//! ```
//!
//! - [`standing`]: is it so? Read from Atlassian, many actions at a time. It is the check before, the proof
//!   after, and the recovery from a crash: one question, three uses.
//! - [`send`]: the one remote change of an action. [`verdict`]: what its answer means. Pure.
//! - [`worker`]: carries a plan out, and goes on with one whose worker ended. `open`: what a look back at something sent
//!   leads to. `failures`: when they stop a plan. Both pure.
//! - `needs`: what an action waits for: a group that the same plan makes has an id only once it is there.
//! - [`plan`]: the hash of what a plan is to do.
//!
//! It promises that nothing is sent whose intent is not on record, that an unclear outcome is settled by reading and
//! never by sending blindly again, and that what it calls confirmed was seen. It decides neither what may be done nor
//! who may do it: that is `app`.

mod failures;
mod needs;
mod open;
pub mod plan;
pub mod send;
pub mod standing;
pub mod verdict;
pub mod worker;

pub use standing::{Api, Standing};
pub use verdict::{Sent, Why};
pub use worker::{Carried, ProvisionError, Wait, Watch, Worker};
