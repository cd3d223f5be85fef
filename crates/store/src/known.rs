//! What is known to be so by now, by the ids it is about: what a run that reads only parts builds on.

use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::staged::Hint;
use crate::value::{Row, Value};
use model::fact::FactKey;
use model::{FactKind, RunId};
use std::collections::HashMap;

const ALL: &str = "SELECT f.a, f.b, f.c FROM fact f
    WHERE f.organization_id = $1 AND f.kind = $2 AND f.ended_run IS NULL";
const OF_FIRST: &str = "SELECT f.a, f.b, f.c FROM fact f
    WHERE f.organization_id = $1 AND f.kind = $2 AND f.ended_run IS NULL AND f.a IN";
const OF_SECOND: &str = "SELECT f.a, f.b, f.c FROM fact f
    WHERE f.organization_id = $1 AND f.kind = $2 AND f.ended_run IS NULL AND f.b IN";
const STAGED_OF_FIRST: &str =
    "SELECT s.a, s.b, s.c FROM staged s WHERE s.run_id = $1 AND s.kind = $2 AND s.a IN";
const HINTS: &str = "SELECT t.text, CAST(s.attributes AS BIGINT) FROM staged s JOIN term t ON t.id = s.a
    WHERE s.run_id = $1 AND s.kind = $2 ORDER BY t.text";
const HOLDERS: &str = "SELECT COUNT(*) FROM fact f
    JOIN term r ON r.id = f.b AND r.text = $3
    JOIN term o ON o.id = f.c AND o.text = $4
    WHERE f.organization_id = $1 AND f.kind = $2 AND f.ended_run IS NULL";
const TO_EXPLAIN: &str = "SELECT f.id, 0, f.kind, f.a, f.b, f.unseen_at, f.seen_at FROM fact f
    WHERE f.organization_id = $1 AND f.begun_run = $2 AND f.unseen_at IS NOT NULL
    UNION ALL
    SELECT f.id, 1, f.kind, f.a, f.b, f.last_seen_at, f.ended_at FROM fact f
    WHERE f.organization_id = $1 AND f.ended_run = $2 AND f.last_seen_at IS NOT NULL
    LIMIT $3";
const CAUSE: &str = "INSERT INTO cause (fact_id, is_end, at, action, actor, event_id) VALUES";
const CAUSES: &str = "SELECT fact_id, is_end, at, action, actor, event_id FROM cause WHERE fact_id IN";
const CAUSE_TAIL: &str = "ON CONFLICT (fact_id, is_end) DO NOTHING";

/// How many ids one statement looks up.
const BATCH: usize = 400;

/// Which part of a fact's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first.
    First,
    /// The second.
    Second,
}

/// A fact that a run made begin or end, and the time within which that happened, in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The fact's row.
    pub fact: i64,
    /// Whether it ended.
    pub is_end: bool,
    /// The number of its kind.
    pub kind: i64,
    /// The first two parts of its key; the second may be empty.
    pub key: [String; 2],
    /// It was otherwise then.
    pub after: i64,
    /// It was so then.
    pub by: i64,
}

/// Who did what made a fact begin or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The fact's row.
    pub fact: i64,
    /// Whether it ended.
    pub is_end: bool,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// Such as `user_added_to_group`.
    pub action: String,
    /// An account's id, or a word for a system; may be empty.
    pub actor: String,
    /// The event that tells it.
    pub event: String,
}

impl Tx {
    /// The keys of all facts of a kind that are so.
    pub async fn known_all(&mut self, organization: i64, kind: FactKind) -> Result<Vec<FactKey>, StoreError> {
        let rows = self
            .rows(ALL, &[organization.into(), kind.number().into()])
            .await?;
        self.keys(&rows).await
    }

    /// The keys of the facts of a kind that are so and have one of these ids in a part of their key.
    pub async fn known_of(
        &mut self,
        organization: i64,
        kind: FactKind,
        part: Part,
        ids: &[String],
    ) -> Result<Vec<FactKey>, StoreError> {
        let head = match part {
            Part::First => OF_FIRST,
            Part::Second => OF_SECOND,
        };
        self.keys_of(head, organization, kind, ids).await
    }

    /// The same of what this run staged, by the first part of the key.
    pub async fn staged_of(
        &mut self,
        run: RunId,
        kind: FactKind,
        ids: &[String],
    ) -> Result<Vec<FactKey>, StoreError> {
        self.keys_of(STAGED_OF_FIRST, run.0, kind, ids).await
    }

    async fn keys_of(
        &mut self,
        head: &str,
        of: i64,
        kind: FactKind,
        ids: &[String],
    ) -> Result<Vec<FactKey>, StoreError> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let numbers: Vec<i64> = self
            .term_numbers(&ids)
            .await?
            .into_iter()
            .map(|(_, number)| number)
            .collect();
        let mut rows = Vec::new();
        for batch in numbers.chunks(BATCH) {
            let mut values: Vec<Value> = vec![of.into(), kind.number().into()];
            values.extend(batch.iter().map(|number| Value::from(*number)));
            rows.extend(
                self.rows_built(list_statement(head, 3, batch.len(), ""), &values)
                    .await?,
            );
        }
        self.keys(&rows).await
    }

    async fn keys(&mut self, rows: &[Row]) -> Result<Vec<FactKey>, StoreError> {
        let mut numbers = Vec::with_capacity(rows.len());
        for row in rows {
            numbers.push([row.int(0)?, row.int(1)?, row.int(2)?]);
        }
        let mut distinct: Vec<i64> = numbers
            .iter()
            .flatten()
            .copied()
            .filter(|number| *number != 0)
            .collect();
        distinct.sort_unstable();
        distinct.dedup();
        let texts: HashMap<i64, String> = self.term_texts(&distinct).await?;
        let text = |number: &i64| texts.get(number).cloned().unwrap_or_default();
        Ok(numbers
            .iter()
            .map(|[a, b, c]| [text(a), text(b), text(c)])
            .collect())
    }

    /// What this run's answers said of a number, by what it is about.
    pub async fn staged_hints(&mut self, run: RunId, hint: Hint) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.rows(HINTS, &[run.0.into(), (hint as i64).into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }

    /// How many accounts are known to hold a role on a resource.
    pub async fn known_holders(
        &mut self,
        organization: i64,
        resource: &str,
        role: &str,
    ) -> Result<i64, StoreError> {
        let kind = FactKind::RoleHolding.number();
        let values = [organization.into(), kind.into(), resource.into(), role.into()];
        self.row(HOLDERS, &values).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// What a run made begin or end, as far as it was otherwise before: at most `limit`.
    pub async fn turned_by(
        &mut self,
        organization: i64,
        run: RunId,
        limit: i64,
    ) -> Result<Vec<Turned>, StoreError> {
        let rows = self
            .rows(TO_EXPLAIN, &[organization.into(), run.0.into(), limit.into()])
            .await?;
        let mut numbers = Vec::with_capacity(rows.len() * 2);
        for row in &rows {
            numbers.extend([row.int(3)?, row.int(4)?]);
        }
        numbers.retain(|number| *number != 0);
        numbers.sort_unstable();
        numbers.dedup();
        let texts = self.term_texts(&numbers).await?;
        let text = |number: i64| texts.get(&number).cloned().unwrap_or_default();
        let turned = |row: &Row| {
            Ok(Turned {
                fact: row.int(0)?,
                is_end: row.flag(1)?,
                kind: row.int(2)?,
                key: [text(row.int(3)?), text(row.int(4)?)],
                after: row.int(5)?,
                by: row.int(6)?,
            })
        };
        rows.iter().map(turned).collect()
    }

    /// Keeps who did what, as events tell. What is kept already stays.
    pub async fn cause_add(&mut self, causes: &[Cause]) -> Result<(), StoreError> {
        let row = |cause: &Cause| {
            vec![
                cause.fact.into(),
                cause.is_end.into(),
                cause.at.into(),
                cause.action.as_str().into(),
                cause.actor.as_str().into(),
                cause.event.as_str().into(),
            ]
        };
        let rows: Vec<Vec<Value>> = causes.iter().map(row).collect();
        self.insert_many(CAUSE, rows, CAUSE_TAIL).await?;
        Ok(())
    }

    /// Who did what made these facts begin and end, as far as events tell, in the order of the facts.
    pub async fn causes_of(&mut self, facts: &[i64]) -> Result<Vec<Cause>, StoreError> {
        let mut causes = Vec::new();
        for batch in facts.chunks(BATCH) {
            let values: Vec<Value> = batch.iter().map(|fact| Value::from(*fact)).collect();
            let sql = list_statement(CAUSES, 1, batch.len(), "ORDER BY fact_id, is_end");
            for row in self.rows_built(sql, &values).await? {
                causes.push(Cause {
                    fact: row.int(0)?,
                    is_end: row.flag(1)?,
                    at: row.int(2)?,
                    action: row.text(3)?,
                    actor: row.text(4)?,
                    event: row.text(5)?,
                });
            }
        }
        Ok(causes)
    }
}
