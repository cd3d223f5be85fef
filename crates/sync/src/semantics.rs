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

/// Of each layer of pages, so many accounts are asked about.
const CANDIDATES: usize = 3;

/// Whether role and resource filters are joint; `None` when no account can tell. Waits for pages of accounts as long
/// as there are more to come.
pub(crate) async fn probe_joint_filters(ctx: &Context<'_>) -> Result<Option<bool>, SyncError> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut tx = ctx.store.read().await?;
    let grants = tx.staged_grants(ctx.run).await?;
    drop(tx);
    let mut layer = 0;
    loop {
        let page_came = ctx.accounts_page.notified();
        let is_last_look = ctx.accounts_done.load(Ordering::Relaxed);
        while let Some(accounts) = ctx.first_accounts.layer(layer) {
            let candidates = accounts
                .into_iter()
                .filter(|account| account.is_many_sided(&grants));
            let few = candidates.map(|account| account.id).take(CANDIDATES).collect();
            if let Some(joint) = ask_about_new(ctx, &mut asked, few).await? {
                return Ok(Some(joint));
            }
            layer += 1;
        }
        if is_last_look {
            // Also those of an earlier session of this run, whose pages are not seen again.
            let mut tx = ctx.store.read().await?;
            let candidates = tx.staged_many_sided(ctx.run).await?;
            drop(tx);
            return ask_about_new(ctx, &mut asked, candidates).await;
        }
        page_came.await;
    }
}

/// Asks about these accounts in turn, those left out that were asked about.
async fn ask_about_new(
    ctx: &Context<'_>,
    asked: &mut BTreeSet<String>,
    accounts: Vec<String>,
) -> Result<Option<bool>, SyncError> {
    for account in accounts {
        if asked.contains(&account) {
            continue;
        }
        if let Some(joint) = ask_about(ctx, &account).await? {
            return Ok(Some(joint));
        }
        asked.insert(account);
    }
    Ok(None)
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
