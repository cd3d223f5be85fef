//! Lists in the documents match the code, and links between files lead somewhere.

use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Options that every command takes; they are described once, in `docs/configuration.md`.
const EVERYWHERE: [&str; 6] = [
    "--database",
    "--config",
    "--master-key-file",
    "--log",
    "--help",
    "--version",
];

/// Commands whose options are described in a document of their own.
const ELSEWHERE: [&str; 1] = ["twin"];

pub fn check(folder: &Path, target_folder: &Path) -> anyhow::Result<Vec<String>> {
    let read = |path: &str| {
        std::fs::read_to_string(folder.join(path)).with_context(|| format!("cannot read {path}"))
    };
    let mut wrong = Vec::new();

    let commands = read("docs/commands.md")?;
    let sections = sections(&commands);
    let binary = target_folder.join("debug/orgwarden");
    crate::graph::run(folder, &["build", "--quiet", "--package", "cli"])?;
    let known = helps(&binary)?;
    wrong.extend(different(
        "docs/commands.md",
        "command",
        known.keys(),
        sections.keys(),
    ));
    for (command, help) in &known {
        let Some(section) = sections.get(command) else {
            continue;
        };
        if ELSEWHERE.contains(&command.as_str()) {
            continue;
        }
        let place = format!("docs/commands.md, {command}");
        wrong.extend(different(&place, "option", &options(help), &options(section)));
    }

    let failure = read("crates/cli/src/failure.rs")?;
    let mut codes = exit_codes(&failure);
    codes.extend(["0".to_owned(), "1".to_owned()]);
    wrong.extend(different(
        "docs/commands.md",
        "exit code",
        &codes,
        &first_cells(&commands, is_number),
    ));

    let keys = config_keys(&read("crates/cli/src/config.rs")?);
    let configuration = read("docs/configuration.md")?;
    let described = first_cells(&configuration, |cell| !cell.starts_with("ORGWARDEN"));
    wrong.extend(different("docs/configuration.md", "key", &keys, &described));

    for file in documents(folder)? {
        let text = std::fs::read_to_string(&file)?;
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let base = file.parent().unwrap_or(folder);
        let dead = links(&text).into_iter().filter(|link| !base.join(link).exists());
        wrong.extend(dead.map(|link| format!("{name}: nothing is at {link}")));
    }
    Ok(wrong)
}

/// What one list has and the other has not.
fn different<'a>(
    place: &str,
    what: &str,
    in_code: impl IntoIterator<Item = &'a String>,
    in_document: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let code: BTreeSet<&String> = in_code.into_iter().collect();
    let document: BTreeSet<&String> = in_document.into_iter().collect();
    let missing = code
        .difference(&document)
        .map(|name| format!("{place}: the {what} {name} is missing"));
    let invented = document
        .difference(&code)
        .map(|name| format!("{place}: there is no {what} {name}"));
    missing.chain(invented).collect()
}

/// The sections whose heading is one command in backticks, such as "### `connection add`", by command.
fn sections(document: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in document.lines() {
        if line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim();
            let command = heading.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            current = command.map(str::to_owned);
            if let Some(command) = &current {
                found.insert(command.clone(), String::new());
            }
        } else if let Some(text) = current.as_ref().and_then(|command| found.get_mut(command)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

/// The help of each command that can be carried out, by its words.
fn helps(binary: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![Vec::<String>::new()];
    while let Some(words) = open.pop() {
        let output = Command::new(binary).args(&words).arg("--help").output();
        let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
        let help = String::from_utf8(output.stdout)?;
        let below = subcommands(&help);
        let is_group = !below.is_empty()
            && !help
                .lines()
                .any(|line| line.starts_with("Usage:") && line.contains("[COMMAND]"));
        for name in below {
            open.push([words.clone(), vec![name]].concat());
        }
        if !words.is_empty() && !is_group {
            found.insert(words.join(" "), help);
        }
    }
    Ok(found)
}

fn subcommands(help: &str) -> Vec<String> {
    let after = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = after.take_while(|line| !line.is_empty());
    // The continuation of a description is indented further than a name.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The long options that a text names, without those of every command.
fn options(text: &str) -> BTreeSet<String> {
    let words =
        text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'));
    words
        .filter(|word| word.len() > 2 && word.starts_with("--") && !word.starts_with("---"))
        .map(str::to_owned)
        .filter(|word| !EVERYWHERE.contains(&word.as_str()))
        .collect()
}

/// The numbers of the constants in `failure::code`.
fn exit_codes(source: &str) -> BTreeSet<String> {
    let constants = source
        .lines()
        .filter(|line| line.contains("pub const ") && line.contains(": u8 = "));
    constants
        .filter_map(|line| line.rsplit(' ').next())
        .map(|number| number.trim_end_matches(';').to_owned())
        .collect()
}

/// The first text of each pair in `config::KEYS`.
fn config_keys(source: &str) -> BTreeSet<String> {
    let list = source
        .split("pub const KEYS")
        .nth(1)
        .and_then(|rest| rest.split("];").next());
    let pairs = list.unwrap_or_default().split('(').skip(1);
    pairs
        .filter_map(|pair| pair.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

/// What stands in backticks in the first cell of each row of the tables.
fn first_cells(document: &str, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next())
        .filter(|cell| is_wanted(cell))
        .map(str::to_owned)
        .collect()
}

fn is_number(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_digit())
}

/// The Markdown files of the root and of `docs`.
fn documents(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for place in [
        folder.to_owned(),
        folder.join("docs"),
        folder.join("docs/decisions"),
    ] {
        for entry in std::fs::read_dir(place)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// The links of a text to files beside it.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains(' '))
        .filter_map(|target| target.split('#').next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn lists_are_compared_both_ways() {
        let wrong = different("x.md", "key", &set(&["a", "b"]), &set(&["b", "c"]));
        assert_eq!(wrong, ["x.md: the key a is missing", "x.md: there is no key c"]);
    }

    #[test]
    fn a_section_belongs_to_the_command_in_its_heading() {
        let found = sections("# Commands\nnothing\n## `sync`\n`--json`\n## Other\n`--x`\n");
        assert_eq!(found["sync"], "`--json`\n");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn commands_and_options_are_read_from_help() {
        let help = "Usage: x [OPTIONS] <COMMAND>\n\nCommands:\n  add   Add\n          it\n  help  Print\n\nOptions:\n      --org-id <ID>\n";
        assert_eq!(subcommands(help), ["add"]);
        assert_eq!(options(help), set(&["--org-id"]));
        assert_eq!(options("`--json`, --database, ---"), set(&["--json"]));
    }

    #[test]
    fn codes_and_keys_are_read_from_the_source() {
        assert_eq!(exit_codes("    pub const HELD: u8 = 4;\n"), set(&["4"]));
        let source = "pub const KEYS: [(&str, &str); 2] = [\n(\"a\", \"x (y)\"),\n(\n\"b\",\n\"z\"),\n];";
        assert!(config_keys(source).contains("a") && config_keys(source).contains("b"));
    }

    #[test]
    fn tables_and_links_are_read() {
        let text = "| `log` | what |\n| `4` | held |\n[a](b.md#c) [d](https://e) [f](#g)";
        assert_eq!(first_cells(text, is_number), set(&["4"]));
        assert_eq!(links(text), ["b.md"]);
    }
}
