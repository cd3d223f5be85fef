//! What became of findings, told.

use super::condition::Condition;
use super::look::{About, LISTED, Told, organization_name, title};
use crate::App;
use crate::error::AppError;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Job, Tx};

/// Steps that are read at once.
const AT_ONCE: i64 = 1_000;

/// A step in the life of a finding, as far as alerts need it.
struct Step {
    id: i64,
    at: i64,
    transition: String,
    rule: String,
    severity: String,
    sentence: String,
}

impl App {
    /// Tells what became of the findings of an organization since each alert last looked.
    pub(super) async fn look_at_findings(&self, job: &Job, organization: i64) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        for alert in tx.alert_list().await? {
            let is_meant = alert.is_on && alert.organization_id.is_none_or(|id| id == organization);
            let condition = serde_json::from_value::<Condition>(alert.condition.clone());
            let (true, Ok(Condition::Rule(pattern))) = (is_meant, condition) else {
                continue;
            };
            let before = tx.alert_seen(alert.id, organization).await?;
            let seen = before
                .as_ref()
                .and_then(|seen| seen.get("step"))
                .and_then(Value::as_i64)
                .unwrap_or(0);
            let steps = steps_after(&mut tx, organization, seen).await?;
            let Some(last) = steps.last().map(|step| step.id) else {
                continue;
            };
            let fitting: Vec<&Step> = steps
                .iter()
                .filter(|step| step.at >= alert.created_at)
                .filter(|step| pattern.fits(&step.rule, &step.severity, &step.transition))
                .collect();
            if let Some(first) = fitting.first() {
                let mut counts = BTreeMap::new();
                for step in &fitting {
                    *counts
                        .entry(format!("{} {}", step.severity, step.transition))
                        .or_default() += 1;
                }
                let told = Told {
                    title: title(&words(first), fitting.len(), "findings"),
                    count: fitting.len(),
                    items: fitting.iter().take(LISTED).map(|step| words(step)).collect(),
                    counts,
                };
                let name = organization_name(&mut tx, organization).await?;
                let about = About {
                    organization: &name,
                    run: None,
                    cause: &format!("findings/{last}"),
                };
                self.tell(&mut tx, &alert, &told, &about).await?;
            }
            let seen = json!({"version": 1, "step": last});
            tx.alert_remember(alert.id, organization, &seen).await?;
        }
        tx.job_done(job).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn words(step: &Step) -> String {
    format!("{} ({}, {})", step.sentence, step.severity, step.transition)
}

async fn steps_after(tx: &mut Tx, organization: i64, seen: i64) -> Result<Vec<Step>, AppError> {
    let mut steps = Vec::new();
    let mut after = seen;
    loop {
        let rows = tx.finding_transitions_after(organization, after, AT_ONCE).await?;
        let Some(last) = rows.last().map(|row| row.id) else {
            return Ok(steps);
        };
        for row in rows {
            if let Some(finding) = tx.finding_find(organization, row.finding).await? {
                steps.push(Step {
                    id: row.id,
                    at: row.at,
                    transition: row.transition,
                    rule: finding.rule,
                    severity: finding.severity,
                    sentence: finding.sentence,
                });
            }
        }
        after = last;
    }
}
