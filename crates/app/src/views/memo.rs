//! Answers that cost a walk over everything and cannot change, because a published run does not.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::views::Snapshot;

type Key = (Snapshot, &'static str, String);

/// Keeps such answers by snapshot; forgets the oldest runs first when it has many.
#[derive(Default)]
pub struct Memo {
    kept: Mutex<HashMap<Key, Arc<dyn Any + Send + Sync>>>,
}

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
        if kept.len() >= MOST {
            let oldest = kept
                .keys()
                .map(|(snapshot, _, _)| snapshot.run)
                .min()
                .unwrap_or(0);
            let newest = kept
                .keys()
                .map(|(snapshot, _, _)| snapshot.run)
                .max()
                .unwrap_or(0);
            if oldest == newest {
                kept.clear();
            } else {
                kept.retain(|(snapshot, _, _), _| snapshot.run != oldest);
            }
        }
        kept.insert((at, name, detail.to_owned()), value.clone());
        value
    }
}
