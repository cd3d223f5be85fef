//! `orgwarden sync`: reads an organization now.

use super::open_with_key;
use crate::args::SyncArgs;
use crate::config::Config;
use crate::failure::code;
use crate::{failure, output, progress};
use app::{Followed, Outcome, Status};
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
    let connection = args.connection.as_deref();
    let mut why_whole = None;
    if args.incremental {
        let followed = app.follow_now(connection, &options, progress.as_ref()).await?;
        why_whole = followed.whole_owed.clone().or_else(|| followed.refused.clone());
        if why_whole.is_none() {
            drop(progress);
            let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            app.store.close().await;
            tell_followed(&followed, args.json, duration_ms)?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let outcome = app
        .sync(connection, args.methods, &options, progress.as_ref())
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
            "incremental": false,
            "why_whole": why_whole,
        }))?;
    } else {
        if let Some(why) = why_whole {
            output::line(&format!("Everything was read: {why}."))?;
        }
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

fn tell_followed(followed: &Followed, as_json: bool, duration_ms: u64) -> anyhow::Result<()> {
    if as_json {
        return output::json(&json!({
            "status": "complete",
            "run": followed.run,
            "requests": followed.requests,
            "duration_ms": duration_ms,
            "changes": { "begun": followed.begun, "ended": followed.ended },
            "reasons": [],
            "incremental": true,
            "events": followed.events,
            "objects": followed.objects,
        }));
    }
    let seconds = duration_ms as f64 / 1000.0;
    let Followed {
        events,
        objects,
        requests,
        begun,
        ended,
        ..
    } = followed;
    let requests = usize::try_from(*requests).unwrap_or(usize::MAX);
    let spent = format!("{}, {seconds:.1} s", output::count(requests, "request"));
    let events = output::count(*events, "new event");
    match &followed.run {
        None => output::line(&format!("{events}; nothing to read again ({spent}).")),
        Some(run) => output::line(&format!(
            "{run}: {events}; {objects} accounts, groups and lists read again. {begun} facts began, {ended} ended ({spent})."
        )),
    }
}
