//! Lists of accounts; for one of them see [`super::account`].

use super::{Described, Snapshot, attribute_is, containing};
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};
use model::Attributes;

/// An account with the person it describes.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// The account and what was told of it.
    pub account: Described,
    /// The person's name, if it was told and not erased.
    pub name: Option<String>,
    /// The person's e-mail, if it was told and not erased.
    pub email: Option<String>,
}

/// Which accounts to list; an empty text or zero does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AccountFilter {
    /// Part of a name, e-mail or id.
    pub search: String,
    /// Value of `status`.
    pub status: String,
    /// Value of `claim_status`.
    pub claim_status: String,
    /// Value of `type`.
    pub account_type: String,
    /// Has any role on one of these resources; `None` does not filter.
    pub resources: Option<Vec<i64>>,
    /// Has any role on this resource.
    pub resource: i64,
    /// Is in this group.
    pub group: i64,
    /// Has any platform role.
    pub administrator: bool,
    /// Has known activity, none of it at this time or later.
    pub unused_since: i64,
    /// Owns an API token that works after this time, written as Atlassian does; only the summary can tell.
    pub tokens_at: String,
    /// Is deactivated, closed, or suspended wherever it is; only the summary can tell.
    pub left: bool,
}

/// The order of a list of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccountOrder {
    /// By lower-case name.
    #[default]
    Name,
    /// By lower-case name, backwards.
    NameBackwards,
    /// The longest inactive first; those without known activity last.
    Inactive,
    /// The most recently active first; those without known activity last.
    Active,
    /// The most groups first.
    Groups,
    /// The most recently seen first.
    Newest,
}

macro_rules! chosen {
    () => {
        concat!(
            "f.kind = 1 AND f.a = p.account AND ",
            visible!("f"),
            "
  AND ($3 = '' OR p.search LIKE $3 ESCAPE '\\')
  AND ($4 = '' OR f.attributes LIKE $4 ESCAPE '\\')
  AND ($5 = '' OR f.attributes LIKE $5 ESCAPE '\\')
  AND ($6 = '' OR f.attributes LIKE $6 ESCAPE '\\')
  AND ($7 = '' OR EXISTS (
    SELECT 1 FROM fact h
    WHERE h.kind = 7 AND h.a = f.a AND $7 LIKE '%,' || CAST(h.b AS TEXT) || ',%' AND ",
            visible!("h"),
            "))
  AND ($8 = 0 OR EXISTS (
    SELECT 1 FROM fact h WHERE h.kind = 7 AND h.a = f.a AND h.b = $8 AND ",
            visible!("h"),
            "))
  AND ($9 = 0 OR EXISTS (
    SELECT 1 FROM fact m WHERE m.kind = 5 AND m.a = $9 AND m.b = f.a AND ",
            visible!("m"),
            "))
  AND ($10 = 0 OR EXISTS (
    SELECT 1 FROM fact r WHERE r.kind = 9 AND r.a = f.a AND ",
            visible!("r"),
            "))
  AND ($11 = 0 OR (
    EXISTS (SELECT 1 FROM activity x
      WHERE x.organization_id = $1 AND x.account = f.a AND x.last_active_at < $11)
    AND NOT EXISTS (SELECT 1 FROM activity x
      WHERE x.organization_id = $1 AND x.account = f.a AND x.last_active_at >= $11)))"
        )
    };
}

macro_rules! account_list {
    ($joins:literal, $order:literal) => {
        concat!(
            "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM person p
CROSS JOIN fact f
JOIN term t ON t.id = f.a
",
            $joins,
            "WHERE ",
            chosen!(),
            "
ORDER BY ",
            $order,
            "
LIMIT $12 OFFSET $13"
        )
    };
}

const BY_NAME: &str = account_list!("", "p.search, f.a");
const BY_NAME_BACKWARDS: &str = account_list!("", "p.search DESC, f.a DESC");
const BY_NEWEST: &str = account_list!("", "f.seen_at DESC, p.search, f.a");
const BY_INACTIVE: &str = account_list!(
    "LEFT JOIN (SELECT x.account, MAX(x.last_active_at) AS last_at FROM activity x
  WHERE x.organization_id = $1 GROUP BY x.account) l ON l.account = f.a
",
    "CASE WHEN l.last_at IS NULL THEN 1 ELSE 0 END, l.last_at, p.search, f.a"
);
const BY_ACTIVE: &str = account_list!(
    "LEFT JOIN (SELECT x.account, MAX(x.last_active_at) AS last_at FROM activity x
  WHERE x.organization_id = $1 GROUP BY x.account) l ON l.account = f.a
",
    "CASE WHEN l.last_at IS NULL THEN 1 ELSE 0 END, l.last_at DESC, p.search, f.a"
);
const BY_GROUPS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM person p
CROSS JOIN fact f
JOIN term t ON t.id = f.a
LEFT JOIN (SELECT m.b AS account, COUNT(*) AS groups_in FROM fact m WHERE m.kind = 5 AND ",
    visible!("m"),
    " GROUP BY m.b) n ON n.account = f.a
WHERE ",
    chosen!(),
    "
ORDER BY COALESCE(n.groups_in, 0) DESC, p.search, f.a
LIMIT $12 OFFSET $13"
);

// What every page says of the organization is counted from the few that may be counted, not by asking each account.
const COUNT_ADMINISTRATORS: &str = concat!(
    "SELECT COUNT(DISTINCT f.a) FROM fact r CROSS JOIN fact f JOIN person p ON p.account = f.a
WHERE r.kind = 9 AND f.kind = 1 AND f.a = r.a AND ",
    visible!("r"),
    " AND ",
    visible!("f")
);
const COUNT_UNUSED: &str = concat!(
    "SELECT COUNT(*) FROM (
    SELECT x.account FROM activity x WHERE x.organization_id = $1 GROUP BY x.account HAVING MAX(x.last_active_at) < $3
) l CROSS JOIN fact f JOIN person p ON p.account = f.a
WHERE f.kind = 1 AND f.a = l.account AND ",
    visible!("f")
);
const COUNT: &str = concat!(
    "\
SELECT COUNT(*)
FROM person p
CROSS JOIN fact f
WHERE ",
    chosen!()
);

const TALLY: &str = concat!(
    "\
SELECT COUNT(*),
       COALESCE(CAST(SUM(CASE WHEN f.attributes LIKE $3 ESCAPE '\\' THEN 1 ELSE 0 END) AS BIGINT), 0),
       COALESCE(CAST(SUM(CASE WHEN f.attributes LIKE $4 ESCAPE '\\' THEN 1 ELSE 0 END) AS BIGINT), 0),
       COALESCE(CAST(SUM(CASE WHEN f.attributes LIKE $5 ESCAPE '\\' THEN 1 ELSE 0 END) AS BIGINT), 0),
       COALESCE(CAST(SUM(CASE WHEN f.attributes LIKE $6 ESCAPE '\\' THEN 1 ELSE 0 END) AS BIGINT), 0)
FROM fact f
WHERE f.kind = 1 AND ",
    visible!("f")
);

/// What was told of an account that is active is not handed over: it is most of all rows.
const LEFT: &str = concat!(
    "\
SELECT f.a, CASE WHEN f.attributes LIKE $3 ESCAPE '\\' THEN '{}' ELSE f.attributes END
FROM fact f
WHERE f.kind = 1 AND ",
    visible!("f")
);

/// How many accounts there are, and how many of which sort.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccountTally {
    /// All.
    pub accounts: i64,
    /// Those that the organization claimed.
    pub managed: i64,
    /// Apps.
    pub apps: i64,
    /// Portal customers.
    pub customers: i64,
    /// Those whose account is deactivated.
    pub inactive: i64,
}

/// What a list shows of accounts besides their own attributes; pairs of account and value.
#[derive(Debug, Clone, Default)]
pub struct AccountExtras {
    /// In how many groups.
    pub groups: Vec<(i64, i64)>,
    /// Which resources any role is held on.
    pub resources: Vec<(i64, i64)>,
    /// Which platform roles.
    pub platform_roles: Vec<(i64, String)>,
    /// Latest known activity.
    pub last_active_at: Vec<(i64, i64)>,
    /// Attributes of each directory membership.
    pub directories: Vec<(i64, Attributes)>,
}

impl AccountRow {
    pub(super) fn of(row: &Row) -> Result<AccountRow, StoreError> {
        Ok(AccountRow {
            account: Described::of(row, 0)?,
            name: row.text_or_null(5)?,
            email: row.text_or_null(6)?,
        })
    }
}

/// `,1,2,` – a list as one value, so that the statement is one for every length.
fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!(",{},", numbers.join(","))
}

impl AccountFilter {
    fn values(&self) -> [Value; 9] {
        [
            Value::from(containing(&self.search)),
            Value::from(attribute_is("status", &self.status)),
            Value::from(attribute_is("claim_status", &self.claim_status)),
            Value::from(attribute_is("type", &self.account_type)),
            Value::from(self.resources.as_deref().map(listed).unwrap_or_default()),
            Value::from(self.resource),
            Value::from(self.group),
            Value::from(self.administrator),
            Value::from(self.unused_since),
        ]
    }
}

impl Tx {
    /// The accounts chosen by a filter, from `offset` on, at most `limit`.
    pub async fn account_list(
        &mut self,
        at: Snapshot,
        filter: &AccountFilter,
        order: AccountOrder,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<AccountRow>, StoreError> {
        if let Some(rows) = self.summary_list(at, filter, order, limit, offset).await? {
            return Ok(rows);
        }
        let sql = match order {
            AccountOrder::Name => BY_NAME,
            AccountOrder::NameBackwards => BY_NAME_BACKWARDS,
            AccountOrder::Inactive => BY_INACTIVE,
            AccountOrder::Active => BY_ACTIVE,
            AccountOrder::Groups => BY_GROUPS,
            AccountOrder::Newest => BY_NEWEST,
        };
        let mut values = at.values(filter.values());
        values.extend([Value::from(limit), Value::from(offset)]);
        self.rows(sql, &values)
            .await?
            .iter()
            .map(AccountRow::of)
            .collect()
    }

    /// Those of the accounts with these ids that a filter chooses, in no order.
    pub async fn account_list_among(
        &mut self,
        at: Snapshot,
        filter: &AccountFilter,
        ids: &[&str],
    ) -> Result<Vec<AccountRow>, StoreError> {
        const HEAD: &str = concat!(
            "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM term t
CROSS JOIN person p
CROSS JOIN fact f
WHERE p.account = t.id AND ",
            chosen!(),
            "
  AND t.text IN"
        );
        let mut found = Vec::new();
        for chunk in ids.chunks(500) {
            let mut values = at.values(filter.values());
            values.extend(chunk.iter().map(|id| Value::from(*id)));
            let rows = self
                .rows_built(list_statement(HEAD, 12, chunk.len(), ""), &values)
                .await?;
            for row in &rows {
                found.push(AccountRow::of(row)?);
            }
        }
        Ok(found)
    }

    /// How many accounts a filter chooses.
    pub async fn account_count(&mut self, at: Snapshot, filter: &AccountFilter) -> Result<i64, StoreError> {
        if let Some(count) = self.summary_count(at, filter).await? {
            return Ok(count);
        }
        let all = AccountFilter::default();
        let administrators = AccountFilter {
            administrator: true,
            ..all.clone()
        };
        let unused = AccountFilter {
            unused_since: filter.unused_since,
            ..all
        };
        let row = if *filter == administrators {
            self.row(COUNT_ADMINISTRATORS, &at.values([])).await?
        } else if *filter == unused && filter.unused_since != 0 {
            self.row(COUNT_UNUSED, &at.values([Value::from(filter.unused_since)]))
                .await?
        } else {
            self.row(COUNT, &at.values(filter.values())).await?
        };
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// How many accounts there are, and how many of which sort.
    pub async fn account_tally(&mut self, at: Snapshot) -> Result<AccountTally, StoreError> {
        if let Some(tally) = self.summary_tally(at).await? {
            return Ok(tally);
        }
        let values = at.values([
            Value::from(attribute_is("claim_status", "managed")),
            Value::from(attribute_is("type", "app")),
            Value::from(attribute_is("type", "customer")),
            Value::from(attribute_is("status", "inactive")),
        ]);
        let Some(row) = self.row(TALLY, &values).await? else {
            return Ok(AccountTally::default());
        };
        Ok(AccountTally {
            accounts: row.int(0)?,
            managed: row.int(1)?,
            apps: row.int(2)?,
            customers: row.int(3)?,
            inactive: row.int(4)?,
        })
    }

    /// Every account, and why it is not active; an empty text when it is.
    pub async fn account_left(&mut self, at: Snapshot) -> Result<Vec<(i64, String)>, StoreError> {
        let values = at.values([Value::from(attribute_is("status", "active"))]);
        let left = |row: &Row| {
            let told: Attributes = row.json(1)?;
            Ok((row.int(0)?, told.text("status").unwrap_or_default().to_owned()))
        };
        self.rows(LEFT, &values).await?.iter().map(left).collect()
    }

    /// What a list shows of these accounts besides their attributes.
    pub async fn account_extras(
        &mut self,
        at: Snapshot,
        accounts: &[i64],
    ) -> Result<AccountExtras, StoreError> {
        if accounts.is_empty() {
            return Ok(AccountExtras::default());
        }
        let count = accounts.len();
        let values = at.values(accounts.iter().map(|account| Value::from(*account)));

        const GROUPS_HEAD: &str = concat!(
            "SELECT f.b, COUNT(*) FROM fact f WHERE f.kind = 5 AND ",
            visible!("f"),
            " AND f.b IN"
        );
        let sql = list_statement(GROUPS_HEAD, 3, count, "GROUP BY f.b");
        let groups = pairs(&self.rows_built(sql, &values).await?)?;

        const RESOURCES_HEAD: &str = concat!(
            "SELECT DISTINCT f.a, f.b FROM fact f WHERE f.kind = 7 AND ",
            visible!("f"),
            " AND f.a IN"
        );
        let sql = list_statement(RESOURCES_HEAD, 3, count, "ORDER BY f.a, f.b");
        let resources = pairs(&self.rows_built(sql, &values).await?)?;

        const ROLES_HEAD: &str = concat!(
            "SELECT f.a, t.text FROM fact f JOIN term t ON t.id = f.b WHERE f.kind = 9 AND ",
            visible!("f"),
            " AND f.a IN"
        );
        let sql = list_statement(ROLES_HEAD, 3, count, "ORDER BY f.a, t.text");
        let rows = self.rows_built(sql, &values).await?;
        let platform_roles = rows
            .iter()
            .map(|row| Ok((row.int(0)?, row.text(1)?)))
            .collect::<Result<_, StoreError>>()?;

        const DIRECTORIES_HEAD: &str = concat!(
            "SELECT f.b, f.attributes FROM fact f WHERE f.kind = 3 AND ",
            visible!("f"),
            " AND f.b IN"
        );
        let sql = list_statement(DIRECTORIES_HEAD, 3, count, "ORDER BY +f.b, +f.a");
        let rows = self.rows_built(sql, &values).await?;
        let directories = rows
            .iter()
            .map(|row| Ok((row.int(0)?, row.json(1)?)))
            .collect::<Result<_, StoreError>>()?;

        const ACTIVITY_HEAD: &str = "\
SELECT x.account, MAX(x.last_active_at)
FROM activity x
WHERE x.organization_id = $1 AND x.last_active_at IS NOT NULL AND x.account IN";
        let sql = list_statement(ACTIVITY_HEAD, 2, count, "GROUP BY x.account");
        let mut values = values;
        values.remove(1);
        let last_active_at = pairs(&self.rows_built(sql, &values).await?)?;

        Ok(AccountExtras {
            groups,
            resources,
            platform_roles,
            last_active_at,
            directories,
        })
    }
}

fn pairs(rows: &[Row]) -> Result<Vec<(i64, i64)>, StoreError> {
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}
