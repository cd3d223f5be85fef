//! Times as the tables hold them: what a clock on the wall shows, with a space and without a zone.
//!
//! The texts are compared as texts, to find the latest sync among others, so every program that writes a file writes
//! them alike: `2026-11-22 02:18:56.502571359`, ends of zeros left out. As which instant such a text is meant cannot be
//! told from it; it is shown as if the clock stood in Greenwich, as the other program does.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;

/// What a clock on the wall shows at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallClock(DateTime);

impl WallClock {
    /// At this instant, in milliseconds since the epoch, in this zone.
    pub fn at(instant_ms: i64, zone: &TimeZone) -> WallClock {
        let instant = Timestamp::from_millisecond(instant_ms).unwrap_or_default();
        WallClock(zone.to_datetime(instant))
    }
}

impl fmt::Display for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0;
        let (year, month, day) = (at.year(), at.month(), at.day());
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
            at.hour(),
            at.minute(),
            at.second()
        )?;
        match at.subsec_nanosecond() {
            0 => Ok(()),
            nanoseconds => {
                let digits = format!("{nanoseconds:09}");
                write!(f, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

/// A time of a table in the form of the protocol's JSON; as it is when it is no such time.
pub(crate) fn shown(text: &str) -> String {
    let Ok(at) = text.parse::<DateTime>() else {
        return text.to_owned();
    };
    let whole = at.strftime("%Y-%m-%dT%H:%M:%S");
    // Three, six or nine digits, or none.
    match at.subsec_nanosecond() {
        0 => format!("{whole}Z"),
        part if part % 1_000_000 == 0 => format!("{whole}.{:03}Z", part / 1_000_000),
        part if part % 1_000 == 0 => format!("{whole}.{:06}Z", part / 1_000),
        part => format!("{whole}.{part:09}Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_zeros_are_left_out() {
        let shown = |instant_ms| WallClock::at(instant_ms, &TimeZone::UTC).to_string();
        assert_eq!(shown(1_795_313_936_502), "2026-11-22 02:18:56.502");
        assert_eq!(shown(1_795_313_936_500), "2026-11-22 02:18:56.5");
        assert_eq!(shown(1_795_313_936_000), "2026-11-22 02:18:56");
    }

    #[test]
    fn the_clock_hangs_where_the_program_runs() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            WallClock::at(1_795_313_936_000, &zone).to_string(),
            "2026-11-22 04:18:56"
        );
    }

    #[test]
    fn times_are_shown_in_the_form_of_the_protocol() {
        assert_eq!(
            shown("2026-11-22 02:18:56.502571359"),
            "2026-11-22T02:18:56.502571359Z"
        );
        assert_eq!(shown("2026-11-22 02:18:56.5"), "2026-11-22T02:18:56.500Z");
        assert_eq!(shown("2026-11-22 02:18:56"), "2026-11-22T02:18:56Z");
        assert_eq!(shown("soon"), "soon");
        let now = WallClock::at(0, &TimeZone::UTC);
        assert_eq!(now.to_string().parse::<DateTime>().unwrap(), now.0);
    }
}
