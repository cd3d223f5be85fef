//! One reading of an organization, from the lease to publication: [`whole`](crate::whole) reads it,
//! [`publish`](crate::publish) makes what was read the present. A run that was interrupted goes on where it stopped.

use crate::absence::{self, Believed, Filters};
use crate::error::{SyncError, While as _};
use crate::listing::Context;
use crate::progress::Estimate;
use crate::publish::{finish, report};
use crate::reading::{Outcome, Reading, Status};
use crate::steps::{self, ONLY, Pairs};
use crate::whole::{directories, learn_shape, read_all, settle};
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::transport::Waiting;
use model::{FactKind, Family};
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::{Extent, Lease, RunProgress, RunReport, RunRow, RunState, Taken, this_holder};
use tokio::time::MissedTickBehavior;

/// An interrupted run older than this is not taken up again: its cursors may be void.
const RESUME_WITHIN_MS: i64 = 6 * 60 * 60 * 1000;

/// Reads the organization, or goes on reading where an earlier session stopped.
///
/// Fails outright only when the lease or the store cannot be had; a reading that stops midway is an [`Outcome`] that
/// is incomplete.
pub async fn sync(reading: &Reading<'_>) -> Result<Outcome, SyncError> {
    let lease = held_lease(reading).await?;
    let outcome = with_lease(reading, &lease).await;
    reading.store.lease_release(&lease).await?;
    outcome
}

/// The lease under which one process at a time reads an organization.
pub(crate) async fn held_lease(reading: &Reading<'_>) -> Result<Lease, SyncError> {
    let name = format!("sync/{}", reading.organization.id);
    let now = reading.clock.now_ms();
    match reading.store.lease_take(&name, &this_holder(), now).await? {
        Taken::Held(lease) => Ok(lease),
        Taken::HeldBy { holder, .. } => Err(SyncError::Busy { holder }),
    }
}

async fn with_lease(reading: &Reading<'_>, lease: &Lease) -> Result<Outcome, SyncError> {
    let run = open(reading).await?;
    let ctx = Context::new(reading, lease, run.id);
    // Saying how it goes never ends by itself.
    let ended = tokio::select! {
        ended = read_and_merge(reading, &ctx, &run) => ended,
        never = say_how_it_goes(reading, &run) => match never {},
    };
    let requests = reading.admin.transport().status().requests;
    let mut tx = reading.store.write().await?;
    tx.run_add_requests(run.id, i64::try_from(requests).unwrap_or(i64::MAX))
        .await?;
    tx.commit().await?;
    match ended {
        Ok(mut outcome) => {
            outcome.requests = requests;
            Ok(outcome)
        }
        Err(error @ SyncError::Read { .. }) => {
            let reasons = vec![chain(&error)];
            let report = report(reading, &reasons);
            reading.store.run_note(&run, &report).await?;
            Ok(Outcome {
                status: Status::Incomplete,
                run: run.id,
                requests,
                begun: 0,
                ended: 0,
                reasons,
                unread: Vec::new(),
                error: Some(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// Once a second, keeps what this process does and what it waits for, so that the pages of any process can say it.
async fn say_how_it_goes(reading: &Reading<'_>, run: &RunRow) -> Infallible {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        let status = reading.admin.transport().status();
        let now = reading.clock.now_ms();
        reading.progress.transport(&status);
        let (waiting, seconds) = match status.waiting {
            None => ("", 0),
            Some(Waiting::Budget { seconds }) => ("budget", seconds),
            Some(Waiting::Pause { seconds }) => ("pause", seconds),
        };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = RunProgress {
            at: now,
            requests: number(status.requests),
            retries: number(status.retries),
            rate_limited: number(status.rate_limited),
            waiting: waiting.to_owned(),
            waiting_until: now.saturating_add(number(seconds).saturating_mul(1000)),
        };
        let said = async {
            let mut tx = reading.store.write().await?;
            tx.run_progress(run.id, &progress).await?;
            tx.commit().await
        };
        if let Err(error) = said.await {
            tracing::debug!(%error, "how the reading goes could not be kept");
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The run to work on: an interrupted one that is still fresh, or a new one.
async fn open(reading: &Reading<'_>) -> Result<RunRow, SyncError> {
    let now = reading.clock.now_ms();
    let mut tx = reading.store.read().await?;
    let latest = tx
        .run_latest(reading.organization.id, 1)
        .await?
        .into_iter()
        .next();
    drop(tx);
    if let Some(run) = latest.filter(|run| matches!(run.state, RunState::Reading | RunState::Merging)) {
        let is_same = run.extent == extent(reading) && run.connection_id == reading.connection.id;
        if is_same && now - run.started_at < RESUME_WITHIN_MS {
            reading
                .progress
                .note(&format!("going on with {} where it stopped", run.id));
            let mut tx = reading.store.write().await?;
            tx.listings_unplan(run.id).await?;
            tx.commit().await?;
            return Ok(run);
        }
        let report = RunReport {
            version: 1,
            reasons: vec!["a later reading began anew".into()],
            ..run.report.clone()
        };
        reading.store.run_discard(&run, &report, now).await?;
    }
    let mut tx = reading.store.write().await?;
    let run = tx
        .run_open(
            reading.organization.id,
            reading.connection.id,
            extent(reading),
            now,
        )
        .await?;
    tx.commit().await?;
    Ok(run)
}

fn extent(reading: &Reading<'_>) -> Extent {
    if reading.with_methods {
        Extent::WholeWithMethods
    } else {
        Extent::Whole
    }
}

async fn read_and_merge(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
) -> Result<Outcome, SyncError> {
    let is_new = !ctx.has_ended(Family::Directories, ONLY).await?;
    if is_new {
        estimate(reading, ctx).await?;
    } else {
        // Between the sessions anything may have changed, and counts may agree all the same.
        ctx.change_seen.store(true, Ordering::Relaxed);
    }
    let directories = directories(ctx).await?;
    let (accounts_certain, holdings) = read_all(reading, ctx, &directories).await?;
    let joint = matches!(holdings.pairs, Pairs::Joint { .. });
    let groups_cut = learn_shape(reading, ctx).await?;
    settle(ctx, &directories, groups_cut, accounts_certain, holdings).await?;
    if run.extent == Extent::WholeWithMethods {
        steps::read_methods(ctx).await?;
    }
    reading
        .store
        .run_merging(ctx.lease, run, ctx.clock.now_ms())
        .await?;
    let filters = Filters {
        joint,
        // Only what the row left out is a candidate: it would leave it out again.
        rows_tell_groups: false,
    };
    let confirmed = absence::confirm(ctx, &directories, filters, &Believed::new()).await?;
    finish(reading, ctx, run, confirmed).await
}

/// Says what the reading will cost, from what is known before the first request or, the first time, from two counts.
async fn estimate(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<(), SyncError> {
    let mut tx = ctx.store.read().await?;
    let last = tx.run_last_whole(ctx.organization).await?;
    let mut accounts = tx.facts_count(ctx.organization, FactKind::Account).await?;
    let mut groups = tx.facts_count(ctx.organization, FactKind::Group).await?;
    drop(tx);
    if last.is_none() {
        let everybody = AccountSearch::default();
        accounts = ctx
            .admin
            .accounts_count(ALL_DIRECTORIES, &everybody)
            .await
            .reading(Family::Accounts)?;
        groups = ctx.admin.groups_count().await.reading(Family::Groups)?;
    }
    // Pages of accounts, about five pages of holders for each, a fifth of the groups, and the short lists.
    let by_size = accounts / 100 * 6 + groups / 100 + groups / 5 + 150;
    let methods = if reading.with_methods { accounts } else { 0 };
    let requests = last
        .filter(|run| run.requests > 0)
        .map_or(by_size, |run| run.requests)
        + methods;
    reading.progress.estimate(&Estimate {
        accounts,
        groups,
        requests,
    });
    Ok(())
}
