//! What the inventories of keys and tokens share: unknown parameters, filters by date, order.

use super::{Call, Problem};

const DATES: [&str; 3] = ["createdAt", "lastActiveAt", "expiresAt"];
const DATE_PARTS: [&str; 7] = ["SearchType", "Uom", "Value", "From", "To", "RangeFrom", "RangeTo"];
const DAY_MS: i64 = 86_400_000;

/// The times of one row, by which it is filtered and sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) created_ms: i64,
    pub(super) expires_ms: Option<i64>,
    pub(super) last_active_ms: Option<i64>,
}

impl Times {
    fn named(&self, name: &str) -> Option<i64> {
        match name {
            "createdAt" => Some(self.created_ms),
            "lastActiveAt" => self.last_active_ms,
            _ => self.expires_ms,
        }
    }
}

/// Other parameters than the documented ones have been seen to end in a 500.
pub(super) fn refuse_unknown(call: &Call<'_>, known: &[&str]) -> Result<(), Problem> {
    let is_date = |key: &str| {
        DATES
            .iter()
            .any(|date| key.strip_prefix(date).is_some_and(|it| DATE_PARTS.contains(&it)))
    };
    let mut keys = call.query.iter().map(|(key, _)| key.as_str());
    let unknown = keys.find(|key| !known.contains(key) && !is_date(key));
    unknown.map_or(Ok(()), |key| {
        Err(Problem::internal(&format!("could not process {key}")))
    })
}

/// A time a row has to have, from and to.
#[derive(Debug)]
struct Range {
    name: &'static str,
    after_ms: i64,
    before_ms: i64,
}

/// The filters by date of a request.
#[derive(Debug)]
pub(super) struct Dates(Vec<Range>);

impl Dates {
    pub(super) fn of(call: &Call<'_>) -> Result<Dates, Problem> {
        let mut ranges = Vec::new();
        for name in DATES {
            let part = |part: &str| call.query_one(&format!("{name}{part}"));
            if part("Uom").is_some_and(|unit| unit != "day") {
                return Err(Problem::bad(&format!("{name}Uom is day")));
            }
            let mut range = Range {
                name,
                after_ms: i64::MIN,
                before_ms: i64::MAX,
            };
            let mut is_asked = false;
            if let Some(kind) = part("SearchType") {
                let days = call.query_number(&format!("{name}Value"))?.unwrap_or(0);
                let edge_ms = call.now_ms.saturating_sub(days.saturating_mul(DAY_MS));
                match kind.as_str() {
                    "lt" => range.before_ms = edge_ms,
                    "gt" => range.after_ms = edge_ms,
                    _ => return Err(Problem::bad(&format!("{name}SearchType is gt or lt"))),
                }
                is_asked = true;
            }
            for (suffix, is_from) in [
                ("From", true),
                ("RangeFrom", true),
                ("To", false),
                ("RangeTo", false),
            ] {
                if let Some(text) = part(suffix) {
                    let at_ms =
                        moment(&text).ok_or_else(|| Problem::bad(&format!("{name}{suffix} is a time")))?;
                    if is_from {
                        range.after_ms = range.after_ms.max(at_ms - 1);
                    } else {
                        range.before_ms = range.before_ms.min(at_ms + 1);
                    }
                    is_asked = true;
                }
            }
            if is_asked {
                ranges.push(range);
            }
        }
        Ok(Dates(ranges))
    }

    /// True when a row's times fit; a row without the time never does.
    pub(super) fn fit(&self, times: &Times) -> bool {
        self.0.iter().all(|range| {
            let at_ms = times.named(range.name);
            at_ms.is_some_and(|at_ms| at_ms > range.after_ms && at_ms < range.before_ms)
        })
    }
}

/// A time as ISO 8601, as a day, or in milliseconds since 1970.
fn moment(text: &str) -> Option<i64> {
    if let Ok(ms) = text.parse::<i64>() {
        return Some(ms);
    }
    let text = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

/// Puts rows into the order that is asked for: a time, descending after a minus.
pub(super) fn sort(
    call: &Call<'_>,
    rows: &mut [u32],
    times: impl Fn(u32) -> Option<Times>,
) -> Result<(), Problem> {
    let Some(sort) = call.query_one("sort") else {
        return Ok(());
    };
    let field = sort.trim_start_matches(['-', '+']);
    if !DATES.contains(&field) {
        return Err(Problem::bad(&format!("sort is one of {}", DATES.join(", "))));
    }
    rows.sort_by_cached_key(|index| (times(*index).and_then(|times| times.named(field)), *index));
    if sort.starts_with('-') {
        rows.reverse();
    }
    Ok(())
}

/// What filters belong to a cursor: they have to be repeated on each page.
pub(super) fn asked(call: &Call<'_>) -> String {
    let mut filters: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key != "cursor" && key != "pageSize")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    filters.sort();
    filters.join("&")
}
