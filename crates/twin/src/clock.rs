//! The twin's own clock: it starts at a given reading, runs with real time, and can be moved forward.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::Timestamp;

/// A clock that others may push.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When it began to run; nothing if it moves only when pushed.
    started: Option<Instant>,
    starts_at_ms: i64,
    pushed_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn new(starts_at_ms: Option<i64>, stands: bool) -> Self {
        let starts_at_ms = starts_at_ms.unwrap_or_else(machine_now_ms);
        let started = (!stands).then(Instant::now);
        Self {
            started,
            starts_at_ms,
            pushed_ms: AtomicI64::new(0),
        }
    }

    pub(crate) fn starts_at_ms(&self) -> i64 {
        self.starts_at_ms
    }

    pub(crate) fn now_ms(&self) -> i64 {
        let ran = self.started.map_or(0, |started| started.elapsed().as_millis());
        let ran_ms = i64::try_from(ran).unwrap_or(i64::MAX / 2);
        self.starts_at_ms + ran_ms + self.pushed_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn advance_ms(&self, by_ms: i64) {
        self.pushed_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a twin without a given start looks at the machine's time"
)]
fn machine_now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Writes a reading as ISO 8601 UTC with milliseconds.
pub(crate) fn iso_ms(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

/// Writes a reading as ISO 8601 UTC in whole seconds.
pub(crate) fn iso_s(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|at| format!("{at:.0}"))
        .unwrap_or_default()
}

/// Writes the day of a reading, UTC.
pub(crate) fn iso_day(at_ms: i64) -> String {
    let mut text = iso_s(at_ms);
    text.truncate(10);
    text
}

/// Writes a reading as HTTP wants dates.
pub(crate) fn http_date(at_ms: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else {
        return String::new();
    };
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default()
}
