//! Comparing what was read with what Atlassian counts, and reading precisely where they disagree.
//!
//! Every check narrows down to single groups or accounts, so the cost follows the disagreement. When precise reads of
//! a few show that the count means something else in this tenant, the check is left with a note.

use crate::error::SyncError;
use crate::listing::{Context, side_by_side};
use crate::steps::{self, Pairs};
use model::{DirectoryId, FactKind, Family};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use store::{Observation, Whole};

/// How many are read precisely before deciding whether a count can be relied on: while an organization changes, some
/// disagree only because they changed, and a few of those must not speak for all.
const SAMPLE: usize = 64;
/// How many accounts one round of a check takes on.
const ROUND: i64 = 2_000;
/// How many groups are listed at a time; the transport bounds requests further.
const AT_A_TIME: usize = 32;
/// How often directories are read again while the organization changes.
const PASSES: u32 = 3;

/// Reads accounts one by one that independent filters cannot tell apart, and combines resources and roles of the
/// others. Roles are listed before resources and here again after them: only who showed one and the same role both
/// times had it while its resources were listed. Answers whether those listings are certain.
pub(crate) async fn settle_independent(ctx: &Context<'_>, pairs: &Pairs) -> Result<bool, SyncError> {
    let is_certain = steps::read_roles_again(ctx, pairs).await?;
    let mut tx = ctx.store.read().await?;
    let ambiguous = tx.check_ambiguous(ctx.run).await?;
    drop(tx);
    let accounts: Vec<String> = ambiguous.into_iter().map(|ambiguous| ambiguous.account).collect();
    ctx.progress
        .expect(Family::RoleHoldings, i64::try_from(accounts.len()).unwrap_or(0));
    steps::read_precisely(ctx, &accounts).await?;
    ctx.store.combine_independent(ctx.run).await?;
    Ok(is_certain)
}

/// Looks again at the groups that give roles: whose members or grants changed since they were listed, is then read
/// again. Without this, somebody who left a group after being read would be concluded to have its roles.
///
/// Answers whether some give other roles than before: then what accounts' rows say about the number of their resources
/// is older than what their groups give.
pub(crate) async fn check_givers(ctx: &Context<'_>) -> Result<bool, SyncError> {
    let mut tx = ctx.store.read().await?;
    let givers = tx.staged_first(ctx.run, FactKind::GroupRoleGrant).await?;
    let before = tx.staged_groups(ctx.run).await?;
    drop(tx);
    let found = steps::read_groups_again(ctx, &givers).await?;
    let mut tx = ctx.store.read().await?;
    let after: BTreeSet<_> = tx.staged_groups(ctx.run).await?.into_iter().collect();
    drop(tx);
    let changed = before.into_iter().filter(|group| !after.contains(group));
    let gone = givers.into_iter().filter(|group| !found.contains(group));
    let changed: Vec<String> = changed.map(|(id, _)| id).chain(gone).collect();
    steps::read_grants_again(ctx, &changed).await?;
    Ok(!changed.is_empty())
}

/// Groups whose members, taken from the accounts' rows, are not as many as the group says: their members are listed.
/// Answers whether all are certain.
pub(crate) async fn check_group_members(ctx: &Context<'_>) -> Result<bool, SyncError> {
    let mut tx = ctx.store.read().await?;
    let off = tx.check_group_members(ctx.run).await?;
    drop(tx);
    if off.is_empty() {
        return Ok(true);
    }
    ctx.progress
        .expect(Family::GroupMembers, off.iter().map(|group| group.expected).sum());
    list_members(ctx, off.into_iter().map(|group| group.id).collect()).await
}

/// Lists the members of every group: where accounts' lists of groups are cut *and* the organization changes, a group's
/// count can agree by chance. Answers whether all are certain.
pub(crate) async fn list_all_members(ctx: &Context<'_>) -> Result<bool, SyncError> {
    let mut tx = ctx.store.read().await?;
    let groups = tx.staged_first(ctx.run, FactKind::Group).await?;
    drop(tx);
    list_members(ctx, groups).await
}

async fn list_members(ctx: &Context<'_>, groups: Vec<String>) -> Result<bool, SyncError> {
    ctx.plan(Family::GroupMembers).await?;
    let began_at = ctx.clock.now_ms();
    let reads = groups.iter().map(|group| steps::read_members(ctx, group));
    let certain = side_by_side(reads, AT_A_TIME).await?;
    let is_certain = certain.iter().all(|is_certain| *is_certain);
    let listed = groups
        .into_iter()
        .zip(certain)
        .filter(|(_, is_certain)| *is_certain);
    let listed = listed.map(|(group, _)| group).collect();
    forget_leavers(ctx, listed, began_at).await?;
    if is_certain {
        ctx.end(Family::GroupMembers).await?;
    } else {
        ctx.unsure(
            Family::GroupMembers,
            "members of a group kept changing while they were read",
        )
        .await?;
    }
    Ok(is_certain)
}

/// Who was seen in these groups before their members were listed, and neither in that list nor when asked for by name
/// after it, has left.
async fn forget_leavers(ctx: &Context<'_>, groups: Vec<String>, listed_at: i64) -> Result<(), SyncError> {
    for group in groups {
        let mut tx = ctx.store.read().await?;
        let left = tx.staged_members_before(ctx.run, &group, listed_at).await?;
        drop(tx);
        if left.is_empty() {
            continue;
        }
        ctx.change_seen.store(true, Ordering::Relaxed);
        steps::ask_members(ctx, &group, &left).await?;
        let forget = Observation {
            sent_at: listed_at,
            wholes: vec![Whole::MembersOf(group)],
            ..Observation::default()
        };
        ctx.record(forget).await?;
    }
    Ok(())
}

/// Accounts that hold roles on more or fewer resources than was seen: some may lie on resources that no list names,
/// which are then listed too. Answers whether those listings are certain.
pub(crate) async fn check_account_resources(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    pairs: &mut Pairs,
) -> Result<bool, SyncError> {
    let mut is_certain = true;
    loop {
        let mut tx = ctx.store.read().await?;
        let off = tx.check_account_resources(ctx.run).await?;
        drop(tx);
        if off.is_empty() {
            return Ok(is_certain);
        }
        let accounts: Vec<String> = off.into_iter().map(|account| account.id).collect();
        let (sample, rest) = accounts.split_at(accounts.len().min(SAMPLE));
        let before = holdings_of(ctx, sample).await?;
        steps::read_precisely(ctx, sample).await?;
        let after = holdings_of(ctx, sample).await?;
        let fresh = fresh_pairs(ctx, pairs).await?;
        if let Some(fresh) = fresh {
            // A resource that no list named: its holders are listed like those of any other.
            is_certain &= steps::read_holdings(ctx, &fresh, &[]).await?;
            if matches!(fresh, Pairs::Independent { .. }) {
                is_certain &= settle_independent(ctx, &fresh).await?;
            }
            *pairs = fresh;
            continue;
        }
        if before != after {
            ctx.change_seen.store(true, Ordering::Relaxed);
        } else if !rest.is_empty() && counts_mean_something_else(ctx, directories, sample).await? {
            ctx.progress.note(
                "Role holders: the accounts' own counts of resources mean something else here; not used",
            );
            return Ok(is_certain);
        }
        steps::read_precisely(ctx, rest).await?;
    }
}

/// Whether most of these accounts, read precisely a moment ago, still disagree with their own counts when those are
/// fresh: then it is not change that sets them apart.
async fn counts_mean_something_else(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    accounts: &[String],
) -> Result<bool, SyncError> {
    steps::look_up(ctx, directories, accounts).await?;
    let mut tx = ctx.store.read().await?;
    let mut off = 0;
    for account in accounts {
        let check = tx.resources_of(ctx.run, account).await?;
        off += usize::from(check.is_some_and(|check| check.expected != check.staged));
    }
    Ok(off * 2 > accounts.len())
}

/// Accounts whose group gives a role that no listing showed them holding.
pub(crate) async fn check_implied(ctx: &Context<'_>) -> Result<(), SyncError> {
    loop {
        let mut tx = ctx.store.read().await?;
        let accounts = tx.check_implied(ctx.run, ROUND).await?;
        drop(tx);
        if accounts.is_empty() {
            return Ok(());
        }
        let (sample, rest) = accounts.split_at(accounts.len().min(SAMPLE));
        let before = holdings_of(ctx, sample).await?;
        steps::read_precisely(ctx, sample).await?;
        if before == holdings_of(ctx, sample).await? && !rest.is_empty() {
            ctx.progress
                .note("Role holders: not every member of a group has its roles here; holders are as listed");
            return Ok(());
        }
        ctx.change_seen.store(true, Ordering::Relaxed);
        steps::read_precisely(ctx, rest).await?;
    }
}

/// Groups that accounts' rows mention and the groups' own listing did not show: they are looked up, with their roles.
pub(crate) async fn check_unknown_groups(ctx: &Context<'_>) -> Result<(), SyncError> {
    let mut tx = ctx.store.read().await?;
    let unknown = tx.check_unknown_groups(ctx.run).await?;
    drop(tx);
    if unknown.is_empty() {
        return Ok(());
    }
    ctx.change_seen.store(true, Ordering::Relaxed);
    steps::read_groups_again(ctx, &unknown).await?;
    steps::read_grants_again(ctx, &unknown).await
}

/// Accounts that some listing mentions and the accounts' own listing did not show: they are looked up. Who is not
/// found is gone, and what was seen of them is forgotten.
pub(crate) async fn check_strangers(ctx: &Context<'_>, directories: &[DirectoryId]) -> Result<(), SyncError> {
    let mut tx = ctx.store.read().await?;
    let strangers = tx.check_strangers(ctx.run).await?;
    drop(tx);
    if strangers.is_empty() {
        return Ok(());
    }
    ctx.change_seen.store(true, Ordering::Relaxed);
    steps::look_up(ctx, directories, &strangers).await?;
    let mut tx = ctx.store.read().await?;
    let gone = tx.check_strangers(ctx.run).await?;
    drop(tx);
    let holdings = gone.iter().map(|account| Whole::HoldingsOf(account.clone()));
    let groups = gone.iter().map(|account| Whole::GroupsOf(account.clone()));
    let wholes = holdings.chain(groups).collect();
    let forget = Observation {
        sent_at: ctx.clock.now_ms() + 1,
        wholes,
        ..Observation::default()
    };
    ctx.record(forget).await
}

/// Reads the directories again until nobody new appears, if anything showed that the organization changed while it
/// was read. Answers whether they came to rest.
pub(crate) async fn check_rest(ctx: &Context<'_>, directories: &[DirectoryId]) -> Result<bool, SyncError> {
    if !ctx.change_seen.load(Ordering::Relaxed) {
        return Ok(true);
    }
    for directory in directories {
        let mut passes = 0;
        while steps::read_directory_again(ctx, directory).await? {
            passes += 1;
            if passes == PASSES {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn holdings_of(
    ctx: &Context<'_>,
    accounts: &[String],
) -> Result<BTreeSet<(String, String, String)>, SyncError> {
    let mut all = BTreeSet::new();
    let mut tx = ctx.store.read().await?;
    for account in accounts {
        for (resource, role) in tx.staged_holdings_of(ctx.run, account).await? {
            all.insert((account.clone(), resource, role));
        }
    }
    Ok(all)
}

/// Resources and roles that were staged and not asked for.
async fn fresh_pairs(ctx: &Context<'_>, pairs: &Pairs) -> Result<Option<Pairs>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let resources = tx.staged_second(ctx.run, FactKind::RoleHolding).await?;
    let roles = tx.staged_third(ctx.run, FactKind::RoleHolding).await?;
    Ok(pairs.missing(&resources, &roles))
}
