//! Groups, their members and what they give.

use super::{Described, Part, Seen, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};
use crate::views::account::AccountName;

/// A role that a group gives on a resource.
#[derive(Debug, Clone)]
pub struct GrantRow {
    /// The group.
    pub group: i64,
    /// The resource.
    pub resource: i64,
    /// The role.
    pub role: i64,
    /// From when.
    pub seen: Seen,
}

/// A member of a group.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// How the account is called.
    pub account: AccountName,
    /// From when it is in the group.
    pub seen: Seen,
}

const GROUPS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.kind = 4 AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

const ONE: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM term t
JOIN fact f ON f.a = t.id
WHERE f.kind = 4 AND t.text = $3 AND ",
    visible!("f")
);

const MEMBER_COUNTS: &str = concat!(
    "\
SELECT f.a, COUNT(*)
FROM fact f
WHERE f.kind = 5 AND ",
    visible!("f"),
    "
GROUP BY f.a"
);

/// Members in the order of names: `$people` leads from the memberships to the people or the other way round, the edge
/// is the account `$7`.
macro_rules! members {
    ($people:literal, $edge:expr, $direction:literal) => {
        concat!(
            "\
SELECT f.b, t.text, p.name, p.email, f.unseen_at, f.seen_at
FROM ",
            $people,
            "
CROSS JOIN term t
WHERE f.kind = 5 AND f.a = $3 AND f.b = p.account AND t.id = f.b AND ($4 = '' OR p.search LIKE $4 ESCAPE '\\') AND ",
            $edge,
            " AND ",
            visible!("f"),
            "
ORDER BY p.search",
            $direction,
            ", f.b",
            $direction,
            "
LIMIT $5 OFFSET $6"
        )
    };
}

macro_rules! edge_search {
    () => {
        "COALESCE((SELECT z.search FROM person z WHERE z.account = $7), '')"
    };
}

macro_rules! beyond {
    ($sign:literal) => {
        concat!("(p.search, f.b) ", $sign, " (", edge_search!(), ", $7)")
    };
}

/// The first condition lets the walk through the names begin at the edge.
macro_rules! from_edge {
    ($sign:literal) => {
        concat!("p.search ", $sign, "= ", edge_search!(), " AND ", beyond!($sign))
    };
}

const MEMBERS: [&str; 2] = [
    members!("fact f CROSS JOIN person p", beyond!(">"), ""),
    members!("fact f CROSS JOIN person p", beyond!("<"), " DESC"),
];

/// The same, walking through the people in the order of their names: for groups that a large share is in.
const MEMBERS_OF_LARGE: [&str; 2] = [
    members!("person p CROSS JOIN fact f", from_edge!(">"), ""),
    members!("person p CROSS JOIN fact f", from_edge!("<"), " DESC"),
];

const MEMBER_COUNT: &str = concat!(
    "\
SELECT COUNT(*)
FROM fact f
WHERE f.kind = 5 AND f.a = $3 AND ",
    visible!("f")
);

const MEMBER_COUNT_FOUND: &str = concat!(
    "\
SELECT COUNT(*)
FROM person p
CROSS JOIN fact f
WHERE p.search LIKE $4 ESCAPE '\\' AND f.kind = 5 AND f.a = $3 AND f.b = p.account AND ",
    visible!("f")
);

const GRANTS: &str = concat!(
    "\
SELECT f.a, f.b, f.c, f.unseen_at, f.seen_at
FROM fact f
WHERE f.kind = 8 AND ($3 = 0 OR f.a = $3) AND ($4 = 0 OR f.b = $4) AND ",
    visible!("f"),
    "
ORDER BY f.a, f.b, f.c"
);

impl GrantRow {
    fn of(row: &Row) -> Result<GrantRow, StoreError> {
        Ok(GrantRow {
            group: row.int(0)?,
            resource: row.int(1)?,
            role: row.int(2)?,
            seen: Seen::of(row, 3)?,
        })
    }
}

impl Tx {
    /// Every group.
    pub async fn group_list(&mut self, at: Snapshot) -> Result<Vec<Described>, StoreError> {
        let rows = self.rows(GROUPS, &at.values([])).await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// The group with this id.
    pub async fn group_find(&mut self, at: Snapshot, id: &str) -> Result<Option<Described>, StoreError> {
        let row = self.row(ONE, &at.values([Value::from(id)])).await?;
        row.map(|row| Described::of(&row, 0)).transpose()
    }

    /// How many members each group has that has any.
    pub async fn group_member_counts(&mut self, at: Snapshot) -> Result<Vec<(i64, i64)>, StoreError> {
        let rows = self.rows(MEMBER_COUNTS, &at.values([])).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    }

    /// A part of the members of a group whose name, e-mail or id contains `search`, by name. `is_large` says that a
    /// large share of all accounts is in it, so that the order of names leads there sooner.
    pub async fn group_members(
        &mut self,
        at: Snapshot,
        group: i64,
        search: &str,
        part: Part,
        is_large: bool,
    ) -> Result<Vec<MemberRow>, StoreError> {
        let sql = part.choose(if is_large { MEMBERS_OF_LARGE } else { MEMBERS });
        let [account, _] = part.edge_values();
        let values = at.values([
            Value::from(group),
            Value::from(super::containing(search)),
            Value::from(part.limit),
            Value::from(part.offset),
            account,
        ]);
        let read = |row: &Row| {
            Ok(MemberRow {
                account: AccountName {
                    account: row.int(0)?,
                    id: row.text(1)?,
                    name: row.text_or_null(2)?,
                    email: row.text_or_null(3)?,
                },
                seen: Seen::of(row, 4)?,
            })
        };
        let mut members: Vec<MemberRow> = self
            .rows(sql, &values)
            .await?
            .iter()
            .map(read)
            .collect::<Result<_, StoreError>>()?;
        if part.edge.is_some_and(|edge| edge.is_before) {
            members.reverse();
        }
        Ok(members)
    }

    /// How many members `group_members` would page through.
    pub async fn group_member_count(
        &mut self,
        at: Snapshot,
        group: i64,
        search: &str,
    ) -> Result<i64, StoreError> {
        let row = match super::containing(search) {
            all if all.is_empty() => self.row(MEMBER_COUNT, &at.values([Value::from(group)])).await?,
            some => {
                self.row(
                    MEMBER_COUNT_FOUND,
                    &at.values([Value::from(group), Value::from(some)]),
                )
                .await?
            }
        };
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// The roles that one group or every group (`None`) gives on one resource or on all (`None`).
    pub async fn grant_list(
        &mut self,
        at: Snapshot,
        group: Option<i64>,
        resource: Option<i64>,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let values = at.values([
            Value::from(group.unwrap_or(0)),
            Value::from(resource.unwrap_or(0)),
        ]);
        self.rows(GRANTS, &values)
            .await?
            .iter()
            .map(GrantRow::of)
            .collect()
    }

    /// What these groups gave when the run was published, or until then: group, resource and role.
    pub async fn grants_around(&mut self, at: Snapshot, groups: &[i64]) -> Result<Vec<[i64; 3]>, StoreError> {
        const HEAD: &str = "\
SELECT f.a, f.b, f.c FROM fact f
WHERE f.organization_id = $1 AND f.kind = 8 AND +f.begun_run <= $2 AND (f.ended_run IS NULL OR +f.ended_run >= $2)
  AND f.a IN";
        let mut grants = Vec::new();
        for chunk in groups.chunks(500) {
            let values = at.values(chunk.iter().copied().map(Value::from));
            for row in self
                .rows_built(list_statement(HEAD, 3, chunk.len(), ""), &values)
                .await?
            {
                grants.push([row.int(0)?, row.int(1)?, row.int(2)?]);
            }
        }
        Ok(grants)
    }

    /// The latest known attributes of these groups, also of those that are no longer there.
    pub async fn group_names(
        &mut self,
        organization: i64,
        groups: &[i64],
    ) -> Result<Vec<Described>, StoreError> {
        let mut names = Vec::with_capacity(groups.len());
        for chunk in groups.chunks(500) {
            const HEAD: &str = "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.organization_id = $1 AND f.kind = 4 AND f.a IN";
            let values: Vec<Value> = std::iter::once(organization)
                .chain(chunk.iter().copied())
                .map(Value::from)
                .collect();
            for row in self
                .rows_built(list_statement(HEAD, 2, chunk.len(), "ORDER BY f.id"), &values)
                .await?
            {
                names.push(Described::of(&row, 0)?);
            }
        }
        Ok(names)
    }
}
