//! `cargo xtask soak`: the long version of the scenarios. Further words go to the soak itself, such as
//! `--organizations 20 --kills 10 --sqlite-only`, or `--plans 40` for changing instead of reading.

use anyhow::Context as _;
use std::process::{Command, ExitCode};

/// The table of actions, faults and deaths, of which tests try a third on PostgreSQL.
const WHOLE_TABLE: [&str; 6] = [
    "test",
    "--package",
    "scenarios",
    "--test",
    "changing",
    "on_postgres",
];

/// Builds the program and the soak for release and runs it; ends as it ends.
pub fn run(further: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let further: Vec<String> = further.collect();
    let is_about_plans = further.iter().any(|word| word.starts_with("--plans"));
    let leaves_postgres = further.iter().any(|word| word == "--sqlite-only");
    if is_about_plans && !leaves_postgres {
        let table = Command::new(&cargo)
            .args(WHOLE_TABLE)
            .env("ORGWARDEN_WHOLE_TABLE", "1")
            .status()
            .context("cannot start cargo")?;
        if !table.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    let build = ["build", "--release", "--package", "cli", "--package", "scenarios"];
    let built = Command::new(&cargo)
        .args(build)
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        return Ok(ExitCode::FAILURE);
    }
    let run = [
        "run",
        "--release",
        "--quiet",
        "--package",
        "scenarios",
        "--bin",
        "soak",
        "--",
    ];
    let program = ["--program", "target/release/orgwarden"];
    let ended = Command::new(&cargo)
        .args(run)
        .args(program)
        .args(further)
        .status()
        .context("cannot start the soak")?;
    Ok(if ended.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
