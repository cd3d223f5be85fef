//! The API access API: the tokens of managed accounts, the organization's own keys, its service accounts.
//!
//! Everything here only reads. The call that revokes the tokens of all managed accounts at once (DELETE on the list of
//! tokens) is not here and will not be: the transport refuses to send it, and `tests/client/unreachable.rs` proves that
//! no source of the product builds it. A single token is revoked through user management ([`crate::writes`]).

use super::{Admin, escape};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{ApiKey, ApiToken, ServiceAccount};

/// Documented largest page of the lists of tokens and keys.
const A_PAGE: u32 = 1000;

impl Admin {
    fn api_access(&self, operation: &'static str, list: &str) -> Request {
        let organization = escape(self.organization.as_str());
        Request::get(
            operation,
            format!("/admin/api-access/v1/orgs/{organization}/{list}"),
        )
    }

    /// One page of the tokens of managed accounts.
    pub async fn api_tokens(&self, cursor: Option<&Cursor>) -> Result<Page<ApiToken>, ApiError> {
        let request = self.api_access("getAllApiTokensByOrgId", "api-tokens");
        let request = request.with("pageSize", A_PAGE.to_string()).with_cursor(cursor);
        Ok(self.page(request, cursor).await?.1)
    }

    /// One page of the organization's API keys.
    pub async fn api_keys(&self, cursor: Option<&Cursor>) -> Result<Page<ApiKey>, ApiError> {
        let request = self.api_access("getApiKeys", "api-keys");
        let request = request.with("pageSize", A_PAGE.to_string()).with_cursor(cursor);
        Ok(self.page(request, cursor).await?.1)
    }

    /// One page of the service accounts. Experimental: no size of a page is documented, so none is asked for.
    pub async fn service_accounts(&self, cursor: Option<&Cursor>) -> Result<Page<ServiceAccount>, ApiError> {
        let request = self.api_access("getServiceAccounts", "service-accounts");
        Ok(self.page(request.with_cursor(cursor), cursor).await?.1)
    }
}
