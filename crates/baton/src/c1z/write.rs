//! Adding a sync to a file.
//!
//! The new database is made aside: what is kept of the older file, then the new sync. When it is finished it is
//! compressed into a file beside the target, brought to the disk, and takes the target's name. Until then the target is
//! as it was, whatever happens; afterwards it is the new file, whole.

use super::container::{Limits, pack};
use super::error::C1zError;
use super::file::{C1z, SyncRun, columns, folder};
use super::schema::{INDEXES, KEPT, TABLES};
use super::stats::Stats;
use super::time::WallClock;
use crate::aside::Aside;
use crate::ids::grant_id;
use crate::proto::c1::connector::v2::{Entitlement, Resource, ResourceId, ResourceType};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use svix_ksuid::Ksuid;
use tempfile::NamedTempFile;

/// How many syncs of a file are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// So many full syncs with the new one, and what belongs to them.
    Full(usize),
    /// All.
    All,
}

impl Default for Retention {
    /// The new one and the one before.
    fn default() -> Retention {
        Retention::Full(2)
    }
}

/// How a file is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Where the database is made; where the system keeps such things when `None`.
    pub aside: Option<PathBuf>,
    /// Whether the indexes are made too, which readers otherwise make for themselves.
    pub indexes: bool,
    /// How many syncs are kept.
    pub retention: Retention,
    /// What the older file may ask of this machine.
    pub limits: Limits,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The sync.
    pub sync: String,
    /// What is in it.
    pub stats: Stats,
    /// The size of the file, in bytes.
    pub bytes: u64,
}

/// A message in its bytes, ready to be part of many others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded(Vec<u8>);

impl Encoded {
    /// The bytes of a message.
    pub fn of(message: &impl Message) -> Encoded {
        Encoded(message.encode_to_vec())
    }
}

/// A grant: of an entitlement on a resource, to a principal, each with its id and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct GrantRow<'a> {
    /// What the entitlement is on.
    pub on: &'a ResourceId,
    /// The entitlement's id.
    pub entitlement_id: &'a str,
    /// The entitlement.
    pub entitlement: &'a Encoded,
    /// Whom it is to.
    pub to: &'a ResourceId,
    /// The principal.
    pub principal: &'a Encoded,
}

/// A sync that is being added to a file.
#[derive(Debug)]
pub struct Writer {
    target: PathBuf,
    beside: NamedTempFile,
    database: Connection,
    folder: Aside,
    sync: String,
    started_at: String,
    stats: Stats,
    indexes: bool,
    replaces_version_3: bool,
    blob: Vec<u8>,
}

const RESOURCE_TYPE: &str =
    "INSERT INTO v1_resource_types (external_id, data, sync_id, discovered_at) VALUES ($1, $2, $3, $4)";
const RESOURCE: &str = "INSERT INTO v1_resources
(resource_type_id, external_id, parent_resource_type_id, parent_resource_id, data, sync_id, discovered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)";
const ENTITLEMENT: &str = "INSERT INTO v1_entitlements
(resource_type_id, resource_id, external_id, data, sync_id, discovered_at)
VALUES ($1, $2, $3, $4, $5, $6)";
const GRANT: &str = "INSERT INTO v1_grants
(resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id, external_id, data, sync_id,
discovered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const SYNC: &str = "INSERT INTO v1_sync_runs
(sync_id, started_at, ended_at, sync_token, sync_type, supports_diff, grants_backfilled, stats)
VALUES ($1, $2, $3, '', 'full', 1, 1, $4)";

/// Nothing of the new database outlives a failure, so nothing is written twice to protect it. Rows only come at the
/// ends of tables, which takes few pages. Each page is a call of the system to write it, and one more where rows are
/// sorted for indexes, so pages are twice as large as usual.
const SETTINGS: &str = "
PRAGMA page_size = 8192;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -2000;
PRAGMA temp_store = FILE;
PRAGMA trusted_schema = 0;
PRAGMA threads = 2;
";

/// Sorting takes more memory, and so many KiB for each of its threads.
const TO_INDEX: &str = "PRAGMA cache_size = -12000";

/// Seconds since 1970 at which the time in a sync's id begins to count.
const KSUID_EPOCH: i64 = 1_400_000_000;

/// The id of a sync that begins at this time, in milliseconds since 1970, with what nobody can guess.
fn sync_id(now_ms: i64, random: [u8; 16]) -> String {
    let seconds = u32::try_from(now_ms.div_euclid(1000) - KSUID_EPOCH).unwrap_or(0);
    Ksuid::new_raw(seconds, Some(&random)).to_string()
}

impl Writer {
    /// Begins a sync that is added to `target`, which may be missing.
    ///
    /// Fails when there is something else in that place than a file of this form, and when it cannot be written there:
    /// both are better known before an organization is read. `now_ms` is the time in milliseconds since 1970,
    /// `started_at` the same on the wall.
    pub fn begin(
        target: &Path,
        options: &WriteOptions,
        now_ms: i64,
        started_at: WallClock,
    ) -> Result<Writer, C1zError> {
        let target = &behind(target);
        if let Some(what) = something_else(target) {
            return Err(C1zError::NoFile {
                file: target.display().to_string(),
                what,
            });
        }
        let beside = beside(target).map_err(|source| C1zError::Write {
            file: target.display().to_string(),
            source,
        })?;
        let folder = folder(options.aside.as_deref())?;
        let older = match C1z::open(target, options.aside.as_deref(), &options.limits) {
            Ok(older) => Some(older),
            Err(C1zError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(C1zError::Empty { .. } | C1zError::Version3 { .. }) => None,
            Err(error) => return Err(error),
        };
        let replaces_version_3 = older.is_none() && target.metadata().is_ok_and(|file| file.len() > 0);
        let aside = |source| C1zError::Build {
            folder: folder.path().display().to_string(),
            source,
        };
        let database = Connection::open(folder.path().join("db")).map_err(aside)?;
        database.execute_batch(SETTINGS).map_err(aside)?;
        database.execute_batch(TABLES).map_err(aside)?;
        if let Some(older) = older {
            let kept = kept(&older.syncs()?, options.retention);
            copy(&older, &database, &kept).map_err(aside)?;
        }
        database.execute_batch("BEGIN").map_err(aside)?;
        Ok(Writer {
            target: target.to_owned(),
            beside,
            database,
            folder,
            sync: sync_id(now_ms, rand::random()),
            started_at: started_at.to_string(),
            stats: Stats::default(),
            indexes: options.indexes,
            replaces_version_3,
            blob: Vec::new(),
        })
    }

    /// Whether the older file is of version 3: nothing of it is kept, as there it would have held one sync only.
    pub fn replaces_version_3(&self) -> bool {
        self.replaces_version_3
    }

    fn failed(&self, source: rusqlite::Error) -> C1zError {
        C1zError::Build {
            folder: self.folder.path().display().to_string(),
            source,
        }
    }

    /// Adds a sort of resources.
    pub fn resource_type(&mut self, resource_type: &ResourceType) -> Result<(), C1zError> {
        let values = params![
            resource_type.id,
            resource_type.encode_to_vec(),
            self.sync,
            self.started_at
        ];
        self.insert(RESOURCE_TYPE, values)?;
        self.stats.resource_types += 1;
        Ok(())
    }

    /// Adds a resource.
    pub fn resource(&mut self, resource: &Resource) -> Result<(), C1zError> {
        let none = ResourceId::default();
        let id = resource.id.as_ref().unwrap_or(&none);
        let parent = resource.parent_resource_id.as_ref();
        let values = params![
            id.resource_type,
            format!("{}:{}", id.resource_type, id.resource),
            parent.map(|parent| &parent.resource_type),
            parent.map(|parent| &parent.resource),
            resource.encode_to_vec(),
            self.sync,
            self.started_at
        ];
        self.insert(RESOURCE, values)?;
        self.stats.resources += 1;
        count(&mut self.stats.resources_by_resource_type, &id.resource_type);
        Ok(())
    }

    /// Adds an entitlement.
    pub fn entitlement(&mut self, entitlement: &Entitlement) -> Result<(), C1zError> {
        let none = ResourceId::default();
        let on = entitlement.resource.as_ref().and_then(|on| on.id.as_ref());
        let on = on.unwrap_or(&none);
        let values = params![
            on.resource_type,
            on.resource,
            entitlement.id,
            entitlement.encode_to_vec(),
            self.sync,
            self.started_at
        ];
        self.insert(ENTITLEMENT, values)?;
        self.stats.entitlements += 1;
        count(&mut self.stats.entitlements_by_resource_type, &on.resource_type);
        Ok(())
    }

    /// Adds grants. Their statement keeps the room for its values from one to the next: add many at a time.
    pub fn grants<'a>(&mut self, grants: impl Iterator<Item = GrantRow<'a>>) -> Result<(), C1zError> {
        let folder = &self.folder;
        let failed = |source| C1zError::Build {
            folder: folder.path().display().to_string(),
            source,
        };
        let mut insert = self.database.prepare_cached(GRANT).map_err(failed)?;
        for grant in grants {
            let (on, to) = (grant.on, grant.to);
            let id = grant_id(grant.entitlement_id, &to.resource_type, &to.resource);
            self.blob.clear();
            encode_part(1, &grant.entitlement.0, &mut self.blob);
            encode_part(2, &grant.principal.0, &mut self.blob);
            encode_part(3, id.as_bytes(), &mut self.blob);
            let values = params![
                on.resource_type,
                on.resource,
                grant.entitlement_id,
                to.resource_type,
                to.resource,
                id,
                self.blob,
                self.sync,
                self.started_at
            ];
            insert.execute(values).map_err(failed)?;
            self.stats.grants += 1;
            count(&mut self.stats.grants_by_resource_type, &on.resource_type);
        }
        Ok(())
    }

    fn insert(&self, statement: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), C1zError> {
        let insert = || self.database.prepare_cached(statement)?.execute(values);
        insert().map_err(|source| self.failed(source))?;
        Ok(())
    }

    /// Ends the sync and puts the file in its place.
    pub fn finish(mut self, ended_at: WallClock) -> Result<Written, C1zError> {
        // Our own numbers always serialize.
        let stats = serde_json::to_string(&self.stats).unwrap_or_default();
        let values = params![self.sync, self.started_at, ended_at.to_string(), stats];
        self.insert(SYNC, values)?;
        let end = || {
            self.database.execute_batch("COMMIT")?;
            if self.indexes {
                self.database.execute_batch(TO_INDEX)?;
                self.database.execute_batch(INDEXES)?;
            }
            Ok(())
        };
        end().map_err(|source| self.failed(source))?;
        self.database.flush_prepared_statement_cache();
        let folder = self.folder.path().display().to_string();
        let closed = self.database.close();
        closed.map_err(|(_, source)| C1zError::Build { folder, source })?;
        let file = self.target.display().to_string();
        let written = place(&self.folder.path().join("db"), self.beside, &self.target);
        let bytes = written.map_err(|source| C1zError::Write { file, source })?;
        Ok(Written {
            sync: std::mem::take(&mut self.sync),
            stats: std::mem::take(&mut self.stats),
            bytes,
        })
    }
}

fn count(by_type: &mut BTreeMap<String, i64>, sort: &str) {
    match by_type.get_mut(sort) {
        Some(number) => *number += 1,
        None => _ = by_type.insert(sort.to_owned(), 1),
    }
}

/// A field of a message that is itself a message or a text.
fn encode_part(field: u32, bytes: &[u8], to: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, to);
    encode_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

/// Which syncs stay when a full one is added.
fn kept(syncs: &[SyncRun], retention: Retention) -> Vec<String> {
    let Retention::Full(most) = retention else {
        return syncs.iter().map(|sync| sync.id.clone()).collect();
    };
    let finished = || syncs.iter().filter(|sync| sync.ended_at.is_some());
    let mut full: Vec<&SyncRun> = finished().filter(|sync| sync.is_full()).collect();
    full.sort_by(|a, b| (&b.ended_at, &b.id).cmp(&(&a.ended_at, &a.id)));
    full.truncate(most.saturating_sub(1));
    let Some(oldest) = full.last().map(|sync| &sync.started_at) else {
        return Vec::new();
    };
    let others = || finished().filter(|sync| !sync.is_full() && sync.started_at >= *oldest);
    let is_half =
        |sync: &&SyncRun| sync.sync_type == "partial_upserts" || sync.sync_type == "partial_deletions";
    let latest_half = others().filter(is_half).max_by_key(|sync| &sync.started_at);
    let is_of_pair =
        |sync: &SyncRun| latest_half.is_some_and(|half| sync.id == half.id || sync.id == half.linked_sync_id);
    let others = others().filter(|sync| !is_half(sync) || is_of_pair(sync));
    full.into_iter()
        .chain(others)
        .map(|sync| sync.id.clone())
        .collect()
}

/// Copies what is kept of an older file.
fn copy(older: &C1z, to: &Connection, kept: &[String]) -> Result<(), rusqlite::Error> {
    if kept.is_empty() {
        return Ok(());
    }
    to.execute(
        "ATTACH DATABASE $1 AS older",
        [older.unpacked().display().to_string()],
    )?;
    to.execute_batch("BEGIN")?;
    for (table, known) in KEPT {
        let there = columns(&older.database, table)?;
        let both: Vec<&str> = known
            .iter()
            .copied()
            .filter(|column| there.contains(*column))
            .collect();
        if both.is_empty() {
            continue;
        }
        let both = both.join(", ");
        let statement = format!(
            "INSERT INTO main.{table} ({both}) SELECT {both} FROM older.{table} WHERE sync_id = $1 ORDER BY id"
        );
        for sync in kept {
            to.execute(&statement, [sync])?;
        }
    }
    to.execute_batch("COMMIT; DETACH DATABASE older")
}

/// How many links are followed to a file; as many as Linux does.
const MOST_LINKS: usize = 40;

/// The file that a link leads to, which is written in its place: whoever keeps the link keeps it.
fn behind(target: &Path) -> PathBuf {
    let mut behind = target.to_owned();
    // The file need not be there yet, so its links are followed one by one.
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&behind) {
            Ok(to) => behind = folder_of(&behind).join(to),
            Err(_) => return behind,
        }
    }
    target.to_owned()
}

/// What is in a file's place if that is no file: it could neither be read nor replaced by one without being lost.
fn something_else(target: &Path) -> Option<&'static str> {
    let there = target.metadata().ok()?;
    if there.is_file() {
        None
    } else if there.is_dir() {
        Some("a folder")
    } else {
        Some("a device, a pipe or a socket")
    }
}

/// How the name of a file begins that will take the target's place.
fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.new-")
}

/// The folder of the target.
fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file beside the target. It is locked as long as it is being written; those that nobody holds any more, because
/// their writers were killed, are removed.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let (folder, prefix) = (folder_of(target), prefix(target));
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        if is_ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // If it cannot be removed, the next writer tries again.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program's new file: what the user's mask leaves of it. An older file's permissions stay.
        let mode = target
            .metadata()
            .map_or(0o666, |older| older.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let file = builder.tempfile_in(folder)?;
    file.as_file().lock()?;
    Ok(file)
}

/// Compresses the database into the file beside the target, which then takes its place. Answers its size.
fn place(database: &Path, beside: NamedTempFile, target: &Path) -> io::Result<u64> {
    let bytes = pack(database, beside.as_file())?;
    beside.as_file().sync_all()?;
    beside.persist(target).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder_of(target))?.sync_all()?;
    Ok(bytes)
}
