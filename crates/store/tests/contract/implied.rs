//! Holdings that follow from groups: staged apart, filled up by questions, concluded only when they are kept.

use crate::reading::{Reading, membership};
use model::{AccountId, Fact, FactKind, Family, GroupId, ResourceId, RoleId, RunId};
use store::{GivenRole, Hint, HintRow, Observation, PairNumbers};
use testkit::TestDatabase;

on_both!(
    what_follows_is_told_apart_from_what_does_not,
    a_question_fills_up_and_keeping_concludes,
    what_was_read_exactly_is_not_concluded_from_groups
);

fn grant(group: &str, resource: &str, role: &str) -> Fact {
    Fact::group_role_grant(
        &GroupId::new(group),
        &ResourceId::new(resource),
        &RoleId::new(role),
    )
}

fn holding(account: &str, resource: &str, role: &str) -> Fact {
    Fact::role_holding(
        &AccountId::new(account),
        &ResourceId::new(resource),
        &RoleId::new(role),
    )
}

fn hint(hint: Hint, id: &str, number: i64) -> HintRow {
    HintRow {
        hint,
        key: [id.to_owned(), String::new()],
        number,
    }
}

/// `a` and `b` are in a group that gives `user` on `wiki`; `b` and `c` hold something more, `c` as an admin of it.
async fn staged(database: &TestDatabase, precisely: &[&str]) -> (Reading, RunId) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::RoleHoldings, "wiki user").await;
    let told = [("a", 1), ("b", 2), ("c", 1), ("d", 1)];
    let mut hints: Vec<HintRow> = told
        .iter()
        .map(|(account, resources)| hint(Hint::AccountResources, account, *resources))
        .collect();
    hints.push(hint(Hint::GroupMembers, "g", 2));
    hints.extend(
        precisely
            .iter()
            .map(|account| hint(Hint::ReadPrecisely, account, 0)),
    );
    let observation = Observation {
        sent_at: reading.at,
        facts: vec![
            membership("g", "a"),
            membership("g", "b"),
            grant("g", "wiki", "user"),
            holding("c", "wiki", "admin"),
        ],
        hints,
        ..Observation::default()
    };
    reading.record(run, &observation).await;
    (reading, run)
}

async fn given(reading: &Reading, run: RunId) -> Vec<GivenRole> {
    let mut tx = reading.store.read().await.unwrap();
    tx.given_roles(run).await.unwrap()
}

async fn stage(reading: &Reading, run: RunId) -> PairNumbers {
    let given = given(reading, run).await;
    let numbers = reading.store.implied_stage(run, &reading.terms, &given).await;
    numbers.unwrap()[0]
}

async fn what_follows_is_told_apart_from_what_does_not(database: TestDatabase) {
    database.store.prepare_to_stage(100).await.unwrap();
    database.store.prepare_to_merge().await.unwrap();
    database.store.rest().await.unwrap();
    let (reading, run) = staged(&database, &[]).await;
    let expected = GivenRole {
        resource: "wiki".into(),
        role: "user".into(),
        members: 2,
    };
    assert_eq!(given(&reading, run).await, [expected]);
    let pair = stage(&reading, run).await;
    let mut tx = reading.store.read().await.unwrap();
    // Only `a` says as much as its groups explain.
    assert_eq!(tx.accounts_explained(run).await.unwrap(), (4, 1));
    assert_eq!(tx.implied_count(run, pair).await.unwrap(), 2);
    let unexplained = tx.implied_unexplained(run).await.unwrap();
    let named: Vec<(&str, i64)> = unexplained
        .iter()
        .map(|(account, more)| (account.id.as_str(), *more))
        .collect();
    assert_eq!(named, [("b", 1), ("d", 1)]);
    // The admin's own count cannot tell whether it is a user as well.
    let others = tx.implied_others(run, pair, 10).await.unwrap();
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].id, "c");
    let numbers: Vec<i64> = unexplained.iter().map(|(account, _)| account.number).collect();
    let among = tx.implied_among(run, pair, &numbers).await.unwrap();
    assert_eq!(among.len(), 1);
    // Nothing is concluded yet.
    assert_eq!(tx.staged_holders_count(run, "wiki", "user").await.unwrap(), 0);
}

async fn a_question_fills_up_and_keeping_concludes(database: TestDatabase) {
    let (reading, run) = staged(&database, &[]).await;
    let pair = stage(&reading, run).await;
    let mut tx = reading.store.read().await.unwrap();
    let others = tx.implied_others(run, pair, 10).await.unwrap();
    drop(tx);
    let found: Vec<i64> = others.iter().map(|account| account.number).collect();
    // The same answer twice adds nothing.
    for _ in 0..2 {
        let added = reading.store.implied_add(run, pair, &found, reading.at);
        added.await.unwrap();
    }
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.implied_count(run, pair).await.unwrap(), 3);
    assert!(tx.implied_others(run, pair, 10).await.unwrap().is_empty());
    drop(tx);
    reading
        .store
        .implied_keep(&reading.lease, reading.at, run, ("wiki user", pair), 3)
        .await
        .unwrap();
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.staged_holders_count(run, "wiki", "user").await.unwrap(), 3);
    let held = tx.staged_holdings_of(run, "c").await.unwrap();
    assert_eq!(held.len(), 2);
    let listing = tx
        .listing_find(run, Family::RoleHoldings, "wiki user")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(listing.expected, Some(3));
    assert_eq!(listing.state, store::ListingState::Ended);
    assert_eq!(
        tx.staged_first(run, FactKind::RoleHolding).await.unwrap(),
        ["a", "b", "c"]
    );
}

async fn what_was_read_exactly_is_not_concluded_from_groups(database: TestDatabase) {
    let (reading, run) = staged(&database, &["b"]).await;
    let pair = stage(&reading, run).await;
    let mut tx = reading.store.read().await.unwrap();
    assert_eq!(tx.implied_count(run, pair).await.unwrap(), 1);
    let unexplained = tx.implied_unexplained(run).await.unwrap();
    assert_eq!(unexplained.len(), 1);
    assert_eq!(unexplained[0].0.id, "d");
    drop(tx);
    // Staging anew begins anew.
    let again = stage(&reading, run).await;
    assert_eq!(again, pair);
}
