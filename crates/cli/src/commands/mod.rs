//! One file for each command. Each asks `app` and prints; none knows how things are stored or read.

mod connection;
mod export;
mod sync;
mod twin;

use crate::args::{Args, Command};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::telemetry;
use app::App;
use app::views::At;
use model::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;
use store::Store;

/// Who acts, until there is a log-in.
pub const LOCAL_ADMINISTRATOR: &str = "local administrator";

/// Carries a command out.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.settings)?;
    telemetry::start(&config.log)?;
    match args.command {
        Command::Twin(args) => twin::run(args).await,
        Command::Connection(command) => connection::run(&config, command).await,
        Command::Sync(args) => sync::run(&config, args).await,
        Command::Export(command) => export::run(&config, command).await,
        _ => Ok(ExitCode::FAILURE),
    }
}

/// An instant as people type it: a date, a time, or an age such as 7d or 12h.
pub fn instant(text: Option<&str>, app: &App) -> anyhow::Result<Option<At>> {
    let Some(text) = text else { return Ok(None) };
    if let Some(at) = At::parse(text) {
        return Ok(Some(at));
    }
    let unit_ms = match text.chars().last() {
        Some('d') => Some(24 * 60 * 60 * 1000),
        Some('h') => Some(60 * 60 * 1000),
        Some('m') => Some(60 * 1000),
        _ => None,
    };
    let number = text
        .get(..text.len().saturating_sub(1))
        .and_then(|digits| digits.parse::<i64>().ok());
    match (number, unit_ms) {
        (Some(number), Some(unit_ms)) => Ok(Some(At(app.clock.now_ms() - number.saturating_mul(unit_ms)))),
        _ => Err(Told {
            message: format!("\"{text}\" is no time"),
            hint: Some(
                "use a date such as 2026-11-20, a time such as 2026-11-20T10:00:00Z, or an age such as 7d"
                    .into(),
            ),
            code: code::USAGE,
        }
        .into()),
    }
}

/// The product on the configured database, without its master key.
pub async fn open(config: &Config) -> anyhow::Result<App> {
    if let Some(file) = config.database.strip_prefix("sqlite:") {
        let folder = std::path::Path::new(file)
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            // If this fails, opening the file says why in its own words.
            let _ = std::fs::create_dir_all(folder);
        }
    }
    let store = Store::open(&config.database).await?;
    Ok(App::new(store, Arc::new(SystemClock)))
}

/// The same with its master key, for what needs credentials.
pub async fn open_with_key(config: &Config) -> anyhow::Result<App> {
    let key = config.master_key.load()?;
    Ok(open(config).await?.with_master_key(key).await?)
}
