//! Facts: things observed to be so.
//!
//! Each kind of fact is one row of [`FactKind`], with the names of its key parts. A fact's key says *what*
//! is so ("this account is in this group"); its attributes say what else was told. The store keeps every
//! kind in the same way, so a new kind costs a variant here, a mapping in `sync` and a line in the export.

use crate::attributes::Attributes;
use crate::ids::{
    AccountId, ApiKeyId, DirectoryId, DomainId, GroupId, PolicyId, ResourceId, RoleId, ScimDirectoryId,
    ScimGroupId, ScimUserId, TokenId,
};

/// The kinds of facts. The number is what the store keeps and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum FactKind {
    /// A person, app or portal customer is known to the organization. Key: account.
    Account = 1,
    /// A directory exists. Key: directory.
    Directory = 2,
    /// An account is in a directory. Key: directory, account.
    DirectoryMembership = 3,
    /// A group exists. Key: group.
    Group = 4,
    /// An account is in a group. Key: group, account.
    Membership = 5,
    /// A workspace exists. Key: resource.
    Workspace = 6,
    /// An account has a role on a resource, by whatever way. Key: account, resource, role.
    RoleHolding = 7,
    /// A group gives its members a role on a resource. Key: group, resource, role.
    GroupRoleGrant = 8,
    /// An account has a role of the platform, such as organization admin. Key: account, role.
    PlatformRole = 9,
    /// A domain is claimed or being claimed. Key: domain.
    Domain = 10,
    /// A policy exists. Key: policy.
    Policy = 11,
    /// An API token exists. Key: token.
    ApiToken = 12,
    /// How a role holding came about, as Atlassian tells it; read on demand. Key: account, resource, role.
    Method = 13,
    /// An API key of the organization exists. Key: API key.
    ApiKey = 14,
    /// A service account exists. Key: account.
    ServiceAccount = 15,
    /// A SCIM directory has a record of a user, linked to an account or to none. Key: SCIM user, SCIM directory,
    /// account. The link is part of the key: a record that is linked anew is another fact.
    ScimUser = 16,
    /// A SCIM directory has a record of a group. Key: SCIM group, SCIM directory.
    ScimGroup = 17,
}

impl FactKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [FactKind; 17] = [
        FactKind::Account,
        FactKind::Directory,
        FactKind::DirectoryMembership,
        FactKind::Group,
        FactKind::Membership,
        FactKind::Workspace,
        FactKind::RoleHolding,
        FactKind::GroupRoleGrant,
        FactKind::PlatformRole,
        FactKind::Domain,
        FactKind::Policy,
        FactKind::ApiToken,
        FactKind::Method,
        FactKind::ApiKey,
        FactKind::ServiceAccount,
        FactKind::ScimUser,
        FactKind::ScimGroup,
    ];

    /// The number under which the store keeps this kind.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The kind with this number, if there is one.
    pub fn from_number(number: i64) -> Option<FactKind> {
        FactKind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name used in exports, files and logs.
    pub fn name(self) -> &'static str {
        match self {
            FactKind::Account => "account",
            FactKind::Directory => "directory",
            FactKind::DirectoryMembership => "directory_membership",
            FactKind::Group => "group",
            FactKind::Membership => "membership",
            FactKind::Workspace => "workspace",
            FactKind::RoleHolding => "role_holding",
            FactKind::GroupRoleGrant => "group_role_grant",
            FactKind::PlatformRole => "platform_role",
            FactKind::Domain => "domain",
            FactKind::Policy => "policy",
            FactKind::ApiToken => "api_token",
            FactKind::Method => "method",
            FactKind::ApiKey => "api_key",
            FactKind::ServiceAccount => "service_account",
            FactKind::ScimUser => "scim_user",
            FactKind::ScimGroup => "scim_group",
        }
    }

    /// The kind with this export name, if there is one.
    pub fn from_name(name: &str) -> Option<FactKind> {
        FactKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Up to three ids that say what a fact is about; unused parts are the empty text.
pub type FactKey = [String; 3];

/// One thing observed to be so.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What kind of thing.
    pub kind: FactKind,
    /// What it is about.
    pub key: FactKey,
    /// What else was told.
    pub attributes: Attributes,
}

/// What describes a person and is no fact: kept in one place so that it can be erased without losing history.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The account described.
    pub account: AccountId,
    /// `name`, `email`, `nickname`, `job_title` and the like, three-valued.
    pub attributes: Attributes,
}

fn key(parts: &[&str]) -> FactKey {
    let part = |index: usize| {
        parts
            .get(index)
            .map_or_else(String::new, |text| (*text).to_owned())
    };
    [part(0), part(1), part(2)]
}

impl Fact {
    fn new(kind: FactKind, parts: &[&str], attributes: Attributes) -> Fact {
        Fact {
            kind,
            key: key(parts),
            attributes,
        }
    }

    /// An account is known. Attributes: `type`, `status`, `claim_status` and what else was told.
    pub fn account(account: &AccountId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Account, &[account.as_str()], attributes)
    }

    /// A directory exists. Attributes: `name`.
    pub fn directory(directory: &DirectoryId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Directory, &[directory.as_str()], attributes)
    }

    /// An account is in a directory. Attributes: `status` (the membership's).
    pub fn directory_membership(
        directory: &DirectoryId,
        account: &AccountId,
        attributes: Attributes,
    ) -> Fact {
        Fact::new(
            FactKind::DirectoryMembership,
            &[directory.as_str(), account.as_str()],
            attributes,
        )
    }

    /// A group exists. Attributes: `directory_id`, `name`, `description`, `external_synced`, `managed_by`.
    pub fn group(group: &GroupId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Group, &[group.as_str()], attributes)
    }

    /// An account is in a group.
    pub fn membership(group: &GroupId, account: &AccountId) -> Fact {
        Fact::new(
            FactKind::Membership,
            &[group.as_str(), account.as_str()],
            Attributes::new(),
        )
    }

    /// A workspace exists. Attributes: `name`, `type_key`, `status`, `directory_id`, `host_url` and what else was told.
    pub fn workspace(resource: &ResourceId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Workspace, &[resource.as_str()], attributes)
    }

    /// An account has a role on a resource.
    pub fn role_holding(account: &AccountId, resource: &ResourceId, role: &RoleId) -> Fact {
        Fact::new(
            FactKind::RoleHolding,
            &[account.as_str(), resource.as_str(), role.as_str()],
            Attributes::new(),
        )
    }

    /// A group gives a role on a resource.
    pub fn group_role_grant(group: &GroupId, resource: &ResourceId, role: &RoleId) -> Fact {
        Fact::new(
            FactKind::GroupRoleGrant,
            &[group.as_str(), resource.as_str(), role.as_str()],
            Attributes::new(),
        )
    }

    /// An account has a platform role.
    pub fn platform_role(account: &AccountId, role: &RoleId) -> Fact {
        Fact::new(
            FactKind::PlatformRole,
            &[account.as_str(), role.as_str()],
            Attributes::new(),
        )
    }

    /// A domain. Attributes: `name`, `claim_type`, `claim_status`.
    pub fn domain(domain: &DomainId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Domain, &[domain.as_str()], attributes)
    }

    /// A policy. Attributes: `type`, `name`, `status`, `rule`, `resources`.
    pub fn policy(policy: &PolicyId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::Policy, &[policy.as_str()], attributes)
    }

    /// An API token. Attributes: `account_id`, `label`, `status`, `created_at`, `expires_at`.
    pub fn api_token(token: &TokenId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::ApiToken, &[token.as_str()], attributes)
    }

    /// How a holding came about. Attributes: `methods`, a sorted list such as `["direct","group_direct"]`.
    pub fn method(account: &AccountId, resource: &ResourceId, role: &RoleId, methods: Vec<String>) -> Fact {
        Fact::new(
            FactKind::Method,
            &[account.as_str(), resource.as_str(), role.as_str()],
            Attributes::new().with("methods", Some(methods)),
        )
    }

    /// An API key of the organization. Attributes: `label`, `key_type`, `created_by`, `created_at`, `expires_at`,
    /// `scopes`.
    pub fn api_key(key: &ApiKeyId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::ApiKey, &[key.as_str()], attributes)
    }

    /// A service account. Attributes: `service_account_id`, `name`, `status`, `description`, `created_by`.
    pub fn service_account(account: &AccountId, attributes: Attributes) -> Fact {
        Fact::new(FactKind::ServiceAccount, &[account.as_str()], attributes)
    }

    /// A record of a user in a SCIM directory. Attributes: `active`. Its user name describes a person and is kept as
    /// the `email` of a [`Person`] under the record's own id.
    pub fn scim_user(
        user: &ScimUserId,
        directory: &ScimDirectoryId,
        account: Option<&AccountId>,
        attributes: Attributes,
    ) -> Fact {
        let account = account.map_or("", AccountId::as_str);
        Fact::new(
            FactKind::ScimUser,
            &[user.as_str(), directory.as_str(), account],
            attributes,
        )
    }

    /// A record of a group in a SCIM directory. Attributes: `name`, which is the group's for good.
    pub fn scim_group(group: &ScimGroupId, directory: &ScimDirectoryId, attributes: Attributes) -> Fact {
        Fact::new(
            FactKind::ScimGroup,
            &[group.as_str(), directory.as_str()],
            attributes,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_number_and_its_name() {
        for kind in FactKind::ALL {
            assert_eq!(FactKind::from_number(kind.number()), Some(kind));
            assert_eq!(FactKind::from_name(kind.name()), Some(kind));
        }
    }
}
