//! Connections, their runs, and how far each listing of a run is.

use crate::database::Tx;
use crate::error::StoreError;
use crate::run::RunProgress;
use crate::value::{Row, Value};

/// A connection without its secret.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// Our number for it.
    pub connection: i64,
    /// The organization it reads.
    pub organization: i64,
    /// The organization's id as Atlassian spells it.
    pub organization_id: String,
    /// The organization's name, if it was told.
    pub organization_name: Option<String>,
    /// The run of the organization that people see.
    pub published_run: i64,
    /// What people call the connection.
    pub name: String,
    /// Where it reads.
    pub base_url: String,
    /// When it was added.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// How often it is read.
    pub sync_interval_ms: i64,
    /// Whether a person confirmed the drop of a held run.
    pub drop_confirmed: bool,
    /// What was learned of the tenant: JSON with a version.
    pub semantics: serde_json::Value,
}

/// A run of any state.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run.
    pub run: i64,
    /// The organization it reads.
    pub organization: i64,
    /// Through which connection.
    pub connection: i64,
    /// Whether it also reads methods.
    pub with_methods: bool,
    /// `reading`, `merging`, `held`, `published`, `discarded` or `incomplete`.
    pub state: String,
    /// When it was begun.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How many requests it made.
    pub requests: i64,
    /// How many facts began.
    pub changes_begun: i64,
    /// How many facts ended.
    pub changes_ended: i64,
    /// Why it is held or incomplete, what drifted: JSON with a version.
    pub report: serde_json::Value,
}

/// How far one listing of a run is.
#[derive(Debug, Clone)]
pub struct ListingView {
    /// Its family's name.
    pub family: String,
    /// Which of the family; empty for the family as a whole.
    pub name: String,
    /// Its state.
    pub state: String,
    /// How many pages were read.
    pub pages: i64,
    /// How many rows they showed.
    pub rows: i64,
    /// How many rows are expected, if that is known.
    pub expected: Option<i64>,
    /// What is to be said about it.
    pub note: Option<String>,
}

const CONNECTIONS: &str = "\
SELECT c.id, c.organization_id, o.atlassian_id, o.name, o.published_run, c.name, c.base_url, c.created_at,
       c.created_by, c.sync_interval_ms, c.drop_confirmed, c.semantics
FROM connection c
JOIN organization o ON o.id = c.organization_id
ORDER BY c.name";

macro_rules! runs {
    ($condition:literal) => {
        concat!(
            "\
SELECT r.id, r.organization_id, r.connection_id, r.with_methods, r.state, r.started_at, r.ended_at, r.requests,
       r.changes_begun, r.changes_ended, r.report
FROM run r
WHERE ",
            $condition
        )
    };
}

const RUNS: &str = runs!("($1 = 0 OR r.connection_id = $1) ORDER BY r.id DESC LIMIT $2");
const RUN: &str = runs!("r.id = $1");

const LISTINGS: &str = "\
SELECT l.family, l.name, l.state, l.pages, l.rows_seen, l.expected, l.note
FROM listing l
WHERE l.run_id = $1 AND (l.note IS NOT NULL OR l.state IN ('refused', 'unsure'))
ORDER BY l.family, l.name
LIMIT 200";

const FAMILIES: &str = "\
SELECT l.family,
       CAST(SUM(l.folded + CASE WHEN l.name <> '' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(l.folded + CASE WHEN l.name <> '' AND l.state IN ('ended', 'refused', 'unsure') THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(l.pages) AS BIGINT), CAST(SUM(l.rows_seen) AS BIGINT), CAST(SUM(l.expected) AS BIGINT),
       MAX(CASE WHEN l.name = '' THEN l.state END),
       CAST(SUM(CASE WHEN l.state = 'refused' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN l.state = 'unsure' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN l.state = 'reading' THEN 1 ELSE 0 END) AS BIGINT)
FROM listing l
WHERE l.run_id = $1
GROUP BY l.family
ORDER BY l.family";

/// How far the listings of one family are.
#[derive(Debug, Clone)]
pub struct FamilyTally {
    /// The family's name.
    pub family: String,
    /// How many listings it has so far.
    pub listings: i64,
    /// How many of them were read to an end, good or bad.
    pub done: i64,
    /// How many pages were read.
    pub pages: i64,
    /// How many rows they showed.
    pub rows: i64,
    /// How many rows are expected of those whose count is known.
    pub expected: Option<i64>,
    /// The state of the family as a whole, if it has one.
    pub state: Option<String>,
    /// How many listings this key may not read.
    pub refused: i64,
    /// How many did not agree with the counts.
    pub unsure: i64,
    /// How many are being read.
    pub reading: i64,
}

/// A report that does not parse is shown as the text it is: a page about trouble must not fail for it.
fn lenient(text: String) -> serde_json::Value {
    serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))
}

const PROGRESS: &str = "\
SELECT p.at, p.requests, p.retries, p.rate_limited, p.waiting, p.waiting_until
FROM run_progress p
WHERE p.run_id = $1";

impl RunView {
    fn of(row: &Row) -> Result<RunView, StoreError> {
        Ok(RunView {
            run: row.int(0)?,
            organization: row.int(1)?,
            connection: row.int(2)?,
            with_methods: row.flag(3)?,
            state: row.text(4)?,
            started_at: row.int(5)?,
            ended_at: row.int_or_null(6)?,
            requests: row.int(7)?,
            changes_begun: row.int(8)?,
            changes_ended: row.int(9)?,
            report: lenient(row.text(10)?),
        })
    }
}

impl Tx {
    /// Every connection, by name.
    pub async fn connection_views(&mut self) -> Result<Vec<ConnectionView>, StoreError> {
        let read = |row: &Row| {
            Ok(ConnectionView {
                connection: row.int(0)?,
                organization: row.int(1)?,
                organization_id: row.text(2)?,
                organization_name: row.text_or_null(3)?,
                published_run: row.int(4)?,
                name: row.text(5)?,
                base_url: row.text(6)?,
                created_at: row.int(7)?,
                created_by: row.text(8)?,
                sync_interval_ms: row.int(9)?,
                drop_confirmed: row.flag(10)?,
                semantics: lenient(row.text(11)?),
            })
        };
        self.rows(CONNECTIONS, &[]).await?.iter().map(read).collect()
    }

    /// The latest runs of one connection or of all (`None`).
    pub async fn run_views(
        &mut self,
        connection: Option<i64>,
        limit: i64,
    ) -> Result<Vec<RunView>, StoreError> {
        let values = [Value::from(connection.unwrap_or(0)), Value::from(limit)];
        self.rows(RUNS, &values).await?.iter().map(RunView::of).collect()
    }

    /// One run.
    pub async fn run_view(&mut self, run: i64) -> Result<Option<RunView>, StoreError> {
        let row = self.row(RUN, &[Value::from(run)]).await?;
        row.as_ref().map(RunView::of).transpose()
    }

    /// The listings of a run about which something is to be said, by name; at most 200.
    pub async fn listing_views(&mut self, run: i64) -> Result<Vec<ListingView>, StoreError> {
        let read = |row: &Row| {
            Ok(ListingView {
                family: row.text(0)?,
                name: row.text(1)?,
                state: row.text(2)?,
                pages: row.int(3)?,
                rows: row.int(4)?,
                expected: row.int_or_null(5)?,
                note: row.text_or_null(6)?,
            })
        };
        self.rows(LISTINGS, &[Value::from(run)])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// What the process that reads the run said last.
    pub async fn run_progress_view(&mut self, run: i64) -> Result<Option<RunProgress>, StoreError> {
        let read = |row: Row| {
            Ok(RunProgress {
                at: row.int(0)?,
                requests: row.int(1)?,
                retries: row.int(2)?,
                rate_limited: row.int(3)?,
                waiting: row.text(4)?,
                waiting_until: row.int(5)?,
            })
        };
        self.row(PROGRESS, &[Value::from(run)])
            .await?
            .map(read)
            .transpose()
    }

    /// How far the listings of a run are, by family.
    pub async fn family_tally(&mut self, run: i64) -> Result<Vec<FamilyTally>, StoreError> {
        let read = |row: &Row| {
            Ok(FamilyTally {
                family: row.text(0)?,
                listings: row.int(1)?,
                done: row.int(2)?,
                pages: row.int(3)?,
                rows: row.int(4)?,
                expected: row.int_or_null(5)?,
                state: row.text_or_null(6)?,
                refused: row.int(7)?,
                unsure: row.int(8)?,
                reading: row.int(9)?,
            })
        };
        self.rows(FAMILIES, &[Value::from(run)])
            .await?
            .iter()
            .map(read)
            .collect()
    }
}
