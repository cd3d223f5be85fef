//! How far reality differed from what a rehearsal showed.

use super::Rehearsal;
use crate::App;
use crate::error::AppError;
use crate::plans::EffectLine;
use crate::views::Scope;
use model::ActionState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{ActionRow, PlanRow};

/// What carrying a plan out really took, over all times that it was gone on with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Requests.
    pub requests: u64,
    /// Time, in milliseconds.
    pub duration_ms: i64,
}

/// An action that ended otherwise than rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surprise {
    /// Such as `act_12`.
    pub action: String,
    /// How it ended in the rehearsal.
    pub rehearsed: ActionState,
    /// How it really ended.
    pub really: ActionState,
}

/// How far reality differed from a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reality {
    /// Requests that it really took.
    pub requests: u64,
    /// How many more than rehearsed.
    pub more_requests: i64,
    /// How long it really took, in milliseconds.
    pub duration_ms: i64,
    /// How much longer than rehearsed, in milliseconds.
    pub longer_ms: i64,
    /// Actions that ended otherwise.
    pub surprises: Vec<Surprise>,
    /// Roles that the rehearsal showed as gained and that the reading after it does not show; `None` before that
    /// reading.
    pub not_gained: Option<Vec<EffectLine>>,
    /// Roles that the rehearsal showed as lost and that the reading after it still shows.
    pub not_lost: Option<Vec<EffectLine>>,
}

impl App {
    /// Compares a plan that came to its end with its rehearsal.
    pub(crate) async fn reality(
        &self,
        scope: &Scope,
        row: &PlanRow,
        actions: &[ActionRow],
        rehearsal: &Rehearsal,
        effort: Effort,
    ) -> Result<Reality, AppError> {
        let rehearsed = |position: i64| {
            let other = rehearsal.others.iter().find(|other| other.position == position);
            other.map_or(ActionState::Confirmed, |other| other.state)
        };
        let surprises = actions
            .iter()
            .filter(|action| action.state.is_over() && action.state != rehearsed(action.position))
            .map(|action| Surprise {
                action: action.id.to_string(),
                rehearsed: rehearsed(action.position),
                really: action.state,
            });
        let mut reality = Reality {
            requests: effort.requests,
            more_requests: difference(effort.requests, rehearsal.requests),
            duration_ms: effort.duration_ms,
            longer_ms: effort.duration_ms - rehearsal.duration_ms,
            surprises: surprises.collect(),
            not_gained: None,
            not_lost: None,
        };
        let is_read_since = match (scope.read_at, row.ended_at) {
            (Some(read_at), Some(ended_at)) => read_at.0 > ended_at,
            _ => false,
        };
        if is_read_since {
            let held = self
                .held(scope, rehearsal.gained.iter().chain(&rehearsal.lost))
                .await?;
            let (gained, lost) = (rehearsal.gained.iter(), rehearsal.lost.iter());
            reality.not_gained = Some(gained.filter(|line| !held.contains(line)).cloned().collect());
            reality.not_lost = Some(lost.filter(|line| held.contains(line)).cloned().collect());
        }
        Ok(reality)
    }

    /// Which of these roles are held now.
    async fn held<'a>(
        &self,
        scope: &Scope,
        lines: impl Iterator<Item = &'a EffectLine>,
    ) -> Result<BTreeSet<&'a EffectLine>, AppError> {
        let mut tx = self.store.read().await?;
        let mut asked = Vec::new();
        let mut accounts = BTreeSet::new();
        for line in lines {
            let account = tx.term_find(&line.account_id).await?;
            let resource = tx.term_find(&line.resource_id).await?;
            let role = tx.term_find(&line.role).await?;
            if let (Some(account), Some(resource), Some(role)) = (account, resource, role) {
                accounts.insert(account);
                asked.push(((account, resource, role), line));
            }
        }
        let accounts: Vec<i64> = accounts.into_iter().collect();
        let rows = tx.effective_of_accounts(scope.snapshot(), &accounts).await?;
        let held: BTreeSet<(i64, i64, i64)> = rows
            .iter()
            .map(|row| (row.account, row.resource, row.role))
            .collect();
        let lines = asked.into_iter().filter(|(key, _)| held.contains(key));
        Ok(lines.map(|(_, line)| line).collect())
    }
}

fn difference(really: u64, rehearsed: u64) -> i64 {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    number(really) - number(rehearsed)
}
