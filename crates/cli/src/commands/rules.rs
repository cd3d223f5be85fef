//! `orgwarden rules`: the rules, a look at a file of them, and asking them now.

use super::{open, scope};
use crate::args::{RulesArgs, RulesCommand, ScopeArgs};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::views::ViewError;
use app::views::scope::ScopeChoice;
use std::path::Path;
use std::process::ExitCode;

pub async fn run(config: &Config, args: RulesArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        None => list(config, &args).await,
        Some(RulesCommand::Check { file }) => check(config, file, args.json).await,
        Some(RulesCommand::Evaluate) => evaluate(config, &args).await,
    }
}

async fn list(config: &Config, args: &RulesArgs) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let choice = ScopeChoice {
        organization: args.org.clone(),
        as_of: None,
    };
    let scope = match app.scope(&choice).await {
        Ok(scope) => Some(scope),
        Err(ViewError::NothingConnected) => None,
        Err(error) => return Err(error.into()),
    };
    let view = app.rules(scope.as_ref()).await?;
    if args.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = view.rules.iter().map(|rule| {
        let state = match (&rule.error, rule.enabled) {
            (_, false) => "off",
            (Some(_), _) => "could not be asked",
            (None, _) => "",
        };
        vec![
            rule.severity.name().to_owned(),
            rule.id.clone(),
            rule.title.clone(),
            rule.open.to_string(),
            rule.file.clone().unwrap_or_else(|| "shipped".into()),
            state.to_owned(),
        ]
    });
    let heads = ["Severity", "Rule", "Title", "Open", "From", ""];
    output::table(&heads, rows.collect(), "No rules.")?;
    for rule in view.rules.iter().filter(|rule| rule.enabled) {
        if let Some(error) = &rule.error {
            eprintln!("{}: {error}", rule.id);
        }
    }
    for problem in &view.problems {
        eprintln!("{problem}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(config: &Config, file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(file).map_err(|error| Told {
        message: format!("cannot read {}: {error}", file.display()),
        hint: Some("check the path, and that this user may read it".to_owned()),
        code: code::CONFIGURATION,
    })?;
    let app = open(config).await?;
    let checked = app.check_rules(&file.display().to_string(), &text).await?;
    if as_json {
        output::json(&checked)?;
    } else {
        for problem in &checked.problems {
            output::line(&problem.to_string())?;
        }
        output::line(&format!("{} right", output::count(checked.right.len(), "rule")))?;
    }
    Ok(if checked.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(code::CONFIGURATION)
    })
}

async fn evaluate(config: &Config, args: &RulesArgs) -> anyhow::Result<ExitCode> {
    let of = ScopeArgs {
        org: args.org.clone(),
        ..ScopeArgs::default()
    };
    let (app, scope) = scope(config, &of).await?;
    let evaluation = app.evaluate(&scope).await?;
    if args.json {
        output::json(&evaluation)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "{} asked in {} ms: {} opened, {} closed",
        output::count(evaluation.rules, "rule"),
        evaluation.duration_ms,
        evaluation.opened,
        evaluation.closed
    ))?;
    for rule in &evaluation.cut {
        output::line(&format!(
            "{rule}: finds more than is kept; none of its findings closes"
        ))?;
    }
    for problem in &evaluation.refused {
        output::line(&problem.to_string())?;
    }
    for (rule, error) in &evaluation.failed {
        output::line(&format!("{rule}: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
