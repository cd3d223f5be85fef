//! Why a question has no answer, and what the person can do about it.

use serde::Serialize;
use store::StoreError;
use thiserror::Error;

/// Something that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its id as Atlassian spells it.
    pub id: String,
    /// Its name, with what tells it from others.
    pub name: String,
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum ViewError {
    /// The store could not be read.
    #[error("cannot read what is stored")]
    Store(#[from] StoreError),
    /// There is no connection yet.
    #[error("no organization is connected yet")]
    NothingConnected,
    /// There are several organizations and none was named.
    #[error("several organizations are connected: say which one is meant")]
    WhichOrganization {
        /// The organizations.
        candidates: Vec<Candidate>,
    },
    /// Nothing is known by this name.
    #[error("no {what} is known as \"{asked}\"")]
    Unknown {
        /// What was looked for: `account`, `group`, `workspace` …
        what: &'static str,
        /// As it was asked.
        asked: String,
        /// What is called like it.
        nearest: Vec<Candidate>,
    },
    /// Several are known by this name.
    #[error("\"{asked}\" could be several {what}s: use an id")]
    Ambiguous {
        /// What was looked for.
        what: &'static str,
        /// As it was asked.
        asked: String,
        /// Each that may have been meant.
        candidates: Vec<Candidate>,
    },
    /// No reading had ended by then.
    #[error("nothing is known of that time: no reading had ended")]
    BeforeFirstReading,
}

impl ViewError {
    /// What may have been meant.
    pub fn candidates(&self) -> &[Candidate] {
        match self {
            ViewError::Unknown { nearest, .. } => nearest,
            ViewError::Ambiguous { candidates, .. } | ViewError::WhichOrganization { candidates } => {
                candidates
            }
            _ => &[],
        }
    }

    /// What the person can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ViewError::Store(error) => error.hint(),
            ViewError::NothingConnected => {
                Some("add one with `orgwarden connection add`, then run `orgwarden sync`")
            }
            ViewError::BeforeFirstReading => Some("choose a later time"),
            _ => None,
        }
    }
}

/// The few names that are most like `asked`, the most alike first.
pub(crate) fn nearest(asked: &str, known: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
    const ALIKE: f64 = 0.72;
    let asked = asked.to_lowercase();
    let mut scored: Vec<(f64, Candidate)> = known
        .map(|candidate| {
            // What follows a comma tells namesakes apart and is no part of the name.
            let name = candidate
                .name
                .split(", ")
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let score = strsim::jaro_winkler(&asked, &name).max(strsim::jaro_winkler(&asked, &candidate.id));
            let contains = !asked.is_empty() && name.contains(&asked);
            (if contains { score.max(0.95) } else { score }, candidate)
        })
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|one, other| {
        other
            .0
            .total_cmp(&one.0)
            .then_with(|| one.1.name.cmp(&other.1.name))
    });
    scored
        .into_iter()
        .take(5)
        .map(|(_, candidate)| candidate)
        .collect()
}
