//! `orgwarden export`: facts, and access as a file.

use super::open;
use crate::args::ExportCommand;
use crate::config::Config;
use app::views::Scope;
use app::views::scope::ScopeChoice;
use app::{App, AppError, ExportOptions};
use std::io::Write as _;
use std::process::ExitCode;

pub async fn run(config: &Config, command: ExportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ExportCommand::Facts {
            methods,
            all,
            org,
            as_of,
        } => {
            let (app, scope) = scope(config, org, as_of).await?;
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let written = app
                .export_facts::<ExportError>(&scope, ExportOptions { methods, all }, |line| {
                    Ok(writeln!(out, "{line}")?)
                })
                .await;
            ended(written.and_then(|()| Ok(out.flush()?)))
        }
        ExportCommand::Access { org, as_of } => {
            let (app, scope) = scope(config, org, as_of).await?;
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let written = app
                .export_access::<ExportError>(&scope, |part| Ok(out.write_all(part.as_bytes())?))
                .await;
            ended(written.and_then(|()| Ok(out.flush()?)))
        }
    }
}

async fn scope(config: &Config, org: Option<String>, as_of: Option<String>) -> anyhow::Result<(App, Scope)> {
    let app = open(config).await?;
    let choice = ScopeChoice {
        organization: org,
        as_of: super::instant(as_of.as_deref(), &app)?,
    };
    let scope = app.scope(&choice).await?;
    Ok((app, scope))
}

fn ended(written: Result<(), ExportError>) -> anyhow::Result<ExitCode> {
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
    #[error("cannot read what is stored")]
    App(#[from] AppError),
    #[error("cannot write it out")]
    Write(#[from] std::io::Error),
}
