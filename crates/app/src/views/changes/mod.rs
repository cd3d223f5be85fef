//! Changes as sentences: what began and what ended in published readings.
//!
//! A joined group and the roles it brought are one change; the same thing happening to many accounts in one
//! reading is one change that counts them. A sentence is a list of [`Piece`]s, so that pages can link what the
//! terminal prints.
//!
//! - `compose`: rows of one reading become drafts; roles go with the membership or grant that brought them.
//! - `words`: what a row says in words. `fold`: what is told once. `sentence`: words that know what they name.
//! - `difference`: what is different between two days, whatever happened between.
//! - `calendar`: how much changed on which day.

pub mod calendar;
mod compose;
pub mod difference;
mod fold;
mod sentence;
mod words;

pub use sentence::{Piece, Sentence};

use super::error::ViewError;
use super::names::{AccountRef, GroupRef, RoleRef, WorkspaceRef};
use super::scope::Scope;
use super::time::At;
use crate::App;
use compose::{Telling, compose};
use model::{FactKind, RunId};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::Tx;
use store::views::Snapshot;
use store::views::changes::ChangeRow;

/// What happened to a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It became so.
    Began,
    /// It is no longer so.
    Ended,
    /// Something told of it is different.
    Changed,
}

/// An attribute before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The attribute's name.
    pub field: String,
    /// Before; null when it was empty or not told.
    pub before: Value,
    /// After; null when it is empty or not told.
    pub after: Value,
}

/// One change.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The kind of fact that changed.
    pub kind: &'static str,
    /// What happened to it.
    pub turn: Turn,
    /// It happened after this time, …
    pub after: Option<At>,
    /// … and by this time.
    pub by: At,
    /// The reading that showed it.
    pub run: RunId,
    /// What happened, in words.
    pub sentence: Sentence,
    /// The accounts it is about; the first few when there are many.
    pub accounts: Vec<AccountRef>,
    /// How many accounts it is about.
    pub account_count: i64,
    /// The group it is about.
    pub group: Option<GroupRef>,
    /// The workspaces and roles that were gained or lost with it.
    pub roles: Vec<RoleOn>,
    /// What is different, when something told changed.
    pub fields: Vec<FieldChange>,
    /// Who did it and when, as an event of the audit log tells; none where none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseView>,
}

/// Who did what made something change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseView {
    /// When, exactly.
    pub at: At,
    /// The audit log's word for it, such as `user_added_to_group`.
    pub action: String,
    /// Who; a system has its own word for an id and no name.
    pub actor: AccountRef,
    /// The event.
    pub event_id: String,
}

/// A role on something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RoleOn {
    /// The role.
    pub role: RoleRef,
    /// What it is on.
    pub workspace: WorkspaceRef,
}

impl std::hash::Hash for WorkspaceRef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.workspace_id.hash(state);
    }
}

impl std::hash::Hash for RoleRef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.role_id.hash(state);
    }
}

/// The changes that one reading showed.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedReading {
    /// The reading.
    pub run: RunId,
    /// When it ended.
    pub read_at: At,
    /// Its changes.
    pub changes: Vec<Change>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

/// Which changes to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangesAsk {
    /// Shown by readings that ended then or later.
    pub since: Option<At>,
    /// Shown by readings that ended then or earlier.
    pub until: Option<At>,
    /// Of this kind of fact: `membership`, `role_holding` …
    pub kind: Option<FactKind>,
    /// Shown by readings before this one: for the next page.
    pub before: Option<RunId>,
    /// How many changes to list, about; readings are not divided.
    pub about: usize,
    /// Whether each account has its own change, for files.
    pub each: bool,
}

/// The changes that were asked for, the latest reading first.
#[derive(Debug, Clone, Serialize)]
pub struct ChangesView {
    /// By reading.
    pub readings: Vec<ChangedReading>,
    /// The readings before this one have more.
    pub next_before: Option<RunId>,
    /// When history begins.
    pub first_read_at: Option<At>,
}

/// Rows of one reading and one side that are looked at, at most.
const ROWS_A_READING: i64 = 1_500;

/// The same for files, where each account has its own row.
const ROWS_A_FILE: i64 = 200_000;

impl App {
    /// The changes that were asked for.
    pub async fn changes(&self, scope: &Scope, ask: &ChangesAsk) -> Result<ChangesView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let first = scope.first_run.map_or(0, |run| run.0);
        let (most, telling) = if ask.each {
            (ROWS_A_FILE, Telling::Each)
        } else {
            (ROWS_A_READING, Telling::Crowds)
        };
        let about = if ask.about == 0 { 100 } else { ask.about };
        let newest = ask
            .before
            .map_or(at.run, |before| before.0.saturating_sub(1).min(at.run));
        let kind = ask.kind.map(FactKind::number);
        let mut upto = Snapshot {
            organization: at.organization,
            run: newest,
        };
        let mut readings = Vec::new();
        let mut listed = 0;
        let mut next_before = None;
        'pages: loop {
            let runs = tx.change_runs(upto, first, kind, 20).await?;
            let Some(last) = runs.last().map(|run| run.run) else {
                break;
            };
            for run in runs {
                if ask.since.is_some_and(|since| run.ended_at < since.0) {
                    break 'pages;
                }
                if ask.until.is_some_and(|until| run.ended_at > until.0) {
                    continue;
                }
                if listed >= about {
                    next_before = readings.last().map(|reading: &ChangedReading| reading.run);
                    break 'pages;
                }
                let here = Snapshot {
                    organization: at.organization,
                    run: run.run,
                };
                let begun = tx.change_begun(here, kind, most).await?;
                let ended = tx.change_ended(here, kind, most).await?;
                let full = usize::try_from(most).unwrap_or(usize::MAX);
                let is_cut = begun.len() == full || ended.len() == full;
                let changes = compose(&mut tx, here, begun, ended, telling).await?;
                if changes.is_empty() {
                    continue;
                }
                listed += changes.len();
                readings.push(ChangedReading {
                    run: RunId(run.run),
                    read_at: At(run.ended_at),
                    changes,
                    is_cut,
                });
            }
            upto.run = last - 1;
        }
        Ok(ChangesView {
            readings,
            next_before,
            first_read_at: scope.first_read_at,
        })
    }

    /// The changes that one run showed, each account's for itself; none of the first run, which only begins history.
    pub(crate) async fn changes_of(&self, organization: i64, run: RunId) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let here = Snapshot {
            organization,
            run: run.0,
        };
        let begun = tx.change_begun(here, None, ROWS_A_FILE).await?;
        let ended = tx.change_ended(here, None, ROWS_A_FILE).await?;
        compose(&mut tx, here, begun, ended, Telling::Each).await
    }

    /// The history of an account, the latest first.
    pub async fn account_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let row = self.find_account(&mut tx, scope.at, asked).await?;
        let rows = tx.change_account(scope.at, row.account.term).await?;
        history(&mut tx, scope.at, rows).await
    }

    /// The latest history of a group, the latest first.
    pub async fn group_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let group = self.find_group(&mut tx, scope.at, asked).await?;
        let rows = tx
            .change_group(scope.at, group.term, first_run(scope), 300)
            .await?;
        history(&mut tx, scope.at, rows).await
    }

    /// The latest history of the roles on a workspace, the latest first.
    pub async fn workspace_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let (resource, _) = self.find_resource(&mut tx, scope.at, asked).await?;
        let rows = tx
            .change_resource(scope.at, resource, first_run(scope), 300)
            .await?;
        history(&mut tx, scope.at, rows).await
    }
}

fn first_run(scope: &Scope) -> i64 {
    scope.first_run.map_or(0, |run| run.0)
}

/// Rows of many readings as changes, the latest first.
async fn history(tx: &mut Tx, at: Snapshot, rows: Vec<ChangeRow>) -> Result<Vec<Change>, ViewError> {
    let mut by_run: BTreeMap<i64, (Vec<ChangeRow>, Vec<ChangeRow>)> = BTreeMap::new();
    for row in rows {
        if let Some(run) = row.ended_run.filter(|run| *run <= at.run) {
            by_run.entry(run).or_default().1.push(row.clone());
        }
        if row.seen.unseen_at.is_some() {
            by_run.entry(row.begun_run).or_default().0.push(row);
        }
    }
    let mut changes = Vec::new();
    for (run, (begun, ended)) in by_run.into_iter().rev() {
        let here = Snapshot {
            organization: at.organization,
            run,
        };
        changes.extend(compose(tx, here, begun, ended, Telling::Crowds).await?);
        if changes.len() > 200 {
            break;
        }
    }
    Ok(changes)
}
