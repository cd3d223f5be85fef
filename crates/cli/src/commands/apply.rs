//! `orgwarden apply -f FILE`: what a file declares against what is so, and the plan that ends the difference.

use super::plan::{read, request};
use super::{open, open_with_key};
use crate::args::ApplyArgs;
use crate::config::Config;
use crate::failure::code;
use crate::output;
use app::App;
use app::declared::{AccessText, Drift, DriftLine, Sign};
use app::plans::PlanMade;
use app::views::scope::ScopeChoice;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub async fn run(config: &Config, args: ApplyArgs) -> anyhow::Result<ExitCode> {
    let text = read(&args.file)?;
    let name = if args.file == Path::new("-") {
        "standard input".to_owned()
    } else {
        args.file.display().to_string()
    };
    let given = AccessText {
        name: &name,
        text: &text,
    };
    let choice = ScopeChoice {
        organization: args.make.connection.clone(),
        as_of: None,
    };
    // Comparing needs no credential.
    let app = if args.check {
        open(config).await?
    } else {
        open_with_key(config).await?
    };
    let scope = app.scope(&choice).await?;
    let drift = app.access_drift(&scope, given).await?;
    let is_none = drift.is_none();
    if args.check || (is_none && drift.unclear.is_empty()) {
        if args.make.json {
            output::json(&json!({ "drift": drift, "plan": null }))?;
        } else {
            show(&name, &drift)?;
        }
        // Scripts that compare expect 2, which wrong usage has too.
        let differs = args.check && !is_none;
        return Ok(ExitCode::from(if differs { code::USAGE } else { 0 }));
    }
    let mut request = request(&args.make, Vec::new());
    let title = format!("{name}: {} to give, {} to take away", drift.missing, drift.extra);
    request.title = Some(&title);
    let made = app.access_plan(&drift, &request, &config.api).await?;
    if args.make.json {
        let plan =
            json!({ "id": made.id.map(|id| id.to_string()), "hash": made.hash, "refused": made.refused });
        output::json(&json!({ "drift": drift, "plan": plan }))?;
    } else {
        show(&name, &drift)?;
        show_plan(&app, &made).await?;
    }
    Ok(if made.id.is_none() && !made.refused.is_empty() {
        ExitCode::from(code::NOT_CHANGED)
    } else {
        ExitCode::SUCCESS
    })
}

fn show(name: &str, drift: &Drift) -> anyhow::Result<()> {
    for difference in &drift.differences {
        let owner = difference
            .owner
            .as_ref()
            .map(|owner| format!(", owned by {owner}"));
        output::line(&format!(
            "{name}:{}  {} {}{}",
            difference.line,
            difference.kind,
            difference.name,
            owner.unwrap_or_default()
        ))?;
        // The path of a line begins with that of what it belongs to, which was just said.
        let begins = format!("{}s/{}", difference.kind, difference.name);
        for line in &difference.lines {
            output::line(&one(line, &begins))?;
        }
    }
    for path in &drift.unclear {
        output::line(&format!(
            "  ? {path}: held, and whether by itself was not read (orgwarden sync --methods)"
        ))?;
    }
    let read = drift
        .read_at
        .map(|at| format!(", as read at {at}"))
        .unwrap_or_default();
    output::line(&if drift.is_none() {
        format!("No drift{read}.")
    } else {
        format!(
            "{} missing (+), {} too many (-){read}.",
            drift.missing, drift.extra
        )
    })
}

fn one(line: &DriftLine, begins: &str) -> String {
    let sign = match line.sign {
        Sign::Missing => '+',
        Sign::Extra => '-',
    };
    let path = line.path.strip_prefix(begins).unwrap_or(&line.path);
    let path = path.strip_prefix('/').unwrap_or("the group itself");
    let mut text = format!("  {sign} {path}");
    let name = line.account.as_ref().map(|account| account.label());
    if let Some(name) = name.filter(|name| !path.contains(*name)) {
        text.push_str(&format!("  {name}"));
    }
    let expires = match line.sign {
        Sign::Missing => line.expires.as_ref().map(|day| format!("until {day}")),
        Sign::Extra => None,
    };
    let owner = line.owner.as_ref().map(|owner| format!("owned by {owner}"));
    let said: Vec<&String> = [&line.note, &line.reason, &owner, &expires]
        .into_iter()
        .flatten()
        .collect();
    for said in said {
        text.push_str(&format!("; {said}"));
    }
    if let Some(number) = line.line {
        text.push_str(&format!(" (line {number})"));
    }
    text
}

async fn show_plan(app: &App, made: &PlanMade) -> anyhow::Result<()> {
    for refused in &made.refused {
        output::line(&format!(
            "Refused: {}: {}.\n  {}",
            refused.what, refused.reason, refused.next_step
        ))?;
    }
    let Some(id) = made.id else {
        if made.refused.is_empty() {
            return Ok(());
        }
        return output::line("Nothing of this can be changed from here, so no plan was made.");
    };
    let view = app.plan(id).await?;
    for trip in &view.guards {
        output::line(&format!("Held back by {}: {}", trip.guard, trip.detail))?;
    }
    output::line(&format!(
        "\n{id} would end this with {} actions; hash {}",
        view.plan.counts.all, view.plan.hash
    ))?;
    output::line(&format!(
        "Next: orgwarden plan show {id}, orgwarden plan approve {id}, orgwarden plan apply {id}"
    ))
}
