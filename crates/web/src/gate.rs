//! The door: who may ask for pages.
//!
//! ```text
//! request ── Host allowed? ──no──> 421
//!               │ yes
//!            asset, /start ──────> answered without a cookie
//!               │ else
//!            cookie known? ──no──> 401, a page that says what to do
//!               │ yes
//!            only asks? ──no, and not sent by a page of ours──> 403
//!               │ yes
//!             page
//! ```
//!
//! `/start?token=…` works once: it gives the browser a random cookie, of which only a hash is kept, in memory.
//! The cookie is HttpOnly and SameSite=Strict; with `default-src 'none'` no other site can use or frame a page.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// What every answer carries as its content security policy.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Why an address is not served.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{address} is not a loopback address: pages have no log-in yet, so they are served only to this machine; \
     use 127.0.0.1 or [::1], and a tunnel such as `ssh -L` from elsewhere"
)]
pub struct ListenError {
    /// The address that was asked for.
    pub address: SocketAddr,
}

/// Refuses to serve on an address that others can reach.
pub fn check_listen_address(address: SocketAddr) -> Result<(), ListenError> {
    if address.ip().is_loopback() {
        Ok(())
    } else {
        Err(ListenError { address })
    }
}

/// Keeps the start token and who came in by it.
pub struct Gate {
    allowed_hosts: Vec<String>,
    state: Mutex<State>,
}

struct State {
    /// Hash of the start token until it is used.
    token: Option<[u8; 32]>,
    /// Hash of the cookie of whoever used it.
    session: Option<[u8; 32]>,
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The host of a Host header without its port.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

impl Gate {
    /// A gate that opens once for `token`.
    pub(crate) fn new(allowed_hosts: &[String], token: &str) -> Gate {
        let allowed_hosts = allowed_hosts
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        Gate {
            allowed_hosts,
            state: Mutex::new(State {
                token: Some(hash(token)),
                session: None,
            }),
        }
    }

    /// A random start token.
    pub fn random_token() -> String {
        random_text()
    }

    /// Whether the Host header names us.
    pub(crate) fn is_our_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(HOST).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let name = host_name(host).to_ascii_lowercase();
        matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1") || self.allowed_hosts.contains(&name)
    }

    /// Exchanges the start token for the value of a cookie; a token works once.
    pub(crate) fn enter(&self, token: &str) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_right = state
            .token
            .is_some_and(|kept| bool::from(kept.ct_eq(&hash(token))));
        if !is_right {
            return None;
        }
        let cookie = random_text();
        state.token = None;
        state.session = Some(hash(&cookie));
        Some(cookie)
    }

    /// Whether the request carries the cookie of whoever used the token.
    pub(crate) fn is_inside(&self, headers: &HeaderMap) -> bool {
        let name = cookie_name(headers);
        let Some(value) = cookie(headers, &name) else {
            return false;
        };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .session
            .is_some_and(|kept| bool::from(kept.ct_eq(&hash(value))))
    }
}

/// Whether a form was sent by a page of ours: browsers say where a request comes from, and no page can say otherwise.
///
/// `Sec-Fetch-Site` is sent to addresses that browsers trust, which loopback ones are; `Origin` with every form. A
/// request that says neither is not from a browser's form, and is refused too.
pub(crate) fn is_from_us(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (text(ORIGIN.as_str()), text(HOST.as_str())) else {
        return false;
    };
    let named = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    named.is_some_and(|named| named.eq_ignore_ascii_case(host))
}

/// The cookie's name: with the port, because browsers share cookies between the ports of a host.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port {
        format!("orgwarden_{port}")
    } else {
        "orgwarden".to_owned()
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_served() {
        for address in ["127.0.0.1:80", "[::1]:80", "127.9.9.9:1"] {
            assert_eq!(check_listen_address(address.parse().unwrap()), Ok(()));
        }
        for address in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80"] {
            assert!(check_listen_address(address.parse().unwrap()).is_err());
        }
    }

    #[test]
    fn a_host_is_compared_without_its_port() {
        assert_eq!(host_name("localhost:8080"), "localhost");
        assert_eq!(host_name("[::1]:8080"), "::1");
        assert_eq!(host_name("example.org"), "example.org");
    }

    #[test]
    fn a_form_is_taken_from_our_own_pages_only() {
        let from = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, axum::http::HeaderValue::from_static("127.0.0.1:8080"));
            for (name, value) in pairs {
                headers.insert(*name, axum::http::HeaderValue::from_static(value));
            }
            is_from_us(&headers)
        };
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "http://127.0.0.1:8080")]));
        let foreign: [&[(&'static str, &'static str)]; 6] = [
            &[],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:9090")],
            &[("origin", "http://127.0.0.1:8080.evil.example")],
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "http://127.0.0.1:8080"),
            ],
            &[("sec-fetch-site", "none"), ("origin", "http://127.0.0.1:8080")],
        ];
        for headers in foreign {
            assert!(!from(headers), "{headers:?}");
        }
    }

    #[test]
    fn a_token_works_once() {
        let gate = Gate::new(&[], "t");
        assert_eq!(gate.enter("wrong"), None);
        assert!(gate.enter("t").is_some());
        assert_eq!(gate.enter("t"), None);
    }
}
