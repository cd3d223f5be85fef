//! The summary of the published run says what the facts say, and answers for no other run.

use crate::parity::{Dice, observation};
use crate::questions::ask_all;
use crate::reading::Reading;
use model::{FactKind, Family};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::views::Snapshot;
use store::views::accounts::{AccountFilter, AccountOrder};
use store::{Extent, Looked};
use testkit::TestDatabase;

on_both!(
    the_summary_says_what_the_facts_say,
    a_part_brings_the_summary_up_to_date,
    owners_of_living_tokens_are_found,
    an_erased_person_is_not_found_by_name
);

/// Makes the summary one of another run.
async fn hide_summary(database: &TestDatabase) {
    show_summary(database, -1).await;
}

async fn show_summary(database: &TestDatabase, run: i64) {
    let statement = sqlx::AssertSqlSafe(format!("UPDATE organization_summary SET run_id = {run}"));
    if database.is_postgres() {
        let mut connection = PgConnection::connect(&database.url).await.unwrap();
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
}

/// Reads an organization whose facts are thrown by these dice, and answers the run.
pub async fn read(reading: &mut Reading, dice: &[Dice]) -> Snapshot {
    let run = reading.open().await;
    for family in Family::ALL {
        reading.page(run.id, family, vec![]).await;
    }
    reading.record(run.id, &observation(dice, reading.at)).await;
    reading
        .store
        .run_merging(&reading.lease, &run, reading.at)
        .await
        .unwrap();
    for kind in FactKind::ALL {
        reading.merge_all(&run, kind).await;
    }
    reading.publish(&run).await;
    Snapshot {
        organization: reading.organization,
        run: run.id.0,
    }
}

pub fn thrown(seed: usize) -> Vec<Dice> {
    let mut number = seed;
    let mut throw = |sides: usize| {
        number = (number * 75 + 74) % 65537;
        number % sides
    };
    (0..90)
        .map(|_| {
            (
                throw(FactKind::ALL.len()),
                throw(60),
                throw(60),
                throw(60),
                throw(12),
            )
        })
        .collect()
}

async fn the_summary_says_what_the_facts_say(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    for seed in [3, 14, 159] {
        let at = read(&mut reading, &thrown(seed)).await;
        says_what_the_facts_say(&database, &reading, at).await;
    }
}

/// A run of what events named: it shows what these dice threw, and looked at all of some accounts.
async fn read_part(reading: &mut Reading, dice: &[Dice], accounts: &[&str]) -> Snapshot {
    let run = reading.open_for(Extent::Changes).await;
    reading.record(run.id, &observation(dice, reading.at)).await;
    let mut looked = Vec::new();
    for account in accounts {
        looked.push(Looked::first(FactKind::Account, account));
        looked.push(Looked::second(FactKind::Membership, account));
        looked.push(Looked::first(FactKind::RoleHolding, account));
    }
    let mut tx = reading.store.write().await.unwrap();
    tx.looked_add(run.id, &looked).await.unwrap();
    tx.commit().await.unwrap();
    for kind in FactKind::ALL {
        let merge = reading.merge(&run, kind).await;
        reading.store.facts_begin(&merge).await.unwrap();
        reading.store.facts_change(&merge).await.unwrap();
        if reading.complete(run.id, kind).await.is_some() {
            reading.merge_all(&run, kind).await;
        }
    }
    reading.publish(&run).await;
    Snapshot {
        organization: reading.organization,
        run: run.id.0,
    }
}

async fn a_part_brings_the_summary_up_to_date(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    read(&mut reading, &thrown(26)).await;
    for seed in [5, 35, 89, 79] {
        let mut dice = thrown(seed);
        // Tokens and workspaces reach accounts that the run did not touch: every other part has none.
        if seed % 2 == 1 {
            dice.retain(|(kind, ..)| {
                !matches!(FactKind::ALL[*kind], FactKind::ApiToken | FactKind::Workspace)
            });
        }
        dice.truncate(25);
        let at = read_part(&mut reading, &dice, &["a1", "a3", "a7", "a12"]).await;
        says_what_the_facts_say(&database, &reading, at).await;
        // The next part goes on from this one's summary.
        show_summary(&database, at.run).await;
    }
}

async fn says_what_the_facts_say(database: &TestDatabase, reading: &Reading, at: Snapshot) {
    {
        assert!(reading.store.read().await.unwrap().has_summary(at).await.unwrap());
        let summed_up = ask_all(&reading.store, at.organization, at.run, &[]).await;
        hide_summary(database).await;
        assert!(!reading.store.read().await.unwrap().has_summary(at).await.unwrap());
        let asked = ask_all(&reading.store, at.organization, at.run, &[]).await;
        for (one, other) in summed_up.iter().zip(&asked) {
            assert!(one == other || one.contains("has_summary"), "{one}\n{other}");
        }
        assert_eq!(summed_up.len(), asked.len());
    }
}

const ACCOUNT: usize = 0;

fn token() -> usize {
    FactKind::ALL
        .iter()
        .position(|kind| *kind == FactKind::ApiToken)
        .unwrap()
}

async fn owners_of_living_tokens_are_found(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    // Of number 5 the status is active, of 1 it is inactive; both belong to accounts that are not active.
    let dice = [
        (ACCOUNT, 1, 0, 0, 1),
        (token(), 0, 0, 0, 1),
        (token(), 1, 0, 0, 5),
        (ACCOUNT, 0, 0, 0, 1),
    ];
    let at = read(&mut reading, &dice).await;
    let owns = AccountFilter {
        tokens_at: "2026-11-22T00:00:00Z".to_owned(),
        left: true,
        ..AccountFilter::default()
    };
    let mut tx = reading.store.read().await.unwrap();
    let rows = tx
        .account_list(at, &owns, AccountOrder::Name, 10, 0)
        .await
        .unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row.account.id.as_str()).collect();
    assert_eq!(ids, ["a0"]);
    assert_eq!(tx.account_count(at, &owns).await.unwrap(), 1);
}

async fn an_erased_person_is_not_found_by_name(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let at = read(&mut reading, &[(ACCOUNT, 1, 0, 0, 4)]).await;
    let called = AccountFilter {
        search: "a1 name".to_owned(),
        ..AccountFilter::default()
    };
    let mut tx = reading.store.write().await.unwrap();
    assert_eq!(tx.account_count(at, &called).await.unwrap(), 1);
    let number = tx.term_find("a1").await.unwrap().unwrap();
    tx.person_erase(number, "a1", reading.at).await.unwrap();
    assert_eq!(tx.account_count(at, &called).await.unwrap(), 0);
    assert_eq!(tx.account_count(at, &AccountFilter::default()).await.unwrap(), 1);
}
