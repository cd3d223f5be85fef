//! One file for each command. Each asks `app` and prints; none knows how things are stored or read.

mod access;
mod alert;
mod apply;
mod c1z;
mod capture;
mod care;
mod changes;
mod channel;
mod connection;
pub mod connector;
mod demo;
mod diff;
mod events;
mod export;
mod findings;
mod hook;
mod leaver;
mod lists;
mod plan;
mod query;
mod rehearse;
mod rules;
mod runs;
mod schedule;
mod serve;
mod sync;
mod tokens;
mod twin;

use crate::args::{Args, Command, ScopeArgs};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::telemetry;
use app::App;
use app::views::scope::ScopeChoice;
use app::views::{At, Scope};
use model::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;
use store::Store;

pub use app::LOCAL_ADMINISTRATOR;

/// Carries a command out.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // It has settings of its own.
    if let Command::Connector(connector) = args.command {
        if let Some(option) = args.settings.first_given() {
            return Err(Told {
                message: format!("the connector does not take --{option}"),
                hint: Some("it has settings of its own, and keeps what it read only with --state".to_owned()),
                code: code::USAGE,
            }
            .into());
        }
        return Ok(connector::run(connector, "orgwarden connector").await);
    }
    let config = Config::load(&args.settings)?;
    telemetry::start(&config.log)?;
    match args.command {
        Command::Twin(args) => twin::run(&config, args).await,
        Command::Connection(command) => connection::run(&config, command).await,
        // Carried out above.
        Command::Connector(_) => Ok(ExitCode::SUCCESS),
        Command::Capture(args) => capture::run(&config, args).await,
        Command::Alert(command) => alert::run(&config, command).await,
        Command::Hook(command) => hook::run(&config, command).await,
        Command::Channel(command) => channel::run(&config, command).await,
        Command::Sync(args) => sync::run(&config, args).await,
        Command::Export(command) => export::run(&config, command).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(&config, args).await,
        Command::Runs(args) => runs::run(&config, args).await,
        Command::Accounts(args) => lists::accounts(&config, args).await,
        Command::Groups(args) => lists::groups(&config, args).await,
        Command::Workspaces(args) => lists::workspaces(&config, args).await,
        Command::Tokens(args) => tokens::tokens(&config, args).await,
        Command::Privileges(args) => tokens::privileges(&config, args).await,
        Command::Access(args) => access::access(&config, args).await,
        Command::Who(args) => access::who(&config, args).await,
        Command::Why(args) => access::why(&config, args).await,
        Command::Changes(args) => changes::run(&config, args).await,
        Command::Query(args) => query::run(&config, args).await,
        Command::Findings(args) => findings::run(&config, args).await,
        Command::Rules(args) => rules::run(&config, args).await,
        Command::Diff(args) => diff::run(&config, args).await,
        Command::Events(args) => events::run(&config, args).await,
        Command::Leaver(args) => leaver::run(&config, args).await,
        Command::Plan(command) => plan::run(&config, command).await,
        Command::Rehearse(args) => rehearse::run(&config, args).await,
        Command::Apply(args) => apply::run(&config, args).await,
        Command::DisableUser(args) => plan::user(&config, args, true).await,
        Command::EnableUser(args) => plan::user(&config, args, false).await,
        Command::C1z(command) => c1z::run(command),
        Command::Erase(args) => care::erase(&config, args).await,
        Command::Backup { file } => care::backup(&config, &file).await,
        Command::Doctor { json } => care::doctor(&config, json).await,
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

/// The product and what is to be looked at.
pub async fn scope(config: &Config, args: &ScopeArgs) -> anyhow::Result<(App, Scope)> {
    let app = open(config).await?;
    let choice = ScopeChoice {
        organization: args.org.clone(),
        as_of: instant(args.as_of.as_deref(), &app)?,
    };
    let scope = app.scope(&choice).await?;
    Ok((app, scope))
}

/// A time as a person reads it: the day, and the minute if it is of the last week. In UTC.
pub fn when(at: At, now: i64) -> String {
    let text = at.to_string();
    let is_recent = (now - at.0).abs() < 7 * 24 * 60 * 60 * 1000;
    let length = if is_recent {
        "2026-11-22T10:15".len()
    } else {
        "2026-11-22".len()
    };
    text.get(..length).unwrap_or(&text).replace('T', " ")
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
    let mut app = App::new(store, Arc::new(SystemClock)).with_rules(config.rules_folder.clone());
    app.keep_events_days = config.keep_events_days;
    Ok(app)
}

/// The same with its master key, for what needs credentials.
pub async fn open_with_key(config: &Config) -> anyhow::Result<App> {
    let key = config.master_key.load()?;
    Ok(open(config).await?.with_master_key(key).await?)
}
