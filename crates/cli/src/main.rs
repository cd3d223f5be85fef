//! The one binary: commands, configuration, wiring, telemetry, shutdown.
//!
//! `args` says what can be typed, `config` where settings come from, `commands` has a file for each command,
//! `output` prints tables and JSON, `failure` turns errors into a sentence, a hint and an exit code.

mod args;
mod commands;
mod config;
mod failure;
mod output;
mod progress;
mod telemetry;

use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(args)),
        Err(error) => Err(anyhow::Error::new(error).context("cannot start")),
    };
    match ended {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
