//! The token endpoint: takes an assertion apart and checks all of it.

use super::{Heard, Shared};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::DATE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::form_urlencoded;

/// How long a token works.
const TOKEN_HOLDS_S: i64 = 3600;
/// How far times in an assertion may be off, in seconds.
const LEEWAY_S: i64 = 5;

pub(super) fn route(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/auth/v1/token", post(token))
        .with_state(shared)
}

async fn token(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let now_ms = shared.now_ms();
    let answer = match check(&shared, &body, now_ms) {
        Ok(()) => {
            let mut state = shared.state();
            let token = format!("token-{}", state.heard.len());
            state.tokens.insert(token.clone(), now_ms + TOKEN_HOLDS_S * 1000);
            drop(state);
            shared.hear(Heard::Token);
            let told = json!({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_HOLDS_S});
            (StatusCode::OK, told.to_string())
        }
        Err(why) => {
            let told = json!({"error": "invalid_client", "error_description": why});
            (StatusCode::UNAUTHORIZED, told.to_string())
        }
    };
    let date = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    ([(DATE, date)], answer).into_response()
}

fn check(shared: &Shared, body: &[u8], now_ms: i64) -> Result<(), &'static str> {
    let form: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return Err("grant_type");
    }
    if field("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        return Err("client_assertion_type");
    }
    let (signed, signature) = field("client_assertion").rsplit_once('.').ok_or("three parts")?;
    let signature = BASE64.decode(signature).map_err(|_| "base64url")?;
    UnparsedPublicKey::new(&ED25519, &shared.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "signature")?;
    let (header, claims) = signed.split_once('.').ok_or("three parts")?;
    let read = |part: &str| -> Option<Value> { serde_json::from_slice(&BASE64.decode(part).ok()?).ok() };
    let header = read(header).ok_or("header")?;
    let nonce = header["nonce"]
        .as_str()
        .filter(|nonce| nonce.len() == 32)
        .ok_or("nonce")?;
    if header["alg"] != "EdDSA" || !header["typ"].is_null() {
        return Err("header");
    }
    let claims = read(claims).ok_or("claims")?;
    if claims["iss"] != field("client_id") || claims["sub"] != field("client_id") {
        return Err("issuer");
    }
    if claims["aud"] != "127.0.0.1" {
        return Err("audience");
    }
    let now_s = now_ms.div_euclid(1000);
    let time = |name: &str| claims[name].as_i64().ok_or("times");
    if time("nbf")? > now_s + LEEWAY_S || time("exp")? < now_s - LEEWAY_S || time("exp")? - time("nbf")? > 300
    {
        return Err("times");
    }
    let mut state = shared.state();
    if !state.nonces.insert(nonce.to_owned()) {
        return Err("nonce used before");
    }
    if state.is_revoked {
        return Err("the client is not known");
    }
    Ok(())
}
