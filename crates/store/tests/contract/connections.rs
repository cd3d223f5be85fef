//! Connections and their sealed keys.

use crate::reading::{HOUR, START, connect, master_key};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Connection as _;
use store::{MasterKey, NewConnection, ScimCredential, Semantics, StoreError};
use testkit::TestDatabase;

on_both!(
    a_key_opens_only_with_its_master_key,
    a_secret_moved_to_another_row_does_not_open,
    a_taken_name_is_refused,
    a_key_is_replaced_and_the_rest_stays,
    what_was_learned_is_kept,
    a_removed_connection_is_gone_and_its_organization_stays,
    another_master_key_is_refused,
    a_scim_token_is_sealed_like_the_key_and_can_be_taken_away
);

fn other_key() -> MasterKey {
    MasterKey::from_hex(&"0b".repeat(32)).unwrap()
}

async fn a_key_opens_only_with_its_master_key(database: TestDatabase) {
    connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.read().await.unwrap();
    let key = tx.connection_key("acme", &master_key()).await.unwrap().unwrap();
    assert_eq!(key.expose_secret(), "the-key");
    let refused = tx.connection_key("acme", &other_key()).await;
    assert!(matches!(refused, Err(StoreError::Unseal)));
    assert!(
        tx.connection_key("unknown", &master_key())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_secret_moved_to_another_row_does_not_open(database: TestDatabase) {
    connect(&database.store, "acme", "org-1").await;
    connect(&database.store, "other", "org-2").await;
    let moved = "UPDATE connection SET sealed_key = (SELECT sealed_key FROM connection WHERE name = 'acme') WHERE name = 'other'";
    if database.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        sqlx::query(moved).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query(moved).execute(&mut connection).await.unwrap();
    }
    let mut tx = database.store.read().await.unwrap();
    let refused = tx.connection_key("other", &master_key()).await;
    assert!(matches!(refused, Err(StoreError::Unseal)));
}

async fn a_taken_name_is_refused(database: TestDatabase) {
    let (organization_id, _) = connect(&database.store, "acme", "org-1").await;
    let again = NewConnection {
        organization_id,
        name: "acme",
        base_url: "https://example.org",
        key: &SecretString::from("another"),
        created_at: START,
        created_by: "test",
        sync_interval_ms: HOUR,
    };
    let mut tx = database.store.write().await.unwrap();
    let refused = tx.connection_add(&again, &master_key()).await;
    assert!(matches!(
        refused,
        Err(StoreError::Taken {
            what: "connection",
            ..
        })
    ));
}

async fn a_key_is_replaced_and_the_rest_stays(database: TestDatabase) {
    connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    let before = tx.connection_find("acme").await.unwrap().unwrap();
    tx.connection_set_key(
        "acme",
        "https://elsewhere.example.org",
        &SecretString::from("another-key"),
        &master_key(),
    )
    .await
    .unwrap();
    let key = tx.connection_key("acme", &master_key()).await.unwrap().unwrap();
    assert_eq!(key.expose_secret(), "another-key");
    let after = tx.connection_find("acme").await.unwrap().unwrap();
    let expected = store::ConnectionRow {
        base_url: "https://elsewhere.example.org".into(),
        ..before
    };
    assert_eq!(after, expected);
}

async fn what_was_learned_is_kept(database: TestDatabase) {
    let (_, id) = connect(&database.store, "acme", "org-1").await;
    let learned = Semantics {
        version: 1,
        joint_filters: Some(false),
        search_page: Some(50),
        groups_cut_at: None,
        counts_suspended: Some(true),
        pages_shift: None,
        learned_at: Some(START),
    };
    let mut tx = database.store.write().await.unwrap();
    tx.connection_learn(id, &learned).await.unwrap();
    tx.connection_confirm_drop(id, true).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let found = tx.connection_find("acme").await.unwrap().unwrap();
    assert_eq!(found.semantics, learned);
    assert!(found.drop_confirmed);
    assert_eq!(found.sync_interval_ms, HOUR);
}

async fn a_removed_connection_is_gone_and_its_organization_stays(database: TestDatabase) {
    let (organization, _) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    assert!(tx.connection_remove("acme").await.unwrap());
    assert!(!tx.connection_remove("acme").await.unwrap());
    assert!(tx.connection_list().await.unwrap().is_empty());
    assert_eq!(
        tx.organization_get(organization).await.unwrap().name.as_deref(),
        Some("Acme")
    );
}

async fn another_master_key_is_refused(database: TestDatabase) {
    database.store.master_key_check(&master_key()).await.unwrap();
    database.store.master_key_check(&master_key()).await.unwrap();
    let refused = database.store.master_key_check(&other_key()).await;
    assert!(matches!(refused, Err(StoreError::WrongMasterKey)));
}

async fn a_scim_token_is_sealed_like_the_key_and_can_be_taken_away(database: TestDatabase) {
    connect(&database.store, "acme", "org-1").await;
    connect(&database.store, "other", "org-2").await;
    let credential = ScimCredential {
        url: "https://example.org/scim/directory/d".into(),
        token: SecretString::from("the-token"),
    };
    let mut tx = database.store.write().await.unwrap();
    let key = master_key();
    assert!(tx.connection_scim("acme", &key).await.unwrap().is_none());
    for name in ["acme", "other"] {
        assert!(
            tx.connection_set_scim(name, Some(&credential), &key)
                .await
                .unwrap()
        );
    }
    tx.commit().await.unwrap();
    let moved = "UPDATE connection SET sealed_scim_token = (SELECT sealed_scim_token FROM connection WHERE name = 'acme') WHERE name = 'other'";
    if database.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        sqlx::query(moved).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query(moved).execute(&mut connection).await.unwrap();
    }
    let mut tx = database.store.write().await.unwrap();
    let opened = tx.connection_scim("acme", &key).await.unwrap().unwrap();
    assert_eq!(opened.token.expose_secret(), "the-token");
    let shown = tx.connection_find("acme").await.unwrap().unwrap().scim_url;
    assert_eq!(shown.as_deref(), Some(credential.url.as_str()));
    let refused = tx.connection_scim("other", &key).await;
    assert!(matches!(refused, Err(StoreError::Unseal)));
    assert!(tx.connection_set_scim("acme", None, &key).await.unwrap());
    assert!(!tx.connection_set_scim("acme", None, &key).await.unwrap());
    assert!(tx.connection_scim("acme", &key).await.unwrap().is_none());
}
