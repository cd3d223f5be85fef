//! Many readings in bad weather and many kills, on both databases. Run it with `cargo xtask soak`.
//!
//! Each organization has its own shape, filters, cursors and seed; it is read three times while faults happen and
//! things change, then once in peace, and judged each time. With `--plans N` it is changed instead: a day of mixed
//! plans with faults and kills on each database. Ends with 1 when anything was wrong.

use anyhow::Context as _;
use app::Status;
use clap::Parser;
use scenarios::day::{self, Day};
use scenarios::kills::read_with_kills;
use scenarios::{Stage, Weather};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use twin::{CursorStyle, FilterSemantics, NextStyle, Shape, TwinOptions};

/// Many readings in bad weather, and many kills.
#[derive(Debug, Parser)]
struct Args {
    /// Organizations to read
    #[arg(long, default_value_t = 160)]
    organizations: u64,
    /// The number of the first one: each number is an organization and a weather of its own
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Kills to survive: 100 while reading, 50 on each database while changing
    #[arg(long)]
    kills: Option<usize>,
    /// Instead of reading, live through a day of so many mixed plans on each database
    #[arg(long)]
    plans: Option<usize>,
    /// The built orgwarden
    #[arg(long)]
    program: PathBuf,
    /// What to log, such as sync=debug
    #[arg(long)]
    log: Option<String>,
    /// Leave PostgreSQL out
    #[arg(long)]
    sqlite_only: bool,
}

const SHAPES: [Shape; 4] = [Shape::Typical, Shape::DirectHeavy, Shape::Messy, Shape::Typical];

/// What was seen, for the closing line.
#[derive(Debug, Default)]
struct Tally {
    readings: usize,
    complete: usize,
    incomplete: usize,
    held: usize,
    wrong: usize,
    kills: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let Some(filter) = &args.log {
        tracing_subscriber::fmt().with_env_filter(filter).init();
    }
    if let Some(plans) = args.plans {
        return days(&args, plans).await;
    }
    let kills = args.kills.unwrap_or(100);
    let mut tally = Tally::default();
    for number in args.first..args.first + args.organizations {
        let on_postgres = number % 2 == 1 && !args.sqlite_only;
        bad_weather(number, on_postgres, &mut tally)
            .await
            .with_context(|| format!("organization {number}"))?;
        let done = number + 1 - args.first;
        if done % 20 == 0 {
            println!("{done} organizations: {tally:?}");
        }
    }
    let mut number = args.first;
    while tally.kills < kills {
        let on_postgres = number % 2 == 1 && !args.sqlite_only;
        killed(number, on_postgres, &args.program, &mut tally)
            .await
            .with_context(|| format!("kill series {number}"))?;
        number += 1;
    }
    println!(
        "{} organizations, {} kills: {tally:?}",
        args.organizations, tally.kills
    );
    Ok(if tally.wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A day of mixed plans on each database.
async fn days(args: &Args, plans: usize) -> anyhow::Result<ExitCode> {
    let mut is_right = true;
    for on_postgres in [false, true] {
        if on_postgres && args.sqlite_only {
            break;
        }
        let folder = tempfile::tempdir()?;
        let database = match database(on_postgres).await? {
            Some(url) => url,
            None => format!("sqlite:{}", folder.path().join("day.db").display()),
        };
        let day = Day {
            program: &args.program,
            database: &database,
            plans,
            kills: args.kills.unwrap_or(50),
            seed: args.first + u64::from(on_postgres),
        };
        let tally = day::live(&day).await?;
        println!(
            "{}: {tally:#?}",
            if on_postgres { "PostgreSQL" } else { "SQLite" }
        );
        is_right &= tally.wrong.is_empty();
    }
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn options(number: u64) -> TwinOptions {
    let pick = |modulus: u64| usize::try_from(number % modulus).unwrap_or(0);
    TwinOptions {
        users: 150 + pick(7) * 60,
        groups: 20 + pick(5) * 10,
        workspaces: 3 + pick(4),
        directories: [None, Some(1), Some(3)][pick(3)],
        seed: number,
        shape: SHAPES[pick(4)],
        filters: [FilterSemantics::Independent, FilterSemantics::Joint][pick(5).min(1)],
        cursors: [CursorStyle::Offset, CursorStyle::Keyset][pick(2)],
        next: [NextStyle::Url, NextStyle::Cursor][pick(3).min(1)],
        search_max: [50, 100][pick(4).min(1)],
        expand_groups_max: [Some(3), None][pick(7).min(1)],
        ..TwinOptions::default()
    }
}

async fn database(on_postgres: bool) -> anyhow::Result<Option<String>> {
    if !on_postgres {
        return Ok(None);
    }
    testkit::postgres_url()
        .await
        .map(Some)
        .context("PostgreSQL is not installed; use --sqlite-only")
}

async fn bad_weather(number: u64, on_postgres: bool, tally: &mut Tally) -> anyhow::Result<()> {
    let database = database(on_postgres).await?;
    let stage = Stage::new(options(number), database.as_deref()).await?;
    for round in 0..3 {
        let weather = Weather {
            faults_percent: 5,
            changes: 10,
            changes_at_once: 1 + u32::try_from(number % 5)?,
            every_requests: 5 + number % 23,
            seed: number * 10 + round,
        };
        let (outcome, verdict) = stage.sync_in(weather).await?;
        tally.readings += 1;
        match outcome.status {
            Status::Complete => tally.complete += 1,
            Status::Incomplete => tally.incomplete += 1,
            Status::Held => tally.held += 1,
        }
        if !verdict.is_right() {
            tally.wrong += 1;
            println!(
                "organization {number}, round {round}, {:?}: {verdict:?}",
                outcome.status
            );
        }
    }
    // What an unfinished reading left is of its own time; the one after it is of this.
    stage.sync(false).await?;
    let settled = stage.sync(false).await?;
    tally.readings += 1;
    tally.complete += 1;
    let is_equal = stage.export(false).await? == stage.truth(false);
    if settled.status != Status::Complete || !is_equal {
        tally.wrong += 1;
        println!(
            "organization {number}, in peace: {:?}, equal: {is_equal}",
            settled.status
        );
    }
    stage.twin.stop().await;
    Ok(())
}

async fn killed(number: u64, on_postgres: bool, program: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = match database(on_postgres).await? {
        Some(url) => url,
        None => format!("sqlite:{}", folder.path().join("k.db").display()),
    };
    // Random points, and the same ones each time.
    let points: Vec<u64> = (1..=5).map(|kill| (number * 37 + kill * 53) % 97 + 2).collect();
    let options = TwinOptions {
        latency_ms: 3,
        expand_groups_max: None,
        ..options(number)
    };
    let (verdict, kills) = read_with_kills(program, options, folder.path(), &database, &points).await?;
    tally.kills += kills;
    tally.readings += 1;
    if !verdict.is_right() {
        tally.wrong += 1;
        println!("kill series {number}: {verdict:?}");
    }
    Ok(())
}
