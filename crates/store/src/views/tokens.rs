//! API tokens.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Value;

const TOKENS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at
FROM fact f
JOIN term t ON t.id = f.a
WHERE f.kind = 12 AND ($3 = '' OR f.attributes LIKE $3 ESCAPE '\\') AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

impl Tx {
    /// The API tokens of one account or of all (`None`).
    pub async fn token_list(
        &mut self,
        at: Snapshot,
        account: Option<&str>,
    ) -> Result<Vec<Described>, StoreError> {
        let owner = super::attribute_is("account_id", account.unwrap_or_default());
        let rows = self.rows(TOKENS, &at.values([Value::from(owner)])).await?;
        rows.iter().map(|row| Described::of(row, 0)).collect()
    }
}
