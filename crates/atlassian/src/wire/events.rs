//! The audit log. What an event says is data, never an instruction: who did something to what, as far as it is told.

use serde::{Deserialize, Deserializer};

/// One line of the audit log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What is said of it.
    #[serde(deserialize_with = "null_is_nothing")]
    pub attributes: EventAttributes,
}

/// What is told as `null` is as what is not told.
fn null_is_nothing<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What is said of an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventAttributes {
    /// When it happened, as text.
    pub time: Option<String>,
    /// When the log had processed it, as text; the stream tells it.
    #[serde(rename = "processedAt")]
    pub processed_at: Option<String>,
    /// Such as `user_added_to_group`; open.
    pub action: Option<String>,
    /// Who did it.
    pub actor: Option<EventActor>,
    /// What it is about: accounts, groups and others.
    #[serde(deserialize_with = "null_is_nothing")]
    pub context: Vec<EventSubject>,
    /// From where.
    pub location: Option<EventLocation>,
}

/// From where something was done.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventLocation {
    /// The address.
    pub ip: Option<String>,
    /// The country.
    #[serde(rename = "countryName")]
    pub country: Option<String>,
    /// The city.
    pub city: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventActor {
    /// An account's id, or a word such as `confluence` for a system.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
}

/// Something that an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventSubject {
    /// Its id.
    pub id: Option<String>,
    /// `users`, `groups`, `invited-user`; open.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What is said of it.
    #[serde(deserialize_with = "null_is_nothing")]
    pub attributes: EventSubjectAttributes,
}

/// What is said of something that an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventSubjectAttributes {
    /// Its name.
    pub name: Option<String>,
}

impl Event {
    /// Whether it is about this account or group; `kind` is `users` or `groups`.
    pub fn is_about(&self, kind: &str, id: &str) -> bool {
        let mut subjects = self.attributes.context.iter();
        subjects.any(|subject| subject.kind.as_deref() == Some(kind) && subject.id.as_deref() == Some(id))
    }

    /// Whether it names any account or group; `kind` is `users` or `groups`.
    pub fn names_any(&self, kind: &str) -> bool {
        let mut subjects = self.attributes.context.iter();
        subjects.any(|subject| subject.kind.as_deref() == Some(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_it_is_about_and_more_than_is_known_is_no_error() {
        let text = r#"{"id":"e","type":"events","attributes":{"time":"2026-11-20T10:15:30.120Z","action":"user_added_to_group",
            "actor":{"id":"712020:admin","auth":{"authType":"api-token"}},
            "context":[{"id":"712020:0a1b","type":"users","attributes":{}},{"id":"g1","type":"groups"}],"location":{}}}"#;
        let event: Event = serde_json::from_str(text).unwrap();
        assert!(event.is_about("users", "712020:0a1b") && event.is_about("groups", "g1"));
        assert!(!event.is_about("groups", "712020:0a1b") && event.names_any("groups"));
        let bare: Event = serde_json::from_str("{}").unwrap();
        assert!(!bare.names_any("users"));
    }
}
