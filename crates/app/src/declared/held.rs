//! The roles that accounts hold on a resource themselves, not through a group.

use super::known::Known;
use crate::error::AppError;
use crate::views::{AccountRef, Scope};
use std::collections::{BTreeMap, HashMap};
use store::Tx;

/// A role that an account holds itself.
#[derive(Debug, Clone)]
pub(super) struct OwnRole {
    pub account: AccountRef,
    /// Whether that is told, or follows because nothing else gives it. Otherwise a group or an administrator's role
    /// gives it, and whether the account was given it too was not read.
    pub is_certain: bool,
}

/// The roles that accounts hold themselves, or may: by account and role.
pub(super) async fn own_roles(
    tx: &mut Tx,
    scope: &Scope,
    known: &Known,
    resource: i64,
) -> Result<BTreeMap<(String, String), OwnRole>, AppError> {
    let (rows, names) = tx
        .effective_of_whole_resource(scope.snapshot(), resource, None)
        .await?;
    let names: HashMap<i64, AccountRef> = names
        .into_iter()
        .map(|name| (name.account, AccountRef::from(name)))
        .collect();
    let mut own = BTreeMap::new();
    for row in rows {
        let is_told = row.methods.is_some();
        if is_told && !row.methods.iter().flatten().any(|method| method == "direct") {
            continue;
        }
        if let (Some(account), Some(role)) = (names.get(&row.account), known.role_of(row.role)) {
            let account = account.clone();
            let is_certain = is_told || (row.group.is_none() && !known.may_follow(&account, role));
            own.insert(
                (account.account_id.clone(), role.to_owned()),
                OwnRole { account, is_certain },
            );
        }
    }
    Ok(own)
}
