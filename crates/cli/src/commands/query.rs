//! `orgwarden query`: a question in SQL over the views.

use super::scope;
use crate::args::QueryArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::query::{Limits, Variables, cell_text, typed, views};
use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

pub async fn run(config: &Config, args: QueryArgs) -> anyhow::Result<ExitCode> {
    if args.views {
        return list_views(args.scope.json);
    }
    let (app, scope) = scope(config, &args.scope).await?;
    let sql = match (&args.saved, args.sql.as_deref()) {
        (Some(name), _) => app.saved_question(name).await?.sql,
        (None, Some("-")) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    let limits = Limits {
        time: Duration::from_secs(args.timeout_s.clamp(1, 600)),
        rows: args.limit,
        ..Limits::default()
    };
    let answer = app
        .query(&scope, &sql, &variables(&args.variables)?, limits)
        .await?;
    if args.scope.json {
        output::json(&answer.objects())?;
    } else if args.csv {
        output::whole(&answer.csv())?;
    } else {
        let heads: Vec<&str> = answer.columns.iter().map(String::as_str).collect();
        let rows = answer.rows.iter().map(|row| row.iter().map(cell_text).collect());
        output::table(&heads, rows.collect(), "No rows.")?;
    }
    if answer.is_cut {
        eprintln!(
            "There are more rows than {}; ask for more with --limit.",
            args.limit
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn variables(given: &[String]) -> anyhow::Result<Variables> {
    let mut variables = Variables::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Told {
                message: format!("\"{text}\" gives no variable a value"),
                hint: Some("write --var NAME=VALUE".into()),
                code: code::USAGE,
            }
            .into());
        };
        variables.insert(name.trim_start_matches(':').to_owned(), typed(value));
    }
    Ok(variables)
}

fn list_views(as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let all = views().iter().map(|view| {
            let columns = view.columns.iter();
            let columns = columns.map(|column| serde_json::json!({ "name": column.name, "about": column.about }));
            serde_json::json!({ "name": view.name, "about": view.about, "columns": columns.collect::<Vec<_>>() })
        });
        output::json(&all.collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = views().iter().map(|view| {
        let columns: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
        vec![view.name.to_owned(), columns.join(", ")]
    });
    output::table(&["View", "Columns"], rows.collect(), "No views.")?;
    Ok(ExitCode::SUCCESS)
}
