//! Changes that were accepted and are not visible yet.
//!
//! Checks of later writes look through them, so that adding the same member twice within the delay is a conflict, as if
//! the vendor's own store were ahead of its search index.

use super::{Change, World};
use crate::roles::RoleSet;

/// A change and the reading of the clock from which it is visible.
#[derive(Debug)]
pub(super) struct Waiting {
    due_ms: i64,
    change: Change,
}

impl World {
    /// Accepts a change that becomes visible later.
    pub(crate) fn accept(&mut self, change: Change, due_ms: i64) {
        self.next_due_ms = self.next_due_ms.min(due_ms);
        self.pending.push(Waiting { due_ms, change });
    }

    /// The changes that wait, in the order in which they were accepted.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.pending.iter().map(|waiting| &waiting.change)
    }

    /// True when changes wait whose time has come.
    pub(crate) fn has_due(&self, now_ms: i64) -> bool {
        self.next_due_ms <= now_ms
    }

    /// Makes visible what is due, in the order of its dues.
    pub(crate) fn settle(&mut self, now_ms: i64) {
        if !self.has_due(now_ms) {
            return;
        }
        self.pending.sort_by_key(|waiting| waiting.due_ms);
        let is_later = self.pending.partition_point(|waiting| waiting.due_ms <= now_ms);
        let due: Vec<Waiting> = self.pending.drain(..is_later).collect();
        for waiting in due {
            self.apply(waiting.change);
        }
        self.next_due_ms = self.pending.first().map_or(i64::MAX, |waiting| waiting.due_ms);
    }

    /// Whether the account will be a member once everything accepted is visible.
    pub(crate) fn will_be_member(&self, group: u32, account: u32) -> bool {
        let waiting = self
            .pending
            .iter()
            .rev()
            .find_map(|waiting| match waiting.change {
                Change::MemberAdd { group: g, account: a } if g == group && a == account => Some(true),
                Change::MemberRemove { group: g, account: a } if g == group && a == account => Some(false),
                _ => None,
            });
        let is_member = || {
            self.group(group)
                .is_some_and(|row| row.members.binary_search(&account).is_ok())
        };
        waiting.unwrap_or_else(is_member)
    }

    /// The directly held roles once everything accepted is visible.
    pub(crate) fn direct_soon(&self, account: u32, resource: u32) -> RoleSet {
        let held = self
            .account(account)
            .map_or(RoleSet::EMPTY, |row| row.direct_on(resource));
        self.pending
            .iter()
            .fold(held, |held, waiting| match waiting.change {
                Change::DirectGrant {
                    account: a,
                    resource: r,
                    roles,
                } if a == account && r == resource => held.union(roles),
                Change::DirectRevoke {
                    account: a,
                    resource: r,
                    roles,
                } if a == account && r == resource => held.without(roles),
                _ => held,
            })
    }

    /// The roles a group grants once everything accepted is visible.
    pub(crate) fn grants_soon(&self, group: u32, resource: u32) -> RoleSet {
        let granted = self
            .group(group)
            .map_or(RoleSet::EMPTY, |row| row.grants_on(resource));
        self.pending
            .iter()
            .fold(granted, |granted, waiting| match waiting.change {
                Change::GroupGrant {
                    group: g,
                    resource: r,
                    roles,
                } if g == group && r == resource => granted.union(roles),
                Change::GroupRevoke {
                    group: g,
                    resource: r,
                    roles,
                } if g == group && r == resource => granted.without(roles),
                _ => granted,
            })
    }

    /// Whether a group of this name exists, or is about to, in a directory.
    pub(crate) fn group_name_is_taken(&self, directory: u16, name: &str) -> bool {
        let is_waiting = self.pending.iter().any(
            |waiting| matches!(&waiting.change, Change::GroupAdd(group) if group.directory == directory && &*group.name == name),
        );
        is_waiting
            || self
                .groups_in(Some(directory))
                .any(|(_, group)| &*group.name == name)
    }

    /// Whether a group was deleted already, though reads still show it.
    pub(crate) fn group_is_going(&self, group: u32) -> bool {
        self.pending
            .iter()
            .any(|waiting| matches!(waiting.change, Change::GroupDelete { group: g } if g == group))
    }

    /// The status of an account, and whether it is for deletion, once everything accepted is visible.
    pub(crate) fn status_soon(&self, account: u32) -> (Option<&'static str>, bool) {
        let waiting = self
            .pending
            .iter()
            .rev()
            .find_map(|waiting| match waiting.change {
                Change::Status {
                    account: a,
                    status,
                    is_for_deletion,
                    ..
                } if a == account => Some((Some(status), is_for_deletion)),
                _ => None,
            });
        let shown = || {
            self.account(account)
                .map_or((None, false), |row| (row.account_status, row.is_for_deletion))
        };
        waiting.unwrap_or_else(shown)
    }

    /// Whether a token was revoked already, though lists still show it.
    pub(crate) fn token_is_going(&self, id: &str) -> bool {
        let revokes =
            |change: &Change| matches!(change, Change::TokenRemove { id: revoked } if revoked == id);
        self.pending.iter().any(|waiting| revokes(&waiting.change))
    }

    /// Whether an account was invited already, though reads do not show it.
    pub(crate) fn email_is_coming(&self, email: &str) -> bool {
        let invited = |change: &Change| matches!(change, Change::AccountAdd(row) if &*row.email == email);
        self.pending.iter().any(|waiting| invited(&waiting.change))
    }

    /// The policy as it will be once everything accepted is visible.
    pub(crate) fn policy_soon(&self, id: &str) -> Option<super::Policy> {
        let waiting = self
            .pending
            .iter()
            .rev()
            .find_map(|waiting| match &waiting.change {
                Change::PolicySet(policy) if policy.id == id => Some(Some((**policy).clone())),
                Change::PolicyRemove { id: removed } if removed == id => Some(None),
                _ => None,
            });
        waiting.unwrap_or_else(|| self.policies.iter().find(|policy| policy.id == id).cloned())
    }
}
