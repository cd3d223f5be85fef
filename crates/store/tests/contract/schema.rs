//! The schema: the same tables on both databases, and a database of a newer version is left alone.

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::collections::BTreeSet;
use std::path::Path;
use store::{Store, StoreError};
use testkit::TestDatabase;

on_both!(
    opening_again_changes_nothing,
    a_newer_database_is_refused_and_not_changed
);

/// Table, column, type, and whether it may be NULL.
type Column = (String, String, String, bool);

async fn sqlite_columns(url: &str) -> BTreeSet<Column> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT m.name, p.name, p.type, p.\"notnull\" = 0 AND p.pk = 0
        FROM sqlite_master m JOIN pragma_table_info(m.name) p
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let same = |kind: String| match kind.as_str() {
        "INTEGER" => "bigint".to_owned(),
        "BLOB" => "bytea".to_owned(),
        _ => kind.to_lowercase(),
    };
    rows.into_iter()
        .map(|(table, column, kind, null)| (table, column, same(kind), null))
        .collect()
}

async fn postgres_columns(url: &str) -> BTreeSet<Column> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
    .into_iter()
    .collect()
}

async fn sqlite_indexes(url: &str) -> BTreeSet<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let rows = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
    rows.fetch_all(&mut connection)
        .await
        .unwrap()
        .into_iter()
        .collect()
}

async fn postgres_indexes(url: &str) -> BTreeSet<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::query_scalar(
        "SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = i.relnamespace
        WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid)",
    );
    rows.fetch_all(&mut connection)
        .await
        .unwrap()
        .into_iter()
        .collect()
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let sqlite = testkit::sqlite().await;
    // SQLite keeps the audit archive in a file of its own.
    drop(sqlite.store.archive_read().await.unwrap());
    let archive = format!("sqlite:{}", sqlite.store.archive_file().unwrap().display());
    let mut columns = sqlite_columns(&sqlite.url).await;
    columns.extend(sqlite_columns(&archive).await);
    assert_eq!(columns, postgres_columns(&postgres.url).await);
    let mut indexes = sqlite_indexes(&sqlite.url).await;
    indexes.extend(sqlite_indexes(&archive).await);
    assert_eq!(indexes, postgres_indexes(&postgres.url).await);
}

#[tokio::test]
async fn a_file_is_made_where_there_was_none() {
    let (_folder, url) = testkit::sqlite_url();
    let store = Store::open(&url).await.unwrap();
    assert!(store.file().unwrap().is_file());
}

#[tokio::test]
async fn an_empty_postgres_database_gets_the_schema() {
    let Some(url) = testkit::postgres_url().await else {
        return;
    };
    Store::open(&url).await.unwrap();
    assert!(!postgres_columns(&url).await.is_empty());
}

async fn opening_again_changes_nothing(database: TestDatabase) {
    let again = Store::open(&database.url).await.unwrap();
    assert!(
        again
            .read()
            .await
            .unwrap()
            .connection_list()
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_newer_database_is_refused_and_not_changed(database: TestDatabase) {
    database.store.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 9999, 'of tomorrow', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    let count = "SELECT COUNT(*) FROM _sqlx_migrations";
    let counted: i64;
    let refused;
    if database.is_postgres() {
        let mut connection = PgConnection::connect(&database.url).await.unwrap();
        sqlx::query(newer).execute(&mut connection).await.unwrap();
        refused = Store::open(&database.url).await;
        counted = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    } else {
        let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query(newer).execute(&mut connection).await.unwrap();
        refused = Store::open(&database.url).await;
        counted = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    }
    let error = refused.unwrap_err();
    let StoreError::Newer {
        found: 9999, known, ..
    } = error
    else {
        panic!("refused as newer, not as {error:?}");
    };
    assert!(known < 9999);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let migrations = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(usize::try_from(counted).unwrap(), migrations + 1);
}
