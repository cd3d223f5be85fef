//! Changing groups, memberships, roles and the state of accounts in a directory; inviting people.
//!
//! Paths follow the vendor's published description as of 2026-10 (API facts, 3.3 and 3.4). Writes take the real id of
//! a directory, never `-`.

use crate::error::ApiError;
use crate::org::{Admin, segment};
use crate::transport::Request;
use model::{AccountId, DirectoryId, GroupId, ResourceId, RoleId};
use reqwest::Method;
use serde_json::{Value, json};

/// What an invitation came to, for one address. A success as a whole can hold failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteOutcome {
    /// What was refused, with the reason that Atlassian gave.
    pub refused: Vec<String>,
}

/// The writes of the organizations API.
pub struct OrganizationWrites<'a>(pub &'a Admin);

impl OrganizationWrites<'_> {
    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
        body: Option<Value>,
    ) -> Result<Option<Value>, ApiError> {
        let request = Request::write(operation, method, path, body);
        self.0.transport().write(&request).await
    }

    fn group(
        &self,
        operation: &'static str,
        directory: &DirectoryId,
        group: &GroupId,
        rest: &str,
    ) -> Result<String, ApiError> {
        segment(operation, directory.as_str())?;
        let group = segment(operation, group.as_str())?;
        Ok(self
            .0
            .directory(directory.as_str(), &format!("/groups/{group}{rest}")))
    }

    fn user(
        &self,
        operation: &'static str,
        directory: &DirectoryId,
        account: &AccountId,
        rest: &str,
    ) -> Result<String, ApiError> {
        segment(operation, directory.as_str())?;
        let account = segment(operation, account.as_str())?;
        Ok(self
            .0
            .directory(directory.as_str(), &format!("/users/{account}{rest}")))
    }

    /// Adds an account to a group.
    pub async fn member_add(
        &self,
        directory: &DirectoryId,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<(), ApiError> {
        let operation = "addUserToGroup";
        let path = self.group(operation, directory, group, "/memberships")?;
        let body = json!({ "accountId": account.as_str() });
        self.send(operation, Method::POST, path, Some(body))
            .await
            .map(|_| ())
    }

    /// Removes an account from a group.
    pub async fn member_remove(
        &self,
        directory: &DirectoryId,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<(), ApiError> {
        let operation = "removeUserFromGroup";
        let account = segment(operation, account.as_str())?;
        let path = self.group(operation, directory, group, &format!("/memberships/{account}"))?;
        self.send(operation, Method::DELETE, path, None).await.map(|_| ())
    }

    /// Gives a role to an account itself, or takes it.
    pub async fn role(
        &self,
        account: &AccountId,
        resource: &ResourceId,
        role: &RoleId,
        gives: bool,
    ) -> Result<(), ApiError> {
        let (operation, verb) = if gives {
            ("assignUserRole", "assign")
        } else {
            ("revokeUserRole", "revoke")
        };
        let account = segment(operation, account.as_str())?;
        let path = self.0.v1(&format!("/users/{account}/roles/{verb}"));
        let body = json!({ "role": role.as_str(), "resource": resource.as_str() });
        self.send(operation, Method::POST, path, Some(body))
            .await
            .map(|_| ())
    }

    /// Makes an account an organization admin, or takes that. It shows after up to 30 s.
    pub async fn organization_admin(&self, account: &AccountId, gives: bool) -> Result<(), ApiError> {
        let (operation, verb) = if gives {
            ("assignOrganizationRole", "assign")
        } else {
            ("revokeOrganizationRole", "revoke")
        };
        let account = segment(operation, account.as_str())?;
        let path = self.0.v1(&format!("/users/{account}/role-assignments/{verb}"));
        let body = json!({ "role": "atlassian/org-admin" });
        self.send(operation, Method::POST, path, Some(body))
            .await
            .map(|_| ())
    }

    /// Lets a group give a role, or stop giving it.
    pub async fn group_role(
        &self,
        directory: &DirectoryId,
        group: &GroupId,
        resource: &ResourceId,
        role: &RoleId,
        gives: bool,
    ) -> Result<(), ApiError> {
        let (operation, rest) = if gives {
            ("assignGroupRole", "/role-assignments/assign")
        } else {
            ("revokeGroupRole", "/role-assignments/revoke")
        };
        let path = self.group(operation, directory, group, rest)?;
        let body = json!({ "resourceId": resource.as_str(), "roleId": role.as_str() });
        self.send(operation, Method::POST, path, Some(body))
            .await
            .map(|_| ())
    }

    /// Makes a group. The answer does not tell its id.
    pub async fn group_create(
        &self,
        directory: &DirectoryId,
        name: &str,
        description: Option<&str>,
    ) -> Result<(), ApiError> {
        let operation = "createGroup";
        segment(operation, directory.as_str())?;
        let path = self.0.directory(directory.as_str(), "/groups");
        let body = json!({ "name": name, "description": description.unwrap_or_default() });
        self.send(operation, Method::POST, path, Some(body))
            .await
            .map(|_| ())
    }

    /// Deletes a group.
    pub async fn group_delete(&self, directory: &DirectoryId, group: &GroupId) -> Result<(), ApiError> {
        let operation = "deleteGroup";
        segment(operation, group.as_str())?;
        let path = self.group(operation, directory, group, "")?;
        self.send(operation, Method::DELETE, path, None).await.map(|_| ())
    }

    /// Suspends an account in a directory, or ends that.
    pub async fn suspend(
        &self,
        directory: &DirectoryId,
        account: &AccountId,
        suspends: bool,
    ) -> Result<(), ApiError> {
        let (operation, rest) = if suspends {
            ("suspendUser", "/suspend")
        } else {
            ("restoreUser", "/restore")
        };
        let path = self.user(operation, directory, account, rest)?;
        self.send(operation, Method::POST, path, None).await.map(|_| ())
    }

    /// Asks for an account to be removed from a directory; a success means that this was accepted.
    pub async fn remove(&self, directory: &DirectoryId, account: &AccountId) -> Result<(), ApiError> {
        let operation = "removeUser";
        segment(operation, account.as_str())?;
        let path = self.user(operation, directory, account, "")?;
        self.send(operation, Method::DELETE, path, None).await.map(|_| ())
    }

    /// Invites a person.
    pub async fn invite(&self, email: &str, groups: &[GroupId]) -> Result<InviteOutcome, ApiError> {
        let groups: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
        let body = json!({ "emails": [email], "additionalGroups": groups });
        let path = self.0.v2("/users/invite");
        let answer = self.send("inviteUsers", Method::POST, path, Some(body)).await?;
        Ok(answer.as_ref().map(invite_outcome).unwrap_or_default())
    }
}

fn invite_outcome(answer: &Value) -> InviteOutcome {
    let mut refused = Vec::new();
    let people = answer.get("data").and_then(Value::as_array);
    let results = people
        .into_iter()
        .flatten()
        .filter_map(|person| person.get("results"));
    for result in results.filter_map(Value::as_array).flatten() {
        for kind in ["roleAssignmentResult", "groupAssignmentResult"] {
            for part in result.get(kind).and_then(Value::as_array).into_iter().flatten() {
                if part.get("status").and_then(Value::as_str) != Some("ERROR") {
                    continue;
                }
                let text = |name: &str| part.get(name).and_then(Value::as_str);
                let what = text("group").or(text("role")).unwrap_or("a part of it");
                let why = text("statusReason").unwrap_or("no reason given");
                refused.push(format!("{what}: {why}"));
            }
        }
    }
    InviteOutcome { refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_within_a_success_are_found() {
        let answer = json!({ "data": [{ "email": "a@b.c", "results": [
            { "groupAssignmentResult": [
                { "group": "g1", "status": "INVITED" },
                { "group": "g2", "status": "ERROR", "statusReason": "unknown" } ] } ] }] });
        assert_eq!(invite_outcome(&answer).refused, ["g2: unknown"]);
        assert_eq!(invite_outcome(&json!({ "data": 7 })), InviteOutcome::default());
    }
}
