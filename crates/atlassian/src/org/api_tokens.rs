//! API tokens of managed accounts (the API access API). The call that revokes all of them at once is not here and
//! will not be.

use super::{Admin, escape};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::ApiToken;

/// Documented largest page of this list.
const TOKENS_A_PAGE: u32 = 1000;

impl Admin {
    /// One page of the tokens.
    pub async fn api_tokens(&self, cursor: Option<&Cursor>) -> Result<Page<ApiToken>, ApiError> {
        let path = format!(
            "/admin/api-access/v1/orgs/{}/api-tokens",
            escape(self.organization.as_str())
        );
        let mut request =
            Request::get("getAllApiTokensByOrgId", path).with("pageSize", TOKENS_A_PAGE.to_string());
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        Ok(self.page(request, cursor).await?.1)
    }
}
