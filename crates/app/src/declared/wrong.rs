//! What is wrong with an access file, where, and what was meant perhaps.

use crate::views::Candidate;
use std::fmt;

/// A place in a file: line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub place: Place,
    /// What, as a sentence without its full stop.
    pub what: String,
    /// What can be done.
    pub hint: Option<String>,
}

/// All that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct WrongFile {
    /// What the file is called.
    pub file: String,
    /// What is wrong, from its top.
    pub wrong: Vec<Wrong>,
}

/// Lines that are printed; a file with more is told how many.
const MOST: usize = 20;

impl Wrong {
    pub(super) fn new(place: Place, what: impl Into<String>, hint: Option<String>) -> Wrong {
        Wrong {
            place,
            what: what.into(),
            hint,
        }
    }

    /// A name that is not known, with what is called like it.
    pub(super) fn unknown(place: Place, what: &str, asked: &str, nearest: &[Candidate]) -> Wrong {
        let hint = (!nearest.is_empty()).then(|| format!("did you mean {}?", list(nearest)));
        Wrong::new(place, format!("no {what} is known as \"{asked}\""), hint)
    }

    /// A name that several have.
    pub(super) fn ambiguous(place: Place, what: &str, asked: &str, candidates: &[Candidate]) -> Wrong {
        let hint = format!("use an id: {}", list(candidates));
        Wrong::new(place, format!("\"{asked}\" could be several {what}s"), Some(hint))
    }
}

fn list(candidates: &[Candidate]) -> String {
    let named = candidates.iter().take(3).map(|candidate| {
        if candidate.id == candidate.name {
            candidate.id.clone()
        } else {
            format!("{} ({})", candidate.name, candidate.id)
        }
    });
    named.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for WrongFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, wrong) in self.wrong.iter().take(MOST).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let Place { line, column } = wrong.place;
            write!(f, "{}:{line}:{column}: {}", self.file, wrong.what)?;
            if let Some(hint) = &wrong.hint {
                write!(f, "; {hint}")?;
            }
        }
        if self.wrong.len() > MOST {
            write!(f, "\nand {} more", self.wrong.len() - MOST)?;
        }
        Ok(())
    }
}
