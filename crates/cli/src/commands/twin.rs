//! `orgwarden twin`: serves a pretend Atlassian until it is interrupted.

use crate::args::TwinArgs;
use crate::config::Config;
use crate::output;
use app::views::scope::ScopeChoice;
use app::{AppError, ExportOptions};
use std::process::ExitCode;
use twin::{Replay, Twin, TwinOptions};

pub async fn run(config: &Config, args: TwinArgs) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &args.replay {
        let replay = Replay::start(folder, args.twin.listen).await?;
        return serve_replay(replay, args.json).await;
    }
    let twin = if args.from_store {
        from_store(config, &args).await?
    } else {
        Twin::start(args.twin).await?
    };
    if args.json {
        output::json(&twin.description())?;
    } else {
        output::line(&format!("A pretend Atlassian listens on {}", twin.base_url()))?;
        output::line(&format!("  organization  {}", twin.org_id()))?;
        output::line(&format!("  API key       {}", twin.api_key()))?;
        output::line(&format!("  scoped key    {}", twin.scoped_api_key()))?;
        output::line("Stop it with Ctrl-C.")?;
    }
    interrupted().await;
    twin.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn serve_replay(replay: Replay, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::json(&replay.description())?;
    } else {
        output::line(&format!("Recorded answers are served on {}", replay.base_url()))?;
        output::line(&format!("  organization  {}", replay.org_id()))?;
        output::line(&format!("  API key       {} (or any other)", replay.api_key()))?;
        if let Some(url) = replay.scim_base_url() {
            output::line(&format!("  SCIM          {url}"))?;
        }
        output::line("Stop it with Ctrl-C.")?;
    }
    interrupted().await;
    replay.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The twin of the organization as it was read, under its own id.
async fn from_store(config: &Config, args: &TwinArgs) -> anyhow::Result<Twin> {
    let app = super::open(config).await?;
    let choice = ScopeChoice {
        organization: args.org.clone(),
        as_of: super::instant(args.as_of.as_deref(), &app)?,
    };
    let scope = app.scope(&choice).await?;
    let methods = ExportOptions {
        methods: true,
        ..ExportOptions::default()
    };
    let mut facts = Vec::new();
    app.export_facts::<AppError>(&scope, methods, |line| {
        facts.push(line.to_owned());
        Ok(())
    })
    .await?;
    let options = TwinOptions {
        organization_id: Some(scope.organization_id.clone()),
        ..args.twin.clone()
    };
    Ok(Twin::start_from(options, facts.into_iter()).await?)
}

/// Waits for Ctrl-C or the wish to end.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut ended) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = ended.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the process anyway.
    let _ = tokio::signal::ctrl_c().await;
}
