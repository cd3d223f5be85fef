//! Who holds which role where: direct, through groups, or inferred from being an administrator.

use super::{Account, Differences, World};
use crate::random::{hash, unit};
use crate::roles::RoleSet;

/// The roles of one account on one resource, by how they came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding {
    pub(crate) resource: u32,
    pub(crate) direct: RoleSet,
    pub(crate) through_groups: RoleSet,
    pub(crate) inferred: RoleSet,
}

impl Holding {
    pub(crate) fn roles(&self) -> RoleSet {
        self.direct.union(self.through_groups).union(self.inferred)
    }

    fn differing(self, more: &Holding, less: &Holding) -> Holding {
        Holding {
            resource: self.resource,
            direct: self.direct.union(more.direct).without(less.direct),
            through_groups: self
                .through_groups
                .union(more.through_groups)
                .without(less.through_groups),
            inferred: self.inferred.union(more.inferred).without(less.inferred),
        }
    }

    /// The ways one of the roles came, in alphabetical order.
    pub(crate) fn methods(&self, role: RoleSet) -> Vec<&'static str> {
        let ways = [
            (self.direct, "direct"),
            (self.through_groups, "group_direct"),
            (self.inferred, "inferred"),
        ];
        ways.into_iter()
            .filter(|(roles, _)| roles.meets(role))
            .map(|(_, name)| name)
            .collect()
    }
}

/// Puts differences into holdings, which ascend by resource.
fn differ(found: &mut Vec<Holding>, differences: &Differences) {
    for (more, less) in &differences.holdings {
        match found.binary_search_by_key(&more.resource, |it| it.resource) {
            Ok(at) => {
                if let Some(held) = found.get_mut(at) {
                    *held = held.differing(more, less);
                }
            }
            Err(at) => found.insert(at, *more),
        }
    }
    found.retain(|held| !held.roles().is_empty());
}

impl World {
    /// Everything an account holds, by resource.
    pub(crate) fn holdings(&self, account: &Account) -> Vec<Holding> {
        let mut found: Vec<Holding> = Vec::new();
        for (resource, roles) in &account.direct {
            found.push(Holding {
                resource: *resource,
                direct: *roles,
                ..Holding::default()
            });
        }
        for group in account.groups.iter().filter_map(|group| self.group(*group)) {
            for (resource, roles) in &group.grants {
                found.push(Holding {
                    resource: *resource,
                    through_groups: *roles,
                    ..Holding::default()
                });
            }
        }
        if self
            .platform_roles(account)
            .meets(RoleSet::ORG_ADMIN.union(RoleSet::SITE_ADMIN))
        {
            for (resource, _) in self.workspaces() {
                let inferred = self.inferred_on(account, resource);
                if !inferred.is_empty() {
                    found.push(Holding {
                        resource,
                        inferred,
                        ..Holding::default()
                    });
                }
            }
        }
        found.sort_unstable_by_key(|holding| holding.resource);
        found.dedup_by(|later, kept| {
            let is_same = later.resource == kept.resource;
            if is_same {
                kept.direct = kept.direct.union(later.direct);
                kept.through_groups = kept.through_groups.union(later.through_groups);
                kept.inferred = kept.inferred.union(later.inferred);
            }
            is_same
        });
        if let Some(differences) = account.differences() {
            differ(&mut found, differences);
        }
        found
    }

    /// The roles of an account on one resource, however they came.
    pub(crate) fn roles_on(&self, account: &Account, resource: u32) -> RoleSet {
        let through_groups = account
            .groups
            .iter()
            .filter_map(|group| self.group(*group))
            .fold(RoleSet::EMPTY, |all, group| all.union(group.grants_on(resource)));
        let plain = Holding {
            resource,
            direct: account.direct_on(resource),
            through_groups,
            inferred: self.inferred_on(account, resource),
        };
        let difference = account
            .differences()
            .and_then(|it| it.holdings.iter().find(|(more, _)| more.resource == resource));
        difference
            .map_or(plain, |(more, less)| plain.differing(more, less))
            .roles()
    }

    /// The roles an account holds anywhere.
    pub(crate) fn roles_anywhere(&self, account: &Account) -> RoleSet {
        if account.differences().is_some() {
            let held = self.holdings(account);
            return held.iter().fold(RoleSet::EMPTY, |all, it| all.union(it.roles()));
        }
        let direct = account
            .direct
            .iter()
            .fold(RoleSet::EMPTY, |all, (_, roles)| all.union(*roles));
        let through_groups = account
            .groups
            .iter()
            .filter_map(|group| self.group(*group))
            .fold(RoleSet::EMPTY, |all, group| all.union(group.all_grants()));
        let mut all = direct.union(through_groups);
        if direct.meets(RoleSet::ORG_ADMIN.union(RoleSet::SITE_ADMIN)) {
            let is_inferred = self
                .workspaces()
                .any(|(resource, _)| !self.inferred_on(account, resource).is_empty());
            if is_inferred {
                all = all.union(RoleSet::ADMIN);
            }
        }
        all
    }

    /// The platform roles: those held directly on the organization or a site.
    pub(crate) fn platform_roles(&self, account: &Account) -> RoleSet {
        let plain = account
            .direct
            .iter()
            .filter(|(resource, _)| self.resource(*resource).is_some_and(|it| it.owner == "platform"))
            .fold(RoleSet::EMPTY, |all, (_, roles)| all.union(*roles))
            .common(RoleSet::PLATFORM);
        match account.differences() {
            None => plain,
            Some(it) => plain.union(it.more_platform).without(it.less_platform),
        }
    }

    /// The app-admin role that organization admins have on every workspace and site admins on those of their site.
    pub(crate) fn inferred_on(&self, account: &Account, resource: u32) -> RoleSet {
        let Some(workspace) = self.resource(resource).filter(|it| it.is_workspace()) else {
            return RoleSet::EMPTY;
        };
        let is_admin = account.direct.iter().any(|(held, roles)| {
            let is_admin_here = roles.meets(RoleSet::SITE_ADMIN)
                && workspace.site.is_some()
                && self
                    .resource(*held)
                    .is_some_and(|it| !it.is_workspace() && it.site == workspace.site);
            roles.meets(RoleSet::ORG_ADMIN) || is_admin_here
        });
        if is_admin { RoleSet::ADMIN } else { RoleSet::EMPTY }
    }

    /// The accounts that hold anything on a resource, ascending.
    pub(crate) fn holders(&self, resource: u32) -> Vec<u32> {
        let Some(row) = self.resource(resource) else {
            return Vec::new();
        };
        let mut found = row.holding.clone();
        for group in row.granting.iter().filter_map(|group| self.group(*group)) {
            found.extend_from_slice(&group.members);
        }
        if row.is_workspace() {
            for (_, other) in (0u32..)
                .zip(&self.resources)
                .filter(|(_, other)| !other.is_workspace())
            {
                let infers = other.site.is_none() || other.site == row.site;
                if infers {
                    let admins = other.holding.iter().filter(|index| {
                        self.account(**index)
                            .is_some_and(|admin| !self.inferred_on(admin, resource).is_empty())
                    });
                    found.extend(admins);
                }
            }
        }
        let differs = |index: &&u32| {
            let differences = self.account(**index).and_then(Account::differences);
            differences.is_some_and(|it| it.holdings.iter().any(|(more, _)| more.resource == resource))
        };
        found.extend(self.differing.iter().filter(differs));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The number of accounts that take a seat of a workspace.
    pub(crate) fn seats_taken(&self, resource: u32) -> usize {
        let takes_seat = |index: &u32| {
            self.account(*index)
                .is_some_and(|account| self.roles_on(account, resource).meets(RoleSet::SEAT))
        };
        self.holders(resource)
            .iter()
            .filter(|index| takes_seat(index))
            .count()
    }

    /// When an account last used a workspace; derived from the seed, so that it costs no memory, unless it logged in
    /// since.
    pub(crate) fn last_active_ms(&self, account: &Account, resource: u32) -> Option<i64> {
        let bits = hash(self.seed ^ (u64::from(resource) << 32), account.id.as_bytes());
        if bits % 100 < 15 {
            return None;
        }
        if let Some(at_ms) = self.log_ins.get(&account.id) {
            return Some(at_ms / 1000 * 1000);
        }
        let share = unit(crate::random::mix(bits));
        let days_ago = 365.0 * share * share;
        let at_ms = self.born_ms - (days_ago * 86_400_000.0) as i64;
        Some((at_ms.max(account.added_ms) / 1000) * 1000)
    }
}
