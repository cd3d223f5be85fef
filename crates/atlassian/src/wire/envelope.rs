//! Envelopes: pages, single objects, counts and the several shapes of errors (API facts, 2.3).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// A page whose items are not yet looked at.
#[derive(Debug, Deserialize)]
pub struct RawPage {
    /// The items; an absent list is an empty one. Service accounts call theirs `items`.
    #[serde(default, alias = "items")]
    pub data: Vec<Box<RawValue>>,
    /// Where the next page is.
    #[serde(default)]
    pub links: Option<Links>,
    /// What else is said of the page.
    #[serde(default)]
    pub meta: Option<Meta>,
}

/// What is said of a page beside its links.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// Where the stream of events goes on, also at its end.
    pub next: Option<String>,
}

/// The links of a page.
#[derive(Debug, Default, Deserialize)]
pub struct Links {
    /// The next page: a cursor or a URL; absent or null on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// One object in an envelope.
#[derive(Debug, Deserialize)]
pub struct Single<T> {
    /// The object.
    pub data: T,
}

/// The answer of a count.
#[derive(Debug, Deserialize)]
pub struct CountAnswer {
    /// How many.
    pub count: i64,
}

/// What Atlassian says of an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorDetail {
    /// Such as `ADMIN-UAM-409-2`.
    pub code: Option<String>,
    /// A short title.
    pub title: Option<String>,
    /// A sentence.
    pub detail: Option<String>,
    /// Words of user management and SCIM for why, such as `externalDirectory.scim` or `uniqueness`; the nearest to the
    /// cause first. What they mean for a person is in [`crate::refusal`].
    pub reasons: Box<[String]>,
}

impl ErrorDetail {
    /// Whether title or detail mention a word.
    pub fn mentions(&self, word: &str) -> bool {
        [&self.title, &self.detail]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(word))
    }
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: Vec<&str> = [&self.code, &self.title, &self.detail]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if said.is_empty() {
            f.write_str("Atlassian gave no reason")
        } else {
            f.write_str(&said.join(", "))
        }
    }
}

/// Reads an error in any of its shapes: a list, a bare error object, the gateway's `{code, message}`, user
/// management's `{key, errorDetail}`, or `{message}`.
pub fn parse_error(body: &[u8]) -> ErrorDetail {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return ErrorDetail::default();
    };
    let first = json
        .get("errors")
        .and_then(Value::as_array)
        .and_then(|errors| errors.first());
    let error = first.unwrap_or(&json);
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| error.get(name))?;
        match found {
            Value::String(text) => Some(without_addresses(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    };
    ErrorDetail {
        code: text(&["code", "scimType", "key"]),
        title: text(&["title"]),
        detail: text(&["detail", "message", "errorDetail", "error"]).or_else(|| {
            let context = error.pointer("/context/message").and_then(Value::as_str);
            context.map(without_addresses)
        }),
        reasons: reasons(error).into(),
    }
}

/// The machine's words for why: reasons within the context first, then the word of the error itself.
fn reasons(error: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(context) = error.get("context") {
        collect(context, 0, &mut found);
    }
    found.extend(
        ["scimType", "key"]
            .iter()
            .filter_map(|name| word(error.get(*name))),
    );
    found
}

fn collect(context: &Value, depth: usize, found: &mut Vec<String>) {
    if depth > 4 || found.len() >= 20 {
        return;
    }
    match context {
        Value::Object(map) => {
            if let Some(reason) = map.get("reason") {
                found.extend(word(Some(reason)).or_else(|| word(reason.get("key"))));
            }
            if let Some(codes) = map.get("errorCodes").or_else(|| map.get("violations")) {
                let each = codes.as_array().into_iter().flatten();
                found.extend(each.filter_map(|one| word(one.get("code").or_else(|| one.get("key")))));
            }
            for (name, inner) in map {
                if name != "reason" && name != "errorCodes" && name != "violations" {
                    collect(inner, depth + 1, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, depth + 1, found)),
        _ => {}
    }
}

/// A machine's word: short and without spaces or addresses.
fn word(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    let is_word = !text.is_empty() && text.len() <= 80 && !text.contains([' ', '@']);
    is_word.then(|| text.to_owned())
}

/// An error's text may quote an e-mail address; ours never does.
fn without_addresses(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .take(60)
        .map(|word| if word.contains('@') { "(address)" } else { word })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_shape_of_an_error_is_read() {
        let list = br#"{"errors":[{"id":"1","status":409,"code":"ADMIN-UAM-409-2","title":"Conflict","detail":"Account a@b.c is in"}]}"#;
        assert_eq!(
            parse_error(list).to_string(),
            "ADMIN-UAM-409-2, Conflict, Account (address) is in"
        );
        assert_eq!(
            parse_error(br#"{"code":401,"message":"Unauthorized"}"#).to_string(),
            "401, Unauthorized"
        );
        assert_eq!(parse_error(br#"{"message":"no route"}"#).to_string(), "no route");
        assert_eq!(parse_error(b"<html>").to_string(), "Atlassian gave no reason");
    }

    #[test]
    fn reasons_of_user_management_and_scim_are_found_where_they_are() {
        let reasons = |body: &str| parse_error(body.as_bytes()).reasons.into_vec();
        assert_eq!(
            reasons(
                r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"authPolicy.saml"}}}"#
            ),
            ["authPolicy.saml", "forbidden.action"]
        );
        assert_eq!(
            reasons(
                r#"{"key":"forbidden.fieldMutation","context":{"name":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}}"#
            ),
            ["externalDirectory.scim", "forbidden.fieldMutation"]
        );
        let lifecycle = r#"{"key":"conflict.lifecycleErrors","context":{"message":"no","errorCodes":[{"code":"ACCOUNT_CLOSED"}]}}"#;
        assert_eq!(reasons(lifecycle), ["ACCOUNT_CLOSED", "conflict.lifecycleErrors"]);
        assert_eq!(parse_error(lifecycle.as_bytes()).detail.as_deref(), Some("no"));
        let scim = r#"{"schemas":["x"],"status":"409","scimType":"uniqueness","detail":"a@b.c is there"}"#;
        assert_eq!(
            parse_error(scim.as_bytes()).to_string(),
            "uniqueness, (address) is there"
        );
        assert_eq!(
            reasons(r#"{"error":"wrong token","traceId":"t"}"#),
            Vec::<String>::new()
        );
        assert_eq!(
            parse_error(br#"{"error":"wrong token"}"#).to_string(),
            "wrong token"
        );
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic(body: Vec<u8>) {
            let _ = parse_error(&body).to_string();
        }
    }
}
