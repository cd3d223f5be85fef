//! Findings and rules as people see them.

use super::evaluate::state_of;
use crate::App;
use crate::error::AppError;
use crate::views::{At, Candidate, Scope, ViewError, nearest};
use model::{FindingId, RunId};
use rules::{Problem, Rule, Severity, State};
use serde::Serialize;
use serde_json::Value;
use store::{EvaluationRow, FindingCount, FindingFilter, FindingRow};

/// What somebody decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// `suppressed` or `accepted`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: At,
    /// From when on it no longer holds.
    pub until: At,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingView {
    /// Such as `finding_12`.
    pub id: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's name for people; its id when the rule is gone.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub state: State,
    /// What it says.
    pub sentence: String,
    /// By which it is known again: the cells of the rule's key.
    pub key: Value,
    /// The row that it is, by column.
    pub found: Value,
    /// When it was first there.
    pub first_at: At,
    /// When it came to its state.
    pub changed_at: At,
    /// The run that brought it there.
    pub run: RunId,
    /// The last decision.
    pub decision: Option<DecisionView>,
}

/// A step in the life of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// `opened`, `reopened`, `suppressed`, `accepted` or `closed`.
    pub transition: String,
    /// When.
    pub at: At,
    /// The run after which it was noticed.
    pub run: Option<RunId>,
    /// Who.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
}

/// A finding with its rule and its life.
#[derive(Debug, Clone, Serialize)]
pub struct FindingDetail {
    /// The finding.
    pub finding: FindingView,
    /// Its rule; `None` when the rule is gone.
    pub rule: Option<RuleView>,
    /// Its life, from the first step on.
    pub life: Vec<StepView>,
}

/// A part of the findings.
#[derive(Debug, Clone, Serialize)]
pub struct FindingsView {
    /// The findings of this part, the worst and latest first.
    pub findings: Vec<FindingView>,
    /// How many the filter lets through.
    pub shown: i64,
    /// How many are open, by severity, the worst first.
    pub open: Vec<(Severity, i64)>,
    /// How many are in each state, whatever the filter.
    pub states: Vec<(State, i64)>,
    /// Rules that could not be asked last time.
    pub failing: Vec<RuleView>,
}

/// A rule, and how asking it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Why it matters.
    pub explanation: String,
    /// What to do about it.
    pub remediation: String,
    /// Its question.
    pub sql: String,
    /// Whether it is asked.
    pub enabled: bool,
    /// The file that it is from; nothing when it comes with the product.
    pub file: Option<String>,
    /// How many of its findings are open.
    pub open: i64,
    /// When it was last asked.
    pub asked_at: Option<At>,
    /// How long that took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why it could not be asked.
    pub error: Option<String>,
}

/// The rules that are in force.
#[derive(Debug, Clone, Serialize)]
pub struct RulesView {
    /// The rules.
    pub rules: Vec<RuleView>,
    /// What was refused.
    pub problems: Vec<Problem>,
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// How many are open: of any severity, and of those that are critical or high.
pub(crate) fn open_findings(counts: &[FindingCount]) -> (i64, i64) {
    let open = counts.iter().filter(|count| count.state == State::Open.name());
    open.fold((0, 0), |(all, bad), count| {
        let is_bad = matches!(count.severity.as_str(), "critical" | "high");
        (
            all + count.findings,
            bad + if is_bad { count.findings } else { 0 },
        )
    })
}

impl FindingView {
    fn new(row: FindingRow, rule: Option<&Rule>) -> FindingView {
        let decision = row.decision.as_ref().map(|decision| DecisionView {
            kind: decision.kind.clone(),
            reason: decision.reason.clone(),
            by: decision.by.clone(),
            at: At(decision.at),
            until: At(decision.until),
        });
        FindingView {
            id: FindingId(row.id).to_string(),
            title: rule.map_or_else(|| row.rule.clone(), |rule| rule.title.clone()),
            severity: Severity::from_name(&row.severity).unwrap_or(Severity::Medium),
            state: state_of(&row),
            key: json(&row.key),
            found: json(&row.found),
            first_at: At(row.first_at),
            changed_at: At(row.changed_at),
            run: RunId(row.run),
            rule: row.rule,
            sentence: row.sentence,
            decision,
        }
    }
}

impl RuleView {
    fn new(rule: &Rule, evaluations: &[EvaluationRow], counts: &[FindingCount]) -> RuleView {
        let evaluation = evaluations.iter().find(|row| row.rule == rule.id);
        let open = counts
            .iter()
            .filter(|count| count.rule == rule.id && count.state == State::Open.name());
        RuleView {
            id: rule.id.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            tags: rule.tags.clone(),
            explanation: rule.explanation.clone(),
            remediation: rule.remediation.clone(),
            sql: rule.sql.trim().to_owned(),
            enabled: rule.is_enabled,
            file: rule.file.clone(),
            open: open.map(|count| count.findings).sum(),
            asked_at: evaluation.map(|row| At(row.at)),
            duration_ms: evaluation.map(|row| row.duration_ms),
            error: evaluation.and_then(|row| row.error.clone()),
        }
    }
}

impl App {
    /// A part of the findings that a filter lets through.
    pub async fn findings(
        &self,
        scope: &Scope,
        filter: &FindingFilter,
        limit: i64,
        offset: i64,
    ) -> Result<FindingsView, AppError> {
        let set = self.rule_set()?;
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let counts = tx.finding_counts(organization).await?;
        let evaluations = tx.rule_evaluations(organization).await?;
        let rows = tx.finding_list(organization, filter, limit, offset).await?;
        drop(tx);
        let is_let_through = |count: &&FindingCount| {
            (filter.state.is_empty() || filter.state == count.state)
                && (filter.rule.is_empty() || filter.rule == count.rule)
                && (filter.severity.is_empty() || filter.severity == count.severity)
        };
        let sum = |of: &dyn Fn(&FindingCount) -> bool| -> i64 {
            let counted = counts.iter().filter(|count| of(count));
            counted.map(|count| count.findings).sum()
        };
        let is_open = |count: &FindingCount| count.state == State::Open.name();
        let failing = set
            .rules
            .iter()
            .map(|rule| RuleView::new(rule, &evaluations, &counts));
        Ok(FindingsView {
            shown: counts
                .iter()
                .filter(is_let_through)
                .map(|count| count.findings)
                .sum(),
            open: Severity::ALL
                .into_iter()
                .map(|severity| {
                    let open = sum(&|count| is_open(count) && count.severity == severity.name());
                    (severity, open)
                })
                .collect(),
            states: State::ALL
                .into_iter()
                .map(|state| (state, sum(&|count| count.state == state.name())))
                .collect(),
            failing: failing
                .filter(|rule| rule.enabled && rule.error.is_some())
                .collect(),
            findings: rows
                .into_iter()
                .map(|row| {
                    let rule = set.rule(&row.rule);
                    FindingView::new(row, rule)
                })
                .collect(),
        })
    }

    /// Refuses the id of a rule that is not in force and never found anything here.
    pub async fn check_rule_id(&self, scope: &Scope, id: &str) -> Result<(), AppError> {
        let set = self.rule_set()?;
        let mut tx = self.store.read().await?;
        let counts = tx.finding_counts(scope.snapshot().organization).await?;
        let known = set.rules.iter().map(|rule| rule.id.as_str());
        let known = known.chain(counts.iter().map(|count| count.rule.as_str()));
        if known.clone().any(|known| known == id) {
            return Ok(());
        }
        let known = known.map(|id| Candidate {
            id: id.to_owned(),
            name: id.to_owned(),
        });
        Err(AppError::View(ViewError::Unknown {
            what: "rule",
            asked: id.to_owned(),
            nearest: nearest(id, known),
        }))
    }

    /// A finding with its rule and its life.
    pub async fn finding(&self, scope: &Scope, finding: FindingId) -> Result<FindingDetail, AppError> {
        let set = self.rule_set()?;
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let row = tx.finding_find(organization, finding.0).await?;
        let row = row.ok_or(AppError::NoFinding { finding })?;
        let counts = tx.finding_counts(organization).await?;
        let evaluations = tx.rule_evaluations(organization).await?;
        let life = tx.finding_life(row.id).await?;
        let rule = set.rule(&row.rule);
        Ok(FindingDetail {
            rule: rule.map(|rule| RuleView::new(rule, &evaluations, &counts)),
            finding: FindingView::new(row, rule),
            life: life
                .into_iter()
                .map(|step| StepView {
                    transition: step.transition,
                    at: At(step.at),
                    run: Some(step.run).filter(|run| *run > 0).map(RunId),
                    actor: step.actor,
                    reason: step.reason,
                })
                .collect(),
        })
    }

    /// How many findings are open: of any severity, and of those that are critical or high.
    pub async fn findings_open(&self, scope: &Scope) -> Result<(i64, i64), ViewError> {
        let mut tx = self.store.read().await?;
        let counts = tx.finding_counts(scope.snapshot().organization).await?;
        Ok(open_findings(&counts))
    }

    /// The rules that are in force. Without an organization nothing is said of asking them.
    pub async fn rules(&self, scope: Option<&Scope>) -> Result<RulesView, AppError> {
        let set = self.rule_set()?;
        let (mut evaluations, mut counts) = (Vec::new(), Vec::new());
        if let Some(scope) = scope {
            let organization = scope.snapshot().organization;
            let mut tx = self.store.read().await?;
            evaluations = tx.rule_evaluations(organization).await?;
            counts = tx.finding_counts(organization).await?;
        }
        Ok(RulesView {
            rules: set
                .rules
                .iter()
                .map(|rule| RuleView::new(rule, &evaluations, &counts))
                .collect(),
            problems: set.problems,
        })
    }
}
