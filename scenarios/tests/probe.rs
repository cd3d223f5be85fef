//! What a key, plan and tenant allow is found out right, whichever way the organization is crippled.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::{App, OperationTest};
use atlassian::Options;
use model::{OrganizationId, SystemClock};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{MasterKey, NewConnection, ScimCredential};
use twin::{KeyKind, OnOff, Twin, TwinOptions};

const WRITES: [&str; 5] = [
    "grantUserAccess",
    "revokeUserAccess",
    "grantGroupAccess",
    "revokeGroupAccess",
    "inviteUsers",
];
const LOG: [&str; 3] = ["getEvents", "pollEvents", "getEventActions"];
const MANAGE: [&str; 2] = ["getManagementPermissions", "getApiTokens"];

/// What the probe says of a twin, and what the twin holds and was asked before and after.
async fn probe(options: TwinOptions) -> Vec<OperationTest> {
    let token = |twin: &Twin| Some(twin.scim_token().to_owned());
    probe_with_scim(options, token).await
}

/// The same with another token of the SCIM directory, or without one.
async fn probe_with_scim(
    options: TwinOptions,
    scim_token: impl Fn(&Twin) -> Option<String>,
) -> Vec<OperationTest> {
    let twin = Twin::start(TwinOptions {
        users: 60,
        groups: 12,
        workspaces: 3,
        ..options
    })
    .await
    .unwrap();
    let database = testkit::sqlite().await;
    let key = MasterKey::from_hex(&"0a".repeat(32)).unwrap();
    let mut tx = database.store.write().await.unwrap();
    let id = OrganizationId::from(twin.org_id());
    let organization = tx.organization_ensure(&id, Some("Acme")).await.unwrap().id;
    // Straight into the store: adding a connection refuses keys that read nothing.
    let connection = NewConnection {
        organization_id: organization,
        name: "acme",
        base_url: twin.base_url(),
        key: &SecretString::from(twin.api_key()),
        created_at: 0,
        created_by: "test",
        sync_interval_ms: 60_000,
    };
    tx.connection_add(&connection, &key).await.unwrap();
    let scim = scim_token(&twin).map(|token| ScimCredential {
        url: twin.scim_base_url().to_owned(),
        token: SecretString::from(token),
    });
    tx.connection_set_scim("acme", scim.as_ref(), &key).await.unwrap();
    tx.commit().await.unwrap();
    let app = App::new(database.store.clone(), Arc::new(SystemClock))
        .with_master_key(key)
        .await
        .unwrap();
    let connection = app.connection_named(Some("acme")).await.unwrap();
    let before = twin.truth(true);
    let tests = app
        .connection_test(&connection, &Options::new(twin.base_url()))
        .await
        .unwrap();
    assert_eq!(twin.truth(true), before, "asking changed something");
    let requests = twin.stats()["requests"].as_u64().unwrap();
    assert!(requests <= 34, "{requests} requests");
    twin.stop().await;
    tests
}

fn refused(tests: &[OperationTest]) -> BTreeSet<&str> {
    tests
        .iter()
        .filter(|test| test.allowed == Some(false))
        .map(|test| test.operation)
        .collect()
}

/// Checks that exactly these are refused, and that what would allow them mentions a word.
async fn refuses(options: TwinOptions, expected: &[&str], word: &str) {
    let shown = format!("{options:?}");
    let tests = probe(options).await;
    assert_eq!(
        refused(&tests),
        expected.iter().copied().collect::<BTreeSet<&str>>(),
        "{shown}"
    );
    for test in tests.iter().filter(|test| test.allowed == Some(false)) {
        let unlock = test.unlock.unwrap_or_default();
        assert!(unlock.contains(word), "{}: {unlock} ({shown})", test.operation);
        assert!(test.why.is_some());
        let is_write = WRITES.contains(&test.operation);
        assert_eq!(
            test.support_request.is_some(),
            is_write && word.contains("support")
        );
    }
}

fn disabled(operations: &[&str], answer: u16) -> TwinOptions {
    TwinOptions {
        disabled_endpoints: operations.iter().map(|name| (*name).to_owned()).collect(),
        disabled_answer: answer,
        ..TwinOptions::default()
    }
}

#[tokio::test]
async fn a_whole_organization_refuses_nothing() {
    let tests = probe(TwinOptions::default()).await;
    assert_eq!(refused(&tests), BTreeSet::new());
    assert!(tests.iter().all(|test| test.allowed == Some(true)));
}

#[tokio::test]
async fn a_scim_directory_has_a_credential_of_its_own() {
    let of_scim = |tests: &[OperationTest]| {
        let of_it = tests.iter().filter(|test| test.operation.starts_with("scim"));
        of_it.cloned().collect::<Vec<OperationTest>>()
    };
    let none = of_scim(&probe_with_scim(TwinOptions::default(), |_| None).await);
    assert_eq!(none.len(), 2);
    for test in none {
        assert_eq!(test.allowed, None);
        assert!(test.unlock.unwrap_or_default().contains("--scim-url"));
    }
    let wrong = |_: &Twin| Some("wrong".to_owned());
    let tests = probe_with_scim(TwinOptions::default(), wrong).await;
    assert_eq!(refused(&tests), BTreeSet::from(["scimGetUsers", "scimGetGroups"]));
    for test in of_scim(&tests) {
        assert!(test.unlock.unwrap_or_default().contains("A SCIM token"));
    }
}

#[tokio::test]
async fn operations_that_support_must_enable_are_told_whatever_they_answer() {
    for answer in [403, 404] {
        refuses(
            disabled(&["roles-assign", "roles-revoke", "invite"], answer),
            &["grantUserAccess", "revokeUserAccess", "inviteUsers"],
            "support",
        )
        .await;
        let of_groups = ["grantGroupAccess", "revokeGroupAccess"];
        refuses(disabled(&of_groups, answer), &of_groups, "support").await;
    }
}

#[tokio::test]
async fn the_request_to_support_names_the_organization_and_what_is_closed() {
    let tests = probe(disabled(&["roles-assign"], 404)).await;
    let request = tests
        .iter()
        .find_map(|test| test.support_request.as_deref())
        .unwrap();
    assert!(request.contains("/roles/assign"));
    assert!(!request.contains("/roles/revoke"));
    assert!(!request.contains("/invite"));
    assert!(request.contains("(Acme)"));
}

#[tokio::test]
async fn a_plan_without_an_audit_log_is_told() {
    for answer in [403, 404] {
        let options = TwinOptions {
            audit_log: OnOff::Off,
            disabled_answer: answer,
            ..TwinOptions::default()
        };
        refuses(options, &LOG, "Guard Standard").await;
    }
}

#[tokio::test]
async fn an_organization_on_the_old_user_management_is_told() {
    let options = TwinOptions {
        user_management: OnOff::Off,
        ..TwinOptions::default()
    };
    refuses(options, &MANAGE, "Centralized user management").await;
}

#[tokio::test]
async fn a_key_with_scopes_is_told() {
    let options = TwinOptions {
        key: KeyKind::Scoped,
        ..TwinOptions::default()
    };
    refuses(options, &MANAGE, "without scopes").await;
}

#[tokio::test]
async fn an_organization_without_a_verified_domain_is_told() {
    let options = TwinOptions {
        verified_domains: OnOff::Off,
        ..TwinOptions::default()
    };
    refuses(options, &MANAGE, "verified domain").await;
}

#[tokio::test]
async fn a_credential_that_is_no_key_of_an_organization_is_told() {
    for key in [KeyKind::SiteToken, KeyKind::AdminExpired] {
        let options = TwinOptions {
            key,
            ..TwinOptions::default()
        };
        let tests = probe(options).await;
        let asked = tests.iter().filter(|test| !test.operation.starts_with("scim"));
        let asked: Vec<&OperationTest> = asked.filter(|test| test.allowed.is_some()).collect();
        assert!(asked.len() > 15);
        for test in asked {
            assert_eq!(test.allowed, Some(false), "{}", test.operation);
            assert!(
                test.unlock
                    .unwrap_or_default()
                    .contains("An organization API key")
            );
            assert!(test.support_request.is_none());
        }
    }
}

#[tokio::test]
async fn single_reads_that_are_closed_are_named() {
    let closed = ["getApiKeys", "getServiceAccounts", "controlGetPolicies"];
    refuses(disabled(&closed, 404), &closed, "without scopes").await;
}

#[tokio::test]
async fn several_lacks_are_told_apart() {
    let options = TwinOptions {
        audit_log: OnOff::Off,
        user_management: OnOff::Off,
        ..disabled(&["invite"], 403)
    };
    let tests = probe(options).await;
    let expected: BTreeSet<&str> = LOG.into_iter().chain(MANAGE).chain(["inviteUsers"]).collect();
    assert_eq!(refused(&tests), expected);
    let unlocks: BTreeSet<&str> = tests.iter().filter_map(|test| test.unlock).collect();
    assert_eq!(unlocks.len(), 3);
}
