//! Asking Atlassian for what an errand names, into the shape of stored facts.

use crate::error::AppError;
use crate::plans::facts::{Facts, NOT_STORED};
use crate::plans::make::Live;
use crate::plans::matches;
use crate::views::ViewError;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::wire::{self, AccountGroup};
use atlassian::{Admin, Cursor};
use model::role::ORGANIZATION_ADMIN;
use model::{AccountId, Attributes, DirectoryId, GroupId};
use std::collections::BTreeSet;
use store::views::accounts::AccountRow;
use store::views::{Described, Seen};
use store::{ConnectionRow, Tx};

/// Atlassian knows no such thing.
pub(super) fn unknown(what: &'static str, id: &str) -> AppError {
    AppError::View(ViewError::Unknown {
        what,
        asked: id.to_owned(),
        nearest: Vec::new(),
    })
}

/// Asks one thing after another and keeps what was said.
pub(super) struct Asking<'a> {
    pub tx: &'a mut Tx,
    pub admin: &'a Admin,
    pub connection: &'a ConnectionRow,
    pub facts: Facts,
    pub live: Live,
}

impl Asking<'_> {
    pub async fn number(&mut self, text: &str) -> Result<i64, AppError> {
        let number = self.tx.term_find(text).await?.unwrap_or(NOT_STORED);
        self.facts.terms.insert(text.to_owned(), number);
        Ok(number)
    }

    /// Asks for a group, and answers its directory.
    pub async fn group(&mut self, id: &GroupId) -> Result<DirectoryId, AppError> {
        let page = self.admin.groups(&[id.to_string()], None).await?;
        let Some(found) = page.items.into_iter().find(|group| group.id == id.as_str()) else {
            return Err(unknown("group", id.as_str()));
        };
        let Some(directory) = found.directory_id.clone() else {
            return Err(AppError::NoDirectory {
                group: id.to_string(),
            });
        };
        if let Some(members) = found.counts.as_ref().and_then(|counts| counts.users) {
            self.live.members.insert(id.to_string(), members);
        }
        let access = found.management_access.unwrap_or_default();
        let attributes = Attributes::new()
            .with("name", found.name)
            .with("directory_id", found.directory_id)
            .with("external_synced", found.external_synced)
            .with("modifiable", access.modifiable)
            .with("managed_by", found.managed_by);
        let described = self.described(id.as_str(), attributes).await?;
        self.facts.groups.insert(id.to_string(), described);
        Ok(DirectoryId::new(directory))
    }

    /// Asks for an account in one directory or in all; answers whether it is there.
    pub async fn account(&mut self, directory: &str, id: &AccountId) -> Result<bool, AppError> {
        let search = AccountSearch {
            accounts: vec![id.to_string()],
            expanded: true,
            ..AccountSearch::default()
        };
        let page = self.admin.accounts(directory, &search, None).await?;
        let found = page
            .items
            .into_iter()
            .find(|account| account.account_id == id.as_str());
        let Some(found) = found else {
            return Ok(false);
        };
        if directory != ALL_DIRECTORIES {
            let status = found.status.clone().unwrap_or_default();
            let places = self.live.places.entry(id.clone()).or_default();
            places.insert(directory.to_owned(), status);
        }
        self.add_account(id, found).await?;
        Ok(true)
    }

    pub async fn known_account(&mut self, id: &AccountId) -> Result<(), AppError> {
        if self.account(ALL_DIRECTORIES, id).await? {
            Ok(())
        } else {
            Err(unknown("account", id.as_str()))
        }
    }

    pub async fn add_account(&mut self, id: &AccountId, told: wire::Account) -> Result<(), AppError> {
        let roles = told.platform_roles.unwrap_or_default();
        let is_admin = roles.iter().any(|role| role == ORGANIZATION_ADMIN);
        self.live.named_admins.insert(id.clone(), is_admin);
        self.live.places.entry(id.clone()).or_default();
        let is_protected = |group: &AccountGroup| {
            let name = group.name.as_deref().unwrap_or_default();
            let patterns = &self.connection.guards.protected_groups;
            patterns
                .iter()
                .any(|pattern| matches(pattern, &group.id) || matches(pattern, name))
        };
        if told.groups.iter().flatten().any(is_protected) {
            self.live.protected_by_group.insert(id.to_string());
        }
        let attributes = Attributes::new()
            .with("claim_status", told.claim_status)
            .with("status", told.status);
        let row = AccountRow {
            account: self.described(id.as_str(), attributes).await?,
            name: told.name,
            email: told.email,
        };
        self.facts.accounts.insert(id.to_string(), row);
        Ok(())
    }

    /// The directories that an account is in.
    pub async fn directories_of(&mut self, id: &AccountId) -> Result<Vec<DirectoryId>, AppError> {
        let mut all = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = self.admin.directories(cursor.as_ref()).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let mut directories = Vec::new();
        for directory in all {
            if self.account(&directory.directory_id, id).await? {
                directories.push(DirectoryId::new(directory.directory_id));
            }
        }
        if directories.is_empty() {
            return Err(unknown("account", id.as_str()));
        }
        Ok(directories)
    }

    /// Everybody who is an organization admin and can act.
    pub async fn organization_admins(&mut self) -> Result<(), AppError> {
        let search = AccountSearch {
            roles: vec![ORGANIZATION_ADMIN.to_owned()],
            ..AccountSearch::default()
        };
        let mut cursor: Option<Cursor> = None;
        let mut admins = BTreeSet::new();
        loop {
            let page = self
                .admin
                .accounts(ALL_DIRECTORIES, &search, cursor.as_ref())
                .await?;
            let active = page
                .items
                .into_iter()
                .filter(|account| account.account_status.as_deref() == Some("active"));
            admins.extend(active.map(|account| account.account_id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        self.live.organization_admins = admins;
        Ok(())
    }

    async fn described(&mut self, id: &str, attributes: Attributes) -> Result<Described, AppError> {
        Ok(Described {
            term: self.tx.term_find(id).await?.unwrap_or(NOT_STORED),
            id: id.to_owned(),
            attributes,
            seen: Seen {
                unseen_at: None,
                seen_at: 0,
            },
        })
    }
}
