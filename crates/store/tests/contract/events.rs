//! The audit archive: kept once, searched, counted, forgotten.

use std::collections::{BTreeMap, HashSet};
use store::{EventSearch, NewEvent, Store};
use testkit::TestDatabase;

on_both!(
    an_event_is_kept_once,
    events_are_found_by_what_they_say,
    events_about_an_object_are_found_in_whatever_order_they_came,
    a_search_goes_on_after_the_last_event_it_told,
    what_happened_before_a_time_is_forgotten,
    days_are_counted_as_their_events_are
);

const DAY: i64 = 86_400_000;

fn event(number: i64, action: &str, actor: &str, subjects: &[&str]) -> NewEvent {
    NewEvent {
        id: format!("event-{number}"),
        processed_at: number * DAY + 5,
        happened_at: number * DAY,
        action: action.into(),
        actor: actor.into(),
        search: format!("{actor} berlin {}", subjects.join(" ")),
        body: format!("{{\"number\":{number}}}"),
        subjects: subjects.iter().map(|id| (*id).to_owned()).collect(),
    }
}

async fn keep(store: &Store, events: &[NewEvent]) -> HashSet<String> {
    let mut tx = store.archive_write().await.unwrap();
    let new = tx.event_add("o1", events).await.unwrap();
    tx.commit().await.unwrap();
    new
}

async fn found(store: &Store, search: &EventSearch) -> Vec<String> {
    let mut tx = store.archive_read().await.unwrap();
    let events = tx.event_search("o1", search, 10).await.unwrap();
    events.into_iter().map(|event| event.id).collect()
}

fn four() -> Vec<NewEvent> {
    vec![
        event(1, "user_login", "ana", &["ana"]),
        event(2, "user_added_to_group", "bob", &["ana", "g1"]),
        event(3, "group_deleted", "bob", &["g1"]),
        event(4, "user_login", "ana", &["ana"]),
    ]
}

async fn an_event_is_kept_once(database: TestDatabase) {
    let all = four();
    let twice = [all.clone(), all.clone()].concat();
    assert_eq!(keep(&database.store, &twice).await.len(), 4);
    assert!(keep(&database.store, &all).await.is_empty());
    assert_eq!(found(&database.store, &EventSearch::default()).await.len(), 4);
    // Another organization's event of the same id is another event.
    let mut tx = database.store.archive_write().await.unwrap();
    assert_eq!(tx.event_add("o2", &all).await.unwrap().len(), 4);
}

async fn events_are_found_by_what_they_say(database: TestDatabase) {
    keep(&database.store, &four()).await;
    let search = |change: fn(&mut EventSearch)| {
        let mut search = EventSearch::default();
        change(&mut search);
        search
    };
    let store = &database.store;
    let ids = found(store, &search(|it| it.action = "user_login".into())).await;
    assert_eq!(ids, ["event-4", "event-1"]);
    assert_eq!(
        found(store, &search(|it| it.actor = "bob".into())).await,
        ["event-3", "event-2"]
    );
    assert_eq!(
        found(store, &search(|it| it.subject = "g1".into())).await,
        ["event-3", "event-2"]
    );
    assert_eq!(
        found(store, &search(|it| it.text = "BERLIN g1".into())).await,
        ["event-3"]
    );
    assert_eq!(
        found(store, &search(|it| it.text = "100%_".into())).await,
        Vec::<String>::new()
    );
    assert_eq!(
        found(
            store,
            &search(|it| (it.from, it.to) = (Some(2 * DAY), Some(3 * DAY)))
        )
        .await,
        ["event-2"]
    );
    let mut tx = store.archive_read().await.unwrap();
    let counts = tx.event_counts("o1", 0, 4 * DAY).await.unwrap();
    assert_eq!(counts.len(), 3);
    assert_eq!(counts.first(), Some(&(1, "user_login".to_owned(), 1)));
}

async fn events_about_an_object_are_found_in_whatever_order_they_came(database: TestDatabase) {
    let store = &database.store;
    for number in [3, 1, 4, 2] {
        keep(store, &four().split_off(number - 1)[..1]).await;
    }
    let mut tx = store.archive_read().await.unwrap();
    for (since, expected) in [
        (0, vec!["event-1", "event-2", "event-3", "event-4"]),
        (2 * DAY, vec!["event-2", "event-3", "event-4"]),
        (5 * DAY, vec![]),
    ] {
        let about = tx.event_about("o1", &["ana", "g1"], since).await.unwrap();
        let about: Vec<&str> = about.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(about, expected);
    }
}

async fn a_search_goes_on_after_the_last_event_it_told(database: TestDatabase) {
    keep(&database.store, &four()).await;
    let mut tx = database.store.archive_read().await.unwrap();
    let mut search = EventSearch::default();
    let mut told = Vec::new();
    while let [event] = tx.event_search("o1", &search, 1).await.unwrap().as_slice() {
        told.push(event.id.clone());
        search.after = Some((event.happened_at, event.number));
    }
    assert_eq!(told, ["event-4", "event-3", "event-2", "event-1"]);
}

async fn what_happened_before_a_time_is_forgotten(database: TestDatabase) {
    keep(&database.store, &four()).await;
    let mut tx = database.store.archive_write().await.unwrap();
    assert_eq!(tx.event_forget("o1", 3 * DAY).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(
        found(&database.store, &EventSearch::default()).await,
        ["event-4", "event-3"]
    );
    let about = EventSearch {
        subject: "ana".into(),
        ..EventSearch::default()
    };
    assert_eq!(found(&database.store, &about).await, ["event-4"]);
}

#[tokio::test]
async fn a_backup_holds_the_archive_too() {
    let database = testkit::sqlite().await;
    assert!(!database.store.archive_file().unwrap().exists());
    keep(&database.store, &four()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    assert!(database.store.backup_to(&file).await.unwrap());
    let copy = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    assert_eq!(found(&copy, &EventSearch::default()).await.len(), 4);
}

async fn days_are_counted_as_their_events_are(database: TestDatabase) {
    let at = |number: i64, happened_at: i64, action: &str| NewEvent {
        happened_at,
        ..event(number, action, "ana", &[])
    };
    let events = [
        at(1, DAY, "user_login"),
        at(2, DAY + 7, "user_login"),
        at(3, 2 * DAY + 1, "user_login"),
        at(4, 2 * DAY + 9, "group_deleted"),
        at(5, 3 * DAY + 4, "user_login"),
        at(6, 3 * DAY + 8, "user_login"),
    ];
    keep(&database.store, &events[..3]).await;
    keep(&database.store, &events).await;
    let mut tx = database.store.archive_write().await.unwrap();
    for forgotten_before in [0, DAY + 1, 2 * DAY + 5, 3 * DAY + 5] {
        tx.event_forget("o1", forgotten_before).await.unwrap();
        let bounds = [
            0,
            DAY,
            DAY + 7,
            2 * DAY,
            2 * DAY + 5,
            3 * DAY + 5,
            4 * DAY,
            5 * DAY + 1,
        ];
        for from in bounds {
            for to in bounds {
                let within = from.max(forgotten_before)..to;
                let mut counted = BTreeMap::new();
                for event in events.iter().filter(|event| within.contains(&event.happened_at)) {
                    *counted
                        .entry((event.happened_at / DAY, event.action.clone()))
                        .or_default() += 1;
                }
                let counted: Vec<(i64, String, i64)> = counted
                    .into_iter()
                    .map(|((day, action), number)| (day, action, number))
                    .collect();
                let said = tx.event_counts("o1", from, to).await.unwrap();
                assert_eq!(said, counted, "{from} to {to} after {forgotten_before}");
            }
        }
    }
}
