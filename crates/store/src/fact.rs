//! Facts: merging what a run showed into what is known.
//!
//! Merging goes kind by kind, in bounded chunks, each a transaction of its own; every step can be repeated.
//! What it writes carries the run's number and is hidden until the run is published.
//! 1. [`Store::facts_begin`]: what was seen and is not known begins.
//! 2. [`Store::facts_change`]: what is known with other attributes ends and begins anew.
//! 3. [`Tx::facts_absent`]: what is known and was not seen – candidates only, a second witness is owed.
//! 4. [`Store::facts_end`]: what two witnesses did not see ends. It takes a [`CompleteRun`].

use crate::connection::to_json;
use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::lease::Lease;
use crate::listing::{CompleteRun, SeenAll};
use crate::run::RunRow;
use crate::value::Value;
use model::{Attributes, FactKind};

const CHUNK_END: &str =
    "SELECT a FROM staged WHERE run_id = $1 AND kind = $2 AND a > $3 ORDER BY a LIMIT 1 OFFSET $4";
const BEGIN: &str =
    "INSERT INTO fact (organization_id, kind, a, b, c, attributes, unseen_at, seen_at, begun_run)
    SELECT $1, s.kind, s.a, s.b, s.c, s.attributes,
        CASE WHEN CAST($6 AS BIGINT) IS NULL THEN NULL ELSE COALESCE((
            SELECT MAX(e.ended_at) FROM fact e
            WHERE e.organization_id = $1 AND e.kind = s.kind AND e.a = s.a AND e.b = s.b AND e.c = s.c
            AND e.ended_at > $6), $6) END,
        s.sent_at, s.run_id
    FROM staged s
    WHERE s.run_id = $2 AND s.kind = $3 AND s.a > $4 AND s.a <= $5
    AND NOT EXISTS (
        SELECT 1 FROM fact f
        WHERE f.organization_id = $1 AND f.kind = s.kind AND f.a = s.a AND f.b = s.b AND f.c = s.c
        AND f.ended_run IS NULL)";
const DIFFERENT: &str =
    "SELECT f.id, f.begun_run, f.attributes, s.attributes, s.a, s.b, s.c, s.sent_at, f.seen_at
    FROM staged s
    JOIN fact f ON f.organization_id = $1 AND f.kind = s.kind AND f.a = s.a AND f.b = s.b AND f.c = s.c
    AND f.ended_run IS NULL
    WHERE s.run_id = $2 AND s.kind = $3 AND s.a > $4 AND s.a <= $5 AND s.attributes <> f.attributes";
const REWRITE: &str = "UPDATE fact SET attributes = $2 WHERE id = $1";
const END: &str = "UPDATE fact SET ended_run = $2, ended_at = $3,
    last_seen_at = CASE WHEN CAST($4 AS BIGINT) IS NULL OR seen_at > $4 THEN seen_at ELSE $4 END
    WHERE id = $1 AND ended_run IS NULL";
const BEGIN_ONE: &str =
    "INSERT INTO fact (organization_id, kind, a, b, c, attributes, unseen_at, seen_at, begun_run)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const ABSENT: &str = "SELECT f.id, f.a, f.b, f.c FROM fact f
    WHERE f.organization_id = $1 AND f.kind = $3 AND f.ended_run IS NULL AND f.begun_run < $2
    AND NOT EXISTS (
        SELECT 1 FROM staged s
        WHERE s.run_id = $2 AND s.kind = f.kind AND s.a = f.a AND s.b = f.b AND s.c = f.c)";
// From what was looked at to the facts, whatever the planner thinks (SQLite keeps the order of a cross join).
const ABSENT_LOOKED: &str = "SELECT f.id, f.a, f.b, f.c FROM looked l CROSS JOIN fact f
    WHERE f.organization_id = $1 AND f.kind = $3 AND f.a = l.a
    AND (l.b = 0 OR f.b = l.b) AND (l.c = 0 OR f.c = l.c)
    AND l.run_id = $2 AND l.kind = $3 AND l.a <> 0 AND f.ended_run IS NULL AND +f.begun_run < $2
    AND NOT EXISTS (
        SELECT 1 FROM staged s
        WHERE s.run_id = $2 AND s.kind = f.kind AND s.a = f.a AND s.b = f.b AND s.c = f.c)
    UNION
    SELECT f.id, f.a, f.b, f.c FROM looked l CROSS JOIN fact f
    WHERE f.organization_id = $1 AND f.kind = $3 AND f.b = l.b AND (l.c = 0 OR f.c = l.c)
    AND l.run_id = $2 AND l.kind = $3 AND l.a = 0 AND f.ended_run IS NULL AND +f.begun_run < $2
    AND NOT EXISTS (
        SELECT 1 FROM staged s
        WHERE s.run_id = $2 AND s.kind = f.kind AND s.a = f.a AND s.b = f.b AND s.c = f.c)";
const COUNT_OPEN: &str =
    "SELECT COUNT(*) FROM fact WHERE organization_id = $1 AND kind = $2 AND ended_run IS NULL";
const OPEN_WITHOUT: &str = "SELECT m.id, m.a, m.b, m.c FROM fact m
    WHERE m.organization_id = $1 AND m.kind = $2 AND m.ended_run IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM fact h
        WHERE h.organization_id = $1 AND h.kind = $3 AND h.a = m.a AND h.b = m.b AND h.c = m.c
        AND h.ended_run IS NULL)";

/// Rows merged by one transaction, about.
const CHUNK: i64 = 5_000;

/// A fact that is known, by its row and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactRef {
    /// The row.
    pub id: i64,
    /// First part of the key.
    pub a: i64,
    /// Second part of the key.
    pub b: i64,
    /// Third part of the key.
    pub c: i64,
}

/// Merging of one kind of facts of one run.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// The lease under which the run works.
    pub lease: &'a Lease,
    /// The run.
    pub run: &'a RunRow,
    /// The kind merged.
    pub kind: FactKind,
    /// When the last reading of everything that was published began; `None` if there was none. What ended since and
    /// begins again was not seen when it ended.
    pub previous_at: Option<i64>,
    /// Now.
    pub now: i64,
}

impl Tx {
    /// Facts that are known and were not seen by a complete run: candidates for ending.
    pub async fn facts_absent(&mut self, complete: &CompleteRun) -> Result<Vec<FactRef>, StoreError> {
        let values = [
            complete.organization_id.into(),
            complete.run.0.into(),
            complete.kind.number().into(),
        ];
        let sql = match complete.seen {
            SeenAll::OfTheKind => ABSENT,
            SeenAll::WhereItLooked => ABSENT_LOOKED,
        };
        self.rows(sql, &values).await?.iter().map(fact_ref).collect()
    }

    /// How many facts of a kind are known to be so, the hidden ones of this run included.
    pub async fn facts_count(&mut self, organization: i64, kind: FactKind) -> Result<i64, StoreError> {
        self.row(COUNT_OPEN, &[organization.into(), kind.number().into()])
            .await?
            .map_or(Ok(0), |row| row.int(0))
    }

    /// Methods of holdings that are no more.
    pub async fn methods_without_holding(&mut self, organization: i64) -> Result<Vec<FactRef>, StoreError> {
        let values = [
            organization.into(),
            FactKind::Method.number().into(),
            FactKind::RoleHolding.number().into(),
        ];
        self.rows(OPEN_WITHOUT, &values)
            .await?
            .iter()
            .map(fact_ref)
            .collect()
    }

    async fn fact_end(&mut self, id: i64, merge: &Merge<'_>, at: i64) -> Result<(), StoreError> {
        let values = [
            id.into(),
            merge.run.id.0.into(),
            at.into(),
            merge.previous_at.into(),
        ];
        self.execute(END, &values).await?;
        Ok(())
    }
}

fn fact_ref(row: &crate::value::Row) -> Result<FactRef, StoreError> {
    Ok(FactRef {
        id: row.int(0)?,
        a: row.int(1)?,
        b: row.int(2)?,
        c: row.int(3)?,
    })
}

impl Store {
    /// Begins what was seen and is not known.
    pub async fn facts_begin(&self, merge: &Merge<'_>) -> Result<(), StoreError> {
        let mut after = -1;
        loop {
            let mut tx = self.write().await?;
            tx.lease_hold(merge.lease, merge.now).await?;
            let until = next_chunk(&mut tx, merge, after).await?;
            let values = [
                merge.run.organization_id.into(),
                merge.run.id.0.into(),
                merge.kind.number().into(),
                after.into(),
                until.unwrap_or(i64::MAX).into(),
                merge.previous_at.into(),
            ];
            tx.execute(BEGIN, &values).await?;
            tx.commit().await?;
            match until {
                Some(until) => after = until,
                None => return Ok(()),
            }
        }
    }

    /// Ends and begins anew what is known with other attributes. What was not told stays as it was.
    pub async fn facts_change(&self, merge: &Merge<'_>) -> Result<(), StoreError> {
        let mut after = -1;
        loop {
            let mut tx = self.write().await?;
            tx.lease_hold(merge.lease, merge.now).await?;
            let until = next_chunk(&mut tx, merge, after).await?;
            let values = [
                merge.run.organization_id.into(),
                merge.run.id.0.into(),
                merge.kind.number().into(),
                after.into(),
                until.unwrap_or(i64::MAX).into(),
            ];
            for row in tx.rows(DIFFERENT, &values).await? {
                change(&mut tx, merge, &row).await?;
            }
            tx.commit().await?;
            match until {
                Some(until) => after = until,
                None => return Ok(()),
            }
        }
    }

    /// Ends facts whose absence a complete run and a second look agree on. `at` is when the second look was sent.
    pub async fn facts_end(
        &self,
        merge: &Merge<'_>,
        complete: &CompleteRun,
        absent: &[FactRef],
        at: i64,
    ) -> Result<(), StoreError> {
        debug_assert_eq!(complete.kind, merge.kind);
        self.end_all(merge, absent, at).await
    }

    /// Ends the methods of holdings that ended: how a holding came about goes with it.
    pub async fn methods_end(
        &self,
        merge: &Merge<'_>,
        orphans: &[FactRef],
        at: i64,
    ) -> Result<(), StoreError> {
        self.end_all(merge, orphans, at).await
    }

    async fn end_all(&self, merge: &Merge<'_>, facts: &[FactRef], at: i64) -> Result<(), StoreError> {
        for chunk in facts.chunks(CHUNK as usize) {
            let mut tx = self.write().await?;
            tx.lease_hold(merge.lease, merge.now).await?;
            for fact in chunk {
                tx.fact_end(fact.id, merge, at).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The last `a` of the chunk after `after`, or `None` when the rest fits into one.
async fn next_chunk(tx: &mut Tx, merge: &Merge<'_>, after: i64) -> Result<Option<i64>, StoreError> {
    let values: [Value; 4] = [
        merge.run.id.0.into(),
        merge.kind.number().into(),
        after.into(),
        CHUNK.into(),
    ];
    tx.row(CHUNK_END, &values)
        .await?
        .map(|row| row.int(0))
        .transpose()
}

async fn change(tx: &mut Tx, merge: &Merge<'_>, row: &crate::value::Row) -> Result<(), StoreError> {
    let (id, begun_run) = (row.int(0)?, row.int(1)?);
    let before: Attributes = row.json(2)?;
    let told: Attributes = row.json(3)?;
    let after = before.updated_by(&told);
    if after == before {
        return Ok(());
    }
    if begun_run == merge.run.id.0 {
        tx.execute(REWRITE, &[id.into(), to_json(&after)]).await?;
        return Ok(());
    }
    let (seen_at, otherwise_at) = (row.int(7)?, row.int(8)?);
    tx.fact_end(id, merge, seen_at).await?;
    let values = [
        merge.run.organization_id.into(),
        merge.kind.number().into(),
        row.int(4)?.into(),
        row.int(5)?.into(),
        row.int(6)?.into(),
        to_json(&after),
        // It was otherwise when it was last seen.
        merge.previous_at.map(|at| at.max(otherwise_at)).into(),
        seen_at.into(),
        merge.run.id.0.into(),
    ];
    tx.execute(BEGIN_ONE, &values).await?;
    Ok(())
}
