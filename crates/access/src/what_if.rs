//! Edits and what they do.

use crate::world::{Grant, Holding, Id, Membership, Path, World};
use std::collections::{BTreeSet, HashMap, HashSet};

/// One thing that would go or come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// The account leaves the group.
    RemoveMembership(Membership),
    /// The account joins the group.
    AddMembership(Membership),
    /// The group stops giving the role.
    RemoveGrant(Grant),
    /// The group begins to give the role.
    AddGrant(Grant),
    /// The role is no longer given to the account itself.
    RemoveDirect(Holding),
    /// The role is given to the account itself.
    AddDirect(Holding),
}

/// What becomes of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was held and still is.
    Remains,
    /// It was held and no way is left.
    Lost,
    /// It was not held and now is.
    Gained,
    /// What was read does not tell.
    Unknown,
}

/// What the edits do to one role of one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The role.
    pub holding: Holding,
    /// What becomes of it.
    pub fate: Fate,
    /// The known ways before.
    pub before: Vec<Path>,
    /// The known ways after; empty when it is lost or not known to remain.
    pub after: Vec<Path>,
}

/// The edits, by what they touch. The last edit of the same thing counts.
#[derive(Default)]
struct Edits {
    memberships: HashMap<Membership, bool>,
    grants: HashMap<Grant, bool>,
    direct: HashMap<Holding, bool>,
}

impl Edits {
    fn of(edits: &[Edit]) -> Edits {
        let mut sorted = Edits::default();
        for edit in edits {
            match *edit {
                Edit::RemoveMembership(membership) => _ = sorted.memberships.insert(membership, false),
                Edit::AddMembership(membership) => _ = sorted.memberships.insert(membership, true),
                Edit::RemoveGrant(grant) => _ = sorted.grants.insert(grant, false),
                Edit::AddGrant(grant) => _ = sorted.grants.insert(grant, true),
                Edit::RemoveDirect(holding) => _ = sorted.direct.insert(holding, false),
                Edit::AddDirect(holding) => _ = sorted.direct.insert(holding, true),
            }
        }
        sorted
    }
}

impl World {
    /// What the edits do to each role whose ways they touch, in order. Roles that they do not touch are left out.
    pub fn what_if(&self, edits: &[Edit]) -> Vec<Effect> {
        let edits = Edits::of(edits);
        let touched = self.touched(&edits);
        touched
            .into_iter()
            .filter_map(|holding| self.effect(&edits, holding))
            .collect()
    }

    /// The roles whose ways may be different.
    fn touched(&self, edits: &Edits) -> BTreeSet<Holding> {
        let mut touched: BTreeSet<Holding> = edits.direct.keys().copied().collect();
        for membership in edits.memberships.keys() {
            let Membership { group, account } = *membership;
            let given = self.given_by.get(&group).into_iter().flatten().copied();
            let edited = edits
                .grants
                .keys()
                .filter(|grant| grant.group == group)
                .map(|grant| (grant.resource, grant.role));
            touched.extend(given.chain(edited).map(|(resource, role)| Holding {
                account,
                resource,
                role,
            }));
        }
        for grant in edits.grants.keys() {
            let members = self.members_of.get(&grant.group).into_iter().flatten().copied();
            let joining = edits
                .memberships
                .keys()
                .filter(|membership| membership.group == grant.group);
            let accounts = members.chain(joining.map(|membership| membership.account));
            touched.extend(accounts.map(|account| Holding {
                account,
                resource: grant.resource,
                role: grant.role,
            }));
        }
        touched
    }

    fn groups_after(&self, edits: &Edits, holding: Holding) -> Vec<Id> {
        let Holding {
            account,
            resource,
            role,
        } = holding;
        let now = self.groups_of.get(&account).into_iter().flatten().copied();
        let joined = edits
            .memberships
            .iter()
            .filter(|(edit, comes)| **comes && edit.account == account);
        let candidates: HashSet<Id> = now.chain(joined.map(|(edit, _)| edit.group)).collect();
        let stays = |group: &Id| {
            edits
                .memberships
                .get(&Membership {
                    group: *group,
                    account,
                })
                .copied()
                .unwrap_or(true)
        };
        let gives = |group: &Id| {
            let edited = edits
                .grants
                .get(&Grant {
                    group: *group,
                    resource,
                    role,
                })
                .copied();
            edited.unwrap_or_else(|| self.gives(*group, resource, role))
        };
        let mut groups: Vec<Id> = candidates.into_iter().filter(stays).filter(gives).collect();
        groups.sort_unstable();
        groups
    }

    fn effect(&self, edits: &Edits, holding: Holding) -> Option<Effect> {
        let groups_before = self.groups_giving(holding);
        let groups = self.groups_after(edits, holding);
        let before = self.paths(holding);
        let methods = self.holdings.get(&holding).copied();
        let direct_edit = edits.direct.get(&holding).copied();
        let read = methods.flatten();
        let is_direct = direct_edit
            .or_else(|| read.map(|methods| methods.direct))
            .unwrap_or(false);

        let mut after: Vec<Path> = groups.iter().copied().map(Path::ThroughGroup).collect();
        after.extend(is_direct.then_some(Path::Direct));
        after.extend(
            read.is_some_and(|methods| methods.inferred)
                .then_some(Path::Inferred),
        );

        let is_held = methods.is_some();
        let fate = match (is_held, after.is_empty()) {
            (true, false) => Fate::Remains,
            // A way that is not known may be left: methods not read, or a group told that is not among the known.
            (true, true) => match read {
                Some(methods) if !methods.group || !groups_before.is_empty() => Fate::Lost,
                _ => Fate::Unknown,
            },
            (false, true) => return None,
            // A group gave it before and yet it was not held: another way may do no more.
            (false, false) if !groups_before.is_empty() => {
                let is_more = is_direct || groups.iter().any(|group| !groups_before.contains(group));
                if !is_more {
                    return None;
                }
                Fate::Unknown
            }
            (false, false) => Fate::Gained,
        };
        let is_same = is_held && fate == Fate::Remains && before == after;
        (!is_same).then_some(Effect {
            holding,
            fate,
            before,
            after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Methods;

    const ANA_USER: Holding = Holding {
        account: 1,
        resource: 10,
        role: 20,
    };

    fn world(methods: Option<Methods>) -> World {
        let memberships = [
            Membership { group: 5, account: 1 },
            Membership { group: 6, account: 1 },
        ];
        let grants = [5, 6].map(|group| Grant {
            group,
            resource: 10,
            role: 20,
        });
        World::new([(ANA_USER, methods)], memberships, grants)
    }

    fn leave(group: Id) -> Edit {
        Edit::RemoveMembership(Membership { group, account: 1 })
    }

    #[test]
    fn a_role_remains_while_one_group_gives_it() {
        let effects = world(None).what_if(&[leave(5)]);
        assert_eq!(effects[0].fate, Fate::Remains);
        assert_eq!(effects[0].after, [Path::ThroughGroup(6)]);
    }

    #[test]
    fn without_methods_the_last_group_leaves_it_unknown() {
        assert_eq!(world(None).what_if(&[leave(5), leave(6)])[0].fate, Fate::Unknown);
    }

    #[test]
    fn with_methods_the_last_group_takes_it_away_unless_it_is_direct() {
        let group = Methods {
            group: true,
            ..Methods::default()
        };
        assert_eq!(
            world(Some(group)).what_if(&[leave(5), leave(6)])[0].fate,
            Fate::Lost
        );
        let masked = Methods {
            direct: true,
            ..group
        };
        assert_eq!(
            world(Some(masked)).what_if(&[leave(5), leave(6)])[0].fate,
            Fate::Remains
        );
    }

    #[test]
    fn joining_a_group_gains_what_it_gives() {
        let world = World::new(
            [],
            [],
            [Grant {
                group: 5,
                resource: 10,
                role: 20,
            }],
        );
        let effects = world.what_if(&[Edit::AddMembership(Membership { group: 5, account: 1 })]);
        assert_eq!((effects[0].holding, effects[0].fate), (ANA_USER, Fate::Gained));
    }
}
