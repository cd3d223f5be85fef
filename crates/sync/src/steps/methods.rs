//! How accounts came to hold their roles: a request an account, so only when asked for.

use crate::error::SyncError;
use crate::listing::{Context, side_by_side};
use crate::steps::precise::{assignments, settle_not_told, together};
use model::Family;
use store::{ListingState, Observation, PageOf};

/// How many accounts make one checkpoint.
const BATCH: i64 = 64;
const AT_A_TIME: usize = 32;
const NAME: &str = "all";

/// Reads the methods of every account that holds a role. Its place is the number of the last account that was read.
pub(crate) async fn read_methods(ctx: &Context<'_>) -> Result<(), SyncError> {
    ctx.plan(Family::Methods).await?;
    let mut tx = ctx.store.read().await?;
    let row = tx.listing_find(ctx.run, Family::Methods, NAME).await?;
    drop(tx);
    if row.as_ref().is_some_and(|row| row.state == ListingState::Ended) {
        return Ok(());
    }
    let cursor = row.and_then(|row| row.cursor);
    let mut after = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(-1);
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
        keep(ctx, observation, Some(next), holders.len()).await?;
    }
    keep(ctx, Observation::default(), None, 0).await?;
    if settle_not_told(ctx).await?.is_empty() {
        ctx.end(Family::Methods).await
    } else {
        ctx.unsure(
            Family::Methods,
            "Atlassian does not tell what some listed accounts hold",
        )
        .await
    }
}

async fn keep(
    ctx: &Context<'_>,
    mut observation: Observation,
    next: Option<String>,
    accounts: usize,
) -> Result<(), SyncError> {
    let rows = i64::try_from(accounts).unwrap_or(0);
    observation.page = Some(PageOf {
        family: Family::Methods,
        name: NAME.to_owned(),
        next,
        rows,
    });
    ctx.record(observation).await?;
    ctx.progress.page(Family::Methods, rows);
    Ok(())
}
