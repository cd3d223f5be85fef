//! How far an organization's stream of events is read, and what it named that is to be read again.

use crate::database::Tx;
use crate::error::StoreError;
use crate::run::{Extent, RunRow};
use crate::value::{Row, Value};
use std::collections::BTreeSet;

const STREAM: &str = "SELECT cursor, processed_at, polled_at, refused, whole_owed_at, whole_owed
    FROM event_stream WHERE organization_id = $1";
const SET_STREAM: &str =
    "INSERT INTO event_stream (organization_id, cursor, processed_at, polled_at, refused, whole_owed_at, whole_owed)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (organization_id) DO UPDATE
    SET cursor = excluded.cursor, processed_at = excluded.processed_at, polled_at = excluded.polled_at,
        refused = excluded.refused, whole_owed_at = excluded.whole_owed_at, whole_owed = excluded.whole_owed";
const NOTE: &str =
    "INSERT INTO dirty (organization_id, kind, id, due_at, unknown_at) VALUES ($1, $2, $3, $4, 0)
    ON CONFLICT (organization_id, kind, id) DO UPDATE
    SET due_at = CASE WHEN dirty.due_at > excluded.due_at THEN dirty.due_at ELSE excluded.due_at END";
const NOTE_UNKNOWN: &str =
    "INSERT INTO dirty (organization_id, kind, id, due_at, unknown_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (organization_id, kind, id) DO UPDATE
    SET due_at = CASE WHEN dirty.due_at > excluded.due_at THEN dirty.due_at ELSE excluded.due_at END,
        unknown_at = excluded.unknown_at
    WHERE dirty.unknown_at <= $6";
const DUE: &str = "SELECT kind, id FROM dirty WHERE organization_id = $1 AND due_at <= $2 ORDER BY kind, id";
const NEXT: &str = "SELECT MIN(due_at) FROM dirty WHERE organization_id = $1 AND due_at IS NOT NULL";
const FORGET_READ: &str =
    "DELETE FROM dirty WHERE organization_id = $1 AND due_at <= $2 AND unknown_at <= $3";
const MARK_READ: &str = "UPDATE dirty SET due_at = NULL WHERE organization_id = $1 AND due_at <= $2";
const OWE_NOTHING: &str = "UPDATE event_stream SET whole_owed_at = 0, whole_owed = ''
    WHERE organization_id = $1 AND whole_owed_at < $2";

/// An event of an unknown action about the same thing counts once in this time, in milliseconds.
pub const UNKNOWN_WINDOW_MS: i64 = 60 * 60 * 1000;

/// How far an organization's stream of events is read. Times in milliseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventStream {
    /// Where the next page begins; `None`: from a time on.
    pub cursor: Option<String>,
    /// The latest time of processing among the events kept; 0 before the first.
    pub processed_at: i64,
    /// When the stream was last read to its end; 0 before the first time.
    pub polled_at: i64,
    /// Why the key may not read it; empty: it may.
    pub refused: String,
    /// Since when a reading of everything is owed; 0: none is.
    pub whole_owed_at: i64,
    /// Why it is owed.
    pub whole_owed: String,
}

/// Something that an event named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dirty {
    /// What sort of thing, in the words of who notes it.
    pub kind: String,
    /// Which one.
    pub id: String,
    /// Not to be read before this, in milliseconds since the epoch.
    pub due_at: i64,
    /// Whether the event's action is not known: then it counts once within [`UNKNOWN_WINDOW_MS`].
    pub is_unknown: bool,
}

impl Tx {
    /// How far the stream of an organization is read; `None` before anybody asked for it.
    pub async fn event_stream(&mut self, organization: i64) -> Result<Option<EventStream>, StoreError> {
        let stream = |row: &Row| {
            Ok(EventStream {
                cursor: row.text_or_null(0)?,
                processed_at: row.int(1)?,
                polled_at: row.int(2)?,
                refused: row.text(3)?,
                whole_owed_at: row.int(4)?,
                whole_owed: row.text(5)?,
            })
        };
        let row = self.row(STREAM, &[organization.into()]).await?;
        row.as_ref().map(stream).transpose()
    }

    /// Keeps how far the stream of an organization is read.
    pub async fn event_stream_set(
        &mut self,
        organization: i64,
        stream: &EventStream,
    ) -> Result<(), StoreError> {
        let values = [
            organization.into(),
            stream.cursor.as_deref().into(),
            stream.processed_at.into(),
            stream.polled_at.into(),
            stream.refused.as_str().into(),
            stream.whole_owed_at.into(),
            stream.whole_owed.as_str().into(),
        ];
        self.execute(SET_STREAM, &values).await?;
        Ok(())
    }

    /// Notes what is to be read again.
    pub async fn dirty_note(
        &mut self,
        organization: i64,
        dirty: &BTreeSet<Dirty>,
        now: i64,
    ) -> Result<(), StoreError> {
        for one in dirty {
            let mut values = vec![
                organization.into(),
                one.kind.as_str().into(),
                one.id.as_str().into(),
                one.due_at.into(),
            ];
            if one.is_unknown {
                values.push(now.into());
                values.push((now - UNKNOWN_WINDOW_MS).into());
                self.execute(NOTE_UNKNOWN, &values).await?;
            } else {
                self.execute(NOTE, &values).await?;
            }
        }
        Ok(())
    }

    /// What may be read again by now: kind and id.
    pub async fn dirty_due(
        &mut self,
        organization: i64,
        now: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.rows(DUE, &[organization.into(), now.into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// When the next of it may be read, in milliseconds since the epoch; `None` when there is nothing.
    pub async fn dirty_next(&mut self, organization: i64) -> Result<Option<i64>, StoreError> {
        let row = self.row(NEXT, &[organization.into()]).await?;
        Ok(row.map(|row| row.int_or_null(0)).transpose()?.flatten())
    }

    /// What was due when a run began was read by it; part of publishing it. One that could not read everything leaves
    /// all of it to be read.
    pub(crate) async fn dirty_read(&mut self, run: &RunRow, is_complete: bool) -> Result<(), StoreError> {
        if !is_complete {
            return Ok(());
        }
        let key: [Value; 2] = [run.organization_id.into(), run.started_at.into()];
        let [organization, began_at] = key.clone();
        let forgotten = Value::from(run.started_at - UNKNOWN_WINDOW_MS);
        self.execute(FORGET_READ, &[organization, began_at, forgotten])
            .await?;
        self.execute(MARK_READ, &key).await?;
        if run.extent != Extent::Changes {
            self.execute(OWE_NOTHING, &key).await?;
        }
        Ok(())
    }
}
