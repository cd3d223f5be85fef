//! Reads: keys, filters, expansions, pages, cursors, switches, controls.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use twin::{CursorStyle, FilterSemantics, NextStyle, OnOff, Shape, TwinOptions};

use crate::client::{Case, small};

const SEARCH: &str = "/admin/v2/orgs/{o}/directories/-/users/search";
const COUNT: &str = "/admin/v2/orgs/{o}/directories/-/users/count";

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter()
        .map(|row| row["accountId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn both_keys_open_the_door_and_others_do_not() {
    let case = Case::start(small(Shape::Typical)).await;
    let path = "/admin/v1/orgs/{o}";
    let with = async |key: &str| {
        case.request(Method::GET, path)
            .bearer_auth(key)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };

    assert_eq!(with(case.twin.api_key()).await, 200);
    assert_eq!(with(case.twin.scoped_api_key()).await, 200);
    assert_eq!(with("other").await, 401);
    assert_eq!(with(case.twin.scim_token()).await, 401);
    assert_eq!(
        case.request(Method::GET, path)
            .basic_auth("a", Some("b"))
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let gateway = case
        .request(Method::POST, "/admin/v2/orgs/{o}/workspaces")
        .send()
        .await
        .unwrap();
    assert_eq!(
        gateway.json::<Value>().await.unwrap(),
        json!({ "code": 401, "message": "Unauthorized" })
    );
}

#[tokio::test]
async fn other_organizations_and_paths_are_not_there() {
    let case = Case::start(small(Shape::Typical)).await;

    assert_eq!(case.get("/admin/v2/orgs/0000/directories").await.status, 404);
    assert_eq!(case.get("/admin/v1/orgs/0000").await.status, 403);
    assert_eq!(
        case.get("/admin/v2/orgs/{o}/nothing").await.json,
        json!({ "message": "Not Found" })
    );
    assert_eq!(
        case.get("/admin/v2/orgs/{o}/directories/none/users").await.status,
        404
    );
    assert_eq!(
        case.got(Method::DELETE, "/admin/v1/orgs/{o}", None).await.status,
        405
    );
}

#[tokio::test]
async fn base_url_is_good_with_and_without_admin() {
    let case = Case::start(small(Shape::Typical)).await;

    for prefix in ["", "/admin", "/admin/admin"] {
        assert_eq!(
            case.get(&format!("{prefix}/v1/orgs")).await.json["data"][0]["id"],
            case.twin.org_id()
        );
    }
}

#[tokio::test]
async fn description_is_told_in_a_fixed_order() {
    let case = Case::start(small(Shape::Single)).await;
    let description = case.twin.description();
    let keys: Vec<&str> = description
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();

    assert_eq!(
        keys,
        [
            "base_url",
            "org_id",
            "api_key",
            "scoped_api_key",
            "scim_base_url",
            "scim_token"
        ]
    );
}

#[tokio::test]
async fn expansions_are_absent_unless_asked_for() {
    let case = Case::start(small(Shape::Typical)).await;
    let bare = case.post(SEARCH, json!({})).await.json;
    let all = json!({ "expand": ["platformRoles", "counts.resources", "productAccess", "groups"] });
    let full = case.post(SEARCH, all).await.json;

    for key in ["platformRoles", "counts", "productAccess", "groups"] {
        assert!(
            bare["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|it| it.get(key).is_none()),
            "{key}"
        );
        assert!(
            full["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|it| it.get(key).is_some()),
            "{key}"
        );
    }
    assert_eq!(bare["data"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn counts_equal_what_the_lists_hold() {
    let case = Case::start(small(Shape::Typical)).await;
    let holdings = case.facts("role_holding");
    let resources = |id: &Value| {
        let held = holdings.iter().filter(|it| it["account_id"] == *id);
        held.map(|it| it["resource_id"].to_string())
            .collect::<BTreeSet<_>>()
            .len()
    };
    for user in case
        .post_all(SEARCH, json!({ "expand": ["counts.resources"] }))
        .await
    {
        assert_eq!(user["counts"]["resources"], resources(&user["accountId"]));
    }
    let memberships = case.facts("membership");
    let ask = json!({ "expand": ["counts.users", "counts.resources"], "limit": 7 });
    for group in case
        .post_all("/admin/v2/orgs/{o}/directories/-/groups/search", ask)
        .await
    {
        let members = memberships
            .iter()
            .filter(|it| it["group_id"] == group["id"])
            .count();
        assert_eq!(group["counts"]["users"], members);
        let found = case.post_all(SEARCH, json!({ "groupIds": [group["id"]] })).await;
        assert_eq!(found.len(), members);
    }
}

#[tokio::test]
async fn joint_and_independent_filters_differ_as_told() {
    let joint = Case::start(small(Shape::Typical)).await;
    let independent = Case::start(TwinOptions {
        filters: FilterSemantics::Independent,
        ..small(Shape::Typical)
    })
    .await;
    let holdings = joint.facts("role_holding");
    for workspace in joint.facts("workspace") {
        let ari = workspace["workspace_id"].as_str().unwrap();
        let on = |role: Option<&str>| -> BTreeSet<String> {
            let held = holdings
                .iter()
                .filter(|it| it["resource_id"] == ari && role.is_none_or(|role| it["role"] == role));
            held.map(|it| it["account_id"].as_str().unwrap().to_owned())
                .collect()
        };
        let anywhere: BTreeSet<String> = holdings
            .iter()
            .filter(|it| it["role"] == "atlassian/admin")
            .map(|it| it["account_id"].as_str().unwrap().to_owned())
            .collect();
        let ask = json!({ "resourceIds": [ari], "roleIds": ["atlassian/admin"] });
        let query = format!("{COUNT}?resourceIds={ari}&roleIds=atlassian/admin");

        let got_joint = ids(&joint.post_all(SEARCH, ask.clone()).await);
        let got_independent = ids(&independent.post_all(SEARCH, ask).await);

        assert_eq!(got_joint, on(Some("atlassian/admin")));
        assert_eq!(
            got_independent,
            on(None).intersection(&anywhere).cloned().collect()
        );
        assert_eq!(joint.get(&query).await.json["count"], got_joint.len());
        assert_eq!(independent.get(&query).await.json["count"], got_independent.len());
        assert_eq!(
            ids(&joint.post_all(SEARCH, json!({ "resourceIds": [ari] })).await),
            on(None)
        );
    }
}

#[tokio::test]
async fn filters_find_unlisted_resources_and_statuses() {
    let case = Case::start(small(Shape::Typical)).await;
    let organization = format!("ari:cloud:platform::org/{}", case.twin.org_id());
    let admins = case
        .post_all(
            SEARCH,
            json!({ "resourceIds": [organization], "roleIds": ["atlassian/org-admin"] }),
        )
        .await;
    let suspended = case
        .post_all(SEARCH, json!({ "membershipStatus": ["suspended"] }))
        .await;
    let all = case.post_all(SEARCH, json!({})).await;
    let stats = case
        .get("/admin/v2/orgs/{o}/directories/-/users/stats")
        .await
        .json;
    let users = stats["roles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["roleId"] == "atlassian/user")
        .unwrap();
    let holders = case.get(&format!("{COUNT}?roleIds=atlassian/user")).await.json;

    let org_admins = case
        .facts("platform_role")
        .into_iter()
        .filter(|it| it["role"] == "atlassian/org-admin")
        .count();
    assert_eq!(admins.len(), org_admins);
    assert!(!suspended.is_empty() && suspended.len() < all.len());
    assert_eq!(users["count"], holders["count"]);
    assert_eq!(case.get(COUNT).await.json["count"], 150);
    assert_eq!(
        case.post(SEARCH, json!({ "searchTerm": "a", "emails": ["b"] }))
            .await
            .status,
        400
    );
    let email = all[3]["email"].clone();
    assert_eq!(case.post_all(SEARCH, json!({ "emails": [email] })).await.len(), 1);
}

#[tokio::test]
async fn sizes_of_pages_are_bounded_as_documented() {
    let case = Case::start(TwinOptions {
        search_max: 50,
        ..small(Shape::Typical)
    })
    .await;
    let length = |json: &Value| json["data"].as_array().unwrap().len();
    let list = "/admin/v2/orgs/{o}/directories/-/users";

    assert_eq!(length(&case.post(SEARCH, json!({ "limit": 100 })).await.json), 50);
    assert_eq!(length(&case.get(list).await.json), 20);
    for limit in [0, 101] {
        assert_eq!(case.get(&format!("{list}?limit={limit}")).await.status, 400);
    }
    assert_eq!(case.post(SEARCH, json!({ "limit": 0 })).await.status, 400);
    let tokens = "/admin/api-access/v1/orgs/{o}/api-tokens";
    assert_eq!(case.get(&format!("{tokens}?limit=20")).await.status, 500);
    assert_eq!(case.get(&format!("{tokens}?pageSize=1001")).await.status, 400);
    let groups_cut = Case::start(TwinOptions {
        expand_groups_max: Some(1),
        ..small(Shape::Typical)
    })
    .await;
    let rows = groups_cut.post_all(SEARCH, json!({ "expand": ["groups"] })).await;
    assert!(
        rows.iter()
            .all(|row| row["groups"].as_array().unwrap().len() <= 1)
    );
}

#[tokio::test]
async fn cursors_may_come_alone_or_with_their_question_but_not_with_another() {
    for next in [NextStyle::Cursor, NextStyle::Url] {
        let case = Case::start(TwinOptions {
            next,
            ..small(Shape::Typical)
        })
        .await;
        let ask = json!({ "accountStatus": ["active"], "limit": 30, "expand": ["groups"] });
        let first = case.post(SEARCH, ask.clone()).await.json;
        let cursor = first["links"]["next"].clone();
        assert_eq!(
            cursor.as_str().unwrap().starts_with("http"),
            next == NextStyle::Url
        );

        let alone = case.post(SEARCH, json!({ "cursor": cursor })).await;
        let mut whole = ask.clone();
        whole["cursor"] = cursor.clone();
        let with_question = case.post(SEARCH, whole).await;
        let foreign = case
            .post(SEARCH, json!({ "cursor": cursor, "accountStatus": ["inactive"] }))
            .await;
        let garbage = case.post(SEARCH, json!({ "cursor": "xyz" })).await;
        let elsewhere = case
            .post(
                "/admin/v2/orgs/{o}/directories/-/groups/search",
                json!({ "cursor": cursor }),
            )
            .await;

        assert_eq!(alone.json["data"].as_array().unwrap().len(), 30);
        assert_eq!(alone.json["data"], with_question.json["data"]);
        assert_eq!(
            (foreign.status, garbage.status, elsewhere.status),
            (400, 400, 400)
        );
    }
}

#[tokio::test]
async fn workspace_cursor_carries_everything() {
    let case = Case::start(small(Shape::Typical)).await;
    let path = "/admin/v2/orgs/{o}/workspaces";
    let directory = case.directories().await.remove(0);
    let query = json!({ "field": { "name": "directory", "values": [directory] } });
    let first = case.post(path, json!({ "limit": 2, "query": query })).await.json;
    let url = first["links"]["next"].as_str().unwrap();

    let second = case.post(path, json!({ "cursor": url })).await.json;
    let crowded = case.post(path, json!({ "cursor": url, "limit": 2 })).await;

    assert!(url.starts_with("http"));
    assert_eq!(second["data"].as_array().unwrap().len(), 2);
    assert!(
        second["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["attributes"]["directory"] == directory)
    );
    assert_eq!(
        (crowded.status, crowded.json["status"].clone()),
        (400, json!("400"))
    );
}

/// Reads a search while members leave between the pages.
async fn read_during_changes(cursors: CursorStyle) -> (BTreeSet<String>, BTreeSet<String>) {
    let case = Case::start(TwinOptions {
        cursors,
        ..small(Shape::Typical)
    })
    .await;
    let mut told = BTreeSet::new();
    let mut ask = json!({ "limit": 10 });
    for turn in 0.. {
        let got = case.post(SEARCH, ask.clone()).await.json;
        told.extend(ids(got["data"].as_array().unwrap()));
        let Some(next) = got["links"]["next"].as_str() else {
            break;
        };
        ask["cursor"] = json!(next);
        case.twin.mutate(20, turn);
    }
    let left = case
        .facts("account")
        .iter()
        .map(|it| it["account_id"].as_str().unwrap().to_owned())
        .collect();
    (told, left)
}

#[tokio::test]
async fn keyset_cursors_lose_nobody_who_stays_and_offset_cursors_do() {
    let (told, left) = read_during_changes(CursorStyle::Keyset).await;
    assert!(
        left.difference(&told).count() <= 12,
        "only newcomers behind the cursor may be missing"
    );
    let lost_by_key: Vec<_> = left.difference(&told).collect();
    assert!(lost_by_key.is_empty(), "{lost_by_key:?}");

    let (told, left) = read_during_changes(CursorStyle::Offset).await;
    assert!(left.difference(&told).next().is_some());
}

#[tokio::test]
async fn messy_lists_have_empty_pages_and_odd_values() {
    let case = Case::start(TwinOptions {
        users: 400,
        ..small(Shape::Messy)
    })
    .await;
    let mut empty = 0;
    let mut ask = json!({ "limit": 10 });
    loop {
        let got = case.post(SEARCH, ask.clone()).await.json;
        empty += u32::from(got["data"] == json!([]));
        let Some(next) = got["links"]["next"].as_str() else {
            break;
        };
        ask["cursor"] = json!(next);
    }
    let accounts = case.facts("account");
    let memberships = case.facts("directory_membership");
    let statuses = |id: &Value| {
        let own = memberships.iter().filter(|it| it["account_id"] == *id);
        own.map(|it| it["status"].to_string())
            .collect::<BTreeSet<_>>()
            .len()
    };

    assert!(empty > 0);
    assert!(accounts.iter().any(|it| it["email"].is_null()));
    assert!(
        accounts
            .iter()
            .any(|it| !it["name"].as_str().unwrap_or_default().is_ascii())
    );
    assert!(accounts.iter().any(|it| statuses(&it["account_id"]) > 1));
    assert!(
        case.facts("role_holding")
            .iter()
            .any(|it| it["role"] == "atlassian/viewer")
    );
}

#[tokio::test]
async fn controls_are_not_counted_and_need_no_key() {
    let case = Case::start(small(Shape::Typical)).await;
    case.directories().await;
    let over_http = case
        .request(Method::GET, "/_twin/truth?methods=1")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let before = case.twin.now_ms();
    case.request(Method::POST, "/_twin/clock")
        .json(&json!({ "advance_s": 60 }))
        .send()
        .await
        .unwrap();
    let mutated = case
        .request(Method::POST, "/_twin/mutate")
        .json(&json!({ "random": 10, "seed": 3 }))
        .send()
        .await
        .unwrap();

    assert_eq!(
        case.twin.stats(),
        json!({ "requests": 1, "operations": { "getDirectoriesForOrg": 1 }, "rate_limited": 0 })
    );
    assert_eq!(mutated.status(), 200);
    assert!(over_http.lines().count() > 1000);
    assert!(case.twin.now_ms() - before >= 60_000);
}

#[tokio::test]
async fn stopped_twin_answers_no_more() {
    let case = Case::start(TwinOptions {
        legacy_v1: OnOff::Off,
        ..small(Shape::Single)
    })
    .await;
    let url = case.url("/admin/v1/orgs");

    case.twin.stop().await;

    assert!(reqwest::Client::new().get(url).send().await.is_err());
}
