//! Answers on their way into the store. The store has one writer: answers that come while it is at work wait, and are
//! then kept together, in one transaction instead of one each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are kept together at the most: all of it can be undone from memory.
const TOGETHER: usize = 8;

/// What waits to be kept, in the order in which it came.
#[derive(Debug)]
pub(crate) struct Keeper<T, E> {
    waiting: Mutex<VecDeque<Arc<Waiting<T, E>>>>,
    /// Held by whoever keeps what waits: its own, and what others brought. Within it is why nothing is kept any more.
    turn: tokio::sync::Mutex<Option<E>>,
}

#[derive(Debug)]
struct Waiting<T, E> {
    what: T,
    kept: Mutex<Option<Result<(), E>>>,
}

impl<T, E> Default for Keeper<T, E> {
    fn default() -> Keeper<T, E> {
        Keeper {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<T, E> Waiting<T, E> {
    fn settle(&self, result: Result<(), E>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    fn take(&self) -> Option<Result<(), E>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T, E: Clone> Keeper<T, E> {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Arc<Waiting<T, E>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps something, alone or with what else waits, and answers once that is done. `together` keeps several things,
    /// all or none. After it could not, nothing is kept any more and everybody is told the same error: whoever waits
    /// would only wait for the same store, one after the other.
    ///
    /// What somebody brought who was then dropped is kept all the same, by the next who comes.
    pub async fn keep(&self, what: T, together: impl AsyncFn(&[&T]) -> Result<(), E>) -> Result<(), E> {
        let kept = Mutex::default();
        let own = Arc::new(Waiting { what, kept });
        self.waiting().push_back(Arc::clone(&own));
        let mut failed = self.turn.lock().await;
        loop {
            if let Some(result) = own.take() {
                return result;
            }
            if let Some(error) = &*failed {
                return Err(error.clone());
            }
            let batch: Vec<_> = self.waiting().iter().take(TOGETHER).cloned().collect();
            let all: Vec<&T> = batch.iter().map(|one| &one.what).collect();
            let result = together(&all).await;
            batch.iter().for_each(|one| one.settle(result.clone()));
            self.waiting().drain(..batch.len());
            *failed = result.err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use tokio::sync::Semaphore;

    /// Keeps numbers, each batch once it may; what is odd cannot be kept.
    #[derive(Default)]
    struct Kept {
        batches: Mutex<Vec<Vec<u32>>>,
    }

    impl Kept {
        async fn keep(&self, numbers: &[&u32]) -> Result<(), String> {
            let numbers: Vec<u32> = numbers.iter().map(|number| **number).collect();
            self.batches.lock().unwrap().push(numbers.clone());
            tokio::task::yield_now().await;
            match numbers.iter().find(|number| *number % 2 == 1) {
                Some(odd) => Err(format!("{odd} is odd")),
                None => Ok(()),
            }
        }
    }

    async fn keep_all(numbers: impl IntoIterator<Item = u32>) -> (Vec<Result<(), String>>, Vec<Vec<u32>>) {
        let (keeper, kept) = (Keeper::default(), Kept::default());
        let keeps = numbers
            .into_iter()
            .map(|number| keeper.keep(number, async |numbers: &[&u32]| kept.keep(numbers).await));
        let results = join_all(keeps).await;
        (results, kept.batches.into_inner().unwrap())
    }

    #[tokio::test]
    async fn what_waits_is_kept_together() {
        let (results, batches) = keep_all((0..20).map(|number| number * 2)).await;
        assert!(results.iter().all(Result::is_ok));
        let lengths: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 8, 8, 3]);
        assert!(batches.concat().is_sorted());
    }

    #[tokio::test]
    async fn after_one_that_cannot_be_kept_nothing_is_tried_any_more() {
        let (results, batches) = keep_all([0, 2, 3, 4].into_iter().chain((5..30).map(|n| n * 2))).await;
        let error = Err("3 is odd".to_owned());
        assert_eq!(results[0], Ok(()));
        assert!(results[1..].iter().all(|result| *result == error));
        assert_eq!(batches.len(), 2);
    }

    #[tokio::test]
    async fn what_was_brought_and_dropped_is_kept_by_the_next() {
        let (keeper, kept) = (Keeper::default(), Kept::default());
        let never = Semaphore::new(0);
        let stuck = keeper.keep(2, async |_: &[&u32]| {
            let _ = never.acquire().await;
            Ok(())
        });
        tokio::select! {
            biased;
            _ = stuck => panic!("it never ends"),
            () = std::future::ready(()) => {}
        }
        let result = keeper
            .keep(4, async |numbers: &[&u32]| kept.keep(numbers).await)
            .await;
        assert_eq!(result, Ok(()));
        assert_eq!(kept.batches.into_inner().unwrap(), [[2, 4]]);
    }
}
