//! What SCIM directories own: their records of users, linked to an account or to none, and of groups.

use super::{Described, Snapshot, attribute_is};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};

/// How many records a SCIM directory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScimCounts {
    /// Records of users that are linked to an account.
    pub linked: i64,
    /// Records of users that are linked to none.
    pub unlinked: i64,
    /// Records of groups.
    pub groups: i64,
}

/// A record of a user in a SCIM directory.
#[derive(Debug, Clone)]
pub struct ScimUserRow {
    /// The record and what was told of it.
    pub record: Described,
    /// The user's name there, if it was told and not erased.
    pub user_name: Option<String>,
    /// The account that it is linked to, by number.
    pub account: Option<i64>,
}

/// One step through the index of directories: there are few, and many records in each.
const NEXT_DIRECTORY: &str = "\
SELECT t.id, t.text
FROM term t
WHERE t.id = (
  SELECT MIN(f.b) FROM fact f WHERE f.organization_id = $1 AND f.kind = $2 AND f.b > $3)";

const USER_COUNTS: &str = concat!(
    "\
SELECT COALESCE(CAST(SUM(CASE WHEN f.c <> 0 THEN 1 ELSE 0 END) AS BIGINT), 0),
       COALESCE(CAST(SUM(CASE WHEN f.c = 0 THEN 1 ELSE 0 END) AS BIGINT), 0)
FROM fact f
WHERE f.kind = 16 AND f.b = $3 AND ",
    visible!("f")
);

const GROUP_COUNT: &str = concat!(
    "\
SELECT COUNT(*)
FROM fact f
WHERE f.kind = 17 AND f.b = $3 AND ",
    visible!("f")
);

const USERS_OF_ACCOUNT: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.email, f.c
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN person p ON p.account = f.a
WHERE f.kind = 16 AND f.b = $3 AND f.c = $4 AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

/// In the order of the index, after the place where the part before ended.
const USERS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.email, f.c
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN person p ON p.account = f.a
WHERE f.kind = 16 AND f.b = $3 AND f.c >= $4 AND (f.c > $4 OR f.a > $5) AND f.c <= $6 AND ",
    visible!("f"),
    "
ORDER BY f.c, f.a
LIMIT $7"
);

const GROUPS_NAMED: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.kind = 17 AND f.b = $3 AND f.attributes LIKE $4 ESCAPE '\\' AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

impl ScimUserRow {
    fn of(row: &Row) -> Result<ScimUserRow, StoreError> {
        Ok(ScimUserRow {
            record: Described::of(row, 0)?,
            user_name: row.text_or_null(5)?,
            account: Some(row.int(6)?).filter(|account| *account != 0),
        })
    }
}

impl Tx {
    /// Every SCIM directory that a record of was ever seen, by number and id.
    pub async fn scim_directories(&mut self, organization: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let mut found = Vec::new();
        for kind in [16_i64, 17] {
            let mut last = 0;
            loop {
                let values = [organization, kind, last].map(Value::from);
                let Some(row) = self.row(NEXT_DIRECTORY, &values).await? else {
                    break;
                };
                last = row.int(0)?;
                found.push((last, row.text(1)?));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// How many records a SCIM directory has.
    pub async fn scim_counts(&mut self, at: Snapshot, directory: i64) -> Result<ScimCounts, StoreError> {
        let values = at.values([Value::from(directory)]);
        let users = self.row(USER_COUNTS, &values).await?;
        let groups = self.row(GROUP_COUNT, &values).await?;
        let count = |row: Option<&Row>, column| row.map_or(Ok(0), |row| row.int(column));
        Ok(ScimCounts {
            linked: count(users.as_ref(), 0)?,
            unlinked: count(users.as_ref(), 1)?,
            groups: count(groups.as_ref(), 0)?,
        })
    }

    /// The records of users in a SCIM directory that are linked to an account.
    pub async fn scim_users_of_account(
        &mut self,
        at: Snapshot,
        directory: i64,
        account: i64,
    ) -> Result<Vec<ScimUserRow>, StoreError> {
        let values = at.values([Value::from(directory), Value::from(account)]);
        let rows = self.rows(USERS_OF_ACCOUNT, &values).await?;
        rows.iter().map(ScimUserRow::of).collect()
    }

    /// The records of users in a SCIM directory, those linked to no account first and alone if `unlinked`; at most
    /// `limit`, after the record that `after` is (its account or 0, and its number).
    pub async fn scim_user_list(
        &mut self,
        at: Snapshot,
        directory: i64,
        unlinked: bool,
        after: (i64, i64),
        limit: i64,
    ) -> Result<Vec<ScimUserRow>, StoreError> {
        let last_account = if unlinked { 0 } else { i64::MAX };
        let values = at.values([directory, after.0, after.1, last_account, limit].map(Value::from));
        let rows = self.rows(USERS, &values).await?;
        rows.iter().map(ScimUserRow::of).collect()
    }

    /// The records of groups in a SCIM directory with just this name.
    pub async fn scim_groups_named(
        &mut self,
        at: Snapshot,
        directory: i64,
        name: &str,
    ) -> Result<Vec<Described>, StoreError> {
        let pattern = attribute_is("name", name);
        if pattern.is_empty() {
            return Ok(Vec::new());
        }
        let values = at.values([Value::from(directory), Value::from(pattern)]);
        let mut found = Vec::new();
        for row in self.rows(GROUPS_NAMED, &values).await? {
            found.push(Described::of(&row, 0)?);
        }
        // One database's LIKE does not tell upper from lower case.
        found.retain(|group| group.attributes.text("name") == Some(name));
        Ok(found)
    }
}
