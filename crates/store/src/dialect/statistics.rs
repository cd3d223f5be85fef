//! When PostgreSQL must count anew.
//!
//! It plans by what it knows of a table's values. A run's rows carry a number that was never seen before, so without
//! counting it expects next to none of them, and joins thousands with thousands by trying each with each. Its own
//! counting comes a minute late. So a run's rows are counted after the first few hundred and whenever they are four
//! times as many.

use model::RunId;
use std::sync::{Arc, Mutex, PoisonError};

const FIRST: usize = 500;

/// What this process staged for the run at hand. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics(Arc<Mutex<Staged>>);

#[derive(Debug, Default)]
struct Staged {
    run: Option<RunId>,
    rows: usize,
    count_at: usize,
}

impl Statistics {
    /// Notes rows staged for a run; answers whether it is time to count.
    pub(crate) fn are_due(&self, run: RunId, rows: usize) -> bool {
        let mut staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if staged.run != Some(run) {
            *staged = Staged {
                run: Some(run),
                rows: 0,
                count_at: FIRST,
            };
        }
        staged.rows += rows;
        if staged.rows < staged.count_at {
            return false;
        }
        staged.count_at = staged.rows * 4;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_comes_early_and_then_seldom_for_each_run() {
        let statistics = Statistics::default();
        let counted = |run, pages| (0..pages).filter(|_| statistics.are_due(RunId(run), 100)).count();
        assert_eq!(counted(1, 4), 0);
        assert_eq!(counted(1, 1), 1);
        assert_eq!(counted(1, 995), 3);
        assert_eq!(counted(2, 10), 1);
    }
}
