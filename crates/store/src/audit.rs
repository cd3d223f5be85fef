//! What people did with the product itself.

use crate::database::Tx;
use crate::error::StoreError;

const INSERT: &str = "INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)";
const LATEST: &str = "SELECT at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT $1";

/// One thing somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, such as `connection.add`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// In what way; never a secret.
    pub detail: String,
}

impl Tx {
    /// Writes down what somebody did, in the transaction that did it.
    pub async fn audit_record(&mut self, row: &AuditRow) -> Result<(), StoreError> {
        let values = [
            row.at.into(),
            (&row.actor).into(),
            (&row.action).into(),
            (&row.subject).into(),
            (&row.detail).into(),
        ];
        self.execute(INSERT, &values).await?;
        Ok(())
    }

    /// The latest entries, newest first.
    pub async fn audit_latest(&mut self, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.rows(LATEST, &[limit.into()]).await?;
        let entry = |row: &crate::value::Row| {
            Ok(AuditRow {
                at: row.int(0)?,
                actor: row.text(1)?,
                action: row.text(2)?,
                subject: row.text(3)?,
                detail: row.text(4)?,
            })
        };
        rows.iter().map(entry).collect()
    }
}
