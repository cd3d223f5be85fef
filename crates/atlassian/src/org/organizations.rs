//! Organizations: a key sees its own.

use super::{Admin, read_page};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::{Request, Transport};
use crate::wire::{Organization, Single};

/// One page of the organizations that the key sees: usually exactly one (`GET /admin/v1/orgs`).
pub async fn organizations(
    transport: &Transport,
    cursor: Option<&Cursor>,
) -> Result<Page<Organization>, ApiError> {
    let mut request = Request::get("getOrgs", "/admin/v1/orgs".into());
    if let Some(cursor) = cursor {
        request = request.with("cursor", cursor.as_str());
    }
    Ok(read_page(transport, request, cursor).await?.1)
}

impl Admin {
    /// The organization itself (`GET /admin/v1/orgs/{orgId}`).
    pub async fn organization(&self) -> Result<Organization, ApiError> {
        let request = Request::get("getOrgById", self.v1(""));
        Ok(self
            .transport
            .read::<Single<Organization>>(&request)
            .await?
            .value
            .data)
    }
}
