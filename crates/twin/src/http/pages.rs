//! Cuts lists into pages, and lets a cursor come back alone or with the question it belongs to.

use std::sync::{Arc, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Call, Problem};
use crate::cursor::{Cursor, bare};
use crate::options::{CursorStyle, NextStyle};
use crate::query::{GroupAsk, UserAsk};
use crate::random::hash;
use crate::state::World;

/// A question that is answered page by page.
pub(crate) trait Ask: Clone + Default + Serialize + DeserializeOwned {
    /// True when cursors are kept and sent again much later.
    const IS_LASTING: bool = false;
    /// The part that decides which rows there are.
    fn filter(&self) -> Self;
    /// Cursor, limit and expansions.
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>);
}

impl Ask for UserAsk {
    fn filter(&self) -> Self {
        UserAsk::filter(self)
    }
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>) {
        (&mut self.cursor, &mut self.limit, &mut self.expand)
    }
}

impl Ask for GroupAsk {
    fn filter(&self) -> Self {
        GroupAsk::filter(self)
    }
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>) {
        (&mut self.cursor, &mut self.limit, &mut self.expand)
    }
}

/// A page of row numbers (or of positions in a list made for this answer).
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<u32>,
    pub(crate) start: usize,
    pub(crate) total: usize,
    /// The value of `links.next`.
    pub(crate) next: Option<String>,
    /// The bare cursor of the next page.
    pub(crate) next_cursor: Option<String>,
}

impl Page {
    /// `links` with `next` null on the last page.
    pub(crate) fn links_or_null(&self) -> Value {
        json!({ "next": self.next })
    }

    /// `links` without `next` on the last page.
    pub(crate) fn links_or_absent(&self, own_url: Option<String>) -> Value {
        let mut links = Map::new();
        if let Some(own_url) = own_url {
            links.insert("self".to_owned(), Value::String(own_url));
        }
        if let Some(next) = &self.next {
            links.insert("next".to_owned(), Value::String(next.clone()));
        }
        Value::Object(links)
    }
}

/// Which page of which list is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageAsk<'a> {
    /// Says that the list ascends, so that a key can mark a place in it.
    pub(crate) is_by_key: bool,
    pub(crate) question: u64,
    /// The cursor as the client sent it.
    pub(crate) sent: Option<&'a str>,
    pub(crate) asked: Option<i64>,
    pub(crate) size: Size,
    pub(crate) style: NextStyle,
}

/// How long pages are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    /// The asked limit, refused outside `1..=most`.
    Strict { default: usize, most: usize },
    /// The asked limit, cut silently at `most`, refused below 1.
    Clamped { default: usize, most: usize },
    /// Not for the client to choose.
    Fixed(usize),
}

impl Call<'_> {
    /// Completes a question: one that comes as a bare cursor gets back the filter it was first asked with.
    pub(crate) fn resume<A: Ask>(&self, mut ask: A) -> Result<(A, u64), Problem> {
        let question_of = |ask: &A| {
            let text = serde_json::to_string(&ask.filter()).unwrap_or_default();
            hash(self.hub.seed, format!("{} {text}", self.scope()).as_bytes())
        };
        let question = question_of(&ask);
        let mut kept = self.hub.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sent) = ask.paging().0.clone() else {
            let text = serde_json::to_string(&ask).unwrap_or_default();
            if A::IS_LASTING {
                kept.pin(question, &text);
            }
            kept.remember(question, &text);
            return Ok((ask, question));
        };
        let cursor = Cursor::decode(&sent, self.hub.seed).ok_or_else(Problem::bad_cursor)?;
        let is_bare = question == question_of(&A::default());
        if cursor.question == question && !is_bare {
            return Ok((ask, question));
        }
        let remembered = kept.question(cursor.question).filter(|_| is_bare);
        let Some(text) = remembered else {
            return if cursor.question == question {
                Ok((ask, question))
            } else {
                Err(Problem::bad_cursor())
            };
        };
        let mut whole: A = serde_json::from_str(&text).map_err(|_| Problem::bad_cursor())?;
        if question_of(&whole) != cursor.question {
            return Err(Problem::bad_cursor());
        }
        let (_, limit, expand) = ask.paging();
        let (limit, expand) = (limit.take(), expand.take());
        let paging = whole.paging();
        *paging.0 = Some(sent);
        *paging.1 = limit.or(*paging.1);
        if expand.is_some() {
            *paging.2 = expand;
        }
        Ok((whole, cursor.question))
    }

    /// The hash of a question that has no filter object.
    pub(crate) fn plain_question(&self, text: &str) -> u64 {
        hash(self.hub.seed, format!("{} {text}", self.scope()).as_bytes())
    }

    /// A list of row numbers, made anew only when the state has changed.
    pub(crate) fn list(&self, world: &World, question: u64, make: impl FnOnce() -> Vec<u32>) -> Arc<[u32]> {
        let kept = || self.hub.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = kept().list(question, world.version) {
            return list;
        }
        let list: Arc<[u32]> = make().into();
        kept().keep(question, world.version, Arc::clone(&list));
        list
    }

    /// Cuts one page out of a list.
    pub(crate) fn page(&self, world: &World, list: &[u32], ask: PageAsk<'_>) -> Result<Page, Problem> {
        let PageAsk {
            is_by_key,
            question,
            sent,
            asked,
            size,
            style,
        } = ask;
        let length = page_length(asked, size)?;
        let cursor = match sent {
            None => Cursor {
                question,
                position: 0,
                is_after_gap: false,
            },
            Some(text) => Cursor::decode(text, self.hub.seed)
                .filter(|cursor| cursor.question == question)
                .ok_or_else(Problem::bad_cursor)?,
        };
        let by_key = is_by_key && self.hub.options.cursors == CursorStyle::Keyset;
        let start = if by_key && sent.is_some() {
            list.partition_point(|row| u64::from(*row) < cursor.position)
        } else {
            usize::try_from(cursor.position)
                .unwrap_or(usize::MAX)
                .min(list.len())
        };
        let position_at = |at: usize| match list.get(at) {
            Some(row) if by_key => u64::from(*row),
            _ => at as u64,
        };
        let wants_gap = world.is_messy
            && start > 0
            && start < list.len()
            && !cursor.is_after_gap
            && hash(question, &cursor.position.to_le_bytes()).is_multiple_of(4);
        let end = if wants_gap {
            start
        } else {
            start.saturating_add(length).min(list.len())
        };
        let rows = list.get(start..end).unwrap_or_default().to_vec();
        let mut next = None;
        if end < list.len() {
            // A key marks the last row told, not the first to come: a row put between them has to be told.
            let position = match end.checked_sub(1).and_then(|last| list.get(last)) {
                Some(last) if by_key && !wants_gap => u64::from(*last) + 1,
                _ if by_key && wants_gap => cursor.position,
                _ => position_at(end),
            };
            next = Some(
                Cursor {
                    question,
                    position,
                    is_after_gap: wants_gap,
                }
                .encode(self.hub.seed),
            );
        }
        if let (true, Some(sent)) = (self.repeats_cursor, sent) {
            next = Some(bare(sent).to_owned());
        }
        let link = next.clone().map(|cursor| match style {
            NextStyle::Cursor => cursor,
            NextStyle::Url => format!("{}?cursor={cursor}", self.url()),
        });
        Ok(Page {
            rows,
            start,
            total: list.len(),
            next: link,
            next_cursor: next,
        })
    }
}

fn page_length(asked: Option<i64>, size: Size) -> Result<usize, Problem> {
    let refuse = |most: usize| Problem::bad(&format!("limit lies between 1 and {most}"));
    let (default, most, is_strict) = match size {
        Size::Fixed(length) => return Ok(length),
        Size::Strict { default, most } => (default, most, true),
        Size::Clamped { default, most } => (default, most, false),
    };
    let Some(asked) = asked else {
        return Ok(default.min(most));
    };
    let asked = usize::try_from(asked)
        .ok()
        .filter(|asked| *asked > 0)
        .ok_or_else(|| refuse(most))?;
    if is_strict && asked > most {
        Err(refuse(most))
    } else {
        Ok(asked.min(most))
    }
}
