//! Hooks: secrets sealed to their row, deliveries counted once.

use crate::reading::{START, connect, master_key};
use secrecy::{ExposeSecret as _, SecretString};
use store::{DELIVERIES_KEPT_MS, HookRow, StoreError};
use testkit::TestDatabase;

on_both!(
    a_hook_is_what_was_added_and_ends_with_its_connection,
    a_delivery_is_new_once_until_it_is_forgotten
);

fn hook(connection_id: i64, name: &str) -> HookRow {
    HookRow {
        id: 0,
        connection_id,
        connection: "acme".into(),
        name: name.to_owned(),
        kind: "jira".into(),
        created_at: START,
        created_by: "somebody".into(),
        delivered_at: None,
    }
}

async fn a_hook_is_what_was_added_and_ends_with_its_connection(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    let (key, secret) = (master_key(), SecretString::from("s3cret"));
    for name in ["one", "two"] {
        tx.hook_add(&hook(connection, name), &secret, &key).await.unwrap();
    }
    let taken = tx.hook_add(&hook(connection, "one"), &secret, &key).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    let opened = tx.hook_secret("one", &key).await.unwrap().unwrap();
    assert_eq!(opened.expose_secret(), "s3cret");
    assert!(tx.hook_secret("three", &key).await.unwrap().is_none());
    assert!(tx.hook_remove("one").await.unwrap());
    let listed = tx.hook_list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        HookRow {
            id: 0,
            ..listed[0].clone()
        },
        hook(connection, "two")
    );
    tx.connection_remove("acme").await.unwrap();
    assert!(tx.hook_list().await.unwrap().is_empty());
}

async fn a_delivery_is_new_once_until_it_is_forgotten(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    let secret = SecretString::from("s3cret");
    tx.hook_add(&hook(connection, "one"), &secret, &master_key())
        .await
        .unwrap();
    let id = tx.hook_list().await.unwrap()[0].id;
    assert_eq!(tx.hook_delivered_at(connection).await.unwrap(), None);
    assert!(tx.hook_delivered(id, "a", START).await.unwrap());
    assert!(!tx.hook_delivered(id, "a", START + 5).await.unwrap());
    assert!(tx.hook_delivered(id, "b", START + 6).await.unwrap());
    assert_eq!(tx.hook_delivered_at(connection).await.unwrap(), Some(START + 6));
    assert!(
        tx.hook_delivered(id, "a", START + DELIVERIES_KEPT_MS + 1)
            .await
            .unwrap()
    );
    // A hook that was forgotten meanwhile has no deliveries.
    assert!(!tx.hook_delivered(id + 1, "a", START).await.unwrap());
}
