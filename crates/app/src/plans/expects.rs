//! What is to be so before an action, in words: the question that `provision` asks before it sends anything.

use super::facts::Facts;
use model::Action;
use model::role::role_name;

/// What the action expects. Where it is otherwise, it is done already, or it is not sent.
pub(super) fn expects(action: &Action, facts: &Facts) -> String {
    let who = |account: &model::AccountId| facts.account_label(account.as_str());
    let group_of = |group: &model::GroupId| facts.group_label(group.as_str());
    let place = |directory: &model::DirectoryId| facts.directory_label(directory.as_str());
    let on = |resource: &model::ResourceId| facts.resource_label(resource.as_str());
    let called = |role: &model::RoleId| role_name(role.as_str()).to_owned();
    match action {
        Action::AddMember { group, account, .. } => {
            format!("{} is not in {}", who(account), group_of(group))
        }
        Action::RemoveMember { group, account, .. } => {
            format!("{} is in {}", who(account), group_of(group))
        }
        Action::GrantRole {
            account,
            resource,
            role,
        } => format!(
            "{} is not {} of {} by a direct grant",
            who(account),
            called(role),
            on(resource)
        ),
        Action::RevokeRole {
            account,
            resource,
            role,
        } => format!(
            "{} is {} of {} by a direct grant",
            who(account),
            called(role),
            on(resource)
        ),
        Action::GrantGroupRole {
            group,
            resource,
            role,
            ..
        } => format!(
            "{} does not give {} of {}",
            group_of(group),
            called(role),
            on(resource)
        ),
        Action::RevokeGroupRole {
            group,
            resource,
            role,
            ..
        } => format!("{} gives {} of {}", group_of(group), called(role), on(resource)),
        Action::CreateGroup { name, .. } => format!("no group of that directory is called {name}"),
        Action::DeleteGroup { group, .. } => format!("{} is there", group_of(group)),
        Action::Invite { email, groups } if groups.is_empty() => format!("nobody has the address {email}"),
        Action::Invite { email, .. } => format!("nobody with the address {email} is in all of these groups"),
        Action::CreateAccount { email, .. } => {
            format!("the SCIM directory has no active user with the address {email}")
        }
        Action::UpdateProfile { account, .. } => format!("the profile of {} says otherwise", who(account)),
        Action::Suspend { account, directory } => {
            format!(
                "{} is in {} and not suspended there",
                who(account),
                place(directory)
            )
        }
        Action::Restore { account, directory } => {
            format!("{} is in {} and suspended there", who(account), place(directory))
        }
        Action::RemoveFromDirectory { account, directory } => {
            format!("{} is in {}", who(account), place(directory))
        }
        Action::Deactivate { account } => format!("{} is active", who(account)),
        Action::Reactivate { account } => {
            format!("{} is deactivated, and not about to be deleted", who(account))
        }
        Action::DeleteAccount { account } => format!("{} is not about to be deleted", who(account)),
        Action::CancelDeletion { account } => format!("{} is about to be deleted", who(account)),
        Action::RevokeToken { account, token } => {
            format!("{} has the API token {token}", who(account))
        }
    }
}
