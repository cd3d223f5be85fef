//! What a published run has to tell, and what a failing connection has.

use super::condition::{ChangePattern, Condition, Metric};
use crate::App;
use crate::error::AppError;
use crate::views::At;
use crate::views::changes::{Change, Turn};
use crate::views::scope::{Scope, ScopeChoice};
use model::RunId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{ALERTS_JOB, AlertRow, ConnectionRow, NewMessage, RunRow, RunState, Tx, alerts_key};

/// How long one look may take before another process looks too.
const LOOK_LEASE_MS: i64 = 5 * 60_000;
/// How many are told one by one; of the others only how many there are.
const LISTED: usize = 10;

/// What an alert tells.
struct Told {
    title: String,
    count: usize,
    items: Vec<String>,
    counts: BTreeMap<String, usize>,
}

/// What came of looking for one alert.
#[derive(Default)]
struct Looked {
    told: Option<Told>,
    seen: Option<Value>,
}

impl App {
    /// Looks what the run has to tell that was published the longest ago and not looked at, if one was; answers whether.
    pub async fn alerts_due(&self) -> Result<bool, AppError> {
        let now = self.clock.now_ms();
        let taken = self.store.job_take(ALERTS_JOB, now, now + LOOK_LEASE_MS).await?;
        let Some(job) = taken else {
            return Ok(false);
        };
        let id = RunId(job.payload.parse().unwrap_or(0));
        let mut tx = self.store.read().await?;
        let run = tx.run_find(id).await?;
        let alerts = tx.alert_list().await?;
        drop(tx);
        let mut looked = Vec::new();
        if let Some(run) = run.filter(|run| run.state == RunState::Published) {
            let mut changes = None;
            for alert in alerts.iter().filter(|alert| concerns(alert, &run)) {
                match self.look(alert, &run, &mut changes).await {
                    Ok(found) => looked.push((alert, found)),
                    // One that cannot be looked for keeps no other from being told.
                    Err(error) => {
                        tracing::warn!(alert = %alert.name, %error, "an alert could not be looked for")
                    }
                }
            }
            let mut tx = self.store.write().await?;
            let organization = tx.organization_get(run.organization_id).await?;
            let organization = organization
                .name
                .unwrap_or_else(|| organization.atlassian_id.to_string());
            for (alert, found) in looked {
                if let Some(seen) = &found.seen {
                    tx.alert_remember(alert.id, run.organization_id, seen).await?;
                }
                if let Some(told) = found.told {
                    let about = About {
                        organization: &organization,
                        run: Some(run.id),
                        cause: &run.id.to_string(),
                    };
                    self.tell(&mut tx, alert, &told, &about).await?;
                }
            }
            tx.job_forget(&alerts_key(id)).await?;
            tx.commit().await?;
        } else {
            let mut tx = self.store.write().await?;
            tx.job_forget(&alerts_key(id)).await?;
            tx.commit().await?;
        }
        Ok(true)
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
            Condition::Reading => Ok(Looked::default()),
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
                let organization = tx.organization_get(run.organization_id).await?.atlassian_id;
                drop(tx);
                let scope = self
                    .scope(&ScopeChoice {
                        organization: Some(organization.to_string()),
                        as_of: None,
                    })
                    .await?;
                let value = self.metric(&scope, metric).await?;
                Ok(of_threshold(metric, value, (above, below), before.as_ref()))
            }
        }
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
        let organization = tx.organization_get(connection.organization_id).await?;
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
            organization: organization
                .name
                .as_deref()
                .unwrap_or(organization.atlassian_id.as_str()),
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

    async fn tell(
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
struct About<'a> {
    organization: &'a str,
    run: Option<RunId>,
    cause: &'a str,
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
    let title = match fitting.len() {
        1 => first.sentence.to_string(),
        few if few <= LISTED => format!("{}, and {} more", first.sentence, few - 1),
        several => counted(several, "change", "changes"),
    };
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
