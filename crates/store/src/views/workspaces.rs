//! Workspaces and other resources on which roles are held.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};
use model::FactKind;

/// How many accounts have a role on a resource.
#[derive(Debug, Clone, Copy)]
pub struct RoleCount {
    /// The resource.
    pub resource: i64,
    /// The role.
    pub role: i64,
    /// How many accounts.
    pub accounts: i64,
}

/// How many accounts have any role on a resource.
#[derive(Debug, Clone, Copy)]
pub struct HolderCount {
    /// The resource.
    pub resource: i64,
    /// How many accounts.
    pub accounts: i64,
    /// How many of them were active there.
    pub active: i64,
}

/// One resource on which roles are held or given, whether or not it is in the list of workspaces.
#[derive(Debug, Clone)]
pub struct ResourceId {
    /// Our number for it.
    pub term: i64,
    /// Its id as Atlassian spells it.
    pub id: String,
}

const WORKSPACES: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.kind = 6 AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

const OF_KIND: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.kind = $3 AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

macro_rules! role_counts {
    ($narrowed:literal) => {
        concat!(
            "\
SELECT f.b, f.c, COUNT(*)
FROM fact f
WHERE f.kind = 7 AND ",
            $narrowed,
            visible!("f"),
            "
GROUP BY f.b, f.c
ORDER BY f.b, f.c"
        )
    };
}

const ROLE_COUNTS: &str = role_counts!("");
const ROLE_COUNTS_ON: &str = role_counts!("f.b = $3 AND ");

const ROLES_ON: &str = concat!(
    "\
SELECT DISTINCT f.c
FROM fact f
WHERE f.kind = 7 AND f.b = $3 AND ",
    visible!("f"),
    "
ORDER BY f.c"
);

const GRANT_RESOURCES: &str = concat!(
    "\
SELECT f.b, f.c, COUNT(*)
FROM fact f
WHERE f.kind = 8 AND ",
    visible!("f"),
    "
GROUP BY f.b, f.c
ORDER BY f.b, f.c"
);

const HOLDER_COUNT: &str = concat!(
    "\
SELECT COUNT(DISTINCT f.a)
FROM fact f
WHERE f.kind = 7 AND f.b = $3 AND ",
    visible!("f")
);

const HOLDING_COUNT: &str = concat!(
    "\
SELECT COUNT(*)
FROM fact f
WHERE f.kind = 7 AND f.b = $3 AND ($4 = 0 OR f.c = $4) AND ",
    visible!("f")
);

const HOLDING_COUNT_FOUND: &str = concat!(
    "\
SELECT COUNT(*)
FROM person p
CROSS JOIN fact f
WHERE p.search LIKE $5 ESCAPE '\\' AND f.kind = 7 AND f.a = p.account AND f.b = $3 AND ($4 = 0 OR f.c = $4) AND ",
    visible!("f")
);

// In one walk: counting those who were active apart took twice as long.
macro_rules! holders {
    ($narrowed:literal) => {
        concat!(
            "\
SELECT d.b, COUNT(*), COUNT(x.account)
FROM (SELECT DISTINCT f.a, f.b FROM fact f WHERE f.kind = 7 AND ",
            $narrowed,
            visible!("f"),
            ") d
LEFT JOIN activity x ON x.organization_id = $1 AND x.account = d.a AND x.resource = d.b AND x.last_active_at >= $3
GROUP BY d.b"
        )
    };
}

const HOLDERS: &str = holders!("");
const HOLDERS_ON: &str = holders!("f.b = $4 AND ");

const ACTIVITY_READ: &str = "\
SELECT MAX(x.read_at)
FROM activity x
WHERE x.organization_id = $1";

impl Tx {
    /// Every workspace.
    pub async fn workspace_list(&mut self, at: Snapshot) -> Result<Vec<Described>, StoreError> {
        let rows = self.rows(WORKSPACES, &at.values([])).await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// Every directory.
    pub async fn directory_list(&mut self, at: Snapshot) -> Result<Vec<Described>, StoreError> {
        self.governance_list(at, FactKind::Directory).await
    }

    /// Everything of a kind that has one id: directories, domains, policies.
    pub async fn governance_list(
        &mut self,
        at: Snapshot,
        kind: FactKind,
    ) -> Result<Vec<Described>, StoreError> {
        let rows = self
            .rows(OF_KIND, &at.values([Value::from(kind.number())]))
            .await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// The roles that are held on a resource.
    pub async fn roles_on(&mut self, at: Snapshot, resource: i64) -> Result<Vec<i64>, StoreError> {
        let rows = self.rows(ROLES_ON, &at.values([Value::from(resource)])).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// How many accounts have each role on each resource, or on one.
    pub async fn role_counts(
        &mut self,
        at: Snapshot,
        resource: Option<i64>,
    ) -> Result<Vec<RoleCount>, StoreError> {
        match resource {
            None => self.role_counts_by(ROLE_COUNTS, &at.values([])).await,
            Some(resource) => {
                let values = at.values([Value::from(resource)]);
                self.role_counts_by(ROLE_COUNTS_ON, &values).await
            }
        }
    }

    /// How many groups give each role on each resource.
    pub async fn grant_counts(&mut self, at: Snapshot) -> Result<Vec<RoleCount>, StoreError> {
        self.role_counts_by(GRANT_RESOURCES, &at.values([])).await
    }

    async fn role_counts_by(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<RoleCount>, StoreError> {
        let rows = self.rows(sql, values).await?;
        let read = |row: &Row| {
            Ok(RoleCount {
                resource: row.int(0)?,
                role: row.int(1)?,
                accounts: row.int(2)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// How many accounts have any role on the resource.
    pub async fn holder_count(&mut self, at: Snapshot, resource: i64) -> Result<i64, StoreError> {
        let row = self
            .row(HOLDER_COUNT, &at.values([Value::from(resource)]))
            .await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// How many holdings `effective_of_resource` would page through.
    pub async fn holding_count(
        &mut self,
        at: Snapshot,
        resource: i64,
        role: Option<i64>,
        search: &str,
    ) -> Result<i64, StoreError> {
        let mut values = at.values([Value::from(resource), Value::from(role.unwrap_or(0))]);
        let search = super::containing(search);
        let row = if search.is_empty() {
            self.row(HOLDING_COUNT, &values).await?
        } else {
            values.push(Value::from(search));
            self.row(HOLDING_COUNT_FOUND, &values).await?
        };
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// By resource, or of one, how many accounts have any role on it, and how many of them were active there at `since`
    /// or later.
    pub async fn holder_counts(
        &mut self,
        at: Snapshot,
        since: i64,
        resource: Option<i64>,
    ) -> Result<Vec<HolderCount>, StoreError> {
        let mut values = at.values([Value::from(since)]);
        let sql = match resource {
            None => HOLDERS,
            Some(resource) => {
                values.push(Value::from(resource));
                HOLDERS_ON
            }
        };
        let read = |row: &Row| {
            Ok(HolderCount {
                resource: row.int(0)?,
                accounts: row.int(1)?,
                active: row.int(2)?,
            })
        };
        self.rows(sql, &values).await?.iter().map(read).collect()
    }

    /// When activity was last read.
    pub async fn activity_read_at(&mut self, organization: i64) -> Result<Option<i64>, StoreError> {
        let row = self.row(ACTIVITY_READ, &[Value::from(organization)]).await?;
        row.map_or(Ok(None), |row| row.int_or_null(0))
    }
}
