//! What is known about a fact beyond that it is so.
//!
//! Each attribute is three-valued: a value, *known to be empty*, or *not told*. Atlassian leaves fields out
//! for many reasons (privacy, plan, expansion), so an attribute that a later answer does not mention keeps
//! the value it had: see [`Attributes::updated_by`].

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One attribute's state of knowledge.
#[derive(Debug, Clone, PartialEq)]
pub enum Told<T> {
    /// Atlassian gave this value.
    Value(T),
    /// Atlassian said that there is none.
    Empty,
    /// Atlassian did not mention it.
    NotTold,
}

/// The attributes of one fact by name. A name that is absent is *not told*; JSON null is *known to be empty*.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, Value>);

impl Attributes {
    /// No attribute told.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was told of one attribute; `None` means that it was not told.
    #[must_use]
    pub fn with(mut self, name: &str, told: Option<impl Into<Value>>) -> Self {
        if let Some(value) = told {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The state of one attribute.
    pub fn get(&self, name: &str) -> Told<&Value> {
        match self.0.get(name) {
            None => Told::NotTold,
            Some(Value::Null) => Told::Empty,
            Some(value) => Told::Value(value),
        }
    }

    /// The attribute as text, if it was told and is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The attribute as a flag, if it was told and is one.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// The attribute as JSON; null both when empty and when not told.
    pub fn json(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or(Value::Null)
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each attribute that was told, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// These attributes after a later observation: what it tells replaces, what it leaves out stays.
    #[must_use]
    pub fn updated_by(&self, later: &Attributes) -> Attributes {
        let mut merged = self.0.clone();
        merged.extend(later.0.iter().map(|(name, value)| (name.clone(), value.clone())));
        Attributes(merged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_value() {
        let before = Attributes::new()
            .with("email", Some("a@example.org"))
            .with("status", Some("active"));
        let later = Attributes::new().with("status", Some("suspended"));
        let merged = before.updated_by(&later);
        assert_eq!(merged.text("email"), Some("a@example.org"));
        assert_eq!(merged.text("status"), Some("suspended"));
    }

    #[test]
    fn known_to_be_empty_is_not_the_same_as_not_told() {
        let told = Attributes::new().with("email", Some(Value::Null));
        assert_eq!(told.get("email"), Told::Empty);
        assert_eq!(told.get("name"), Told::NotTold);
    }
}
