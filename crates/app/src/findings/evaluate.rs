//! Asking the rules.

use super::NOTICED_BY;
use crate::App;
use crate::error::AppError;
use crate::query::{Answer, Cage, Limits, Question, Refusal, Variables, cell_json, cell_text};
use crate::views::Scope;
use crate::views::scope::ScopeChoice;
use model::RunId;
use model::role::role_name;
use rules::life::{self, Decision, Finding, Kind, State, Step};
use rules::{Problem, Rule, RuleSet, Severity, Transition};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::views::Snapshot;
use store::{EvaluationRow, FindingRow, NewFinding, RULES_JOB, TransitionRow, Tx, rules_key};

/// How much one rule may take.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    rows: 50_000,
    bytes: 64 * 1024 * 1024,
};

/// How long a process that asks the rules in another's place may take before one more does.
const ASK_LEASE_MS: i64 = 5 * 60_000;

/// What came of asking the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// How many rules were asked.
    pub rules: usize,
    /// Rules that could not be asked, and why.
    pub failed: Vec<(String, String)>,
    /// What of the files was refused, and is therefore no rule.
    pub refused: Vec<Problem>,
    /// Rules that find more than is kept: the ids. Of these no finding closes, because it may be among the others.
    pub cut: Vec<String>,
    /// How many findings opened, those that opened again among them.
    pub opened: usize,
    /// How many closed.
    pub closed: usize,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

/// What a look at a file of rules showed.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// The ids of the rules that are right.
    pub right: Vec<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Sentences and rows by key.
type Rows = BTreeMap<String, (String, String)>;

/// What a rule answered.
struct Asked<'r> {
    rule: &'r Rule,
    /// The rows and whether they are all; or why there are none.
    rows: Result<(Rows, bool), String>,
    duration_ms: i64,
}

async fn ask(cage: &mut Cage, rule: &Rule, limits: Limits) -> Result<Answer, Refusal> {
    let question = Question::read(&rule.sql)?;
    cage.ask(&question, &Variables::new(), limits).await
}

/// A cell in the words of people: roles, one or several, and states of accounts by what they are called.
fn spoken(cell: &str) -> String {
    let word = |part: &str| match part {
        "no_membership" => "not in the directory".to_owned(),
        "inactive" => "deactivated".to_owned(),
        role if role.starts_with("atlassian/") => role_name(role).to_owned(),
        other => other.to_owned(),
    };
    cell.split(", ").map(word).collect::<Vec<String>>().join(", ")
}

/// What the answer to a rule finds.
fn rows_of(rule: &Rule, answer: &Answer) -> Result<Rows, String> {
    let place = |name: &String| {
        let found = answer.columns.iter().position(|column| column == name);
        found.ok_or_else(|| format!("the question answers no column {name}"))
    };
    let key: Vec<usize> = rule.key.iter().map(place).collect::<Result<_, _>>()?;
    for name in rule.sentence.columns() {
        place(name)?;
    }
    let mut rows = Rows::new();
    for row in &answer.rows {
        let parts: Vec<Value> = key
            .iter()
            .filter_map(|place| row.get(*place))
            .map(cell_json)
            .collect();
        let texts: BTreeMap<&str, String> = answer
            .columns
            .iter()
            .map(String::as_str)
            .zip(row.iter().map(|cell| spoken(&cell_text(cell))))
            .collect();
        let sentence = rule
            .sentence
            .filled(|column| texts.get(column).map(String::as_str));
        let cells = answer.columns.iter().cloned().zip(row.iter().map(cell_json));
        let found: serde_json::Map<String, Value> = cells.collect();
        let key = Value::from(parts).to_string();
        rows.entry(key)
            .or_insert((sentence, Value::from(found).to_string()));
    }
    Ok(rows)
}

pub(super) fn decision_of(row: &FindingRow) -> Option<Decision> {
    let told = row.decision.as_ref()?;
    Some(Decision {
        kind: if told.kind == State::Accepted.name() {
            Kind::Accepted
        } else {
            Kind::Suppressed
        },
        reason: told.reason.clone(),
        by: told.by.clone(),
        at: told.at,
        until: told.until,
    })
}

pub(super) fn state_of(row: &FindingRow) -> State {
    State::from_name(&row.state).unwrap_or(State::Open)
}

impl App {
    /// Asks all rules about what is published now, and keeps what they find.
    pub async fn evaluate(&self, scope: &Scope) -> Result<Evaluation, AppError> {
        let begun = self.clock.now_ms();
        let set = self.rule_set()?;
        let at = scope.snapshot();
        let mut asked = Vec::new();
        if at.run > 0 {
            let mut cage = self.cage(scope).await?;
            for rule in set.rules.iter().filter(|rule| rule.is_enabled) {
                let before = self.clock.now_ms();
                let answer = ask(&mut cage, rule, LIMITS).await;
                if answer.is_err() {
                    // After some refusals a cage is closed.
                    cage = self.cage(scope).await?;
                }
                let rows = match answer {
                    Ok(answer) => rows_of(rule, &answer).map(|rows| (rows, !answer.is_cut)),
                    Err(refusal) => Err(refusal.to_string()),
                };
                let duration_ms = self.clock.now_ms() - before;
                tracing::debug!(rule = %rule.id, duration_ms, "a rule was asked");
                asked.push(Asked {
                    rule,
                    rows,
                    duration_ms,
                });
            }
        }
        let mut evaluation = self.keep(at, &set, &asked).await?;
        evaluation.duration_ms = self.clock.now_ms() - begun;
        Ok(evaluation)
    }

    /// The same after a reading, which is done whatever this comes to.
    pub(crate) async fn evaluate_after_reading(&self, organization: i64) {
        if !self.asks_rules {
            if let Err(error) = self.forget_to_ask(organization).await {
                tracing::debug!(%error, "that the rules are to be asked could not be forgotten");
            }
            return;
        }
        let evaluated = self.evaluate_organization(organization).await;
        match evaluated {
            Ok(evaluation) => tracing::info!(
                rules = evaluation.rules,
                opened = evaluation.opened,
                closed = evaluation.closed,
                duration_ms = evaluation.duration_ms,
                "the rules were asked"
            ),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the rules could not be asked; the next reading asks them again"
            ),
        }
    }

    /// Where no rules are asked, nobody takes up that they are to be asked about the published run.
    async fn forget_to_ask(&self, organization: i64) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        let run = tx.organization_get(organization).await?.published_run;
        tx.job_forget(&rules_key(run)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Asks the rules about a published run that nobody asked them about, because the process that published it died;
    /// answers whether there was one.
    pub(crate) async fn rules_due(&self) -> Result<bool, AppError> {
        let now = self.clock.now_ms();
        let taken = self.store.job_take(RULES_JOB, now, now + ASK_LEASE_MS).await?;
        let Some(job) = taken else {
            return Ok(false);
        };
        // Of a version that nobody knows here: whoever wrote it does it.
        let Ok(organization) = job.payload.parse() else {
            return Ok(true);
        };
        if let Err(error) = self.evaluate_organization(organization).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the rules could not be asked; they are asked again"
            );
            return Ok(true);
        }
        let mut tx = self.store.write().await?;
        tx.job_done(&job).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn evaluate_organization(&self, organization: i64) -> Result<Evaluation, AppError> {
        let mut tx = self.store.read().await?;
        let known = tx.organization_list().await?;
        drop(tx);
        let id = known.into_iter().find(|known| known.organization == organization);
        let choice = ScopeChoice {
            organization: id.map(|known| known.id),
            as_of: None,
        };
        let scope = self.scope(&choice).await?;
        self.evaluate(&scope).await
    }

    /// Looks whether the rules of a text can be asked; nothing is kept.
    pub async fn check_rules(&self, name: &str, text: &str) -> Result<Checked, AppError> {
        let (rules, mut problems) = rules::pack::read(Some(name), text);
        let mut right = Vec::new();
        let nothing = Snapshot {
            organization: 0,
            run: 0,
        };
        for rule in rules {
            let mut cage = self.store.cage(nothing, self.clock.now_ms()).await?;
            let answer = ask(&mut cage, &rule, LIMITS).await;
            let checked = match answer {
                Ok(answer) => rows_of(&rule, &answer).map(|_| ()),
                Err(refusal @ (Refusal::Database(_) | Refusal::NoRole { .. })) => return Err(refusal.into()),
                Err(refusal) => Err(refusal.to_string()),
            };
            match checked {
                Ok(()) => right.push(rule.id),
                Err(reason) => problems.push(Problem {
                    file: Some(name.to_owned()),
                    line: line_of_rule(text, &rule.id),
                    rule: Some(rule.id),
                    reason,
                }),
            }
        }
        Ok(Checked { right, problems })
    }

    /// Keeps what the rules answered, in one transaction; nothing when another run was published meanwhile.
    async fn keep(&self, at: Snapshot, set: &RuleSet, asked: &[Asked<'_>]) -> Result<Evaluation, AppError> {
        let now = self.clock.now_ms();
        let mut evaluation = Evaluation {
            rules: asked.len(),
            refused: set.problems.clone(),
            ..Evaluation::default()
        };
        let mut tx = self.store.write().await?;
        if tx.organization_get(at.organization).await?.published_run.0 != at.run {
            return Ok(evaluation);
        }
        let mut known: BTreeMap<String, Vec<FindingRow>> = BTreeMap::new();
        for row in tx.finding_all(at.organization).await? {
            known.entry(row.rule.clone()).or_default().push(row);
        }
        let keeper = Keeper { at, now };
        for one in asked {
            let before = known.remove(&one.rule.id).unwrap_or_default();
            let nothing = Rows::new();
            let (rows, is_whole) = match &one.rows {
                Ok((rows, is_whole)) => (rows, *is_whole),
                Err(_) => (&nothing, false),
            };
            keeper
                .rule(&mut tx, one.rule, &before, rows, is_whole, &mut evaluation)
                .await?;
            if matches!(one.rows, Ok((_, false))) {
                evaluation.cut.push(one.rule.id.clone());
            }
            let error = one.rows.as_ref().err().cloned();
            evaluation
                .failed
                .extend(error.clone().map(|error| (one.rule.id.clone(), error)));
            let row = EvaluationRow {
                rule: one.rule.id.clone(),
                run: at.run,
                at: now,
                duration_ms: one.duration_ms,
                found: i64::try_from(rows.len()).unwrap_or(i64::MAX),
                error,
            };
            tx.rule_evaluated(at.organization, &row).await?;
        }
        tx.job_forget(&rules_key(RunId(at.run))).await?;
        // Rules that are gone or switched off find nothing any more. Of those that are wrong nobody knows.
        let wrong: BTreeSet<&str> = set
            .problems
            .iter()
            .filter_map(|problem| problem.rule.as_deref())
            .collect();
        for (rule, before) in known {
            let is_wrong = wrong.contains(rule.as_str());
            keeper
                .gone(&mut tx, &rule, &before, !is_wrong, &mut evaluation)
                .await?;
            if !is_wrong {
                tx.rule_forget(at.organization, &rule).await?;
            }
        }
        tx.commit().await?;
        Ok(evaluation)
    }
}

/// The line on which a rule's id stands.
fn line_of_rule(text: &str, id: &str) -> usize {
    let quoted = [format!("\"{id}\""), format!("'{id}'")];
    let is_here =
        |line: &str| line.trim_start().starts_with("id") && quoted.iter().any(|quoted| line.contains(quoted));
    text.lines().position(is_here).map_or(1, |line| line + 1)
}

/// Writes what an evaluation changes.
struct Keeper {
    at: Snapshot,
    now: i64,
}

impl Keeper {
    async fn rule(
        &self,
        tx: &mut Tx,
        rule: &Rule,
        before: &[FindingRow],
        rows: &Rows,
        is_whole: bool,
        evaluation: &mut Evaluation,
    ) -> Result<(), AppError> {
        let steps = life::evaluate(&findings_of(before), rows, is_whole, self.now);
        self.steps(tx, (&rule.id, rule.severity), before, &steps, evaluation)
            .await
    }

    async fn gone(
        &self,
        tx: &mut Tx,
        rule: &str,
        before: &[FindingRow],
        is_whole: bool,
        evaluation: &mut Evaluation,
    ) -> Result<(), AppError> {
        let steps = life::evaluate(&findings_of(before), &Rows::new(), is_whole, self.now);
        self.steps(tx, (rule, Severity::Low), before, &steps, evaluation)
            .await
    }

    async fn steps(
        &self,
        tx: &mut Tx,
        (rule, severity): (&str, Severity),
        before: &[FindingRow],
        steps: &[Step],
        evaluation: &mut Evaluation,
    ) -> Result<(), AppError> {
        let numbers: BTreeMap<&str, i64> = before.iter().map(|row| (row.key.as_str(), row.id)).collect();
        let is_new = |step: &&Step| !numbers.contains_key(step.key.as_str());
        let new: Vec<NewFinding> = steps
            .iter()
            .filter(is_new)
            .filter_map(|step| {
                let (sentence, found) = step.told.clone()?;
                Some(NewFinding {
                    key: step.key.clone(),
                    sentence,
                    found,
                })
            })
            .collect();
        let run = (self.at.run, self.now);
        let organization = self.at.organization;
        let made = if new.is_empty() {
            Vec::new()
        } else {
            tx.finding_add(organization, rule, severity.name(), State::Open.name(), &new, run)
                .await?
        };
        let made: BTreeMap<String, i64> = made.into_iter().collect();
        let mut transitions = Vec::new();
        for step in steps {
            let old = numbers.get(step.key.as_str()).copied();
            let Some(finding) = old.or_else(|| made.get(&step.key).copied()) else {
                continue;
            };
            if let (Some(_), Some((sentence, found))) = (old, &step.told) {
                tx.finding_tell(finding, sentence, found, severity.name()).await?;
            }
            let Some(transition) = step.transition else {
                continue;
            };
            if old.is_some() {
                tx.finding_set_state(finding, step.state.name(), self.now, self.at.run)
                    .await?;
            }
            match transition {
                Transition::Opened | Transition::Reopened => evaluation.opened += 1,
                Transition::Closed => evaluation.closed += 1,
                Transition::Suppressed | Transition::Accepted => {}
            }
            transitions.push(TransitionRow {
                id: 0,
                finding,
                transition: transition.name().to_owned(),
                at: self.now,
                run: self.at.run,
                actor: NOTICED_BY.to_owned(),
                reason: String::new(),
            });
        }
        tx.finding_transitions(organization, &transitions).await?;
        Ok(())
    }
}

fn findings_of(rows: &[FindingRow]) -> BTreeMap<String, Finding> {
    let finding = |row: &FindingRow| {
        let finding = Finding {
            key: row.key.clone(),
            sentence: row.sentence.clone(),
            row: row.found.clone(),
            state: state_of(row),
            decision: decision_of(row),
        };
        (row.key.clone(), finding)
    };
    rows.iter().map(finding).collect()
}
