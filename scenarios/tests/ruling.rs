//! The shipped rules, each on an organization without its problem, with it, and without it again.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use app::findings::{DecisionRequest, FindingFilter, FindingView, Kind, State};
use app::views::At;
use app::views::scope::ScopeChoice;
use app::{App, ConnectionRequest, Silent, Status};
use atlassian::Options;
use model::FindingId;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{MasterKey, Store};
use tempfile::TempDir;
use twin::{Twin, TwinOptions};

const DAY: i64 = 86_400_000;
/// 2026-11-22T10:00:00Z, when the twins are born.
const BORN: i64 = 1_795_341_600_000;

const JIRA: &str = "ari:cloud:jira-software::site/1";
const WIKI: &str = "ari:cloud:confluence::site/1";

/// The lines of an organization in which nothing is wrong.
fn clean() -> Vec<Value> {
    let account = |id: &str, name: &str| {
        json!({ "kind": "account", "account_id": id, "account_type": "atlassian", "account_status": "active", "claim_status": "managed",
            "name": name, "email": format!("{id}@example.com"), "mfa_enabled": true })
    };
    let mut lines = vec![
        account("ada", "Ada"),
        account("bob", "Bob"),
        account("cleo", "Cleo"),
        json!({ "kind": "group", "group_id": "g-jira", "directory_id": "d", "name": "jira-software-users-acme" }),
        json!({ "kind": "workspace", "workspace_id": JIRA, "type_key": "jira-software", "name": "Acme Jira" }),
        json!({ "kind": "workspace", "workspace_id": WIKI, "type_key": "confluence", "name": "Acme Wiki" }),
        json!({ "kind": "group_role_grant", "group_id": "g-jira", "resource_id": JIRA, "role": "atlassian/user" }),
        json!({ "kind": "domain", "domain_id": "dom", "name": "example.com", "claim_type": "dns", "claim_status": "verified" }),
        json!({ "kind": "policy", "policy_id": "pol", "policy_type": "ip-allowlist", "name": "Office", "status": "enabled" }),
        json!({ "kind": "api_token", "token_id": "tok", "account_id": "bob", "label": "laptop" }),
    ];
    for id in ["ada", "bob", "cleo"] {
        lines.push(json!({ "kind": "directory_membership", "directory_id": "d", "account_id": id, "status": "active" }));
        lines.push(json!({ "kind": "membership", "group_id": "g-jira", "account_id": id }));
        lines.push(json!({ "kind": "role_holding", "account_id": id, "resource_id": JIRA, "role": "atlassian/user" }));
    }
    lines
}

/// The clean organization with one line changed: those of this kind whose `key` is `value`.
fn with(kind: &str, (key, value): (&str, &str), change: &Value) -> Vec<Value> {
    let mut lines = clean();
    let found = lines
        .iter_mut()
        .find(|line| line["kind"] == kind && line[key] == value)
        .expect("there is such a line");
    for (name, value) in change.as_object().unwrap() {
        found[name] = value.clone();
    }
    lines
}

fn and(mut lines: Vec<Value>, more: &[Value]) -> Vec<Value> {
    lines.extend(more.iter().cloned());
    lines
}

fn admin(id: &str) -> Value {
    json!({ "kind": "platform_role", "account_id": id, "role": "atlassian/org-admin" })
}

/// An organization, a product whose time is ours, and a twin that can be replaced at its address.
struct Place {
    app: App,
    now: Arc<AtomicI64>,
    api: Options,
    twin: Option<Twin>,
    address: SocketAddr,
    _folder: TempDir,
}

async fn start(lines: &[Value], listen: SocketAddr) -> Twin {
    let options = TwinOptions {
        listen,
        starts_at_ms: Some(BORN),
        clock_stands: true,
        organization_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
        ..TwinOptions::default()
    };
    let lines = lines.iter().map(Value::to_string).collect::<Vec<_>>();
    Twin::start_from(options, lines.into_iter()).await.unwrap()
}

impl Place {
    /// A place where this organization was read once.
    async fn new(lines: &[Value], database: Option<&str>) -> Place {
        let twin = start(lines, SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let address = twin.base_url().trim_start_matches("http://").parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = format!("sqlite:{}", folder.path().join("t.db").display());
        let store = Store::open(database.unwrap_or(&file)).await.unwrap();
        let now = Arc::new(AtomicI64::new(BORN));
        let clock = Arc::clone(&now);
        let key = MasterKey::from_hex(&"0a".repeat(32)).unwrap();
        let app = App::new(store, Arc::new(move || clock.load(Ordering::Relaxed)));
        let app = app.with_master_key(key).await.unwrap();
        let api = Options::new(twin.base_url());
        let request = ConnectionRequest {
            name: "place",
            organization: Some(twin.org_id()),
            key: SecretString::from(twin.api_key()),
            actor: "test",
            sync_interval_ms: 3_600_000,
            scim: None,
        };
        app.connection_add(&request, &api).await.unwrap();
        let place = Place {
            app,
            now,
            api,
            twin: Some(twin),
            address,
            _folder: folder,
        };
        place.read().await;
        place
    }

    async fn read(&self) {
        let outcome = self.app.sync(None, false, &self.api, &Silent).await.unwrap();
        assert_eq!(outcome.status, Status::Complete, "{outcome:?}");
    }

    fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    /// From now on the organization is this one; an hour has passed, and it was read.
    async fn become_(&mut self, lines: &[Value]) {
        if let Some(twin) = self.twin.take() {
            twin.stop().await;
        }
        self.twin = Some(start(lines, self.address).await);
        self.pass(3_600_000);
        self.read().await;
    }

    async fn findings(&self, state: &str) -> Vec<FindingView> {
        let scope = self.app.scope(&ScopeChoice::default()).await.unwrap();
        let filter = FindingFilter {
            state: state.to_owned(),
            ..FindingFilter::default()
        };
        self.app
            .findings(&scope, &filter, 1_000, 0)
            .await
            .unwrap()
            .findings
    }

    async fn evaluate(&self) {
        let scope = self.app.scope(&ScopeChoice::default()).await.unwrap();
        let evaluation = self.app.evaluate(&scope).await.unwrap();
        assert!(evaluation.failed.is_empty(), "{evaluation:?}");
    }

    /// What is open, as rule and sentence.
    async fn open(&self) -> BTreeSet<(String, String)> {
        let open = self.findings("open").await.into_iter();
        open.map(|finding| (finding.rule, finding.sentence)).collect()
    }
}

/// The rules whose problem is a state: the organization that has it, and what is said of it.
fn problems() -> Vec<(&'static str, Vec<Value>, &'static str)> {
    let left = json!({ "account_status": "inactive" });
    vec![
        (
            "administrator-without-mfa",
            and(
                with("account", ("account_id", "bob"), &json!({ "mfa_enabled": false })),
                &[admin("bob")],
            ),
            "Bob is Organization admin without two-step verification",
        ),
        (
            "leaver-with-admin-role",
            and(with("account", ("account_id", "bob"), &left), &[admin("bob")]),
            "Bob is deactivated and still Organization admin",
        ),
        (
            "unmanaged-admin",
            and(
                with(
                    "account",
                    ("account_id", "bob"),
                    &json!({ "claim_status": "unmanaged" }),
                ),
                &[admin("bob")],
            ),
            "Bob is Organization admin with an account that the organization does not manage",
        ),
        (
            "unmanaged-account-with-access",
            with(
                "account",
                ("account_id", "cleo"),
                &json!({ "claim_status": "unmanaged" }),
            ),
            "Cleo (cleo@example.com) has product access with an account that is not managed",
        ),
        (
            "token-of-leaver",
            with(
                "directory_membership",
                ("account_id", "bob"),
                &json!({ "status": "suspended" }),
            ),
            "Bob is suspended, and the API token laptop still works",
        ),
        (
            "old-token",
            with(
                "api_token",
                ("token_id", "tok"),
                &json!({ "created_at": "2025-11-21T10:00:00Z", "expires_at": "2027-11-20T10:00:00Z" }),
            ),
            "The API token laptop of Bob was made on 2025-11-21 and still works",
        ),
        (
            "group-grants-admin",
            and(
                clean(),
                &[
                    json!({ "kind": "group_role_grant", "group_id": "g-jira", "resource_id": JIRA, "role": "atlassian/site-admin" }),
                ],
            ),
            "Whoever is put into jira-software-users-acme becomes Site admin of Acme Jira",
        ),
        (
            "default-group-with-several-products",
            and(
                clean(),
                &[
                    json!({ "kind": "group_role_grant", "group_id": "g-jira", "resource_id": WIKI, "role": "atlassian/user" }),
                ],
            ),
            "Everybody in jira-software-users-acme takes a seat in 2 products",
        ),
        (
            "unverified-domain",
            with(
                "domain",
                ("domain_id", "dom"),
                &json!({ "claim_status": "missing_token" }),
            ),
            "The domain example.com is not verified (missing_token)",
        ),
        (
            "policy-disabled",
            with("policy", ("policy_id", "pol"), &json!({ "status": "disabled" })),
            "The policy Office (ip-allowlist) is disabled",
        ),
    ]
}

async fn each_problem_opens_and_closes_its_finding(database: Option<&str>) {
    let mut place = Place::new(&clean(), database).await;
    // Who was active when is the twin's own choice; it is looked at by itself below.
    let quiet = |open: BTreeSet<(String, String)>| -> BTreeSet<(String, String)> {
        let others = [
            "inactive-on-paid-product",
            "dormant-organization-admin",
            "new-organization-admin",
        ];
        open.into_iter()
            .filter(|(rule, _)| !others.contains(&rule.as_str()))
            .collect()
    };
    assert_eq!(quiet(place.open().await), BTreeSet::new());
    for (rule, lines, sentence) in problems() {
        place.become_(&lines).await;
        let open = place.open().await;
        assert!(
            open.contains(&(rule.to_owned(), sentence.to_owned())),
            "{rule}: {open:?}"
        );
        place.become_(&clean()).await;
        assert_eq!(quiet(place.open().await), BTreeSet::new(), "after {rule}");
        let closed = place.findings("closed").await;
        assert!(
            closed.iter().any(|finding| finding.rule == rule),
            "{rule} is closed"
        );
    }
}

#[tokio::test]
async fn each_problem_opens_and_closes_its_finding_on_sqlite() {
    each_problem_opens_and_closes_its_finding(None).await;
}

#[tokio::test]
async fn each_problem_opens_and_closes_its_finding_on_postgres() {
    if let Some(url) = testkit::postgres_url().await {
        each_problem_opens_and_closes_its_finding(Some(&url)).await;
    }
}

#[tokio::test]
async fn a_new_administrator_is_told_of_for_a_week() {
    let mut place = Place::new(&clean(), None).await;
    let is_told = |open: BTreeSet<(String, String)>| {
        open.contains(&(
            "new-organization-admin".to_owned(),
            "Bob became an organization administrator".to_owned(),
        ))
    };
    assert!(!is_told(place.open().await));
    place.become_(&and(clean(), &[admin("bob")])).await;
    assert!(is_told(place.open().await));
    place.pass(8 * DAY);
    place.evaluate().await;
    assert!(!is_told(place.open().await));
}

#[tokio::test]
async fn access_that_comes_back_is_told_of_and_access_that_comes_is_not() {
    let on_wiki =
        json!({ "kind": "role_holding", "account_id": "bob", "resource_id": WIKI, "role": "atlassian/user" });
    let with_wiki = and(clean(), &[on_wiki]);
    let came_back = |open: BTreeSet<(String, String)>| {
        open.into_iter()
            .filter(|(rule, _)| rule == "access-came-back")
            .count()
    };
    let mut place = Place::new(&clean(), None).await;
    place.become_(&with_wiki).await;
    assert_eq!(came_back(place.open().await), 0);
    place.become_(&clean()).await;
    assert_eq!(came_back(place.open().await), 0);
    place.become_(&with_wiki).await;
    assert_eq!(came_back(place.open().await), 1);
    place.pass(31 * DAY);
    place.evaluate().await;
    assert_eq!(came_back(place.open().await), 0);
}

#[tokio::test]
async fn who_was_not_active_for_ninety_one_days_is_told_of_and_nobody_else() {
    let mut lines = clean();
    for number in 0..30 {
        let id = format!("p{number}");
        lines.push(json!({ "kind": "account", "account_id": id, "account_type": "atlassian", "account_status": "active",
            "claim_status": "managed", "name": id, "email": format!("{id}@example.com"), "mfa_enabled": true }));
        lines.push(json!({ "kind": "directory_membership", "directory_id": "d", "account_id": id, "status": "active" }));
        lines.push(json!({ "kind": "membership", "group_id": "g-jira", "account_id": id }));
        lines.push(json!({ "kind": "role_holding", "account_id": id, "resource_id": JIRA, "role": "atlassian/user" }));
        lines.push(admin(&id));
    }
    let place = Place::new(&lines, None).await;
    let scope = place.app.scope(&ScopeChoice::default()).await.unwrap();
    let active = place
        .app
        .accounts(&scope, &app::views::accounts::AccountsAsk::default())
        .await
        .unwrap();
    let mut expected = BTreeSet::new();
    let mut spared = 0;
    for row in &active.accounts.rows {
        let name = row.account.name.clone().unwrap();
        match row.last_active_at {
            Some(at) if at.0 < BORN - 91 * DAY => {
                expected.insert(name);
            }
            _ => spared += 1,
        }
    }
    assert!(expected.len() >= 5 && spared >= 5, "{expected:?} {spared}");
    let findings = place.findings("open").await;
    let told = |rule: &str| -> BTreeSet<String> {
        let of_rule = findings.iter().filter(|finding| finding.rule == rule);
        of_rule
            .map(|finding| finding.sentence.split(' ').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(told("inactive-on-paid-product"), expected);
    let admins: BTreeSet<String> = expected
        .into_iter()
        .filter(|name| name.starts_with('p'))
        .collect();
    assert_eq!(told("dormant-organization-admin"), admins);
}

#[tokio::test]
async fn a_key_that_lives_longer_than_a_year_is_told_of() {
    let place = Place::new(&clean(), None).await;
    let told = |open: BTreeSet<(String, String)>| {
        open.iter()
            .filter(|(rule, _)| rule == "api-key-without-end")
            .count()
    };
    assert_eq!(told(place.open().await), 0);
    // The twin's keys live for a year from the day before it is born: seen from ten days earlier, that is longer.
    place.pass(-10 * DAY);
    place.evaluate().await;
    assert_eq!(told(place.open().await), 2);
}

#[tokio::test]
async fn every_shipped_rule_has_its_story() {
    let place = Place::new(&clean(), None).await;
    let rules = place.app.rules(None).await.unwrap();
    assert!(rules.problems.is_empty());
    let mut told: BTreeSet<&str> = problems().iter().map(|(rule, ..)| *rule).collect();
    told.extend([
        "new-organization-admin",
        "access-came-back",
        "inactive-on-paid-product",
        "dormant-organization-admin",
        "api-key-without-end",
    ]);
    let shipped: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(told, shipped);
}

#[tokio::test]
async fn what_was_decided_holds_until_its_day_and_then_opens_by_itself() {
    let problem = with(
        "domain",
        ("domain_id", "dom"),
        &json!({ "claim_status": "missing_token" }),
    );
    let mut place = Place::new(&problem, None).await;
    let scope = place.app.scope(&ScopeChoice::default()).await.unwrap();
    let is_ours = |finding: &FindingView| finding.rule == "unverified-domain";
    let finding = place.findings("open").await.into_iter().find(is_ours).unwrap();
    let id: FindingId = finding.id.parse().unwrap();
    let mut request = DecisionRequest {
        kind: Kind::Accepted,
        reason: " ".to_owned(),
        until: At(BORN + 10 * DAY),
    };
    let refused = place.app.finding_decide(&scope, id, &request, "ada").await;
    assert_eq!(refused.unwrap_err().to_string(), "a decision needs a reason");
    request.reason = "sold next week".to_owned();
    place
        .app
        .finding_decide(&scope, id, &request, "ada")
        .await
        .unwrap();
    place.become_(&problem).await;
    assert!(!place.findings("open").await.iter().any(is_ours));
    assert!(place.findings("accepted").await.iter().any(is_ours));
    place.pass(10 * DAY);
    place.evaluate().await;
    assert!(place.findings("open").await.iter().any(is_ours));
    place.become_(&clean()).await;
    let detail = place.app.finding(&scope, id).await.unwrap();
    let life: Vec<&str> = detail.life.iter().map(|step| step.transition.as_str()).collect();
    assert_eq!(life, ["opened", "accepted", "reopened", "closed"]);
    assert_eq!(detail.finding.state, State::Closed);
    let closed = place.app.finding_reopen(&scope, id, "ada").await;
    assert!(closed.is_err());
}

#[tokio::test]
async fn a_bad_rule_of_a_file_harms_no_other_and_keeps_its_findings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let rule = |id: &str, sql: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"T\"\nseverity = \"low\"\nsql = \"{sql}\"\nkey = [\"domain_id\"]\nsentence = \"{{domain_id}}\"\n"
        )
    };
    let good = rule("mine", "SELECT domain_id FROM domain");
    std::fs::write(
        &file,
        format!("{good}{}", rule("bad", "SELECT nothing FROM domain")),
    )
    .unwrap();
    let mut place = Place::new(&clean(), None).await;
    place.app = place.app.with_rules(Some(folder.path().to_owned()));
    let scope = place.app.scope(&ScopeChoice::default()).await.unwrap();
    let evaluation = place.app.evaluate(&scope).await.unwrap();
    assert_eq!(evaluation.failed.len(), 1);
    assert_eq!(evaluation.failed[0].0, "bad");
    let is_mine = |finding: &FindingView| finding.rule == "mine";
    assert!(place.findings("open").await.iter().any(is_mine));
    // Wrong in any way, it keeps what it found; gone, it closes it.
    for wrong in [
        rule("mine", "DELETE FROM domain"),
        "[[rule]]\nid = \"mine\"\nseverity = 3\n".to_owned(),
    ] {
        std::fs::write(&file, wrong).unwrap();
        place.app.evaluate(&scope).await.unwrap();
        assert!(place.findings("open").await.iter().any(is_mine));
    }
    let text = format!("{good}\n{}", rule("bad", "SELECT nothing FROM domain"));
    let checked = place.app.check_rules("x.toml", &text).await.unwrap();
    assert_eq!(checked.right, ["mine"]);
    assert_eq!(checked.problems[0].line, 9 + 1);
    std::fs::remove_file(&file).unwrap();
    place.evaluate().await;
    assert!(!place.findings("open").await.iter().any(is_mine));
}
