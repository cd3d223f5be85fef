//! How accounts came to hold their roles: a request an account, so only when asked for.

use crate::error::SyncError;
use crate::listing::{Context, side_by_side};
use crate::steps::precise::{assignments, together};
use model::Family;
use store::{ListingState, PageOf};

/// How many accounts make one checkpoint.
const BATCH: i64 = 64;
const AT_A_TIME: usize = 32;
const NAME: &str = "all";

/// Reads the methods of every account that holds a role. Its place is the number of the last account that was read.
pub(crate) async fn read_methods(ctx: &Context<'_>) -> Result<(), SyncError> {
    ctx.plan(Family::Methods).await?;
    let mut tx = ctx.store.write().await?;
    let row = tx.listing_plan(ctx.run, Family::Methods, NAME).await?;
    tx.commit().await?;
    if row.state == ListingState::Ended {
        return Ok(());
    }
    let mut after = row.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(-1);
    loop {
        let mut tx = ctx.store.read().await?;
        let holders = tx.staged_holders(ctx.run, after, BATCH).await?;
        drop(tx);
        let Some((last, _)) = holders.last() else { break };
        after = *last;
        let reads = holders.iter().map(|(_, account)| assignments(ctx, account, true));
        let observations = side_by_side(reads, AT_A_TIME).await?;
        let Some(observation) = together(observations) else {
            break;
        };
        let next = after.to_string();
        keep(ctx, &observation, Some(&next), holders.len()).await?;
    }
    keep(ctx, &store::Observation::default(), None, 0).await?;
    ctx.end(Family::Methods).await
}

async fn keep(
    ctx: &Context<'_>,
    observation: &store::Observation,
    next: Option<&str>,
    accounts: usize,
) -> Result<(), SyncError> {
    let rows = i64::try_from(accounts).unwrap_or(0);
    let place = PageOf {
        family: Family::Methods,
        name: NAME,
        next,
        rows,
    };
    let now = ctx.clock.now_ms();
    ctx.store
        .observation_record(ctx.lease, now, ctx.run, &ctx.terms, observation, Some(place))
        .await?;
    ctx.progress.page(Family::Methods, rows);
    Ok(())
}
