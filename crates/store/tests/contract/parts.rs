//! Lists in the order of names, part by part and whole.

use crate::reading::{Reading, person};
use model::{AccountId, Attributes, Fact, FactKind, Family, GroupId, ResourceId, RoleId};
use store::views::effective_access::EffectiveRow;
use store::views::{Edge, Part, Snapshot};
use store::{Observation, Tx};
use testkit::TestDatabase;

on_both!(
    parts_after_and_before_an_edge_make_up_the_list,
    a_whole_resource_is_what_its_parts_are,
);

const EVERYTHING: Part = Part {
    limit: 1_000,
    offset: 0,
    edge: None,
};

/// Seven accounts, two of one name; some in a group that gives the role, some with two roles, one with a method.
async fn told(database: &TestDatabase) -> (Reading, Snapshot) {
    let mut reading = Reading::begin(&database.store).await;
    let names = ["Émile", "ana", "bo", "bo", "Cleo\u{1f}x", "", "zed"];
    let account = |index: usize| AccountId::new(format!("a{index}"));
    let (group, resource) = (GroupId::from("g"), ResourceId::from("r"));
    let run = reading.open().await;
    let mut people = Vec::new();
    let (mut holdings, mut members) = (Vec::new(), Vec::new());
    for (index, name) in names.into_iter().enumerate() {
        let email = (index % 2 == 0).then_some("x@example.org");
        people.push(person(
            account(index).as_str(),
            Some(name).filter(|name| !name.is_empty()),
            email,
        ));
        holdings.push(Fact::role_holding(
            &account(index),
            &resource,
            &RoleId::from("user"),
        ));
        if index % 3 == 0 {
            holdings.push(Fact::role_holding(
                &account(index),
                &resource,
                &RoleId::from("admin"),
            ));
        }
        if index != 2 {
            members.push(Fact::membership(&group, &account(index)));
        }
    }
    let grants = vec![
        Fact::group_role_grant(&group, &resource, &RoleId::from("user")),
        Fact::group_role_grant(&GroupId::from("h"), &resource, &RoleId::from("user")),
    ];
    members.push(Fact::membership(&GroupId::from("h"), &account(4)));
    let methods = vec![Fact::method(
        &account(1),
        &resource,
        &RoleId::from("user"),
        vec!["direct".into()],
    )];
    let told = Observation {
        sent_at: reading.at,
        people,
        ..Observation::default()
    };
    reading.record(run.id, &told).await;
    let accounts = (0..7).map(|index| Fact::account(&account(index), Attributes::new()));
    let kinds = [
        (Family::Accounts, FactKind::Account, accounts.collect()),
        (Family::GroupMembers, FactKind::Membership, members),
        (Family::RoleHoldings, FactKind::RoleHolding, holdings),
        (Family::GroupRoleGrants, FactKind::GroupRoleGrant, grants),
        (Family::Methods, FactKind::Method, methods),
    ];
    for (family, kind, facts) in kinds {
        reading.page(run.id, family, facts).await;
        reading.merge_all(&run, kind).await;
    }
    reading.publish(&run).await;
    let at = Snapshot {
        organization: reading.organization,
        run: run.id.0,
    };
    (reading, at)
}

async fn term(tx: &mut Tx, text: &str) -> i64 {
    tx.term_find(text).await.unwrap().unwrap()
}

fn keys(rows: &[EffectiveRow]) -> Vec<(i64, i64)> {
    let mut keys: Vec<(i64, i64)> = rows.iter().map(|row| (row.account, row.role)).collect();
    keys.dedup();
    keys
}

fn beside((account, role): (i64, i64), is_before: bool) -> Part {
    let edge = Edge {
        account,
        role,
        is_before,
    };
    Part {
        limit: 2,
        offset: 0,
        edge: Some(edge),
    }
}

async fn parts_after_and_before_an_edge_make_up_the_list(database: TestDatabase) {
    let (reading, at) = told(&database).await;
    let mut tx = reading.store.read().await.unwrap();
    let (resource, group) = (term(&mut tx, "r").await, term(&mut tx, "g").await);
    for is_large in [false, true] {
        let all = tx
            .effective_of_resource(at, resource, None, "", EVERYTHING, is_large)
            .await;
        let all = keys(&all.unwrap());
        assert_eq!(all.len(), 10);
        for index in 0..all.len() {
            for is_before in [false, true] {
                let part = beside(all[index], is_before);
                let rows = tx
                    .effective_of_resource(at, resource, None, "", part, is_large)
                    .await;
                let wanted = if is_before {
                    &all[index.saturating_sub(2)..index]
                } else {
                    &all[index + 1..all.len().min(index + 3)]
                };
                assert_eq!(keys(&rows.unwrap()), wanted, "{index} {is_before} {is_large}");
            }
        }
        let members = tx
            .group_members(at, group, "", EVERYTHING, is_large)
            .await
            .unwrap();
        let all: Vec<i64> = members.iter().map(|row| row.account.account).collect();
        assert_eq!(all.len(), 6);
        for index in 1..5 {
            for (is_before, wanted) in [
                (false, &all[index + 1..all.len().min(index + 3)]),
                (true, &all[index.saturating_sub(2)..index]),
            ] {
                let part = beside((all[index], 0), is_before);
                let rows = tx.group_members(at, group, "", part, is_large).await.unwrap();
                let found: Vec<i64> = rows.iter().map(|row| row.account.account).collect();
                assert_eq!(found, wanted, "{index} {is_before} {is_large}");
            }
        }
    }
}

async fn a_whole_resource_is_what_its_parts_are(database: TestDatabase) {
    let (reading, at) = told(&database).await;
    let mut tx = reading.store.read().await.unwrap();
    let (resource, admin) = (term(&mut tx, "r").await, term(&mut tx, "admin").await);
    for role in [None, Some(admin)] {
        let parts = tx
            .effective_of_resource(at, resource, role, "", EVERYTHING, true)
            .await
            .unwrap();
        let (whole, names) = tx.effective_of_whole_resource(at, resource, role).await.unwrap();
        assert!(parts.len() > 2);
        assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
        let mut accounts: Vec<i64> = parts.iter().map(|row| row.account).collect();
        accounts.dedup();
        let of_names: Vec<i64> = names.iter().map(|name| name.account).collect();
        assert_eq!(of_names, accounts);
        let mut one_by_one = tx.account_names(&accounts).await.unwrap();
        one_by_one.sort_by_key(|name| accounts.iter().position(|account| *account == name.account));
        for (packed, plain) in names.iter().zip(&one_by_one) {
            // What stands between the packed values is taken out of them.
            let name = plain.name.as_ref().map(|name| name.replace('\u{1f}', " "));
            assert_eq!(
                (&packed.id, &packed.name, &packed.email),
                (&plain.id, &name, &plain.email)
            );
        }
    }
    let (nothing, nobody) = tx.effective_of_whole_resource(at, admin, None).await.unwrap();
    assert!(nothing.is_empty() && nobody.is_empty());
}
