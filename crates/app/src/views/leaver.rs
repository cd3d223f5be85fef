//! What somebody who leaves still has: roles, groups, tokens, keys, and what only they administer; and for each what
//! takes it away – a plan, leaving something else, or nothing that can be done from here, and why.

use super::access::PathView;
use super::account::AccountView;
use super::accounts::AccountItem;
use super::error::ViewError;
use super::inventory::InventoryFilter;
use super::scope::Scope;
use super::time::At;
use crate::App;
use crate::plans::Wish;
use model::role::ORGANIZATION_ADMIN;
use serde::Serialize;

/// What kind of thing somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldKind {
    /// A role of the platform, such as organization admin.
    PlatformRole,
    /// A role on a workspace or another resource.
    Role,
    /// Being in a group.
    Group,
    /// An API token that works.
    Token,
    /// An API key of the organization that the account made.
    ApiKey,
    /// A service account that the account made.
    ServiceAccount,
    /// Being let into a directory.
    Directory,
    /// The account itself: that it can be used.
    Account,
}

/// What takes a thing away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Removal {
    /// The plan.
    Plan,
    /// It goes with something else that the plan takes away.
    With {
        /// What that is.
        what: String,
    },
    /// Nothing that a plan can do.
    Nothing {
        /// Why not.
        reason: String,
        /// What to do instead.
        next_step: String,
    },
}

/// One thing that somebody has.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// What kind of thing.
    pub kind: HeldKind,
    /// Its id as Atlassian spells it; for a role, the resource's.
    pub id: String,
    /// The role's id, for roles.
    pub role: Option<String>,
    /// What people call it.
    pub name: String,
    /// How it is held, or what it is for.
    pub detail: String,
    /// Whether nobody else holds this administrating role there.
    pub is_sole_admin: bool,
    /// What takes it away.
    pub removal: Removal,
}

/// What somebody who leaves still has.
#[derive(Debug, Clone, Serialize)]
pub struct LeaverView {
    /// The account.
    #[serde(flatten)]
    pub account: AccountItem,
    /// All that it has.
    pub held: Vec<Held>,
    /// What else it may have, and why that is not known.
    pub not_known: Vec<String>,
    /// As of when.
    pub read_at: Option<At>,
}

impl LeaverView {
    /// Things of one kind.
    pub fn of(&self, kind: HeldKind) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| held.kind == kind)
    }

    /// How many things the plan takes away, by itself or with something else.
    pub fn removable(&self) -> usize {
        let goes = |held: &&Held| !matches!(held.removal, Removal::Nothing { .. });
        self.held.iter().filter(goes).count()
    }

    /// What one plan takes away: what gives most power first, the account last.
    pub fn wishes(&self) -> Vec<Wish> {
        let account = || self.account.account.account_id.clone();
        let mut wishes = Vec::new();
        let mut suspend = false;
        for held in self.held.iter().filter(|held| held.removal == Removal::Plan) {
            wishes.push(match held.kind {
                HeldKind::PlatformRole | HeldKind::Role => Wish::Role {
                    account: account(),
                    on: held.id.clone(),
                    role: held.role.clone().unwrap_or_default(),
                    give: false,
                },
                HeldKind::Group => Wish::Members {
                    group: held.id.clone(),
                    accounts: vec![account()],
                    join: false,
                },
                HeldKind::Token => Wish::RevokeToken {
                    account: account(),
                    token: held.id.clone(),
                },
                HeldKind::Directory if suspend => continue,
                HeldKind::Directory => {
                    suspend = true;
                    Wish::Suspension {
                        account: account(),
                        suspend: true,
                    }
                }
                HeldKind::Account => Wish::Activation {
                    account: account(),
                    active: false,
                },
                HeldKind::ApiKey | HeldKind::ServiceAccount => continue,
            });
        }
        wishes
    }
}

/// Roles that administer something; being the last who has one leaves it without an administrator.
fn administers(role: &str) -> bool {
    matches!(
        role,
        "atlassian/site-admin" | "atlassian/admin" | "atlassian/user-access-admin"
    )
}

fn nothing(reason: impl Into<String>, next_step: impl Into<String>) -> Removal {
    Removal::Nothing {
        reason: reason.into(),
        next_step: next_step.into(),
    }
}

impl App {
    /// What somebody who leaves still has; the account by id, e-mail address or full name.
    pub async fn leaver(&self, scope: &Scope, asked: &str) -> Result<LeaverView, ViewError> {
        let view = self.account(scope, asked).await?;
        let id = view.item.account.account_id.clone();
        let mut held = platform_roles(&view);
        held.extend(roles(&view));
        held.extend(groups(&view));
        held.extend(tokens(&view));
        for key in self.api_keys(scope, &InventoryFilter::default()).await? {
            if key
                .created_by
                .as_ref()
                .is_some_and(|maker| maker.account_id == id)
            {
                held.push(Held {
                    kind: HeldKind::ApiKey,
                    name: key.label.unwrap_or_else(|| key.key_id.clone()),
                    id: key.key_id,
                    role: None,
                    detail: "a key of the organization that this account made, and may have a copy of".into(),
                    is_sole_admin: false,
                    removal: nothing(
                        "no plan deletes a key of the organization, because what uses it would stop",
                        "make another key for what uses it, then delete this one in admin.atlassian.com under API keys",
                    ),
                });
            }
        }
        for service in self.service_accounts(scope).await? {
            if service
                .created_by
                .as_ref()
                .is_some_and(|maker| maker.account_id == id)
            {
                held.push(Held {
                    kind: HeldKind::ServiceAccount,
                    name: service.name.unwrap_or_else(|| service.account_id.clone()),
                    id: service.account_id,
                    role: None,
                    detail: "a service account that this account made, and may have credentials of".into(),
                    is_sole_admin: false,
                    removal: nothing(
                        "no plan changes a service account, because what uses it would stop",
                        "give it another owner, and renew its credentials in admin.atlassian.com under Service accounts",
                    ),
                });
            }
        }
        held.extend(account_itself(&view));
        self.mark_sole_admins(scope, &mut held).await?;
        held.sort_by_key(|one| one.kind);
        Ok(LeaverView {
            not_known: not_known(&view),
            account: view.item,
            held,
            read_at: scope.read_at,
        })
    }

    async fn mark_sole_admins(&self, scope: &Scope, held: &mut [Held]) -> Result<(), ViewError> {
        let at = scope.snapshot();
        let mut tx = self.store.read().await?;
        for one in held {
            let role = one.role.as_deref().unwrap_or_default();
            let holders = if one.kind == HeldKind::PlatformRole && role == ORGANIZATION_ADMIN {
                let all = tx.platform_role_holders(at, ORGANIZATION_ADMIN).await?;
                i64::try_from(all.len()).unwrap_or(i64::MAX)
            } else if one.kind == HeldKind::Role && administers(role) {
                let (resource, role) = (tx.term_find(&one.id).await?, tx.term_find(role).await?);
                match (resource, role) {
                    (Some(resource), Some(role)) => tx.holding_count(at, resource, Some(role), "").await?,
                    _ => 0,
                }
            } else {
                0
            };
            one.is_sole_admin = holders == 1;
        }
        Ok(())
    }
}

fn is_organization_admin(view: &AccountView) -> bool {
    view.item
        .platform_roles
        .iter()
        .any(|role| role.role_id == ORGANIZATION_ADMIN)
}

fn platform_roles(view: &AccountView) -> Vec<Held> {
    let held = view.item.platform_roles.iter().map(|role| Held {
        kind: HeldKind::PlatformRole,
        id: String::new(),
        role: Some(role.role_id.clone()),
        name: role.name.clone(),
        detail: "on the whole organization".into(),
        is_sole_admin: false,
        removal: if role.role_id == ORGANIZATION_ADMIN {
            Removal::Plan
        } else {
            nothing(
                "only the role of organization admin can be taken through the API",
                "take it in admin.atlassian.com, on the account's page",
            )
        },
    });
    held.collect()
}

fn roles(view: &AccountView) -> Vec<Held> {
    let is_synced = |group_id: &str| {
        let mut places = view.group_places.iter();
        places.any(|place| place.group.group_id == group_id && place.external_synced == Some(true))
    };
    let held = view.roles.iter().map(|role| {
        let mut by_group = Vec::new();
        let mut by_synced = None;
        for path in &role.paths {
            if let PathView::Group {
                group_id, group_name, ..
            } = path
            {
                by_group.push(group_name.clone());
                if is_synced(group_id) {
                    by_synced = Some(group_name.clone());
                }
            }
        }
        let is_direct = role.paths.contains(&PathView::Direct);
        let is_unread = role.paths.contains(&PathView::NotRead);
        let is_inferred = role.paths.contains(&PathView::Inferred);
        let mut ways: Vec<String> = by_group.iter().map(|name| format!("through {name}")).collect();
        for (is_so, word) in [
            (is_direct, "given directly"),
            (is_inferred, "follows from another role"),
            (is_unread, "how is asked when the plan is made"),
        ] {
            if is_so {
                ways.push(word.into());
            }
        }
        let removal = match by_synced {
            Some(group) => nothing(
                format!("it comes through {group}, whose members an identity provider owns"),
                format!("take the person out of {group} at the identity provider"),
            ),
            None if is_direct || is_unread => Removal::Plan,
            None if by_group.is_empty() => Removal::With {
                what: "the role that it follows from".into(),
            },
            None => Removal::With {
                what: by_group.join(", "),
            },
        };
        Held {
            kind: HeldKind::Role,
            id: role.workspace.workspace_id.clone(),
            role: Some(role.role.role_id.clone()),
            name: format!("{} of {}", role.role.name, role.workspace.label()),
            detail: ways.join(", "),
            is_sole_admin: false,
            removal,
        }
    });
    held.collect()
}

fn groups(view: &AccountView) -> Vec<Held> {
    let held = view.group_places.iter().map(|place| {
        let given = place
            .grants
            .iter()
            .map(|given| format!("{} of {}", given.role.name, given.workspace.label()));
        let given: Vec<String> = given.collect();
        Held {
            kind: HeldKind::Group,
            id: place.group.group_id.clone(),
            role: None,
            name: place.group.name.clone(),
            detail: if given.is_empty() {
                "gives no role".into()
            } else {
                format!("gives {}", given.join(", "))
            },
            is_sole_admin: false,
            removal: if place.external_synced == Some(true) {
                nothing(
                    "an identity provider owns its members, and would set them back",
                    "take the person out of the group at the identity provider",
                )
            } else {
                Removal::Plan
            },
        }
    });
    held.collect()
}

fn tokens(view: &AccountView) -> Vec<Held> {
    let live = view.tokens.iter().filter(|token| token.is_live);
    let held = live.map(|token| Held {
        kind: HeldKind::Token,
        id: token.token_id.clone(),
        role: None,
        name: token.label.clone().unwrap_or_else(|| token.token_id.clone()),
        detail: match token.last_active_at {
            Some(at) => format!("last used {at}"),
            None => "never seen in use".into(),
        },
        is_sole_admin: false,
        removal: Removal::Plan,
    });
    held.collect()
}

fn account_itself(view: &AccountView) -> Vec<Held> {
    let is_active = |status: Option<&str>| status.is_none_or(|status| status == "active");
    let places = view
        .directories
        .iter()
        .filter(|place| is_active(place.status.as_deref()));
    let mut held: Vec<Held> = places
        .map(|place| Held {
            kind: HeldKind::Directory,
            id: place.directory_id.clone(),
            role: None,
            name: place.name.clone(),
            detail: "let in; suspending keeps roles and groups for later".into(),
            is_sole_admin: false,
            removal: if is_organization_admin(view) {
                nothing(
                    "an organization admin cannot be suspended",
                    "carry the plan out, read the organization again, and look here again",
                )
            } else {
                Removal::Plan
            },
        })
        .collect();
    if is_active(view.item.status.as_deref()) {
        let removal = if !view.provisioning.records.is_empty() {
            nothing(
                "an identity provider owns the account, and would activate it again",
                "deactivate the person at the identity provider",
            )
        } else if view.item.claim_status.as_deref() == Some("managed") {
            Removal::Plan
        } else {
            nothing(
                "the organization does not manage this account, so it stays usable elsewhere",
                "verify its e-mail domain and claim the account; here it loses what is listed above",
            )
        };
        held.push(Held {
            kind: HeldKind::Account,
            id: view.item.account.account_id.clone(),
            role: None,
            name: "The account itself".into(),
            detail: "can be used; deactivating can be undone".into(),
            is_sole_admin: false,
            removal,
        });
    }
    held
}

fn not_known(view: &AccountView) -> Vec<String> {
    let mut list: Vec<String> = [
        "Jira: filters, dashboards, boards and automations that the account owns, projects and components that it leads.",
        "Confluence: spaces and pages that only it may edit. Bitbucket and Trello: repositories, keys and boards.",
        "Apps that the account gave access to, and apps that act as it.",
    ]
    .map(str::to_owned)
    .to_vec();
    if view.item.claim_status.as_deref() != Some("managed") {
        list.push("API tokens: Atlassian tells those of accounts only that the organization manages.".into());
    }
    if view.roles.iter().any(|role| !role.methods_read) {
        list.push(
            "How some of its roles came about, which was not read: orgwarden sync --methods reads it.".into(),
        );
    }
    if !view.provisioning.is_read {
        list.push(
            "Whether an identity provider owns the account: no SCIM directory is read (orgwarden connection set --scim-url).".into(),
        );
    }
    list
}
