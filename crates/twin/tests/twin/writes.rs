//! Writes: what they answer, when they show, and what they refuse.

use reqwest::Method;
use serde_json::{Value, json};
use twin::{OnOff, Shape, TwinOptions};

use crate::client::{Case, small};
use crate::naive;

/// A group that may be changed, and an active account of its directory that is not in it and no administrator.
async fn group_and_outsider(case: &Case) -> (String, String, String) {
    let memberships = case.facts("membership");
    for directory in case.directories().await {
        let base = format!("/admin/v2/orgs/{{o}}/directories/{directory}");
        let groups = case.post_all(&format!("{base}/groups/search"), json!({})).await;
        let users = case
            .post_all(
                &format!("{base}/users/search"),
                json!({ "status": ["active"], "expand": ["platformRoles"] }),
            )
            .await;
        for group in groups.iter().filter(|group| group["externalSynced"] == false) {
            let grants = case
                .get_all(&format!("{base}/groups/{}/role-assignments", text(&group["id"])))
                .await;
            let is_in = |user: &Value| {
                let same =
                    |fact: &Value| fact["group_id"] == group["id"] && fact["account_id"] == user["accountId"];
                memberships.iter().any(same)
            };
            if let (true, Some(user)) = (
                grants.is_empty(),
                users
                    .iter()
                    .find(|user| !is_in(user) && user["platformRoles"] == json!([])),
            ) {
                return (directory, text(&group["id"]), text(&user["accountId"]));
            }
        }
    }
    panic!("no group with an outsider");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn code(json: &Value) -> String {
    text(&json["errors"][0]["code"])
}

#[tokio::test]
async fn membership_shows_after_the_lag_and_is_told_apart_when_repeated() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, group, account) = group_and_outsider(&case).await;
    let path = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups/{group}/memberships");
    let fact = json!({ "kind": "membership", "group_id": group, "account_id": account }).to_string();

    assert_eq!(
        case.post(&path, json!({ "accountId": account })).await.status,
        204
    );
    assert!(!case.truth().contains(&fact));
    let again = case.post(&path, json!({ "accountId": account })).await;
    assert_eq!(
        (again.status, code(&again.json).as_str()),
        (409, "ADMIN-UAM-409-2")
    );
    case.twin.advance_s(2);
    assert!(case.truth().contains(&fact));
    assert_eq!(naive::read(&case).await, case.truth());

    let member = format!("{path}/{account}");
    assert_eq!(case.got(Method::DELETE, &member, None).await.status, 204);
    assert_eq!(case.got(Method::DELETE, &member, None).await.status, 404);
    case.twin.advance_s(2);
    assert!(!case.truth().contains(&fact));
}

#[tokio::test]
async fn stranger_cannot_be_added_and_a_dash_names_no_directory() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, group, account) = group_and_outsider(&case).await;
    let path =
        |directory: &str| format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups/{group}/memberships");

    assert_eq!(
        case.post(&path(&directory), json!({ "accountId": "712020:nobody" }))
            .await
            .status,
        404
    );
    assert_eq!(
        case.post(&path("-"), json!({ "accountId": account }))
            .await
            .status,
        400
    );
    assert_eq!(
        case.post(&path(&directory), json!({ "account": account }))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn synced_groups_refuse_edits() {
    let case = Case::start(small(Shape::Typical)).await;
    let groups = case
        .post_all("/admin/v2/orgs/{o}/directories/-/groups/search", json!({}))
        .await;
    let synced = groups
        .iter()
        .find(|group| group["externalSynced"] == true)
        .unwrap();
    let base = format!(
        "/admin/v2/orgs/{{o}}/directories/{}/groups/{}",
        text(&synced["directoryId"]),
        text(&synced["id"])
    );

    let refused = case
        .post(&format!("{base}/memberships"), json!({ "accountId": "x" }))
        .await;
    assert_eq!(
        (refused.status, code(&refused.json).as_str()),
        (403, "ADMIN-UAM-403-1")
    );
    assert_eq!(case.got(Method::DELETE, &base, None).await.status, 403);
}

#[tokio::test]
async fn group_is_made_without_id_found_by_name_and_deleted() {
    let case = Case::start(small(Shape::Typical)).await;
    let directory = case.directories().await.remove(0);
    let groups = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups");

    let made = case
        .post(
            &groups,
            json!({ "name": "night-shift", "description": "at night" }),
        )
        .await;
    assert_eq!((made.status, made.json.get("id")), (201, None));
    let taken = case.post(&groups, json!({ "name": "night-shift" })).await;
    assert_eq!(taken.status, 409);
    let find = json!({ "groupNames": ["night-shift"], "expand": ["counts.users", "counts.resources"] });
    assert!(
        case.post_all(&format!("{groups}/search"), find.clone())
            .await
            .is_empty()
    );
    case.twin.advance_s(2);
    let found = case.post_all(&format!("{groups}/search"), find.clone()).await;
    assert_eq!(found[0]["counts"], json!({ "users": 0, "resources": 0 }));

    let one = format!("{groups}/{}", text(&found[0]["id"]));
    assert_eq!(case.got(Method::DELETE, &one, None).await.status, 204);
    case.twin.advance_s(2);
    let gone = case.get(&one).await;
    assert_eq!((gone.status, code(&gone.json).as_str()), (404, "ADMIN-UAM-404-3"));
}

#[tokio::test]
async fn default_group_may_not_be_deleted() {
    let case = Case::start(small(Shape::Typical)).await;
    let groups = case
        .post_all("/admin/v2/orgs/{o}/directories/-/groups/search", json!({}))
        .await;
    let default = groups
        .iter()
        .find(|group| text(&group["name"]) == "confluence-acme-users")
        .unwrap();
    let path = format!(
        "/admin/v2/orgs/{{o}}/directories/{}/groups/{}",
        text(&default["directoryId"]),
        text(&default["id"])
    );

    let refused = case.got(Method::DELETE, &path, None).await;

    assert_eq!(
        (refused.status, code(&refused.json).as_str()),
        (409, "ADMIN-UAM-409-1")
    );
}

#[tokio::test]
async fn suspended_account_keeps_its_roles_and_comes_back() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, _, account) = group_and_outsider(&case).await;
    let user = format!("/admin/v2/orgs/{{o}}/directories/{directory}/users/{account}");
    let holdings = case.facts("role_holding");

    assert_eq!(
        case.got(Method::POST, &format!("{user}/suspend"), None)
            .await
            .status,
        204
    );
    case.twin.advance_s(2);
    let detail = case.get(&user).await.json;
    assert_eq!(
        (&detail["data"]["status"], &detail["data"]["membershipStatus"]),
        (&json!("suspended"), &json!("suspended"))
    );
    assert_eq!(case.facts("role_holding"), holdings);
    assert_eq!(
        case.got(Method::POST, &format!("{user}/suspend"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        case.got(Method::POST, &format!("{user}/restore"), None)
            .await
            .status,
        204
    );
    case.twin.advance_s(2);
    assert_eq!(case.get(&user).await.json["data"]["status"], "active");
}

#[tokio::test]
async fn organization_admin_cannot_be_suspended() {
    let case = Case::start(small(Shape::Typical)).await;
    let admin = case
        .facts("platform_role")
        .into_iter()
        .find(|it| it["role"] == "atlassian/org-admin")
        .unwrap();
    let memberships = case.facts("directory_membership");
    let place = memberships
        .iter()
        .find(|it| it["account_id"] == admin["account_id"])
        .unwrap();
    let path = format!(
        "/admin/v2/orgs/{{o}}/directories/{}/users/{}/suspend",
        text(&place["directory_id"]),
        text(&admin["account_id"])
    );

    assert_eq!(case.got(Method::POST, &path, None).await.status, 400);
}

#[tokio::test]
async fn removal_is_a_job_that_runs_later() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, _, account) = group_and_outsider(&case).await;
    let user = format!("/admin/v2/orgs/{{o}}/directories/{directory}/users/{account}");

    assert_eq!(case.got(Method::DELETE, &user, None).await.status, 204);
    case.twin.advance_s(2);
    assert_eq!(case.get(&user).await.status, 200);
    case.twin.advance_s(5);
    assert_eq!(case.get(&user).await.status, 404);
    assert_eq!(naive::read(&case).await, case.truth());
}

#[tokio::test]
async fn organization_role_shows_after_half_a_minute_and_brings_inferred_roles() {
    let case = Case::start(small(Shape::Typical)).await;
    let (_, _, account) = group_and_outsider(&case).await;
    let path = format!("/admin/v1/orgs/{{o}}/users/{account}/role-assignments");
    let holds = || {
        case.facts("platform_role")
            .iter()
            .any(|it| it["account_id"] == account && it["role"] == "atlassian/org-admin")
    };

    assert_eq!(
        case.post(
            &format!("{path}/assign"),
            json!({ "role": "atlassian/org-admin" })
        )
        .await
        .status,
        204
    );
    case.twin.advance_s(20);
    assert!(!holds());
    case.twin.advance_s(11);
    assert!(holds());
    let inferred = case.facts("method").into_iter().filter(|it| {
        it["account_id"] == account && it["methods"].as_array().unwrap().contains(&json!("inferred"))
    });
    assert_eq!(inferred.count(), case.facts("workspace").len());
    assert_eq!(
        case.post(&format!("{path}/assign"), json!({ "role": "atlassian/user" }))
            .await
            .status,
        400
    );
    assert_eq!(
        case.post(
            &format!("{path}/revoke"),
            json!({ "role": "atlassian/org-admin" })
        )
        .await
        .status,
        204
    );
}

#[tokio::test]
async fn direct_role_is_given_and_taken() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, _, account) = group_and_outsider(&case).await;
    let workspaces = case.post_all("/admin/v2/orgs/{o}/workspaces", json!({})).await;
    let here = workspaces
        .iter()
        .find(|it| it["attributes"]["directory"] == directory)
        .unwrap();
    let path = format!("/admin/v1/orgs/{{o}}/users/{account}/roles");
    let ask = json!({ "role": "atlassian/basic", "resource": here["id"] });
    let held = || {
        case.facts("role_holding")
            .iter()
            .any(|it| it["account_id"] == account && it["role"] == "atlassian/basic")
    };

    assert_eq!(
        case.post(&format!("{path}/assign"), ask.clone()).await.status,
        204
    );
    case.twin.advance_s(2);
    assert!(held());
    assert_eq!(
        case.post(&format!("{path}/revoke"), ask.clone()).await.status,
        204
    );
    case.twin.advance_s(2);
    assert!(!held());
    assert_eq!(case.post(&format!("{path}/revoke"), ask).await.status, 404);
    let unknown = json!({ "role": "atlassian/user", "resource": "ari:cloud:jira::site/none" });
    assert_eq!(case.post(&format!("{path}/assign"), unknown).await.status, 404);
    assert_eq!(
        case.post(&format!("{path}/assign"), json!({ "role": "atlassian/user" }))
            .await
            .status,
        400
    );
    assert_eq!(
        case.post(
            &format!("{path}/assign"),
            json!({ "role": "wizard", "resource": here["id"] })
        )
        .await
        .status,
        400
    );
}

#[tokio::test]
async fn group_role_is_given_and_taken() {
    let case = Case::start(small(Shape::Typical)).await;
    let (directory, group, _) = group_and_outsider(&case).await;
    let workspaces = case.post_all("/admin/v2/orgs/{o}/workspaces", json!({})).await;
    let here = workspaces
        .iter()
        .find(|it| it["attributes"]["directory"] == directory)
        .unwrap();
    let elsewhere = workspaces
        .iter()
        .find(|it| it["attributes"]["directory"] != directory)
        .unwrap();
    let path = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups/{group}/role-assignments");
    let ask = json!({ "roleId": "atlassian/guest", "resourceId": here["id"] });

    assert_eq!(
        case.post(&format!("{path}/assign"), ask.clone()).await.status,
        204
    );
    assert_eq!(
        case.post(&format!("{path}/assign"), ask.clone()).await.status,
        409
    );
    case.twin.advance_s(2);
    assert_eq!(case.get_all(&path).await[0]["roles"], json!(["atlassian/guest"]));
    assert_eq!(case.post(&format!("{path}/revoke"), ask).await.status, 204);
    case.twin.advance_s(2);
    assert!(case.get_all(&path).await.is_empty());
    let foreign = json!({ "roleId": "atlassian/guest", "resourceId": elsewhere["id"] });
    assert_eq!(case.post(&format!("{path}/assign"), foreign).await.status, 404);
}

#[tokio::test]
async fn licence_limit_is_told_apart_from_a_conflict() {
    let case = Case::start(small(Shape::Typical)).await;
    let workspaces = case.post_all("/admin/v2/orgs/{o}/workspaces", json!({})).await;
    let limited = workspaces
        .iter()
        .find(|it| it["attributes"]["capacity"].is_number())
        .unwrap();
    let directory = text(&limited["attributes"]["directory"]);
    let users = format!("/admin/v2/orgs/{{o}}/directories/{directory}/users/search");
    let mut codes = Vec::new();
    for user in case.post_all(&users, json!({})).await {
        let path = format!(
            "/admin/v1/orgs/{{o}}/users/{}/roles/assign",
            text(&user["accountId"])
        );
        let got = case
            .post(
                &path,
                json!({ "role": "atlassian/user", "resource": limited["id"] }),
            )
            .await;
        case.twin.advance_s(2);
        codes.push((got.status, got.json["errors"][0]["code"].clone()));
    }

    // The directory of the limited workspace may be too small to fill it; then nobody is refused.
    let refused = codes.iter().filter(|(status, _)| *status == 409).count();
    assert!(
        codes
            .iter()
            .all(|(status, code)| *status == 204 || *code == json!("ADMIN-UAM-409-3"))
    );
    assert_eq!(refused > 0, codes.len() > 60, "{refused} of {}", codes.len());
}

#[tokio::test]
async fn invitation_can_hold_partial_failures() {
    let case = Case::start(small(Shape::Typical)).await;
    let workspaces = case.post_all("/admin/v2/orgs/{o}/workspaces", json!({})).await;
    let ask = json!({
        "emails": ["new.person@acme.example.com"],
        "permissionRules": [
            { "resource": workspaces[0]["id"], "role": "atlassian/user" },
            { "resource": "ari:cloud:jira::site/none", "role": "atlassian/user" },
        ],
    });

    let got = case.post("/admin/v2/orgs/{o}/users/invite", ask.clone()).await;
    let results = &got.json["data"][0]["results"][0]["roleAssignmentResult"];
    assert_eq!(
        (&results[0]["status"], &results[1]["status"]),
        (&json!("INVITED"), &json!("ERROR"))
    );
    assert_eq!(
        case.post("/admin/v2/orgs/{o}/users/invite", ask).await.status,
        409
    );
    case.twin.advance_s(2);
    let id = &got.json["data"][0]["id"];
    assert!(
        case.facts("role_holding")
            .iter()
            .any(|it| it["account_id"] == *id && it["role"] == "atlassian/user")
    );
    assert_eq!(naive::read(&case).await, case.truth());
    let unpaid = Case::start(small(Shape::Empty)).await;
    assert_eq!(
        unpaid
            .post("/admin/v2/orgs/{o}/users/invite", json!({ "emails": ["a@b.c"] }))
            .await
            .status,
        402
    );
}

#[tokio::test]
async fn policy_is_made_changed_and_deleted() {
    let case = Case::start(small(Shape::Typical)).await;
    let policies = "/admin/v1/orgs/{o}/policies";
    let body = |name: &str| {
        json!({ "data": { "type": "policy", "attributes": {
        "type": "ip-allowlist", "name": name, "rule": { "in": ["192.0.2.1"] } } } })
    };

    let made = case.post(policies, body("home")).await;
    assert_eq!(made.status, 202);
    let one = format!("{policies}/{}", text(&made.json["data"]["id"]));
    assert_eq!(case.get(&one).await.status, 404);
    assert_eq!(case.got(Method::PUT, &one, Some(body("away"))).await.status, 202);
    case.twin.advance_s(2);
    assert_eq!(case.get(&one).await.json["data"]["attributes"]["name"], "away");
    let resource = json!({ "id": "ari:cloud:jira::site/1" });
    assert_eq!(case.post(&format!("{one}/resources"), resource).await.status, 202);
    let resource = format!("{one}/resources/ari:cloud:jira::site%2F1");
    assert_eq!(
        case.got(Method::PUT, &resource, Some(json!({}))).await.status,
        202
    );
    assert_eq!(case.got(Method::DELETE, &resource, None).await.status, 204);
    assert_eq!(case.got(Method::DELETE, &one, None).await.status, 204);
    case.twin.advance_s(2);
    assert_eq!(case.get(&one).await.status, 404);
    let other = json!({ "data": { "type": "policy", "attributes": { "type": "hipaa" } } });
    assert_eq!(case.post(policies, other).await.status, 400);
}

#[tokio::test]
async fn removed_v1_operations_answer_only_while_switched_on() {
    let on = Case::start(small(Shape::Typical)).await;
    let off = Case::start(TwinOptions {
        legacy_v1: OnOff::Off,
        ..small(Shape::Typical)
    })
    .await;
    let (_, group, account) = group_and_outsider(&on).await;
    let user = format!("/admin/v1/orgs/{{o}}/directory/users/{account}");
    let members = format!("/admin/v1/orgs/{{o}}/directory/groups/{group}/memberships");

    for path in ["suspend-access", "restore-access"].map(|call| format!("{user}/{call}")) {
        assert_eq!(on.got(Method::POST, &path, None).await.status, 200);
        assert_eq!(off.got(Method::POST, &path, None).await.status, 404);
    }
    assert_eq!(
        on.post(&members, json!({ "account_id": account })).await.status,
        200
    );
    assert_eq!(
        off.post(&members, json!({ "account_id": account })).await.status,
        404
    );
    let made = on
        .post(
            "/admin/v1/orgs/{o}/directory/groups",
            json!({ "name": "old-way" }),
        )
        .await;
    assert!(made.json["groupId"].is_string());
    assert_eq!(on.got(Method::DELETE, &user, None).await.status, 204);
    assert_eq!(
        on.post("/admin/v1/orgs/{o}/users/search", json!({ "limit": 5 }))
            .await
            .json["data"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(
        on.post("/admin/v1/orgs/{o}/groups/search", json!({ "limit": 5 }))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn disabled_operations_answer_as_told() {
    for (answer, status) in [(403, 403), (404, 404)] {
        let disabled_endpoints = ["roles-assign", "roles-revoke", "invite"]
            .map(str::to_owned)
            .to_vec();
        let options = TwinOptions {
            disabled_endpoints,
            disabled_answer: answer,
            ..small(Shape::Typical)
        };
        let case = Case::start(options).await;

        for path in [
            "v1/orgs/{o}/users/x/roles/assign",
            "v1/orgs/{o}/users/x/roles/revoke",
            "v2/orgs/{o}/users/invite",
        ] {
            assert_eq!(
                case.post(&format!("/admin/{path}"), json!({})).await.status,
                status,
                "{path}"
            );
        }
    }
}
