//! `orgwarden export facts`.

use super::open;
use crate::args::ExportCommand;
use crate::config::Config;
use app::views::scope::ScopeChoice;
use app::{AppError, ExportOptions};
use std::io::Write as _;
use std::process::ExitCode;

pub async fn run(config: &Config, command: ExportCommand) -> anyhow::Result<ExitCode> {
    let ExportCommand::Facts {
        methods,
        all,
        org,
        as_of,
    } = command;
    let app = open(config).await?;
    let choice = ScopeChoice {
        organization: org,
        as_of: super::instant(as_of.as_deref(), &app)?,
    };
    let scope = app.scope(&choice).await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = app
        .export_facts::<ExportError>(&scope, ExportOptions { methods, all }, |line| {
            Ok(writeln!(out, "{line}")?)
        })
        .await
        .and_then(|()| Ok(out.flush()?));
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever reads has enough.
        Err(ExportError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(ExitCode::SUCCESS)
        }
        Err(ExportError::Write(error)) => Err(error.into()),
        Err(ExportError::App(error)) => Err(error.into()),
    }
}

#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("cannot read the facts")]
    App(#[from] AppError),
    #[error("cannot write the facts")]
    Write(#[from] std::io::Error),
}
