//! One reading of an organization, from the lease to publication.

use crate::absence::{self, Believed, Filters};
use crate::error::{SyncError, While as _};
use crate::events::explain;
use crate::hold;
use crate::listing::{Context, ListingEnd, side_by_side};
use crate::progress::{Estimate, Progress};
use crate::semantics;
use crate::steps::{self, KnownGroup, ONLY, Pairs};
use crate::verify;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::transport::Waiting;
use atlassian::{Admin, Scim};
use model::role::DOCUMENTED_ROLES;
use model::{Clock, DirectoryId, FactKind, Family, RunId};
use serde::Serialize;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::{
    ConnectionRow, Extent, GivenRole, Lease, ListingState, Merge, OrganizationRow, RunProgress, RunReport,
    RunRow, RunState, Store, Taken, this_holder,
};
use tokio::time::MissedTickBehavior;

/// What to read, with what.
pub struct Reading<'a> {
    /// Where to keep it.
    pub store: &'a Store,
    /// Whom to ask.
    pub admin: &'a Admin,
    /// The SCIM directory, where the connection knows one.
    pub scim: Option<&'a Scim>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Who hears of progress.
    pub progress: &'a dyn Progress,
    /// Whose organization.
    pub organization: OrganizationRow,
    /// Through which connection.
    pub connection: ConnectionRow,
    /// Whether to read the method of every holding too: a request an account.
    pub with_methods: bool,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything was read to the server's own end, and is published.
    Complete,
    /// It shows a drop out of proportion; a person decides.
    Held,
    /// Something was not read completely. What was complete may be published; nothing ended without proof.
    Incomplete,
}

/// What came of a reading.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The run.
    pub run: RunId,
    /// Requests sent in this session.
    pub requests: u64,
    /// Facts that began.
    pub begun: i64,
    /// Facts that ended.
    pub ended: i64,
    /// Why it is held or incomplete.
    pub reasons: Vec<String>,
    /// What stopped it, if something did; the next reading goes on from there.
    pub error: Option<SyncError>,
}

/// An interrupted run older than this is not taken up again: its cursors may be void.
const RESUME_WITHIN_MS: i64 = 6 * 60 * 60 * 1000;

/// Reads the organization, or goes on reading where an earlier session stopped.
///
/// Fails outright only when the lease or the store cannot be had; a reading that stops midway is an [`Outcome`] that
/// is incomplete.
pub async fn sync(reading: &Reading<'_>) -> Result<Outcome, SyncError> {
    let lease = held_lease(reading).await?;
    let outcome = with_lease(reading, &lease).await;
    reading.store.lease_release(&lease).await?;
    outcome
}

/// The lease under which one process at a time reads an organization.
pub(crate) async fn held_lease(reading: &Reading<'_>) -> Result<Lease, SyncError> {
    let name = format!("sync/{}", reading.organization.id);
    let now = reading.clock.now_ms();
    match reading.store.lease_take(&name, &this_holder(), now).await? {
        Taken::Held(lease) => Ok(lease),
        Taken::HeldBy { holder, .. } => Err(SyncError::Busy { holder }),
    }
}

async fn with_lease(reading: &Reading<'_>, lease: &Lease) -> Result<Outcome, SyncError> {
    let run = open(reading).await?;
    let ctx = Context::new(reading, lease, run.id);
    // Saying how it goes never ends by itself.
    let ended = tokio::select! {
        ended = read_and_merge(reading, &ctx, &run) => ended,
        never = say_how_it_goes(reading, &run) => match never {},
    };
    let requests = reading.admin.transport().status().requests;
    let mut tx = reading.store.write().await?;
    tx.run_add_requests(run.id, i64::try_from(requests).unwrap_or(i64::MAX))
        .await?;
    tx.commit().await?;
    match ended {
        Ok(mut outcome) => {
            outcome.requests = requests;
            Ok(outcome)
        }
        Err(error @ SyncError::Read { .. }) => {
            let reasons = vec![chain(&error)];
            let report = report(reading, &reasons);
            reading.store.run_note(&run, &report).await?;
            Ok(Outcome {
                status: Status::Incomplete,
                run: run.id,
                requests,
                begun: 0,
                ended: 0,
                reasons,
                error: Some(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// Once a second, keeps what this process does and what it waits for, so that the pages of any process can say it.
async fn say_how_it_goes(reading: &Reading<'_>, run: &RunRow) -> Infallible {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        let status = reading.admin.transport().status();
        let now = reading.clock.now_ms();
        reading.progress.transport(&status);
        let (waiting, seconds) = match status.waiting {
            None => ("", 0),
            Some(Waiting::Budget { seconds }) => ("budget", seconds),
            Some(Waiting::Pause { seconds }) => ("pause", seconds),
        };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = RunProgress {
            at: now,
            requests: number(status.requests),
            retries: number(status.retries),
            rate_limited: number(status.rate_limited),
            waiting: waiting.to_owned(),
            waiting_until: now.saturating_add(number(seconds).saturating_mul(1000)),
        };
        let said = async {
            let mut tx = reading.store.write().await?;
            tx.run_progress(run.id, &progress).await?;
            tx.commit().await
        };
        if let Err(error) = said.await {
            tracing::debug!(%error, "how the reading goes could not be kept");
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(crate) fn report(reading: &Reading<'_>, reasons: &[String]) -> RunReport {
    let transport = reading.admin.transport();
    RunReport {
        version: 1,
        reasons: reasons.to_vec(),
        drift: transport.drift.counts(),
        operations: transport.status().operations,
    }
}

/// The run to work on: an interrupted one that is still fresh, or a new one.
async fn open(reading: &Reading<'_>) -> Result<RunRow, SyncError> {
    let now = reading.clock.now_ms();
    let mut tx = reading.store.read().await?;
    let latest = tx
        .run_latest(reading.organization.id, 1)
        .await?
        .into_iter()
        .next();
    drop(tx);
    if let Some(run) = latest.filter(|run| matches!(run.state, RunState::Reading | RunState::Merging)) {
        let is_same = run.extent == extent(reading) && run.connection_id == reading.connection.id;
        if is_same && now - run.started_at < RESUME_WITHIN_MS {
            reading
                .progress
                .note(&format!("going on with {} where it stopped", run.id));
            let mut tx = reading.store.write().await?;
            tx.listings_unplan(run.id).await?;
            tx.commit().await?;
            return Ok(run);
        }
        let report = RunReport {
            version: 1,
            reasons: vec!["a later reading began anew".into()],
            ..run.report.clone()
        };
        reading.store.run_discard(&run, &report, now).await?;
    }
    let mut tx = reading.store.write().await?;
    let run = tx
        .run_open(
            reading.organization.id,
            reading.connection.id,
            extent(reading),
            now,
        )
        .await?;
    tx.commit().await?;
    Ok(run)
}

fn extent(reading: &Reading<'_>) -> Extent {
    if reading.with_methods {
        Extent::WholeWithMethods
    } else {
        Extent::Whole
    }
}

async fn read_and_merge(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
) -> Result<Outcome, SyncError> {
    let is_new = !ctx.has_ended(Family::Directories, ONLY).await?;
    if is_new {
        estimate(reading, ctx).await?;
    } else {
        // Between the sessions anything may have changed, and counts may agree all the same.
        ctx.change_seen.store(true, Ordering::Relaxed);
    }
    let directories = directories(ctx).await?;
    let (accounts_certain, holdings) = read_all(reading, ctx, &directories).await?;
    let joint = matches!(holdings.pairs, Pairs::Joint { .. });
    let groups_cut = learn_shape(reading, ctx).await?;
    settle(ctx, &directories, groups_cut, accounts_certain, holdings).await?;
    if run.extent == Extent::WholeWithMethods {
        steps::read_methods(ctx).await?;
    }
    reading
        .store
        .run_merging(ctx.lease, run, ctx.clock.now_ms())
        .await?;
    let filters = Filters {
        joint,
        // Only what the row left out is a candidate: it would leave it out again.
        rows_tell_groups: false,
    };
    let confirmed = absence::confirm(ctx, &directories, filters, &Believed::new()).await?;
    finish(reading, ctx, run, confirmed).await
}

/// Says what the reading will cost, from what is known before the first request or, the first time, from two counts.
async fn estimate(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<(), SyncError> {
    let mut tx = ctx.store.read().await?;
    let last = tx.run_last_whole(ctx.organization).await?;
    let mut accounts = tx.facts_count(ctx.organization, FactKind::Account).await?;
    let mut groups = tx.facts_count(ctx.organization, FactKind::Group).await?;
    drop(tx);
    if last.is_none() {
        let everybody = AccountSearch::default();
        accounts = ctx
            .admin
            .accounts_count(ALL_DIRECTORIES, &everybody)
            .await
            .reading(Family::Accounts)?;
        groups = ctx.admin.groups_count().await.reading(Family::Groups)?;
    }
    // Pages of accounts, about five pages of holders for each, a fifth of the groups, and the short lists.
    let by_size = accounts / 100 * 6 + groups / 100 + groups / 5 + 150;
    let methods = if reading.with_methods { accounts } else { 0 };
    let requests = last
        .filter(|run| run.requests > 0)
        .map_or(by_size, |run| run.requests)
        + methods;
    reading.progress.estimate(&Estimate {
        accounts,
        groups,
        requests,
    });
    Ok(())
}

async fn directories(ctx: &Context<'_>) -> Result<Vec<DirectoryId>, SyncError> {
    ctx.plan(Family::Directories).await?;
    if steps::read_directories(ctx, ONLY).await? != ListingEnd::Refused {
        ctx.end(Family::Directories).await?;
    }
    let mut tx = ctx.store.read().await?;
    let directories = tx.staged_first(ctx.run, FactKind::Directory).await?;
    Ok(directories.into_iter().map(DirectoryId::new).collect())
}

/// What was asked about holdings, what is left for when all accounts are read, and whether the answers are certain.
struct Holdings {
    pairs: Pairs,
    left: Vec<GivenRole>,
    is_certain: bool,
}

/// Reads all families side by side; the transport bounds how many requests are under way.
async fn read_all(
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
async fn learn_shape(reading: &Reading<'_>, ctx: &Context<'_>) -> Result<bool, SyncError> {
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
/// before – or all documented ones where the statistics are refused.
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
        Err(error) if error.is_refusal() => all.extend(DOCUMENTED_ROLES.map(str::to_owned)),
        Err(error) => return Err(error).reading(Family::RoleHoldings),
    }
    Ok(all.into_iter().collect())
}

/// Compares with counts, reads precisely where they disagree, and ends the families that are certain.
async fn settle(
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
    if holdings.is_certain && resources_certain {
        ctx.end(Family::RoleHoldings).await?;
    }
    Ok(())
}

/// Holds the run, or merges and publishes it.
async fn finish(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
    confirmed: absence::Confirmed,
) -> Result<Outcome, SyncError> {
    let mut drops = Vec::new();
    let mut tx = ctx.store.read().await?;
    for (complete, absent) in &confirmed.absent {
        let known = tx.facts_count(ctx.organization, complete.kind()).await?;
        let ending = i64::try_from(absent.len()).unwrap_or(i64::MAX);
        drops.push(hold::Drop {
            kind: complete.kind(),
            known,
            ending,
        });
    }
    let previous_at = tx
        .run_last_whole(ctx.organization)
        .await?
        .map(|run| run.started_at);
    drop(tx);
    let reasons = if reading.connection.drop_confirmed {
        Vec::new()
    } else {
        hold::reasons(&drops)
    };
    if !reasons.is_empty() {
        reading
            .store
            .run_hold(run, &report(reading, &reasons), ctx.clock.now_ms())
            .await?;
        return Ok(Outcome {
            status: Status::Held,
            run: run.id,
            requests: 0,
            begun: 0,
            ended: 0,
            reasons,
            error: None,
        });
    }
    merge(reading, ctx, run, previous_at, confirmed).await?;
    explain(reading, run.id).await?;
    let reasons = not_complete(ctx).await?;
    let report = report(reading, &reasons);
    let (begun, ended) = reading
        .store
        .run_publish(ctx.lease, run, &report, ctx.clock.now_ms())
        .await?;
    let status = if reasons.is_empty() {
        Status::Complete
    } else {
        Status::Incomplete
    };
    Ok(Outcome {
        status,
        run: run.id,
        requests: 0,
        begun,
        ended,
        reasons,
        error: None,
    })
}

pub(crate) async fn merge(
    reading: &Reading<'_>,
    ctx: &Context<'_>,
    run: &RunRow,
    previous_at: Option<i64>,
    confirmed: absence::Confirmed,
) -> Result<(), SyncError> {
    let merge_of = |kind| Merge {
        lease: ctx.lease,
        run,
        kind,
        previous_at,
        now: ctx.clock.now_ms(),
    };
    reading.store.prepare_to_merge().await?;
    for kind in FactKind::ALL {
        let merge = merge_of(kind);
        reading.store.facts_begin(&merge).await?;
        reading.store.facts_change(&merge).await?;
    }
    let at = ctx.clock.now_ms();
    for (complete, absent) in confirmed.absent {
        reading
            .store
            .facts_end(&merge_of(complete.kind()), &complete, &absent, at)
            .await?;
    }
    let mut tx = ctx.store.read().await?;
    let orphans = tx.methods_without_holding(ctx.organization).await?;
    drop(tx);
    reading
        .store
        .methods_end(&merge_of(FactKind::Method), &orphans, at)
        .await?;
    Ok(())
}

/// The families that were not read completely, each with the reason, in words. One that many organizations do not have
/// is none of them when it is refused and nothing of it was ever known: docs/decisions/0009-what-is-never-there.md.
async fn not_complete(ctx: &Context<'_>) -> Result<Vec<String>, SyncError> {
    let mut tx = ctx.store.read().await?;
    let listings = tx.listing_all(ctx.run).await?;
    let mut words = Vec::new();
    for listing in listings.into_iter().filter(|listing| listing.name.is_empty()) {
        if listing.state == ListingState::Ended {
            continue;
        }
        let family = Family::from_name(&listing.family);
        if let Some(family) = family.filter(|family| family.is_optional())
            && listing.state == ListingState::Refused
        {
            let mut known = 0;
            for kind in family.kinds() {
                known += tx.facts_count(ctx.organization, *kind).await?;
            }
            if known == 0 {
                continue;
            }
        }
        let title = family.map_or(listing.family, |family| family.title().to_owned());
        let why = listing
            .note
            .unwrap_or_else(|| "it kept changing while it was read".into());
        words.push(format!("{title} not read completely: {why}"));
    }
    Ok(words)
}
