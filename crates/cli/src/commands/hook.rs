//! `orgwarden hook`: doors for deliveries.

use super::connection::read_key;
use super::{LOCAL_ADMINISTRATOR, open, open_with_key, when};
use crate::args::{HookCommand, HookForm};
use crate::config::Config;
use crate::output;
use app::HookKind;
use std::process::ExitCode;

pub async fn run(config: &Config, command: HookCommand) -> anyhow::Result<ExitCode> {
    match command {
        HookCommand::Add {
            name,
            kind,
            secret_file,
            connection,
        } => {
            let secret = read_key(&secret_file, "secret")?;
            let kind = match kind {
                HookForm::Organization => HookKind::Organization,
                HookForm::Guard => HookKind::Guard,
                HookForm::Jira => HookKind::Jira,
            };
            let app = open_with_key(config).await?;
            app.hook_add(connection.as_deref(), &name, kind, &secret, LOCAL_ADMINISTRATOR)
                .await?;
            output::line(&format!(
                "{name} is there. Deliveries go to /hooks/{name} of orgwarden serve --hooks-listen ADDRESS."
            ))?;
        }
        HookCommand::List { json } => return list(config, json).await,
        HookCommand::Remove { name } => {
            open(config)
                .await?
                .hook_remove(&name, LOCAL_ADMINISTRATOR)
                .await?;
            output::line(&format!("{name} is removed: its secret is forgotten."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let hooks = app.hooks().await?;
    if as_json {
        output::json(&hooks)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    let cells = hooks.iter().map(|hook| {
        let delivered = hook.delivered_at.map(|at| when(at, now));
        vec![
            hook.name.clone(),
            hook.kind.name().to_owned(),
            hook.connection.clone(),
            hook.path.clone(),
            delivered.unwrap_or_else(|| "never".into()),
        ]
    });
    let empty = "No hook yet. Add one with: orgwarden hook add --help";
    output::table(
        &["Name", "Kind", "Connection", "Path", "Last delivery"],
        cells.collect(),
        empty,
    )?;
    Ok(ExitCode::SUCCESS)
}
