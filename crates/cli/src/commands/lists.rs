//! `orgwarden accounts`, `groups`, `workspaces`: lists as tables.

use super::{scope, when};
use crate::args::ListArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::views::Slice;
use app::views::accounts::{AccountMark, AccountOrder, AccountsAsk};
use app::views::groups::{GroupOrder, GroupsAsk};
use app::views::workspaces::WorkspaceItem;
use std::process::ExitCode;

fn slice(args: &ListArgs) -> Slice {
    Slice {
        edge: None,
        offset: args.offset.max(0),
        limit: args.limit.clamp(1, 10_000),
    }
}

/// The column to sort by among those that there are.
fn column<T: Copy>(asked: Option<&str>, columns: &[(&str, T)], default: T) -> anyhow::Result<T> {
    let Some(asked) = asked else { return Ok(default) };
    let found = columns.iter().find(|(name, _)| *name == asked);
    let names = || {
        columns
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    found.map(|(_, column)| *column).ok_or_else(|| {
        let message = format!("there is no column \"{asked}\" to sort by");
        Told {
            message,
            hint: Some(format!("columns: {}", names())),
            code: code::USAGE,
        }
        .into()
    })
}

pub async fn accounts(config: &Config, args: ListArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let columns = [
        ("name", AccountOrder::Name),
        ("-name", AccountOrder::NameBackwards),
        ("last_active", AccountOrder::Active),
        ("inactive", AccountOrder::Inactive),
        ("groups", AccountOrder::Groups),
        ("newest", AccountOrder::Newest),
    ];
    let ask = AccountsAsk {
        search: args.filter.clone().unwrap_or_default(),
        order: column(args.sort.as_deref(), &columns, AccountOrder::Name)?,
        slice: slice(&args),
        ..AccountsAsk::default()
    };
    let view = app.accounts(&scope, &ask).await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    let rows = view.accounts.rows.iter().map(|account| {
        vec![
            account.account.label().to_owned(),
            account
                .account
                .email
                .clone()
                .unwrap_or_else(|| "no e-mail".into()),
            account.claim_status.clone().unwrap_or_else(|| "not told".into()),
            account.products.join(", "),
            account.groups.to_string(),
            account.live_tokens.to_string(),
            account
                .last_active_at
                .map_or_else(|| "not told".into(), |at| when(at, now)),
            account.marks.first().map(mark).unwrap_or_default(),
        ]
    });
    let heads = [
        "Name",
        "E-mail",
        "Kind",
        "Products",
        "Groups",
        "Tokens",
        "Last active",
        "State",
    ];
    output::table(&heads, rows.collect(), "No account matches.")?;
    shown(
        view.accounts.rows.len(),
        view.accounts.shown,
        view.accounts.total,
        "accounts",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn mark(mark: &AccountMark) -> String {
    match mark {
        AccountMark::LeftWithTokens { tokens } => format!("◆ left, {tokens} tokens live"),
        AccountMark::NotActive { status } => status.clone(),
        AccountMark::Unused { days } => format!("▲ unused, {days} days"),
        AccountMark::Administrator { role } => role.clone(),
    }
}

pub async fn groups(config: &Config, args: ListArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let columns = [
        ("name", GroupOrder::Name),
        ("members", GroupOrder::Members),
        ("roles", GroupOrder::Grants),
        ("newest", GroupOrder::Newest),
    ];
    let ask = GroupsAsk {
        search: args.filter.clone().unwrap_or_default(),
        order: column(args.sort.as_deref(), &columns, GroupOrder::Name)?,
        slice: slice(&args),
        ..GroupsAsk::default()
    };
    let view = app.groups(&scope, &ask).await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = view.groups.rows.iter().map(|group| {
        let grants = group
            .grants
            .iter()
            .take(2)
            .map(|given| format!("{} of {}", given.role.name, given.workspace.name));
        let mut roles = grants.collect::<Vec<_>>().join(", ");
        if group.grants.len() > 2 {
            roles = format!("{roles}, +{}", group.grants.len() - 2);
        }
        let owner = match group.external_synced {
            Some(true) => "identity provider",
            Some(false) => "here",
            None => "not told",
        };
        vec![
            group.group.name.clone(),
            group.members.to_string(),
            roles,
            owner.to_owned(),
        ]
    });
    output::table(
        &["Name", "Members", "Gives", "Managed by"],
        rows.collect(),
        "No group matches.",
    )?;
    shown(
        view.groups.rows.len(),
        view.groups.shown,
        view.groups.total,
        "groups",
    )?;
    Ok(ExitCode::SUCCESS)
}

pub async fn workspaces(config: &Config, args: ListArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let view = app.workspaces(&scope).await?;
    let wanted = args.filter.clone().unwrap_or_default().to_lowercase();
    let matches = |item: &&WorkspaceItem| {
        let name = item.workspace.name.to_lowercase();
        name.contains(&wanted) || item.workspace.workspace_id.to_lowercase().contains(&wanted)
    };
    let columns = [("accounts", 0), ("name", 1), ("groups", 2)];
    let by = column(args.sort.as_deref(), &columns, 0)?;
    let part = |items: &[WorkspaceItem]| {
        let mut items: Vec<WorkspaceItem> = items.iter().filter(matches).cloned().collect();
        match by {
            0 => items.sort_by_key(|item| std::cmp::Reverse(item.accounts)),
            1 => items.sort_by_key(|item| item.workspace.name.to_lowercase()),
            _ => items.sort_by_key(|item| std::cmp::Reverse(item.groups)),
        }
        let slice = slice(&args);
        let skip = usize::try_from(slice.offset).unwrap_or(0);
        let take = usize::try_from(slice.limit).unwrap_or(usize::MAX);
        items.into_iter().skip(skip).take(take).collect::<Vec<_>>()
    };
    let (listed, others) = (part(&view.workspaces), part(&view.others));
    if args.scope.json {
        output::json(
            &serde_json::json!({ "workspaces": listed, "others": others, "read_at": view.read_at }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |item: &WorkspaceItem| {
        let roles = item
            .roles
            .iter()
            .map(|role| format!("{} {}", role.accounts, role.role.name));
        vec![
            item.workspace.name.clone(),
            item.workspace.product.clone(),
            item.accounts.to_string(),
            roles.collect::<Vec<_>>().join(", "),
            item.groups.to_string(),
            item.status.clone().unwrap_or_else(|| "not told".into()),
        ]
    };
    let heads = ["Name", "Product", "Accounts", "Roles", "Groups", "Status"];
    output::table(&heads, listed.iter().map(row).collect(), "No workspace matches.")?;
    if !others.is_empty() {
        output::line("\nOther resources that roles are held on:")?;
        output::table(&heads, others.iter().map(row).collect(), "")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(rows: usize, shown: i64, total: i64, what: &str) -> anyhow::Result<()> {
    let filtered_out = (total - shown).max(0);
    let kept_back = if filtered_out > 0 {
        format!(", {filtered_out} filtered out")
    } else {
        String::new()
    };
    output::line(&format!("{rows} of {shown} {what}{kept_back}"))
}
