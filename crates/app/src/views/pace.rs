//! How fast a reading goes: from what the last half minute of asking saw.

use super::connections::FamilyView;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How far back is looked.
const WINDOW_MS: i64 = 30_000;
/// Two looks closer than this say nothing.
const APART_MS: i64 = 900;
/// Readings of which looks are kept.
const MOST: usize = 16;

/// What one look at a reading saw of a family: rows, and listings read to an end.
type Look = HashMap<String, (i64, i64)>;

/// Keeps the looks at readings that go on.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    looks: Mutex<HashMap<i64, VecDeque<(i64, Look)>>>,
}

impl Paces {
    /// Takes a look at a reading and tells each family its rate and how long it may take, as far as looks tell.
    pub fn take(&self, run: i64, now: i64, families: &mut [FamilyView]) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= MOST && !looks.contains_key(&run) {
            looks.clear();
        }
        let of_run = looks.entry(run).or_default();
        while of_run.front().is_some_and(|(at, _)| now - at > WINDOW_MS) {
            of_run.pop_front();
        }
        if let Some((at, look)) = of_run.front().filter(|(at, _)| now - at >= APART_MS) {
            for family in families.iter_mut().filter(|family| family.state == "reading") {
                let (rows, done) = look.get(&family.family).copied().unwrap_or((0, 0));
                tell(family, rows, done, now - at);
            }
        }
        let is_apart = of_run.back().is_none_or(|(at, _)| now - at >= APART_MS);
        if is_apart {
            let look = families
                .iter()
                .map(|family| (family.family.clone(), (family.rows, family.done)))
                .collect();
            of_run.push_back((now, look));
        }
    }
}

fn tell(family: &mut FamilyView, rows_then: i64, done_then: i64, span_ms: i64) {
    let (rows, done) = ((family.rows - rows_then).max(0), (family.done - done_then).max(0));
    family.rows_a_minute = Some(rows * 60_000 / span_ms);
    // One listing is measured by its rows, many by how many are done.
    let (left, speed) = match family.expected {
        Some(expected) if family.listings <= 1 => (expected - family.rows, rows),
        _ => (family.listings - family.done, done),
    };
    if left > 0 && speed > 0 {
        family.left_ms = Some(left.saturating_mul(span_ms) / speed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(rows: i64, done: i64, listings: i64, expected: Option<i64>) -> FamilyView {
        FamilyView {
            family: "accounts".to_owned(),
            listings,
            done,
            pages: 1,
            rows,
            expected,
            state: "reading".to_owned(),
            rows_a_minute: None,
            left_ms: None,
        }
    }

    #[test]
    fn one_look_says_nothing_and_two_say_how_long() {
        let paces = Paces::default();
        let mut first = [family(1000, 0, 1, Some(5000))];
        paces.take(1, 0, &mut first);
        assert_eq!(first[0].rows_a_minute, None);
        let mut second = [family(2000, 0, 1, Some(5000))];
        paces.take(1, 10_000, &mut second);
        assert_eq!(second[0].rows_a_minute, Some(6000));
        assert_eq!(second[0].left_ms, Some(30_000));
    }

    #[test]
    fn what_stands_still_has_no_end() {
        let paces = Paces::default();
        let mut looks = [family(10, 5, 20, None)];
        paces.take(1, 0, &mut looks);
        paces.take(1, 5_000, &mut looks);
        assert_eq!((looks[0].rows_a_minute, looks[0].left_ms), (Some(0), None));
    }
}
