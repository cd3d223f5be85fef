//! What a person may do with a plan now, and why not where that is worth saying.

use super::guards;
use super::queue::{NOT_CARRIED_ON, WAITS, key};
use super::view::{JournalLine, PlanItem, PlanView};
use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use model::{PlanId, PlanState};
use serde::Serialize;

/// Whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum May {
    /// It makes no sense in this state.
    No,
    /// It may be done.
    Yes,
    /// It would be the next thing, and this stands against it.
    NotSince(String),
}

/// What one person may do with a plan now, and what is going on with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanChoices {
    /// Approve it.
    pub approve: May,
    /// Have it carried out, or gone on with.
    pub apply: May,
    /// Pause it.
    pub pause: May,
    /// Give it up.
    pub cancel: May,
    /// Make the plan that undoes it.
    pub undo: May,
    /// Whether changes are switched on.
    pub writes: bool,
    /// Whether approving needs a comment, because there are many actions and the maker gave none.
    pub wants_comment: bool,
    /// Whether somebody asked for it to be carried out, and that is not over.
    pub is_asked: bool,
    /// Whether a living process changes the organization now.
    pub is_worked_on: bool,
    /// Why it does not go on, if something keeps it.
    pub trouble: Option<JournalTrouble>,
}

/// What keeps a plan from going on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalTrouble {
    /// What, and what to do.
    pub detail: String,
    /// Whether it is tried again without a person.
    pub passes: bool,
}

/// A plan in a list, and what it waits for from one person.
#[derive(Debug, Clone, Serialize)]
pub struct PlanLine {
    /// The plan.
    #[serde(flatten)]
    pub item: PlanItem,
    /// `approve`, `apply` or `go on`; `None` when it waits for nobody, or for somebody else.
    pub waits_for: Option<&'static str>,
}

impl App {
    /// What a person may do with a plan now.
    pub async fn plan_choices(&self, view: &PlanView, actor: &str) -> Result<PlanChoices, AppError> {
        let id: PlanId = view.plan.id.parse().unwrap_or(PlanId(0));
        let (row, connection) = self.plan_row(id).await?;
        let now = self.clock.now_ms();
        let lease = format!("changes/{}", row.organization_id);
        let holder = self.store.lease_holder(&lease, now).await?;
        let mut tx = self.store.read().await?;
        let is_asked = tx.job_due_at(&key(id)).await?.is_some();
        drop(tx);
        let is_worked_on = row.state == PlanState::Running && holder.is_some();
        let plan = &view.plan;
        let approve = match row.state {
            PlanState::Planned if plan.is_expired => May::NotSince(
                "It waited for more than seven days, and what it was made from may no longer be so. Make it again.".into(),
            ),
            PlanState::Planned if actor == row.made_by && !connection.self_approval => May::NotSince(format!(
                "You made this plan, and somebody else must approve it. If you work alone, allow it with: \
                 orgwarden connection set {} --self-approval on",
                connection.name
            )),
            PlanState::Planned => May::Yes,
            _ => May::No,
        };
        let can_go_on = match row.state {
            PlanState::Approved | PlanState::Paused | PlanState::Stopped => !is_asked,
            PlanState::Running => !is_asked && !is_worked_on,
            _ => false,
        };
        let apply = if !can_go_on {
            May::No
        } else if !connection.writes {
            May::NotSince(format!(
                "Changes are switched off for this connection. Switch them on with: \
                 orgwarden connection set {} --writes on",
                connection.name
            ))
        } else if plan.is_expired {
            May::NotSince(
                "It was not begun in time, and what it was made from may no longer be so. Make it again."
                    .into(),
            )
        } else {
            May::Yes
        };
        let yes_if = |is_so: bool| if is_so { May::Yes } else { May::No };
        let is_over = matches!(
            row.state,
            PlanState::Done | PlanState::Failed | PlanState::Cancelled
        );
        let above = connection.guards.comment_from.unwrap_or(guards::COMMENT_ABOVE);
        let latest = view.journal.last().filter(|_| !is_over);
        let trouble = latest.filter(|line| [WAITS, NOT_CARRIED_ON].contains(&line.event.as_str()));
        Ok(PlanChoices {
            approve,
            apply,
            pause: yes_if(row.state == PlanState::Running),
            cancel: yes_if(!is_over),
            undo: yes_if(view.can_be_undone > 0 && row.state != PlanState::Running && !is_asked),
            writes: connection.writes,
            wants_comment: plan.counts.all > above && plan.comment.is_none(),
            is_asked: is_asked && !is_over,
            is_worked_on,
            trouble: trouble.map(|line: &JournalLine| JournalTrouble {
                detail: line.detail.clone(),
                passes: line.event == WAITS,
            }),
        })
    }

    /// The latest plans of an organization, newest first, with what they wait for from one person.
    pub async fn plans_for(&self, scope: &Scope, actor: &str, limit: i64) -> Result<Vec<PlanLine>, AppError> {
        let own = self.may_approve_own(scope).await?;
        let items = self.plans(scope, limit).await?;
        let line = |item: PlanItem| PlanLine {
            waits_for: match item.state {
                _ if item.is_expired => None,
                PlanState::Planned if own || item.made_by != actor => Some("approve"),
                PlanState::Approved => Some("apply"),
                PlanState::Paused | PlanState::Stopped => Some("go on"),
                _ => None,
            },
            item,
        };
        Ok(items.into_iter().map(line).collect())
    }

    /// How many plans wait for a person.
    pub async fn plans_waiting(&self, scope: &Scope, actor: &str) -> Result<i64, AppError> {
        let own = self.may_approve_own(scope).await?;
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let waiting = tx.plan_waiting(organization, self.clock.now_ms(), actor, own);
        Ok(waiting.await?)
    }

    /// Whether some connection of an organization lets makers approve their own plans.
    async fn may_approve_own(&self, scope: &Scope) -> Result<bool, AppError> {
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let connections = tx.connection_list().await?;
        let mut of_it = connections
            .iter()
            .filter(|connection| connection.organization_id == organization);
        Ok(of_it.any(|connection| connection.self_approval))
    }

    /// Gives a plan that nobody approved yet a comment.
    pub async fn plan_comment(&self, id: PlanId, comment: &str, actor: &str) -> Result<(), AppError> {
        let (row, _) = self.plan_row(id).await?;
        let comment = comment.trim();
        if comment.is_empty() || row.state != PlanState::Planned {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        tx.plan_comment(id, comment).await?;
        tx.journal_add(id, &[self.plan_line(actor, "commented", comment)])
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
