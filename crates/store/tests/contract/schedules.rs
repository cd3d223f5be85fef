//! Schedules: what is set stays set, and failures are counted until a reading goes well.

use crate::reading::{HOUR, START, connect};
use store::ScheduleRow;
use testkit::TestDatabase;

on_both!(
    a_schedule_is_what_was_set_and_ends_with_its_connection,
    failures_are_counted_until_a_reading_goes_well,
    a_wish_is_done_by_a_reading_that_began_after_it
);

async fn a_schedule_is_what_was_set_and_ends_with_its_connection(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    assert_eq!(
        tx.schedule_find(connection).await.unwrap(),
        ScheduleRow::default()
    );
    let row = ScheduleRow {
        full_cron: Some("0 3 * * *".into()),
        zone: Some("Europe/Berlin".into()),
        between_ms: Some(60_000),
        paused_at: Some(START),
        paused_by: Some("somebody".into()),
        ..ScheduleRow::default()
    };
    tx.schedule_set(connection, 2 * HOUR, &row).await.unwrap();
    assert_eq!(tx.schedule_find(connection).await.unwrap(), row);
    let found = tx.connection_find("acme").await.unwrap().unwrap();
    assert_eq!(found.sync_interval_ms, 2 * HOUR);
    tx.connection_remove("acme").await.unwrap();
    assert_eq!(
        tx.schedule_find(connection).await.unwrap(),
        ScheduleRow::default()
    );
}

async fn failures_are_counted_until_a_reading_goes_well(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    for count in 1..=3 {
        let failed = tx.schedule_failed(connection, START + count, "the key is refused");
        assert_eq!(failed.await.unwrap(), count);
    }
    let failed = tx.schedule_find(connection).await.unwrap();
    assert_eq!((failed.failures, failed.failed_at), (3, Some(START + 3)));
    tx.schedule_went_well(connection, START + 4).await.unwrap();
    assert_eq!(
        tx.schedule_find(connection).await.unwrap(),
        ScheduleRow::default()
    );
}

async fn a_wish_is_done_by_a_reading_that_began_after_it(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    tx.schedule_want(connection, START).await.unwrap();
    tx.schedule_went_well(connection, START - 1).await.unwrap();
    assert_eq!(tx.schedule_find(connection).await.unwrap().wanted_at, Some(START));
    tx.schedule_went_well(connection, START).await.unwrap();
    assert_eq!(tx.schedule_find(connection).await.unwrap().wanted_at, None);
}
