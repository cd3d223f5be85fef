//! What a whole reading asks, family by family, and how it is settled where counts disagree.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, ListingEnd, side_by_side};
use crate::reading::Reading;
use crate::semantics;
use crate::steps::{self, KnownGroup, ONLY, Pairs};
use crate::verify;
use atlassian::ApiError;
use atlassian::org::ALL_DIRECTORIES;
use model::role::DOCUMENTED_ROLES;
use model::{DirectoryId, FactKind, Family};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use store::GivenRole;

/// Reads the directories, which everything else hangs on.
pub(crate) async fn directories(ctx: &Context<'_>) -> Result<Vec<DirectoryId>, SyncError> {
    ctx.plan(Family::Directories).await?;
    if steps::read_directories(ctx, ONLY).await? != ListingEnd::Refused {
        ctx.end(Family::Directories).await?;
    }
    let mut tx = ctx.store.read().await?;
    let directories = tx.staged_first(ctx.run, FactKind::Directory).await?;
    Ok(directories.into_iter().map(DirectoryId::new).collect())
}

/// What was asked about holdings, what is left for when all accounts are read, and whether the answers are certain.
pub(crate) struct Holdings {
    pub(crate) pairs: Pairs,
    left: Vec<GivenRole>,
    is_certain: bool,
}

/// Reads all families side by side; the transport bounds how many requests are under way.
pub(crate) async fn read_all(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    directories: &[DirectoryId],
) -> Result<(bool, Holdings), SyncError> {
    ctx.plan(Family::Accounts).await?;
    ctx.first_accounts.expect(directories);
    // On the heap, because all of them side by side are more than a stack holds.
    let short = |family| Box::pin(read_short(ctx, family));
    // Not `try_join`: when one stops, what the others were answered is still kept.
    let (accounts_certain, holdings, domains, policies, tokens, keys, service_accounts, scim) = tokio::join!(
        Box::pin(read_accounts(ctx, directories)),
        Box::pin(read_roles(reading, ctx)),
        short(Family::Domains),
        short(Family::Policies),
        short(Family::ApiTokens),
        short(Family::ApiKeys),
        short(Family::ServiceAccounts),
        Box::pin(steps::read_scim(ctx)),
    );
    domains.and(policies).and(tokens)?;
    keys.and(service_accounts).and(scim)?;
    Ok((accounts_certain?, holdings?))
}

async fn read_accounts(ctx: &Context<'_>, directories: &[DirectoryId]) -> Result<bool, SyncError> {
    let reads = directories
        .iter()
        .map(|directory| steps::read_accounts(ctx, directory));
    let certain = side_by_side(reads, directories.len().max(1)).await;
    // Whether they came to their end or not: whoever waits for a further page waits no longer.
    ctx.accounts_done.store(true, Ordering::Relaxed);
    ctx.accounts_page.notify_waiters();
    Ok(certain?.into_iter().all(|is_certain| is_certain))
}

/// Reads one of the families that are a single listing.
pub(crate) async fn read_short(ctx: &Context<'_>, family: Family) -> Result<(), SyncError> {
    ctx.plan(family).await?;
    let end = match family {
        Family::Domains => steps::read_domains(ctx, ONLY).await?,
        Family::Policies => steps::read_policies(ctx, ONLY).await?,
        Family::ApiTokens => steps::read_api_tokens(ctx, ONLY).await?,
        Family::ApiKeys => steps::read_api_keys(ctx, ONLY).await?,
        Family::ServiceAccounts => steps::read_service_accounts(ctx, ONLY).await?,
        Family::Workspaces => steps::read_workspaces(ctx, ONLY).await?,
        // The other families are not one listing.
        _ => return Ok(()),
    };
    if end != ListingEnd::Refused {
        ctx.end(family).await?;
    }
    Ok(())
}

/// Groups and workspaces, then the roles that groups give, then who holds which role on what.
async fn read_roles(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<Holdings, SyncError> {
    let (groups, workspaces) = tokio::join!(steps::read_groups(ctx), read_short(ctx, Family::Workspaces));
    groups?;
    workspaces?;
    let mut tx = ctx.store.read().await?;
    let groups = tx.staged_groups(ctx.run).await?;
    drop(tx);
    let groups: Vec<KnownGroup> = groups
        .into_iter()
        .map(|(id, resources)| KnownGroup { id, resources })
        .collect();
    steps::read_grants(ctx, &groups).await?;
    ctx.end(Family::GroupRoleGrants).await?;

    let joint = match learned_in_this_run(reading, ctx).await? {
        Some(joint) => Some(joint),
        None => semantics::probe_joint_filters(ctx).await?,
    };
    learn(reading, ctx, joint).await?;
    let resources = resources(ctx).await?;
    let roles = roles(ctx).await?;
    let pairs = match joint {
        Some(true) => Pairs::Joint { resources, roles },
        // Right either way: what the filters cannot tell apart is read one by one.
        Some(false) | None => Pairs::Independent { resources, roles },
    };
    let left = match pairs {
        Pairs::Joint { .. } => steps::choose_implied(ctx).await?,
        Pairs::Independent { .. } => Vec::new(),
    };
    let is_certain = steps::read_holdings(ctx, &pairs, &left).await?;
    Ok(Holdings {
        pairs,
        left,
        is_certain,
    })
}

/// What an earlier session of this run found out: filters do not change within a run.
async fn learned_in_this_run(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<Option<bool>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let started_at = tx.run_find(ctx.run).await?.map(|run| run.started_at);
    let semantics = &reading.connection.semantics;
    let is_of_this_run = semantics.learned_at >= started_at && started_at.is_some();
    Ok(if is_of_this_run {
        semantics.joint_filters
    } else {
        None
    })
}

async fn learn(reading: &Reading<'_>, ctx: &Context<'_>, joint: Option<bool>) -> Result<(), SyncError> {
    if joint.is_none() {
        return Ok(());
    }
    let mut tx = ctx.store.write().await?;
    let mut semantics = tx.connection_semantics(reading.connection.id).await?;
    semantics.joint_filters = joint;
    semantics.learned_at = Some(ctx.clock.now_ms());
    tx.connection_learn(reading.connection.id, &semantics).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps what the pages of accounts showed of this tenant's limits; answers whether lists of groups seem to be cut.
pub(crate) async fn learn_shape(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<bool, SyncError> {
    let shape = *ctx.shape.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tx = ctx.store.write().await?;
    let mut semantics = tx.connection_semantics(reading.connection.id).await?;
    let number = |value: usize| u32::try_from(value).ok();
    if shape.accounts > 0 {
        semantics.groups_cut_at = shape.groups_cut_at().and_then(number);
    }
    if shape.fullest_page > 0 {
        semantics.search_page = number(shape.fullest_page);
    }
    semantics.counts_suspended = shape.counts_suspended.or(semantics.counts_suspended);
    if shape.pages_shift {
        semantics.pages_shift = Some(true);
    }
    tx.connection_learn(reading.connection.id, &semantics).await?;
    tx.commit().await?;
    Ok(semantics.groups_cut_at.is_some())
}

/// Every resource on which somebody may hold a role, as far as lists and earlier readings tell.
async fn resources(ctx: &Context<'_>) -> Result<Vec<String>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let mut all: BTreeSet<String> = BTreeSet::new();
    all.extend(tx.staged_first(ctx.run, FactKind::Workspace).await?);
    all.extend(tx.staged_second(ctx.run, FactKind::GroupRoleGrant).await?);
    all.extend(tx.staged_second(ctx.run, FactKind::RoleHolding).await?);
    all.extend(tx.known_role_resources(ctx.organization).await?);
    Ok(all.into_iter().collect())
}

/// Every role that somebody may hold: those that Atlassian's own statistics count, those that groups give, those seen
/// before – or all documented ones where the statistics are not told.
async fn roles(ctx: &Context<'_>) -> Result<Vec<String>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let mut all: BTreeSet<String> = BTreeSet::new();
    all.extend(tx.staged_third(ctx.run, FactKind::GroupRoleGrant).await?);
    all.extend(tx.staged_third(ctx.run, FactKind::RoleHolding).await?);
    all.extend(tx.known_roles(ctx.organization).await?);
    drop(tx);
    match ctx.admin.accounts_stats(ALL_DIRECTORIES).await {
        Ok(stats) => {
            let held = stats
                .roles
                .into_iter()
                .filter(|role| role.count > 0 && !role.role_id.is_empty());
            all.extend(held.map(|role| role.role_id));
        }
        Err(error @ (ApiError::Unauthorized { .. } | ApiError::RequestsSpent { .. })) => {
            return Err(error).reading(Family::RoleHoldings);
        }
        Err(_) => all.extend(DOCUMENTED_ROLES.map(str::to_owned)),
    }
    Ok(all.into_iter().collect())
}

/// Compares with counts, reads precisely where they disagree, and ends the families that are certain.
pub(crate) async fn settle(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    groups_cut: bool,
    accounts_certain: bool,
    mut holdings: Holdings,
) -> Result<(), SyncError> {
    if matches!(holdings.pairs, Pairs::Independent { .. }) {
        holdings.is_certain &= verify::settle_independent(ctx, &holdings.pairs).await?;
    }
    verify::check_unknown_groups(ctx).await?;
    let open = steps::open_implied(ctx, &holdings.left).await?;
    let gives_otherwise = !open.is_empty() && verify::check_givers(ctx).await?;
    let mut members_certain = verify::check_group_members(ctx).await?;
    // Nothing is concluded from what may be of different moments.
    let is_at_rest = !gives_otherwise && !ctx.change_seen.load(Ordering::Relaxed);
    holdings.is_certain &= if is_at_rest {
        steps::settle_implied(ctx, &open).await?
    } else {
        steps::list_implied(ctx, &open).await?
    };
    let resources_certain = verify::check_account_resources(ctx, directories, &mut holdings.pairs).await?;
    if ctx.change_seen.load(Ordering::Relaxed) {
        holdings.is_certain &= steps::read_holdings_again(ctx).await?;
        if matches!(holdings.pairs, Pairs::Independent { .. }) {
            holdings.is_certain &= verify::settle_independent(ctx, &holdings.pairs).await?;
        }
    }
    verify::check_implied(ctx).await?;
    verify::check_strangers(ctx, directories).await?;
    let at_rest = verify::check_rest(ctx, directories).await?;
    if groups_cut && ctx.change_seen.load(Ordering::Relaxed) {
        members_certain &= verify::list_all_members(ctx).await?;
    }
    if accounts_certain && members_certain && at_rest {
        ctx.end(Family::Accounts).await?;
    } else if accounts_certain {
        ctx.unsure(
            Family::Accounts,
            "the organization kept changing while it was read",
        )
        .await?;
    }
    let not_told = steps::settle_not_told(ctx).await?;
    if !not_told.is_empty() {
        let accounts = not_told.len();
        let why = SyncError::NotTold { accounts }.to_string();
        ctx.unsure(Family::RoleHoldings, &why).await?;
    } else if holdings.is_certain && resources_certain {
        ctx.end(Family::RoleHoldings).await?;
    }
    Ok(())
}
