//! `orgwarden twin`: serves a pretend Atlassian until it is interrupted.

use crate::args::TwinArgs;
use crate::output;
use std::process::ExitCode;
use twin::Twin;

pub async fn run(args: TwinArgs) -> anyhow::Result<ExitCode> {
    let twin = Twin::start(args.twin).await?;
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
