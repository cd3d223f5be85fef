//! What is different between two syncs of a file.

use super::error::C1zError;
use super::file::{C1z, SyncRun};
use super::schema::Table;
use crate::json::bytes_to_json;
use crate::proto::c1::connector::v2::{Entitlement, Grant, Resource};
use prost::Name;
use rusqlite::params;
use serde_json::{Map, Value};

/// Two syncs to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The one before.
    pub base: SyncRun,
    /// The one after.
    pub applied: SyncRun,
}

/// How a row can differ.
const CREATED: &str = "created";
const DELETED: &str = "deleted";
const MODIFIED: &str = "modified";

impl C1z {
    /// What came, went and became different, by kind, in the shape that the protocol's tool prints.
    pub fn diff(&self, diff: &Diff) -> Result<Value, C1zError> {
        let mut all = Map::new();
        all.insert(
            "resources".into(),
            self.differences::<Resource>(Table::Resources, diff)?,
        );
        all.insert(
            "entitlements".into(),
            self.differences::<Entitlement>(Table::Entitlements, diff)?,
        );
        all.insert("grants".into(), self.differences::<Grant>(Table::Grants, diff)?);
        Ok(Value::Object(all))
    }

    fn differences<M: Name>(&self, table: Table, diff: &Diff) -> Result<Value, C1zError> {
        let name = table.name();
        let make = |which: &str, sync: &SyncRun| {
            self.database.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.{which};
                CREATE TEMP TABLE {which} (external_id TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID"
            ))?;
            let fill = format!(
                "INSERT OR REPLACE INTO temp.{which} SELECT external_id, id FROM main.{name} WHERE sync_id = $1 ORDER BY id"
            );
            self.database.execute(&fill, params![sync.id])
        };
        make("base", &diff.base).map_err(|source| self.failed(source))?;
        make("applied", &diff.applied).map_err(|source| self.failed(source))?;
        let only = |one: &str, other: &str| {
            format!(
                "SELECT t.id, t.data FROM temp.{one} x JOIN main.{name} t ON t.id = x.row
                WHERE NOT EXISTS (SELECT 1 FROM temp.{other} y WHERE y.external_id = x.external_id)
                ORDER BY t.id"
            )
        };
        let changed = format!(
            "SELECT t.id, t.data FROM temp.applied x JOIN main.{name} t ON t.id = x.row
            JOIN temp.base y ON y.external_id = x.external_id
            JOIN main.{name} o ON o.id = y.row
            WHERE o.data <> t.data
            ORDER BY t.id"
        );
        let mut all = Map::new();
        for (how, statement) in [
            (CREATED, only("applied", "base")),
            (DELETED, only("base", "applied")),
            (MODIFIED, changed),
        ] {
            let rows = self.messages::<M>(table, &statement)?;
            if !rows.is_empty() {
                all.insert(how.into(), Value::Array(rows));
            }
        }
        Ok(Value::Object(all))
    }

    fn messages<M: Name>(&self, table: Table, statement: &str) -> Result<Vec<Value>, C1zError> {
        let read = || {
            let mut statement = self.database.prepare(statement)?;
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        let rows = read().map_err(|source| self.failed(source))?;
        rows.into_iter()
            .map(|(row, data)| bytes_to_json::<M>(&data).map_err(|source| self.row_error(table, row, source)))
            .collect()
    }
}
