//! Organizations and the runs that can be looked at.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};

/// An organization that was connected.
#[derive(Debug, Clone)]
pub struct OrganizationRow {
    /// Our number for it.
    pub organization: i64,
    /// Its id as Atlassian spells it.
    pub id: String,
    /// Its name, if it was told.
    pub name: Option<String>,
    /// The run that people see; 0 when none was published yet.
    pub published_run: i64,
}

/// A run that was published, and when its reading ended.
#[derive(Debug, Clone, Copy)]
pub struct PublishedRun {
    /// The run.
    pub run: i64,
    /// When it was begun.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// Whether it also read methods.
    pub with_methods: bool,
}

const ORGANIZATIONS: &str = "\
SELECT o.id, o.atlassian_id, o.name, o.published_run
FROM organization o
ORDER BY o.id";

const PUBLISHED_FIRST: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.with_methods
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.state = 'published'
ORDER BY r.id
LIMIT 1";

const PUBLISHED_LAST: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.with_methods
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.state = 'published'
  AND COALESCE(r.ended_at, r.started_at) <= $3
ORDER BY r.id DESC
LIMIT 1";

const PUBLISHED_SINCE: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.with_methods
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.state = 'published'
  AND COALESCE(r.ended_at, r.started_at) >= $3
ORDER BY r.id";

const METHODS_LAST: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.with_methods
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.state = 'published' AND r.with_methods = 1
ORDER BY r.id DESC
LIMIT 1";

const WHOLE_LAST: &str = "\
SELECT r.id, r.started_at, COALESCE(r.ended_at, r.started_at), r.with_methods
FROM run r
WHERE r.organization_id = $1 AND r.id <= $2 AND r.state = 'published' AND r.incremental = 0
ORDER BY r.id DESC
LIMIT 1";

impl PublishedRun {
    fn of(row: &Row) -> Result<PublishedRun, StoreError> {
        Ok(PublishedRun {
            run: row.int(0)?,
            started_at: row.int(1)?,
            ended_at: row.int(2)?,
            with_methods: row.flag(3)?,
        })
    }
}

impl Tx {
    /// Every organization, in the order of connecting.
    pub async fn organization_list(&mut self) -> Result<Vec<OrganizationRow>, StoreError> {
        let rows = self.rows(ORGANIZATIONS, &[]).await?;
        let read = |row: &Row| {
            Ok(OrganizationRow {
                organization: row.int(0)?,
                id: row.text(1)?,
                name: row.text_or_null(2)?,
                published_run: row.int(3)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The first published run not after `run`.
    pub async fn published_first(
        &mut self,
        organization: i64,
        run: i64,
    ) -> Result<Option<PublishedRun>, StoreError> {
        let row = self
            .row(PUBLISHED_FIRST, &[Value::from(organization), Value::from(run)])
            .await?;
        row.as_ref().map(PublishedRun::of).transpose()
    }

    /// The last published run not after `run` that ended by `at`.
    pub async fn published_last(
        &mut self,
        organization: i64,
        run: i64,
        at: i64,
    ) -> Result<Option<PublishedRun>, StoreError> {
        let values = [Value::from(organization), Value::from(run), Value::from(at)];
        let row = self.row(PUBLISHED_LAST, &values).await?;
        row.as_ref().map(PublishedRun::of).transpose()
    }

    /// Each published run not after `run` that ended at `since` or later.
    pub async fn published_since(
        &mut self,
        organization: i64,
        run: i64,
        since: i64,
    ) -> Result<Vec<PublishedRun>, StoreError> {
        let values = [Value::from(organization), Value::from(run), Value::from(since)];
        let rows = self.rows(PUBLISHED_SINCE, &values).await?;
        rows.iter().map(PublishedRun::of).collect()
    }

    /// The last published run not after `run` that read methods.
    pub async fn published_methods(
        &mut self,
        organization: i64,
        run: i64,
    ) -> Result<Option<PublishedRun>, StoreError> {
        let row = self
            .row(METHODS_LAST, &[Value::from(organization), Value::from(run)])
            .await?;
        row.as_ref().map(PublishedRun::of).transpose()
    }

    /// The last run up to `run` that read everything.
    pub async fn published_whole(
        &mut self,
        organization: i64,
        run: i64,
    ) -> Result<Option<PublishedRun>, StoreError> {
        let row = self
            .row(WHOLE_LAST, &[Value::from(organization), Value::from(run)])
            .await?;
        row.as_ref().map(PublishedRun::of).transpose()
    }
}
