//! What an identity provider owns: the records of its SCIM directory, and the accounts and groups behind them.
//!
//! Known only where a connection knows the directory and its token; without one nothing is said either way. A record
//! names its account. It names no group: a group's record is found by its name, which is the group's for good.

use super::error::ViewError;
use super::names::{AccountRef, Wanted};
use super::scope::Scope;
use super::time::Since;
use crate::App;
use serde::Serialize;
use store::Tx;
use store::views::scim::ScimUserRow;
use store::views::{Described, Snapshot};

/// A SCIM directory and how many records it has.
#[derive(Debug, Clone, Serialize)]
pub struct ScimDirectoryItem {
    /// Its id as Atlassian spells it.
    pub directory_id: String,
    /// Records of users that are linked to an account.
    pub linked: i64,
    /// Records of users that are linked to none.
    pub unlinked: i64,
    /// Records of groups.
    pub groups: i64,
}

/// The record that owns an account or a group.
#[derive(Debug, Clone, Serialize)]
pub struct ScimRecord {
    /// The SCIM directory's id.
    pub directory_id: String,
    /// The record's id.
    pub record_id: String,
    /// What the user or group is called there, if that was told and not erased.
    pub name: Option<String>,
    /// Whether the user is active there; `None` for groups and when it was not told.
    pub active: Option<bool>,
    /// From when.
    pub since: Since,
}

/// What an identity provider says of an account or a group.
#[derive(Debug, Clone, Serialize)]
pub struct Provisioning {
    /// Whether any SCIM directory was ever read; without one, no record means nothing.
    pub is_read: bool,
    /// Its records; none when no identity provider owns it.
    pub records: Vec<ScimRecord>,
}

/// A record of a user with its account.
#[derive(Debug, Clone, Serialize)]
pub struct ScimUserItem {
    /// The record.
    #[serde(flatten)]
    pub record: ScimRecord,
    /// The account that it is linked to.
    pub account: Option<AccountRef>,
}

/// Where the next part of the records of users begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScimPlace {
    /// Which of the directories.
    directory: usize,
    /// After which account and record in it.
    after: (i64, i64),
}

fn record(directory_id: &str, record: Described, name: Option<String>) -> ScimRecord {
    ScimRecord {
        directory_id: directory_id.to_owned(),
        name,
        active: record.attributes.flag("active"),
        since: record.seen.into(),
        record_id: record.id,
    }
}

/// What SCIM directories say of an account.
pub(crate) async fn of_account(tx: &mut Tx, at: Snapshot, account: i64) -> Result<Provisioning, ViewError> {
    let directories = tx.scim_directories(at.organization).await?;
    let mut records = Vec::new();
    for (directory, id) in &directories {
        for row in tx.scim_users_of_account(at, *directory, account).await? {
            records.push(record(id, row.record, row.user_name));
        }
    }
    Ok(Provisioning {
        is_read: !directories.is_empty(),
        records,
    })
}

/// What SCIM directories say of the group of this name.
pub(crate) async fn of_group(tx: &mut Tx, at: Snapshot, name: &str) -> Result<Provisioning, ViewError> {
    let directories = tx.scim_directories(at.organization).await?;
    let mut records = Vec::new();
    for (directory, id) in &directories {
        for row in tx.scim_groups_named(at, *directory, name).await? {
            let name = row.attributes.text("name").map(str::to_owned);
            records.push(record(id, row, name));
        }
    }
    Ok(Provisioning {
        is_read: !directories.is_empty(),
        records,
    })
}

/// The SCIM directories that have records, or had them.
pub(crate) async fn directories(tx: &mut Tx, at: Snapshot) -> Result<Vec<ScimDirectoryItem>, ViewError> {
    let mut items = Vec::new();
    for (directory, directory_id) in tx.scim_directories(at.organization).await? {
        let counts = tx.scim_counts(at, directory).await?;
        items.push(ScimDirectoryItem {
            directory_id,
            linked: counts.linked,
            unlinked: counts.unlinked,
            groups: counts.groups,
        });
    }
    Ok(items)
}

impl App {
    /// A part of the records of users in all SCIM directories, of each those without an account first, or alone; and
    /// where the next part begins. A part may be shorter than `limit`, or empty, and not be the last.
    pub async fn scim_users(
        &self,
        scope: &Scope,
        unlinked: bool,
        place: ScimPlace,
        limit: i64,
    ) -> Result<(Vec<ScimUserItem>, Option<ScimPlace>), ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let directories = tx.scim_directories(at.organization).await?;
        let Some((directory, id)) = directories.get(place.directory) else {
            return Ok((Vec::new(), None));
        };
        let rows = tx
            .scim_user_list(at, *directory, unlinked, place.after, limit)
            .await?;
        let mut wanted = Wanted::default();
        for account in rows.iter().filter_map(|row| row.account) {
            wanted.account(account);
        }
        let names = wanted.look_up(&mut tx, at).await?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
        let next = match rows.last() {
            Some(last) if is_full => Some(ScimPlace {
                after: (last.account.unwrap_or(0), last.record.term),
                ..place
            }),
            _ if place.directory + 1 < directories.len() => Some(ScimPlace {
                directory: place.directory + 1,
                after: (0, 0),
            }),
            _ => None,
        };
        let item = |row: ScimUserRow| ScimUserItem {
            account: row.account.map(|account| names.account(account)),
            record: record(id, row.record, row.user_name),
        };
        Ok((rows.into_iter().map(item).collect(), next))
    }
}
