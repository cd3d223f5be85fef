//! `orgwarden sync`: reads an organization now.

use super::open_with_key;
use crate::args::SyncArgs;
use crate::config::Config;
use crate::failure::code;
use crate::{failure, output, progress};
use app::{Outcome, Status};
use atlassian::Options;
use serde_json::json;
use std::process::ExitCode;
use std::time::Instant;

pub async fn run(config: &Config, args: SyncArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let options = Options {
        max_requests: args.max_requests.or(config.api.max_requests),
        ..config.api.clone()
    };
    let progress = progress::choose(args.progress, args.json);
    let begun = Instant::now();
    let outcome = app
        .sync(
            args.connection.as_deref(),
            args.methods,
            &options,
            progress.as_ref(),
        )
        .await?;
    drop(progress);
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    app.store.close().await;
    if args.json {
        output::json(&json!({
            "status": outcome.status,
            "run": outcome.run.to_string(),
            "requests": outcome.requests,
            "duration_ms": duration_ms,
            "changes": { "begun": outcome.begun, "ended": outcome.ended },
            "reasons": outcome.reasons,
        }))?;
    } else {
        tell(&outcome, duration_ms)?;
    }
    let code = match (outcome.status, outcome.error) {
        (Status::Complete, _) => return Ok(ExitCode::SUCCESS),
        (Status::Held, _) => code::HELD,
        (Status::Incomplete, Some(error)) => return Ok(failure::report(&anyhow::Error::new(error))),
        (Status::Incomplete, None) => code::INCOMPLETE,
    };
    Ok(ExitCode::from(code))
}

fn tell(outcome: &Outcome, duration_ms: u64) -> anyhow::Result<()> {
    let spent = format!(
        "{} requests, {:.1} s",
        outcome.requests,
        duration_ms as f64 / 1000.0
    );
    match outcome.status {
        Status::Complete => output::line(&format!(
            "{}: complete. {} facts began, {} ended ({spent}).",
            outcome.run, outcome.begun, outcome.ended
        )),
        Status::Held => {
            output::line(&format!(
                "{}: held, nothing of it is shown ({spent}).",
                outcome.run
            ))?;
            for reason in &outcome.reasons {
                output::line(&format!("  ▲ {reason}"))?;
            }
            output::line(&format!(
                "If that is right: orgwarden runs confirm {}, then read again.",
                outcome.run
            ))
        }
        Status::Incomplete => {
            output::line(&format!(
                "{}: not complete ({spent}). What was read is kept.",
                outcome.run
            ))?;
            for reason in &outcome.reasons {
                output::line(&format!("  ▲ {reason}"))?;
            }
            Ok(())
        }
    }
}
