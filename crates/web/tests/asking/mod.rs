//! Questions in SQL, findings and rules.

use crate::{Answer, Site, ask, link, site};
use app::views::scope::ScopeChoice;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

async fn send(site: &Site, path: &str, kind: &str, body: String, origin: &str) -> Answer {
    let request = Request::post(path)
        .header(HOST, "127.0.0.1:8080")
        .header(ORIGIN, origin)
        .header(COOKIE, &site.cookie)
        .header(CONTENT_TYPE, kind)
        .body(Body::from(body));
    let response = site.router.clone().oneshot(request.unwrap()).await.unwrap();
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

async fn form(site: &Site, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    send(
        site,
        path,
        "application/x-www-form-urlencoded",
        body,
        "http://127.0.0.1:8080",
    )
    .await
}

async fn program(site: &Site, body: &Value) -> (StatusCode, Value) {
    let origin = "http://127.0.0.1:8080";
    let answer = send(
        site,
        "/api/v1/query",
        "application/json",
        body.to_string(),
        origin,
    )
    .await;
    (answer.status, serde_json::from_str(&answer.text).unwrap())
}

const ASKED: &str = "SELECT name, status FROM account WHERE status = :status ORDER BY name";

#[tokio::test]
async fn a_question_is_answered_on_the_page_and_as_a_file() {
    let site = site(60).await;
    let editor = site.get("/query").await.text;
    assert!(editor.contains("<textarea") && editor.contains("role_holding_changes"));
    let first = form(&site, "/query", &[("sql", ASKED), ("do", "run")]).await;
    assert!(first.text.contains("name=\"v_status\""));
    assert!(first.text.contains("Nothing that was read is so"));
    let run = form(
        &site,
        "/query",
        &[("sql", ASKED), ("v_status", "active"), ("do", "run")],
    )
    .await;
    assert_eq!(run.status, StatusCode::OK);
    assert!(run.text.contains("<td title=\"active\">"));
    let file = form(
        &site,
        "/query",
        &[("sql", ASKED), ("v_status", "active"), ("do", "csv")],
    )
    .await;
    assert!(
        file.headers[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(file.text.starts_with("name,status\r\n"));
}

#[tokio::test]
async fn a_refused_question_says_why_and_is_kept_in_the_editor() {
    let site = site(60).await;
    for sql in [
        "DELETE FROM fact",
        "SELECT sealed_key FROM connection",
        "SELECT nothing FROM account",
    ] {
        let answer = form(&site, "/query", &[("sql", sql), ("do", "run")]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.text.contains("Not asked") && answer.text.contains(sql),
            "{sql}"
        );
    }
    let markup = form(
        &site,
        "/query",
        &[("sql", "SELECT '<script>x</script>' AS y"), ("do", "run")],
    )
    .await;
    assert!(!markup.text.contains("<script>x"));
}

#[tokio::test]
async fn a_saved_question_has_an_address_until_it_is_forgotten() {
    let site = site(60).await;
    let unnamed = form(&site, "/query", &[("sql", ASKED), ("do", "save")]).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = form(
        &site,
        "/query",
        &[("sql", ASKED), ("name", "By status"), ("do", "save")],
    )
    .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let path = saved.headers[LOCATION].to_str().unwrap().to_owned();
    assert!(site.get(&path).await.text.contains(":status ORDER BY name"));
    form(
        &site,
        "/query",
        &[("sql", ASKED), ("name", "By status"), ("do", "remove")],
    )
    .await;
    assert_eq!(site.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_program_gets_columns_and_rows_or_one_sentence() {
    let site = site(60).await;
    let asked = json!({ "sql": ASKED, "variables": { "status": "active" }, "limit": 2 });
    let (status, answer) = program(&site, &asked).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["columns"], json!(["name", "status"]));
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&answer["is_cut"], &answer["rows"][0][1]),
        (&json!(true), &json!("active"))
    );
    let days = json!({ "sql": "SELECT COUNT(*) AS n, MAX(run_id) AS run FROM run" });
    let (_, now) = program(&site, &days).await;
    let mut then = days.clone();
    then["as_of"] = now["read_at"].clone();
    then["as_of"] = json!("2026-11-01");
    let (_, then) = program(&site, &then).await;
    assert!(then["rows"][0][0].as_i64() < now["rows"][0][0].as_i64());
    let refused = [
        json!({ "sql": "DROP TABLE fact" }),
        json!({ "sql": ASKED }),
        json!({ "sql": ASKED, "variables": { "status": [1] } }),
        json!({ "sql": "SELECT 1", "as_of": "yesterday" }),
        json!({ "sql": "SELECT 1", "as_of": "1999-01-01" }),
        json!({ "query": "SELECT 1" }),
        json!([]),
    ];
    for asked in refused {
        let (status, answer) = program(&site, &asked).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}");
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|sentence| !sentence.is_empty()),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn nobody_asks_from_outside() {
    let site = site(60).await;
    let body = json!({ "sql": "SELECT 1" }).to_string();
    for path in ["/query", "/api/v1/query", "/findings/finding_1"] {
        let foreign = send(
            &site,
            path,
            "application/json",
            body.clone(),
            "http://evil.example",
        )
        .await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{path}");
        let outside = ask(&site.router, path, &[]).await;
        assert_eq!(outside.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_program_is_refused_in_json() {
    let site = site(60).await;
    let origin = "http://127.0.0.1:8080";
    let error = |answer: &Answer| {
        let body: Value = serde_json::from_str(&answer.text).unwrap();
        body["error"].as_str().unwrap().to_owned()
    };
    let sent = async |path: &str, body: &str, origin: &str| {
        send(&site, path, "application/json", body.to_owned(), origin).await
    };
    let foreign = sent("/api/v1/query", "{}", "http://evil.example").await;
    assert!(error(&foreign).contains("as Origin"), "{}", foreign.text);
    let broken = sent("/api/v1/query", "{\"sql\": \"SELECT", origin).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        error(&broken).starts_with("the request is no JSON object with \"sql\""),
        "{}",
        broken.text
    );
    let nothing = sent("/api/v1/nothing", "{}", origin).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(
        error(&nothing).starts_with("There is no such page"),
        "{}",
        nothing.text
    );
    let asked = ask(&site.router, "/api/v1/query", &[]).await;
    assert!(error(&asked).contains("cookie"), "{}", asked.text);
    let got = site.get("/api/v1/query").await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(error(&got), "Method Not Allowed");
}

#[tokio::test]
async fn a_finding_is_listed_decided_about_and_opened_again() {
    let site = site(300).await;
    assert!(site.get("/findings").await.text.contains("Nothing is found"));
    let scope = site.app.scope(&ScopeChoice::default()).await.unwrap();
    let evaluation = site.app.evaluate(&scope).await.unwrap();
    assert!(
        evaluation.failed.is_empty() && evaluation.opened > 0,
        "{evaluation:?}"
    );
    let list = site.get("/findings").await.text;
    let path = link(&list, "/findings/finding_");
    assert!(site.get("/").await.text.contains("href=\"/findings\""));
    let page = site.get(&path).await.text;
    assert!(page.contains("Why it matters") && page.contains("<b>opened</b>"));
    let past = [("do", "accept"), ("reason", "known"), ("until", "2020-01-01")];
    assert_eq!(form(&site, &path, &past).await.status, StatusCode::CONFLICT);
    let until = [("do", "accept"), ("reason", "known <b>"), ("until", "2027-06-01")];
    assert_eq!(form(&site, &path, &until).await.status, StatusCode::SEE_OTHER);
    let page = site.get(&path).await.text;
    assert!(page.contains("Accepted") && page.contains("known &lt;b&gt;"));
    assert!(site.get("/findings?state=accepted").await.text.contains(&path));
    form(&site, &path, &[("do", "reopen")]).await;
    assert!(site.get(&path).await.text.contains("<b>reopened</b>"));
    let file = site.get("/findings?format=csv&state=all").await.text;
    assert!(file.starts_with("finding,rule,severity,state,sentence"));
    assert!(
        site.get("/findings/rules")
            .await
            .text
            .contains("New organization administrator")
    );
    for path in ["/findings/finding_999999", "/findings/x"] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
