//! The second witness: what a complete reading did not show is looked up directly before it ends.
//!
//! A listing may lose rows while its pages are read, so its silence alone proves nothing. Candidates are looked up in
//! batches, in an order that spares requests: what belongs to an account or a group that is gone needs no look of its
//! own. What a look still finds is staged and thereby no candidate any more; the rest is confirmed absent.

use crate::error::{SyncError, While as _};
use crate::listing::Context;
use crate::steps;
use atlassian::Page;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::wire::Account;
use model::{AccountId, DirectoryId, Fact, FactKind, Family, ResourceId, RoleId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{CompleteRun, FactRef, Observation};

/// Looks again in this order, so that what is gone with an account or a group is known by then.
const ORDER: [FactKind; 16] = [
    FactKind::Directory,
    FactKind::Group,
    FactKind::Account,
    FactKind::DirectoryMembership,
    FactKind::PlatformRole,
    FactKind::Membership,
    FactKind::GroupRoleGrant,
    FactKind::RoleHolding,
    FactKind::Workspace,
    FactKind::Domain,
    FactKind::Policy,
    FactKind::ApiToken,
    FactKind::ApiKey,
    FactKind::ServiceAccount,
    FactKind::ScimUser,
    FactKind::ScimGroup,
];

/// What two witnesses did not see, by kind, each with the proof that the reading was complete.
#[derive(Debug, Default)]
pub(crate) struct Confirmed {
    pub absent: Vec<(CompleteRun, Vec<FactRef>)>,
    /// Kinds that were not read completely.
    pub incomplete: Vec<FactKind>,
}

/// Roles on resources that accounts seem to have gained, by resource and role. They begin only where a look finds them.
pub(crate) type Believed = BTreeMap<(String, String), BTreeSet<String>>;

/// How this tenant's filters work, as far as looking again depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filters {
    pub joint: bool,
    /// Whether looking an account up tells surely which groups it is in.
    pub rows_tell_groups: bool,
}

/// Looks every candidate up and answers what is confirmed absent. Roles that are `believed` are looked up with those
/// that may be gone, because both are mostly of the same few.
pub(crate) async fn confirm(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    filters: Filters,
    believed: &Believed,
) -> Result<Confirmed, SyncError> {
    let mut confirmed = Confirmed::default();
    let mut gone = Gone::default();
    for kind in ORDER {
        let mut tx = ctx.store.read().await?;
        let complete = tx.run_complete(ctx.run, ctx.organization, kind).await?;
        let candidates = match &complete {
            Some(complete) => tx.facts_absent(complete).await?,
            None => Vec::new(),
        };
        drop(tx);
        if kind == FactKind::RoleHolding {
            let alive = candidates.iter().filter(|fact| !gone.accounts.contains(&fact.a));
            let mut to_ask = believed.clone();
            add_holdings(ctx, alive, &mut to_ask).await?;
            look_at_holdings(ctx, filters, &to_ask).await?;
        } else if !candidates.is_empty() {
            look_again(ctx, directories, filters, kind, &candidates, &gone).await?;
        }
        let Some(complete) = complete else {
            confirmed.incomplete.push(kind);
            continue;
        };
        let mut tx = ctx.store.read().await?;
        let absent = if candidates.is_empty() {
            Vec::new()
        } else {
            tx.facts_absent(&complete).await?
        };
        gone.note(kind, &absent);
        confirmed.absent.push((complete, absent));
    }
    Ok(confirmed)
}

/// What is confirmed gone, by the store's numbers.
#[derive(Debug, Default)]
struct Gone {
    accounts: BTreeSet<i64>,
    groups: BTreeSet<i64>,
}

impl Gone {
    fn note(&mut self, kind: FactKind, absent: &[FactRef]) {
        match kind {
            FactKind::Account => self.accounts.extend(absent.iter().map(|fact| fact.a)),
            FactKind::Group => self.groups.extend(absent.iter().map(|fact| fact.a)),
            _ => {}
        }
    }
}

async fn look_again(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    filters: Filters,
    kind: FactKind,
    candidates: &[FactRef],
    gone: &Gone,
) -> Result<(), SyncError> {
    let again = format!("{} again", ctx.clock.now_ms());
    match kind {
        FactKind::Account => {
            let accounts = texts(ctx, candidates.iter().map(|fact| fact.a)).await?;
            steps::look_up(ctx, directories, &accounts).await
        }
        FactKind::DirectoryMembership => {
            let alive = candidates.iter().filter(|fact| !gone.accounts.contains(&fact.b));
            let accounts = texts(ctx, alive.map(|fact| fact.b)).await?;
            steps::look_up(ctx, directories, &accounts).await
        }
        FactKind::PlatformRole => {
            let alive = candidates.iter().filter(|fact| !gone.accounts.contains(&fact.a));
            let accounts = texts(ctx, alive.map(|fact| fact.a)).await?;
            steps::look_up(ctx, directories, &accounts).await
        }
        FactKind::Group => {
            let groups = texts(ctx, candidates.iter().map(|fact| fact.a)).await?;
            steps::read_groups_again(ctx, &groups).await?;
            Ok(())
        }
        FactKind::Membership => {
            let alive: Vec<&FactRef> = candidates
                .iter()
                .filter(|fact| !gone.groups.contains(&fact.a) && !gone.accounts.contains(&fact.b))
                .collect();
            if filters.rows_tell_groups {
                let accounts = texts(ctx, alive.iter().map(|fact| fact.b)).await?;
                return steps::look_up(ctx, directories, &accounts).await;
            }
            look_at_memberships(ctx, &alive).await
        }
        FactKind::GroupRoleGrant => {
            let alive = candidates.iter().filter(|fact| !gone.groups.contains(&fact.a));
            let groups = texts(ctx, alive.map(|fact| fact.a)).await?;
            steps::read_grants_again(ctx, &groups).await
        }
        // With those that are believed, above.
        FactKind::RoleHolding => Ok(()),
        FactKind::Directory => steps::read_directories(ctx, &again).await.map(|_| ()),
        FactKind::Workspace => steps::read_workspaces(ctx, &again).await.map(|_| ()),
        FactKind::ApiToken => steps::read_api_tokens(ctx, &again).await.map(|_| ()),
        FactKind::ApiKey => steps::read_api_keys(ctx, &again).await.map(|_| ()),
        FactKind::ServiceAccount => steps::read_service_accounts(ctx, &again).await.map(|_| ()),
        FactKind::Domain => {
            for id in texts(ctx, candidates.iter().map(|fact| fact.a)).await? {
                if let Some(domain) = ctx.admin.domain(&id).await.reading(Family::Domains)? {
                    let page = Page {
                        items: vec![domain],
                        next: None,
                        sent_at: ctx.clock.now_ms(),
                    };
                    ctx.record(crate::map::domains_page(&page)).await?;
                }
            }
            Ok(())
        }
        FactKind::Policy => {
            for id in texts(ctx, candidates.iter().map(|fact| fact.a)).await? {
                if let Some(policy) = ctx.admin.policy(&id).await.reading(Family::Policies)? {
                    let page = Page {
                        items: vec![policy],
                        next: None,
                        sent_at: ctx.clock.now_ms(),
                    };
                    ctx.record(crate::map::policies_page(&page)).await?;
                }
            }
            Ok(())
        }
        FactKind::ScimUser => steps::read_scim_again(ctx, Family::ScimUsers, &again).await,
        FactKind::ScimGroup => steps::read_scim_again(ctx, Family::ScimGroups, &again).await,
        // Methods end with their holding, or when a complete sweep read the account: its own answer is exact.
        FactKind::Method => Ok(()),
    }
}

/// Asks of each group which of the candidates are members still. Exact also where lists of groups are cut.
async fn look_at_memberships(ctx: &Context<'_>, candidates: &[&FactRef]) -> Result<(), SyncError> {
    let mut by_group: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for fact in candidates {
        by_group.entry(fact.a).or_default().push(fact.b);
    }
    let names = names(ctx, candidates.iter().flat_map(|fact| [fact.a, fact.b])).await?;
    for (group, accounts) in by_group {
        let Some(group) = names.get(&group) else { continue };
        for batch in accounts.chunks(100) {
            let accounts = batch
                .iter()
                .filter_map(|account| names.get(account).cloned())
                .collect();
            let search = AccountSearch {
                groups: vec![group.clone()],
                accounts,
                ..AccountSearch::default()
            };
            let observe = |page: &Page<Account>| crate::map::members_page(group, page);
            steps::each_page(ctx, ALL_DIRECTORIES, &search, observe).await?;
        }
    }
    Ok(())
}

/// Adds candidates by what they are called.
async fn add_holdings<'a>(
    ctx: &Context<'_>,
    candidates: impl Iterator<Item = &'a FactRef> + Clone,
    to_ask: &mut Believed,
) -> Result<(), SyncError> {
    let names = names(ctx, candidates.clone().flat_map(|fact| [fact.a, fact.b, fact.c])).await?;
    for fact in candidates {
        let name = |number| names.get(&number).cloned();
        if let (Some(account), Some(resource), Some(role)) = (name(fact.a), name(fact.b), name(fact.c)) {
            to_ask.entry((resource, role)).or_default().insert(account);
        }
    }
    Ok(())
}

/// Asks by role and resource which of these accounts hold it, or one by one, whichever costs less.
async fn look_at_holdings(ctx: &Context<'_>, filters: Filters, to_ask: &Believed) -> Result<(), SyncError> {
    let accounts: BTreeSet<&String> = to_ask.values().flatten().collect();
    let by_search: usize = to_ask.values().map(|accounts| accounts.len().div_ceil(100)).sum();
    if !filters.joint || accounts.len() <= by_search {
        let accounts: Vec<String> = accounts.into_iter().cloned().collect();
        return steps::read_precisely_for_good(ctx, &accounts).await;
    }
    for ((resource, role), accounts) in to_ask {
        let accounts: Vec<&String> = accounts.iter().collect();
        for batch in accounts.chunks(100) {
            let search = AccountSearch {
                accounts: batch.iter().map(|account| (*account).clone()).collect(),
                resources: vec![resource.clone()],
                roles: vec![role.clone()],
                ..AccountSearch::default()
            };
            let observe = |page: &Page<Account>| holders_page(resource, role, page);
            steps::each_page(ctx, ALL_DIRECTORIES, &search, observe).await?;
        }
    }
    Ok(())
}

fn holders_page(resource: &str, role: &str, page: &Page<Account>) -> Observation {
    let (resource, role) = (ResourceId::new(resource), RoleId::new(role));
    let holders = page.items.iter().filter(|account| !account.account_id.is_empty());
    let facts =
        holders.map(|account| Fact::role_holding(&AccountId::new(&account.account_id), &resource, &role));
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

async fn names(
    ctx: &Context<'_>,
    numbers: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, String>, SyncError> {
    let distinct: BTreeSet<i64> = numbers.collect();
    let distinct: Vec<i64> = distinct.into_iter().collect();
    let mut tx = ctx.store.read().await?;
    Ok(tx.term_texts(&distinct).await?)
}

/// The distinct texts of some numbers, in order.
async fn texts(ctx: &Context<'_>, numbers: impl Iterator<Item = i64>) -> Result<Vec<String>, SyncError> {
    let mut texts: Vec<String> = names(ctx, numbers).await?.into_values().collect();
    texts.sort_unstable();
    Ok(texts)
}
