//! The door for deliveries: who is let in, who is not, and what comes of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::HookKind;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use scenarios::ChangeStage;
use secrecy::SecretString;
use sha2::Sha256;
use std::sync::Arc;
use tower::ServiceExt as _;
use twin::TwinOptions;
use web::{HookKeeper, MOST_BYTES, door, fuzz_delivery};

const HEADER: &str = "Bearer 0123456789abcdef";
const SECRET: &str = "the secret of a jira site";

struct Doors {
    stage: ChangeStage,
    router: Router,
    keeper: HookKeeper,
}

impl Doors {
    async fn new() -> Doors {
        let options = TwinOptions {
            users: 20,
            groups: 4,
            workspaces: 1,
            ..TwinOptions::default()
        };
        let stage = ChangeStage::new(options, None).await.unwrap();
        for (name, kind, secret) in [
            ("audit", HookKind::Organization, HEADER),
            ("guard", HookKind::Guard, HEADER),
            ("jira", HookKind::Jira, SECRET),
        ] {
            let secret = SecretString::from(secret);
            stage
                .app
                .hook_add(None, name, kind, &secret, "test")
                .await
                .unwrap();
        }
        stage.app.readings_plan().await.unwrap();
        let (router, keeper) = door(Arc::clone(&stage.app)).await.unwrap();
        Doors {
            stage,
            router,
            keeper,
        }
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> StatusCode {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// When the next look at the connection is due, from now on in milliseconds.
    async fn due_in(&self) -> i64 {
        let app = &self.stage.app;
        let mut tx = app.store.read().await.unwrap();
        tx.job_due_at("sync/stage").await.unwrap().unwrap() - app.clock.now_ms()
    }
}

fn signed(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

const EVENT: &str = r#"{"id":"e1","type":"events","attributes":{"action":"user_granted_role"}}"#;

#[tokio::test]
async fn every_shape_of_a_genuine_delivery_is_taken_and_the_events_are_read_next() {
    for body in [
        EVENT.to_owned(),
        format!(r#"{{"record":{EVENT}}}"#),
        format!(r#"{{"data":{{"record":{EVENT}}}}}"#),
        format!("[{EVENT},{EVENT}]"),
        r#"{"a shape":"of tomorrow"}"#.to_owned(),
    ] {
        let mut doors = Doors::new().await;
        assert!(doors.due_in().await > 10_000);
        for path in ["/hooks/audit", "/hooks/guard"] {
            let status = doors.send(path, &[("authorization", HEADER)], body.clone()).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{path} {body}");
        }
        assert_eq!(doors.keeper.note_waiting().await, 2);
        assert!(doors.due_in().await < 1_000);
    }
}

#[tokio::test]
async fn jira_is_known_by_its_signature_over_the_body_as_it_came() {
    let mut doors = Doors::new().await;
    let body = "{\"webhookEvent\" : \"user_created\",\n\"timestamp\":1}";
    let signature = signed(body.as_bytes());
    let good = [
        ("x-hub-signature", signature.as_str()),
        ("x-atlassian-webhook-identifier", "w1"),
    ];
    assert_eq!(doors.send("/hooks/jira", &good, body).await, StatusCode::ACCEPTED);
    let other_body = body.replace(' ', "");
    assert_eq!(
        doors.send("/hooks/jira", &good, other_body).await,
        StatusCode::UNAUTHORIZED
    );
    for wrong in [
        "",
        "sha256=",
        "sha256=zz",
        "sha1=00",
        "sha256=0",
        signature.trim_start_matches("sha256="),
        &signature.replace("sha256", "sha512"),
        &signature[..signature.len() - 2],
    ] {
        let status = doors
            .send("/hooks/jira", &[("x-hub-signature", wrong)], body)
            .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(doors.keeper.note_waiting().await, 1);
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_learns_nothing_and_moves_nothing() {
    let mut doors = Doors::new().await;
    let before = doors.due_in().await;
    for (path, header) in [
        ("/hooks/audit", ""),
        ("/hooks/audit", "Bearer 0123456789abcdeg"),
        ("/hooks/audit", "Bearer 0123456789abcde"),
        ("/hooks/audit", "bearer 0123456789abcdef"),
        ("/hooks/jira", HEADER),
        ("/hooks/nobody", HEADER),
        ("/hooks/%2e%2e", HEADER),
    ] {
        let status = doors.send(path, &[("authorization", header)], EVENT).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {header}");
    }
    let get = Request::get("/hooks/audit").body(Body::empty()).unwrap();
    let status = doors.router.clone().oneshot(get).await.unwrap().status();
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    for path in ["/", "/hooks", "/hooks/", "/start", "/healthz", "/accounts"] {
        assert_eq!(
            doors.send(path, &[("authorization", HEADER)], EVENT).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(doors.keeper.note_waiting().await, 0);
    assert!((before - doors.due_in().await).abs() < 60_000 && doors.due_in().await > 1_000);
}

#[tokio::test]
async fn what_is_no_json_or_too_long_is_refused_and_moves_nothing() {
    let mut doors = Doors::new().await;
    let genuine = [("authorization", HEADER)];
    for body in ["", "{", "no json", "{} {}", "\u{feff}{}"] {
        assert_eq!(
            doors.send("/hooks/audit", &genuine, body).await,
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        doors.send("/hooks/audit", &genuine, deep).await,
        StatusCode::BAD_REQUEST
    );
    let long = format!("\"{}\"", "x".repeat(MOST_BYTES));
    assert_eq!(
        doors.send("/hooks/audit", &genuine, long).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(doors.keeper.note_waiting().await, 0);
}

#[tokio::test]
async fn a_delivery_that_comes_again_is_none_in_whatever_order() {
    let mut doors = Doors::new().await;
    let app = Arc::clone(&doors.stage.app);
    let key = app
        .hook_keys()
        .await
        .unwrap()
        .into_iter()
        .find(|key| key.name == "jira")
        .unwrap();
    for (id, is_new) in [("w2", true), ("w1", true), ("w2", false), ("w1", false)] {
        assert_eq!(app.hook_delivered(&key, id).await.unwrap(), is_new, "{id}");
    }
    // Each is known for a week, then forgotten; what came so late is looked for once more.
    doors.stage.pass_s(8 * 24 * 3_600);
    assert!(app.hook_delivered(&key, "w1").await.unwrap());
    // A thousand at once are one look, and none of them waits for the database.
    for number in 0..1_000 {
        let body = format!("{{\"id\":{number}}}");
        let status = doors
            .send("/hooks/audit", &[("authorization", HEADER)], body)
            .await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }
    assert!((1..=256).contains(&doors.keeper.note_waiting().await));
}

#[tokio::test]
async fn a_hook_that_was_added_or_removed_meanwhile_is_known_at_the_next_look() {
    let doors = Doors::new().await;
    let app = &doors.stage.app;
    app.hook_remove("guard", "test").await.unwrap();
    let secret = SecretString::from(HEADER);
    app.hook_add(None, "second", HookKind::Organization, &secret, "test")
        .await
        .unwrap();
    doors.keeper.look().await.unwrap();
    let genuine = [("authorization", HEADER)];
    assert_eq!(
        doors.send("/hooks/guard", &genuine, EVENT).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        doors.send("/hooks/second", &genuine, EVENT).await,
        StatusCode::ACCEPTED
    );
    let short = SecretString::from("short");
    for (name, secret) in [
        ("a/b", &secret),
        ("", &secret),
        ("third", &short),
        ("second", &secret),
    ] {
        assert!(
            app.hook_add(None, name, HookKind::Jira, secret, "test")
                .await
                .is_err(),
            "{name}"
        );
    }
    let listed = app.hooks().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|hook| hook.name.as_str()).collect();
    assert_eq!(names, ["audit", "jira", "second"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_are_taken_for_genuine(
        header in proptest::collection::vec(any::<u8>(), 0..100),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(!fuzz_delivery(&header, &body));
    }

    #[test]
    fn nothing_that_looks_like_a_signature_is_one(digits in "sha256=[0-9a-fA-F]{0,70}", body in ".{0,50}") {
        prop_assert!(!fuzz_delivery(digits.as_bytes(), body.as_bytes()));
    }
}
