//! The audit log: its search, asked about one kind of event, and its stream. It is never read to know what is so: only
//! to learn who did something, and what to read again.

use super::{Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{Event, RawPage};

/// The largest page of the stream (API facts, 7.2).
const STREAM_PAGE: u32 = 500;

/// Where to take the stream up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFrom<'a> {
    /// At the events processed since a time, in milliseconds since the epoch.
    Time(i64),
    /// Where an earlier page ended.
    Cursor(&'a Cursor),
}

/// One page of the stream of events.
#[derive(Debug, Clone)]
pub struct StreamPage {
    /// The events, in the order in which the log processed them, each with its text as it came.
    pub events: Vec<(Event, String)>,
    /// Where the stream goes on; it stays good at the end. `None` where the server told none.
    pub next: Option<Cursor>,
    /// Whether there was nothing more when the server answered.
    pub is_last: bool,
}

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

    /// One page of the stream of all events, in the order of processing. An event that cannot be read is passed over:
    /// it is counted as drift.
    ///
    /// Atlassian answers 50 of these requests a minute and keeps 180 days (API facts, 7.3). The error of a cursor that
    /// is too old is not known; [`ApiError::is_cursor_refused`] takes every refusal of what was sent for one.
    pub async fn events_stream(&self, from: StreamFrom<'_>) -> Result<StreamPage, ApiError> {
        let request =
            Request::get("pollEvents", self.v1("/events-stream")).with("limit", STREAM_PAGE.to_string());
        let request = match from {
            StreamFrom::Time(since_ms) => request.with("from", since_ms.to_string()),
            StreamFrom::Cursor(cursor) => request.with_cursor(Some(cursor)),
        };
        let page = self.transport.read::<RawPage>(&request).await?.value;
        let links = page.links.and_then(|links| links.next);
        let meta = page.meta.and_then(|meta| meta.next);
        let mut events = Vec::with_capacity(page.data.len());
        for item in &page.data {
            match serde_json::from_str::<Event>(item.get()) {
                Ok(event) => events.push((event, item.get().to_owned())),
                Err(_) => self.transport.drift.value("event", Some("not understood"), &[]),
            }
        }
        let is_full = page.data.len() >= STREAM_PAGE as usize;
        Ok(StreamPage {
            events,
            is_last: links.is_none() && !is_full || page.data.is_empty(),
            next: meta.or(links).as_deref().and_then(Cursor::from_next),
        })
    }
}
