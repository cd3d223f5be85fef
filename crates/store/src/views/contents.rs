//! Everything of an organization in the order of its numbers, part by part: for what is written whole into a file.
//!
//! A part is bounded, so memory does not grow with the organization. The parts fit together because a published run
//! does not change.

use super::Snapshot;
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Value;
use model::{Attributes, FactKind};

/// Keys as one text: handing over each of very many rows costs more than reading them.
const KEYS: &str = concat!(
    "\
SELECT STRING_AGG(CAST(k.a AS TEXT) || ' ' || CAST(k.b AS TEXT) || ' ' || CAST(k.c AS TEXT), ',')
FROM (
  SELECT f.a, f.b, f.c
  FROM fact f
  WHERE f.kind = $3 AND (f.a, f.b, f.c) > ($4, $5, $6) AND f.a <= $7 AND ",
    visible!("f"),
    "
  ORDER BY f.a, f.b, f.c
  LIMIT $8) k"
);

/// Accounts with what describes them and with their memberships in directories, of which there may be several.
const ACCOUNTS: &str = concat!(
    "\
SELECT k.a, t.text, k.attributes, p.attributes, m.attributes
FROM (
  SELECT f.a, f.attributes
  FROM fact f
  WHERE f.kind = 1 AND f.a > $3 AND ",
    visible!("f"),
    "
  ORDER BY f.a
  LIMIT $4) k
JOIN term t ON t.id = k.a
LEFT JOIN person p ON p.account = k.a
LEFT JOIN fact m ON m.kind = 3 AND m.b = k.a AND ",
    visible!("m"),
    "
ORDER BY k.a, m.a"
);

/// An account with everything that was told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedAccount {
    /// Our number for it.
    pub account: i64,
    /// Its id.
    pub id: String,
    /// What was told of the account.
    pub attributes: Attributes,
    /// What describes the person; empty when that was erased.
    pub person: Attributes,
    /// What was told of it in each of its directories.
    pub directories: Vec<Attributes>,
}

impl Tx {
    /// At most `most` keys of facts of a kind, in order: those after `after`, whose first part is at most `until`.
    pub async fn fact_keys(
        &mut self,
        at: Snapshot,
        kind: FactKind,
        after: [i64; 3],
        until: i64,
        most: i64,
    ) -> Result<Vec<[i64; 3]>, StoreError> {
        let mut values = vec![Value::from(kind.number())];
        values.extend(after.map(Value::from));
        values.extend([Value::from(until), Value::from(most)]);
        let row = self.row(KEYS, &at.values(values)).await?;
        let packed = row.map(|row| row.text_or_null(0)).transpose()?.flatten();
        let mut keys = Vec::new();
        for text in packed.iter().flat_map(|packed| packed.split(',')) {
            keys.push(key(text).ok_or(StoreError::Row {
                column: 0,
                wanted: "three numbers",
            })?);
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// At most `most` accounts with everything that was told of them, in the order of their numbers: those after
    /// `after`.
    pub async fn account_descriptions(
        &mut self,
        at: Snapshot,
        after: i64,
        most: i64,
    ) -> Result<Vec<DescribedAccount>, StoreError> {
        let rows = self
            .rows(ACCOUNTS, &at.values([Value::from(after), Value::from(most)]))
            .await?;
        let mut accounts: Vec<DescribedAccount> = Vec::new();
        for row in &rows {
            let account = row.int(0)?;
            let is_another = accounts.last().is_none_or(|last| last.account != account);
            if is_another {
                let person = row.text_or_null(3)?;
                accounts.push(DescribedAccount {
                    account,
                    id: row.text(1)?,
                    attributes: row.json(2)?,
                    person: person.map_or_else(|| Ok(Attributes::new()), |_| row.json(3))?,
                    directories: Vec::new(),
                });
            }
            if let (Some(last), Some(_)) = (accounts.last_mut(), row.text_or_null(4)?) {
                last.directories.push(row.json(4)?);
            }
        }
        Ok(accounts)
    }
}

fn key(text: &str) -> Option<[i64; 3]> {
    let mut parts = text.split(' ').map(str::parse);
    Some([parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?])
}
