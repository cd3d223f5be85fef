//! Errands: single changes for a caller who has an approval of its own, such as the server of a connector.
//!
//! An errand is a plan like any other – preflight, guards, journal, proof – but its caller is maker and approver in
//! one, and what it names is asked of Atlassian just now instead of being looked up: an errand works before the first
//! reading, and knows people who came after the latest one. Whether it is so already is asked first, so that an errand
//! may come twice.

mod asking;

use super::facts::Facts;
use super::make::{Ground, Live};
use super::sentence::sentence;
use super::{Carrying, PlanRequest, Refused};
use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use asking::{Asking, unknown};
use atlassian::org::ALL_DIRECTORIES;
use atlassian::{Admin, ApiError, wire};
use model::{AccountId, Action, ActionState, DirectoryId, GroupId, PlanId, PlanState, ResourceId, RoleId};
use std::collections::BTreeMap;
use store::ConnectionRow;

/// Among so many of the latest plans one is looked for whose worker ended.
const LATEST: i64 = 50;

/// What a caller wants. Everything is named by Atlassian's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// An account joins a group, or leaves it.
    Member {
        /// The group.
        group: GroupId,
        /// The account.
        account: AccountId,
        /// Whether it joins.
        join: bool,
    },
    /// An account is given a role itself, or it is taken.
    Role {
        /// The account.
        account: AccountId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
        /// Whether it is given.
        give: bool,
    },
    /// A group begins to give a role, or stops.
    GroupRole {
        /// The group.
        group: GroupId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
        /// Whether it is given.
        give: bool,
    },
    /// An account is made through SCIM, or a managed one with the address is linked.
    CreateAccount {
        /// The address.
        email: String,
        /// The full name.
        name: String,
        /// The name in the SCIM directory, where it is not the address.
        user_name: Option<String>,
        /// The given and the family name, where they are told apart.
        given_and_family: Option<(String, String)>,
    },
    /// A managed account is deleted after 14 days.
    DeleteAccount {
        /// Which.
        account: AccountId,
    },
    /// The account loses its access to all its directories, or gets it back.
    Access {
        /// Which.
        account: AccountId,
        /// Whether it gets it back.
        restore: bool,
    },
}

/// What became of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandDone {
    /// The plan that it was; `None` when nothing was left to plan.
    pub plan: Option<PlanId>,
    /// What became of each of its changes.
    pub changes: Vec<ErrandChange>,
    /// The account that was made or linked, where that was wanted and is told.
    pub account: Option<AccountId>,
}

impl ErrandDone {
    /// Whether everything is so now.
    pub fn is_done(&self) -> bool {
        let is_so = |change: &ErrandChange| matches!(change.fate, Fate::Changed | Fate::WasSo);
        self.changes.iter().all(is_so)
    }

    /// Whether everything was so before.
    pub fn was_so(&self) -> bool {
        self.changes.iter().all(|change| change.fate == Fate::WasSo)
    }
}

/// One change of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandChange {
    /// What was wanted, as a sentence.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was made, and seen at Atlassian afterwards.
    Changed,
    /// It was so already; nothing was sent.
    WasSo,
    /// It cannot be, and nothing was sent.
    Refused {
        /// Why.
        reason: String,
        /// What to do.
        next_step: String,
    },
    /// It was tried, or would have been, and is not so.
    Failed {
        /// Why.
        reason: String,
        /// What to do.
        next_step: String,
    },
    /// It was tried, and nobody can tell whether it is so.
    Unclear {
        /// Why.
        reason: String,
        /// What to do.
        next_step: String,
    },
}

/// What Atlassian said about the things an errand names, and the actions that it comes to.
struct Asked {
    actions: Vec<Action>,
    facts: Facts,
    live: Live,
}

impl App {
    /// Runs an errand to its end. Only one at a time: changes of an organization exclude each other.
    ///
    /// # Errors
    /// When nothing can be said about its outcome, or nothing of it was begun: changes switched off, a guard that holds
    /// it back, an account or group that Atlassian does not know, no answer.
    pub async fn errand(&self, errand: &Errand, carrying: &Carrying<'_>) -> Result<ErrandDone, AppError> {
        let connection = self.connection_named(None).await?;
        if !connection.writes {
            return Err(AppError::WritesOff {
                connection: connection.name,
            });
        }
        self.finish_errands(&connection, carrying).await?;
        let scope = self.scope_of(connection.organization_id).await?;
        let admin = self.admin(&connection, carrying.options).await?;
        let Some(asked) = self.ask(&scope, &connection, &admin, errand).await? else {
            return Ok(ErrandDone {
                plan: None,
                changes: vec![ErrandChange {
                    what: "the account is gone".into(),
                    fate: Fate::WasSo,
                }],
                account: None,
            });
        };
        let request = PlanRequest {
            actions: asked.actions.clone(),
            comment: Some("asked for by the connector's server, which approved it"),
            goes_on: true,
            actor: carrying.actor,
            ..PlanRequest::default()
        };
        let mut sentences = BTreeMap::new();
        for action in &asked.actions {
            sentences.insert(action.clone(), sentence(action, &asked.facts));
        }
        let ground = Ground {
            scope: &scope,
            connection: &connection,
            admin: &admin,
            facts: asked.facts,
            live: asked.live,
        };
        let made = self.plan_from(&request, asked.actions, ground).await?;
        let mut changes: Vec<ErrandChange> = made.refused.into_iter().map(ErrandChange::of_refused).collect();
        let Some(plan) = made.id else {
            return Ok(ErrandDone {
                plan: None,
                changes,
                account: None,
            });
        };
        let carried = self.approve_and_apply(plan, carrying).await;
        if carried.is_err() {
            self.give_up(plan, carrying.actor).await?;
        }
        let carried = carried?;
        let mut tx = self.store.read().await?;
        let rows = tx.plan_actions(plan).await?;
        drop(tx);
        for row in rows {
            let what = sentences.get(&row.action).cloned().unwrap_or_default();
            let note = carried.note.clone();
            let reason = row
                .reason
                .or(note)
                .unwrap_or_else(|| "it was not carried out".into());
            let next_step = row.next_step.unwrap_or_default();
            let fate = match row.state {
                ActionState::Confirmed if row.was_so => Fate::WasSo,
                ActionState::Confirmed => Fate::Changed,
                ActionState::Stuck | ActionState::Unknown | ActionState::Running => {
                    Fate::Unclear { reason, next_step }
                }
                _ => Fate::Failed { reason, next_step },
            };
            changes.push(ErrandChange { what, fate });
        }
        self.give_up(plan, carrying.actor).await?;
        let account = match errand {
            Errand::CreateAccount { email, user_name, .. } => {
                let name = user_name.as_ref().unwrap_or(email);
                self.scim_account(&connection, &admin, name).await?
            }
            _ => None,
        };
        Ok(ErrandDone {
            plan: Some(plan),
            changes,
            account,
        })
    }

    async fn approve_and_apply(
        &self,
        plan: PlanId,
        carrying: &Carrying<'_>,
    ) -> Result<provision::Carried, AppError> {
        self.plan_approve(plan, None, None, carrying.actor).await?;
        self.plan_apply(plan, carrying).await
    }

    /// Gives up what is left of a plan that nobody will come back to: who wants it asks again, and gets a new one.
    async fn give_up(&self, plan: PlanId, actor: &str) -> Result<(), AppError> {
        let (row, _) = self.plan_row(plan).await?;
        // One that is running has intents whose outcome is not known: the next errand settles them.
        let waits = [
            PlanState::Planned,
            PlanState::Approved,
            PlanState::Paused,
            PlanState::Stopped,
        ];
        if waits.contains(&row.state) {
            self.plan_halt(plan, true, actor).await?;
        }
        Ok(())
    }

    /// Settles errands whose worker ended, by reading.
    async fn finish_errands(
        &self,
        connection: &ConnectionRow,
        carrying: &Carrying<'_>,
    ) -> Result<(), AppError> {
        let mut tx = self.store.read().await?;
        let plans = tx.plan_list(connection.organization_id, LATEST).await?;
        drop(tx);
        for plan in plans {
            if plan.state == PlanState::Running && plan.made_by == carrying.actor {
                self.plan_apply(plan.id, carrying).await?;
            }
        }
        Ok(())
    }

    async fn scim_account(
        &self,
        connection: &ConnectionRow,
        admin: &Admin,
        user_name: &str,
    ) -> Result<Option<AccountId>, AppError> {
        let Some(scim) = self.scim(connection, admin).await? else {
            return Ok(None);
        };
        let found = scim.user_named(user_name).await?;
        Ok(found.and_then(|user| user.account_id().map(AccountId::new)))
    }

    /// Asks for what an errand names; `None` when there is nothing to do, since the account is gone.
    async fn ask(
        &self,
        scope: &Scope,
        connection: &ConnectionRow,
        admin: &Admin,
        errand: &Errand,
    ) -> Result<Option<Asked>, AppError> {
        let mut tx = self.store.read().await?;
        let mut asking = Asking {
            tx: &mut tx,
            admin,
            connection,
            facts: Facts {
                names_nobody: true,
                ..Facts::default()
            },
            live: Live {
                may_be_so: true,
                ..Live::default()
            },
        };
        let actions = match errand.clone() {
            Errand::Member { group, account, join } => {
                let directory = asking.group(&group).await?;
                let is_there = asking.account(directory.as_str(), &account).await?;
                if !is_there && !asking.account(ALL_DIRECTORIES, &account).await? {
                    return Err(unknown("account", account.as_str()));
                }
                vec![if join {
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
                }]
            }
            Errand::Role {
                account,
                resource,
                role,
                give,
            } => {
                asking.known_account(&account).await?;
                asking.number(resource.as_str()).await?;
                asking.number(role.as_str()).await?;
                vec![if give {
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
                }]
            }
            Errand::GroupRole {
                group,
                resource,
                role,
                give,
            } => {
                let directory = asking.group(&group).await?;
                asking.number(resource.as_str()).await?;
                asking.number(role.as_str()).await?;
                vec![if give {
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
                }]
            }
            Errand::CreateAccount {
                email,
                name,
                user_name,
                given_and_family,
            } => vec![Action::CreateAccount {
                email,
                name,
                user_name,
                given_and_family,
            }],
            Errand::DeleteAccount { account } => {
                if !asking.account(ALL_DIRECTORIES, &account).await? {
                    // A managed account need not be in any directory.
                    match admin.manage().privileges(&account).await {
                        Ok(_) => asking.add_account(&account, wire::Account::default()).await?,
                        Err(ApiError::NotFound { .. }) => return Ok(None),
                        Err(error) => return Err(error.into()),
                    }
                }
                vec![Action::DeleteAccount { account }]
            }
            Errand::Access { account, restore } => {
                let directories = asking.directories_of(&account).await?;
                let action = |directory: DirectoryId| {
                    let account = account.clone();
                    if restore {
                        Action::Restore { directory, account }
                    } else {
                        Action::Suspend { directory, account }
                    }
                };
                directories.into_iter().map(action).collect()
            }
        };
        let takes_admin = |account: &AccountId| asking.live.named_admins.get(account) == Some(&true);
        if actions
            .iter()
            .any(|action| action.takes_away() && action.account().is_some_and(takes_admin))
        {
            asking.organization_admins().await?;
        }
        let directories = asking.tx.directory_list(scope.snapshot()).await?;
        for directory in directories {
            if let Some(name) = directory.attributes.text("name") {
                asking
                    .facts
                    .directories
                    .insert(directory.id.clone(), name.to_owned());
            }
        }
        let Asking { facts, live, .. } = asking;
        Ok(Some(Asked { actions, facts, live }))
    }
}

impl ErrandChange {
    fn of_refused(refused: Refused) -> ErrandChange {
        ErrandChange {
            what: refused.what,
            fate: Fate::Refused {
                reason: refused.reason,
                next_step: refused.next_step,
            },
        }
    }
}
