//! Merging: only what changed is written, and every step can be repeated.

use crate::reading::{Reading, START, account, accounts};
use model::{AccountId, Attributes, Fact, FactKind, Family, ResourceId, RoleId};
use serde_json::Value;
use testkit::TestDatabase;

on_both!(
    what_is_new_begins_and_what_is_gone_ends,
    an_identical_reading_writes_no_fact,
    what_was_left_out_stays_as_it_was,
    what_is_known_to_be_empty_replaces_a_value,
    absence_is_only_a_candidate_until_it_is_ended,
    merging_again_after_an_interruption_is_the_same,
    what_came_back_begins_anew,
    many_chunks_are_merged_whole,
    methods_end_with_their_holding
);

const KIND: FactKind = FactKind::Account;

async fn what_is_new_begins_and_what_is_gone_ends(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (_, first) = reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let (_, second) = reading
        .read(Family::Accounts, KIND, accounts(&["b", "c", "d"]))
        .await;
    assert_eq!((first, second), ((2, 0), (2, 1)));
    assert_eq!(reading.seen(KIND).await, ["b", "c", "d"]);
}

async fn an_identical_reading_writes_no_fact(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let before = rows(&database).await;
    let (_, changes) = reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    assert_eq!(changes, (0, 0));
    assert_eq!(rows(&database).await, before);
}

/// Every fact row, as text.
async fn rows(database: &TestDatabase) -> Vec<String> {
    use sqlx::Connection as _;
    const ROWS: &str = "SELECT id || ' ' || kind || ' ' || a || ' ' || attributes || ' ' || seen_at || ' ' || begun_run || ' '
        || COALESCE(ended_run, 0) FROM fact ORDER BY id";
    if database.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        sqlx::query_scalar(ROWS).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query_scalar(ROWS).fetch_all(&mut connection).await.unwrap()
    }
}

fn described(attributes: Attributes) -> Vec<Fact> {
    vec![Fact::account(&AccountId::from("a"), attributes)]
}

async fn what_was_left_out_stays_as_it_was(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let told = Attributes::new()
        .with("status", Some("active"))
        .with("type", Some("atlassian"));
    reading.read(Family::Accounts, KIND, described(told)).await;
    let told = Attributes::new().with("status", Some("inactive"));
    let (_, changes) = reading.read(Family::Accounts, KIND, described(told)).await;
    assert_eq!(changes, (1, 1));
    let now = reading.attributes(KIND, "a").await;
    assert_eq!(
        (now.text("status"), now.text("type")),
        (Some("inactive"), Some("atlassian"))
    );
    let (_, changes) = reading
        .read(Family::Accounts, KIND, described(Attributes::new()))
        .await;
    assert_eq!(changes, (0, 0));
}

async fn what_is_known_to_be_empty_replaces_a_value(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let told = Attributes::new().with("status", Some("active"));
    reading.read(Family::Accounts, KIND, described(told)).await;
    let told = Attributes::new().with("status", Some(Value::Null));
    let (_, changes) = reading.read(Family::Accounts, KIND, described(told)).await;
    assert_eq!(changes, (1, 1));
    assert_eq!(
        reading.attributes(KIND, "a").await.get("status"),
        model::Told::Empty
    );
}

async fn absence_is_only_a_candidate_until_it_is_ended(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let run = reading.open().await;
    reading.page(run.id, Family::Accounts, accounts(&["a"])).await;
    let complete = reading.complete(run.id, KIND).await.unwrap();
    let mut tx = reading.store.read().await.unwrap();
    let candidates = tx.facts_absent(&complete).await.unwrap();
    assert_eq!(candidates.len(), 1);
    assert_eq!(tx.term_text(candidates[0].a).await.unwrap(), "b");
    drop(tx);
    let merge = reading.merge(&run, KIND).await;
    reading.store.facts_begin(&merge).await.unwrap();
    reading.store.facts_change(&merge).await.unwrap();
    assert_eq!(reading.publish(&run).await, (0, 0));
    assert_eq!(reading.seen(KIND).await, ["a", "b"]);
}

async fn merging_again_after_an_interruption_is_the_same(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let run = reading.open().await;
    let facts = vec![account("b", Some("inactive")), account("c", Some("active"))];
    reading.page(run.id, Family::Accounts, facts).await;
    // Stopped after beginning, then after changing, then all of it again and twice.
    let merge = reading.merge(&run, KIND).await;
    reading.store.facts_begin(&merge).await.unwrap();
    reading.store.facts_begin(&merge).await.unwrap();
    reading.store.facts_change(&merge).await.unwrap();
    reading.merge_all(&run, KIND).await;
    reading.merge_all(&run, KIND).await;
    assert_eq!(reading.publish(&run).await, (2, 2));
    assert_eq!(reading.seen(KIND).await, ["b", "c"]);
    assert_eq!(
        reading.attributes(KIND, "b").await.text("status"),
        Some("inactive")
    );
}

async fn what_came_back_begins_anew(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading.read(Family::Accounts, KIND, accounts(&["a"])).await;
    let (without, _) = reading.read(Family::Accounts, KIND, accounts(&[])).await;
    reading.read(Family::Accounts, KIND, accounts(&["a"])).await;
    assert_eq!(reading.seen(KIND).await, ["a"]);
    assert!(reading.seen_at(KIND, without.id).await.is_empty());
}

async fn many_chunks_are_merged_whole(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let ids: Vec<String> = (0..11_000).map(|number| format!("account {number:05}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (_, first) = reading.read(Family::Accounts, KIND, accounts(&ids)).await;
    let (run, second) = reading
        .read(Family::Accounts, KIND, accounts(&ids[..10_500]))
        .await;
    assert_eq!((first, second), ((11_000, 0), (0, 500)));
    let mut tx = reading.store.read().await.unwrap();
    let (mut after, mut exported) = (0, 0);
    loop {
        let chunk = tx
            .facts_chunk(reading.organization, KIND, run.id, after)
            .await
            .unwrap();
        exported += chunk.0.len();
        match chunk.1 {
            Some(until) => after = until,
            None => break,
        }
    }
    assert_eq!(exported, 10_500);
    assert_eq!(tx.facts_count(reading.organization, KIND).await.unwrap(), 10_500);
}

async fn methods_end_with_their_holding(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (account, resource, role) = (AccountId::from("a"), ResourceId::from("r"), RoleId::from("user"));
    let holding = Fact::role_holding(&account, &resource, &role);
    let method = Fact::method(&account, &resource, &role, vec!["direct".into()]);
    let run = reading.open().await;
    reading.page(run.id, Family::RoleHoldings, vec![holding]).await;
    reading.page(run.id, Family::Methods, vec![method]).await;
    reading.merge_all(&run, FactKind::RoleHolding).await;
    reading.merge_all(&run, FactKind::Method).await;
    assert_eq!(reading.publish(&run).await, (2, 0));

    let run = reading.open().await;
    reading.page(run.id, Family::RoleHoldings, vec![]).await;
    reading.merge_all(&run, FactKind::RoleHolding).await;
    let mut tx = reading.store.read().await.unwrap();
    let orphans = tx.methods_without_holding(reading.organization).await.unwrap();
    assert_eq!(orphans.len(), 1);
    drop(tx);
    let merge = reading.merge(&run, FactKind::Method).await;
    reading
        .store
        .methods_end(&merge, &orphans, reading.at)
        .await
        .unwrap();
    assert_eq!(reading.publish(&run).await, (0, 2));
    assert!(reading.at > START && reading.seen(FactKind::Method).await.is_empty());
}
