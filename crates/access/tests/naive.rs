//! The what-if agrees with a model that does it the slow way: it writes the world down again after the edits
//! and looks at every account, resource and role there is.

use access::{Edit, Fate, Grant, Holding, Id, Membership, Methods, World};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Lists {
    holdings: Vec<(Holding, Option<Methods>)>,
    memberships: Vec<Membership>,
    grants: Vec<Grant>,
}

fn id(limit: Id) -> impl Strategy<Value = Id> {
    0..limit
}

fn holding() -> impl Strategy<Value = Holding> {
    (id(4), id(3), id(2)).prop_map(|(account, resource, role)| Holding {
        account,
        resource,
        role,
    })
}

fn membership() -> impl Strategy<Value = Membership> {
    (id(4), id(4)).prop_map(|(group, account)| Membership { group, account })
}

fn grant() -> impl Strategy<Value = Grant> {
    (id(4), id(3), id(2)).prop_map(|(group, resource, role)| Grant {
        group,
        resource,
        role,
    })
}

fn methods() -> impl Strategy<Value = Option<Methods>> {
    let told = any::<(bool, bool, bool)>();
    prop::option::of(told.prop_map(|(direct, group, inferred)| Methods {
        direct,
        group,
        inferred,
    }))
}

fn lists() -> impl Strategy<Value = Lists> {
    let holdings = prop::collection::btree_map(holding(), methods(), 0..12);
    let memberships = prop::collection::vec(membership(), 0..10);
    let grants = prop::collection::vec(grant(), 0..10);
    (holdings, memberships, grants).prop_map(|(holdings, memberships, grants)| Lists {
        holdings: holdings.into_iter().collect(),
        memberships,
        grants,
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        membership().prop_map(Edit::RemoveMembership),
        membership().prop_map(Edit::AddMembership),
        grant().prop_map(Edit::RemoveGrant),
        grant().prop_map(Edit::AddGrant),
        holding().prop_map(Edit::RemoveDirect),
        holding().prop_map(Edit::AddDirect),
    ]
}

impl Lists {
    fn groups(&self, of: Holding) -> Vec<Id> {
        let is_in = |group: Id| {
            self.memberships.contains(&Membership {
                group,
                account: of.account,
            })
        };
        let gives = |group: Id| {
            self.grants.contains(&Grant {
                group,
                resource: of.resource,
                role: of.role,
            })
        };
        (0..4).filter(|group| is_in(*group) && gives(*group)).collect()
    }

    /// The lists after the edits; directly given roles and withdrawn ones are told apart.
    fn edited(&self, edits: &[Edit]) -> (Lists, Vec<Holding>, Vec<Holding>) {
        let mut lists = self.clone();
        let (mut given, mut withdrawn) = (Vec::new(), Vec::new());
        for edit in edits {
            match *edit {
                Edit::RemoveMembership(gone) => lists.memberships.retain(|kept| *kept != gone),
                Edit::AddMembership(new) => lists.memberships.push(new),
                Edit::RemoveGrant(gone) => lists.grants.retain(|kept| *kept != gone),
                Edit::AddGrant(new) => lists.grants.push(new),
                Edit::RemoveDirect(of) => {
                    given.retain(|kept| *kept != of);
                    withdrawn.push(of);
                }
                Edit::AddDirect(of) => {
                    withdrawn.retain(|kept| *kept != of);
                    given.push(of);
                }
            }
        }
        (lists, given, withdrawn)
    }

    fn fate(&self, edits: &[Edit], of: Holding) -> Option<Fate> {
        let (after, given, withdrawn) = self.edited(edits);
        let held = self
            .holdings
            .iter()
            .find(|(kept, _)| *kept == of)
            .map(|(_, methods)| *methods);
        let told = held.flatten();
        let direct =
            given.contains(&of) || (told.is_some_and(|told| told.direct) && !withdrawn.contains(&of));
        let known_way = direct || told.is_some_and(|told| told.inferred) || !after.groups(of).is_empty();
        match held {
            Some(_) if known_way => Some(Fate::Remains),
            Some(None) => Some(Fate::Unknown),
            Some(Some(told)) if told.group && self.groups(of).is_empty() => Some(Fate::Unknown),
            Some(Some(_)) => Some(Fate::Lost),
            None if !known_way => None,
            None if self.groups(of).is_empty() => Some(Fate::Gained),
            None => {
                let is_more = direct
                    || after
                        .groups(of)
                        .iter()
                        .any(|group| !self.groups(of).contains(group));
                is_more.then_some(Fate::Unknown)
            }
        }
    }
}

proptest! {
    #[test]
    fn what_if_agrees_with_writing_the_world_down_again(lists in lists(), edits in prop::collection::vec(edit(), 0..6)) {
        let world = World::new(lists.holdings.clone(), lists.memberships.clone(), lists.grants.clone());
        let effects = world.what_if(&edits);
        let (after, _, _) = lists.edited(&edits);
        for account in 0..4 {
            for resource in 0..3 {
                for role in 0..2 {
                    let of = Holding { account, resource, role };
                    let effect = effects.iter().find(|effect| effect.holding == of);
                    let direct = edits.iter().any(|edit| matches!(edit, Edit::RemoveDirect(h) | Edit::AddDirect(h) if *h == of));
                    let is_touched = direct || lists.groups(of) != after.groups(of);
                    match effect {
                        Some(effect) => prop_assert_eq!(Some(effect.fate), lists.fate(&edits, of)),
                        // What is left out is untouched, or remains in the very same ways, or is still not held.
                        None => prop_assert!(!is_touched || matches!(lists.fate(&edits, of), None | Some(Fate::Remains))),
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_edited_changes_nothing(lists in lists()) {
        let world = World::new(lists.holdings, lists.memberships, lists.grants);
        prop_assert!(world.what_if(&[]).is_empty());
    }

    #[test]
    fn a_held_role_always_has_a_path(lists in lists()) {
        let world = World::new(lists.holdings.clone(), lists.memberships, lists.grants);
        for (holding, _) in lists.holdings {
            prop_assert!(!world.paths(holding).is_empty());
        }
    }
}
