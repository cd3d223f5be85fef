//! Facts written out.

use crate::reading::{Reading, account, membership, person};
use model::{FactKind, Family, RunId};
use store::Observation;
use testkit::TestDatabase;

on_both!(
    an_account_is_exported_with_its_person,
    each_part_of_a_key_is_exported,
    before_the_first_reading_nothing_is_exported
);

async fn an_account_is_exported_with_its_person(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading
        .page(run.id, Family::Accounts, vec![account("a", Some("active"))])
        .await;
    let observation = Observation {
        sent_at: reading.at,
        people: vec![person("a", Some("Ada"), None)],
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    reading.merge_all(&run, FactKind::Account).await;
    reading.publish(&run).await;
    let mut tx = reading.store.read().await.unwrap();
    let (facts, more) = tx
        .facts_chunk(reading.organization, FactKind::Account, run.id, 0)
        .await
        .unwrap();
    assert_eq!((facts.len(), more), (1, None));
    assert_eq!(
        (facts[0].name.as_deref(), facts[0].email.as_deref()),
        (Some("Ada"), None)
    );
    assert_eq!(facts[0].attributes.text("status"), Some("active"));
}

async fn each_part_of_a_key_is_exported(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let facts = vec![membership("g", "a"), membership("g", "b")];
    reading
        .read(Family::GroupMembers, FactKind::Membership, facts)
        .await;
    assert_eq!(reading.seen(FactKind::Membership).await, ["g a", "g b"]);
}

async fn before_the_first_reading_nothing_is_exported(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    assert!(reading.seen_at(FactKind::Account, RunId(0)).await.is_empty());
}
