//! `orgwarden connection`: adding, listing, showing, testing, removing.

use super::{LOCAL_ADMINISTRATOR, open, open_with_key, when};
use crate::args::{ConnectionAddArgs, ConnectionCommand, ConnectionSetArgs, ScimArgs, Switch};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::views::At;
use app::{ConnectionRequest, OperationTest, ScimCredential, WritesChange};
use atlassian::Options;
use secrecy::SecretString;
use serde_json::json;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

pub async fn run(config: &Config, command: ConnectionCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConnectionCommand::Add(args) => add(config, args).await,
        ConnectionCommand::List { json } => list(config, json).await,
        ConnectionCommand::Show { name, json } => show(config, name.as_deref(), json).await,
        ConnectionCommand::Test { name, json } => test(config, name.as_deref(), json).await,
        ConnectionCommand::Set(args) => set(config, args).await,
        ConnectionCommand::Schedule(args) => super::schedule::run(config, args).await,
        ConnectionCommand::Remove { name } => {
            open(config)
                .await?
                .connection_remove(&name, LOCAL_ADMINISTRATOR)
                .await?;
            output::line(&format!(
                "{name} is removed: its key is forgotten, what it read stays."
            ))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn add(config: &Config, args: ConnectionAddArgs) -> anyhow::Result<ExitCode> {
    let key = read_key(&args.api_key_file, "API key")?;
    let app = open_with_key(config).await?;
    let request = ConnectionRequest {
        name: &args.name,
        organization: args.org_id.as_deref(),
        key,
        actor: LOCAL_ADMINISTRATOR,
        sync_interval_ms: args.sync_every_min.max(1) * 60_000,
        scim: scim(args.scim)?,
    };
    let options = Options {
        base_url: args.base_url,
        ..config.api.clone()
    };
    let added = app.connection_add(&request, &options).await?;
    if args.json {
        output::json(&added)?;
    } else {
        let organization = added
            .organization_name
            .as_deref()
            .unwrap_or(&added.organization_id);
        output::line(&format!(
            "{} is connected to {organization}. Read it with: orgwarden sync",
            added.name
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(config: &Config, args: ConnectionSetArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let forgets = args.no_scim;
    let name = args.name.clone();
    let is_on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
    let change = WritesChange {
        writes: is_on(args.writes),
        self_approval: is_on(args.self_approval),
        provisions_scim: is_on(args.provisions_scim),
        key_owner: args.key_owner,
        protected_accounts: patterns(args.protect_account),
        protected_groups: patterns(args.protect_group),
        accounts_per_plan: args.accounts_per_plan,
        share_percent: args.share_percent,
        changes_per_hour: args.changes_per_hour,
        failures_per_hour: args.failures_per_hour,
        comment_above: args.comment_above,
    };
    let scim = scim(args.scim)?;
    if scim.is_none() && !forgets && change == WritesChange::default() {
        return Err(Told {
            message: "nothing to set was named".into(),
            hint: Some("see what there is with: orgwarden connection set --help".into()),
            code: code::USAGE,
        }
        .into());
    }
    if scim.is_some() || forgets {
        app.connection_set_scim(&name, scim.as_ref(), &config.api, LOCAL_ADMINISTRATOR)
            .await?;
    }
    let settings = app
        .connection_set_writes(&name, &change, LOCAL_ADMINISTRATOR)
        .await?;
    if args.json {
        output::json(&settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    if scim.is_some() {
        output::line(&format!(
            "{name} knows its SCIM directory now. Read it with: orgwarden sync"
        ))?;
    }
    if forgets {
        output::line(&format!(
            "{name} knows no SCIM directory; what was read of it stays."
        ))?;
    }
    let switch = |is_on: bool| if is_on { "on" } else { "off" };
    output::line(&format!(
        "Changes through {name} are {}; makers {} approve their own plans.",
        switch(settings.writes),
        if settings.self_approval { "may" } else { "may not" },
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The patterns that were given; one empty text stands for none.
fn patterns(given: Vec<String>) -> Option<Vec<String>> {
    if given.is_empty() {
        return None;
    }
    Some(
        given
            .into_iter()
            .filter(|pattern| !pattern.trim().is_empty())
            .collect(),
    )
}

/// The SCIM directory that was given, with its token.
fn scim(args: ScimArgs) -> anyhow::Result<Option<ScimCredential>> {
    let (Some(url), Some(file)) = (args.scim_url, args.scim_token_file) else {
        return Ok(None);
    };
    let token = read_key(&file, "SCIM token")?;
    Ok(Some(ScimCredential { url, token }))
}

/// Reads a secret from a file or standard input.
pub fn read_key(file: &Path, what: &str) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    let told = |message: String| Told {
        message,
        hint: Some(format!(
            "give a file that holds nothing but the {what}, or - to read it from standard input"
        )),
        code: code::CONFIGURATION,
    };
    read.map_err(|error| told(format!("cannot read the {what} from {}: {error}", file.display())))?;
    let key = text.trim();
    if key.is_empty() {
        return Err(told(format!("{} holds no {what}", file.display())).into());
    }
    Ok(SecretString::from(key))
}

async fn list(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let mut tx = app.store.read().await?;
    let connections = tx.connection_list().await?;
    let mut rows = Vec::new();
    for connection in &connections {
        let organization = tx.organization_get(connection.organization_id).await?;
        rows.push(json!({
            "name": connection.name,
            "organization_id": organization.atlassian_id,
            "organization_name": organization.name,
            "base_url": connection.base_url,
            "created_by": connection.created_by,
            "sync_every_min": connection.sync_interval_ms / 60_000,
        }));
    }
    if as_json {
        output::json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("not told").to_owned();
    let cells = rows.iter().map(|row| {
        vec![
            text(row, "name"),
            text(row, "organization_name"),
            text(row, "organization_id"),
            text(row, "base_url"),
        ]
    });
    let empty = "No connection yet. Add one with: orgwarden connection add --name NAME --api-key-file FILE";
    output::table(
        &["Name", "Organization", "Organization id", "Address"],
        cells.collect(),
        empty,
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn show(config: &Config, name: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let connection = app.connection_named(name).await?;
    let mut tx = app.store.read().await?;
    let organization = tx.organization_get(connection.organization_id).await?;
    let latest = tx.run_latest(organization.id, 1).await?.into_iter().next();
    let semantics = serde_json::to_value(&connection.semantics)?;
    let shown = json!({
        "name": connection.name,
        "organization_id": organization.atlassian_id,
        "organization_name": organization.name,
        "base_url": connection.base_url,
        "created_by": connection.created_by,
        "created_at_ms": connection.created_at,
        "sync_every_min": connection.sync_interval_ms / 60_000,
        "latest_run": latest.as_ref().map(|run| run.id.to_string()),
        "latest_state": latest.as_ref().map(|run| run.state),
        "scim_url": connection.scim_url,
        "semantics": semantics,
    });
    if as_json {
        output::json(&shown)?;
        return Ok(ExitCode::SUCCESS);
    }
    let joint = match connection.semantics.joint_filters {
        Some(true) => "apply together",
        Some(false) => "apply each on its own",
        None => "not known yet",
    };
    let cut = connection
        .semantics
        .groups_cut_at
        .map_or_else(|| "not seen cut".into(), |at| format!("cut at {at}"));
    let counts = match connection.semantics.counts_suspended {
        Some(true) => "include suspended accounts",
        Some(false) => "leave suspended accounts out",
        None => "not known yet",
    };
    let shift = match connection.semantics.pages_shift {
        Some(true) => "seen to shift while a list changes",
        _ => "not seen to shift",
    };
    let rows = [
        ("Name", connection.name.clone()),
        (
            "Organization",
            organization.name.clone().unwrap_or_else(|| "not told".into()),
        ),
        ("Organization id", organization.atlassian_id.to_string()),
        ("Address", connection.base_url.clone()),
        (
            "Added",
            format!(
                "{} by {}",
                when(At(connection.created_at), app.clock.now_ms()),
                connection.created_by
            ),
        ),
        (
            "Read every",
            format!("{} min", connection.sync_interval_ms / 60_000),
        ),
        (
            "Latest reading",
            latest.as_ref().map_or_else(
                || "never".into(),
                |run| format!("{}, {:?}", run.id, run.state).to_lowercase(),
            ),
        ),
        (
            "SCIM directory",
            connection.scim_url.clone().unwrap_or_else(|| "not known".into()),
        ),
        ("Role and resource filters", joint.to_owned()),
        ("Lists of groups", cut),
        ("Counts of accounts", counts.to_owned()),
        ("Pages of lists", shift.to_owned()),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    output::table(&["Setting", "Value"], rows.collect(), "")?;
    Ok(ExitCode::SUCCESS)
}

async fn test(config: &Config, name: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let connection = app.connection_named(name).await?;
    let tests = app.connection_test(&connection, &config.api).await?;
    let is_refused = tests.iter().any(|test| test.allowed == Some(false));
    let ended = if is_refused {
        ExitCode::from(code::KEY_REFUSED)
    } else {
        ExitCode::SUCCESS
    };
    if as_json {
        output::json(&tests)?;
        return Ok(ended);
    }
    let rows = tests.iter().map(|test| {
        let answer = match test.allowed {
            Some(true) => "✓ allowed",
            Some(false) => "◆ refused",
            None => "· not asked",
        };
        vec![
            answer.to_owned(),
            test.operation.to_owned(),
            test.needed_for.to_owned(),
        ]
    });
    output::table(&["Answer", "Operation", "Needed for"], rows.collect(), "")?;
    for line in reasons(&tests) {
        output::line(&line)?;
    }
    Ok(ended)
}

/// What is refused, grouped by what would allow it, and the request to send where there is one.
fn reasons(tests: &[OperationTest]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for unlock in tests.iter().filter_map(|test| test.unlock) {
        if told.contains(&unlock) {
            continue;
        }
        told.push(unlock);
        let of_it: Vec<&OperationTest> = tests.iter().filter(|test| test.unlock == Some(unlock)).collect();
        let needed: Vec<&str> = of_it.iter().map(|test| test.needed_for).collect();
        lines.push(format!("\nNot possible now: {}.", needed.join("; ")));
        let why = of_it.first().and_then(|test| test.why.as_deref());
        lines.extend(why.map(|why| format!("  Why: {why}")));
        lines.push(format!("  It needs: {unlock}"));
    }
    let request = tests.iter().find_map(|test| test.support_request.as_deref());
    lines.extend(request.map(|request| format!("\nThe request to send:\n\n{request}")));
    lines
}
