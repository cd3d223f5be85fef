//! What is in a sync, row by row, in the shapes that the protocol's own tool prints.
//!
//! What a row refers to is shown with it: a grant with its entitlement, the resource, the resource's type and the
//! principal. Rows are found by tables of our own beside the file, which may have no indexes, and are not kept in
//! memory.

use super::error::C1zError;
use super::file::{C1z, SyncRun};
use super::schema::Table;
use crate::json::{JsonError, bytes_to_json, decode, to_json};
use crate::proto::c1::connector::v2::{Entitlement, Grant, Resource, ResourceId, ResourceType};
use prost::Name;
use rusqlite::{OptionalExtension as _, Row};
use serde_json::{Map, Value, json};

/// What to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The sorts of resources.
    ResourceTypes,
    /// The resources, each with its type and the resource it belongs to.
    Resources,
    /// The entitlements, each with its resource and its type.
    Entitlements,
    /// The grants with everything that they are about.
    Grants,
    /// The resources that something is granted to.
    Principals,
}

impl List {
    /// Under which name the protocol's tool prints the rows.
    pub fn key(self) -> &'static str {
        match self {
            List::ResourceTypes => "resourceTypes",
            List::Resources | List::Principals => "resources",
            List::Entitlements => "entitlements",
            List::Grants => "grants",
        }
    }
}

const PRINCIPALS: &str = "SELECT principal_resource_type_id, principal_resource_id
FROM v1_grants
WHERE sync_id = $1
GROUP BY principal_resource_type_id, principal_resource_id
ORDER BY MIN(id)";
const GRANTED_TO: &str = "SELECT entitlement_id, resource_type_id, resource_id
FROM v1_grants
WHERE sync_id = $1 AND principal_resource_type_id = $2 AND principal_resource_id = $3
ORDER BY id";

/// The ids that a row refers to, read from its columns: a blob may leave them out.
struct Refers {
    resource: [String; 2],
    entitlement: String,
    principal: [String; 2],
}

impl C1z {
    /// Calls `each` with every row of a list, of all types of resources or of one.
    pub fn list<E: From<C1zError>>(
        &self,
        list: List,
        sync: &SyncRun,
        resource_type: Option<&str>,
        mut each: impl FnMut(Value) -> Result<(), E>,
    ) -> Result<(), E> {
        self.prepare_to_find(&sync.id)?;
        let is_wanted = |sort: &str| resource_type.is_none_or(|wanted| wanted == sort);
        match list {
            List::ResourceTypes => self.each(Table::ResourceTypes, "external_id", sync, |row| {
                let sort: String = self.column(row, 2)?;
                if is_wanted(&sort) {
                    each(
                        json!({ "resourceType": self.message::<ResourceType>(Table::ResourceTypes, row)? }),
                    )?;
                }
                Ok(())
            }),
            List::Resources => {
                let columns = "resource_type_id, parent_resource_type_id, parent_resource_id";
                self.each(Table::Resources, columns, sync, |row| {
                    let sort: String = self.column(row, 2)?;
                    if !is_wanted(&sort) {
                        return Ok(());
                    }
                    let resource = self.message::<Resource>(Table::Resources, row)?;
                    let mut item = self.with_type(resource, &sort)?;
                    let parent: (Option<String>, Option<String>) =
                        (self.column(row, 3)?, self.column(row, 4)?);
                    if let (Some(sort), Some(id)) = parent
                        && !id.is_empty()
                    {
                        item.insert("parent".into(), self.found_resource(&sort, &id)?);
                    }
                    each(Value::Object(item))
                })
            }
            List::Entitlements => self.each(
                Table::Entitlements,
                "resource_type_id, resource_id",
                sync,
                |row| {
                    let (sort, id): (String, String) = (self.column(row, 2)?, self.column(row, 3)?);
                    if !is_wanted(&sort) {
                        return Ok(());
                    }
                    each(json!({
                        "entitlement": self.message::<Entitlement>(Table::Entitlements, row)?,
                        "resource": self.found_resource(&sort, &id)?,
                        "resourceType": self.found_type(&sort)?,
                    }))
                },
            ),
            List::Grants => {
                let columns = "resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id";
                self.each(Table::Grants, columns, sync, |row| {
                    let refers = Refers {
                        resource: [self.column(row, 2)?, self.column(row, 3)?],
                        entitlement: self.column(row, 4)?,
                        principal: [self.column(row, 5)?, self.column(row, 6)?],
                    };
                    if !is_wanted(&refers.resource[0]) {
                        return Ok(());
                    }
                    let [sort, id] = &refers.resource;
                    let [principal_sort, principal] = &refers.principal;
                    each(json!({
                        "grant": self.grant_message(row, &refers)?,
                        "entitlement": self.found_entitlement(&refers.entitlement)?,
                        "resource": self.found_resource(sort, id)?,
                        "resourceType": self.found_type(sort)?,
                        "principal": self.found_resource(principal_sort, principal)?,
                    }))
                })
            }
            List::Principals => {
                for [sort, id] in self.keys(PRINCIPALS, &[&sync.id])? {
                    if is_wanted(&sort) {
                        let resource = self.found_resource(&sort, &id)?;
                        each(Value::Object(self.with_type(resource, &sort)?))?;
                    }
                }
                Ok(())
            }
        }
    }

    /// What is granted to a resource, by what it is granted on; `None` when the sync does not know it.
    pub fn access(&self, sync: &SyncRun, resource_type: &str, id: &str) -> Result<Option<Value>, C1zError> {
        let Some(principal) = self.resource(sync, resource_type, id)? else {
            return Ok(None);
        };
        self.prepare_to_find(&sync.id)?;
        let mut by_resource: Vec<([String; 2], Vec<Value>)> = Vec::new();
        for [entitlement, sort, id] in self.keys(GRANTED_TO, &[&sync.id, resource_type, id])? {
            let entitlement = self.found_entitlement(&entitlement)?;
            let on = [sort, id];
            match by_resource.iter_mut().find(|(resource, _)| *resource == on) {
                Some((_, entitlements)) => entitlements.push(entitlement),
                None => by_resource.push((on, vec![entitlement])),
            }
        }
        let mut access = Vec::with_capacity(by_resource.len());
        for ([sort, id], entitlements) in by_resource {
            access.push(json!({
                "resourceType": self.found_type(&sort)?,
                "resource": self.found_resource(&sort, &id)?,
                "entitlements": entitlements,
            }));
        }
        let principal = to_json(&principal).map_err(|source| self.row_error(Table::Resources, 0, source))?;
        Ok(Some(json!({ "principal": principal, "access": access })))
    }

    /// Calls `each` with the rows of a table in a sync: the number, the blob, and the columns named.
    fn each<E: From<C1zError>>(
        &self,
        table: Table,
        columns: &str,
        sync: &SyncRun,
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let name = table.name();
        let statement = format!("SELECT id, data, {columns} FROM {name} WHERE sync_id = $1 ORDER BY id");
        let failed = |source| E::from(self.failed(source));
        let mut statement = self.database.prepare(&statement).map_err(failed)?;
        let mut rows = statement.query([&sync.id]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            each(row)?;
        }
        Ok(())
    }

    fn keys<const N: usize>(&self, statement: &str, values: &[&str]) -> Result<Vec<[String; N]>, C1zError> {
        let read = || -> rusqlite::Result<Vec<[String; N]>> {
            let mut statement = self.database.prepare(statement)?;
            let key = |row: &Row<'_>| {
                let mut key = [const { String::new() }; N];
                for (column, part) in key.iter_mut().enumerate() {
                    *part = row.get(column)?;
                }
                Ok(key)
            };
            let keys = statement.query_map(rusqlite::params_from_iter(values), key)?;
            keys.collect()
        };
        read().map_err(|source| self.failed(source))
    }

    fn column<T: rusqlite::types::FromSql>(&self, row: &Row<'_>, column: usize) -> Result<T, C1zError> {
        row.get(column).map_err(|source| self.failed(source))
    }

    /// The message of a row as JSON.
    fn message<M: Name>(&self, table: Table, row: &Row<'_>) -> Result<Value, C1zError> {
        let data: Vec<u8> = self.column(row, 1)?;
        let number = self.column(row, 0)?;
        bytes_to_json::<M>(&data).map_err(|source| self.row_error(table, number, source))
    }

    /// A grant with what a slim blob leaves out.
    fn grant_message(&self, row: &Row<'_>, refers: &Refers) -> Result<Value, C1zError> {
        let data: Vec<u8> = self.column(row, 1)?;
        let number: i64 = self.column(row, 0)?;
        let wrong = |source: JsonError| self.row_error(Table::Grants, number, source);
        let mut grant: Grant = decode(&data).map_err(wrong)?;
        if grant.entitlement.is_some() && grant.principal.is_some() {
            return bytes_to_json::<Grant>(&data).map_err(wrong);
        }
        grant.entitlement.get_or_insert_with(|| Entitlement {
            id: refers.entitlement.clone(),
            resource: Some(stub(&refers.resource)),
            ..Entitlement::default()
        });
        grant.principal.get_or_insert_with(|| stub(&refers.principal));
        to_json(&grant).map_err(wrong)
    }

    fn with_type(&self, resource: Value, sort: &str) -> Result<Map<String, Value>, C1zError> {
        let mut item = Map::new();
        item.insert("resource".into(), resource);
        item.insert("resourceType".into(), self.found_type(sort)?);
        Ok(item)
    }

    /// Makes the tables by which rows of this sync are found, beside the file.
    fn prepare_to_find(&self, sync: &str) -> Result<(), C1zError> {
        let make = || {
            for table in [Table::ResourceTypes, Table::Resources, Table::Entitlements] {
                let name = table.name();
                self.database.execute_batch(&format!(
                    "DROP TABLE IF EXISTS temp.at_{name};
                    CREATE TEMP TABLE at_{name} (external_id TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID"
                ))?;
                let fill = format!(
                    "INSERT OR REPLACE INTO temp.at_{name} SELECT external_id, id FROM {name} WHERE sync_id = $1 ORDER BY id"
                );
                self.database.execute(&fill, [sync])?;
            }
            Ok(())
        };
        make().map_err(|source| self.failed(source))
    }

    fn found<M: Name>(&self, table: Table, id: &str) -> Result<Option<Value>, C1zError> {
        let name = table.name();
        let statement = format!(
            "SELECT t.id, t.data FROM temp.at_{name} a JOIN main.{name} t ON t.id = a.row WHERE a.external_id = $1"
        );
        let find = || {
            let mut statement = self.database.prepare_cached(&statement)?;
            statement
                .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
                .optional()
        };
        let found = find().map_err(|source| self.failed(source))?;
        let message = found.map(|(row, data)| {
            bytes_to_json::<M>(&data).map_err(|source| self.row_error(table, row, source))
        });
        message.transpose()
    }

    fn found_type(&self, id: &str) -> Result<Value, C1zError> {
        let found = self.found::<ResourceType>(Table::ResourceTypes, id)?;
        Ok(found.unwrap_or_else(|| json!({ "id": id })))
    }

    fn found_entitlement(&self, id: &str) -> Result<Value, C1zError> {
        let found = self.found::<Entitlement>(Table::Entitlements, id)?;
        Ok(found.unwrap_or_else(|| json!({ "id": id })))
    }

    /// A resource, or one that says that it is missing: files refer to what they do not hold.
    fn found_resource(&self, sort: &str, id: &str) -> Result<Value, C1zError> {
        let name = format!("{sort}:{id}");
        let found = self.found::<Resource>(Table::Resources, &name)?;
        Ok(found.unwrap_or_else(|| {
            json!({
                "id": { "resourceType": sort, "resource": id },
                "displayName": format!("MISSING RESOURCE ({name})"),
            })
        }))
    }
}

fn stub([resource_type, resource]: &[String; 2]) -> Resource {
    Resource {
        id: Some(ResourceId {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            ..ResourceId::default()
        }),
        ..Resource::default()
    }
}
