//! Filtered lists and asked questions, kept for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// All kept lists together hold at most this many row numbers.
const MOST_NUMBERS: usize = 4_000_000;
/// At most this many lists are kept.
const MOST_LISTS: usize = 512;
/// At most this many questions are remembered for requests that send a cursor alone.
const MOST_QUESTIONS: usize = 20_000;
/// At most this many questions are remembered although many others were asked since.
const MOST_PINNED: usize = 1024;

/// A list, and the version of the state it was made from.
#[derive(Debug)]
struct Kept {
    version: u64,
    list: Arc<[u32]>,
    used: u64,
}

/// Lists by question, and questions by hash.
#[derive(Debug, Default)]
pub(crate) struct KeptLists {
    lists: HashMap<u64, Kept>,
    numbers: usize,
    uses: u64,
    questions: HashMap<u64, Arc<str>>,
    order: VecDeque<u64>,
    pinned: HashMap<u64, Arc<str>>,
}

impl KeptLists {
    /// The list of a question, if it was made from this version.
    pub(crate) fn list(&mut self, question: u64, version: u64) -> Option<Arc<[u32]>> {
        self.uses += 1;
        let kept = self
            .lists
            .get_mut(&question)
            .filter(|kept| kept.version == version)?;
        kept.used = self.uses;
        Some(Arc::clone(&kept.list))
    }

    /// Keeps a list, and drops those not used for longest when it gets too much.
    pub(crate) fn keep(&mut self, question: u64, version: u64, list: Arc<[u32]>) {
        self.uses += 1;
        self.numbers += list.len();
        if let Some(old) = self.lists.insert(
            question,
            Kept {
                version,
                list,
                used: self.uses,
            },
        ) {
            self.numbers -= old.list.len();
        }
        while (self.numbers > MOST_NUMBERS || self.lists.len() > MOST_LISTS) && self.lists.len() > 1 {
            let oldest = self
                .lists
                .iter()
                .min_by_key(|(_, kept)| kept.used)
                .map(|(question, _)| *question);
            let Some(dropped) = oldest.and_then(|oldest| self.lists.remove(&oldest)) else {
                break;
            };
            self.numbers -= dropped.list.len();
        }
    }

    /// Remembers a question, so that its cursors may come back alone.
    pub(crate) fn remember(&mut self, question: u64, text: &str) {
        if self.questions.insert(question, text.into()).is_none() {
            self.order.push_back(question);
        }
        while self.order.len() > MOST_QUESTIONS {
            if let Some(oldest) = self.order.pop_front() {
                self.questions.remove(&oldest);
            }
        }
    }

    /// Remembers a question whose cursors may come back much later.
    pub(crate) fn pin(&mut self, question: u64, text: &str) {
        if self.pinned.len() < MOST_PINNED {
            self.pinned.insert(question, text.into());
        }
    }

    /// The question a cursor belongs to.
    pub(crate) fn question(&self, question: u64) -> Option<Arc<str>> {
        self.pinned
            .get(&question)
            .or_else(|| self.questions.get(&question))
            .map(Arc::clone)
    }
}
