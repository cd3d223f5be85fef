//! API keys of the organization.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;

const KEYS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, x.last_active_at
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN activity x ON x.organization_id = f.organization_id AND x.account = f.a
WHERE f.kind = 14 AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

impl Tx {
    /// Every API key, and when it was last used as far as that was told.
    pub async fn key_list(&mut self, at: Snapshot) -> Result<Vec<(Described, Option<i64>)>, StoreError> {
        let rows = self.rows(KEYS, &at.values([])).await?;
        rows.iter()
            .map(|row| Ok((Described::of(row, 0)?, row.int_or_null(5)?)))
            .collect()
    }
}
