//! Runs: readings of an organization, from the first page to publication.
//!
//! ```text
//! reading ──> merging ──> published        what people see
//!    │           │
//!    │           └──────> held ──> discarded   a drop out of proportion; a person decides
//!    └──────────────────────────> discarded    given up: nothing of it is kept
//! ```
//! A run that was interrupted stays `reading` and is taken up again at the page where it stopped. Until
//! publication its facts are hidden: readers go by `organization.published_run`.

use crate::connection::to_json;
use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::finding::{RULES_JOB, RULES_WITHIN_MS, rules_key};
use crate::lease::Lease;
use crate::value::Row;
use crate::views::Snapshot;
use model::RunId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const OPEN: &str =
    "INSERT INTO run (organization_id, connection_id, with_methods, incremental, state, started_at, report)
    VALUES ($1, $2, $3, $4, 'reading', $5, $6) RETURNING id";
const COLUMNS: &str = "SELECT id, organization_id, connection_id, with_methods, state, started_at, ended_at, requests, changes_begun, changes_ended, report, incremental
    FROM run WHERE id = $1";
const LATEST: &str = "SELECT id, organization_id, connection_id, with_methods, state, started_at, ended_at, requests, changes_begun, changes_ended, report, incremental
    FROM run WHERE organization_id = $1 ORDER BY id DESC LIMIT $2";
const LAST_WHOLE: &str = "SELECT id, organization_id, connection_id, with_methods, state, started_at, ended_at, requests, changes_begun, changes_ended, report, incremental
    FROM run WHERE organization_id = $1 AND state = 'published' AND incremental = 0 ORDER BY id DESC LIMIT 1";
const WHOLE_BEGUN: &str = "SELECT MAX(started_at) FROM run WHERE organization_id = $1 AND incremental = 0";
const SET_STATE: &str = "UPDATE run SET state = $2, ended_at = $3, report = $4 WHERE id = $1";
const ADD_REQUESTS: &str = "UPDATE run SET requests = requests + $2 WHERE id = $1";
const COUNT_BEGUN: &str = "SELECT COUNT(*) FROM fact WHERE organization_id = $1 AND begun_run = $2";
const COUNT_ENDED: &str = "SELECT COUNT(*) FROM fact WHERE organization_id = $1 AND ended_run = $2";
const SET_CHANGES: &str = "UPDATE run SET changes_begun = $2, changes_ended = $3 WHERE id = $1";
const UNBEGIN: &str = "DELETE FROM fact WHERE organization_id = $1 AND begun_run = $2";
const UNEND: &str = "UPDATE fact SET ended_run = NULL, ended_at = NULL, last_seen_at = NULL WHERE organization_id = $1 AND ended_run = $2";
const PROGRESS: &str =
    "INSERT INTO run_progress (run_id, at, requests, retries, rate_limited, waiting, waiting_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (run_id) DO UPDATE
    SET at = excluded.at, requests = excluded.requests, retries = excluded.retries,
        rate_limited = excluded.rate_limited, waiting = excluded.waiting, waiting_until = excluded.waiting_until";
const CLEAR_STAGED: &str = "DELETE FROM staged WHERE run_id = $1";
/// What is asked one by one only while a run is read becomes part of its family's row.
const FOLD_LISTINGS: &str = "UPDATE listing
    SET folded = folded + (
            SELECT COUNT(*) FROM listing l
            WHERE l.run_id = $1 AND l.family = listing.family AND l.name <> '' AND l.state = 'ended' AND l.note IS NULL),
        pages = pages + (
            SELECT CAST(COALESCE(SUM(l.pages), 0) AS BIGINT) FROM listing l
            WHERE l.run_id = $1 AND l.family = listing.family AND l.name <> '' AND l.state = 'ended' AND l.note IS NULL),
        rows_seen = rows_seen + (
            SELECT CAST(COALESCE(SUM(l.rows_seen), 0) AS BIGINT) FROM listing l
            WHERE l.run_id = $1 AND l.family = listing.family AND l.name <> '' AND l.state = 'ended' AND l.note IS NULL)
    WHERE run_id = $1 AND name = ''";
const CLEAR_FOLDED: &str = "DELETE FROM listing
    WHERE run_id = $1 AND name <> '' AND state = 'ended' AND note IS NULL
    AND EXISTS (SELECT 1 FROM listing l WHERE l.run_id = $1 AND l.family = listing.family AND l.name = '')";
const CLEAR_KINDS: &str = "DELETE FROM listing_kind WHERE run_id = $1";
const CLEAR_LOOKED: &str = "DELETE FROM looked WHERE run_id = $1";

/// Where a run is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its pages are being read, or it was interrupted and waits to be taken up again.
    Reading,
    /// Its pages are complete and being merged.
    Merging,
    /// It shows a drop out of proportion; a person decides. Nothing of it is seen.
    Held,
    /// Its facts are what people see.
    Published,
    /// Given up; nothing of it was kept.
    Discarded,
}

impl RunState {
    fn name(self) -> &'static str {
        match self {
            RunState::Reading => "reading",
            RunState::Merging => "merging",
            RunState::Held => "held",
            RunState::Published => "published",
            RunState::Discarded => "discarded",
        }
    }

    fn from_name(name: &str) -> Option<RunState> {
        [
            RunState::Reading,
            RunState::Merging,
            RunState::Held,
            RunState::Published,
            RunState::Discarded,
        ]
        .into_iter()
        .find(|state| state.name() == name)
    }
}

/// What is worth knowing about a run besides its numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Version of this shape.
    pub version: u32,
    /// Why it is held, or which listings were not complete and why.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Fields and values that Atlassian sent and we do not know, with how often.
    #[serde(default)]
    pub drift: BTreeMap<String, u64>,
    /// Requests by operation.
    #[serde(default)]
    pub operations: BTreeMap<String, u64>,
}

/// What the process that reads is doing right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunProgress {
    /// When it said so.
    pub at: i64,
    /// Requests sent in this session, repeats included.
    pub requests: i64,
    /// Of them, repeats of reads that had failed.
    pub retries: i64,
    /// Of them, refused for the rate.
    pub rate_limited: i64,
    /// `budget` or `pause` while nothing is sent for that; else empty.
    pub waiting: String,
    /// Until when that is.
    pub waiting_until: i64,
}

/// How much of an organization a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Whole,
    /// Everything, and the method of every holding.
    WholeWithMethods,
    /// What events named. Absence can be concluded only where it [looked](crate::Looked).
    Changes,
}

/// One reading.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// Whose reading.
    pub organization_id: i64,
    /// Through which connection.
    pub connection_id: i64,
    /// How much of the organization it reads.
    pub extent: Extent,
    /// Where it is in its life.
    pub state: RunState,
    /// When it began, in milliseconds since the epoch.
    pub started_at: i64,
    /// When it was published, held or discarded.
    pub ended_at: Option<i64>,
    /// Requests that were sent for it, over all its sessions.
    pub requests: i64,
    /// Facts that began with it.
    pub changes_begun: i64,
    /// Facts that ended with it.
    pub changes_ended: i64,
    /// What else is worth knowing.
    pub report: RunReport,
}

fn run(row: &Row) -> Result<RunRow, StoreError> {
    let id = row.int(0)?;
    let state = row.text(4)?;
    let unknown = || StoreError::Corrupt {
        table: "run",
        id: id.to_string(),
        what: format!("state is {state}"),
    };
    Ok(RunRow {
        id: RunId(id),
        organization_id: row.int(1)?,
        connection_id: row.int(2)?,
        extent: match (row.flag(11)?, row.flag(3)?) {
            (true, _) => Extent::Changes,
            (false, true) => Extent::WholeWithMethods,
            (false, false) => Extent::Whole,
        },
        state: RunState::from_name(&state).ok_or_else(unknown)?,
        started_at: row.int(5)?,
        ended_at: row.int_or_null(6)?,
        requests: row.int(7)?,
        changes_begun: row.int(8)?,
        changes_ended: row.int(9)?,
        report: row.json(10)?,
    })
}

impl Tx {
    /// Opens a run.
    pub async fn run_open(
        &mut self,
        organization: i64,
        connection: i64,
        extent: Extent,
        now: i64,
    ) -> Result<RunRow, StoreError> {
        let report = to_json(&RunReport {
            version: 1,
            ..RunReport::default()
        });
        let values = [
            organization.into(),
            connection.into(),
            (extent == Extent::WholeWithMethods).into(),
            (extent == Extent::Changes).into(),
            now.into(),
            report,
        ];
        let row = self.row(OPEN, &values).await?;
        let missing = || StoreError::Corrupt {
            table: "run",
            id: "new".into(),
            what: "was not made".into(),
        };
        let id = RunId(row.ok_or_else(missing)?.int(0)?);
        let opened = self.run_find(id).await?;
        opened.ok_or_else(missing)
    }

    /// The run with this number.
    pub async fn run_find(&mut self, id: RunId) -> Result<Option<RunRow>, StoreError> {
        self.row(COLUMNS, &[id.0.into()])
            .await?
            .as_ref()
            .map(run)
            .transpose()
    }

    /// The last reading of everything that was published.
    pub async fn run_last_whole(&mut self, organization: i64) -> Result<Option<RunRow>, StoreError> {
        let row = self.row(LAST_WHOLE, &[organization.into()]).await?;
        row.as_ref().map(run).transpose()
    }

    /// When the last reading of everything was begun, whatever became of it.
    pub async fn run_whole_begun_at(&mut self, organization: i64) -> Result<Option<i64>, StoreError> {
        let row = self.row(WHOLE_BEGUN, &[organization.into()]).await?;
        row.map_or(Ok(None), |row| row.int_or_null(0))
    }

    /// The latest runs of an organization, newest first.
    pub async fn run_latest(&mut self, organization: i64, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        self.rows(LATEST, &[organization.into(), limit.into()])
            .await?
            .iter()
            .map(run)
            .collect()
    }

    /// Says what the process that reads the run is doing right now.
    pub async fn run_progress(&mut self, id: RunId, progress: &RunProgress) -> Result<(), StoreError> {
        let values = [
            id.0.into(),
            progress.at.into(),
            progress.requests.into(),
            progress.retries.into(),
            progress.rate_limited.into(),
            progress.waiting.as_str().into(),
            progress.waiting_until.into(),
        ];
        self.execute(PROGRESS, &values).await?;
        Ok(())
    }

    /// Counts requests that were sent for the run.
    pub async fn run_add_requests(&mut self, id: RunId, requests: i64) -> Result<(), StoreError> {
        self.execute(ADD_REQUESTS, &[id.0.into(), requests.into()])
            .await?;
        Ok(())
    }

    async fn run_set_state(
        &mut self,
        id: RunId,
        state: RunState,
        ended_at: Option<i64>,
        report: &RunReport,
    ) -> Result<(), StoreError> {
        self.execute(
            SET_STATE,
            &[id.0.into(), state.name().into(), ended_at.into(), to_json(report)],
        )
        .await?;
        Ok(())
    }
}

impl Store {
    /// From now on the pages of this run are complete and are merged.
    pub async fn run_merging(&self, lease: &Lease, run: &RunRow, now: i64) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.lease_hold(lease, now).await?;
        tx.run_set_state(run.id, RunState::Merging, None, &run.report)
            .await?;
        tx.commit().await?;
        match run.extent {
            Extent::Whole | Extent::WholeWithMethods => self.statistics_before_merging().await,
            Extent::Changes => Ok(()),
        }
    }

    /// Keeps what a run that could not be finished has to say; it can be taken up again.
    pub async fn run_note(&self, run: &RunRow, report: &RunReport) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.run_set_state(run.id, run.state, run.ended_at, report).await?;
        tx.commit().await
    }

    /// Shows the run's facts to everybody, in one short transaction, and answers how many began and ended.
    pub async fn run_publish(
        &self,
        lease: &Lease,
        run: &RunRow,
        report: &RunReport,
        now: i64,
    ) -> Result<(i64, i64), StoreError> {
        if run.extent != Extent::Changes {
            self.statistics_before_summary().await?;
        }
        let mut tx = self.write().await?;
        tx.lease_hold(lease, now).await?;
        let key = [run.organization_id.into(), run.id.0.into()];
        let begun = tx.row(COUNT_BEGUN, &key).await?.map_or(Ok(0), |row| row.int(0))?;
        let ended = tx.row(COUNT_ENDED, &key).await?.map_or(Ok(0), |row| row.int(0))?;
        tx.execute(SET_CHANGES, &[run.id.0.into(), begun.into(), ended.into()])
            .await?;
        tx.run_set_state(run.id, RunState::Published, Some(now), report)
            .await?;
        let published = Snapshot {
            organization: run.organization_id,
            run: run.id.0,
        };
        tx.summary_publish(published, run.extent).await?;
        tx.organization_publish(run.organization_id, run.id).await?;
        if run.extent != Extent::Changes {
            tx.connection_confirm_drop(run.connection_id, false).await?;
        }
        tx.dirty_read(run, report.reasons.is_empty()).await?;
        tx.alerts_plan(run.id, now).await?;
        // Whoever published it asks the rules next, which takes this away; it is for when that process dies before.
        let payload = run.organization_id.to_string();
        tx.job_plan(RULES_JOB, &rules_key(run.id), &payload, now + RULES_WITHIN_MS)
            .await?;
        tx.commit().await?;
        self.run_clear_up(run.id).await?;
        Ok((begun, ended))
    }

    /// Holds the run for a person: none of its facts is kept, only its reasons.
    pub async fn run_hold(&self, run: &RunRow, report: &RunReport, now: i64) -> Result<(), StoreError> {
        self.run_give_up(run, RunState::Held, report, now).await
    }

    /// Gives the run up: none of its facts is kept.
    pub async fn run_discard(&self, run: &RunRow, report: &RunReport, now: i64) -> Result<(), StoreError> {
        self.run_give_up(run, RunState::Discarded, report, now).await
    }

    async fn run_give_up(
        &self,
        run: &RunRow,
        state: RunState,
        report: &RunReport,
        now: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let key = [run.organization_id.into(), run.id.0.into()];
        tx.execute(UNBEGIN, &key).await?;
        tx.execute(UNEND, &key).await?;
        tx.run_set_state(run.id, state, Some(now), report).await?;
        tx.commit().await?;
        self.run_clear_up(run.id).await
    }

    /// Forgets what was kept for reading a run that is over.
    async fn run_clear_up(&self, run: RunId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for statement in [
            CLEAR_STAGED,
            CLEAR_LOOKED,
            FOLD_LISTINGS,
            CLEAR_FOLDED,
            CLEAR_KINDS,
        ] {
            tx.execute(statement, &[run.0.into()]).await?;
        }
        tx.commit().await
    }
}
