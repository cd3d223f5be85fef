//! SQLite: one file, write-ahead log, one writer at a time.

use super::{SLOW, SLOW_IS_LOGGED_AS};
use crate::error::StoreError;
use crate::value::{Row, Value};
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Column as _, ConnectOptions as _, Connection as _, Row as _, TypeInfo as _, ValueRef as _};
use std::path::Path;
use std::time::Duration;

/// Beginning a writer at once: a transaction that reads first and writes later can fail midway.
pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// How long a statement waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Page caches, in the pragma's spelling: negative numbers are KiB.
const WRITER_CACHE: &str = "-8000";
const READER_CACHE: &str = "-2000";
/// Pages of 4 KiB in the log before they are moved into the database: a reading touches the same pages over and over.
const CHECKPOINT_PAGES: &str = "8000";

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
pub(crate) static ARCHIVE_MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite_archive");

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // As PostgreSQL does; what is searched in is lower-case already.
        .pragma("case_sensitive_like", "1")
        .log_slow_statements(SLOW_IS_LOGGED_AS, SLOW)
}

/// At most so many connections.
fn at_most(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_slow_level(SLOW_IS_LOGGED_AS)
}

/// Makes a database that is not there yet a file that only its owner may read; SQLite's files beside it follow it in
/// that. Where that cannot be, SQLite says why better.
fn make_private(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut new = std::fs::OpenOptions::new();
        drop(new.write(true).create_new(true).mode(0o600).open(file));
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// One connection that writes.
pub(crate) async fn writer(file: &Path) -> Result<SqlitePool, sqlx::Error> {
    make_private(file);
    at_most(1)
        .connect_with(
            options(file)
                .create_if_missing(true)
                .pragma("cache_size", WRITER_CACHE)
                .pragma("wal_autocheckpoint", CHECKPOINT_PAGES),
        )
        .await
}

/// Several connections that only read.
pub(crate) fn readers(file: &Path) -> SqlitePool {
    at_most(4).connect_lazy_with(
        options(file)
            .pragma("query_only", "1")
            .pragma("cache_size", READER_CACHE),
    )
}

/// Up to so many accounts, undoing the largest statement of staging – the members of a group as holders of what it
/// gives – fits in memory: a reading of 200,000 took 237 MB in all, one of 1,000,000 took 802 MB.
const UNDONE_IN_MEMORY: i64 = 200_000;

/// Readies the writer for staging an organization of so many accounts: what a reading stages comes in the order of the
/// listings and lies in the order of its keys, and each of its many small statements could be undone from memory.
pub(crate) async fn prepare_to_stage(write: &SqlitePool, accounts: i64) -> Result<(), sqlx::Error> {
    let kib = (8_000 + accounts.max(0) * 6 / 10).min(68_000);
    let temporary = if accounts > UNDONE_IN_MEMORY {
        "FILE"
    } else {
        "MEMORY"
    };
    let statement = format!("PRAGMA cache_size = -{kib}; PRAGMA temp_store = {temporary}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(write)
        .await?;
    Ok(())
}

/// Readies the writer for the few large statements of a merge, whose undoing would fill the memory.
pub(crate) async fn prepare_to_merge(write: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA temp_store = FILE").execute(write).await?;
    Ok(())
}

/// Gives back the memory that staging was given.
pub(crate) async fn rest(write: &SqlitePool) -> Result<(), sqlx::Error> {
    let statement = format!("PRAGMA cache_size = {WRITER_CACHE}; PRAGMA shrink_memory");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(write)
        .await?;
    Ok(())
}

/// Whether each commit waits until the disk has it. Otherwise a loss of power may cost the latest commits, never order.
pub(crate) async fn synchronous(write: &SqlitePool, fully: bool) -> Result<(), sqlx::Error> {
    let statement = if fully {
        "PRAGMA synchronous = FULL"
    } else {
        "PRAGMA synchronous = NORMAL"
    };
    sqlx::query(statement).execute(write).await?;
    Ok(())
}

/// Copies a database by a statement that takes the new file. On a connection of its own: the readers' may not write,
/// not even elsewhere, and the writer's may be at work.
pub(crate) async fn copy(file: &Path, statement: &'static str, to: &Path) -> Result<(), sqlx::Error> {
    let mut connection = options(file).connect().await?;
    let copied = sqlx::query(statement).bind(to.display().to_string());
    copied.execute(&mut connection).await?;
    connection.close().await
}

pub(crate) fn bind<'q>(
    mut query: sqlx::query::Query<'q, Sqlite, SqliteArguments>,
    values: Vec<Value>,
) -> sqlx::query::Query<'q, Sqlite, SqliteArguments> {
    for value in values {
        query = match value {
            Value::Int(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}

pub(crate) fn decode(row: SqliteRow) -> Result<Row, sqlx::Error> {
    let mut values = Vec::with_capacity(row.len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        let value = if raw.is_null() {
            Value::Int(None)
        } else {
            match raw.type_info().name() {
                "TEXT" => Value::Text(row.try_get(column.ordinal())?),
                "BLOB" => Value::Bytes(row.try_get(column.ordinal())?),
                _ => Value::Int(row.try_get(column.ordinal())?),
            }
        };
        values.push(value);
    }
    Ok(Row { values })
}

/// Refuses a file on a network file system: SQLite's locks do not hold there.
pub(crate) fn refuse_network_file_system(file: &Path) -> Result<(), StoreError> {
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mounts") else {
        return Ok(());
    };
    let folder = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Ok(folder) = folder.canonicalize() else {
        return Ok(());
    };
    match network_file_system_of(&folder, &mounts) {
        None => Ok(()),
        Some(file_system) => Err(StoreError::NetworkFileSystem {
            database: file.display().to_string(),
            file_system,
        }),
    }
}

/// The name of the network file system that `folder` lies on, by the kernel's list of mounts.
fn network_file_system_of(folder: &Path, mounts: &str) -> Option<String> {
    const NETWORK: [&str; 8] = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "fuse.sshfs",
        "ceph",
        "glusterfs",
    ];
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let point = words.next()?.replace("\\040", " ");
        let kind = words.next()?;
        folder.starts_with(&point).then(|| (point.len(), kind.to_owned()))
    });
    let (_, kind) = mounted.max_by_key(|(length, _)| *length)?;
    NETWORK.contains(&kind.as_str()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides() {
        let mounts = "/dev/sda / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\ntmpfs /srv/local tmpfs rw 0 0\n";
        assert_eq!(
            network_file_system_of(Path::new("/srv/data"), mounts),
            Some("nfs4".to_owned())
        );
        assert_eq!(network_file_system_of(Path::new("/srv/local/data"), mounts), None);
        assert_eq!(network_file_system_of(Path::new("/home"), mounts), None);
    }
}
