//! What is known of one account, and what accounts are called.

use super::accounts::AccountRow;
use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};

const ONE: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM term t
JOIN fact f ON f.a = t.id
LEFT JOIN person p ON p.account = f.a
WHERE f.kind = 1 AND t.text = $3 AND ",
    visible!("f")
);

const BY_NAME_OR_EMAIL: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM person p
CROSS JOIN fact f
JOIN term t ON t.id = f.a
WHERE f.kind = 1 AND f.a = p.account AND ",
    visible!("f"),
    " AND (LOWER(p.name) = LOWER($3) OR LOWER(p.email) = LOWER($3) OR p.name = $3 OR p.email = $3)
ORDER BY p.search, f.a
LIMIT 20"
);

/// The `+` keeps SQLite from walking through all in the order asked for instead of looking up the few.
const DIRECTORIES: &str = concat!(
    "\
SELECT d.a, t.text, d.attributes, d.unseen_at, d.seen_at
FROM fact d
JOIN term t ON t.id = d.a
WHERE d.kind = 3 AND d.b = $3 AND ",
    visible!("d"),
    "
ORDER BY +d.a"
);

const PLATFORM_ROLE_HOLDERS: &str = concat!(
    "\
SELECT t.text
FROM fact f
JOIN term r ON r.id = f.b AND r.text = $3
JOIN term t ON t.id = f.a
WHERE f.kind = 9 AND ",
    visible!("f"),
    "
ORDER BY t.text"
);

const PLATFORM_ROLES: &str = concat!(
    "\
SELECT f.b, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.b
WHERE f.kind = 9 AND f.a = $3 AND ",
    visible!("f"),
    "
ORDER BY t.text"
);

const GROUPS: &str = concat!(
    "\
SELECT m.a, t.text, COALESCE(g.attributes, '{}'), m.unseen_at, m.seen_at
FROM fact m
JOIN term t ON t.id = m.a
LEFT JOIN fact g ON g.kind = 4 AND g.a = m.a AND ",
    visible!("g"),
    "
WHERE m.kind = 5 AND m.b = $3 AND ",
    visible!("m"),
    "
ORDER BY +m.a"
);

const ACTIVITY: &str = "\
SELECT x.resource, x.last_active_at, x.read_at
FROM activity x
WHERE x.organization_id = $1 AND x.account = $2
ORDER BY x.last_active_at DESC";
/// The last activity of an account on one resource.
#[derive(Debug, Clone, Copy)]
pub struct ActivityRow {
    /// The resource.
    pub resource: i64,
    /// The last activity; `None` when Atlassian told none.
    pub last_active_at: Option<i64>,
    /// When that was read.
    pub read_at: i64,
}

/// How an account is called.
#[derive(Debug, Clone)]
pub struct AccountName {
    /// The account.
    pub account: i64,
    /// Its id as Atlassian spells it.
    pub id: String,
    /// The person's name, if it was told and not erased.
    pub name: Option<String>,
    /// The person's e-mail, if it was told and not erased.
    pub email: Option<String>,
}

impl Tx {
    /// The account with this id.
    pub async fn account_find(&mut self, at: Snapshot, id: &str) -> Result<Option<AccountRow>, StoreError> {
        let row = self.row(ONE, &at.values([Value::from(id)])).await?;
        row.as_ref().map(AccountRow::of).transpose()
    }

    /// The accounts whose name or e-mail is exactly this, but for the case; at most 20.
    pub async fn account_named(&mut self, at: Snapshot, text: &str) -> Result<Vec<AccountRow>, StoreError> {
        let rows = self
            .rows(BY_NAME_OR_EMAIL, &at.values([Value::from(text)]))
            .await?;
        rows.iter().map(AccountRow::of).collect()
    }

    /// The directories that an account is in: the directory, and the attributes of its membership there.
    pub async fn account_directories(
        &mut self,
        at: Snapshot,
        account: i64,
    ) -> Result<Vec<Described>, StoreError> {
        let rows = self.rows(DIRECTORIES, &at.values([Value::from(account)])).await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// The ids of the accounts with a platform role.
    pub async fn platform_role_holders(
        &mut self,
        at: Snapshot,
        role: &str,
    ) -> Result<Vec<String>, StoreError> {
        let rows = self
            .rows(PLATFORM_ROLE_HOLDERS, &at.values([Value::from(role)]))
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The platform roles of an account.
    pub async fn account_platform_roles(
        &mut self,
        at: Snapshot,
        account: i64,
    ) -> Result<Vec<Described>, StoreError> {
        let rows = self
            .rows(PLATFORM_ROLES, &at.values([Value::from(account)]))
            .await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// The groups that an account is in: the group with its attributes, and from when the account is in it.
    pub async fn account_groups(&mut self, at: Snapshot, account: i64) -> Result<Vec<Described>, StoreError> {
        let rows = self.rows(GROUPS, &at.values([Value::from(account)])).await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }

    /// The last activity of an account on each resource, the latest first.
    pub async fn account_activity(
        &mut self,
        organization: i64,
        account: i64,
    ) -> Result<Vec<ActivityRow>, StoreError> {
        let rows = self
            .rows(ACTIVITY, &[Value::from(organization), Value::from(account)])
            .await?;
        let read = |row: &Row| {
            Ok(ActivityRow {
                resource: row.int(0)?,
                last_active_at: row.int_or_null(1)?,
                read_at: row.int(2)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The names, e-mails and ids of these accounts, also of those that are no longer shown.
    pub async fn account_names(&mut self, accounts: &[i64]) -> Result<Vec<AccountName>, StoreError> {
        let mut names = Vec::with_capacity(accounts.len());
        for chunk in accounts.chunks(500) {
            const HEAD: &str = "SELECT t.id, t.text, p.name, p.email FROM term t LEFT JOIN person p ON p.account = t.id WHERE t.id IN";
            let values: Vec<Value> = chunk.iter().map(|account| Value::from(*account)).collect();
            for row in self
                .rows_built(list_statement(HEAD, 1, chunk.len(), ""), &values)
                .await?
            {
                names.push(AccountName {
                    account: row.int(0)?,
                    id: row.text(1)?,
                    name: row.text_or_null(2)?,
                    email: row.text_or_null(3)?,
                });
            }
        }
        Ok(names)
    }
}
