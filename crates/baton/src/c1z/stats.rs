//! How much is in a sync.

use super::schema::Table;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How much is in a sync. Kept in the file under these names, with zeros left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Sorts of resources.
    #[serde(skip_serializing_if = "is_zero")]
    pub resource_types: i64,
    /// Resources.
    #[serde(skip_serializing_if = "is_zero")]
    pub resources: i64,
    /// Entitlements.
    #[serde(skip_serializing_if = "is_zero")]
    pub entitlements: i64,
    /// Grants.
    #[serde(skip_serializing_if = "is_zero")]
    pub grants: i64,
    /// Pictures.
    #[serde(skip_serializing_if = "is_zero")]
    pub assets: i64,
    /// Resources by their type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resources_by_resource_type: BTreeMap<String, i64>,
    /// Grants by the type of what is granted on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants_by_resource_type: BTreeMap<String, i64>,
    /// Entitlements by the type of what they are on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entitlements_by_resource_type: BTreeMap<String, i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Stats {
    /// Of the text that a file keeps; `None` when it is no such text.
    pub(crate) fn parse(text: &str) -> Option<Stats> {
        serde_json::from_str(text).ok()
    }

    /// By counting the rows.
    pub(crate) fn count(database: &Connection, sync: &str) -> Result<Stats, rusqlite::Error> {
        let total = |by_type: &BTreeMap<String, i64>| by_type.values().sum();
        let by_type = |table: Table| -> Result<BTreeMap<String, i64>, rusqlite::Error> {
            let statement = format!(
                "SELECT resource_type_id, COUNT(*) FROM {} WHERE sync_id = $1 GROUP BY resource_type_id",
                table.name()
            );
            let mut statement = database.prepare(&statement)?;
            let rows = statement.query_map([sync], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        let resources_by_resource_type = by_type(Table::Resources)?;
        let entitlements_by_resource_type = by_type(Table::Entitlements)?;
        let grants_by_resource_type = by_type(Table::Grants)?;
        let types = "SELECT COUNT(*) FROM v1_resource_types WHERE sync_id = $1";
        Ok(Stats {
            resource_types: database.query_row(types, [sync], |row| row.get(0))?,
            resources: total(&resources_by_resource_type),
            entitlements: total(&entitlements_by_resource_type),
            grants: total(&grants_by_resource_type),
            assets: 0,
            resources_by_resource_type,
            grants_by_resource_type,
            entitlements_by_resource_type,
        })
    }

    /// In the shape that the protocol's tool prints: numbers are texts, zeros are left out.
    pub fn shown(&self) -> Value {
        let totals = [
            ("resourceTypes", self.resource_types),
            ("resources", self.resources),
            ("entitlements", self.entitlements),
            ("grants", self.grants),
            ("assets", self.assets),
        ];
        let by_type = [
            ("resourcesByResourceType", &self.resources_by_resource_type),
            ("grantsByResourceType", &self.grants_by_resource_type),
            ("entitlementsByResourceType", &self.entitlements_by_resource_type),
        ];
        let mut all = Map::new();
        for (name, number) in totals.into_iter().filter(|(_, number)| *number != 0) {
            all.insert(name.into(), json!(number.to_string()));
        }
        for (name, numbers) in by_type.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
            let texts: BTreeMap<&String, String> = numbers
                .iter()
                .map(|(sort, number)| (sort, number.to_string()))
                .collect();
            all.insert(name.into(), json!(texts));
        }
        Value::Object(all)
    }
}
