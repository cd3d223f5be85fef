//! Whether an export is right. Knows nothing of how the product reads: it compares lines with truths.

use std::collections::BTreeSet;

/// What is wrong with an export; nothing if it is right.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    /// Exported, and never true while the product was reading.
    pub invented: Vec<String>,
    /// True all the while, and not exported.
    pub missing: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_right(&self) -> bool {
        self.invented.is_empty() && self.missing.is_empty()
    }
}

/// Judges a reading that says it is complete. `truths` are all that held while it read, in order.
pub fn complete(exported: &[String], truths: &[Vec<String>]) -> Verdict {
    let exported: BTreeSet<&String> = exported.iter().collect();
    let ever: BTreeSet<&String> = truths.iter().flatten().collect();
    let always = always(truths);
    Verdict {
        invented: exported.difference(&ever).map(|line| (*line).clone()).collect(),
        missing: always.difference(&exported).map(|line| (*line).clone()).collect(),
    }
}

/// Judges a reading that says it did not finish: what was known before and is still true must not be gone.
pub fn unfinished(exported: &[String], known_before: &[String], truths: &[Vec<String>]) -> Verdict {
    let exported: BTreeSet<&String> = exported.iter().collect();
    let known: BTreeSet<&String> = known_before.iter().collect();
    let always = always(truths);
    let must_stay: BTreeSet<&String> = known.intersection(&always).copied().collect();
    Verdict {
        invented: Vec::new(),
        missing: must_stay
            .difference(&exported)
            .map(|line| (*line).clone())
            .collect(),
    }
}

fn always(truths: &[Vec<String>]) -> BTreeSet<&String> {
    let mut sets = truths.iter().map(|truth| truth.iter().collect::<BTreeSet<_>>());
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |all, truth| all.intersection(&truth).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_fact_that_came_or_went_meanwhile_may_be_there_or_not() {
        let truths = [lines("a b"), lines("a c")];
        assert!(complete(&lines("a"), &truths).is_right());
        assert!(complete(&lines("a b c"), &truths).is_right());
    }

    #[test]
    fn inventing_and_missing_are_found() {
        let truths = [lines("a b"), lines("a c")];
        assert_eq!(
            complete(&lines("b d"), &truths),
            Verdict {
                invented: lines("d"),
                missing: lines("a")
            }
        );
    }

    #[test]
    fn an_unfinished_reading_may_know_little_but_forget_nothing() {
        let truths = [lines("a b c")];
        assert!(unfinished(&lines("a"), &lines("a"), &truths).is_right());
        assert_eq!(
            unfinished(&lines("b"), &lines("a b"), &truths).missing,
            lines("a")
        );
    }
}
