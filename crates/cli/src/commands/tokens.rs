//! `orgwarden tokens` and `orgwarden privileges`: whose tokens there are, the organization's keys, and what may be
//! changed on a managed account.

use super::{open_with_key, scope, when};
use crate::args::{AccessArgs, TokensArgs};
use crate::config::Config;
use crate::output;
use app::PrivilegesError;
use app::views::At;
use app::views::inventory::{InventoryFilter, KeyLine, ServiceAccountLine, TokenLine};
use app::views::scope::ScopeChoice;
use std::process::ExitCode;

pub async fn tokens(config: &Config, args: TokensArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let now = app.clock.now_ms();
    let filter = InventoryFilter {
        expired: args.expired,
        expiring_days: args.expiring,
        never_used: args.never_used,
        orphans: args.orphans,
        owner: args.owner.clone(),
    };
    if args.service_accounts {
        let accounts = app.service_accounts(&scope).await?;
        return if args.scope.json {
            output::json(&accounts).map(|()| ExitCode::SUCCESS)
        } else {
            service_account_table(&accounts)
        };
    }
    if args.keys {
        let keys = app.api_keys(&scope, &filter).await?;
        return if args.scope.json {
            output::json(&keys).map(|()| ExitCode::SUCCESS)
        } else {
            key_table(&keys, now)
        };
    }
    let tokens = app.token_map(&scope, &filter).await?;
    if args.scope.json {
        output::json(&tokens)?;
        return Ok(ExitCode::SUCCESS);
    }
    token_table(&tokens, now)?;
    if filter.orphans || filter.owner.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    output::line("\nAPI keys of the organization:")?;
    key_table(&app.api_keys(&scope, &filter).await?, now)?;
    if filter == InventoryFilter::default() {
        output::line("\nService accounts:")?;
        service_account_table(&app.service_accounts(&scope).await?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn token_table(tokens: &[TokenLine], now: i64) -> anyhow::Result<ExitCode> {
    let rows = tokens.iter().map(|token| {
        let owner = token.owner.as_ref();
        let name = owner.map(|owner| {
            owner
                .name
                .as_ref()
                .or(owner.email.as_ref())
                .unwrap_or(&owner.account_id)
        });
        vec![
            told(token.label.as_ref()),
            told(name),
            token.orphan.map(|why| format!("◆ {why}")).unwrap_or_default(),
            told(token.status.as_ref()),
            expiry(token.expires_at, token.expires_in_days, now),
            used(token.last_active_at, now),
        ]
    });
    let heads = ["Label", "Owner", "Orphan", "State", "Expires", "Last used"];
    output::table(&heads, rows.collect(), "No API token matches.")?;
    Ok(ExitCode::SUCCESS)
}

fn key_table(keys: &[KeyLine], now: i64) -> anyhow::Result<ExitCode> {
    let rows = keys.iter().map(|key| {
        vec![
            told(key.label.as_ref()),
            told(key.key_type.as_ref()),
            key.created_by
                .as_ref()
                .map_or_else(|| told(None), |by| by.label().to_owned()),
            expiry(key.expires_at, key.expires_in_days, now),
            used(key.last_active_at, now),
        ]
    });
    let heads = ["Label", "Kind", "Made by", "Expires", "Last used"];
    output::table(
        &heads,
        rows.collect(),
        "No API key matches, or this key may not list them.",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn service_account_table(accounts: &[ServiceAccountLine]) -> anyhow::Result<ExitCode> {
    let rows = accounts.iter().map(|account| {
        vec![
            told(account.name.as_ref()),
            told(account.status.as_ref()),
            told(account.description.as_ref()),
            account.account_id.clone(),
        ]
    });
    let heads = ["Name", "State", "For", "Account id"];
    output::table(
        &heads,
        rows.collect(),
        "No service account is known, or this key may not list them.",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn told(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "not told".into())
}

/// The day, and how far away it is.
fn expiry(at: Option<At>, days: Option<i64>, now: i64) -> String {
    let (Some(at), Some(days)) = (at, days) else {
        return "not told".into();
    };
    let away = match days {
        ..0 => "expired".to_owned(),
        0 => "within a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    };
    let mark = if (0..30).contains(&days) { "▲ " } else { "" };
    format!("{mark}{away} ({})", when(at, now))
}

fn used(at: Option<At>, now: i64) -> String {
    at.map_or_else(|| "never, as far as told".into(), |at| when(at, now))
}

pub async fn privileges(config: &Config, args: AccessArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let choice = ScopeChoice {
        organization: args.scope.org.clone(),
        as_of: super::instant(args.scope.as_of.as_deref(), &app)?,
    };
    let scope = app.scope(&choice).await?;
    let asked = app.privileges(&scope, &args.account, &config.api).await;
    let view = asked.map_err(|error| match error {
        PrivilegesError::View(error) => anyhow::Error::from(error),
        PrivilegesError::App(error) => error.into(),
    })?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("{} ({})", view.account.label(), view.account.account_id))?;
    let rows = view.privileges.iter().map(|line| {
        let what = match &line.field {
            Some(field) => format!("{}: {field}", line.privilege),
            None => line.privilege.clone(),
        };
        let answer = if line.allowed { "✓ may" } else { "◆ may not" };
        let why = [line.reason.as_deref(), line.what_to_do.as_deref()];
        vec![
            answer.to_owned(),
            what,
            why.into_iter().flatten().collect::<Vec<_>>().join(": "),
        ]
    });
    let heads = ["Answer", "What", "Why not, and what to do"];
    output::table(&heads, rows.collect(), "Atlassian told nothing.")?;
    Ok(ExitCode::SUCCESS)
}
