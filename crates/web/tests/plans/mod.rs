//! Plans from the pages: made, looked at, approved, carried out and undone, against a twin.

use super::{Answer, ask};
use app::WritesChange;
use app::views::Slice;
use app::views::groups::{GroupOrder, GroupsAsk};
use app::views::scope::ScopeChoice;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use model::PlanState;
use scenarios::ChangeStage;
use std::sync::Arc;
use tower::ServiceExt as _;
use twin::TwinOptions;
use url::form_urlencoded::Serializer;
use web::WebOptions;

const FORM: &str = "application/x-www-form-urlencoded";
const HERE: (&str, &str) = ("origin", "http://127.0.0.1:8080");

/// The pages over an organization that may be changed.
struct Pages {
    stage: ChangeStage,
    router: Router,
    cookie: String,
}

impl Pages {
    async fn new() -> Pages {
        let options = TwinOptions {
            users: 60,
            groups: 60,
            workspaces: 3,
            ..TwinOptions::default()
        };
        let stage = ChangeStage::new(options, None).await.unwrap();
        let options = WebOptions {
            start_token: Some("secret".to_owned()),
            api: Some(stage.api.clone()),
            ..WebOptions::default()
        };
        let router = web::router(Arc::clone(&stage.app), options);
        let start = ask(&router, "/start?token=secret", &[]).await;
        let cookie = start.headers[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Pages {
            stage,
            router,
            cookie,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        ask(&self.router, path, &[("cookie", &self.cookie)]).await
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)], from: &[(&str, &str)]) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(path)
            .header(HOST, "127.0.0.1:8080")
            .header("cookie", &self.cookie)
            .header(CONTENT_TYPE, FORM);
        for (name, value) in from {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 10_000_000)
            .await
            .unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Sends a form of ours and answers where it leads.
    async fn led(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(path, fields, &[HERE]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        answer.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// A group with members that is changed here or, if `synced`, at an identity provider; and two of its members.
    async fn group(&self, synced: bool) -> (String, [String; 2]) {
        let app = &self.stage.app;
        let scope = app.scope(&ScopeChoice::default()).await.unwrap();
        let ask = GroupsAsk {
            order: GroupOrder::Members,
            synced,
            slice: Slice::at(0, 100),
            ..GroupsAsk::default()
        };
        let groups = app.groups(&scope, &ask).await.unwrap().groups.rows;
        let fits = |item: &&app::views::groups::GroupItem| {
            item.members >= 2 && (item.external_synced == Some(true)) == synced
        };
        let group = groups.iter().find(fits).unwrap().group.group_id.clone();
        let view = app.group(&scope, &group, "", Slice::at(0, 2)).await.unwrap();
        let id = |row: usize| view.member_list.rows[row].account.account_id.clone();
        (group, [id(0), id(1)])
    }

    async fn remove_two(&self) -> String {
        let (group, [one, other]) = self.group(false).await;
        let fields = [
            ("do", "remove-members"),
            ("group", &group),
            ("account", &one),
            ("account", &other),
            ("comment", "they moved"),
        ];
        self.led("/plans", &fields).await
    }

    async fn set(&self, change: WritesChange) {
        let app = &self.stage.app;
        app.connection_set_writes("stage", &change, "test").await.unwrap();
    }

    async fn state(&self, path: &str) -> PlanState {
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        self.stage.app.plan(id).await.unwrap().plan.state
    }
}

/// The value of a hidden field.
fn hidden(text: &str, name: &str) -> String {
    let begins = format!("name=\"{name}\" value=\"");
    let from = text.find(&begins).unwrap() + begins.len();
    text[from..].chars().take_while(|letter| *letter != '"').collect()
}

#[tokio::test]
async fn a_form_that_no_page_of_ours_sent_changes_nothing() {
    let pages = Pages::new().await;
    let (group, [one, _]) = pages.group(false).await;
    let fields = [
        ("do", "remove-members"),
        ("group", group.as_str()),
        ("account", one.as_str()),
    ];
    let foreign: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), HERE],
    ];
    for from in foreign {
        let answer = pages.send("/plans", &fields, from).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{from:?}");
    }
    let outside = Pages {
        cookie: "orgwarden_8080=guess".to_owned(),
        ..pages
    };
    let answer = outside.send("/plans", &fields, &[HERE]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let scope = outside.stage.app.scope(&ScopeChoice::default()).await.unwrap();
    assert!(outside.stage.app.plans(&scope, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_chosen_on_a_page_is_approved_carried_out_and_undone() {
    let pages = Pages::new().await;
    let plan = pages.remove_two().await;
    let list = pages.get("/plans").await.text;
    assert!(
        list.contains("1 waits for you") && list.contains("Waits for approval"),
        "{list}"
    );
    let page = pages.get(&plan).await.text;
    assert!(page.contains("leaves the group") && page.contains("Approve and carry out 2 changes"));
    assert!(page.contains("they moved") && page.contains("is in "));
    let hash = hidden(&page, "hash");
    let fields = [("hash", hash.as_str()), ("then", "apply")];
    pages.led(&format!("{plan}/approve"), &fields).await;
    let asked = pages.get(&plan).await.text;
    assert!(
        asked.contains(&format!("data-refresh=\"{plan}/progress\"")),
        "{asked}"
    );
    assert!(
        pages
            .stage
            .app
            .plan_due(&pages.stage.api, &pages.stage)
            .await
            .unwrap()
    );
    let done = pages.get(&format!("{plan}/progress")).await.text;
    assert!(
        done.starts_with("<div id=\"live\"") && done.contains("data-done"),
        "{done}"
    );
    let actions = pages.get(&format!("{plan}/progress?part=actions")).await.text;
    assert_eq!(actions.matches("</svg> Confirmed").count(), 2, "{actions}");
    assert_eq!(pages.state(&plan).await, PlanState::Done);
    assert!(
        !pages
            .stage
            .app
            .plan_due(&pages.stage.api, &pages.stage)
            .await
            .unwrap()
    );

    let undo = pages.led(&format!("{plan}/undo"), &[]).await;
    assert_ne!(undo, plan);
    let page = pages.get(&undo).await.text;
    assert!(page.contains("joins the group") && page.contains(&format!("undoes <a href=\"{plan}\"")));
}

#[tokio::test]
async fn a_plan_of_my_own_says_why_i_cannot_approve_it() {
    let pages = Pages::new().await;
    let no = WritesChange {
        self_approval: Some(false),
        ..WritesChange::default()
    };
    pages.set(no).await;
    let plan = pages.remove_two().await;
    let page = pages.get(&plan).await.text;
    assert!(page.contains("You cannot approve it.") && page.contains("--self-approval on"));
    assert!(!page.contains("/approve\""));
    assert!(pages.get("/plans").await.text.contains("nothing waits for you"));
    let answer = pages.send(&format!("{plan}/approve"), &[], &[HERE]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("somebody else must approve it"));
}

#[tokio::test]
async fn another_hash_than_was_looked_at_is_not_approved() {
    let pages = Pages::new().await;
    let plan = pages.remove_two().await;
    let answer = pages
        .send(&format!("{plan}/approve"), &[("hash", "0a")], &[HERE])
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(pages.state(&plan).await, PlanState::Planned);
}

#[tokio::test]
async fn a_comment_and_a_reason_are_asked_for_where_they_are_needed() {
    let pages = Pages::new().await;
    let (group, [one, other]) = pages.group(false).await;
    let narrow = WritesChange {
        comment_above: Some(1),
        accounts_per_plan: Some(1),
        ..WritesChange::default()
    };
    pages.set(narrow).await;
    let fields = [
        ("do", "remove-members"),
        ("group", group.as_str()),
        ("account", one.as_str()),
        ("account", other.as_str()),
    ];
    let plan = pages.led("/plans", &fields).await;
    let page = pages.get(&plan).await.text;
    assert!(
        page.contains("Why, because it has many changes") && page.contains("although guards hold it back")
    );
    let guards = pages.get("/guards").await.text;
    assert!(guards.contains("2 accounts are touched") && guards.contains(&plan));
    let approve = format!("{plan}/approve");
    let silent = pages.send(&approve, &[], &[HERE]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let half = pages.send(&approve, &[("comment", "closing")], &[HERE]).await;
    assert!(half.text.contains("Guards hold this plan back"));
    pages.led(&approve, &[("reason", "agreed with Ines")]).await;
    assert_eq!(pages.state(&plan).await, PlanState::Approved);
    let page = pages.get(&plan).await.text;
    assert!(page.contains("agreed with Ines") && page.contains("closing"));
    assert!(page.contains("Carry out 2 changes"));
}

#[tokio::test]
async fn a_plan_waits_while_changes_are_off_and_can_be_given_up() {
    let pages = Pages::new().await;
    let off = WritesChange {
        writes: Some(false),
        ..WritesChange::default()
    };
    pages.set(off).await;
    let plan = pages.remove_two().await;
    pages.led(&format!("{plan}/approve"), &[]).await;
    let page = pages.get(&plan).await.text;
    assert!(page.contains("It cannot be carried out.") && page.contains("--writes on"));
    let refused = pages.send(&format!("{plan}/apply"), &[], &[HERE]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(pages.get("/guards").await.text.contains("changes are off"));
    pages.led(&format!("{plan}/cancel"), &[]).await;
    assert_eq!(pages.state(&plan).await, PlanState::Cancelled);
    assert!(pages.get(&plan).await.text.contains("Given up"));
}

#[tokio::test]
async fn trouble_that_keeps_a_plan_from_going_on_is_said_on_its_page() {
    let pages = Pages::new().await;
    let plan = pages.remove_two().await;
    pages.led(&format!("{plan}/approve"), &[("then", "apply")]).await;
    let off = WritesChange {
        writes: Some(false),
        ..WritesChange::default()
    };
    pages.set(off).await;
    assert!(
        pages
            .stage
            .app
            .plan_due(&pages.stage.api, &pages.stage)
            .await
            .unwrap()
    );
    let page = pages.get(&plan).await.text;
    assert!(
        page.contains("It did not go on:") && page.contains("are switched off"),
        "{page}"
    );
    assert!(!page.contains("data-refresh"));
}

#[tokio::test]
async fn what_an_identity_provider_owns_is_refused_with_what_to_do() {
    let pages = Pages::new().await;
    let (group, [one, _]) = pages.group(true).await;
    let page = pages.get(&format!("/groups/{group}")).await.text;
    assert!(
        !page.contains("name=\"do\""),
        "no form where a change would not last"
    );
    let fields = [
        ("do", "leave"),
        ("account", one.as_str()),
        ("group", group.as_str()),
    ];
    let answer = pages.send("/plans", &fields, &[HERE]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("No plan was made") && answer.text.contains("at the identity provider"));
}

#[tokio::test]
async fn nothing_chosen_and_nobody_known_are_said() {
    let pages = Pages::new().await;
    let (group, _) = pages.group(false).await;
    let fields = [("do", "remove-members"), ("group", group.as_str())];
    let nothing = pages.send("/plans", &fields, &[HERE]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("Nothing was chosen"));
    let fields = [
        ("do", "add-members"),
        ("group", group.as_str()),
        ("accounts", "nobody@nowhere.example\n"),
    ];
    let unknown = pages.send("/plans", &fields, &[HERE]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_who_leaves_is_shown_with_all_that_is_held_and_one_plan_takes_it_away() {
    let pages = Pages::new().await;
    let (_, [one, _]) = pages.group(false).await;
    let path = format!("/accounts/{}", one.replace(':', "%3A"));
    let account = pages.get(&path).await.text;
    assert!(account.contains(&format!("{path}/leaving")) && account.contains("Plan to suspend everywhere"));
    let page = pages.get(&format!("{path}/leaving")).await.text;
    assert!(page.contains("leaving: still has") && page.contains("Not known yet"));
    assert!(page.contains("goes by the plan"), "{page}");
    let plan = pages
        .led(
            "/plans",
            &[("do", "leaver"), ("account", &one), ("comment", "left")],
        )
        .await;
    let text = pages.get(&plan).await.text;
    assert!(text.contains("leaves the group"), "{text}");
    pages.led(&format!("{plan}/approve"), &[("then", "apply")]).await;
    pages
        .stage
        .app
        .plan_due(&pages.stage.api, &pages.stage)
        .await
        .unwrap();
    pages.stage.pass_s(120);
    let (app, api) = (&pages.stage.app, &pages.stage.api);
    app.sync(None, false, api, &app::Silent).await.unwrap();
    let scope = app.scope(&ScopeChoice::default()).await.unwrap();
    let left = app.leaver(&scope, &one).await.unwrap();
    let unplanned = |held: &&app::views::leaver::Held| held.removal == app::views::leaver::Removal::Plan;
    let still: Vec<_> = left.held.iter().filter(unplanned).collect();
    assert!(still.is_empty(), "{still:?}");
}

#[tokio::test]
async fn who_is_in_a_group_again_is_told_on_the_plans_page_and_the_accounts() {
    let pages = Pages::new().await;
    let (group, [one, _]) = pages.group(false).await;
    let fields = [
        ("do", "leave"),
        ("account", one.as_str()),
        ("group", group.as_str()),
    ];
    let plan = pages.led("/plans", &fields).await;
    pages.led(&format!("{plan}/approve"), &[("then", "apply")]).await;
    let (app, api) = (&pages.stage.app, &pages.stage.api);
    app.plan_due(api, &pages.stage).await.unwrap();
    let account = format!("/accounts/{}", one.replace(':', "%3A"));
    assert!(!pages.get(&account).await.text.contains("Came back"));
    // The same change by somebody else: the twin takes it as it would from anybody.
    pages.stage.pass_s(120);
    let connection = app.connection_named(None).await.unwrap();
    let admin = app.admin(&connection, api).await.unwrap();
    let id = plan.rsplit('/').next().unwrap().parse().unwrap();
    let action = app.plan(id).await.unwrap().actions[0].action.clone();
    pages.stage.undo_past_the_product(&admin, &action).await.unwrap();
    pages.stage.pass_s(120);
    app.sync(None, false, api, &app::Silent).await.unwrap();
    for path in [&plan, &account] {
        let text = pages.get(path).await.text;
        assert!(text.contains("Came back after it was taken away"), "{path}");
        assert!(
            text.contains("by the audit log") && text.contains("There again"),
            "{path}"
        );
        let file = pages.get(&format!("{path}?format=csv&table=returns")).await.text;
        assert_eq!(file.lines().count(), 2, "{file}");
    }
}

#[tokio::test]
async fn every_table_of_plans_can_be_had_as_a_file() {
    let pages = Pages::new().await;
    let plan = pages.remove_two().await;
    let (_, [one, _]) = pages.group(false).await;
    for path in [
        "/plans?format=csv".to_owned(),
        "/guards?format=csv".to_owned(),
        format!("{plan}?format=csv"),
        format!("{plan}?format=csv&table=journal"),
        format!("/accounts/{}/leaving?format=csv", one.replace(':', "%3A")),
    ] {
        let answer = pages.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text.lines().count() > 1, "{path} has no rows");
    }
    let accounts = pages.get(&format!("{plan}?format=csv&table=accounts")).await;
    assert!(accounts.text.starts_with("account_id,name,email,what,"));
}

#[tokio::test]
async fn a_connection_is_paused_resumed_scheduled_and_read_from_its_page() {
    let pages = Pages::new().await;
    let act = "/connections/stage/schedule";
    assert!(
        pages
            .get("/connections/stage")
            .await
            .text
            .contains("Read everything now")
    );
    assert_eq!(pages.led(act, &[("do", "pause")]).await, "/connections/stage");
    let paused = pages.get("/connections/stage").await.text;
    assert!(paused.contains("paused") && paused.contains("Resume"), "{paused}");
    pages.led(act, &[("do", "resume")]).await;
    let pattern = [("do", "set"), ("cron", "0 3 * * *"), ("zone", "Europe/Berlin")];
    pages.led(act, &pattern).await;
    pages.led(act, &[("do", "read")]).await;
    let schedule = pages.stage.app.schedule(None).await.unwrap();
    assert_eq!(schedule.cron.as_deref(), Some("0 3 * * *"));
    assert!(schedule.wanted_at.is_some() && schedule.paused_at.is_none());
    let wrong = [("do", "set"), ("cron", "whenever"), ("zone", "")];
    let answer = pages.send(act, &wrong, &[HERE]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("no cron pattern"), "{}", answer.text);
    let foreign = pages
        .send(act, &[("do", "pause")], &[("origin", "http://evil.test")])
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_told_is_added_tried_paused_and_sent_again_from_its_page() {
    let pages = Pages::new().await;
    let empty = pages.get("/alerts").await.text;
    assert!(empty.contains("Nobody is told anything yet"), "{empty}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let app = &pages.stage.app;
    let request = app::alerts::ChannelRequest {
        name: "log & more",
        channel: app::alerts::Channel::File { path: path.clone() },
        secret: None,
        allow_private: false,
        actor: "test",
    };
    app.channel_add(&request).await.unwrap();
    let add = [
        ("do", "add"),
        ("name", "<b>admins"),
        ("channel", "log & more"),
        ("turn", "began"),
        ("role", "*admin*"),
        ("group", ""),
    ];
    assert_eq!(pages.led("/alerts", &add).await, "/alerts");
    pages
        .led("/alerts", &[("do", "test"), ("name", "log & more")])
        .await;
    pages
        .led("/alerts", &[("do", "pause"), ("name", "readings fail")])
        .await;
    while app.message_due().await.unwrap() {}
    let shown = pages.get("/alerts").await.text;
    for words in [
        "&lt;b&gt;admins",
        "role *admin*",
        "Delivered",
        "Paused",
        "Send again",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let id = app.messages(1).await.unwrap().remove(0).id;
    let file = pages.get("/alerts?format=csv").await.text;
    assert!(file.contains(&format!("\r\n{id},")), "{file}");
    let message = pages.get(&format!("/alerts/messages/{id}")).await;
    assert!(
        message.text.contains("Orgwarden can reach you here"),
        "{}",
        message.text
    );
    assert!(pages.get("/alerts/log").await.text.starts_with("<section"));
    pages.led("/alerts", &[("do", "again"), ("name", &id)]).await;
    assert_eq!(app.messages_unsent().await.unwrap(), 1);
    while app.message_due().await.unwrap() {}
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    let missing = pages
        .send("/alerts", &[("do", "test"), ("name", "nowhere")], &[HERE])
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(
        pages.get("/alerts/messages/msg_999").await.status,
        StatusCode::NOT_FOUND
    );
    let foreign = pages
        .send("/alerts", &add, &[("origin", "http://evil.test")])
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}
