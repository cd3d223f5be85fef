//! Printing: neat tables for people, JSON for scripts. A pipe that is closed early ends the program quietly, and after
//! it has tidied up.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Whoever reads what is printed has enough. No failure; `main` ends with 0.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads on")]
pub struct Enough;

/// Prints a line; a closed pipe is the reader's way of saying that it has enough.
pub fn line(text: &str) -> anyhow::Result<()> {
    whole(&format!("{text}\n"))
}

/// Prints a text as it is.
pub fn whole(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Err(Enough.into());
        }
        return Err(error.into());
    }
    Ok(())
}

/// A number with its noun: `1 role`, `3 roles`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Prints a value as one line of JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Prints a table, or a sentence if it has no rows.
pub fn table(heads: &[&str], rows: Vec<Vec<String>>, if_empty: &str) -> anyhow::Result<()> {
    if rows.is_empty() {
        return line(if_empty);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(heads.iter().map(|head| head.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    line(&table.trim_fmt())
}
