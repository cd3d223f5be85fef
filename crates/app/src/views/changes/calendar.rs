//! How much changed on which day.

use crate::App;
use crate::views::accounts::DAY_MS;
use crate::views::error::ViewError;
use crate::views::scope::Scope;
use crate::views::time::At;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::Tx;
use store::views::Snapshot;
use store::views::changes::ChangeCount;

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

/// How much began and how much ended, by reading and kind.
pub(crate) type Counts = (Vec<ChangeCount>, Vec<ChangeCount>);

impl App {
    /// How much changed in the readings from `lowest` on.
    pub(crate) async fn change_counts(
        &self,
        tx: &mut Tx,
        at: Snapshot,
        lowest: i64,
    ) -> Result<Counts, ViewError> {
        let detail = lowest.to_string();
        if let Some(counts) = self.memo.get::<Counts>(at, "change counts", &detail) {
            return Ok((*counts).clone());
        }
        let counts = tx.change_counts(at.organization, lowest, at.run).await?;
        Ok((*self.memo.put(at, "change counts", &detail, counts)).clone())
    }

    /// Every day from the first reading to the last one shown, at most [`DAYS`], the earliest first.
    pub async fn change_calendar(&self, scope: &Scope) -> Result<Vec<CalendarDay>, ViewError> {
        let (Some(first_run), Some(first_at), Some(read_at)) =
            (scope.first_run, scope.first_read_at, scope.read_at)
        else {
            return Ok(Vec::new());
        };
        let at = scope.at;
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
        let (begun, ended) = self.change_counts(&mut tx, at, lowest).await?;
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
        Ok(days.into_values().collect())
    }
}
