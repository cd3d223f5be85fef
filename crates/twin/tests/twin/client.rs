//! A small HTTP client for tests; knows nothing but paths and JSON.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use twin::{Shape, Twin, TwinOptions};

/// 2026-03-01T00:00:00Z, so that tests do not depend on today.
pub const START_MS: i64 = 1_772_323_200_000;

/// A twin and a client that holds its key.
pub struct Case {
    pub twin: Twin,
    http: reqwest::Client,
}

/// A status and the JSON that came with it (null when none did).
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub json: Value,
}

/// A small organization of this shape.
pub fn small(shape: Shape) -> TwinOptions {
    TwinOptions {
        users: 150,
        groups: 40,
        workspaces: 8,
        shape,
        starts_at_ms: Some(START_MS),
        clock_stands: true,
        ..TwinOptions::default()
    }
}

impl Case {
    pub async fn start(options: TwinOptions) -> Case {
        Case::on(Twin::start(options).await.unwrap())
    }

    pub fn on(twin: Twin) -> Case {
        // The client insists on a TLS provider although the twin speaks plain HTTP; a second installing is refused, and
        // fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Case {
            twin,
            http: reqwest::Client::new(),
        }
    }

    /// Fills `{o}` in a path below the base URL.
    pub fn url(&self, path: &str) -> String {
        format!(
            "{}{}",
            self.twin.base_url(),
            path.replace("{o}", self.twin.org_id())
        )
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.request(method, path).bearer_auth(self.twin.api_key());
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn got(&self, method: Method, path: &str, body: Option<Value>) -> Got {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Got {
            status,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
        }
    }

    pub async fn get(&self, path: &str) -> Got {
        self.got(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.got(Method::POST, path, Some(body)).await
    }

    /// Every row of a list that is asked with POST; the cursor joins the body.
    pub async fn post_all(&self, path: &str, body: Value) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut ask = body.clone();
        loop {
            let got = self.post(path, ask.clone()).await;
            assert_eq!(got.status, 200, "{path} {ask}: {}", got.json);
            rows.extend(got.json["data"].as_array().unwrap().iter().cloned());
            let Some(next) = got.json["links"]["next"].as_str() else {
                return rows;
            };
            ask = if path.ends_with("/workspaces") {
                json!({})
            } else {
                body.clone()
            };
            ask["cursor"] = json!(next);
        }
    }

    /// Every row of a list that is asked with GET.
    pub async fn get_all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut at = path.to_owned();
        loop {
            let got = self.get(&at).await;
            assert_eq!(got.status, 200, "{at}: {}", got.json);
            rows.extend(got.json["data"].as_array().unwrap().iter().cloned());
            let Some(next) = got.json["links"]["next"].as_str() else {
                return rows;
            };
            let cursor = next.split("cursor=").last().unwrap();
            let joint = if path.contains('?') { '&' } else { '?' };
            at = format!("{path}{joint}cursor={cursor}");
        }
    }

    pub async fn directories(&self) -> Vec<String> {
        let rows = self.get_all("/admin/v2/orgs/{o}/directories").await;
        rows.iter()
            .map(|row| row["directoryId"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn truth(&self) -> Vec<String> {
        let mut lines = self.twin.truth(true);
        lines.sort();
        lines
    }

    /// The facts of one kind.
    pub fn facts(&self, kind: &str) -> Vec<Value> {
        let lines = self.twin.truth(true);
        let facts = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        facts.filter(|fact| fact["kind"] == kind).collect()
    }

    /// The managed accounts, in the order of lists.
    pub fn managed(&self) -> Vec<String> {
        let facts = self.facts("account").into_iter();
        facts
            .filter(|fact| fact["claim_status"] == "managed")
            .map(|fact| fact["account_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The fact about one account.
    pub fn account(&self, id: &str) -> Value {
        let facts = self.facts("account").into_iter();
        facts.into_iter().find(|fact| fact["account_id"] == id).unwrap()
    }
}
