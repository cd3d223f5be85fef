//! Keys and service accounts. The vendor does not publish the object of a key and calls service accounts experimental,
//! so every field may be missing or of another form, and nothing of it is ever an error.

use serde::Deserialize;
use serde_json::Value;

/// An API key of the organization; never the key itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiKey {
    /// Its id.
    #[serde(alias = "keyId")]
    pub id: Value,
    /// What it was called.
    #[serde(alias = "name")]
    pub label: Value,
    /// `SCOPED`, `UNSCOPED`; open.
    #[serde(alias = "type")]
    pub key_type: Value,
    /// When it was made.
    pub created_at: Value,
    /// When it stops working.
    #[serde(alias = "expiry")]
    pub expires_at: Value,
    /// When it was last used.
    #[serde(alias = "lastAccess")]
    pub last_active_at: Value,
    /// What it may do; absent for keys without scopes.
    pub scopes: Value,
    /// Who made it: an object with an id, or the id.
    #[serde(alias = "creator", alias = "user", alias = "createdById")]
    pub created_by: Value,
}

/// A service account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// Its id in this API.
    pub id: Value,
    /// Its account.
    #[serde(alias = "accountId")]
    pub atlassian_id: Value,
    /// What it is called.
    #[serde(alias = "name")]
    pub display_name: Value,
    /// `ACTIVE`, `DELETED`; open.
    pub status: Value,
    /// What it is for.
    pub description: Value,
    /// The account of who made it.
    #[serde(alias = "createdBy")]
    pub created_by_id: Value,
}

/// A value as text: itself, a number in digits, or the `id` or `accountId` in an object.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(map) => ["id", "accountId", "account_id"]
            .iter()
            .find_map(|name| map.get(*name).and_then(as_text)),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_key_is_read_in_forms_nobody_has_seen_yet() {
        let key = json!({ "keyId": 7, "name": "sync", "creator": { "accountId": "a-1" }, "scopes": null, "new": [] });
        let key: ApiKey = serde_json::from_value(key).unwrap();
        assert_eq!(as_text(&key.id), Some("7".into()));
        assert_eq!(as_text(&key.label), Some("sync".into()));
        assert_eq!(as_text(&key.created_by), Some("a-1".into()));
        assert_eq!(as_text(&key.expires_at), None);
    }

    proptest! {
        #[test]
        fn any_values_of_the_known_fields_are_read(id in any::<Option<i64>>(), label in any::<Option<bool>>(), by in ".*") {
            let key = json!({ "id": id, "label": label, "createdBy": [by], "scopes": { "a": 1 } });
            let key: Result<ApiKey, _> = serde_json::from_value(key);
            prop_assert!(key.is_ok());
        }
    }
}
