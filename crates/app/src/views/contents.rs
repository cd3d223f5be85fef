//! Everything of an organization, part by part and by our numbers, for a surface that writes it whole into a file.

use super::error::ViewError;
use super::scope::Scope;
use crate::App;
use model::FactKind;
use std::collections::HashMap;
use store::views::Described;
use store::views::contents::DescribedAccount;
use store::views::tokens::TokenRow;

/// Accounts of one part: each comes with everything that was told of it.
const ACCOUNTS: i64 = 500;
/// Keys of one part.
const KEYS: i64 = 2_500;

/// What there is few of.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The organization's name, once it was told.
    pub organization_name: Option<String>,
    /// The groups.
    pub groups: Vec<Described>,
    /// The workspaces.
    pub workspaces: Vec<Described>,
    /// The API tokens with their last uses.
    pub tokens: Vec<TokenRow>,
}

impl App {
    /// What there is few of.
    pub async fn contents_inventory(&self, scope: &Scope) -> Result<Inventory, ViewError> {
        let at = scope.snapshot();
        let mut tx = self.store.read().await?;
        Ok(Inventory {
            organization_name: tx.organization_get(at.organization).await?.name,
            groups: tx.group_list(at).await?,
            workspaces: tx.workspace_list(at).await?,
            tokens: tx.token_list(at).await?,
        })
    }

    /// The accounts after the one with the number `after`, in the order of their numbers; none when that was the last.
    pub async fn contents_accounts(
        &self,
        scope: &Scope,
        after: i64,
    ) -> Result<Vec<DescribedAccount>, ViewError> {
        let mut tx = self.store.read().await?;
        Ok(tx.account_descriptions(scope.snapshot(), after, ACCOUNTS).await?)
    }

    /// The keys of facts after `after`, in order, their first part being at most `until`; none when that was the last.
    pub async fn contents_keys(
        &self,
        scope: &Scope,
        kind: FactKind,
        after: [i64; 3],
        until: i64,
    ) -> Result<Vec<[i64; 3]>, ViewError> {
        let mut tx = self.store.read().await?;
        Ok(tx.fact_keys(scope.snapshot(), kind, after, until, KEYS).await?)
    }

    /// The ids with these numbers.
    pub async fn contents_ids(&self, numbers: &[i64]) -> Result<HashMap<i64, String>, ViewError> {
        let mut tx = self.store.read().await?;
        Ok(tx.term_texts(numbers).await?)
    }
}
