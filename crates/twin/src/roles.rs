//! The role ids and small sets of them.

/// Every role id the twin deals in; a role's index is its bit.
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

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleSet(u16);

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
        ROLE_IDS
            .iter()
            .position(|known| *known == id)
            .map(|index| RoleSet(1 << index))
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
        ROLE_IDS
            .iter()
            .enumerate()
            .filter(move |(index, _)| self.0 & (1 << index) != 0)
            .map(|(_, id)| *id)
    }

    /// The roles one by one.
    pub(crate) fn each(self) -> impl Iterator<Item = RoleSet> {
        (0..ROLE_IDS.len())
            .map(|index| RoleSet(1 << index))
            .filter(move |one| self.meets(*one))
    }
}
