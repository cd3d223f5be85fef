//! Scheduled damage looks real to a client.

use reqwest::Method;
use serde_json::{Value, json};
use twin::Shape;

use crate::client::{Case, small};

const DIRECTORIES: &str = "/admin/v2/orgs/{o}/directories";
const WORKSPACES: &str = "/admin/v2/orgs/{o}/workspaces";

async fn with(kind: &str) -> Case {
    let case = Case::start(small(Shape::Typical)).await;
    case.twin
        .set_faults(&json!({ "probability": 1.0, "seed": 1, "kinds": [kind] }))
        .unwrap();
    case
}

/// What one request ends in: a status with a body, or the name of the failure.
async fn outcome(case: &Case) -> Result<(u16, String, String), &'static str> {
    let request = case
        .request(Method::GET, DIRECTORIES)
        .bearer_auth(case.twin.api_key());
    let response = request.send().await.map_err(|_| "no answer")?;
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.map_err(|_| "body ended")?;
    Ok((status, content_type, text))
}

#[tokio::test]
async fn statuses_are_answered() {
    for (kind, status) in [
        ("429", 429),
        ("429-no-retry-after", 429),
        ("500", 500),
        ("503", 503),
    ] {
        let case = with(kind).await;

        let got = case.send(Method::GET, DIRECTORIES, None).await;

        assert_eq!(got.status(), status);
        assert_eq!(got.headers().contains_key("retry-after"), kind == "429", "{kind}");
        assert_eq!(case.twin.stats()["rate_limited"], u8::from(status == 429));
    }
}

#[tokio::test]
async fn reset_gives_no_answer_and_cut_ends_the_body() {
    let reset = with("reset").await;
    let cut = with("cut").await;

    assert_eq!(outcome(&reset).await, Err("no answer"));
    assert_eq!(outcome(&cut).await, Err("body ended"));
    for case in [reset, cut] {
        case.twin.set_faults(&json!({})).unwrap();
        assert!(outcome(&case).await.is_ok());
    }
}

#[tokio::test]
async fn damaged_bodies_are_not_the_json_one_wants() {
    let (_, content_type, _) = outcome(&with("content-type").await).await.unwrap();
    let (status, _, malformed) = outcome(&with("malformed").await).await.unwrap();
    let (_, _, slow) = outcome(&with("slow").await).await.unwrap();

    assert!(content_type.starts_with("text/html"));
    assert!(status == 200 && serde_json::from_str::<Value>(&malformed).is_err());
    assert!(serde_json::from_str::<Value>(&slow).is_ok());
}

#[tokio::test]
async fn cursor_is_repeated_or_refused() {
    for (kind, status) in [("repeated-cursor", 200), ("refused-cursor", 400)] {
        let case = with(kind).await;
        let first = case.post(WORKSPACES, json!({ "limit": 2 })).await;
        let next = first.json["links"]["next"].as_str().unwrap();
        let cursor = next.split("cursor=").last().unwrap();

        let second = case.post(WORKSPACES, json!({ "cursor": cursor })).await;

        assert_eq!(second.status, status);
        let is_same = second.json["links"]["next"]
            .as_str()
            .is_some_and(|again| again == next);
        assert_eq!(is_same, status == 200, "{}", second.json);
    }
}

#[tokio::test]
async fn faulty_write_may_or_may_not_have_landed() {
    let case = with("500").await;
    let directory = case.facts("group")[0]["directory_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in 0..40 {
        let path = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups");
        assert_eq!(
            case.post(&path, json!({ "name": format!("maybe-{number}") }))
                .await
                .status,
            500
        );
    }
    case.twin.advance_s(10);

    let landed = case
        .facts("group")
        .iter()
        .filter(|it| it["name"].as_str().unwrap().starts_with("maybe-"))
        .count();

    assert!((5..=35).contains(&landed), "{landed}");
}

#[tokio::test]
async fn same_seed_gives_the_same_faults_and_controls_never_fail() {
    let run = async || {
        let case = Case::start(small(Shape::Typical)).await;
        let schedule = json!({ "probability": 0.3, "seed": 4, "kinds": ["500", "503", "429"] });
        let set = case.post("/_twin/faults", schedule).await;
        assert_eq!(set.status, 200);
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(case.get(DIRECTORIES).await.status);
            assert_eq!(case.get("/_twin/stats").await.status, 200);
        }
        statuses
    };
    let first = run().await;

    assert_eq!(first, run().await);
    assert!(first.contains(&200) && first.contains(&500) && first.contains(&429));
}

#[tokio::test]
async fn wrong_schedules_are_refused_with_a_reason() {
    let case = Case::start(small(Shape::Single)).await;

    for wrong in [
        json!({ "probability": 2 }),
        json!({ "kinds": ["flood"] }),
        json!({ "chance": 1 }),
        json!([]),
    ] {
        assert_eq!(case.post("/_twin/faults", wrong).await.status, 400);
    }
}
