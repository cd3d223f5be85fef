//! Role assignments of single accounts: exact, and a request each, so only where nothing cheaper tells.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, side_by_side};
use crate::map;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::{ApiError, Cursor};
use model::Family;
use std::collections::BTreeSet;
use store::{Hint, HintRow, NOT_TOLD, Observation, Whole};

/// How many accounts are asked at a time; the transport bounds it further.
const AT_A_TIME: usize = 32;

/// Reads what some accounts hold, one by one: the answers replace what was seen of them before.
pub(crate) async fn read_precisely(ctx: &Context<'_>, accounts: &[String]) -> Result<(), SyncError> {
    let reads = accounts.iter().map(|account| async move {
        let observation = assignments(ctx, account, false).await?;
        ctx.record(observation).await?;
        ctx.progress.page(Family::RoleHoldings, 1);
        Ok(())
    });
    side_by_side(reads, AT_A_TIME).await?;
    Ok(())
}

/// What one account holds, all pages.
pub(crate) async fn assignments(
    ctx: &Context<'_>,
    account: &str,
    with_methods: bool,
) -> Result<Observation, SyncError> {
    let family = if with_methods {
        Family::Methods
    } else {
        Family::RoleHoldings
    };
    let mut all = Observation {
        sent_at: ctx.clock.now_ms(),
        ..Observation::default()
    };
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = match ctx.admin.account_role_assignments(account, cursor.as_ref()).await {
            Ok(page) => page,
            // Mostly the account is gone; that is looked up before anything is concluded.
            Err(ApiError::NotFound { .. }) => {
                return Ok(Observation {
                    sent_at: all.sent_at,
                    hints: vec![read_precisely_hint(account, NOT_TOLD)],
                    ..Observation::default()
                });
            }
            Err(error) => return Err(error).reading(family),
        };
        let observation = map::account_assignments(account, &page, with_methods);
        all.facts.extend(observation.facts);
        all.hints.extend(observation.hints);
        match page.next {
            Some(next) => cursor = Some(next),
            None => {
                all.wholes.push(Whole::HoldingsOf(account.to_owned()));
                return Ok(all);
            }
        }
    }
}

fn read_precisely_hint(account: &str, number: i64) -> HintRow {
    HintRow {
        hint: Hint::ReadPrecisely,
        key: [account.to_owned(), String::new()],
        number,
    }
}

/// Decides about the accounts that Atlassian did not know when it was asked what they hold: who is no longer listed holds
/// nothing, and the others are asked once more. Answers who is listed and still not told of: about them nothing can be
/// concluded.
pub(crate) async fn settle_not_told(ctx: &Context<'_>) -> Result<Vec<String>, SyncError> {
    let not_told = not_told(ctx).await?;
    let mut listed = BTreeSet::new();
    for batch in not_told.chunks(100) {
        let search = AccountSearch {
            accounts: batch.to_vec(),
            ..AccountSearch::default()
        };
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = ctx
                .admin
                .accounts(ALL_DIRECTORIES, &search, cursor.as_ref())
                .await;
            let page = page.reading(Family::RoleHoldings)?;
            listed.extend(page.items.into_iter().map(|account| account.account_id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    let (there, gone): (Vec<String>, Vec<String>) =
        not_told.into_iter().partition(|account| listed.contains(account));
    if !gone.is_empty() {
        let nothing = Observation {
            sent_at: ctx.clock.now_ms() + 1,
            hints: gone
                .iter()
                .map(|account| read_precisely_hint(account, 0))
                .collect(),
            wholes: gone.into_iter().map(Whole::HoldingsOf).collect(),
            ..Observation::default()
        };
        ctx.record(nothing).await?;
    }
    if there.is_empty() {
        return Ok(there);
    }
    read_precisely(ctx, &there).await?;
    self::not_told(ctx).await
}

async fn not_told(ctx: &Context<'_>) -> Result<Vec<String>, SyncError> {
    let mut tx = ctx.store.read().await?;
    Ok(tx.check_not_told(ctx.run).await?)
}

/// Reads some accounts one by one where no check comes after it: what is not told stops the reading.
pub(crate) async fn read_precisely_for_good(ctx: &Context<'_>, accounts: &[String]) -> Result<(), SyncError> {
    read_precisely(ctx, accounts).await?;
    let not_told = settle_not_told(ctx).await?;
    if not_told.is_empty() {
        Ok(())
    } else {
        Err(SyncError::NotTold {
            accounts: not_told.len(),
        })
    }
}

/// Several observations as one, of the time of the earliest.
pub(crate) fn together(observations: Vec<Observation>) -> Option<Observation> {
    observations.into_iter().reduce(|mut all, one| {
        all.sent_at = all.sent_at.min(one.sent_at);
        all.facts.extend(one.facts);
        all.hints.extend(one.hints);
        all.wholes.extend(one.wholes);
        all
    })
}
