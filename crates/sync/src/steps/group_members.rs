//! Members of single groups: where what the accounts' rows say does not agree with the group's own count.

use crate::error::SyncError;
use crate::listing::Context;
use crate::map;
use crate::steps::accounts::each_page;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch, PAGE};
use atlassian::wire::Account;
use atlassian::{Cursor, Page};
use model::{FactKind, Family};

/// Reads the members of a group; answers whether they are certain.
pub(crate) async fn read_members(ctx: &Context<'_>, group: &str) -> Result<bool, SyncError> {
    let search = AccountSearch {
        groups: vec![group.to_owned()],
        ..AccountSearch::default()
    };
    let search = &search;
    let fetch = |cursor: Option<Cursor>| async move {
        ctx.admin.accounts(ALL_DIRECTORIES, search, cursor.as_ref()).await
    };
    let observe = |page: &Page<Account>| map::members_page(group, page);
    let count = || ctx.admin.accounts_count(ALL_DIRECTORIES, search);
    let staged = || async move {
        let mut tx = ctx.store.read().await?;
        Ok(tx.staged_under(ctx.run, FactKind::Membership, group).await?)
    };
    ctx.read_uncounted((Family::GroupMembers, group), fetch, observe, count, staged)
        .await
}

/// Asks which of these accounts are in a group, by name: right also where accounts' lists of groups are cut.
pub(crate) async fn ask_members(
    ctx: &Context<'_>,
    group: &str,
    accounts: &[String],
) -> Result<(), SyncError> {
    for batch in accounts.chunks(PAGE as usize) {
        let search = AccountSearch {
            accounts: batch.to_vec(),
            groups: vec![group.to_owned()],
            ..AccountSearch::default()
        };
        each_page(ctx, ALL_DIRECTORIES, &search, |page| {
            map::members_page(group, page)
        })
        .await?;
    }
    Ok(())
}
