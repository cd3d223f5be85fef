//! When the next reading is due: pure, so that tests need no clock.

use crate::error::AppError;
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::ScheduleRow;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How often is looked for what changed, unless it is said otherwise.
const BETWEEN_MS: i64 = 60 * 1000;
/// The shortest wait between two looks.
const LEAST_WAIT_MS: i64 = 1_000;
const REFUSED_WAIT_MS: i64 = 60 * 60 * 1000;
/// The longest wait after failures.
const LONGEST_WAIT_MS: i64 = 60 * 60 * 1000;
/// The wait after a first failure.
const FIRST_WAIT_MS: i64 = 60 * 1000;

/// Refuses a pattern or a zone that means nothing, and a pattern that never comes.
pub(super) fn check(pattern: &str, zone: &str) -> Result<(), AppError> {
    let wrong = |what: String| AppError::WrongSchedule { what };
    let zone = TimeZone::get(zone).map_err(|_| wrong(format!("there is no time zone \"{zone}\"")))?;
    let cron = cron(pattern).map_err(|error| wrong(format!("\"{pattern}\" is no cron pattern: {error}")))?;
    cron.find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(zone), false)
        .map_err(|_| wrong(format!("\"{pattern}\" never comes")))?;
    Ok(())
}

fn cron(pattern: &str) -> Result<croner::Cron, croner::errors::CronError> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
    parser.parse(pattern)
}

/// When everything is to be read next, after a reading that began at `last_at`. `None` when the stored pattern cannot
/// be understood any more.
fn whole_due(schedule: &ScheduleRow, interval_ms: i64, last_at: i64) -> Option<i64> {
    let Some(pattern) = &schedule.full_cron else {
        return Some(last_at.saturating_add(interval_ms));
    };
    let zone = TimeZone::get(schedule.zone.as_deref().unwrap_or("UTC")).ok()?;
    let last = Timestamp::from_millisecond(last_at).ok()?.to_zoned(zone);
    let next = cron(pattern).ok()?.find_next_occurrence(&last, false).ok()?;
    Some(next.timestamp().as_millisecond())
}

/// When everything is to be read next; `None` while the connection is paused and nobody asked, and before it was ever
/// read.
///
/// Readings that were missed are one reading that is due: only the last one counts. After failures the wait grows, and
/// what a person asks for does not wait.
pub fn next_due(schedule: &ScheduleRow, interval_ms: i64, last_at: Option<i64>) -> Option<i64> {
    if let Some(wanted_at) = schedule.wanted_at
        && schedule.failed_at.is_none_or(|failed_at| failed_at < wanted_at)
    {
        return Some(wanted_at);
    }
    if schedule.paused_at.is_some() && schedule.wanted_at.is_none() {
        return None;
    }
    if let Some(failed_at) = schedule.failed_at.filter(|_| schedule.failures > 0) {
        return Some(failed_at.saturating_add(back_off_ms(schedule.failures, failed_at)));
    }
    let last_at = last_at?;
    // A pattern of another version: at the interval rather than never.
    whole_due(schedule, interval_ms, last_at).or(Some(last_at.saturating_add(interval_ms)))
}

/// Whether a reading that is done now is one of everything: a person asked, or its time has come.
pub fn is_whole_due(schedule: &ScheduleRow, interval_ms: i64, last_at: Option<i64>, now: i64) -> bool {
    let Some(last_at) = last_at else {
        return true;
    };
    let due = whole_due(schedule, interval_ms, last_at).unwrap_or(last_at.saturating_add(interval_ms));
    schedule.wanted_at.is_some() || due <= now
}

/// What is known of the events of an organization when the next look at them is planned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Looks {
    /// When was looked last.
    pub looked_at: i64,
    /// When the next of what they named may be read.
    pub named_at: Option<i64>,
    /// Whether the key may not read them.
    pub is_refused: bool,
}

/// When a connection is to be looked at next, for everything or for what changed.
pub fn next_look(
    schedule: &ScheduleRow,
    interval_ms: i64,
    last_at: Option<i64>,
    looks: Looks,
) -> Option<i64> {
    let whole = next_due(schedule, interval_ms, last_at);
    let waits = schedule.paused_at.is_some() || schedule.failures > 0 || last_at.is_none();
    let Some(between_ms) = between_ms(schedule).filter(|_| !waits) else {
        return whole;
    };
    // A key that may not read events is asked now and then whether it may by now.
    let between_ms = if looks.is_refused {
        between_ms.max(REFUSED_WAIT_MS)
    } else {
        between_ms
    };
    let next = looks.looked_at.saturating_add(between_ms);
    let named = looks
        .named_at
        .map_or(next, |at| at.max(looks.looked_at.saturating_add(LEAST_WAIT_MS)));
    Some(whole.unwrap_or(i64::MAX).min(next).min(named))
}

/// How often is looked for what changed, in milliseconds; `None`: never.
pub fn between_ms(schedule: &ScheduleRow) -> Option<i64> {
    Some(schedule.between_ms.unwrap_or(BETWEEN_MS)).filter(|ms| *ms > 0)
}

/// From when on what a reading that ended at `read_at` showed is old: when a whole second turn was missed too.
pub fn stale_at(schedule: &ScheduleRow, interval_ms: i64, read_at: i64) -> i64 {
    let due =
        whole_due(schedule, interval_ms, read_at).unwrap_or_else(|| read_at.saturating_add(interval_ms));
    let turn = due.saturating_sub(read_at).max(DAY_MS / 2);
    read_at.saturating_add(turn.saturating_mul(2))
}

/// How long to wait after so many failures in a row: twice as long each time, a fifth more or less by chance, so that
/// installations that failed together do not come back together. The chance is taken from when it failed.
pub fn back_off_ms(failures: i64, failed_at: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 20) - 1).unwrap_or(0);
    let wait = FIRST_WAIT_MS
        .saturating_mul(1_i64 << doublings)
        .min(LONGEST_WAIT_MS);
    // Fibonacci hashing spreads times that lie close together.
    let spread = failed_at.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let percent = 80 + i64::try_from(spread % 41).unwrap_or(20);
    wait / 100 * percent
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn cron_at(pattern: &str, zone: &str) -> ScheduleRow {
        ScheduleRow {
            full_cron: Some(pattern.to_owned()),
            zone: Some(zone.to_owned()),
            ..ScheduleRow::default()
        }
    }

    #[test]
    fn an_interval_counts_from_the_last_reading() {
        let due = next_due(&ScheduleRow::default(), HOUR, Some(5 * HOUR));
        assert_eq!(due, Some(6 * HOUR));
    }

    #[test]
    fn a_pattern_means_the_hour_of_its_zone_on_both_sides_of_a_clock_change() {
        let schedule = cron_at("30 3 * * *", "Europe/Berlin");
        let due = |last| next_due(&schedule, HOUR, Some(at(last)));
        assert_eq!(due("2026-10-24T12:00:00Z"), Some(at("2026-10-25T02:30:00Z")));
        assert_eq!(due("2026-10-24T01:30:00Z"), Some(at("2026-10-25T02:30:00Z")));
        assert_eq!(due("2026-10-23T12:00:00Z"), Some(at("2026-10-24T01:30:00Z")));
    }

    #[test]
    fn readings_missed_over_a_weekend_are_one() {
        let schedule = cron_at("0 * * * *", "UTC");
        let first = next_due(&schedule, HOUR, Some(at("2026-03-06T18:00:10Z"))).unwrap();
        assert_eq!(first, at("2026-03-06T19:00:00Z"));
        // It is read on Monday, and the next one is the next hour.
        let next = next_due(&schedule, HOUR, Some(at("2026-03-09T08:15:00Z"))).unwrap();
        assert_eq!(next, at("2026-03-09T09:00:00Z"));
    }

    #[test]
    fn a_paused_connection_is_read_only_when_a_person_asks() {
        let mut schedule = ScheduleRow {
            paused_at: Some(1),
            ..ScheduleRow::default()
        };
        assert_eq!(next_due(&schedule, HOUR, Some(0)), None);
        schedule.wanted_at = Some(7);
        assert_eq!(next_due(&schedule, HOUR, Some(0)), Some(7));
    }

    #[test]
    fn what_changed_is_looked_for_in_between_unless_events_are_refused_or_readings_fail() {
        let mut schedule = ScheduleRow::default();
        let looks = |named_at, is_refused| Looks {
            looked_at: HOUR,
            named_at,
            is_refused,
        };
        let next = |schedule: &ScheduleRow, looks| next_look(schedule, 24 * HOUR, Some(0), looks);
        assert_eq!(next(&schedule, looks(None, false)), Some(HOUR + MINUTE));
        assert_eq!(
            next(&schedule, looks(Some(HOUR + 2_000), false)),
            Some(HOUR + 2_000)
        );
        assert_eq!(next(&schedule, looks(Some(5), false)), Some(HOUR + LEAST_WAIT_MS));
        assert_eq!(next(&schedule, looks(None, true)), Some(2 * HOUR));
        schedule.between_ms = Some(5_000);
        assert_eq!(next(&schedule, looks(None, false)), Some(HOUR + 5_000));
        schedule.between_ms = Some(0);
        assert_eq!(next(&schedule, looks(None, false)), Some(24 * HOUR));
        schedule.between_ms = None;
        schedule.failures = 1;
        schedule.failed_at = Some(HOUR);
        assert_eq!(
            next(&schedule, looks(None, false)),
            Some(HOUR + back_off_ms(1, HOUR))
        );
    }

    #[test]
    fn waits_after_failures_double_and_end_at_an_hour() {
        let mut last = 0;
        for failures in 1..=30 {
            let wait = back_off_ms(failures, at("2026-03-09T08:15:00Z") + failures);
            let middle = (MINUTE << (failures - 1).min(10)).min(HOUR);
            assert!((middle * 8 / 10..=middle * 12 / 10).contains(&wait), "{wait}");
            assert!(wait >= last || middle == HOUR);
            last = wait;
        }
    }

    #[test]
    fn two_that_failed_within_a_second_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<i64> = (0..1000).map(|ms| back_off_ms(3, ms)).collect();
        assert!(waits.len() > 30, "{waits:?}");
    }

    #[test]
    fn after_a_failure_a_person_who_asked_before_it_waits_and_one_who_asks_after_it_does_not() {
        let mut schedule = ScheduleRow {
            failures: 1,
            failed_at: Some(1000),
            wanted_at: Some(900),
            ..ScheduleRow::default()
        };
        assert_eq!(
            next_due(&schedule, HOUR, Some(0)),
            Some(1000 + back_off_ms(1, 1000))
        );
        schedule.wanted_at = Some(1100);
        assert_eq!(next_due(&schedule, HOUR, Some(0)), Some(1100));
    }

    #[test]
    fn what_is_no_pattern_or_no_zone_is_refused_in_one_sentence() {
        for (pattern, zone) in [
            ("", "UTC"),
            ("every day", "UTC"),
            ("0 3 * * * *", "UTC"),
            ("99 3 * * *", "UTC"),
            ("0 0 30 2 *", "UTC"),
            ("0 3 * * *", "Mars/Olympus"),
        ] {
            let error = check(pattern, zone).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.len() < 200, "{error}");
        }
        check("0 3 * * MON-FRI", "America/New_York").unwrap();
    }
}
