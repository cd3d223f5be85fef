//! What people did with the product itself.

use crate::reading::START;
use store::AuditRow;
use testkit::TestDatabase;

on_both!(the_latest_entries_come_first, an_entry_goes_with_its_transaction);

fn row(subject: &str) -> AuditRow {
    AuditRow {
        at: START,
        actor: "someone".into(),
        action: "connection.add".into(),
        subject: subject.into(),
        detail: "{}".into(),
    }
}

async fn the_latest_entries_come_first(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    for subject in ["one", "two", "three"] {
        tx.audit_record(&row(subject)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    assert_eq!(tx.audit_latest(2).await.unwrap(), [row("three"), row("two")]);
}

async fn an_entry_goes_with_its_transaction(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    tx.audit_record(&row("undone")).await.unwrap();
    drop(tx);
    let mut tx = database.store.read().await.unwrap();
    assert!(tx.audit_latest(10).await.unwrap().is_empty());
}
