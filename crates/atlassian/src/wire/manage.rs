//! User management: what may be done with one managed account, its profile, its tokens.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Whether something may be done, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// It may.
    Allowed,
    /// It may not; Atlassian's word for why, if it gave one.
    Refused {
        /// Such as `externalDirectory.scim`.
        reason: Option<String>,
    },
}

/// What may be done with an account: a rule for each privilege, by its name. Those of a profile come as one rule or as
/// one for each field; the latter are named `profile.write/name`, `profile.write/extended_profile.location`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Privileges(pub BTreeMap<String, Rule>);

impl Privileges {
    /// Reads the answer in both of its forms; what is no rule is left out.
    pub fn from_json(json: &Map<String, Value>) -> Privileges {
        let mut rules = BTreeMap::new();
        for (name, value) in json {
            put(&mut rules, name, "", value, 0);
        }
        Privileges(rules)
    }
}

fn put(rules: &mut BTreeMap<String, Rule>, privilege: &str, field: &str, value: &Value, depth: usize) {
    let Some(map) = value.as_object().filter(|_| depth < 4) else {
        return;
    };
    if let Some(allowed) = map.get("allowed") {
        let is_allowed = allowed.as_bool() == Some(true) || allowed.as_str() == Some("true");
        let reason = map.get("reason").and_then(|reason| {
            reason
                .as_str()
                .or_else(|| reason.get("key").and_then(Value::as_str))
        });
        let rule = if is_allowed {
            Rule::Allowed
        } else {
            Rule::Refused {
                reason: reason.map(str::to_owned),
            }
        };
        let name = if field.is_empty() {
            privilege.to_owned()
        } else {
            format!("{privilege}/{field}")
        };
        rules.insert(name, rule);
        return;
    }
    for (name, inner) in map {
        let field = if field.is_empty() {
            name.clone()
        } else {
            format!("{field}.{name}")
        };
        put(rules, privilege, &field, inner, depth + 1);
    }
}

/// The answer that holds a profile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProfileAnswer {
    /// The profile.
    pub account: Profile,
}

/// The profile of a managed account.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Whose.
    pub account_id: String,
    /// `active`, `inactive`, `closed`; open.
    pub account_status: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The name among colleagues.
    pub nickname: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The time zone.
    pub zoneinfo: Option<String>,
    /// The language.
    pub locale: Option<String>,
    /// Job title, organization, department, location.
    pub extended_profile: BTreeMap<String, Value>,
}

/// An API token in the list of its account.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnToken {
    /// Its id.
    pub id: String,
    /// What its owner called it.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last used.
    pub last_access: Option<String>,
    /// When it stops working.
    pub expiry: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Value) -> Vec<(String, Rule)> {
        let privileges = Privileges::from_json(json.as_object().unwrap());
        privileges.0.into_iter().collect()
    }

    fn refused(reason: &str) -> Rule {
        Rule::Refused {
            reason: Some(reason.into()),
        }
    }

    #[test]
    fn a_profile_with_one_rule_and_with_one_for_each_field_are_both_read() {
        let no = json!({ "allowed": false, "reason": { "key": "externalDirectory.scim" } });
        let one = json!({ "email.set": { "allowed": true }, "profile.write": no });
        assert_eq!(
            read(one),
            [
                ("email.set".into(), Rule::Allowed),
                ("profile.write".into(), refused("externalDirectory.scim")),
            ]
        );
        let map = json!({ "profile.write": { "name": no, "extended_profile": { "location": { "allowed": "true" } } } });
        assert_eq!(
            read(map),
            [
                ("profile.write/extended_profile.location".into(), Rule::Allowed),
                ("profile.write/name".into(), refused("externalDirectory.scim")),
            ]
        );
    }

    #[test]
    fn what_is_no_rule_is_left_out_and_a_refusal_needs_no_reason() {
        assert_eq!(read(json!({ "new": 7, "list": [1] })), []);
        assert_eq!(
            read(json!({ "email.set": { "allowed": "maybe" } })),
            [("email.set".into(), Rule::Refused { reason: None })]
        );
    }
}
