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
use commands::connector;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

// SQLite allocates from it too (its feature "override"): memory that one thread gives back serves the others, a tenth
// less in all.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let called = words.first().map(Path::new).and_then(Path::file_stem);
    let is_peer = called.is_some_and(|name| name == connector::PEER);
    let is_connector = is_peer || words.get(1).is_some_and(|word| word == "connector");
    let typed = if is_peer {
        connector::parse(words).map(Typed::Peer)
    } else {
        args::Args::try_parse_from(words).map(|args| Typed::Ours(Box::new(args)))
    };
    let typed = match typed {
        Ok(typed) => typed,
        // Whoever starts the connector knows one code for all that goes wrong.
        Err(error) if is_connector && error.use_stderr() => {
            let _ = error.print();
            return ExitCode::FAILURE;
        }
        Err(error) => error.exit(),
    };
    let mut runtime = if typed.waits_mostly() {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let runtime = runtime.enable_all().build();
    let ended = match (runtime, typed) {
        (Ok(runtime), Typed::Peer(args)) => Ok(runtime.block_on(connector::run(args, connector::PEER))),
        (Ok(runtime), Typed::Ours(args)) => runtime.block_on(commands::run(*args)),
        (Err(error), _) => Err(anyhow::Error::new(error).context("cannot start")),
    };
    match ended {
        Ok(code) => code,
        Err(error) if error.is::<output::Enough>() => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

/// What was typed, by what the program is called.
enum Typed {
    Ours(Box<args::Args>),
    Peer(connector::ConnectorArgs),
}

impl Typed {
    /// Whether it is only to read an organization, which is waiting for the network and the store: more threads would
    /// take memory and save no time.
    fn waits_mostly(&self) -> bool {
        match self {
            Typed::Peer(_) => true,
            Typed::Ours(args) => matches!(args.command, args::Command::Connector(_) | args::Command::Sync(_)),
        }
    }
}
