//! API tokens.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};

const TOKENS: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, x.last_active_at
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN activity x ON x.organization_id = f.organization_id AND x.account = f.a
WHERE f.kind = 12 AND ($3 = '' OR f.attributes LIKE $3 ESCAPE '\\') AND ",
    visible!("f"),
    "
ORDER BY f.a"
);

/// An API token and when it was last used.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// The token and what was told of it.
    pub token: Described,
    /// The last use that Atlassian told; it is kept beside the activity of accounts.
    pub last_active_at: Option<i64>,
}

impl Tx {
    /// The API tokens of one account or of all (`None`).
    pub async fn token_list(
        &mut self,
        at: Snapshot,
        account: Option<&str>,
    ) -> Result<Vec<TokenRow>, StoreError> {
        let owner = super::attribute_is("account_id", account.unwrap_or_default());
        let rows = self.rows(TOKENS, &at.values([Value::from(owner)])).await?;
        let read = |row: &Row| {
            Ok(TokenRow {
                token: Described::of(row, 0)?,
                last_active_at: row.int_or_null(5)?,
            })
        };
        rows.iter().map(read).collect()
    }
}
