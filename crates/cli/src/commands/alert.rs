//! `orgwarden alert`: what is told, and whether it arrived.

use super::{LOCAL_ADMINISTRATOR, open, open_with_key, when};
use crate::args::{AlertAdd, AlertCommand};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::App;
use app::alerts::{AlertRequest, ChangePattern, Condition, Metric, RulePattern, message_number};
use app::query::{Limits, Variables};
use app::views::scope::ScopeChoice;
use serde_json::json;
use std::process::ExitCode;

pub async fn run(config: &Config, command: AlertCommand) -> anyhow::Result<ExitCode> {
    match command {
        AlertCommand::Add(add) => self::add(config, add).await,
        AlertCommand::List { json } => list(config, json).await,
        AlertCommand::Pause { name } => switch(config, &name, false).await,
        AlertCommand::Resume { name } => switch(config, &name, true).await,
        AlertCommand::Remove { name } => {
            open(config)
                .await?
                .alert_remove(&name, LOCAL_ADMINISTRATOR)
                .await?;
            output::line(&format!("{name} is removed: what it told stays in the log."))?;
            Ok(ExitCode::SUCCESS)
        }
        AlertCommand::Log {
            message: Some(message),
            json,
            ..
        } => one(config, &message, json).await,
        AlertCommand::Log { limit, json, .. } => log(config, limit, json).await,
        AlertCommand::Resend { message } => {
            let app = open_with_key(config).await?;
            let id = number(&message)?;
            app.message_again(id, LOCAL_ADMINISTRATOR).await?;
            output::line(&format!(
                "{message} is sent again by whoever serves, or with: orgwarden alert deliver"
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        AlertCommand::Deliver { json } => deliver(config, json).await,
    }
}

async fn add(config: &Config, add: AlertAdd) -> anyhow::Result<ExitCode> {
    let (common, condition) = match add {
        AlertAdd::Change {
            common,
            kind,
            turn,
            role,
            group,
            workspace,
            account,
        } => {
            let pattern = ChangePattern {
                kinds: kind,
                turns: turn,
                roles: role,
                groups: group,
                workspaces: workspace,
                accounts: account,
            };
            (common, Condition::Change(pattern))
        }
        AlertAdd::Rule {
            common,
            rule,
            severity,
            transition,
        } => {
            let pattern = RulePattern {
                rules: rule,
                severities: severity,
                transitions: transition,
            };
            (common, Condition::Rule(pattern))
        }
        AlertAdd::Query { common, sql } => (common, Condition::Query { sql }),
        AlertAdd::Reading { common } => (common, Condition::Reading),
        AlertAdd::Threshold {
            common,
            metric,
            above,
            below,
        } => {
            let metric = self::metric(&metric)?;
            (common, Condition::Threshold { metric, above, below })
        }
    };
    let words = condition.words();
    let request = AlertRequest {
        name: &common.name,
        condition,
        channels: &common.channel,
        connection: common.connection.as_deref(),
        actor: LOCAL_ADMINISTRATOR,
    };
    let app = open(config).await?;
    app.alert_add(&request).await?;
    if let Condition::Query { sql } = &request.condition {
        try_question(&app, request.connection, sql).await;
    }
    output::line(&format!(
        "{} tells {} of {words}, from the next reading on.",
        common.name,
        common.channel.join(" and ")
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Says if a question cannot be answered now: it is kept, because views or data may come that it can be asked of.
async fn try_question(app: &App, connection: Option<&str>, sql: &str) {
    let choice = ScopeChoice {
        organization: connection.map(str::to_owned),
        as_of: None,
    };
    let Ok(scope) = app.scope(&choice).await else {
        return;
    };
    let asked = app.query(&scope, sql, &Variables::new(), Limits::default()).await;
    if let Err(error) = asked {
        eprintln!("warning: as it is now, the question cannot be answered: {error}");
    }
}

fn metric(name: &str) -> anyhow::Result<Metric> {
    let found = Metric::ALL.iter().find(|(known, _)| *known == name);
    let known = Metric::ALL.map(|(name, _)| name).join(", ");
    Ok(found.map(|(_, metric)| *metric).ok_or_else(|| Told {
        message: format!("there is no number \"{name}\""),
        hint: Some(format!("there are: {known}")),
        code: code::USAGE,
    })?)
}

async fn list(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let alerts = open(config).await?.alerts().await?;
    if as_json {
        output::json(&alerts)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = alerts.iter().map(|alert| {
        vec![
            alert.name.clone(),
            alert.words.clone(),
            alert.channels.join(", "),
            alert.organization.clone().unwrap_or_else(|| "every one".into()),
            if alert.is_on { "on" } else { "paused" }.to_owned(),
        ]
    });
    let empty = "No alert yet. Add a channel first: orgwarden channel add --help";
    output::table(
        &["Name", "Tells of", "Through", "Organization", "State"],
        cells.collect(),
        empty,
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn switch(config: &Config, name: &str, is_on: bool) -> anyhow::Result<ExitCode> {
    open(config)
        .await?
        .alert_switch(name, is_on, LOCAL_ADMINISTRATOR)
        .await?;
    let words = if is_on { "tells again" } else { "is paused" };
    output::line(&format!("{name} {words}."))?;
    Ok(ExitCode::SUCCESS)
}

async fn log(config: &Config, limit: i64, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let messages = app.messages(limit.max(0)).await?;
    if as_json {
        output::json(&messages)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    let cells = messages.iter().map(|message| {
        let state = match &message.failure {
            Some(failure) => format!("{}: {failure}", message.state),
            None => message.state.to_owned(),
        };
        vec![
            message.id.clone(),
            when(message.made_at, now),
            message.alert.clone(),
            message.title.clone(),
            message.channel.clone(),
            state,
        ]
    });
    let empty = "Nothing was told yet.";
    output::table(
        &["Message", "Made", "Alert", "What", "Channel", "State"],
        cells.collect(),
        empty,
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn one(config: &Config, message: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let (message, deliveries) = app.message(number(message)?).await?;
    if as_json {
        output::json(&json!({"message": message, "deliveries": deliveries}))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("{}: {}", message.id, message.title))?;
    for item in &message.items {
        output::line(&format!("  - {item}"))?;
    }
    let now = app.clock.now_ms();
    let cells = deliveries.iter().map(|delivery| {
        vec![
            when(delivery.at, now),
            format!("{} ms", delivery.took_ms),
            delivery.failure.clone().unwrap_or_else(|| "delivered".into()),
        ]
    });
    output::table(
        &["Tried", "Took", "How it went"],
        cells.collect(),
        "It was not tried yet.",
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Looks for what is to be told and sends what is due, each once.
async fn deliver(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    while app.alerts_due().await? {}
    let mut tried = 0;
    while app.message_due().await? {
        tried += 1;
    }
    let unsent = app.messages_unsent().await?;
    if as_json {
        output::json(&json!({"tried": tried, "unsent": unsent}))?;
    } else {
        output::line(&format!("{tried} tried, {unsent} not delivered."))?;
    }
    if unsent > 0 {
        return Ok(ExitCode::from(code::NOT_DELIVERED));
    }
    Ok(ExitCode::SUCCESS)
}

fn number(message: &str) -> anyhow::Result<i64> {
    Ok(message_number(message).ok_or_else(|| Told {
        message: format!("\"{message}\" is not the id of a message, such as msg_12"),
        hint: Some("orgwarden alert log shows them".into()),
        code: code::USAGE,
    })?)
}
