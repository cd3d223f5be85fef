//! Jobs: work to be done later, or again. At most one for each unique key; a taken job is leased, and comes back when
//! its taker ends without finishing it.

use crate::database::{Store, Tx};
use crate::dialect::ForBoth;
use crate::error::StoreError;

const PLAN: &str = "INSERT INTO job (kind, unique_key, payload, run_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (unique_key) DO NOTHING";
const RESCHEDULE: &str =
    "UPDATE job SET run_at = $3, leased_until = 0, attempts = 0 WHERE id = $1 AND fencing = $2";
const RENEW: &str = "UPDATE job SET leased_until = $3 WHERE id = $1 AND fencing = $2";
const RELEASE: &str =
    "UPDATE job SET run_at = $3, leased_until = 0, attempts = attempts - 1 WHERE id = $1 AND fencing = $2";
const HASTEN: &str = "UPDATE job SET run_at = $2 WHERE unique_key = $1 AND run_at > $2";
const SET_DUE: &str = "UPDATE job SET run_at = $2 WHERE unique_key = $1";
const FORGET: &str = "DELETE FROM job WHERE unique_key = $1";
/// Takes the job due the longest: $1 now, $2 until when, $3 of which kind. PostgreSQL must step over rows that others
/// are taking.
const TAKE: ForBoth<&str> = ForBoth {
    sqlite: "UPDATE job SET leased_until = $2, fencing = fencing + 1, attempts = attempts + 1
        WHERE id = (
            SELECT j.id FROM job j WHERE j.kind = $3 AND j.run_at <= $1 AND j.leased_until <= $1
            ORDER BY j.run_at, j.id LIMIT 1)
        RETURNING id, kind, payload, attempts, fencing",
    postgres: "UPDATE job SET leased_until = $2, fencing = fencing + 1, attempts = attempts + 1
        WHERE id = (
            SELECT j.id FROM job j WHERE j.kind = $3 AND j.run_at <= $1 AND j.leased_until <= $1
            ORDER BY j.run_at, j.id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, kind, payload, attempts, fencing",
};
const DONE: &str = "DELETE FROM job WHERE id = $1 AND fencing = $2";
const FIND: &str = "SELECT run_at FROM job WHERE unique_key = $1";

/// A job that this process took.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its row.
    pub id: i64,
    /// What is to be done, such as `sync`.
    pub kind: String,
    /// To what: for `sync`, the connection's name.
    pub payload: String,
    /// How often it was taken without being finished.
    pub attempts: i64,
    /// Grows with each taking; only the latest taker can finish it.
    pub fencing: i64,
}

impl Tx {
    /// Plans a job unless one with this key is planned already.
    pub async fn job_plan(
        &mut self,
        kind: &str,
        key: &str,
        payload: &str,
        run_at: i64,
    ) -> Result<(), StoreError> {
        self.execute(PLAN, &[kind.into(), key.into(), payload.into(), run_at.into()])
            .await?;
        Ok(())
    }

    /// Makes the job with this key due at a time, if it would be later.
    pub async fn job_hasten(&mut self, key: &str, run_at: i64) -> Result<(), StoreError> {
        self.execute(HASTEN, &[key.into(), run_at.into()]).await?;
        Ok(())
    }

    /// Makes the job with this key due at a time, sooner or later than it was.
    pub async fn job_set_due(&mut self, key: &str, run_at: i64) -> Result<(), StoreError> {
        self.execute(SET_DUE, &[key.into(), run_at.into()]).await?;
        Ok(())
    }

    /// When the job with this key is due, in milliseconds since the epoch; `None` when none is planned.
    pub async fn job_due_at(&mut self, key: &str) -> Result<Option<i64>, StoreError> {
        self.row(FIND, &[key.into()])
            .await?
            .map(|row| row.int(0))
            .transpose()
    }

    /// Ends a job in the transaction that did it. Does nothing if somebody else took it meanwhile.
    pub async fn job_done(&mut self, job: &Job) -> Result<(), StoreError> {
        self.execute(DONE, &[job.id.into(), job.fencing.into()]).await?;
        Ok(())
    }

    /// Forgets the job with this key.
    pub async fn job_forget(&mut self, key: &str) -> Result<(), StoreError> {
        self.execute(FORGET, &[key.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// Takes the job of a kind that is due the longest, if one is, until `leased_until`.
    pub async fn job_take(&self, kind: &str, now: i64, leased_until: i64) -> Result<Option<Job>, StoreError> {
        let mut tx = self.write().await?;
        let sql = tx.choose(&TAKE);
        let row = tx
            .row(sql, &[now.into(), leased_until.into(), kind.into()])
            .await?;
        let job = row.map(|row| {
            Ok::<_, StoreError>(Job {
                id: row.int(0)?,
                kind: row.text(1)?,
                payload: row.text(2)?,
                attempts: row.int(3)?,
                fencing: row.int(4)?,
            })
        });
        let job = job.transpose()?;
        tx.commit().await?;
        Ok(job)
    }

    /// Gives a job back, to be done again at a time. Does nothing if somebody else took it meanwhile.
    pub async fn job_reschedule(&self, job: &Job, run_at: i64) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(RESCHEDULE, &[job.id.into(), job.fencing.into(), run_at.into()])
            .await?;
        tx.commit().await
    }

    /// Keeps a job for longer; answers whether it is still this taker's.
    pub async fn job_renew(&self, job: &Job, leased_until: i64) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let renewed = tx
            .execute(RENEW, &[job.id.into(), job.fencing.into(), leased_until.into()])
            .await?;
        tx.commit().await?;
        Ok(renewed > 0)
    }

    /// Gives a job back that was not done, for anybody to take from a time on; the taking does not count.
    pub async fn job_release(&self, job: &Job, run_at: i64) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(RELEASE, &[job.id.into(), job.fencing.into(), run_at.into()])
            .await?;
        tx.commit().await
    }
}
