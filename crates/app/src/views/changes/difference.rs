//! What is different between two days: what began and ended again between them is not told.

use super::compose::{Telling, compose};
use super::{Change, Turn};
use crate::App;
use crate::views::error::ViewError;
use crate::views::scope::Scope;
use crate::views::time::At;
use model::FactKind;
use serde::Serialize;

/// Which differences to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DifferenceAsk {
    /// Of this kind of fact.
    pub kind: Option<FactKind>,
    /// How many facts of each side are looked at, at most.
    pub limit: i64,
    /// Whether each account has its own line, for scripts and files.
    pub each: bool,
}

/// What is different between two readings.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// When the earlier one ended.
    pub from: Option<At>,
    /// When the later one ended.
    pub to: Option<At>,
    /// Changes by which something is so now that was not.
    pub began: usize,
    /// Changes by which something is no longer so.
    pub ended: usize,
    /// Changes of what is told.
    pub changed: usize,
    /// All of them.
    pub changes: Vec<Change>,
    /// Whether there are more facts than were looked at.
    pub is_cut: bool,
}

impl App {
    /// What is different at one scope from another, earlier one of the same organization. Scopes in the other order are
    /// taken in theirs.
    pub async fn difference(
        &self,
        from: &Scope,
        to: &Scope,
        ask: DifferenceAsk,
    ) -> Result<Difference, ViewError> {
        let (from, to) = if from.at.run > to.at.run {
            (to, from)
        } else {
            (from, to)
        };
        let limit = ask.limit.max(1);
        let mut tx = self.store.read().await?;
        let (begun, ended) = tx
            .change_between(to.at, from.at.run, ask.kind.map(FactKind::number), limit)
            .await?;
        let is_full = |rows: usize| i64::try_from(rows) == Ok(limit);
        let is_cut = is_full(begun.len()) || is_full(ended.len());
        let telling = if ask.each { Telling::Each } else { Telling::Crowds };
        let changes = compose(&mut tx, to.at, begun, ended, telling).await?;
        let count = |turn: Turn| changes.iter().filter(|change| change.turn == turn).count();
        Ok(Difference {
            from: from.read_at,
            to: to.read_at,
            began: count(Turn::Began),
            ended: count(Turn::Ended),
            changed: count(Turn::Changed),
            changes,
            is_cut,
        })
    }
}
