//! The latest activity.

use crate::reading::{Reading, START};
use store::{ActivityRow, Observation};
use testkit::TestDatabase;

on_both!(
    the_latest_activity_replaces,
    unchanged_activity_keeps_the_time_it_was_read
);

async fn tell(reading: &Reading, run: model::RunId, sent_at: i64, last_active_at: Option<i64>) {
    let observation = Observation {
        sent_at,
        activity: vec![ActivityRow {
            account: "a".into(),
            resource: "r".into(),
            last_active_at,
        }],
        ..Observation::default()
    };
    reading.record(run, &observation).await;
}

/// The last activity and when it was read.
async fn known(reading: &Reading) -> (Option<i64>, i64) {
    let mut tx = reading.store.read().await.unwrap();
    let number = tx.term_find("a").await.unwrap().unwrap();
    let rows = tx.account_activity(reading.organization, number).await.unwrap();
    assert_eq!(rows.len(), 1);
    (rows[0].last_active_at, rows[0].read_at)
}

async fn the_latest_activity_replaces(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    tell(&reading, run, START + 1, None).await;
    assert_eq!(known(&reading).await, (None, START + 1));
    tell(&reading, run, START + 2, Some(START)).await;
    assert_eq!(known(&reading).await, (Some(START), START + 2));
}

async fn unchanged_activity_keeps_the_time_it_was_read(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    tell(&reading, run, START + 1, Some(START)).await;
    tell(&reading, run, START + 2, Some(START)).await;
    assert_eq!(known(&reading).await, (Some(START), START + 1));
}
