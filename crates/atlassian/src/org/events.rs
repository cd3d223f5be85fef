//! The audit log, asked about one kind of event. It is never read to know what is so: only to learn who did something.

use super::{Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::Event;

impl Admin {
    /// One page of the events of an action since a time in milliseconds since the epoch, in no promised order.
    ///
    /// Atlassian answers ten of these requests a minute, and refuses where the plan has no audit log.
    pub async fn events(
        &self,
        action: &str,
        since_ms: i64,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Event>, ApiError> {
        let request = Request::get("getEvents", self.v1("/events"))
            .with("action", action)
            .with("from", since_ms.to_string())
            .with("limit", PAGE.to_string())
            .with_cursor(cursor);
        Ok(self.page(request, cursor).await?.1)
    }
}
