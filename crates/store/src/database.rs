//! Opening a database and working in transactions.
//!
//! A [`Store`] hands out [`Tx`] values: `read` sees one snapshot and cannot write, `write` is the only way
//! to change something. The nouns of the store (`term.rs`, `fact.rs`, `run.rs` …) add their methods to `Tx`;
//! statements are constants beside them, written once for both databases.

use crate::dialect::statistics::Statistics;
use crate::dialect::{ForBoth, postgres, sqlite};
use crate::error::StoreError;
use crate::query::{Placeholders, values_statement};
use crate::value::{Row, Value};
use model::RunId;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The database that keeps everything. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
    name: String,
}

#[derive(Clone, Debug)]
enum Pools {
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        file: PathBuf,
        /// Opened when it is first asked: most stores never see an event.
        archive: Arc<OnceCell<Archive>>,
    },
    Postgres {
        pool: PgPool,
        statistics: Statistics,
    },
}

/// Where a connection leads that is none of the pools'.
pub(crate) enum OwnConnection {
    Sqlite(PathBuf),
    Postgres(Arc<PgConnectOptions>),
}

/// The audit archive of SQLite: a file of its own beside the database, with a writer of its own.
#[derive(Debug)]
struct Archive {
    write: SqlitePool,
    read: SqlitePool,
}

/// A transaction: kept only by [`Tx::commit`].
pub struct Tx {
    inner: Inner,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Store {
    /// Opens `sqlite:FILE` or `postgres://…`, makes the file if it is missing and brings the schema up to date.
    ///
    /// Fails without having changed anything when the database belongs to a newer version.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let name = without_password(url);
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(StoreError::Address { url: name });
            }
            return Store::open_sqlite(Path::new(path), name).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Store::open_postgres(url, name).await;
        }
        Err(StoreError::Address { url: name })
    }

    async fn open_sqlite(file: &Path, name: String) -> Result<Store, StoreError> {
        sqlite::refuse_network_file_system(file)?;
        let opened = sqlite::writer(file).await;
        let write = opened.map_err(|source| open_error(&name, source))?;
        let read = sqlite::readers(file);
        let store = Store {
            pools: Pools::Sqlite {
                write,
                read,
                file: file.to_owned(),
                archive: Arc::default(),
            },
            name,
        };
        store.migrate().await?;
        Ok(store)
    }

    async fn open_postgres(url: &str, name: String) -> Result<Store, StoreError> {
        let opened = postgres::pool(url).await;
        let pool = opened.map_err(|source| StoreError::Open {
            database: name.clone(),
            source,
        })?;
        let store = Store {
            pools: Pools::Postgres {
                pool,
                statistics: Statistics::default(),
            },
            name,
        };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let result = match &self.pools {
            Pools::Sqlite { write, .. } => sqlite::MIGRATOR.run(write).await,
            Pools::Postgres { pool, .. } => postgres::MIGRATOR.run(pool).await,
        };
        match result {
            Ok(()) => Ok(()),
            Err(sqlx::migrate::MigrateError::VersionMissing(found)) => {
                let known = sqlite::MIGRATOR
                    .iter()
                    .map(|migration| migration.version)
                    .max()
                    .unwrap_or(0);
                Err(StoreError::Newer {
                    database: self.name.clone(),
                    found,
                    known,
                })
            }
            Err(sqlx::migrate::MigrateError::Execute(source)) => {
                Err(StoreError::from_driver("bring the schema up to date", source))
            }
            Err(source) => Err(StoreError::Migrate(source)),
        }
    }

    /// The database's address without a password, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a connection of its own to this database is made from.
    pub(crate) fn own_connection(&self) -> OwnConnection {
        match &self.pools {
            Pools::Sqlite { file, .. } => OwnConnection::Sqlite(file.clone()),
            Pools::Postgres { pool, .. } => OwnConnection::Postgres(pool.connect_options()),
        }
    }

    /// The SQLite file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres { .. } => None,
        }
    }

    /// Begins a transaction that sees one snapshot.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => read.begin().await.map(Inner::Sqlite),
            Pools::Postgres { pool, .. } => pool.begin_with(postgres::BEGIN_READ).await.map(Inner::Postgres),
        };
        let inner = inner.map_err(|source| StoreError::from_driver("begin reading", source))?;
        Ok(Tx { inner })
    }

    /// Begins a transaction that may write.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => write.begin_with(sqlite::BEGIN_WRITE).await.map(Inner::Sqlite),
            Pools::Postgres { pool, .. } => pool.begin_with(postgres::BEGIN_WRITE).await.map(Inner::Postgres),
        };
        let inner = inner.map_err(|source| StoreError::from_driver("begin writing", source))?;
        Ok(Tx { inner })
    }

    /// Begins a transaction that sees one snapshot of the audit archive. With PostgreSQL it is part of the database.
    pub async fn archive_read(&self) -> Result<Tx, StoreError> {
        let Some(archive) = self.archive().await? else {
            return self.read().await;
        };
        let begun = archive.read.begin().await;
        let tx = begun.map_err(|source| StoreError::from_driver("begin reading the archive", source))?;
        Ok(Tx {
            inner: Inner::Sqlite(tx),
        })
    }

    /// Begins a transaction that may write to the audit archive, and with SQLite to nothing else.
    pub async fn archive_write(&self) -> Result<Tx, StoreError> {
        let Some(archive) = self.archive().await? else {
            return self.write().await;
        };
        let begun = archive.write.begin_with(sqlite::BEGIN_WRITE).await;
        let tx = begun.map_err(|source| StoreError::from_driver("begin writing to the archive", source))?;
        Ok(Tx {
            inner: Inner::Sqlite(tx),
        })
    }

    async fn archive(&self) -> Result<Option<&Archive>, StoreError> {
        let Pools::Sqlite { file, archive, .. } = &self.pools else {
            return Ok(None);
        };
        let open = || async {
            let file = archive_beside(file);
            let write = sqlite::writer(&file)
                .await
                .map_err(|source| open_error(&file.display().to_string(), source))?;
            sqlite::ARCHIVE_MIGRATOR
                .run(&write)
                .await
                .map_err(StoreError::Migrate)?;
            let read = sqlite::readers(&file);
            Ok::<_, StoreError>(Archive { write, read })
        };
        Ok(Some(archive.get_or_try_init(open).await?))
    }

    /// The file of the audit archive, if the database is a SQLite file: it is there once there was an event.
    pub fn archive_file(&self) -> Option<PathBuf> {
        self.file().map(archive_beside)
    }

    /// Prepares for staging what a reading of about so many accounts brings: many small statements.
    pub async fn prepare_to_stage(&self, accounts: i64) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlite::prepare_to_stage(write, accounts)
                .await
                .map_err(|source| StoreError::from_driver("prepare to stage", source)),
            Pools::Postgres { .. } => Ok(()),
        }
    }

    /// Prepares for merging what was staged: few large statements.
    pub async fn prepare_to_merge(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlite::prepare_to_merge(write)
                .await
                .map_err(|source| StoreError::from_driver("prepare to merge", source)),
            Pools::Postgres { .. } => Ok(()),
        }
    }

    /// Gives back the memory that a reading was given.
    pub async fn rest(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlite::rest(write)
                .await
                .map_err(|source| StoreError::from_driver("rest after a reading", source)),
            Pools::Postgres { .. } => Ok(()),
        }
    }

    pub(crate) async fn synchronous(&self, fully: bool) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlite::synchronous(write, fully)
                .await
                .map_err(|source| StoreError::from_driver("set how commits are kept", source)),
            Pools::Postgres { .. } => Ok(()),
        }
    }

    /// Writes a consistent copy of a SQLite database to a new file, also while others work with it, and of the audit
    /// archive, if there is one, to a file beside that.
    ///
    /// Answers `false` for PostgreSQL, which has tools of its own for that.
    pub async fn backup_to(&self, file: &Path) -> Result<bool, StoreError> {
        let Pools::Sqlite { file: from, .. } = &self.pools else {
            return Ok(false);
        };
        let statement = "VACUUM INTO $1";
        let result = sqlite::copy(from, statement, file).await;
        result.map_err(|source| StoreError::from_driver(statement, source))?;
        let archive = archive_beside(from);
        if archive.exists() {
            let result = sqlite::copy(&archive, statement, &archive_beside(file)).await;
            result.map_err(|source| StoreError::from_driver(statement, source))?;
        }
        Ok(true)
    }

    /// Lets the database count what staging wrote for a run, often enough for it to plan well. SQLite needs no such
    /// thing: it plans by the shape of the indexes. What was staged is kept whether it is counted or not.
    pub(crate) async fn statistics_after_staging(&self, run: RunId, rows: usize) {
        let Pools::Postgres { pool, statistics } = &self.pools else {
            return;
        };
        if statistics.are_due(run, rows)
            && let Err(error) = self.analyze(pool, "ANALYZE staged").await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what was staged could not be counted"
            );
        }
    }

    /// Lets the database count what a run's merging will join.
    pub(crate) async fn statistics_before_merging(&self) -> Result<(), StoreError> {
        self.statistics("ANALYZE staged, fact").await
    }

    /// Lets the database count what the summary of a run joins: the first run has just filled these tables, and a plan
    /// for empty ones looks through all of them for each account.
    pub(crate) async fn statistics_before_summary(&self) -> Result<(), StoreError> {
        self.statistics("ANALYZE fact, person, activity, term").await
    }

    async fn statistics(&self, statement: &'static str) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Postgres { pool, .. } => self.analyze(pool, statement).await,
            Pools::Sqlite { .. } => Ok(()),
        }
    }

    async fn analyze(&self, pool: &PgPool, statement: &'static str) -> Result<(), StoreError> {
        let result = sqlx::query(statement).execute(pool).await;
        result.map_err(|source| StoreError::from_driver(statement, source))?;
        Ok(())
    }

    /// Ends all connections to the database.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite {
                write, read, archive, ..
            } => {
                if let Some(archive) = archive.get() {
                    archive.read.close().await;
                    archive.write.close().await;
                }
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

impl Tx {
    /// Keeps what was written.
    pub async fn commit(self) -> Result<(), StoreError> {
        let result = match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        };
        result.map_err(|source| StoreError::from_driver("commit", source))
    }

    /// What is for this transaction's database.
    pub(crate) fn choose<T: Copy>(&self, both: &ForBoth<T>) -> T {
        match &self.inner {
            Inner::Sqlite(_) => both.sqlite,
            Inner::Postgres(_) => both.postgres,
        }
    }

    /// Runs a statement and answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        let result = match &mut self.inner {
            Inner::Sqlite(tx) => sqlite::bind(sqlx::query(sql), values.to_vec())
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            Inner::Postgres(tx) => postgres::bind(sqlx::query(sql), values.to_vec())
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
        };
        result.map_err(|source| StoreError::from_driver(sql, source))
    }

    /// Runs a query and answers all its rows.
    pub(crate) async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let result = match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sqlite::bind(sqlx::query(sql), values.to_vec());
                query.try_map(sqlite::decode).fetch_all(&mut **tx).await
            }
            Inner::Postgres(tx) => {
                let query = postgres::bind(sqlx::query(sql), values.to_vec());
                query.try_map(postgres::decode).fetch_all(&mut **tx).await
            }
        };
        result.map_err(|source| StoreError::from_driver(sql, source))
    }

    /// Runs a query whose text was put together by `query.rs`, the only place that may.
    pub(crate) async fn rows_built(&mut self, sql: String, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let operation = sql.clone();
        let result = match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                let query = sqlite::bind(query, values.to_vec());
                query.try_map(sqlite::decode).fetch_all(&mut **tx).await
            }
            Inner::Postgres(tx) => {
                let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                let query = postgres::bind(query, values.to_vec());
                query.try_map(postgres::decode).fetch_all(&mut **tx).await
            }
        };
        result.map_err(|source| StoreError::from_driver(&operation, source))
    }

    /// Runs a query and answers its first row, if there is one.
    pub(crate) async fn row(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Inserts many rows: `head` up to and including `VALUES`, `tail` after the rows. Rows have equal length.
    pub(crate) async fn insert_many(
        &mut self,
        head: &'static str,
        rows: Vec<Vec<Value>>,
        tail: &'static str,
    ) -> Result<u64, StoreError> {
        // A few sizes only, so that each statement is prepared once and used often. Each statement is a hand-over to
        // SQLite's thread and back: with halves, what is left over takes four of them on average.
        const SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];
        let mut inserted = 0;
        let mut rest = rows.into_iter();
        while let Some(columns) = rest.as_slice().first().map(Vec::len) {
            let size = SIZES.into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
            let values: Vec<Value> = rest.by_ref().take(size).flatten().collect();
            let statement =
                |placeholders| AssertSqlSafe(values_statement(placeholders, head, size, columns, tail));
            let result = match &mut self.inner {
                Inner::Sqlite(tx) => {
                    let query = sqlx::query(statement(Placeholders::InOrder));
                    sqlite::bind(query, values)
                        .execute(&mut **tx)
                        .await
                        .map(|done| done.rows_affected())
                }
                Inner::Postgres(tx) => {
                    let query = sqlx::query(statement(Placeholders::Numbered));
                    postgres::bind(query, values)
                        .execute(&mut **tx)
                        .await
                        .map(|done| done.rows_affected())
                }
            };
            inserted += result.map_err(|source| StoreError::from_driver(head, source))?;
        }
        Ok(inserted)
    }
}

/// `orgwarden.events.db` for `orgwarden.db`.
fn archive_beside(file: &Path) -> PathBuf {
    match file.extension() {
        Some(extension) => file.with_extension(format!("events.{}", extension.to_string_lossy())),
        None => file.with_extension("events"),
    }
}

fn open_error(name: &str, source: sqlx::Error) -> StoreError {
    match StoreError::from_driver("open", source) {
        StoreError::Statement { source, .. } => StoreError::Open {
            database: name.to_owned(),
            source,
        },
        known => known,
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.split_once('@') {
        None => url.to_owned(),
        Some((credentials, host)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_part_of_the_name() {
        assert_eq!(without_password("postgres://u:secret@h/db"), "postgres://u@h/db");
        assert_eq!(without_password("sqlite:a.db"), "sqlite:a.db");
    }

    #[test]
    fn the_archive_lies_beside_the_database() {
        let beside = |file: &str| archive_beside(Path::new(file)).display().to_string();
        assert_eq!(beside("/var/orgwarden.db"), "/var/orgwarden.events.db");
        assert_eq!(beside("state"), "state.events");
    }
}
