//! A rule.

use crate::sentence::Sentence;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody looks today.
    Critical,
    /// Somebody looks this week.
    High,
    /// It is put right when there is time.
    Medium,
    /// It is good to know.
    Low,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Severity; 4] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
    ];

    /// Its name in files and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// A question whose every row is a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name in files, commands and addresses: small letters, digits and `-`.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The question: one SELECT over the views.
    pub sql: String,
    /// The columns by which a finding is known again.
    pub key: Vec<String>,
    /// What a finding says.
    pub sentence: Sentence,
    /// Why it matters.
    pub explanation: String,
    /// What to do about it.
    pub remediation: String,
    /// Whether it is asked.
    pub is_enabled: bool,
    /// The file that it is from; `None` when it comes with the product.
    pub file: Option<String>,
}
