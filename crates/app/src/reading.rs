//! Reading an organization, and deciding about runs that are held.

use crate::App;
use crate::error::AppError;
use crate::views::scope::ScopeChoice;
use atlassian::Options;
use model::RunId;
use store::{AuditRow, RunReport, RunRow, RunState};
use sync::{Outcome, Progress, Reading};

/// The kind of job that reads a connection's organization.
const SYNC_JOB: &str = "sync";
/// A reading that takes longer than this may be taken up by another process; the run's own lease keeps them apart.
const JOB_LEASE_MS: i64 = 60 * 60 * 1000;

fn sync_key(connection: &str) -> String {
    format!("{SYNC_JOB}/{connection}")
}

impl App {
    /// Reads a connection's organization, or goes on where an interrupted reading stopped.
    pub async fn sync(
        &self,
        connection: Option<&str>,
        with_methods: bool,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Outcome, AppError> {
        let connection = self.connection_named(connection).await?;
        let admin = self.admin(&connection, options).await?;
        let scim = self.scim(&connection, &admin).await?;
        let mut tx = self.store.read().await?;
        let organization = tx.organization_get(connection.organization_id).await?;
        drop(tx);
        let reading = Reading {
            store: &self.store,
            admin: &admin,
            scim: scim.as_ref(),
            clock: self.clock.as_ref(),
            progress,
            organization,
            connection,
            with_methods,
        };
        let organization_id = reading.connection.organization_id;
        let outcome = sync::sync(&reading).await?;
        if outcome.status == sync::Status::Complete
            && let Err(error) = self.watch_returns(organization_id, &admin).await
        {
            // The reading is published whatever this comes to; the next one looks again.
            tracing::warn!(%error, "whether access came back could not be looked for");
        }
        if outcome.status != sync::Status::Held {
            self.evaluate_after_reading(organization_id).await;
        }
        Ok(outcome)
    }

    /// Makes sure that every connection is read at its interval, from now on.
    pub async fn readings_plan(&self) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        for connection in tx.connection_list().await? {
            let latest = tx
                .run_latest(connection.organization_id, 1)
                .await?
                .into_iter()
                .next();
            let due = latest.map_or(now, |run| run.started_at + connection.sync_interval_ms);
            tx.job_plan(SYNC_JOB, &sync_key(&connection.name), &connection.name, due)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes the next reading of a connection due now, where one is planned.
    pub(crate) async fn reading_soon(&self, connection: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        tx.job_hasten(&sync_key(connection), self.clock.now_ms()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Does the reading that is due the longest, if one is; answers whether one was.
    pub async fn reading_due(&self, options: &Options) -> Result<bool, AppError> {
        let now = self.clock.now_ms();
        let Some(job) = self.store.job_take(SYNC_JOB, now, now + JOB_LEASE_MS).await? else {
            return Ok(false);
        };
        let connection = match self.connection_named(Some(&job.payload)).await {
            Ok(connection) => connection,
            Err(AppError::NoConnection { .. }) => {
                let mut tx = self.store.write().await?;
                tx.job_forget(&sync_key(&job.payload)).await?;
                tx.commit().await?;
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        let outcome = self.sync(Some(&job.payload), false, options, &sync::Silent).await;
        let next = self.clock.now_ms() + connection.sync_interval_ms;
        match outcome {
            Ok(outcome) => {
                tracing::info!(run.id = %outcome.run, requests = outcome.requests, "an organization was read");
                self.store.job_reschedule(&job, next).await?;
                self.warm_up(&connection.name).await;
                Ok(true)
            }
            Err(error) => {
                self.store.job_reschedule(&job, next).await?;
                Err(error)
            }
        }
    }

    /// Answers what takes longest once for every organization, so that the first person after a start does not wait for it.
    pub async fn warm_up_all(&self) {
        let connections = match self.store.read().await {
            Ok(mut tx) => tx.connection_list().await,
            Err(error) => Err(error),
        };
        match connections {
            Ok(connections) => {
                for connection in connections {
                    self.warm_up(&connection.name).await;
                }
            }
            Err(error) => tracing::debug!(%error, "nothing was warmed up; the first pages take longer"),
        }
    }

    /// Answers what takes longest once, so that the first person after a reading does not wait for it.
    async fn warm_up(&self, connection: &str) {
        let choice = ScopeChoice {
            organization: Some(connection.to_owned()),
            as_of: None,
        };
        let warmed = match self.scope(&choice).await {
            Ok(scope) => self.warm(&scope).await,
            Err(error) => Err(error),
        };
        if let Err(error) = warmed {
            tracing::debug!(%error, "nothing was warmed up; the first page takes longer");
        }
    }

    /// Says that a held run's drop is right: the next reading is let through. The held pages themselves are not used.
    pub async fn run_confirm(&self, run: RunId, actor: &str) -> Result<(), AppError> {
        let held = self.run_of(run).await?;
        if held.state != RunState::Held {
            return Err(AppError::NotHeld {
                run: run.to_string(),
                state: state_name(held.state),
            });
        }
        let mut tx = self.store.write().await?;
        tx.connection_confirm_drop(held.connection_id, true).await?;
        tx.audit_record(&self.entry(
            actor,
            "run.confirm",
            run,
            "the next reading may show the same drop",
        ))
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives up a held or interrupted run: nothing of it is kept, and its drop stays unconfirmed.
    pub async fn run_discard(&self, run: RunId, actor: &str) -> Result<(), AppError> {
        let row = self.run_of(run).await?;
        if matches!(row.state, RunState::Published | RunState::Discarded) {
            return Err(AppError::RunOver {
                run: run.to_string(),
                state: state_name(row.state),
            });
        }
        let mut reasons = row.report.reasons.clone();
        reasons.push(format!("discarded by {actor}"));
        let report = RunReport {
            reasons,
            ..row.report.clone()
        };
        self.store.run_discard(&row, &report, self.clock.now_ms()).await?;
        let mut tx = self.store.write().await?;
        tx.connection_confirm_drop(row.connection_id, false).await?;
        tx.audit_record(&self.entry(actor, "run.discard", run, "nothing of it is kept"))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn run_of(&self, run: RunId) -> Result<RunRow, AppError> {
        let mut tx = self.store.read().await?;
        let found = tx.run_find(run).await?;
        found.ok_or_else(|| AppError::NoRun { run: run.to_string() })
    }

    fn entry(&self, actor: &str, action: &str, run: RunId, detail: &str) -> AuditRow {
        AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: run.to_string(),
            detail: detail.to_owned(),
        }
    }
}

fn state_name(state: RunState) -> String {
    format!("{state:?}").to_lowercase()
}
