//! The overview: what there is, what is worth a look, what changed.

use super::error::ViewError;
use super::scope::Scope;
use crate::App;
use serde::Serialize;

/// How much there is of what.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    /// Accounts.
    pub accounts: i64,
    /// Groups.
    pub groups: i64,
    /// Workspaces.
    pub workspaces: i64,
    /// Things that need a person.
    pub needs_person: i64,
}

impl App {
    /// How much there is of what.
    pub async fn counts(&self, scope: &Scope) -> Result<Counts, ViewError> {
        let at = scope.at;
        if let Some(counts) = self.memo.get::<Counts>(at, "counts", "") {
            return Ok(*counts);
        }
        let mut tx = self.store.read().await?;
        let counts = Counts {
            accounts: self.account_tally(&mut tx, at).await?.accounts,
            groups: i64::try_from(tx.group_list(at).await?.len()).unwrap_or(i64::MAX),
            workspaces: i64::try_from(tx.workspace_list(at).await?.len()).unwrap_or(i64::MAX),
            needs_person: 0,
        };
        Ok(*self.memo.put(at, "counts", "", counts))
    }
}
