//! How entitlements and grants are called: parts with colons between, and nothing escaped.
//!
//! Atlassian's own ids hold colons too (`712020:…`, `ari:cloud:…`), so an id is never read from left to right part by
//! part. Of an entitlement the first part and the last ones are known words or hold no colon; what is between is the
//! resource. Of a grant the beginning is its entitlement's whole id.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The type of accounts.
pub const USER: &str = "user";
/// The type of groups.
pub const GROUP: &str = "group";
/// The type of workspaces.
pub const WORKSPACE: &str = "workspace";
/// The type of the organization.
pub const ORGANIZATION: &str = "organization";
/// The type of API tokens.
pub const API_TOKEN: &str = "api_token";
/// What being in a group is called.
pub const MEMBER: &str = "member";

/// An entitlement of this connector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntitlementId {
    /// Being in a group.
    Member {
        /// The group's id.
        group: String,
    },
    /// A role on a workspace.
    WorkspaceRole {
        /// The workspace's id.
        workspace: String,
        /// The role, such as `atlassian/user`.
        role: String,
    },
    /// A role on the organization.
    OrganizationRole {
        /// The organization's id.
        organization: String,
        /// The role, such as `atlassian/org-admin`.
        role: String,
    },
}

/// A text that is no id of an entitlement of this connector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not the id of an entitlement of this connector")]
pub struct UnknownEntitlement(pub String);

impl EntitlementId {
    /// The type of what it is on.
    pub fn resource_type(&self) -> &'static str {
        match self {
            EntitlementId::Member { .. } => GROUP,
            EntitlementId::WorkspaceRole { .. } => WORKSPACE,
            EntitlementId::OrganizationRole { .. } => ORGANIZATION,
        }
    }

    /// The id of what it is on.
    pub fn resource(&self) -> &str {
        match self {
            EntitlementId::Member { group } => group,
            EntitlementId::WorkspaceRole { workspace, .. } => workspace,
            EntitlementId::OrganizationRole { organization, .. } => organization,
        }
    }

    /// What it is called there.
    pub fn slug(&self) -> String {
        match self {
            EntitlementId::Member { .. } => MEMBER.to_owned(),
            EntitlementId::WorkspaceRole { role, .. } | EntitlementId::OrganizationRole { role, .. } => {
                role_slug(role)
            }
        }
    }
}

/// What a role is called on its resource.
pub fn role_slug(role: &str) -> String {
    format!("role:{role}")
}

impl fmt::Display for EntitlementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&entitlement_id(
            self.resource_type(),
            self.resource(),
            &self.slug(),
        ))
    }
}

impl FromStr for EntitlementId {
    type Err = UnknownEntitlement;

    fn from_str(text: &str) -> Result<EntitlementId, UnknownEntitlement> {
        let unknown = || UnknownEntitlement(text.to_owned());
        let (resource_type, rest) = text.split_once(':').ok_or_else(unknown)?;
        let (before, last) = rest.rsplit_once(':').ok_or_else(unknown)?;
        let on_role = || {
            let resource = before.strip_suffix(":role")?;
            (!resource.is_empty() && !last.is_empty()).then(|| (resource.to_owned(), last.to_owned()))
        };
        match resource_type {
            GROUP if last == MEMBER && !before.is_empty() => Ok(EntitlementId::Member {
                group: before.to_owned(),
            }),
            WORKSPACE => on_role()
                .map(|(workspace, role)| EntitlementId::WorkspaceRole { workspace, role })
                .ok_or_else(unknown),
            ORGANIZATION => on_role()
                .map(|(organization, role)| EntitlementId::OrganizationRole { organization, role })
                .ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

/// The id of any entitlement.
pub fn entitlement_id(resource_type: &str, resource: &str, slug: &str) -> String {
    format!("{resource_type}:{resource}:{slug}")
}

/// The id of a grant.
pub fn grant_id(entitlement: &str, principal_type: &str, principal: &str) -> String {
    format!("{entitlement}:{principal_type}:{principal}")
}

/// The type and the id of whom a grant of a known entitlement is to; `None` when it is no grant of it.
pub fn principal_of<'a>(grant: &'a str, entitlement: &str) -> Option<(&'a str, &'a str)> {
    let (principal_type, principal) = grant
        .strip_prefix(entitlement)?
        .strip_prefix(':')?
        .split_once(':')?;
    (!principal_type.is_empty() && !principal.is_empty()).then_some((principal_type, principal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_of_atlassian_keep_their_colons() {
        let workspace = "ari:cloud:jira-software::site/1";
        let id = format!("workspace:{workspace}:role:atlassian/user");
        let entitlement: EntitlementId = id.parse().unwrap();
        assert_eq!(entitlement.resource(), workspace);
        assert_eq!(entitlement.slug(), "role:atlassian/user");
        assert_eq!(entitlement.to_string(), id);
        let grant = grant_id(&id, USER, "712020:9-4");
        assert_eq!(grant, format!("{id}:user:712020:9-4"));
        assert_eq!(principal_of(&grant, &id), Some((USER, "712020:9-4")));
    }

    #[test]
    fn what_is_no_entitlement_of_ours_is_refused() {
        for text in [
            "",
            ":",
            "group",
            "group:g",
            "group::member",
            "user:a:member",
            "workspace:w:atlassian/user",
            "workspace::role:x",
            "organization:o:role:",
        ] {
            assert_eq!(
                text.parse::<EntitlementId>(),
                Err(UnknownEntitlement(text.to_owned()))
            );
        }
        assert_eq!(principal_of("a:b:user:c", "a:x"), None);
        assert_eq!(principal_of("a:b:user:", "a:b"), None);
    }

    proptest! {
        #[test]
        fn an_id_reads_back_as_it_was_put_together(
            resource in "[a-z:/0-9]{1,20}",
            role in "[a-z/-]{1,10}",
            principal in "[a-z:0-9]{1,20}",
            kind in 0..3,
        ) {
            let entitlement = match kind {
                0 => EntitlementId::Member { group: resource },
                1 => EntitlementId::WorkspaceRole { workspace: resource, role },
                _ => EntitlementId::OrganizationRole { organization: resource, role },
            };
            let id = entitlement.to_string();
            prop_assert_eq!(id.parse::<EntitlementId>(), Ok(entitlement));
            let grant = grant_id(&id, USER, &principal);
            prop_assert_eq!(principal_of(&grant, &id), Some((USER, principal.as_str())));
        }

        #[test]
        fn any_text_is_read_without_a_crash(text in ".{0,40}", other in ".{0,40}") {
            if let Ok(entitlement) = text.parse::<EntitlementId>() {
                prop_assert_eq!(entitlement.to_string(), text.as_str());
            }
            let _ = principal_of(&text, &other);
        }
    }
}
