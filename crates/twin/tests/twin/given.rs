//! A twin of a given organization: its truth is what was given, and everything else works on it.

use serde_json::{Value, json};
use twin::{OnOff, Shape, Twin, TwinError, TwinOptions};

use crate::client::{Case, small};
use crate::naive;

const SHAPES: [Shape; 6] = [
    Shape::Typical,
    Shape::DirectHeavy,
    Shape::Messy,
    Shape::Empty,
    Shape::Single,
    Shape::AllSuspended,
];

async fn given(lines: Vec<String>) -> Case {
    let twin = Twin::start_from(small(Shape::Typical), lines.into_iter())
        .await
        .unwrap();
    Case::on(twin)
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test]
async fn truth_comes_back_for_every_shape() {
    for shape in SHAPES {
        for (seed, methods, changes) in [(7, true, 0), (8, false, 0), (9, true, 200), (10, false, 200)] {
            let first = Case::start(TwinOptions { seed, ..small(shape) }).await;
            first.twin.mutate(changes, seed);
            let lines = first.twin.truth(methods);

            let second = given(lines.clone()).await;

            assert_eq!(
                sorted(second.twin.truth(methods)),
                sorted(lines),
                "{shape:?} {seed}"
            );
            assert_eq!(naive::read(&second).await, second.truth(), "{shape:?} {seed}");
        }
    }
}

#[tokio::test]
async fn order_of_the_lines_does_not_matter() {
    let first = Case::start(small(Shape::Messy)).await;
    let mut lines = first.twin.truth(true);
    lines.reverse();

    let second = given(lines).await;

    assert_eq!(second.truth(), first.truth());
}

#[tokio::test]
async fn everything_works_on_a_given_organization() {
    let first = Case::start(small(Shape::Typical)).await;
    let case = given(first.twin.truth(true)).await;
    assert_eq!(case.twin.org_id(), first.twin.org_id());

    case.twin.mutate(300, 3);
    let id = case.managed().pop().unwrap();
    let got = case
        .post(&format!("/users/{id}/manage/lifecycle/disable"), json!({}))
        .await;
    assert_eq!(got.status, 204);
    case.twin.advance_s(20);

    assert_eq!(naive::read(&case).await, case.truth());
    assert_eq!(case.account(&id)["account_status"], "inactive");
    let events = case.get("/admin/v1/orgs/{o}/events-stream?limit=500").await.json;
    assert!(events["data"].as_array().unwrap().len() > 200);
}

fn fact(json: Value) -> String {
    json.to_string()
}

/// An organization that says things which do not follow from its groups.
fn odd() -> Vec<String> {
    let account = |id: &str| {
        fact(
            json!({ "kind": "account", "account_id": id, "account_type": "atlassian", "account_status": "active",
            "claim_status": "managed", "name": id, "email": format!("{id}@acme.example.com") }),
        )
    };
    let place = |id: &str| {
        fact(
            json!({ "kind": "directory_membership", "directory_id": "d", "account_id": id, "status": "active" }),
        )
    };
    let held = |id: &str, resource: &str, role: &str| {
        fact(json!({ "kind": "role_holding", "account_id": id, "resource_id": resource, "role": role }))
    };
    let method = |id: &str, resource: &str, role: &str, methods: Value| {
        fact(
            json!({ "kind": "method", "account_id": id, "resource_id": resource, "role": role, "methods": methods }),
        )
    };
    let wiki = "ari:cloud:confluence::site/1";
    vec![
        account("ann"),
        place("ann"),
        held("ann", wiki, "atlassian/user"),
        method("ann", wiki, "atlassian/user", json!(["direct", "group_direct"])),
        fact(json!({ "kind": "platform_role", "account_id": "ann", "role": "atlassian/site-admin" })),
        account("bob"),
        place("bob"),
        held("bob", wiki, "atlassian/new-role"),
        method("bob", wiki, "atlassian/new-role", json!(["inferred"])),
        account("cyd"),
        account("dan"),
        place("dan"),
        fact(json!({ "kind": "group", "group_id": "g", "directory_id": "d", "name": "users" })),
        fact(json!({ "kind": "membership", "group_id": "g", "account_id": "dan" })),
        fact(
            json!({ "kind": "group_role_grant", "group_id": "g", "resource_id": wiki, "role": "atlassian/user" }),
        ),
        fact(json!({ "kind": "workspace", "workspace_id": wiki, "type_key": "confluence", "name": "wiki" })),
    ]
}

#[tokio::test]
async fn what_does_not_follow_is_kept_until_it_is_written() {
    let case = given(odd()).await;
    assert_eq!(case.truth(), sorted(odd()));
    let filter = json!({ "resourceIds": ["ari:cloud:confluence::site/1"], "roleIds": ["atlassian/new-role", "atlassian/user"] });
    let found = case
        .post_all("/admin/v2/orgs/{o}/directories/-/users/search", filter)
        .await;
    assert_eq!(
        found
            .iter()
            .map(|it| it["accountId"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["ann", "bob"]
    );
    assert_eq!(case.get("/users/cyd/manage/profile").await.status, 200);

    let members = "/admin/v2/orgs/{o}/directories/d/groups/g/memberships";
    assert_eq!(
        case.got(reqwest::Method::DELETE, &format!("{members}/dan"), None)
            .await
            .status,
        204
    );
    case.twin.advance_s(2);
    assert_eq!(
        case.post(members, json!({ "accountId": "dan" })).await.status,
        204
    );
    case.twin.advance_s(2);

    assert!(
        case.facts("role_holding")
            .iter()
            .any(|fact| fact["account_id"] == "dan")
    );
}

#[tokio::test]
async fn errors_name_the_line() {
    let account = json!({ "kind": "account", "account_id": "a", "account_type": null, "account_status": null,
        "claim_status": null, "name": null, "email": null });
    let cases = [
        (vec![account.to_string(), "{".to_owned()], 2, "EOF"),
        (
            vec![json!({ "kind": "planet", "name": "x" }).to_string()],
            1,
            "unknown variant",
        ),
        (
            vec![json!({ "kind": "account", "name": "x" }).to_string()],
            1,
            "account_id",
        ),
        (vec![account.to_string(), account.to_string()], 2, "told before"),
        (
            vec![
                account.to_string(),
                String::new(),
                json!({ "kind": "membership", "group_id": "g", "account_id": "a" }).to_string(),
            ],
            3,
            "group g",
        ),
        (
            vec![json!({ "kind": "platform_role", "account_id": "z", "role": "atlassian/user" }).to_string()],
            1,
            "account z",
        ),
    ];
    for (lines, line, word) in cases {
        let error = Twin::start_from(small(Shape::Typical), lines.into_iter())
            .await
            .unwrap_err();

        assert!(
            matches!(&error, TwinError::Fact { line: at, .. } if *at == line),
            "{error}"
        );
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_given_organization_can_be_crippled() {
    let first = Case::start(small(Shape::Typical)).await;
    let options = TwinOptions {
        verified_domains: OnOff::Off,
        ..small(Shape::Typical)
    };
    let case = Case::on(
        Twin::start_from(options, first.twin.truth(true).into_iter())
            .await
            .unwrap(),
    );

    assert!(case.managed().is_empty());
}
