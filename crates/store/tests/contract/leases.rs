//! Leases: one holder at a time, and a lost lease takes its transaction with it.

use crate::reading::{START, lease};
use store::{LEASE_MS, StoreError, Taken, this_holder};
use testkit::TestDatabase;

on_both!(
    a_held_lease_is_not_taken_twice,
    a_lost_lease_fails_the_whole_transaction,
    a_lease_that_ran_out_is_free,
    a_renewed_lease_holds_on,
    a_released_lease_is_free,
    a_lease_whose_work_was_dropped_is_given_up_by_its_holder_only,
    the_lease_of_a_dead_process_is_free,
    a_living_process_elsewhere_keeps_its_lease
);

async fn a_held_lease_is_not_taken_twice(database: TestDatabase) {
    lease(&database.store, "sync/1", START).await;
    let again = database
        .store
        .lease_take("sync/1", "elsewhere/1/1", START + 1)
        .await
        .unwrap();
    let expected = Taken::HeldBy {
        holder: this_holder(),
        expires_at: START + LEASE_MS,
    };
    assert_eq!(again, expected);
    lease(&database.store, "sync/2", START).await;
    let holder = |at| database.store.lease_holder("sync/1", at);
    assert_eq!(holder(START).await.unwrap(), Some(this_holder()));
    assert_eq!(holder(START + LEASE_MS).await.unwrap(), None);
    assert_eq!(database.store.lease_holder("sync/3", START).await.unwrap(), None);
}

async fn a_lost_lease_fails_the_whole_transaction(database: TestDatabase) {
    let store = &database.store;
    let mine = lease(store, "sync/1", START).await;
    let later = START + LEASE_MS + 1;
    let Taken::Held(theirs) = store.lease_take("sync/1", "elsewhere/1/1", later).await.unwrap() else {
        panic!("a lease that ran out is free");
    };
    assert!(theirs.fencing > mine.fencing);

    let mut tx = store.write().await.unwrap();
    tx.job_plan("sync", "sync/1", "acme", START).await.unwrap();
    let lost = tx.lease_hold(&mine, later).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost { .. })));
    drop(tx);
    assert_eq!(store.job_take("sync", later, later + 1).await.unwrap(), None);

    let mut tx = store.write().await.unwrap();
    tx.lease_hold(&theirs, later).await.unwrap();
}

async fn a_lease_that_ran_out_is_free(database: TestDatabase) {
    let first = lease(&database.store, "sync/1", START).await;
    let second = lease(&database.store, "sync/1", START + LEASE_MS).await;
    assert_eq!(second.fencing, first.fencing + 1);
}

async fn a_renewed_lease_holds_on(database: TestDatabase) {
    let mine = lease(&database.store, "sync/1", START).await;
    let mut tx = database.store.write().await.unwrap();
    tx.lease_hold(&mine, START + LEASE_MS - 1).await.unwrap();
    tx.commit().await.unwrap();
    let at = START + LEASE_MS + 1;
    let taken = database
        .store
        .lease_take("sync/1", "elsewhere/1/1", at)
        .await
        .unwrap();
    assert!(matches!(taken, Taken::HeldBy { .. }));
}

async fn a_released_lease_is_free(database: TestDatabase) {
    let mine = lease(&database.store, "sync/1", START).await;
    database.store.lease_release(&mine).await.unwrap();
    let taken = database
        .store
        .lease_take("sync/1", "elsewhere/1/1", START)
        .await
        .unwrap();
    assert!(matches!(taken, Taken::Held(_)));
}

async fn the_lease_of_a_dead_process_is_free(database: TestDatabase) {
    let machine = this_holder().split('/').next().unwrap().to_owned();
    // The number is this process's; the birth is not, so the holder was another process that had the number before.
    let dead = format!("{machine}/{}/1", std::process::id());
    database.store.lease_take("sync/1", &dead, START).await.unwrap();
    let taken = database
        .store
        .lease_take("sync/1", &this_holder(), START + 1)
        .await
        .unwrap();
    assert!(matches!(taken, Taken::Held(_)));
}

async fn a_living_process_elsewhere_keeps_its_lease(database: TestDatabase) {
    database
        .store
        .lease_take("sync/1", "elsewhere/1/1", START)
        .await
        .unwrap();
    let taken = database
        .store
        .lease_take("sync/1", &this_holder(), START + 1)
        .await
        .unwrap();
    assert!(matches!(taken, Taken::HeldBy { .. }));
}

async fn a_lease_whose_work_was_dropped_is_given_up_by_its_holder_only(database: TestDatabase) {
    let store = &database.store;
    lease(store, "sync/1", START).await;
    store.lease_give_up("sync/1", "elsewhere/1/1").await.unwrap();
    assert_eq!(
        store.lease_holder("sync/1", START).await.unwrap(),
        Some(this_holder())
    );
    store.lease_give_up("sync/1", &this_holder()).await.unwrap();
    assert_eq!(store.lease_holder("sync/1", START).await.unwrap(), None);
}
