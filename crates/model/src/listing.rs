//! Listings: what can be read completely on its own, by family.
//!
//! A family is all listings of one sort – the pages of the accounts of each directory, the role grants of each
//! group. A kind of fact can be concluded absent only when every family that covers it was read to its end.

use crate::fact::FactKind;

/// A sort of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The directories of the organization.
    Directories,
    /// The accounts of each directory, with their groups and platform roles.
    Accounts,
    /// The groups of all directories.
    Groups,
    /// The members of single groups, where an account's list of groups may have been cut.
    GroupMembers,
    /// The roles that each group gives.
    GroupRoleGrants,
    /// The workspaces.
    Workspaces,
    /// Who holds which role on which resource.
    RoleHoldings,
    /// The domains.
    Domains,
    /// The policies.
    Policies,
    /// The API tokens of managed accounts.
    ApiTokens,
    /// How each account came to hold its roles.
    Methods,
    /// The organization's API keys.
    ApiKeys,
    /// The service accounts.
    ServiceAccounts,
    /// The users of a SCIM directory.
    ScimUsers,
    /// The groups of a SCIM directory.
    ScimGroups,
}

impl Family {
    /// Every family, in the order in which progress is shown.
    pub const ALL: [Family; 15] = [
        Family::Directories,
        Family::Accounts,
        Family::Groups,
        Family::GroupMembers,
        Family::GroupRoleGrants,
        Family::Workspaces,
        Family::RoleHoldings,
        Family::Domains,
        Family::Policies,
        Family::ApiTokens,
        Family::ApiKeys,
        Family::ServiceAccounts,
        Family::ScimUsers,
        Family::ScimGroups,
        Family::Methods,
    ];

    /// The name used in the store, in logs and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Directories => "directories",
            Family::Accounts => "accounts",
            Family::Groups => "groups",
            Family::GroupMembers => "group_members",
            Family::GroupRoleGrants => "group_role_grants",
            Family::Workspaces => "workspaces",
            Family::RoleHoldings => "role_holdings",
            Family::Domains => "domains",
            Family::Policies => "policies",
            Family::ApiTokens => "api_tokens",
            Family::Methods => "methods",
            Family::ApiKeys => "api_keys",
            Family::ServiceAccounts => "service_accounts",
            Family::ScimUsers => "scim_users",
            Family::ScimGroups => "scim_groups",
        }
    }

    /// The name shown to people.
    pub fn title(self) -> &'static str {
        match self {
            Family::Directories => "Directories",
            Family::Accounts => "Accounts",
            Family::Groups => "Groups",
            Family::GroupMembers => "Group members",
            Family::GroupRoleGrants => "Roles of groups",
            Family::Workspaces => "Workspaces",
            Family::RoleHoldings => "Role holders",
            Family::Domains => "Domains",
            Family::Policies => "Policies",
            Family::ApiTokens => "API tokens",
            Family::Methods => "Ways of access",
            Family::ApiKeys => "API keys",
            Family::ServiceAccounts => "Service accounts",
            Family::ScimUsers => "SCIM users",
            Family::ScimGroups => "SCIM groups",
        }
    }

    /// The family with this name.
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The kinds of facts that reading the whole family shows completely.
    pub fn kinds(self) -> &'static [FactKind] {
        match self {
            Family::Directories => &[FactKind::Directory],
            Family::Accounts => &[
                FactKind::Account,
                FactKind::DirectoryMembership,
                FactKind::Membership,
                FactKind::PlatformRole,
            ],
            Family::Groups => &[FactKind::Group],
            Family::GroupMembers => &[FactKind::Membership],
            Family::GroupRoleGrants => &[FactKind::GroupRoleGrant],
            Family::Workspaces => &[FactKind::Workspace],
            Family::RoleHoldings => &[FactKind::RoleHolding],
            Family::Domains => &[FactKind::Domain],
            Family::Policies => &[FactKind::Policy],
            Family::ApiTokens => &[FactKind::ApiToken],
            Family::Methods => &[FactKind::Method],
            Family::ApiKeys => &[FactKind::ApiKey],
            Family::ServiceAccounts => &[FactKind::ServiceAccount],
            Family::ScimUsers => &[FactKind::ScimUser],
            Family::ScimGroups => &[FactKind::ScimGroup],
        }
    }

    /// Whether many organizations do not have it, so that a refusal is no gap in a reading as long as nothing of it was
    /// ever known: see `docs/decisions/0009-what-is-never-there.md`.
    pub fn is_optional(self) -> bool {
        matches!(self, Family::ApiKeys | Family::ServiceAccounts)
    }
}
