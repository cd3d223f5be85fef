//! API tokens and their state.

use super::error::ViewError;
use super::time::{At, Since};
use crate::App;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use store::Tx;
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

/// What lists need of all tokens of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct TokenIndex {
    /// By account id: expiry of each token that was not revoked.
    pub by_account: HashMap<String, Vec<Option<i64>>>,
    /// By account id: the numbers of its tokens, also of those that were revoked.
    pub terms: HashMap<String, Vec<i64>>,
    /// How many there are.
    pub total: i64,
}

impl TokenIndex {
    /// How many tokens of the account work at `now`.
    pub fn live(&self, account: &str, now: i64) -> i64 {
        let live = |expires: &&Option<i64>| expires.is_none_or(|at| at > now);
        let count = self
            .by_account
            .get(account)
            .map_or(0, |tokens| tokens.iter().filter(live).count());
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// The accounts with a token that works at `now`; with `by`, one that stops working by then.
    pub fn owners(&self, now: i64, by: Option<i64>) -> Vec<&str> {
        let is_asked = |expires: &Option<i64>| match by {
            None => expires.is_none_or(|at| at > now),
            Some(by) => expires.is_some_and(|at| at > now && at <= by),
        };
        let owners = self
            .by_account
            .iter()
            .filter(|(_, tokens)| tokens.iter().any(is_asked));
        owners.map(|(account, _)| account.as_str()).collect()
    }

    /// How many tokens stop working after `from` and by `until`.
    pub fn expiring(&self, from: i64, until: i64) -> i64 {
        let soon = |expires: &&Option<i64>| expires.is_some_and(|at| at > from && at <= until);
        let count = self.by_account.values().flatten().filter(soon).count();
        i64::try_from(count).unwrap_or(i64::MAX)
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

impl App {
    pub(crate) async fn token_index(&self, tx: &mut Tx, at: Snapshot) -> Result<Arc<TokenIndex>, ViewError> {
        if let Some(index) = self.memo.get::<TokenIndex>(at, "tokens", "") {
            return Ok(index);
        }
        let mut index = TokenIndex::default();
        for TokenRow { token, .. } in tx.token_list(at).await? {
            index.total += 1;
            if let Some(account) = token.attributes.text("account_id") {
                index
                    .terms
                    .entry(account.to_owned())
                    .or_default()
                    .push(token.term);
            }
            if !is_usable(&token) {
                continue;
            }
            if let Some(account) = token.attributes.text("account_id") {
                let expires = At::from_json(&token.attributes.json("expires_at")).map(|at| at.0);
                index
                    .by_account
                    .entry(account.to_owned())
                    .or_default()
                    .push(expires);
            }
        }
        Ok(self.memo.put(at, "tokens", "", index))
    }
}
