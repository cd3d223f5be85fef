//! API tokens: whose they are, and in what state.

use super::accounts::{DAY_MS, UNUSED_DAYS};
use super::error::ViewError;
use super::names::{AccountRef, Wanted};
use super::scope::Scope;
use super::time::{At, Since};
use super::{Listed, Slice};
use crate::App;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::Tx;
use store::views::accounts::AccountFilter;
use store::views::tokens::TokenRow;
use store::views::{Described, Snapshot};

/// An API token of an account.
#[derive(Debug, Clone, Serialize)]
pub struct TokenView {
    /// Its id as Atlassian spells it.
    pub token_id: String,
    /// What its owner called it.
    pub label: Option<String>,
    /// The state that Atlassian tells, such as `ALLOWED`.
    pub status: Option<String>,
    /// When it was made.
    pub created_at: Option<At>,
    /// When it stops working; `None` when that was not told or never.
    pub expires_at: Option<At>,
    /// When it was last used.
    pub last_active_at: Option<At>,
    /// Whether it still works, by its state and expiry.
    pub is_live: bool,
    /// From when it is known.
    pub since: Since,
}

/// Which tokens to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenChoice {
    /// All.
    #[default]
    All,
    /// Those that work.
    Live,
    /// Those that work, of accounts that are not active or not there.
    Orphans,
    /// Those that stop working within 30 days.
    Expiring,
    /// Those that stopped working or were revoked.
    Ended,
    /// Those that work and whose use was never told.
    NeverUsed,
    /// Those that work and were last used more than [`UNUSED_DAYS`] ago.
    Unused,
}

/// The order of a list of tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenOrder {
    /// Those that work first, by when they stop working; those that never do last.
    #[default]
    Expiry,
    /// By the owner's name.
    Owner,
    /// The longest unused first; never used before all.
    Unused,
    /// The most recently used first.
    Used,
    /// The most recently made first.
    Newest,
}

/// Which tokens to list, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokensAsk {
    /// Part of the owner's name, e-mail or id, or of the token's label.
    pub search: String,
    /// Which.
    pub choice: TokenChoice,
    /// In which order.
    pub order: TokenOrder,
    /// Which part.
    pub slice: Slice,
}

/// An API token in a list, with its owner.
#[derive(Debug, Clone, Serialize)]
pub struct TokenItem {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// Its owner; `None` when that was not told.
    pub owner: Option<AccountRef>,
    /// Why the owner is not active, in Atlassian's word; `gone` when there is no such account any more.
    pub owner_left_as: Option<String>,
}

impl TokenItem {
    /// Whether it works though its owner is not active.
    pub fn is_orphan(&self) -> bool {
        self.token.is_live && self.owner_left_as.is_some()
    }
}

/// The list with what heads it.
#[derive(Debug, Clone, Serialize)]
pub struct TokensView {
    /// The page of the list.
    pub tokens: Listed<TokenItem>,
    /// How many there are of which sort.
    pub tally: TokenTally,
    /// When their use was last read.
    pub activity_read_at: Option<At>,
    /// As of when.
    pub read_at: Option<At>,
}

/// How many tokens there are of which sort.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct TokenTally {
    /// All.
    pub tokens: i64,
    /// Those that work.
    pub live: i64,
    /// Those that work, of accounts that are not active.
    pub orphans: i64,
    /// Of how many accounts those are.
    pub orphan_owners: i64,
    /// Those that stop working within 30 days.
    pub expiring: i64,
    /// Those that work no more.
    pub ended: i64,
    /// Those that work and were never used, as far as told.
    pub never_used: i64,
    /// Those that work and were not used for [`UNUSED_DAYS`].
    pub unused: i64,
}

/// What the facts of a snapshot say of one token.
#[derive(Debug)]
struct Known {
    term: i64,
    /// Place of the owner; `usize::MAX` when it was not told.
    owner: usize,
    label: String,
    is_usable: bool,
    created_at: Option<i64>,
    expires_at: Option<i64>,
}

impl Known {
    fn is_live(&self, now: i64) -> bool {
        self.is_usable && self.expires_at.is_none_or(|at| at > now)
    }

    fn expires_within(&self, from: i64, until: i64) -> bool {
        self.is_usable && self.expires_at.is_some_and(|at| at > from && at <= until)
    }
}

/// What lists need of all tokens of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct TokenIndex {
    tokens: Vec<Known>,
    /// Id and number of each owner.
    owners: Vec<(String, i64)>,
    /// By owner's id: places of its tokens.
    of_owner: HashMap<String, Vec<usize>>,
}

impl TokenIndex {
    fn of(&self, account: &str) -> impl Iterator<Item = &Known> {
        let places = self.of_owner.get(account).into_iter().flatten();
        places.filter_map(|place| self.tokens.get(*place))
    }

    /// How many there are.
    pub fn total(&self) -> i64 {
        i64::try_from(self.tokens.len()).unwrap_or(i64::MAX)
    }

    /// The numbers of an account's tokens, also of those that were revoked.
    pub fn terms(&self, account: &str) -> Vec<i64> {
        self.of(account).map(|token| token.term).collect()
    }

    /// How many tokens of the account work at `now`.
    pub fn live(&self, account: &str, now: i64) -> i64 {
        let count = self.of(account).filter(|token| token.is_live(now)).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// The accounts with a token that works at `now`; with `by`, one that stops working by then.
    pub fn owners(&self, now: i64, by: Option<i64>) -> Vec<&str> {
        let is_asked = |token: &Known| match by {
            None => token.is_live(now),
            Some(by) => token.expires_within(now, by),
        };
        let owners = self
            .owners
            .iter()
            .map(|(id, _)| id.as_str())
            .filter(|id| self.of(id).any(is_asked));
        owners.collect()
    }

    /// How many tokens stop working after `from` and by `until`.
    pub fn expiring(&self, from: i64, until: i64) -> i64 {
        let soon = |token: &&Known| token.expires_within(from, until);
        i64::try_from(self.tokens.iter().filter(soon).count()).unwrap_or(i64::MAX)
    }
}

fn is_usable(token: &Described) -> bool {
    let status = token.attributes.text("status").unwrap_or_default().to_lowercase();
    !matches!(
        status.as_str(),
        "revoked" | "blocked" | "expired" | "inactive" | "deleted"
    )
}

impl TokenView {
    pub(crate) fn of(row: &TokenRow, now: i64) -> TokenView {
        let token = &row.token;
        let text = |name: &str| token.attributes.text(name).map(str::to_owned);
        let time = |name: &str| At::from_json(&token.attributes.json(name));
        let expires_at = time("expires_at");
        TokenView {
            token_id: token.id.clone(),
            label: text("label"),
            status: text("status"),
            created_at: time("created_at"),
            expires_at,
            last_active_at: row.last_active_at.map(At),
            is_live: is_usable(token) && expires_at.is_none_or(|at| at.0 > now),
            since: token.seen.into(),
        }
    }
}

/// An owner, as far as lists of tokens need it.
struct Owner {
    /// What it is searched in and sorted by; empty when there is no such account any more.
    search: String,
    left_as: String,
}

/// When tokens were last used, as of one reading of activity.
struct Uses {
    read_at: Option<i64>,
    by_token: HashMap<i64, i64>,
}

/// A token of the list, before its details are read.
struct Row<'i> {
    known: &'i Known,
    owner: Option<&'i Owner>,
    used_at: Option<i64>,
}

impl Row<'_> {
    /// Why the owner is not active; an owner that was told and is not there is gone.
    fn left_as(&self) -> Option<&str> {
        match self.owner {
            Some(owner) => Some(owner.left_as.as_str()).filter(|word| !word.is_empty()),
            None => (self.known.owner != usize::MAX).then_some("gone"),
        }
    }

    fn is_chosen(&self, choice: TokenChoice, now: i64) -> bool {
        let is_live = self.known.is_live(now);
        match choice {
            TokenChoice::All => true,
            TokenChoice::Live => is_live,
            TokenChoice::Orphans => is_live && self.left_as().is_some(),
            TokenChoice::Expiring => self.known.expires_within(now, now + 30 * DAY_MS),
            TokenChoice::Ended => !is_live,
            TokenChoice::NeverUsed => is_live && self.used_at.is_none(),
            TokenChoice::Unused => is_live && self.used_at.is_some_and(|at| now - at > UNUSED_DAYS * DAY_MS),
        }
    }

    fn contains(&self, search: &str) -> bool {
        self.known.label.to_lowercase().contains(search)
            || self.owner.is_some_and(|owner| owner.search.contains(search))
    }

    fn owner_name(&self) -> &str {
        self.owner.map_or("\u{10ffff}", |owner| owner.search.as_str())
    }
}

impl App {
    pub(crate) async fn token_index(&self, tx: &mut Tx, at: Snapshot) -> Result<Arc<TokenIndex>, ViewError> {
        if let Some(index) = self.memo.get::<TokenIndex>(at, "tokens", "") {
            return Ok(index);
        }
        let mut index = TokenIndex::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        for TokenRow { token, .. } in tx.token_list(at).await? {
            let time = |name: &str| At::from_json(&token.attributes.json(name)).map(|at| at.0);
            let owner = match token.attributes.text("account_id") {
                None => usize::MAX,
                Some(id) => {
                    let next = index.owners.len();
                    let place = *places.entry(id.to_owned()).or_insert(next);
                    if place == next {
                        index.owners.push((id.to_owned(), 0));
                    }
                    index
                        .of_owner
                        .entry(id.to_owned())
                        .or_default()
                        .push(index.tokens.len());
                    place
                }
            };
            index.tokens.push(Known {
                term: token.term,
                owner,
                label: token.attributes.text("label").unwrap_or_default().to_owned(),
                is_usable: is_usable(&token),
                created_at: time("created_at"),
                expires_at: time("expires_at"),
            });
        }
        let ids: Vec<&str> = index.owners.iter().map(|(id, _)| id.as_str()).collect();
        let numbers: HashMap<String, i64> = tx.term_numbers(&ids).await?.into_iter().collect();
        for (id, number) in &mut index.owners {
            *number = numbers.get(id).copied().unwrap_or(0);
        }
        Ok(self.memo.put(at, "tokens", "", index))
    }

    /// The owners of tokens, by number.
    async fn token_owners(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        index: &TokenIndex,
        needs_names: bool,
    ) -> Result<Arc<HashMap<i64, Owner>>, ViewError> {
        // Whether an owner left is a fact of the run and can be kept; names are not, for they can be erased.
        if !needs_names {
            if let Some(kept) = self.memo.get::<HashMap<i64, Owner>>(at, "token owners", "") {
                return Ok(kept);
            }
            let owner = |(account, left_as)| {
                let search = String::new();
                (account, Owner { search, left_as })
            };
            let owners = match tx.has_summary(at).await? {
                true => {
                    let rows = tx.token_owners(at).await?.into_iter();
                    rows.map(|row| owner((row.account, row.left_as))).collect()
                }
                false => tx.account_left(at).await?.into_iter().map(owner).collect(),
            };
            return Ok(self.memo.put(at, "token owners", "", owners));
        }
        Ok(Arc::new(self.read_token_owners(tx, at, index).await?))
    }

    /// When tokens were last used; kept until activity is read anew.
    async fn token_uses(&self, tx: &mut Tx, at: Snapshot) -> Result<Arc<Uses>, ViewError> {
        let read_at = tx.activity_read_at(at.organization).await?;
        let kept = self.memo.get::<Uses>(at, "token uses", "");
        if let Some(kept) = kept.filter(|kept| kept.read_at == read_at) {
            return Ok(kept);
        }
        let uses = Uses {
            read_at,
            by_token: tx.token_uses(at).await?.into_iter().collect(),
        };
        Ok(self.memo.put(at, "token uses", "", uses))
    }

    /// The owners with their names.
    async fn read_token_owners(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        index: &TokenIndex,
    ) -> Result<HashMap<i64, Owner>, ViewError> {
        let mut owners = HashMap::new();
        if tx.has_summary(at).await? {
            for row in tx.token_owners(at).await? {
                let owner = Owner {
                    search: row.search,
                    left_as: row.left_as,
                };
                owners.insert(row.account, owner);
            }
            return Ok(owners);
        }
        let ids: Vec<&str> = index.owners.iter().map(|(id, _)| id.as_str()).collect();
        for row in tx.account_list_among(at, &AccountFilter::default(), &ids).await? {
            let status = row.account.attributes.text("status").unwrap_or_default();
            let name = row.name.as_deref().unwrap_or_default();
            let email = row.email.as_deref().unwrap_or_default();
            let owner = Owner {
                search: format!("{name} {email} {}", row.account.id).to_lowercase(),
                left_as: if status == "active" { "" } else { status }.to_owned(),
            };
            owners.insert(row.account.term, owner);
        }
        Ok(owners)
    }

    /// The API tokens that were asked for, with their owners.
    pub async fn tokens(&self, scope: &Scope, ask: &TokensAsk) -> Result<TokensView, ViewError> {
        let mut tx = self.store.read().await?;
        self.tokens_in(&mut tx, scope, ask).await
    }

    pub(crate) async fn tokens_in(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        ask: &TokensAsk,
    ) -> Result<TokensView, ViewError> {
        let at = scope.at;
        let now = self.clock.now_ms();
        let index = self.token_index(tx, at).await?;
        let search = ask.search.trim().to_lowercase();
        let needs_names = !search.is_empty() || ask.order == TokenOrder::Owner;
        let owners = self.token_owners(tx, at, &index, needs_names).await?;
        let uses = self.token_uses(tx, at).await?;
        let rows = index.tokens.iter().map(|known| {
            let number = index.owners.get(known.owner).map(|(_, number)| number);
            Row {
                known,
                owner: number.and_then(|number| owners.get(number)),
                used_at: uses.by_token.get(&known.term).copied(),
            }
        });
        let all: Vec<Row<'_>> = rows.collect();
        let count = |choice: TokenChoice| {
            let chosen = all.iter().filter(|row| row.is_chosen(choice, now));
            i64::try_from(chosen.count()).unwrap_or(i64::MAX)
        };
        let orphans = all.iter().filter(|row| row.is_chosen(TokenChoice::Orphans, now));
        let orphan_owners: HashSet<usize> = orphans.map(|row| row.known.owner).collect();
        let tally = TokenTally {
            tokens: index.total(),
            live: count(TokenChoice::Live),
            orphans: count(TokenChoice::Orphans),
            orphan_owners: i64::try_from(orphan_owners.len()).unwrap_or(i64::MAX),
            expiring: count(TokenChoice::Expiring),
            ended: count(TokenChoice::Ended),
            never_used: count(TokenChoice::NeverUsed),
            unused: count(TokenChoice::Unused),
        };
        let is_asked =
            |row: &&Row<'_>| row.is_chosen(ask.choice, now) && (search.is_empty() || row.contains(&search));
        let mut chosen: Vec<&Row<'_>> = all.iter().filter(is_asked).collect();
        match ask.order {
            TokenOrder::Expiry => chosen.sort_by_key(|row| {
                let ended = !row.known.is_live(now);
                (ended, row.known.expires_at.unwrap_or(i64::MAX), row.known.term)
            }),
            TokenOrder::Owner => chosen.sort_by(|one, other| {
                let key = |row: &Row<'_>| (row.known.expires_at.unwrap_or(i64::MAX), row.known.term);
                one.owner_name()
                    .cmp(other.owner_name())
                    .then_with(|| key(one).cmp(&key(other)))
            }),
            TokenOrder::Unused => {
                chosen.sort_by_key(|row| (!row.known.is_live(now), row.used_at, row.known.term))
            }
            TokenOrder::Used => chosen.sort_by_key(|row| (Reverse(row.used_at), row.known.term)),
            TokenOrder::Newest => chosen.sort_by_key(|row| (Reverse(row.known.created_at), row.known.term)),
        }
        let shown = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(ask.slice.offset).unwrap_or(0);
        let take = usize::try_from(ask.slice.limit).unwrap_or(usize::MAX);
        let part: Vec<&Row<'_>> = chosen.into_iter().skip(skip).take(take).collect();
        let items = token_items(tx, at, &index, &part, now).await?;
        Ok(TokensView {
            tokens: Listed {
                rows: items,
                offset: ask.slice.offset,
                limit: ask.slice.limit,
                shown,
                total: tally.tokens,
                edges: None,
            },
            tally,
            activity_read_at: tx.activity_read_at(at.organization).await?.map(At),
            read_at: scope.read_at,
        })
    }
}

/// Reads what a list shows of some tokens.
async fn token_items(
    tx: &mut Tx,
    at: Snapshot,
    index: &TokenIndex,
    part: &[&Row<'_>],
    now: i64,
) -> Result<Vec<TokenItem>, ViewError> {
    let terms: Vec<i64> = part.iter().map(|row| row.known.term).collect();
    let mut views = HashMap::new();
    for row in tx.token_list_among(at, &terms).await? {
        views.insert(row.token.term, TokenView::of(&row, now));
    }
    let mut wanted = Wanted::default();
    for row in part {
        if let Some((_, number)) = index.owners.get(row.known.owner) {
            wanted.account(*number);
        }
    }
    let names = wanted.look_up(tx, at).await?;
    let mut items = Vec::with_capacity(part.len());
    for row in part {
        let owner = index.owners.get(row.known.owner).map(|(id, number)| {
            let known = names.account(*number);
            if known.account_id.is_empty() {
                AccountRef {
                    account_id: id.clone(),
                    ..known
                }
            } else {
                known
            }
        });
        items.extend(views.remove(&row.known.term).map(|token| TokenItem {
            token,
            owner,
            owner_left_as: row.left_as().map(str::to_owned),
        }));
    }
    Ok(items)
}
