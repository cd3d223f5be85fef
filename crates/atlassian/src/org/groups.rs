//! Groups.

use super::{ALL_DIRECTORIES, Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{CountAnswer, Group};
use serde_json::json;

impl Admin {
    /// One page of the groups of all directories, with their counts; `only` narrows it to some ids.
    pub async fn groups(&self, only: &[String], cursor: Option<&Cursor>) -> Result<Page<Group>, ApiError> {
        let mut body = json!({ "limit": PAGE, "expand": ["counts.users", "counts.resources"] });
        if !only.is_empty() {
            body["groupIds"] = json!(only);
        }
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor.as_str());
        }
        let path = self.directory(ALL_DIRECTORIES, "/groups/search");
        let (raw, page) = self
            .page(Request::search("searchDirectoryGroups", path, body), cursor)
            .await?;
        Group::note_drift(&self.transport.drift, &raw, &page.items);
        Ok(page)
    }

    /// The groups of a directory with one of these names, at most 100.
    pub async fn groups_named(&self, directory: &str, names: &[String]) -> Result<Vec<Group>, ApiError> {
        let body = json!({ "limit": PAGE, "groupNames": names });
        let path = self.directory(directory, "/groups/search");
        let request = Request::search("searchDirectoryGroups", path, body);
        Ok(self.page(request, None).await?.1.items)
    }

    /// How many groups there are in all directories.
    pub async fn groups_count(&self) -> Result<i64, ApiError> {
        let request = Request::get("getGroupsCount", self.directory(ALL_DIRECTORIES, "/groups/count"));
        Ok(self.transport.read::<CountAnswer>(&request).await?.value.count)
    }
}
