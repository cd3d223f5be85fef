//! `orgwarden access`, `who`, `why`: who has access to what, through which path and since when.

use super::{scope, when};
use crate::args::{AccessArgs, WhoArgs, WhyArgs};
use crate::config::Config;
use crate::output;
use app::views::access::{PathView, RoleView};
use app::views::{Since, Slice};
use std::process::ExitCode;

pub async fn access(config: &Config, args: AccessArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let view = app.access(&scope, &args.account).await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("{} ({})", view.account.label(), view.account.account_id))?;
    let now = app.clock.now_ms();
    let rows = view.roles.iter().map(|role| {
        vec![
            role.workspace.name.clone(),
            role.workspace.product.clone(),
            role.role.name.clone(),
            ways(&role.paths),
            since(role.since, now),
        ]
    });
    let heads = ["Workspace", "Product", "Role", "How", "Since"];
    output::table(&heads, rows.collect(), "Has no role on anything.")?;
    Ok(ExitCode::SUCCESS)
}

pub async fn why(config: &Config, args: WhyArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let view = app.why(&scope, &args.account, &args.workspace).await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    if view.roles.is_empty() {
        output::line(&format!(
            "{} has no access to {}.",
            view.account.label(),
            view.workspace.name
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    for role in &view.roles {
        output::line(&format!(
            "{} is {} of {} since {}",
            view.account.label(),
            role.role.name,
            view.workspace.name,
            since(role.since, now)
        ))?;
        for path in &role.paths {
            output::line(&format!("  {}", way(path, now)))?;
        }
        note_unread(role)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn note_unread(role: &RoleView) -> anyhow::Result<()> {
    if role.methods_read {
        return Ok(());
    }
    output::line("  ○ it may also be held directly: that was not read yet (orgwarden sync --methods)")
}

pub async fn who(config: &Config, args: WhoArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let slice = Slice::at(0, args.limit.max(1));
    let view = app
        .who(&scope, &args.workspace, args.role.as_deref(), "", slice)
        .await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    let rows = view.holders.rows.iter().map(|holder| {
        vec![
            holder.account.label().to_owned(),
            holder.account.email.clone().unwrap_or_else(|| "no e-mail".into()),
            holder.role.name.clone(),
            ways(&holder.paths),
            since(holder.since, now),
        ]
    });
    let empty = format!("Nobody has a role on {}.", view.workspace.name);
    output::table(
        &["Name", "E-mail", "Role", "How", "Since"],
        rows.collect(),
        &empty,
    )?;
    output::line(&format!(
        "{} of {} holdings on {}",
        view.holders.rows.len(),
        view.holders.shown,
        view.workspace.name
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The ways in short: the first, and how many more.
fn ways(paths: &[PathView]) -> String {
    let first = match paths.first() {
        Some(PathView::Group { group_name, .. }) => format!("through {group_name}"),
        Some(PathView::Direct) => "direct".into(),
        Some(PathView::Inferred) => "inferred".into(),
        Some(PathView::NotRead) | None => "○ not read yet".into(),
    };
    if paths.len() > 1 {
        format!("{first}, +{}", paths.len() - 1)
    } else {
        first
    }
}

fn way(path: &PathView, now: i64) -> String {
    match path {
        PathView::Group {
            group_name,
            group_id,
            since: seen,
        } => {
            format!("through {group_name} ({group_id}), since {}", since(*seen, now))
        }
        PathView::Direct => "given directly".into(),
        PathView::Inferred => "inferred by Atlassian from another role".into(),
        PathView::NotRead => "○ no known group gives it, and the way was not read yet".into(),
    }
}

/// Honest about what is not known: between two readings, or before the first.
fn since(since: Since, now: i64) -> String {
    match since.unseen_at {
        None => format!("{} or before", when(since.seen_at, now)),
        Some(unseen) => format!("between {} and {}", when(unseen, now), when(since.seen_at, now)),
    }
}
