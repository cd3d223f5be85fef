//! `orgwarden capture`: records the answers of one reading, with people, ids and secrets replaced.

use super::open_with_key;
use crate::args::CaptureArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::{output, progress};
use app::{CaptureRequest, Status};
use atlassian::Options;
use std::process::ExitCode;

pub async fn run(config: &Config, args: CaptureArgs) -> anyhow::Result<ExitCode> {
    let Some(folder) = &args.scrub else {
        return Err(Told {
            message: "only captures with people, ids and secrets replaced exist, and --scrub was not given"
                .into(),
            hint: Some("say where to with: orgwarden capture --scrub DIR".into()),
            code: code::USAGE,
        }
        .into());
    };
    let app = open_with_key(config).await?;
    let options = Options {
        max_requests: args.max_requests.or(config.api.max_requests),
        ..config.api.clone()
    };
    let progress = progress::choose(None, args.json);
    let request = CaptureRequest {
        connection: args.connection.as_deref(),
        folder,
        with_methods: args.methods,
        secret: rand::random(),
    };
    let captured = app.capture(&request, &options, progress.as_ref()).await?;
    drop(progress);
    app.store.close().await;
    if args.json {
        output::json(&captured)?;
    } else {
        output::line(&format!(
            "{} answers to {} requests are recorded in {}.",
            captured.answers,
            captured.requests,
            captured.folder.display()
        ))?;
        output::line(
            "People, ids and secrets are replaced; numbers, times and who is in what are not. Look it through before you give it away.",
        )?;
        output::line(&format!(
            "Serve it with: orgwarden twin --replay {}",
            captured.folder.display()
        ))?;
        if captured.status != Status::Complete {
            output::line("  ▲ The reading did not come to its end, so neither will one of this record.")?;
        }
    }
    Ok(match captured.status {
        Status::Complete => ExitCode::SUCCESS,
        Status::Held | Status::Incomplete => ExitCode::from(code::INCOMPLETE),
    })
}
