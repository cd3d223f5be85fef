//! How much changed on which day.

use crate::App;
use crate::views::accounts::DAY_MS;
use crate::views::error::ViewError;
use crate::views::scope::Scope;
use crate::views::time::At;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Days of a calendar, at most.
pub const DAYS: i64 = 371;

/// What readings that ended on a day showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CalendarDay {
    /// The beginning of the day, UTC.
    pub day: At,
    /// How many facts began.
    pub began: i64,
    /// How many facts ended.
    pub ended: i64,
    /// How many readings ended on that day; without one nothing is known of it.
    pub readings: i64,
}

impl App {
    /// Every day from the first reading to the last one shown, at most [`DAYS`], the earliest first.
    pub async fn change_calendar(&self, scope: &Scope) -> Result<Vec<CalendarDay>, ViewError> {
        let (Some(first_run), Some(first_at), Some(read_at)) =
            (scope.first_run, scope.first_read_at, scope.read_at)
        else {
            return Ok(Vec::new());
        };
        let at = scope.at;
        if let Some(days) = self.memo.get::<Vec<CalendarDay>>(at, "change calendar", "") {
            return Ok(days.to_vec());
        }
        let last = read_at.0 / DAY_MS;
        let from = (last - DAYS + 1).max(first_at.0 / DAY_MS);
        let empty = |day: i64| CalendarDay {
            day: At(day * DAY_MS),
            began: 0,
            ended: 0,
            readings: 0,
        };
        let mut days: BTreeMap<i64, CalendarDay> = (from..=last).map(|day| (day, empty(day))).collect();
        let mut tx = self.store.read().await?;
        let runs = tx.published_since(at.organization, at.run, from * DAY_MS).await?;
        for run in &runs {
            if let Some(day) = days.get_mut(&(run.ended_at / DAY_MS)) {
                day.readings += 1;
            }
        }
        let day_of: HashMap<i64, i64> = runs.iter().map(|run| (run.run, run.ended_at / DAY_MS)).collect();
        // All that the first reading showed was so before it: that is no change.
        let lowest = runs.first().map_or(at.run, |run| run.run).max(first_run.0 + 1);
        let (begun, ended) = tx.change_counts(at.organization, lowest, at.run).await?;
        for count in begun {
            if let Some(day) = day_of.get(&count.run).and_then(|day| days.get_mut(day)) {
                day.began += count.facts;
            }
        }
        for count in ended {
            if let Some(day) = day_of.get(&count.run).and_then(|day| days.get_mut(day)) {
                day.ended += count.facts;
            }
        }
        let days: Vec<CalendarDay> = days.into_values().collect();
        Ok(self.memo.put(at, "change calendar", "", days).to_vec())
    }
}
