//! Bodies that nobody should send to the twin: each is answered, none with a problem of the server's own.

use crate::client::{Case, small};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};
use twin::Shape;

/// Calls with a body: method, path with places for the organization `{o}`, a directory, an account, a group, a SCIM
/// base.
const CALLS: [(&str, &str); 24] = [
    ("POST", "/admin/v2/orgs/{o}/directories/{d}/users/search"),
    ("POST", "/admin/v2/orgs/{o}/directories/{d}/groups/search"),
    ("POST", "/admin/v2/orgs/{o}/workspaces"),
    ("POST", "/admin/v2/orgs/{o}/users/invite"),
    ("POST", "/admin/v1/orgs/{o}/users/{a}/roles/assign"),
    ("POST", "/admin/v1/orgs/{o}/users/{a}/roles/revoke"),
    ("POST", "/admin/v1/orgs/{o}/users/{a}/role-assignments/assign"),
    ("POST", "/admin/v2/orgs/{o}/directories/{d}/groups"),
    (
        "POST",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/memberships",
    ),
    (
        "POST",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments/assign",
    ),
    ("POST", "/admin/v1/orgs/{o}/policies"),
    ("POST", "/admin/api-access/v1/orgs/{o}/service-accounts"),
    ("PATCH", "/admin/api-access/v1/orgs/{o}/service-accounts"),
    ("POST", "/admin/api-access/v1/orgs/{o}/service-accounts/count"),
    ("POST", "/admin/api-access/v1/orgs/{o}/oauth-clients"),
    ("POST", "/admin/control/v1/orgs/{o}/policies"),
    ("POST", "/admin/control/v2/orgs/{o}/policies"),
    ("POST", "/admin/control/v2/orgs/{o}/policies/publishDraftPolicies"),
    (
        "POST",
        "/admin/control/v1/orgs/{o}/users/auth-policies/bulk-fetch",
    ),
    ("PATCH", "/users/{a}/manage/profile"),
    ("PUT", "/users/{a}/manage/email"),
    ("POST", "{s}/Users"),
    ("POST", "{s}/Groups"),
    ("PATCH", "{s}/Users/{u}"),
];

/// Names that bodies are known to have, with values that they should not have.
fn body() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "limit",
        "cursor",
        "accountIds",
        "groupIds",
        "resourceIds",
        "roleIds",
        "status",
        "expand",
        "sortBy",
        "emails",
        "searchTerm",
        "query",
        "permissionRules",
        "role",
        "resource",
        "resourceId",
        "roleId",
        "accountId",
        "name",
        "description",
        "email",
        "attributes",
        "data",
        "type",
        "rule",
        "schemas",
        "Operations",
        "operations",
        "op",
        "path",
        "value",
        "userName",
        "displayName",
        "members",
        "active",
        "extended_profile",
        "and",
        "nor",
        "field",
        "values",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "add",
            "replace",
            "remove",
            "members[value eq \"x\"]",
            "emails[",
            "a.b.c",
            "-1",
            "atlassian/user"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

#[tokio::test]
async fn no_body_is_a_problem_of_the_servers_own() {
    let case = Case::start(small(Shape::Messy)).await;
    let accounts = case.facts("membership");
    let text = |name: &str| accounts[0][name].as_str().unwrap().to_owned();
    let (account, group) = (text("account_id"), text("group_id"));
    let directory = case.directories().await.remove(0);
    let scim = case
        .twin
        .scim_base_url()
        .strip_prefix(case.twin.base_url())
        .unwrap()
        .to_owned();
    let users = case.request(Method::GET, &format!("{scim}/Users?count=1"));
    let users = users.bearer_auth(case.twin.scim_token()).send().await.unwrap();
    let users: Value = serde_json::from_str(&users.text().await.unwrap()).unwrap();
    let user = users["Resources"][0]["id"].as_str().unwrap().to_owned();
    let mut runner = TestRunner::deterministic();
    let bodies = body();
    for round in 0..30 {
        for (method, path) in CALLS {
            let path = path
                .replace("{a}", &account)
                .replace("{g}", &group)
                .replace("{d}", &directory)
                .replace("{s}", &scim)
                .replace("{u}", &user);
            let is_scim = path.starts_with(&scim);
            let key = if is_scim {
                case.twin.scim_token()
            } else {
                case.twin.api_key()
            };
            let body = bodies.new_tree(&mut runner).unwrap().current().to_string();
            // Every fifth is cut in the middle of whatever it is.
            let sent: Vec<u8> = if round % 5 == 4 {
                body.as_bytes()[..body.len() / 2].to_vec()
            } else {
                body.clone().into()
            };
            let method: Method = method.parse().unwrap();
            let request = case.request(method, &path).bearer_auth(key);
            let response = request
                .header("content-type", "application/json")
                .body(sent)
                .send()
                .await;
            let status = response.unwrap().status().as_u16();
            assert!((200..500).contains(&status), "{status} to {path} {body}");
        }
    }
    assert_eq!(case.get("/admin/v1/orgs/{o}").await.status, 200);
    assert!(!case.truth().is_empty());
}

#[tokio::test]
async fn a_body_nested_without_end_or_too_large_is_refused() {
    let case = Case::start(small(Shape::Single)).await;
    let path = "/admin/v2/orgs/{o}/directories/-/users/search";
    let send = |body: String| {
        case.request(Method::POST, path)
            .bearer_auth(case.twin.api_key())
            .body(body)
            .send()
    };
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    assert_eq!(send(deep).await.unwrap().status().as_u16(), 400);
    let large = json!({ "searchTerm": "x".repeat(2 << 20) }).to_string();
    assert_eq!(send(large).await.unwrap().status().as_u16(), 413);
}
