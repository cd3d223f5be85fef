//! The one definition of effective access: who holds which role on what, and through which paths.
//!
//! A *holding* is what Atlassian's filters tell: the account has the role, by whatever way. A *path through a
//! group* is a membership of the account in a group that gives this very role on this very resource. The
//! remaining ways – direct, inferred – are known only where the method of the holding was read. So each row is
//! one holding with one of its group paths, or with none; `methods` is `None` where the method was not read.
//! A membership in a role-giving group without a holding is no access: Atlassian did not count it.
//!
//! Pages, commands and rules use this definition; the `access` crate agrees with it by property test.

use super::account::AccountName;
use super::{Part, Seen, Snapshot};
use crate::database::Tx;
use crate::dialect::ForBoth;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};
use model::Attributes;
use std::collections::HashMap;

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

/// The joins of the definition, to holdings that are called `h`. SQLite looks for the group's grant first and then for
/// the membership, by index, and would write down every membership of a join in parentheses. PostgreSQL, not knowing
/// how few grants there are, would go through all members of a group for each holding, unless both are one join.
macro_rules! effective_joins {
    (sqlite) => {
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
            effective_joins!()
        )
    };
    (postgres) => {
        concat!(
            "
LEFT JOIN (fact g JOIN fact m ON m.kind = 5 AND m.a = g.a AND ",
            visible!("m"),
            ") ON g.kind = 8 AND g.b = h.b AND g.c = h.c AND m.b = h.a AND ",
            visible!("g"),
            effective_joins!()
        )
    };
    () => {
        concat!(
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
    ($dialect:ident, $holdings:expr, $order:expr) => {
        concat!(
            effective_columns!(),
            $holdings,
            effective_joins!($dialect),
            $order
        )
    };
}

const OF_ACCOUNTS: &str = concat!(
    effective_columns!(),
    "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f
      WHERE f.kind = 7 AND ",
    visible!("f"),
    " AND f.a IN"
);
/// Those on a resource, in the order of names: `$people` leads from the holdings to the people or the other way round,
/// `$edge` says on which side of the edge (account `$8`, role `$9`).
macro_rules! of_resource {
    ($dialect:ident, $people:literal, $edge:expr, $direction:literal) => {
        effective_access!(
            $dialect,
            concat!(
                "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at, p.search
      FROM ",
                $people,
                "
      WHERE f.kind = 7 AND f.a = p.account AND f.b = $3 AND ($4 = 0 OR f.c = $4)
        AND ($5 = '' OR p.search LIKE $5 ESCAPE '\\')
        AND ",
                $edge,
                "
        AND ",
                visible!("f"),
                "
      ORDER BY p.search",
                $direction,
                ", f.a",
                $direction,
                ", f.c",
                $direction,
                "
      LIMIT $6 OFFSET $7) h"
            ),
            "ORDER BY h.search, h.a, h.c, m.a"
        )
    };
}

macro_rules! edge_search {
    () => {
        "COALESCE((SELECT z.search FROM person z WHERE z.account = $8), '')"
    };
}

macro_rules! beyond {
    ($sign:literal) => {
        concat!("(p.search, f.a, f.c) ", $sign, " (", edge_search!(), ", $8, $9)")
    };
}

/// The first condition lets the walk through the names begin at the edge.
macro_rules! from_edge {
    ($sign:literal) => {
        concat!("p.search ", $sign, "= ", edge_search!(), " AND ", beyond!($sign))
    };
}

/// The holders of roles on a resource as one text, in the order of their names: what describes them with characters
/// between that are taken out of it. The `+` keeps SQLite from looking the people up one by one, all over the file.
const HOLDER_NAMES: &str = concat!(
    "\
SELECT STRING_AGG(
  CAST(s.account AS TEXT) || '\u{1f}' || s.id || '\u{1f}' || s.name || '\u{1f}' || s.email, '\u{1e}'
  ORDER BY s.search, s.account)
FROM (
  SELECT p.account, p.search, t.text AS id,
    COALESCE('=' || REPLACE(REPLACE(p.name, '\u{1e}', ' '), '\u{1f}', ' '), '') AS name,
    COALESCE('=' || REPLACE(REPLACE(p.email, '\u{1e}', ' '), '\u{1f}', ' '), '') AS email
  FROM person p
  JOIN term t ON t.id = p.account
  WHERE +p.account IN (SELECT f.a FROM fact f WHERE f.kind = 7 AND f.b = $3 AND ($4 = 0 OR f.c = $4) AND ",
    visible!("f"),
    ")
) s"
);

/// The statements that the definition is part of.
struct EffectiveAccess {
    /// After [`OF_ACCOUNTS`] and the accounts.
    of_accounts_tail: &'static str,
    of_account: &'static str,
    /// Those on a resource, from its holdings, either way.
    of_resource: [&'static str; 2],
    /// The same, walking through the people in the order of their names: for resources that a large share holds.
    of_large_resource: [&'static str; 2],
    /// All on a resource as one text: numbers apart by spaces, what was told last, lines apart by line ends. Handing
    /// over each of very many rows costs more than reading them. They are read in the order of the index, where their
    /// neighbours are.
    whole_resource: &'static str,
    every: &'static str,
}

macro_rules! statements {
    ($dialect:ident) => {
        EffectiveAccess {
            of_accounts_tail: concat!(") h", effective_joins!($dialect), "ORDER BY h.a, h.b, h.c, m.a"),
            of_account: effective_access!(
                $dialect,
                concat!(
                    "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f
      WHERE f.kind = 7 AND f.a = $3 AND ($4 = 0 OR f.b = $4) AND ",
                    visible!("f"),
                    ") h"
                ),
                "ORDER BY h.b, h.c, m.a"
            ),
            of_resource: [
                of_resource!($dialect, "fact f CROSS JOIN person p", beyond!(">"), ""),
                of_resource!($dialect, "fact f CROSS JOIN person p", beyond!("<"), " DESC"),
            ],
            of_large_resource: [
                of_resource!($dialect, "person p CROSS JOIN fact f", from_edge!(">"), ""),
                of_resource!($dialect, "person p CROSS JOIN fact f", from_edge!("<"), " DESC"),
            ],
            whole_resource: concat!(
                "\
WITH e (a, b, c, unseen_at, seen_at, path, member_unseen_at, member_seen_at, grant_unseen_at, grant_seen_at, told) AS (
",
                effective_access!(
                    $dialect,
                    concat!(
                        "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f
      WHERE f.kind = 7 AND f.b = $3 AND ($4 = 0 OR f.c = $4) AND ",
                        visible!("f"),
                        ") h"
                    ),
                    ""
                ),
                ")
SELECT STRING_AGG(
  CAST(e.a AS TEXT) || ' ' || CAST(e.c AS TEXT)
  || ' ' || COALESCE(CAST(e.unseen_at AS TEXT), '') || ' ' || CAST(e.seen_at AS TEXT)
  || ' ' || COALESCE(CAST(e.path AS TEXT), '')
  || ' ' || COALESCE(CAST(e.member_unseen_at AS TEXT), '') || ' ' || COALESCE(CAST(e.member_seen_at AS TEXT), '')
  || ' ' || COALESCE(CAST(e.grant_unseen_at AS TEXT), '') || ' ' || COALESCE(CAST(e.grant_seen_at AS TEXT), '')
  || ' ' || COALESCE(e.told, ''), '
')
FROM e"
            ),
            every: effective_access!(
                $dialect,
                concat!(
                    "(SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at FROM fact f WHERE f.kind = 7 AND ",
                    visible!("f"),
                    ") h"
                ),
                "ORDER BY h.a, h.b, h.c, m.a"
            ),
        }
    };
}

/// The joins of the definition, for views: to holdings that are called `h`, adding grants `g`, memberships `m` and
/// methods `w`.
pub(crate) const JOINS_OF_HOLDINGS: ForBoth<&str> = ForBoth {
    sqlite: effective_joins!(sqlite),
    postgres: effective_joins!(postgres),
};

const STATEMENTS: ForBoth<&EffectiveAccess> = ForBoth {
    sqlite: &statements!(sqlite),
    postgres: &statements!(postgres),
};

impl EffectiveRow {
    fn of(row: &Row) -> Result<EffectiveRow, StoreError> {
        let group = match row.int_or_null(5)? {
            None => None,
            Some(group) => Some((group, younger(Seen::of(row, 6)?, Seen::of(row, 8)?))),
        };
        let methods = match row.text_or_null(10)? {
            None => None,
            Some(_) => Some(methods(&row.json(10)?)),
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

/// A path is as young as the younger of its two halves.
fn younger(membership: Seen, grant: Seen) -> Seen {
    if grant.seen_at > membership.seen_at {
        grant
    } else {
        membership
    }
}

fn methods(attributes: &Attributes) -> Vec<String> {
    let told = attributes.json("methods");
    let texts = told.as_array().into_iter().flatten();
    texts
        .filter_map(|value| value.as_str())
        .map(str::to_owned)
        .collect()
}

fn parts_of(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).filter(|part| !part.is_empty())
}

impl EffectiveRow {
    /// Reads a line of `whole_resource`.
    fn unpacked(line: &str, resource: i64) -> Result<EffectiveRow, StoreError> {
        let wrong = |column| StoreError::Row {
            column,
            wanted: "a number in a packed line",
        };
        let mut fields = line.splitn(10, ' ');
        let mut numbers = [None; 9];
        for (column, number) in numbers.iter_mut().enumerate() {
            let text = fields.next().ok_or_else(|| wrong(column))?;
            if !text.is_empty() {
                *number = Some(text.parse::<i64>().map_err(|_| wrong(column))?);
            }
        }
        let [
            account,
            role,
            unseen_at,
            seen_at,
            group,
            member_unseen_at,
            member_seen_at,
            grant_unseen_at,
            grant_seen_at,
        ] = numbers;
        let seen = |unseen_at, seen_at: Option<i64>, column| {
            let seen_at = seen_at.ok_or_else(|| wrong(column))?;
            Ok::<_, StoreError>(Seen { unseen_at, seen_at })
        };
        let group = match group {
            None => None,
            Some(group) => Some((
                group,
                younger(
                    seen(member_unseen_at, member_seen_at, 6)?,
                    seen(grant_unseen_at, grant_seen_at, 8)?,
                ),
            )),
        };
        let told = match fields.next() {
            None | Some("") => None,
            Some(told) => Some(serde_json::from_str(told).map_err(|_| wrong(9))?),
        };
        Ok(EffectiveRow {
            account: account.ok_or_else(|| wrong(0))?,
            resource,
            role: role.ok_or_else(|| wrong(1))?,
            seen: seen(unseen_at, seen_at, 3)?,
            group,
            methods: told.as_ref().map(methods),
        })
    }
}

/// Reads a part of [`HOLDER_NAMES`].
fn packed_name(text: &str) -> Result<AccountName, StoreError> {
    let wrong = |column| StoreError::Row {
        column,
        wanted: "a packed name",
    };
    let mut fields = text.split('\u{1f}');
    let mut next = |column| fields.next().ok_or_else(|| wrong(column));
    let told = |text: &str| text.strip_prefix('=').map(str::to_owned);
    Ok(AccountName {
        account: next(0)?.parse().map_err(|_| wrong(0))?,
        id: next(1)?.to_owned(),
        name: told(next(2)?),
        email: told(next(3)?),
    })
}

impl Tx {
    fn effective_access(&self) -> &'static EffectiveAccess {
        self.choose(&STATEMENTS)
    }

    /// The effective access of an account, on one resource or on all (`None`).
    pub async fn effective_of_account(
        &mut self,
        at: Snapshot,
        account: i64,
        resource: Option<i64>,
    ) -> Result<Vec<EffectiveRow>, StoreError> {
        let values = at.values([Value::from(account), Value::from(resource.unwrap_or(0))]);
        self.rows(self.effective_access().of_account, &values)
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
            let sql = list_statement(
                OF_ACCOUNTS,
                3,
                some.len(),
                self.effective_access().of_accounts_tail,
            );
            let values = at.values(some.iter().copied().map(Value::from));
            for row in &self.rows_built(sql, &values).await? {
                all.push(EffectiveRow::of(row)?);
            }
        }
        Ok(all)
    }

    /// The effective access to a resource by one role or all (`None`): a part of the holdings in the order of the
    /// accounts' names, of accounts whose name, e-mail or id contains `search`. `is_large` says that a large share of
    /// all accounts has access, so that the order of names leads there sooner.
    pub async fn effective_of_resource(
        &mut self,
        at: Snapshot,
        resource: i64,
        role: Option<i64>,
        search: &str,
        part: Part,
        is_large: bool,
    ) -> Result<Vec<EffectiveRow>, StoreError> {
        let statements = self.effective_access();
        let sql = part.choose(if is_large {
            statements.of_large_resource
        } else {
            statements.of_resource
        });
        let mut values = at.values([
            Value::from(resource),
            Value::from(role.unwrap_or(0)),
            Value::from(super::containing(search)),
            Value::from(part.limit),
            Value::from(part.offset),
        ]);
        values.extend(part.edge_values());
        self.rows(sql, &values)
            .await?
            .iter()
            .map(EffectiveRow::of)
            .collect()
    }

    /// The whole effective access to a resource by one role or all (`None`), and the holders' names, both in the order
    /// of names: what `effective_of_resource` answers part by part, for tens of thousands at once.
    pub async fn effective_of_whole_resource(
        &mut self,
        at: Snapshot,
        resource: i64,
        role: Option<i64>,
    ) -> Result<(Vec<EffectiveRow>, Vec<AccountName>), StoreError> {
        let values = at.values([Value::from(resource), Value::from(role.unwrap_or(0))]);
        let mut whole = [String::new(), String::new()];
        let statements = [self.effective_access().whole_resource, HOLDER_NAMES];
        for (text, sql) in whole.iter_mut().zip(statements) {
            let row = self.row(sql, &values).await?;
            if let Some(told) = row.map(|row| row.text_or_null(0)).transpose()?.flatten() {
                *text = told;
            }
        }
        let [lines, holders] = whole;
        let names: Vec<AccountName> = parts_of(&holders, '\u{1e}')
            .map(packed_name)
            .collect::<Result<_, _>>()?;
        let place: HashMap<i64, usize> = names
            .iter()
            .enumerate()
            .map(|(place, name)| (name.account, place))
            .collect();
        let mut rows: Vec<(usize, EffectiveRow)> = Vec::new();
        for line in parts_of(&lines, '\n') {
            let row = EffectiveRow::unpacked(line, resource)?;
            if let Some(place) = place.get(&row.account) {
                rows.push((*place, row));
            }
        }
        rows.sort_by_key(|(place, row)| (*place, row.role, row.group.map(|(group, _)| group)));
        Ok((rows.into_iter().map(|(_, row)| row).collect(), names))
    }

    /// The effective access of everybody, by account, resource and role: for exports and proofs.
    pub async fn effective_of_everybody(&mut self, at: Snapshot) -> Result<Vec<EffectiveRow>, StoreError> {
        self.rows(self.effective_access().every, &at.values([]))
            .await?
            .iter()
            .map(EffectiveRow::of)
            .collect()
    }
}
