//! The organization itself: its directories, domains and policies.

use super::error::ViewError;
use super::scim::{self, ScimDirectoryItem};
use super::scope::Scope;
use super::time::{At, Since};
use crate::App;
use model::FactKind;
use serde::Serialize;
use store::views::Described;

/// A directory.
#[derive(Debug, Clone, Serialize)]
pub struct DirectoryItem {
    /// Its id as Atlassian spells it.
    pub directory_id: String,
    /// Its name; the id when none was told.
    pub name: String,
    /// From when it is known.
    pub since: Since,
}

/// A domain.
#[derive(Debug, Clone, Serialize)]
pub struct DomainItem {
    /// Its id as Atlassian spells it.
    pub domain_id: String,
    /// The domain, such as `example.com`.
    pub name: String,
    /// How it was claimed: `http`, `dns` or what else was told.
    pub claim_type: Option<String>,
    /// `verified`, `unverified` or what else was told.
    pub claim_status: Option<String>,
    /// From when it is known.
    pub since: Since,
}

/// A policy.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyItem {
    /// Its id as Atlassian spells it.
    pub policy_id: String,
    /// Its name.
    pub name: String,
    /// Its type, such as `data-residency`.
    pub policy_type: Option<String>,
    /// `enabled`, `disabled` or what else was told.
    pub status: Option<String>,
    /// From when it is known.
    pub since: Since,
}

/// The organization.
#[derive(Debug, Clone, Serialize)]
pub struct OrganizationView {
    /// Its directories, by name.
    pub directories: Vec<DirectoryItem>,
    /// Its domains, by name.
    pub domains: Vec<DomainItem>,
    /// Its policies, by name.
    pub policies: Vec<PolicyItem>,
    /// The SCIM directories of its identity providers.
    pub scim_directories: Vec<ScimDirectoryItem>,
    /// As of when.
    pub read_at: Option<At>,
}

fn told(found: &Described, name: &str) -> Option<String> {
    found.attributes.text(name).map(str::to_owned)
}

fn name(found: &Described) -> String {
    told(found, "name").unwrap_or_else(|| found.id.clone())
}

impl App {
    /// What the organization is made of besides accounts, groups and workspaces.
    pub async fn organization(&self, scope: &Scope) -> Result<OrganizationView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let directories = tx.governance_list(at, FactKind::Directory).await?;
        let domains = tx.governance_list(at, FactKind::Domain).await?;
        let policies = tx.governance_list(at, FactKind::Policy).await?;
        let mut view = OrganizationView {
            directories: directories
                .iter()
                .map(|found| DirectoryItem {
                    directory_id: found.id.clone(),
                    name: name(found),
                    since: found.seen.into(),
                })
                .collect(),
            domains: domains
                .iter()
                .map(|found| DomainItem {
                    domain_id: found.id.clone(),
                    name: name(found),
                    claim_type: told(found, "claim_type"),
                    claim_status: told(found, "claim_status"),
                    since: found.seen.into(),
                })
                .collect(),
            policies: policies
                .iter()
                .map(|found| PolicyItem {
                    policy_id: found.id.clone(),
                    name: name(found),
                    policy_type: told(found, "policy_type").or_else(|| told(found, "type")),
                    status: told(found, "status"),
                    since: found.seen.into(),
                })
                .collect(),
            scim_directories: scim::directories(&mut tx, at).await?,
            read_at: scope.read_at,
        };
        view.directories.sort_by(|one, other| one.name.cmp(&other.name));
        view.domains.sort_by(|one, other| one.name.cmp(&other.name));
        view.policies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(view)
    }
}
