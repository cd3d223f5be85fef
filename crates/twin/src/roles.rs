//! The role ids and small sets of them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError, RwLock};

/// Makes a text last as long as the program; each distinct text costs its memory once.
///
/// For values of enumerations, of which an organization has a handful.
pub(crate) fn lasting(text: &str) -> &'static str {
    static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.into());
    kept.insert(text);
    text
}

/// Every role id the generator deals in; a role's index is its bit.
pub(crate) const ROLE_IDS: [&str; 12] = [
    "atlassian/user",
    "atlassian/admin",
    "atlassian/guest",
    "atlassian/customer",
    "atlassian/user-access-admin",
    "atlassian/contributor",
    "atlassian/basic",
    "atlassian/stakeholder",
    "atlassian/org-admin",
    "atlassian/site-admin",
    "atlassian/ai-access",
    "atlassian/viewer",
];

/// Roles beyond the table, learned from facts about a given organization; their bits follow those of the table.
static LEARNED: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());
/// As many roles as a set has bits.
const MOST_ROLES: usize = 32;

/// Every role id known at this moment, in the order of its bits.
pub(crate) fn role_ids() -> Vec<&'static str> {
    let learned = LEARNED.read().unwrap_or_else(PoisonError::into_inner);
    ROLE_IDS.iter().chain(learned.iter()).copied().collect()
}

fn name_of(index: usize) -> Option<&'static str> {
    match ROLE_IDS.get(index) {
        Some(id) => Some(id),
        None => {
            let learned = LEARNED.read().unwrap_or_else(PoisonError::into_inner);
            learned.get(index - ROLE_IDS.len()).copied()
        }
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleSet(u32);

impl RoleSet {
    pub(crate) const EMPTY: RoleSet = RoleSet(0);
    pub(crate) const USER: RoleSet = RoleSet(1);
    pub(crate) const ADMIN: RoleSet = RoleSet(1 << 1);
    pub(crate) const GUEST: RoleSet = RoleSet(1 << 2);
    pub(crate) const CUSTOMER: RoleSet = RoleSet(1 << 3);
    pub(crate) const USER_ACCESS_ADMIN: RoleSet = RoleSet(1 << 4);
    pub(crate) const CONTRIBUTOR: RoleSet = RoleSet(1 << 5);
    pub(crate) const BASIC: RoleSet = RoleSet(1 << 6);
    pub(crate) const STAKEHOLDER: RoleSet = RoleSet(1 << 7);
    pub(crate) const ORG_ADMIN: RoleSet = RoleSet(1 << 8);
    pub(crate) const SITE_ADMIN: RoleSet = RoleSet(1 << 9);
    pub(crate) const AI_ACCESS: RoleSet = RoleSet(1 << 10);
    pub(crate) const VIEWER: RoleSet = RoleSet(1 << 11);
    /// Roles that make a product count a seat.
    pub(crate) const SEAT: RoleSet = RoleSet(Self::USER.0 | Self::ADMIN.0 | Self::VIEWER.0);
    /// Roles shown as platform roles.
    pub(crate) const PLATFORM: RoleSet =
        RoleSet(Self::ORG_ADMIN.0 | Self::SITE_ADMIN.0 | Self::USER_ACCESS_ADMIN.0 | Self::AI_ACCESS.0);

    /// The set of one role, unless the id is unknown.
    pub(crate) fn named(id: &str) -> Option<RoleSet> {
        let known = ROLE_IDS.iter().position(|known| *known == id);
        let at = known.or_else(|| {
            let learned = LEARNED.read().unwrap_or_else(PoisonError::into_inner);
            let at = learned.iter().position(|known| *known == id)?;
            Some(ROLE_IDS.len() + at)
        });
        at.map(|index| RoleSet(1 << index))
    }

    /// The set of one role, which is learned if it is unknown; none when there are too many of them.
    pub(crate) fn learned(id: &str) -> Option<RoleSet> {
        if let Some(known) = RoleSet::named(id) {
            return Some(known);
        }
        {
            let mut learned = LEARNED.write().unwrap_or_else(PoisonError::into_inner);
            if !learned.contains(&id) && ROLE_IDS.len() + learned.len() < MOST_ROLES {
                learned.push(lasting(id));
            }
        }
        RoleSet::named(id)
    }

    /// A number to sort by.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn union(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 | other.0)
    }

    pub(crate) fn without(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 & !other.0)
    }

    pub(crate) fn common(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 & other.0)
    }

    pub(crate) fn meets(self, other: RoleSet) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn ids(self) -> impl Iterator<Item = &'static str> {
        self.indexes().filter_map(name_of)
    }

    /// The roles one by one.
    pub(crate) fn each(self) -> impl Iterator<Item = RoleSet> {
        self.indexes().map(|index| RoleSet(1 << index))
    }

    fn indexes(self) -> impl Iterator<Item = usize> {
        let end = MOST_ROLES - self.0.leading_zeros() as usize;
        (0..end).filter(move |index| self.0 & (1 << index) != 0)
    }
}
