//! `orgwarden channel`: where alerts are told.

use super::connection::read_key;
use super::{LOCAL_ADMINISTRATOR, open, open_with_key};
use crate::args::{ChannelAdd, ChannelCommand, ChannelCommon, TlsForm};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use anyhow::Context as _;
use app::App;
use app::alerts::{Channel, ChannelRequest, Email, Jira, MailTls, Webhook};
use std::process::ExitCode;

pub async fn run(config: &Config, command: ChannelCommand) -> anyhow::Result<ExitCode> {
    match command {
        ChannelCommand::Add(add) => self::add(config, add).await,
        ChannelCommand::List { json } => list(config, json).await,
        ChannelCommand::Test { name } => test(config, &name).await,
        ChannelCommand::Remove { name } => {
            open(config)
                .await?
                .channel_remove(&name, LOCAL_ADMINISTRATOR)
                .await?;
            output::line(&format!("{name} is removed: its secret is forgotten."))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn add(config: &Config, add: ChannelAdd) -> anyhow::Result<ExitCode> {
    let (common, channel) = channel(add)?;
    let secret = common
        .secret_file
        .as_deref()
        .map(|file| read_key(file, "secret"))
        .transpose()?;
    let app = match secret {
        Some(_) => open_with_key(config).await?,
        None => open(config).await?,
    };
    let had_alerts = !app.alerts().await?.is_empty();
    let request = ChannelRequest {
        name: &common.name,
        channel,
        secret,
        allow_private: common.allow_private,
        actor: LOCAL_ADMINISTRATOR,
    };
    app.channel_add(&request).await?;
    let name = &common.name;
    output::line(&format!(
        "{name} is there. Try it with: orgwarden channel test {name}"
    ))?;
    if !had_alerts && let Some(first) = app.alerts().await?.first() {
        output::line(&format!(
            "It is told when readings fail (the alert \"{}\"); add others with: orgwarden alert add",
            first.name
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn channel(add: ChannelAdd) -> anyhow::Result<(ChannelCommon, Channel)> {
    Ok(match add {
        ChannelAdd::Email {
            common,
            host,
            port,
            tls,
            ca_file,
            user,
            from,
            to,
        } => {
            let (tls, usual) = match tls {
                TlsForm::Starttls => (MailTls::Starttls, 587),
                TlsForm::Tls => (MailTls::Tls, 465),
                TlsForm::None => (MailTls::None, 25),
            };
            let email = Email {
                host,
                port: port.unwrap_or(usual),
                tls,
                ca_file,
                user,
                from,
                to,
            };
            (common, Channel::Email(email))
        }
        ChannelAdd::Slack { common } => (common, Channel::Slack),
        ChannelAdd::Webhook { common, url, ca_file } => (common, Channel::Webhook(Webhook { url, ca_file })),
        ChannelAdd::Jira {
            common,
            url,
            user,
            project,
            issue_type,
        } => {
            let jira = Jira {
                url,
                user,
                project,
                issue_type,
            };
            (common, Channel::Jira(jira))
        }
        ChannelAdd::File { common, path } => {
            let path = std::path::absolute(&path).context("the file has no whole path")?;
            (common, Channel::File { path })
        }
    })
}

async fn list(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let channels = open(config).await?.channels().await?;
    if as_json {
        output::json(&channels)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = channels.iter().map(|channel| {
        let reach = match (&channel.channel, channel.allow_private) {
            (Channel::File { .. }, _) => "",
            (_, true) => "private too",
            (_, false) => "public",
        };
        vec![
            channel.name.clone(),
            channel.channel.kind().to_owned(),
            channel.target.clone(),
            reach.to_owned(),
        ]
    });
    let empty = "No channel yet. Add one with: orgwarden channel add --help";
    output::table(&["Name", "Kind", "Leads to", "Reaches"], cells.collect(), empty)?;
    Ok(ExitCode::SUCCESS)
}

async fn test(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let id = app.channel_test(name, LOCAL_ADMINISTRATOR).await?;
    sent(&app, id).await
}

/// Sends what waits until one message was tried, and says how that went.
async fn sent(app: &App, id: i64) -> anyhow::Result<ExitCode> {
    // Others may be due before it; whoever serves may have taken it.
    while app.message(id).await?.0.attempts == 0 {
        if !app.message_due().await? {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
    let (message, _) = app.message(id).await?;
    match message.failure {
        None => {
            output::line(&format!(
                "{} was delivered through {}.",
                message.id, message.channel
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(failure) => Err(Told {
            message: format!("{} was not delivered: {failure}", message.id),
            hint: Some("it is tried again while orgwarden serve runs, for a week".into()),
            code: code::NOT_DELIVERED,
        }
        .into()),
    }
}
