//! What the SCIM directories hold: a record for each provisioned user, and one for each pushed group.
//!
//! A record is written at once; the account or group behind it follows like any other change of a directory. Each
//! directory of the organization has a SCIM directory of its own; the token is that of the first.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Change, World};

/// A provisioned user.
#[derive(Clone, Debug)]
pub(crate) struct ScimUser {
    pub(crate) id: Box<str>,
    pub(crate) directory: u16,
    /// The linked account.
    pub(crate) account: Option<u32>,
    pub(crate) user_name: Box<str>,
    /// What was written; nothing for a user that was generated, whose record follows from the account.
    pub(crate) document: Option<Box<Map<String, Value>>>,
    /// Counts where no managed account is linked.
    pub(crate) is_active: bool,
    pub(crate) created_ms: i64,
    pub(crate) modified_ms: i64,
    pub(crate) is_deleted: bool,
}

/// A pushed group; name and members are those of the group.
#[derive(Clone, Debug)]
pub(crate) struct ScimGroup {
    pub(crate) id: Box<str>,
    pub(crate) group: u32,
    pub(crate) external_id: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) modified_ms: i64,
    pub(crate) is_deleted: bool,
}

/// The records and their indexes.
#[derive(Debug, Default)]
pub(crate) struct Scim {
    /// Ids of SCIM directories, by directory of the organization.
    pub(crate) directory_ids: Vec<String>,
    pub(crate) users: Vec<ScimUser>,
    pub(crate) groups: Vec<ScimGroup>,
    by_id: HashMap<Box<str>, u32>,
    /// By directory and name in lower case.
    by_name: HashMap<(u16, Box<str>), u32>,
    by_account: HashMap<(u16, u32), u32>,
    group_by_id: HashMap<Box<str>, u32>,
    by_group: HashMap<u32, u32>,
}

impl Scim {
    pub(crate) fn add_user(&mut self, user: ScimUser) -> u32 {
        let index = self.users.len() as u32;
        self.by_id.insert(user.id.clone(), index);
        self.by_name
            .insert((user.directory, user.user_name.to_lowercase().into()), index);
        if let Some(account) = user.account {
            self.by_account.insert((user.directory, account), index);
        }
        self.users.push(user);
        index
    }

    pub(crate) fn add_group(&mut self, group: ScimGroup) -> u32 {
        let index = self.groups.len() as u32;
        self.group_by_id.insert(group.id.clone(), index);
        self.by_group.insert(group.group, index);
        self.groups.push(group);
        index
    }

    /// A user of the first directory.
    pub(crate) fn user_index(&self, id: &str) -> Option<u32> {
        let index = *self.by_id.get(id)?;
        let row = self.users.get(index as usize)?;
        (row.directory == 0 && !row.is_deleted).then_some(index)
    }

    pub(crate) fn user_named(&self, name: &str) -> Option<u32> {
        self.by_name.get(&(0, name.to_lowercase().into())).copied()
    }

    pub(crate) fn user_of_account(&self, directory: u16, account: u32) -> Option<&ScimUser> {
        let index = *self.by_account.get(&(directory, account))?;
        self.users.get(index as usize)
    }

    pub(crate) fn rename_user(&mut self, index: u32, name: &str) {
        if let Some(row) = self.users.get_mut(index as usize) {
            self.by_name
                .remove(&(row.directory, row.user_name.to_lowercase().into()));
            row.user_name = name.into();
            self.by_name
                .insert((row.directory, name.to_lowercase().into()), index);
        }
    }

    /// Breaks the link of a record; its account stays.
    pub(crate) fn unlink(&mut self, index: u32) {
        if let Some(row) = self.users.get_mut(index as usize) {
            let account = row.account.take();
            if let Some(account) = account {
                self.by_account.remove(&(row.directory, account));
            }
        }
    }

    pub(crate) fn delete_user(&mut self, index: u32) {
        self.unlink(index);
        if let Some(row) = self.users.get_mut(index as usize) {
            row.is_deleted = true;
            row.document = None;
            self.by_id.remove(&row.id);
            self.by_name
                .remove(&(row.directory, row.user_name.to_lowercase().into()));
        }
    }

    /// The users of the first directory, in the order of lists.
    pub(crate) fn listed_users(&self) -> impl Iterator<Item = (u32, &ScimUser)> {
        (0u32..)
            .zip(&self.users)
            .filter(|(_, row)| row.directory == 0 && !row.is_deleted)
    }

    /// The records linked to an account, in any directory.
    pub(crate) fn links(&self, account: u32) -> impl Iterator<Item = (u32, &ScimUser)> {
        (0u32..)
            .zip(&self.users)
            .filter(move |(_, row)| row.account == Some(account) && !row.is_deleted)
    }
}

impl World {
    /// The pushed groups that are there, or about to be, in the order of lists.
    pub(crate) fn scim_groups(&self) -> impl Iterator<Item = (u32, &ScimGroup)> {
        (0u32..)
            .zip(&self.scim.groups)
            .filter(|(_, row)| !row.is_deleted && self.is_pushed(row))
    }

    pub(crate) fn scim_group_index(&self, id: &str) -> Option<u32> {
        let index = *self.scim.group_by_id.get(id)?;
        let row = self.scim.groups.get(index as usize)?;
        (!row.is_deleted && self.is_pushed(row)).then_some(index)
    }

    pub(crate) fn scim_group_of(&self, group: u32) -> Option<&ScimGroup> {
        let index = *self.scim.by_group.get(&group)?;
        self.scim
            .groups
            .get(index as usize)
            .filter(|row| !row.is_deleted && self.is_pushed(row))
    }

    fn is_pushed(&self, row: &ScimGroup) -> bool {
        self.group(row.group)
            .is_some_and(|group| !group.is_deleted || group.is_coming)
    }

    /// The members of a group once everything accepted is visible, ascending.
    pub(crate) fn members_soon(&self, group: u32) -> Vec<u32> {
        let mut members = self
            .group(group)
            .map(|row| row.members.clone())
            .unwrap_or_default();
        let changes: Vec<(u32, bool)> = self
            .waiting()
            .filter_map(|change| match change {
                Change::MemberAdd { group: g, account } if *g == group => Some((*account, true)),
                Change::MemberRemove { group: g, account } if *g == group => Some((*account, false)),
                _ => None,
            })
            .collect();
        if changes.is_empty() {
            return members;
        }
        let last: HashMap<u32, bool> = changes.into_iter().collect();
        members.retain(|account| !last.contains_key(account));
        members.extend(
            last.into_iter()
                .filter(|(_, is_in)| *is_in)
                .map(|(account, _)| account),
        );
        members.sort_unstable();
        members
    }

    /// The pushed groups an account will be in once everything accepted is visible.
    pub(crate) fn scim_groups_of(&self, account: u32) -> Vec<&ScimGroup> {
        let mut groups = self
            .account(account)
            .map(|row| row.groups.clone())
            .unwrap_or_default();
        for change in self.waiting() {
            match change {
                Change::MemberAdd { group, account: a } if *a == account && !groups.contains(group) => {
                    groups.push(*group)
                }
                Change::MemberRemove { group, account: a } if *a == account => {
                    groups.retain(|it| it != group)
                }
                _ => {}
            }
        }
        groups
            .into_iter()
            .filter_map(|group| self.scim_group_of(group))
            .collect()
    }

    /// Whether a record is active: as its managed account is, once what SCIM wrote is visible.
    pub(crate) fn scim_is_active(&self, user: &ScimUser) -> bool {
        let Some((index, row)) = user
            .account
            .and_then(|index| self.account(index).map(|row| (index, row)))
            .filter(|(_, row)| row.is_managed())
        else {
            return user.is_active;
        };
        let written = self.waiting().filter_map(|change| match change {
            Change::Status {
                account,
                status,
                is_scim: true,
                ..
            } if *account == index => Some(*status == "active"),
            _ => None,
        });
        written
            .last()
            .unwrap_or(!matches!(row.account_status, Some("inactive" | "closed")))
    }
}
