//! A year in an organization, read every hour: how large the store becomes, and how long looking back takes.
//!
//! The twin runs in process without delay and both clocks are pushed from half hour to half hour, so that a year takes
//! minutes. What `serve` does is done here by the same calls: everything is read once a day, what events named every
//! hour in between, the rules are asked after each reading that showed something, alerts are looked for. Each day half
//! of the accounts log in, and a share of all facts changes. The store stays in the folder and can be opened with
//! `orgwarden --database`; `--look-only` measures one that is there.

mod life;
mod look;
mod size;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// A year of hourly readings, and looking back at it.
#[derive(Debug, Parser)]
struct Args {
    /// Where the store is made, as stage.db
    #[arg(long)]
    folder: PathBuf,
    /// Accounts of the organization
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Its groups
    #[arg(long, default_value_t = 500)]
    groups: usize,
    /// Its workspaces
    #[arg(long, default_value_t = 20)]
    workspaces: usize,
    /// Days to live through; the twin's key holds for no longer than a year
    #[arg(long, default_value_t = 364, value_parser = clap::value_parser!(u32).range(1..=364))]
    days: u32,
    /// Which organization, and which changes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The share of all facts that changes each day, in thousandths
    #[arg(long, default_value_t = 1)]
    churn: i64,
    /// Live through nothing: look back at the store that is in the folder
    #[arg(long)]
    look_only: bool,
    /// What to log, such as app=debug
    #[arg(long)]
    log: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let Some(filter) = &args.log {
        tracing_subscriber::fmt().with_env_filter(filter).init();
    }
    std::fs::create_dir_all(&args.folder)?;
    if !args.look_only {
        anyhow::ensure!(
            !args.folder.join("stage.db").exists(),
            "there is a store in {} already: look at it with --look-only",
            args.folder.display()
        );
        life::live(&args).await?;
    }
    size::print(&args.folder)?;
    look::look_back(&args.folder).await?;
    Ok(ExitCode::SUCCESS)
}
