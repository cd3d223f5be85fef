//! Accounts that events named: their rows in every directory.

use crate::error::SyncError;
use crate::listing::Context;
use crate::map;
use crate::steps;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch, PAGE};
use atlassian::wire::Account;
use model::{DirectoryId, FactKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use store::Looked;

/// What an account's rows say.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    /// Whether it is in any directory.
    pub is_there: bool,
    /// The groups it says it is in.
    pub groups: BTreeSet<String>,
    /// Whether it may be in more groups than it says.
    pub is_cut: bool,
    /// Whether its roles of the platform were told.
    tells_platform: bool,
    /// On how many resources it says it holds roles.
    pub resources: Option<i64>,
}

/// The rows of accounts, by id. One that was asked for and is nowhere has a row too.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<String, Row>);

impl Rows {
    pub fn get(&self, account: &str) -> Option<&Row> {
        self.0.get(account)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Row)> {
        self.0.iter()
    }

    /// Whether the account may be in more groups than its row says.
    pub fn is_cut(&self, account: &str) -> bool {
        self.get(account).is_some_and(|row| row.is_cut)
    }

    /// All groups that they are in.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        self.0.values().flat_map(|row| row.groups.iter())
    }

    fn add(&mut self, account: &Account, cut_at: Option<u32>) {
        let Some(row) = self.0.get_mut(&account.account_id) else {
            return;
        };
        row.is_there = true;
        match &account.groups {
            None => row.is_cut = true,
            Some(groups) => {
                let is_cut = cut_at
                    .and_then(|at| usize::try_from(at).ok())
                    .is_some_and(|at| groups.len() >= at);
                row.is_cut |= is_cut;
                row.groups.extend(groups.iter().map(|group| group.id.clone()));
            }
        }
        row.tells_platform |= account.platform_roles.is_some();
        let resources = account.counts.as_ref().and_then(|counts| counts.resources);
        row.resources = resources.or(row.resources);
    }
}

/// Looks the accounts up in every directory.
pub(super) async fn read(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    cut_at: Option<u32>,
    accounts: &BTreeSet<String>,
) -> Result<Rows, SyncError> {
    let rows = accounts.iter().map(|account| (account.clone(), Row::default()));
    let rows = Mutex::new(Rows(rows.collect()));
    let ids: Vec<String> = accounts.iter().cloned().collect();
    for batch in ids.chunks(PAGE as usize) {
        let search = AccountSearch {
            accounts: batch.to_vec(),
            expanded: true,
            ..AccountSearch::default()
        };
        for directory in directories {
            let observe = |page: &atlassian::Page<Account>| {
                let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
                for account in &page.items {
                    rows.add(account, cut_at);
                }
                map::account_page(directory, page)
            };
            steps::each_page(ctx, directory.as_str(), &search, observe).await?;
        }
    }
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut looked = Vec::new();
    for (account, row) in rows.iter() {
        looked.push(Looked::first(FactKind::Account, account));
        looked.push(Looked::second(FactKind::DirectoryMembership, account));
        if row.tells_platform || !row.is_there {
            looked.push(Looked::first(FactKind::PlatformRole, account));
        }
        if !row.is_cut {
            looked.push(Looked::second(FactKind::Membership, account));
        }
        if !row.is_there {
            looked.push(Looked::first(FactKind::RoleHolding, account));
        }
    }
    let mut tx = ctx.store.write().await?;
    tx.looked_add(ctx.run, &looked).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Asks whether an account is in a group.
pub(super) async fn ask_membership(ctx: &Context<'_>, group: &str, account: &str) -> Result<bool, SyncError> {
    let search = AccountSearch {
        accounts: vec![account.to_owned()],
        groups: vec![group.to_owned()],
        ..AccountSearch::default()
    };
    let is_in = Mutex::new(false);
    let observe = |page: &atlassian::Page<Account>| {
        let mut is_in = is_in.lock().unwrap_or_else(PoisonError::into_inner);
        *is_in |= page.items.iter().any(|item| item.account_id == account);
        map::members_page(group, page)
    };
    steps::each_page(ctx, ALL_DIRECTORIES, &search, observe).await?;
    let looked = Looked {
        kind: FactKind::Membership,
        key: [group.to_owned(), account.to_owned(), String::new()],
    };
    let mut tx = ctx.store.write().await?;
    tx.looked_add(ctx.run, &[looked]).await?;
    tx.commit().await?;
    Ok(is_in.into_inner().unwrap_or_else(PoisonError::into_inner))
}
