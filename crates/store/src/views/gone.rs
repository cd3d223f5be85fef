//! What is no longer there, so that its name can still be recognized.

use super::{Described, Snapshot};
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};
use model::FactKind;

/// Something that ended, as it was told last.
#[derive(Debug, Clone)]
pub struct GoneRow {
    /// What it was.
    pub row: Described,
    /// The person's name, if it was an account and that was told and not erased.
    pub name: Option<String>,
    /// The person's e-mail, likewise.
    pub email: Option<String>,
}

const GONE: &str = concat!(
    "\
SELECT f.a, t.text, f.attributes, f.unseen_at, f.seen_at, p.name, p.email
FROM fact f
JOIN term t ON t.id = f.a
LEFT JOIN person p ON p.account = f.a
WHERE f.organization_id = $1 AND f.kind = $3 AND f.ended_run <= $2
  AND NOT EXISTS (
    SELECT 1 FROM fact g
    WHERE g.kind = $3 AND g.a = f.a AND ",
    visible!("g"),
    "
  )
ORDER BY f.a, f.id"
);

impl Tx {
    /// Everything of a kind with one id that was there and is not any more.
    pub async fn gone_list(&mut self, at: Snapshot, kind: FactKind) -> Result<Vec<GoneRow>, StoreError> {
        let rows = self.rows(GONE, &at.values([Value::from(kind.number())])).await?;
        let read = |row: &Row| {
            Ok(GoneRow {
                row: Described::of(row, 0)?,
                name: row.text_or_null(5)?,
                email: row.text_or_null(6)?,
            })
        };
        let mut gone: Vec<GoneRow> = Vec::new();
        for row in &rows {
            let row = read(row)?;
            // A fact may have ended more than once; the last one counts.
            if gone.last().is_some_and(|last| last.row.term == row.row.term) {
                gone.pop();
            }
            gone.push(row);
        }
        Ok(gone)
    }
}
