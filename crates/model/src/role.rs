//! What roles are called, and which take a seat.
//!
//! The set of roles is open: Atlassian adds some, and one that is not listed here is shown by its id and
//! treated like any other. Source: the vendor's published role ids of the organizations API, 2026-10.

use crate::RoleId;

/// The role of those who administer the whole organization. It is held on the organization, by accounts themselves.
pub const ORGANIZATION_ADMIN: &str = "atlassian/org-admin";

/// Roles that the organizations API documents, asked for by the planner besides those that answers name.
pub const DOCUMENTED_ROLES: [&str; 11] = [
    "atlassian/user",
    "atlassian/admin",
    "atlassian/guest",
    "atlassian/customer",
    "atlassian/user-access-admin",
    "atlassian/contributor",
    "atlassian/basic",
    "atlassian/stakeholder",
    ORGANIZATION_ADMIN,
    "atlassian/site-admin",
    "atlassian/ai-access",
];

impl RoleId {
    /// Whether it is the role of those who administer the whole organization, which has calls of its own.
    pub fn is_organization_admin(&self) -> bool {
        self.as_str() == ORGANIZATION_ADMIN
    }
}

/// What people call the role: `Product admin` for `atlassian/admin`. An unknown role is its id without the prefix.
pub fn role_name(role: &str) -> &str {
    match role {
        "atlassian/user" => "User",
        "atlassian/admin" => "Product admin",
        "atlassian/guest" => "Guest",
        "atlassian/customer" => "Customer",
        "atlassian/user-access-admin" => "User access admin",
        "atlassian/contributor" => "Contributor",
        "atlassian/basic" => "Basic",
        "atlassian/stakeholder" => "Stakeholder",
        ORGANIZATION_ADMIN => "Organization admin",
        "atlassian/site-admin" => "Site admin",
        "atlassian/ai-access" => "AI access",
        other => other.strip_prefix("atlassian/").unwrap_or(other),
    }
}

/// What people call a product: `Jira` for `jira-software`. An unknown key is shown as it is.
pub fn product_name(type_key: &str) -> &str {
    match type_key {
        "jira-software" => "Jira",
        "jira-core" => "Jira Work Management",
        "jira-servicedesk" | "jira-service-desk" => "Jira Service Management",
        "jira-product-discovery" => "Jira Product Discovery",
        "confluence" => "Confluence",
        "bitbucket" => "Bitbucket",
        "trello" => "Trello",
        "opsgenie" => "Opsgenie",
        "statuspage" => "Statuspage",
        "compass" => "Compass",
        "loom" => "Loom",
        "platform" => "Platform",
        other => other,
    }
}
