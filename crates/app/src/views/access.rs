//! Who holds which role on what, and through which paths.

use super::error::{Candidate, ViewError, nearest};
use super::names::{AccountRef, GroupRef, Names, RoleRef, Wanted, WorkspaceRef};
use super::scope::Scope;
use super::time::{At, Since};
use super::{LARGE, Listed, Slice, edges_of};
use crate::App;
use serde::Serialize;
use store::Tx;
use store::views::accounts::AccountRow;
use store::views::effective_access::EffectiveRow;
use store::views::{Described, Snapshot};

/// One way in which an account comes to hold a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PathView {
    /// A group that the account is in gives the role.
    Group {
        /// The group's id as Atlassian spells it.
        group_id: String,
        /// The group's name.
        group_name: String,
        /// From when this path is known.
        since: Since,
    },
    /// The role is given to the account itself.
    Direct,
    /// Atlassian infers the role from another, such as organization admin.
    Inferred,
    /// No known group gives the role, and how it came about was not read yet.
    NotRead,
}

/// A role that an account holds, with its paths.
#[derive(Debug, Clone, Serialize)]
pub struct RoleView {
    /// What the role is on.
    pub workspace: WorkspaceRef,
    /// The role.
    pub role: RoleRef,
    /// From when the holding is known.
    pub since: Since,
    /// Each known way; never empty.
    pub paths: Vec<PathView>,
    /// Whether Atlassian was asked how the holding came about, so that no way is missing.
    pub methods_read: bool,
    /// The last activity of the account on this resource.
    pub last_active_at: Option<At>,
}

/// Why an account has access to a workspace.
#[derive(Debug, Clone, Serialize)]
pub struct WhyView {
    /// The account.
    pub account: AccountRef,
    /// The workspace.
    pub workspace: WorkspaceRef,
    /// Each role it holds there; empty when it has no access.
    pub roles: Vec<RoleView>,
    /// As of when.
    pub read_at: Option<At>,
}

/// Everything an account has access to.
#[derive(Debug, Clone, Serialize)]
pub struct AccessView {
    /// The account.
    pub account: AccountRef,
    /// Each role it holds.
    pub roles: Vec<RoleView>,
    /// As of when.
    pub read_at: Option<At>,
}

/// An account that holds a role on the workspace asked about.
#[derive(Debug, Clone, Serialize)]
pub struct HolderView {
    /// The account.
    pub account: AccountRef,
    /// The role.
    pub role: RoleRef,
    /// From when the holding is known.
    pub since: Since,
    /// Each known way; never empty.
    pub paths: Vec<PathView>,
    /// Whether Atlassian was asked how the holding came about.
    pub methods_read: bool,
}

/// Who has access to a workspace.
#[derive(Debug, Clone, Serialize)]
pub struct WhoView {
    /// The workspace.
    pub workspace: WorkspaceRef,
    /// The role asked about, if one was.
    pub role: Option<RoleRef>,
    /// The holders by name; one row for each role an account holds.
    pub holders: Listed<HolderView>,
    /// As of when.
    pub read_at: Option<At>,
}

/// Rows of one holding folded into one value with all its paths.
struct Holding {
    account: i64,
    resource: i64,
    role: i64,
    since: Since,
    paths: Vec<PathView>,
    methods_read: bool,
}

fn fold(rows: &[EffectiveRow], names: &Names) -> Vec<Holding> {
    let mut holdings: Vec<Holding> = Vec::new();
    for row in rows {
        let is_next = holdings.last().is_none_or(|last| {
            (last.account, last.resource, last.role) != (row.account, row.resource, row.role)
        });
        if is_next {
            let told = |method: &str| row.methods.iter().flatten().any(|told| told == method);
            let mut paths = Vec::new();
            if told("direct") {
                paths.push(PathView::Direct);
            }
            if told("inferred") {
                paths.push(PathView::Inferred);
            }
            holdings.push(Holding {
                account: row.account,
                resource: row.resource,
                role: row.role,
                since: row.seen.into(),
                paths,
                methods_read: row.methods.is_some(),
            });
        }
        let Some(holding) = holdings.last_mut() else {
            continue;
        };
        if let Some((group, seen)) = row.group {
            let GroupRef { group_id, name } = names.group(group);
            holding.paths.push(PathView::Group {
                group_id,
                group_name: name,
                since: seen.into(),
            });
        }
    }
    for holding in &mut holdings {
        holding
            .paths
            .sort_by(|one, other| path_order(one).cmp(&path_order(other)));
        if holding.paths.is_empty() {
            holding.paths.push(PathView::NotRead);
        }
    }
    holdings
}

fn path_order(path: &PathView) -> (u8, &str) {
    match path {
        PathView::Group { group_name, .. } => (0, group_name),
        PathView::Direct => (1, ""),
        PathView::Inferred => (2, ""),
        PathView::NotRead => (3, ""),
    }
}

fn want(rows: &[EffectiveRow]) -> Wanted {
    let mut wanted = want_but_accounts(rows);
    for row in rows {
        wanted.account(row.account);
    }
    wanted
}

fn want_but_accounts(rows: &[EffectiveRow]) -> Wanted {
    let mut wanted = Wanted::default();
    for row in rows {
        wanted.resource(row.resource).role(row.role);
        if let Some((group, _)) = row.group {
            wanted.group(group);
        }
    }
    wanted
}

impl App {
    /// Everything that an account – an id, an e-mail or an exact name – has access to.
    pub async fn access(&self, scope: &Scope, account: &str) -> Result<AccessView, ViewError> {
        let mut tx = self.store.read().await?;
        let row = self.find_account(&mut tx, scope.at, account).await?;
        let roles = self.roles_of(&mut tx, scope.at, row.account.term, None).await?;
        Ok(AccessView {
            account: account_ref(&row),
            roles,
            read_at: scope.read_at,
        })
    }

    /// Why an account has access to a workspace; an answer without roles when it has none.
    pub async fn why(&self, scope: &Scope, account: &str, workspace: &str) -> Result<WhyView, ViewError> {
        let mut tx = self.store.read().await?;
        let row = self.find_account(&mut tx, scope.at, account).await?;
        let (resource, workspace) = self.find_resource(&mut tx, scope.at, workspace).await?;
        let roles = self
            .roles_of(&mut tx, scope.at, row.account.term, Some(resource))
            .await?;
        Ok(WhyView {
            account: account_ref(&row),
            workspace,
            roles,
            read_at: scope.read_at,
        })
    }

    /// Who has access to a workspace, by one role or by any; `search` is part of a name, e-mail or id.
    pub async fn who(
        &self,
        scope: &Scope,
        workspace: &str,
        role: Option<&str>,
        search: &str,
        slice: Slice,
    ) -> Result<WhoView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let (resource, workspace) = self.find_resource(&mut tx, at, workspace).await?;
        let role = match role.filter(|role| !role.is_empty()) {
            None => None,
            Some(asked) => Some(self.find_role(&mut tx, at, resource, asked).await?),
        };
        let role_term = role.as_ref().map(|(term, _)| *term);
        let total = self.holding_count(&mut tx, at, resource, role_term, "").await?;
        let shown = match search.trim() {
            "" => total,
            search => {
                self.holding_count(&mut tx, at, resource, role_term, search)
                    .await?
            }
        };
        let is_large = total > LARGE;
        let is_whole = slice.part().offset == 0 && slice.edge.is_none() && slice.limit >= total;
        let (rows, names) = if is_large && is_whole && search.trim().is_empty() {
            let (rows, accounts) = tx.effective_of_whole_resource(at, resource, role_term).await?;
            let names = want_but_accounts(&rows).look_up(&mut tx, at).await?;
            (rows, names.and_accounts(accounts))
        } else {
            let rows = tx
                .effective_of_resource(at, resource, role_term, search, slice.part(), is_large)
                .await?;
            let names = want(&rows).look_up(&mut tx, at).await?;
            (rows, names)
        };
        let key = |row: &EffectiveRow| (row.account, row.role);
        let ends = rows.first().zip(rows.last());
        let edges = edges_of(ends.map(|(first, last)| [key(first), key(last)]));
        let holders = fold(&rows, &names)
            .into_iter()
            .map(|holding| HolderView {
                account: names.account(holding.account),
                role: names.role(holding.role),
                since: holding.since,
                paths: holding.paths,
                methods_read: holding.methods_read,
            })
            .collect();
        let holders = Listed {
            rows: holders,
            offset: slice.offset,
            limit: slice.limit,
            shown,
            total,
            edges,
        };
        Ok(WhoView {
            workspace,
            role: role.map(|(_, role)| role),
            holders,
            read_at: scope.read_at,
        })
    }

    async fn holding_count(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        resource: i64,
        role: Option<i64>,
        search: &str,
    ) -> Result<i64, ViewError> {
        let detail = format!("{resource} {role:?} {search}");
        if let Some(count) = self.memo.get::<i64>(at, "holding count", &detail) {
            return Ok(*count);
        }
        let count = tx.holding_count(at, resource, role, search).await?;
        Ok(*self.memo.put(at, "holding count", &detail, count))
    }

    /// The roles of an account on one resource or on all, the furthest-reaching first.
    pub(crate) async fn roles_of(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        account: i64,
        resource: Option<i64>,
    ) -> Result<Vec<RoleView>, ViewError> {
        let rows = tx.effective_of_account(at, account, resource).await?;
        let names = want(&rows).look_up(tx, at).await?;
        let activity = tx.account_activity(at.organization, account).await?;
        let mut roles: Vec<RoleView> = fold(&rows, &names)
            .into_iter()
            .map(|holding| {
                let last = activity.iter().find(|row| row.resource == holding.resource);
                RoleView {
                    workspace: names.resource(holding.resource),
                    role: names.role(holding.role),
                    since: holding.since,
                    paths: holding.paths,
                    methods_read: holding.methods_read,
                    last_active_at: last.and_then(|row| row.last_active_at).map(At),
                }
            })
            .collect();
        roles.sort_by(|one, other| {
            let key = |view: &RoleView| (!view.workspace.is_listed, view.role.rank());
            key(one)
                .cmp(&key(other))
                .then_with(|| one.workspace.name.cmp(&other.workspace.name))
        });
        Ok(roles)
    }

    /// The account that is meant by an id, an e-mail or an exact name.
    pub(crate) async fn find_account(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        asked: &str,
    ) -> Result<AccountRow, ViewError> {
        let asked = asked.trim();
        if let Some(row) = tx.account_find(at, asked).await? {
            return Ok(row);
        }
        let mut named = tx.account_named(at, asked).await?;
        let candidate = |row: &AccountRow| {
            let name = row.name.clone().unwrap_or_else(|| row.account.id.clone());
            let email = row.email.as_deref().unwrap_or("no e-mail");
            Candidate {
                id: row.account.id.clone(),
                name: format!("{name}, {email}"),
            }
        };
        if named.len() > 1 {
            let candidates = named.iter().map(candidate).collect();
            return Err(ViewError::Ambiguous {
                what: "account",
                asked: asked.to_owned(),
                candidates,
            });
        }
        if let Some(row) = named.pop() {
            return Ok(row);
        }
        // What is called like it: by the beginning of a word, which is cheap, then by likeness.
        let mut near = Vec::new();
        let words = asked
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 1);
        for word in words.take(3) {
            let beginning: String = word.chars().take(2).collect();
            let filter = store::views::accounts::AccountFilter {
                search: beginning,
                ..Default::default()
            };
            near.extend(tx.account_list(at, &filter, Default::default(), 500, 0).await?);
        }
        let mut known: Vec<Candidate> = near.iter().map(candidate).collect();
        known.sort_by(|one, other| one.id.cmp(&other.id));
        known.dedup();
        let nearest = nearest(asked, known.into_iter());
        Err(ViewError::Unknown {
            what: "account",
            asked: asked.to_owned(),
            nearest,
        })
    }

    /// The workspace or other resource that is meant by an id or an exact name.
    pub(crate) async fn find_resource(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        asked: &str,
    ) -> Result<(i64, WorkspaceRef), ViewError> {
        let asked = asked.trim();
        let mut wanted = Wanted::default();
        let by_id = tx.term_find(asked).await?;
        wanted.resource(by_id.unwrap_or(0));
        let names = wanted.look_up(tx, at).await?;
        let is_resource = |term: &i64| {
            names
                .workspaces()
                .any(|(known, named)| known == *term && (named.is_listed || asked.starts_with("ari:")))
        };
        if let Some(term) = by_id.filter(is_resource) {
            return Ok((term, names.resource(term)));
        }
        let listed = || names.workspaces().filter(|(_, named)| named.is_listed);
        let lower = asked.to_lowercase();
        let mut named: Vec<(i64, &WorkspaceRef)> = listed()
            .filter(|(_, named)| named.label().to_lowercase() == lower)
            .collect();
        if named.is_empty() {
            named = listed()
                .filter(|(_, named)| named.name.to_lowercase() == lower)
                .collect();
        }
        let candidate = |named: &WorkspaceRef| Candidate {
            id: named.workspace_id.clone(),
            name: named.label(),
        };
        if named.len() > 1 {
            named.sort_by_key(|(_, named)| (*named).clone());
            let candidates = named.iter().map(|(_, named)| candidate(named)).collect();
            return Err(ViewError::Ambiguous {
                what: "workspace",
                asked: asked.to_owned(),
                candidates,
            });
        }
        match named.pop() {
            Some((term, found)) => Ok((term, found.clone())),
            None => Err(ViewError::Unknown {
                what: "workspace",
                asked: asked.to_owned(),
                nearest: nearest(asked, listed().map(|(_, named)| candidate(named))),
            }),
        }
    }

    /// The group that is meant by an id or an exact name.
    pub(crate) async fn find_group(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        asked: &str,
    ) -> Result<Described, ViewError> {
        let asked = asked.trim();
        if let Some(group) = tx.group_find(at, asked).await? {
            return Ok(group);
        }
        let groups = tx.group_list(at).await?;
        let name = |group: &Described| group.attributes.text("name").unwrap_or(&group.id).to_owned();
        let candidate = |group: &Described| Candidate {
            id: group.id.clone(),
            name: name(group),
        };
        let lower = asked.to_lowercase();
        let mut named: Vec<&Described> = groups
            .iter()
            .filter(|group| name(group).to_lowercase() == lower)
            .collect();
        if named.len() > 1 {
            let candidates = named.into_iter().map(candidate).collect();
            return Err(ViewError::Ambiguous {
                what: "group",
                asked: asked.to_owned(),
                candidates,
            });
        }
        match named.pop() {
            Some(group) => Ok(group.clone()),
            None => Err(ViewError::Unknown {
                what: "group",
                asked: asked.to_owned(),
                nearest: nearest(asked, groups.iter().map(candidate)),
            }),
        }
    }

    /// The role that is meant by an id, with or without `atlassian/`, or by its name.
    async fn find_role(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        resource: i64,
        asked: &str,
    ) -> Result<(i64, RoleRef), ViewError> {
        let terms = tx.roles_on(at, resource).await?;
        let texts = tx.term_texts(&terms).await?;
        let lower = asked.trim().to_lowercase();
        let roles: Vec<(i64, RoleRef)> = texts
            .into_iter()
            .map(|(term, text)| (term, RoleRef::of(&text)))
            .collect();
        let is_meant = |role: &RoleRef| {
            let id = role.role_id.to_lowercase();
            id == lower || id.strip_prefix("atlassian/") == Some(&lower) || role.name.to_lowercase() == lower
        };
        match roles.iter().find(|(_, role)| is_meant(role)) {
            Some(found) => Ok(found.clone()),
            None => Err(ViewError::Unknown {
                what: "role on this workspace",
                asked: asked.to_owned(),
                nearest: roles
                    .into_iter()
                    .map(|(_, role)| Candidate {
                        id: role.role_id,
                        name: role.name,
                    })
                    .collect(),
            }),
        }
    }
}

pub(crate) fn account_ref(row: &AccountRow) -> AccountRef {
    AccountRef {
        account_id: row.account.id.clone(),
        name: row.name.clone(),
        email: row.email.clone(),
    }
}
