//! Questions that show what a key, plan and tenant allow. Nothing is changed by them.
//!
//! Reads are asked as they are. Of writes that a tenant may lack, only the door is tried: the body is empty, so that it
//! names nobody and nothing; an open door answers that the body is wrong (400), a closed one 403 or 404.

use super::{ALL_DIRECTORIES, Admin, escape};
use crate::error::ApiError;
use crate::transport::Request;
use serde::de::IgnoredAny;
use serde_json::json;

/// One operation that may be allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is named as the vendor's operation, see `operation`"
)]
pub enum Probe {
    Organization,
    Directories,
    Accounts,
    AccountsCount,
    AccountsStats,
    Groups,
    GroupsCount,
    GroupRoles,
    AccountRoles,
    Workspaces,
    Domains,
    Policies,
    LastActive,
    Events,
    EventsStream,
    EventActions,
    ApiTokens,
    ApiKeys,
    ServiceAccounts,
    ControlPolicies,
    Privileges,
    TokensOfAccount,
    GrantRole,
    RevokeRole,
    GrantGroupRole,
    RevokeGroupRole,
    Invite,
}

/// Ids of the organization, without which some questions cannot be asked.
#[derive(Debug, Clone, Default)]
pub struct ProbeSubjects {
    /// Any account.
    pub account: Option<String>,
    /// A managed account.
    pub managed_account: Option<String>,
    /// A group, with its directory.
    pub group: Option<(String, String)>,
}

impl Probe {
    /// Every question, in the order of a report: what reading needs, what more can be known, what changes.
    pub const ALL: [Probe; 27] = [
        Probe::Organization,
        Probe::Directories,
        Probe::Accounts,
        Probe::AccountsCount,
        Probe::AccountsStats,
        Probe::Groups,
        Probe::GroupsCount,
        Probe::GroupRoles,
        Probe::AccountRoles,
        Probe::Workspaces,
        Probe::Domains,
        Probe::Policies,
        Probe::LastActive,
        Probe::Events,
        Probe::EventsStream,
        Probe::EventActions,
        Probe::ApiTokens,
        Probe::ApiKeys,
        Probe::ServiceAccounts,
        Probe::ControlPolicies,
        Probe::Privileges,
        Probe::TokensOfAccount,
        Probe::GrantRole,
        Probe::RevokeRole,
        Probe::GrantGroupRole,
        Probe::RevokeGroupRole,
        Probe::Invite,
    ];

    /// The operation's name in the vendor's description.
    pub fn operation(self) -> &'static str {
        match self {
            Probe::Organization => "getOrgById",
            Probe::Directories => "getDirectoriesForOrg",
            Probe::Accounts => "searchDirectoryUsers",
            Probe::AccountsCount => "getDirectoryUsersCount",
            Probe::AccountsStats => "getUserStats",
            Probe::Groups => "searchDirectoryGroups",
            Probe::GroupsCount => "getGroupsCount",
            Probe::GroupRoles => "getGroupRoleAssignments",
            Probe::AccountRoles => "getUserRoleAssignments",
            Probe::Workspaces => "queryWorkspaces",
            Probe::Domains => "getDomains",
            Probe::Policies => "getPolicies",
            Probe::LastActive => "getUserLastActiveDates",
            Probe::Events => "getEvents",
            Probe::EventsStream => "pollEvents",
            Probe::EventActions => "getEventActions",
            Probe::ApiTokens => "getAllApiTokensByOrgId",
            Probe::ApiKeys => "getApiKeys",
            Probe::ServiceAccounts => "getServiceAccounts",
            Probe::ControlPolicies => "controlGetPolicies",
            Probe::Privileges => "getManagementPermissions",
            Probe::TokensOfAccount => "getApiTokens",
            Probe::GrantRole => "grantUserAccess",
            Probe::RevokeRole => "revokeUserAccess",
            Probe::GrantGroupRole => "grantGroupAccess",
            Probe::RevokeGroupRole => "revokeGroupAccess",
            Probe::Invite => "inviteUsers",
        }
    }

    /// Whether the operation changes something when its body says what.
    pub fn is_write(self) -> bool {
        matches!(
            self,
            Probe::GrantRole
                | Probe::RevokeRole
                | Probe::GrantGroupRole
                | Probe::RevokeGroupRole
                | Probe::Invite
        )
    }
}

impl Admin {
    /// Asks one question; `None` when nothing is known to ask about. `Ok` means that the operation is allowed.
    pub async fn probe(&self, probe: Probe, subjects: &ProbeSubjects) -> Option<Result<(), ApiError>> {
        let answer = match probe {
            // Only their own file names the API under which everybody's tokens could be revoked.
            Probe::ApiTokens => self.api_tokens(None).await.map(|_| ()),
            Probe::ApiKeys => self.api_keys(None).await.map(|_| ()),
            Probe::ServiceAccounts => self.service_accounts(None).await.map(|_| ()),
            _ => {
                let request = self.question(probe, subjects)?;
                self.transport.read::<IgnoredAny>(&request).await.map(|_| ())
            }
        };
        Some(match answer {
            Ok(()) => Ok(()),
            // The door is open, and the empty body is refused behind it.
            Err(ApiError::Refused { .. }) if probe.is_write() => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn question(&self, probe: Probe, subjects: &ProbeSubjects) -> Option<Request> {
        let operation = probe.operation();
        let everywhere = |rest: &str| self.directory(ALL_DIRECTORIES, rest);
        let organization = escape(self.organization.as_str());
        let of_account = |rest: &str| {
            let account = subjects.account.as_deref().map(escape)?;
            Some(rest.replace("{a}", &account))
        };
        let managed = |rest: &str| {
            let account = subjects.managed_account.as_deref().map(escape)?;
            Some(format!("/users/{account}/manage{rest}"))
        };
        let of_group = |rest: &str| {
            let (group, directory) = subjects.group.as_ref()?;
            Some(self.directory(directory, &format!("/groups/{}{rest}", escape(group))))
        };
        let few = json!({ "limit": 1 });
        Some(match probe {
            Probe::Organization => Request::get(operation, self.v1("")),
            Probe::Directories => Request::get(operation, self.v2("/directories")),
            Probe::Accounts => Request::search(operation, everywhere("/users/search"), few),
            Probe::AccountsCount => Request::get(operation, everywhere("/users/count")),
            Probe::AccountsStats => Request::get(operation, everywhere("/users/stats")),
            Probe::Groups => Request::search(operation, everywhere("/groups/search"), few),
            Probe::GroupsCount => Request::get(operation, everywhere("/groups/count")),
            Probe::GroupRoles => Request::get(operation, of_group("/role-assignments")?),
            Probe::AccountRoles => {
                Request::get(operation, everywhere(&of_account("/users/{a}/role-assignments")?))
            }
            Probe::Workspaces => Request::search(operation, self.v2("/workspaces"), few),
            Probe::Domains => Request::get(operation, self.v1("/domains")),
            Probe::Policies => Request::get(operation, self.v1("/policies")),
            Probe::LastActive => {
                let path = of_account("/directory/users/{a}/last-active-dates")?;
                Request::get(operation, self.v1(&path))
            }
            Probe::Events => Request::get(operation, self.v1("/events")).with("limit", "1"),
            Probe::EventsStream => Request::get(operation, self.v1("/events-stream")).with("limit", "1"),
            Probe::EventActions => Request::get(operation, self.v1("/event-actions")),
            Probe::ApiTokens | Probe::ApiKeys | Probe::ServiceAccounts => return None,
            Probe::ControlPolicies => Request::get(
                operation,
                format!("/admin/control/v1/orgs/{organization}/policies"),
            ),
            Probe::Privileges => Request::get(operation, managed("")?),
            Probe::TokensOfAccount => Request::get(operation, managed("/api-tokens")?),
            Probe::GrantRole => self.empty(operation, self.v1(&of_account("/users/{a}/roles/assign")?)),
            Probe::RevokeRole => self.empty(operation, self.v1(&of_account("/users/{a}/roles/revoke")?)),
            Probe::GrantGroupRole => self.empty(operation, of_group("/role-assignments/assign")?),
            Probe::RevokeGroupRole => self.empty(operation, of_group("/role-assignments/revoke")?),
            Probe::Invite => self.empty(operation, self.v2("/users/invite")),
        })
    }

    /// A write that names nothing to write, and so may be asked like a read.
    fn empty(&self, operation: &'static str, path: String) -> Request {
        Request::search(operation, path, json!({}))
    }
}
