//! Plans: proposing changes to Atlassian, approving them, having them carried out, undoing them.
//!
//! - `wish`: from names to actions.
//! - `make`: from wanted actions to a plan – `preflight` refuses what cannot be, `effects` works out what else is gained and
//!   lost, `guards` say what holds it back. - `carry`: approving, applying, pausing, undoing. - `view`: what is shown.
//!
//! Who may do what is decided here; that a change happens once and is proved is `provision`'s promise.

mod carry;
mod effects;
mod facts;
mod guards;
mod make;
mod preflight;
mod sentence;
mod view;
mod wish;

pub use carry::{Carrying, RealTime, Unwatched};
pub use effects::{EffectLine, Effects};
pub use guards::Trip;
pub(crate) use guards::matches;
pub use make::{PlanMade, PlanRequest};
pub use preflight::Refused;
pub(crate) use preflight::is_ours;
pub use provision::{Carried, Wait, Watch};
pub(crate) use view::preview;
pub use view::{ActionCounts, ActionView, JournalLine, PlanItem, PlanView, Preview};
pub use wish::Wish;
