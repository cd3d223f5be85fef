//! Workspaces. A request with a cursor must carry nothing else (API facts, 2.1).

use super::{Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::Workspace;
use serde_json::json;

impl Admin {
    /// One page of the workspaces.
    pub async fn workspaces(&self, cursor: Option<&Cursor>) -> Result<Page<Workspace>, ApiError> {
        let body = match cursor {
            Some(cursor) => json!({ "cursor": cursor.as_str() }),
            None => json!({ "limit": PAGE }),
        };
        let request = Request::search("queryWorkspaces", self.v2("/workspaces"), body);
        let (raw, page) = self.page(request, cursor).await?;
        Workspace::note_drift(&self.transport.drift, &raw, &page.items);
        Ok(page)
    }
}
