//! Plans, their actions and the journal of both.
//!
//! A state changes only from the states that the caller expects, in one transaction with its line in the journal; a
//! caller that was overtaken changes nothing and is told so.

use crate::connection::to_json;
use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::value::{Row, Value};
use model::{Action, ActionId, ActionState, PlanId, PlanState};

const INSERT_PLAN: &str = "INSERT INTO plan (organization_id, connection_id, state, title, made_by, made_at, comment, hash, expires_at, goes_on, undo_of, preview)
    VALUES ($1, $2, 'planned', $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id";
const INSERT_ACTION: &str = "INSERT INTO action (plan_id, position, state, action, undo) VALUES";
const PLAN: &str = "SELECT id, organization_id, connection_id, state, title, made_by, made_at, comment, hash, expires_at, goes_on, undo_of, approved_by, approved_at, started_at, ended_at, note, preview
    FROM plan WHERE id = $1";
const PLANS: &str = "SELECT id, organization_id, connection_id, state, title, made_by, made_at, comment, hash, expires_at, goes_on, undo_of, approved_by, approved_at, started_at, ended_at, note, ''
    FROM plan WHERE organization_id = $1 ORDER BY id DESC LIMIT $2";
const WAITING: &str = "SELECT COUNT(*) FROM plan WHERE organization_id = $1 AND (
    (state = 'planned' AND expires_at >= $2 AND (made_by <> $3 OR CAST($4 AS BIGINT) = 1))
    OR (state = 'approved' AND expires_at >= $2)
    OR state IN ('paused', 'stopped'))";
const COMMENT: &str = "UPDATE plan SET comment = $2 WHERE id = $1 AND state = 'planned'";
const ACTIONS: &str = "SELECT id, plan_id, position, state, action, undo, attempts, intent_at, was_so, settled_at, reason, next_step
    FROM action WHERE plan_id = $1 ORDER BY position";
const CONFIRMED: &str = "SELECT a.id, a.plan_id, a.position, a.state, a.action, a.undo, a.attempts, a.intent_at, a.was_so, a.settled_at, a.reason, a.next_step
    FROM action a JOIN plan p ON p.id = a.plan_id
    WHERE p.organization_id = $1 AND a.state = 'confirmed' AND a.settled_at >= $2 ORDER BY a.id";
const ACTION: &str = "SELECT id, plan_id, position, state, action, undo, attempts, intent_at, was_so, settled_at, reason, next_step
    FROM action WHERE id = $1";
const JOURNAL_EVENTS: &str = "SELECT j.action_id, j.at, j.actor, j.event, j.detail, j.plan_id
    FROM journal j JOIN plan p ON p.id = j.plan_id WHERE p.organization_id = $1 AND j.event = $2 ORDER BY j.id";
const TALLY: &str = "SELECT state, COUNT(*) FROM action WHERE plan_id = $1 GROUP BY state ORDER BY state";
const MOVE_PLAN: &str = "UPDATE plan SET state = $3 WHERE id = $1 AND state = $2";
const APPROVE: &str = "UPDATE plan SET approved_by = $2, approved_at = $3 WHERE id = $1";
const START: &str =
    "UPDATE plan SET started_at = COALESCE(started_at, $2), ended_at = NULL, note = NULL WHERE id = $1";
const END: &str = "UPDATE plan SET ended_at = $2, note = $3 WHERE id = $1";
const PREVIEW: &str = "UPDATE plan SET preview = $2 WHERE id = $1";
const APPROVE_ACTIONS: &str = "UPDATE action SET state = 'approved' WHERE plan_id = $1 AND state = 'planned'";
const INTEND: &str = "UPDATE action SET state = 'running', attempts = attempts + 1, intent_at = $2
    WHERE id = $1 AND state = 'approved'";
const REWRITE: &str = "UPDATE action SET action = $2, undo = $3 WHERE id = $1 AND state = 'approved'";
const MOVE_ACTION: &str = "UPDATE action SET state = $3 WHERE id = $1 AND state = $2";
const SETTLE: &str =
    "UPDATE action SET settled_at = $2, was_so = $3, reason = $4, next_step = $5 WHERE id = $1";
const JOURNAL: &str = "INSERT INTO journal (plan_id, action_id, at, actor, event, detail) VALUES";
const JOURNAL_OF: &str =
    "SELECT action_id, at, actor, event, detail FROM journal WHERE plan_id = $1 ORDER BY id LIMIT $2";
const ACTIONS_SINCE: &str = "SELECT COUNT(*) FILTER (WHERE a.intent_at >= $2),
        COUNT(*) FILTER (WHERE a.settled_at >= $2 AND a.state IN ('failed', 'stuck'))
    FROM action a JOIN plan p ON p.id = a.plan_id
    WHERE p.organization_id = $1 AND (a.intent_at >= $2 OR a.settled_at >= $2)";
const TRIP: &str = "INSERT INTO guard_trip (connection_id, guard, at, plan_id, detail) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (connection_id, guard) DO UPDATE SET at = excluded.at, plan_id = excluded.plan_id, detail = excluded.detail";
const TRIPS: &str =
    "SELECT guard, at, plan_id, detail FROM guard_trip WHERE connection_id = $1 ORDER BY guard";

/// What is needed to make a plan.
#[derive(Debug, Clone)]
pub struct NewPlan<'a> {
    /// Whose organization.
    pub organization_id: i64,
    /// Through which connection.
    pub connection_id: i64,
    /// What it is about, in words.
    pub title: &'a str,
    /// Who makes it.
    pub made_by: &'a str,
    /// Now, in milliseconds since the epoch.
    pub made_at: i64,
    /// Why, in the maker's words.
    pub comment: Option<&'a str>,
    /// The hash of what it is to do.
    pub hash: &'a str,
    /// Until when it may be approved and begun.
    pub expires_at: i64,
    /// Whether the rest is done when an action fails.
    pub goes_on: bool,
    /// The plan that this one undoes.
    pub undo_of: Option<PlanId>,
    /// The preview, as JSON with a version.
    pub preview: &'a str,
    /// The actions in order, each with what would undo it.
    pub actions: &'a [(Action, Option<Action>)],
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// Which.
    pub id: PlanId,
    /// Whose organization.
    pub organization_id: i64,
    /// Through which connection.
    pub connection_id: i64,
    /// How far it is.
    pub state: PlanState,
    /// What it is about, in words.
    pub title: String,
    /// Who made it.
    pub made_by: String,
    /// When, in milliseconds since the epoch, like all times here.
    pub made_at: i64,
    /// Why, in the maker's words.
    pub comment: Option<String>,
    /// The hash of what it is to do.
    pub hash: String,
    /// Until when it may be approved and begun.
    pub expires_at: i64,
    /// Whether the rest is done when an action fails.
    pub goes_on: bool,
    /// The plan that this one undoes.
    pub undo_of: Option<PlanId>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<i64>,
    /// When it was begun first.
    pub started_at: Option<i64>,
    /// When it came to its end.
    pub ended_at: Option<i64>,
    /// Why it is stopped or failed.
    pub note: Option<String>,
    /// The preview, as JSON with a version; empty in lists.
    pub preview: String,
}

/// An action of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionRow {
    /// Which.
    pub id: ActionId,
    /// Of which plan.
    pub plan: PlanId,
    /// Its place in the plan, from 0.
    pub position: i64,
    /// How far it is.
    pub state: ActionState,
    /// What is to become true.
    pub action: Action,
    /// What would undo it.
    pub undo: Option<Action>,
    /// How often it was sent, or was about to be.
    pub attempts: i64,
    /// When its latest intent was written.
    pub intent_at: Option<i64>,
    /// Whether it was so already.
    pub was_so: bool,
    /// When it was settled.
    pub settled_at: Option<i64>,
    /// Why it failed or is stuck.
    pub reason: Option<String>,
    /// What a person can do about that.
    pub next_step: Option<String>,
}

/// What became of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Whether it was so already.
    pub was_so: bool,
    /// Why it failed or is stuck.
    pub reason: Option<String>,
    /// What a person can do about that.
    pub next_step: Option<String>,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRow {
    /// About which action; `None` for the plan as a whole.
    pub action: Option<ActionId>,
    /// When.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// What, such as `intent`.
    pub event: String,
    /// In what way.
    pub detail: String,
}

/// A guard's latest trip.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardTrip {
    /// Which guard.
    pub guard: String,
    /// When.
    pub at: i64,
    /// Over which plan.
    pub plan: Option<PlanId>,
    /// What was held back.
    pub detail: String,
}

/// What became of actions since a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecentActions {
    /// How many were sent, or were to be.
    pub sent: i64,
    /// How many failed or are stuck.
    pub not_confirmed: i64,
}

fn wrong(column: usize) -> StoreError {
    StoreError::Row {
        column,
        wanted: "a known state",
    }
}

fn plan(row: &Row) -> Result<PlanRow, StoreError> {
    Ok(PlanRow {
        id: PlanId(row.int(0)?),
        organization_id: row.int(1)?,
        connection_id: row.int(2)?,
        state: PlanState::from_name(&row.text(3)?).ok_or_else(|| wrong(3))?,
        title: row.text(4)?,
        made_by: row.text(5)?,
        made_at: row.int(6)?,
        comment: row.text_or_null(7)?,
        hash: row.text(8)?,
        expires_at: row.int(9)?,
        goes_on: row.flag(10)?,
        undo_of: row.int_or_null(11)?.map(PlanId),
        approved_by: row.text_or_null(12)?,
        approved_at: row.int_or_null(13)?,
        started_at: row.int_or_null(14)?,
        ended_at: row.int_or_null(15)?,
        note: row.text_or_null(16)?,
        preview: row.text(17)?,
    })
}

fn action(row: &Row) -> Result<ActionRow, StoreError> {
    let undo = row.text_or_null(5)?.map(|_| row.json(5)).transpose()?;
    Ok(ActionRow {
        id: ActionId(row.int(0)?),
        plan: PlanId(row.int(1)?),
        position: row.int(2)?,
        state: ActionState::from_name(&row.text(3)?).ok_or_else(|| wrong(3))?,
        action: row.json(4)?,
        undo,
        attempts: row.int(6)?,
        intent_at: row.int_or_null(7)?,
        was_so: row.flag(8)?,
        settled_at: row.int_or_null(9)?,
        reason: row.text_or_null(10)?,
        next_step: row.text_or_null(11)?,
    })
}

fn journal_line(row: &Row) -> Result<JournalRow, StoreError> {
    Ok(JournalRow {
        action: row.int_or_null(0)?.map(ActionId),
        at: row.int(1)?,
        actor: row.text(2)?,
        event: row.text(3)?,
        detail: row.text(4)?,
    })
}

impl Store {
    /// Makes each commit of this process durable against a loss of power, or leaves that to the next checkpoint again.
    /// Intents are written with it on; PostgreSQL always is.
    pub async fn commit_durably(&self, durably: bool) -> Result<(), StoreError> {
        self.synchronous(durably).await
    }
}

impl Tx {
    /// Makes a plan that waits for its approval.
    pub async fn plan_add(&mut self, new: &NewPlan<'_>) -> Result<PlanId, StoreError> {
        let values = [
            new.organization_id.into(),
            new.connection_id.into(),
            new.title.into(),
            new.made_by.into(),
            new.made_at.into(),
            new.comment.into(),
            new.hash.into(),
            new.expires_at.into(),
            new.goes_on.into(),
            new.undo_of.map(|plan| plan.0).into(),
            new.preview.into(),
        ];
        let row = self.row(INSERT_PLAN, &values).await?;
        let id = PlanId(row.map_or(Ok(0), |row| row.int(0))?);
        let mut rows: Vec<Vec<Value>> = Vec::with_capacity(new.actions.len());
        for (position, (action, undo)) in new.actions.iter().enumerate() {
            rows.push(vec![
                id.0.into(),
                i64::try_from(position).unwrap_or(i64::MAX).into(),
                ActionState::Planned.name().into(),
                to_json(action),
                undo.as_ref().map_or(Value::Text(None), to_json),
            ]);
        }
        self.insert_many(INSERT_ACTION, rows, "").await?;
        Ok(id)
    }

    /// A plan.
    pub async fn plan_find(&mut self, id: PlanId) -> Result<Option<PlanRow>, StoreError> {
        self.row(PLAN, &[id.0.into()])
            .await?
            .as_ref()
            .map(plan)
            .transpose()
    }

    /// The latest plans of an organization, newest first, without their previews.
    pub async fn plan_list(&mut self, organization: i64, limit: i64) -> Result<Vec<PlanRow>, StoreError> {
        let rows = self.rows(PLANS, &[organization.into(), limit.into()]).await?;
        rows.iter().map(plan).collect()
    }

    /// How many plans of an organization wait for a person: to be approved, begun, or gone on with. `own` says whether
    /// plans that this person made may be approved by the same person.
    pub async fn plan_waiting(
        &mut self,
        organization: i64,
        now: i64,
        person: &str,
        own: bool,
    ) -> Result<i64, StoreError> {
        let values = [organization.into(), now.into(), person.into(), own.into()];
        self.row(WAITING, &values).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// Gives a plan that nobody approved yet another comment.
    pub async fn plan_comment(&mut self, id: PlanId, comment: &str) -> Result<(), StoreError> {
        self.execute(COMMENT, &[id.0.into(), comment.into()]).await?;
        Ok(())
    }

    /// The actions of a plan, in order.
    pub async fn plan_actions(&mut self, id: PlanId) -> Result<Vec<ActionRow>, StoreError> {
        self.rows(ACTIONS, &[id.0.into()])
            .await?
            .iter()
            .map(action)
            .collect()
    }

    /// An action.
    pub async fn action_find(&mut self, id: ActionId) -> Result<Option<ActionRow>, StoreError> {
        self.row(ACTION, &[id.0.into()])
            .await?
            .as_ref()
            .map(action)
            .transpose()
    }

    /// The actions of an organization that were confirmed since a time.
    pub async fn actions_confirmed(
        &mut self,
        organization: i64,
        since: i64,
    ) -> Result<Vec<ActionRow>, StoreError> {
        self.rows(CONFIRMED, &[organization.into(), since.into()])
            .await?
            .iter()
            .map(action)
            .collect()
    }

    /// How many actions of a plan are in which state.
    pub async fn plan_tally(&mut self, id: PlanId) -> Result<Vec<(ActionState, i64)>, StoreError> {
        let rows = self.rows(TALLY, &[id.0.into()]).await?;
        let count = |row: &Row| {
            let state = ActionState::from_name(&row.text(0)?).ok_or_else(|| wrong(0))?;
            Ok((state, row.int(1)?))
        };
        rows.iter().map(count).collect()
    }

    /// Moves a plan from one state to another; `false` when it was in another one, and then nothing changed.
    pub async fn plan_move(
        &mut self,
        id: PlanId,
        from: PlanState,
        to: PlanState,
    ) -> Result<bool, StoreError> {
        let values = [id.0.into(), from.name().into(), to.name().into()];
        Ok(self.execute(MOVE_PLAN, &values).await? > 0)
    }

    /// Writes down who approved a plan, and lets its actions be carried out.
    pub async fn plan_approved(&mut self, id: PlanId, by: &str, at: i64) -> Result<(), StoreError> {
        self.execute(APPROVE, &[id.0.into(), by.into(), at.into()])
            .await?;
        self.execute(APPROVE_ACTIONS, &[id.0.into()]).await?;
        Ok(())
    }

    /// Keeps another preview with a plan.
    pub async fn plan_preview(&mut self, id: PlanId, preview: &str) -> Result<(), StoreError> {
        self.execute(PREVIEW, &[id.0.into(), preview.into()]).await?;
        Ok(())
    }

    /// Writes down that a plan is begun, or gone on with.
    pub async fn plan_started(&mut self, id: PlanId, at: i64) -> Result<(), StoreError> {
        self.execute(START, &[id.0.into(), at.into()]).await?;
        Ok(())
    }

    /// Writes down that a plan came to an end or a stop, and why.
    pub async fn plan_ended(&mut self, id: PlanId, at: i64, note: Option<&str>) -> Result<(), StoreError> {
        self.execute(END, &[id.0.into(), at.into(), note.into()]).await?;
        Ok(())
    }

    /// Writes the intent to send an approved action; `false` when it is not approved (any more).
    pub async fn action_intend(&mut self, id: ActionId, at: i64) -> Result<bool, StoreError> {
        Ok(self.execute(INTEND, &[id.0.into(), at.into()]).await? > 0)
    }

    /// Keeps another form of an action that was not sent yet, once what it names has its real id; `false` when it was.
    pub async fn action_rewrite(
        &mut self,
        id: ActionId,
        action: &Action,
        undo: Option<&Action>,
    ) -> Result<bool, StoreError> {
        let values = [
            id.0.into(),
            to_json(action),
            undo.map_or(Value::Text(None), to_json),
        ];
        Ok(self.execute(REWRITE, &values).await? > 0)
    }

    /// Moves an action from one state to another; `false` when it was in another one, and then nothing changed.
    pub async fn action_move(
        &mut self,
        id: ActionId,
        from: ActionState,
        to: ActionState,
    ) -> Result<bool, StoreError> {
        let values = [id.0.into(), from.name().into(), to.name().into()];
        Ok(self.execute(MOVE_ACTION, &values).await? > 0)
    }

    /// Writes down what became of an action.
    pub async fn action_settled(
        &mut self,
        id: ActionId,
        at: i64,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let values = [
            id.0.into(),
            at.into(),
            settlement.was_so.into(),
            settlement.reason.clone().into(),
            settlement.next_step.clone().into(),
        ];
        self.execute(SETTLE, &values).await?;
        Ok(())
    }

    /// What became of an organization's actions since a time.
    pub async fn actions_since(
        &mut self,
        organization: i64,
        since: i64,
    ) -> Result<RecentActions, StoreError> {
        let row = self
            .row(ACTIONS_SINCE, &[organization.into(), since.into()])
            .await?;
        row.map_or(Ok(RecentActions::default()), |row| {
            Ok(RecentActions {
                sent: row.int(0)?,
                not_confirmed: row.int(1)?,
            })
        })
    }

    /// Adds lines to the journal of a plan.
    pub async fn journal_add(&mut self, plan: PlanId, lines: &[JournalRow]) -> Result<(), StoreError> {
        let row = |line: &JournalRow| {
            vec![
                plan.0.into(),
                line.action.map(|action| action.0).into(),
                line.at.into(),
                (&line.actor).into(),
                (&line.event).into(),
                (&line.detail).into(),
            ]
        };
        let rows: Vec<Vec<Value>> = lines.iter().map(row).collect();
        self.insert_many(JOURNAL, rows, "").await?;
        Ok(())
    }

    /// The journal of a plan, oldest first.
    pub async fn journal_of(&mut self, plan: PlanId, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        let rows = self.rows(JOURNAL_OF, &[plan.0.into(), limit.into()]).await?;
        rows.iter().map(journal_line).collect()
    }

    /// The lines of one event in the journals of an organization, oldest first, with their plans.
    pub async fn journal_events(
        &mut self,
        organization: i64,
        event: &str,
    ) -> Result<Vec<(PlanId, JournalRow)>, StoreError> {
        let rows = self
            .rows(JOURNAL_EVENTS, &[organization.into(), event.into()])
            .await?;
        let line = |row: &Row| Ok((PlanId(row.int(5)?), journal_line(row)?));
        rows.iter().map(line).collect()
    }

    /// Writes down that a guard of a connection held something back.
    pub async fn guard_tripped(&mut self, connection: i64, trip: &GuardTrip) -> Result<(), StoreError> {
        let values = [
            connection.into(),
            (&trip.guard).into(),
            trip.at.into(),
            trip.plan.map(|plan| plan.0).into(),
            (&trip.detail).into(),
        ];
        self.execute(TRIP, &values).await?;
        Ok(())
    }

    /// The latest trip of each guard of a connection that ever tripped.
    pub async fn guard_trips(&mut self, connection: i64) -> Result<Vec<GuardTrip>, StoreError> {
        let rows = self.rows(TRIPS, &[connection.into()]).await?;
        let trip = |row: &Row| {
            Ok(GuardTrip {
                guard: row.text(0)?,
                at: row.int(1)?,
                plan: row.int_or_null(2)?.map(PlanId),
                detail: row.text(3)?,
            })
        };
        rows.iter().map(trip).collect()
    }
}
