//! Reading the stream of events to its end.
//!
//! The stream is in the order of processing, so its cursor, which stays good at the end, tells where to go on; an
//! event's own time never does (API facts, 7.3). A page's events are in the archive before the cursor after it is kept,
//! and what they name is kept with the cursor: a killed reading loses nothing and archives nothing twice.

use super::meaning::dirty;
use crate::error::SyncError;
use crate::map::instant_ms;
use crate::reading::Reading;
use atlassian::org::{StreamFrom, StreamPage};
use atlassian::wire::Event;
use atlassian::{ApiError, Cursor};
use std::collections::BTreeSet;
use store::{Dirty, EventStream, Lease, NewEvent};

/// Where the stream is taken up by time, this much is read again: events are processed late.
const OVERLAP_MS: i64 = 10 * 60 * 1000;
/// Atlassian keeps events for 180 days (API facts, 7.3); a day less is relied on.
const KEPT_MS: i64 = 179 * 24 * 60 * 60 * 1000;
/// Where the key may not read events, it is tried again after this time.
const TRY_AGAIN_MS: i64 = 60 * 60 * 1000;
/// From this difference on, the server's clock is taken to be another one than ours.
const CLOCKS_DIFFER_MS: i64 = 60 * 1000;
/// Pages read in one go; what is left is read the next time.
const MOST_PAGES: u32 = 2_000;

/// What came of reading the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Polled {
    /// Events that were not known before.
    pub new: usize,
    /// How far it is read now.
    pub stream: EventStream,
}

/// Reads the stream to its end. `since` is when the last reading of everything began: a stream that was never read is
/// taken up there.
pub(crate) async fn poll(reading: &Reading<'_>, lease: &Lease, since: i64) -> Result<Polled, SyncError> {
    let organization = reading.organization.id;
    let now = reading.clock.now_ms();
    let mut tx = reading.store.read().await?;
    let stream = tx.event_stream(organization).await?;
    drop(tx);
    let mut stream = stream.unwrap_or_else(|| EventStream {
        processed_at: since,
        ..EventStream::default()
    });
    if !stream.refused.is_empty() && (0..TRY_AGAIN_MS).contains(&(now - stream.polled_at)) {
        return Ok(Polled { new: 0, stream });
    }
    if stream.polled_at > 0 && now - stream.polled_at > KEPT_MS {
        owe_whole(
            &mut stream,
            now,
            "events were not read for longer than Atlassian keeps them",
        );
        stream.cursor = None;
    }
    let (mut new, mut is_moved) = (0, false);
    for _ in 0..MOST_PAGES {
        let cursor = stream.cursor.clone().map(Cursor::kept);
        let from = match &cursor {
            Some(cursor) => StreamFrom::Cursor(cursor),
            None => StreamFrom::Time((stream.processed_at - OVERLAP_MS).max(0)),
        };
        let page = match reading.admin.events_stream(from).await {
            Ok(page) => page,
            Err(error) if error.is_refusal() => {
                stream.refused = error.to_string();
                stream.polled_at = now;
                keep(reading, lease, &stream, &BTreeSet::new()).await?;
                return Ok(Polled { new, stream });
            }
            Err(ApiError::Refused { status: 400, .. }) if cursor.is_some() => {
                owe_whole(
                    &mut stream,
                    now,
                    "Atlassian refused the place where events were read last",
                );
                stream.cursor = None;
                keep(reading, lease, &stream, &BTreeSet::new()).await?;
                continue;
            }
            Err(source) => return Err(SyncError::Events { source }),
        };
        stream.refused.clear();
        let behind_ms = -reading.admin.transport().server_ahead_ms();
        if cursor.is_none() && !is_moved && behind_ms > CLOCKS_DIFFER_MS {
            // The time it was taken up at was ours, and that is later than theirs.
            stream.processed_at -= behind_ms;
            is_moved = true;
            continue;
        }
        let is_stuck = page.next == cursor && !page.is_last;
        let is_last = page.is_last || is_stuck || page.next.is_none();
        new += keep_page(reading, lease, &mut stream, page, is_last).await?;
        if is_last {
            break;
        }
    }
    Ok(Polled { new, stream })
}

/// From now on a reading of everything is owed; the first reason stays.
fn owe_whole(stream: &mut EventStream, now: i64, why: &str) {
    if stream.whole_owed_at == 0 {
        stream.whole_owed = why.to_owned();
    }
    stream.whole_owed_at = now;
}

async fn keep_page(
    reading: &Reading<'_>,
    lease: &Lease,
    stream: &mut EventStream,
    page: StreamPage,
    is_last: bool,
) -> Result<usize, SyncError> {
    let now = reading.clock.now_ms();
    let mut dirt: BTreeSet<Dirty> = BTreeSet::new();
    let mut rows = Vec::with_capacity(page.events.len());
    for (event, body) in page.events {
        let happened_at = event.attributes.time.as_deref().and_then(instant_ms);
        let processed_at = event.attributes.processed_at.as_deref().and_then(instant_ms);
        let processed_at = processed_at.or(happened_at).unwrap_or(now);
        // The clocks may differ: what is told to happen later happened by now.
        let happened_at = happened_at.unwrap_or(processed_at).min(now);
        stream.processed_at = stream.processed_at.max(processed_at.min(now));
        dirt.extend(dirty(&event, happened_at));
        rows.push(archived(event, body, processed_at, happened_at));
    }
    let mut new = 0;
    if !rows.is_empty() {
        let mut tx = reading.store.archive_write().await?;
        new = tx
            .event_add(reading.organization.atlassian_id.as_str(), &rows)
            .await?
            .len();
        tx.commit().await?;
    }
    stream.cursor = match page.next {
        Some(next) => Some(next.as_str().to_owned()),
        None => stream.cursor.take(),
    };
    if is_last {
        stream.polled_at = now;
    }
    keep(reading, lease, stream, &dirt).await?;
    Ok(new)
}

async fn keep(
    reading: &Reading<'_>,
    lease: &Lease,
    stream: &EventStream,
    dirt: &BTreeSet<Dirty>,
) -> Result<(), SyncError> {
    let now = reading.clock.now_ms();
    let organization = reading.organization.id;
    let mut tx = reading.store.write().await?;
    tx.lease_hold(lease, now).await?;
    tx.dirty_note(organization, dirt, now).await?;
    tx.event_stream_set(organization, stream).await?;
    tx.commit().await?;
    Ok(())
}

fn archived(event: Event, body: String, processed_at: i64, happened_at: i64) -> NewEvent {
    let attributes = event.attributes;
    let actor = attributes.actor.unwrap_or_default();
    let location = attributes.location.unwrap_or_default();
    let names = attributes
        .context
        .iter()
        .filter_map(|subject| subject.attributes.name.clone());
    let ids: Vec<String> = attributes
        .context
        .iter()
        .filter_map(|subject| subject.id.clone())
        .collect();
    let place = [location.ip, location.city, location.country];
    let words = [
        attributes.action.clone(),
        actor.id.clone(),
        actor.name,
        actor.email,
    ];
    let words = words.into_iter().chain(place).flatten();
    let search: Vec<String> = words.chain(names).chain(ids.iter().cloned()).collect();
    NewEvent {
        // One without an id is told apart by all it says.
        id: if event.id.is_empty() {
            body.clone()
        } else {
            event.id
        },
        processed_at,
        happened_at,
        action: attributes.action.unwrap_or_default(),
        actor: actor.id.unwrap_or_default(),
        search: search.join(" ").to_lowercase(),
        body,
        subjects: ids,
    }
}
