//! Workspaces: the instances of products, as the workspace search gives them.

use super::RawPage;
use crate::drift::Drift;
use serde::Deserialize;
use serde_json::Value;

/// A workspace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Its ARI.
    pub id: String,
    /// What is said of it.
    pub attributes: WorkspaceAttributes,
}

/// What is said of a workspace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkspaceAttributes {
    /// Its name.
    pub name: Option<String>,
    /// Product key, such as `confluence`.
    pub type_key: Option<String>,
    /// Product name.
    #[serde(rename = "type")]
    pub product: Option<String>,
    /// Vendor or owner.
    pub owner: Option<String>,
    /// `online`, `offline`, `deprecated`; open.
    pub status: Option<String>,
    /// Whether it is the sandbox of another.
    pub sandbox: Option<Value>,
    /// Seats in use; filled for few products only.
    pub usage: Option<i64>,
    /// Seats bought; filled for few products only.
    pub capacity: Option<i64>,
    /// When it was made; only for sited products.
    pub created_at: Option<String>,
    /// Who made it; only for sited products.
    pub created_by: Option<String>,
    /// Address of its site.
    pub host_url: Option<String>,
    /// Data realm.
    pub realm: Option<String>,
    /// Data regions.
    pub regions: Option<Vec<String>>,
    /// Its directory.
    pub directory: Option<String>,
}

impl Workspace {
    /// Counts what of a page is unknown.
    pub(crate) fn note_drift(drift: &Drift, page: &RawPage, workspaces: &[Workspace]) {
        if let Some(first) = page.data.first() {
            drift.fields(
                "workspace",
                first.get(),
                &["id", "type", "attributes", "links", "relationships", "appType"],
            );
        }
        for workspace in workspaces {
            let status = workspace.attributes.status.as_deref();
            drift.value("workspace.status", status, &["online", "offline", "deprecated"]);
        }
    }
}
