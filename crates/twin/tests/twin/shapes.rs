//! The promises of the shapes.

use std::collections::{BTreeMap, BTreeSet};

use twin::{Shape, TwinOptions};

use crate::client::{Case, START_MS};

fn typical(users: usize, groups: usize, workspaces: usize) -> TwinOptions {
    TwinOptions {
        users,
        groups,
        workspaces,
        starts_at_ms: Some(START_MS),
        ..TwinOptions::default()
    }
}

/// Share of all accounts that hold `atlassian/user` on each workspace through a group, in the order of workspaces.
fn shares(case: &Case) -> Vec<f64> {
    let users = case.facts("account").len() as f64;
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for fact in case.facts("method") {
        let is_through_group = fact["methods"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it == "group_direct");
        if is_through_group {
            let resource = fact["resource_id"].as_str().unwrap().to_owned();
            holders
                .entry(resource)
                .or_default()
                .insert(fact["account_id"].as_str().unwrap().to_owned());
        }
    }
    let workspaces = case.facts("workspace");
    let count = |id: &str| holders.get(id).map_or(0, BTreeSet::len) as f64;
    workspaces
        .iter()
        .map(|row| count(row["workspace_id"].as_str().unwrap()) / users)
        .collect()
}

#[tokio::test]
async fn typical_three_largest_reach_most_and_the_others_some() {
    for (seed, users) in [(7, 2000), (1, 1000), (2, 500)] {
        let case = Case::start(TwinOptions {
            seed,
            ..typical(users, 100, 10)
        })
        .await;
        let shares = shares(&case);

        assert!(
            shares[..3].iter().all(|share| (0.60..=0.90).contains(share)),
            "{shares:?}"
        );
        assert!(
            shares[3..].iter().all(|share| (0.02..=0.25).contains(share)),
            "{shares:?}"
        );
    }
}

#[tokio::test]
async fn typical_has_three_role_giving_groups_per_workspace() {
    let case = Case::start(typical(2000, 100, 10)).await;
    let workspaces = case.facts("workspace");
    let grants = case.facts("group_role_grant");

    for workspace in workspaces {
        let groups: BTreeSet<_> = grants
            .iter()
            .filter(|grant| grant["resource_id"] == workspace["workspace_id"])
            .map(|grant| grant["group_id"].to_string())
            .collect();
        assert_eq!(groups.len(), 3, "{workspace}");
    }
}

#[tokio::test]
async fn typical_direct_grants_are_few_and_a_fifth_is_masked() {
    let case = Case::start(typical(2000, 100, 10)).await;
    let workspaces: BTreeSet<String> = case
        .facts("workspace")
        .iter()
        .map(|it| it["workspace_id"].to_string())
        .collect();
    let has =
        |fact: &serde_json::Value, way: &str| fact["methods"].as_array().unwrap().iter().any(|it| it == way);
    let direct: Vec<_> = case
        .facts("method")
        .into_iter()
        .filter(|fact| has(fact, "direct") && workspaces.contains(&fact["resource_id"].to_string()))
        .collect();
    let masked = direct.iter().filter(|fact| has(fact, "group_direct")).count();
    let holders: BTreeSet<_> = direct.iter().map(|fact| fact["account_id"].to_string()).collect();

    assert!((80..=110).contains(&holders.len()), "{} of 2000", holders.len());
    assert!(masked * 5 >= direct.len(), "{masked} of {}", direct.len());
}

#[tokio::test]
async fn typical_has_the_variety_of_people() {
    let case = Case::start(typical(2000, 100, 10)).await;
    let accounts = case.facts("account");
    let count = |key: &str, value: &str| accounts.iter().filter(|it| it[key] == value).count();
    let memberships = case.facts("directory_membership");
    let suspended = memberships
        .iter()
        .filter(|it| it["status"] == "suspended")
        .count();

    assert_eq!(accounts.len(), 2000);
    assert_eq!(case.facts("group").len(), 100);
    assert_eq!(case.facts("workspace").len(), 10);
    assert_eq!(case.directories().await.len(), 2);
    assert!(count("account_type", "app") > 5 && count("account_type", "customer") > 20);
    assert!(count("claim_status", "unmanaged") > 100 && count("claim_status", "managed") > 1000);
    assert!(count("account_status", "inactive") > 20 && suspended > 40);
}

#[tokio::test]
async fn typical_roles_reach_resources_outside_the_workspace_list() {
    let case = Case::start(typical(300, 60, 6)).await;
    let workspaces: BTreeSet<String> = case
        .facts("workspace")
        .iter()
        .map(|it| it["workspace_id"].to_string())
        .collect();
    let held: BTreeSet<String> = case
        .facts("role_holding")
        .iter()
        .map(|it| it["resource_id"].to_string())
        .collect();
    let outside: Vec<&String> = held.difference(&workspaces).collect();

    for part in ["platform::org/", "platform::site/", "jira::app/all"] {
        assert!(
            outside.iter().any(|ari| ari.contains(part)),
            "{part} in {outside:?}"
        );
    }
}

#[tokio::test]
async fn direct_heavy_gives_three_direct_roles_to_everybody_with_access() {
    let case = Case::start(TwinOptions {
        shape: Shape::DirectHeavy,
        ..typical(300, 60, 10)
    })
    .await;
    let mut direct: BTreeMap<String, usize> = BTreeMap::new();
    for fact in case.facts("method") {
        if fact["methods"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it == "direct")
        {
            *direct.entry(fact["account_id"].to_string()).or_default() += 1;
        }
    }

    assert!(direct.len() >= 290, "{}", direct.len());
    assert!(direct.values().all(|count| *count >= 3), "{direct:?}");
}

#[tokio::test]
async fn all_suspended_has_no_active_membership() {
    let case = Case::start(TwinOptions {
        shape: Shape::AllSuspended,
        ..typical(100, 20, 5)
    })
    .await;

    assert!(
        case.facts("directory_membership")
            .iter()
            .all(|it| it["status"] == "suspended")
    );
    assert!(!case.facts("role_holding").is_empty());
}

#[tokio::test]
async fn single_has_one_of_everything_and_empty_has_nothing() {
    let single = Case::start(TwinOptions {
        shape: Shape::Single,
        ..typical(100, 20, 5)
    })
    .await;
    let empty = Case::start(TwinOptions {
        shape: Shape::Empty,
        ..typical(100, 20, 5)
    })
    .await;

    for kind in [
        "account",
        "directory_membership",
        "group",
        "membership",
        "workspace",
        "domain",
        "policy",
        "api_token",
    ] {
        assert_eq!(single.facts(kind).len(), 1, "{kind}");
    }
    assert!(empty.truth().is_empty());
}

#[tokio::test]
async fn largest_group_has_the_asked_size() {
    let case = Case::start(TwinOptions {
        largest_group: Some(400),
        ..typical(1000, 40, 5)
    })
    .await;
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for fact in case.facts("membership") {
        *sizes.entry(fact["group_id"].to_string()).or_default() += 1;
    }

    assert!(sizes.values().any(|size| *size == 400));
}

#[tokio::test]
async fn too_few_groups_still_make_an_organization() {
    for (users, groups, workspaces) in [(1, 0, 0), (2, 1, 5), (5, 3, 10), (30, 12, 10), (50, 0, 3)] {
        let case = Case::start(typical(users, groups, workspaces)).await;

        assert_eq!(case.facts("account").len(), users);
        assert_eq!(case.facts("group").len(), groups);
        assert_eq!(case.facts("workspace").len(), workspaces);
    }
}
