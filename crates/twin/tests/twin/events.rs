//! The audit log from outside.

use reqwest::Method;
use serde_json::{Value, json};
use twin::Shape;

use crate::client::{Case, small};

const STREAM: &str = "/admin/v1/orgs/{o}/events-stream";

async fn drain(case: &Case, cursor: &mut String) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let got = case.get(&format!("{STREAM}?cursor={cursor}&limit=20")).await;
        assert_eq!(got.status, 200, "{}", got.json);
        let data = got.json["data"].as_array().unwrap().clone();
        *cursor = got.json["meta"]["next"].as_str().unwrap().to_owned();
        if data.is_empty() {
            return found;
        }
        found.extend(data);
    }
}

#[tokio::test]
async fn stream_tells_every_event_once_in_order_of_processing_and_late_ones_later() {
    let case = Case::start(small(Shape::Typical)).await;
    let got = case
        .get(&format!("{STREAM}?from={}&limit=20", case.twin.now_ms()))
        .await;
    let mut cursor = got.json["meta"]["next"].as_str().unwrap().to_owned();
    assert_eq!(got.json["data"], json!([]));

    case.twin.mutate(100, 1);
    assert!(drain(&case, &mut cursor).await.is_empty());
    case.twin.advance_s(5);
    let soon = drain(&case, &mut cursor).await;
    case.twin.mutate(20, 2);
    case.twin.advance_s(3600);
    let late = drain(&case, &mut cursor).await;

    let all: Vec<&Value> = soon.iter().chain(&late).collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|it| it["id"].to_string()).collect();
    let processed: Vec<_> = all
        .iter()
        .map(|it| it["attributes"]["processedAt"].to_string())
        .collect();
    // Who comes into groups at once leaves an event for each.
    assert!(
        all.len() > 120 && all.len() == ids.len(),
        "{} of {}",
        ids.len(),
        all.len()
    );
    assert!(processed.is_sorted());
    assert!(
        !all.iter()
            .map(|it| it["attributes"]["time"].to_string())
            .is_sorted()
    );
    let share = soon.len() * 100 / all.len();
    assert!((60..90).contains(&share), "{share} %");
}

#[tokio::test]
async fn log_forgets_after_180_days() {
    let case = Case::start(small(Shape::Typical)).await;
    let before = case.get(STREAM).await.json["data"].as_array().unwrap().len();
    case.twin.advance_s(181 * 24 * 3600);

    let after = case.get(STREAM).await.json["data"].as_array().unwrap().len();

    assert!(before >= 50 && after == 0, "{before} {after}");
}

#[tokio::test]
async fn writes_and_looking_at_users_are_logged_the_latter_once_a_minute() {
    let case = Case::start(small(Shape::Typical)).await;
    let directory = case.directories().await.remove(0);
    for _ in 0..5 {
        case.post(
            &format!("/admin/v2/orgs/{{o}}/directories/{directory}/users/search"),
            json!({}),
        )
        .await;
    }
    case.post(
        &format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups"),
        json!({ "name": "logged" }),
    )
    .await;
    case.twin.advance_s(3600);

    let viewed = case
        .get("/admin/v1/orgs/{o}/events?action=organization_users_viewed")
        .await
        .json;
    let made = case
        .get("/admin/v1/orgs/{o}/events?action=group_created")
        .await
        .json;

    assert_eq!(viewed["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        made["data"][0]["attributes"]["context"][0]["attributes"]["name"],
        "logged"
    );
    let id = made["data"][0]["id"].as_str().unwrap();
    assert_eq!(
        case.get(&format!("/admin/v1/orgs/{{o}}/events/{id}"))
            .await
            .status,
        200
    );
    assert_eq!(case.get("/admin/v1/orgs/{o}/events/none").await.status, 404);
}

#[tokio::test]
async fn every_action_that_is_written_is_in_the_catalogue() {
    let case = Case::start(small(Shape::Typical)).await;
    case.twin.mutate(500, 1);
    case.twin.advance_s(3600);
    let catalogue = case.get("/admin/v1/orgs/{o}/event-actions").await.json;
    let known: Vec<&Value> = catalogue["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();

    let told = case.get(&format!("{STREAM}?limit=500&sortOrder=desc")).await.json;

    for event in told["data"].as_array().unwrap() {
        assert!(known.contains(&&event["attributes"]["action"]), "{event}");
    }
}

#[tokio::test]
async fn search_is_newest_first_and_bounded() {
    let case = Case::start(small(Shape::Typical)).await;
    let rows = case.get_all("/admin/v1/orgs/{o}/events?limit=25").await;
    let times: Vec<_> = rows
        .iter()
        .map(|it| it["attributes"]["time"].as_str().unwrap())
        .collect();

    assert!(rows.len() >= 55 && times.first() > times.last());
    assert_eq!(case.get(&format!("{STREAM}?limit=501")).await.status, 400);
    assert_eq!(case.get(&format!("{STREAM}?cursor=garbage")).await.status, 400);
    assert_eq!(case.got(Method::POST, STREAM, None).await.status, 405);
}

#[tokio::test]
async fn a_log_that_errs_loses_delays_and_repeats() {
    let case = Case::start(small(Shape::Typical)).await;
    // An invented organization has a past.
    case.twin.forget_events(false);
    let told = |after_s: i64| {
        case.twin.advance_s(after_s);
        case.twin.events()
    };
    case.post("/_twin/log", json!({"lost": 1.0})).await;
    case.twin.mutate(20, 1);
    assert!(told(3_600).is_empty());
    let errs = json!({"late": 0.5, "repeated": 1.0, "seed": 3});
    case.post("/_twin/log", errs).await;
    case.twin.mutate(20, 2);
    let early = told(3_600);
    case.twin.mutate(20, 3);
    let all = told(13 * 3_600);
    assert!(!early.is_empty() && early.len() < all.len());
    let ids: std::collections::BTreeSet<_> = all.iter().map(|it| it["id"].to_string()).collect();
    assert_eq!(all.len(), 2 * ids.len());
    let happened_at = |event: &Value| event["attributes"]["time"].to_string();
    assert!(!all.iter().map(happened_at).is_sorted());
    assert_eq!(case.post("/_twin/log", json!({"lost": 2})).await.status, 400);
}

#[tokio::test]
async fn a_log_that_forgets_may_refuse_the_place_where_it_was_read_last() {
    let case = Case::start(small(Shape::Typical)).await;
    case.twin.mutate(20, 1);
    case.twin.advance_s(3_600);
    let first = case.get(&format!("{STREAM}?from=1&limit=5")).await;
    let cursor = first.json["meta"]["next"].as_str().unwrap().to_owned();
    let next = format!("{STREAM}?cursor={cursor}");
    case.post("/_twin/forget-events", json!({})).await;
    let got = case.get(&next).await;
    assert_eq!((got.status, got.json["data"].clone()), (200, json!([])));
    case.post("/_twin/forget-events", json!({"refuse": true})).await;
    assert_eq!(case.get(&next).await.status, 400);
    let anew = case.get(&format!("{STREAM}?from=1")).await;
    let cursor = anew.json["meta"]["next"].as_str().unwrap();
    assert_eq!(case.get(&format!("{STREAM}?cursor={cursor}")).await.status, 200);
}
