//! Whose tokens there are, and what the organization has besides: its API keys and service accounts.
//!
//! The list of tokens is that of [`super::tokens`]; here each has its owner's state beside it, for scripts and tables.

use super::accounts::DAY_MS;
use super::error::ViewError;
use super::names::{AccountRef, Names, Wanted};
use super::scope::Scope;
use super::time::At;
use super::tokens::{TokenItem, TokensAsk};
use super::{Slice, tokens::TokenChoice};
use crate::App;
use model::FactKind;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::Tx;
use store::views::Described;
use store::views::accounts::AccountFilter;
use store::views::tokens::TokenRow;

/// Which tokens or keys to list; those that meet everything that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventoryFilter {
    /// Only those that stopped working by their expiry.
    pub expired: bool,
    /// Only those that do so within so many days.
    pub expiring_days: Option<i64>,
    /// Only those whose use was never told.
    pub never_used: bool,
    /// Only those that still work though their owner is not active or not there; with `expired`, those that expired.
    pub orphans: bool,
    /// Only those of this account: its id, e-mail address or full name.
    pub owner: Option<String>,
}

impl InventoryFilter {
    fn lets_through(&self, expires_at: Option<At>, last_active_at: Option<At>, now: i64) -> bool {
        let is_expired = expires_at.is_some_and(|at| at.0 <= now);
        let is_expiring = |days: i64| {
            expires_at.is_some_and(|at| at.0 > now && at.0 <= now.saturating_add(days.saturating_mul(DAY_MS)))
        };
        (!self.expired || is_expired)
            && self.expiring_days.is_none_or(is_expiring)
            && (!self.never_used || last_active_at.is_none())
    }
}

/// The owner of a token.
#[derive(Debug, Clone, Serialize)]
pub struct TokenOwnerLine {
    /// Its id as Atlassian spells it.
    pub account_id: String,
    /// The person's name, if it was told.
    pub name: Option<String>,
    /// The person's e-mail, if it was told.
    pub email: Option<String>,
    /// The state of the account as Atlassian tells it; `None` when there is no such account any more.
    pub status: Option<String>,
}

/// An API token and whose it is.
#[derive(Debug, Clone, Serialize)]
pub struct TokenLine {
    /// Its id.
    pub token_id: String,
    /// What its owner called it.
    pub label: Option<String>,
    /// The state that Atlassian tells, such as `ALLOWED`.
    pub status: Option<String>,
    /// When it was made.
    pub created_at: Option<At>,
    /// When it stops working.
    pub expires_at: Option<At>,
    /// Whole days until then; negative once it is over.
    pub expires_in_days: Option<i64>,
    /// When it was last used.
    pub last_active_at: Option<At>,
    /// Its owner.
    pub owner: Option<TokenOwnerLine>,
    /// Whether it still works, by its state and expiry.
    pub works: bool,
    /// Why it has no owner who could answer for it: `owner deactivated`, `owner suspended` or `owner gone`.
    pub orphan: Option<&'static str>,
}

/// An API key of the organization.
#[derive(Debug, Clone, Serialize)]
pub struct KeyLine {
    /// Its id; never the key.
    pub key_id: String,
    /// What it was called.
    pub label: Option<String>,
    /// `SCOPED` or `UNSCOPED`, as far as told.
    pub key_type: Option<String>,
    /// Who made it.
    pub created_by: Option<AccountRef>,
    /// Whether that account is still there.
    pub maker_is_there: bool,
    /// When it was made.
    pub created_at: Option<At>,
    /// When it stops working.
    pub expires_at: Option<At>,
    /// Whole days until then; negative once it is over.
    pub expires_in_days: Option<i64>,
    /// When it was last used.
    pub last_active_at: Option<At>,
    /// What it may do, as Atlassian tells it.
    pub scopes: serde_json::Value,
}

/// A service account.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceAccountLine {
    /// Its account.
    pub account_id: String,
    /// Whether Atlassian lists it among the accounts too.
    pub is_listed: bool,
    /// What it is called.
    pub name: Option<String>,
    /// Its state, such as `ACTIVE`.
    pub status: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Who made it.
    pub created_by: Option<AccountRef>,
    /// Whether that account is still there.
    pub maker_is_there: bool,
}

/// Whole days from `now` until an instant, rounded down.
fn days_until(at: At, now: i64) -> i64 {
    at.0.saturating_sub(now).div_euclid(DAY_MS)
}

/// Why a token's owner cannot answer for it, by the word for how the owner left.
fn orphan_word(left_as: &str) -> &'static str {
    match left_as {
        "suspended" => "owner suspended",
        "gone" | "closed" | "no_membership" => "owner gone",
        _ => "owner deactivated",
    }
}

fn text(described: &Described, name: &str) -> Option<String> {
    described.attributes.text(name).map(str::to_owned)
}

fn time(described: &Described, name: &str) -> Option<At> {
    At::from_json(&described.attributes.json(name))
}

/// So many at once.
const A_PART: i64 = 1_000;

impl App {
    /// The API tokens with their owners, soonest to expire first.
    pub async fn token_map(
        &self,
        scope: &Scope,
        filter: &InventoryFilter,
    ) -> Result<Vec<TokenLine>, ViewError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let owner = match &filter.owner {
            Some(asked) => Some(
                self.find_account(&mut tx, scope.snapshot(), asked)
                    .await?
                    .account
                    .id,
            ),
            None => None,
        };
        let mut lines = Vec::new();
        let mut offset = 0;
        loop {
            let ask = TokensAsk {
                choice: TokenChoice::All,
                slice: Slice::at(offset, A_PART),
                ..TokensAsk::default()
            };
            let part = self.tokens_in(&mut tx, scope, &ask).await?.tokens;
            let next = part.next_offset();
            let wanted: Vec<TokenItem> = part
                .rows
                .into_iter()
                .filter(|item| {
                    let (token, theirs) = (&item.token, item.owner.as_ref());
                    filter.lets_through(token.expires_at, token.last_active_at, now)
                        && (!filter.orphans
                            || item.is_orphan()
                            || (filter.expired && item.owner_left_as.is_some()))
                        && owner
                            .as_ref()
                            .is_none_or(|id| theirs.is_some_and(|theirs| theirs.account_id == *id))
                })
                .collect();
            lines.extend(token_lines(&mut tx, scope, wanted, now).await?);
            match next {
                Some(next) => offset = next,
                None => return Ok(lines),
            }
        }
    }

    /// The organization's API keys, soonest to expire first.
    pub async fn api_keys(&self, scope: &Scope, filter: &InventoryFilter) -> Result<Vec<KeyLine>, ViewError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let mut keys = tx.key_list(scope.snapshot()).await?;
        keys.retain(|row| {
            filter.lets_through(time(&row.token, "expires_at"), row.last_active_at.map(At), now)
        });
        let makers = makers(&mut tx, scope, keys.iter().map(|row| &row.token)).await?;
        let line = |TokenRow {
                        token: key,
                        last_active_at,
                    }: &TokenRow| KeyLine {
            key_id: key.id.clone(),
            label: text(key, "label"),
            key_type: text(key, "key_type"),
            created_by: makers.of(key),
            maker_is_there: makers.is_there(key),
            created_at: time(key, "created_at"),
            expires_at: time(key, "expires_at"),
            expires_in_days: time(key, "expires_at").map(|at| days_until(at, now)),
            last_active_at: last_active_at.map(At),
            scopes: key.attributes.json("scopes"),
        };
        let mut lines: Vec<KeyLine> = keys.iter().map(line).collect();
        lines.sort_by_key(|line| line.expires_at.map_or(i64::MAX, |at| at.0));
        Ok(lines)
    }

    /// The service accounts, by name.
    pub async fn service_accounts(&self, scope: &Scope) -> Result<Vec<ServiceAccountLine>, ViewError> {
        let mut tx = self.store.read().await?;
        let rows = tx
            .governance_list(scope.snapshot(), FactKind::ServiceAccount)
            .await?;
        let makers = makers(&mut tx, scope, rows.iter()).await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let listed = listed(&mut tx, scope, &ids).await?;
        let line = |row: &Described| ServiceAccountLine {
            account_id: row.id.clone(),
            is_listed: listed.contains(&row.id),
            name: text(row, "name"),
            status: text(row, "status"),
            description: text(row, "description"),
            created_by: makers.of(row),
            maker_is_there: makers.is_there(row),
        };
        let mut lines: Vec<ServiceAccountLine> = rows.iter().map(line).collect();
        lines.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(lines)
    }
}

async fn token_lines(
    tx: &mut Tx,
    scope: &Scope,
    items: Vec<TokenItem>,
    now: i64,
) -> Result<Vec<TokenLine>, ViewError> {
    let mut ids: Vec<&str> = items
        .iter()
        .filter_map(|item| item.owner.as_ref())
        .map(|owner| owner.account_id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let owners = tx
        .account_list_among(scope.snapshot(), &AccountFilter::default(), &ids)
        .await?;
    let statuses: HashMap<String, Option<String>> = owners
        .iter()
        .map(|owner| (owner.account.id.clone(), text(&owner.account, "status")))
        .collect();
    let line = |item: TokenItem| TokenLine {
        token_id: item.token.token_id,
        label: item.token.label,
        status: item.token.status,
        created_at: item.token.created_at,
        expires_at: item.token.expires_at,
        expires_in_days: item.token.expires_at.map(|at| days_until(at, now)),
        last_active_at: item.token.last_active_at,
        works: item.token.is_live,
        orphan: item.owner_left_as.as_deref().map(orphan_word),
        owner: item.owner.map(|owner| TokenOwnerLine {
            status: statuses.get(&owner.account_id).cloned().flatten(),
            account_id: owner.account_id,
            name: owner.name,
            email: owner.email,
        }),
    };
    Ok(items.into_iter().map(line).collect())
}

/// Who made what.
struct Makers {
    numbers: HashMap<String, i64>,
    names: Names,
    listed: HashSet<String>,
}

impl Makers {
    fn is_there(&self, what: &Described) -> bool {
        what.attributes
            .text("created_by")
            .is_some_and(|id| self.listed.contains(id))
    }

    fn of(&self, what: &Described) -> Option<AccountRef> {
        let id = what.attributes.text("created_by")?;
        let known = self.numbers.get(id).map(|number| self.names.account(*number));
        let known = known.filter(|known| !known.account_id.is_empty());
        Some(known.unwrap_or_else(|| AccountRef {
            account_id: id.to_owned(),
            name: None,
            email: None,
        }))
    }
}

async fn makers(
    tx: &mut Tx,
    scope: &Scope,
    rows: impl Iterator<Item = &Described>,
) -> Result<Makers, ViewError> {
    let ids: Vec<&str> = rows.filter_map(|row| row.attributes.text("created_by")).collect();
    let numbers: HashMap<String, i64> = tx.term_numbers(&ids).await?.into_iter().collect();
    let mut wanted = Wanted::default();
    for number in numbers.values() {
        wanted.account(*number);
    }
    let names = wanted.look_up(tx, scope.snapshot()).await?;
    let listed = listed(tx, scope, &ids).await?;
    Ok(Makers {
        numbers,
        names,
        listed,
    })
}

/// Those of these ids that accounts of the snapshot have.
async fn listed(tx: &mut Tx, scope: &Scope, ids: &[&str]) -> Result<HashSet<String>, ViewError> {
    let rows = tx
        .account_list_among(scope.snapshot(), &AccountFilter::default(), ids)
        .await?;
    Ok(rows.into_iter().map(|row| row.account.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_negative_once_it_is_over() {
        let now = 10 * DAY_MS;
        assert_eq!(days_until(At(now + DAY_MS - 1), now), 0);
        assert_eq!(days_until(At(now + 3 * DAY_MS), now), 3);
        assert_eq!(days_until(At(now - 1), now), -1);
    }

    #[test]
    fn an_owner_is_deactivated_suspended_or_gone() {
        assert_eq!(orphan_word("inactive"), "owner deactivated");
        assert_eq!(orphan_word("for_deletion"), "owner deactivated");
        assert_eq!(orphan_word("suspended"), "owner suspended");
        assert_eq!(orphan_word("gone"), "owner gone");
    }
}
