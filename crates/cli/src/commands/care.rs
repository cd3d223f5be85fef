//! `orgwarden erase`, `backup`, `doctor`.

use super::{LOCAL_ADMINISTRATOR, open, scope};
use crate::args::EraseArgs;
use crate::config::Config;
use crate::failure::code;
use crate::output;
use app::views::scope::ScopeChoice;
use std::path::Path;
use std::process::ExitCode;

pub async fn erase(config: &Config, args: EraseArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let account = app.access(&scope, &args.account).await?.account;
    app.erase(&account.account_id, LOCAL_ADMINISTRATOR).await?;
    if args.scope.json {
        output::json(&serde_json::json!({ "erased": account.account_id }))?;
    } else {
        output::line(&format!(
            "What describes {} is erased; the history stays by that id.",
            account.account_id
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    open(config).await?.backup(file, LOCAL_ADMINISTRATOR).await?;
    output::line(&format!(
        "Copied to {}. The master key is not in it: keep that apart.",
        file.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub async fn doctor(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut app = open(config).await?;
    let key = config.master_key.load();
    let key_problem = match key {
        Ok(key) => match app.with_master_key(key).await {
            Ok(with_key) => {
                app = with_key;
                None
            }
            Err(error) => {
                app = open(config).await?;
                Some(format!("{error}: {}", error.hint().unwrap_or_default()))
            }
        },
        Err(error) => Some(format!("{error:#}")),
    };
    let mut scopes = Vec::new();
    for organization in app.organizations().await? {
        let choice = ScopeChoice {
            organization: Some(organization.id),
            as_of: None,
        };
        scopes.push(app.scope(&choice).await?);
    }
    let mut findings = app.doctor(&scopes).await?;
    if let Some(problem) = key_problem {
        for finding in findings.iter_mut().filter(|finding| finding.what == "master key") {
            finding.detail.clone_from(&problem);
        }
    }
    let all_well = findings.iter().all(|finding| finding.well);
    if as_json {
        output::json(&findings)?;
    } else {
        let rows = findings.iter().map(|finding| {
            let state = if finding.well { "✓ well" } else { "▲ look" };
            vec![state.to_owned(), finding.what.clone(), finding.detail.clone()]
        });
        output::table(&["State", "What", "Seen"], rows.collect(), "")?;
    }
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(code::INCOMPLETE)
    })
}
