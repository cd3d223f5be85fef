//! `orgwarden diff`: what is different between two days.

use super::{scope, when};
use crate::args::{DiffArgs, ScopeArgs};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::views::changes::Turn;
use app::views::changes::difference::DifferenceAsk;
use model::FactKind;
use std::process::ExitCode;

/// Facts of each side that are looked at for scripts.
const ALL: i64 = 1_000_000;

pub async fn run(config: &Config, args: DiffArgs) -> anyhow::Result<ExitCode> {
    let kind = match args.kind.as_deref() {
        None => None,
        Some(name) => Some(FactKind::from_name(name).ok_or_else(|| Told {
            message: format!("there is no kind of fact called \"{name}\""),
            hint: Some(format!(
                "use one of {}",
                FactKind::ALL.map(FactKind::name).join(", ")
            )),
            code: code::USAGE,
        })?),
    };
    let at = |time: Option<String>| ScopeArgs {
        as_of: time,
        org: args.org.clone(),
        json: args.json,
    };
    let (app, from) = scope(config, &at(Some(args.from.clone()))).await?;
    let (_, to) = scope(config, &at(args.to.clone())).await?;
    let ask = DifferenceAsk {
        kind,
        limit: if args.json { ALL } else { args.limit },
        each: args.json,
    };
    let view = app.difference(&from, &to, ask).await?;
    if args.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    if let (Some(from), Some(to)) = (view.from, view.to) {
        output::line(&format!(
            "From the reading {} to the one {}:",
            when(from, now),
            when(to, now)
        ))?;
    }
    let rows = view.changes.iter().map(|change| {
        let sign = match change.turn {
            Turn::Began => "+",
            Turn::Ended => "-",
            Turn::Changed => "~",
        };
        vec![sign.to_owned(), change.sentence.to_string()]
    });
    output::table(&["", "What"], rows.collect(), "Nothing is different.")?;
    if view.is_cut {
        output::line("There is more: raise --limit.")?;
    }
    Ok(ExitCode::SUCCESS)
}
