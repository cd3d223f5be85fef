//! The one place that changes what reads say.

use super::{Account, Domain, Group, Holding, Place, Policy, ProfileField, Restriction, Token, World};
use crate::roles::RoleSet;

/// What is written of a profile; what is absent stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfileEdit {
    pub(crate) name: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) texts: Vec<(ProfileField, String)>,
}

/// One change of the organization.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A new account.
    AccountAdd(Box<Account>),
    /// A known account gets a place in a directory.
    PlaceAdd {
        account: u32,
        place: Place,
    },
    /// An account loses its place, with its groups and direct roles there.
    PlaceRemove {
        account: u32,
        directory: u16,
    },
    PlaceStatus {
        account: u32,
        directory: u16,
        status: &'static str,
    },
    AccountRename {
        account: u32,
        name: String,
    },
    /// The account itself is activated, deactivated, or to be deleted.
    Status {
        account: u32,
        status: &'static str,
        is_for_deletion: bool,
        at_ms: i64,
        /// Written by SCIM, which reads its own writes at once.
        is_scim: bool,
    },
    /// The account follows a SCIM record, or no longer does.
    Synced {
        account: u32,
        is_synced: bool,
    },
    /// A group that was accepted becomes visible.
    GroupShow {
        group: u32,
    },
    /// The grace of a deletion that began then is over.
    Close {
        account: u32,
        since_ms: i64,
    },
    ProfileSet {
        account: u32,
        edit: Box<ProfileEdit>,
    },
    GroupAdd(Box<Group>),
    GroupDelete {
        group: u32,
    },
    GroupRename {
        group: u32,
        name: String,
    },
    MemberAdd {
        group: u32,
        account: u32,
    },
    MemberRemove {
        group: u32,
        account: u32,
    },
    GroupGrant {
        group: u32,
        resource: u32,
        roles: RoleSet,
    },
    GroupRevoke {
        group: u32,
        resource: u32,
        roles: RoleSet,
    },
    DirectGrant {
        account: u32,
        resource: u32,
        roles: RoleSet,
    },
    DirectRevoke {
        account: u32,
        resource: u32,
        roles: RoleSet,
    },
    PolicySet(Box<Policy>),
    PolicyRemove {
        id: String,
    },
    DomainSet(Domain),
    TokenAdd(Box<Token>),
    TokenRemove {
        id: String,
    },
    TokenRemoveAll,
    /// An account gets under another authentication policy.
    AuthPolicySet {
        account: u32,
        policy: usize,
    },
}

impl World {
    /// Makes a change visible.
    pub(crate) fn apply(&mut self, change: Change) {
        self.version += 1;
        match change {
            Change::AccountAdd(account) => {
                let index = self.add_account(*account);
                self.link_account(index);
            }
            Change::PlaceAdd { account, place } => {
                if let Some(row) = self.accounts.get_mut(account as usize) {
                    row.places.retain(|held| held.directory != place.directory);
                    row.places.push(place);
                    row.places.sort_unstable_by_key(|held| held.directory);
                }
            }
            Change::PlaceRemove { account, directory } => self.remove_place(account, directory),
            Change::PlaceStatus {
                account,
                directory,
                status,
            } => {
                let row = self.accounts.get_mut(account as usize);
                let held =
                    row.and_then(|row| row.places.iter_mut().find(|place| place.directory == directory));
                if let Some(place) = held {
                    place.status = status;
                }
            }
            Change::AccountRename { account, name } => {
                if let Some(row) = self.accounts.get_mut(account as usize) {
                    row.name = Some(name.into());
                }
            }
            Change::Status {
                account,
                status,
                is_for_deletion,
                at_ms,
                ..
            } => {
                if let Some(row) = self.accounts.get_mut(account as usize) {
                    row.account_status = Some(status);
                    row.is_for_deletion = is_for_deletion;
                    row.deactivated_ms = (status != "active").then_some(at_ms);
                }
            }
            Change::Synced { account, is_synced } => {
                if let Some(row) = self.accounts.get_mut(account as usize) {
                    row.is_synced = is_synced;
                }
            }
            Change::GroupShow { group } => {
                if let Some(row) = self.groups.get_mut(group as usize).filter(|row| row.is_coming) {
                    row.is_coming = false;
                    row.is_deleted = false;
                }
            }
            Change::Close { account, since_ms } => self.close(account, since_ms),
            Change::ProfileSet { account, edit } => {
                if let Some(row) = self.accounts.get_mut(account as usize) {
                    edit_profile(row, *edit);
                }
            }
            Change::GroupAdd(group) => {
                self.add_group(*group);
            }
            Change::GroupDelete { group } => self.delete_group(group),
            Change::GroupRename { group, name } => {
                if let Some(row) = self.groups.get_mut(group as usize) {
                    row.name = name.into();
                }
            }
            Change::MemberAdd { group, account } => {
                self.forget_through_group(group, account);
                self.link_member(group, account);
            }
            Change::MemberRemove { group, account } => {
                self.forget_through_group(group, account);
                self.unlink_member(group, account);
            }
            Change::GroupGrant {
                group,
                resource,
                roles,
            } => {
                self.forget_on_resource(group, resource);
                if let Some(row) = self.groups.get_mut(group as usize).filter(|row| !row.is_deleted) {
                    add_roles(&mut row.grants, resource, roles);
                    if let Some(row) = self.resources.get_mut(resource as usize) {
                        insert(&mut row.granting, group);
                    }
                }
            }
            Change::GroupRevoke {
                group,
                resource,
                roles,
            } => self.revoke_group(group, resource, roles),
            Change::DirectGrant {
                account,
                resource,
                roles,
            } => {
                self.forget_administrator(account, roles);
                let row = self
                    .accounts
                    .get_mut(account as usize)
                    .filter(|row| !row.places.is_empty());
                if let Some(row) = row {
                    add_roles(&mut row.direct, resource, roles);
                    if let Some(row) = self.resources.get_mut(resource as usize) {
                        insert(&mut row.holding, account);
                    }
                }
            }
            Change::DirectRevoke {
                account,
                resource,
                roles,
            } => self.revoke_direct(account, resource, roles),
            Change::PolicySet(policy) => match self.policies.iter_mut().find(|held| held.id == policy.id) {
                Some(held) => *held = *policy,
                None => self.policies.push(*policy),
            },
            Change::PolicyRemove { id } => self.policies.retain(|policy| policy.id != id),
            Change::DomainSet(domain) => match self.domains.iter_mut().find(|held| held.id == domain.id) {
                Some(held) => *held = domain,
                None => self.domains.push(domain),
            },
            Change::TokenAdd(token) => self.tokens.push(*token),
            Change::TokenRemoveAll => self.tokens.iter_mut().for_each(|token| token.is_revoked = true),
            Change::AuthPolicySet { account, policy } => self.set_auth_policy(account, policy),
            Change::TokenRemove { id } => {
                self.tokens
                    .iter_mut()
                    .filter(|token| token.id == id)
                    .for_each(|token| token.is_revoked = true);
            }
        }
    }

    /// Single sign-on comes and goes with the policy.
    fn set_auth_policy(&mut self, account: u32, policy: usize) {
        let is_saml = self
            .auth_policies
            .get(policy)
            .is_some_and(|policy| policy.is_saml);
        let Some(row) = self.accounts.get_mut(account as usize) else {
            return;
        };
        let restriction = row.restriction();
        if is_saml && restriction.is_none() {
            row.extra.get_or_insert_default().restriction = Some(Restriction::Saml);
        } else if !is_saml && restriction == Some(Restriction::Saml) {
            row.extra.get_or_insert_default().restriction = None;
        }
    }

    /// Ends an account whose deletion was neither cancelled nor begun anew, and its tokens with it.
    fn close(&mut self, account: u32, since_ms: i64) {
        let row = self.accounts.get_mut(account as usize);
        let Some(row) = row.filter(|row| row.is_for_deletion && row.deactivated_ms == Some(since_ms)) else {
            return;
        };
        row.account_status = Some("closed");
        row.is_for_deletion = false;
        self.tokens
            .iter_mut()
            .filter(|token| *token.account_id == *row.id)
            .for_each(|token| token.is_revoked = true);
    }

    /// Gives roles to a group, whether or not reads show it.
    pub(crate) fn grant_to_group(&mut self, group: u32, resource: u32, roles: RoleSet) {
        if let Some(row) = self.groups.get_mut(group as usize) {
            add_roles(&mut row.grants, resource, roles);
        }
        if let Some(row) = self.resources.get_mut(resource as usize) {
            insert(&mut row.granting, group);
        }
    }

    /// Gives roles to an account, whether or not it is in a directory.
    pub(crate) fn grant_directly(&mut self, account: u32, resource: u32, roles: RoleSet) {
        if let Some(row) = self.accounts.get_mut(account as usize) {
            add_roles(&mut row.direct, resource, roles);
        }
        if let Some(row) = self.resources.get_mut(resource as usize) {
            insert(&mut row.holding, account);
        }
    }

    /// Enters a new account into the indexes of its groups and resources.
    fn link_account(&mut self, account: u32) {
        let Some(row) = self.accounts.get(account as usize) else {
            return;
        };
        let (groups, direct) = (row.groups.clone(), row.direct.clone());
        for group in groups {
            self.link_member(group, account);
        }
        for (resource, _) in direct {
            if let Some(row) = self.resources.get_mut(resource as usize) {
                insert(&mut row.holding, account);
            }
        }
    }

    /// What was told of an account's roles through this group no longer holds: from now on they follow from the rest.
    fn forget_through_group(&mut self, group: u32, account: u32) {
        if self.differing.is_empty() {
            return;
        }
        let granted: Vec<u32> = match self.group(group) {
            Some(row) => row.grants.iter().map(|(resource, _)| *resource).collect(),
            None => return,
        };
        self.forget(account, |difference| {
            if granted.contains(&difference.resource) {
                difference.through_groups = RoleSet::EMPTY;
            }
        });
    }

    fn forget_on_resource(&mut self, group: u32, resource: u32) {
        if self.differing.is_empty() {
            return;
        }
        let members = self
            .group(group)
            .map(|row| row.members.clone())
            .unwrap_or_default();
        for account in members {
            self.forget(account, |difference| {
                if difference.resource == resource {
                    difference.through_groups = RoleSet::EMPTY;
                }
            });
        }
    }

    fn forget_administrator(&mut self, account: u32, roles: RoleSet) {
        if self.differing.is_empty() || !roles.meets(RoleSet::PLATFORM) {
            return;
        }
        self.forget(account, |difference| difference.inferred = RoleSet::EMPTY);
        let extra = self
            .accounts
            .get_mut(account as usize)
            .and_then(|row| row.extra.as_mut());
        if let Some(differences) = extra.and_then(|extra| extra.differences.as_mut()) {
            differences.more_platform = differences.more_platform.without(roles);
            differences.less_platform = differences.less_platform.without(roles);
        }
    }

    fn forget(&mut self, account: u32, change: impl Fn(&mut Holding)) {
        let extra = self
            .accounts
            .get_mut(account as usize)
            .and_then(|row| row.extra.as_mut());
        let Some(differences) = extra.and_then(|extra| extra.differences.as_mut()) else {
            return;
        };
        for (more, less) in &mut differences.holdings {
            change(more);
            change(less);
        }
    }

    fn link_member(&mut self, group: u32, account: u32) {
        let Some(to) = self.groups.get_mut(group as usize).filter(|row| !row.is_deleted) else {
            return;
        };
        let directory = Some(to.directory);
        let Some(row) = self
            .accounts
            .get_mut(account as usize)
            .filter(|row| row.place(directory).is_some())
        else {
            return;
        };
        insert(&mut to.members, account);
        insert(&mut row.groups, group);
    }

    fn unlink_member(&mut self, group: u32, account: u32) {
        if let Some(row) = self.groups.get_mut(group as usize) {
            remove(&mut row.members, account);
        }
        if let Some(row) = self.accounts.get_mut(account as usize) {
            remove(&mut row.groups, group);
        }
    }

    fn delete_group(&mut self, group: u32) {
        let Some(row) = self.groups.get_mut(group as usize) else {
            return;
        };
        row.is_deleted = true;
        row.is_coming = false;
        let members = std::mem::take(&mut row.members);
        let grants = std::mem::take(&mut row.grants);
        for account in members {
            if let Some(row) = self.accounts.get_mut(account as usize) {
                remove(&mut row.groups, group);
            }
        }
        for (resource, _) in grants {
            if let Some(row) = self.resources.get_mut(resource as usize) {
                remove(&mut row.granting, group);
            }
        }
    }

    fn revoke_group(&mut self, group: u32, resource: u32, roles: RoleSet) {
        self.forget_on_resource(group, resource);
        let Some(row) = self.groups.get_mut(group as usize) else {
            return;
        };
        remove_roles(&mut row.grants, resource, roles);
        let is_left = row.grants.iter().any(|(granted, _)| *granted == resource);
        if let Some(row) = self.resources.get_mut(resource as usize).filter(|_| !is_left) {
            remove(&mut row.granting, group);
        }
    }

    fn revoke_direct(&mut self, account: u32, resource: u32, roles: RoleSet) {
        self.forget_administrator(account, roles);
        let Some(row) = self.accounts.get_mut(account as usize) else {
            return;
        };
        remove_roles(&mut row.direct, resource, roles);
        let is_left = row.direct.iter().any(|(held, _)| *held == resource);
        if let Some(row) = self.resources.get_mut(resource as usize).filter(|_| !is_left) {
            remove(&mut row.holding, account);
        }
    }

    fn remove_place(&mut self, account: u32, directory: u16) {
        let Some(row) = self.accounts.get_mut(account as usize) else {
            return;
        };
        row.places.retain(|place| place.directory != directory);
        let is_gone = row.places.is_empty();
        let (groups, direct) = (row.groups.clone(), row.direct.clone());
        for group in groups {
            if self
                .groups
                .get(group as usize)
                .is_some_and(|row| row.directory == directory)
            {
                self.unlink_member(group, account);
            }
        }
        for (resource, roles) in direct {
            if is_gone
                || self
                    .resources
                    .get(resource as usize)
                    .is_some_and(|row| row.directory == directory)
            {
                self.revoke_direct(account, resource, roles);
            }
        }
    }
}

fn edit_profile(row: &mut Account, edit: ProfileEdit) {
    if let Some(name) = edit.name {
        row.name = Some(name.into());
    }
    if let Some(nickname) = edit.nickname {
        row.nickname = Some(nickname.into());
    }
    if let Some(email) = edit.email {
        row.email = email.into();
    }
    for (field, text) in edit.texts {
        row.set_profile_text(field, &text);
    }
}

/// Adds to a sorted list of distinct numbers.
fn insert(list: &mut Vec<u32>, value: u32) {
    if let Err(at) = list.binary_search(&value) {
        list.insert(at, value);
    }
}

/// Takes out of a sorted list of distinct numbers.
fn remove(list: &mut Vec<u32>, value: u32) {
    if let Ok(at) = list.binary_search(&value) {
        list.remove(at);
    }
}

pub(super) fn add_roles(list: &mut Vec<(u32, RoleSet)>, resource: u32, roles: RoleSet) {
    match list.binary_search_by_key(&resource, |(held, _)| *held) {
        Ok(at) => {
            if let Some((_, held)) = list.get_mut(at) {
                *held = held.union(roles);
            }
        }
        Err(at) => list.insert(at, (resource, roles)),
    }
}

fn remove_roles(list: &mut Vec<(u32, RoleSet)>, resource: u32, roles: RoleSet) {
    for (held, left) in list.iter_mut() {
        if *held == resource {
            *left = left.without(roles);
        }
    }
    list.retain(|(_, left)| !left.is_empty());
}
