//! Staging: what answers showed, the later the truer.

use crate::reading::{Reading, account, accounts, membership};
use model::{AccountId, Fact, FactKind, Family, GroupId, ResourceId, RoleId};
use store::{Hint, HintRow, Observation, Whole};
use testkit::TestDatabase;

on_both!(
    a_later_observation_wins_over_an_earlier_one,
    an_earlier_observation_that_comes_late_changes_nothing,
    a_whole_replaces_what_an_earlier_look_showed,
    a_whole_leaves_later_looks_and_other_accounts_alone,
    the_whole_of_holdings_and_grants_replaces_too,
    hints_disagree_with_what_was_staged,
    independent_filters_combine_where_they_tell
);

fn at(sent_at: i64, facts: Vec<Fact>) -> Observation {
    Observation {
        sent_at,
        facts,
        ..Observation::default()
    }
}

/// The status of account `a` after these observations, in the order in which their answers came.
async fn status_after(database: &TestDatabase, observations: [(i64, &str); 2]) -> String {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading.page(run.id, Family::Accounts, vec![]).await;
    for (offset, status) in observations {
        let facts = vec![account("a", Some(status))];
        reading.record(run.id, &at(reading.at + offset, facts)).await;
    }
    reading.merge_all(&run, FactKind::Account).await;
    reading.publish(&run).await;
    let attributes = reading.attributes(FactKind::Account, "a").await;
    attributes.text("status").unwrap().to_owned()
}

async fn a_later_observation_wins_over_an_earlier_one(database: TestDatabase) {
    assert_eq!(
        status_after(&database, [(1, "active"), (2, "inactive")]).await,
        "inactive"
    );
}

async fn an_earlier_observation_that_comes_late_changes_nothing(database: TestDatabase) {
    assert_eq!(
        status_after(&database, [(2, "inactive"), (1, "active")]).await,
        "inactive"
    );
}

async fn a_whole_replaces_what_an_earlier_look_showed(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let facts = vec![
        membership("g1", "a"),
        membership("g2", "a"),
        membership("g1", "b"),
    ];
    reading.record(run, &at(reading.at, facts)).await;
    let look = Observation {
        sent_at: reading.at + 1,
        facts: vec![membership("g3", "a")],
        wholes: vec![Whole::GroupsOf("a".into())],
        ..Observation::default()
    };
    reading.record(run, &look).await;
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(
        tx.staged_first(run, FactKind::Membership).await.unwrap(),
        ["g1", "g3"]
    );
    assert_eq!(tx.staged_under(run, FactKind::Membership, "g1").await.unwrap(), 1);
}

async fn a_whole_leaves_later_looks_and_other_accounts_alone(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading
        .record(run, &at(reading.at + 5, vec![membership("g1", "a")]))
        .await;
    let late = Observation {
        sent_at: reading.at + 1,
        wholes: vec![Whole::GroupsOf("a".into()), Whole::GroupsOf("never met".into())],
        ..Observation::default()
    };
    reading.record(run, &late).await;
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.staged_first(run, FactKind::Membership).await.unwrap(), ["g1"]);
}

fn holding(account: &str, resource: &str, role: &str) -> Fact {
    Fact::role_holding(
        &AccountId::from(account),
        &ResourceId::from(resource),
        &RoleId::from(role),
    )
}

fn grant(group: &str, resource: &str, role: &str) -> Fact {
    Fact::group_role_grant(
        &GroupId::from(group),
        &ResourceId::from(resource),
        &RoleId::from(role),
    )
}

async fn the_whole_of_holdings_and_grants_replaces_too(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let facts = vec![
        holding("a", "r1", "user"),
        holding("b", "r1", "user"),
        grant("g", "r1", "user"),
    ];
    reading.record(run, &at(reading.at, facts)).await;
    let look = Observation {
        sent_at: reading.at + 1,
        facts: vec![holding("a", "r2", "admin")],
        wholes: vec![Whole::HoldingsOf("a".into()), Whole::GrantsOf("g".into())],
        ..Observation::default()
    };
    reading.record(run, &look).await;
    let mut tx = reading.store.read().await.unwrap();
    let of_a = tx.staged_holdings_of(run, "a").await.unwrap();
    assert_eq!(of_a, [("r2".to_owned(), "admin".to_owned())]);
    assert_eq!(tx.staged_holdings_of(run, "b").await.unwrap().len(), 1);
    assert!(
        tx.staged_first(run, FactKind::GroupRoleGrant)
            .await
            .unwrap()
            .is_empty()
    );
}

fn hint(hint: Hint, first: &str, second: &str, number: i64) -> HintRow {
    HintRow {
        hint,
        key: [first.to_owned(), second.to_owned()],
        number,
    }
}

async fn hints_disagree_with_what_was_staged(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let mut facts = accounts(&["a"]);
    facts.extend([
        membership("g1", "a"),
        membership("g2", "a"),
        membership("g2", "b"),
        holding("a", "r1", "user"),
    ]);
    let observation = Observation {
        sent_at: reading.at,
        facts,
        hints: vec![
            hint(Hint::GroupMembers, "g1", "", 1),
            hint(Hint::GroupMembers, "g2", "", 10),
            hint(Hint::AccountResources, "a", "", 2),
        ],
        ..Observation::default()
    };
    reading.record(run, &observation).await;
    let mut tx = reading.store.read().await.unwrap();
    let groups = tx.check_group_members(run).await.unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (groups[0].id.as_str(), groups[0].expected, groups[0].staged),
        ("g2", 10, 2)
    );
    let off = tx.check_account_resources(run).await.unwrap();
    assert_eq!((off[0].id.as_str(), off[0].expected, off[0].staged), ("a", 2, 1));
    let of_a = tx.resources_of(run, "a").await.unwrap().unwrap();
    assert_eq!((of_a.expected, of_a.staged), (2, 1));
    assert_eq!(tx.resources_of(run, "b").await.unwrap(), None);
    let at = reading.at;
    assert!(tx.staged_members_before(run, "g2", at).await.unwrap().is_empty());
    let before_now = tx.staged_members_before(run, "g2", at + 1).await.unwrap();
    assert_eq!(before_now, ["a", "b"]);
    assert_eq!(tx.check_strangers(run).await.unwrap(), ["b"]);
    assert_eq!(tx.check_unknown_groups(run).await.unwrap(), ["g1", "g2"]);
}

async fn independent_filters_combine_where_they_tell(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    let on = |account, resource| hint(Hint::HoldsOnResource, account, resource, 1);
    let role = |account, role| hint(Hint::HoldsRole, account, role, 1);
    let observation = Observation {
        sent_at: reading.at,
        hints: vec![
            on("one role", "r1"),
            on("one role", "r2"),
            role("one role", "user"),
            on("both", "r1"),
            on("both", "r2"),
            role("both", "user"),
            role("both", "admin"),
        ],
        ..Observation::default()
    };
    reading.record(run, &observation).await;
    let mut tx = reading.store.read().await.unwrap();
    let ambiguous = tx.check_ambiguous(run).await.unwrap();
    assert_eq!(ambiguous.len(), 1);
    assert_eq!(
        (
            ambiguous[0].account.as_str(),
            ambiguous[0].resources,
            ambiguous[0].roles
        ),
        ("both", 2, 2)
    );
    assert_eq!(
        tx.staged_hint_count(run, Hint::HoldsRole, "user").await.unwrap(),
        2
    );
    drop(tx);

    let precise = Observation {
        sent_at: reading.at + 1,
        facts: vec![holding("both", "r1", "admin")],
        hints: vec![hint(Hint::ReadPrecisely, "both", "", 1)],
        ..Observation::default()
    };
    reading.record(run, &precise).await;
    reading.store.combine_independent(run).await.unwrap();
    let mut tx = reading.store.read().await.unwrap();
    assert!(tx.check_ambiguous(run).await.unwrap().is_empty());
    assert_eq!(tx.staged_holdings_of(run, "one role").await.unwrap().len(), 2);
    assert_eq!(tx.staged_holdings_of(run, "both").await.unwrap().len(), 1);
    assert_eq!(tx.staged_holders_count(run, "r1", "user").await.unwrap(), 1);
}
