//! The one definition of effective access: who holds which role on what, and through which paths.
//!
//! A *holding* is what Atlassian's filters tell: the account has the role, by whatever way. A *path through a
//! group* is a membership of the account in a group that gives this very role on this very resource. The
//! remaining ways – direct, inferred – are known only where the method of the holding was read. So each row is
//! one holding with one of its group paths, or with none; `methods` is `None` where the method was not read.
//! A membership in a role-giving group without a holding is no access: Atlassian did not count it.
//!
//! Pages, commands and rules use this definition; the `access` crate agrees with it by property test.

use super::{Seen, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};
use model::Attributes;

/// One holding with one of its group paths.
#[derive(Debug, Clone)]
pub struct EffectiveRow {
    /// The account.
    pub account: i64,
    /// What the role is on.
    pub resource: i64,
    /// The role.
    pub role: i64,
    /// From when the holding is known.
    pub seen: Seen,
    /// The group of this path and from when the account has it; `None` when no group gives the role.
    pub group: Option<(i64, Seen)>,
    /// How the holding came about, where that was read: `direct`, `group_direct`, `inferred`.
    pub methods: Option<Vec<String>>,
}

/// The columns of the definition.
macro_rules! effective_columns {
    () => {
        "\
SELECT h.a, h.b, h.c, h.unseen_at, h.seen_at, m.a, m.unseen_at, m.seen_at, g.unseen_at, g.seen_at, w.attributes
FROM "
    };
}

/// The joins of the definition, to holdings that are called `h`.
macro_rules! effective_joins {
    () => {
        concat!(
            "
LEFT JOIN fact g ON g.kind = 8 AND g.b = h.b AND g.c = h.c AND ",
            visible!("g"),
            "
  AND EXISTS (
    SELECT 1 FROM fact e
    WHERE e.kind = 5 AND e.a = g.a AND e.b = h.a AND ",
            visible!("e"),
            "
  )
LEFT JOIN fact m ON m.kind = 5 AND m.a = g.a AND m.b = h.a AND ",
            visible!("m"),
            "
LEFT JOIN fact w ON w.kind = 13 AND w.a = h.a AND w.b = h.b AND w.c = h.c AND ",
            visible!("w"),
            "
"
        )
    };
}

/// Columns and joins of the definition; the caller says which holdings (`h`) and in which order.
macro_rules! effective_access {
    ($holdings:expr, $order:expr) => {
        concat!(effective_columns!(), $holdings, effective_joins!(), $order)
    };
}

const OF_ACCOUNTS: &str = concat!(
    effective_columns!(),
    "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f
      WHERE f.kind = 7 AND ",
    visible!("f"),
    " AND f.a IN"
);
const OF_ACCOUNTS_TAIL: &str = concat!(") h", effective_joins!(), "ORDER BY h.a, h.b, h.c, m.a");

const OF_ACCOUNT: &str = effective_access!(
    concat!(
        "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f
      WHERE f.kind = 7 AND f.a = $3 AND ($4 = 0 OR f.b = $4) AND ",
        visible!("f"),
        ") h"
    ),
    "ORDER BY h.b, h.c, m.a"
);

const OF_RESOURCE: &str = effective_access!(
    concat!(
        "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at, p.search
      FROM fact f
      JOIN person p ON p.account = f.a
      WHERE f.kind = 7 AND f.b = $3 AND ($4 = 0 OR f.c = $4) AND ($5 = '' OR p.search LIKE $5 ESCAPE '\\') AND ",
        visible!("f"),
        "
      ORDER BY p.search, f.a, f.c
      LIMIT $6 OFFSET $7) h"
    ),
    "ORDER BY h.search, h.a, h.c, m.a"
);

/// The same, walking through the people in the order of their names: for resources that a large share holds.
const OF_LARGE_RESOURCE: &str = effective_access!(
    concat!(
        "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at, p.search
      FROM person p
      CROSS JOIN fact f
      WHERE f.kind = 7 AND f.a = p.account AND f.b = $3 AND ($4 = 0 OR f.c = $4)
        AND ($5 = '' OR p.search LIKE $5 ESCAPE '\\') AND ",
        visible!("f"),
        "
      ORDER BY p.search, f.a, f.c
      LIMIT $6 OFFSET $7) h"
    ),
    "ORDER BY h.search, h.a, h.c, m.a"
);

const EVERY: &str = effective_access!(
    concat!(
        "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f WHERE f.kind = 7 AND ",
        visible!("f"),
        ") h"
    ),
    "ORDER BY h.a, h.b, h.c, m.a"
);

impl EffectiveRow {
    fn of(row: &Row) -> Result<EffectiveRow, StoreError> {
        // A path is as young as the younger of its two halves.
        let group = match row.int_or_null(5)? {
            None => None,
            Some(group) => {
                let membership = Seen::of(row, 6)?;
                let grant = Seen::of(row, 8)?;
                Some((
                    group,
                    if grant.seen_at > membership.seen_at {
                        grant
                    } else {
                        membership
                    },
                ))
            }
        };
        let methods = match row.text_or_null(10)? {
            None => None,
            Some(_) => {
                let attributes: Attributes = row.json(10)?;
                let told = attributes.json("methods");
                let texts = told
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|value| value.as_str());
                Some(texts.map(str::to_owned).collect())
            }
        };
        Ok(EffectiveRow {
            account: row.int(0)?,
            resource: row.int(1)?,
            role: row.int(2)?,
            seen: Seen::of(row, 3)?,
            group,
            methods,
        })
    }
}

impl Tx {
    /// The effective access of an account, on one resource or on all (`None`).
    pub async fn effective_of_account(
        &mut self,
        at: Snapshot,
        account: i64,
        resource: Option<i64>,
    ) -> Result<Vec<EffectiveRow>, StoreError> {
        let values = at.values([Value::from(account), Value::from(resource.unwrap_or(0))]);
        self.rows(OF_ACCOUNT, &values)
            .await?
            .iter()
            .map(EffectiveRow::of)
            .collect()
    }

    /// The effective access of some accounts, by account, resource and role.
    pub async fn effective_of_accounts(
        &mut self,
        at: Snapshot,
        accounts: &[i64],
    ) -> Result<Vec<EffectiveRow>, StoreError> {
        let mut all = Vec::new();
        for some in accounts.chunks(400) {
            let sql = list_statement(OF_ACCOUNTS, 3, some.len(), OF_ACCOUNTS_TAIL);
            let values = at.values(some.iter().copied().map(Value::from));
            for row in &self.rows_built(sql, &values).await? {
                all.push(EffectiveRow::of(row)?);
            }
        }
        Ok(all)
    }

    /// The effective access to a resource by one role or all (`None`): the holdings from `offset` on, at most
    /// `limit`, in the order of the accounts' names, of accounts whose name, e-mail or id contains `search`.
    /// `is_large` says that a large share of all accounts has access, so that the order of names leads there sooner.
    pub async fn effective_of_resource(
        &mut self,
        at: Snapshot,
        resource: i64,
        role: Option<i64>,
        search: &str,
        (limit, offset): (i64, i64),
        is_large: bool,
    ) -> Result<Vec<EffectiveRow>, StoreError> {
        let sql = if is_large { OF_LARGE_RESOURCE } else { OF_RESOURCE };
        let values = at.values([
            Value::from(resource),
            Value::from(role.unwrap_or(0)),
            Value::from(super::containing(search)),
            Value::from(limit),
            Value::from(offset),
        ]);
        self.rows(sql, &values)
            .await?
            .iter()
            .map(EffectiveRow::of)
            .collect()
    }

    /// The effective access of everybody, by account, resource and role: for exports and proofs.
    pub async fn effective_of_everybody(&mut self, at: Snapshot) -> Result<Vec<EffectiveRow>, StoreError> {
        self.rows(EVERY, &at.values([]))
            .await?
            .iter()
            .map(EffectiveRow::of)
            .collect()
    }
}
