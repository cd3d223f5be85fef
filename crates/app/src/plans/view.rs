//! Plans as pages and commands show them.

use super::effects::Effects;
use super::expects::expects;
use super::facts::Facts;
use super::guards::Trip;
use super::preflight::Refused;
use super::sentence::sentence;
use super::watch::{CAME_BACK, Return};
use crate::App;
use crate::error::AppError;
use crate::rehearsal::{Effort, Reality, Rehearsal};
use crate::views::{At, Scope};
use model::{Action, ActionState, GroupId, PlanId, PlanState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::PlanRow;

/// What was worked out when a plan was made. Kept with the plan, so that what was approved is what was shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preview {
    /// Version of this shape.
    pub version: u32,
    /// Actions that are not part of the plan, with reasons.
    pub refused: Vec<Refused>,
    /// What the plan does to effective access.
    pub effects: Effects,
    /// Guards that hold it back.
    pub guards: Vec<Trip>,
    /// Why the guards were overridden, if they were.
    pub overridden: Option<String>,
    /// What its last rehearsal showed.
    pub rehearsal: Option<Rehearsal>,
    /// What carrying it out really took.
    pub effort: Effort,
}

/// One action of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct ActionView {
    /// Such as `act_12`.
    pub id: String,
    /// What it does, as a sentence.
    pub what: String,
    /// What is to be so before it; looked at again before it is sent.
    pub expects: String,
    /// How far it is.
    pub state: ActionState,
    /// The action itself.
    pub action: Action,
    /// The actions of the plan that must be confirmed before it.
    pub needs: Vec<String>,
    /// Whether it can be undone.
    pub can_be_undone: bool,
    /// How often it was sent.
    pub attempts: i64,
    /// Whether it was so already.
    pub was_so: bool,
    /// When it was settled.
    pub settled_at: Option<At>,
    /// Why it failed or is stuck.
    pub reason: Option<String>,
    /// What to do about that.
    pub next_step: Option<String>,
}

/// How many actions are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ActionCounts {
    /// All of them.
    pub all: i64,
    /// Not begun.
    pub waiting: i64,
    /// Sent, and not settled yet.
    pub under_way: i64,
    /// Seen to be so.
    pub confirmed: i64,
    /// Not done.
    pub failed: i64,
    /// For a person to look at.
    pub stuck: i64,
}

/// A plan in a list.
#[derive(Debug, Clone, Serialize)]
pub struct PlanItem {
    /// Such as `plan_7`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// How far it is.
    pub state: PlanState,
    /// Whether its time to be approved and begun is over.
    pub is_expired: bool,
    /// The hash of what it is to do.
    pub hash: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: At,
    /// Why.
    pub comment: Option<String>,
    /// Until when it may be approved and begun.
    pub expires_at: At,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<At>,
    /// When it was begun.
    pub started_at: Option<At>,
    /// When it came to its end.
    pub ended_at: Option<At>,
    /// Why it is stopped or failed.
    pub note: Option<String>,
    /// The plan that it undoes.
    pub undo_of: Option<String>,
    /// Whether the rest is done when an action fails.
    pub goes_on: bool,
    /// How far its actions are.
    pub counts: ActionCounts,
}

/// A line of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct JournalLine {
    /// When.
    pub at: At,
    /// By whom.
    pub actor: String,
    /// About which action.
    pub action: Option<String>,
    /// What happened.
    pub event: String,
    /// In what way.
    pub detail: String,
}

/// A plan with all that is known of it.
#[derive(Debug, Clone, Serialize)]
pub struct PlanView {
    /// The plan.
    #[serde(flatten)]
    pub plan: PlanItem,
    /// The connection that it goes through.
    pub connection: String,
    /// Actions that are not part of it, with reasons.
    pub refused: Vec<Refused>,
    /// What it does to effective access, as worked out when it was made.
    pub effects: Effects,
    /// Guards that hold it back.
    pub guards: Vec<Trip>,
    /// Why they were overridden.
    pub overridden: Option<String>,
    /// What its last rehearsal showed.
    pub rehearsal: Option<Rehearsal>,
    /// How far reality differed from the rehearsal, once the plan came to its end.
    pub reality: Option<Reality>,
    /// Its actions, in order.
    pub actions: Vec<ActionView>,
    /// How many of its changes can be undone.
    pub can_be_undone: usize,
    /// What it took away and is there again, the latest first.
    pub returns: Vec<Return>,
    /// What happened, oldest first.
    pub journal: Vec<JournalLine>,
}

const MOST_JOURNAL_LINES: i64 = 10_000;

/// Which of a plan's actions are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionPart {
    /// Those only that did not end well.
    pub to_look_at: bool,
    /// Position of the first.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

impl ActionPart {
    /// All of them.
    pub const ALL: ActionPart = ActionPart {
        to_look_at: false,
        offset: 0,
        limit: usize::MAX,
    };

    fn has(self, state: ActionState) -> bool {
        !self.to_look_at || matches!(state, ActionState::Failed | ActionState::Stuck)
    }
}

fn counts(tally: &[(ActionState, i64)]) -> ActionCounts {
    let mut counts = ActionCounts::default();
    for (state, number) in tally {
        counts.all += number;
        match state {
            ActionState::Planned | ActionState::Approved => counts.waiting += number,
            ActionState::Running | ActionState::Unknown => counts.under_way += number,
            ActionState::Confirmed => counts.confirmed += number,
            ActionState::Failed => counts.failed += number,
            ActionState::Stuck => counts.stuck += number,
        }
    }
    counts
}

fn item(row: &PlanRow, tally: &[(ActionState, i64)], now: i64) -> PlanItem {
    let waits = matches!(row.state, PlanState::Planned | PlanState::Approved);
    PlanItem {
        id: row.id.to_string(),
        title: row.title.clone(),
        state: row.state,
        is_expired: waits && row.started_at.is_none() && now > row.expires_at,
        hash: row.hash.clone(),
        made_by: row.made_by.clone(),
        made_at: At(row.made_at),
        comment: row.comment.clone(),
        expires_at: At(row.expires_at),
        approved_by: row.approved_by.clone(),
        approved_at: row.approved_at.map(At),
        started_at: row.started_at.map(At),
        ended_at: row.ended_at.map(At),
        note: row.note.clone(),
        undo_of: row.undo_of.map(|plan| plan.to_string()),
        goes_on: row.goes_on,
        counts: counts(tally),
    }
}

impl App {
    /// The latest plans of an organization, newest first.
    pub async fn plans(&self, scope: &Scope, limit: i64) -> Result<Vec<PlanItem>, AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let mut items = Vec::new();
        for row in tx.plan_list(scope.snapshot().organization, limit).await? {
            let tally = tx.plan_tally(row.id).await?;
            items.push(item(&row, &tally, now));
        }
        Ok(items)
    }

    /// A plan with its actions and journal.
    pub async fn plan(&self, id: PlanId) -> Result<PlanView, AppError> {
        self.plan_part(id, ActionPart::ALL).await
    }

    /// A plan with a part of its actions, and its journal.
    pub async fn plan_part(&self, id: PlanId, part: ActionPart) -> Result<PlanView, AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let row = tx.plan_find(id).await?.ok_or(AppError::NoPlan { plan: id })?;
        let tally = tx.plan_tally(id).await?;
        let actions = tx.plan_actions(id).await?;
        let journal = tx.journal_of(id, MOST_JOURNAL_LINES).await?;
        let connections = tx.connection_list().await?;
        drop(tx);
        let connection = connections
            .iter()
            .find(|connection| connection.id == row.connection_id);
        let preview = preview(&row);
        let undoable = |row: &&store::ActionRow| {
            row.state == ActionState::Confirmed && !row.was_so && row.undo.is_some()
        };
        let can_be_undone = actions.iter().filter(undoable).count();
        let shown: Vec<&store::ActionRow> = actions
            .iter()
            .filter(|row| part.has(row.state))
            .skip(part.offset)
            .take(part.limit)
            .collect();
        let wanted: Vec<Action> = shown.iter().map(|row| row.action.clone()).collect();
        let scope = self.scope_of(row.organization_id).await?;
        let came_back = journal.iter().any(|line| line.event == CAME_BACK);
        let mut returns = Vec::new();
        if came_back {
            returns = self.returns(&scope).await?;
            returns.retain(|found| found.plan == id.to_string());
        }
        let mut tx = self.store.read().await?;
        let facts = Facts::look_up(&mut tx, &scope, &wanted).await?;
        let makers: BTreeMap<GroupId, String> = actions
            .iter()
            .filter_map(|row| Some((row.action.makes()?, row.id.to_string())))
            .collect();
        let needs = |action: &Action| {
            let groups = action.needs().into_iter();
            groups.filter_map(|group| makers.get(group).cloned()).collect()
        };
        let action = |row: &store::ActionRow| ActionView {
            needs: needs(&row.action),
            id: row.id.to_string(),
            what: sentence(&row.action, &facts),
            expects: expects(&row.action, &facts),
            state: row.state,
            action: row.action.clone(),
            can_be_undone: row.undo.is_some(),
            attempts: row.attempts,
            was_so: row.was_so,
            settled_at: row.settled_at.map(At),
            reason: row.reason.clone(),
            next_step: row.next_step.clone(),
        };
        let line = |line: store::JournalRow| {
            let action = line.action.map(|action| action.to_string());
            let cause = returns
                .iter()
                .find(|found| line.event == CAME_BACK && Some(&found.action_id) == action.as_ref());
            JournalLine {
                at: At(line.at),
                actor: line.actor,
                detail: cause.map_or(line.detail, |found| found.cause.clone()),
                event: line.event,
                action,
            }
        };
        let journal = journal.into_iter().map(line).collect();
        let is_over = matches!(row.state, PlanState::Done | PlanState::Failed);
        let reality = match &preview.rehearsal {
            Some(rehearsal) if is_over => Some(
                self.reality(&scope, &row, &actions, rehearsal, preview.effort)
                    .await?,
            ),
            _ => None,
        };
        Ok(PlanView {
            rehearsal: preview.rehearsal,
            reality,
            plan: item(&row, &tally, now),
            connection: connection
                .map(|connection| connection.name.clone())
                .unwrap_or_default(),
            refused: preview.refused,
            effects: preview.effects,
            guards: preview.guards,
            overridden: preview.overridden,
            actions: shown.into_iter().map(action).collect(),
            can_be_undone,
            journal,
            returns,
        })
    }
}

pub(crate) fn preview(row: &PlanRow) -> Preview {
    serde_json::from_str(&row.preview).unwrap_or_default()
}
