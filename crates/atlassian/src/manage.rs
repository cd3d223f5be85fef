//! User management (`/users/{account}/manage`): what may be done with a managed account, its profile and its tokens.
//!
//! Reads only; writes are in [`crate::writes`]. It takes the organization's API key only when that has no scopes.

use crate::error::ApiError;
use crate::org::segment;
use crate::transport::{Request, Transport};
use crate::wire::{OwnToken, Privileges, Profile, ProfileAnswer};
use model::AccountId;
use serde_json::{Map, Value};
use std::sync::Arc;

/// User management over an organization's transport.
#[derive(Clone)]
pub struct Manage {
    transport: Arc<Transport>,
}

impl Manage {
    /// The API over a transport.
    pub fn new(transport: Arc<Transport>) -> Manage {
        Manage { transport }
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// What may be done with the account, and why the rest may not.
    pub async fn privileges(&self, account: &AccountId) -> Result<Privileges, ApiError> {
        let operation = "getManagementPermissions";
        let request = Request::get(operation, path(operation, account, "")?);
        let answer = self.transport.read::<Map<String, Value>>(&request).await?;
        Ok(Privileges::from_json(&answer.value))
    }

    /// The account's profile.
    pub async fn profile(&self, account: &AccountId) -> Result<Profile, ApiError> {
        let operation = "getProfile";
        let request = Request::get(operation, path(operation, account, "/profile")?);
        let answer = self.transport.read::<ProfileAnswer>(&request).await?;
        Ok(answer.value.account)
    }

    /// The account's API tokens, all of them.
    pub async fn tokens(&self, account: &AccountId) -> Result<Vec<OwnToken>, ApiError> {
        let operation = "getApiTokens";
        let request = Request::get(operation, path(operation, account, "/api-tokens")?);
        Ok(self.transport.read::<Vec<OwnToken>>(&request).await?.value)
    }
}

pub(crate) fn path(operation: &'static str, account: &AccountId, rest: &str) -> Result<String, ApiError> {
    let account = segment(operation, account.as_str())?;
    Ok(format!("/users/{account}/manage{rest}"))
}
