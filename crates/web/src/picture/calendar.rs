//! A calendar of changes: a table with a row for each weekday and a column for each week, darker where more changed.
//!
//! It is a real table, so that it is read out as one: each day is a link that says its date and its numbers. The steps
//! of darkness are a shape as well: the tile grows with them. A day without a reading is hatched.

use crate::parts::{address, counted, number, time};
use app::views::At;
use app::views::changes::calendar::CalendarDay;
use maud::{Markup, html};

const DAY_MS: i64 = 86_400_000;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Weekday from Monday = 0; the epoch was a Thursday.
fn weekday(day: At) -> usize {
    usize::try_from((day.0 / DAY_MS + 3).rem_euclid(7)).unwrap_or(0)
}

fn all(day: &CalendarDay) -> i64 {
    day.began + day.ended
}

/// From how many changes on a step of darkness begins: quarters of the days that saw any.
fn steps(days: &[CalendarDay]) -> [i64; 3] {
    let mut sizes: Vec<i64> = days.iter().map(all).filter(|size| *size > 0).collect();
    sizes.sort_unstable();
    let at = |share: usize| sizes.get(sizes.len() * share / 4).copied().unwrap_or(i64::MAX);
    let [one, two, three] = [at(1), at(2), at(3)];
    [one.max(2), two.max(3), three.max(4)]
}

fn level(day: &CalendarDay, steps: &[i64; 3]) -> usize {
    let size = all(day);
    if size == 0 {
        return 0;
    }
    1 + steps.iter().filter(|step| size >= **step).count()
}

/// The calendar; empty until there are two days. `here` is the day that is shown below it.
pub(crate) fn calendar(days: &[CalendarDay], now: i64, here: &str) -> Markup {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return html! {};
    };
    if days.len() < 2 {
        return html! {};
    }
    let steps = steps(days);
    let lead = weekday(first.day);
    let weeks = (lead + days.len()).div_ceil(7);
    let changes: i64 = days.iter().map(all).sum();
    html! {
        section.calendar-of-changes {
            div.heading {
                h2 {
                    "By day"
                    span.number {
                        (counted(changes, "change", "changes")) " from " (time::day_text(now, first.day))
                        " to " (time::day_text(now, last.day))
                    }
                }
                p.legend {
                    span { "fewer" }
                    @for level in 1..=4 { span.tile data-level=(level) {} }
                    span { "more" } span.tile data-level="none" {} span { "no reading" }
                }
            }
            table.calendar data-weeks=(if weeks > 27 { "many" } else { "few" }) {
                caption.sr { "Changes by day: a row for each weekday, a column for each week" }
                thead { tr {
                    th scope="col" { span.sr { "Weekday" } }
                    @for week in 0..weeks {
                        @let monday = At(first.day.0 + (i64::try_from(week * 7).unwrap_or(0) - i64::try_from(lead).unwrap_or(0)) * DAY_MS);
                        th scope="col" data-week=(weeks - week) {
                            (month_at(monday, week == 0)) span.sr { "week of " (time::day_text(now, monday)) }
                        }
                    }
                } }
                tbody { @for (row, name) in WEEKDAYS.iter().enumerate() { tr {
                    th scope="row" {
                        span.sr { (LONG.get(row).copied().unwrap_or_default()) }
                        span aria-hidden="true" { @if row % 2 == 0 { (name) } }
                    }
                    @for week in 0..weeks {
                        @let day = (week * 7 + row).checked_sub(lead).and_then(|index| days.get(index));
                        td data-week=(weeks - week) {
                            @if let Some(day) = day { (tile(day, now, level(day, &steps), here)) }
                        }
                    }
                } } }
            }
        }
    }
}

/// The month's name over the week in which it begins.
fn month_at(monday: At, is_first: bool) -> Markup {
    let begins = (0..7)
        .filter_map(|day| time::day_of(At(monday.0 + day * DAY_MS)))
        .find(|date| date.day() == 1);
    let date = begins.or_else(|| time::day_of(monday).filter(|date| is_first && date.day() < 20));
    html! { @if let Some(date) = date { span.month aria-hidden="true" { (date.strftime("%b").to_string()) } } }
}

fn tile(day: &CalendarDay, now: i64, level: usize, here: &str) -> Markup {
    let iso = time::day_of(day.day).map_or_else(String::new, |date| date.to_string());
    let name = time::day_text(now, day.day);
    if day.readings == 0 {
        let words = format!("{name}: no reading");
        return html! { span.tile data-level="none" title=(words) { span.sr { (words) } } };
    }
    let words = match all(day) {
        0 => format!("{name}: no change"),
        _ => format!("{name}: {} began, {} ended", number(day.began), number(day.ended)),
    };
    html! {
        a.tile data-level=(level) href=(address("/changes", &[("day", &iso)])) title=(words) aria-current=[(iso == here).then_some("date")] {
            span.sr { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64, began: i64) -> CalendarDay {
        CalendarDay {
            day: At(number * DAY_MS),
            began,
            ended: 0,
            readings: 1,
        }
    }

    #[test]
    fn the_epoch_was_a_thursday() {
        assert_eq!(weekday(At(0)), 3);
        assert_eq!(weekday(At(4 * DAY_MS)), 0);
    }

    #[test]
    fn the_day_with_most_changes_is_darkest_and_none_is_lightest() {
        let days: Vec<CalendarDay> = [0, 1, 5, 20, 400]
            .iter()
            .enumerate()
            .map(|(at, began)| day(at as i64, *began))
            .collect();
        let steps = steps(&days);
        let levels: Vec<usize> = days.iter().map(|day| level(day, &steps)).collect();
        assert_eq!(levels.first(), Some(&0));
        assert_eq!(levels.last(), Some(&4));
        assert!(levels.is_sorted());
    }
}
