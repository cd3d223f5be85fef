//! Whether one thing is so as of a published run, and how many of a kind are.

use super::{Seen, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Value;
use model::{Attributes, FactKind};

const FIND: &str = concat!(
    "SELECT f.attributes, f.unseen_at, f.seen_at FROM fact f
WHERE f.kind = $3 AND f.a = $4 AND f.b = $5 AND f.c = $6 AND ",
    visible!("f"),
    "
ORDER BY f.id DESC LIMIT 1"
);

/// Both indexes by key answer it alone.
const COUNT: &str = concat!(
    "SELECT COUNT(*) FROM fact f WHERE f.kind = $3 AND ",
    visible!("f")
);

/// A thing that is so.
#[derive(Debug, Clone, PartialEq)]
pub struct FactNow {
    /// What was told of it.
    pub attributes: Attributes,
    /// From when.
    pub seen: Seen,
}

impl Tx {
    /// A fact by its key, of which unused parts are 0; `None` when it is not so.
    pub async fn fact_find(
        &mut self,
        at: Snapshot,
        kind: FactKind,
        key: [i64; 3],
    ) -> Result<Option<FactNow>, StoreError> {
        let mut values = vec![Value::from(kind.number())];
        values.extend(key.map(Value::from));
        let row = self.row(FIND, &at.values(values)).await?;
        let fact = row.map(|row| {
            Ok(FactNow {
                attributes: row.json(0)?,
                seen: Seen::of(&row, 1)?,
            })
        });
        fact.transpose()
    }

    /// How many facts of a kind are so.
    pub async fn fact_count(&mut self, at: Snapshot, kind: FactKind) -> Result<i64, StoreError> {
        let row = self.row(COUNT, &at.values([Value::from(kind.number())])).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }
}
