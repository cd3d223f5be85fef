//! One request, before it is sent, and the call that is never sent.

use crate::cursor::Cursor;
use reqwest::Method;
use serde_json::Value;
use url::Url;

/// One request, before it is sent.
pub(crate) struct Request {
    /// Name of the operation, as in the vendor's description; for counting, logs and messages.
    pub operation: &'static str,
    pub method: Method,
    /// Path below the base address, its ids escaped.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    /// What is asked for and sent, where it is not plain JSON.
    pub media: Option<&'static str>,
}

impl Request {
    pub fn get(operation: &'static str, path: String) -> Request {
        Request {
            operation,
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            media: None,
        }
    }

    /// A search: a POST that only reads and may be repeated.
    pub fn search(operation: &'static str, path: String, body: Value) -> Request {
        Request {
            operation,
            method: Method::POST,
            path,
            query: Vec::new(),
            body: Some(body),
            media: None,
        }
    }

    /// A write. Goes through [`Transport::write`](super::Transport::write) only, which sends it once.
    pub fn write(operation: &'static str, method: Method, path: String, body: Option<Value>) -> Request {
        Request {
            operation,
            method,
            path,
            query: Vec::new(),
            body,
            media: None,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.query.push((name, value.into()));
        self
    }

    /// The page after `cursor`; the first if there is none.
    pub fn with_cursor(self, cursor: Option<&Cursor>) -> Request {
        match cursor {
            Some(cursor) => self.with("cursor", cursor.as_str()),
            None => self,
        }
    }
}

/// Whether this is the call that revokes the API tokens of everybody (or of a whole service account) at once. Nothing
/// asks for it; this is the second bolt, for code that is yet to be written.
pub(super) fn revokes_every_token(method: &Method, url: &Url) -> bool {
    if *method != Method::DELETE {
        return false;
    }
    let path = percent_decoded(url.path()).to_lowercase();
    let path = path.trim_end_matches('/');
    path.contains("api-access") && path.ends_with("api-tokens")
}

fn percent_decoded(path: &str) -> String {
    // A query pair is decoded by the same rules, but for the plus sign.
    let query = format!("p={}", path.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revoking_every_token_is_never_sent_however_it_is_spelled() {
        let is_stopped = |method: Method, path: &str| {
            let url = Url::parse(&format!("https://api.atlassian.com{path}")).unwrap();
            revokes_every_token(&method, &url)
        };
        for path in [
            "/admin/api-access/v1/orgs/o/api-tokens",
            "/admin/api-access/v1/orgs/o/api-tokens/?x=1",
            "/admin/api-access/v1/orgs/o/x/../%61pi-tokens//",
            "/ADMIN/API-ACCESS/v2/orgs/o/API%2Dtokens",
            "/admin/api-access/v1/orgs/o/service-accounts/s/api-tokens",
        ] {
            assert!(is_stopped(Method::DELETE, path), "{path}");
            assert!(!is_stopped(Method::GET, path), "{path}");
        }
        assert!(!is_stopped(Method::DELETE, "/users/a/manage/api-tokens/t"));
    }
}
