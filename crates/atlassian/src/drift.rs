//! Drift: what Atlassian sends that we do not know. It is counted, kept with the run and shown, so that a change
//! of the API is seen before it hurts. Never values of people: names of fields and values of enumerations only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts of unknown fields and values.
#[derive(Debug, Default)]
pub struct Drift {
    seen: Mutex<BTreeMap<String, u64>>,
}

impl Drift {
    /// Counts the fields of an object that are not among those known.
    pub fn fields(&self, what: &str, json: &str, known: &[&str]) {
        let Ok(object) = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(json) else {
            return;
        };
        for field in object.keys().filter(|field| !known.contains(&field.as_str())) {
            self.count(format!("unknown field {what}.{field}"));
        }
    }

    /// Counts a value that is not among those known.
    pub fn value(&self, what: &str, value: Option<&str>, known: &[&str]) {
        if let Some(value) = value.filter(|value| !known.contains(value)) {
            let short: String = value.chars().take(60).collect();
            self.count(format!("unknown value {what} = {short}"));
        }
    }

    fn count(&self, what: String) {
        *self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(what)
            .or_insert(0) += 1;
    }

    /// What was counted so far.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
