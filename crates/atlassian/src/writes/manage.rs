//! Changing one managed account: profile, e-mail address, single tokens, activation and deletion.

use crate::error::ApiError;
use crate::manage::{Manage, path};
use crate::org::segment;
use crate::transport::Request;
use model::{AccountId, TokenId};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

/// What to change of a profile; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProfileChange {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name among colleagues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// The language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Job title, organization, department, location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_profile: Option<serde_json::Map<String, Value>>,
}

/// The writes of user management.
pub struct AccountWrites<'a>(pub &'a Manage);

impl AccountWrites<'_> {
    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
        body: Option<Value>,
    ) -> Result<(), ApiError> {
        let request = Request::write(operation, method, path, body);
        self.0.transport().write(&request).await.map(|_| ())
    }

    /// Changes fields of the profile.
    pub async fn profile(&self, account: &AccountId, change: &ProfileChange) -> Result<(), ApiError> {
        let operation = "updateProfile";
        let path = path(operation, account, "/profile")?;
        self.send(operation, Method::PATCH, path, Some(json!(change)))
            .await
    }

    /// Gives the account another e-mail address; ends all its sessions.
    pub async fn email(&self, account: &AccountId, email: &str) -> Result<(), ApiError> {
        let operation = "setEmail";
        let path = path(operation, account, "/email")?;
        self.send(operation, Method::PUT, path, Some(json!({ "email": email })))
            .await
    }

    /// Revokes one token of the account.
    pub async fn token_revoke(&self, account: &AccountId, token: &TokenId) -> Result<(), ApiError> {
        let operation = "deleteApiToken";
        let token = segment(operation, token.as_str())?;
        let path = path(operation, account, &format!("/api-tokens/{token}"))?;
        self.send(operation, Method::DELETE, path, None).await
    }

    /// Deactivates the account everywhere.
    pub async fn disable(&self, account: &AccountId, message: Option<&str>) -> Result<(), ApiError> {
        let body = message.map_or_else(|| json!({}), |message| json!({ "message": message }));
        self.lifecycle("disableUser", account, "disable", body).await
    }

    /// Activates the account again.
    pub async fn enable(&self, account: &AccountId) -> Result<(), ApiError> {
        self.lifecycle("enableUser", account, "enable", json!({})).await
    }

    /// Deactivates the account and deletes it after 14 days.
    pub async fn delete_later(&self, account: &AccountId) -> Result<(), ApiError> {
        self.lifecycle("deleteUser", account, "delete", json!({})).await
    }

    /// Takes the deletion back, within the 14 days.
    pub async fn cancel_delete(&self, account: &AccountId) -> Result<(), ApiError> {
        self.lifecycle("cancelDeleteUser", account, "cancel-delete", json!({}))
            .await
    }

    async fn lifecycle(
        &self,
        operation: &'static str,
        account: &AccountId,
        step: &str,
        body: Value,
    ) -> Result<(), ApiError> {
        let path = path(operation, account, &format!("/lifecycle/{step}"))?;
        self.send(operation, Method::POST, path, Some(body)).await
    }
}
