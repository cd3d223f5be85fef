//! Channels, alerts and messages: secrets sealed to their row, the same thing told once, nothing lost.

use crate::reading::{Reading, START, connect, master_key};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::{
    ALERTS_JOB, AlertRow, ChannelRow, DeliveryRow, MESSAGE_JOB, MessageState, NewMessage, RunReport, Store,
    StoreError, Tx, alerts_key, message_key,
};
use testkit::TestDatabase;

on_both!(
    the_secret_of_a_channel_opens_in_its_row_only,
    an_alert_is_what_was_added_and_is_switched_and_forgotten,
    what_an_alert_saw_is_kept_by_organization,
    the_same_cause_is_told_once_through_a_channel,
    a_message_is_tried_until_it_is_sent_and_can_be_sent_again,
    a_published_run_is_looked_at_only_where_somebody_is_to_be_told,
    a_forgotten_channel_takes_its_messages_with_it
);

fn channel(name: &str) -> ChannelRow {
    ChannelRow {
        id: 0,
        name: name.to_owned(),
        settings: json!({"kind": "slack"}),
        has_secret: false,
        allow_private: true,
        created_at: START,
        created_by: "somebody".into(),
    }
}

async fn add_channel(tx: &mut Tx, name: &str) -> i64 {
    tx.channel_add(&channel(name), None, None).await.unwrap();
    let all = tx.channel_list().await.unwrap();
    all.iter().find(|channel| channel.name == name).unwrap().id
}

async fn add_alert(tx: &mut Tx, name: &str, channels: Vec<i64>) -> i64 {
    let row = AlertRow {
        id: 0,
        name: name.to_owned(),
        organization_id: None,
        condition: json!({"kind": "reading"}),
        is_on: true,
        created_at: START,
        created_by: "somebody".into(),
        channels,
    };
    tx.alert_add(&row).await.unwrap();
    let all = tx.alert_list().await.unwrap();
    all.iter().find(|alert| alert.name == name).unwrap().id
}

async fn the_secret_of_a_channel_opens_in_its_row_only(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    let (key, secret) = (master_key(), SecretString::from("s3cret"));
    tx.channel_add(&channel("chat"), Some(&secret), Some(&key))
        .await
        .unwrap();
    add_channel(&mut tx, "file").await;
    let opened = tx.channel_secret("chat", &key).await.unwrap().unwrap();
    assert_eq!(opened.expose_secret(), "s3cret");
    assert!(tx.channel_secret("file", &key).await.unwrap().is_none());
    let listed = tx.channel_list().await.unwrap();
    assert_eq!(
        listed.iter().map(|row| row.has_secret).collect::<Vec<_>>(),
        [true, false]
    );
    let taken = tx.channel_add(&channel("chat"), None, None).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    let keyless = tx.channel_add(&channel("other"), Some(&secret), None).await;
    assert!(matches!(keyless, Err(StoreError::MasterKey { .. })));
}

async fn an_alert_is_what_was_added_and_is_switched_and_forgotten(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    let one = add_channel(&mut tx, "one").await;
    let two = add_channel(&mut tx, "two").await;
    add_alert(&mut tx, "both", vec![one, two]).await;
    add_alert(&mut tx, "second", vec![two]).await;
    assert!(tx.alert_switch("second", false).await.unwrap());
    assert!(!tx.alert_switch("third", false).await.unwrap());
    let listed = tx.alert_list().await.unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|alert| (alert.name.as_str(), alert.is_on, alert.channels.len()))
        .collect();
    assert_eq!(seen, [("both", true, 2), ("second", false, 1)]);
    assert!(tx.channel_remove("two").await.unwrap());
    assert_eq!(tx.alert_list().await.unwrap()[0].channels, [one]);
    assert!(tx.alert_remove("both").await.unwrap());
    assert!(!tx.alert_remove("both").await.unwrap());
}

async fn what_an_alert_saw_is_kept_by_organization(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    let channel = add_channel(&mut tx, "one").await;
    let alert = add_alert(&mut tx, "many", vec![channel]).await;
    assert_eq!(tx.alert_seen(alert, 1).await.unwrap(), None);
    for value in [1, 2] {
        let seen = json!({ "value": value });
        tx.alert_remember(alert, 1, &seen).await.unwrap();
        assert_eq!(tx.alert_seen(alert, 1).await.unwrap(), Some(seen));
    }
    assert_eq!(tx.alert_seen(alert, 2).await.unwrap(), None);
}

async fn add_message(tx: &mut Tx, channel: i64, cause: &str) -> Option<i64> {
    let new = NewMessage {
        alert: 7,
        channel,
        cause,
        made_at: START,
        content: &json!({"title": "something"}),
    };
    tx.message_add(&new).await.unwrap()
}

async fn the_same_cause_is_told_once_through_a_channel(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    let one = add_channel(&mut tx, "one").await;
    let two = add_channel(&mut tx, "two").await;
    assert!(add_message(&mut tx, one, "run_1").await.is_some());
    assert!(add_message(&mut tx, one, "run_1").await.is_none());
    assert!(add_message(&mut tx, two, "run_1").await.is_some());
    assert!(add_message(&mut tx, one, "run_2").await.is_some());
    assert_eq!(tx.message_list(10).await.unwrap().len(), 3);
    assert_eq!(tx.message_list(2).await.unwrap().len(), 2);
    assert_eq!(tx.message_unsent().await.unwrap(), 3);
}

async fn take(store: &Store, kind: &str, now: i64) -> Option<String> {
    let job = store.job_take(kind, now, now + 10).await.unwrap();
    job.map(|job| job.payload)
}

async fn a_message_is_tried_until_it_is_sent_and_can_be_sent_again(database: TestDatabase) {
    let store = &database.store;
    let mut tx = store.write().await.unwrap();
    let channel = add_channel(&mut tx, "one").await;
    let id = add_message(&mut tx, channel, "run_1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(take(store, MESSAGE_JOB, START).await, Some(id.to_string()));
    let tried = |at: i64, failure: Option<&str>| DeliveryRow {
        at,
        took_ms: 5,
        failure: failure.map(str::to_owned),
    };
    let mut tx = store.write().await.unwrap();
    let refused = tried(START + 1, Some("refused"));
    tx.message_tried(id, &refused, MessageState::Waiting)
        .await
        .unwrap();
    let waiting = tx.message_find(id).await.unwrap().unwrap();
    assert_eq!(
        (waiting.attempts, waiting.failure.as_deref()),
        (1, Some("refused"))
    );
    assert_eq!(waiting.next_at, Some(START));
    let sent = tried(START + 20, None);
    tx.message_tried(id, &sent, MessageState::Sent).await.unwrap();
    assert_eq!(tx.delivery_list(id).await.unwrap(), [refused, sent]);
    let found = tx.message_find(id).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.sent_at),
        (MessageState::Sent, Some(START + 20))
    );
    assert_eq!(tx.job_due_at(&message_key(id)).await.unwrap(), None);
    tx.message_again(id, START + 30).await.unwrap();
    assert_eq!(tx.message_unsent().await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(take(store, MESSAGE_JOB, START + 30).await, Some(id.to_string()));
}

async fn a_published_run_is_looked_at_only_where_somebody_is_to_be_told(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let store = database.store.clone();
    for expected in [false, true] {
        let run = reading.open().await;
        let report = RunReport::default();
        store
            .run_publish(&reading.lease, &run, &report, reading.at)
            .await
            .unwrap();
        let taken = take(&store, ALERTS_JOB, reading.at).await;
        assert_eq!(taken, expected.then(|| run.id.0.to_string()));
        let mut tx = store.write().await.unwrap();
        assert_eq!(
            tx.job_due_at(&alerts_key(run.id)).await.unwrap().is_some(),
            expected
        );
        // Planning it again changes nothing.
        tx.alerts_plan(run.id, reading.at + 5).await.unwrap();
        tx.job_forget(&alerts_key(run.id)).await.unwrap();
        let channel = add_channel(&mut tx, &format!("{expected}")).await;
        add_alert(&mut tx, &format!("{expected}"), vec![channel]).await;
        tx.commit().await.unwrap();
    }
}

async fn a_forgotten_channel_takes_its_messages_with_it(database: TestDatabase) {
    connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    let channel = add_channel(&mut tx, "one").await;
    let id = add_message(&mut tx, channel, "run_1").await.unwrap();
    let tried = DeliveryRow {
        at: START,
        took_ms: 1,
        failure: None,
    };
    tx.message_tried(id, &tried, MessageState::Sent).await.unwrap();
    assert!(tx.channel_remove("one").await.unwrap());
    assert_eq!(tx.message_find(id).await.unwrap(), None);
    assert_eq!(tx.delivery_list(id).await.unwrap(), []);
}
