//! The table of operations: method, path, name, envelope of refusals, handler.

use super::{
    Call, Problem, Reply, api_keys, auth_policies, control_policies, directories, domains, events,
    group_writes, groups, invite, legacy, lifecycle, manage, manage_profile, manage_tokens, orgs, policies,
    policy_writes, role_assignments, role_writes, scim, service_accounts, tokens, user_writes, users,
    workspaces,
};

/// The form of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `{"errors":[…]}` always.
    Errors,
    /// The gateway's form for 401 and 429, `{"errors":[…]}` otherwise.
    GatewayErrors,
    /// The gateway's form for 401 and 429, the bare object otherwise.
    Bare,
    /// A key with its context, as user management refuses.
    Keyed,
    /// The error of the standard, and another one for keys.
    Scim,
}

/// Where an API lives, and whose credential it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// At `/admin` (and at the root); an organization's key.
    Admin,
    /// At `/users`; an organization's key without scopes.
    Users,
    /// At `/scim`; the token of the SCIM directory.
    Scim,
}

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) surface: Surface,
    /// The path below `/admin` or below the root, `*` for a parameter.
    pub(crate) pattern: &'static str,
    pub(crate) name: &'static str,
    pub(crate) envelope: Envelope,
    /// True for the removed v1 operations behind the switch.
    pub(crate) is_legacy: bool,
    pub(crate) run: fn(&Call<'_>) -> Result<Reply, Problem>,
}

impl Operation {
    /// True when the operation changes something.
    pub(crate) fn is_write(&self) -> bool {
        let is_question = self.name.starts_with("search") || self.name.starts_with("query");
        self.method != "GET"
            && !is_question
            && !["get", "fetch"].iter().any(|verb| self.name.starts_with(verb))
            && !self.name.ends_with("Search")
    }
}

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Found {
    /// An operation and its path parameters.
    Operation(&'static Operation, Vec<String>),
    /// The path exists with another method.
    OtherMethod,
    /// Nothing.
    Nothing,
}

/// Whether there is an operation of this name.
pub(crate) fn is_operation(name: &str) -> bool {
    OPERATIONS.iter().any(|known| known.name == name)
}

const fn row(
    method: &'static str,
    pattern: &'static str,
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Reply, Problem>,
) -> Operation {
    Operation {
        method,
        surface: Surface::Admin,
        pattern,
        name,
        envelope: Envelope::Errors,
        is_legacy: false,
        run,
    }
}

const fn bare(operation: Operation) -> Operation {
    Operation {
        envelope: Envelope::Bare,
        ..operation
    }
}

const fn gateway(operation: Operation) -> Operation {
    Operation {
        envelope: Envelope::GatewayErrors,
        ..operation
    }
}

const fn user(
    method: &'static str,
    pattern: &'static str,
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Reply, Problem>,
) -> Operation {
    Operation {
        surface: Surface::Users,
        envelope: Envelope::Keyed,
        ..row(method, pattern, name, run)
    }
}

const fn scim(
    method: &'static str,
    pattern: &'static str,
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Reply, Problem>,
) -> Operation {
    Operation {
        surface: Surface::Scim,
        envelope: Envelope::Scim,
        ..row(method, pattern, name, run)
    }
}

const fn old(operation: Operation) -> Operation {
    Operation {
        envelope: Envelope::GatewayErrors,
        is_legacy: true,
        ..operation
    }
}

/// Literal parts come before parameters, because the first row that fits is taken.
#[rustfmt::skip]
static OPERATIONS: [Operation; 132] = [
    row("GET", "v1/orgs", "getOrgs", orgs::list),
    row("GET", "v1/orgs/*", "getOrgById", orgs::one),
    row("GET", "v2/orgs/*/directories", "getDirectoriesForOrg", directories::list),
    row("GET", "v1/orgs/*/domains", "getDomains", domains::list),
    row("GET", "v1/orgs/*/domains/*", "getDomainById", domains::one),
    row("GET", "v1/orgs/*/users", "getUsers", users::managed),
    row("POST", "v2/orgs/*/directories/*/users/search", "searchDirectoryUsers", users::search),
    row("GET", "v2/orgs/*/directories/*/users", "getDirectoryUsers", users::list),
    row("GET", "v2/orgs/*/directories/*/users/count", "getDirectoryUsersCount", users::count),
    row("GET", "v2/orgs/*/directories/*/users/stats", "getUserStats", users::stats),
    row("GET", "v2/orgs/*/directories/*/users/*", "getDirectoryUserDetails", users::one),
    row("GET", "v2/orgs/*/directories/*/users/*/role-assignments", "getUserRoleAssignments", role_assignments::of_user),
    row("GET", "v1/orgs/*/directory/users/*/last-active-dates", "getUserLastActiveDates", users::last_active),
    row("POST", "v2/orgs/*/directories/*/groups/search", "searchDirectoryGroups", groups::search),
    row("GET", "v2/orgs/*/directories/*/groups", "getGroups", groups::list),
    row("GET", "v2/orgs/*/directories/*/groups/count", "getGroupsCount", groups::count),
    row("GET", "v2/orgs/*/directories/*/groups/stats", "getGroupsStats", groups::stats),
    row("GET", "v2/orgs/*/directories/*/groups/*", "getGroup", groups::one),
    row("GET", "v2/orgs/*/directories/*/groups/*/role-assignments", "getGroupRoleAssignments", role_assignments::of_group),
    bare(row("POST", "v2/orgs/*/workspaces", "queryWorkspaces", workspaces::query)),
    row("GET", "v1/orgs/*/policies", "getPolicies", policies::list),
    row("GET", "v1/orgs/*/policies/*", "getPolicyById", policies::one),
    row("GET", "v1/orgs/*/policies/*/validate", "validatePolicy", policies::validate),
    row("GET", "v1/orgs/*/events", "getEvents", events::search),
    row("GET", "v1/orgs/*/events-stream", "pollEvents", events::stream),
    row("GET", "v1/orgs/*/events/*", "getEventById", events::one),
    row("GET", "v1/orgs/*/event-actions", "getEventActions", events::actions),
    row("GET", "api-access/v1/orgs/*/api-tokens", "getAllApiTokensByOrgId", tokens::list),
    row("GET", "api-access/v1/orgs/*/api-tokens/count", "getApiTokensCount", tokens::count),
    row("POST", "v2/orgs/*/directories/*/users/*/suspend", "suspendDirectoryUser", user_writes::suspend),
    row("POST", "v2/orgs/*/directories/*/users/*/restore", "restoreDirectoryUser", user_writes::restore),
    row("DELETE", "v2/orgs/*/directories/*/users/*", "removeDirectoryUser", user_writes::remove),
    row("POST", "v2/orgs/*/users/invite", "inviteUsers", invite::invite),
    gateway(row("POST", "v1/orgs/*/users/*/roles/assign", "grantUserAccess", role_writes::assign_to_user)),
    gateway(row("POST", "v1/orgs/*/users/*/roles/revoke", "revokeUserAccess", role_writes::revoke_from_user)),
    row("POST", "v1/orgs/*/users/*/role-assignments/assign", "assignOrganizationRole", role_writes::assign_organization_role),
    row("POST", "v1/orgs/*/users/*/role-assignments/revoke", "revokeOrganizationRole", role_writes::revoke_organization_role),
    row("POST", "v2/orgs/*/directories/*/groups", "createGroup", group_writes::create),
    row("DELETE", "v2/orgs/*/directories/*/groups/*", "deleteGroup", group_writes::delete),
    row("POST", "v2/orgs/*/directories/*/groups/*/memberships", "addUserToGroup", group_writes::add_member),
    row("DELETE", "v2/orgs/*/directories/*/groups/*/memberships/*", "removeUserFromGroup", group_writes::remove_member),
    row("POST", "v2/orgs/*/directories/*/groups/*/role-assignments/assign", "grantGroupAccess", role_writes::assign_to_group),
    row("POST", "v2/orgs/*/directories/*/groups/*/role-assignments/revoke", "revokeGroupAccess", role_writes::revoke_from_group),
    row("POST", "v1/orgs/*/policies", "createPolicy", policy_writes::create),
    row("PUT", "v1/orgs/*/policies/*", "updatePolicy", policy_writes::update),
    row("DELETE", "v1/orgs/*/policies/*", "deletePolicy", policy_writes::delete),
    row("POST", "v1/orgs/*/policies/*/resources", "addResourceToPolicy", policy_writes::add_resource),
    row("PUT", "v1/orgs/*/policies/*/resources/*", "updatePolicyResource", policy_writes::update_resource),
    row("DELETE", "v1/orgs/*/policies/*/resources/*", "deletePolicyResource", policy_writes::remove_resource),
    row("DELETE", "api-access/v1/orgs/*/api-tokens", "bulkRevokeApiTokens", tokens::revoke_all),
    row("GET", "api-access/v1/orgs/*/api-keys", "getApiKeys", api_keys::list),
    row("GET", "api-access/v1/orgs/*/api-keys/count", "getApiKeysCount", api_keys::count),
    row("PATCH", "api-access/v1/orgs/*/api-keys/revoke/*", "revokeApiKey", api_keys::revoke),
    row("GET", "api-access/v1/orgs/*/service-accounts", "getServiceAccounts", service_accounts::list),
    row("POST", "api-access/v1/orgs/*/service-accounts", "createServiceAccount", service_accounts::create),
    row("PATCH", "api-access/v1/orgs/*/service-accounts", "updateServiceAccount", service_accounts::update),
    row("POST", "api-access/v1/orgs/*/service-accounts/count", "getServiceAccountsCount", service_accounts::count),
    row("GET", "api-access/v1/orgs/*/service-accounts/api-tokens", "getServiceAccountsTokens", service_accounts::all_tokens),
    row("GET", "api-access/v1/orgs/*/service-accounts/oauth-clients", "getServiceAccountsClients", service_accounts::all_clients),
    row("DELETE", "api-access/v1/orgs/*/service-accounts/*", "deleteServiceAccount", service_accounts::delete),
    row("GET", "api-access/v1/orgs/*/service-accounts/*/api-tokens", "getServiceAccountTokens", service_accounts::tokens),
    row("DELETE", "api-access/v1/orgs/*/service-accounts/*/api-tokens", "revokeServiceAccountTokens", service_accounts::revoke_tokens),
    row("GET", "api-access/v1/orgs/*/service-accounts/*/oauth-clients", "getServiceAccountClients", service_accounts::clients_of),
    row("GET", "api-access/v1/orgs/*/oauth-clients", "getOauthClients", service_accounts::all_clients),
    row("POST", "api-access/v1/orgs/*/oauth-clients", "createOauthClient", service_accounts::create_client),
    row("POST", "api-access/v1/orgs/*/oauth-clients/count", "getOauthClientsCount", service_accounts::clients_count),
    row("GET", "api-access/v1/orgs/*/oauth-clients/*", "getOauthClient", service_accounts::client),
    row("DELETE", "api-access/v1/orgs/*/oauth-clients/*", "deleteOauthClient", service_accounts::delete_client),
    row("GET", "control/v1/orgs/*/policies", "controlGetPolicies", policies::list),
    row("POST", "control/v1/orgs/*/policies", "controlCreatePolicy", policy_writes::create),
    row("GET", "control/v1/orgs/*/policies/*", "controlGetPolicy", policies::one),
    row("PUT", "control/v1/orgs/*/policies/*", "controlUpdatePolicy", policy_writes::update),
    row("DELETE", "control/v1/orgs/*/policies/*", "controlDeletePolicy", control_policies::delete),
    row("GET", "control/v1/orgs/*/policies/*/validate", "controlValidatePolicy", control_policies::validate),
    row("GET", "control/v1/orgs/*/policies/*/resources", "controlGetResources", control_policies::resources),
    row("POST", "control/v1/orgs/*/policies/*/resources", "controlAddResources", control_policies::add_resources),
    row("DELETE", "control/v1/orgs/*/policies/*/resources", "controlRemoveResources", control_policies::remove_resources),
    row("PUT", "control/v1/orgs/*/policies/*/resources/*", "controlUpdateResource", control_policies::update_resource),
    row("DELETE", "control/v1/orgs/*/policies/*/resources/*", "controlRemoveResource", control_policies::remove_resource),
    row("GET", "control/v2/orgs/*/policies", "controlGetDraftedPolicies", control_policies::list_drafted),
    row("POST", "control/v2/orgs/*/policies", "controlCreateDraft", control_policies::create_draft),
    row("POST", "control/v2/orgs/*/policies/publishDraftPolicies", "controlPublishDrafts", control_policies::publish),
    row("GET", "control/v2/orgs/*/policies/*", "controlGetDraftedPolicy", control_policies::one_drafted),
    row("PUT", "control/v2/orgs/*/policies/*", "controlUpdateDraft", control_policies::update_draft),
    row("GET", "control/v2/orgs/*/policies/*/resources", "controlGetDraftedResources", control_policies::resources_drafted),
    row("POST", "control/v2/orgs/*/policies/*/resources", "controlAddDraftedResources", control_policies::add_resources_draft),
    row("DELETE", "control/v2/orgs/*/policies/*/resources", "controlRemoveDraftedResources", control_policies::remove_resources_draft),
    row("POST", "control/v1/orgs/*/auth-policy/*/add-users", "addUsersToAuthPolicy", auth_policies::add_users),
    row("GET", "control/v1/orgs/*/auth-policy/task/*", "getAuthPolicyTask", auth_policies::task),
    row("POST", "control/v1/orgs/*/users/auth-policies/bulk-fetch", "fetchAuthPoliciesOfUsers", auth_policies::bulk_fetch),
    user("GET", "users/*/manage", "getManagementPermissions", manage::permissions),
    user("GET", "users/*/manage/profile", "getProfile", manage_profile::one),
    user("PATCH", "users/*/manage/profile", "updateProfile", manage_profile::update),
    user("PUT", "users/*/manage/email", "setEmail", manage_profile::set_email),
    user("GET", "users/*/manage/api-tokens", "getApiTokens", manage_tokens::list),
    user("DELETE", "users/*/manage/api-tokens/*", "deleteApiToken", manage_tokens::delete),
    user("POST", "users/*/manage/lifecycle/disable", "disableUser", lifecycle::disable),
    user("POST", "users/*/manage/lifecycle/enable", "enableUser", lifecycle::enable),
    user("POST", "users/*/manage/lifecycle/delete", "deleteUser", lifecycle::delete),
    user("POST", "users/*/manage/lifecycle/cancel-delete", "cancelDeleteUser", lifecycle::cancel_delete),
    scim("GET", "scim/directory/*/Users", "scimGetUsers", scim::list_users),
    scim("POST", "scim/directory/*/Users", "scimCreateUser", scim::create_user),
    scim("GET", "scim/directory/*/Users/*", "scimGetUser", scim::one_user),
    scim("PUT", "scim/directory/*/Users/*", "scimReplaceUser", scim::replace_user),
    scim("PATCH", "scim/directory/*/Users/*", "scimPatchUser", scim::patch_user),
    scim("DELETE", "scim/directory/*/Users/*", "scimDeleteUser", scim::delete_user),
    scim("GET", "scim/directory/*/Groups", "scimGetGroups", scim::list_groups),
    scim("POST", "scim/directory/*/Groups", "scimCreateGroup", scim::create_group),
    scim("GET", "scim/directory/*/Groups/*", "scimGetGroup", scim::one_group),
    scim("PUT", "scim/directory/*/Groups/*", "scimReplaceGroup", scim::replace_group),
    scim("PATCH", "scim/directory/*/Groups/*", "scimPatchGroup", scim::patch_group),
    scim("DELETE", "scim/directory/*/Groups/*", "scimDeleteGroup", scim::delete_group),
    scim("GET", "scim/directory/*/ServiceProviderConfig", "scimGetServiceProviderConfig", scim::configuration),
    scim("GET", "scim/directory/*/Schemas", "scimGetSchemas", scim::schemas),
    scim("GET", "scim/directory/*/Schemas/*", "scimGetSchema", scim::schema_of),
    scim("GET", "scim/directory/*/ResourceTypes", "scimGetResourceTypes", scim::resource_types),
    scim("GET", "scim/directory/*/ResourceTypes/User", "scimGetUserResourceType", scim::user_type),
    scim("GET", "scim/directory/*/ResourceTypes/Group", "scimGetGroupResourceType", scim::group_type),
    row("GET", "user-provisioning/v1/org/*/user/*/get-scim-links", "getScimLinks", scim::of_account),
    row("POST", "user-provisioning/v1/org/*/get-scim-links-for-email", "getScimLinksByEmail", scim::by_email),
    row("PATCH", "user-provisioning/v1/org/*/scimDirectoryId/*/scimUserId/*/unlink", "unlinkScimUser", scim::unlink),
    row("DELETE", "user-provisioning/v1/org/*/user/*/onlyDeleteUserInDB", "deleteProvisioningRecord", scim::delete_records),
    old(row("POST", "v1/orgs/*/users/search", "legacyUsersSearch", legacy::search_users)),
    old(row("POST", "v1/orgs/*/groups/search", "legacyGroupsSearch", legacy::search_groups)),
    old(row("POST", "v1/orgs/*/users/invite", "legacyInviteUsers", invite::invite)),
    old(row("POST", "v1/orgs/*/directory/users/*/suspend-access", "legacySuspendAccess", legacy::suspend)),
    old(row("POST", "v1/orgs/*/directory/users/*/restore-access", "legacyRestoreAccess", legacy::restore)),
    old(row("DELETE", "v1/orgs/*/directory/users/*", "legacyRemoveUser", legacy::remove)),
    old(row("POST", "v1/orgs/*/directory/groups", "legacyCreateGroup", legacy::create_group)),
    old(row("DELETE", "v1/orgs/*/directory/groups/*", "legacyDeleteGroup", legacy::delete_group)),
    old(row("POST", "v1/orgs/*/directory/groups/*/memberships", "legacyAddUserToGroup", legacy::add_member)),
    old(row("DELETE", "v1/orgs/*/directory/groups/*/memberships/*", "legacyRemoveUserFromGroup", legacy::remove_member)),
];

/// Finds the operation of a request, whose path was given below `/admin` or not.
pub(crate) fn find(method: &str, is_below_admin: bool, segments: &[&str]) -> Found {
    let mut is_known = false;
    let is_reachable = |operation: &&Operation| operation.surface == Surface::Admin || !is_below_admin;
    for operation in OPERATIONS.iter().filter(is_reachable) {
        let Some(params) = fit(operation.pattern, segments) else {
            continue;
        };
        if operation.method == method {
            return Found::Operation(operation, params);
        }
        is_known = true;
    }
    if is_known {
        Found::OtherMethod
    } else {
        Found::Nothing
    }
}

fn fit(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut given = segments.iter();
    for part in pattern.split('/') {
        let segment = given.next()?;
        match part {
            "*" if segment.is_empty() => return None,
            "*" => params.push(super::call::decode(segment, false)),
            literal if literal == *segment => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_lists_every_operation() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/twin.md");
        let document = std::fs::read_to_string(path).unwrap();
        let listed = document
            .lines()
            .filter(|line| {
                let call = line.split(" | ").nth(1).unwrap_or_default();
                let methods = ["GET `", "POST `", "PUT `", "PATCH `", "DELETE `"];
                methods.iter().any(|method| call.starts_with(method)) && line.contains(" | ")
            })
            .filter(|line| line.starts_with("| `"))
            .count();

        for operation in &OPERATIONS {
            let row = format!("| `{}` | {} ", operation.name, operation.method);
            assert!(document.contains(&row), "{row} is missing");
        }
        assert_eq!(listed, OPERATIONS.len());
    }

    #[test]
    fn names_are_distinct_and_no_row_hides_another() {
        for (at, operation) in OPERATIONS.iter().enumerate() {
            let path: Vec<&str> = operation.pattern.split('/').collect();
            let Found::Operation(found, _) = find(operation.method, false, &path) else {
                panic!("{path:?}")
            };
            assert_eq!(found.name, operation.name);
            assert!(
                OPERATIONS
                    .iter()
                    .skip(at + 1)
                    .all(|other| other.name != operation.name)
            );
        }
    }
}
