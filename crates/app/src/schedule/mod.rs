//! When connections are read: set by a person, done by whoever serves.
//!
//! - `cadence`: when the next reading is due; pure.
//! - `due`: doing what is due, and what becomes of a reading that fails.
//!
//! ```text
//! schedule (when) ──> job "sync/NAME" (the next reading) ──taken──> reading ──┬─ went well ──> next by the schedule
//!      ^                                                                      ├─ failed ─────> sooner, then later and later
//!   a person: set, pause, resume, read now                                    └─ told to end > due at once, for anybody
//! ```

mod cadence;
mod due;

pub(crate) use cadence::back_off_ms;

use crate::App;
use crate::error::AppError;
use crate::views::At;
use serde::Serialize;
use store::{AuditRow, ConnectionRow, EventStream, ScheduleRow, Tx};

/// A connection whose readings failed so often in a row needs a person.
pub const FAILURES_THAT_NEED_A_PERSON: i64 = 3;

/// What is to be different about a schedule; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleChange {
    /// How often everything is read, in milliseconds; ends a pattern.
    pub every_ms: Option<i64>,
    /// A cron pattern of five fields instead.
    pub cron: Option<String>,
    /// The zone that the pattern's hours are of, such as `Europe/Berlin`.
    pub zone: Option<String>,
    /// How often is looked for what changed in between, in milliseconds; 0 for never.
    pub between_ms: Option<i64>,
    /// Whether nothing is read until it is resumed.
    pub paused: Option<bool>,
}

/// When a connection is read, and how that went last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScheduleView {
    /// How often everything is read, in milliseconds, where there is no pattern.
    pub every_ms: Option<i64>,
    /// The cron pattern.
    pub cron: Option<String>,
    /// The pattern's zone.
    pub zone: Option<String>,
    /// How often is looked for what changed in between, in milliseconds; never if it is left out.
    pub between_ms: Option<i64>,
    /// When was last looked for what changed.
    pub followed_at: Option<At>,
    /// Why the key may not read events, so that changes are seen only when everything is read.
    pub events_refused: Option<String>,
    /// Since when it is paused.
    pub paused_at: Option<At>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// When a person asked for a reading that was not done yet.
    pub wanted_at: Option<At>,
    /// When everything is read next, where that is due.
    pub next_at: Option<At>,
    /// From when on what the pages show is old.
    #[serde(skip)]
    pub stale_at: Option<At>,
    /// How many readings failed since the last one that did not.
    pub failures: i64,
    /// When the last of them failed.
    pub failed_at: Option<At>,
    /// Why.
    pub failure: Option<String>,
}

impl ScheduleView {
    /// Whether readings failed so often in a row that a person is needed.
    pub fn needs_a_person(&self) -> bool {
        self.failures >= FAILURES_THAT_NEED_A_PERSON
    }

    /// A schedule with when the last reading began and when the one that is shown ended.
    pub(crate) fn of(
        row: ScheduleRow,
        interval_ms: i64,
        last_at: Option<i64>,
        read_at: Option<i64>,
        stream: Option<EventStream>,
    ) -> ScheduleView {
        let stream = stream.unwrap_or_default();
        let next_at = cadence::next_due(&row, interval_ms, last_at).map(At);
        let stale_at = read_at.map(|read_at| At(cadence::stale_at(&row, interval_ms, read_at)));
        ScheduleView {
            stale_at,
            between_ms: cadence::between_ms(&row),
            followed_at: Some(At(stream.polled_at)).filter(|at| at.0 > 0),
            events_refused: Some(stream.refused).filter(|why| !why.is_empty()),
            every_ms: row.full_cron.is_none().then_some(interval_ms),
            cron: row.full_cron,
            zone: row.zone,
            paused_at: row.paused_at.map(At),
            paused_by: row.paused_by,
            wanted_at: row.wanted_at.map(At),
            next_at,
            failures: row.failures,
            failed_at: row.failed_at.map(At),
            failure: row.failure,
        }
    }
}

impl App {
    /// When a connection is read, and how that went last.
    pub async fn schedule(&self, connection: Option<&str>) -> Result<ScheduleView, AppError> {
        let connection = self.connection_named(connection).await?;
        let mut tx = self.store.read().await?;
        self.schedule_in(&mut tx, &connection).await
    }

    async fn schedule_in(&self, tx: &mut Tx, connection: &ConnectionRow) -> Result<ScheduleView, AppError> {
        let row = tx.schedule_find(connection.id).await?;
        let last_at = tx.run_whole_begun_at(connection.organization_id).await?;
        let stream = tx.event_stream(connection.organization_id).await?;
        Ok(ScheduleView::of(
            row,
            connection.sync_interval_ms,
            last_at,
            None,
            stream,
        ))
    }

    /// Changes when a connection is read, pauses or resumes it.
    pub async fn schedule_change(
        &self,
        connection: &str,
        change: &ScheduleChange,
        actor: &str,
    ) -> Result<ScheduleView, AppError> {
        let now = self.clock.now_ms();
        let mut connection = self.connection_named(Some(connection)).await?;
        let mut tx = self.store.write().await?;
        let before = tx.schedule_find(connection.id).await?;
        let mut row = before.clone();
        let interval_before = connection.sync_interval_ms;
        if let Some(every_ms) = change.every_ms {
            if every_ms < 60_000 {
                return Err(AppError::WrongSchedule {
                    what: "everything can be read once a minute at most".into(),
                });
            }
            connection.sync_interval_ms = every_ms;
            row.full_cron = None;
            row.zone = None;
        }
        if let Some(between_ms) = change.between_ms {
            if between_ms != 0 && between_ms < 2_000 {
                return Err(AppError::WrongSchedule {
                    what: "changes can be looked for every two seconds at most".into(),
                });
            }
            row.between_ms = Some(between_ms);
        }
        row.full_cron = change.cron.clone().or(row.full_cron);
        row.zone = change.zone.clone().or(row.zone);
        match &row.full_cron {
            Some(pattern) => cadence::check(pattern, row.zone.get_or_insert_with(|| "UTC".into()))?,
            None if row.zone.is_some() => {
                return Err(AppError::WrongSchedule {
                    what: "a time zone goes with a cron pattern".into(),
                });
            }
            None => {}
        }
        match change.paused {
            Some(true) if row.paused_at.is_none() => {
                row.paused_at = Some(now);
                row.paused_by = Some(actor.to_owned());
            }
            Some(false) => {
                row.paused_at = None;
                row.paused_by = None;
            }
            _ => {}
        }
        if row != before || connection.sync_interval_ms != interval_before {
            tx.schedule_set(connection.id, connection.sync_interval_ms, &row)
                .await?;
            self.reading_plan(&mut tx, &connection).await?;
            tx.audit_record(&AuditRow {
                at: now,
                actor: actor.to_owned(),
                action: "connection.schedule".into(),
                subject: connection.name.clone(),
                detail: words(&row, connection.sync_interval_ms),
            })
            .await?;
        }
        let view = self.schedule_in(&mut tx, &connection).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Asks for everything to be read now, by whoever serves; also while the connection is paused.
    pub async fn reading_ask(&self, connection: &str, actor: &str) -> Result<(), AppError> {
        let connection = self.connection_named(Some(connection)).await?;
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.schedule_want(connection.id, now).await?;
        self.reading_plan(&mut tx, &connection).await?;
        tx.audit_record(&AuditRow {
            at: now,
            actor: actor.to_owned(),
            action: "connection.read".into(),
            subject: connection.name,
            detail: "asked for a reading now".into(),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn words(row: &ScheduleRow, interval_ms: i64) -> String {
    let when = match (&row.full_cron, &row.zone) {
        (Some(pattern), Some(zone)) => format!("{pattern} in {zone}"),
        (Some(pattern), None) => pattern.clone(),
        (None, _) => format!("every {} min", interval_ms / 60_000),
    };
    let when = match cadence::between_ms(row) {
        Some(ms) => format!("{when}, changes every {} s", ms / 1000),
        None => when,
    };
    if row.paused_at.is_some() {
        format!("{when}, paused")
    } else {
        when
    }
}
