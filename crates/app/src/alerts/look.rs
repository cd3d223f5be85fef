//! What a published run has to tell, and what a failing connection has.

use super::condition::{ChangePattern, Condition, Metric};
use crate::App;
use crate::error::AppError;
use crate::query::{QueryAnswer, cell_text};
use crate::views::changes::{Change, Turn};
use crate::views::scope::{Scope, ScopeChoice};
use crate::views::{At, ViewError};
use model::RunId;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use store::sql::{Limits, Variables};
use store::{ALERTS_JOB, AlertRow, ConnectionRow, Job, LookAt, NewMessage, RunRow, RunState, Tx};

/// How long one look may take before another process looks too.
const LOOK_LEASE_MS: i64 = 5 * 60_000;
/// How many are told one by one; of the others only how many there are.
pub(super) const LISTED: usize = 10;

/// An alert's question may answer so much.
fn limits() -> Limits {
    Limits {
        rows: 1_000,
        ..Limits::default()
    }
}

/// What an alert tells.
pub(super) struct Told {
    pub title: String,
    pub count: usize,
    pub items: Vec<String>,
    pub counts: BTreeMap<String, usize>,
}

/// What came of looking for one alert.
#[derive(Default)]
struct Looked {
    told: Option<Told>,
    seen: Option<Value>,
}

impl App {
    /// Looks what the run has to tell that was published the longest ago and not looked at, if one was; answers
    /// whether. Also asks the rules where whoever published a run could not.
    pub async fn alerts_due(&self) -> Result<bool, AppError> {
        if self.rules_due().await? {
            return Ok(true);
        }
        let now = self.clock.now_ms();
        let taken = self.store.job_take(ALERTS_JOB, now, now + LOOK_LEASE_MS).await?;
        let Some(job) = taken else {
            return Ok(false);
        };
        match LookAt::of_payload(&job.payload) {
            Some(LookAt::Run(run)) => self.look_at_run(&job, run).await?,
            Some(LookAt::Findings(organization)) => self.look_at_findings(&job, organization).await?,
            // Of a version that nobody knows here: whoever wrote it does it.
            None => self.store.job_reschedule(&job, now + LOOK_LEASE_MS).await?,
        }
        Ok(true)
    }

    async fn look_at_run(&self, job: &Job, id: RunId) -> Result<(), AppError> {
        let mut tx = self.store.read().await?;
        let run = tx.run_find(id).await?;
        let alerts = tx.alert_list().await?;
        drop(tx);
        let mut looked = Vec::new();
        let published = run.filter(|run| run.state == RunState::Published);
        if let Some(run) = &published {
            let mut changes = None;
            for alert in alerts.iter().filter(|alert| concerns(alert, run)) {
                match self.look(alert, run, &mut changes).await {
                    Ok(found) => looked.push((alert, found)),
                    // One that cannot be looked for keeps no other from being told.
                    Err(error) => {
                        tracing::warn!(alert = %alert.name, %error, "an alert could not be looked for")
                    }
                }
            }
        }
        let mut tx = self.store.write().await?;
        if let Some(run) = &published {
            for (alert, found) in looked {
                if let Some(seen) = &found.seen {
                    tx.alert_remember(alert.id, run.organization_id, seen).await?;
                }
                if let Some(told) = found.told {
                    let organization = organization_name(&mut tx, run.organization_id).await?;
                    let about = About {
                        organization: &organization,
                        run: Some(run.id),
                        cause: &run.id.to_string(),
                    };
                    self.tell(&mut tx, alert, &told, &about).await?;
                }
            }
        }
        tx.job_done(job).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn look(
        &self,
        alert: &AlertRow,
        run: &RunRow,
        changes: &mut Option<Vec<Change>>,
    ) -> Result<Looked, AppError> {
        let Ok(condition) = serde_json::from_value::<Condition>(alert.condition.clone()) else {
            tracing::warn!(alert = %alert.name, "an alert of another version is not understood");
            return Ok(Looked::default());
        };
        match condition {
            // Told of in the transactions that keep them.
            Condition::Reading | Condition::Rule(_) => Ok(Looked::default()),
            Condition::Query { sql } => {
                let mut tx = self.store.read().await?;
                let seen = tx.alert_seen(alert.id, run.organization_id).await?;
                drop(tx);
                let before = match seen {
                    Some(seen) => Some(seen),
                    None => self.rows_before(&sql, run).await?,
                };
                let scope = self.scope_read(run.organization_id, None).await?;
                let answer = self.query(&scope, &sql, &Variables::new(), limits()).await?;
                let looked = of_rows(&answer, before.as_ref());
                Ok(match before {
                    Some(_) => looked,
                    // With nothing to compare with, nothing is new.
                    None => Looked { told: None, ..looked },
                })
            }
            Condition::Change(pattern) => {
                let all = match changes.take() {
                    Some(all) => all,
                    None => self.changes_of(run.organization_id, run.id).await?,
                };
                let told = of_changes(&pattern, &all);
                *changes = Some(all);
                Ok(Looked { told, seen: None })
            }
            Condition::Threshold { metric, above, below } => {
                let mut tx = self.store.read().await?;
                let before = tx.alert_seen(alert.id, run.organization_id).await?;
                drop(tx);
                let scope = self.scope_read(run.organization_id, None).await?;
                let value = self.metric(&scope, metric).await?;
                Ok(of_threshold(metric, value, (above, below), before.as_ref()))
            }
        }
    }

    /// What a question's rows were before a run, for the first look: all that it remembers of them. `None` where the
    /// run was the first.
    async fn rows_before(&self, sql: &str, run: &RunRow) -> Result<Option<Value>, AppError> {
        let Some(ended_at) = run.ended_at else {
            return Ok(None);
        };
        let scope = match self.scope_read(run.organization_id, Some(At(ended_at - 1))).await {
            Ok(scope) => scope,
            Err(AppError::View(ViewError::BeforeFirstReading)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let answer = self.query(&scope, sql, &Variables::new(), limits()).await?;
        Ok(of_rows(&answer, None).seen)
    }

    /// An organization as it was last read, or as it was read by a moment.
    async fn scope_read(&self, organization: i64, as_of: Option<At>) -> Result<Scope, AppError> {
        let mut tx = self.store.read().await?;
        let id = tx.organization_get(organization).await?.atlassian_id;
        drop(tx);
        let choice = ScopeChoice {
            organization: Some(id.to_string()),
            as_of,
        };
        Ok(self.scope(&choice).await?)
    }

    /// A number of an organization as it was last read.
    async fn metric(&self, scope: &Scope, metric: Metric) -> Result<i64, AppError> {
        let view = self.overview(scope).await?;
        Ok(match metric {
            Metric::Accounts => view.tally.accounts,
            Metric::ExternalAccounts => view.tally.external,
            Metric::Groups => view.counts.groups,
            Metric::Workspaces => view.counts.workspaces,
            Metric::Tokens => view.tokens,
            Metric::TokensExpiring => view.tokens_expiring,
            Metric::Unused => view.facets.unused,
            Metric::Administrators => view.facets.administrators,
        })
    }

    /// Tells that the readings of a connection fail, or go well again, in the transaction that keeps it.
    pub(crate) async fn tell_of_readings(
        &self,
        tx: &mut Tx,
        connection: &ConnectionRow,
        failure: Option<(i64, &str)>,
    ) -> Result<(), AppError> {
        let organization = organization_name(tx, connection.organization_id).await?;
        let name = &connection.name;
        let told = match failure {
            Some((failures, failure)) => Told {
                title: format!("{failures} readings of {name} in a row failed"),
                count: 1,
                items: vec![failure.to_owned()],
                counts: BTreeMap::new(),
            },
            None => Told {
                title: format!("{name} is read again"),
                count: 1,
                items: vec!["The latest reading went well after several that failed.".into()],
                counts: BTreeMap::new(),
            },
        };
        let how = if failure.is_some() { "fails" } else { "well" };
        let about = About {
            organization: &organization,
            run: None,
            cause: &format!("reading/{}/{how}/{}", connection.id, self.clock.now_ms()),
        };
        for alert in tx.alert_list().await? {
            let is_meant = alert.is_on
                && alert
                    .organization_id
                    .is_none_or(|id| id == connection.organization_id);
            let condition = serde_json::from_value(alert.condition.clone());
            if is_meant && matches!(condition, Ok(Condition::Reading)) {
                self.tell(tx, &alert, &told, &about).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        alert: &AlertRow,
        told: &Told,
        about: &About<'_>,
    ) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let kind = alert
            .condition
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let content = json!({
            "alert": alert.name,
            "kind": kind,
            "organization": about.organization,
            "run": about.run.map(|run| run.to_string()),
            "title": told.title,
            "count": told.count,
            "counts": told.counts,
            "items": told.items,
        });
        for channel in &alert.channels {
            let new = NewMessage {
                alert: alert.id,
                channel: *channel,
                cause: about.cause,
                made_at: now,
                content: &content,
            };
            tx.message_add(&new).await?;
        }
        Ok(())
    }
}

/// What a message is about besides what it tells.
pub(super) struct About<'a> {
    pub organization: &'a str,
    pub run: Option<RunId>,
    pub cause: &'a str,
}

/// Whether an alert may tell of a run: it is on, of its organization, and was there before the run was published.
fn concerns(alert: &AlertRow, run: &RunRow) -> bool {
    let ended_at = run.ended_at.unwrap_or(run.started_at);
    alert.is_on
        && alert.created_at <= ended_at
        && alert.organization_id.is_none_or(|id| id == run.organization_id)
}

/// `1 change`, `3,000 changes`
pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if count == 1 { one } else { several })
}

/// What people call an organization.
pub(super) async fn organization_name(tx: &mut Tx, organization: i64) -> Result<String, AppError> {
    let row = tx.organization_get(organization).await?;
    Ok(row.name.unwrap_or_else(|| row.atlassian_id.to_string()))
}

/// A title for several: the first and how many more, or only how many.
pub(super) fn title(first: &str, count: usize, several: &str) -> String {
    match count {
        1 => first.to_owned(),
        few if few <= LISTED => format!("{first}, and {} more", few - 1),
        many => counted(many, "", several),
    }
}

/// Rows that a question did not have before. A row is known by its hash, so that nothing of it is kept.
fn of_rows(answer: &QueryAnswer, before: Option<&Value>) -> Looked {
    let known: BTreeSet<&str> = before
        .and_then(|seen| seen.get("rows"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut hashes = Vec::new();
    let mut new = Vec::new();
    for row in &answer.rows {
        let cells: Vec<String> = row.iter().map(cell_text).collect();
        let digest = Sha256::digest(cells.join("\u{0}").as_bytes());
        let hash: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        if !known.contains(hash.as_str()) {
            let pairs = answer.columns.iter().zip(&cells);
            new.push(
                pairs
                    .map(|(name, cell)| format!("{name}: {cell}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
        hashes.push(hash);
    }
    let told = new.first().map(|first| Told {
        title: title(first, new.len(), "new rows"),
        count: new.len(),
        items: new.iter().take(LISTED).cloned().collect(),
        counts: BTreeMap::new(),
    });
    // Of an answer that was cut, what was known stays known: it may only have been left out this time.
    if answer.is_cut {
        hashes.extend(known.into_iter().map(str::to_owned));
        hashes.sort();
        hashes.dedup();
    }
    Looked {
        told,
        seen: Some(json!({"version": 1, "rows": hashes})),
    }
}

fn of_changes(pattern: &ChangePattern, changes: &[Change]) -> Option<Told> {
    let fitting: Vec<&Change> = changes.iter().filter(|change| pattern.fits(change)).collect();
    let first = fitting.first()?;
    let mut counts = BTreeMap::new();
    for change in &fitting {
        let turn = match change.turn {
            Turn::Began => "began",
            Turn::Ended => "ended",
            Turn::Changed => "changed",
        };
        *counts.entry(format!("{} {turn}", change.kind)).or_default() += 1;
    }
    let title = title(&first.sentence.to_string(), fitting.len(), "changes");
    Some(Told {
        title,
        count: fitting.len(),
        items: fitting
            .iter()
            .take(LISTED)
            .map(|change| change.sentence.to_string())
            .collect(),
        counts,
    })
}

/// A number is told of when it goes beyond its limit, and again only after it was back.
fn of_threshold(
    metric: Metric,
    value: i64,
    (above, below): (Option<i64>, Option<i64>),
    before: Option<&Value>,
) -> Looked {
    let is_beyond = above.is_some_and(|limit| value > limit) || below.is_some_and(|limit| value < limit);
    let was_beyond = before
        .and_then(|seen| seen.get("is_beyond"))
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let name = metric.name().replace('_', " ");
    let limit = match (above, below) {
        (Some(limit), _) => format!("above {limit}"),
        (None, limit) => format!("below {}", limit.unwrap_or_default()),
    };
    let told = (is_beyond && !was_beyond).then(|| Told {
        title: format!("{name}: {value}, {limit}"),
        count: 1,
        items: vec![format!("The latest reading shows {value} {name}.")],
        counts: BTreeMap::new(),
    });
    let seen = json!({"version": 1, "value": value, "is_beyond": is_beyond});
    Looked {
        told,
        seen: Some(seen),
    }
}

/// When a message was made, as text.
pub(super) fn at_text(at: i64) -> String {
    At(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_of_once_until_it_was_back() {
        let mut seen = None;
        let mut told = Vec::new();
        for value in [9, 11, 12, 10, 11] {
            let looked = of_threshold(Metric::Accounts, value, (Some(10), None), seen.as_ref());
            told.push(looked.told.is_some());
            seen = looked.seen;
        }
        assert_eq!(told, [false, true, false, false, true]);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(counted(1, "change", "changes"), "1 change");
        assert_eq!(counted(3_000, "change", "changes"), "3,000 changes");
        assert_eq!(counted(1_234_567, "change", "changes"), "1,234,567 changes");
    }
}
