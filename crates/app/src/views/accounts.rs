//! The list of accounts.

use super::error::ViewError;
use super::names::{AccountRef, RoleRef, Wanted};
use super::scope::Scope;
use super::time::{At, Since};
use super::{Listed, Slice};
use crate::App;
use serde::Serialize;
use store::Tx;
use store::views::Snapshot;
pub use store::views::accounts::AccountOrder;
use store::views::accounts::{AccountFilter, AccountRow, AccountTally};

/// Days without activity after which a seat counts as unused.
pub const UNUSED_DAYS: i64 = 90;

/// A day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

const HOUR_MS: i64 = 3_600_000;

/// Which accounts to list. Empty texts do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountsAsk {
    /// Part of a name, e-mail or id.
    pub search: String,
    /// `active`, `inactive`, `closed`.
    pub status: String,
    /// `managed`, `unmanaged`.
    pub claim_status: String,
    /// `atlassian`, `app`, `customer`.
    pub account_type: String,
    /// A product's key, such as `jira-software`: holds any role on a workspace of it.
    pub product: String,
    /// A workspace, by id or exact name: holds any role on it.
    pub workspace: String,
    /// A group, by id or exact name: is in it.
    pub group: String,
    /// Has a platform role.
    pub administrator: bool,
    /// Has known activity, all of it more than [`UNUSED_DAYS`] ago.
    pub unused: bool,
    /// By their API tokens; such a list is always by name.
    pub tokens: TokenFilter,
    /// In which order.
    pub order: AccountOrder,
    /// Which part.
    pub slice: Slice,
}

/// Which accounts to list by their API tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenFilter {
    /// All.
    #[default]
    Any,
    /// Those with a token that works.
    Live,
    /// Those with a token that stops working within 30 days.
    Expiring,
    /// Those that are not active, with a token that works.
    OfLeavers,
}

/// An account in a list.
#[derive(Debug, Clone, Serialize)]
pub struct AccountItem {
    /// How it is called.
    #[serde(flatten)]
    pub account: AccountRef,
    /// `atlassian`, `app`, `customer` or what else was told.
    pub account_type: Option<String>,
    /// `active`, `inactive`, `closed` or what else was told.
    pub status: Option<String>,
    /// `managed`, `unmanaged` or what else was told.
    pub claim_status: Option<String>,
    /// The state of its membership in each directory.
    pub directory_statuses: Vec<String>,
    /// The products it holds any role on.
    pub products: Vec<String>,
    /// On how many workspaces and other resources it holds any role.
    pub resources: i64,
    /// In how many groups it is.
    pub groups: i64,
    /// How many of its API tokens work.
    pub live_tokens: i64,
    /// The last activity that Atlassian told.
    pub last_active_at: Option<At>,
    /// Its platform roles.
    pub platform_roles: Vec<RoleRef>,
    /// From when it is known.
    pub since: Since,
    /// What is worth a look; empty for most.
    pub marks: Vec<AccountMark>,
}

/// What is worth a look at an account, the most pressing first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "mark", rename_all = "snake_case")]
pub enum AccountMark {
    /// The account is no longer active, but its tokens work.
    LeftWithTokens {
        /// How many.
        tokens: i64,
    },
    /// The account is not active: deactivated, closed or suspended everywhere.
    NotActive {
        /// In Atlassian's word.
        status: String,
    },
    /// No activity for more than [`UNUSED_DAYS`], though it holds roles.
    Unused {
        /// For how many days.
        days: i64,
    },
    /// Has a platform role.
    Administrator {
        /// The role's name.
        role: String,
    },
}

/// The list with what heads it.
#[derive(Debug, Clone, Serialize)]
pub struct AccountsView {
    /// The page of the list.
    pub accounts: Listed<AccountItem>,
    /// How many there are of which sort.
    pub tally: TallyView,
    /// How many each of the usual filters lets through.
    pub facets: Facets,
    /// When activity was last read.
    pub activity_read_at: Option<At>,
}

/// How many accounts each of the usual filters lets through.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Facets {
    /// Accounts with a platform role.
    pub administrators: i64,
    /// Accounts with known activity, all of it more than [`UNUSED_DAYS`] ago.
    pub unused: i64,
    /// Accounts with an API token that works.
    pub with_tokens: i64,
}

/// How many accounts there are of which sort.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TallyView {
    /// All.
    pub accounts: i64,
    /// Claimed by the organization.
    pub managed: i64,
    /// Not claimed by it.
    pub external: i64,
    /// Apps.
    pub apps: i64,
    /// Portal customers.
    pub customers: i64,
    /// Deactivated.
    pub inactive: i64,
}

impl From<AccountTally> for TallyView {
    fn from(tally: AccountTally) -> TallyView {
        TallyView {
            accounts: tally.accounts,
            managed: tally.managed,
            external: (tally.accounts - tally.managed).max(0),
            apps: tally.apps,
            customers: tally.customers,
            inactive: tally.inactive,
        }
    }
}

/// The time before which activity does not count any more.
pub(crate) fn unused_since(now: i64) -> i64 {
    (now / DAY_MS - UNUSED_DAYS) * DAY_MS
}

pub(crate) fn text_of(row: &AccountRow, name: &str) -> Option<String> {
    row.account.attributes.text(name).map(str::to_owned)
}

/// What is worth a look, from what a list knows.
pub(crate) fn marks_of(item: &AccountItem, now: i64) -> Vec<AccountMark> {
    let mut marks = Vec::new();
    let account_left = item.status.as_deref().filter(|status| *status != "active");
    let suspended = || {
        let all = !item.directory_statuses.is_empty()
            && item.directory_statuses.iter().all(|status| status != "active");
        item.directory_statuses
            .first()
            .filter(|_| all)
            .map(String::as_str)
    };
    let left = account_left.or_else(suspended);
    if let Some(status) = left {
        if item.live_tokens > 0 {
            marks.push(AccountMark::LeftWithTokens {
                tokens: item.live_tokens,
            });
        } else {
            marks.push(AccountMark::NotActive {
                status: status.to_owned(),
            });
        }
    }
    let idle_days = item.last_active_at.map(|at| (now - at.0) / DAY_MS);
    if let Some(days) = idle_days.filter(|days| *days >= UNUSED_DAYS && item.resources > 0 && left.is_none())
    {
        marks.push(AccountMark::Unused { days });
    }
    if let Some(role) = item.platform_roles.iter().min_by_key(|role| role.rank()) {
        marks.push(AccountMark::Administrator {
            role: role.name.clone(),
        });
    }
    marks
}

impl App {
    /// The accounts that were asked for.
    pub async fn accounts(&self, scope: &Scope, ask: &AccountsAsk) -> Result<AccountsView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let filter = self.account_filter(&mut tx, at, ask).await?;
        let tally = self.account_tally(&mut tx, at).await?;
        if self.is_by_owners(&mut tx, at, ask).await? {
            return self.accounts_with_tokens(tx, scope, ask, filter, tally).await;
        }
        let shown = if filter == AccountFilter::default() {
            tally.accounts
        } else {
            self.account_count(&mut tx, at, &filter).await?
        };
        let rows = tx
            .account_list(at, &filter, ask.order, ask.slice.limit, ask.slice.offset)
            .await?;
        let items = self.account_items(&mut tx, at, rows).await?;
        Ok(AccountsView {
            accounts: Listed {
                rows: items,
                offset: ask.slice.offset,
                limit: ask.slice.limit,
                shown,
                total: tally.accounts,
                edges: None,
            },
            tally,
            facets: self.facets(&mut tx, at).await?,
            activity_read_at: tx.activity_read_at(at.organization).await?.map(At),
        })
    }

    /// The same part of the list without what heads it, for files.
    pub async fn account_rows(
        &self,
        scope: &Scope,
        ask: &AccountsAsk,
    ) -> Result<Vec<AccountItem>, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let filter = self.account_filter(&mut tx, at, ask).await?;
        if self.is_by_owners(&mut tx, at, ask).await? {
            drop(tx);
            return Ok(self.accounts(scope, ask).await?.accounts.rows);
        }
        let rows = tx
            .account_list(at, &filter, ask.order, ask.slice.limit, ask.slice.offset)
            .await?;
        self.account_items(&mut tx, at, rows).await
    }

    /// Whether only the list of all tokens tells which accounts are asked for.
    async fn is_by_owners(&self, tx: &mut Tx, at: Snapshot, ask: &AccountsAsk) -> Result<bool, ViewError> {
        Ok(match ask.tokens {
            TokenFilter::Any => false,
            TokenFilter::Expiring => true,
            TokenFilter::Live | TokenFilter::OfLeavers => !tx.has_summary(at).await?,
        })
    }

    async fn account_filter(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        ask: &AccountsAsk,
    ) -> Result<AccountFilter, ViewError> {
        let now = self.clock.now_ms();
        let resource = match ask.workspace.as_str() {
            "" => 0,
            asked => self.find_resource(tx, at, asked).await?.0,
        };
        let group = match ask.group.as_str() {
            "" => 0,
            asked => self.find_group(tx, at, asked).await?.term,
        };
        let resources = match ask.product.as_str() {
            "" => None,
            product => {
                let workspaces = tx.workspace_list(at).await?;
                let of_product = workspaces
                    .iter()
                    .filter(|told| told.attributes.text("type_key") == Some(product));
                Some(of_product.map(|told| told.term).collect())
            }
        };
        Ok(AccountFilter {
            search: ask.search.clone(),
            status: ask.status.clone(),
            claim_status: ask.claim_status.clone(),
            account_type: ask.account_type.clone(),
            resources,
            resource,
            group,
            administrator: ask.administrator,
            // To the hour, so that the count can be kept.
            tokens_at: match ask.tokens {
                TokenFilter::Live | TokenFilter::OfLeavers => At(now / HOUR_MS * HOUR_MS).to_string(),
                TokenFilter::Any | TokenFilter::Expiring => String::new(),
            },
            left: ask.tokens == TokenFilter::OfLeavers,
            // Whole days, so that the count can be kept.
            unused_since: if ask.unused {
                (now / DAY_MS - UNUSED_DAYS) * DAY_MS
            } else {
                0
            },
        })
    }

    /// The list by API tokens: their owners are few, so they are sorted here.
    async fn accounts_with_tokens(
        &self,
        mut tx: Tx,
        scope: &Scope,
        ask: &AccountsAsk,
        filter: AccountFilter,
        tally: TallyView,
    ) -> Result<AccountsView, ViewError> {
        let at = scope.at;
        let now = self.clock.now_ms();
        let index = self.token_index(&mut tx, at).await?;
        let by = (ask.tokens == TokenFilter::Expiring).then_some(now + 30 * DAY_MS);
        let owners = index.owners(now, by);
        let mut rows = tx.account_list_among(at, &filter, &owners).await?;
        if ask.tokens == TokenFilter::OfLeavers {
            rows.retain(|row| {
                row.account
                    .attributes
                    .text("status")
                    .is_some_and(|status| status != "active")
            });
        }
        rows.sort_by_cached_key(|row| {
            (
                row.name.clone().unwrap_or_default().to_lowercase(),
                row.account.id.clone(),
            )
        });
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(ask.slice.offset).unwrap_or(0);
        let take = usize::try_from(ask.slice.limit).unwrap_or(usize::MAX);
        let rows: Vec<AccountRow> = rows.into_iter().skip(skip).take(take).collect();
        let items = self.account_items(&mut tx, at, rows).await?;
        Ok(AccountsView {
            accounts: Listed {
                rows: items,
                offset: ask.slice.offset,
                limit: ask.slice.limit,
                shown,
                total: tally.accounts,
                edges: None,
            },
            tally,
            facets: self.facets(&mut tx, at).await?,
            activity_read_at: tx.activity_read_at(at.organization).await?.map(At),
        })
    }

    /// How many accounts each of the usual filters lets through.
    pub(crate) async fn facets(&self, tx: &mut Tx, at: Snapshot) -> Result<Facets, ViewError> {
        let administrators = AccountFilter {
            administrator: true,
            ..Default::default()
        };
        let unused = AccountFilter {
            unused_since: unused_since(self.clock.now_ms()),
            ..Default::default()
        };
        Ok(Facets {
            administrators: self.account_count(tx, at, &administrators).await?,
            unused: self.account_count(tx, at, &unused).await?,
            with_tokens: i64::try_from(
                self.token_index(tx, at)
                    .await?
                    .owners(self.clock.now_ms(), None)
                    .len(),
            )
            .unwrap_or(i64::MAX),
        })
    }

    /// How many accounts there are of which sort.
    pub(crate) async fn account_tally(&self, tx: &mut Tx, at: Snapshot) -> Result<TallyView, ViewError> {
        if let Some(tally) = self.memo.get::<TallyView>(at, "account tally", "") {
            return Ok(*tally);
        }
        let tally = TallyView::from(tx.account_tally(at).await?);
        Ok(*self.memo.put(at, "account tally", "", tally))
    }

    pub(crate) async fn account_count(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        filter: &AccountFilter,
    ) -> Result<i64, ViewError> {
        let detail = format!("{filter:?}");
        if let Some(count) = self.memo.get::<i64>(at, "account count", &detail) {
            return Ok(*count);
        }
        let count = tx.account_count(at, filter).await?;
        Ok(*self.memo.put(at, "account count", &detail, count))
    }

    /// Adds to accounts what a list shows of them besides.
    pub(crate) async fn account_items(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        rows: Vec<AccountRow>,
    ) -> Result<Vec<AccountItem>, ViewError> {
        let now = self.clock.now_ms();
        let terms: Vec<i64> = rows.iter().map(|row| row.account.term).collect();
        let extras = tx.account_extras(at, &terms).await?;
        let tokens = self.token_index(tx, at).await?;
        let mut wanted = Wanted::default();
        for (_, resource) in &extras.resources {
            wanted.resource(*resource);
        }
        let names = wanted.look_up(tx, at).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let term = row.account.term;
            let number = |pairs: &[(i64, i64)]| pairs.iter().find(|pair| pair.0 == term).map(|pair| pair.1);
            let resources: Vec<i64> = extras
                .resources
                .iter()
                .filter(|pair| pair.0 == term)
                .map(|pair| pair.1)
                .collect();
            let mut products: Vec<String> = Vec::new();
            for resource in &resources {
                let product = names.resource(*resource);
                if product.is_listed && !products.contains(&product.product) {
                    products.push(product.product);
                }
            }
            products.sort_by_key(|product| product_order(product));
            let of_account = |pair: &&(i64, String)| pair.0 == term;
            let mut item = AccountItem {
                account_type: text_of(&row, "type"),
                status: text_of(&row, "status"),
                claim_status: text_of(&row, "claim_status"),
                directory_statuses: extras
                    .directories
                    .iter()
                    .filter(|pair| pair.0 == term)
                    .filter_map(|pair| pair.1.text("status").map(str::to_owned))
                    .collect(),
                products,
                resources: i64::try_from(resources.len()).unwrap_or(i64::MAX),
                groups: number(&extras.groups).unwrap_or(0),
                live_tokens: tokens.live(&row.account.id, now),
                last_active_at: number(&extras.last_active_at).map(At),
                platform_roles: extras
                    .platform_roles
                    .iter()
                    .filter(of_account)
                    .map(|pair| RoleRef::of(&pair.1))
                    .collect(),
                since: row.account.seen.into(),
                account: AccountRef {
                    account_id: row.account.id,
                    name: row.name,
                    email: row.email,
                },
                marks: Vec::new(),
            };
            item.marks = marks_of(&item, now);
            items.push(item);
        }
        Ok(items)
    }
}

/// The usual order of products: the ones most people look for first.
fn product_order(product: &str) -> (u8, String) {
    let place = match product {
        "Jira" => 0,
        "Confluence" => 1,
        "Jira Service Management" => 2,
        "Bitbucket" => 3,
        _ => 4,
    };
    (place, product.to_owned())
}
