//! What a person wants, in names, and the actions that it comes to.

use crate::App;
use crate::error::AppError;
use crate::views::{Candidate, Scope, ViewError};
use model::role::{DOCUMENTED_ROLES, role_name};
use model::{AccountId, Action, DirectoryId, GroupId, ResourceId, RoleId, TokenId};
use std::collections::BTreeMap;
use store::Tx;
use store::views::Described;

/// What a person wants. Accounts, groups, workspaces and roles are named as people name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// These accounts join the group, or leave it.
    Members {
        /// The group.
        group: String,
        /// The accounts.
        accounts: Vec<String>,
        /// Whether they join.
        join: bool,
    },
    /// The account is given a role, or it is taken.
    Role {
        /// The account.
        account: String,
        /// The workspace or other resource.
        on: String,
        /// The role.
        role: String,
        /// Whether it is given.
        give: bool,
    },
    /// The group begins to give a role, or stops.
    GroupRole {
        /// The group.
        group: String,
        /// The workspace or other resource.
        on: String,
        /// The role.
        role: String,
        /// Whether it is given.
        give: bool,
    },
    /// A group is made.
    CreateGroup {
        /// The directory's id or name; may be left out when there is one.
        directory: Option<String>,
        /// The group's name.
        name: String,
        /// What it is for.
        description: Option<String>,
    },
    /// A group is deleted.
    DeleteGroup {
        /// The group.
        group: String,
    },
    /// A person is invited.
    Invite {
        /// The address.
        email: String,
        /// The groups to join.
        groups: Vec<String>,
    },
    /// An account is made through SCIM.
    CreateAccount {
        /// The address.
        email: String,
        /// The full name.
        name: String,
    },
    /// Fields of a profile get other values.
    Profile {
        /// The account.
        account: String,
        /// The fields.
        fields: BTreeMap<String, String>,
    },
    /// The account loses its access to all its directories, or gets it back.
    Suspension {
        /// The account.
        account: String,
        /// Whether it loses it.
        suspend: bool,
    },
    /// The account is removed from a directory.
    Remove {
        /// The account.
        account: String,
        /// The directory's id or name; may be left out when the account is in one.
        directory: Option<String>,
    },
    /// The account is deactivated, or active again.
    Activation {
        /// The account.
        account: String,
        /// Whether it becomes active.
        active: bool,
    },
    /// The account is deleted after 14 days, or that is taken back.
    Deletion {
        /// The account.
        account: String,
        /// Whether it is deleted.
        delete: bool,
    },
    /// An API token is revoked.
    RevokeToken {
        /// Its owner.
        account: String,
        /// Its id.
        token: String,
    },
}

impl App {
    /// The actions that a wish comes to.
    pub async fn wish_actions(&self, scope: &Scope, wish: &Wish) -> Result<Vec<Action>, AppError> {
        let at = scope.snapshot();
        let mut tx = self.store.read().await?;
        let one = match wish {
            Wish::Members {
                group,
                accounts,
                join,
            } => {
                let group = self.find_group(&mut tx, at, group).await?;
                let directory = directory_of(&group)?;
                let mut actions = Vec::with_capacity(accounts.len());
                for account in accounts {
                    let account = self.account_id(&mut tx, scope, account).await?;
                    let (directory, group) = (directory.clone(), GroupId::new(&group.id));
                    actions.push(if *join {
                        Action::AddMember {
                            directory,
                            group,
                            account,
                        }
                    } else {
                        Action::RemoveMember {
                            directory,
                            group,
                            account,
                        }
                    });
                }
                return Ok(actions);
            }
            Wish::Role {
                account,
                on,
                role,
                give,
            } => {
                let account = self.account_id(&mut tx, scope, account).await?;
                let role = role_id(role)?;
                let resource = if role.is_organization_admin() {
                    ResourceId::new(format!("ari:cloud:platform::org/{}", scope.organization_id))
                } else {
                    self.resource_id(&mut tx, scope, on).await?
                };
                if *give {
                    Action::GrantRole {
                        account,
                        resource,
                        role,
                    }
                } else {
                    Action::RevokeRole {
                        account,
                        resource,
                        role,
                    }
                }
            }
            Wish::GroupRole {
                group,
                on,
                role,
                give,
            } => {
                let group = self.find_group(&mut tx, at, group).await?;
                let directory = directory_of(&group)?;
                let group = GroupId::new(&group.id);
                let resource = self.resource_id(&mut tx, scope, on).await?;
                let role = role_id(role)?;
                if *give {
                    Action::GrantGroupRole {
                        directory,
                        group,
                        resource,
                        role,
                    }
                } else {
                    Action::RevokeGroupRole {
                        directory,
                        group,
                        resource,
                        role,
                    }
                }
            }
            Wish::CreateGroup {
                directory,
                name,
                description,
            } => Action::CreateGroup {
                directory: self.directory_id(&mut tx, scope, directory.as_deref()).await?,
                name: name.clone(),
                description: description.clone(),
            },
            Wish::DeleteGroup { group } => {
                let group = self.find_group(&mut tx, at, group).await?;
                Action::DeleteGroup {
                    directory: directory_of(&group)?,
                    group: GroupId::new(&group.id),
                }
            }
            Wish::Invite { email, groups } => {
                let mut ids = Vec::with_capacity(groups.len());
                for group in groups {
                    ids.push(GroupId::new(&self.find_group(&mut tx, at, group).await?.id));
                }
                Action::Invite {
                    email: email.clone(),
                    groups: ids,
                }
            }
            Wish::CreateAccount { email, name } => Action::CreateAccount {
                email: email.clone(),
                name: name.clone(),
                user_name: None,
                given_and_family: None,
            },
            Wish::Profile { account, fields } => Action::UpdateProfile {
                account: self.account_id(&mut tx, scope, account).await?,
                fields: fields.clone(),
            },
            Wish::Suspension { account, suspend } => {
                let row = self.find_account(&mut tx, at, account).await?;
                let places = tx.account_directories(at, row.account.term).await?;
                let action = |place: Described| {
                    let directory = DirectoryId::new(&place.id);
                    let account = AccountId::new(&row.account.id);
                    if *suspend {
                        Action::Suspend { directory, account }
                    } else {
                        Action::Restore { directory, account }
                    }
                };
                return Ok(places.into_iter().map(action).collect());
            }
            Wish::Remove { account, directory } => {
                let row = self.find_account(&mut tx, at, account).await?;
                let places = tx.account_directories(at, row.account.term).await?;
                let directory = match (directory, places.as_slice()) {
                    (None, [only]) => DirectoryId::new(&only.id),
                    (directory, _) => self.directory_id(&mut tx, scope, directory.as_deref()).await?,
                };
                let account = AccountId::new(&row.account.id);
                Action::RemoveFromDirectory { directory, account }
            }
            Wish::Activation { account, active } => {
                let account = self.account_id(&mut tx, scope, account).await?;
                if *active {
                    Action::Reactivate { account }
                } else {
                    Action::Deactivate { account }
                }
            }
            Wish::Deletion { account, delete } => {
                let account = self.account_id(&mut tx, scope, account).await?;
                if *delete {
                    Action::DeleteAccount { account }
                } else {
                    Action::CancelDeletion { account }
                }
            }
            Wish::RevokeToken { account, token } => Action::RevokeToken {
                account: self.account_id(&mut tx, scope, account).await?,
                token: TokenId::new(token),
            },
        };
        Ok(vec![one])
    }

    async fn account_id(&self, tx: &mut Tx, scope: &Scope, asked: &str) -> Result<AccountId, AppError> {
        let row = self.find_account(tx, scope.snapshot(), asked).await?;
        Ok(AccountId::new(row.account.id))
    }

    async fn resource_id(&self, tx: &mut Tx, scope: &Scope, asked: &str) -> Result<ResourceId, AppError> {
        let (_, found) = self.find_resource(tx, scope.snapshot(), asked).await?;
        Ok(ResourceId::new(found.workspace_id))
    }

    async fn directory_id(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        asked: Option<&str>,
    ) -> Result<DirectoryId, AppError> {
        let all = tx.directory_list(scope.snapshot()).await?;
        let name = |directory: &Described| directory.attributes.text("name").unwrap_or_default().to_owned();
        let is_meant = |directory: &&Described| match asked {
            Some(asked) => directory.id == asked || name(directory).eq_ignore_ascii_case(asked),
            None => true,
        };
        let found: Vec<&Described> = all.iter().filter(is_meant).collect();
        let candidates = || {
            let candidate = |directory: &Described| Candidate {
                id: directory.id.clone(),
                name: name(directory),
            };
            all.iter().map(candidate).collect::<Vec<_>>()
        };
        match found.as_slice() {
            [only] => Ok(DirectoryId::new(&only.id)),
            [] => Err(AppError::View(ViewError::Unknown {
                what: "directory",
                asked: asked.unwrap_or_default().to_owned(),
                nearest: candidates(),
            })),
            _ => Err(AppError::View(ViewError::Ambiguous {
                what: "directory",
                asked: asked.unwrap_or_default().to_owned(),
                candidates: candidates(),
            })),
        }
    }
}

/// A role by its id, its id without `atlassian/`, or what people call it. An id may be one that we do not know.
fn role_id(asked: &str) -> Result<RoleId, AppError> {
    let asked = asked.trim();
    if asked.contains('/') {
        return Ok(RoleId::new(asked));
    }
    let is_meant = |id: &&str| {
        id.strip_prefix("atlassian/") == Some(&asked.to_lowercase())
            || role_name(id).eq_ignore_ascii_case(asked)
    };
    let found = DOCUMENTED_ROLES.iter().find(|id| is_meant(id));
    found.map(|id| RoleId::new(*id)).ok_or_else(|| {
        let nearest = DOCUMENTED_ROLES.iter().map(|id| Candidate {
            id: (*id).to_owned(),
            name: role_name(id).to_owned(),
        });
        AppError::View(ViewError::Unknown {
            what: "role",
            asked: asked.to_owned(),
            nearest: nearest.collect(),
        })
    })
}

fn directory_of(group: &Described) -> Result<DirectoryId, AppError> {
    group
        .attributes
        .text("directory_id")
        .map(DirectoryId::new)
        .ok_or_else(|| AppError::NoDirectory {
            group: group.id.clone(),
        })
}
