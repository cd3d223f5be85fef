//! One place to ask questions, on either database.

use super::postgres::PostgresCage;
use super::sqlite::SqliteCage;
use super::text::{Moment, Question, Variables};
use super::{Answer, Cell, Refusal};
use crate::database::{OwnConnection, Store};
use crate::dialect::ForBoth;
use crate::views::Snapshot;
use std::collections::BTreeSet;
use std::time::Duration;

/// Which database a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl<T: Copy> ForBoth<T> {
    pub(crate) fn choose(&self, dialect: Dialect) -> T {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// How much one question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For how long it is let run.
    pub time: Duration,
    /// How many rows are answered at most.
    pub rows: usize,
    /// How many bytes an answer may have.
    pub bytes: usize,
}

impl Default for Limits {
    /// Ten seconds, 10,000 rows, 16 MiB.
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(10),
            rows: 10_000,
            bytes: 16 * 1024 * 1024,
        }
    }
}

/// A connection on which questions are asked, all of one snapshot.
pub struct Cage {
    at: Caged,
    now: i64,
}

enum Caged {
    Sqlite(SqliteCage),
    Postgres(Box<PostgresCage>),
}

impl Store {
    /// Makes a cage over the views of one organization as of one run. `now` is what `:now` and its relatives count
    /// from, in milliseconds since the epoch.
    pub async fn cage(&self, at: Snapshot, now: i64) -> Result<Cage, Refusal> {
        let caged = match self.own_connection() {
            OwnConnection::Sqlite(file) => {
                let archive = self.archive_file().filter(|file| file.exists());
                Caged::Sqlite(SqliteCage::open(file, archive, at).await?)
            }
            OwnConnection::Postgres(options) => {
                Caged::Postgres(Box::new(PostgresCage::open(&options, at).await?))
            }
        };
        Ok(Cage { at: caged, now })
    }
}

impl Cage {
    /// Asks a question. After a refusal other questions can still be asked.
    pub async fn ask(
        &mut self,
        question: &Question,
        variables: &Variables,
        limits: Limits,
    ) -> Result<Answer, Refusal> {
        let values = bound(question, variables, self.now)?;
        match &mut self.at {
            Caged::Sqlite(cage) => cage.ask(question, values, limits).await,
            Caged::Postgres(cage) => cage.ask(question, values, limits).await,
        }
    }
}

/// The values in the order of the variables' numbers.
fn bound(question: &Question, variables: &Variables, now: i64) -> Result<Vec<Cell>, Refusal> {
    let known: BTreeSet<&str> = question.variables().collect();
    if let Some(name) = variables.keys().find(|name| !known.contains(name.as_str())) {
        return Err(Refusal::NoVariable { name: name.clone() });
    }
    let value = |name: &String| match Moment::named(name) {
        Some(moment) => Ok(Cell::Text(instant(now.saturating_add(moment.offset_ms)))),
        None => variables
            .get(name)
            .cloned()
            .ok_or_else(|| Refusal::NoValue { name: name.clone() }),
    };
    question.variables.iter().map(value).collect()
}

/// Milliseconds as the views write times, such as `2026-11-22T04:22:46.000Z`.
fn instant(at: i64) -> String {
    let latest = jiff::Timestamp::MAX;
    let timestamp = jiff::Timestamp::from_millisecond(at).unwrap_or(latest);
    timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
