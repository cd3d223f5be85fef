//! Accounts of each directory, a hundred at a time, with their groups.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, ListingEnd};
use crate::map;
use atlassian::org::AccountSearch;
use atlassian::wire::Account;
use atlassian::{Cursor, Page};
use model::{DirectoryId, FactKind, Family};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Observation;

/// Reads the accounts of a directory; answers whether they are certain.
pub(crate) async fn read_accounts(ctx: &Context<'_>, directory: &DirectoryId) -> Result<bool, SyncError> {
    let everybody = AccountSearch::default();
    let count = || ctx.admin.accounts_count(directory.as_str(), &everybody);
    let before = if ctx.has_ended(Family::Accounts, directory.as_str()).await? {
        ctx.first_accounts.end(directory);
        None
    } else {
        match count().await {
            Ok(before) => Some(before),
            // The listing itself says what is refused.
            Err(error) if error.is_refusal() => None,
            Err(error) => return Err(error).reading(Family::Accounts),
        }
    };
    ctx.progress.expect(Family::Accounts, before.unwrap_or(0));
    if let Some(before) = before {
        let others = ctx.accounts_expected.fetch_add(before, Ordering::Relaxed);
        ctx.store.prepare_to_stage(others + before).await?;
    }
    let tally = Tally::default();
    let read = || async {
        let end = read_once(ctx, directory, &tally).await?;
        if let (Some(counted), ListingEnd::Ended { rows, .. }) = (before, end) {
            tally.compare(ctx, rows, counted);
        }
        Ok(end)
    };
    let place = (Family::Accounts, directory.as_str());
    let certain = ctx
        .read_counted(place, before, read, count, || staged(ctx, directory))
        .await;
    // Refused or not: nobody waits for a first page of it any longer.
    ctx.first_accounts.end(directory);
    ctx.accounts_page.notify_waiters();
    certain
}

/// Reads a directory once more because something shows that the organization changes; answers whether somebody new
/// was seen.
pub(crate) async fn read_directory_again(
    ctx: &Context<'_>,
    directory: &DirectoryId,
) -> Result<bool, SyncError> {
    let seen = staged(ctx, directory).await?;
    ctx.restart(Family::Accounts, directory.as_str()).await?;
    read_once(ctx, directory, &Tally::default()).await?;
    Ok(staged(ctx, directory).await? > seen)
}

async fn staged(ctx: &Context<'_>, directory: &DirectoryId) -> Result<i64, SyncError> {
    let mut tx = ctx.store.read().await?;
    Ok(tx
        .staged_under(ctx.run, FactKind::DirectoryMembership, directory.as_str())
        .await?)
}

/// How many of a directory's accounts are suspended, counted off its pages.
#[derive(Default)]
struct Tally {
    rows: AtomicI64,
    suspended: AtomicI64,
}

impl Tally {
    fn begin(&self) {
        self.rows.store(0, Ordering::Relaxed);
        self.suspended.store(0, Ordering::Relaxed);
    }

    fn add(&self, accounts: &[Account]) {
        let is_suspended = |account: &&Account| account.membership_status.as_deref() == Some("suspended");
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.rows.fetch_add(number(accounts.len()), Ordering::Relaxed);
        let suspended = accounts.iter().filter(is_suspended).count();
        self.suspended.fetch_add(number(suspended), Ordering::Relaxed);
    }

    /// Learns whether counts count suspended accounts, where all pages were seen here and some accounts are suspended.
    fn compare(&self, ctx: &Context<'_>, rows: i64, counted: i64) {
        let suspended = self.suspended.load(Ordering::Relaxed);
        if suspended == 0 || self.rows.load(Ordering::Relaxed) != rows {
            return;
        }
        let told = match counted {
            all if all == rows => true,
            active if active == rows - suspended => false,
            _ => return,
        };
        let mut shape = ctx.shape.lock().unwrap_or_else(PoisonError::into_inner);
        shape.counts_suspended = Some(told);
    }
}

async fn read_once(
    ctx: &Context<'_>,
    directory: &DirectoryId,
    tally: &Tally,
) -> Result<ListingEnd, SyncError> {
    tally.begin();
    let search = AccountSearch {
        expanded: true,
        ..AccountSearch::default()
    };
    let search = &search;
    let fetch = |cursor: Option<Cursor>| async move {
        ctx.admin
            .accounts(directory.as_str(), search, cursor.as_ref())
            .await
    };
    let observe = |page: &Page<atlassian::wire::Account>| {
        let lengths = page
            .items
            .iter()
            .map(|account| account.groups.as_ref().map_or(0, Vec::len));
        let mut shape = ctx.shape.lock().unwrap_or_else(PoisonError::into_inner);
        shape.add(lengths, page.next.is_some());
        drop(shape);
        tally.add(&page.items);
        ctx.first_accounts.add(directory, page);
        map::account_page(directory, page)
    };
    ctx.read_listing(Family::Accounts, directory.as_str(), fetch, observe)
        .await
}

/// Looks some accounts up in every directory, a hundred at a time.
pub(crate) async fn look_up(
    ctx: &Context<'_>,
    directories: &[DirectoryId],
    accounts: &[String],
) -> Result<(), SyncError> {
    for batch in accounts.chunks(100) {
        let search = AccountSearch {
            accounts: batch.to_vec(),
            expanded: true,
            ..AccountSearch::default()
        };
        for directory in directories {
            each_page(ctx, directory.as_str(), &search, |page| {
                map::account_page(directory, page)
            })
            .await?;
        }
    }
    Ok(())
}

/// Reads all pages of a search that is no listing of the run, and keeps what they show.
pub(crate) async fn each_page(
    ctx: &Context<'_>,
    directory: &str,
    search: &AccountSearch,
    observe: impl Fn(&Page<atlassian::wire::Account>) -> Observation,
) -> Result<(), SyncError> {
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = ctx
            .admin
            .accounts(directory, search, cursor.as_ref())
            .await
            .reading(Family::Accounts)?;
        ctx.record(observe(&page)).await?;
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}
