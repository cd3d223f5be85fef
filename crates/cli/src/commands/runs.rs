//! `orgwarden runs`: readings, and deciding about a held one.

use super::{LOCAL_ADMINISTRATOR, open, when};
use crate::args::{RunsArgs, RunsCommand};
use crate::config::Config;
use crate::output;
use app::views::connections::RunItem;
use std::process::ExitCode;

pub async fn run(config: &Config, args: RunsArgs) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    match args.command {
        None => {
            let name = app.connection_named(args.connection.as_deref()).await?.name;
            let detail = app.connection(&name).await?;
            if args.json {
                output::json(&detail.runs)?;
                return Ok(ExitCode::SUCCESS);
            }
            let now = app.clock.now_ms();
            let rows = detail.runs.iter().map(|run| row(run, now));
            let heads = [
                "Run",
                "State",
                "Began",
                "Requests",
                "Facts begun",
                "Facts ended",
                "Why",
            ];
            output::table(&heads, rows.collect(), "Never read. Read it with: orgwarden sync")?;
        }
        Some(RunsCommand::Show { run }) => {
            let detail = app.run(run).await?;
            if args.json {
                output::json(&detail)?;
                return Ok(ExitCode::SUCCESS);
            }
            let now = app.clock.now_ms();
            let heads = [
                "Run",
                "State",
                "Began",
                "Requests",
                "Facts begun",
                "Facts ended",
                "Why",
            ];
            output::table(&heads, vec![row(&detail.run, now)], "")?;
            let families = detail.families.iter().map(|family| {
                vec![
                    family.family.replace('_', " "),
                    family.state.clone(),
                    format!("{}/{}", family.done, family.listings),
                    family.pages.to_string(),
                    family.rows.to_string(),
                ]
            });
            let heads = ["Listing", "State", "Read", "Pages", "Rows"];
            output::table(&heads, families.collect(), "No listing was begun.")?;
            for (what, times) in &detail.run.drift {
                output::line(&format!("drift: {what} ({times} times)"))?;
            }
        }
        Some(RunsCommand::Confirm { run }) => {
            app.run_confirm(run, LOCAL_ADMINISTRATOR).await?;
            output::line(&format!(
                "{run} is confirmed: the next reading is let through. Read now with: orgwarden sync"
            ))?;
        }
        Some(RunsCommand::Discard { run }) => {
            app.run_discard(run, LOCAL_ADMINISTRATOR).await?;
            output::line(&format!("{run} is discarded: nothing of it is kept."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(run: &RunItem, now: i64) -> Vec<String> {
    vec![
        run.run.to_string(),
        run.state.clone(),
        when(run.started_at, now),
        run.requests.to_string(),
        run.begun.to_string(),
        run.ended.to_string(),
        run.reasons.join("; "),
    ]
}
