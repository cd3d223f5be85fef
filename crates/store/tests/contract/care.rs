//! A locked file, a copy while others write, an address that is none.

use crate::reading::{Reading, accounts};
use model::{FactKind, Family};
use sqlx::{Connection as _, SqliteConnection};
use store::{Store, StoreError};

#[tokio::test]
async fn a_locked_database_says_so() {
    let database = testkit::sqlite().await;
    let mut other = SqliteConnection::connect(&database.url).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let locked = database.store.write().await;
    let error = locked.err().expect("somebody else is writing");
    assert!(matches!(error, StoreError::Locked), "{error:?}");
    assert!(error.hint().unwrap().contains("nothing was lost"));
}

#[tokio::test]
async fn a_backup_is_whole_while_others_write() {
    let database = testkit::sqlite().await;
    let mut reading = Reading::begin(&database.store).await;
    reading
        .read(Family::Accounts, FactKind::Account, accounts(&["a", "b"]))
        .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");

    let mut writing = database.store.write().await.unwrap();
    writing.term_intern(&["not yet committed"]).await.unwrap();
    assert!(database.store.backup_to(&file).await.unwrap());
    writing.commit().await.unwrap();

    let copy = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let mut tx = copy.read().await.unwrap();
    let (facts, _) = tx
        .facts_chunk(reading.organization, FactKind::Account, model::RunId(1), 0)
        .await
        .unwrap();
    assert_eq!(facts.len(), 2);
    assert_eq!(tx.term_find("not yet committed").await.unwrap(), None);
}

#[tokio::test]
async fn postgres_has_tools_of_its_own_for_backups() {
    let Some(database) = testkit::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    assert!(
        !database
            .store
            .backup_to(&folder.path().join("copy.db"))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    for address in ["mysql://host/db", "sqlite:", "acme.db"] {
        assert!(
            matches!(Store::open(address).await, Err(StoreError::Address { .. })),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let error = Store::open("sqlite:/nowhere/at/all/x.db").await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all/x.db"), "{error}");
}
