//! Reading an organization, and deciding about runs that are held.

use crate::App;
use crate::error::AppError;
use crate::views::accounts::DAY_MS;
use crate::views::scope::ScopeChoice;
use atlassian::{Admin, Options, Scim};
use model::RunId;
use std::time::Duration;
use store::{AuditRow, ConnectionRow, RunReport, RunRow, RunState, this_holder};
use sync::{Followed, Outcome, Progress, Reading};

/// Lists show what an event named after this time at the latest (API facts, 2.5).
const LONGEST_WAIT_MS: i64 = 31_000;
/// In an organization that changes all the time there is always something more to wait for.
const MOST_WAITS: u32 = 3;

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
        let reading = self
            .reading(connection, &admin, scim.as_ref(), with_methods, progress)
            .await?;
        let organization_id = reading.connection.organization_id;
        let outcome = sync::sync(&reading).await;
        if let Err(error) = self.store.rest().await {
            tracing::warn!(%error, "memory could not be given back after a reading");
        }
        let outcome = outcome?;
        self.stirred.notify_waiters();
        if outcome.status == sync::Status::Complete
            && let Err(error) = self.watch_returns(organization_id, &admin).await
        {
            // The reading is published whatever this comes to; the next one looks again.
            tracing::warn!(%error, "whether access came back could not be looked for");
        }
        if outcome.status != sync::Status::Held {
            self.evaluate_after_reading(organization_id).await;
            self.stirred.notify_waiters();
        }
        Ok(outcome)
    }

    /// Gives back what a reading of a connection's organization by this process held when it was dropped where it
    /// stood, so that the next one need not wait until that expires.
    pub async fn reading_dropped(&self, connection: &str) -> Result<(), AppError> {
        let connection = self.connection_named(Some(connection)).await?;
        let lease = format!("sync/{}", connection.organization_id);
        self.store.lease_give_up(&lease, &this_holder()).await?;
        Ok(())
    }

    /// Reads the events of a connection's organization since the last time, and what they name. Says so where that is
    /// not enough, and a reading of everything is owed.
    pub async fn follow(
        &self,
        connection: Option<&str>,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Followed, AppError> {
        let connection = self.connection_named(connection).await?;
        let admin = self.admin(&connection, options).await?;
        let scim = self.scim(&connection, &admin).await?;
        let reading = self
            .reading(connection, &admin, scim.as_ref(), false, progress)
            .await?;
        let organization_id = reading.connection.organization_id;
        let followed = sync::follow(&reading).await?;
        if followed.events > 0
            && let Err(error) = self.forget_old_events(organization_id).await
        {
            tracing::warn!(%error, "events past their days could not be forgotten; the next reading tries again");
        }
        if followed.run.is_some() {
            self.stirred.notify_waiters();
            self.evaluate_after_reading(organization_id).await;
            self.stirred.notify_waiters();
        }
        Ok(followed)
    }

    async fn forget_old_events(&self, organization_id: i64) -> Result<(), AppError> {
        let Some(days) = self.keep_events_days else {
            return Ok(());
        };
        let before = self.clock.now_ms() - i64::from(days) * DAY_MS;
        let organization = self
            .store
            .read()
            .await?
            .organization_get(organization_id)
            .await?
            .atlassian_id;
        let mut tx = self.store.archive_write().await?;
        let forgotten = tx.event_forget(organization.as_str(), before).await?;
        tx.commit().await?;
        tracing::debug!(forgotten, days, "events past their days are forgotten");
        Ok(())
    }

    /// As [`App::follow`], and waits for what lists do not show yet: two seconds mostly, thirty at most.
    pub async fn follow_now(
        &self,
        connection: Option<&str>,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Followed, AppError> {
        let mut all = self.follow(connection, options, progress).await?;
        for _ in 0..MOST_WAITS {
            let Some(due_at) = all.next_due_at.filter(|_| all.whole_owed.is_none()) else {
                break;
            };
            let wait_ms = due_at
                .saturating_sub(self.clock.now_ms())
                .clamp(0, LONGEST_WAIT_MS);
            let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
            progress.note(&format!(
                "waiting {} s until lists show what events named",
                wait.as_secs() + 1
            ));
            tokio::time::sleep(wait).await;
            let next = self.follow(connection, options, progress).await?;
            all = Followed {
                events: all.events + next.events,
                objects: all.objects + next.objects,
                run: next.run.or(all.run),
                begun: all.begun + next.begun,
                ended: all.ended + next.ended,
                requests: all.requests + next.requests,
                next_due_at: next.next_due_at,
                refused: next.refused,
                whole_owed: next.whole_owed,
            };
        }
        Ok(all)
    }

    async fn reading<'a>(
        &'a self,
        connection: ConnectionRow,
        admin: &'a Admin,
        scim: Option<&'a Scim>,
        with_methods: bool,
        progress: &'a dyn Progress,
    ) -> Result<Reading<'a>, AppError> {
        let mut tx = self.store.read().await?;
        let organization = tx.organization_get(connection.organization_id).await?;
        Ok(Reading {
            store: &self.store,
            admin,
            scim,
            clock: self.clock.as_ref(),
            progress,
            organization,
            connection,
            with_methods,
        })
    }

    /// Answers what takes longest once for every organization, so that the first person after a start does not wait for
    /// it.
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
    pub(crate) async fn warm_up(&self, connection: &str) {
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
