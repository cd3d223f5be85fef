//! API keys and service accounts.

use atlassian::Page;
use atlassian::wire::{ApiKey, ServiceAccount, as_text};
use model::{AccountId, ApiKeyId, Attributes, Fact};
use serde_json::Value;
use store::{ActivityRow, Observation, TOKEN_USE};

/// What was told, unless it is nothing.
fn told(value: &Value) -> Option<Value> {
    Some(value.clone()).filter(|value| !value.is_null())
}

/// What a page of API keys says. The last use is restless and so no attribute of the fact.
pub(crate) fn api_keys_page(page: &Page<ApiKey>) -> Observation {
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for key in &page.items {
        let Some(id) = as_text(&key.id) else { continue };
        let attributes = Attributes::new()
            .with("label", as_text(&key.label))
            .with("key_type", as_text(&key.key_type))
            .with("created_by", as_text(&key.created_by))
            .with("created_at", told(&key.created_at))
            .with("expires_at", told(&key.expires_at))
            .with("scopes", told(&key.scopes));
        observation
            .facts
            .push(Fact::api_key(&ApiKeyId::new(&id), attributes));
        observation.activity.push(ActivityRow {
            account: id,
            resource: TOKEN_USE.to_owned(),
            last_active_at: key.last_active_at.as_str().and_then(super::accounts::instant_ms),
        });
    }
    observation
}

/// What a page of service accounts says. One without an account is known by its id in that list.
pub(crate) fn service_accounts_page(page: &Page<ServiceAccount>) -> Observation {
    let facts = page.items.iter().filter_map(|row| {
        let account = as_text(&row.atlassian_id).or_else(|| as_text(&row.id))?;
        let attributes = Attributes::new()
            .with("service_account_id", as_text(&row.id))
            .with("name", as_text(&row.display_name))
            .with("status", as_text(&row.status))
            .with("description", as_text(&row.description))
            .with("created_by", as_text(&row.created_by_id));
        Some(Fact::service_account(&AccountId::new(account), attributes))
    });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page<T: serde::de::DeserializeOwned>(items: Value) -> Page<T> {
        Page {
            items: serde_json::from_value(items).unwrap(),
            next: None,
            sent_at: 5,
        }
    }

    #[test]
    fn a_key_without_an_id_is_no_fact_and_its_use_is_no_attribute() {
        let keys = json!([
            { "label": "lost" },
            { "id": "k-1", "label": "sync", "expiresAt": "2027-01-01T00:00:00Z", "lastActiveAt": "2026-11-01T00:00:00Z",
              "createdBy": { "id": "a-1", "email": "a@example.org" } },
        ]);
        let observation = api_keys_page(&page(keys));
        let fact = &observation.facts[0];
        assert_eq!((observation.facts.len(), fact.key[0].as_str()), (1, "k-1"));
        assert_eq!(fact.attributes.text("created_by"), Some("a-1"));
        assert!(observation.activity[0].last_active_at.is_some());
        assert!(!fact.attributes.iter().any(|(name, _)| name.contains("active")));
    }

    #[test]
    fn a_service_account_is_known_by_its_account() {
        let rows =
            json!([{ "id": "s-1", "atlassianId": "712020:x", "displayName": "ci", "status": "ACTIVE" }]);
        let observation = service_accounts_page(&page(rows));
        assert_eq!(observation.facts[0].key[0], "712020:x");
        assert_eq!(observation.facts[0].attributes.text("name"), Some("ci"));
    }
}
