//! What can be known before anybody approves: where a change is not allowed, would not stick, or means something else.
//!
//! Most is known from what was read. What is unknown and decides – who owns a group, how a role came about, what may be
//! done with a managed account – is asked now.

use super::facts::Facts;
use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use atlassian::wire::Rule;
use atlassian::{Admin, ApiError, refusal};
use model::role::ORGANIZATION_ADMIN;
use model::{AccountId, Action, GroupId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::ConnectionRow;
use store::views::Described;

/// Why an action is not part of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was wanted, as a sentence.
    pub what: String,
    /// The action.
    pub action: Action,
    /// Why not.
    pub reason: String,
    /// What to do instead.
    pub next_step: String,
}

/// Why not, and what to do instead.
pub(super) type No = (String, String);

fn no(reason: impl Into<String>, next_step: impl Into<String>) -> Result<(), No> {
    Err((reason.into(), next_step.into()))
}

/// What is asked of Atlassian during a preflight, each once.
pub(super) struct Preflight<'a> {
    pub app: &'a App,
    pub scope: &'a Scope,
    pub connection: &'a ConnectionRow,
    pub admin: &'a Admin,
    pub facts: &'a Facts,
    /// Groups that the plan itself makes.
    pub made: BTreeSet<GroupId>,
    /// Groups whose owner was not known and was asked for: whether they may be changed here.
    pub owners: BTreeMap<String, Option<bool>>,
    /// What may be done with accounts.
    pub privileges: BTreeMap<AccountId, BTreeMap<String, Rule>>,
    /// Directories of accounts: status by directory.
    pub places: BTreeMap<AccountId, BTreeMap<String, String>>,
    /// Accounts of which was asked just now whether they are organization admins.
    pub organization_admins: BTreeMap<AccountId, bool>,
    /// Whether what is so already is no mistake.
    pub may_be_so: bool,
}

const READ_AGAIN: &str = "read the organization with: orgwarden sync, and make the plan again";

impl Preflight<'_> {
    /// Looks at one action.
    ///
    /// The outer error is a failure to look.
    pub async fn look(&mut self, action: &Action) -> Result<Result<(), No>, AppError> {
        if let Some(account) = action.account()
            && !self.facts.accounts.contains_key(account.as_str())
        {
            return Ok(no(format!("no account {account} is known here"), READ_AGAIN));
        }
        if let Some(group) = action.group()
            && !self.facts.groups.contains_key(group.as_str())
            && !self.made.contains(group)
        {
            return Ok(no(format!("no group {group} is known here"), READ_AGAIN));
        }
        match action {
            Action::AddMember {
                group,
                account,
                directory,
            } => {
                if let Err(why) = self.group_is_ours(group.as_str(), "members").await? {
                    return Ok(Err(why));
                }
                let places = self.places_of(account).await?;
                if !places.contains_key(directory.as_str()) {
                    return Ok(no(
                        "the account is not in the group's directory",
                        "invite the person to that directory first",
                    ));
                }
                Ok(Ok(()))
            }
            Action::RemoveMember { group, .. } => self.group_is_ours(group.as_str(), "members").await,
            Action::DeleteGroup { group, .. } => self.group_is_ours(group.as_str(), "existence").await,
            Action::RevokeRole {
                account,
                resource,
                role,
            } => {
                self.role_is_direct(account, resource.as_str(), role.as_str())
                    .await
            }
            Action::GrantRole { resource, .. } | Action::GrantGroupRole { resource, .. } => {
                if self.facts.terms.contains_key(resource.as_str()) {
                    Ok(Ok(()))
                } else {
                    Ok(no(format!("no resource {resource} is known here"), READ_AGAIN))
                }
            }
            Action::Suspend { account, directory } => {
                if self.is_organization_admin(account).await? {
                    return Ok(no(
                        "an organization admin cannot be suspended",
                        "take the role of organization admin first",
                    ));
                }
                self.is_in(account, directory.as_str()).await
            }
            Action::Restore { account, directory } | Action::RemoveFromDirectory { account, directory } => {
                self.is_in(account, directory.as_str()).await
            }
            Action::Deactivate { account } | Action::Reactivate { account } => {
                self.may(account, "lifecycle.enablement").await
            }
            Action::DeleteAccount { account } | Action::CancelDeletion { account } => {
                self.may(account, "lifecycle.delete").await
            }
            Action::RevokeToken { account, .. } => self.may(account, "apiToken.delete").await,
            Action::UpdateProfile { account, fields } => {
                for field in fields.keys() {
                    if let Err(why) = self.may(account, &format!("profile.write/{field}")).await? {
                        return Ok(Err(why));
                    }
                }
                Ok(Ok(()))
            }
            Action::CreateAccount { .. } => Ok(self.may_create()),
            Action::Invite { groups, .. } => {
                for group in groups {
                    if let Err(why) = self.group_is_ours(group.as_str(), "members").await? {
                        return Ok(Err(why));
                    }
                }
                Ok(Ok(()))
            }
            Action::RevokeGroupRole { .. } | Action::CreateGroup { .. } => Ok(Ok(())),
        }
    }

    fn may_create(&self) -> Result<(), No> {
        if self.connection.scim_url.is_none() {
            return no(
                "the connection knows no SCIM directory",
                "give it one with: orgwarden connection set NAME --scim-url URL --scim-token-file FILE",
            );
        }
        if !self.connection.guards.provisions_scim {
            return no(
                "the SCIM directory is not marked as provisioned by Orgwarden, and an identity provider may own it",
                "if no identity provider does, mark it with: orgwarden connection set NAME --provisions-scim on",
            );
        }
        Ok(())
    }

    /// Whether a group is changed here and not at an identity provider.
    async fn group_is_ours(&mut self, id: &str, what: &str) -> Result<Result<(), No>, AppError> {
        if self.made.contains(&GroupId::new(id)) {
            return Ok(Ok(()));
        }
        let Some(group) = self.facts.groups.get(id) else {
            return Ok(no(format!("no group {id} is known here"), READ_AGAIN));
        };
        let name = self.facts.group_label(id);
        let known = is_ours(group);
        let is_ours = match known {
            Some(known) => Some(known),
            None => self.ask_owner(id).await?,
        };
        Ok(match is_ours {
            Some(true) => Ok(()),
            Some(false) => no(
                format!("the {what} of {name} come from the identity provider, which would set them back"),
                format!(
                    "change the group {name} at the identity provider; the next provisioning brings it here"
                ),
            ),
            None => no(
                format!("Atlassian does not say who owns the group {name}"),
                "look the group up in admin.atlassian.com: if an identity provider owns it, change it there",
            ),
        })
    }

    async fn ask_owner(&mut self, id: &str) -> Result<Option<bool>, AppError> {
        if let Some(known) = self.owners.get(id) {
            return Ok(*known);
        }
        let page = self.admin.groups(&[id.to_owned()], None).await?;
        let found = page.items.iter().find(|group| group.id == id);
        let told = found.and_then(|group| {
            let modifiable = group
                .management_access
                .as_ref()
                .and_then(|access| access.modifiable);
            ours(group.external_synced, modifiable, group.managed_by.as_deref())
        });
        self.owners.insert(id.to_owned(), told);
        Ok(told)
    }

    async fn places_of(&mut self, account: &AccountId) -> Result<BTreeMap<String, String>, AppError> {
        if let Some(known) = self.places.get(account) {
            return Ok(known.clone());
        }
        let mut places = BTreeMap::new();
        if let Some(row) = self.facts.accounts.get(account.as_str()) {
            let mut tx = self.app.store.read().await?;
            let all = tx
                .account_directories(self.scope.snapshot(), row.account.term)
                .await?;
            for place in all {
                let status = place.attributes.text("status").unwrap_or_default().to_owned();
                places.insert(place.id, status);
            }
        }
        self.places.insert(account.clone(), places.clone());
        Ok(places)
    }

    async fn is_in(&mut self, account: &AccountId, directory: &str) -> Result<Result<(), No>, AppError> {
        if self.places_of(account).await?.contains_key(directory) {
            return Ok(Ok(()));
        }
        Ok(no(
            format!("the account is not in directory {directory}"),
            READ_AGAIN,
        ))
    }

    async fn is_organization_admin(&self, account: &AccountId) -> Result<bool, AppError> {
        if let Some(asked) = self.organization_admins.get(account) {
            return Ok(*asked);
        }
        let Some(row) = self.facts.accounts.get(account.as_str()) else {
            return Ok(false);
        };
        let mut tx = self.app.store.read().await?;
        let roles = tx
            .account_platform_roles(self.scope.snapshot(), row.account.term)
            .await?;
        Ok(roles.iter().any(|role| role.id == ORGANIZATION_ADMIN))
    }

    /// Whether a role was given to the account itself, so that it can be taken from it.
    async fn role_is_direct(
        &self,
        account: &AccountId,
        resource: &str,
        role: &str,
    ) -> Result<Result<(), No>, AppError> {
        if role == ORGANIZATION_ADMIN {
            return Ok(Ok(()));
        }
        let mut cursor = None;
        loop {
            let page = match self
                .admin
                .account_role_assignments(account.as_str(), cursor.as_ref())
                .await
            {
                Ok(page) => page,
                Err(ApiError::NotFound { .. }) => break,
                Err(error) => return Err(error.into()),
            };
            for assignment in page.items.iter().filter(|found| found.resource_id == resource) {
                let mut told = assignment.role_assignments.iter().flatten();
                if let Some(held) = told.find(|held| held.role == role) {
                    return Ok(match held.role_assignment_methods.as_deref() {
                        None => Ok(()),
                        Some(methods) if methods.iter().any(|method| method == "direct") => Ok(()),
                        Some(methods) if methods.iter().any(|method| method == "inferred") => no(
                            "the role follows from another role and cannot be taken by itself",
                            "take the role that it follows from, such as organization admin or site admin",
                        ),
                        Some(_) => no(
                            "the role comes through a group and cannot be taken from the account itself",
                            "remove the account from the group that gives it: orgwarden why ACCOUNT WORKSPACE",
                        ),
                    });
                }
                if assignment.roles.iter().flatten().any(|held| held == role) {
                    return Ok(Ok(()));
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        if self.may_be_so {
            return Ok(Ok(()));
        }
        Ok(no("the account does not hold this role", READ_AGAIN))
    }

    /// Whether user management lets this be done with the account.
    async fn may(&mut self, account: &AccountId, privilege: &str) -> Result<Result<(), No>, AppError> {
        let row = self.facts.accounts.get(account.as_str());
        let claim = row.and_then(|row| row.account.attributes.text("claim_status"));
        if claim == Some("unmanaged") {
            return Ok(no(
                "the organization does not manage this account",
                "verify its e-mail domain and claim the account, or remove it from the directory instead",
            ));
        }
        if !self.privileges.contains_key(account) {
            match self.admin.manage().privileges(account).await {
                Ok(told) => {
                    self.privileges.insert(account.clone(), told.0);
                }
                Err(error) if error.is_refusal() => return Ok(no(error.to_string(), error.hint())),
                Err(error) => return Err(error.into()),
            }
        }
        let whole = privilege.split('/').next().unwrap_or(privilege);
        let told = self.privileges.get(account);
        let rule = told.and_then(|told| told.get(privilege).or_else(|| told.get(whole)));
        Ok(match rule {
            Some(Rule::Refused { reason }) => {
                let word = reason.as_deref().unwrap_or("Atlassian gives no reason");
                let advice = reason.as_deref().map_or_else(
                    || "look the account up in admin.atlassian.com".to_owned(),
                    refusal::advice,
                );
                no(
                    format!("Atlassian does not allow it for this account ({word})"),
                    advice,
                )
            }
            Some(Rule::Allowed) | None => Ok(()),
        })
    }
}

/// Whether a group is changed here by what was read of it: `None` when that does not tell.
pub(crate) fn is_ours(group: &Described) -> Option<bool> {
    let told = &group.attributes;
    ours(
        told.flag("external_synced"),
        told.flag("modifiable"),
        told.text("managed_by"),
    )
}

/// Whether a group is changed here: `None` when nothing tells.
fn ours(synced: Option<bool>, modifiable: Option<bool>, managed_by: Option<&str>) -> Option<bool> {
    if synced == Some(true) || modifiable == Some(false) || managed_by == Some("external") {
        return Some(false);
    }
    if synced == Some(false) || modifiable == Some(true) {
        return Some(true);
    }
    None
}
