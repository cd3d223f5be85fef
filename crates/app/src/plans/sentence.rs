//! What an action does, as a sentence for people.

use super::facts::Facts;
use model::Action;
use model::role::role_name;

/// The sentence of an action, present tense, names where they are known.
pub(super) fn sentence(action: &Action, facts: &Facts) -> String {
    let who = |account: &model::AccountId| facts.account_label(account.as_str());
    let group_of = |group: &model::GroupId| facts.group_label(group.as_str());
    let place = |directory: &model::DirectoryId| facts.directory_label(directory.as_str());
    let on = |resource: &model::ResourceId| facts.resource_label(resource.as_str());
    let called = |role: &model::RoleId| role_name(role.as_str()).to_owned();
    match action {
        Action::AddMember { group, account, .. } => {
            format!("{} joins the group {}", who(account), group_of(group))
        }
        Action::RemoveMember { group, account, .. } => {
            format!("{} leaves the group {}", who(account), group_of(group))
        }
        Action::GrantRole {
            account,
            resource,
            role,
        } => {
            format!("{} becomes {} of {}", who(account), called(role), on(resource))
        }
        Action::RevokeRole {
            account,
            resource,
            role,
        } => {
            format!(
                "{} is no longer {} of {} by a direct grant",
                who(account),
                called(role),
                on(resource)
            )
        }
        Action::GrantGroupRole {
            group,
            resource,
            role,
            ..
        } => {
            format!(
                "the group {} makes its members {} of {}",
                group_of(group),
                called(role),
                on(resource)
            )
        }
        Action::RevokeGroupRole {
            group,
            resource,
            role,
            ..
        } => {
            format!(
                "the group {} no longer makes its members {} of {}",
                group_of(group),
                called(role),
                on(resource)
            )
        }
        Action::CreateGroup { name, .. } => format!("a group {name} is made"),
        Action::DeleteGroup { group, .. } => format!("the group {} is deleted", group_of(group)),
        Action::Invite { email, groups } if groups.is_empty() => format!("{email} is invited"),
        Action::Invite { email, groups } => {
            let groups: Vec<String> = groups.iter().map(group_of).collect();
            format!("{email} is invited to {}", groups.join(", "))
        }
        Action::CreateAccount { .. } if facts.names_nobody => "an account is made".to_owned(),
        Action::CreateAccount { email, name, .. } => format!("an account for {name}, {email}, is made"),
        Action::UpdateProfile { account, fields } => {
            let fields: Vec<&str> = fields.keys().map(String::as_str).collect();
            format!("{} gets another {}", who(account), fields.join(", "))
        }
        Action::Suspend { account, directory } => {
            format!("{} is suspended in {}", who(account), place(directory))
        }
        Action::Restore { account, directory } => {
            format!("{} gets back the access to {}", who(account), place(directory))
        }
        Action::RemoveFromDirectory { account, directory } => {
            format!("{} is removed from {}", who(account), place(directory))
        }
        Action::Deactivate { account } => format!("{} is deactivated everywhere", who(account)),
        Action::Reactivate { account } => format!("{} is active again", who(account)),
        Action::DeleteAccount { account } => format!("{} is deleted after 14 days", who(account)),
        Action::CancelDeletion { account } => format!("{} is not deleted after all", who(account)),
        Action::RevokeToken { account, token } => {
            format!("the API token {token} of {} is revoked", who(account))
        }
    }
}
