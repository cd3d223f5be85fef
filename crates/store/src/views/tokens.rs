//! Credentials with a last use: the API tokens of accounts and the API keys of the organization.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};

/// Credentials of one kind with their last use; what follows chooses among them.
macro_rules! credentials {
    ($kind:literal, $rest:literal) => {
        concat!(
            "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, x.last_active_at
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN activity x ON x.organization_id = f.organization_id AND x.account = f.a
WHERE f.kind = ",
            $kind,
            " AND ",
            visible!("f"),
            $rest
        )
    };
}

const TOKENS: &str = credentials!("12", "\nORDER BY f.a");
const TOKENS_AMONG: &str = credentials!("12", "\n  AND f.a IN");
const KEYS: &str = credentials!("14", "\nORDER BY f.a");

/// An API token or API key, and when it was last used.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// The token or key, and what was told of it.
    pub token: Described,
    /// The last use that Atlassian told; it is kept beside the activity of accounts.
    pub last_active_at: Option<i64>,
}

impl TokenRow {
    fn of(row: &Row) -> Result<TokenRow, StoreError> {
        Ok(TokenRow {
            token: Described::of(row, 0)?,
            last_active_at: row.int_or_null(5)?,
        })
    }
}

const USES: &str = concat!(
    "\
SELECT f.a, x.last_active_at
FROM fact f
JOIN activity x ON x.organization_id = f.organization_id AND x.account = f.a
WHERE f.kind = 12 AND x.last_active_at IS NOT NULL AND ",
    visible!("f")
);

/// The owner of a token, as far as the summary tells.
#[derive(Debug, Clone)]
pub struct TokenOwner {
    /// The account.
    pub account: i64,
    /// What it is searched in and sorted by.
    pub search: String,
    /// Why it is not active; empty when it is.
    pub left_as: String,
}

const OWNERS: &str = "\
SELECT s.account, s.search, s.left_as
FROM account_summary s
WHERE s.organization_id = $1 AND s.tokens_until <> ''
ORDER BY s.search, s.account";

impl Tx {
    /// Every account of the published run that owns an API token, by name; only the summary can tell.
    pub async fn token_owners(&mut self, at: Snapshot) -> Result<Vec<TokenOwner>, StoreError> {
        let read = |row: &Row| {
            Ok(TokenOwner {
                account: row.int(0)?,
                search: row.text(1)?,
                left_as: row.text(2)?,
            })
        };
        let rows = self.rows(OWNERS, &[Value::from(at.organization)]).await?;
        rows.iter().map(read).collect()
    }

    /// Each API token whose last use was told, with that time.
    pub async fn token_uses(&mut self, at: Snapshot) -> Result<Vec<(i64, i64)>, StoreError> {
        let rows = self.rows(USES, &at.values([])).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    }

    /// Every API token.
    pub async fn token_list(&mut self, at: Snapshot) -> Result<Vec<TokenRow>, StoreError> {
        self.rows(TOKENS, &at.values([]))
            .await?
            .iter()
            .map(TokenRow::of)
            .collect()
    }

    /// Every API key of the organization.
    pub async fn key_list(&mut self, at: Snapshot) -> Result<Vec<TokenRow>, StoreError> {
        self.rows(KEYS, &at.values([]))
            .await?
            .iter()
            .map(TokenRow::of)
            .collect()
    }

    /// Those of these API tokens that are shown; at most a few thousand.
    pub async fn token_list_among(
        &mut self,
        at: Snapshot,
        tokens: &[i64],
    ) -> Result<Vec<TokenRow>, StoreError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let values = at.values(tokens.iter().map(|token| Value::from(*token)));
        let rows = self
            .rows_built(
                list_statement(TOKENS_AMONG, 3, tokens.len(), "ORDER BY f.a"),
                &values,
            )
            .await?;
        rows.iter().map(TokenRow::of).collect()
    }
}
