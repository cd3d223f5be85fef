//! A whole answer with everything replaced that a capture does not keep; and a question the other way round.

use super::mask::{Mask, escaped, percent_decoded};
use super::words::{self, Treatment};
use atlassian::Question;
use serde_json::{Map, Number, Value};

/// The answer as it may be kept.
pub(super) fn scrubbed(mask: &Mask, answer: &Value) -> Value {
    value(mask, "", answer)
}

fn value(mask: &Mask, field: &str, original: &Value) -> Value {
    match original {
        Value::Null | Value::Bool(_) => original.clone(),
        Value::Number(number) if words::is_count(field) => Value::Number(number.clone()),
        Value::Number(number) => Value::Number(replaced_number(mask, number)),
        Value::String(text) => Value::String(replaced_text(mask, field, text)),
        Value::Array(items) => items.iter().map(|item| one_of_many(mask, field, item)).collect(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, inner)| {
                let kept = if words::is_field(name) {
                    name.clone()
                } else {
                    mask.id(name)
                };
                (kept, value(mask, name, inner))
            });
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

/// An item of a list: numbers in lists are ids, not counts.
fn one_of_many(mask: &Mask, field: &str, item: &Value) -> Value {
    let field = if item.is_number() { "" } else { field };
    value(mask, field, item)
}

fn replaced_text(mask: &Mask, field: &str, text: &str) -> String {
    match words::treatment(field) {
        Treatment::Replace => mask.text(text),
        Treatment::Time if words::is_time(text) => text.to_owned(),
        Treatment::Sentence if !words::is_value(text) => mask.sentence(text),
        _ if words::is_value(text) => text.to_owned(),
        _ => mask.id(text),
    }
}

/// Another number of as many digits.
fn replaced_number(mask: &Mask, number: &Number) -> Number {
    mask.id(&number.to_string())
        .parse::<Number>()
        .unwrap_or_else(|_| Number::from(0))
}

/// The question about originals that a question about replacements means.
pub(super) fn meant(mask: &Mask, question: &Question) -> Question {
    let segments = question.path.split('/').map(|segment| {
        let plain = percent_decoded(segment);
        let original = mask.original(&plain);
        if original == plain {
            segment.to_owned()
        } else {
            escaped(&original)
        }
    });
    Question {
        operation: question.operation,
        method: question.method.clone(),
        path: segments.collect::<Vec<_>>().join("/"),
        query: question
            .query
            .iter()
            .map(|(name, value)| (name.clone(), mask.original(value).into_owned()))
            .collect(),
        body: question.body.as_ref().map(|body| originals(mask, body)),
    }
}

fn originals(mask: &Mask, replaced: &Value) -> Value {
    match replaced {
        Value::String(text) => Value::String(mask.original(text).into_owned()),
        Value::Array(items) => items.iter().map(|item| originals(mask, item)).collect(),
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(name, inner)| (name.clone(), originals(mask, inner)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn example() -> Value {
        json!({
            "data": [{
                "accountId": "712020:6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11",
                "status": "active",
                "name": "active",
                "email": "ana@acme.example",
                "counts": { "resources": 3 },
                "addedToOrg": "2026-01-02T03:04:05Z",
                "platformRoles": ["atlassian/org-admin", "atlassian/secret"],
                "brandNew": "Zanzibar",
                "shoeSize": 4177,
                "isLeft": true,
                "by": { "ana@acme.example": 1 },
                "groups": [80317]
            }],
            "links": { "next": "eyJhY2NvdW50IjoiYW5hIn0" }
        })
    }

    #[test]
    fn only_what_is_documented_stays() {
        let mask = Mask::new([3; 32]);
        let kept = scrubbed(&mask, &example());
        let account = &kept["data"][0];
        assert_eq!(account["status"], "active");
        assert_ne!(account["name"], "active");
        assert_eq!(account["counts"]["resources"], 3);
        assert_eq!(account["addedToOrg"], "2026-01-02T03:04:05Z");
        assert_eq!(account["platformRoles"][0], "atlassian/org-admin");
        assert_eq!(account["isLeft"], true);
        assert!(account["shoeSize"].is_number());
        let text = kept.to_string();
        for secret in [
            "6f0c0b0e", "ana@", "acme", "secret", "Zanzibar", "4177", "80317", "eyJhY2N",
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    #[test]
    fn a_question_about_replacements_means_the_originals() {
        let mask = Mask::new([3; 32]);
        let kept = scrubbed(&mask, &example());
        let account = kept["data"][0]["accountId"].as_str().unwrap();
        let cursor = kept["links"]["next"].as_str().unwrap();
        let asked = Question {
            operation: "example",
            method: "POST".into(),
            path: format!("/admin/v2/users/{account}/count"),
            query: vec![("cursor".into(), cursor.into()), ("limit".into(), "100".into())],
            body: Some(json!({ "accountIds": [account], "limit": 100 })),
        };
        let meant = meant(&mask, &asked);
        let id = "712020:6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11";
        assert_eq!(meant.path, format!("/admin/v2/users/{id}/count"));
        assert_eq!(meant.query[0].1, "eyJhY2NvdW50IjoiYW5hIn0");
        assert_eq!(meant.query[1].1, "100");
        assert_eq!(meant.body, Some(json!({ "accountIds": [id], "limit": 100 })));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let odd = [
            "ari:cloud:x::site/",
            "https://",
            "http://[",
            "/a?cursor=",
            "a@",
            "@",
            "712020:",
            "urn:",
            "%",
            "2026-01-02",
        ];
        (
            prop::sample::select(odd.to_vec()),
            ".{0,24}",
            "[a-zA-Z0-9.@/:?&=%-]{0,24}",
        )
            .prop_flat_map(|(odd, text, plain)| {
                let whole = format!("{odd}{plain}");
                prop_oneof![Just(text), Just(plain), Just(whole)]
            })
    }

    fn any_answer() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any_text().prop_map(Value::from),
        ];
        let names = prop_oneof![
            "[a-z]{1,6}",
            any_text(),
            prop::sample::select(vec!["name", "id", "status", "detail", "next", "createdAt"])
                .prop_map(str::to_owned)
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((names.clone(), inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    /// Kinds and sizes, without what is said.
    fn outline(value: &Value) -> String {
        match value {
            Value::Null => "null".into(),
            Value::Bool(is) => is.to_string(),
            Value::Number(_) => "number".into(),
            Value::String(_) => "text".into(),
            Value::Array(items) => format!("[{}]", items.iter().map(outline).collect::<Vec<_>>().join(",")),
            Value::Object(map) => {
                let mut inner: Vec<String> = map.values().map(outline).collect();
                inner.sort_unstable();
                format!("{{{}}}", inner.join(","))
            }
        }
    }

    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            Value::Object(map) => map.iter().for_each(|(name, inner)| {
                found.push(name.clone());
                texts(inner, found);
            }),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn any_answer_keeps_its_outline_and_loses_its_texts(answer in any_answer(), secret in any::<[u8; 32]>()) {
            let mask = Mask::new(secret);
            let kept = scrubbed(&mask, &answer);
            prop_assert_eq!(outline(&kept), outline(&answer));
            prop_assert_eq!(&kept, &scrubbed(&mask, &answer));
            let mut originals = Vec::new();
            texts(&answer, &mut originals);
            let said = kept.to_string();
            for text in originals {
                let letters = text.chars().filter(|char| char.is_alphanumeric()).count();
                let is_plain = words::is_value(&text) || words::is_field(&text) || words::is_time(&text);
                if letters >= 12 && !is_plain {
                    let quoted = Value::String(text).to_string();
                    prop_assert!(!said.contains(&quoted), "{} in {}", quoted, said);
                }
            }
        }

        #[test]
        fn what_was_replaced_as_an_id_is_asked_about_as_it_was(text in any_text(), secret in any::<[u8; 32]>()) {
            let mask = Mask::new(secret);
            let replaced = mask.id(&text);
            prop_assert_eq!(mask.original(&replaced), text);
        }
    }
}
