//! Doing the readings that are due.

use super::FAILURES_THAT_NEED_A_PERSON;
use super::cadence::{self, Looks};
use crate::App;
use crate::error::AppError;
use atlassian::Options;
use std::convert::Infallible;
use std::time::Duration;
use store::{ConnectionRow, Job, RunState, Tx};
use sync::{Outcome, SyncError};
use tokio::sync::watch;

/// The kind of job that reads a connection's organization.
const SYNC_JOB: &str = "sync";
/// How long a taken reading is kept without being renewed: so long after its process died another one takes it up.
const JOB_LEASE_MS: i64 = 60_000;
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// How long after a delivery events are read: those that come with it are read with it.
const MOMENT_MS: i64 = 500;
/// How long after a delivery events are read until one is there that was processed after it: the log has an event some
/// seconds later than a webhook tells of it. How many is a guess: about three in an example (API facts, 7.1).
const AFTER_DELIVERY_MS: [i64; 7] = [MOMENT_MS, 1_500, 3_200, 5_000, 8_000, 16_000, 32_000];
/// How long until a connection is looked at again that somebody else reads now.
const BUSY_MS: i64 = 15_000;

fn sync_key(connection: &str) -> String {
    format!("{SYNC_JOB}/{connection}")
}

/// How a reading that was due ended.
enum Ended {
    /// By itself, well or not.
    With(Box<Result<Option<Outcome>, AppError>>),
    /// Somebody else took it up meanwhile.
    Lost,
    /// This process was told to end.
    Stopped,
}

impl App {
    /// Makes sure that the next reading of every connection is planned as its schedule says. Answers for how long
    /// nothing is due as far as that is known now.
    pub async fn readings_plan(&self) -> Result<Option<Duration>, AppError> {
        let now = self.clock.now_ms();
        let mut due = Vec::new();
        let mut unplanned = Vec::new();
        let mut tx = self.store.read().await?;
        for connection in tx.connection_list().await? {
            match tx.job_due_at(&sync_key(&connection.name)).await? {
                Some(at) => due.push(at),
                None => unplanned.push(connection),
            }
        }
        drop(tx);
        if !unplanned.is_empty() {
            let mut tx = self.store.write().await?;
            for connection in &unplanned {
                // Somebody else may have planned it, and taken it up, since.
                if tx.job_due_at(&sync_key(&connection.name)).await?.is_none() {
                    self.reading_plan(&mut tx, connection).await?;
                }
            }
            tx.commit().await?;
        }
        // What is due already and was not taken is somebody else's.
        let next = due.into_iter().filter(|at| *at > now).min();
        Ok(next
            .and_then(|at| u64::try_from(at - now).ok())
            .map(Duration::from_millis))
    }

    /// Plans the next reading of a connection anew, as its schedule says now.
    pub(super) async fn reading_plan(&self, tx: &mut Tx, connection: &ConnectionRow) -> Result<(), AppError> {
        let key = sync_key(&connection.name);
        match self.reading_due_at(tx, connection).await? {
            Some(due) => {
                tx.job_plan(SYNC_JOB, &key, &connection.name, due).await?;
                tx.job_set_due(&key, due).await?;
            }
            None => tx.job_forget(&key).await?,
        }
        Ok(())
    }

    async fn reading_due_at(&self, tx: &mut Tx, connection: &ConnectionRow) -> Result<Option<i64>, AppError> {
        let organization = connection.organization_id;
        let schedule = tx.schedule_find(connection.id).await?;
        let last_at = tx.run_whole_begun_at(organization).await?;
        let stream = tx.event_stream(organization).await?.unwrap_or_default();
        let latest = tx.run_latest(organization, 1).await?.into_iter().next();
        // What was delivered while it was looked is looked for next.
        let nudged_at = tx.hook_delivered_at(connection.id).await?;
        let looks = Looks {
            looked_at: stream.polled_at.max(latest.map_or(0, |run| run.started_at)),
            named_at: tx.dirty_next(organization).await?,
            is_refused: !stream.refused.is_empty(),
        };
        let nudged = nudged_at
            .filter(|at| stream.processed_at < *at && (!looks.is_refused || *at > looks.looked_at))
            .and_then(|at| next_after_delivery(at, looks.looked_at));
        let looks = Looks {
            named_at: looks.named_at.into_iter().chain(nudged).min(),
            ..looks
        };
        let due = cadence::next_look(&schedule, connection.sync_interval_ms, last_at, looks);
        // What was never read is due now, unless it is paused.
        let is_new = last_at.is_none() && schedule.paused_at.is_none();
        Ok(due.or_else(|| is_new.then(|| self.clock.now_ms())))
    }

    /// Reads everything where that is due or owed, else what events named.
    async fn read_what_is_due(
        &self,
        connection: &ConnectionRow,
        options: &Options,
    ) -> Result<Option<Outcome>, AppError> {
        let now = self.clock.now_ms();
        let organization = connection.organization_id;
        let name = Some(connection.name.as_str());
        let mut tx = self.store.read().await?;
        let schedule = tx.schedule_find(connection.id).await?;
        let last_at = tx.run_whole_begun_at(organization).await?;
        drop(tx);
        if !cadence::is_whole_due(&schedule, connection.sync_interval_ms, last_at, now) {
            let followed = self.follow(name, options, &sync::Silent).await?;
            let Some(why) = followed.whole_owed else {
                if followed.run.is_some() {
                    self.warm_up(&connection.name).await;
                }
                return Ok(None);
            };
            let mut tx = self.store.read().await?;
            let stream = tx.event_stream(organization).await?.unwrap_or_default();
            let latest = tx.run_latest(organization, 1).await?.into_iter().next();
            drop(tx);
            let goes_on =
                latest.is_some_and(|run| matches!(run.state, RunState::Reading | RunState::Merging));
            // Once for each reason: one that was held for a person is not read again and again.
            if !goes_on && last_at.is_some_and(|at| at > stream.whole_owed_at) {
                return Ok(None);
            }
            tracing::info!(connection = %connection.name, %why, "everything is read instead of what changed");
        }
        Ok(Some(self.sync(name, false, options, &sync::Silent).await?))
    }

    /// Makes the next look at a connection due now, where one is planned; where its events cannot be read, everything
    /// is.
    pub(crate) async fn reading_soon(&self, connection: &str) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let row = self.connection_named(Some(connection)).await?;
        let mut tx = self.store.write().await?;
        let stream = tx.event_stream(row.organization_id).await?;
        let between = cadence::between_ms(&tx.schedule_find(row.id).await?);
        if between.is_none() || stream.is_some_and(|stream| !stream.refused.is_empty()) {
            tx.schedule_want(row.id, now).await?;
        }
        tx.job_hasten(&sync_key(connection), self.clock.now_ms()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes the next look at a connection due in a moment, in the transaction of what asks for it. Many that come
    /// within that moment are one.
    pub(crate) async fn reading_nudge(
        &self,
        tx: &mut Tx,
        connection: &str,
        now: i64,
    ) -> Result<(), AppError> {
        tx.job_hasten(&sync_key(connection), now + MOMENT_MS).await?;
        Ok(())
    }

    /// Does the reading that is due the longest, if one is; answers whether one was.
    ///
    /// When `ended` says so, the reading is left after its last page, and is due at once for whoever serves next.
    pub async fn reading_due(
        &self,
        options: &Options,
        ended: &mut watch::Receiver<bool>,
    ) -> Result<bool, AppError> {
        let begun_at = self.clock.now_ms();
        let taken = self
            .store
            .job_take(SYNC_JOB, begun_at, begun_at + JOB_LEASE_MS)
            .await?;
        let Some(job) = taken else {
            return Ok(false);
        };
        let connection = match self.connection_named(Some(&job.payload)).await {
            Ok(connection) => connection,
            Err(AppError::NoConnection { .. } | AppError::NothingConnected) => {
                let mut tx = self.store.write().await?;
                tx.job_forget(&sync_key(&job.payload)).await?;
                tx.commit().await?;
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        let reading = self.read_what_is_due(&connection, options);
        let how = tokio::select! {
            outcome = reading => Ended::With(Box::new(outcome)),
            how = self.reading_keep(&job) => match how { Ok(()) => Ended::Lost, Err(never) => match never {} },
            _ = ended.wait_for(|ended| *ended) => Ended::Stopped,
        };
        match how {
            Ended::With(outcome) => self.reading_ended(&job, &connection, begun_at, *outcome).await?,
            Ended::Lost => tracing::warn!(connection = %connection.name, "somebody else took a reading up"),
            Ended::Stopped => {
                self.reading_dropped(&connection.name).await?;
                self.store.job_release(&job, self.clock.now_ms()).await?;
            }
        }
        Ok(true)
    }

    /// Renews a job while its reading goes on; ends only when somebody else has it.
    async fn reading_keep(&self, job: &Job) -> Result<(), Infallible> {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let until = self.clock.now_ms() + JOB_LEASE_MS;
            match self.store.job_renew(job, until).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // The lease of the organization still keeps two readings apart.
                Err(error) => tracing::warn!(%error, "a reading could not be kept"),
            }
        }
    }

    /// Keeps how a reading went, and plans the next one.
    async fn reading_ended(
        &self,
        job: &Job,
        connection: &ConnectionRow,
        begun_at: i64,
        outcome: Result<Option<Outcome>, AppError>,
    ) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let failure = match &outcome {
            Err(AppError::Sync(SyncError::Busy { .. })) => {
                self.store.job_reschedule(job, now + BUSY_MS).await?;
                return Ok(());
            }
            Err(error) => Some(said(error)),
            Ok(outcome) => outcome
                .as_ref()
                .and_then(|outcome| outcome.error.as_ref())
                .map(|error| said(error)),
        };
        let mut tx = self.store.write().await?;
        match failure {
            Some(failure) => {
                let failures = tx.schedule_failed(connection.id, now, &failure).await?;
                let needs_a_person = failures >= FAILURES_THAT_NEED_A_PERSON;
                tracing::error!(connection = %connection.name, failures, needs_a_person, %failure, "a reading failed");
                if failures == FAILURES_THAT_NEED_A_PERSON {
                    self.tell_of_readings(&mut tx, connection, Some((failures, &failure)))
                        .await?;
                }
            }
            None => {
                let before = tx.schedule_find(connection.id).await?;
                tx.schedule_went_well(connection.id, begun_at).await?;
                if before.failures >= FAILURES_THAT_NEED_A_PERSON {
                    self.tell_of_readings(&mut tx, connection, None).await?;
                }
            }
        }
        let due = self.reading_due_at(&mut tx, connection).await?;
        tx.commit().await?;
        match due {
            Some(due) => self.store.job_reschedule(job, due.max(now)).await?,
            None => {
                let mut tx = self.store.write().await?;
                tx.job_forget(&sync_key(&connection.name)).await?;
                tx.commit().await?;
            }
        }
        if let Ok(Some(outcome)) = outcome.as_ref()
            && outcome.error.is_none()
        {
            tracing::info!(run.id = %outcome.run, requests = outcome.requests, "an organization was read");
            self.warm_up(&connection.name).await;
        }
        Ok(())
    }
}

/// The next look because of a delivery, after the one at `looked_at`.
fn next_after_delivery(delivered_at: i64, looked_at: i64) -> Option<i64> {
    let mut looks = AFTER_DELIVERY_MS.iter().map(|after_ms| delivered_at + after_ms);
    looks.find(|at| *at > looked_at)
}

/// An error with its causes, for people.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_delivery_events_are_read_more_and_more_seldom_and_then_as_before() {
        let mut looked_at = 10_000 - 1;
        let mut looks = Vec::new();
        while let Some(next) = next_after_delivery(10_000, looked_at) {
            looks.push(next - 10_000);
            looked_at = next;
        }
        assert_eq!(looks, AFTER_DELIVERY_MS);
    }

    #[test]
    fn a_look_that_took_long_is_not_made_up_for() {
        assert_eq!(next_after_delivery(10_000, 14_000), Some(15_000));
        assert_eq!(next_after_delivery(10_000, 90_000), None);
    }
}
