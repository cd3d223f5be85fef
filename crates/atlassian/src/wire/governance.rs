//! The organization itself: directories, domains, policies, API tokens.

use serde::Deserialize;
use serde_json::Value;

/// An organization.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// What is said of it.
    pub attributes: OrganizationAttributes,
}

/// What is said of an organization.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OrganizationAttributes {
    /// Its name.
    pub name: Option<String>,
}

/// A directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Directory {
    /// Its id.
    pub directory_id: String,
    /// Its name.
    pub name: Option<String>,
}

/// A domain.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Domain {
    /// Its id.
    pub id: String,
    /// What is said of it.
    pub attributes: DomainAttributes,
}

/// What is said of a domain.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DomainAttributes {
    /// The domain name.
    pub name: Option<String>,
    /// How and whether it is claimed.
    pub claim: Option<DomainClaim>,
}

/// A claim of a domain.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DomainClaim {
    /// `http`, `dns`; open.
    #[serde(rename = "type")]
    pub method: Option<String>,
    /// `verified`, `unverified` and others; open.
    pub status: Option<String>,
}

/// A policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// What is said of it.
    pub attributes: PolicyAttributes,
}

/// What is said of a policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PolicyAttributes {
    /// `ip-allowlist`, `data-residency` and others; open.
    #[serde(rename = "type")]
    pub policy_type: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `enabled`, `disabled`; open.
    pub status: Option<String>,
    /// What it says; its shape depends on the type.
    pub rule: Option<Value>,
    /// What it applies to.
    pub resources: Option<Value>,
}

/// An API token of a managed account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// The label its owner gave it.
    pub label: Option<String>,
    /// `ALLOWED`, `BLOCKED`; open.
    pub status: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it stops working.
    pub expires_at: Option<String>,
    /// When it was last used.
    pub last_active_at: Option<String>,
    /// What it may do; absent for tokens without scopes.
    pub scopes: Option<Vec<String>>,
    /// Whose it is.
    pub user: Option<TokenUser>,
}

/// The owner of a token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TokenUser {
    /// The account.
    pub id: String,
}
