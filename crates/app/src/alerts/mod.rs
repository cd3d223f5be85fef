//! Alerts: what is told to whom, and whether it arrived.
//!
//! ```text
//! run published ─┬─ in one transaction ─> job "alerts/run_12" ─> look ─┬─ in one transaction ─> messages, each with a job
//! reading failed ┘                                                     └─ what was seen          │
//!                                              send: file · e-mail · Slack · webhook · Jira <────┘  again and again, a week long
//! ```
//! A run's changes do not change once it is published, so looking at them can wait: the job that was kept together with
//! the run is the outbox. A process may die anywhere; whoever comes next looks again, and the same cause is told once.
//!
//! - `condition`: what an alert is about; pure. `look`, `look_findings`: what a run, or what rules found, has to
//!   tell. `send`: bringing messages through channels.
//! - `channels`: where messages go.

mod channels;
mod condition;
mod look;
mod look_findings;
mod send;

pub use channels::{ChannelRequest, ChannelView};
pub use condition::{ChangePattern, Condition, Metric, RulePattern};
pub use notify::{Channel, DeliveryError, Email, Jira, MailTls, Reach, Webhook};
pub use send::{DeliveryView, MessageView, message_number};

use crate::App;
use crate::error::AppError;
use crate::plans::matches;
use crate::views::At;
use serde::Serialize;
use store::{AlertRow, AuditRow, Tx};

/// An alert.
#[derive(Debug, Clone, Serialize)]
pub struct AlertView {
    /// What people call it.
    pub name: String,
    /// What it is about.
    pub condition: Condition,
    /// The same in words.
    pub words: String,
    /// The channels that it tells through.
    pub channels: Vec<String>,
    /// The organization it is about; every one if it is left out.
    pub organization: Option<String>,
    /// Whether it tells anything.
    pub is_on: bool,
    /// When it was added.
    pub created_at: At,
    /// By whom.
    pub created_by: String,
}

/// What is needed to add an alert.
#[derive(Debug, Clone)]
pub struct AlertRequest<'a> {
    /// A name that is not taken.
    pub name: &'a str,
    /// What it is about.
    pub condition: Condition,
    /// The channels to tell through, by name.
    pub channels: &'a [String],
    /// The connection whose organization it is about; every one if it is left out.
    pub connection: Option<&'a str>,
    /// Who adds it.
    pub actor: &'a str,
}

impl App {
    /// Adds an alert. It tells of what is read from now on.
    pub async fn alert_add(&self, request: &AlertRequest<'_>) -> Result<(), AppError> {
        request.condition.check()?;
        if let Condition::Rule(pattern) = &request.condition {
            self.check_rule_pattern(pattern)?;
        }
        let organization_id = match request.connection {
            Some(name) => Some(self.connection_named(Some(name)).await?.organization_id),
            None => None,
        };
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        let known = tx.channel_list().await?;
        let mut channels = Vec::new();
        for name in request.channels {
            let found = known.iter().find(|channel| channel.name == *name);
            channels.push(
                found
                    .ok_or_else(|| AppError::NoChannel { name: name.clone() })?
                    .id,
            );
        }
        if channels.is_empty() {
            return Err(AppError::WrongAlert {
                what: "an alert needs a channel to tell through".into(),
            });
        }
        self.alert_keep(&mut tx, request, organization_id, channels, now)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Refuses a pattern that fits no rule: it would never tell of anything, and most likely is misspelt.
    fn check_rule_pattern(&self, pattern: &RulePattern) -> Result<(), AppError> {
        let set = self.rule_set()?;
        let fits = |wanted: &str| set.rules.iter().any(|rule| matches(wanted, &rule.id));
        match pattern.rules.iter().find(|wanted| !fits(wanted)) {
            None => Ok(()),
            Some(wanted) => Err(AppError::WrongAlert {
                what: format!("no rule is called \"{wanted}\"; orgwarden rules lists them"),
            }),
        }
    }

    async fn alert_keep(
        &self,
        tx: &mut Tx,
        request: &AlertRequest<'_>,
        organization_id: Option<i64>,
        channels: Vec<i64>,
        now: i64,
    ) -> Result<(), AppError> {
        let row = AlertRow {
            id: 0,
            name: named(request.name)?,
            organization_id,
            // Only texts and numbers, which always serialize.
            condition: serde_json::to_value(&request.condition).unwrap_or_default(),
            is_on: true,
            created_at: now,
            created_by: request.actor.to_owned(),
            channels,
        };
        tx.alert_add(&row).await?;
        tx.audit_record(&self.alert_entry(
            request.actor,
            "alert.add",
            request.name,
            &request.condition.words(),
        ))
        .await?;
        Ok(())
    }

    /// Every alert, by name.
    pub async fn alerts(&self) -> Result<Vec<AlertView>, AppError> {
        let mut tx = self.store.read().await?;
        let channels = tx.channel_list().await?;
        let organizations = tx.connection_views().await?;
        let mut views = Vec::new();
        for row in tx.alert_list().await? {
            let Ok(condition) = serde_json::from_value::<Condition>(row.condition.clone()) else {
                tracing::warn!(alert = %row.name, "an alert of another version is not understood");
                continue;
            };
            let name_of = |id: &i64| {
                let found = channels.iter().find(|channel| channel.id == *id);
                found.map(|channel| channel.name.clone())
            };
            let organization = row.organization_id.and_then(|id| {
                let found = organizations.iter().find(|view| view.organization == id)?;
                Some(
                    found
                        .organization_name
                        .clone()
                        .unwrap_or_else(|| found.organization_id.clone()),
                )
            });
            views.push(AlertView {
                words: condition.words(),
                condition,
                channels: row.channels.iter().filter_map(name_of).collect(),
                organization,
                is_on: row.is_on,
                created_at: At(row.created_at),
                created_by: row.created_by,
                name: row.name,
            });
        }
        Ok(views)
    }

    /// Switches an alert on or off.
    pub async fn alert_switch(&self, name: &str, is_on: bool, actor: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        if !tx.alert_switch(name, is_on).await? {
            return Err(AppError::NoAlert {
                name: name.to_owned(),
            });
        }
        let detail = if is_on { "on" } else { "off" };
        tx.audit_record(&self.alert_entry(actor, "alert.switch", name, detail))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets an alert. What it told stays in the log.
    pub async fn alert_remove(&self, name: &str, actor: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        if !tx.alert_remove(name).await? {
            return Err(AppError::NoAlert {
                name: name.to_owned(),
            });
        }
        tx.audit_record(&self.alert_entry(actor, "alert.remove", name, ""))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    fn alert_entry(&self, actor: &str, action: &str, subject: &str, detail: &str) -> AuditRow {
        AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// A name that can be typed and be part of an address.
fn named(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    let is_odd = |letter: char| letter.is_control() || letter == '/';
    if name.is_empty() || name.len() > 100 || name.chars().any(is_odd) {
        return Err(AppError::WrongAlert {
            what: "a name has 1 to 100 letters, and none of them is a slash".into(),
        });
    }
    Ok(name.to_owned())
}
