//! The one remote change of each action.

use crate::standing::Api;
use atlassian::ApiError;
use atlassian::writes::{AccountWrites, OrganizationWrites, ProfileChange, ScimWrites};
use model::Action;
use serde_json::json;

/// Sends the change once. A success can hold partial refusals, which are answered.
pub async fn send(api: Api<'_>, action: &Action) -> Result<Vec<String>, ApiError> {
    let organization = OrganizationWrites(api.admin);
    let manage = api.admin.manage();
    let accounts = AccountWrites(&manage);
    match action {
        Action::AddMember {
            directory,
            group,
            account,
        } => {
            organization.member_add(directory, group, account).await?;
        }
        Action::RemoveMember {
            directory,
            group,
            account,
        } => {
            organization.member_remove(directory, group, account).await?;
        }
        Action::GrantRole { account, role, .. } if role.is_organization_admin() => {
            organization.organization_admin(account, true).await?;
        }
        Action::RevokeRole { account, role, .. } if role.is_organization_admin() => {
            organization.organization_admin(account, false).await?;
        }
        Action::GrantRole {
            account,
            resource,
            role,
        } => {
            organization.role(account, resource, role, true).await?;
        }
        Action::RevokeRole {
            account,
            resource,
            role,
        } => {
            organization.role(account, resource, role, false).await?;
        }
        Action::GrantGroupRole {
            directory,
            group,
            resource,
            role,
        } => {
            organization
                .group_role(directory, group, resource, role, true)
                .await?;
        }
        Action::RevokeGroupRole {
            directory,
            group,
            resource,
            role,
        } => {
            organization
                .group_role(directory, group, resource, role, false)
                .await?;
        }
        Action::CreateGroup {
            directory,
            name,
            description,
        } => {
            organization
                .group_create(directory, name, description.as_deref())
                .await?;
        }
        Action::DeleteGroup { directory, group } => organization.group_delete(directory, group).await?,
        Action::Invite { email, groups } => {
            return Ok(organization.invite(email, groups).await?.refused);
        }
        Action::CreateAccount {
            email,
            name,
            user_name,
            given_and_family,
        } => {
            let Some(scim) = api.scim else {
                // The preflight refuses this long before; a plan made then may be carried out now.
                return Err(ApiError::NeverSent {
                    operation: "scimCreateUser",
                });
            };
            let user_name = user_name.as_ref().unwrap_or(email);
            let user = scim_user(email, user_name, name, given_and_family.as_ref());
            ScimWrites(scim).user_create(&user).await?;
        }
        Action::UpdateProfile { account, fields } => {
            let field = |name: &str| fields.get(name).cloned();
            let change = ProfileChange {
                name: field("name"),
                nickname: field("nickname"),
                zoneinfo: field("zoneinfo"),
                locale: field("locale"),
                extended_profile: None,
            };
            accounts.profile(account, &change).await?;
        }
        Action::Suspend { directory, account } => organization.suspend(directory, account, true).await?,
        Action::Restore { directory, account } => organization.suspend(directory, account, false).await?,
        Action::RemoveFromDirectory { directory, account } => organization.remove(directory, account).await?,
        Action::Deactivate { account } => accounts.disable(account, None).await?,
        Action::Reactivate { account } => accounts.enable(account).await?,
        Action::DeleteAccount { account } => accounts.delete_later(account).await?,
        Action::CancelDeletion { account } => accounts.cancel_delete(account).await?,
        Action::RevokeToken { account, token } => accounts.token_revoke(account, token).await?,
    }
    Ok(Vec::new())
}

/// A user as RFC 7643 describes one, without a password. Who is called by the address alone has no name of their own
/// here: a name would be given to the account that is linked.
fn scim_user(
    email: &str,
    user_name: &str,
    name: &str,
    given_and_family: Option<&(String, String)>,
) -> serde_json::Value {
    let (given, family) = match given_and_family {
        Some((given, family)) => (given.as_str(), family.as_str()),
        None => name.rsplit_once(' ').unwrap_or((name, name)),
    };
    let mut user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "emails": [{ "value": email, "type": "work", "primary": true }],
        "active": true,
    });
    if name != email {
        user["displayName"] = json!(name);
        user["name"] = json!({ "givenName": given, "familyName": family, "formatted": name });
    }
    user
}
