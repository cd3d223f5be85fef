//! Changes: facts that began or ended in a published run.
//!
//! There is no table of changes: a row that begins or ends *is* the change. What the first reading showed began
//! at some time before it, so rows with no `unseen_at` are no change. A changed attribute is a row that ended
//! and one that began in the same run with the same key.

use super::{Seen, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};
use model::Attributes;
use std::collections::{HashMap, HashSet};

/// A fact's row, as far as changes need it.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    /// The row's number.
    pub id: i64,
    /// The number of the kind of fact.
    pub kind: i64,
    /// The parts of its key.
    pub key: [i64; 3],
    /// What was told.
    pub attributes: Attributes,
    /// From when.
    pub seen: Seen,
    /// The run in which it began.
    pub begun_run: i64,
    /// The run in which it ended, if it did.
    pub ended_run: Option<i64>,
    /// When the look was that confirmed its absence.
    pub ended_at: Option<i64>,
    /// When it was last seen before it ended.
    pub last_seen_at: Option<i64>,
}

macro_rules! columns {
    () => {
        "f.id, f.kind, f.a, f.b, f.c, f.attributes, f.unseen_at, f.seen_at, f.begun_run, f.ended_run, f.ended_at, f.last_seen_at"
    };
}

/// Rows by the run in which they began or ended. What the first reading showed began before it: that is no change.
macro_rules! turned_in {
    ($run:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "
FROM fact f
WHERE f.organization_id = $1 AND ",
            $run,
            " = $2 AND f.kind <> 13 AND ($3 = 0 OR f.kind = $3)
ORDER BY f.id
LIMIT $4"
        )
    };
}

const BEGUN_IN: &str = turned_in!("f.unseen_at IS NOT NULL AND f.begun_run");
const ENDED_IN: &str = turned_in!("f.ended_run");

/// What is so at $2 and was not so at $3, and what was so at $3 and is not at $2: rows that began or ended between.
/// What ended and began again alike stands in both.
const BEGUN_BETWEEN: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM fact f
WHERE f.organization_id = $1 AND f.begun_run > $3 AND f.begun_run <= $2
  AND (f.ended_run IS NULL OR +f.ended_run > $2) AND f.kind <> 13 AND ($4 = 0 OR f.kind = $4)
ORDER BY f.id
LIMIT $5"
);
const ENDED_BETWEEN: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM fact f
WHERE f.organization_id = $1 AND f.ended_run > $3 AND f.ended_run <= $2
  AND +f.begun_run <= $3 AND f.kind <> 13 AND ($4 = 0 OR f.kind = $4)
ORDER BY f.id
LIMIT $5"
);

const OF_ACCOUNT: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM fact f
WHERE f.organization_id = $1 AND f.kind IN (1, 7, 9) AND f.a = $3 AND +f.begun_run <= $2
UNION ALL
SELECT ",
    columns!(),
    "
FROM fact f
WHERE f.organization_id = $1 AND f.kind IN (3, 5) AND f.b = $3 AND +f.begun_run <= $2"
);

/// The latest changes of what is named by one part of the key. What began with the first reading ($5) and goes on, most
/// by far, is passed over in the index.
macro_rules! latest_of {
    ($of:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "
FROM fact f
WHERE f.organization_id = $1 AND ",
            $of,
            " = $3 AND +f.begun_run <= $2
  AND (+f.begun_run > $5 OR f.ended_run IS NOT NULL)
  AND (f.unseen_at IS NOT NULL OR +f.ended_run <= $2)
ORDER BY CASE WHEN f.ended_run <= $2 THEN f.ended_run ELSE f.begun_run END DESC, f.id DESC
LIMIT $4"
        )
    };
}

const OF_GROUP: &str = latest_of!("f.kind IN (4, 5, 8) AND f.a");
const OF_RESOURCE: &str = latest_of!("f.kind IN (7, 8) AND f.b");

macro_rules! counts_by_run {
    ($run:literal, $condition:literal) => {
        concat!(
            "SELECT ",
            $run,
            ", f.kind, COUNT(*)
FROM fact f
WHERE f.organization_id = $1 AND ",
            $run,
            " >= $2 AND ",
            $run,
            " <= $3 AND f.kind <> 13",
            $condition,
            "
GROUP BY ",
            $run,
            ", f.kind"
        )
    };
}

const COUNT_BEGUN: &str = counts_by_run!("f.begun_run", " AND f.unseen_at IS NOT NULL");
const COUNT_ENDED: &str = counts_by_run!("f.ended_run", "");

// A column that is in no index, as in summary.rs: the facts of the run are looked at, not all of the kind.
const RUN_COUNTS: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.changes_begun, r.changes_ended
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.id > $3 AND r.state = 'published'
  AND r.changes_begun + r.changes_ended > 0
  AND ($5 = 0
    OR EXISTS (SELECT 1 FROM fact f WHERE f.organization_id = $1 AND f.begun_run = r.id AND f.seen_at > 0 AND +f.kind = $5)
    OR EXISTS (SELECT 1 FROM fact f WHERE f.organization_id = $1 AND f.ended_run = r.id AND f.seen_at > 0 AND +f.kind = $5))
ORDER BY r.id DESC
LIMIT $4";

/// How many facts of a kind began or ended in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeCount {
    /// The run.
    pub run: i64,
    /// The number of the kind.
    pub kind: i64,
    /// How many.
    pub facts: i64,
}

/// A published run that changed something.
#[derive(Debug, Clone, Copy)]
pub struct ChangedRun {
    /// The run.
    pub run: i64,
    /// When it was begun.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// How many facts began in it.
    pub begun: i64,
    /// How many facts ended in it.
    pub ended: i64,
}

impl ChangeRow {
    fn of(row: &Row) -> Result<ChangeRow, StoreError> {
        Ok(ChangeRow {
            id: row.int(0)?,
            kind: row.int(1)?,
            key: [row.int(2)?, row.int(3)?, row.int(4)?],
            attributes: row.json(5)?,
            seen: Seen::of(row, 6)?,
            begun_run: row.int(8)?,
            ended_run: row.int_or_null(9)?,
            ended_at: row.int_or_null(10)?,
            last_seen_at: row.int_or_null(11)?,
        })
    }
}

impl Tx {
    /// The facts of one kind or all (`None`) that began in `at.run`, at most `limit`.
    pub async fn change_begun(
        &mut self,
        at: Snapshot,
        kind: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let values = at.values([Value::from(kind.unwrap_or(0)), Value::from(limit)]);
        self.rows(BEGUN_IN, &values)
            .await?
            .iter()
            .map(ChangeRow::of)
            .collect()
    }

    /// The facts of one kind or all (`None`) that ended in `at.run`, at most `limit`.
    pub async fn change_ended(
        &mut self,
        at: Snapshot,
        kind: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let values = at.values([Value::from(kind.unwrap_or(0)), Value::from(limit)]);
        self.rows(ENDED_IN, &values)
            .await?
            .iter()
            .map(ChangeRow::of)
            .collect()
    }

    /// The facts of one kind or all (`None`) that are so at `at` and were not so in the run `before`, and those the
    /// other way around; at most `limit` of each. A fact that is told otherwise stands in both.
    pub async fn change_between(
        &mut self,
        at: Snapshot,
        before: i64,
        kind: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<ChangeRow>, Vec<ChangeRow>), StoreError> {
        let values = at.values([before.into(), kind.unwrap_or(0).into(), limit.into()]);
        let begun = self.rows(BEGUN_BETWEEN, &values).await?;
        let ended = self.rows(ENDED_BETWEEN, &values).await?;
        let read = |rows: Vec<Row>| {
            rows.iter()
                .map(ChangeRow::of)
                .collect::<Result<Vec<_>, StoreError>>()
        };
        let (mut begun, mut ended) = (read(begun)?, read(ended)?);
        let key = |row: &ChangeRow| (row.kind, row.key);
        let gone: HashMap<_, Attributes> = ended
            .iter()
            .map(|row| (key(row), row.attributes.clone()))
            .collect();
        let alike: HashSet<_> = begun
            .iter()
            .filter(|row| gone.get(&key(row)) == Some(&row.attributes))
            .map(key)
            .collect();
        begun.retain(|row| !alike.contains(&key(row)));
        ended.retain(|row| !alike.contains(&key(row)));
        Ok((begun, ended))
    }

    /// Every fact about an account that began by `at`, whether it ended or not.
    pub async fn change_account(&mut self, at: Snapshot, account: i64) -> Result<Vec<ChangeRow>, StoreError> {
        let values = at.values([Value::from(account)]);
        self.rows(OF_ACCOUNT, &values)
            .await?
            .iter()
            .map(ChangeRow::of)
            .collect()
    }

    /// The latest changes of a group, its members and what it gives, after the reading `first`.
    pub async fn change_group(
        &mut self,
        at: Snapshot,
        group: i64,
        first: i64,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let values = at.values([Value::from(group), Value::from(limit), Value::from(first)]);
        self.rows(OF_GROUP, &values)
            .await?
            .iter()
            .map(ChangeRow::of)
            .collect()
    }

    /// The latest changes of the roles on a resource, after the reading `first`.
    pub async fn change_resource(
        &mut self,
        at: Snapshot,
        resource: i64,
        first: i64,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let values = at.values([Value::from(resource), Value::from(limit), Value::from(first)]);
        self.rows(OF_RESOURCE, &values)
            .await?
            .iter()
            .map(ChangeRow::of)
            .collect()
    }

    /// By run from `first` to `last` and by kind: how many facts began, and how many ended.
    pub async fn change_counts(
        &mut self,
        organization: i64,
        first: i64,
        last: i64,
    ) -> Result<(Vec<ChangeCount>, Vec<ChangeCount>), StoreError> {
        let values = [Value::from(organization), Value::from(first), Value::from(last)];
        let read = |row: &Row| {
            Ok(ChangeCount {
                run: row.int(0)?,
                kind: row.int(1)?,
                facts: row.int(2)?,
            })
        };
        let begun = self.rows(COUNT_BEGUN, &values).await?;
        let begun = begun.iter().map(read).collect::<Result<_, StoreError>>()?;
        let ended = self.rows(COUNT_ENDED, &values).await?;
        let ended = ended.iter().map(read).collect::<Result<_, StoreError>>()?;
        Ok((begun, ended))
    }

    /// The published runs that changed something, of this kind or any (`None`), after `first` up to `at.run`, the
    /// latest first.
    pub async fn change_runs(
        &mut self,
        at: Snapshot,
        first: i64,
        kind: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChangedRun>, StoreError> {
        let rows = self
            .rows(
                RUN_COUNTS,
                &at.values([first.into(), limit.into(), kind.unwrap_or(0).into()]),
            )
            .await?;
        let read = |row: &Row| {
            Ok(ChangedRun {
                run: row.int(0)?,
                started_at: row.int(1)?,
                ended_at: row.int(2)?,
                begun: row.int(3)?,
                ended: row.int(4)?,
            })
        };
        rows.iter().map(read).collect()
    }
}
