//! How this tenant's filters work, found out by asking.
//!
//! Whether a search by role *and* resource means one assignment with both (*joint*) or any assignment with each
//! (*independent*) is not settled in what Atlassian publishes. An account that holds several roles on several
//! resources tells: its assignments are read exactly, and the search is asked for a pair that it does not hold.

use crate::error::{SyncError, While as _};
use crate::listing::Context;
use crate::steps;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use model::Family;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// Whether role and resource filters are joint; `None` when no account can tell. Waits for pages of accounts as long
/// as there are more to come.
pub(crate) async fn probe_joint_filters(ctx: &Context<'_>) -> Result<Option<bool>, SyncError> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    loop {
        let page_came = ctx.accounts_page.notified();
        let is_last_look = ctx.accounts_done.load(Ordering::Relaxed);
        let mut tx = ctx.store.read().await?;
        let candidates = tx.staged_many_sided(ctx.run).await?;
        drop(tx);
        for account in candidates
            .into_iter()
            .filter(|account| !asked.contains(account))
            .collect::<Vec<_>>()
        {
            if let Some(joint) = ask_about(ctx, &account).await? {
                return Ok(Some(joint));
            }
            asked.insert(account);
        }
        if is_last_look {
            return Ok(None);
        }
        page_came.await;
    }
}

/// Asks for a pair that the account does not hold, of a resource and a role that it does; `None` if there is none.
pub(crate) async fn ask_about(ctx: &Context<'_>, account: &str) -> Result<Option<bool>, SyncError> {
    steps::read_precisely(ctx, &[account.to_owned()]).await?;
    let mut tx = ctx.store.read().await?;
    let held: BTreeSet<(String, String)> = tx
        .staged_holdings_of(ctx.run, account)
        .await?
        .into_iter()
        .collect();
    drop(tx);
    let resources: BTreeSet<&String> = held.iter().map(|(resource, _)| resource).collect();
    let roles: BTreeSet<&String> = held.iter().map(|(_, role)| role).collect();
    let mut pairs = resources
        .iter()
        .flat_map(|resource| roles.iter().map(move |role| (*resource, *role)));
    let not_held = pairs.find(|(resource, role)| !held.contains(&((*resource).clone(), (*role).clone())));
    let Some((resource, role)) = not_held else {
        return Ok(None);
    };
    let search = AccountSearch {
        accounts: vec![account.to_owned()],
        resources: vec![resource.clone()],
        roles: vec![role.clone()],
        ..AccountSearch::default()
    };
    let found = ctx
        .admin
        .accounts(ALL_DIRECTORIES, &search, None)
        .await
        .reading(Family::RoleHoldings)?;
    Ok(Some(found.items.is_empty()))
}
