//! `docs/views.md` says which views there are: its end is written from the program.

use anyhow::Context as _;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

const FILE: &str = "docs/views.md";

/// What follows this line is written by `cargo xtask views`.
const MARK: &str = "<!-- From here on written by `cargo xtask views`. -->\n";

/// Writes the end of the document anew.
pub fn write(folder: &Path, target_folder: &Path) -> anyhow::Result<()> {
    let (_, expected) = compare(folder, target_folder)?;
    std::fs::write(folder.join(FILE), expected).with_context(|| format!("cannot write {FILE}"))
}

/// Whether the document says what the program says.
pub fn check(folder: &Path, target_folder: &Path) -> anyhow::Result<Vec<String>> {
    let (found, expected) = compare(folder, target_folder)?;
    let is_same = found == expected;
    Ok(if is_same {
        Vec::new()
    } else {
        vec![format!(
            "{FILE} is not what the program says: run cargo xtask views"
        )]
    })
}

/// What the document is, and what it is to be.
fn compare(folder: &Path, target_folder: &Path) -> anyhow::Result<(String, String)> {
    let found = std::fs::read_to_string(folder.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let head = found.split(MARK).next().unwrap_or_default();
    crate::graph::run(folder, &["build", "--quiet", "--package", "cli"])?;
    let program = target_folder.join("debug/orgwarden");
    let said = Command::new(&program)
        .args(["query", "--views", "--json"])
        .output();
    let said = said.with_context(|| format!("cannot run {}", program.display()))?;
    let views: Value = serde_json::from_slice(&said.stdout).context("the program listed no views")?;
    let expected = format!("{head}{MARK}{}", described(&views));
    Ok((found, expected))
}

fn described(views: &Value) -> String {
    let mut text = String::new();
    for view in views.as_array().into_iter().flatten() {
        let word = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "\n### `{}`\n\n{}.\n\n| column | what it says |\n|---|---|\n",
            word(view, "name"),
            word(view, "about")
        );
        for column in view["columns"].as_array().into_iter().flatten() {
            let _ = writeln!(text, "| `{}` | {} |", word(column, "name"), word(column, "about"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_a_section_with_a_table() {
        let views = serde_json::json!([{ "name": "run", "about": "A reading", "columns": [{ "name": "id", "about": "Its id" }] }]);
        assert_eq!(
            described(&views),
            "\n### `run`\n\nA reading.\n\n| column | what it says |\n|---|---|\n| `id` | Its id |\n"
        );
    }
}
