//! `orgwarden c1z`: what is in a file of the connector protocol, for those without its own tool.

use crate::args::{C1zCommand, C1zFile, C1zList};
use crate::config::ConfigError;
use crate::failure::{Told, code};
use crate::output;
use baton::c1z::{C1z, C1zError, Diff, Limits, List, SyncRun};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ExitCode;

pub fn run(command: C1zCommand) -> anyhow::Result<ExitCode> {
    match command {
        C1zCommand::Show { file } => show(&file)?,
        C1zCommand::Resources(list) => {
            rows(&list, List::Resources, ["type", "id", "name", "status"], |row| {
                let resource = &row["resource"];
                [
                    text(&resource["id"]["resourceType"]),
                    text(&resource["id"]["resource"]),
                    text(&resource["displayName"]),
                    text(&resource["status"]["status"])
                        .trim_start_matches("RESOURCE_STATUS_")
                        .to_lowercase(),
                ]
            })?
        }
        C1zCommand::Entitlements(list) => {
            rows(&list, List::Entitlements, ["resource", "what", "id"], |row| {
                [
                    text(&row["resource"]["displayName"]),
                    text(&row["entitlement"]["slug"]),
                    text(&row["entitlement"]["id"]),
                ]
            })?
        }
        C1zCommand::Grants(list) => rows(
            &list,
            List::Grants,
            ["who", "type", "what", "on", "type"],
            |row| {
                [
                    text(&row["principal"]["displayName"]),
                    text(&row["principal"]["id"]["resourceType"]),
                    text(&row["entitlement"]["slug"]),
                    text(&row["resource"]["displayName"]),
                    text(&row["resourceType"]["id"]),
                ]
            },
        )?,
        C1zCommand::Access {
            file,
            resource_type,
            resource,
            sync,
        } => access(&file, &resource_type, &resource, sync.as_deref())?,
        C1zCommand::Diff { file } => diff(&file)?,
        C1zCommand::Stats { file, sync } => stats(&file, sync.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open(file: &C1zFile) -> anyhow::Result<C1z> {
    let limits = Limits::told(&|name| std::env::var(name).ok()).map_err(ConfigError)?;
    Ok(C1z::open(&file.file, None, &limits)?)
}

/// A text of the file as a terminal may see it: files come from elsewhere, and control characters with them.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.chars()
        .map(|one| if one.is_control() { '\u{fffd}' } else { one })
        .collect()
}

fn show(file: &C1zFile) -> anyhow::Result<()> {
    let syncs: Vec<Value> = open(file)?.syncs()?.iter().map(SyncRun::shown).collect();
    if file.json {
        return output::json(&json!({ "syncs": syncs }));
    }
    let names = ["id", "syncType", "startedAt", "endedAt"];
    let row = |sync: &Value| names.iter().map(|name| text(&sync[*name])).collect();
    let rows = syncs.iter().map(row).collect();
    output::table(
        &["sync", "type", "started", "ended"],
        rows,
        "There is no sync in it.",
    )
}

fn rows<const N: usize>(
    args: &C1zList,
    list: List,
    heads: [&str; N],
    cells: impl Fn(&Value) -> [String; N],
) -> anyhow::Result<()> {
    let file = open(&args.file)?;
    let sync = file.sync(args.sync.as_deref())?;
    let resource_type = args.resource_type.as_deref();
    if args.file.json {
        return as_json(&file, list, &sync, resource_type);
    }
    let (mut rows, mut more) = (Vec::new(), 0);
    file.list(list, &sync, resource_type, |row| {
        if rows.len() < args.limit {
            rows.push(cells(&row).to_vec());
        } else {
            more += 1;
        }
        Ok::<(), C1zError>(())
    })?;
    let empty = match resource_type {
        Some(resource_type) => format!("There is none on resources of type \"{resource_type}\" in it."),
        None => "There is none in it.".to_owned(),
    };
    output::table(&heads, rows, &empty)?;
    if more > 0 {
        output::line(&format!("… and {more} more: --limit shows more, --json all."))?;
    }
    Ok(())
}

/// Rows as they come: there may be very many.
fn as_json(file: &C1z, list: List, sync: &SyncRun, resource_type: Option<&str>) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut separator = "";
    let mut print = || {
        write!(out, "{{\"{}\":[", list.key())?;
        file.list(list, sync, resource_type, |row| {
            write!(out, "{separator}{row}")?;
            separator = ",";
            Ok::<(), anyhow::Error>(())
        })?;
        writeln!(out, "]}}")?;
        Ok(out.flush()?)
    };
    match print() {
        // Whoever reads has enough.
        Err(error) if is_closed_pipe(&error) => Ok(()),
        ended => ended,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

fn access(args: &C1zFile, resource_type: &str, id: &str, sync: Option<&str>) -> anyhow::Result<()> {
    let file = open(args)?;
    let sync = file.sync(sync)?;
    let Some(access) = file.access(&sync, resource_type, id)? else {
        return Err(Told {
            message: format!("there is no {resource_type} {id} in {}", args.file.display()),
            hint: Some("orgwarden c1z resources lists what there is".into()),
            code: code::UNKNOWN_NAME,
        }
        .into());
    };
    if args.json {
        return output::json(&access);
    }
    let mut rows = Vec::new();
    for on in access["access"].as_array().into_iter().flatten() {
        for entitlement in on["entitlements"].as_array().into_iter().flatten() {
            rows.push(vec![
                text(&on["resource"]["displayName"]),
                text(&on["resourceType"]["id"]),
                text(&entitlement["slug"]),
            ]);
        }
    }
    output::table(&["on", "type", "what"], rows, "Nothing is granted to it.")
}

fn diff(args: &C1zFile) -> anyhow::Result<()> {
    let file = open(args)?;
    let [base, applied] = file.latest_two()?;
    let diff = file.diff(&Diff { base, applied })?;
    if args.json {
        return output::json(&diff);
    }
    let mut rows = Vec::new();
    for (kind, hows) in diff.as_object().into_iter().flatten() {
        for (how, messages) in hows.as_object().into_iter().flatten() {
            for message in messages.as_array().into_iter().flatten() {
                let id = match &message["id"] {
                    id @ Value::Object(_) => {
                        format!("{}:{}", text(&id["resourceType"]), text(&id["resource"]))
                    }
                    id => text(id),
                };
                rows.push(vec![how.clone(), kind.trim_end_matches('s').to_owned(), id]);
            }
        }
    }
    output::table(&["change", "kind", "id"], rows, "Both say the same.")
}

fn stats(args: &C1zFile, sync: Option<&str>) -> anyhow::Result<()> {
    let file = open(args)?;
    let sync = file.sync(sync)?;
    let stats = file.stats(&sync)?;
    if args.json {
        let mut shown = sync.shown();
        shown["stats"] = stats.shown();
        return output::json(&shown);
    }
    let mut rows = Vec::new();
    let by_type = [
        ("resources", &stats.resources_by_resource_type),
        ("entitlements", &stats.entitlements_by_resource_type),
        ("grants", &stats.grants_by_resource_type),
    ];
    for (kind, numbers) in by_type {
        for (sort, number) in numbers {
            let sort = text(&json!(sort));
            rows.push(vec![kind.to_owned(), sort, number.to_string()]);
        }
    }
    output::table(&["what", "type", "how many"], rows, "There is nothing in it.")
}
