//! Jobs: one for each key, taken by one at a time.

use crate::reading::START;
use futures::future::join_all;
use std::collections::BTreeSet;
use store::Store;
use testkit::TestDatabase;

on_both!(
    a_key_is_planned_once,
    a_job_is_taken_when_it_is_due_and_by_one,
    a_job_is_taken_by_whoever_does_its_kind,
    a_job_comes_back_when_its_taker_does_not_finish,
    only_the_latest_taker_reschedules,
    concurrent_takers_get_different_jobs,
    a_forgotten_job_is_not_taken,
    a_job_is_kept_while_its_taker_renews_it,
    a_job_that_is_given_back_is_taken_as_if_for_the_first_time,
    a_job_is_due_when_it_was_set_to_be,
    a_job_is_ended_by_its_latest_taker_only
);

async fn plan(store: &Store, key: &str, run_at: i64) {
    let mut tx = store.write().await.unwrap();
    tx.job_plan("sync", key, key, run_at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_key_is_planned_once(database: TestDatabase) {
    plan(&database.store, "sync/1", START).await;
    plan(&database.store, "sync/1", START + 5).await;
    let taken = database
        .store
        .job_take("sync", START, START + 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (taken.kind.as_str(), taken.payload.as_str(), taken.attempts),
        ("sync", "sync/1", 1)
    );
    assert_eq!(
        database
            .store
            .job_take("sync", START + 9, START + 20)
            .await
            .unwrap(),
        None
    );
}

async fn a_job_is_taken_when_it_is_due_and_by_one(database: TestDatabase) {
    plan(&database.store, "later", START + 100).await;
    plan(&database.store, "sooner", START + 50).await;
    assert_eq!(
        database
            .store
            .job_take("sync", START + 49, START + 60)
            .await
            .unwrap(),
        None
    );
    let first = database
        .store
        .job_take("sync", START + 100, START + 200)
        .await
        .unwrap()
        .unwrap();
    let second = database
        .store
        .job_take("sync", START + 100, START + 200)
        .await
        .unwrap()
        .unwrap();
    assert_eq!([first.payload, second.payload], ["sooner", "later"]);
}

async fn a_job_is_taken_by_whoever_does_its_kind(database: TestDatabase) {
    let store = &database.store;
    plan(store, "sync/1", START).await;
    assert_eq!(store.job_take("plan", START, START + 10).await.unwrap(), None);
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.job_due_at("sync/1").await.unwrap(), Some(START));
    assert_eq!(tx.job_due_at("plan/1").await.unwrap(), None);
}

async fn a_job_comes_back_when_its_taker_does_not_finish(database: TestDatabase) {
    plan(&database.store, "sync/1", START).await;
    let first = database
        .store
        .job_take("sync", START, START + 10)
        .await
        .unwrap()
        .unwrap();
    let second = database
        .store
        .job_take("sync", START + 10, START + 20)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(second.id, first.id);
    assert_eq!(second.attempts, 2);
    assert!(second.fencing > first.fencing);
}

async fn only_the_latest_taker_reschedules(database: TestDatabase) {
    plan(&database.store, "sync/1", START).await;
    let lost = database
        .store
        .job_take("sync", START, START + 10)
        .await
        .unwrap()
        .unwrap();
    let held = database
        .store
        .job_take("sync", START + 10, START + 20)
        .await
        .unwrap()
        .unwrap();
    database.store.job_reschedule(&lost, START).await.unwrap();
    assert_eq!(
        database
            .store
            .job_take("sync", START + 11, START + 30)
            .await
            .unwrap(),
        None
    );
    database.store.job_reschedule(&held, START + 50).await.unwrap();
    assert_eq!(
        database
            .store
            .job_take("sync", START + 49, START + 60)
            .await
            .unwrap(),
        None
    );
    let again = database
        .store
        .job_take("sync", START + 50, START + 60)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.attempts, 1);
}

async fn concurrent_takers_get_different_jobs(database: TestDatabase) {
    for number in 0..12 {
        plan(&database.store, &format!("sync/{number}"), START).await;
    }
    let takers = (0..12).map(|_| {
        let store = database.store.clone();
        tokio::spawn(async move { store.job_take("sync", START, START + 10).await.unwrap() })
    });
    let taken = join_all(takers).await;
    let jobs: BTreeSet<i64> = taken
        .into_iter()
        .filter_map(|job| job.unwrap())
        .map(|job| job.id)
        .collect();
    assert_eq!(jobs.len(), 12);
}

async fn a_forgotten_job_is_not_taken(database: TestDatabase) {
    plan(&database.store, "sync/1", START).await;
    let mut tx = database.store.write().await.unwrap();
    tx.job_forget("sync/1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        database.store.job_take("sync", START, START + 10).await.unwrap(),
        None
    );
}

async fn a_job_is_kept_while_its_taker_renews_it(database: TestDatabase) {
    let store = &database.store;
    plan(store, "sync/1", START).await;
    let held = store.job_take("sync", START, START + 10).await.unwrap().unwrap();
    assert!(store.job_renew(&held, START + 20).await.unwrap());
    assert_eq!(
        store.job_take("sync", START + 19, START + 30).await.unwrap(),
        None
    );
    let other = store.job_take("sync", START + 20, START + 30).await.unwrap();
    assert_eq!(other.unwrap().id, held.id);
    assert!(!store.job_renew(&held, START + 99).await.unwrap());
}

async fn a_job_that_is_given_back_is_taken_as_if_for_the_first_time(database: TestDatabase) {
    let store = &database.store;
    plan(store, "sync/1", START).await;
    let held = store.job_take("sync", START, START + 10).await.unwrap().unwrap();
    store.job_release(&held, START + 1).await.unwrap();
    let again = store.job_take("sync", START + 1, START + 10).await.unwrap();
    assert_eq!(again.unwrap().attempts, 1);
}

async fn a_job_is_due_when_it_was_set_to_be(database: TestDatabase) {
    plan(&database.store, "sync/1", START).await;
    let mut tx = database.store.write().await.unwrap();
    tx.job_set_due("sync/1", START + 50).await.unwrap();
    assert_eq!(tx.job_due_at("sync/1").await.unwrap(), Some(START + 50));
}

async fn a_job_is_ended_by_its_latest_taker_only(database: TestDatabase) {
    let store = &database.store;
    plan(store, "sync/1", START).await;
    let lost = store.job_take("sync", START, START + 10).await.unwrap().unwrap();
    let held = store
        .job_take("sync", START + 10, START + 20)
        .await
        .unwrap()
        .unwrap();
    let mut tx = store.write().await.unwrap();
    tx.job_done(&lost).await.unwrap();
    assert!(tx.job_due_at("sync/1").await.unwrap().is_some());
    tx.job_done(&held).await.unwrap();
    assert_eq!(tx.job_due_at("sync/1").await.unwrap(), None);
}
