//! Times as answers show them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::views::Seen;

/// An instant in milliseconds since 1970-01-01T00:00:00Z; in JSON it is text such as `2026-11-22T04:22:46Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub i64);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = serde_json::Value::deserialize(deserializer)?;
        At::from_json(&told).ok_or_else(|| D::Error::custom("a time was expected"))
    }
}

impl At {
    /// Reads `2026-11-22T04:22:46Z` or `2026-11-22`, or a number of milliseconds.
    pub fn from_json(value: &serde_json::Value) -> Option<At> {
        if let Some(number) = value.as_i64() {
            return Some(At(number));
        }
        At::parse(value.as_str()?)
    }

    /// Reads `2026-11-22T04:22:46Z` or `2026-11-22` (its beginning, UTC).
    pub fn parse(text: &str) -> Option<At> {
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(At(timestamp.as_millisecond()));
        }
        let day = text.parse::<jiff::civil::Date>().ok()?;
        let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(At(start.timestamp().as_millisecond()))
    }
}

/// From when something is known to be so: after `unseen_at`, at `seen_at` at the latest.
///
/// Without `unseen_at` the first reading already showed it: it is so since at least `seen_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The last complete reading that did not show it.
    pub unseen_at: Option<At>,
    /// When it was first seen.
    pub seen_at: At,
}

impl From<Seen> for Since {
    fn from(seen: Seen) -> Since {
        Since {
            unseen_at: seen.unseen_at.map(At),
            seen_at: At(seen.seen_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_is_shown() {
        let at = At(1_795_321_366_000);
        assert_eq!(At::parse(&at.to_string()), Some(at));
        assert_eq!(At::parse("1970-01-02"), Some(At(86_400_000)));
        assert_eq!(At::parse("yesterday"), None);
    }
}
