//! Reading one listing: from the first page, or where it stopped, to the server's own end.

use crate::error::{SyncError, While as _};
use crate::first_accounts::FirstAccounts;
use crate::keeper::Keeper;
use crate::progress::Progress;
use crate::reading::Reading;
use atlassian::{Admin, ApiError, Cursor, Page, Scim};
use futures::stream::{FuturesUnordered, StreamExt as _};
use model::{Clock, Family, RunId};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Lease, ListingRow, ListingState, Observation, PageOf, Store, StoreError, TermCache};
use tokio::sync::Notify;

/// Everything a step needs.
pub(crate) struct Context<'a> {
    pub store: &'a Store,
    pub admin: &'a Admin,
    /// The SCIM directory, where the connection knows one.
    pub scim: Option<&'a Scim>,
    pub clock: &'a dyn Clock,
    pub progress: &'a dyn Progress,
    pub lease: &'a Lease,
    pub run: RunId,
    pub organization: i64,
    pub terms: TermCache,
    keeper: Keeper<Observation, Arc<StoreError>>,
    /// How far listings are that are about to be read, where it was asked for all of them at once.
    ahead: Mutex<HashMap<(Family, String), Option<ListingRow>>>,
    /// Listings that were begun and did not come to their end; no family of theirs ends.
    begun: Mutex<HashSet<(Family, String)>>,
    /// Told after each page of accounts, and when there are no more.
    pub accounts_page: Notify,
    pub accounts_done: AtomicBool,
    /// The first of them, for what is decided before all are read.
    pub first_accounts: FirstAccounts,
    /// How many accounts the directories' counts promise.
    pub accounts_expected: AtomicI64,
    /// Whether counts showed that the organization changed while it was read.
    pub change_seen: AtomicBool,
    /// What the pages of accounts looked like.
    pub shape: Mutex<PageShape>,
}

/// What pages of accounts look like, from which the limits of this tenant's search are guessed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PageShape {
    /// Accounts on them.
    pub accounts: usize,
    /// The longest list of groups that an account's row held.
    pub longest_groups: usize,
    /// How many rows held a list as long as that.
    pub at_longest: usize,
    /// The most rows on a page that had a next one.
    pub fullest_page: usize,
    /// Whether counts count suspended accounts, as far as a directory showed it.
    pub counts_suspended: Option<bool>,
    /// Whether a list lost rows although its count stayed the same.
    pub pages_shift: bool,
}

impl PageShape {
    /// Takes in one page: the lengths of its accounts' lists of groups, and whether another page follows.
    pub fn add(&mut self, groups: impl Iterator<Item = usize>, has_next: bool) {
        let mut rows = 0;
        for length in groups {
            rows += 1;
            match length.cmp(&self.longest_groups) {
                std::cmp::Ordering::Greater => (self.longest_groups, self.at_longest) = (length, 1),
                std::cmp::Ordering::Equal => self.at_longest += 1,
                std::cmp::Ordering::Less => {}
            }
        }
        self.accounts += rows;
        if has_next {
            self.fullest_page = self.fullest_page.max(rows);
        }
    }

    /// The length at which lists of groups seem to be cut: many accounts have exactly the longest list. Lists that are
    /// not cut thin out towards the longest.
    pub fn groups_cut_at(&self) -> Option<usize> {
        let is_crowded = self.at_longest >= 5 && self.at_longest * 50 >= self.accounts;
        (self.longest_groups > 0 && is_crowded).then_some(self.longest_groups)
    }
}

/// How reading a listing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListingEnd {
    /// The server said that there is no next page.
    Ended {
        /// Pages it had. One page is one snapshot; several can lose rows to changes.
        pages: i64,
        /// Rows on them.
        rows: i64,
        /// Whether an earlier session of this run found that it agrees with its count.
        is_checked: bool,
    },
    /// This key may not read it.
    Refused,
}

/// How often a listing begins anew when its cursor is refused.
const RESTARTS: u32 = 4;
/// How often a listing that does not agree with its count is read.
const PASSES: u32 = 4;

/// Whether a listing is less than half as long as its count; a few tell nothing.
fn is_far_off(family: Family, rows: i64, counted: i64) -> bool {
    matches!(family, Family::Accounts | Family::Groups) && counted >= 10 && rows * 2 < counted
}

impl<'a> Context<'a> {
    /// For a run under a lease.
    pub fn new(reading: &Reading<'a>, lease: &'a Lease, run: RunId) -> Context<'a> {
        Context {
            store: reading.store,
            admin: reading.admin,
            scim: reading.scim,
            clock: reading.clock,
            progress: reading.progress,
            lease,
            run,
            organization: reading.organization.id,
            terms: TermCache::default(),
            keeper: Keeper::default(),
            ahead: Mutex::default(),
            begun: Mutex::default(),
            accounts_page: Notify::new(),
            accounts_done: AtomicBool::new(false),
            first_accounts: FirstAccounts::default(),
            accounts_expected: AtomicI64::new(0),
            change_seen: AtomicBool::new(false),
            shape: Mutex::new(PageShape::default()),
        }
    }
}

impl Context<'_> {
    /// Keeps an observation, and the position after it if it is a page of a listing.
    pub async fn record(&self, observation: Observation) -> Result<(), SyncError> {
        let together = async |observations: &[&Observation]| {
            let now = self.clock.now_ms();
            let kept = self
                .store
                .observations_record(self.lease, now, self.run, &self.terms, observations)
                .await;
            kept.map_err(Arc::new)
        };
        self.keeper
            .keep(observation, together)
            .await
            .map_err(SyncError::Store)
    }

    /// Makes listings that are about to be read part of the run, and asks at once how far they are.
    pub async fn look_ahead(
        &self,
        family: Family,
        names: impl Iterator<Item = String>,
    ) -> Result<(), SyncError> {
        let names: Vec<String> = names.collect();
        let mut tx = self.store.write().await?;
        let planned = names.iter().map(String::as_str);
        tx.listings_plan(self.run, family, planned).await?;
        let all = tx.listing_all(self.run).await?;
        tx.commit().await?;
        let of_family = all.into_iter().filter(|row| row.family == family.name());
        let mut begun: HashMap<String, ListingRow> = of_family.map(|row| (row.name.clone(), row)).collect();
        let rows = names.into_iter().map(|name| {
            let row = begun.remove(&name);
            ((family, name), row)
        });
        self.ahead().extend(rows);
        Ok(())
    }

    fn ahead(&self) -> MutexGuard<'_, HashMap<(Family, String), Option<ListingRow>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begun(&self) -> MutexGuard<'_, HashSet<(Family, String)>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a listing is, if it was begun in this run.
    async fn find(&self, family: Family, name: &str) -> Result<Option<ListingRow>, SyncError> {
        if let Some(row) = self.ahead().remove(&(family, name.to_owned())) {
            return Ok(row);
        }
        let mut tx = self.store.read().await?;
        Ok(tx.listing_find(self.run, family, name).await?)
    }

    /// Reads a listing that may have been read in part before.
    pub async fn read_listing<T, F>(
        &self,
        family: Family,
        name: &str,
        fetch: impl Fn(Option<Cursor>) -> F,
        observe: impl Fn(&Page<T>) -> Observation,
    ) -> Result<ListingEnd, SyncError>
    where
        F: Future<Output = Result<Page<T>, ApiError>>,
    {
        let (mut cursor, mut pages, mut seen) = (None, 0, 0);
        if let Some(row) = self.find(family, name).await? {
            match row.state {
                ListingState::Ended => {
                    return Ok(ListingEnd::Ended {
                        pages: row.pages,
                        rows: row.rows_seen,
                        is_checked: row.expected.is_some(),
                    });
                }
                ListingState::Refused => return Ok(ListingEnd::Refused),
                ListingState::Planned | ListingState::Reading | ListingState::Unsure => {}
            }
            cursor = row.cursor.map(Cursor::kept);
            (pages, seen) = (row.pages, row.rows_seen);
        }
        self.begun().insert((family, name.to_owned()));
        let mut restarts = 0;
        let mut met: HashSet<String> = HashSet::new();
        let mut answer = fetch(cursor.clone()).await;
        loop {
            let page = match answer {
                Ok(page) => page,
                Err(error) if error.is_refusal() && cursor.is_none() => {
                    return self.refused(family, name, &error).await;
                }
                Err(error) if error.is_cursor_refused() && cursor.is_some() && restarts < RESTARTS => {
                    restarts += 1;
                    tracing::debug!(
                        family = family.name(),
                        "a cursor was refused; the listing begins anew"
                    );
                    let mut tx = self.store.write().await?;
                    tx.listing_restart(self.run, family, name).await?;
                    tx.commit().await?;
                    cursor = None;
                    (pages, seen) = (0, 0);
                    met.clear();
                    answer = fetch(None).await;
                    continue;
                }
                Err(error) => return Err(error).reading(family),
            };
            let next = page.next.clone();
            if let Some(next) = &next
                && !met.insert(next.as_str().to_owned())
            {
                return Err(ApiError::RepeatedCursor {
                    operation: family.name(),
                })
                .reading(family);
            }
            let rows = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
            let mut observation = observe(&page);
            drop(page);
            observation.page = Some(PageOf {
                family,
                name: name.to_owned(),
                next: next.as_ref().map(|next| next.as_str().to_owned()),
                rows,
            });
            let keep = self.record(observation);
            let go_on = async {
                match next.clone() {
                    Some(next) => Some(fetch(Some(next)).await),
                    None => None,
                }
            };
            // The next page is asked for while this one is kept; it is looked at only once this one is safe.
            let (kept, following) = tokio::join!(keep, go_on);
            kept?;
            pages += 1;
            seen += rows;
            self.progress.page(family, rows);
            if family == Family::Accounts {
                self.accounts_page.notify_waiters();
            }
            cursor = next;
            match following {
                Some(following) => answer = following,
                None => {
                    self.begun().remove(&(family, name.to_owned()));
                    return Ok(ListingEnd::Ended {
                        pages,
                        rows: seen,
                        is_checked: false,
                    });
                }
            }
        }
    }

    /// Reads a listing whose length nobody knows, as [`Context::read_counted`] does. One that has a single page is one
    /// moment; before one that has several is read, it is counted, and then read from its first page on.
    pub async fn read_uncounted<T, F, C, S>(
        &self,
        (family, name): (Family, &str),
        fetch: impl Fn(Option<Cursor>) -> F,
        observe: impl Fn(&Page<T>) -> Observation,
        count: impl Fn() -> C,
        staged: impl Fn() -> S,
    ) -> Result<bool, SyncError>
    where
        F: Future<Output = Result<Page<T>, ApiError>>,
        C: Future<Output = Result<i64, ApiError>>,
        S: Future<Output = Result<i64, SyncError>>,
    {
        let row = self.find(family, name).await?;
        let has_begun = row
            .as_ref()
            .is_some_and(|row| row.state != ListingState::Planned || row.cursor.is_some());
        self.ahead().insert((family, name.to_owned()), row);
        let mut before = None;
        let first = Mutex::new(None);
        if !has_begun {
            let answer = fetch(None).await;
            if matches!(&answer, Ok(page) if page.next.is_some()) {
                before = match count().await {
                    Ok(counted) => Some(counted),
                    Err(error) if error.is_refusal() => None,
                    Err(error) => return Err(error).reading(family),
                };
            } else {
                *first.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            }
        }
        let fetch = &fetch;
        let with_first = |cursor: Option<Cursor>| {
            let known = match &cursor {
                None => first.lock().unwrap_or_else(PoisonError::into_inner).take(),
                Some(_) => None,
            };
            async move {
                match known {
                    Some(answer) => answer,
                    None => fetch(cursor).await,
                }
            }
        };
        let read = || self.read_listing(family, name, with_first, &observe);
        self.read_counted((family, name), before, read, count, staged)
            .await
    }

    /// Reads a listing until it agrees with its count – also with the one from before, where it was taken – or until a
    /// further pass shows nothing new. Answers whether it is certain. With offset cursors, a row is lost when an
    /// earlier one goes away between two pages, and then the count after agrees by chance.
    pub async fn read_counted<R, C, S>(
        &self,
        (family, name): (Family, &str),
        before: Option<i64>,
        read: impl Fn() -> R,
        count: impl Fn() -> C,
        staged: impl Fn() -> S,
    ) -> Result<bool, SyncError>
    where
        R: Future<Output = Result<ListingEnd, SyncError>>,
        C: Future<Output = Result<i64, ApiError>>,
        S: Future<Output = Result<i64, SyncError>>,
    {
        let mut before = before;
        let mut seen_before = -1;
        for _ in 0..PASSES {
            let rows = match read().await? {
                ListingEnd::Refused => return Ok(false),
                // One page is one moment: nothing can have been lost between pages.
                ListingEnd::Ended { pages: 1, rows, .. } => {
                    return self.is_believed(family, rows, before.unwrap_or(0)).await;
                }
                ListingEnd::Ended { is_checked: true, .. } => return Ok(true),
                ListingEnd::Ended { rows, .. } => rows,
            };
            let counted = count().await.reading(family)?;
            if rows == counted && before.is_none_or(|before| before == counted) {
                self.agrees(family, name, counted).await?;
                return Ok(true);
            }
            self.change_seen.store(true, Ordering::Relaxed);
            if rows < counted && before == Some(counted) {
                let mut shape = self.shape.lock().unwrap_or_else(PoisonError::into_inner);
                shape.pages_shift = true;
            }
            let seen = staged().await?;
            if seen == seen_before {
                if !self.is_believed(family, rows, counted).await? {
                    return Ok(false);
                }
                self.agrees(family, name, counted).await?;
                return Ok(true);
            }
            tracing::debug!(
                family = family.name(),
                rows,
                counted,
                before,
                "a listing does not agree with its count"
            );
            seen_before = seen;
            before = Some(counted);
            self.restart(family, name).await?;
        }
        Ok(false)
    }

    /// Whether a listing that does not change is believed, though it is not as long as its count: a count can mean
    /// something else than its listing, but hardly twice as many accounts or groups.
    async fn is_believed(&self, family: Family, rows: i64, counted: i64) -> Result<bool, SyncError> {
        if !is_far_off(family, rows, counted) {
            return Ok(true);
        }
        let why = format!("Atlassian counts {counted} and lists {rows}");
        self.unsure(family, &why).await?;
        Ok(false)
    }

    async fn agrees(&self, family: Family, name: &str, counted: i64) -> Result<(), SyncError> {
        let mut tx = self.store.write().await?;
        tx.listing_agrees(self.run, family, name, counted).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether a listing was read to its end, in this or an earlier session of the run.
    pub async fn has_ended(&self, family: Family, name: &str) -> Result<bool, SyncError> {
        let mut tx = self.store.read().await?;
        let row = tx.listing_find(self.run, family, name).await?;
        Ok(row.is_some_and(|row| row.state == ListingState::Ended))
    }

    /// Whether a family was refused, in this or an earlier session of the run.
    pub async fn is_refused(&self, family: Family) -> Result<bool, SyncError> {
        let mut tx = self.store.read().await?;
        let row = tx.listing_find(self.run, family, "").await?;
        Ok(row.is_some_and(|row| row.state == ListingState::Refused))
    }

    /// Sends a listing back to its first page, to be read once more.
    pub async fn restart(&self, family: Family, name: &str) -> Result<(), SyncError> {
        self.ahead().remove(&(family, name.to_owned()));
        let mut tx = self.store.write().await?;
        tx.listing_restart(self.run, family, name).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a family part of the run.
    pub async fn plan(&self, family: Family) -> Result<(), SyncError> {
        let mut tx = self.store.write().await?;
        tx.family_plan(self.run, family).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a family whose listings all ended.
    pub async fn end(&self, family: Family) -> Result<(), SyncError> {
        if self.begun().iter().any(|(begun, _)| *begun == family) {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let ended = tx.family_end(self.run, family).await?;
        tx.commit().await?;
        if ended {
            self.progress.ended(family);
        }
        Ok(())
    }

    /// Marks a family that could not be read surely: nothing of its kinds ends in this run.
    pub async fn unsure(&self, family: Family, why: &str) -> Result<(), SyncError> {
        self.progress.note(&format!("{}: {why}", family.title()));
        let mut tx = self.store.write().await?;
        tx.listing_fail(self.run, family, "", ListingState::Unsure, why)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Marks a listing, and with it its family, that this key may not read: nothing of its kinds ends in this run.
    pub async fn refused(
        &self,
        family: Family,
        name: &str,
        error: &ApiError,
    ) -> Result<ListingEnd, SyncError> {
        let why = error.to_string();
        self.progress.note(&format!("{}: {why}", family.title()));
        let mut tx = self.store.write().await?;
        tx.listings_plan(self.run, family, [name]).await?;
        tx.listing_fail(self.run, family, name, ListingState::Refused, &why)
            .await?;
        tx.listing_fail(self.run, family, "", ListingState::Refused, &why)
            .await?;
        tx.commit().await?;
        Ok(ListingEnd::Refused)
    }
}

/// Runs futures, so many at a time. After the first error none is begun any more, but those under way are awaited, so
/// that what they were answered is kept. The results are in the order of the futures, not in that of the answers.
pub(crate) async fn side_by_side<T, F>(
    futures: impl IntoIterator<Item = F>,
    at_a_time: usize,
) -> Result<Vec<T>, SyncError>
where
    F: Future<Output = Result<T, SyncError>>,
{
    let numbered = futures.into_iter().enumerate();
    let mut waiting = numbered.map(|(number, future)| async move { (number, future.await) });
    let mut under_way: FuturesUnordered<_> = waiting.by_ref().take(at_a_time).collect();
    let mut done = Vec::new();
    let mut failed = None;
    while let Some((number, result)) = under_way.next().await {
        match result {
            Ok(value) => done.push((number, value)),
            Err(error) => failed = failed.or(Some(error)),
        }
        if failed.is_none() {
            under_way.extend(waiting.next());
        }
    }
    done.sort_unstable_by_key(|(number, _)| *number);
    let results = done.into_iter().map(|(_, value)| value).collect();
    failed.map_or(Ok(results), Err)
}

#[cfg(test)]
mod tests {
    use super::{PageShape, side_by_side};

    #[tokio::test]
    async fn what_is_done_side_by_side_is_told_in_its_order() {
        let (say, hear) = tokio::sync::oneshot::channel();
        let waits = async move {
            hear.await.unwrap();
            Ok(1)
        };
        let goes_ahead = async move {
            say.send(()).unwrap();
            Ok(2)
        };
        type Step = std::pin::Pin<Box<dyn Future<Output = Result<i32, crate::SyncError>>>>;
        let steps: [Step; 2] = [Box::pin(waits), Box::pin(goes_ahead)];
        assert_eq!(side_by_side(steps, 2).await.unwrap(), [1, 2]);
    }

    #[test]
    fn lists_that_are_cut_crowd_at_the_longest() {
        let mut cut = PageShape::default();
        cut.add([1, 3, 3, 3, 2, 3, 3].into_iter(), true);
        assert_eq!((cut.groups_cut_at(), cut.fullest_page), (Some(3), 7));
        let mut natural = PageShape::default();
        natural.add([1, 3, 2, 4, 2, 7, 3].into_iter(), false);
        assert_eq!((natural.groups_cut_at(), natural.fullest_page), (None, 0));
    }
}
