//! Copies an Atlassian organization into the store, completely and cheaply.
//!
//! It promises:
//! - *Resumable.* A page and the position after it are kept together; an interrupted run goes on where it stopped.
//! - *Nothing ends by accident.* Only a listing that the server itself ended counts as complete, and what it did
//!   not show is looked up once more before it ends. What is refused, cut or unstable ends nothing.
//! - *Few requests.* Accounts come a hundred at a time with their groups; holdings come by role and resource;
//!   Atlassian's own counts tell where to look again, one by one.
//! - *The same questions.* What is asked of an organization that does not change follows from it alone, not from which
//!   answer came first.
//!
//! The order of a run, each step a file: [`steps`] reads listings and maps them ([`map`]) to facts; [`semantics`] finds
//! out how this tenant's filters work; [`verify`] compares with counts and reads precisely where they disagree;
//! [`absence`] is the second witness; [`hold`] stops what looks wrong; [`run`] ties them together: [`whole`], then [`publish`]. [`keeper`] has
//! answers wait for the store's one writer, who keeps them together.
//!
//! [`events`] reads the audit log's stream, and [`changes`] reads what it named as a small run of its own.
//! It is the only crate that may conclude that something is gone. It never writes to Atlassian.

mod absence;
mod changes;
mod error;
mod events;
mod first_accounts;
mod hold;
mod keeper;
mod listing;
mod map;
mod progress;
mod publish;
mod reading;
mod run;
mod semantics;
mod steps;
mod verify;
mod whole;

pub use changes::{Followed, follow};
pub use error::SyncError;
pub use progress::{Estimate, Progress, Silent};
pub use reading::{Outcome, Reading, Status};
pub use run::sync;
