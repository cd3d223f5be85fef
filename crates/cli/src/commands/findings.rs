//! `orgwarden findings`: what the rules found, and deciding about it.

use super::{LOCAL_ADMINISTRATOR, scope, when};
use crate::args::{DecideArgs, FindingsArgs, FindingsCommand, ScopeArgs};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::App;
use app::findings::{DecisionRequest, FindingDetail, FindingFilter, Kind};
use app::views::accounts::DAY_MS;
use app::views::{At, Scope};
use model::FindingId;
use std::process::ExitCode;

pub async fn run(config: &Config, args: FindingsArgs) -> anyhow::Result<ExitCode> {
    let of = ScopeArgs {
        org: args.org.clone(),
        ..ScopeArgs::default()
    };
    let (app, scope) = scope(config, &of).await?;
    match &args.command {
        None => list(&app, &scope, &args).await?,
        Some(FindingsCommand::Show { finding }) => show(&app, &scope, *finding, args.json).await?,
        Some(FindingsCommand::Suppress(decide)) => {
            let done = decided(&app, &scope, Kind::Suppressed, decide).await?;
            tell(&app, &scope, &done, args.json).await?;
        }
        Some(FindingsCommand::Accept(decide)) => {
            let done = decided(&app, &scope, Kind::Accepted, decide).await?;
            tell(&app, &scope, &done, args.json).await?;
        }
        Some(FindingsCommand::Reopen { findings }) => {
            for finding in findings {
                app.finding_reopen(&scope, *finding, LOCAL_ADMINISTRATOR).await?;
            }
            tell(&app, &scope, findings, args.json).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, scope: &Scope, args: &FindingsArgs) -> anyhow::Result<()> {
    let filter = FindingFilter {
        state: if args.state == "all" {
            String::new()
        } else {
            args.state.clone()
        },
        rule: args.rule.clone().unwrap_or_default(),
        severity: args.severity.clone().unwrap_or_default(),
    };
    if !filter.rule.is_empty() {
        app.check_rule_id(scope, &filter.rule).await?;
    }
    let view = app.findings(scope, &filter, args.limit.max(1), 0).await?;
    let now = app.clock.now_ms();
    if args.json {
        output::json(&view.findings)?;
    } else {
        let rows = view.findings.iter().map(|finding| {
            vec![
                finding.severity.name().to_owned(),
                finding.sentence.clone(),
                finding.rule.clone(),
                finding.state.name().to_owned(),
                when(finding.changed_at, now),
                finding.id.clone(),
            ]
        });
        let heads = ["Severity", "What", "Rule", "State", "Since", "Finding"];
        output::table(&heads, rows.collect(), "No findings.")?;
    }
    let answered = i64::try_from(view.findings.len()).unwrap_or(i64::MAX);
    if answered < view.shown {
        eprintln!("There are {} findings; ask for more with --limit.", view.shown);
    }
    for rule in &view.failing {
        let error = rule.error.as_deref().unwrap_or_default();
        eprintln!("The rule {} could not be asked: {error}", rule.id);
    }
    Ok(())
}

async fn show(app: &App, scope: &Scope, finding: FindingId, as_json: bool) -> anyhow::Result<()> {
    let detail = app.finding(scope, finding).await?;
    if as_json {
        return output::json(&detail);
    }
    let now = app.clock.now_ms();
    let FindingDetail { finding, rule, life } = &detail;
    output::line(&format!(
        "{} · {} · {}",
        finding.severity.name(),
        finding.state.name(),
        finding.title
    ))?;
    output::line(&finding.sentence)?;
    for step in life {
        let reason = if step.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", step.reason)
        };
        output::line(&format!(
            "  {} {} by {}{reason}",
            when(step.at, now),
            step.transition,
            step.actor
        ))?;
    }
    if let Some(rule) = rule {
        output::line(&format!("\nWhy it matters: {}", rule.explanation))?;
        output::line(&format!("What to do: {}", rule.remediation))?;
    }
    Ok(())
}

async fn decided(app: &App, scope: &Scope, kind: Kind, args: &DecideArgs) -> anyhow::Result<Vec<FindingId>> {
    let request = DecisionRequest {
        kind,
        reason: args.reason.clone(),
        until: until(&args.until, app.clock.now_ms())?,
    };
    for finding in &args.findings {
        app.finding_decide(scope, *finding, &request, LOCAL_ADMINISTRATOR)
            .await?;
    }
    Ok(args.findings.clone())
}

fn until(text: &str, now: i64) -> anyhow::Result<At> {
    if let Some(at) = At::parse(text) {
        return Ok(at);
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    match days.filter(|days| (1..=3650).contains(days)) {
        Some(days) => Ok(At(now + days * DAY_MS)),
        None => Err(Told {
            message: format!("\"{text}\" is no day"),
            hint: Some("use a day such as 2027-01-31, or a number of days such as 30d".into()),
            code: code::USAGE,
        }
        .into()),
    }
}

async fn tell(app: &App, scope: &Scope, findings: &[FindingId], as_json: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for finding in findings {
        all.push(app.finding(scope, *finding).await?.finding);
    }
    if as_json {
        return output::json(&all);
    }
    for finding in &all {
        output::line(&format!(
            "{} is {}: {}",
            finding.id,
            finding.state.name(),
            finding.sentence
        ))?;
    }
    Ok(())
}
