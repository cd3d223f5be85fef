//! The values as they were read, and the ways in which a role is held.

use std::collections::HashMap;

/// The caller's number for an account, a group, a resource or a role.
pub type Id = i64;

/// An account has a role on a resource, by whatever way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holding {
    /// Who.
    pub account: Id,
    /// On what.
    pub resource: Id,
    /// Which role.
    pub role: Id,
}

/// An account is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Membership {
    /// The group.
    pub group: Id,
    /// The account.
    pub account: Id,
}

/// A group gives its members a role on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// The group.
    pub group: Id,
    /// On what.
    pub resource: Id,
    /// Which role.
    pub role: Id,
}

/// How a holding came about, as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Methods {
    /// It is given to the account itself.
    pub direct: bool,
    /// It comes through a group; which one is known from memberships and grants, if at all.
    pub group: bool,
    /// It is inferred from another role.
    pub inferred: bool,
}

/// One way in which a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// A group gives it.
    ThroughGroup(Id),
    /// It is given to the account itself.
    Direct,
    /// It is inferred from another role.
    Inferred,
    /// No known group gives it, and how it came about was not read.
    NotRead,
}

/// Holdings, memberships, grants and methods of one moment.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub(crate) holdings: HashMap<Holding, Option<Methods>>,
    /// Sorted, without repetition; so are the next two.
    pub(crate) groups_of: HashMap<Id, Vec<Id>>,
    pub(crate) members_of: HashMap<Id, Vec<Id>>,
    pub(crate) given_by: HashMap<Id, Vec<(Id, Id)>>,
}

fn sort<K, V: Ord>(map: &mut HashMap<K, Vec<V>>) {
    for list in map.values_mut() {
        list.sort_unstable();
        list.dedup();
        list.shrink_to_fit();
    }
}

impl World {
    /// Takes what was read; `None` for methods that were not.
    pub fn new(
        holdings: impl IntoIterator<Item = (Holding, Option<Methods>)>,
        memberships: impl IntoIterator<Item = Membership>,
        grants: impl IntoIterator<Item = Grant>,
    ) -> World {
        let mut world = World {
            holdings: holdings.into_iter().collect(),
            ..World::default()
        };
        for Membership { group, account } in memberships {
            world.groups_of.entry(account).or_default().push(group);
            world.members_of.entry(group).or_default().push(account);
        }
        for Grant {
            group,
            resource,
            role,
        } in grants
        {
            world.given_by.entry(group).or_default().push((resource, role));
        }
        sort(&mut world.groups_of);
        sort(&mut world.members_of);
        sort(&mut world.given_by);
        world
    }

    /// Whether the account holds the role.
    pub fn holds(&self, holding: Holding) -> bool {
        self.holdings.contains_key(&holding)
    }

    /// The groups of the account that give the role, in order.
    pub fn groups_giving(&self, holding: Holding) -> Vec<Id> {
        let groups = self.groups_of.get(&holding.account).into_iter().flatten();
        groups
            .copied()
            .filter(|group| self.gives(*group, holding.resource, holding.role))
            .collect()
    }

    pub(crate) fn gives(&self, group: Id, resource: Id, role: Id) -> bool {
        self.given_by
            .get(&group)
            .is_some_and(|given| given.binary_search(&(resource, role)).is_ok())
    }

    /// The ways in which the role is held, in order; empty when it is not held.
    ///
    /// Methods that tell of a group where none is known are a way that is not known: [`Path::NotRead`].
    pub fn paths(&self, holding: Holding) -> Vec<Path> {
        let Some(methods) = self.holdings.get(&holding) else {
            return Vec::new();
        };
        let mut paths: Vec<Path> = self
            .groups_giving(holding)
            .into_iter()
            .map(Path::ThroughGroup)
            .collect();
        if let Some(methods) = methods {
            paths.extend(methods.direct.then_some(Path::Direct));
            paths.extend(methods.inferred.then_some(Path::Inferred));
        }
        if paths.is_empty() {
            paths.push(Path::NotRead);
        }
        paths
    }
}
