//! Bars by day: gained up, lost down, hatched where nothing was read. Each day leads to its changes.

use crate::parts::{counted, number, time};
use app::views::overview::DayOfChanges;
use maud::{Markup, html};

const LEFT: i64 = 44;
const TOP: i64 = 24;
const HALF_MOST: i64 = 150;

/// The distance of the grid lines: round, and at most three of them.
fn round_step(most: i64) -> i64 {
    let mut size = 1;
    loop {
        for step in [size, 2 * size, 5 * size] {
            if step * 3 >= most {
                return step;
            }
        }
        size *= 10;
    }
}

/// The picture for wide and middling rooms and, of the last three weeks, for narrow ones; empty when there is no day.
pub(crate) fn changes_by_day(days: &[DayOfChanges], now: i64) -> Markup {
    let late = days.get(days.len().saturating_sub(21)..).unwrap_or(days);
    html! {
        (drawing(days, now, 1152, "bars roomy"))
        (drawing(days, now, 760, "bars close"))
        (drawing(late, now, 400, "bars late"))
    }
}

fn drawing(days: &[DayOfChanges], now: i64, width: i64, class: &str) -> Markup {
    let count = i64::try_from(days.len()).unwrap_or(0);
    if count == 0 {
        return html! {};
    }
    let most_up = days.iter().map(|day| day.gained).max().unwrap_or(0);
    let most_down = days.iter().map(|day| day.lost).max().unwrap_or(0);
    let step = round_step(most_up.max(most_down).max(4));
    let steps_up = (most_up + step - 1) / step;
    let steps_down = (most_down + step - 1) / step;
    let (steps_up, steps_down) = (steps_up.max(1), steps_down.max(1));
    let steps = steps_up + steps_down;
    let step_height = (HALF_MOST * 3 / 2 / steps).clamp(32, 56);
    let zero = TOP + steps_up * step_height;
    let bottom = zero + steps_down * step_height;
    let height = bottom + 28;
    let room = width - LEFT - 8;
    let pitch = (room / count).min(48);
    let wide = (pitch * 3 / 5).clamp(4, 14);
    let tall = |value: i64| (value * step_height + step / 2) / step;
    let full = if room / count > 48 { 48 * count } else { room };
    let x = |index: usize| LEFT + 8 + i64::try_from(index).unwrap_or(0) * full / count;
    let gained: i64 = days.iter().map(|day| day.gained).sum();
    let lost: i64 = days.iter().map(|day| day.lost).sum();
    let without = days.iter().filter(|day| day.readings == 0).count();
    let first = days
        .first()
        .map(|day| time::day_text(now, day.day))
        .unwrap_or_default();
    let last = days.len().saturating_sub(1);
    let words = format!(
        "Roles gained and lost by day from {first} to today: {} gained, {} lost, {} without a reading.",
        number(gained),
        number(lost),
        counted(i64::try_from(without).unwrap_or(0), "day", "days"),
    );
    let pattern = class.replace(' ', "-");
    // The two days that stand out most are named.
    let mut notable: Vec<usize> = (0..days.len()).collect();
    let size = |index: usize| days.get(index).map_or(0, |day| day.gained.max(day.lost));
    notable.sort_by_key(|index| std::cmp::Reverse(size(*index)));
    let usual = {
        let mut sizes: Vec<i64> = days.iter().map(|day| day.gained.max(day.lost)).collect();
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    };
    notable.retain(|index| size(*index) > (usual * 4).max(10));
    notable.truncate(2);
    html! {
            svg class=(class) viewBox=(format!("0 0 {width} {height}")) role="group" aria-label=(words) {
                title { (words) }
                defs {
                    pattern id=(pattern) width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                        line class="hatch" x1="0" y1="0" x2="0" y2="6" {}
                    }
                }
                @for line in -steps_down..=steps_up {
                    @let y = zero - line * step_height;
                    line class=(if line == 0 { "zero" } else { "grid" }) x1=(LEFT) x2=(width) y1=(y) y2=(y) {}
                    text class="small" x=(LEFT - 12) y=(y + 4) text-anchor="end" { (number((line * step).abs())) }
                }
                @for (index, day) in days.iter().enumerate() {
                    @let day_text = time::day_text(now, day.day);
                    @let left = x(index);
                    @if day.readings == 0 {
                        rect fill=(format!("url(#{pattern})")) x=(left - (pitch - wide) / 2) y=(zero - step_height / 2) width=(pitch) height=(step_height) {
                            title { (day_text) ": no reading" }
                        }
                    } @else {
                        a class="column" href=(format!("/changes?day={}", day_iso(day))) {
                            title { (day_text) ": " (number(day.gained)) " gained, " (number(day.lost)) " lost" }
                            rect class="hit" x=(left - (pitch - wide) / 2) y=(TOP) width=(pitch) height=(bottom - TOP) {}
                            @if day.gained > 0 {
                                rect class="gained" x=(left) y=(zero - tall(day.gained).max(1)) width=(wide) height=(tall(day.gained).max(1)) {}
                            }
                            @if day.lost > 0 {
                                rect class="lost" x=(left) y=(zero + 1) width=(wide) height=(tall(day.lost).max(1)) {}
                            }
                        }
                    }
                    @if index % 7 == 0 && index + 6 <= last {
                        line class="zero" x1=(left) x2=(left) y1=(bottom) y2=(bottom + 5) {}
                        text class="small" x=(left) y=(bottom + 20) { (day_text) }
                    }
                }
                @if last > 0 {
                    text class="small strong" x=(x(last) + wide) y=(bottom + 20) text-anchor="end" { "today" }
                }
                @if let Some(index) = days.iter().position(|day| day.readings == 0) {
                    text class="small" x=(x(index)) y=(zero + step_height / 2 + 16) { "no reading" }
                }
                @for index in notable {
                    @if let Some(day) = days.get(index) {
                        @let is_up = day.gained >= day.lost;
                        @let left = x(index);
                                                @let words = if is_up { format!("{}: {} gained", time::day_text(now, day.day), number(day.gained)) } else { format!("{}: {} lost", time::day_text(now, day.day), number(day.lost)) };
                        @let y = if is_up { zero - tall(day.gained) - 6 } else { zero + tall(day.lost) + 14 };
                        @let fits = left + i64::try_from(words.len()).unwrap_or(0) * 7 < width;
                        text class="small over" x=(if fits { left } else { left + wide }) y=(y) text-anchor=(if fits { "start" } else { "end" }) {
                            (words)
                        }
                    }
                }
            }
    }
}

fn day_iso(day: &DayOfChanges) -> String {
    time::day_of(day.day).map_or_else(String::new, |date| date.to_string())
}
