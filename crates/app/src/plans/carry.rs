//! Approving a plan, having it carried out, pausing it, and undoing what it did.

use super::facts::Facts;
use super::guards;
use super::view::preview;
use super::{PlanMade, PlanRequest};
use crate::App;
use crate::error::AppError;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::{Admin, ApiError, Options};
use model::role::ORGANIZATION_ADMIN;
use model::{Action, ActionState, PlanId, PlanState};
use provision::{Api, Carried, Wait, Watch, Worker};
use std::collections::BTreeSet;
use std::time::Duration;
use store::{AuditRow, ConnectionRow, GuardTrip, JournalRow, PlanRow};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Waits on the machine's own clock.
pub struct RealTime;

impl Wait for RealTime {
    fn wait(&self, ms: i64) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(
            u64::try_from(ms).unwrap_or(0),
        )))
    }
}

/// Watches nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _over: usize, _of: usize) {}
}

/// How a plan is carried out.
pub struct Carrying<'a> {
    /// How Atlassian is called.
    pub options: &'a Options,
    /// Waits.
    pub wait: &'a dyn Wait,
    /// Is told how it goes.
    pub watch: &'a dyn Watch,
    /// Who has it done.
    pub actor: &'a str,
}

impl App {
    pub(crate) async fn plan_row(&self, id: PlanId) -> Result<(PlanRow, ConnectionRow), AppError> {
        let mut tx = self.store.read().await?;
        let row = tx.plan_find(id).await?.ok_or(AppError::NoPlan { plan: id })?;
        let connections = tx.connection_list().await?;
        let connection = connections
            .into_iter()
            .find(|connection| connection.id == row.connection_id)
            .ok_or(AppError::NothingConnected)?;
        Ok((row, connection))
    }

    /// Approves a plan. `reason` overrides guards that hold it back, and is kept.
    ///
    /// Approving what is approved already changes nothing.
    pub async fn plan_approve(
        &self,
        id: PlanId,
        hash: Option<&str>,
        reason: Option<&str>,
        actor: &str,
    ) -> Result<(), AppError> {
        let (row, connection) = self.plan_row(id).await?;
        let now = self.clock.now_ms();
        if row.state == PlanState::Approved {
            return Ok(());
        }
        if row.state != PlanState::Planned {
            return Err(self.wrong_state(&row, "approved"));
        }
        if hash.is_some_and(|hash| hash != row.hash) {
            return Err(AppError::OtherHash { plan: id });
        }
        if now > row.expires_at {
            return Err(AppError::PlanExpired { plan: id });
        }
        if actor == row.made_by && !connection.self_approval {
            return Err(AppError::OwnPlan {
                plan: id,
                connection: connection.name,
            });
        }
        let mut preview = preview(&row);
        let mut tx = self.store.write().await?;
        let actions = tx.plan_actions(id).await?;
        let above = connection.guards.comment_from.unwrap_or(guards::COMMENT_ABOVE);
        let count = i64::try_from(actions.len()).unwrap_or(i64::MAX);
        if count > above && row.comment.as_deref().unwrap_or_default().trim().is_empty() {
            return Err(AppError::NoComment { plan: id, count });
        }
        if !preview.guards.is_empty() {
            let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else {
                return Err(AppError::Guarded {
                    plan: id,
                    trips: preview.guards.into_iter().map(|trip| trip.detail).collect(),
                });
            };
            preview.overridden = Some(reason.to_owned());
            tx.plan_preview(id, &serde_json::to_string(&preview).unwrap_or_default())
                .await?;
            tx.audit_record(&self.plan_entry(actor, "guard.override", id, reason))
                .await?;
        }
        if !tx.plan_move(id, PlanState::Planned, PlanState::Approved).await? {
            return Err(self.wrong_state(&row, "approved"));
        }
        tx.plan_approved(id, actor, now).await?;
        tx.journal_add(id, &[self.plan_line(actor, "approved", &row.hash)])
            .await?;
        tx.audit_record(&self.plan_entry(actor, "plan.approve", id, &row.hash))
            .await?;
        tx.commit().await.map_err(AppError::from)
    }

    /// Carries an approved plan out, or goes on with one that was stopped, paused or interrupted.
    pub async fn plan_apply(&self, id: PlanId, carrying: &Carrying<'_>) -> Result<Carried, AppError> {
        let (row, connection) = self.plan_row(id).await?;
        let now = self.clock.now_ms();
        let may_fail = self.may_begin(&row, &connection, now).await?;
        let admin = self.admin(&connection, carrying.options).await?;
        self.check_guards_again(&row, &connection, &admin).await?;
        let scim = self.scim(&connection, &admin).await?;
        let worker = Worker {
            store: &self.store,
            api: Api {
                admin: &admin,
                scim: scim.as_ref(),
            },
            clock: self.clock.as_ref(),
            wait: carrying.wait,
            watch: carrying.watch,
            actor: carrying.actor,
            may_fail,
        };
        let carried = worker.carry_out(id).await?;
        let mut tx = self.store.write().await?;
        if let Some(row) = tx.plan_find(id).await? {
            let mut preview = preview(&row);
            preview.effort.requests += admin.transport().status().requests;
            preview.effort.duration_ms += self.clock.now_ms() - now;
            tx.plan_preview(id, &serde_json::to_string(&preview).unwrap_or_default())
                .await?;
        }
        let detail = carried
            .note
            .clone()
            .unwrap_or_else(|| carried.state.name().into());
        tx.audit_record(&self.plan_entry(carrying.actor, "plan.apply", id, &detail))
            .await?;
        tx.commit().await?;
        // What is stored is of before: the next reading is due now.
        self.reading_soon(&connection.name).await?;
        Ok(carried)
    }

    /// Refuses a plan whose actions are not those that were previewed, rehearsed and approved.
    async fn check_hash(&self, row: &PlanRow) -> Result<(), AppError> {
        let mut tx = self.store.read().await?;
        let organization = tx.organization_get(row.organization_id).await?.atlassian_id;
        let actions = tx.plan_actions(row.id).await?;
        let actions: Vec<Action> = actions.into_iter().map(|action| action.action).collect();
        if provision::plan::hash(organization.as_str(), row.goes_on, &actions) == row.hash {
            Ok(())
        } else {
            Err(AppError::OtherHash { plan: row.id })
        }
    }

    /// Refuses a plan that may not be begun, or gone on with, as things are. Answers how many of its actions may fail.
    pub(super) async fn may_begin(
        &self,
        row: &PlanRow,
        connection: &ConnectionRow,
        now: i64,
    ) -> Result<u32, AppError> {
        let id = row.id;
        if !connection.writes {
            let trip = GuardTrip {
                guard: "writes".into(),
                at: now,
                plan: Some(id),
                detail: "changes are switched off".into(),
            };
            let mut tx = self.store.write().await?;
            tx.guard_tripped(connection.id, &trip).await?;
            tx.commit().await?;
            return Err(AppError::WritesOff {
                connection: connection.name.clone(),
            });
        }
        if row.state == PlanState::Planned {
            return Err(AppError::NotApproved { plan: id });
        }
        if row.started_at.is_none() && now > row.expires_at {
            return Err(AppError::PlanExpired { plan: id });
        }
        if row.started_at.is_none() {
            self.check_hash(row).await?;
        }
        self.check_breakers(row, connection, now).await
    }

    /// Holds a plan back that would send more changes within an hour than the connection allows, or that comes after
    /// too many failures. Answers how many more may fail.
    async fn check_breakers(
        &self,
        row: &PlanRow,
        connection: &ConnectionRow,
        now: i64,
    ) -> Result<u32, AppError> {
        let set = &connection.guards;
        let most_sent = set.changes_per_hour.unwrap_or(guards::CHANGES_PER_HOUR);
        let most_failed = set.failures_per_hour.unwrap_or(guards::FAILURES_PER_HOUR);
        let mut tx = self.store.write().await?;
        let recent = tx.actions_since(row.organization_id, now - HOUR_MS).await?;
        let actions = tx.plan_actions(row.id).await?;
        let waiting = actions
            .iter()
            .filter(|action| action.state == ActionState::Approved)
            .count();
        let would = recent.sent + i64::try_from(waiting).unwrap_or(i64::MAX);
        let (guard, detail) = if waiting == 0 {
            // What was sent is settled, whatever happened since.
            return Ok(u32::MAX);
        } else if would > most_sent {
            (
                "volume",
                format!("changes within an hour: {would}, and allowed are {most_sent}"),
            )
        } else if recent.not_confirmed >= most_failed {
            (
                "failures",
                format!(
                    "{} actions were not confirmed within the last hour, and {most_failed} stop everything",
                    recent.not_confirmed
                ),
            )
        } else {
            return Ok(u32::try_from(most_failed - recent.not_confirmed).unwrap_or(u32::MAX));
        };
        let trip = GuardTrip {
            guard: guard.into(),
            at: now,
            plan: Some(row.id),
            detail: detail.clone(),
        };
        tx.guard_tripped(connection.id, &trip).await?;
        tx.commit().await?;
        Err(AppError::Guarded {
            plan: row.id,
            trips: vec![detail],
        })
    }

    /// Holds a plan back that a guard holds back now and did not when it was approved: other plans were carried out,
    /// the guards were changed, or the organization was read anew meanwhile. Who is an organization admin is asked at
    /// Atlassian, since the last one is lost once.
    async fn check_guards_again(
        &self,
        row: &PlanRow,
        connection: &ConnectionRow,
        admin: &Admin,
    ) -> Result<(), AppError> {
        let scope = self.scope_of(row.organization_id).await?;
        let mut tx = self.store.read().await?;
        let waiting: Vec<Action> = tx
            .plan_actions(row.id)
            .await?
            .into_iter()
            .filter(|action| action.state == ActionState::Approved)
            .map(|action| action.action)
            .collect();
        let facts = Facts::look_up(&mut tx, &scope, &waiting).await?;
        drop(tx);
        let mut reach = self.reach(&scope, connection, &facts, &waiting).await?;
        if waiting
            .iter()
            .any(|action| guards::loses_organization_admin(action).is_some())
        {
            reach.organization_admins = organization_admins_now(admin, reach.organization_admins).await?;
        }
        let preview = preview(row);
        reach.losing.clone_from(&preview.effects.losing);
        // An override is for what was shown: not for another account that became protected since. Numbers may differ.
        let is_same = |known: &guards::Trip, trip: &guards::Trip| {
            known.guard == trip.guard
                && (known.detail == trip.detail || matches!(trip.guard.as_str(), "accounts" | "share"))
        };
        let is_overridden = |trip: &guards::Trip| {
            preview.overridden.is_some() && preview.guards.iter().any(|known| is_same(known, trip))
        };
        let mut trips = guards::trips(&waiting, &facts, &reach, &connection.guards);
        trips.retain(|trip| !is_overridden(trip));
        if trips.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        for trip in &trips {
            let trip = GuardTrip {
                guard: trip.guard.clone(),
                at: self.clock.now_ms(),
                plan: Some(row.id),
                detail: trip.detail.clone(),
            };
            tx.guard_tripped(connection.id, &trip).await?;
        }
        tx.commit().await?;
        Err(AppError::Guarded {
            plan: row.id,
            trips: trips.into_iter().map(|trip| trip.detail).collect(),
        })
    }

    /// Pauses a plan that is being carried out, or gives up one that is not begun or waits: what was sent is settled.
    pub async fn plan_halt(&self, id: PlanId, gives_up: bool, actor: &str) -> Result<(), AppError> {
        let (row, _) = self.plan_row(id).await?;
        let (to, event) = if gives_up {
            (PlanState::Cancelled, "plan.cancel")
        } else {
            (PlanState::Paused, "plan.pause")
        };
        let may = match row.state {
            PlanState::Running => true,
            PlanState::Planned | PlanState::Approved | PlanState::Stopped | PlanState::Paused => gives_up,
            PlanState::Done | PlanState::Failed | PlanState::Cancelled => false,
        };
        if !may {
            return Err(self.wrong_state(&row, if gives_up { "given up" } else { "paused" }));
        }
        let mut tx = self.store.write().await?;
        if !tx.plan_move(id, row.state, to).await? {
            return Err(self.wrong_state(&row, to.name()));
        }
        tx.journal_add(id, &[self.plan_line(actor, to.name(), "")])
            .await?;
        tx.audit_record(&self.plan_entry(actor, event, id, "")).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes the plan that undoes what a plan changed, in the opposite order. What was so before it is left.
    pub async fn plan_undo(&self, id: PlanId, options: &Options, actor: &str) -> Result<PlanMade, AppError> {
        let (row, connection) = self.plan_row(id).await?;
        let mut tx = self.store.read().await?;
        let actions = tx.plan_actions(id).await?;
        drop(tx);
        let done = actions
            .iter()
            .rev()
            .filter(|action| action.state == ActionState::Confirmed && !action.was_so);
        let undo: Vec<Action> = done.filter_map(|action| action.undo.clone()).collect();
        if undo.is_empty() {
            return Err(AppError::NothingToUndo { plan: id });
        }
        let title = format!("undo of {id}: {}", row.title);
        let request = PlanRequest {
            connection: Some(&connection.name),
            title: Some(&title),
            actions: undo,
            comment: row.comment.as_deref(),
            goes_on: true,
            undo_of: Some(id),
            may_be_old: false,
            actor,
        };
        self.plan_make(&request, options).await
    }

    pub(crate) fn wrong_state(&self, row: &PlanRow, wanted: &'static str) -> AppError {
        AppError::PlanState {
            plan: row.id,
            state: row.state.name(),
            wanted,
        }
    }

    pub(crate) fn plan_line(&self, actor: &str, event: &str, detail: &str) -> JournalRow {
        JournalRow {
            action: None,
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            event: event.to_owned(),
            detail: detail.to_owned(),
        }
    }

    fn plan_entry(&self, actor: &str, action: &str, id: PlanId, detail: &str) -> AuditRow {
        AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: id.to_string(),
            detail: detail.to_owned(),
        }
    }
}

/// Which of these accounts are organization admins now. A request for each hundred.
async fn organization_admins_now(
    admin: &Admin,
    known: BTreeSet<String>,
) -> Result<BTreeSet<String>, ApiError> {
    let known: Vec<String> = known.into_iter().collect();
    let mut now = BTreeSet::new();
    for some in known.chunks(100) {
        let search = AccountSearch {
            accounts: some.to_vec(),
            expanded: true,
            ..AccountSearch::default()
        };
        let page = admin.accounts(ALL_DIRECTORIES, &search, None).await?;
        let acts = |account: &atlassian::wire::Account| {
            let roles = account.platform_roles.as_deref().unwrap_or_default();
            roles.iter().any(|role| role == ORGANIZATION_ADMIN)
                && account.account_status.as_deref() == Some("active")
        };
        now.extend(
            page.items
                .into_iter()
                .filter(acts)
                .map(|account| account.account_id),
        );
    }
    Ok(now)
}
