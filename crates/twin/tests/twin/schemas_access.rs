//! The answers of API access and admin control, judged by their schemas.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Case;
use crate::schemas::Judge;

pub async fn judge(judge: &mut Judge, case: &Case) {
    access(judge, case).await;
    control(judge, case).await;
    let known = case.twin.truth(false).len();
    for line in case.twin.truth_all().iter().skip(known) {
        judge.check("truthMore", &serde_json::from_str(line).unwrap());
    }
}

async fn access(judge: &mut Judge, case: &Case) {
    let base = "/admin/api-access/v1/orgs/{o}";
    for (path, schema) in [
        ("api-keys?sort=-expiresAt", "getApiKeys"),
        ("api-keys/count", "getApiKeysCount"),
        ("service-accounts", "getServiceAccounts"),
        ("service-accounts/api-tokens", "getServiceAccountsTokens"),
        ("service-accounts/oauth-clients", "getServiceAccountsClients"),
        ("oauth-clients", "getOauthClients"),
    ] {
        judge.pages(case, schema, &format!("{base}/{path}"), None).await;
    }
    let post = async |path: &str, body: Value| case.post(&format!("{base}/{path}"), body).await.json;
    judge.check(
        "getServiceAccountsCount",
        &post("service-accounts/count", json!({})).await,
    );
    judge.check(
        "getOauthClientsCount",
        &post("oauth-clients/count", json!({})).await,
    );
    let made = post(
        "service-accounts",
        json!({ "displayName": "robot", "description": "x" }),
    )
    .await;
    judge.check("createServiceAccount", &made);
    let change = json!({ "id": made["id"], "displayName": "android" });
    let changed = case
        .got(Method::PATCH, &format!("{base}/service-accounts"), Some(change))
        .await;
    judge.check("updateServiceAccount", &changed.json);
    let client = post(
        "oauth-clients",
        json!({ "name": "c", "serviceAccountId": made["id"], "scopes": ["a"] }),
    )
    .await;
    judge.check("createOauthClient", &client);
    let client = format!("{base}/oauth-clients/{}", client["clientId"].as_str().unwrap());
    judge.check("getOauthClient", &case.get(&client).await.json);
    let list = case.get(&format!("{base}/service-accounts")).await.json;
    let one = format!(
        "{base}/service-accounts/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    judge.check(
        "getServiceAccountTokens",
        &case.get(&format!("{one}/api-tokens")).await.json,
    );
    judge.check(
        "getServiceAccountClients",
        &case.get(&format!("{one}/oauth-clients")).await.json,
    );
}

async fn control(judge: &mut Judge, case: &Case) {
    let body = json!({ "data": { "type": "policy", "attributes": { "type": "data-security", "name": "x", "status": "enabled" } } });
    for (version, names) in [
        (
            "v1",
            [
                "controlGetPolicies",
                "controlCreatePolicy",
                "controlGetPolicy",
                "controlUpdatePolicy",
                "controlGetResources",
            ],
        ),
        (
            "v2",
            [
                "controlGetDraftedPolicies",
                "controlCreateDraft",
                "controlGetDraftedPolicy",
                "controlUpdateDraft",
                "controlGetDraftedResources",
            ],
        ),
    ] {
        let base = format!("/admin/control/{version}/orgs/{{o}}/policies");
        let made = case.post(&base, body.clone()).await;
        assert_eq!(made.status, 202);
        judge.check(names[1], &made.json);
        case.twin.advance_s(2);
        judge.check(names[0], &case.get(&base).await.json);
        let one = format!("{base}/{}", made.json["data"]["id"].as_str().unwrap());
        assert_eq!(
            case.post(&format!("{one}/resources"), json!({ "id": "r" }))
                .await
                .status,
            202
        );
        judge.check(
            names[3],
            &case.got(Method::PUT, &one, Some(body.clone())).await.json,
        );
        case.twin.advance_s(2);
        judge.check(names[2], &case.get(&one).await.json);
        judge.check(names[4], &case.get(&format!("{one}/resources")).await.json);
    }
    let base = "/admin/control/v1/orgs/{o}";
    let users = json!({ "userIds": case.managed()[..2] });
    let policies = case
        .post(&format!("{base}/users/auth-policies/bulk-fetch"), users.clone())
        .await
        .json;
    judge.check("fetchAuthPoliciesOfUsers", &policies);
    let policy = policies["data"][0]["policyId"].as_str().unwrap();
    let task = case
        .post(&format!("{base}/auth-policy/{policy}/add-users"), users)
        .await
        .json;
    judge.check("addUsersToAuthPolicy", &task);
    let task = format!("{base}/auth-policy/task/{}", task["taskId"].as_str().unwrap());
    judge.check("getAuthPolicyTask", &case.get(&task).await.json);
}
