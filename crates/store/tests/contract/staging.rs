//! Staging: what answers showed, the later the truer.

use crate::reading::{Reading, account, accounts, membership};
use model::{AccountId, Fact, FactKind, Family, GroupId, ResourceId, RoleId};
use store::{Hint, HintRow, NOT_TOLD, Observation, PageOf, Whole};
use testkit::TestDatabase;

on_both!(
    a_later_observation_wins_over_an_earlier_one,
    an_earlier_observation_that_comes_late_changes_nothing,
    a_whole_replaces_what_an_earlier_look_showed,
    a_whole_leaves_later_looks_and_other_accounts_alone,
    the_whole_of_holdings_and_grants_replaces_too,
    what_is_kept_together_is_as_if_kept_one_after_the_other,
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

/// The status of account `a` after these observations, in the order in which their answers came: the same, whether they
/// are kept together or one after the other.
async fn status_after(database: &TestDatabase, observations: [(i64, &str); 2]) -> String {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    reading.page(run.id, Family::Accounts, vec![]).await;
    let observe = |id: &str, (offset, status): (i64, &str)| {
        let facts = vec![account(id, Some(status))];
        at(reading.at + offset, facts)
    };
    for observation in observations {
        reading.record(run.id, &observe("a", observation)).await;
    }
    let together = observations.map(|observation| observe("b", observation));
    reading.record_all(run.id, &together.each_ref()).await;
    reading.merge_all(&run, FactKind::Account).await;
    reading.publish(&run).await;
    let [a, b] = [
        reading.attributes(FactKind::Account, "a").await,
        reading.attributes(FactKind::Account, "b").await,
    ];
    assert_eq!(a.text("status"), b.text("status"));
    a.text("status").unwrap().to_owned()
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

async fn what_is_kept_together_is_as_if_kept_one_after_the_other(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let page = |family, name: &str, next: Option<&str>| {
        Some(PageOf {
            family,
            name: name.to_owned(),
            next: next.map(str::to_owned),
            rows: 2,
        })
    };
    let groups_of_a = |sent_at, group: &str| Observation {
        wholes: vec![Whole::GroupsOf("a".into())],
        ..at(sent_at, vec![membership(group, "a")])
    };
    let observations = [
        Observation {
            page: page(Family::Accounts, "d1", Some("2")),
            ..at(1, vec![membership("g1", "a"), membership("g1", "b")])
        },
        groups_of_a(5, "g2"),
        // It was asked for before, and answered later.
        groups_of_a(3, "g3"),
        Observation {
            page: page(Family::Accounts, "d2", None),
            ..at(6, vec![membership("g4", "a"), membership("g1", "c")])
        },
        groups_of_a(7, "g4"),
    ];
    let mut told = Vec::new();
    for is_together in [false, true] {
        let run = reading.open().await.id;
        reading.plan(run, Family::Accounts, "d1").await;
        if is_together {
            reading.record_all(run, &observations.each_ref()).await;
        } else {
            for observation in &observations {
                reading.record(run, observation).await;
            }
        }
        let mut tx = reading.store.read().await.unwrap();
        let groups = tx.staged_first(run, FactKind::Membership).await.unwrap();
        let in_first = tx.staged_under(run, FactKind::Membership, "g1").await.unwrap();
        told.push((groups, in_first, tx.listing_all(run).await.unwrap()));
    }
    let [(groups, in_first, listings), together] = &told[..] else {
        panic!("two runs");
    };
    assert_eq!(
        (groups.as_slice(), *in_first),
        (["g1", "g4"].map(str::to_owned).as_slice(), 2)
    );
    assert_eq!(listings.len(), 3);
    assert_eq!(
        (groups, in_first, listings),
        (&together.0, &together.1, &together.2)
    );
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
    assert!(tx.check_not_told(run).await.unwrap().is_empty());
    drop(tx);

    let not_told = Observation {
        sent_at: reading.at + 2,
        hints: vec![hint(Hint::ReadPrecisely, "both", "", NOT_TOLD)],
        ..Observation::default()
    };
    reading.record(run, &not_told).await;
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.check_not_told(run).await.unwrap(), ["both"]);
    assert_eq!(tx.staged_holdings_of(run, "both").await.unwrap().len(), 1);
}
