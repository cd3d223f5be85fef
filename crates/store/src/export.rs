//! Facts as they lie, in chunks, for exporting.

use crate::database::Tx;
use crate::error::StoreError;
use model::{Attributes, FactKind, RunId};

const CHUNK_END: &str = "SELECT f.a FROM fact f
    WHERE f.organization_id = $1 AND f.kind = $2 AND f.a > $3
    ORDER BY f.a LIMIT 1 OFFSET 5000";
const FACTS: &str = "SELECT ta.text, tb.text, tc.text, f.attributes, p.name, p.email
    FROM fact f
    JOIN term ta ON ta.id = f.a
    LEFT JOIN term tb ON tb.id = f.b
    LEFT JOIN term tc ON tc.id = f.c
    LEFT JOIN person p ON p.account = f.a AND f.kind IN (1, 16)
    WHERE f.organization_id = $1 AND f.kind = $2
    AND f.begun_run <= $3 AND (f.ended_run IS NULL OR f.ended_run > $3)
    AND f.a > $4 AND f.a <= $5";

/// A fact as it was at a run, with what describes the person if it is an account or a record of SCIM.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedFact {
    /// The key's parts; unused ones are empty.
    pub key: [String; 3],
    /// What else was told.
    pub attributes: Attributes,
    /// The person's name.
    pub name: Option<String>,
    /// The person's e-mail address.
    pub email: Option<String>,
}

impl Tx {
    /// The facts of a kind as of a run, by and by: those after `after`, and where the next chunk begins.
    pub async fn facts_chunk(
        &mut self,
        organization: i64,
        kind: FactKind,
        run: RunId,
        after: i64,
    ) -> Result<(Vec<ExportedFact>, Option<i64>), StoreError> {
        let key = [organization.into(), kind.number().into(), after.into()];
        let until = self
            .row(CHUNK_END, &key)
            .await?
            .map(|row| row.int(0))
            .transpose()?;
        let values = [
            organization.into(),
            kind.number().into(),
            run.0.into(),
            after.into(),
            until.unwrap_or(i64::MAX).into(),
        ];
        let fact = |row: &crate::value::Row| {
            let part = |column| Ok::<_, StoreError>(row.text_or_null(column)?.unwrap_or_default());
            Ok(ExportedFact {
                key: [row.text(0)?, part(1)?, part(2)?],
                attributes: row.json(3)?,
                name: row.text_or_null(4)?,
                email: row.text_or_null(5)?,
            })
        };
        let facts: Result<Vec<ExportedFact>, StoreError> =
            self.rows(FACTS, &values).await?.iter().map(fact).collect();
        Ok((facts?, until))
    }
}
