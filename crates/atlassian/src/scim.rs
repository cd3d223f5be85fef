//! SCIM: what the identity provider has put into one directory. Reads only; writes are in [`crate::writes`].
//!
//! The address and the token are those of the directory, shown once in Atlassian's own pages; an organization's API key
//! is not accepted here. Pages are counted from 1 and end at `totalResults`; how large one may be is not published, so
//! a page that is smaller than asked for is taken as it comes.

use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::{Request, Transport};
use crate::wire::{ScimGroup, ScimList, ScimUser};
use model::ScimDirectoryId;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What SCIM calls its JSON.
pub(crate) const MEDIA: &str = "application/scim+json";
const A_PAGE: u32 = 1000;

/// The SCIM API of one directory.
#[derive(Clone)]
pub struct Scim {
    transport: Arc<Transport>,
}

impl Scim {
    /// The directory at an address, whose requests count as those of `transport`.
    pub fn beside(transport: &Transport, url: &str, token: SecretString) -> Result<Scim, ApiError> {
        let transport = Arc::new(transport.beside(url, token)?);
        Ok(Scim { transport })
    }

    /// Which directory: the last part of its address.
    pub fn directory(&self) -> ScimDirectoryId {
        ScimDirectoryId::new(self.transport.last_segment())
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// One page of the users.
    pub async fn users(&self, cursor: Option<&Cursor>) -> Result<Page<ScimUser>, ApiError> {
        self.page(Request::get("scimGetUsers", "/Users".into()), cursor)
            .await
    }

    /// The user with this name for logging in, if there is one (filter of RFC 7644, 3.4.2.2).
    pub async fn user_named(&self, name: &str) -> Result<Option<ScimUser>, ApiError> {
        let quoted = serde_json::Value::from(name).to_string();
        let request =
            Request::get("scimGetUsers", "/Users".into()).with("filter", format!("userName eq {quoted}"));
        Ok(self.page(request, None).await?.items.into_iter().next())
    }

    /// One page of the groups, without their members: those are read as members of the organization's groups.
    pub async fn groups(&self, cursor: Option<&Cursor>) -> Result<Page<ScimGroup>, ApiError> {
        let request = Request::get("scimGetGroups", "/Groups".into()).with("excludedAttributes", "members");
        self.page(request, cursor).await
    }

    /// How many users there are.
    pub async fn users_count(&self) -> Result<i64, ApiError> {
        self.count(Request::get("scimGetUsers", "/Users".into())).await
    }

    /// How many groups there are.
    pub async fn groups_count(&self) -> Result<i64, ApiError> {
        let request = Request::get("scimGetGroups", "/Groups".into()).with("excludedAttributes", "members");
        self.count(request).await
    }

    async fn count(&self, request: Request) -> Result<i64, ApiError> {
        let mut request = request.with("count", "1");
        request.media = Some(MEDIA);
        let answer = self
            .transport
            .read::<ScimList<serde::de::IgnoredAny>>(&request)
            .await?;
        Ok(answer.value.total)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        request: Request,
        cursor: Option<&Cursor>,
    ) -> Result<Page<T>, ApiError> {
        let start = cursor.map_or(1, |cursor| cursor.as_str().parse::<i64>().unwrap_or(1));
        let mut request = request
            .with("startIndex", start.to_string())
            .with("count", A_PAGE.to_string());
        request.media = Some(MEDIA);
        let answer = self.transport.read::<ScimList<T>>(&request).await?;
        let items = answer.value.resources;
        let after = start.saturating_add(i64::try_from(items.len()).unwrap_or(i64::MAX));
        // Nothing more comes after an empty page, whatever the total says: it was counted at another moment.
        let is_last = items.is_empty() || after > answer.value.total;
        Ok(Page {
            items,
            next: (!is_last).then(|| Cursor::kept(after.to_string())),
            sent_at: answer.sent_at,
        })
    }
}
