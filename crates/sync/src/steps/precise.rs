//! Role assignments of single accounts: exact, and a request each, so only where nothing cheaper tells.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, side_by_side};
use crate::map;
use atlassian::{ApiError, Cursor};
use model::Family;
use store::{Hint, HintRow, Observation, Whole};

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
    all.wholes.push(Whole::HoldingsOf(account.to_owned()));
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = match ctx.admin.account_role_assignments(account, cursor.as_ref()).await {
            Ok(page) => page,
            // The account is gone: it holds nothing.
            Err(ApiError::NotFound { .. }) => {
                let key = [account.to_owned(), String::new()];
                all.hints.push(HintRow {
                    hint: Hint::ReadPrecisely,
                    key,
                    number: 0,
                });
                return Ok(all);
            }
            Err(error) => return Err(error).reading(family),
        };
        let observation = map::account_assignments(account, &page, with_methods);
        all.facts.extend(observation.facts);
        all.hints.extend(observation.hints);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
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
