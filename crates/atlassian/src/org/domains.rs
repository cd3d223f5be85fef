//! Domains. They are claimed in Atlassian's own pages only.

use super::{Admin, escape};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{Domain, Single};

impl Admin {
    /// One page of the domains.
    pub async fn domains(&self, cursor: Option<&Cursor>) -> Result<Page<Domain>, ApiError> {
        let mut request = Request::get("getDomains", self.v1("/domains"));
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        Ok(self.page(request, cursor).await?.1)
    }

    /// One domain; `None` when Atlassian does not know it.
    pub async fn domain(&self, id: &str) -> Result<Option<Domain>, ApiError> {
        let request = Request::get("getDomainById", self.v1(&format!("/domains/{}", escape(id))));
        match self.transport.read::<Single<Domain>>(&request).await {
            Ok(answer) => Ok(Some(answer.value.data)),
            Err(ApiError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
