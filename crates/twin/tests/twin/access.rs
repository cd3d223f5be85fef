//! API access and admin control: inventories of keys, and policies with drafts.

use reqwest::Method;
use serde_json::{Value, json};
use twin::Shape;

use crate::client::{Case, START_MS, small};

const ACCESS: &str = "/admin/api-access/v1/orgs/{o}";
const DAY_MS: i64 = 86_400_000;

async fn case() -> Case {
    Case::start(small(Shape::Typical)).await
}

async fn count(case: &Case, path: &str) -> u64 {
    let got = case.get(&format!("{ACCESS}/{path}")).await;
    got.json["count"]
        .as_u64()
        .unwrap_or_else(|| panic!("{path}: {}", got.json))
}

#[tokio::test]
async fn tokens_are_filtered_by_every_time_and_sorted() {
    let case = case().await;
    let all = count(&case, "api-tokens/count").await;
    for name in ["createdAt", "lastActiveAt", "expiresAt"] {
        let part = |query: String| count_of(&case, query);
        let old = part(format!("{name}SearchType=lt&{name}Uom=day&{name}Value=100")).await;
        let new = part(format!("{name}SearchType=gt&{name}Uom=day&{name}Value=100")).await;
        assert!(old + new <= all && old + new > 0, "{name}: {old} {new} {all}");
        let edge = START_MS - 100 * DAY_MS;
        let (from, to) = (format!("{name}From={edge}"), format!("{name}To={}", edge - 1));
        assert_eq!(
            part(from).await + part(to).await,
            part(format!("{name}From=0")).await
        );
        let sorted = case
            .get_all(&format!("{ACCESS}/api-tokens?pageSize=50&sort=-{name}"))
            .await;
        let times: Vec<&str> = sorted
            .iter()
            .map(|it| it[name].as_str().unwrap_or_default())
            .collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{name}");
    }
    assert_eq!(
        count(&case, "api-tokens/count?createdAtFrom=2000-01-01").await,
        all
    );
    for bad in [
        "createdAtSearchType=eq",
        "createdAtUom=hour",
        "sort=colour",
        "createdAtFrom=soon",
    ] {
        assert_eq!(
            case.get(&format!("{ACCESS}/api-tokens?{bad}")).await.status,
            400,
            "{bad}"
        );
    }
}

async fn count_of(case: &Case, query: String) -> u64 {
    count(case, &format!("api-tokens/count?{query}")).await
}

#[tokio::test]
async fn all_tokens_can_be_revoked_at_once() {
    let case = case().await;

    let got = case
        .got(Method::DELETE, &format!("{ACCESS}/api-tokens"), None)
        .await;
    assert_eq!(got.status, 200);
    case.twin.advance_s(2);

    assert!(case.facts("api_token").is_empty());
    assert_eq!(count(&case, "api-tokens/count").await, 0);
}

#[tokio::test]
async fn keys_are_listed_expire_and_are_revoked() {
    let case = case().await;
    let keys = case.get_all(&format!("{ACCESS}/api-keys?sort=expiresAt")).await;
    assert_eq!(keys.len() as u64, count(&case, "api-keys/count").await);
    assert!(
        keys.iter()
            .all(|key| key["createdBy"]["id"] == case.managed()[0].as_str())
    );
    let soon = format!("api-keys/count?expiresAtTo={}", START_MS + 30 * DAY_MS);
    assert_eq!(count(&case, &soon).await, 2);
    assert_eq!(count(&case, "api-keys/count?keyType=scoped").await, 2);
    let scoped = keys
        .iter()
        .find(|key| key["label"] == "governance, scoped")
        .unwrap();
    let with_scoped = async || {
        let request = case
            .request(Method::GET, "/admin/v1/orgs")
            .bearer_auth(case.twin.scoped_api_key());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(with_scoped().await, 200);
    let revoke = format!("{ACCESS}/api-keys/revoke/{}", scoped["id"].as_str().unwrap());
    assert_eq!(case.got(Method::PATCH, &revoke, None).await.status, 200);
    assert_eq!(with_scoped().await, 401);
    assert_eq!(case.got(Method::PATCH, &revoke, None).await.status, 404);

    assert_eq!(case.get("/admin/v1/orgs").await.status, 200);
    case.twin.advance_s(365 * 86_400);
    assert_eq!(case.get("/admin/v1/orgs").await.status, 401);
}

#[tokio::test]
async fn service_accounts_live_with_their_tokens_and_clients() {
    let case = case().await;
    let base = format!("{ACCESS}/service-accounts");
    let list = case.get(&base).await.json;
    let first = list["items"][0]["id"].as_str().unwrap();
    let tokens = |json: Value| json["data"].as_array().unwrap().len();
    let before = tokens(case.get(&format!("{base}/api-tokens")).await.json);
    assert_eq!(
        case.got(Method::DELETE, &format!("{base}/{first}/api-tokens"), None)
            .await
            .status,
        200
    );
    assert_eq!(
        tokens(case.get(&format!("{base}/api-tokens")).await.json),
        before - 1
    );
    let clients = tokens(case.get(&format!("{ACCESS}/oauth-clients")).await.json);
    assert_eq!(
        case.got(Method::DELETE, &format!("{base}/{first}"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        tokens(case.get(&format!("{ACCESS}/oauth-clients")).await.json),
        clients - 1
    );
    let rest = case.get(&base).await.json;
    assert_eq!(
        rest["total"].as_u64(),
        list["total"].as_u64().map(|total| total - 1)
    );
    assert_eq!(
        case.got(Method::DELETE, &format!("{base}/{first}"), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn draft_is_in_force_when_its_rule_is_published() {
    let case = case().await;
    let control = |version: &str| format!("/admin/control/{version}/orgs/{{o}}/policies");
    let body = json!({ "data": { "type": "policy", "attributes": { "type": "ip-allowlist", "name": "drafted", "rule": { "in": ["192.0.2.0/24"] } } } });
    let draft = case.post(&control("v2"), body).await;
    let id = draft.json["data"]["id"].as_str().unwrap().to_owned();
    case.twin.advance_s(2);
    assert_eq!(case.get(&format!("{}/{id}", control("v2"))).await.status, 200);
    assert_eq!(case.get(&format!("{}/{id}", control("v1"))).await.status, 404);

    let publish = format!("{}/publishDraftPolicies", control("v2"));
    assert_eq!(
        case.post(&publish, json!({ "ruleName": "other" })).await.status,
        400
    );
    assert_eq!(
        case.post(&publish, json!({ "ruleName": "ip-allowlist" }))
            .await
            .status,
        202
    );
    case.twin.advance_s(2);

    assert_eq!(case.get(&format!("{}/{id}", control("v1"))).await.status, 200);
    assert!(
        case.facts("policy")
            .iter()
            .any(|fact| fact["policy_id"] == id.as_str())
    );
    assert_eq!(
        case.got(Method::DELETE, &format!("{}/{id}", control("v2")), None)
            .await
            .status,
        405
    );
    assert_eq!(
        case.got(Method::DELETE, &format!("{}/{id}", control("v1")), None)
            .await
            .status,
        200
    );
    assert_eq!(
        case.get(&format!("{}/{id}/validate", control("v1"))).await.status,
        202
    );
}

#[tokio::test]
async fn only_the_documented_types_are_there_and_the_rest_is_nowhere() {
    let case = case().await;
    let policies = case.get("/admin/control/v1/orgs/{o}/policies").await.json;
    let types: Vec<&str> = policies["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["attributes"]["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["ip-allowlist", "data-residency", "data-security"]);
    for path in [
        "control/v1/orgs/{o}/auth-policies",
        "control/v2/orgs/{o}/mobile-policies",
        "control/v3/orgs/{o}/policies",
    ] {
        let got = case.get(&format!("/admin/{path}")).await;
        assert!(got.status == 404 && got.json["message"].is_string());
    }
    let other = json!({ "data": { "attributes": { "type": "generative-ai" } } });
    assert_eq!(
        case.post("/admin/control/v1/orgs/{o}/policies", other)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn users_get_under_a_policy_by_a_task() {
    let case = case().await;
    let base = "/admin/control/v1/orgs/{o}";
    let ids = case.managed();
    let fetch = format!("{base}/users/auth-policies/bulk-fetch");
    let all = case.post(&fetch, json!({ "userIds": ids[..100] })).await.json;
    let rows = all["data"].as_array().unwrap();
    let single = rows
        .iter()
        .find(|row| row["policyName"] == "Single sign-on")
        .unwrap();
    let plain = rows
        .iter()
        .find(|row| row["policyName"] != "Single sign-on" && row["userId"] != ids[0].as_str())
        .unwrap();
    let user = plain["userId"].as_str().unwrap();

    let add = format!(
        "{base}/auth-policy/{}/add-users",
        single["policyId"].as_str().unwrap()
    );
    let task = case.post(&add, json!({ "userIds": [user, "nobody"] })).await;
    assert_eq!(task.status, 202);
    let task = format!(
        "{base}/auth-policy/task/{}",
        task.json["taskId"].as_str().unwrap()
    );
    assert_eq!(case.get(&task).await.json["status"], "IN_PROGRESS");
    case.twin.advance_s(6);

    let ended = case.get(&task).await.json;
    assert_eq!(
        (&ended["status"], &ended["failedUserIds"]),
        (&json!("PARTIAL_SUCCESS"), &json!(["nobody"]))
    );
    let now = case.post(&fetch, json!({ "userIds": [user] })).await.json;
    assert_eq!(now["data"][0]["policyId"], single["policyId"]);
    assert_eq!(case.post(&fetch, json!({ "userIds": [] })).await.status, 400);
}

#[tokio::test]
async fn more_truth_is_told_only_when_asked_for() {
    let case = case().await;
    let plain = case.twin.truth(false);
    let all = case.twin.truth_all();

    assert_eq!(all[..plain.len()], plain[..]);
    let kinds: Vec<String> = all[plain.len()..]
        .iter()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut distinct = kinds.clone();
    distinct.dedup();
    assert_eq!(
        distinct,
        ["api_key", "service_account", "scim_user", "scim_group"]
    );
    let url = case.url("/_twin/truth?all=1");
    let told = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert_eq!(told.lines().map(str::to_owned).collect::<Vec<_>>(), all);
}
