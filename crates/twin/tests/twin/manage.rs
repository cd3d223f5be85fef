//! User management: who is taken, what is refused and why, what changes and when.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use twin::{KeyKind, OnOff, ProfilePrivileges, RepeatLifecycle, Shape, TwinOptions};

use crate::client::{Case, Got, small};

async fn case() -> Case {
    Case::start(small(Shape::Typical)).await
}

async fn lifecycle(case: &Case, id: &str, step: &str) -> Got {
    case.post(&format!("/users/{id}/manage/lifecycle/{step}"), json!({}))
        .await
}

/// The first managed account whose privileges look so.
async fn managed_with(case: &Case, fits: impl Fn(&Value) -> bool) -> String {
    for id in case.managed() {
        let got = case.get(&format!("/users/{id}/manage")).await;
        if fits(&got.json) {
            return id;
        }
    }
    panic!("no such account");
}

/// An active account that may be renamed and deleted.
async fn free(case: &Case) -> String {
    let active = case
        .facts("account")
        .into_iter()
        .filter(|fact| fact["account_status"] == "active");
    let active: BTreeSet<String> = active
        .map(|fact| fact["account_id"].as_str().unwrap().to_owned())
        .collect();
    for id in case.managed().into_iter().filter(|id| active.contains(id)) {
        let json = case.get(&format!("/users/{id}/manage")).await.json;
        if json["profile"]["name"]["allowed"] == true
            && json["email.set"]["allowed"] == true
            && json["lifecycle.delete"]["allowed"] == true
        {
            return id;
        }
    }
    panic!("no free account");
}

#[tokio::test]
async fn every_reason_occurs() {
    let case = case().await;
    let mut reasons = BTreeSet::new();
    for id in case.managed() {
        let got = case.get(&format!("/users/{id}/manage")).await;
        for rule in got.json.as_object().unwrap().values() {
            let rules: Vec<&Value> = match rule.get("allowed") {
                Some(_) => vec![rule],
                None => rule.as_object().unwrap().values().collect(),
            };
            reasons.extend(
                rules
                    .iter()
                    .filter_map(|rule| rule["reason"]["key"].as_str().map(str::to_owned)),
            );
        }
    }

    let all = [
        "administrative",
        "administrative.notMyself",
        "authPolicy.saml",
        "blocked.exportControl",
        "externalDirectory.google",
        "externalDirectory.scim",
        "managedAccount",
        "myselfOnly",
    ];
    assert_eq!(reasons.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[tokio::test]
async fn privileges_are_told_as_asked_and_as_switched() {
    let id = case().await.managed().remove(0);
    for (style, is_map) in [(ProfilePrivileges::Map, true), (ProfilePrivileges::Rule, false)] {
        let case = Case::start(TwinOptions {
            profile_privileges: style,
            ..small(Shape::Typical)
        })
        .await;
        for query in [
            "privileges=profile&privileges=email.set",
            "privileges=profile,email.set",
        ] {
            let got = case.get(&format!("/users/{id}/manage?{query}")).await;

            assert_eq!(got.json.as_object().unwrap().len(), 2, "{}", got.json);
            assert_eq!(got.json["profile"].get("allowed").is_none(), is_map);
        }
        assert_eq!(
            case.get(&format!("/users/{id}/manage?privileges=other"))
                .await
                .status,
            400
        );
    }
}

#[tokio::test]
async fn only_managed_accounts_and_only_unscoped_keys() {
    let case = case().await;
    let unmanaged = case
        .facts("account")
        .into_iter()
        .find(|fact| fact["claim_status"] == "unmanaged")
        .unwrap();
    let got = case
        .get(&format!(
            "/users/{}/manage",
            unmanaged["account_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        (got.status, &got.json["key"]),
        (403, &json!("forbidden.targetUnverified"))
    );
    let got = case.get("/users/nobody/manage/profile").await;
    assert_eq!((got.status, &got.json["key"]), (404, &json!("accountNotFound")));

    let path = format!("/users/{}/manage", case.managed()[0]);
    for (key, status) in [
        (case.twin.scoped_api_key(), 403),
        ("other", 401),
        (case.twin.scim_token(), 401),
    ] {
        let got = case
            .request(Method::GET, &path)
            .bearer_auth(key)
            .send()
            .await
            .unwrap();
        assert_eq!(got.status().as_u16(), status);
        let text = got.text().await.unwrap();
        assert_eq!(text.contains("manage:org"), status == 403, "{text}");
    }
    assert_eq!(case.get(&format!("/admin{path}")).await.status, 404);
}

#[tokio::test]
async fn synced_account_refuses_its_profile_with_the_reason() {
    let case = case().await;
    let id = managed_with(&case, |json| {
        json["profile"]["name"]["reason"]["key"] == "externalDirectory.scim"
    })
    .await;

    let got = case
        .got(
            Method::PATCH,
            &format!("/users/{id}/manage/profile"),
            Some(json!({ "name": "New" })),
        )
        .await;

    assert_eq!(
        (got.status, &got.json["key"]),
        (403, &json!("forbidden.fieldMutation"))
    );
    assert_eq!(
        got.json["context"],
        json!({ "name": { "allowed": false, "reason": { "key": "externalDirectory.scim" } } })
    );
}

#[tokio::test]
async fn profile_and_email_show_after_the_lag() {
    let case = case().await;
    let id = free(&case).await;
    let base = format!("/users/{id}/manage");
    let body = json!({ "name": "Neu Er", "nickname": "neu", "extended_profile": { "job_title": "Keeper", "organization": "Night" } });

    let got = case
        .got(Method::PATCH, &format!("{base}/profile"), Some(body))
        .await;
    assert_eq!(
        (got.status, &got.json["account"]["name"]),
        (200, &json!("Neu Er"))
    );
    assert_eq!(got.json["account"]["extended_profile"]["job_title"], "Keeper");
    for (email, status) in [
        ("neu@acme.example.com", 204),
        ("neu@elsewhere.example", 403),
        ("neu@new.example.com", 403),
        ("neu", 400),
    ] {
        let got = case
            .got(
                Method::PUT,
                &format!("{base}/email"),
                Some(json!({ "email": email })),
            )
            .await;
        assert_eq!(got.status, status, "{email}: {}", got.json);
    }
    assert_ne!(case.account(&id)["name"], "Neu Er");
    case.twin.advance_s(2);
    assert_eq!(
        (&case.account(&id)["name"], &case.account(&id)["email"]),
        (&json!("Neu Er"), &json!("neu@acme.example.com"))
    );
    let found = case
        .get(&format!("/admin/v2/orgs/{{o}}/directories/-/users/{id}"))
        .await
        .json;
    assert_eq!(
        (&found["data"]["jobTitle"], &found["data"]["organization"]),
        (&json!("Keeper"), &json!("Night"))
    );
}

#[tokio::test]
async fn tokens_are_told_and_revoked_one_by_one() {
    let case = case().await;
    let fact = case.facts("api_token").remove(0);
    let (account, token) = (
        fact["account_id"].as_str().unwrap(),
        fact["token_id"].as_str().unwrap(),
    );
    let list = format!("/users/{account}/manage/api-tokens");
    assert!(
        case.get(&list)
            .await
            .json
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["id"] == token)
    );

    let one = format!("{list}/{token}");
    assert_eq!(case.got(Method::DELETE, &one, None).await.status, 204);
    assert_eq!(case.got(Method::DELETE, &one, None).await.status, 404);
    case.twin.advance_s(2);

    assert!(
        !case
            .get(&list)
            .await
            .json
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["id"] == token)
    );
    assert!(!case.facts("api_token").contains(&fact));
}

#[tokio::test]
async fn account_is_deactivated_and_activated_everywhere_after_the_lag() {
    let case = case().await;
    let id = free(&case).await;

    assert_eq!(lifecycle(&case, &id, "disable").await.status, 204);
    assert_eq!(lifecycle(&case, &id, "disable").await.status, 204);
    assert_eq!(case.account(&id)["account_status"], "active");
    case.twin.advance_s(2);
    assert_eq!(case.account(&id)["account_status"], "inactive");
    let found = case
        .get(&format!("/admin/v2/orgs/{{o}}/directories/-/users/{id}"))
        .await
        .json;
    assert_eq!(
        (
            &found["data"]["status"],
            found["data"]["deactivatedOn"].is_string()
        ),
        (&json!("deactivated"), true)
    );
    assert_eq!(lifecycle(&case, &id, "enable").await.status, 204);
    case.twin.advance_s(2);
    assert_eq!(case.account(&id)["account_status"], "active");
    let log = case
        .get("/admin/v1/orgs/{o}/events-stream?limit=500")
        .await
        .json
        .to_string();
    case.twin.advance_s(1000);
    let later = case
        .get("/admin/v1/orgs/{o}/events-stream?limit=500")
        .await
        .json
        .to_string();
    assert!(
        later.len() > log.len() && later.contains("user_deactivated") && later.contains("user_reactivated")
    );
}

#[tokio::test]
async fn doing_it_twice_is_a_conflict_when_switched() {
    let case = Case::start(TwinOptions {
        repeat_lifecycle: RepeatLifecycle::Conflict,
        ..small(Shape::Typical)
    })
    .await;
    let id = free(&case).await;

    assert_eq!(lifecycle(&case, &id, "enable").await.status, 409);
    assert_eq!(lifecycle(&case, &id, "disable").await.status, 204);
    let got = lifecycle(&case, &id, "disable").await;
    assert_eq!((got.status, &got.json["context"]["accountId"]), (409, &json!(id)));
}

#[tokio::test]
async fn deletion_has_fourteen_days() {
    let case = case().await;
    let id = free(&case).await;
    let day_s = 86_400;

    assert_eq!(lifecycle(&case, &id, "cancel-delete").await.status, 409);
    assert_eq!(lifecycle(&case, &id, "delete").await.status, 200);
    assert_eq!(lifecycle(&case, &id, "enable").await.status, 409);
    case.twin.advance_s(13 * day_s);
    assert_eq!(case.account(&id)["account_status"], "inactive");
    assert_eq!(lifecycle(&case, &id, "cancel-delete").await.status, 200);
    case.twin.advance_s(2 * day_s);
    assert_eq!(case.account(&id)["account_status"], "active");

    assert_eq!(lifecycle(&case, &id, "delete").await.status, 200);
    case.twin.advance_s(14 * day_s);
    assert_eq!(case.account(&id)["account_status"], "closed");
    assert!(
        case.facts("api_token")
            .iter()
            .all(|fact| fact["account_id"] != id)
    );
    let got = lifecycle(&case, &id, "enable").await;
    assert_eq!(
        (got.status, &got.json["key"]),
        (409, &json!("conflict.lifecycleErrors"))
    );
}

#[tokio::test]
async fn export_control_and_the_owner_of_the_key_are_refused() {
    let case = case().await;
    let blocked = managed_with(&case, |json| {
        json["lifecycle.enablement"]["reason"]["key"] == "blocked.exportControl"
    })
    .await;
    let owner = managed_with(&case, |json| {
        json["lifecycle.delete"]["reason"]["key"] == "administrative.notMyself"
    })
    .await;

    let got = lifecycle(&case, &blocked, "enable").await;
    assert_eq!(
        (got.status, &got.json["context"]["errorCodes"][0]["code"]),
        (409, &json!("EXPORT_CONTROL"))
    );
    let got = lifecycle(&case, &owner, "disable").await;
    assert_eq!((got.status, &got.json["key"]), (403, &json!("forbidden.action")));
    assert_eq!(got.json["context"]["reason"]["key"], "administrative.notMyself");
}

#[tokio::test]
async fn crippled_organizations_say_what_they_lack() {
    let path = format!("/users/{}/manage", case().await.managed()[0]);
    let old = Case::start(TwinOptions {
        user_management: OnOff::Off,
        ..small(Shape::Typical)
    })
    .await;
    let got = old.get(&path).await;
    assert_eq!((got.status, &got.json["key"]), (403, &json!("forbidden")));
    assert!(got.json["errorDetail"].as_str().unwrap().contains("not enabled"));

    let without_log = Case::start(TwinOptions {
        audit_log: OnOff::Off,
        ..small(Shape::Typical)
    })
    .await;
    for path in ["events", "events-stream", "event-actions"] {
        assert_eq!(
            without_log
                .get(&format!("/admin/v1/orgs/{{o}}/{path}"))
                .await
                .status,
            403
        );
    }

    let unclaimed = Case::start(TwinOptions {
        verified_domains: OnOff::Off,
        ..small(Shape::Typical)
    })
    .await;
    assert!(unclaimed.managed().is_empty() && unclaimed.facts("api_token").is_empty());
    assert!(
        unclaimed
            .facts("domain")
            .iter()
            .all(|fact| fact["claim_status"] != "verified")
    );
    assert_eq!(
        unclaimed.get(&path).await.json["key"],
        "forbidden.targetUnverified"
    );
}

#[tokio::test]
async fn printed_key_is_of_the_kind_asked_for() {
    for (key, admin, users) in [
        (KeyKind::Unscoped, 200, 200),
        (KeyKind::Scoped, 200, 403),
        (KeyKind::SiteToken, 401, 401),
        (KeyKind::AdminExpired, 401, 401),
    ] {
        let case = Case::start(TwinOptions {
            key,
            ..small(Shape::Typical)
        })
        .await;
        let path = format!("/users/{}/manage", case.managed()[0]);

        assert_eq!(case.get("/admin/v1/orgs").await.status, admin, "{key:?}");
        assert_eq!(case.get(&path).await.status, users, "{key:?}");
    }
}

#[tokio::test]
async fn any_operation_can_be_disabled_by_its_name() {
    let names = ["getProfile", "getOrgs", "searchDirectoryUsers"]
        .map(str::to_owned)
        .to_vec();
    let case = Case::start(TwinOptions {
        disabled_endpoints: names,
        ..small(Shape::Typical)
    })
    .await;
    let id = case.managed().remove(0);

    let got = case.get(&format!("/users/{id}/manage/profile")).await;
    assert_eq!((got.status, &got.json["key"]), (403, &json!("forbidden")));
    assert_eq!(case.get("/admin/v1/orgs").await.status, 403);
    assert_eq!(case.get(&format!("/users/{id}/manage")).await.status, 200);
}
