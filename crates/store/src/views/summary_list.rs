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

/// Without a filter the skipped rows are counted off in the index alone.
macro_rules! all_of_them {
    () => {
        "s.organization_id = $1"
    };
}

macro_rules! account_list {
    ($column:literal, $direction:literal, $names:literal, $chosen:ident, $limit:literal) => {
        concat!(
            "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM (
  SELECT s.account, s.search, ",
            $column,
            " AS sorted
  FROM account_summary s
  WHERE ",
            $chosen!(),
            "
  ORDER BY ",
            $column,
            $direction,
            ", s.search",
            $names,
            ", s.account",
            $names,
            "
  ",
            $limit,
            "
) s
JOIN fact f ON f.kind = 1 AND f.a = s.account AND ",
            visible!("f"),
            "
JOIN term t ON t.id = f.a
JOIN person p ON p.account = f.a
ORDER BY s.sorted",
            $direction,
            ", s.search",
            $names,
            ", s.account",
            $names
        )
    };
}

/// One order: all of them, and those that a filter chooses.
macro_rules! both {
    ($column:literal, $direction:literal, $names:literal) => {
        [
            account_list!($column, $direction, $names, all_of_them, "LIMIT $3 OFFSET $4"),
            account_list!($column, $direction, $names, chosen, "LIMIT $14 OFFSET $15"),
        ]
    };
}

const BY_NAME: [&str; 2] = both!("s.organization_id", "", "");
const BY_NAME_BACKWARDS: [&str; 2] = both!("s.organization_id", "", " DESC");
const BY_NEWEST: [&str; 2] = both!("s.seen_at", " DESC", "");
const BY_INACTIVE: [&str; 2] = both!("s.inactive_since", "", "");
const BY_ACTIVE: [&str; 2] = both!("s.last_active_at", " DESC", "");
const BY_GROUPS: [&str; 2] = both!("s.groups_in", " DESC", "");

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
        let [all, some] = sql;
        let slice = [Value::from(limit), Value::from(offset)];
        let rows = if *filter == AccountFilter::default() {
            self.rows(all, &at.values(slice)).await?
        } else {
            let mut values = values(at, filter, products);
            values.extend(slice);
            self.rows(some, &values).await?
        };
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
