//! What a file says of an organization, worked out from what was read and is published.
//!
//! `resources` has the rows of things; here are the grants, and the order in which everything is handed over. Grants go
//! by whom they are to: each account with its roles, then each group with its members and its roles. Rows are handed
//! over in batches and nothing is kept, so memory does not grow with the number of grants.
//!
//! What a role is held on tells its owner, the third part of its id: what is held on `platform` is held on the
//! organization, and `project` and `goal` are no part of a file. Groups have nothing on `platform`.

mod resources;

use crate::c1z::{C1zError, Encoded, GrantRow, Writer};
use crate::ids::{ORGANIZATION, USER, WORKSPACE, entitlement_id, role_slug};
use crate::proto::c1::connector::v2::{Entitlement, Resource, ResourceId, ResourceType};
use app::App;
use app::views::{Scope, ViewError};
use model::FactKind;
use resources::{resource_id, stub};
pub(crate) use resources::{resource_types, user};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows of one batch.
const BATCH: usize = 500;

/// What is granted, as it stands in each of its grants.
#[derive(Debug)]
pub(crate) struct Granted {
    on: ResourceId,
    entitlement: String,
    encoded: Encoded,
}

/// To whom, as it stands in each of its grants.
#[derive(Debug)]
pub(crate) struct Principal {
    id: ResourceId,
    encoded: Encoded,
}

impl Principal {
    fn whole(resource: &Resource) -> Arc<Principal> {
        Arc::new(Principal {
            id: resource.id.clone().unwrap_or_default(),
            encoded: Encoded::of(resource),
        })
    }

    /// An account as a member of groups: its id alone.
    fn member(account: &str) -> Arc<Principal> {
        Principal::whole(&stub(resource_id(USER, account)))
    }
}

/// One row of a file.
#[derive(Debug)]
pub(crate) enum Row {
    ResourceType(ResourceType),
    Resource(Box<Resource>),
    Entitlement(Box<Entitlement>),
    Grant(Arc<Granted>, Arc<Principal>),
}

impl Row {
    fn as_grant(&self) -> Option<GrantRow<'_>> {
        match self {
            Row::Grant(granted, principal) => Some(GrantRow {
                on: &granted.on,
                entitlement_id: &granted.entitlement,
                entitlement: &granted.encoded,
                to: &principal.id,
                principal: &principal.encoded,
            }),
            _ => None,
        }
    }
}

/// Writes rows in their order.
pub(crate) fn write(rows: &[Row], to: &mut Writer) -> Result<(), C1zError> {
    for alike in rows.chunk_by(|a, b| a.as_grant().is_some() && b.as_grant().is_some()) {
        match alike {
            [Row::ResourceType(resource_type)] => to.resource_type(resource_type)?,
            [Row::Resource(resource)] => to.resource(resource)?,
            [Row::Entitlement(entitlement)] => to.entitlement(entitlement)?,
            grants => to.grants(grants.iter().filter_map(Row::as_grant))?,
        }
    }
    Ok(())
}

/// Why the contents could not be handed over.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The store could not be read.
    View(ViewError),
    /// Whoever takes the rows has ended; why is known there.
    NobodyTakes,
}

impl From<ViewError> for Stop {
    fn from(error: ViewError) -> Stop {
        Stop::View(error)
    }
}

/// What of everything is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Only these types of resources; empty for all.
    pub(crate) resource_types: Vec<String>,
    /// Not the entitlements.
    pub(crate) skip_entitlements: bool,
    /// Not the grants.
    pub(crate) skip_grants: bool,
}

impl Wanted {
    fn has_type(&self, resource_type: &str) -> bool {
        self.resource_types.is_empty() || self.resource_types.iter().any(|wanted| wanted == resource_type)
    }

    fn has(&self, row: &Row) -> bool {
        let has_type_of = |id: Option<&ResourceId>| id.is_some_and(|id| self.has_type(&id.resource_type));
        match row {
            Row::ResourceType(resource_type) => self.has_type(&resource_type.id),
            Row::Resource(resource) => has_type_of(resource.id.as_ref()),
            Row::Entitlement(entitlement) => {
                let on = entitlement.resource.as_ref().and_then(|on| on.id.as_ref());
                !self.skip_entitlements && has_type_of(on)
            }
            Row::Grant(granted, principal) => {
                !self.skip_grants && has_type_of(Some(&granted.on)) && has_type_of(Some(&principal.id))
            }
        }
    }
}

/// Batches of what is wanted, on their way to whoever writes them.
struct Rows {
    wanted: Wanted,
    to: mpsc::Sender<Vec<Row>>,
    batch: Vec<Row>,
}

impl Rows {
    async fn add(&mut self, row: Row) -> Result<(), Stop> {
        if !self.wanted.has(&row) {
            return Ok(());
        }
        self.batch.push(row);
        if self.batch.len() >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.to.send(batch).await.map_err(|_| Stop::NobodyTakes)
    }
}

/// Of whose things a resource is, by its id.
fn owner(resource: &str) -> &str {
    resource
        .strip_prefix("ari:cloud:")
        .and_then(|rest| rest.split_once(':'))
        .map_or("", |(owner, _)| owner)
}

/// A kind of principals and what their roles are granted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Account,
    Group,
}

/// What roles on resources are in a file, by their numbers; `None` for what is no part of one.
struct Roles<'a> {
    app: &'a App,
    organization: &'a str,
    holder: Holder,
    known: HashMap<(i64, i64), Option<Arc<Granted>>>,
}

impl<'a> Roles<'a> {
    fn new(app: &'a App, organization: &'a str, holder: Holder) -> Roles<'a> {
        Roles {
            app,
            organization,
            holder,
            known: HashMap::new(),
        }
    }

    async fn granted(&mut self, resource: i64, role: i64) -> Result<Option<Arc<Granted>>, ViewError> {
        if let Some(known) = self.known.get(&(resource, role)) {
            return Ok(known.clone());
        }
        let ids = self.app.contents_ids(&[resource, role]).await?;
        let text = |number| ids.get(&number).map_or("", String::as_str);
        let on = match (owner(text(resource)), self.holder) {
            ("project" | "goal", _) | ("platform", Holder::Group) => None,
            ("platform", Holder::Account) => Some(resource_id(ORGANIZATION, self.organization)),
            _ => Some(resource_id(WORKSPACE, text(resource))),
        };
        let granted = on.map(|on| {
            let id = entitlement_id(&on.resource_type, &on.resource, &role_slug(text(role)));
            Arc::new(granted(stub(on), id))
        });
        self.known.insert((resource, role), granted.clone());
        Ok(granted)
    }
}

/// An entitlement as it stands in a grant: its id, and what it is on.
fn granted(on: Resource, id: String) -> Granted {
    let entitlement = Entitlement {
        id,
        resource: Some(on),
        ..Entitlement::default()
    };
    let encoded = Encoded::of(&entitlement);
    Granted {
        on: entitlement.resource.and_then(|on| on.id).unwrap_or_default(),
        entitlement: entitlement.id,
        encoded,
    }
}

/// Keys of one kind, read part by part.
struct Keys<'a> {
    app: &'a App,
    scope: &'a Scope,
    kind: FactKind,
    after: [i64; 3],
}

impl<'a> Keys<'a> {
    fn new(app: &'a App, scope: &'a Scope, kind: FactKind) -> Keys<'a> {
        Keys {
            app,
            scope,
            kind,
            after: [0; 3],
        }
    }

    /// The next part whose first numbers are at most `until`; empty at the end of those.
    async fn next(&mut self, until: i64) -> Result<Vec<[i64; 3]>, ViewError> {
        let keys = self
            .app
            .contents_keys(self.scope, self.kind, self.after, until)
            .await?;
        if let Some(last) = keys.last() {
            self.after = *last;
        }
        Ok(keys)
    }
}

/// Hands over what is wanted of everything that a file says of an organization with this id. Ends early when nobody
/// takes the rows any more.
pub(crate) async fn hand_over(
    app: &App,
    scope: &Scope,
    organization: &str,
    wanted: Wanted,
    to: mpsc::Sender<Vec<Row>>,
) -> Result<(), Stop> {
    let mut rows = Rows {
        wanted,
        to,
        batch: Vec::with_capacity(BATCH),
    };
    tracing::info!("Syncing resource types...");
    for resource_type in resource_types() {
        rows.add(Row::ResourceType(resource_type)).await?;
    }
    let inventory = app.contents_inventory(scope).await?;
    tracing::info!("Syncing resources...");
    let whole = resources::organization(organization, inventory.organization_name.as_deref());
    for role in resources::organization_roles(&whole) {
        rows.add(Row::Entitlement(Box::new(role))).await?;
    }
    rows.add(Row::Resource(Box::new(whole))).await?;
    for workspace in inventory.workspaces.iter().map(resources::workspace) {
        for role in resources::workspace_roles(&workspace) {
            rows.add(Row::Entitlement(Box::new(role))).await?;
        }
        rows.add(Row::Resource(Box::new(workspace))).await?;
    }
    for token in inventory.tokens.iter().map(resources::api_token) {
        rows.add(Row::Resource(Box::new(token))).await?;
    }
    let mut groups = HashMap::with_capacity(inventory.groups.len());
    for described in &inventory.groups {
        let group = resources::group(described);
        let member = resources::member(&group);
        let principal = Principal::whole(&group);
        groups.insert(
            described.term,
            (principal, Arc::new(granted(group.clone(), member.id.clone()))),
        );
        rows.add(Row::Entitlement(Box::new(member))).await?;
        rows.add(Row::Resource(Box::new(group))).await?;
    }
    drop(inventory);
    tracing::info!("Syncing grants...");
    let users = accounts(app, scope, organization, &mut rows).await?;
    if !rows.wanted.skip_grants {
        members(app, scope, &groups, users, &mut rows).await?;
        group_roles(app, scope, organization, &groups, &mut rows).await?;
    }
    rows.flush().await
}

/// Accounts by their numbers, as they stand in the grants of their memberships.
type Users = HashMap<i64, Arc<Principal>>;

/// Accounts, each with the roles that it has.
async fn accounts(app: &App, scope: &Scope, organization: &str, rows: &mut Rows) -> Result<Users, Stop> {
    let mut users = HashMap::new();
    let mut roles = Roles::new(app, organization, Holder::Account);
    let mut holdings = Keys::new(app, scope, FactKind::RoleHolding);
    let mut after = 0;
    loop {
        let part = app.contents_accounts(scope, after).await?;
        let Some(last) = part.last() else {
            return Ok(users);
        };
        after = last.account;
        let mut principals = HashMap::with_capacity(part.len());
        for account in part {
            let user = resources::user(&account);
            principals.insert(account.account, Principal::whole(&user));
            users.insert(account.account, Principal::member(&account.id));
            rows.add(Row::Resource(Box::new(user))).await?;
        }
        // On the organization the same role can be held in several ways, and is granted once.
        let mut on_organization: BTreeSet<(i64, i64)> = BTreeSet::new();
        while !rows.wanted.skip_grants {
            let keys = holdings.next(after).await?;
            if keys.is_empty() {
                break;
            }
            for [account, resource, role] in keys {
                let (Some(granted), Some(principal)) =
                    (roles.granted(resource, role).await?, principals.get(&account))
                else {
                    continue;
                };
                let is_new =
                    granted.on.resource_type != ORGANIZATION || on_organization.insert((account, role));
                if is_new {
                    rows.add(Row::Grant(granted, Arc::clone(principal))).await?;
                }
            }
        }
    }
}

/// Groups by their numbers: each as somebody who has roles, and as something to be in.
type Groups = HashMap<i64, (Arc<Principal>, Arc<Granted>)>;

/// Who is in which group.
async fn members(
    app: &App,
    scope: &Scope,
    groups: &Groups,
    mut users: Users,
    rows: &mut Rows,
) -> Result<(), Stop> {
    let mut memberships = Keys::new(app, scope, FactKind::Membership);
    loop {
        let keys = memberships.next(i64::MAX).await?;
        if keys.is_empty() {
            return Ok(());
        }
        let strangers: BTreeSet<i64> = keys
            .iter()
            .map(|[_, account, _]| *account)
            .filter(|account| !users.contains_key(account))
            .collect();
        let strangers: Vec<i64> = strangers.into_iter().collect();
        for (number, id) in app.contents_ids(&strangers).await? {
            users.insert(number, Principal::member(&id));
        }
        for [group, account, _] in keys {
            let (Some((_, member)), Some(user)) = (groups.get(&group), users.get(&account)) else {
                continue;
            };
            rows.add(Row::Grant(Arc::clone(member), Arc::clone(user))).await?;
        }
    }
}

/// Which roles groups give.
async fn group_roles(
    app: &App,
    scope: &Scope,
    organization: &str,
    groups: &Groups,
    rows: &mut Rows,
) -> Result<(), Stop> {
    let mut roles = Roles::new(app, organization, Holder::Group);
    let mut grants = Keys::new(app, scope, FactKind::GroupRoleGrant);
    loop {
        let keys = grants.next(i64::MAX).await?;
        if keys.is_empty() {
            return Ok(());
        }
        for [group, resource, role] in keys {
            let (Some((principal, _)), Some(granted)) =
                (groups.get(&group), roles.granted(resource, role).await?)
            else {
                continue;
            };
            rows.add(Row::Grant(granted, Arc::clone(principal))).await?;
        }
    }
}
