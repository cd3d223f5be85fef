//! Answers that cost a walk over everything and cannot change, because a published run does not.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::views::Snapshot;

type Key = (Snapshot, &'static str, String);

/// Keeps such answers by snapshot; forgets the oldest run when it has several.
#[derive(Default)]
pub struct Memo {
    kept: Mutex<HashMap<Key, Arc<dyn Any + Send + Sync>>>,
}

/// What is kept of a large organization is some megabytes a run: the latest, and one that somebody looks back to.
const MOST_RUNS: usize = 6;
const MOST: usize = 400;

impl Memo {
    /// The kept answer, if there is one of this type.
    pub(crate) fn get<T: Any + Send + Sync>(
        &self,
        at: Snapshot,
        name: &'static str,
        detail: &str,
    ) -> Option<Arc<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&(at, name, detail.to_owned())).cloned()?;
        found.downcast::<T>().ok()
    }

    /// Keeps an answer.
    pub(crate) fn put<T: Any + Send + Sync>(
        &self,
        at: Snapshot,
        name: &'static str,
        detail: &str,
        value: T,
    ) -> Arc<T> {
        let value = Arc::new(value);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut runs: Vec<i64> = kept.keys().map(|(known, _, _)| known.run).collect();
        runs.push(at.run);
        runs.sort_unstable();
        runs.dedup();
        if runs.len() > MOST_RUNS {
            let oldest = runs.into_iter().find(|run| *run != at.run);
            kept.retain(|(known, _, _), _| Some(known.run) != oldest);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert((at, name, detail.to_owned()), value.clone());
        value
    }
}
