//! When connections are read, and how that went last.
//!
//! A schedule says *when*; the `job` of the connection is the next reading, and its lease keeps two processes from
//! doing it at once. A connection without a row has the schedule of its interval.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Row;

const FIND: &str =
    "SELECT full_cron, zone, between_ms, paused_at, paused_by, wanted_at, failures, failed_at, failure
    FROM schedule WHERE connection_id = $1";
const SET: &str = "INSERT INTO schedule (connection_id, full_cron, zone, between_ms, paused_at, paused_by)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (connection_id) DO UPDATE
    SET full_cron = excluded.full_cron, zone = excluded.zone, between_ms = excluded.between_ms,
        paused_at = excluded.paused_at, paused_by = excluded.paused_by";
const WANT: &str = "INSERT INTO schedule (connection_id, wanted_at) VALUES ($1, $2)
    ON CONFLICT (connection_id) DO UPDATE SET wanted_at = excluded.wanted_at";
const FAILED: &str =
    "INSERT INTO schedule (connection_id, failures, failed_at, failure) VALUES ($1, 1, $2, $3)
    ON CONFLICT (connection_id) DO UPDATE
    SET failures = schedule.failures + 1, failed_at = excluded.failed_at, failure = excluded.failure
    RETURNING failures";
/// What was asked for after this reading began ($2) is still to be done.
const WENT_WELL: &str = "UPDATE schedule SET failures = 0, failed_at = NULL, failure = NULL,
        wanted_at = CASE WHEN wanted_at > $2 THEN wanted_at END
    WHERE connection_id = $1";
const SET_INTERVAL: &str = "UPDATE connection SET sync_interval_ms = $2 WHERE id = $1";

/// When a connection is read, and how that went last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleRow {
    /// When everything is read, as a cron pattern; `None`: at the connection's interval.
    pub full_cron: Option<String>,
    /// The zone that the pattern's hours are of.
    pub zone: Option<String>,
    /// How often what changed is read in between, in milliseconds; `None`: never.
    pub between_ms: Option<i64>,
    /// Since when nothing is read, in milliseconds since the epoch.
    pub paused_at: Option<i64>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// When a person asked for everything to be read now.
    pub wanted_at: Option<i64>,
    /// Readings that failed since the last one that did not.
    pub failures: i64,
    /// When the last of them failed.
    pub failed_at: Option<i64>,
    /// Why.
    pub failure: Option<String>,
}

fn schedule(row: &Row) -> Result<ScheduleRow, StoreError> {
    Ok(ScheduleRow {
        full_cron: row.text_or_null(0)?,
        zone: row.text_or_null(1)?,
        between_ms: row.int_or_null(2)?,
        paused_at: row.int_or_null(3)?,
        paused_by: row.text_or_null(4)?,
        wanted_at: row.int_or_null(5)?,
        failures: row.int(6)?,
        failed_at: row.int_or_null(7)?,
        failure: row.text_or_null(8)?,
    })
}

impl Tx {
    /// The schedule of a connection.
    pub async fn schedule_find(&mut self, connection: i64) -> Result<ScheduleRow, StoreError> {
        let row = self.row(FIND, &[connection.into()]).await?;
        row.as_ref().map_or_else(|| Ok(ScheduleRow::default()), schedule)
    }

    /// Sets when a connection is read and whether it is paused; how readings went is left as it is.
    pub async fn schedule_set(
        &mut self,
        connection: i64,
        interval_ms: i64,
        row: &ScheduleRow,
    ) -> Result<(), StoreError> {
        let values = [
            connection.into(),
            row.full_cron.as_deref().into(),
            row.zone.as_deref().into(),
            row.between_ms.into(),
            row.paused_at.into(),
            row.paused_by.as_deref().into(),
        ];
        self.execute(SET, &values).await?;
        self.execute(SET_INTERVAL, &[connection.into(), interval_ms.into()])
            .await?;
        Ok(())
    }

    /// Keeps that a person wants everything to be read now.
    pub async fn schedule_want(&mut self, connection: i64, now: i64) -> Result<(), StoreError> {
        self.execute(WANT, &[connection.into(), now.into()]).await?;
        Ok(())
    }

    /// Keeps that a reading failed, and answers how many have in a row.
    pub async fn schedule_failed(
        &mut self,
        connection: i64,
        now: i64,
        failure: &str,
    ) -> Result<i64, StoreError> {
        let values = [connection.into(), now.into(), failure.into()];
        let row = self.row(FAILED, &values).await?;
        row.map_or(Ok(1), |row| row.int(0))
    }

    /// Keeps that a reading begun at a time went well.
    pub async fn schedule_went_well(&mut self, connection: i64, begun_at: i64) -> Result<(), StoreError> {
        self.execute(WENT_WELL, &[connection.into(), begun_at.into()])
            .await?;
        Ok(())
    }
}
