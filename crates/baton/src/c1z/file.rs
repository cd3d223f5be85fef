//! Reading a file: its syncs, and the messages of one of them.
//!
//! What comes from elsewhere is only read, on a connection that cannot write and trusts nothing in the schema, after
//! the structure of the database was checked once as a whole.

use super::container::{Limits, unpack};
use super::error::C1zError;
use super::schema::{SYNC_RUNS, Table};
use super::stats::Stats;
use super::time::shown;
use crate::aside::Aside;
use crate::json::{JsonError, decode};
use crate::proto::c1::connector::v2::{Entitlement, Grant, Resource, ResourceType};
use prost::{Message, Name};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// No message is longer than this, in bytes.
const LONGEST: i32 = 64 << 20;

/// A file that is open for reading.
#[derive(Debug)]
pub struct C1z {
    pub(crate) database: Connection,
    file: String,
    unpacked: PathBuf,
    _folder: Aside,
}

/// One sync in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    /// Its id.
    pub id: String,
    /// When it began, as the file has it.
    pub started_at: String,
    /// When it ended; `None` when it did not.
    pub ended_at: Option<String>,
    /// How far it is; empty when that does not matter any more.
    pub sync_token: String,
    /// `full`, `partial` and others.
    pub sync_type: String,
    /// The sync it is based on; empty for a full one.
    pub parent_sync_id: String,
    /// Its other half, if it is one of a pair.
    pub linked_sync_id: String,
    /// What is in it, as it says itself.
    pub stats: Option<String>,
}

impl SyncRun {
    /// Whether it says everything that there was.
    pub fn is_full(&self) -> bool {
        self.sync_type == "full"
    }

    /// In the shape that the protocol's tool prints.
    pub fn shown(&self) -> Value {
        let mut all = Map::new();
        all.insert("id".into(), json!(self.id));
        all.insert("startedAt".into(), json!(shown(&self.started_at)));
        if let Some(ended_at) = &self.ended_at {
            all.insert("endedAt".into(), json!(shown(ended_at)));
        }
        let told = [
            ("syncToken", &self.sync_token),
            ("syncType", &self.sync_type),
            ("parentSyncId", &self.parent_sync_id),
        ];
        for (name, text) in told.into_iter().filter(|(_, text)| !text.is_empty()) {
            all.insert(name.into(), json!(text));
        }
        Value::Object(all)
    }
}

const SYNCS: &str = "SELECT sync_id, started_at, ended_at, sync_token, sync_type, {parent}, {linked}, {stats}
FROM v1_sync_runs ORDER BY id";

impl C1z {
    /// Opens a file; it is decompressed to a folder of its own below `aside`, or where the system keeps such things.
    pub fn open(file: &Path, aside: Option<&Path>, limits: &Limits) -> Result<C1z, C1zError> {
        let folder = folder(aside)?;
        let unpacked = folder.path().join("db");
        unpack(file, &unpacked, limits)?;
        C1z::checked(file.display().to_string(), folder, unpacked)
    }

    fn checked(file: String, folder: Aside, unpacked: PathBuf) -> Result<C1z, C1zError> {
        let failed = |source: rusqlite::Error| C1zError::Database {
            file: file.clone(),
            what: first_line(&source.to_string()),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(&unpacked, flags).map_err(failed)?;
        database
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)
            .map_err(failed)?;
        let settings = "PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1; PRAGMA temp_store = FILE";
        database.execute_batch(settings).map_err(failed)?;
        let told: String = database
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(failed)?;
        let wrong = |what: String| C1zError::Tables {
            file: file.clone(),
            what,
        };
        if told != "ok" {
            return Err(wrong(first_line(&told)));
        }
        for table in Table::ALL.map(Table::name).into_iter().chain([SYNC_RUNS]) {
            let sort: Option<String> = database
                .query_row(
                    "SELECT CASE WHEN sql LIKE 'CREATE TABLE%' THEN type ELSE 'view' END FROM sqlite_schema WHERE name = $1",
                    [table],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed)?;
            if sort.as_deref() != Some("table") {
                return Err(wrong(format!("there is no table {table}")));
            }
        }
        Ok(C1z {
            database,
            file,
            unpacked,
            _folder: folder,
        })
    }

    /// The database behind the file, as long as this is open.
    pub(crate) fn unpacked(&self) -> &Path {
        &self.unpacked
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> C1zError {
        C1zError::Database {
            file: self.file.clone(),
            what: first_line(&source.to_string()),
        }
    }

    /// Every sync, in the order in which they were written.
    pub fn syncs(&self) -> Result<Vec<SyncRun>, C1zError> {
        let columns = columns(&self.database, SYNC_RUNS).map_err(|source| self.failed(source))?;
        let or = |name: &str, instead: &str| {
            if columns.contains(name) {
                name.to_owned()
            } else {
                instead.to_owned()
            }
        };
        let statement = SYNCS
            .replace("{parent}", &or("parent_sync_id", "''"))
            .replace("{linked}", &or("linked_sync_id", "''"))
            .replace("{stats}", &or("stats", "NULL"));
        let run = |row: &Row<'_>| {
            Ok(SyncRun {
                id: row.get(0)?,
                started_at: row.get(1)?,
                ended_at: row.get(2)?,
                sync_token: row.get(3)?,
                sync_type: row.get(4)?,
                parent_sync_id: row.get(5)?,
                linked_sync_id: row.get(6)?,
                stats: row.get(7)?,
            })
        };
        let read = || -> rusqlite::Result<Vec<SyncRun>> {
            self.database.prepare(&statement)?.query_map([], run)?.collect()
        };
        read().map_err(|source| self.failed(source))
    }

    /// The finished sync with this id; the one that ended last when none is named.
    pub fn sync(&self, id: Option<&str>) -> Result<SyncRun, C1zError> {
        let finished = self.syncs()?.into_iter().filter(|sync| sync.ended_at.is_some());
        match id {
            Some(id) => finished
                .into_iter()
                .find(|sync| sync.id == id)
                .ok_or_else(|| C1zError::NoSuchSync {
                    file: self.file.clone(),
                    sync: id.to_owned(),
                }),
            None => finished
                .max_by(|a, b| (&a.ended_at, &a.id).cmp(&(&b.ended_at, &b.id)))
                .ok_or_else(|| C1zError::NoSync {
                    file: self.file.clone(),
                }),
        }
    }

    /// The two latest finished full syncs, the older one first.
    pub fn latest_two(&self) -> Result<[SyncRun; 2], C1zError> {
        let mut full: Vec<SyncRun> = self
            .syncs()?
            .into_iter()
            .filter(|sync| sync.is_full() && sync.ended_at.is_some())
            .collect();
        full.sort_by(|a, b| (&a.ended_at, &a.id).cmp(&(&b.ended_at, &b.id)));
        match (full.pop(), full.pop()) {
            (Some(latest), Some(before)) => Ok([before, latest]),
            _ => Err(C1zError::NotTwoSyncs {
                file: self.file.clone(),
            }),
        }
    }

    /// What is in a sync: as it says itself, or counted.
    pub fn stats(&self, sync: &SyncRun) -> Result<Stats, C1zError> {
        match sync.stats.as_deref().and_then(Stats::parse) {
            Some(stats) => Ok(stats),
            None => Stats::count(&self.database, &sync.id).map_err(|source| self.failed(source)),
        }
    }

    /// What is wrong with a row.
    pub(crate) fn row_error(&self, table: Table, row: i64, source: JsonError) -> C1zError {
        C1zError::Row {
            file: self.file.clone(),
            table: table.name(),
            row,
            source,
        }
    }

    fn find<M: Message + Name + Default>(
        &self,
        table: Table,
        sync: &SyncRun,
        external_id: &str,
    ) -> Result<Option<M>, C1zError> {
        let statement = format!(
            "SELECT id, data FROM {} WHERE external_id = $1 AND sync_id = $2 ORDER BY id LIMIT 1",
            table.name()
        );
        let found: Option<(i64, Vec<u8>)> = self
            .database
            .query_row(&statement, [external_id, &sync.id], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(|source| self.failed(source))?;
        let message =
            found.map(|(row, data)| decode::<M>(&data).map_err(|source| self.row_error(table, row, source)));
        message.transpose()
    }

    /// The resource type with this id.
    pub fn resource_type(&self, sync: &SyncRun, id: &str) -> Result<Option<ResourceType>, C1zError> {
        self.find(Table::ResourceTypes, sync, id)
    }

    /// The resource of this type with this id.
    pub fn resource(
        &self,
        sync: &SyncRun,
        resource_type: &str,
        id: &str,
    ) -> Result<Option<Resource>, C1zError> {
        self.find(Table::Resources, sync, &format!("{resource_type}:{id}"))
    }

    /// The entitlement with this id.
    pub fn entitlement(&self, sync: &SyncRun, id: &str) -> Result<Option<Entitlement>, C1zError> {
        self.find(Table::Entitlements, sync, id)
    }

    /// The grant with this id.
    pub fn grant(&self, sync: &SyncRun, id: &str) -> Result<Option<Grant>, C1zError> {
        self.find(Table::Grants, sync, id)
    }
}

/// A new folder below `aside`, or where the system keeps such things.
pub(crate) fn folder(aside: Option<&Path>) -> Result<Aside, C1zError> {
    let below = aside.map_or_else(std::env::temp_dir, Path::to_owned);
    Aside::make(&below).map_err(|source| C1zError::Aside {
        folder: below.display().to_string(),
        source,
    })
}

/// The names of a table's columns.
pub(crate) fn columns(database: &Connection, table: &str) -> Result<BTreeSet<String>, rusqlite::Error> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info($1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

fn first_line(text: &str) -> String {
    text.lines()
        .find(|line| !line.starts_with("***"))
        .unwrap_or("damaged")
        .to_owned()
}
