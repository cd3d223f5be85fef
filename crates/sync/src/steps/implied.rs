//! Roles that a group gives to a large part of the organization: their holders follow from members and grants, and
//! only who holds them in another way is asked for.
//!
//! Listing them would say again what the accounts' own rows told. Instead, what follows is compared with Atlassian's
//! count; what is missing is looked for among the few accounts that hold more than is explained; and a role that still
//! does not agree with its count is listed after all. Only with joint filters (decision 7).

use super::{holders_of, read_pairs};
use crate::error::{SyncError, While as _};
use crate::listing::{Context, side_by_side};
use atlassian::org::{ALL_DIRECTORIES, AccountSearch, PAGE};
use atlassian::{ApiError, Cursor};
use model::Family;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use store::{GivenRole, NumberedAccount, PairNumbers};

/// From how many accounts on it is judged how many hold more than their groups explain.
const SAMPLE: i64 = 300;
/// How many requests are made at a time; the transport bounds them further.
const AT_A_TIME: usize = 32;
/// How many roles are asked about at a time: more wait less, and ask more that another one would explain.
const ROLES_AT_A_TIME: usize = 5;
/// How many searches are made at a time for each of them: answers of a hundred accounts fill the memory.
const SEARCHES_OF_A_ROLE: usize = 4;

/// The roles that are better concluded than listed, judged from the first accounts read. Waits for those.
pub(crate) async fn choose_implied(ctx: &Context<'_>) -> Result<Vec<GivenRole>, SyncError> {
    let (told, explained) = explained_of_first(ctx).await?;
    if told == 0 {
        // Accounts do not say on how many resources they hold roles: nothing would show who holds more.
        return Ok(Vec::new());
    }
    let accounts = ctx.accounts_expected.load(Ordering::Relaxed).max(told);
    let unexplained = accounts * (told - explained) / told;
    let mut tx = ctx.store.read().await?;
    let given = tx.given_roles(ctx.run).await?;
    // Otherwise the questions about unexplained accounts would be as many as the pages. They grow fewer with every
    // role that is settled, and most of them are asked about only where they are not known to hold the role anyway.
    let is_better = |members: i64| 2 * members > unexplained.min(accounts);
    let page = i64::from(PAGE);
    let all = given.len();
    let chosen: Vec<GivenRole> = given
        .into_iter()
        .filter(|given| given.members > page && is_better(given.members))
        .collect();
    tracing::debug!(
        told,
        explained,
        accounts,
        given = all,
        chosen = chosen.len(),
        "roles that are concluded from groups"
    );
    Ok(chosen)
}

/// Of the first accounts that say on how many resources they hold roles: how many there are, and for how many their
/// groups explain that number. Waits for as many as speak for all.
async fn explained_of_first(ctx: &Context<'_>) -> Result<(i64, i64), SyncError> {
    let mut tx = ctx.store.read().await?;
    let grants = tx.staged_grants(ctx.run).await?;
    drop(tx);
    let (mut told, mut explained) = (0, 0);
    let mut layer = 0;
    loop {
        let page_came = ctx.accounts_page.notified();
        let is_last_look = ctx.accounts_done.load(Ordering::Relaxed);
        while let Some(accounts) = ctx.first_accounts.layer(layer) {
            for is_explained in accounts
                .iter()
                .filter_map(|account| account.is_explained(&grants))
            {
                told += 1;
                explained += i64::from(is_explained);
            }
            if told >= SAMPLE {
                return Ok((told, explained));
            }
            layer += 1;
        }
        if is_last_look {
            // All of them, also those of an earlier session of this run, whose pages are not seen again.
            let mut tx = ctx.store.read().await?;
            return Ok(tx.accounts_explained(ctx.run).await?);
        }
        page_came.await;
    }
}

/// A role whose holders are to be concluded.
pub(crate) struct OpenRole {
    given: GivenRole,
    /// How many accounts held it before the groups that give it were looked at again; `None` where this key may not
    /// ask.
    counted: Option<i64>,
}

/// Counts the holders of the roles that were left and are not settled yet.
pub(crate) async fn open_implied(ctx: &Context<'_>, left: &[GivenRole]) -> Result<Vec<OpenRole>, SyncError> {
    let mut open = Vec::new();
    for given in left {
        if !ctx.has_ended(Family::RoleHoldings, &holders_of(given).1).await? {
            open.push(given);
        }
    }
    open.sort_by_key(|given| given.members);
    let counted = side_by_side(open.into_iter().map(|given| count(ctx, given)), AT_A_TIME).await?;
    let open = counted
        .into_iter()
        .map(|(given, counted)| OpenRole { given, counted });
    Ok(open.collect())
}

/// Lists the holders of these roles after all: where groups give other roles than when accounts were read, an account's
/// own count no longer tells whether its groups explain it. Answers whether they are certain.
pub(crate) async fn list_implied(ctx: &Context<'_>, open: &[OpenRole]) -> Result<bool, SyncError> {
    ctx.change_seen.store(true, Ordering::Relaxed);
    let roles: Vec<(&GivenRole, Option<i64>)> = open.iter().map(|role| (&role.given, role.counted)).collect();
    read_pairs(ctx, &roles).await
}

/// Concludes the holders of these roles, once all accounts and members are read. Answers whether they are certain.
pub(crate) async fn settle_implied(ctx: &Context<'_>, open: &[OpenRole]) -> Result<bool, SyncError> {
    if open.is_empty() {
        return Ok(true);
    }
    let given: Vec<GivenRole> = open.iter().map(|role| role.given.clone()).collect();
    let numbers = ctx.store.implied_stage(ctx.run, &ctx.terms, &given).await?;
    let mut tx = ctx.store.read().await?;
    let mut unexplained: BTreeMap<NumberedAccount, i64> =
        tx.implied_unexplained(ctx.run).await?.into_iter().collect();
    drop(tx);
    let roles: Vec<(&OpenRole, PairNumbers)> = open.iter().zip(numbers).collect();
    let mut concluded = Vec::new();
    let mut to_list = Vec::new();
    // The smallest first: what they explain is not asked for again.
    for some in roles.chunks(ROLES_AT_A_TIME) {
        // Before any of them is asked about: what one shows would otherwise make the next one ask less, or not.
        let mut questions = Vec::new();
        for (role, pair) in some {
            let question = match role.counted {
                Some(counted) => look_for(ctx, *pair, counted, &unexplained).await?,
                None => None,
            };
            questions.push((*role, *pair, question));
        }
        let asked = questions.into_iter().map(|(role, pair, question)| async move {
            let found = match question {
                Some(question) => explain(ctx, (&role.given, pair), question).await?,
                None => None,
            };
            Ok((role, pair, found))
        });
        let mut explained: BTreeSet<(NumberedAccount, i64)> = BTreeSet::new();
        for (role, pair, found) in side_by_side(asked, ROLES_AT_A_TIME).await? {
            match found {
                Some(found) => {
                    explained.extend(found.into_iter().map(|account| (account, pair.resource)));
                    concluded.push((role, pair));
                }
                None => to_list.push((&role.given, role.counted)),
            }
        }
        // What was found explains what an account's own count promised – if nothing changes meanwhile.
        if !ctx.change_seen.load(Ordering::Relaxed) {
            forget_explained(&mut unexplained, explained);
        }
    }
    // Counted once more: a holder who came or went meanwhile could hide another.
    let again = side_by_side(
        concluded.iter().map(|(role, _)| count(ctx, &role.given)),
        AT_A_TIME,
    )
    .await?;
    let again: BTreeMap<String, Option<i64>> = again
        .into_iter()
        .map(|(given, counted)| (holders_of(&given).1, counted))
        .collect();
    for (role, pair) in concluded {
        let (_, name) = holders_of(&role.given);
        match (role.counted, again.get(&name).copied().flatten()) {
            (Some(counted), Some(now)) if now == counted => {
                let listing = (name.as_str(), pair);
                ctx.store
                    .implied_keep(ctx.lease, ctx.clock.now_ms(), ctx.run, listing, counted)
                    .await?;
                ctx.progress.page(Family::RoleHoldings, counted);
            }
            (_, now) => {
                tracing::debug!(counted = role.counted, now, "this role changes; it is listed");
                ctx.change_seen.store(true, Ordering::Relaxed);
                to_list.push((&role.given, now));
            }
        }
    }
    read_pairs(ctx, &to_list).await
}

/// Takes what was found, an account and a resource each, off what the accounts' own counts promise.
fn forget_explained(
    unexplained: &mut BTreeMap<NumberedAccount, i64>,
    explained: BTreeSet<(NumberedAccount, i64)>,
) {
    for (account, _) in explained {
        if let Some(missing) = unexplained.get_mut(&account) {
            *missing -= 1;
            if *missing <= 0 {
                unexplained.remove(&account);
            }
        }
    }
}

/// The role with how many accounts hold it; `None` where this key may not ask.
async fn count(ctx: &Context<'_>, given: &GivenRole) -> Result<(GivenRole, Option<i64>), SyncError> {
    let (search, _) = holders_of(given);
    let counted = match ctx.admin.accounts_count(ALL_DIRECTORIES, &search).await {
        Ok(counted) => Some(counted),
        Err(error) if error.is_refusal() => None,
        Err(error) => return Err(error).reading(Family::RoleHoldings),
    };
    Ok((given.clone(), counted))
}

/// Who may hold one role beside those by group; `None` when there are so many that it is better listed.
async fn look_for(
    ctx: &Context<'_>,
    pair: PairNumbers,
    counted: i64,
    unexplained: &BTreeMap<NumberedAccount, i64>,
) -> Result<Option<(i64, Candidates)>, SyncError> {
    let known_before = known(ctx, pair).await?;
    let page = i64::from(PAGE);
    let pages = counted / page + 1;
    // Asked also where the count agrees: somebody who left a group since its members were read hides somebody else.
    let Some(candidates) = candidates(ctx, pair, unexplained, pages * page).await? else {
        tracing::debug!(counted, "too many accounts may hold this role; it is listed");
        return Ok(None);
    };
    tracing::debug!(
        known = known_before,
        counted,
        candidates = candidates.all.len(),
        "holders beside those by group"
    );
    Ok(Some((counted, candidates)))
}

/// Looks for the holders of one role that groups do not explain. Answers those found who were not known to hold
/// anything on that resource, if all known agree with the count; `None` when the role must be listed.
async fn explain(
    ctx: &Context<'_>,
    (given, pair): (&GivenRole, PairNumbers),
    (counted, candidates): (i64, Candidates),
) -> Result<Option<Vec<NumberedAccount>>, SyncError> {
    let batches = candidates.all.chunks(PAGE as usize);
    let asked = side_by_side(
        batches.map(|batch| ask(ctx, given, pair, batch)),
        SEARCHES_OF_A_ROLE,
    )
    .await?;
    if known(ctx, pair).await? != counted {
        tracing::debug!(counted, "holders are still not explained; the role is listed");
        return Ok(None);
    }
    // Who had another role there was known to hold something on that resource.
    let is_new_there = |account: &NumberedAccount| candidates.others.binary_search(account).is_err();
    Ok(Some(asked.into_iter().flatten().filter(is_new_there).collect()))
}

async fn known(ctx: &Context<'_>, pair: PairNumbers) -> Result<i64, SyncError> {
    let mut tx = ctx.store.read().await?;
    Ok(tx.implied_count(ctx.run, pair).await?)
}

/// Accounts that may hold a role besides those known to.
struct Candidates {
    /// Who has another role on the same resource, in order.
    others: Vec<NumberedAccount>,
    /// They, and who holds roles on more resources than is explained, in the order of their ids.
    all: Vec<NumberedAccount>,
}

/// The candidates for a role; `None` when they are `limit` or more.
async fn candidates(
    ctx: &Context<'_>,
    pair: PairNumbers,
    unexplained: &BTreeMap<NumberedAccount, i64>,
    limit: i64,
) -> Result<Option<Candidates>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let others = tx.implied_others(ctx.run, pair, limit).await?;
    let numbers: Vec<i64> = unexplained.keys().map(|account| account.number).collect();
    let among = tx.implied_among(ctx.run, pair, &numbers).await?;
    drop(tx);
    let beyond = unexplained
        .keys()
        .filter(|account| !among.contains(&account.number));
    let mut all: Vec<NumberedAccount> = others.iter().chain(beyond).cloned().collect();
    // By id: numbers follow the order in which answers came.
    all.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    all.dedup();
    let is_few = i64::try_from(all.len()).is_ok_and(|count| count < limit);
    Ok(is_few.then_some(Candidates { others, all }))
}

/// Which of these accounts hold the role.
async fn ask(
    ctx: &Context<'_>,
    given: &GivenRole,
    pair: PairNumbers,
    accounts: &[NumberedAccount],
) -> Result<Vec<NumberedAccount>, SyncError> {
    let search = AccountSearch {
        accounts: accounts.iter().map(|account| account.id.clone()).collect(),
        ..holders_of(given).0
    };
    let mut holders = Vec::new();
    let mut cursor: Option<Cursor> = None;
    let sent_at = ctx.clock.now_ms();
    loop {
        let page = ctx
            .admin
            .accounts(ALL_DIRECTORIES, &search, cursor.as_ref())
            .await
            .reading(Family::RoleHoldings)?;
        let found = page
            .items
            .iter()
            .filter_map(|item| accounts.iter().find(|account| account.id == item.account_id));
        holders.extend(found.cloned());
        match page.next {
            Some(next) if cursor.as_ref() == Some(&next) => {
                let operation = Family::RoleHoldings.name();
                return Err(ApiError::RepeatedCursor { operation }).reading(Family::RoleHoldings);
            }
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let numbers: Vec<i64> = holders.iter().map(|account| account.number).collect();
    ctx.store.implied_add(ctx.run, pair, &numbers, sent_at).await?;
    Ok(holders)
}
