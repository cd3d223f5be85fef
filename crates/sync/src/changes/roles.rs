//! Which roles came and went with the memberships and grants that were read.
//!
//! What follows from groups may be wrong: what is known of them may be old, or change while this is read. So a role
//! that newly follows from a group is asked about directly before it begins, and one that no group explains any more
//! before it ends, both in the same requests (`absence.rs`). Atlassian's own counts tell where something else happened:
//! the account's count of resources where its row was read, the role's count of holders where it was not. There
//! accounts are read one by one, or the role's holders are listed. Where many roles are gained at once, a count that
//! agrees is believed unless it cannot tell.

use super::objects::Read;
use crate::absence::Believed;
use crate::error::{SyncError, While as _};
use crate::listing::Context;
use crate::steps;
use atlassian::org::ALL_DIRECTORIES;
use model::fact::FactKey;
use model::{AccountId, Fact, FactKind, Family, ResourceId, RoleId};
use std::collections::{BTreeMap, BTreeSet};
use store::{GivenRole, Looked, Observation, Part};

/// A resource and a role on it.
type Pair = (String, String);
type ByOne<T> = BTreeMap<String, BTreeSet<T>>;

/// So many requests are spent on roles that seem gained and that nobody lost. Where it would take more, Atlassian's
/// counts are believed as far as they can tell.
const MOST_ASKED: usize = 8;

/// Reads the roles that may have changed, or makes them candidates: of roles that seem to have ended, in the store; of
/// those that seem to have begun, in the answer.
pub(super) async fn read(ctx: &Context<'_>, joint: bool, read: &Read) -> Result<Believed, SyncError> {
    let grants = Grants::load(ctx, read).await?;
    let gone = |account: &String| read.rows.get(account).is_some_and(|row| !row.is_there);
    let mut precise: BTreeSet<String> = read.holdings.iter().filter(|id| !gone(id)).cloned().collect();
    let mut affected = affected(ctx, read, &grants).await?;
    affected.retain(|account| !gone(account) && !precise.contains(account));
    let changes = Changes::of(ctx, read, &grants, affected).await?;
    let mut believed = Believed::default();
    if joint {
        // What is gained by an account whose row was read is judged by its count; the others by the counts of roles.
        let asks_all = changes
            .of
            .values()
            .filter(|change| !change.gained.is_empty())
            .count()
            <= MOST_ASKED;
        let mut told: Vec<Fact> = Vec::new();
        let mut untold: BTreeMap<Pair, BTreeSet<String>> = BTreeMap::new();
        for (account, change) in &changes.of {
            if change.gained.is_empty() {
                continue;
            }
            match read.rows.get(account).and_then(|row| row.resources) {
                Some(counted) if counted == change.resources_after() => {
                    for pair in &change.gained {
                        if asks_all || change.has_another_role_on(&pair.0) {
                            believed.entry(pair.clone()).or_default().insert(account.clone());
                        } else {
                            told.push(holding(account, pair));
                        }
                    }
                }
                Some(_) => _ = precise.insert(account.clone()),
                None => {
                    for pair in &change.gained {
                        untold.entry(pair.clone()).or_default().insert(account.clone());
                    }
                }
            }
        }
        for (pair, accounts) in untold {
            if !counts_agree(ctx, &changes, &pair).await? {
                list(ctx, &pair).await?;
            } else if asks_all {
                believed.entry(pair).or_default().extend(accounts);
            } else {
                told.extend(accounts.iter().map(|account| holding(account, &pair)));
            }
        }
        stage(ctx, told).await?;
        look_where_lost(ctx, &changes, &precise).await?;
    } else {
        let changed = changes.of.iter().filter(|(_, change)| !change.is_nothing());
        precise.extend(changed.map(|(account, _)| account.clone()));
    }
    let precise: Vec<String> = precise.into_iter().collect();
    steps::read_precisely_for_good(ctx, &precise).await?;
    let looked: Vec<Looked> = precise
        .iter()
        .map(|account| Looked::first(FactKind::RoleHolding, account))
        .collect();
    looked_at(ctx, &looked).await?;
    Ok(believed)
}

fn holding(account: &str, (resource, role): &Pair) -> Fact {
    Fact::role_holding(
        &AccountId::new(account),
        &ResourceId::new(resource.as_str()),
        &RoleId::new(role.as_str()),
    )
}

async fn stage(ctx: &Context<'_>, facts: Vec<Fact>) -> Result<(), SyncError> {
    let observation = Observation {
        sent_at: ctx.clock.now_ms(),
        facts,
        ..Observation::default()
    };
    ctx.record(observation).await
}

async fn looked_at(ctx: &Context<'_>, looked: &[Looked]) -> Result<(), SyncError> {
    let mut tx = ctx.store.write().await?;
    tx.looked_add(ctx.run, looked).await?;
    tx.commit().await?;
    Ok(())
}

/// What groups gave before and give now.
struct Grants {
    before: ByOne<Pair>,
    after: ByOne<Pair>,
    /// Groups that give otherwise now.
    changed: BTreeSet<String>,
}

impl Grants {
    async fn load(ctx: &Context<'_>, read: &Read) -> Result<Grants, SyncError> {
        let by_group = |keys: Vec<FactKey>| {
            let mut all: ByOne<Pair> = BTreeMap::new();
            for [group, resource, role] in keys {
                all.entry(group).or_default().insert((resource, role));
            }
            all
        };
        let givers: Vec<String> = read.givers.iter().cloned().collect();
        let mut tx = ctx.store.read().await?;
        let before = by_group(tx.known_all(ctx.organization, FactKind::GroupRoleGrant).await?);
        let mut seen = by_group(tx.staged_of(ctx.run, FactKind::GroupRoleGrant, &givers).await?);
        drop(tx);
        let mut after = before.clone();
        let mut changed = BTreeSet::new();
        for group in givers {
            let now = seen.remove(&group).unwrap_or_default();
            if before.get(&group).is_some_and(|before| *before != now)
                || !before.contains_key(&group) && !now.is_empty()
            {
                changed.insert(group.clone());
            }
            after.insert(group, now);
        }
        Ok(Grants {
            before,
            after,
            changed,
        })
    }
}

/// Accounts whose roles may have changed: those named, members of groups that give otherwise, and who came into a group
/// that was listed or left it.
async fn affected(ctx: &Context<'_>, read: &Read, grants: &Grants) -> Result<BTreeSet<String>, SyncError> {
    let mut accounts: BTreeSet<String> = read.rows.iter().map(|(account, _)| account.clone()).collect();
    let groups: BTreeSet<&String> = grants
        .changed
        .iter()
        .chain(&read.gone)
        .chain(read.members.keys())
        .collect();
    let groups: Vec<String> = groups.into_iter().cloned().collect();
    let mut tx = ctx.store.read().await?;
    let members = tx
        .known_of(ctx.organization, FactKind::Membership, Part::First, &groups)
        .await?;
    accounts.extend(members.into_iter().map(|[_, account, _]| account));
    accounts.extend(read.members.values().flatten().cloned());
    Ok(accounts)
}

/// What follows for one account.
#[derive(Debug, Default)]
struct Change {
    /// The roles it was known to hold.
    held: BTreeSet<Pair>,
    /// Follow from groups now and did not, and were not held.
    gained: BTreeSet<Pair>,
    /// Were held, followed from groups, and do not any more.
    lost: BTreeSet<Pair>,
}

impl Change {
    fn is_nothing(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }

    /// Whether it then holds several roles on a resource: a count of resources does not tell which.
    fn has_another_role_on(&self, resource: &str) -> bool {
        let roles = self.roles_after().filter(|(on, _)| on == resource);
        roles.count() > 1
    }

    fn roles_after(&self) -> impl Iterator<Item = &Pair> {
        let stay = self.held.iter().filter(|pair| !self.lost.contains(*pair));
        stay.chain(&self.gained)
    }

    /// On how many resources it then holds roles.
    fn resources_after(&self) -> i64 {
        let resources: BTreeSet<&String> = self.roles_after().map(|(resource, _)| resource).collect();
        i64::try_from(resources.len()).unwrap_or(i64::MAX)
    }
}

struct Changes {
    of: BTreeMap<String, Change>,
}

impl Changes {
    async fn of(
        ctx: &Context<'_>,
        read: &Read,
        grants: &Grants,
        accounts: BTreeSet<String>,
    ) -> Result<Changes, SyncError> {
        let ids: Vec<String> = accounts.into_iter().collect();
        let mut tx = ctx.store.read().await?;
        let mut groups: ByOne<String> = BTreeMap::new();
        for [group, account, _] in tx
            .known_of(ctx.organization, FactKind::Membership, Part::Second, &ids)
            .await?
        {
            groups.entry(account).or_default().insert(group);
        }
        let mut held: ByOne<Pair> = BTreeMap::new();
        for [account, resource, role] in tx
            .known_of(ctx.organization, FactKind::RoleHolding, Part::First, &ids)
            .await?
        {
            held.entry(account).or_default().insert((resource, role));
        }
        drop(tx);
        let mut all = BTreeMap::new();
        for account in ids {
            let before = groups.remove(&account).unwrap_or_default();
            let after = groups_after(read, &account, &before);
            let given = |groups: &BTreeSet<String>, grants: &ByOne<Pair>| -> BTreeSet<Pair> {
                groups
                    .iter()
                    .filter_map(|group| grants.get(group))
                    .flatten()
                    .cloned()
                    .collect()
            };
            let (given_before, given_after) = (given(&before, &grants.before), given(&after, &grants.after));
            let held = held.remove(&account).unwrap_or_default();
            let gained = given_after
                .difference(&given_before)
                .filter(|pair| !held.contains(*pair));
            let lost = given_before
                .difference(&given_after)
                .filter(|pair| held.contains(*pair));
            let (gained, lost) = (gained.cloned().collect(), lost.cloned().collect());
            all.insert(account, Change { held, gained, lost });
        }
        Ok(Changes { of: all })
    }
}

/// The groups that an account is in now, by what was read of it and of groups.
fn groups_after(read: &Read, account: &String, before: &BTreeSet<String>) -> BTreeSet<String> {
    let mut after = match read.rows.get(account) {
        Some(row) if !row.is_cut => row.groups.clone(),
        Some(row) => before.union(&row.groups).cloned().collect(),
        None => before.clone(),
    };
    for (group, members) in &read.members {
        if members.contains(account) {
            after.insert(group.clone());
        } else {
            after.remove(group);
        }
    }
    for ((group, of), is_in) in &read.memberships {
        match (of == account, is_in) {
            (false, _) => {}
            (true, true) => _ = after.insert(group.clone()),
            (true, false) => _ = after.remove(group),
        }
    }
    after.retain(|group| !read.gone.contains(group));
    after
}

/// Whether as many hold a role as Atlassian counts, if all that seems to have changed did.
async fn counts_agree(ctx: &Context<'_>, changes: &Changes, pair: &Pair) -> Result<bool, SyncError> {
    let given = given(pair);
    let (search, _) = steps::holders_of(&given);
    let counted = match ctx.admin.accounts_count(ALL_DIRECTORIES, &search).await {
        Ok(counted) => counted,
        Err(error) if error.is_refusal() => return Ok(false),
        Err(error) => return Err(error).reading(Family::RoleHoldings),
    };
    let mut tx = ctx.store.read().await?;
    let known = tx.known_holders(ctx.organization, &pair.0, &pair.1).await?;
    drop(tx);
    let differ = changes
        .of
        .values()
        .map(|change| i64::from(change.gained.contains(pair)) - i64::from(change.lost.contains(pair)));
    Ok(counted == known + differ.sum::<i64>())
}

/// Lists the holders of a role; where the list is certain, whoever is not in it lost the role.
async fn list(ctx: &Context<'_>, pair: &Pair) -> Result<(), SyncError> {
    if steps::read_listed(ctx, &given(pair)).await? {
        let (resource, role) = pair.clone();
        let looked = Looked {
            kind: FactKind::RoleHolding,
            key: [String::new(), resource, role],
        };
        looked_at(ctx, &[looked]).await?;
    }
    Ok(())
}

fn given((resource, role): &Pair) -> GivenRole {
    GivenRole {
        resource: resource.clone(),
        role: role.clone(),
        members: 0,
    }
}

/// Makes those who seem to have lost a role candidates: they are asked about before it ends. Whoever is read one by one
/// (`precise`) is none.
async fn look_where_lost(
    ctx: &Context<'_>,
    changes: &Changes,
    precise: &BTreeSet<String>,
) -> Result<(), SyncError> {
    let others = changes
        .of
        .iter()
        .filter(|(account, _)| !precise.contains(*account));
    let lost = others.flat_map(|(account, change)| change.lost.iter().map(move |pair| (account, pair)));
    let looked = lost.map(|(account, (resource, role))| Looked {
        kind: FactKind::RoleHolding,
        key: [account.clone(), resource.clone(), role.clone()],
    });
    let looked: Vec<Looked> = looked.collect();
    looked_at(ctx, &looked).await
}
