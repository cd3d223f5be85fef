//! People: three-valued like facts, and erased for good.

use crate::reading::{Reading, account, person};
use model::{AccountId, Attributes, Fact, FactKind, Family, Person, ScimDirectoryId, ScimUserId};
use store::Observation;
use testkit::TestDatabase;

on_both!(
    what_was_not_told_of_a_person_stays,
    an_erased_person_stays_erased,
    a_person_is_told_twice_in_one_answer,
    any_text_can_be_a_name,
    with_a_person_its_records_of_scim_are_erased
);

async fn tell(reading: &Reading, run: model::RunId, people: Vec<Person>) {
    let observation = Observation {
        sent_at: reading.at,
        facts: vec![account("a", Some("active"))],
        people,
        ..Observation::default()
    };
    reading.record(run, &observation).await;
}

/// The name and the e-mail address of account `a`.
async fn described(reading: &Reading) -> (Option<String>, Option<String>) {
    let mut tx = reading.store.read().await.unwrap();
    let number = tx.term_find("a").await.unwrap().unwrap();
    let names = tx.account_names(&[number]).await.unwrap();
    (names[0].name.clone(), names[0].email.clone())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn what_was_not_told_of_a_person_stays(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    tell(
        &reading,
        run,
        vec![person("a", Some("Ada"), Some("ada@example.org"))],
    )
    .await;
    tell(&reading, run, vec![person("a", Some("Ada L."), None)]).await;
    assert_eq!(
        described(&reading).await,
        (some("Ada L."), some("ada@example.org"))
    );
}

async fn an_erased_person_stays_erased(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading
        .page(run.id, Family::Accounts, vec![account("a", Some("active"))])
        .await;
    tell(
        &reading,
        run.id,
        vec![person("a", Some("Ada"), Some("ada@example.org"))],
    )
    .await;
    reading.merge_all(&run, FactKind::Account).await;
    reading.publish(&run).await;
    let mut tx = reading.store.write().await.unwrap();
    let number = tx.term_find("a").await.unwrap().unwrap();
    tx.person_erase(number, "a", reading.at).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(described(&reading).await, (None, None));

    let run = reading.open().await.id;
    tell(
        &reading,
        run,
        vec![person("a", Some("Ada"), Some("ada@example.org"))],
    )
    .await;
    assert_eq!(described(&reading).await, (None, None));
    assert_eq!(reading.seen(FactKind::Account).await, ["a"]);
}

async fn a_person_is_told_twice_in_one_answer(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let twice = vec![
        person("a", Some("Ada"), None),
        person("a", None, Some("ada@example.org")),
    ];
    tell(&reading, run, twice).await;
    assert_eq!(described(&reading).await, (some("Ada"), some("ada@example.org")));
}

async fn any_text_can_be_a_name(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    for name in ["مرحبا", "O'Brien; DROP TABLE person", "👩‍💻\u{202e}x", "a\\b\"c\nd"] {
        tell(&reading, run, vec![person("a", Some(name), None)]).await;
        assert_eq!(described(&reading).await.0, some(name));
    }
    // PostgreSQL's text cannot hold U+0000; both databases keep the replacement character.
    tell(&reading, run, vec![person("a", Some("a\0b"), None)]).await;
    assert_eq!(described(&reading).await.0, some("a\u{fffd}b"));
}

async fn with_a_person_its_records_of_scim_are_erased(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let record = |user: &str, account: Option<&str>| {
        let account = account.map(AccountId::from);
        Fact::scim_user(
            &ScimUserId::from(user),
            &ScimDirectoryId::from("d"),
            account.as_ref(),
            Attributes::new(),
        )
    };
    let observation = Observation {
        sent_at: reading.at,
        facts: vec![record("s-1", Some("a")), record("s-2", None)],
        people: vec![
            person("s-1", None, Some("ada@example.org")),
            person("s-2", None, Some("new@example.org")),
        ],
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    reading
        .page(run.id, Family::ScimUsers, observation.facts.clone())
        .await;
    reading.merge_all(&run, FactKind::ScimUser).await;
    reading.publish(&run).await;
    let mut tx = reading.store.write().await.unwrap();
    let account = tx.term_find("a").await.unwrap().unwrap();
    tx.person_erase(account, "a", reading.at).await.unwrap();
    tx.commit().await.unwrap();
    let run = reading.open().await;
    reading.record(run.id, &observation).await;
    let mut tx = reading.store.read().await.unwrap();
    let (facts, _) = tx
        .facts_chunk(reading.organization, FactKind::ScimUser, run.id, -1)
        .await
        .unwrap();
    let mut told: Vec<Option<&str>> = facts.iter().map(|fact| fact.email.as_deref()).collect();
    told.sort_unstable();
    assert_eq!(told, [None, Some("new@example.org")]);
}
