//! Reading what events named: some objects instead of everything.
//!
//! The stream is read to its end; what it named, and is due, is read again as a run of its own, which concludes absence
//! only [where it looked](store::Looked), and is published like any other. When that is not enough – nothing was read
//! yet, events were lost, too much changed at once – a reading of everything is owed, and said so.

mod accounts;
mod objects;
mod roles;

use crate::absence::{self, Filters};
use crate::error::SyncError;
use crate::events::{Named, explain, poll};
use crate::hold;
use crate::listing::Context;
use crate::publish::{merge, report};
use crate::reading::Reading;
use crate::run::held_lease;
use model::{DirectoryId, FactKind};
use objects::Objects;
use serde::Serialize;
use store::{Extent, Lease, RunRow, RunState};

/// More accounts than this share of all (in percent) named at once: a reading of everything costs less.
const MOST_PERCENT: i64 = 20;
/// So many are always read one by one.
const FEW: i64 = 2_000;

/// What came of following the events.
#[derive(Debug, Default, Serialize)]
pub struct Followed {
    /// Events that were not known before.
    pub events: usize,
    /// Accounts, groups and lists that were read again.
    pub objects: usize,
    /// The run that was published, if there was something to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Facts that began.
    pub begun: i64,
    /// Facts that ended.
    pub ended: i64,
    /// Requests sent.
    pub requests: u64,
    /// When the next of what events named may be read, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<i64>,
    /// Why the key may not read events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why a reading of everything is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_owed: Option<String>,
}

/// Reads the events since the last time, and what they name.
///
/// Fails when Atlassian or the store does; what events named is then still to be read, and the next call goes on.
pub async fn follow(reading: &Reading<'_>) -> Result<Followed, SyncError> {
    let lease = held_lease(reading).await?;
    let followed = with_lease(reading, &lease).await;
    reading.store.lease_release(&lease).await?;
    let mut followed = followed?;
    followed.requests = reading.admin.transport().status().requests;
    Ok(followed)
}

async fn with_lease(reading: &Reading<'_>, lease: &Lease) -> Result<Followed, SyncError> {
    let organization = reading.organization.id;
    let mut tx = reading.store.read().await?;
    let whole = tx.run_last_whole(organization).await?;
    let latest = tx.run_latest(organization, 1).await?.into_iter().next();
    drop(tx);
    let Some(whole) = whole else {
        return Ok(owed("nothing was read yet"));
    };
    let polled = poll(reading, lease, whole.started_at).await?;
    let mut followed = Followed {
        events: polled.new,
        refused: Some(polled.stream.refused).filter(|why| !why.is_empty()),
        whole_owed: Some(polled.stream.whole_owed).filter(|why| !why.is_empty()),
        ..Followed::default()
    };
    if let Some(latest) = latest.filter(|run| matches!(run.state, RunState::Reading | RunState::Merging)) {
        if latest.extent != Extent::Changes {
            followed.whole_owed = Some("a reading of everything was interrupted and goes on first".into());
            return Ok(followed);
        }
        give_up(reading, &latest, "a later reading began anew").await?;
    }
    let now = reading.clock.now_ms();
    let mut tx = reading.store.read().await?;
    let due = tx.dirty_due(organization, now).await?;
    drop(tx);
    let named = due.iter().filter_map(|(kind, id)| Named::from_words(kind, id));
    let objects = Objects::of(named);
    if !due.is_empty() {
        read(reading, lease, (whole.started_at, now), objects, &mut followed).await?;
    }
    let mut tx = reading.store.read().await?;
    followed.next_due_at = tx.dirty_next(organization).await?;
    Ok(followed)
}

fn owed(why: &str) -> Followed {
    Followed {
        whole_owed: Some(why.to_owned()),
        ..Followed::default()
    }
}

async fn give_up(reading: &Reading<'_>, run: &RunRow, why: &str) -> Result<(), SyncError> {
    let report = report(reading, &[why.to_owned()]);
    let now = reading.clock.now_ms();
    reading.store.run_discard(run, &report, now).await?;
    Ok(())
}

/// Keeps that a reading of everything is owed: what events named is then left to it.
async fn owe_whole(reading: &Reading<'_>, why: String, followed: &mut Followed) -> Result<(), SyncError> {
    let organization = reading.organization.id;
    let mut tx = reading.store.write().await?;
    if let Some(mut stream) = tx.event_stream(organization).await? {
        stream.whole_owed_at = reading.clock.now_ms();
        stream.whole_owed.clone_from(&why);
        tx.event_stream_set(organization, &stream).await?;
    }
    tx.commit().await?;
    followed.whole_owed = Some(why);
    Ok(())
}

/// Reads the objects as a run and publishes it. `times`: when the last reading of everything began, and now.
async fn read(
    reading: &Reading<'_>,
    lease: &Lease,
    (whole_at, now): (i64, i64),
    objects: Objects,
    followed: &mut Followed,
) -> Result<(), SyncError> {
    let organization = reading.organization.id;
    let mut tx = reading.store.read().await?;
    let accounts = tx.facts_count(organization, FactKind::Account).await?;
    drop(tx);
    let named = i64::try_from(objects.accounts.len()).unwrap_or(i64::MAX);
    if named > FEW && named * 100 > accounts * MOST_PERCENT {
        let why = format!("events named {named} of {accounts} accounts");
        return owe_whole(reading, why, followed).await;
    }
    let mut tx = reading.store.write().await?;
    let run = tx
        .run_open(organization, reading.connection.id, Extent::Changes, now)
        .await?;
    tx.commit().await?;
    let ctx = Context::new(reading, lease, run.id);
    followed.objects = objects.count();
    let done = read_and_merge(reading, &ctx, &run, whole_at, objects, followed).await;
    let requests = reading.admin.transport().status().requests;
    let mut tx = reading.store.write().await?;
    tx.run_add_requests(run.id, i64::try_from(requests).unwrap_or(i64::MAX))
        .await?;
    tx.commit().await?;
    if done.is_err() {
        // What it read is of this moment; the next one looks anew.
        give_up(reading, &run, "it was interrupted").await?;
    }
    done
}

async fn read_and_merge(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
    whole_at: i64,
    objects: Objects,
    followed: &mut Followed,
) -> Result<(), SyncError> {
    let semantics = &reading.connection.semantics;
    let mut tx = ctx.store.read().await?;
    let directories = tx.known_all(ctx.organization, FactKind::Directory).await?;
    drop(tx);
    let directories: Vec<DirectoryId> = directories
        .into_iter()
        .map(|[id, ..]| DirectoryId::new(id))
        .collect();
    let filters = Filters {
        joint: semantics.joint_filters == Some(true),
        rows_tell_groups: semantics.groups_cut_at.is_none(),
    };
    let read = objects::read(ctx, &directories, semantics.groups_cut_at, objects).await?;
    let believed = roles::read(ctx, filters.joint, &read).await?;
    reading
        .store
        .run_merging(ctx.lease, run, ctx.clock.now_ms())
        .await?;
    let confirmed = absence::confirm(ctx, &directories, filters, &believed).await?;
    let mut tx = ctx.store.read().await?;
    let mut drops = Vec::new();
    for (complete, absent) in &confirmed.absent {
        drops.push(hold::Drop {
            kind: complete.kind(),
            known: tx.facts_count(ctx.organization, complete.kind()).await?,
            ending: i64::try_from(absent.len()).unwrap_or(i64::MAX),
        });
    }
    drop(tx);
    let reasons = hold::reasons(&drops);
    if !reasons.is_empty() {
        // Not held here: a reading of everything sees it too, and is held for a person to decide.
        give_up(
            reading,
            run,
            "a drop out of proportion; a reading of everything decides",
        )
        .await?;
        return owe_whole(reading, reasons.join("; "), followed).await;
    }
    merge(reading, ctx, run, Some(whole_at), confirmed).await?;
    explain(reading, run.id).await?;
    let report = report(reading, &[]);
    let (begun, ended) = reading
        .store
        .run_publish(ctx.lease, run, &report, ctx.clock.now_ms())
        .await?;
    followed.run = Some(run.id.to_string());
    (followed.begun, followed.ended) = (begun, ended);
    Ok(())
}
