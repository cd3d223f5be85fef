//! Directories.

use super::{Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::Directory;

impl Admin {
    /// One page of the directories that the key can manage.
    pub async fn directories(&self, cursor: Option<&Cursor>) -> Result<Page<Directory>, ApiError> {
        let mut request =
            Request::get("getDirectoriesForOrg", self.v2("/directories")).with("limit", PAGE.to_string());
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        Ok(self.page(request, cursor).await?.1)
    }
}
