//! The life of a run: hidden until it is published, gone without a trace when it is given up.

use crate::reading::{HOUR, Reading, account, accounts};
use model::{FactKind, Family, RunId};
use store::{RunReport, RunState, StoreError};
use testkit::TestDatabase;

on_both!(
    a_run_is_hidden_until_it_is_published,
    an_older_run_can_still_be_looked_at,
    a_discarded_run_leaves_nothing,
    a_held_run_keeps_only_its_reasons,
    publishing_spends_a_confirmed_drop,
    nobody_publishes_without_the_lease,
    requests_add_up,
    the_latest_runs_come_first,
    an_interrupted_run_keeps_what_it_has_to_say,
    what_a_reading_does_is_kept_once,
    the_listings_of_a_run_that_is_over_are_one_row_a_family
);

const KIND: FactKind = FactKind::Account;

async fn a_run_is_hidden_until_it_is_published(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading
        .page(run.id, Family::Accounts, accounts(&["a", "b"]))
        .await;
    reading
        .store
        .run_merging(&reading.lease, &run, reading.at)
        .await
        .unwrap();
    reading.merge_all(&run, KIND).await;
    assert!(reading.seen(KIND).await.is_empty());
    assert_eq!(reading.publish(&run).await, (2, 0));
    assert_eq!(reading.seen(KIND).await, ["a", "b"]);
    let mut tx = reading.store.read().await.unwrap();
    let kept = tx.run_find(run.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.state, kept.changes_begun, kept.ended_at),
        (RunState::Published, 2, Some(reading.at))
    );
    assert!(tx.staged_first(run.id, KIND).await.unwrap().is_empty());
}

async fn an_older_run_can_still_be_looked_at(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (first, _) = reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let (second, changes) = reading.read(Family::Accounts, KIND, accounts(&["b", "c"])).await;
    assert_eq!(changes, (1, 1));
    assert_eq!(reading.seen_at(KIND, first.id).await, ["a", "b"]);
    assert_eq!(reading.seen_at(KIND, second.id).await, ["b", "c"]);
}

async fn a_discarded_run_leaves_nothing(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    let run = reading.open().await;
    let facts = vec![account("b", Some("inactive")), account("c", Some("active"))];
    reading.page(run.id, Family::Accounts, facts).await;
    reading.merge_all(&run, KIND).await;
    let report = RunReport::default();
    reading
        .store
        .run_discard(&run, &report, reading.at)
        .await
        .unwrap();

    assert_eq!(reading.seen(KIND).await, ["a", "b"]);
    assert_eq!(reading.attributes(KIND, "b").await.text("status"), Some("active"));
    assert_eq!(reading.seen_at(KIND, RunId(i64::MAX)).await, ["a", "b"]);
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(
        tx.run_find(run.id).await.unwrap().unwrap().state,
        RunState::Discarded
    );
    assert!(tx.staged_first(run.id, KIND).await.unwrap().is_empty());
    drop(tx);
    // The next reading finds the organization as if the discarded one had never been.
    let (_, changes) = reading.read(Family::Accounts, KIND, accounts(&["a", "b"])).await;
    assert_eq!(changes, (0, 0));
}

async fn a_held_run_keeps_only_its_reasons(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading
        .read(Family::Accounts, KIND, accounts(&["a", "b", "c"]))
        .await;
    let run = reading.open().await;
    reading.page(run.id, Family::Accounts, accounts(&["a"])).await;
    let report = RunReport {
        version: 1,
        reasons: vec!["two thirds of the accounts are gone".into()],
        ..RunReport::default()
    };
    reading.store.run_hold(&run, &report, reading.at).await.unwrap();
    assert_eq!(reading.seen(KIND).await, ["a", "b", "c"]);
    let mut tx = reading.store.read().await.unwrap();
    let kept = tx.run_find(run.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.report), (RunState::Held, report));
}

async fn publishing_spends_a_confirmed_drop(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let mut tx = reading.store.write().await.unwrap();
    tx.connection_confirm_drop(reading.connection, true)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    reading.read(Family::Accounts, KIND, accounts(&["a"])).await;
    let mut tx = reading.store.read().await.unwrap();
    assert!(!tx.connection_find("acme").await.unwrap().unwrap().drop_confirmed);
}

async fn nobody_publishes_without_the_lease(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading.page(run.id, Family::Accounts, accounts(&["a"])).await;
    reading.merge_all(&run, KIND).await;
    let later = reading.at + HOUR;
    reading
        .store
        .lease_take("sync/1", "elsewhere/1/1", later)
        .await
        .unwrap();
    let refused = reading
        .store
        .run_publish(&reading.lease, &run, &run.report, later)
        .await;
    assert!(matches!(refused, Err(StoreError::LeaseLost { .. })));
    assert!(reading.seen(KIND).await.is_empty());
}

async fn requests_add_up(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let mut tx = reading.store.write().await.unwrap();
    tx.run_add_requests(run.id, 3).await.unwrap();
    tx.run_add_requests(run.id, 4).await.unwrap();
    assert_eq!(tx.run_find(run.id).await.unwrap().unwrap().requests, 7);
}

async fn the_latest_runs_come_first(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let runs = [reading.open().await, reading.open().await, reading.open().await];
    let mut tx = reading.store.read().await.unwrap();
    let latest = tx.run_latest(reading.organization, 2).await.unwrap();
    assert_eq!(latest, [runs[2].clone(), runs[1].clone()]);
    assert_eq!(tx.run_find(RunId(12_345)).await.unwrap(), None);
}

async fn an_interrupted_run_keeps_what_it_has_to_say(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let mut report = run.report.clone();
    report.drift.insert("account.unheard_of".into(), 2);
    report.operations.insert("getUsers".into(), 9);
    reading.store.run_note(&run, &report).await.unwrap();
    let mut tx = reading.store.read().await.unwrap();
    let kept = tx.run_find(run.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.report), (RunState::Reading, report));
}

async fn what_a_reading_does_is_kept_once(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let mut progress = store::RunProgress {
        at: reading.at,
        requests: 10,
        retries: 1,
        rate_limited: 0,
        waiting: "pause".to_owned(),
        waiting_until: reading.at + 5000,
    };
    for requests in [10, 25] {
        progress.requests = requests;
        let mut tx = reading.store.write().await.unwrap();
        tx.run_progress(run, &progress).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.run_progress_view(run.0).await.unwrap(), Some(progress));
}

async fn the_listings_of_a_run_that_is_over_are_one_row_a_family(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    for name in ["d1", "d2"] {
        reading.plan(run.id, Family::Accounts, name).await;
        let observation = store::Observation {
            facts: accounts(&["a", name]),
            ..store::Observation::default()
        };
        reading
            .record_page(run.id, Family::Accounts, name, None, &observation)
            .await;
    }
    reading.plan(run.id, Family::Policies, "only").await;
    let mut tx = reading.store.write().await.unwrap();
    tx.listing_fail(
        run.id,
        Family::Policies,
        "only",
        store::ListingState::Refused,
        "may not be read",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut tx = reading.store.read().await.unwrap();
    let before = format!("{:?}", tx.family_tally(run.id.0).await.unwrap());
    drop(tx);
    reading.publish(&run).await;

    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(format!("{:?}", tx.family_tally(run.id.0).await.unwrap()), before);
    let names: Vec<String> = tx
        .listing_all(run.id)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.family + row.name.as_str())
        .collect();
    assert_eq!(names, ["accounts", "policies", "policiesonly"]);
}
