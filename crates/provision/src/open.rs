//! An action that was sent and whose outcome is still to be read: when it is looked at, and what a look leads to. Pure.

use crate::verdict::Why;
use model::{Action, ActionState};
use store::ActionRow;

/// How often one action is sent at most. Each time it is known not to have landed before.
const ATTEMPTS: i64 = 4;
/// How long the first look back waits: what was changed shows after 1 to 2 s (API facts, 2.5).
const FIRST_LOOK_MS: i64 = 1_600;
/// The longest wait between two looks.
pub(crate) const LONGEST_WAIT_MS: i64 = 5_000;

/// What is known of an action that was sent, or may have been.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    /// Atlassian took it.
    Accepted,
    /// Nobody knows.
    Unclear(Why),
    /// Atlassian says that it is so.
    SaidToBeSo(Why),
    /// Atlassian refused it.
    Refused(Why),
}

/// An action whose outcome is still to be read.
pub(crate) struct Open {
    pub(crate) row: ActionRow,
    known: Known,
    /// When it is looked at next.
    pub(crate) look_at: i64,
    looks: u32,
    deadline: i64,
}

impl Open {
    /// An action of which this is known now.
    pub(crate) fn new(row: ActionRow, known: Known, now: i64) -> Open {
        let first_look = match known {
            Known::Accepted => FIRST_LOOK_MS,
            Known::Unclear(_) | Known::SaidToBeSo(_) | Known::Refused(_) => 0,
        };
        Open {
            look_at: now + first_look,
            looks: 0,
            deadline: now + settling_ms(&row.action),
            known,
            row,
        }
    }

    /// Reading does not show it yet: it is looked at again, later each time.
    pub(crate) fn look_later(&mut self, now: i64) {
        self.looks += 1;
        self.look_at = now + (250 << self.looks.min(5)).min(LONGEST_WAIT_MS);
    }

    /// What to do with it after reading did not show it.
    pub(crate) fn conclude(&self, now: i64) -> Next {
        let is_over = now >= self.deadline;
        match &self.known {
            // Refused and not so: it was not done.
            Known::Refused(why) => Next::End(ActionState::Failed, why.clone()),
            _ if !is_over => Next::LookAgain,
            Known::Accepted => Next::End(
                ActionState::Stuck,
                Why {
                    reason: "Atlassian accepted it, and reading does not show it".into(),
                    next_step:
                        "look in admin.atlassian.com, read the organization again, and make a new plan if it \
                                was not done"
                            .into(),
                },
            ),
            Known::SaidToBeSo(why) => Next::End(ActionState::Failed, why.clone()),
            Known::Unclear(why) if self.row.action.twice_matters() || self.row.attempts >= ATTEMPTS => {
                Next::End(ActionState::Stuck, why.clone())
            }
            Known::Unclear(_) => Next::SendAgain,
        }
    }
}

/// What to do with an action that reading does not show.
pub(crate) enum Next {
    LookAgain,
    SendAgain,
    End(ActionState, Why),
}

/// How long after being sent a change may take to be seen (API facts, 2.5), with a margin.
fn settling_ms(action: &Action) -> i64 {
    match action {
        Action::GrantRole { role, .. } | Action::RevokeRole { role, .. } if role.is_organization_admin() => {
            90_000
        }
        Action::RemoveFromDirectory { .. } => 180_000,
        _ => 20_000,
    }
}
