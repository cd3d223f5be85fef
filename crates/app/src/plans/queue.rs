//! Plans that a page has carried out: a job for each, done by whoever serves, and taken up again when that one ends.
//!
//! The lease under which a plan is carried out keeps two of them apart; a job only remembers that somebody asked.

use super::{Carrying, Unwatched, Wait};
use crate::App;
use crate::error::AppError;
use atlassian::{ApiError, Options};
use model::{PlanId, PlanState};
use provision::ProvisionError;
use serde::{Deserialize, Serialize};
use store::Job;

/// The kind of job that carries a plan out.
const PLAN_JOB: &str = "plan";
/// After so long another process may look whether its taker still lives; while it does, the plan's lease says so.
const JOB_LEASE_MS: i64 = 10_000;
/// How long until a plan is tried again whose organization somebody else changes now.
const BUSY_MS: i64 = 5_000;
/// How long until a plan is tried again that trouble kept from going on.
const TROUBLE_MS: i64 = 60_000;

/// Trouble that passes: the plan is tried again.
pub(super) const WAITS: &str = "waits";
/// Trouble that stays until a person does something.
pub(super) const NOT_CARRIED_ON: &str = "not carried on";

/// What was asked for.
#[derive(Serialize, Deserialize)]
struct Asked {
    plan: i64,
    actor: String,
}

pub(super) fn key(id: PlanId) -> String {
    format!("{PLAN_JOB}/{id}")
}

impl App {
    /// Asks for a plan to be carried out, or gone on with, by whoever serves. Refuses at once what cannot be begun.
    pub async fn plan_ask(&self, id: PlanId, actor: &str) -> Result<(), AppError> {
        let (row, connection) = self.plan_row(id).await?;
        let now = self.clock.now_ms();
        if matches!(
            row.state,
            PlanState::Done | PlanState::Failed | PlanState::Cancelled
        ) {
            return Err(self.wrong_state(&row, "carried out"));
        }
        self.may_begin(&row, &connection, now).await?;
        let asked = Asked {
            plan: id.0,
            actor: actor.to_owned(),
        };
        let payload = serde_json::to_string(&asked).unwrap_or_default();
        let mut tx = self.store.write().await?;
        if matches!(row.state, PlanState::Paused | PlanState::Stopped)
            && !tx.plan_move(id, row.state, PlanState::Approved).await?
        {
            return Err(self.wrong_state(&row, "carried out"));
        }
        tx.job_plan(PLAN_JOB, &key(id), &payload, now).await?;
        tx.job_hasten(&key(id), now).await?;
        tx.journal_add(id, &[self.plan_line(actor, "asked for", "")])
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Carries out the plan that was asked for the longest ago, if one was; answers whether one was.
    pub async fn plan_due(&self, options: &Options, wait: &dyn Wait) -> Result<bool, AppError> {
        let now = self.clock.now_ms();
        let Some(job) = self.store.job_take(PLAN_JOB, now, now + JOB_LEASE_MS).await? else {
            return Ok(false);
        };
        let Ok(asked) = serde_json::from_str::<Asked>(&job.payload) else {
            // Of a version that nobody knows here: whoever wrote it does it.
            self.store.job_reschedule(&job, now + TROUBLE_MS).await?;
            return Ok(true);
        };
        let id = PlanId(asked.plan);
        let (row, _) = self.plan_row(id).await?;
        if !matches!(row.state, PlanState::Approved | PlanState::Running) {
            // Paused, stopped or given up since it was asked for: a person asks again.
            self.plan_asked_end(id).await?;
            return Ok(true);
        }
        let carrying = Carrying {
            options,
            wait,
            watch: &Unwatched,
            actor: &asked.actor,
        };
        match self.plan_apply(id, &carrying).await {
            Ok(carried) => {
                tracing::info!(plan.id = %id, state = carried.state.name(), "a plan was carried out");
                self.plan_asked_end(id).await?;
            }
            Err(AppError::Provision(ProvisionError::Busy { .. })) => {
                self.store
                    .job_reschedule(&job, self.clock.now_ms() + BUSY_MS)
                    .await?;
            }
            Err(error) => self.plan_trouble(id, &job, &error, &asked.actor).await?,
        }
        Ok(true)
    }

    async fn plan_asked_end(&self, id: PlanId) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        tx.job_forget(&key(id)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps why a plan did not go on, and tries again where that may help.
    async fn plan_trouble(
        &self,
        id: PlanId,
        job: &Job,
        error: &AppError,
        actor: &str,
    ) -> Result<(), AppError> {
        tracing::warn!(plan.id = %id, error = error as &dyn std::error::Error, "a plan did not go on");
        let passes = match error {
            AppError::Store(_) | AppError::Provision(ProvisionError::Store(_)) => true,
            AppError::Api(error) | AppError::Provision(ProvisionError::Read(error)) => {
                !error.is_refusal() && !matches!(error, ApiError::Unauthorized { .. })
            }
            _ => false,
        };
        let event = if passes { WAITS } else { NOT_CARRIED_ON };
        let detail = match (error, error.hint()) {
            (AppError::Provision(ProvisionError::Read(source)), hint) => {
                format!("{error}: {source}; {}", hint.unwrap_or_default())
            }
            (error, Some(hint)) => format!("{error}; {hint}"),
            (error, None) => error.to_string(),
        };
        let mut tx = self.store.write().await?;
        tx.journal_add(id, &[self.plan_line(actor, event, &detail)])
            .await?;
        if !passes {
            tx.job_forget(&key(id)).await?;
        }
        tx.commit().await?;
        if passes {
            self.store
                .job_reschedule(job, self.clock.now_ms() + TROUBLE_MS)
                .await?;
        }
        Ok(())
    }
}
