//! Reading the objects that events named: lists, groups with what they give, members, accounts.

use super::accounts::{self, Rows};
use crate::error::SyncError;
use crate::events::Named;
use crate::listing::Context;
use crate::steps;
use crate::whole::read_short;
use model::fact::FactKey;
use model::{DirectoryId, FactKind, Family};
use std::collections::{BTreeMap, BTreeSet};
use store::{Hint, Looked, Part};

/// What events named, by sort.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub accounts: BTreeSet<String>,
    /// Accounts whose roles are to be read one by one.
    pub holdings: BTreeSet<String>,
    groups: BTreeSet<String>,
    members: BTreeSet<String>,
    /// Group and account.
    memberships: BTreeSet<(String, String)>,
    lists: BTreeSet<Family>,
}

impl Objects {
    pub fn of(named: impl Iterator<Item = Named>) -> Objects {
        let mut all = Objects::default();
        for one in named {
            match one {
                Named::Account(id) => _ = all.accounts.insert(id),
                Named::Holdings(id) => _ = all.holdings.insert(id),
                Named::Group(id) => _ = all.groups.insert(id),
                Named::Members(id) => _ = all.members.insert(id),
                Named::Membership { group, account } => _ = all.memberships.insert((group, account)),
                Named::List(family) => _ = all.lists.insert(family),
            }
        }
        // Whoever's roles are read is looked up too: who is gone holds none.
        all.accounts.extend(all.holdings.iter().cloned());
        all
    }

    /// How many accounts, groups and lists there are.
    pub fn count(&self) -> usize {
        let groups: BTreeSet<&String> = self.groups.union(&self.members).collect();
        self.accounts.len() + groups.len() + self.lists.len()
    }
}

/// What was read of the objects, as far as roles follow from it.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The rows of accounts.
    pub rows: Rows,
    /// Accounts whose roles are to be read one by one.
    pub holdings: BTreeSet<String>,
    /// Groups whose grants were read: those that are gone give nothing.
    pub givers: BTreeSet<String>,
    /// Groups that are gone.
    pub gone: BTreeSet<String>,
    /// The members of groups that were listed.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Whether an account is in a group, asked for one by one.
    pub memberships: BTreeMap<(String, String), bool>,
}

/// Reads them. Accounts and groups that show up on the way and are not known are read too.
pub(super) async fn read(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    cut_at: Option<u32>,
    mut objects: Objects,
) -> Result<Read, SyncError> {
    for family in std::mem::take(&mut objects.lists) {
        read_short(ctx, family).await?;
    }
    let mut read = Read {
        holdings: std::mem::take(&mut objects.holdings),
        ..Read::default()
    };
    let groups = std::mem::take(&mut objects.groups);
    read_groups(ctx, &groups, &mut read).await?;
    objects.members.extend(miscounted(ctx, &groups).await?);
    for group in std::mem::take(&mut objects.members) {
        if read.gone.contains(&group) || !steps::read_members(ctx, &group).await? {
            continue;
        }
        let mut tx = ctx.store.read().await?;
        let seen = tx
            .staged_of(ctx.run, FactKind::Membership, std::slice::from_ref(&group))
            .await?;
        drop(tx);
        let members: BTreeSet<String> = seen.into_iter().map(|[_, account, _]| account).collect();
        let strangers = unknown(ctx, FactKind::Account, members.iter()).await?;
        objects.accounts.extend(strangers);
        looked(ctx, &[Looked::first(FactKind::Membership, &group)]).await?;
        read.members.insert(group, members);
    }
    read.rows = accounts::read(ctx, directories, cut_at, &objects.accounts).await?;
    for (group, account) in objects.memberships {
        if read.rows.is_cut(&account) {
            let is_in = accounts::ask_membership(ctx, &group, &account).await?;
            read.memberships.insert((group, account), is_in);
        }
    }
    let mentioned = read.rows.groups().chain(read.members.keys());
    let mentioned: BTreeSet<&String> = mentioned.filter(|group| !groups.contains(*group)).collect();
    let strangers = unknown(ctx, FactKind::Group, mentioned.into_iter()).await?;
    read_groups(ctx, &strangers, &mut read).await?;
    read_strange_resources(ctx, &read).await?;
    Ok(read)
}

/// Groups that say they have another number of members than is known: one that was just made, for instance.
async fn miscounted(ctx: &Context<'_>, groups: &BTreeSet<String>) -> Result<BTreeSet<String>, SyncError> {
    let ids: Vec<String> = groups.iter().cloned().collect();
    let mut tx = ctx.store.read().await?;
    let told = tx.staged_hints(ctx.run, Hint::GroupMembers).await?;
    let known = tx
        .known_of(ctx.organization, FactKind::Membership, Part::First, &ids)
        .await?;
    let count = |group: &String| known.iter().filter(|[of, ..]| of == group).count();
    let differ = told
        .into_iter()
        .filter(|(group, told)| i64::try_from(count(group)) != Ok(*told));
    Ok(differ.map(|(group, _)| group).collect())
}

/// Those of these ids of which no fact of a kind is known.
async fn unknown<'a>(
    ctx: &Context<'_>,
    kind: FactKind,
    ids: impl Iterator<Item = &'a String>,
) -> Result<BTreeSet<String>, SyncError> {
    let ids: Vec<String> = ids.cloned().collect();
    let mut tx = ctx.store.read().await?;
    let known = tx.known_of(ctx.organization, kind, Part::First, &ids).await?;
    let known: BTreeSet<String> = known.into_iter().map(|[id, ..]| id).collect();
    Ok(ids.into_iter().filter(|id| !known.contains(id)).collect())
}

async fn looked(ctx: &Context<'_>, looked: &[Looked]) -> Result<(), SyncError> {
    let mut tx = ctx.store.write().await?;
    tx.looked_add(ctx.run, looked).await?;
    tx.commit().await?;
    Ok(())
}

async fn read_groups(ctx: &Context<'_>, groups: &BTreeSet<String>, read: &mut Read) -> Result<(), SyncError> {
    if groups.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = groups.iter().cloned().collect();
    let found = steps::read_groups_again(ctx, &ids).await?;
    let mut tx = ctx.store.read().await?;
    let told = tx.staged_groups(ctx.run).await?;
    let known: Vec<FactKey> = tx
        .known_of(ctx.organization, FactKind::GroupRoleGrant, Part::First, &ids)
        .await?;
    drop(tx);
    let give: BTreeSet<&String> = known.iter().map(|[group, ..]| group).collect();
    let gives_none = |id: &String| {
        let says_none = told
            .iter()
            .any(|(group, resources)| group == id && *resources == Some(0));
        says_none && !give.contains(id)
    };
    let to_ask: Vec<String> = ids
        .iter()
        .filter(|id| found.contains(*id) && !gives_none(id))
        .cloned()
        .collect();
    steps::read_grants_again(ctx, &to_ask).await?;
    let mut seen = Vec::new();
    for id in ids {
        seen.push(Looked::first(FactKind::Group, &id));
        seen.push(Looked::first(FactKind::GroupRoleGrant, &id));
        if !found.contains(&id) {
            seen.push(Looked::first(FactKind::Membership, &id));
            read.gone.insert(id.clone());
        }
        read.givers.insert(id);
    }
    looked(ctx, &seen).await
}

/// Where a group gives a role on something that was never met: the list of workspaces is read, which may tell what it
/// is.
async fn read_strange_resources(ctx: &Context<'_>, read: &Read) -> Result<(), SyncError> {
    let groups: Vec<String> = read.givers.iter().cloned().collect();
    let mut tx = ctx.store.read().await?;
    let grants = tx.staged_of(ctx.run, FactKind::GroupRoleGrant, &groups).await?;
    let known = tx.known_role_resources(ctx.organization).await?;
    drop(tx);
    if grants.iter().all(|[_, resource, _]| known.contains(resource)) {
        return Ok(());
    }
    read_short(ctx, Family::Workspaces).await
}
