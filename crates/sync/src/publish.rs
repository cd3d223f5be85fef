//! From what was read to what is published: held for a person, or merged with what was known and made the present.

use crate::absence;
use crate::error::SyncError;
use crate::events::explain;
use crate::hold;
use crate::listing::Context;
use crate::reading::{Outcome, Reading, Status};
use model::{FactKind, Family};
use store::{ListingState, Merge, RunReport, RunRow};

/// What is kept of how a run went.
pub(crate) fn report(reading: &Reading<'_>, reasons: &[String]) -> RunReport {
    let transport = reading.admin.transport();
    RunReport {
        version: 1,
        reasons: reasons.to_vec(),
        drift: transport.drift.counts(),
        operations: transport.status().operations,
    }
}

/// Holds the run, or merges and publishes it.
pub(crate) async fn finish(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
    confirmed: absence::Confirmed,
) -> Result<Outcome, SyncError> {
    let mut drops = Vec::new();
    let mut tx = ctx.store.read().await?;
    for (complete, absent) in &confirmed.absent {
        let known = tx.facts_count(ctx.organization, complete.kind()).await?;
        let ending = i64::try_from(absent.len()).unwrap_or(i64::MAX);
        drops.push(hold::Drop {
            kind: complete.kind(),
            known,
            ending,
        });
    }
    let previous_at = tx
        .run_last_whole(ctx.organization)
        .await?
        .map(|run| run.started_at);
    drop(tx);
    let reasons = if reading.connection.drop_confirmed {
        Vec::new()
    } else {
        hold::reasons(&drops)
    };
    if !reasons.is_empty() {
        reading
            .store
            .run_hold(run, &report(reading, &reasons), ctx.clock.now_ms())
            .await?;
        return Ok(Outcome {
            status: Status::Held,
            run: run.id,
            requests: 0,
            begun: 0,
            ended: 0,
            reasons,
            unread: Vec::new(),
            error: None,
        });
    }
    merge(reading, ctx, run, previous_at, confirmed).await?;
    explain(reading, run.id).await?;
    let (unread, reasons) = not_complete(ctx).await?;
    let report = report(reading, &reasons);
    let (begun, ended) = reading
        .store
        .run_publish(ctx.lease, run, &report, ctx.clock.now_ms())
        .await?;
    let status = if reasons.is_empty() {
        Status::Complete
    } else {
        Status::Incomplete
    };
    Ok(Outcome {
        status,
        run: run.id,
        requests: 0,
        begun,
        ended,
        reasons,
        unread,
        error: None,
    })
}

/// Merges what was read with what was known, and ends what is confirmed to be gone.
pub(crate) async fn merge(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
    previous_at: Option<i64>,
    confirmed: absence::Confirmed,
) -> Result<(), SyncError> {
    let merge_of = |kind| Merge {
        lease: ctx.lease,
        run,
        kind,
        previous_at,
        now: ctx.clock.now_ms(),
    };
    reading.store.prepare_to_merge().await?;
    for kind in FactKind::ALL {
        let merge = merge_of(kind);
        reading.store.facts_begin(&merge).await?;
        reading.store.facts_change(&merge).await?;
    }
    let at = ctx.clock.now_ms();
    for (complete, absent) in confirmed.absent {
        reading
            .store
            .facts_end(&merge_of(complete.kind()), &complete, &absent, at)
            .await?;
    }
    let mut tx = ctx.store.read().await?;
    let orphans = tx.methods_without_holding(ctx.organization).await?;
    drop(tx);
    reading
        .store
        .methods_end(&merge_of(FactKind::Method), &orphans, at)
        .await?;
    Ok(())
}

/// The families that were not read completely, each with the reason, in words. One that many organizations do not have
/// is none of them when it is refused and nothing of it was ever known: docs/decisions/0009-what-is-never-there.md.
async fn not_complete(ctx: &Context<'_>) -> Result<(Vec<Family>, Vec<String>), SyncError> {
    let mut tx = ctx.store.read().await?;
    let listings = tx.listing_all(ctx.run).await?;
    let (mut families, mut words) = (Vec::new(), Vec::new());
    for listing in listings.into_iter().filter(|listing| listing.name.is_empty()) {
        if listing.state == ListingState::Ended {
            continue;
        }
        let family = Family::from_name(&listing.family);
        if let Some(family) = family.filter(|family| family.is_optional())
            && listing.state == ListingState::Refused
        {
            let mut known = 0;
            for kind in family.kinds() {
                known += tx.facts_count(ctx.organization, *kind).await?;
            }
            if known == 0 {
                continue;
            }
        }
        let title = family.map_or(listing.family, |family| family.title().to_owned());
        let why = listing
            .note
            .unwrap_or_else(|| "it kept changing while it was read".into());
        words.push(format!("{title} not read completely: {why}"));
        families.extend(family);
    }
    Ok((families, words))
}
