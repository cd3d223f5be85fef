//! The token endpoint: an assertion against an access token, which is kept until it expires.

use super::ServiceError;
use super::credentials::{ASSERTION_HOLDS_S, ClientId, SigningKey};
use super::trust::Trust;
use model::Clock;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::form_urlencoded;

const TIMEOUT: Duration = Duration::from_secs(30);
/// A token is renewed so long before it expires, in milliseconds.
const RENEW_BEFORE_MS: i64 = 30_000;
/// A token that does not say when it expires is renewed after so long, or when the server does not take it any more.
const UNTOLD_MS: i64 = 60 * 60 * 1000;
/// An answer of the endpoint may not be larger.
const MOST_BYTES: usize = 64 * 1024;

/// Gets access tokens and keeps the latest.
pub(super) struct Tokens {
    http: reqwest::Client,
    url: String,
    client: ClientId,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    /// What is sent with each call: the type and the token.
    authorization: SecretString,
    expires_at_ms: i64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    token_type: String,
    /// In seconds: a number or its text.
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl Answer {
    /// How long the token holds, in milliseconds.
    fn holds_ms(&self) -> i64 {
        let told = match &self.expires_in {
            Some(serde_json::Value::Number(seconds)) => seconds.as_f64(),
            Some(serde_json::Value::String(seconds)) => seconds.parse().ok(),
            _ => None,
        };
        // What is beyond any clock is cut off at its end.
        told.map_or(UNTOLD_MS, |seconds| (seconds * 1000.0) as i64)
    }
}

impl Tokens {
    /// `authority` is the host, with a port if it is not 443.
    pub fn new(
        client: ClientId,
        key: SigningKey,
        authority: &str,
        trust: &Trust,
        clock: Arc<dyn Clock>,
    ) -> Result<Tokens, ServiceError> {
        let http = trust.http(TIMEOUT)?;
        Ok(Tokens {
            http,
            url: format!("https://{authority}/auth/v1/token"),
            client,
            key,
            clock,
            kept: Mutex::new(None),
        })
    }

    /// What is to be sent with a call.
    pub async fn authorization(&self) -> Result<SecretString, ServiceError> {
        let mut kept = self.kept.lock().await;
        let now_ms = self.clock.now_ms();
        if let Some(kept) = kept.as_ref()
            && now_ms < kept.expires_at_ms - RENEW_BEFORE_MS
        {
            return Ok(kept.authorization.clone());
        }
        *kept = None;
        let answer = self.ask(now_ms).await?;
        let kind = match answer.token_type.as_str() {
            "" | "bearer" => "Bearer",
            other => other,
        };
        let authorization = SecretString::from(format!("{kind} {}", answer.access_token));
        *kept = Some(Kept {
            authorization: authorization.clone(),
            expires_at_ms: now_ms.saturating_add(answer.holds_ms()),
        });
        Ok(authorization)
    }

    /// Forgets the token: the server does not take it any more.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    async fn ask(&self, now_ms: i64) -> Result<Answer, ServiceError> {
        let assertion = self.key.assertion(&self.client, now_ms, rand::random())?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client.whole)
            .append_pair("grant_type", "client_credentials")
            .append_pair(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
            .append_pair("client_assertion", assertion.expose_secret())
            .finish();
        let sent = self
            .http
            .post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await;
        let mut response =
            sent.map_err(|error| ServiceError::TokenUnreachable(causes(&error.without_url())))?;
        let status = response.status();
        let skew_s = skew_s(response.headers(), now_ms);
        let mut body = Vec::new();
        while let Some(part) = response
            .chunk()
            .await
            .map_err(|error| ServiceError::TokenUnreachable(causes(&error.without_url())))?
        {
            body.extend_from_slice(&part);
            if body.len() > MOST_BYTES {
                return Err(ServiceError::TokenNotUnderstood);
            }
        }
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|_| ServiceError::TokenNotUnderstood);
        }
        let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        if status.is_server_error() || status.is_redirection() || passes {
            return Err(ServiceError::TokenUnreachable(format!(
                "it answered {}",
                status.as_u16()
            )));
        }
        match skew_s {
            Some(seconds) if seconds.abs() >= ASSERTION_HOLDS_S => Err(ServiceError::ClockSkew { seconds }),
            _ => Err(ServiceError::TokenRefused {
                status: status.as_u16(),
                reason: reason(&body),
            }),
        }
    }
}

/// How many seconds our clock is ahead of the server's, by the date of its answer.
fn skew_s(headers: &HeaderMap, now_ms: i64) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let told = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(now_ms.div_euclid(1000) - told.timestamp().as_second())
}

/// What the server says about a refusal, if it says it as OAuth does.
fn reason(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
        #[serde(default)]
        error_description: String,
    }
    match serde_json::from_slice::<Refused>(body) {
        Ok(refused) if refused.error_description.is_empty() => super::presentable(&refused.error),
        Ok(refused) => super::presentable(&format!("{}: {}", refused.error, refused.error_description)),
        Err(_) => String::new(),
    }
}

/// An error with its causes.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    super::presentable(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_tells_how_far_clocks_are_apart() {
        let mut headers = HeaderMap::new();
        assert_eq!(skew_s(&headers, 0), None);
        headers.insert(DATE, "Tue, 14 Nov 2023 22:13:20 GMT".parse().unwrap());
        assert_eq!(skew_s(&headers, 1_700_000_000_000), Some(0));
        assert_eq!(skew_s(&headers, 1_700_000_600_000), Some(600));
        headers.insert(DATE, "yesterday".parse().unwrap());
        assert_eq!(skew_s(&headers, 0), None);
    }

    #[test]
    fn a_token_holds_as_long_as_a_number_or_a_text_says_or_an_hour() {
        let holds_ms = |expires_in: &str| {
            let answer = format!(r#"{{"access_token":"t"{expires_in}}}"#);
            serde_json::from_str::<Answer>(&answer).unwrap().holds_ms()
        };
        assert_eq!(holds_ms(r#","expires_in":90"#), 90_000);
        assert_eq!(holds_ms(r#","expires_in":90.5"#), 90_500);
        assert_eq!(holds_ms(r#","expires_in":"90""#), 90_000);
        for untold in ["", r#","expires_in":null"#, r#","expires_in":"soon""#] {
            assert_eq!(holds_ms(untold), 3_600_000, "{untold}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words_if_it_has_any() {
        assert_eq!(reason(br#"{"error":"invalid_client"}"#), "invalid_client");
        let told = reason(br#"{"error":"a","error_description":"b\nc"}"#);
        assert_eq!(told, "a: b c");
        assert_eq!(reason(b"<html>"), "");
    }
}
