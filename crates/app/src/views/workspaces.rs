//! Workspaces: the list, and what is known of one.

use super::Slice;
use super::access::WhoView;
use super::accounts::unused_since;
use super::error::ViewError;
use super::names::{GroupRef, RoleRef, Wanted, WorkspaceRef};
use super::scope::Scope;
use super::time::{At, Since};
use crate::App;
use model::Attributes;
use model::role::product_name;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use store::Tx;
use store::views::workspaces::HolderCount;
use store::views::{Described, Snapshot};

/// How many accounts have a role.
#[derive(Debug, Clone, Serialize)]
pub struct RoleTally {
    /// The role.
    pub role: RoleRef,
    /// How many accounts have it.
    pub accounts: i64,
    /// How many groups give it.
    pub groups: i64,
}

/// A workspace, or another resource that roles are held on, in a list.
#[derive(Debug, Clone, Serialize)]
pub struct WorkspaceItem {
    /// How it is called.
    #[serde(flatten)]
    pub workspace: WorkspaceRef,
    /// How many accounts have any role on it.
    pub accounts: i64,
    /// How many of them were active there in the last 90 days, as far as that is told.
    pub active: i64,
    /// How many groups give any role on it.
    pub groups: i64,
    /// Its roles, the furthest-reaching first.
    pub roles: Vec<RoleTally>,
    /// Seats that are paid for, if that was told.
    pub capacity: Option<i64>,
    /// `online` or what else was told.
    pub status: Option<String>,
    /// Where it is.
    pub host_url: Option<String>,
    /// From when it is known; `None` for what is not in the list of workspaces.
    pub since: Option<Since>,
}

/// The list.
#[derive(Debug, Clone, Serialize)]
pub struct WorkspacesView {
    /// The workspaces, by how many accounts have access.
    pub workspaces: Vec<WorkspaceItem>,
    /// Other resources that roles are held on: sites, the organization, what is not in the list.
    pub others: Vec<WorkspaceItem>,
    /// When activity was last read.
    pub activity_read_at: Option<At>,
    /// As of when.
    pub read_at: Option<At>,
}

/// A group that gives a role on the workspace.
#[derive(Debug, Clone, Serialize)]
pub struct GivingGroup {
    /// The group.
    pub group: GroupRef,
    /// The role it gives.
    pub role: RoleRef,
    /// How many accounts are in the group.
    pub members: i64,
    /// Whether an identity provider owns its members, if that was told.
    pub external_synced: Option<bool>,
    /// From when it gives the role.
    pub since: Since,
}

/// One workspace.
#[derive(Debug, Clone, Serialize)]
pub struct WorkspaceView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub item: WorkspaceItem,
    /// Everything that was told of it.
    pub attributes: Attributes,
    /// The groups that give roles on it.
    pub giving: Vec<GivingGroup>,
    /// Who has access, by the role asked about or by any.
    pub who: WhoView,
}

impl App {
    /// The products of the organization's workspaces: key and name, by name.
    pub async fn products(&self, scope: &Scope) -> Result<Vec<(String, String)>, ViewError> {
        let mut tx = self.store.read().await?;
        let workspaces = tx.workspace_list(scope.at).await?;
        let keys = workspaces
            .iter()
            .filter_map(|workspace| workspace.attributes.text("type_key"));
        let mut products: Vec<(String, String)> = keys
            .map(|key| (key.to_owned(), product_name(key).to_owned()))
            .collect();
        products.sort_by(|one, other| one.1.cmp(&other.1));
        products.dedup();
        Ok(products)
    }

    pub(crate) async fn workspace_items(
        &self,
        tx: &mut Tx,
        at: Snapshot,
    ) -> Result<Arc<Vec<(i64, WorkspaceItem)>>, ViewError> {
        // Activity goes on while the run stays the same, but by days.
        let day = unused_since(self.clock.now_ms()).to_string();
        if let Some(items) = self.memo.get::<Vec<(i64, WorkspaceItem)>>(at, "workspaces", &day) {
            return Ok(items);
        }
        let items = self.read_workspace_items(tx, at, None).await?;
        Ok(self.memo.put(at, "workspaces", &day, items))
    }

    /// One of them. Only it is counted where not all were counted already.
    async fn workspace_item(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        resource: i64,
    ) -> Result<Option<WorkspaceItem>, ViewError> {
        let day = unused_since(self.clock.now_ms()).to_string();
        let kept = self.memo.get::<Vec<(i64, WorkspaceItem)>>(at, "workspaces", &day);
        let items = match kept {
            Some(items) => items,
            None => Arc::new(self.read_workspace_items(tx, at, Some(resource)).await?),
        };
        let found = items.iter().find(|(term, _)| *term == resource);
        Ok(found.map(|(_, item)| item.clone()))
    }

    /// All of them, or only one.
    async fn read_workspace_items(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        only: Option<i64>,
    ) -> Result<Vec<(i64, WorkspaceItem)>, ViewError> {
        let is_asked = |resource: i64| only.is_none_or(|only| only == resource);
        let since = unused_since(self.clock.now_ms());
        let listed: HashMap<i64, Described> = tx
            .workspace_list(at)
            .await?
            .into_iter()
            .filter(|workspace| is_asked(workspace.term))
            .map(|workspace| (workspace.term, workspace))
            .collect();
        let held = tx.role_counts(at, only).await?;
        let mut given = tx.grant_counts(at).await?;
        given.retain(|count| is_asked(count.resource));
        let holders = tx.holder_counts(at, since, only).await?;
        let holders: HashMap<i64, HolderCount> =
            holders.into_iter().map(|count| (count.resource, count)).collect();
        let mut giving_groups: HashMap<i64, std::collections::HashSet<i64>> = HashMap::new();
        for grant in tx.grant_list(at, None, only).await? {
            giving_groups
                .entry(grant.resource)
                .or_default()
                .insert(grant.group);
        }
        let mut wanted = Wanted::default();
        for count in held.iter().chain(&given) {
            wanted.resource(count.resource).role(count.role);
        }
        for term in listed.keys() {
            wanted.resource(*term);
        }
        let names = wanted.look_up(tx, at).await?;
        let mut items = Vec::new();
        for (term, workspace) in names.workspaces() {
            let mut roles: Vec<RoleTally> = Vec::new();
            for count in held.iter().filter(|count| count.resource == term) {
                roles.push(RoleTally {
                    role: names.role(count.role),
                    accounts: count.accounts,
                    groups: 0,
                });
            }
            for count in given.iter().filter(|count| count.resource == term) {
                let role = names.role(count.role);
                match roles.iter_mut().find(|tally| tally.role == role) {
                    Some(tally) => tally.groups = count.accounts,
                    None => roles.push(RoleTally {
                        role,
                        accounts: 0,
                        groups: count.accounts,
                    }),
                }
            }
            roles.sort_by_key(|tally| (tally.role.rank(), tally.role.name.clone()));
            let told = listed.get(&term);
            let text = |name: &str| {
                told.and_then(|told| told.attributes.text(name))
                    .map(str::to_owned)
            };
            let item = WorkspaceItem {
                workspace: workspace.clone(),
                accounts: holders.get(&term).map_or(0, |count| count.accounts),
                active: holders.get(&term).map_or(0, |count| count.active),
                groups: giving_groups
                    .get(&term)
                    .map_or(0, |groups| i64::try_from(groups.len()).unwrap_or(0)),
                roles,
                capacity: told
                    .and_then(|told| told.attributes.json("capacity").as_i64())
                    .filter(|seats| *seats > 0),
                status: text("status"),
                host_url: text("host_url"),
                since: told.map(|told| told.seen.into()),
            };
            items.push((term, item));
        }
        items.sort_by(|(_, one), (_, other)| {
            other
                .accounts
                .cmp(&one.accounts)
                .then_with(|| one.workspace.name.cmp(&other.workspace.name))
        });
        Ok(items)
    }

    /// The workspaces and the other resources that roles are held on.
    pub async fn workspaces(&self, scope: &Scope) -> Result<WorkspacesView, ViewError> {
        let mut tx = self.store.read().await?;
        let items = self.workspace_items(&mut tx, scope.at).await?;
        let (workspaces, others) = items
            .iter()
            .map(|(_, item)| item.clone())
            .partition(|item| item.workspace.is_listed);
        Ok(WorkspacesView {
            workspaces,
            others,
            activity_read_at: tx.activity_read_at(scope.at.organization).await?.map(At),
            read_at: scope.read_at,
        })
    }

    /// One workspace, by id or exact name, with who has access: see [`App::who`].
    pub async fn workspace(
        &self,
        scope: &Scope,
        asked: &str,
        role: Option<&str>,
        search: &str,
        slice: Slice,
    ) -> Result<WorkspaceView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let (resource, workspace) = self.find_resource(&mut tx, at, asked).await?;
        let item = self.workspace_item(&mut tx, at, resource).await?;
        let item = item.unwrap_or_else(|| WorkspaceItem {
            workspace: workspace.clone(),
            accounts: 0,
            active: 0,
            groups: 0,
            roles: Vec::new(),
            capacity: None,
            status: None,
            host_url: None,
            since: None,
        });
        let listed = tx.workspace_list(at).await?;
        let attributes = listed
            .into_iter()
            .find(|told| told.term == resource)
            .map(|told| told.attributes);
        let groups = self.group_items(&mut tx, at).await?;
        let grants = tx.grant_list(at, None, Some(resource)).await?;
        let mut wanted = Wanted::default();
        for grant in &grants {
            wanted.group(grant.group).role(grant.role);
        }
        let names = wanted.look_up(&mut tx, at).await?;
        let mut giving: Vec<GivingGroup> = grants
            .iter()
            .map(|grant| {
                let group = names.group(grant.group);
                let item = groups.iter().find(|item| item.group.group_id == group.group_id);
                GivingGroup {
                    role: names.role(grant.role),
                    members: item.map_or(0, |item| item.members),
                    external_synced: item.and_then(|item| item.external_synced),
                    since: grant.seen.into(),
                    group,
                }
            })
            .collect();
        giving.sort_by_key(|giving| (giving.role.rank(), std::cmp::Reverse(giving.members)));
        drop(tx);
        let who = self
            .who(scope, &workspace.workspace_id, role, search, slice)
            .await?;
        Ok(WorkspaceView {
            item,
            attributes: attributes.unwrap_or_default(),
            giving,
            who,
        })
    }
}
