//! When two questions are the same: method and path alike, parameters in any order, lists in a body in any order (a
//! search for some accounts is the same however they are listed).

use serde_json::Value;

use crate::http::{decode, parse_query};

/// What makes a question the same as another.
pub(super) fn key(method: &str, path: &str, query: &[(String, String)], body: Option<&Value>) -> String {
    let mut query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query.sort_unstable();
    let path = below_admin(path);
    let body = body.map(|body| ordered(body, 0).to_string()).unwrap_or_default();
    format!("{method}\n{path}\n{}\n{body}", query.join("\n"))
}

/// The key of a request as it came.
pub(super) fn key_of(method: &str, path: &str, query: &str, body: &[u8]) -> String {
    let body = serde_json::from_slice::<Value>(body).ok();
    key(method, path, &parse_query(query), body.as_ref())
}

/// The path with one `/admin`, for clients that append it to a base that has it; escapes are read.
fn below_admin(path: &str) -> String {
    let mut path = path.trim_end_matches('/');
    while path.starts_with("/admin/admin/") {
        path = path.get("/admin".len()..).unwrap_or_default();
    }
    // A slash within a part stays apart from one between parts.
    let segments: Vec<String> = path.split('/').map(|segment| decode(segment, false)).collect();
    segments.join("\t")
}

fn ordered(value: &Value, depth: u32) -> Value {
    match value {
        Value::Array(items) if depth < 64 => {
            let mut items: Vec<Value> = items.iter().map(|item| ordered(item, depth + 1)).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(map) if depth < 64 => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort_unstable();
            let pairs = names
                .into_iter()
                .filter_map(|name| Some((name.clone(), ordered(map.get(name)?, depth + 1))));
            Value::Object(pairs.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_makes_no_difference_and_everything_else_does() {
        let body = br#"{"limit":1,"accountIds":["a","b"]}"#;
        let same = [
            key_of("POST", "/admin/v2/x", "b=2&a=1", body),
            key_of(
                "POST",
                "/admin/v2/x/",
                "a=1&b=2",
                br#"{"accountIds":["b","a"],"limit":1}"#,
            ),
            key_of("POST", "/admin/admin/v2/%78", "a=1&b=2", body),
        ];
        assert!(same.iter().all(|key| *key == same[0]), "{same:?}");
        let others = [
            key_of("GET", "/admin/v2/x", "b=2&a=1", body),
            key_of(
                "POST",
                "/admin/v2/x",
                "b=2&a=1",
                br#"{"limit":1,"accountIds":["a"]}"#,
            ),
            key_of("POST", "/admin/v2/x", "a=1", body),
            key_of("POST", "/admin/v2", "b=2&a=1", body),
        ];
        assert!(!others.contains(&same[0]));
        assert_ne!(key_of("GET", "/a%2Fb", "", b""), key_of("GET", "/a/b", "", b""));
    }
}
