//! Everything of an organization, part by part.

use crate::reading::{Reading, account, membership, person};
use model::{AccountId, Attributes, DirectoryId, Fact, FactKind, Family};
use store::Observation;
use store::views::Snapshot;
use testkit::TestDatabase;

on_both!(
    keys_come_in_order_and_in_parts,
    an_account_comes_with_its_person_and_every_directory
);

async fn keys_come_in_order_and_in_parts(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let members = ["g a", "g b", "g c", "h a", "h d"];
    let facts = members.map(|member| {
        let (group, account) = member.split_once(' ').unwrap();
        membership(group, account)
    });
    reading
        .read(Family::GroupMembers, FactKind::Membership, facts.to_vec())
        .await;
    let mut tx = reading.store.read().await.unwrap();
    let run = tx
        .organization_get(reading.organization)
        .await
        .unwrap()
        .published_run;
    let at = Snapshot {
        organization: reading.organization,
        run: run.0,
    };
    let (mut all, mut after) = (Vec::new(), [0; 3]);
    loop {
        let part = tx
            .fact_keys(at, FactKind::Membership, after, i64::MAX, 2)
            .await
            .unwrap();
        assert!(part.len() <= 2 && part.is_sorted());
        let Some(last) = part.last() else { break };
        after = *last;
        all.extend(part);
    }
    assert!(all.is_sorted());
    let mut named = Vec::new();
    for [group, account, none] in &all {
        assert_eq!(*none, 0);
        named.push(format!(
            "{} {}",
            tx.term_text(*group).await.unwrap(),
            tx.term_text(*account).await.unwrap()
        ));
    }
    named.sort();
    assert_eq!(named, members);
    let first = all[0][0];
    let of_first = tx
        .fact_keys(at, FactKind::Membership, [0; 3], first, 100)
        .await
        .unwrap();
    assert!(of_first.iter().all(|key| key[0] == first));
    let none = tx.fact_keys(at, FactKind::Group, [0; 3], i64::MAX, 100).await;
    assert!(none.unwrap().is_empty());
}

async fn an_account_comes_with_its_person_and_every_directory(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let place = |directory: &str, status: &str| {
        Fact::directory_membership(
            &DirectoryId::new(directory),
            &AccountId::new("a"),
            Attributes::new().with("composite_status", Some(status)),
        )
    };
    let facts = vec![
        account("a", Some("active")),
        account("b", None),
        place("d1", "suspended"),
        place("d2", "active"),
    ];
    reading.page(run.id, Family::Accounts, facts).await;
    let observation = Observation {
        sent_at: reading.at,
        people: vec![person("a", Some("Ada"), None)],
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    for kind in [FactKind::Account, FactKind::DirectoryMembership] {
        reading.merge_all(&run, kind).await;
    }
    reading.publish(&run).await;
    let mut tx = reading.store.read().await.unwrap();
    let at = Snapshot {
        organization: reading.organization,
        run: run.id.0,
    };
    let both = tx.account_descriptions(at, 0, 100).await.unwrap();
    let ids: Vec<&str> = both.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(both[0].attributes.text("status"), Some("active"));
    assert_eq!(both[0].person.text("name"), Some("Ada"));
    let statuses: Vec<_> = both[0]
        .directories
        .iter()
        .map(|told| told.text("composite_status"))
        .collect();
    assert_eq!(statuses, [Some("suspended"), Some("active")]);
    assert!(both[1].person.is_empty() && both[1].directories.is_empty());
    let after = tx.account_descriptions(at, both[0].account, 1).await.unwrap();
    assert_eq!(after, both[1..]);
}
