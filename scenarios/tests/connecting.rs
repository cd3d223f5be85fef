//! The connector's files, against what a reader finds that asks as the other program does: about one account after
//! another.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::App;
use baton::c1z::{C1z, C1zError, Limits, List};
use baton::options::Writing;
use baton::{Connector, FileOptions, Reach};
use jiff::tz::TimeZone;
use model::SystemClock;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{MasterKey, Store};
use twin::{CursorStyle, FilterSemantics, Shape, Twin, TwinOptions};

/// A small organization.
fn small(shape: Shape, seed: u64) -> TwinOptions {
    TwinOptions {
        users: 120,
        groups: 25,
        workspaces: 6,
        seed,
        shape,
        ..TwinOptions::default()
    }
}

/// Asks the twin plainly.
struct Naive<'a> {
    twin: &'a Twin,
    http: reqwest::Client,
}

impl Naive<'_> {
    async fn get(&self, path: &str, cursor: Option<&str>) -> Value {
        let request = self.http.get(format!("{}{path}", self.twin.base_url()));
        let is_of_tokens = path.ends_with("/api-tokens");
        let mut query = vec![(if is_of_tokens { "pageSize" } else { "limit" }, "100")];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let answer = request.query(&query).bearer_auth(self.twin.api_key()).send();
        let answer = answer.await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    async fn search(&self, path: &str, cursor: Option<&str>) -> Value {
        let body = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        let request = self.http.post(format!("{}{path}", self.twin.base_url()));
        let answer = request.json(&body).bearer_auth(self.twin.api_key()).send();
        answer.await.unwrap().json().await.unwrap()
    }

    /// Every item of every page.
    async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), None);
        loop {
            let page = if path.ends_with("/workspaces") {
                self.search(path, cursor.as_deref()).await
            } else {
                self.get(path, cursor.as_deref()).await
            };
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            cursor = page["links"]["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return items;
            }
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn roles(row: &Value) -> Vec<String> {
    let told = row["roles"].as_array().into_iter().flatten();
    // A group's roles come as a list of lists from some.
    let flat = told.flat_map(|role| role.as_array().cloned().unwrap_or_else(|| vec![role.clone()]));
    flat.map(|role| role.as_str().unwrap().to_owned()).collect()
}

/// What a file is to say of an account.
fn told(user: &Value) -> Value {
    let status = match text(user, "status") {
        "active" => Some("RESOURCE_STATUS_ENABLED"),
        "suspended" | "not_invited" | "deactivated" | "for_deletion" => Some("RESOURCE_STATUS_DISABLED"),
        _ => None,
    };
    json!([
        text(user, "email"),
        text(user, "name"),
        text(user, "accountType"),
        user["emailVerified"].as_bool().unwrap_or(false),
        status,
        text(user, "status"),
    ])
}

/// What the naive reader finds.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// Of each type, the ids.
    resources: BTreeMap<String, BTreeSet<String>>,
    /// Of each account, its name in the file, its profile and its state: one for each directory that it is in, of which
    /// a file shows one.
    users: BTreeMap<String, Vec<Value>>,
    /// Entitlement and principal.
    grants: BTreeSet<(String, String)>,
}

impl Found {
    fn resource(&mut self, resource_type: &str, id: &str) {
        self.resources
            .entry(resource_type.to_owned())
            .or_default()
            .insert(id.to_owned());
    }

    fn grant(&mut self, entitlement: String, principal: &str) {
        self.grants.insert((entitlement, principal.to_owned()));
    }

    /// In the other program's order: everything there is, then account by account, then group by group.
    async fn naively(twin: &Twin) -> Found {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let naive = Naive {
            twin,
            http: reqwest::Client::new(),
        };
        let org = twin.org_id();
        let mut found = Found::default();
        let organization = naive.get(&format!("/admin/v1/orgs/{org}"), None).await;
        found.resource("organization", text(&organization["data"], "id"));
        let directories = format!("/admin/v2/orgs/{org}/directories/-");
        let users = naive.all(&format!("{directories}/users")).await;
        let groups = naive.all(&format!("{directories}/groups")).await;
        for workspace in naive.all(&format!("/admin/v2/orgs/{org}/workspaces")).await {
            found.resource("workspace", text(&workspace, "id"));
        }
        for token in naive
            .all(&format!("/admin/api-access/v1/orgs/{org}/api-tokens"))
            .await
        {
            found.resource("api_token", text(&token, "id"));
        }
        for directory in naive.all(&format!("/admin/v2/orgs/{org}/directories")).await {
            let id = text(&directory, "directoryId");
            for user in naive
                .all(&format!("/admin/v2/orgs/{org}/directories/{id}/users"))
                .await
            {
                let shown = found.users.entry(text(&user, "accountId").to_owned());
                shown.or_default().push(told(&user));
            }
        }
        for user in &users {
            let id = text(user, "accountId");
            found.resource("user", id);
            let path = format!("{directories}/users/{id}/role-assignments");
            for row in naive.all(&path).await {
                let on = match text(&row, "resourceOwner") {
                    "project" | "goal" => continue,
                    "platform" => format!("organization:{org}"),
                    _ => format!("workspace:{}", text(&row, "resourceId")),
                };
                for role in roles(&row) {
                    found.grant(format!("{on}:role:{role}"), id);
                }
            }
        }
        for group in &groups {
            let id = text(group, "id");
            found.resource("group", id);
            for member in naive.all(&format!("{directories}/users?groupIds={id}")).await {
                found.grant(format!("group:{id}:member"), text(&member, "accountId"));
            }
            for row in naive
                .all(&format!("{directories}/groups/{id}/role-assignments"))
                .await
            {
                if matches!(text(&row, "resourceOwner"), "platform" | "project" | "goal") {
                    continue;
                }
                for role in roles(&row) {
                    found.grant(format!("workspace:{}:role:{role}", text(&row, "resourceId")), id);
                }
            }
        }
        found
    }

    /// What a file says.
    fn in_file(file: &Path) -> Found {
        let file = C1z::open(file, None, &Limits::default()).unwrap();
        let sync = file.sync(None).unwrap();
        let mut found = Found::default();
        let resource = |row: Value| {
            let resource = &row["resource"];
            let (resource_type, id) = (
                text(&resource["id"], "resourceType"),
                text(&resource["id"], "resource"),
            );
            found.resource(resource_type, id);
            if resource_type == "user" {
                let profile = &resource["profile"];
                assert_eq!(text(profile, "account_id"), id);
                let told = json!([
                    text(resource, "displayName"),
                    text(profile, "username"),
                    text(profile, "account_type"),
                    profile["email_verified"],
                    resource["status"]["status"].as_str(),
                    text(&resource["status"], "details"),
                ]);
                found.users.insert(id.to_owned(), vec![told]);
            }
            Ok::<(), C1zError>(())
        };
        file.list(List::Resources, &sync, None, resource).unwrap();
        let mut grants = 0;
        let grant = |row: Value| {
            let grant = &row["grant"];
            let (entitlement, principal) = (&grant["entitlement"], &grant["principal"]["id"]);
            let id = format!(
                "{}:{}:{}",
                text(entitlement, "id"),
                text(principal, "resourceType"),
                text(principal, "resource")
            );
            assert_eq!(text(grant, "id"), id);
            // Roles on what is no workspace, such as all of an app, stand in both programs' files.
            assert!(
                !text(&row["principal"], "displayName").starts_with("MISSING"),
                "{row}"
            );
            found.grant(text(entitlement, "id").to_owned(), text(principal, "resource"));
            grants += 1;
            Ok::<(), C1zError>(())
        };
        file.list(List::Grants, &sync, None, grant).unwrap();
        assert_eq!(grants, found.grants.len(), "a grant stands in the file once");
        let stats = file.stats(&sync).unwrap();
        assert_eq!(stats.grants, i64::try_from(grants).unwrap());
        found
    }
}

/// A connector on a new store.
struct Case {
    connector: Connector,
    options: FileOptions,
    _folder: tempfile::TempDir,
}

impl Case {
    async fn on(twin: &Twin) -> Case {
        Case::that(twin, false).await
    }

    async fn that(twin: &Twin, follows: bool) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("store.db").display()))
            .await
            .unwrap();
        let key = MasterKey::from_file(&folder.path().join("master.key")).unwrap();
        let app = App::new(store, Arc::new(SystemClock))
            .with_master_key(key)
            .await
            .unwrap();
        let reach = Reach {
            access_token: SecretString::from(twin.api_key()),
            organization: Some(twin.org_id().to_owned()),
            scim: None,
            api: app::Options::new(twin.base_url()),
            follows,
        };
        let options = FileOptions {
            file: folder.path().join("sync.c1z"),
            writing: Writing {
                keep: Some(2),
                ..Writing::default()
            },
            aside: None,
            zone: TimeZone::UTC,
            limits: Limits::default(),
        };
        Case {
            connector: Connector::open(app, &reach).await.unwrap(),
            options,
            _folder: folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.options.file.clone()
    }

    async fn sync(&self) {
        self.connector.sync(&self.options, &app::Silent).await.unwrap();
    }
}

async fn finds_the_same(options: TwinOptions) {
    let twin = Twin::start(options).await.unwrap();
    let case = Case::on(&twin).await;
    for seed in 0..2 {
        case.sync().await;
        let (ours, theirs) = (Found::in_file(&case.file()), Found::naively(&twin).await);
        assert_eq!(ours.resources, theirs.resources);
        assert_eq!(ours.grants, theirs.grants);
        for (account, told) in &theirs.users {
            let shown = &ours.users[account][0];
            assert!(told.contains(shown), "{account}: {shown} is none of {told:?}");
        }
        twin.mutate(30, seed);
    }
    twin.stop().await;
}

/// With a store that is kept, a sync within a day asks for events and what they name, and finds the same.
#[tokio::test]
async fn a_kept_store_is_brought_up_to_date_by_events() {
    let twin = Twin::start(small(Shape::Typical, 5)).await.unwrap();
    let case = Case::that(&twin, true).await;
    case.sync().await;
    let first = case.connector.sync(&case.options, &app::Silent).await.unwrap();
    assert_eq!(first.requests, 1);
    twin.mutate(10, 1);
    // Late events are processed a quarter of an hour after they happened.
    twin.advance_s(1_000);
    let second = case.connector.sync(&case.options, &app::Silent).await.unwrap();
    assert!(
        (2..100).contains(&second.requests),
        "{} requests",
        second.requests
    );
    let (ours, theirs) = (Found::in_file(&case.file()), Found::naively(&twin).await);
    assert_eq!(ours.resources, theirs.resources);
    assert_eq!(ours.grants, theirs.grants);
    twin.stop().await;
}

#[tokio::test]
async fn a_typical_organization_is_found_as_the_other_program_finds_it() {
    finds_the_same(small(Shape::Typical, 1)).await;
}

#[tokio::test]
async fn direct_roles_are_found_as_the_other_program_finds_them() {
    let filters = FilterSemantics::Independent;
    finds_the_same(TwinOptions {
        filters,
        ..small(Shape::DirectHeavy, 2)
    })
    .await;
}

#[tokio::test]
async fn awkward_data_is_found_as_the_other_program_finds_it() {
    let cursors = CursorStyle::Offset;
    finds_the_same(TwinOptions {
        cursors,
        ..small(Shape::Messy, 3)
    })
    .await;
}

#[tokio::test]
async fn suspended_accounts_are_found_as_the_other_program_finds_them() {
    finds_the_same(small(Shape::AllSuspended, 4)).await;
}
