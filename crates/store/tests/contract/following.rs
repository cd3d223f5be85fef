//! Runs of what events named: they conclude absence only where they looked.

use crate::reading::{Reading, accounts};
use model::{AccountId, Fact, FactKind, Family, GroupId, RunId};
use std::collections::BTreeSet;
use store::{Cause, Dirty, EventStream, Extent, Hint, HintRow, Looked, Observation, Part, UNKNOWN_WINDOW_MS};
use testkit::TestDatabase;

on_both!(
    a_part_ends_only_where_it_looked,
    what_was_never_looked_at_is_not_complete,
    what_is_known_is_told_by_its_ids,
    the_last_whole_reading_is_told_apart,
    how_far_events_are_read_is_kept,
    what_events_named_is_due_once,
    an_unknown_action_counts_once_in_a_while,
    what_was_due_when_a_run_began_was_read_by_it,
    a_change_is_between_two_looks,
    a_cause_is_kept_beside_the_fact
);

const KIND: FactKind = FactKind::Membership;

fn memberships(keys: &[(&str, &str)]) -> Vec<Fact> {
    let one =
        |(group, account): &(&str, &str)| Fact::membership(&GroupId::new(*group), &AccountId::new(*account));
    keys.iter().map(one).collect()
}

async fn whole(reading: &mut Reading, keys: &[(&str, &str)]) {
    reading.read(Family::GroupMembers, KIND, memberships(keys)).await;
}

/// A run that shows these facts and has looked there; published.
async fn part(reading: &mut Reading, keys: &[(&str, &str)], looked: &[Looked]) -> (RunId, (i64, i64)) {
    let run = reading.open_for(Extent::Changes).await;
    let observation = Observation {
        sent_at: reading.at,
        facts: memberships(keys),
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    let mut tx = reading.store.write().await.unwrap();
    tx.looked_add(run.id, looked).await.unwrap();
    tx.commit().await.unwrap();
    if looked.is_empty() {
        let merge = reading.merge(&run, KIND).await;
        reading.store.facts_begin(&merge).await.unwrap();
    } else {
        reading.merge_all(&run, KIND).await;
    }
    let changes = reading.publish(&run).await;
    (run.id, changes)
}

fn exactly(group: &str, account: &str) -> Looked {
    Looked {
        kind: KIND,
        key: [group.into(), account.into(), String::new()],
    }
}

async fn a_part_ends_only_where_it_looked(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let all = [("g1", "a"), ("g1", "b"), ("g2", "a"), ("g2", "b")];
    whole(&mut reading, &all).await;
    let (_, changes) = part(&mut reading, &[("g3", "a")], &[Looked::second(KIND, "a")]).await;
    assert_eq!(changes, (1, 2));
    assert_eq!(reading.seen(KIND).await, ["g1 b", "g2 b", "g3 a"]);
    let (_, changes) = part(&mut reading, &[], &[Looked::first(KIND, "g1")]).await;
    assert_eq!(changes, (0, 1));
    // What was never met is in no fact, and what is open in its first two parts looks at nothing.
    let looked = [exactly("g2", "b"), exactly("g9", "b"), Looked::second(KIND, "")];
    let (_, changes) = part(&mut reading, &[("g2", "c")], &looked).await;
    assert_eq!(changes, (1, 1));
    assert_eq!(reading.seen(KIND).await, ["g2 c", "g3 a"]);
}

async fn what_was_never_looked_at_is_not_complete(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    whole(&mut reading, &[("g1", "a")]).await;
    let run = reading.open_for(Extent::Changes).await;
    assert!(reading.complete(run.id, KIND).await.is_none());
}

async fn what_is_known_is_told_by_its_ids(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    whole(&mut reading, &[("g1", "a"), ("g1", "b"), ("g2", "a")]).await;
    let organization = reading.organization;
    let ids = |all: &[&str]| -> Vec<String> { all.iter().map(|id| (*id).to_owned()).collect() };
    let mut tx = database.store.read().await.unwrap();
    let key = |group: &str, account: &str| [group.to_owned(), account.to_owned(), String::new()];
    let mut known = tx.known_all(organization, KIND).await.unwrap();
    known.sort();
    assert_eq!(known, [key("g1", "a"), key("g1", "b"), key("g2", "a")]);
    let of_group = tx
        .known_of(organization, KIND, Part::First, &ids(&["g2", "g9"]))
        .await
        .unwrap();
    assert_eq!(of_group, [key("g2", "a")]);
    let of_account = tx
        .known_of(organization, KIND, Part::Second, &ids(&["b"]))
        .await
        .unwrap();
    assert_eq!(of_account, [key("g1", "b")]);
    assert_eq!(tx.known_holders(organization, "r", "user").await.unwrap(), 0);
    drop(tx);
    let run = reading.open_for(Extent::Changes).await;
    let observation = Observation {
        sent_at: reading.at,
        facts: memberships(&[("g2", "b")]),
        hints: vec![HintRow {
            hint: Hint::GroupMembers,
            key: ["g2".into(), String::new()],
            number: 7,
        }],
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    let mut tx = database.store.read().await.unwrap();
    let staged = tx.staged_of(run.id, KIND, &ids(&["g1", "g2"])).await.unwrap();
    assert_eq!(staged, [key("g2", "b")]);
    let hints = tx.staged_hints(run.id, Hint::GroupMembers).await.unwrap();
    assert_eq!(hints, [("g2".to_owned(), 7)]);
}

async fn the_last_whole_reading_is_told_apart(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let none = database
        .store
        .read()
        .await
        .unwrap()
        .run_last_whole(reading.organization)
        .await
        .unwrap();
    assert!(none.is_none());
    let (run, _) = reading
        .read(Family::GroupMembers, KIND, memberships(&[("g1", "a")]))
        .await;
    part(&mut reading, &[], &[Looked::first(KIND, "g1")]).await;
    let mut tx = database.store.read().await.unwrap();
    let last = tx.run_last_whole(reading.organization).await.unwrap().unwrap();
    assert_eq!((last.id, last.extent), (run.id, Extent::Whole));
}

async fn how_far_events_are_read_is_kept(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let stream = EventStream {
        cursor: Some("c".into()),
        processed_at: 5,
        polled_at: 6,
        refused: "no".into(),
        whole_owed_at: 7,
        whole_owed: "because".into(),
    };
    let mut tx = database.store.write().await.unwrap();
    assert_eq!(tx.event_stream(reading.organization).await.unwrap(), None);
    for kept in [EventStream::default(), stream] {
        tx.event_stream_set(reading.organization, &kept).await.unwrap();
        assert_eq!(tx.event_stream(reading.organization).await.unwrap(), Some(kept));
    }
}

fn dirty(id: &str, due_at: i64, is_unknown: bool) -> BTreeSet<Dirty> {
    BTreeSet::from([Dirty {
        kind: "account".into(),
        id: id.into(),
        due_at,
        is_unknown,
    }])
}

async fn note(reading: &Reading, dirty: &BTreeSet<Dirty>) {
    let mut tx = reading.store.write().await.unwrap();
    tx.dirty_note(reading.organization, dirty, reading.at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn due(reading: &Reading, now: i64) -> Vec<String> {
    let mut tx = reading.store.read().await.unwrap();
    let due = tx.dirty_due(reading.organization, now).await.unwrap();
    due.into_iter().map(|(_, id)| id).collect()
}

async fn what_events_named_is_due_once(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    note(&reading, &dirty("a", 100, false)).await;
    note(&reading, &dirty("a", 300, false)).await;
    note(&reading, &dirty("a", 200, false)).await;
    note(&reading, &dirty("b", 200, false)).await;
    assert_eq!(due(&reading, 250).await, ["b"]);
    assert_eq!(due(&reading, 300).await, ["a", "b"]);
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.dirty_next(reading.organization).await.unwrap(), Some(200));
    assert_eq!(tx.dirty_next(reading.organization + 1).await.unwrap(), None);
}

async fn an_unknown_action_counts_once_in_a_while(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    whole(&mut reading, &[("g1", "a")]).await;
    let at = reading.at;
    note(&reading, &dirty("a", at, true)).await;
    assert_eq!(due(&reading, at).await, ["a"]);
    // It is read by the next run, half an hour later, and named again within the hour: not read again.
    reading.at -= UNKNOWN_WINDOW_MS / 2;
    part(&mut reading, &[], &[]).await;
    reading.at = at + UNKNOWN_WINDOW_MS - 1;
    note(&reading, &dirty("a", reading.at, true)).await;
    assert_eq!(due(&reading, i64::MAX).await, Vec::<String>::new());
    // A known action counts at any time.
    note(&reading, &dirty("a", reading.at, false)).await;
    assert_eq!(due(&reading, i64::MAX).await, ["a"]);
    reading.at = at + UNKNOWN_WINDOW_MS;
    note(&reading, &dirty("a", reading.at + 7, true)).await;
    assert_eq!(due(&reading, reading.at).await, Vec::<String>::new());
    assert_eq!(due(&reading, reading.at + 7).await, ["a"]);
}

async fn what_was_due_when_a_run_began_was_read_by_it(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let owed = EventStream {
        whole_owed_at: reading.at,
        whole_owed: "lost events".into(),
        ..EventStream::default()
    };
    let mut tx = reading.store.write().await.unwrap();
    tx.event_stream_set(reading.organization, &owed).await.unwrap();
    tx.commit().await.unwrap();
    note(&reading, &dirty("a", reading.at, false)).await;
    note(&reading, &dirty("b", i64::MAX, false)).await;
    // A run that could not read everything leaves all of it.
    let mut run = reading.open().await;
    run.report.reasons = vec!["tokens were refused".into()];
    reading.publish(&run).await;
    assert_eq!(due(&reading, i64::MAX).await, ["a", "b"]);
    part(&mut reading, &[], &[]).await;
    assert_eq!(due(&reading, i64::MAX).await, ["b"]);
    let owed = |reading: &Reading| {
        let (store, organization) = (reading.store.clone(), reading.organization);
        async move {
            let mut tx = store.read().await.unwrap();
            tx.event_stream(organization).await.unwrap().unwrap().whole_owed
        }
    };
    assert_eq!(owed(&reading).await, "lost events");
    whole(&mut reading, &[("g1", "a")]).await;
    assert_eq!(owed(&reading).await, "");
}

async fn a_change_is_between_two_looks(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    whole(&mut reading, &[("g1", "a"), ("g2", "a")]).await;
    let whole_at = reading.at;
    part(&mut reading, &[("g1", "a")], &[Looked::second(KIND, "a")]).await;
    let ended_at = reading.at;
    let (back, _) = part(&mut reading, &[("g2", "a")], &[]).await;
    let back_at = reading.at;
    let (gone, _) = part(&mut reading, &[], &[Looked::first(KIND, "g2")]).await;
    let mut tx = database.store.read().await.unwrap();
    let turned = |turned: Vec<store::Turned>| {
        turned
            .into_iter()
            .map(|one| (one.is_end, one.key, one.after, one.by))
            .collect::<Vec<_>>()
    };
    let key = ["g2".to_owned(), "a".to_owned()];
    // It came back after it was seen to be gone, and was last seen when it had come back; not with the last whole
    // reading.
    let came_back = turned(tx.turned_by(reading.organization, back, 10).await.unwrap());
    assert_eq!(came_back, [(false, key.clone(), ended_at, back_at)]);
    let went = turned(tx.turned_by(reading.organization, gone, 10).await.unwrap());
    assert_eq!(went, [(true, key, back_at, reading.at)]);
    assert!(whole_at < ended_at);
}

async fn a_cause_is_kept_beside_the_fact(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    reading
        .read(Family::Accounts, FactKind::Account, accounts(&["a"]))
        .await;
    let cause = |actor: &str| Cause {
        fact: 1,
        is_end: false,
        at: 5,
        action: "user_created".into(),
        actor: actor.into(),
        event: "e1".into(),
    };
    let mut tx = database.store.write().await.unwrap();
    tx.cause_add(&[cause("ana")]).await.unwrap();
    tx.cause_add(&[cause("bob")]).await.unwrap();
    let kept = tx.causes_of(&[1, 2]).await.unwrap();
    assert_eq!(kept, [cause("ana")]);
}
