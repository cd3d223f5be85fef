//! Lists of accounts of the published run, answered by its summary: see [`super::summary`].

use super::accounts::{AccountFilter, AccountOrder, AccountRow, AccountTally};
use super::{Snapshot, containing};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Value;

macro_rules! chosen {
    () => {
        concat!(
            "s.organization_id = $1
  AND ($3 = '' OR s.search LIKE $3 ESCAPE '\\')
  AND ($4 = '' OR s.status = $4)
  AND ($5 = '' OR s.claim_status = $5)
  AND ($6 = '' OR s.account_type = $6)
  AND ($7 = 0 OR (s.products & $7) <> 0)
  AND ($8 = 0 OR EXISTS (
    SELECT 1 FROM fact h WHERE h.kind = 7 AND h.a = s.account AND h.b = $8 AND ",
            visible!("h"),
            "))
  AND ($9 = 0 OR EXISTS (
    SELECT 1 FROM fact m WHERE m.kind = 5 AND m.a = $9 AND m.b = s.account AND ",
            visible!("m"),
            "))
  AND ($10 = 0 OR s.is_administrator = 1)
  AND ($11 = 0 OR (s.last_active_at > 0 AND s.last_active_at < $11))
  AND ($12 = '' OR s.tokens_until > $12)
  AND ($13 = 0 OR s.left_as <> '')"
        )
    };
}

macro_rules! account_list {
    ($order:literal) => {
        concat!(
            "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM (
  SELECT s.*
  FROM account_summary s
  WHERE ",
            chosen!(),
            "
  ORDER BY ",
            $order,
            "
  LIMIT $14 OFFSET $15
) s
JOIN fact f ON f.kind = 1 AND f.a = s.account AND ",
            visible!("f"),
            "
JOIN term t ON t.id = f.a
JOIN person p ON p.account = f.a
ORDER BY ",
            $order
        )
    };
}

const BY_NAME: &str = account_list!("s.search, s.account");
const BY_NAME_BACKWARDS: &str = account_list!("s.search DESC, s.account DESC");
const BY_NEWEST: &str = account_list!("s.seen_at DESC, s.search, s.account");
const BY_INACTIVE: &str = account_list!("s.inactive_since, s.search, s.account");
const BY_ACTIVE: &str = account_list!("s.last_active_at DESC, s.search, s.account");
const BY_GROUPS: &str = account_list!("s.groups_in DESC, s.search, s.account");

const COUNT: &str = concat!("SELECT COUNT(*) FROM account_summary s WHERE ", chosen!());

const TALLY: &str = "\
SELECT COUNT(*),
       CAST(SUM(CASE WHEN s.claim_status = 'managed' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN s.account_type = 'app' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN s.account_type = 'customer' THEN 1 ELSE 0 END) AS BIGINT),
       CAST(SUM(CASE WHEN s.status = 'inactive' THEN 1 ELSE 0 END) AS BIGINT)
FROM account_summary s
WHERE s.organization_id = $1";

fn values(at: Snapshot, filter: &AccountFilter, products: i64) -> Vec<Value> {
    at.values([
        Value::from(containing(&filter.search)),
        Value::from(&filter.status),
        Value::from(&filter.claim_status),
        Value::from(&filter.account_type),
        Value::from(products),
        Value::from(filter.resource),
        Value::from(filter.group),
        Value::from(filter.administrator),
        Value::from(filter.unused_since),
        Value::from(&filter.tokens_at),
        Value::from(filter.left),
    ])
}

impl Tx {
    /// The bits of the products asked for; `None` when the summary cannot answer for this run and filter.
    async fn summary_products(
        &mut self,
        at: Snapshot,
        filter: &AccountFilter,
    ) -> Result<Option<i64>, StoreError> {
        if !self.has_summary(at).await? {
            return Ok(None);
        }
        match &filter.resources {
            None => Ok(Some(0)),
            Some(resources) => self.product_bits(at.organization, resources).await,
        }
    }

    /// As `account_list`; `None` when the summary cannot answer.
    pub(crate) async fn summary_list(
        &mut self,
        at: Snapshot,
        filter: &AccountFilter,
        order: AccountOrder,
        limit: i64,
        offset: i64,
    ) -> Result<Option<Vec<AccountRow>>, StoreError> {
        let Some(products) = self.summary_products(at, filter).await? else {
            return Ok(None);
        };
        let sql = match order {
            AccountOrder::Name => BY_NAME,
            AccountOrder::NameBackwards => BY_NAME_BACKWARDS,
            AccountOrder::Inactive => BY_INACTIVE,
            AccountOrder::Active => BY_ACTIVE,
            AccountOrder::Groups => BY_GROUPS,
            AccountOrder::Newest => BY_NEWEST,
        };
        let mut values = values(at, filter, products);
        values.extend([Value::from(limit), Value::from(offset)]);
        let rows = self.rows(sql, &values).await?;
        rows.iter()
            .map(AccountRow::of)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// As `account_count`; `None` when the summary cannot answer.
    pub(crate) async fn summary_count(
        &mut self,
        at: Snapshot,
        filter: &AccountFilter,
    ) -> Result<Option<i64>, StoreError> {
        let Some(products) = self.summary_products(at, filter).await? else {
            return Ok(None);
        };
        let row = self.row(COUNT, &values(at, filter, products)).await?;
        row.map(|row| row.int(0)).transpose()
    }

    /// As `account_tally`; `None` when the summary cannot answer.
    pub(crate) async fn summary_tally(&mut self, at: Snapshot) -> Result<Option<AccountTally>, StoreError> {
        if !self.has_summary(at).await? {
            return Ok(None);
        }
        let Some(row) = self.row(TALLY, &[Value::from(at.organization)]).await? else {
            return Ok(None);
        };
        let number = |column: usize| row.int_or_null(column).map(|number| number.unwrap_or(0));
        Ok(Some(AccountTally {
            accounts: number(0)?,
            managed: number(1)?,
            apps: number(2)?,
            customers: number(3)?,
            inactive: number(4)?,
        }))
    }
}
