//! The same readings leave the same answers in both databases.

use crate::questions::ask_all;
use crate::reading::{Reading, START};
use model::{AccountId, Attributes, Fact, FactKind, Family, Person, RunId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use store::{ActivityRow, Observation, RunReport, Store};

const ACCOUNTS: [&str; 5] = ["a0", "a1", "a2", "a3", "a4"];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const RESOURCES: [&str; 3] = ["r0", "r1", "r2"];
const ROLES: [&str; 2] = ["role0", "role1"];
const OTHERS: [&str; 5] = ["d0", "d1", "x0", "x1", "api_token"];

/// How a run ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Published,
    Discarded,
    Held,
}

/// A fact to be seen: its kind, three numbers that choose its key, one that chooses its attributes.
pub type Dice = (usize, usize, usize, usize, usize);

#[derive(Debug, Clone)]
struct Script {
    seen: Vec<Dice>,
    end: End,
}

fn script() -> impl Strategy<Value = Vec<Script>> {
    let dice = (
        0..FactKind::ALL.len(),
        0..60_usize,
        0..60_usize,
        0..60_usize,
        0..12_usize,
    );
    let end = prop_oneof![4 => Just(End::Published), 1 => Just(End::Discarded), 1 => Just(End::Held)];
    let one = (prop::collection::vec(dice, 0..60), end).prop_map(|(seen, end)| Script { seen, end });
    prop::collection::vec(one, 1..5)
}

fn one<'a>(list: &[&'a str], number: usize) -> &'a str {
    list[number % list.len()]
}

fn key(kind: FactKind, a: usize, b: usize, c: usize) -> [String; 3] {
    use FactKind::{
        Account, ApiKey, ApiToken, Directory, DirectoryMembership, Domain, Group, GroupRoleGrant, Membership,
        Method, PlatformRole, Policy, RoleHolding, ScimGroup, ScimUser, ServiceAccount, Workspace,
    };
    let parts = match kind {
        Account => [one(&ACCOUNTS, a), "", ""],
        Directory => [one(&["d0", "d1"], a), "", ""],
        DirectoryMembership => [one(&["d0", "d1"], a), one(&ACCOUNTS, b), ""],
        Group => [one(&GROUPS, a), "", ""],
        Membership => [one(&GROUPS, a), one(&ACCOUNTS, b), ""],
        Workspace => [one(&RESOURCES, a), "", ""],
        RoleHolding | Method => [one(&ACCOUNTS, a), one(&RESOURCES, b), one(&ROLES, c)],
        GroupRoleGrant => [one(&GROUPS, a), one(&RESOURCES, b), one(&ROLES, c)],
        PlatformRole => [one(&ACCOUNTS, a), one(&ROLES, b), ""],
        ScimUser => [
            one(&["x0", "x1"], a),
            one(&["d0"], b),
            one(&[ACCOUNTS[0], ACCOUNTS[1], ""], c),
        ],
        ScimGroup => [one(&["x0", "x1"], a), one(&["d0"], b), ""],
        ServiceAccount => [one(&ACCOUNTS, a), "", ""],
        Domain | Policy | ApiToken | ApiKey => [one(&["x0", "x1"], a), "", ""],
    };
    parts.map(str::to_owned)
}

fn attributes(kind: FactKind, number: usize) -> Attributes {
    if kind == FactKind::Method {
        return Attributes::new().with("methods", Some(json!(["direct"])));
    }
    let status = ["active", "inactive", "ACTIVE", "a%_\\\"é"]
        .get(number % 5)
        .map(|text| json!(text));
    let claim_status = [json!("managed"), Value::Null].get(number % 3).cloned();
    let type_key = ["jira-software", "confluence"].get(number % 4).copied();
    Attributes::new()
        .with("status", status)
        .with("claim_status", claim_status)
        .with("type", Some(one(&["atlassian", "app", "customer"], number)))
        .with("type_key", type_key)
        .with("account_id", Some(one(&ACCOUNTS, number)))
}

pub fn observation(facts: &[Dice], sent_at: i64) -> Observation {
    let mut observation = Observation {
        sent_at,
        ..Observation::default()
    };
    for &(kind, a, b, c, number) in facts {
        let kind = FactKind::ALL[kind];
        let key = key(kind, a, b, c);
        if kind == FactKind::Account {
            let name = [json!(format!("{} Name é", key[0])), json!("x\0y"), Value::Null]
                .get(number % 4)
                .cloned();
            let email = (number % 3 == 0).then(|| format!("{}@example.org", key[0]));
            observation.people.push(Person {
                account: AccountId::new(&key[0]),
                attributes: Attributes::new().with("name", name).with("email", email),
            });
            observation.activity.push(ActivityRow {
                account: key[0].clone(),
                resource: one(&RESOURCES, b).to_owned(),
                last_active_at: (number > 2).then_some((number * 100) as i64),
            });
        }
        observation.facts.push(Fact {
            kind,
            key,
            attributes: attributes(kind, number),
        });
    }
    observation
}

/// Lets a store live through the script and answers everything it then says, after each run.
async fn live(store: &Store, scripts: &[Script]) -> Vec<String> {
    let mut reading = Reading::begin(store).await;
    let ids: Vec<&str> = [&ACCOUNTS[..], &GROUPS, &RESOURCES, &ROLES, &OTHERS].concat();
    // In one order, so that the numbers are the same in both databases.
    let mut tx = store.write().await.unwrap();
    let interned = tx.term_intern(&ids).await.unwrap();
    let mut terms: Vec<i64> = interned.iter().map(|(_, number)| *number).collect();
    terms.sort_unstable();
    tx.commit().await.unwrap();
    let mut said = Vec::new();
    for script in scripts {
        let run = reading.open().await;
        for family in Family::ALL {
            reading.page(run.id, family, vec![]).await;
        }
        // Two halves at two times, so that one thing may be seen twice.
        let (first, second) = script.seen.split_at(script.seen.len() / 2);
        reading.record(run.id, &observation(first, reading.at)).await;
        reading.record(run.id, &observation(second, reading.at + 1)).await;
        said.extend(ask_all(store, reading.organization, run.id.0, &[]).await);
        store.run_merging(&reading.lease, &run, reading.at).await.unwrap();
        for kind in FactKind::ALL {
            reading.merge_all(&run, kind).await;
        }
        let report = RunReport::default();
        match script.end {
            End::Published => drop(reading.publish(&run).await),
            End::Discarded => store.run_discard(&run, &report, reading.at).await.unwrap(),
            End::Held => store.run_hold(&run, &report, reading.at).await.unwrap(),
        }
        said.extend(ask_all(store, reading.organization, run.id.0, &terms).await);
    }
    let beginning = RunId(0);
    assert!(reading.seen_at(FactKind::Account, beginning).await.is_empty() && reading.at > START);
    said
}

#[test]
fn both_databases_say_the_same_after_the_same_readings() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if runtime.block_on(testkit::postgres()).is_none() {
        return;
    }
    let config = Config {
        cases: 10,
        failure_persistence: None,
        max_shrink_iters: 32,
        ..Config::default()
    };
    let lived = TestRunner::new(config).run(&script(), |scripts| {
        let (on_sqlite, on_postgres) = runtime.block_on(async {
            let (sqlite, postgres) = (testkit::sqlite().await, testkit::postgres().await.unwrap());
            (
                live(&sqlite.store, &scripts).await,
                live(&postgres.store, &scripts).await,
            )
        });
        for (left, right) in on_sqlite.iter().zip(&on_postgres) {
            prop_assert_eq!(left, right);
        }
        prop_assert_eq!(on_sqlite.len(), on_postgres.len());
        Ok(())
    });
    if let Err(error) = lived {
        panic!("{error}");
    }
}
