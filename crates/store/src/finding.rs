//! What rules found: findings, each step of their lives, and how evaluating went.
//!
//! The words for states and transitions are the `rules` crate's; here they are texts. What a step changes and the row
//! that tells of it are written in one transaction.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};
use model::RunId;

/// The kind of job that asks the rules about a published run, when whoever published it did not.
pub const RULES_JOB: &str = "rules";
/// How long whoever publishes a run has to ask the rules about it.
pub(crate) const RULES_WITHIN_MS: i64 = 60_000;

/// The key of the job that asks the rules about a run.
pub fn rules_key(run: RunId) -> String {
    format!("{RULES_JOB}/{run}")
}

/// Findings; what follows says which.
macro_rules! findings {
    ($rest:literal) => {
        concat!(
            "SELECT id, rule, finding_key, severity, sentence, found, state, decision, decision_reason, decided_by,
        decided_at, decided_until, first_at, changed_at, run_id
    FROM finding
    WHERE organization_id = $1 ",
            $rest
        )
    };
}

const OF_RULES: &str = findings!("ORDER BY rule, finding_key");
const FIND: &str = findings!("AND id = $2");
/// Worst first, then the latest.
const LIST: &str = findings!("AND ($2 = '' OR state = $2) AND ($3 = '' OR rule = $3) AND ($4 = '' OR severity = $4)
    ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, changed_at DESC, rule, id
    LIMIT $5 OFFSET $6");
const COUNTS: &str = "SELECT rule, severity, state, COUNT(*) FROM finding WHERE organization_id = $1 GROUP BY rule, severity, state";
const ADD_HEAD: &str = "INSERT INTO finding
    (organization_id, rule, finding_key, severity, sentence, found, state, first_at, changed_at, run_id) VALUES";
const NEW_IDS: &str =
    "SELECT id, finding_key FROM finding WHERE organization_id = $1 AND rule = $2 AND id > $3";
const LAST_ID: &str = "SELECT COALESCE(MAX(id), 0) FROM finding";
const TELL: &str = "UPDATE finding SET sentence = $2, found = $3, severity = $4 WHERE id = $1";
const SET_STATE: &str = "UPDATE finding SET state = $2, changed_at = $3, run_id = $4 WHERE id = $1";
const DECIDE: &str = "UPDATE finding
    SET decision = $2, decision_reason = $3, decided_by = $4, decided_at = $5, decided_until = $6 WHERE id = $1";
const STEP_HEAD: &str = "INSERT INTO finding_transition (organization_id, finding_id, transition, at, run_id, actor, reason) VALUES";
const STEPS: &str = "SELECT id, finding_id, transition, at, run_id, actor, reason
    FROM finding_transition WHERE finding_id = $1 ORDER BY id";
const STEPS_AFTER: &str = "SELECT t.id, t.finding_id, t.transition, t.at, t.run_id, t.actor, t.reason
    FROM finding_transition t WHERE t.organization_id = $1 AND t.id > $2 ORDER BY t.id LIMIT $3";
const EVALUATED: &str = "INSERT INTO rule_evaluation (organization_id, rule, run_id, at, duration_ms, found, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (organization_id, rule) DO UPDATE
    SET run_id = excluded.run_id, at = excluded.at, duration_ms = excluded.duration_ms, found = excluded.found,
        error = excluded.error";
const EVALUATIONS: &str = "SELECT rule, run_id, at, duration_ms, found, error FROM rule_evaluation WHERE organization_id = $1 ORDER BY rule";
const FORGET_EVALUATION: &str = "DELETE FROM rule_evaluation WHERE organization_id = $1 AND rule = $2";
const FORGET_WORDS: &str =
    "UPDATE finding SET sentence = REPLACE(sentence, $1, $2), found = REPLACE(found, $3, $2)
    WHERE found LIKE $4 ESCAPE '\\'";

/// What somebody decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// `suppressed` or `accepted`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// From when on it no longer holds.
    pub until: i64,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Its number.
    pub id: i64,
    /// The rule that found it.
    pub rule: String,
    /// By which it is known again: a list in JSON.
    pub key: String,
    /// How bad it is.
    pub severity: String,
    /// What it says.
    pub sentence: String,
    /// The row that it is: an object in JSON.
    pub found: String,
    /// `open`, `suppressed`, `accepted` or `closed`.
    pub state: String,
    /// The last decision, whether it still holds or not.
    pub decision: Option<DecisionRow>,
    /// When it was first there.
    pub first_at: i64,
    /// When it came to its state.
    pub changed_at: i64,
    /// The run that brought it there.
    pub run: i64,
}

/// A finding that was not there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFinding {
    /// By which it is known again.
    pub key: String,
    /// What it says.
    pub sentence: String,
    /// The row that it is.
    pub found: String,
}

/// A step in the life of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionRow {
    /// Its number; it grows.
    pub id: i64,
    /// The finding.
    pub finding: i64,
    /// `opened`, `reopened`, `suppressed`, `accepted` or `closed`.
    pub transition: String,
    /// When.
    pub at: i64,
    /// The run after which it was noticed; 0 when a person did it.
    pub run: i64,
    /// Who; `orgwarden` when a rule noticed it.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
}

/// How the last evaluation of a rule ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRow {
    /// The rule.
    pub rule: String,
    /// The run whose facts were asked.
    pub run: i64,
    /// When.
    pub at: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// How many rows there were.
    pub found: i64,
    /// Why it could not be evaluated.
    pub error: Option<String>,
}

/// How many findings a rule has in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingCount {
    /// The rule.
    pub rule: String,
    /// How bad.
    pub severity: String,
    /// The state.
    pub state: String,
    /// How many.
    pub findings: i64,
}

/// Which findings; an empty text leaves all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// In this state.
    pub state: String,
    /// Of this rule.
    pub rule: String,
    /// As bad as this.
    pub severity: String,
}

impl FindingRow {
    fn of(row: &Row) -> Result<FindingRow, StoreError> {
        let decision = match row.text_or_null(7)? {
            None => None,
            Some(kind) => Some(DecisionRow {
                kind,
                reason: row.text(8)?,
                by: row.text(9)?,
                at: row.int(10)?,
                until: row.int(11)?,
            }),
        };
        Ok(FindingRow {
            id: row.int(0)?,
            rule: row.text(1)?,
            key: row.text(2)?,
            severity: row.text(3)?,
            sentence: row.text(4)?,
            found: row.text(5)?,
            state: row.text(6)?,
            decision,
            first_at: row.int(12)?,
            changed_at: row.int(13)?,
            run: row.int(14)?,
        })
    }
}

fn transition(row: &Row) -> Result<TransitionRow, StoreError> {
    Ok(TransitionRow {
        id: row.int(0)?,
        finding: row.int(1)?,
        transition: row.text(2)?,
        at: row.int(3)?,
        run: row.int(4)?,
        actor: row.text(5)?,
        reason: row.text(6)?,
    })
}

impl Tx {
    /// Every finding that there is or was, by rule and key.
    pub async fn finding_all(&mut self, organization: i64) -> Result<Vec<FindingRow>, StoreError> {
        let rows = self.rows(OF_RULES, &[organization.into()]).await?;
        rows.iter().map(FindingRow::of).collect()
    }

    /// The finding of this number.
    pub async fn finding_find(
        &mut self,
        organization: i64,
        id: i64,
    ) -> Result<Option<FindingRow>, StoreError> {
        let row = self.row(FIND, &[organization.into(), id.into()]).await?;
        row.as_ref().map(FindingRow::of).transpose()
    }

    /// A part of the findings, the worst and latest first.
    pub async fn finding_list(
        &mut self,
        organization: i64,
        filter: &FindingFilter,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<FindingRow>, StoreError> {
        let values = [
            organization.into(),
            (&filter.state).into(),
            (&filter.rule).into(),
            (&filter.severity).into(),
            limit.into(),
            offset.into(),
        ];
        self.rows(LIST, &values)
            .await?
            .iter()
            .map(FindingRow::of)
            .collect()
    }

    /// How many findings there are, by rule, severity and state.
    pub async fn finding_counts(&mut self, organization: i64) -> Result<Vec<FindingCount>, StoreError> {
        let read = |row: &Row| {
            Ok(FindingCount {
                rule: row.text(0)?,
                severity: row.text(1)?,
                state: row.text(2)?,
                findings: row.int(3)?,
            })
        };
        self.rows(COUNTS, &[organization.into()])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Keeps findings of a rule that were not there before, and answers their numbers by key.
    pub async fn finding_add(
        &mut self,
        organization: i64,
        rule: &str,
        severity: &str,
        state: &str,
        found: &[NewFinding],
        (run, now): (i64, i64),
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let last = self.row(LAST_ID, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
        let row = |new: &NewFinding| {
            vec![
                Value::from(organization),
                rule.into(),
                (&new.key).into(),
                severity.into(),
                (&new.sentence).into(),
                (&new.found).into(),
                state.into(),
                now.into(),
                now.into(),
                run.into(),
            ]
        };
        let rows: Vec<Vec<Value>> = found.iter().map(row).collect();
        self.insert_many(ADD_HEAD, rows, "").await?;
        let ids = self
            .rows(NEW_IDS, &[organization.into(), rule.into(), last.into()])
            .await?;
        ids.iter().map(|row| Ok((row.text(1)?, row.int(0)?))).collect()
    }

    /// Keeps what a finding says now.
    pub async fn finding_tell(
        &mut self,
        id: i64,
        sentence: &str,
        found: &str,
        severity: &str,
    ) -> Result<(), StoreError> {
        self.execute(TELL, &[id.into(), sentence.into(), found.into(), severity.into()])
            .await?;
        Ok(())
    }

    /// A finding is in another state. The row that tells of it is written with [`Tx::finding_transitions`].
    pub async fn finding_set_state(
        &mut self,
        id: i64,
        state: &str,
        now: i64,
        run: i64,
    ) -> Result<(), StoreError> {
        self.execute(SET_STATE, &[id.into(), state.into(), now.into(), run.into()])
            .await?;
        Ok(())
    }

    /// Keeps what somebody decided about a finding; `None` takes it back.
    pub async fn finding_decide(
        &mut self,
        id: i64,
        decision: Option<&DecisionRow>,
    ) -> Result<(), StoreError> {
        let text =
            |of: fn(&DecisionRow) -> &String| Value::from(decision.map(|decision| of(decision).as_str()));
        let values = [
            id.into(),
            text(|decision| &decision.kind),
            text(|decision| &decision.reason),
            text(|decision| &decision.by),
            decision.map(|decision| decision.at).into(),
            decision.map(|decision| decision.until).into(),
        ];
        self.execute(DECIDE, &values).await?;
        Ok(())
    }

    /// Writes down steps in the lives of findings; the numbers of the rows are given by the database.
    pub async fn finding_transitions(
        &mut self,
        organization: i64,
        steps: &[TransitionRow],
    ) -> Result<(), StoreError> {
        let row = |step: &TransitionRow| {
            vec![
                Value::from(organization),
                step.finding.into(),
                (&step.transition).into(),
                step.at.into(),
                step.run.into(),
                (&step.actor).into(),
                (&step.reason).into(),
            ]
        };
        let rows: Vec<Vec<Value>> = steps.iter().map(row).collect();
        self.insert_many(STEP_HEAD, rows, "").await?;
        match steps.first() {
            Some(step) => self.alerts_plan_findings(organization, step.run, step.at).await,
            None => Ok(()),
        }
    }

    /// The life of a finding, from the first step on.
    pub async fn finding_life(&mut self, finding: i64) -> Result<Vec<TransitionRow>, StoreError> {
        let rows = self.rows(STEPS, &[finding.into()]).await?;
        rows.iter().map(transition).collect()
    }

    /// The steps of all findings after the step of this number, in order.
    pub async fn finding_transitions_after(
        &mut self,
        organization: i64,
        after: i64,
        limit: i64,
    ) -> Result<Vec<TransitionRow>, StoreError> {
        let rows = self
            .rows(STEPS_AFTER, &[organization.into(), after.into(), limit.into()])
            .await?;
        rows.iter().map(transition).collect()
    }

    /// Keeps how an evaluation of a rule ended.
    pub async fn rule_evaluated(&mut self, organization: i64, row: &EvaluationRow) -> Result<(), StoreError> {
        let values = [
            organization.into(),
            (&row.rule).into(),
            row.run.into(),
            row.at.into(),
            row.duration_ms.into(),
            row.found.into(),
            row.error.as_deref().into(),
        ];
        self.execute(EVALUATED, &values).await?;
        Ok(())
    }

    /// How the last evaluation of each rule ended, by rule.
    pub async fn rule_evaluations(&mut self, organization: i64) -> Result<Vec<EvaluationRow>, StoreError> {
        let read = |row: &Row| {
            Ok(EvaluationRow {
                rule: row.text(0)?,
                run: row.int(1)?,
                at: row.int(2)?,
                duration_ms: row.int(3)?,
                found: row.int(4)?,
                error: row.text_or_null(5)?,
            })
        };
        self.rows(EVALUATIONS, &[organization.into()])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Forgets how a rule that is gone was evaluated.
    pub async fn rule_forget(&mut self, organization: i64, rule: &str) -> Result<(), StoreError> {
        self.execute(FORGET_EVALUATION, &[organization.into(), rule.into()])
            .await?;
        Ok(())
    }

    /// Replaces words that describe an account by its id in what findings say of it; part of erasing a person.
    pub(crate) async fn finding_erase(&mut self, account: &str, words: &str) -> Result<(), StoreError> {
        if words.is_empty() {
            return Ok(());
        }
        let in_json = serde_json::Value::from(words).to_string();
        let values = [
            words.into(),
            account.into(),
            in_json
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .unwrap_or(words)
                .into(),
            crate::views::containing_exactly(account).into(),
        ];
        self.execute(FORGET_WORDS, &values).await?;
        Ok(())
    }
}
