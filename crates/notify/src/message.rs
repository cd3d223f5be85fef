//! What is told.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is told, in words of people; every channel puts it in its own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Says which message it is, and is the same whenever it is sent again.
    pub id: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// The alert that made it.
    pub alert: String,
    /// What kind of alert: `change`, `reading`, `rule`, `query`, `threshold` or `test`.
    pub kind: String,
    /// The organization it is about, if it is about one.
    pub organization: Option<String>,
    /// The reading that showed it, such as `run_12`.
    pub run: Option<String>,
    /// One line.
    pub title: String,
    /// How much there is of it.
    pub count: u64,
    /// How much of which sort, where there are sorts.
    pub counts: BTreeMap<String, u64>,
    /// The first of it, a line each.
    pub items: Vec<String>,
}

impl Message {
    /// How many are not among the items.
    pub fn more(&self) -> u64 {
        let listed = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        self.count.saturating_sub(listed)
    }

    /// As plain text, without the title.
    pub fn text(&self) -> String {
        // Writing to a text cannot fail.
        let mut text = String::new();
        if self.count > 1 {
            for (sort, count) in &self.counts {
                let _ = writeln!(text, "{count} × {}", sort.replace('_', " "));
            }
        }
        for item in &self.items {
            let _ = writeln!(text, "- {item}");
        }
        if self.more() > 0 {
            let _ = writeln!(text, "… and {} more.", self.more());
        }
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(organization) = &self.organization {
            let _ = writeln!(text, "Organization: {organization}");
        }
        if let Some(run) = &self.run {
            let _ = writeln!(text, "Reading: {run}");
        }
        let _ = writeln!(text, "Alert: {} · {} · {}", self.alert, self.id, self.at);
        text
    }

    /// As one line of JSON.
    pub fn line(&self) -> (String, String) {
        // Only texts and numbers, which always serialize.
        (self.id.clone(), serde_json::to_string(self).unwrap_or_default())
    }
}
