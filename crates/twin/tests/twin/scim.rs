//! SCIM: records, links, changes in every spelling, and what the organization shows of them.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use twin::{ScimDomains, ScimMedia, Shape, TwinOptions};

use crate::client::{Case, Got, small};
use crate::naive;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ATLASSIAN: &str = "urn:scim:schemas:extension:atlassian-external:1.0";

async fn case() -> Case {
    Case::start(small(Shape::Typical)).await
}

impl Case {
    /// A request with the token of the directory, below its address.
    pub async fn scim(&self, method: Method, path: &str, body: Option<Value>) -> Got {
        let base = self
            .twin
            .scim_base_url()
            .strip_prefix(self.twin.base_url())
            .unwrap();
        let mut request = self
            .request(method, &format!("{base}/{path}"))
            .bearer_auth(self.twin.scim_token());
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        Got {
            status,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
        }
    }
}

pub fn person(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "displayName": format!("The {name}"),
        "emails": [{ "value": format!("{name}@acme.example.com"), "type": "work", "primary": true }] })
}

async fn create(case: &Case, name: &str) -> Value {
    let got = case.scim(Method::POST, "Users", Some(person(name))).await;
    assert_eq!(got.status, 201, "{}", got.json);
    got.json
}

async fn patch(case: &Case, path: &str, operations: Value) -> Got {
    let body =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
    case.scim(Method::PATCH, path, Some(body)).await
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

fn account(user: &Value) -> String {
    user[ATLASSIAN]["atlassianAccountId"].as_str().unwrap().to_owned()
}

fn is_known(case: &Case, account: &str) -> bool {
    case.facts("account")
        .iter()
        .any(|fact| fact["account_id"] == account)
}

#[tokio::test]
async fn synced_accounts_are_users_and_pushed_groups_are_groups() {
    let case = Case::start(TwinOptions {
        groups: 150,
        ..small(Shape::Typical)
    })
    .await;
    let users = case.scim(Method::GET, "Users?count=1000", None).await.json;
    let groups = case.scim(Method::GET, "Groups", None).await.json;

    let known: BTreeSet<String> = case.managed().into_iter().collect();
    let listed = users["Resources"].as_array().unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|user| known.contains(&account(user))));
    let directory = &case.directories().await[0];
    let search = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups/search");
    let synced = case.post_all(&search, json!({})).await;
    let synced: BTreeSet<&str> = synced
        .iter()
        .filter(|it| it["externalSynced"] == true)
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let listed = groups["Resources"].as_array().unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|it| it["displayName"].as_str().unwrap())
            .collect::<BTreeSet<_>>(),
        synced
    );
    let member = listed.iter().find_map(|group| {
        Some((
            id(group),
            group["members"].as_array()?[0]["value"].as_str()?.to_owned(),
        ))
    });
    let (group, user) = member.unwrap();
    let user = case.scim(Method::GET, &format!("Users/{user}"), None).await.json;
    assert!(
        user["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["value"] == group.as_str())
    );
}

#[tokio::test]
async fn created_user_reads_at_once_and_its_account_after_the_lag() {
    let case = case().await;
    let body = json!({ "schemas": [USER, ENTERPRISE], "userName": "Neu", "name": { "givenName": "Ne", "familyName": "Uer" }, "title": "Keeper",
        "emails": [{ "value": "neu@acme.example.com", "primary": true }], ENTERPRISE: { "department": "Night" } });
    let got = case.scim(Method::POST, "Users", Some(body.clone())).await;
    assert_eq!((got.status, &got.json["active"]), (201, &json!(true)));
    let (user, account) = (id(&got.json), account(&got.json));

    assert_eq!(
        case.scim(Method::GET, &format!("Users/{user}"), None).await.json,
        got.json
    );
    assert!(!is_known(&case, &account));
    let again = case.scim(Method::POST, "Users", Some(body)).await;
    assert_eq!(
        (again.status, &again.json["scimType"]),
        (409, &json!("uniqueness"))
    );
    case.twin.advance_s(2);
    let fact = case.account(&account);
    assert_eq!(
        (&fact["name"], &fact["claim_status"]),
        (&json!("Ne Uer"), &json!("managed"))
    );
    let found = case
        .get(&format!("/admin/v2/orgs/{{o}}/directories/-/users/{account}"))
        .await
        .json;
    assert_eq!(
        (&found["data"]["department"], &found["data"]["managementSource"]),
        (&json!("Night"), &json!("synced"))
    );
    assert_eq!(naive::read(&case).await, case.truth());
}

#[tokio::test]
async fn user_with_the_address_of_an_account_is_linked_to_it() {
    let case = case().await;
    let free = case
        .facts("account")
        .into_iter()
        .filter(|fact| fact["claim_status"] == "managed" && fact["account_status"] == "active");
    let mut linked = 0;
    for fact in free.take(20) {
        let email = fact["email"].as_str().unwrap();
        let body = json!({ "schemas": [USER], "userName": format!("linked {email}"), "emails": [{ "value": email, "primary": true }] });
        let got = case.scim(Method::POST, "Users", Some(body)).await;
        match got.status {
            201 => {
                assert_eq!(account(&got.json), fact["account_id"].as_str().unwrap());
                linked += 1;
            }
            _ => assert_eq!(got.json["scimType"], "uniqueness", "{}", got.json),
        }
    }
    assert!(linked > 3);
}

#[tokio::test]
async fn deactivating_and_deleting_reach_the_account() {
    let case = case().await;
    let user = create(&case, "leaver").await;
    let (path, account) = (format!("Users/{}", id(&user)), account(&user));
    case.twin.advance_s(2);

    let got = patch(
        &case,
        &path,
        json!([{ "op": "Replace", "path": "active", "value": false }]),
    )
    .await;
    assert_eq!((got.status, &got.json["active"]), (200, &json!(false)));
    assert_eq!(case.account(&account)["account_status"], "active");
    case.twin.advance_s(2);
    assert_eq!(case.account(&account)["account_status"], "inactive");
    let got = patch(
        &case,
        &path,
        json!([{ "op": "replace", "value": { "active": true } }]),
    )
    .await;
    assert_eq!(got.json["active"], true);
    case.twin.advance_s(2);
    assert_eq!(case.account(&account)["account_status"], "active");

    // The other way round: what user management does shows here after the lag.
    assert_eq!(
        case.post(&format!("/users/{account}/manage/lifecycle/disable"), json!({}))
            .await
            .status,
        204
    );
    assert_eq!(case.scim(Method::GET, &path, None).await.json["active"], true);
    case.twin.advance_s(2);
    assert_eq!(case.scim(Method::GET, &path, None).await.json["active"], false);
    assert_eq!(
        case.post(&format!("/users/{account}/manage/lifecycle/enable"), json!({}))
            .await
            .status,
        204
    );
    case.twin.advance_s(2);

    assert_eq!(case.scim(Method::DELETE, &path, None).await.status, 204);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(case.scim(method, &path, None).await.status, 404);
    }
    case.twin.advance_s(2);
    assert_eq!(case.account(&account)["account_status"], "inactive");
    let again = create(&case, "leaver").await;
    assert_ne!(id(&again), id(&user));
    assert_eq!(self::account(&again), account);
}

#[tokio::test]
async fn users_change_in_both_spellings_and_with_all_kinds_of_paths() {
    let case = case().await;
    let path = format!("Users/{}", id(&create(&case, "changed").await));
    let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]);
    let lower =
        json!({ "schemas": schemas, "operations": [{ "op": "ADD", "path": "title", "value": "Smith" }] });
    assert_eq!(
        case.scim(Method::PATCH, &path, Some(lower)).await.json["title"],
        "Smith"
    );

    let got = patch(&case, &path, json!([
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "changed.new@acme.example.com" },
        { "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "123" },
        { "op": "Add", "path": "name.givenName", "value": "Chan" },
        { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Iron" },
        { "op": "add", "value": { "nickName": "ch", "name.familyName": "Ged", format!("{ENTERPRISE}:organization"): "Guild" } },
        { "op": "remove", "path": "title" },
    ])).await;
    assert_eq!(got.status, 200, "{}", got.json);
    assert_eq!(
        got.json["emails"],
        json!([{ "value": "changed.new@acme.example.com", "type": "work", "primary": true }])
    );
    assert_eq!(
        got.json["phoneNumbers"],
        json!([{ "type": "mobile", "value": "123" }])
    );
    assert_eq!(
        got.json["name"],
        json!({ "givenName": "Chan", "familyName": "Ged" })
    );
    assert_eq!(
        got.json[ENTERPRISE],
        json!({ "department": "Iron", "organization": "Guild" })
    );
    assert!(got.json["nickName"] == "ch" && got.json.get("title").is_none());

    let home = json!([{ "op": "add", "path": "emails", "value": [{ "value": "home@acme.example.com", "type": "home", "primary": true }] }]);
    let got = patch(&case, &path, home).await;
    assert_eq!(got.json["emails"][0]["primary"], false);
    let got = patch(
        &case,
        &path,
        json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]),
    )
    .await;
    assert_eq!(got.json["emails"].as_array().unwrap().len(), 1);
    case.twin.advance_s(2);
    let fact = case.account(&account(&got.json));
    assert_eq!(fact["email"], "home@acme.example.com");
}

#[tokio::test]
async fn impossible_changes_say_why() {
    let case = case().await;
    let path = format!("Users/{}", id(&create(&case, "stubborn").await));
    let cases = [
        (json!([{ "op": "move", "path": "title" }]), "invalidSyntax"),
        (json!([{ "op": "remove" }]), "noTarget"),
        (
            json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x" }]),
            "noTarget",
        ),
        (
            json!([{ "op": "replace", "path": "emails[type", "value": "x" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "replace", "path": "emails[type co \"h\"].value", "value": "x" }]),
            "invalidFilter",
        ),
        (
            json!([{ "op": "replace", "path": "shoeSize", "value": "x" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "replace", "path": "groups", "value": [] }]),
            "mutability",
        ),
        (
            json!([{ "op": "replace", "path": "id", "value": "x" }]),
            "mutability",
        ),
        (
            json!([{ "op": "replace", "path": "active", "value": "False" }]),
            "invalidValue",
        ),
        (json!([{ "op": "remove", "path": "userName" }]), "invalidValue"),
        (json!([]), "invalidSyntax"),
    ];
    for (operations, kind) in cases {
        let got = patch(&case, &path, operations.clone()).await;
        assert_eq!(
            (got.status, &got.json["scimType"]),
            (400, &json!(kind)),
            "{operations}: {}",
            got.json
        );
    }
    for body in [
        json!({ "userName": "x" }),
        json!({ "schemas": [USER], "userName": "x" }),
        json!({ "schemas": [USER], "userName": "x", "emails": [{ "value": "x@acme.example.com" }] }),
    ] {
        assert_eq!(case.scim(Method::POST, "Users", Some(body)).await.status, 400);
    }
}

#[tokio::test]
async fn replacing_clears_what_is_left_out() {
    let case = case().await;
    let mut body = person("whole");
    body["title"] = json!("Smith");
    let user = case.scim(Method::POST, "Users", Some(body)).await.json;

    let got = case
        .scim(
            Method::PUT,
            &format!("Users/{}", id(&user)),
            Some(person("whole")),
        )
        .await;

    assert_eq!((got.status, got.json.get("title")), (200, None));
    assert_eq!(got.json["meta"]["created"], user["meta"]["created"]);
}

#[tokio::test]
async fn lists_are_filtered_paged_and_cut() {
    let case = case().await;
    for name in ["one", "two", "three"] {
        let mut body = person(name);
        body["externalId"] = json!(format!("ext-{name}"));
        case.scim(Method::POST, "Users", Some(body)).await;
    }
    for filter in [
        "userName eq \"TWO\"",
        "externalId EQ \"ext-two\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"two\"",
    ] {
        let got = case
            .scim(
                Method::GET,
                &format!("Users?filter={}", filter.replace(' ', "%20")),
                None,
            )
            .await
            .json;
        assert_eq!(
            (&got["totalResults"], &got["Resources"][0]["userName"]),
            (&json!(1), &json!("two")),
            "{filter}"
        );
    }
    for filter in [
        "title eq \"x\"",
        "userName co \"x\"",
        "userName eq x",
        "userName",
        "userName eq \"a\" and active eq true",
    ] {
        let got = case
            .scim(
                Method::GET,
                &format!("Users?filter={}", filter.replace(' ', "%20")),
                None,
            )
            .await;
        assert_eq!(
            (got.status, &got.json["scimType"]),
            (400, &json!("invalidFilter")),
            "{filter}"
        );
    }
    let total = case.scim(Method::GET, "Users?count=0", None).await.json;
    assert_eq!(total["Resources"], json!([]));
    let total = total["totalResults"].as_u64().unwrap();
    let mut seen = BTreeSet::new();
    for start in (1..=total).step_by(7) {
        let page = case
            .scim(Method::GET, &format!("Users?startIndex={start}&count=7"), None)
            .await
            .json;
        assert_eq!(
            (&page["startIndex"], &page["totalResults"]),
            (&json!(start), &json!(total))
        );
        seen.extend(page["Resources"].as_array().unwrap().iter().map(id));
    }
    assert_eq!(seen.len() as u64, total);

    let page = case
        .scim(
            Method::GET,
            "Users?attributes=userName,name.givenName&count=3",
            None,
        )
        .await
        .json;
    for user in page["Resources"].as_array().unwrap() {
        let keys: BTreeSet<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(
            keys.is_subset(&["schemas", "id", "userName", "name"].into()),
            "{user}"
        );
        assert!(user["name"].get("familyName").is_none());
    }
    let page = case
        .scim(Method::GET, "Users?excludedAttributes=emails,meta&count=1", None)
        .await
        .json;
    assert!(page["Resources"][0].get("emails").is_none() && page["Resources"][0].get("userName").is_some());
    assert_eq!(
        case.scim(Method::GET, "Users?attributes=a&excludedAttributes=b", None)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn groups_are_groups_of_the_organization() {
    let case = case().await;
    let (ann, bob) = (create(&case, "ann").await, create(&case, "bob").await);
    let body = json!({ "schemas": [GROUP], "displayName": "crew", "externalId": "x", "members": [{ "value": id(&ann) }] });
    let got = case.scim(Method::POST, "Groups", Some(body.clone())).await;
    assert_eq!(got.status, 201, "{}", got.json);
    let path = format!("Groups/{}", id(&got.json));
    assert_eq!(got.json["members"][0]["value"], ann["id"]);
    assert_eq!(
        case.scim(Method::POST, "Groups", Some(body)).await.json["scimType"],
        "uniqueness"
    );
    assert!(!case.facts("group").iter().any(|fact| fact["name"] == "crew"));
    case.twin.advance_s(2);
    let fact = case
        .facts("group")
        .into_iter()
        .find(|fact| fact["name"] == "crew")
        .unwrap();
    let members = |case: &Case| -> BTreeSet<String> {
        let facts = case
            .facts("membership")
            .into_iter()
            .filter(|it| it["group_id"] == fact["group_id"]);
        facts
            .map(|it| it["account_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(members(&case), [account(&ann)].into());
    let directory = fact["directory_id"].as_str().unwrap();
    let write = format!(
        "/admin/v2/orgs/{{o}}/directories/{directory}/groups/{}/memberships",
        fact["group_id"].as_str().unwrap()
    );
    assert_eq!(
        case.post(&write, json!({ "accountId": account(&bob) }))
            .await
            .status,
        403
    );

    let steps = [
        (
            json!([{ "op": "Add", "path": "members", "value": [{ "value": id(&bob) }] }]),
            vec![&ann, &bob],
        ),
        (
            json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", id(&ann)) }]),
            vec![&bob],
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [{ "value": id(&bob) }] }]),
            vec![],
        ),
        (
            json!([{ "op": "replace", "value": { "members": [{ "value": id(&ann) }, { "value": id(&bob) }], "displayName": "crew" } }]),
            vec![&ann, &bob],
        ),
        (json!([{ "op": "remove", "path": "members" }]), vec![]),
        (
            json!([{ "op": "replace", "path": "members", "value": [{ "value": id(&bob) }] }]),
            vec![&bob],
        ),
    ];
    for (operations, wanted) in steps {
        let got = patch(&case, &path, operations.clone()).await;
        assert_eq!(got.status, 200, "{operations}: {}", got.json);
        let wanted_ids: BTreeSet<String> = wanted.iter().map(|user| id(user)).collect();
        let told = got.json["members"].as_array().into_iter().flatten();
        assert_eq!(
            told.map(|it| it["value"].as_str().unwrap().to_owned())
                .collect::<BTreeSet<_>>(),
            wanted_ids,
            "{operations}"
        );
        case.twin.advance_s(2);
        assert_eq!(
            members(&case),
            wanted.iter().map(|user| account(user)).collect(),
            "{operations}"
        );
    }
    for (operations, kind) in [
        (
            json!([{ "op": "replace", "path": "displayName", "value": "other" }]),
            "mutability",
        ),
        (
            json!([{ "op": "remove", "path": "members[value eq \"none\"]" }]),
            "noTarget",
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "value": "none" }] }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "add", "path": "colour", "value": "red" }]),
            "invalidPath",
        ),
    ] {
        let got = patch(&case, &path, operations).await;
        assert_eq!(
            (got.status, &got.json["scimType"]),
            (400, &json!(kind)),
            "{}",
            got.json
        );
    }
    let other = json!({ "schemas": [GROUP], "displayName": "other", "members": [] });
    assert_eq!(
        case.scim(Method::PUT, &path, Some(other)).await.json["scimType"],
        "mutability"
    );
    let found = case
        .scim(
            Method::GET,
            "Groups?filter=displayName%20eq%20%22crew%22&excludedAttributes=members",
            None,
        )
        .await
        .json;
    assert!(found["totalResults"] == 1 && found["Resources"][0].get("members").is_none());

    assert_eq!(case.scim(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(case.scim(Method::GET, &path, None).await.status, 404);
    case.twin.advance_s(2);
    assert!(!case.facts("group").iter().any(|fact| fact["name"] == "crew"));
    assert_eq!(naive::read(&case).await, case.truth());
}

#[tokio::test]
async fn name_of_an_ordinary_group_is_taken() {
    let case = case().await;
    let directory = case.directories().await.remove(0);
    let fact = case
        .facts("group")
        .into_iter()
        .find(|fact| fact["directory_id"] == directory.as_str())
        .unwrap();

    let got = case
        .scim(
            Method::POST,
            "Groups",
            Some(json!({ "schemas": [GROUP], "displayName": fact["name"] })),
        )
        .await;

    assert_eq!((got.status, &got.json["scimType"]), (409, &json!("uniqueness")));
}

#[tokio::test]
async fn keys_are_refused_in_a_form_of_their_own() {
    let case = case().await;
    let base = case
        .twin
        .scim_base_url()
        .strip_prefix(case.twin.base_url())
        .unwrap()
        .to_owned();
    for path in [format!("{base}/Users"), "/scim/directory/other/Users".to_owned()] {
        let with_key = case.get(&path).await;
        assert!(
            with_key.status == 401
                && with_key.json["error"].is_string()
                && with_key.json["traceId"].is_string()
        );
    }
    let other = case
        .request(Method::GET, "/scim/directory/other/Users")
        .bearer_auth(case.twin.scim_token())
        .send()
        .await
        .unwrap();
    assert_eq!(other.status().as_u16(), 403);
    let nowhere = case.scim(Method::GET, "Bulk", None).await;
    assert_eq!((nowhere.status, &nowhere.json["status"]), (404, &json!("404")));
    assert_eq!(
        case.scim(Method::POST, "ServiceProviderConfig", None)
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn media_type_and_addresses_are_switches() {
    for (scim_media, wanted) in [
        (ScimMedia::Scim, "application/scim+json"),
        (ScimMedia::Json, "application/json"),
    ] {
        let case = Case::start(TwinOptions {
            scim_media,
            scim_domains: ScimDomains::Verified,
            ..small(Shape::Typical)
        })
        .await;
        let url = format!("{}/Users", case.twin.scim_base_url());
        let answer = reqwest::Client::new()
            .get(url)
            .bearer_auth(case.twin.scim_token())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], wanted);

        let mut body = person("far");
        body["emails"][0]["value"] = json!("far@elsewhere.example");
        assert_eq!(
            case.scim(Method::POST, "Users", Some(body)).await.json["scimType"],
            "invalidValue"
        );
        create(&case, "near").await;
    }
}

#[tokio::test]
async fn links_are_told_broken_and_dropped() {
    let case = case().await;
    let user = create(&case, "linked").await;
    let account = account(&user);
    case.twin.advance_s(2);
    let base = "/admin/user-provisioning/v1/org/{o}";
    let of_account = format!("{base}/user/{account}/get-scim-links");
    let links = case.get(&of_account).await.json;
    assert_eq!(links["scimLinks"][0]["scimUserId"], user["id"]);
    let by_email = case
        .post(
            &format!("{base}/get-scim-links-for-email"),
            json!({ "email": "linked@acme.example.com" }),
        )
        .await;
    assert_eq!(by_email.json, links);
    let directory = links["scimLinks"][0]["directoryId"].as_str().unwrap();
    assert!(case.twin.scim_base_url().ends_with(directory));

    let unlink = format!(
        "{base}/scimDirectoryId/{directory}/scimUserId/{}/unlink",
        id(&user)
    );
    assert_eq!(case.got(Method::PATCH, &unlink, None).await.status, 204);
    assert_eq!(case.got(Method::PATCH, &unlink, None).await.status, 409);
    assert_eq!(case.get(&of_account).await.json, json!({ "scimLinks": [] }));
    let read = case
        .scim(Method::GET, &format!("Users/{}", id(&user)), None)
        .await;
    assert!(read.status == 200 && read.json.get(ATLASSIAN).is_none());
    case.twin.advance_s(2);
    let rules = case.get(&format!("/users/{account}/manage")).await.json;
    assert_eq!(rules["profile"]["name"]["allowed"], true);

    let other = create(&case, "dropped").await;
    let account = self::account(&other);
    case.twin.advance_s(2);
    let drop = format!("{base}/user/{account}/onlyDeleteUserInDB");
    assert_eq!(case.got(Method::DELETE, &drop, None).await.status, 204);
    assert_eq!(
        case.scim(Method::GET, &format!("Users/{}", id(&other)), None)
            .await
            .status,
        404
    );
    case.twin.advance_s(2);
    assert_eq!(case.account(&account)["account_status"], "active");
    assert_eq!(case.got(Method::DELETE, &drop, None).await.status, 404);
}
