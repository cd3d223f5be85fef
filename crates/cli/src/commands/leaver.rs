//! `orgwarden leaver`: what somebody who leaves still has, and the one plan that takes it away.

use super::{LOCAL_ADMINISTRATOR, instant, open_with_key, plan, scope};
use crate::args::LeaverArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::plans::PlanRequest;
use app::views::leaver::{HeldKind, LeaverView, Removal};
use app::views::scope::ScopeChoice;
use std::process::ExitCode;

pub async fn run(config: &Config, args: LeaverArgs) -> anyhow::Result<ExitCode> {
    if args.plan {
        return make(config, &args).await;
    }
    let (app, scope) = scope(config, &args.scope).await?;
    let view = app.leaver(&scope, &args.account).await?;
    if args.scope.json {
        output::json(&view)?;
    } else {
        show(&view)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn make(config: &Config, args: &LeaverArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    if instant(args.scope.as_of.as_deref(), &app)?.is_some() {
        return Err(Told {
            message: "a plan is made of the present".into(),
            hint: Some("leave --as-of out".into()),
            code: code::USAGE,
        }
        .into());
    }
    let choice = ScopeChoice {
        organization: args.scope.org.clone(),
        as_of: None,
    };
    let scope = app.scope(&choice).await?;
    let view = app.leaver(&scope, &args.account).await?;
    let mut actions = Vec::new();
    for wish in view.wishes() {
        actions.extend(app.wish_actions(&scope, &wish).await?);
    }
    let connections = app.writes_of(&scope).await?;
    let request = PlanRequest {
        connection: connections.first().map(|writes| writes.connection.as_str()),
        actions,
        comment: args.comment.as_deref(),
        goes_on: true,
        actor: LOCAL_ADMINISTRATOR,
        ..PlanRequest::default()
    };
    let made = app.plan_make(&request, &config.api).await?;
    plan::told(&app, &made, args.scope.json).await
}

fn kind(kind: HeldKind) -> &'static str {
    match kind {
        HeldKind::PlatformRole => "platform role",
        HeldKind::Role => "role",
        HeldKind::Group => "group",
        HeldKind::Token => "API token",
        HeldKind::ApiKey => "API key",
        HeldKind::ServiceAccount => "service account",
        HeldKind::Directory => "directory",
        HeldKind::Account => "account",
    }
}

fn show(view: &LeaverView) -> anyhow::Result<()> {
    let account = &view.account.account;
    output::line(&format!("{} ({})\n", account.label(), account.account_id))?;
    for held in view.held.iter().filter(|held| held.is_sole_admin) {
        output::line(&format!("Nobody else is {}.", held.name))?;
    }
    let rows = view.held.iter().map(|held| {
        let taken = match &held.removal {
            Removal::Plan => "by the plan".to_owned(),
            Removal::With { what } => format!("with {what}"),
            Removal::Nothing { reason, .. } => format!("stays: {reason}"),
        };
        vec![
            kind(held.kind).to_owned(),
            held.name.clone(),
            held.detail.clone(),
            taken,
        ]
    });
    let heads = ["What", "Name", "How", "Taken away"];
    output::table(&heads, rows.collect(), "Nothing is left.")?;
    for held in &view.held {
        if let Removal::Nothing { next_step, .. } = &held.removal {
            output::line(&format!("  {}: {next_step}", held.name))?;
        }
    }
    output::line("\nNot known yet:")?;
    for words in &view.not_known {
        output::line(&format!("  {words}"))?;
    }
    if !view.wishes().is_empty() {
        output::line(&format!("\nNext: orgwarden leaver {} --plan", account.account_id))?;
    }
    Ok(())
}
