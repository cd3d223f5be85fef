//! Checks of the workspace that the compiler does not make: `cargo xtask check`.
//!
//! Each command is a module; each check answers what is wrong, as sentences, and passes when there is nothing to say.

mod dependencies;
mod docs;
mod graph;
mod layers;
mod licence;
mod soak;
mod views;

use anyhow::Context as _;
use graph::Graph;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  layers        a crate uses only what is below it
  dependencies  licences, sources and banned crates
  docs          lists in the documents match the code, and links lead somewhere
  check         all of these
  views         writes the end of docs/views.md from the program
  soak          builds for release, then many readings in bad weather and many kills, on both databases (long);
                with --plans N a day of mixed plans instead, and the table of actions and faults whole on PostgreSQL";

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let checks: &[&str] = match command.as_str() {
        "layers" => &["layers"],
        "dependencies" => &["dependencies"],
        "docs" => &["docs"],
        "views" => {
            let folder = folder()?;
            views::write(folder, &Graph::load(folder)?.target_folder)?;
            return Ok(ExitCode::SUCCESS);
        }
        "check" => &["layers", "dependencies", "docs"],
        "soak" => return soak::run(arguments),
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    };
    check(checks)
}

fn folder() -> anyhow::Result<&'static Path> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    folder.context("xtask lies in a folder of the workspace")
}

fn check(checks: &[&str]) -> anyhow::Result<ExitCode> {
    let folder = folder()?;
    let graph = Graph::load(folder)?;
    let mut ended = ExitCode::SUCCESS;
    for check in checks {
        let wrong = match *check {
            "layers" => layers::check(&graph),
            "dependencies" => dependencies::check(&graph, &graph::product(folder)?),
            _ => {
                let mut wrong = docs::check(folder, &graph.target_folder)?;
                wrong.extend(views::check(folder, &graph.target_folder)?);
                wrong
            }
        };
        for sentence in &wrong {
            eprintln!("{check}: {sentence}");
        }
        if wrong.is_empty() {
            println!("{check}: ok");
        } else {
            ended = ExitCode::FAILURE;
        }
    }
    Ok(ended)
}
