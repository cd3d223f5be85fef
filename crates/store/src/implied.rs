//! Holdings that follow from groups: who is in a group has the roles that it gives.
//!
//! Where one group gives a role to most of an organization, listing its holders repeats what members and grants tell.
//! What follows is staged apart (as [`Hint::Implied`], by resource and role), compared with Atlassian's count, filled
//! up, and becomes holdings only by [`Store::implied_keep`]: nothing is concluded from what was not compared.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::lease::Lease;
use crate::query::list_statement;
use crate::staged::{Hint, PageOf};
use crate::term::TermCache;
use crate::value::{Row, Value};
use model::{FactKind, Family, RunId};
use std::collections::HashSet;

const GIVEN: &str = "SELECT r.text, o.text, CAST(SUM(CAST(h.attributes AS BIGINT)) AS BIGINT)
    FROM staged g
    JOIN staged h ON h.run_id = g.run_id AND h.kind = $3 AND h.a = g.a
    JOIN term r ON r.id = g.b
    JOIN term o ON o.id = g.c
    WHERE g.run_id = $1 AND g.kind = $2
    GROUP BY r.text, o.text
    ORDER BY r.text, o.text";
const EXPLAINED: &str = "SELECT COUNT(*),
    CAST(COALESCE(SUM(CASE WHEN CAST(h.attributes AS BIGINT) = COALESCE(k.resources, 0) THEN 1 ELSE 0 END), 0) AS BIGINT)
    FROM staged h
    LEFT JOIN (
        SELECT m.b AS account, COUNT(DISTINCT g.b) AS resources
        FROM staged m
        JOIN staged g ON g.run_id = m.run_id AND g.kind = $4 AND g.a = m.a
        WHERE m.run_id = $1 AND m.kind = $3
        GROUP BY m.b
    ) k ON k.account = h.a
    WHERE h.run_id = $1 AND h.kind = $2";
const CLEAR: &str = "DELETE FROM staged WHERE run_id = $1 AND kind = $2";
const FILL_SEEN: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at)
    SELECT s.run_id, $2, s.b, s.c, s.a, '', s.sent_at FROM staged s
    WHERE s.run_id = $1 AND s.kind = $3 AND s.b IN";
// The few grants first, whatever the planner thinks (SQLite keeps the order of a cross join).
const FILL_IMPLIED: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at)
    SELECT m.run_id, $2, g.b, g.c, m.b, '', CASE WHEN m.sent_at > g.sent_at THEN m.sent_at ELSE g.sent_at END
    FROM staged g
    CROSS JOIN staged m
    WHERE g.run_id = $1 AND g.kind = $3 AND g.b = $5 AND g.c = $6
    AND m.run_id = $1 AND m.kind = $4 AND m.a = g.a
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = m.run_id AND p.kind = $7 AND p.a = m.b)
    ON CONFLICT (run_id, kind, a, b, c) DO NOTHING";
const COUNT: &str = "SELECT COUNT(*) FROM staged WHERE run_id = $1 AND kind = $2 AND a = $3 AND b = $4";
const UNEXPLAINED: &str = "SELECT h.a, t.text, CAST(h.attributes AS BIGINT) - COALESCE(k.resources, 0)
    FROM staged h
    JOIN term t ON t.id = h.a
    LEFT JOIN (
        SELECT s.account, COUNT(*) AS resources
        FROM (
            SELECT a AS account, b AS resource FROM staged WHERE run_id = $1 AND kind = $3
            UNION
            SELECT c AS account, a AS resource FROM staged WHERE run_id = $1 AND kind = $4
        ) s
        GROUP BY s.account
    ) k ON k.account = h.a
    WHERE h.run_id = $1 AND h.kind = $2 AND CAST(h.attributes AS BIGINT) > COALESCE(k.resources, 0)
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = h.run_id AND p.kind = $5 AND p.a = h.a)
    ORDER BY h.a";
const OTHERS: &str = "SELECT DISTINCT s.c, t.text FROM staged s JOIN term t ON t.id = s.c
    WHERE s.run_id = $1 AND s.kind = $2 AND s.a = $3 AND s.b <> $4
    AND NOT EXISTS (
        SELECT 1 FROM staged k
        WHERE k.run_id = s.run_id AND k.kind = s.kind AND k.a = s.a AND k.b = $4 AND k.c = s.c)
    ORDER BY s.c LIMIT $5";
const ADD: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at) VALUES";
const ADD_TAIL: &str = "ON CONFLICT (run_id, kind, a, b, c) DO NOTHING";
const KEEP: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at)
    SELECT s.run_id, $3, s.c, s.a, s.b, '{}', s.sent_at FROM staged s
    WHERE s.run_id = $1 AND s.kind = $2 AND s.a = $4 AND s.b = $5
    ON CONFLICT (run_id, kind, a, b, c) DO NOTHING";

/// How many ids one statement looks up.
const BATCH: usize = 400;

/// A role on a resource that groups give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRole {
    /// The resource.
    pub resource: String,
    /// The role.
    pub role: String,
    /// How many members those groups say they have, somebody in several of them counted several times.
    pub members: i64,
}

/// A role on a resource, by the numbers of their terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairNumbers {
    /// The resource.
    pub resource: i64,
    /// The role.
    pub role: i64,
}

/// An account, by number and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberedAccount {
    /// The number of its term.
    pub number: i64,
    /// Its id.
    pub id: String,
}

impl Tx {
    /// The roles that groups give, with the sizes of the groups of each.
    pub async fn given_roles(&mut self, run: RunId) -> Result<Vec<GivenRole>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::GroupRoleGrant.number().into(),
            (Hint::GroupMembers as i64).into(),
        ];
        let rows = self.rows(GIVEN, &values).await?;
        let given = |row: &Row| {
            Ok(GivenRole {
                resource: row.text(0)?,
                role: row.text(1)?,
                members: row.int_or_null(2)?.unwrap_or(0),
            })
        };
        rows.iter().map(given).collect()
    }

    /// Of the accounts staged so far that say on how many resources they hold roles: how many there are, and for how
    /// many their groups explain that number.
    pub async fn accounts_explained(&mut self, run: RunId) -> Result<(i64, i64), StoreError> {
        let values = [
            run.0.into(),
            (Hint::AccountResources as i64).into(),
            FactKind::Membership.number().into(),
            FactKind::GroupRoleGrant.number().into(),
        ];
        match self.row(EXPLAINED, &values).await? {
            Some(row) => Ok((row.int(0)?, row.int(1)?)),
            None => Ok((0, 0)),
        }
    }

    /// How many holders of a pair are known so far.
    pub async fn implied_count(&mut self, run: RunId, pair: PairNumbers) -> Result<i64, StoreError> {
        let values = [
            run.0.into(),
            (Hint::Implied as i64).into(),
            pair.resource.into(),
            pair.role.into(),
        ];
        self.row(COUNT, &values).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// Accounts that say they hold roles on more resources than is known so far, and on how many more.
    pub async fn implied_unexplained(
        &mut self,
        run: RunId,
    ) -> Result<Vec<(NumberedAccount, i64)>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::AccountResources as i64).into(),
            FactKind::RoleHolding.number().into(),
            (Hint::Implied as i64).into(),
            (Hint::ReadPrecisely as i64).into(),
        ];
        let rows = self.rows(UNEXPLAINED, &values).await?;
        rows.iter().map(|row| Ok((numbered(row)?, row.int(2)?))).collect()
    }

    /// Accounts known to hold another role on the pair's resource and not this one, at most so many. Another role
    /// there hides from the account's own count of resources that it holds this one too.
    pub async fn implied_others(
        &mut self,
        run: RunId,
        pair: PairNumbers,
        limit: i64,
    ) -> Result<Vec<NumberedAccount>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::Implied as i64).into(),
            pair.resource.into(),
            pair.role.into(),
            limit.into(),
        ];
        self.rows(OTHERS, &values).await?.iter().map(numbered).collect()
    }

    /// Which of these accounts are known to hold the pair.
    pub async fn implied_among(
        &mut self,
        run: RunId,
        pair: PairNumbers,
        accounts: &[i64],
    ) -> Result<HashSet<i64>, StoreError> {
        const HEAD: &str =
            "SELECT c FROM staged WHERE run_id = $1 AND kind = $2 AND a = $3 AND b = $4 AND c IN";
        let mut among = HashSet::new();
        for batch in accounts.chunks(BATCH) {
            let mut values: Vec<Value> = vec![
                run.0.into(),
                (Hint::Implied as i64).into(),
                pair.resource.into(),
                pair.role.into(),
            ];
            values.extend(batch.iter().map(|account| Value::from(*account)));
            for row in self
                .rows_built(list_statement(HEAD, 5, batch.len(), ""), &values)
                .await?
            {
                among.insert(row.int(0)?);
            }
        }
        Ok(among)
    }
}

impl Store {
    /// Stages apart what members and grants imply of these pairs, with what was seen of their resources; answers the
    /// pairs' numbers in the order given. What an earlier session staged so is forgotten.
    pub async fn implied_stage(
        &self,
        run: RunId,
        terms: &TermCache,
        pairs: &[GivenRole],
    ) -> Result<Vec<PairNumbers>, StoreError> {
        let texts = pairs
            .iter()
            .flat_map(|pair| [pair.resource.as_str(), pair.role.as_str()]);
        let terms = self.terms_intern(terms, texts).await?;
        let number = |text: &str| terms.get(text).unwrap_or(0);
        let numbers: Vec<PairNumbers> = pairs
            .iter()
            .map(|pair| PairNumbers {
                resource: number(&pair.resource),
                role: number(&pair.role),
            })
            .collect();
        let implied = Hint::Implied as i64;
        let mut tx = self.write().await?;
        tx.execute(CLEAR, &[run.0.into(), implied.into()]).await?;
        let mut resources: Vec<i64> = numbers.iter().map(|pair| pair.resource).collect();
        resources.sort_unstable();
        resources.dedup();
        for batch in resources.chunks(BATCH) {
            let mut values: Vec<Value> = vec![
                run.0.into(),
                implied.into(),
                FactKind::RoleHolding.number().into(),
            ];
            values.extend(batch.iter().map(|resource| Value::from(*resource)));
            tx.rows_built(list_statement(FILL_SEEN, 4, batch.len(), ""), &values)
                .await?;
        }
        for pair in &numbers {
            let values = [
                run.0.into(),
                implied.into(),
                FactKind::GroupRoleGrant.number().into(),
                FactKind::Membership.number().into(),
                pair.resource.into(),
                pair.role.into(),
                (Hint::ReadPrecisely as i64).into(),
            ];
            tx.execute(FILL_IMPLIED, &values).await?;
        }
        tx.commit().await?;
        Ok(numbers)
    }

    /// Adds holders that a question showed.
    pub async fn implied_add(
        &self,
        run: RunId,
        pair: PairNumbers,
        accounts: &[i64],
        sent_at: i64,
    ) -> Result<(), StoreError> {
        let row = |account: &i64| {
            vec![
                run.0.into(),
                (Hint::Implied as i64).into(),
                pair.resource.into(),
                pair.role.into(),
                (*account).into(),
                "".into(),
                sent_at.into(),
            ]
        };
        let rows: Vec<Vec<Value>> = accounts.iter().map(row).collect();
        let mut tx = self.write().await?;
        tx.insert_many(ADD, rows, ADD_TAIL).await?;
        tx.commit().await
    }

    /// What is known of a pair agrees with Atlassian's count: it is staged as holdings, and the listing ends.
    pub async fn implied_keep(
        &self,
        lease: &Lease,
        now: i64,
        run: RunId,
        (name, pair): (&str, PairNumbers),
        counted: i64,
    ) -> Result<(), StoreError> {
        let values = [
            run.0.into(),
            (Hint::Implied as i64).into(),
            FactKind::RoleHolding.number().into(),
            pair.resource.into(),
            pair.role.into(),
        ];
        let mut tx = self.write().await?;
        tx.lease_hold(lease, now).await?;
        tx.execute(KEEP, &values).await?;
        let page = PageOf {
            family: Family::RoleHoldings,
            name: name.to_owned(),
            next: None,
            rows: counted,
        };
        tx.listings_advance(run, std::iter::once(&page)).await?;
        tx.listing_agrees(run, Family::RoleHoldings, name, counted)
            .await?;
        tx.commit().await
    }
}

fn numbered(row: &Row) -> Result<NumberedAccount, StoreError> {
    Ok(NumberedAccount {
        number: row.int(0)?,
        id: row.text(1)?,
    })
}
