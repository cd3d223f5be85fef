//! Questions in SQL that people keep under a name.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Row;

const SAVE: &str = "INSERT INTO saved_question (name, about, sql, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name) DO UPDATE
    SET about = excluded.about, sql = excluded.sql, saved_by = excluded.saved_by, saved_at = excluded.saved_at";
const LIST: &str = "SELECT name, about, sql, saved_by, saved_at FROM saved_question ORDER BY name";
const REMOVE: &str = "DELETE FROM saved_question WHERE name = $1";

/// A question that somebody kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuestion {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub about: String,
    /// The question, with variables as `:name`.
    pub sql: String,
    /// Who kept it.
    pub saved_by: String,
    /// When, in milliseconds since the epoch.
    pub saved_at: i64,
}

impl Tx {
    /// Keeps a question; what was kept under its name before is replaced.
    pub async fn question_save(&mut self, question: &SavedQuestion) -> Result<(), StoreError> {
        let values = [
            (&question.name).into(),
            (&question.about).into(),
            (&question.sql).into(),
            (&question.saved_by).into(),
            question.saved_at.into(),
        ];
        self.execute(SAVE, &values).await?;
        Ok(())
    }

    /// Every question that was kept, by name.
    pub async fn question_list(&mut self) -> Result<Vec<SavedQuestion>, StoreError> {
        let read = |row: &Row| {
            Ok(SavedQuestion {
                name: row.text(0)?,
                about: row.text(1)?,
                sql: row.text(2)?,
                saved_by: row.text(3)?,
                saved_at: row.int(4)?,
            })
        };
        self.rows(LIST, &[]).await?.iter().map(read).collect()
    }

    /// Forgets a question; answers whether it was there.
    pub async fn question_remove(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(REMOVE, &[name.into()]).await? > 0)
    }
}
