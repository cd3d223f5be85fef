//! What may be changed on a managed account. Asked now, because it depends on policies and on the identity provider.

use crate::App;
use crate::error::AppError;
use crate::views::{AccountRef, Scope, ViewError};
use atlassian::wire::Rule;
use atlassian::{Options, refusal};
use model::AccountId;
use serde::Serialize;

/// Whether one thing may be done with an account.
#[derive(Debug, Clone, Serialize)]
pub struct PrivilegeLine {
    /// Such as `lifecycle.enablement`.
    pub privilege: String,
    /// Which field of the profile, where the rule is about one.
    pub field: Option<String>,
    /// Whether it may be done.
    pub allowed: bool,
    /// Atlassian's word for why not.
    pub reason: Option<String>,
    /// What to do about it.
    pub what_to_do: Option<String>,
}

/// What may be done with an account.
#[derive(Debug, Clone, Serialize)]
pub struct PrivilegesView {
    /// Whose.
    pub account: AccountRef,
    /// Each thing.
    pub privileges: Vec<PrivilegeLine>,
}

/// Why what may be done could not be told.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegesError {
    /// The account could not be found.
    #[error(transparent)]
    View(#[from] ViewError),
    /// It could not be asked.
    #[error(transparent)]
    App(#[from] AppError),
}

impl App {
    /// Asks what may be changed on an account: its id, e-mail address or full name.
    pub async fn privileges(
        &self,
        scope: &Scope,
        asked: &str,
        options: &Options,
    ) -> Result<PrivilegesView, PrivilegesError> {
        let at = scope.snapshot();
        let mut tx = self.store.read().await.map_err(AppError::from)?;
        let row = self.find_account(&mut tx, at, asked).await?;
        drop(tx);
        let manage = self.manage(at.organization, options).await?;
        let account = AccountId::new(&row.account.id);
        let told = manage.privileges(&account).await.map_err(AppError::from)?;
        let line = |(name, rule): (String, Rule)| {
            let (privilege, field) = match name.split_once('/') {
                Some((privilege, field)) => (privilege.to_owned(), Some(field.to_owned())),
                None => (name, None),
            };
            let (allowed, reason) = match rule {
                Rule::Allowed => (true, None),
                Rule::Refused { reason } => (false, reason),
            };
            let nothing_said =
                || "Atlassian gives no reason; look the account up in admin.atlassian.com".into();
            let advice = || reason.as_deref().map_or_else(nothing_said, refusal::advice);
            PrivilegeLine {
                what_to_do: (!allowed).then(advice),
                privilege,
                field,
                allowed,
                reason,
            }
        };
        Ok(PrivilegesView {
            account: AccountRef {
                account_id: row.account.id,
                name: row.name,
                email: row.email,
            },
            privileges: told.0.into_iter().map(line).collect(),
        })
    }
}
