//! One account: what it is, what it has access to, its groups and tokens.

use super::access::{PathView, RoleView};
use super::accounts::AccountItem;
use super::error::ViewError;
use super::names::{GroupRef, Names, RoleRef, Wanted, WorkspaceRef};
use super::scim::{self, Provisioning};
use super::scope::Scope;
use super::time::{At, Since};
use super::tokens::TokenView;
use crate::App;
use model::Attributes;
use serde::Serialize;
use store::views::effective_access::EffectiveRow;
use store::views::groups::GrantRow;

/// An account's place in a directory.
#[derive(Debug, Clone, Serialize)]
pub struct DirectoryPlace {
    /// The directory's id as Atlassian spells it.
    pub directory_id: String,
    /// Its name; the id when none was told.
    pub name: String,
    /// `active`, `suspended` or what else was told.
    pub status: Option<String>,
    /// From when.
    pub since: Since,
}

/// A group that the account is in.
#[derive(Debug, Clone, Serialize)]
pub struct GroupPlace {
    /// The group.
    #[serde(flatten)]
    pub group: GroupRef,
    /// From when the account is in it.
    pub since: Since,
    /// Whether an identity provider owns its members, if that was told.
    pub external_synced: Option<bool>,
    /// The roles it gives.
    pub grants: Vec<GivenRole>,
}

/// A role that a group gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GivenRole {
    /// What the role is on.
    pub workspace: WorkspaceRef,
    /// The role.
    pub role: RoleRef,
}

/// The last activity of the account on something.
#[derive(Debug, Clone, Serialize)]
pub struct ActivityView {
    /// Where.
    pub workspace: WorkspaceRef,
    /// When; `None` when Atlassian told none.
    pub last_active_at: Option<At>,
    /// When that was read.
    pub read_at: At,
}

/// The role to look at first.
#[derive(Debug, Clone, Serialize)]
pub struct Focus {
    /// Its position among the roles.
    pub role: usize,
    /// The group through which alone it is known to be held; `None` when there are several ways or another one.
    pub only_through: Option<GroupRef>,
    /// What would become of the role if the account left that group: whether it is lost, or not known.
    pub is_certain: bool,
    /// Other roles that would be lost with that membership, or may be.
    pub also: Vec<GivenRole>,
    /// Whether an identity provider owns the group's members, if that was told.
    pub external_synced: Option<bool>,
}

/// One account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub item: AccountItem,
    /// Everything that was told of it.
    pub attributes: Attributes,
    /// The directories it is in.
    pub directories: Vec<DirectoryPlace>,
    /// The roles it holds, with their paths.
    pub roles: Vec<RoleView>,
    /// The groups it is in, those that give roles first.
    pub group_places: Vec<GroupPlace>,
    /// Its API tokens.
    pub tokens: Vec<TokenView>,
    /// Its last activity, the latest first.
    pub activity: Vec<ActivityView>,
    /// What an identity provider says of it.
    pub provisioning: Provisioning,
    /// The role that a picture of the account shows first, and what ending its only membership would do.
    pub focus: Option<Focus>,
    /// As of when.
    pub read_at: Option<At>,
    /// When methods were last read.
    pub methods_read_at: Option<At>,
}

impl App {
    /// One account, by id, e-mail or exact name.
    pub async fn account(&self, scope: &Scope, asked: &str) -> Result<AccountView, ViewError> {
        let at = scope.at;
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let row = self.find_account(&mut tx, at, asked).await?;
        let (account, account_id) = (row.account.term, row.account.id.clone());
        let attributes = row.account.attributes.clone();

        let directory_names = tx.directory_list(at).await?;
        let directories = tx
            .account_directories(at, account)
            .await?
            .into_iter()
            .map(|place| {
                let known = directory_names
                    .iter()
                    .find(|directory| directory.term == place.term);
                let name = known
                    .and_then(|directory| directory.attributes.text("name"))
                    .unwrap_or(&place.id)
                    .to_owned();
                DirectoryPlace {
                    name,
                    status: place.attributes.text("status").map(str::to_owned),
                    since: place.seen.into(),
                    directory_id: place.id,
                }
            })
            .collect();

        let roles = self.roles_of(&mut tx, at, account, None).await?;
        let groups = tx.account_groups(at, account).await?;
        let activity = tx.account_activity(at.organization, account).await?;
        let mut grants = Vec::new();
        for group in &groups {
            grants.extend(tx.grant_list(at, Some(group.term), None).await?);
        }
        let mut wanted = Wanted::default();
        for grant in &grants {
            wanted.resource(grant.resource).role(grant.role);
        }
        for row in &activity {
            wanted.resource(row.resource);
        }
        for group in &groups {
            wanted.group(group.term);
        }
        let names = wanted.look_up(&mut tx, at).await?;
        let memberships: Vec<(i64, String)> = groups
            .iter()
            .map(|group| (group.term, group.id.clone()))
            .collect();
        let effective = tx.effective_of_account(at, account, None).await?;
        let focus = focus(&roles, &effective, &memberships, &grants, &names);
        let mut group_places: Vec<GroupPlace> = groups
            .into_iter()
            .map(|group| {
                let given = grants.iter().filter(|grant| grant.group == group.term);
                let mut given: Vec<GivenRole> = given
                    .map(|grant| GivenRole {
                        workspace: names.resource(grant.resource),
                        role: names.role(grant.role),
                    })
                    .collect();
                given.sort_by(|one, other| {
                    one.workspace
                        .name
                        .cmp(&other.workspace.name)
                        .then(one.role.rank().cmp(&other.role.rank()))
                });
                GroupPlace {
                    since: group.seen.into(),
                    external_synced: group.attributes.flag("external_synced"),
                    grants: given,
                    group: GroupRef {
                        name: group.attributes.text("name").unwrap_or(&group.id).to_owned(),
                        group_id: group.id,
                    },
                }
            })
            .collect();
        group_places.sort_by(|one, other| {
            one.grants
                .is_empty()
                .cmp(&other.grants.is_empty())
                .then_with(|| one.group.name.cmp(&other.group.name))
        });

        let index = self.token_index(&mut tx, at).await?;
        let rows = tx.token_list_among(at, &index.terms(&account_id)).await?;
        let mut tokens: Vec<TokenView> = rows.iter().map(|token| TokenView::of(token, now)).collect();
        let focus = focus.map(|mut focus| {
            let of_focus = |place: &&GroupPlace| Some(&place.group) == focus.only_through.as_ref();
            focus.external_synced = group_places
                .iter()
                .find(of_focus)
                .and_then(|place| place.external_synced);
            focus
        });
        tokens.sort_by_key(|token| (!token.is_live, std::cmp::Reverse(token.last_active_at)));
        let activity = activity
            .into_iter()
            .map(|row| ActivityView {
                workspace: names.resource(row.resource),
                last_active_at: row.last_active_at.map(At),
                read_at: At(row.read_at),
            })
            .collect();
        let provisioning = scim::of_account(&mut tx, at, account).await?;
        let mut items = self.account_items(&mut tx, at, vec![row]).await?;
        let Some(item) = items.pop() else {
            return Err(ViewError::Unknown {
                what: "account",
                asked: asked.to_owned(),
                nearest: Vec::new(),
            });
        };
        Ok(AccountView {
            item,
            attributes,
            directories,
            roles,
            group_places,
            tokens,
            activity,
            provisioning,
            focus,
            read_at: scope.read_at,
            methods_read_at: scope.methods_read_at,
        })
    }
}

/// Chooses the role to look at first, and asks the what-if about its only membership.
fn focus(
    roles: &[RoleView],
    effective: &[EffectiveRow],
    memberships: &[(i64, String)],
    grants: &[GrantRow],
    names: &Names,
) -> Option<Focus> {
    let single = |view: &RoleView| match view.paths.as_slice() {
        [PathView::Group { group_id, .. }] => Some(group_id.clone()),
        _ => None,
    };
    // The furthest-reaching role that one membership decides; else the first role.
    let listed = roles
        .iter()
        .enumerate()
        .filter(|(_, view)| view.workspace.is_listed);
    let decided = listed
        .filter(|(_, view)| single(view).is_some())
        .min_by_key(|(index, view)| (view.role.rank(), *index));
    let (role, view) = decided.or_else(|| roles.iter().enumerate().next())?;
    let mut focus = Focus {
        role,
        only_through: None,
        is_certain: false,
        also: Vec::new(),
        external_synced: None,
    };
    let Some(group_id) = single(view) else {
        return Some(focus);
    };
    let Some((group, _)) = memberships.iter().find(|(_, id)| *id == group_id) else {
        return Some(focus);
    };
    let account = effective.first().map_or(0, |row| row.account);
    let holding = |row: &EffectiveRow| access::Holding {
        account,
        resource: row.resource,
        role: row.role,
    };
    let methods = |row: &EffectiveRow| {
        let told = row.methods.as_ref()?;
        let has = |method: &str| told.iter().any(|told| told == method);
        Some(access::Methods {
            direct: has("direct"),
            group: has("group_direct"),
            inferred: has("inferred"),
        })
    };
    let world = access::World::new(
        effective.iter().map(|row| (holding(row), methods(row))),
        memberships.iter().map(|(group, _)| access::Membership {
            group: *group,
            account,
        }),
        grants.iter().map(|grant| access::Grant {
            group: grant.group,
            resource: grant.resource,
            role: grant.role,
        }),
    );
    let leaving = access::Edit::RemoveMembership(access::Membership {
        group: *group,
        account,
    });
    for effect in world.what_if(&[leaving]) {
        let given = GivenRole {
            workspace: names.resource(effect.holding.resource),
            role: names.role(effect.holding.role),
        };
        let goes = matches!(effect.fate, access::Fate::Lost | access::Fate::Unknown);
        if given.workspace == view.workspace && given.role == view.role {
            focus.is_certain = effect.fate == access::Fate::Lost;
        } else if goes {
            focus.also.push(given);
        }
    }
    focus.only_through = Some(names.group(*group));
    Some(focus)
}
