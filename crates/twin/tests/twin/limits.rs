//! Limits of requests, and the twin's clock in headers.

use reqwest::Method;
use serde_json::json;
use twin::{RetryAfterStyle, Shape, TwinOptions};

use crate::client::{Case, small};

const DIRECTORIES: &str = "/admin/v2/orgs/{o}/directories";

#[tokio::test]
async fn general_limit_counts_down_refuses_and_starts_anew_with_the_minute() {
    let case = Case::start(TwinOptions {
        rate_limit: Some(3),
        ..small(Shape::Typical)
    })
    .await;

    for remaining in ["2", "1", "0"] {
        let got = case.send(Method::GET, DIRECTORIES, None).await;
        assert_eq!(got.status(), 200);
        assert_eq!(got.headers()["x-ratelimit-limit"], "3");
        assert_eq!(got.headers()["x-ratelimit-remaining"], remaining);
        assert_eq!(got.headers()["x-ratelimit-reset"], "2026-03-01T00:01:00Z");
        assert_eq!(
            got.headers()["date"].to_str().unwrap().get(..22),
            Some("Sun, 01 Mar 2026 00:00")
        );
    }
    let refused = case.send(Method::GET, DIRECTORIES, None).await;
    assert_eq!(refused.status(), 429);
    let wait: i64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(case.twin.stats()["rate_limited"], 1);
    case.twin.advance_s(60);
    assert_eq!(case.get(DIRECTORIES).await.status, 200);
}

#[tokio::test]
async fn retry_after_has_the_asked_form() {
    for (retry_after, has_header) in [(RetryAfterStyle::Date, true), (RetryAfterStyle::None, false)] {
        let case = Case::start(TwinOptions {
            rate_limit: Some(0),
            retry_after,
            ..small(Shape::Typical)
        })
        .await;

        let refused = case.send(Method::GET, DIRECTORIES, None).await;

        let header = refused
            .headers()
            .get("retry-after")
            .map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(header.is_some(), has_header);
        assert!(header.is_none_or(|date| date.ends_with("GMT")));
    }
}

#[tokio::test]
async fn without_a_limit_there_are_no_limit_headers() {
    let case = Case::start(small(Shape::Typical)).await;

    let got = case.send(Method::GET, DIRECTORIES, None).await;

    assert!(
        got.headers()
            .keys()
            .all(|name| !name.as_str().starts_with("x-ratelimit"))
    );
}

#[tokio::test]
async fn documented_limits_of_paths_always_apply() {
    let case = Case::start(small(Shape::Typical)).await;
    let account = case.facts("account")[0]["account_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let last_active = format!("/admin/v1/orgs/{{o}}/directory/users/{account}/last-active-dates");

    for (path, limit) in [
        ("/admin/v1/orgs/{o}/events", 10),
        ("/admin/v1/orgs/{o}/events-stream", 50),
        (&last_active, 200),
    ] {
        for turn in 0..limit {
            assert_eq!(case.get(path).await.status, 200, "{path} {turn}");
        }
        let refused = case.get(path).await;
        assert_eq!(
            (refused.status, &refused.json["errors"][0]["status"]),
            (429, &json!("429")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn refusals_have_the_envelope_of_their_operation() {
    let case = Case::start(TwinOptions {
        rate_limit: Some(0),
        ..small(Shape::Typical)
    })
    .await;

    let workspaces = case.post("/admin/v2/orgs/{o}/workspaces", json!({})).await;
    let assign = case
        .post("/admin/v1/orgs/{o}/users/x/roles/assign", json!({}))
        .await;
    let directories = case.get(DIRECTORIES).await;

    assert_eq!(
        workspaces.json,
        json!({ "code": 429, "message": "Too Many Requests" })
    );
    assert_eq!(
        assign.json,
        json!({ "code": 429, "message": "Too Many Requests" })
    );
    assert_eq!(directories.json["errors"][0]["code"], "ADMIN-429-1");
}
