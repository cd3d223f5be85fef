//! The life of a finding.
//!
//! ```text
//! rows show it ──> open <──────────── its row comes back, or a decision runs out
//!                   │  └─ decided ──> suppressed · accepted      until a day
//!                   └───────────────> closed                     its row is gone
//! ```
//! What a finding is follows from two things – whether its row is there, and whether somebody decided about it – so
//! that no order of evaluations and decisions can bring it into a state that is wrong. A decision outlives the row:
//! what comes back before the day is still suppressed.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is no problem here.
    Suppressed,
    /// It is one, and is lived with.
    Accepted,
}

/// What somebody decided about a finding, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What.
    pub kind: Kind,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// From when on it no longer holds.
    pub until: i64,
}

/// What a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is there, and nobody decided about it.
    Open,
    /// It is there, and is no problem here.
    Suppressed,
    /// It is there, and is lived with.
    Accepted,
    /// It is gone.
    Closed,
}

impl State {
    /// Every state.
    pub const ALL: [State; 4] = [State::Open, State::Suppressed, State::Accepted, State::Closed];

    /// Its name in the store and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Suppressed => "suppressed",
            State::Accepted => "accepted",
            State::Closed => "closed",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What a finding is at a time.
    pub fn of(is_present: bool, decision: Option<&Decision>, now: i64) -> State {
        match decision.filter(|decision| decision.until > now) {
            _ if !is_present => State::Closed,
            None => State::Open,
            Some(decision) => match decision.kind {
                Kind::Suppressed => State::Suppressed,
                Kind::Accepted => State::Accepted,
            },
        }
    }
}

/// How a finding came to be what it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// It was never there before.
    Opened,
    /// It was closed or decided about, and is open again.
    Reopened,
    /// It is suppressed now.
    Suppressed,
    /// It is accepted now.
    Accepted,
    /// It is gone.
    Closed,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Transition; 5] = [
        Transition::Opened,
        Transition::Reopened,
        Transition::Suppressed,
        Transition::Accepted,
        Transition::Closed,
    ];

    /// Its name in the store and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Transition::Opened => "opened",
            Transition::Reopened => "reopened",
            Transition::Suppressed => "suppressed",
            Transition::Accepted => "accepted",
            Transition::Closed => "closed",
        }
    }

    /// From one state to another; `None` when it is the same.
    pub fn between(before: Option<State>, after: State) -> Option<Transition> {
        if before == Some(after) {
            return None;
        }
        match (before, after) {
            (None, State::Closed) => None,
            (None, State::Open) => Some(Transition::Opened),
            (_, State::Open) => Some(Transition::Reopened),
            (_, State::Suppressed) => Some(Transition::Suppressed),
            (_, State::Accepted) => Some(Transition::Accepted),
            (_, State::Closed) => Some(Transition::Closed),
        }
    }
}

/// A finding of one rule, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// By which it is known again.
    pub key: String,
    /// What it says.
    pub sentence: String,
    /// The row that it is, as JSON.
    pub row: String,
    /// What it was when it was kept.
    pub state: State,
    /// What was decided last.
    pub decision: Option<Decision>,
}

/// What is to be kept of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub key: String,
    /// Its sentence and row, where they are new.
    pub told: Option<(String, String)>,
    /// What it is now.
    pub state: State,
    /// How it came to be so; `None` when only its words changed.
    pub transition: Option<Transition>,
}

/// What an evaluation of one rule does to its findings. `rows` are sentence and row by key. Only when `is_whole` was
/// everything seen, so that what is not there is gone.
pub fn evaluate(
    known: &BTreeMap<String, Finding>,
    rows: &BTreeMap<String, (String, String)>,
    is_whole: bool,
    now: i64,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for (key, (sentence, row)) in rows {
        let before = known.get(key);
        let decision = before.and_then(|finding| finding.decision.as_ref());
        let state = State::of(true, decision, now);
        let transition = Transition::between(before.map(|finding| finding.state), state);
        let is_same = before.is_some_and(|finding| finding.sentence == *sentence && finding.row == *row);
        if transition.is_some() || !is_same {
            steps.push(Step {
                key: key.clone(),
                told: (!is_same).then(|| (sentence.clone(), row.clone())),
                state,
                transition,
            });
        }
    }
    for (key, finding) in known {
        let is_gone = is_whole && !rows.contains_key(key);
        let is_present = !is_gone && finding.state != State::Closed;
        if rows.contains_key(key) {
            continue;
        }
        let state = State::of(is_present, finding.decision.as_ref(), now);
        let transition = Transition::between(Some(finding.state), state);
        if transition.is_some() {
            steps.push(Step {
                key: key.clone(),
                told: None,
                state,
                transition,
            });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn rows(keys: &[&str]) -> BTreeMap<String, (String, String)> {
        let row = |key: &&str| ((*key).to_owned(), (format!("{key} is there"), "{}".to_owned()));
        keys.iter().map(row).collect()
    }

    /// What is known after the steps.
    fn after(known: &BTreeMap<String, Finding>, steps: &[Step]) -> BTreeMap<String, Finding> {
        let mut known = known.clone();
        for step in steps {
            let finding = known.entry(step.key.clone()).or_insert_with(|| Finding {
                key: step.key.clone(),
                sentence: String::new(),
                row: String::new(),
                state: State::Closed,
                decision: None,
            });
            finding.state = step.state;
            if let Some((sentence, row)) = &step.told {
                finding.sentence.clone_from(sentence);
                finding.row.clone_from(row);
            }
        }
        known
    }

    fn transitions(steps: &[Step]) -> Vec<(&str, Transition)> {
        let changed = steps
            .iter()
            .filter_map(|step| Some((step.key.as_str(), step.transition?)));
        changed.collect()
    }

    fn accept(known: &mut BTreeMap<String, Finding>, key: &str, until: i64) {
        let finding = known.get_mut(key).unwrap();
        finding.decision = Some(Decision {
            kind: Kind::Accepted,
            reason: "known".to_owned(),
            by: "ada".to_owned(),
            at: 0,
            until,
        });
        finding.state = State::Accepted;
    }

    #[test]
    fn a_finding_opens_closes_and_opens_again_with_its_row() {
        let steps = evaluate(&BTreeMap::new(), &rows(&["a", "b"]), true, 0);
        assert_eq!(
            transitions(&steps),
            [("a", Transition::Opened), ("b", Transition::Opened)]
        );
        let known = after(&BTreeMap::new(), &steps);
        assert_eq!(evaluate(&known, &rows(&["a", "b"]), true, DAY), []);
        let steps = evaluate(&known, &rows(&["b"]), true, DAY);
        assert_eq!(transitions(&steps), [("a", Transition::Closed)]);
        let known = after(&known, &steps);
        let steps = evaluate(&known, &rows(&["a", "b"]), true, DAY);
        assert_eq!(transitions(&steps), [("a", Transition::Reopened)]);
    }

    #[test]
    fn what_was_not_seen_whole_closes_nothing() {
        let known = after(
            &BTreeMap::new(),
            &evaluate(&BTreeMap::new(), &rows(&["a"]), true, 0),
        );
        assert_eq!(evaluate(&known, &rows(&[]), false, DAY), []);
    }

    #[test]
    fn accepted_risk_opens_by_itself_when_its_day_has_come() {
        let mut known = after(
            &BTreeMap::new(),
            &evaluate(&BTreeMap::new(), &rows(&["a"]), true, 0),
        );
        accept(&mut known, "a", 2 * DAY);
        assert_eq!(evaluate(&known, &rows(&["a"]), true, DAY), []);
        let steps = evaluate(&known, &rows(&["a"]), true, 2 * DAY);
        assert_eq!(transitions(&steps), [("a", Transition::Reopened)]);
        // Also when its row was not looked at.
        let steps = evaluate(&known, &rows(&[]), false, 2 * DAY);
        assert_eq!(transitions(&steps), [("a", Transition::Reopened)]);
    }

    #[test]
    fn what_comes_back_before_its_day_is_still_accepted() {
        let mut known = after(
            &BTreeMap::new(),
            &evaluate(&BTreeMap::new(), &rows(&["a"]), true, 0),
        );
        accept(&mut known, "a", 9 * DAY);
        let known = after(&known, &evaluate(&known, &rows(&[]), true, DAY));
        assert_eq!(known["a"].state, State::Closed);
        let steps = evaluate(&known, &rows(&["a"]), true, 2 * DAY);
        assert_eq!(transitions(&steps), [("a", Transition::Accepted)]);
    }

    proptest! {
        /// Whatever happened before: after a whole evaluation exactly those with a row are not closed, nothing that is
        /// still decided is open, and evaluating again changes nothing.
        #[test]
        fn an_evaluation_says_what_is(
            before in proptest::collection::btree_map("[a-d]", (0_usize..4, proptest::option::of(0_i64..20)), 0..4),
            now in 0_i64..20,
            seen in proptest::collection::btree_set("[a-d]", 0..4),
        ) {
            let known: BTreeMap<String, Finding> = before.into_iter().map(|(key, (state, until))| {
                let decision = until.map(|until| Decision {
                    kind: Kind::Suppressed, reason: String::new(), by: String::new(), at: 0, until,
                });
                (key.clone(), Finding { key, sentence: String::new(), row: String::new(), state: State::ALL[state], decision })
            }).collect();
            let keys: Vec<&str> = seen.iter().map(String::as_str).collect();
            let steps = evaluate(&known, &rows(&keys), true, now);
            let then = after(&known, &steps);
            for (key, finding) in &then {
                prop_assert_eq!(finding.state != State::Closed, seen.contains(key));
                let holds = finding.decision.as_ref().is_some_and(|decision| decision.until > now);
                prop_assert_eq!(finding.state == State::Open, seen.contains(key) && !holds);
            }
            prop_assert_eq!(evaluate(&then, &rows(&keys), true, now), vec![]);
        }
    }
}
