//! Plans: proposing changes to Atlassian, approving them, having them carried out, undoing them.
//!
//! - `wish`: from names to actions. - `errand`: a single change for a caller with an approval of its own.
//! - `make`: from wanted actions to a plan – `preflight` refuses what cannot be, `effects` works out what else is
//!   gained and lost, `guards` say what holds it back. - `carry`: approving, applying, pausing, undoing.
//! - `queue`: plans that a page has carried out. - `view`, `expects`, `accounts`: what is shown.
//! - `may`: what a person may do with a plan now. - `watch`: access that is there again after a plan took it away.
//!
//! Who may do what is decided here; that a change happens once and is proved is `provision`'s promise.

mod accounts;
mod carry;
mod effects;
mod errand;
mod expects;
mod facts;
mod guards;
mod make;
mod may;
mod preflight;
mod queue;
mod sentence;
mod view;
mod watch;
mod wish;

pub use accounts::{AccountEffects, RoleEffect};
pub use carry::{Carrying, RealTime, Unwatched};
pub(crate) use effects::ask_methods;
pub use effects::{EffectLine, Effects, Losing};
pub use errand::{Errand, ErrandChange, ErrandDone, Fate};
pub use guards::Trip;
pub(crate) use guards::{
    ACCOUNTS_PER_PLAN, CHANGES_PER_HOUR, COMMENT_ABOVE, FAILURES_PER_HOUR, SHARE_FROM, SHARE_PERCENT, matches,
};
pub(crate) use make::MOST_ASKED;
pub use make::{PlanMade, PlanRequest};
pub use may::{JournalTrouble, May, PlanChoices, PlanLine};
pub use preflight::Refused;
pub(crate) use preflight::is_ours;
pub use provision::{Carried, Wait, Watch};
pub(crate) use view::preview;
pub use view::{ActionCounts, ActionPart, ActionView, JournalLine, PlanItem, PlanView, Preview};
pub use watch::Return;
pub use wish::Wish;
