//! Policies (first generation, read only).

use super::{Admin, escape};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{Policy, Single};

impl Admin {
    /// One page of the policies.
    pub async fn policies(&self, cursor: Option<&Cursor>) -> Result<Page<Policy>, ApiError> {
        let mut request = Request::get("getPolicies", self.v1("/policies"));
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        Ok(self.page(request, cursor).await?.1)
    }

    /// One policy; `None` when Atlassian does not know it.
    pub async fn policy(&self, id: &str) -> Result<Option<Policy>, ApiError> {
        let request = Request::get("getPolicyById", self.v1(&format!("/policies/{}", escape(id))));
        match self.transport.read::<Single<Policy>>(&request).await {
            Ok(answer) => Ok(Some(answer.value.data)),
            Err(ApiError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
