//! Times for people: how long ago, with the exact time on hover and in `datetime`.

use app::views::{At, Since};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What cannot be dated is shown as its number.
fn civil(at: At) -> Option<jiff::civil::DateTime> {
    let timestamp = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(timestamp.to_zoned(TimeZone::UTC).datetime())
}

/// The day in UTC.
pub(crate) fn day_of(at: At) -> Option<Date> {
    civil(at).map(|time| time.date())
}

/// `2026-11-22 04:39 UTC`
pub(crate) fn exact_text(at: At) -> String {
    civil(at).map_or_else(
        || at.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// `3 Nov`, with the year when it is not this one.
pub(crate) fn day_text(now: i64, at: At) -> String {
    let Some(time) = civil(at) else {
        return at.to_string();
    };
    let same_year = civil(At(now)).is_some_and(|present| present.year() == time.year());
    time.strftime(if same_year { "%-d %b" } else { "%-d %b %Y" })
        .to_string()
}

fn clock_text(at: At) -> String {
    civil(at).map_or_else(String::new, |time| time.strftime("%H:%M").to_string())
}

/// `3 Nov, 14:20`
pub(crate) fn moment_text(now: i64, at: At) -> String {
    format!("{}, {}", day_text(now, at), clock_text(at))
}

/// `4 min ago`, `yesterday`, `in 9 days`.
pub(crate) fn ago_text(now: i64, at: At) -> String {
    let past = now - at.0;
    if past < 0 {
        return ahead_text(now, at);
    }
    let days = match (day_of(At(now)), day_of(at)) {
        (Some(today), Some(day)) => today
            .since(day)
            .map_or(past / DAY, |span| i64::from(span.get_days())),
        _ => past / DAY,
    };
    match past {
        _ if past < MINUTE => "just now".to_owned(),
        _ if past < HOUR => format!("{} min ago", past / MINUTE),
        _ if past < 20 * HOUR && days == 0 => format!("{} h ago", past / HOUR),
        _ if past < 6 * HOUR => format!("{} h ago", past / HOUR),
        _ if days <= 1 => "yesterday".to_owned(),
        _ => format!("{} days ago", crate::parts::number(days)),
    }
}

fn ahead_text(now: i64, at: At) -> String {
    let ahead = at.0 - now;
    match ahead {
        _ if ahead < MINUTE => "now".to_owned(),
        _ if ahead < HOUR => format!("in {} min", ahead / MINUTE),
        _ if ahead < DAY => format!("in {} h", ahead / HOUR),
        _ if ahead < 2 * DAY => "tomorrow".to_owned(),
        _ => format!("in {} days", crate::parts::number(ahead / DAY)),
    }
}

fn tagged(at: At, words: &str) -> Markup {
    html! { time datetime=(at) title=(exact_text(at)) { (words) } }
}

/// How long ago, or how long until.
pub(crate) fn ago(now: i64, at: At) -> Markup {
    tagged(at, &ago_text(now, at))
}

/// The day.
pub(crate) fn day(now: i64, at: At) -> Markup {
    tagged(at, &day_text(now, at))
}

/// The day and the minute.
pub(crate) fn moment(now: i64, at: At) -> Markup {
    tagged(at, &moment_text(now, at))
}

/// From when something is known to be so, as exactly as it is known and no more.
pub(crate) fn since_text(now: i64, since: Since) -> String {
    let seen = since.seen_at;
    let Some(unseen) = since.unseen_at else {
        return format!("{} or before", day_text(now, seen));
    };
    span_text(now, unseen, seen)
}

/// `3 Nov, 14:20` when the two are close, else `3 Nov, 08:00–09:00` or `2 Nov – 3 Nov`.
pub(crate) fn span_text(now: i64, from: At, to: At) -> String {
    if to.0 - from.0 <= 15 * MINUTE {
        return moment_text(now, to);
    }
    if day_of(from) == day_of(to) {
        return format!("{}–{}", moment_text(now, from), clock_text(to));
    }
    format!("{} – {}", day_text(now, from), day_text(now, to))
}

/// From when, with what exactly is known on hover.
pub(crate) fn since(now: i64, since: Since) -> Markup {
    let hover = match since.unseen_at {
        None => format!("already so at the first reading, {}", exact_text(since.seen_at)),
        Some(unseen) => {
            format!(
                "not yet at {}, seen at {}",
                exact_text(unseen),
                exact_text(since.seen_at)
            )
        }
    };
    html! { time datetime=(since.seen_at) title=(hover) { (since_text(now, since)) } }
}

/// `2 min 5 s`, `840 ms`.
pub(crate) fn duration_text(ms: i64) -> String {
    match ms {
        _ if ms < 1000 => format!("{} ms", ms.max(0)),
        _ if ms < MINUTE => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ if ms < HOUR => format!("{} min {} s", ms / MINUTE, ms % MINUTE / 1000),
        _ if ms % HOUR < MINUTE => format!("{} h", ms / HOUR),
        _ => format!("{} h {} min", ms / HOUR, ms % HOUR / MINUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_348_800_000; // 2026-11-22 12:00 UTC

    #[test]
    fn how_long_ago_is_said_in_the_unit_that_fits() {
        assert_eq!(ago_text(NOON, At(NOON - 30_000)), "just now");
        assert_eq!(ago_text(NOON, At(NOON - 4 * MINUTE)), "4 min ago");
        assert_eq!(ago_text(NOON, At(NOON - 5 * HOUR)), "5 h ago");
        assert_eq!(ago_text(NOON, At(NOON - 20 * HOUR)), "yesterday");
        assert_eq!(ago_text(NOON, At(NOON - 41 * DAY)), "41 days ago");
        assert_eq!(ago_text(NOON, At(NOON + 9 * DAY)), "in 9 days");
    }

    #[test]
    fn since_says_no_more_than_is_known() {
        let first = Since {
            unseen_at: None,
            seen_at: At(NOON),
        };
        assert_eq!(since_text(NOON, first), "22 Nov or before");
        let hour = Since {
            unseen_at: Some(At(NOON - HOUR)),
            seen_at: At(NOON),
        };
        assert_eq!(since_text(NOON, hour), "22 Nov, 11:00–12:00");
        let days = Since {
            unseen_at: Some(At(NOON - 2 * DAY)),
            seen_at: At(NOON),
        };
        assert_eq!(since_text(NOON, days), "20 Nov – 22 Nov");
    }
}
