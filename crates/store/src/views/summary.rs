//! The summary of the published run: what lists of accounts sort and filter by, in one narrow table.
//!
//! It is written from the facts, in the transaction that publishes the run ([`Tx::summary_publish`]), and only rows
//! that differ are touched. It answers only for that run: `Tx::has_summary` says whether it does, and every question
//! has a second statement that asks the facts, for looking back. What is restless – names, last activity – stands in
//! it as it was when the run was published; pages show the latest beside it.

use super::Snapshot;
use crate::database::Tx;
use crate::dialect::ForBoth;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::run::Extent;
use crate::value::Value;
use std::collections::BTreeMap;

const RUN: &str = "SELECT run_id FROM organization_summary WHERE organization_id = $1";
const SET_RUN: &str = "INSERT INTO organization_summary (organization_id, run_id) VALUES ($1, $2)
    ON CONFLICT (organization_id) DO UPDATE SET run_id = excluded.run_id";
const CLEAR_PRODUCTS: &str = "DELETE FROM product_summary WHERE organization_id = $1";
const ADD_PRODUCTS: &str = "INSERT INTO product_summary (organization_id, resource, product) VALUES";
const ERASE: &str = "UPDATE account_summary SET search = $2 WHERE account = $1";

/// Bits that a product can have: the sign stays free, and an addition of all fits.
const PRODUCTS: usize = 62;

/// No account is left out.
macro_rules! everybody {
    ($account:literal) => {
        ""
    };
}

/// Only accounts that the run $2 looked at, or of which something began or ended in it. (`+`, and a column that
/// is in no index by kind, keep SQLite from reading all facts of these kinds instead of those of the run.)
macro_rules! touched {
    ($account:literal) => {
        concat!(
            " AND ",
            $account,
            " IN (
            SELECT s.a FROM staged s WHERE s.run_id = $2 AND s.kind = 1
            UNION SELECT c.a FROM fact c WHERE c.organization_id = $1 AND c.begun_run = $2 AND c.seen_at > 0 AND +c.kind IN (1, 7, 9)
            UNION SELECT c.b FROM fact c WHERE c.organization_id = $1 AND c.begun_run = $2 AND c.seen_at > 0 AND +c.kind IN (3, 5)
            UNION SELECT c.a FROM fact c WHERE c.organization_id = $1 AND c.ended_run = $2 AND c.seen_at > 0 AND +c.kind IN (1, 7, 9)
            UNION SELECT c.b FROM fact c WHERE c.organization_id = $1 AND c.ended_run = $2 AND c.seen_at > 0 AND +c.kind IN (3, 5))"
        )
    };
}

/// Both databases read JSON, each in its own words: `$attributes`, `$name`. `$whose` says which accounts.
macro_rules! write_accounts {
    ($json:ident, $whose:ident) => {
        concat!(
            "INSERT INTO account_summary (organization_id, search, account, status, claim_status, account_type, left_as,
        groups_in, products, is_administrator, tokens_until, last_active_at, inactive_since, seen_at)
    SELECT f.organization_id, p.search, f.a,
        ", $json!("f.attributes", "status"), ",
        ", $json!("f.attributes", "claim_status"), ",
        ", $json!("f.attributes", "type"), ",
        CASE
            WHEN ", $json!("f.attributes", "status"), " NOT IN ('', 'active') THEN ", $json!("f.attributes", "status"), "
            WHEN d.active = 0 THEN d.status
            ELSE ''
        END,
        COALESCE(g.groups_in, 0), COALESCE(h.products, 0),
        CASE WHEN EXISTS (
            SELECT 1 FROM fact a WHERE a.kind = 9 AND a.a = f.a AND ", visible!("a"), "
        ) THEN 1 ELSE 0 END,
        COALESCE(k.until, ''),
        COALESCE(l.last_at, 0), COALESCE(l.last_at, 9223372036854775807), f.seen_at
    FROM fact f
    JOIN person p ON p.account = f.a
    LEFT JOIN (
        SELECT m.b AS account, COUNT(*) AS groups_in FROM fact m WHERE m.kind = 5 AND ", visible!("m"), $whose!("m.b"), " GROUP BY m.b
    ) g ON g.account = f.a
    LEFT JOIN (
        SELECT e.a AS account, CAST(SUM(DISTINCT s.product) AS BIGINT) AS products
        FROM fact e
        JOIN product_summary s ON s.organization_id = e.organization_id AND s.resource = e.b
        WHERE e.kind = 7 AND ", visible!("e"), $whose!("e.a"), "
        GROUP BY e.a
    ) h ON h.account = f.a
    LEFT JOIN (
        SELECT c.b AS account,
            SUM(CASE WHEN ", $json!("c.attributes", "status"), " = 'active' THEN 1 ELSE 0 END) AS active,
            MIN(", $json!("c.attributes", "status"), ") AS status
        FROM fact c WHERE c.kind = 3 AND ", visible!("c"), $whose!("c.b"), " GROUP BY c.b
    ) d ON d.account = f.a
    LEFT JOIN (
        SELECT t.id AS account, MAX(CASE
            WHEN LOWER(", $json!("o.attributes", "status"), ")
                IN ('revoked', 'blocked', 'expired', 'inactive', 'deleted') THEN '0'
            WHEN ", $json!("o.attributes", "expires_at"), " LIKE '____-__-__T%Z'
            THEN ", $json!("o.attributes", "expires_at"), " ELSE '9999-12-31T00:00:00Z' END) AS until
        FROM fact o
        JOIN term t ON t.text = ", $json!("o.attributes", "account_id"), "
        WHERE o.kind = 12 AND ", visible!("o"), "
        GROUP BY t.id
    ) k ON k.account = f.a
    LEFT JOIN (
        SELECT x.account, MAX(x.last_active_at) AS last_at FROM activity x WHERE x.organization_id = $1", $whose!("x.account"), " GROUP BY x.account
    ) l ON l.account = f.a
    WHERE f.kind = 1 AND ", visible!("f"), $whose!("f.a"), "
    ORDER BY p.search, f.a
    ON CONFLICT (organization_id, search, account) DO UPDATE
    SET status = excluded.status, claim_status = excluded.claim_status, account_type = excluded.account_type,
        left_as = excluded.left_as, groups_in = excluded.groups_in, products = excluded.products,
        is_administrator = excluded.is_administrator, tokens_until = excluded.tokens_until,
        last_active_at = excluded.last_active_at, inactive_since = excluded.inactive_since, seen_at = excluded.seen_at
    WHERE account_summary.status <> excluded.status OR account_summary.claim_status <> excluded.claim_status
        OR account_summary.account_type <> excluded.account_type OR account_summary.left_as <> excluded.left_as
        OR account_summary.groups_in <> excluded.groups_in OR account_summary.products <> excluded.products
        OR account_summary.is_administrator <> excluded.is_administrator
        OR account_summary.tokens_until <> excluded.tokens_until
        OR account_summary.last_active_at <> excluded.last_active_at OR account_summary.seen_at <> excluded.seen_at"
        )
    };
}

macro_rules! json_of_sqlite {
    ($attributes:literal, $name:literal) => {
        concat!(
            "COALESCE(CAST(json_extract(",
            $attributes,
            ", '$.",
            $name,
            "') AS TEXT), '')"
        )
    };
}

macro_rules! json_of_postgres {
    ($attributes:literal, $name:literal) => {
        concat!("COALESCE(", $attributes, "::json ->> '", $name, "', '')")
    };
}

/// Writes the summary of the accounts as of the run $2 of the organization $1. Each database reads JSON in its own
/// words.
const WRITE: ForBoth<&str> = ForBoth {
    sqlite: write_accounts!(json_of_sqlite, everybody),
    postgres: write_accounts!(json_of_postgres, everybody),
};

/// The same of those alone that the run touched.
const WRITE_TOUCHED: ForBoth<&str> = ForBoth {
    sqlite: write_accounts!(json_of_sqlite, touched),
    postgres: write_accounts!(json_of_postgres, touched),
};

// Those that are gone, or are called otherwise now.
macro_rules! remove_accounts {
    ($whose:ident) => {
        concat!(
            "DELETE FROM account_summary
    WHERE organization_id = $1",
            $whose!("account_summary.account"),
            " AND NOT EXISTS (
        SELECT 1 FROM fact f
        JOIN person p ON p.account = f.a
        WHERE f.kind = 1 AND f.a = account_summary.account AND p.search = account_summary.search AND ",
            visible!("f"),
            ")"
        )
    };
}

const REMOVE: &str = remove_accounts!(everybody);
const REMOVE_TOUCHED: &str = remove_accounts!(touched);

/// Whether workspaces or tokens began or ended in the run: those reach accounts that it did not touch.
const REACHES_OTHERS: &str = "SELECT 1 FROM fact c
    WHERE c.organization_id = $1 AND c.begun_run = $2 AND c.seen_at > 0 AND +c.kind IN (6, 12)
    UNION ALL SELECT 1 FROM fact c
    WHERE c.organization_id = $1 AND c.ended_run = $2 AND c.seen_at > 0 AND +c.kind IN (6, 12)
    LIMIT 1";

impl Tx {
    /// Writes what the facts of a run say, for the lists; part of publishing it. A run of what events named follows one
    /// whose summary there is, and touches few accounts: only theirs is written.
    pub(crate) async fn summary_publish(&mut self, at: Snapshot, extent: Extent) -> Result<(), StoreError> {
        if extent == Extent::Changes && self.row(REACHES_OTHERS, &at.values([])).await?.is_none() {
            self.execute(REMOVE_TOUCHED, &at.values([])).await?;
            self.execute(self.choose(&WRITE_TOUCHED), &at.values([])).await?;
            self.execute(SET_RUN, &at.values([])).await?;
            return Ok(());
        }
        let organization = Value::from(at.organization);
        let mut by_product: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for workspace in self.workspace_list(at).await? {
            let product = workspace.attributes.text("type_key").unwrap_or_default();
            by_product
                .entry(product.to_owned())
                .or_default()
                .push(workspace.term);
        }
        let mut rows = Vec::new();
        for (bit, resources) in by_product.into_values().take(PRODUCTS).enumerate() {
            let product = Value::from(1_i64 << bit);
            rows.extend(
                resources
                    .into_iter()
                    .map(|resource| vec![organization.clone(), Value::from(resource), product.clone()]),
            );
        }
        self.execute(CLEAR_PRODUCTS, std::slice::from_ref(&organization))
            .await?;
        self.insert_many(ADD_PRODUCTS, rows, "").await?;
        self.execute(REMOVE, &at.values([])).await?;
        self.execute(self.choose(&WRITE), &at.values([])).await?;
        self.execute(SET_RUN, &at.values([])).await?;
        Ok(())
    }

    /// Whether the summary is of this run.
    pub async fn has_summary(&mut self, at: Snapshot) -> Result<bool, StoreError> {
        let row = self.row(RUN, &[Value::from(at.organization)]).await?;
        Ok(row.map_or(Ok(0), |row| row.int(0))? == at.run && at.run > 0)
    }

    /// Forgets the words by which an erased person was found.
    pub(crate) async fn summary_erase(&mut self, account: i64, search: &str) -> Result<(), StoreError> {
        self.execute(ERASE, &[Value::from(account), Value::from(search)])
            .await?;
        Ok(())
    }

    /// The bits of the products that these workspaces are of; `None` when one of them has none.
    pub(crate) async fn product_bits(
        &mut self,
        organization: i64,
        resources: &[i64],
    ) -> Result<Option<i64>, StoreError> {
        if resources.is_empty() {
            return Ok(None);
        }
        const HEAD: &str =
            "SELECT resource, product FROM product_summary WHERE organization_id = $1 AND resource IN";
        let mut bits = 0;
        let mut found = 0;
        for chunk in resources.chunks(500) {
            let values: Vec<Value> = std::iter::once(organization)
                .chain(chunk.iter().copied())
                .map(Value::from)
                .collect();
            for row in self
                .rows_built(list_statement(HEAD, 2, chunk.len(), ""), &values)
                .await?
            {
                bits |= row.int(1)?;
                found += 1;
            }
        }
        Ok((found == resources.len()).then_some(bits))
    }
}
