//! Every operation's answers are valid by the schema in `fixtures/schemas`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use twin::{Shape, TwinOptions};

use crate::client::{Case, small};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/schemas")
}

/// The validators by name.
fn validators() -> BTreeMap<String, Validator> {
    let files = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let load = |path: PathBuf| {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert_eq!(schema["title"], name.as_str());
        (name, jsonschema::validator_for(&schema).unwrap())
    };
    files.map(load).collect()
}

/// Judges answers, and remembers by which schemas.
pub struct Judge {
    validators: BTreeMap<String, Validator>,
    used: std::collections::BTreeSet<String>,
}

impl Judge {
    fn new() -> Judge {
        Judge {
            validators: validators(),
            used: Default::default(),
        }
    }

    pub fn check(&mut self, name: &str, json: &Value) {
        let errors: Vec<String> = self.validators[name]
            .iter_errors(json)
            .map(|it| format!("{it} at {}", it.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        self.used.insert(name.to_owned());
    }

    /// Every page of a list, and how many rows there were.
    pub async fn pages(&mut self, case: &Case, name: &str, path: &str, body: Option<Value>) -> usize {
        let mut rows = 0;
        let mut cursor: Option<String> = None;
        loop {
            let got = match (&body, &cursor) {
                (Some(body), None) => case.post(path, body.clone()).await,
                (Some(_), Some(cursor)) => case.post(path, json!({ "cursor": cursor })).await,
                (None, None) => case.get(path).await,
                (None, Some(cursor)) => {
                    let joint = if path.contains('?') { '&' } else { '?' };
                    case.get(&format!("{path}{joint}cursor={cursor}")).await
                }
            };
            assert_eq!(got.status, 200, "{name}: {}", got.json);
            self.check(name, &got.json);
            rows += got.json["data"].as_array().map_or(1, Vec::len);
            let Some(next) = got.json["links"]["next"].as_str() else {
                return rows;
            };
            cursor = Some(next.split("cursor=").last().unwrap().to_owned());
        }
    }
}

async fn judge_lists(judge: &mut Judge, case: &Case) {
    let o = "/admin/v1/orgs/{o}";
    let d = "/admin/v2/orgs/{o}/directories/-";
    let expand =
        json!({ "limit": 33, "expand": ["platformRoles", "counts.resources", "productAccess", "groups"] });
    let counts = json!({ "expand": ["counts.users", "counts.resources"] });
    judge.pages(case, "getOrgs", "/admin/v1/orgs", None).await;
    judge.pages(case, "getOrgById", o, None).await;
    judge
        .pages(
            case,
            "getDirectoriesForOrg",
            "/admin/v2/orgs/{o}/directories?limit=1",
            None,
        )
        .await;
    judge
        .pages(case, "getDomains", &format!("{o}/domains"), None)
        .await;
    judge.pages(case, "getUsers", &format!("{o}/users"), None).await;
    judge
        .pages(
            case,
            "searchDirectoryUsers",
            &format!("{d}/users/search"),
            Some(expand),
        )
        .await;
    judge
        .pages(case, "getDirectoryUsers", &format!("{d}/users?limit=60"), None)
        .await;
    judge
        .pages(
            case,
            "getDirectoryUsersCount",
            &format!("{d}/users/count?status=active&mfaEnabled=true"),
            None,
        )
        .await;
    judge
        .pages(case, "getUserStats", &format!("{d}/users/stats"), None)
        .await;
    judge
        .pages(
            case,
            "searchDirectoryGroups",
            &format!("{d}/groups/search"),
            Some(counts),
        )
        .await;
    judge
        .pages(
            case,
            "getGroups",
            &format!("{d}/groups?counts={{\"includeUsers\":true}}"),
            None,
        )
        .await;
    judge
        .pages(
            case,
            "getGroupsCount",
            &format!("{d}/groups/count?searchTerm=a"),
            None,
        )
        .await;
    judge
        .pages(case, "getGroupsStats", &format!("{d}/groups/stats"), None)
        .await;
    judge
        .pages(
            case,
            "queryWorkspaces",
            "/admin/v2/orgs/{o}/workspaces",
            Some(json!({ "limit": 3 })),
        )
        .await;
    judge
        .pages(case, "getPolicies", &format!("{o}/policies"), None)
        .await;
    judge
        .pages(case, "getEvents", &format!("{o}/events?limit=50"), None)
        .await;
    judge
        .pages(case, "pollEvents", &format!("{o}/events-stream?limit=50"), None)
        .await;
    judge
        .pages(case, "getEventActions", &format!("{o}/event-actions"), None)
        .await;
    let tokens = "/admin/api-access/v1/orgs/{o}/api-tokens";
    judge
        .pages(
            case,
            "getAllApiTokensByOrgId",
            &format!("{tokens}?pageSize=20&sort=-lastActiveAt"),
            None,
        )
        .await;
    judge
        .pages(
            case,
            "getApiTokensCount",
            &format!("{tokens}/count?status=allowed"),
            None,
        )
        .await;
}

async fn judge_details(judge: &mut Judge, case: &Case) {
    let o = "/admin/v1/orgs/{o}";
    let d = "/admin/v2/orgs/{o}/directories/-";
    for fact in case.facts("account").iter().take(40) {
        let id = fact["account_id"].as_str().unwrap();
        judge
            .pages(case, "getDirectoryUserDetails", &format!("{d}/users/{id}"), None)
            .await;
        judge
            .pages(
                case,
                "getUserRoleAssignments",
                &format!("{d}/users/{id}/role-assignments?limit=3"),
                None,
            )
            .await;
        judge
            .pages(
                case,
                "getUserLastActiveDates",
                &format!("{o}/directory/users/{id}/last-active-dates"),
                None,
            )
            .await;
    }
    for fact in case.facts("group").iter().take(30) {
        let id = fact["group_id"].as_str().unwrap();
        judge
            .pages(case, "getGroup", &format!("{d}/groups/{id}"), None)
            .await;
        judge
            .pages(
                case,
                "getGroupRoleAssignments",
                &format!("{d}/groups/{id}/role-assignments"),
                None,
            )
            .await;
    }
    for (kind, name, list) in [
        ("domain", "getDomainById", "domains"),
        ("policy", "getPolicyById", "policies"),
    ] {
        for fact in case.facts(kind) {
            let id = fact[format!("{kind}_id")].as_str().unwrap();
            judge.pages(case, name, &format!("{o}/{list}/{id}"), None).await;
        }
    }
    let events = case.get(&format!("{o}/events-stream?limit=1")).await.json;
    let id = events["data"][0]["id"].as_str().unwrap();
    judge
        .pages(case, "getEventById", &format!("{o}/events/{id}"), None)
        .await;
}

async fn judge_writes(judge: &mut Judge, case: &Case) {
    let policies = "/admin/v1/orgs/{o}/policies";
    let body =
        json!({ "data": { "type": "policy", "attributes": { "type": "data-residency", "name": "x" } } });
    let made = case.post(policies, body.clone()).await.json;
    judge.check("createPolicy", &made);
    let one = format!("{policies}/{}", made["data"]["id"].as_str().unwrap());
    judge.check(
        "updatePolicy",
        &case.got(Method::PUT, &one, Some(body)).await.json,
    );
    judge.check(
        "addResourceToPolicy",
        &case
            .post(&format!("{one}/resources"), json!({ "id": "r1" }))
            .await
            .json,
    );
    let updated = case
        .got(Method::PUT, &format!("{one}/resources/r1"), Some(json!({})))
        .await;
    judge.check("updatePolicyResource", &updated.json);
    let rules = json!([{ "resource": "ari:cloud:none::site/1", "role": "atlassian/user" }]);
    let invitation =
        json!({ "emails": ["a@b.example"], "permissionRules": rules, "additionalGroups": ["none"] });
    judge.check(
        "inviteUsers",
        &case
            .post("/admin/v2/orgs/{o}/users/invite", invitation)
            .await
            .json,
    );
}

async fn judge_refusals(judge: &mut Judge, case: &Case) {
    let workspaces = "/admin/v2/orgs/{o}/workspaces";
    judge.check(
        "problemErrors",
        &case
            .get("/admin/v2/orgs/{o}/directories/none/groups/count")
            .await
            .json,
    );
    judge.check("problemErrors", &case.get("/admin/v1/orgs/none").await.json);
    judge.check(
        "problemBare",
        &case.post(workspaces, json!({ "cursor": "x" })).await.json,
    );
    judge.check(
        "problemBare",
        &case
            .post(workspaces, json!({ "query": { "unknown": 1 } }))
            .await
            .json,
    );
    let gateway = case.request(Method::POST, workspaces).send().await.unwrap();
    judge.check("problemGateway", &gateway.json().await.unwrap());
    for line in case.truth() {
        judge.check("truth", &serde_json::from_str(&line).unwrap());
    }
}

#[tokio::test]
async fn every_answer_is_valid_by_its_schema() {
    for shape in [Shape::Typical, Shape::Messy] {
        let case = Case::start(TwinOptions {
            users: 90,
            ..small(shape)
        })
        .await;
        let mut judge = Judge::new();

        judge_lists(&mut judge, &case).await;
        judge_details(&mut judge, &case).await;
        judge_writes(&mut judge, &case).await;
        crate::schemas_access::judge(&mut judge, &case).await;
        crate::schemas_manage::judge(&mut judge, &case).await;
        crate::schemas_scim::judge(&mut judge, &case).await;
        judge_refusals(&mut judge, &case).await;

        let known: Vec<&String> = judge.validators.keys().collect();
        assert_eq!(
            judge.used.iter().collect::<Vec<_>>(),
            known,
            "each schema was used"
        );
    }
}

#[test]
fn schemas_refuse_what_they_do_not_know() {
    let validators = validators();

    assert!(validators["getGroupsCount"].is_valid(&json!({ "count": 1 })));
    assert!(!validators["getGroupsCount"].is_valid(&json!({ "count": "1" })));
    assert!(!validators["getGroupsCount"].is_valid(&json!({ "count": 1, "other": 2 })));
    assert!(
        !validators["searchDirectoryUsers"].is_valid(&json!({ "data": [{ "accountId": "x" }], "links": {} }))
    );
}
