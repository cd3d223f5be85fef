//! Connections, and one connection with its runs.

use crate::error::PageError;
use crate::form::Fields;
use crate::parts::{address, cell_number, counted, mark, not_told, number, segment, time};
use crate::shell::{Place, Shell, Web};
use app::LOCAL_ADMINISTRATOR;
use app::schedule::{ScheduleChange, ScheduleView};
use app::views::At;
use app::views::connections::{ConnectionItem, RunItem};
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

/// Shows every connection.
pub(crate) async fn list(State(web): State<Web>, shell: Shell) -> Result<Markup, PageError> {
    let items = web.app.connections().await?;
    let several = web.app.organizations().await?.len() > 1;
    let body = html! {
        div.title {
            h1 { "Connections" span.number.short { (items.len()) } }
            p.context { "Each is a key to one organization; its readings are what every page shows" }
        }
        @if items.is_empty() { (nothing_connected()) } @else {
            table.list {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Organization" } th.wide scope="col" { "Reads from" }
                    th.wide scope="col" { "Schedule" }
                    @if several { th.wide scope="col" { "Pages show" } }
                    th.number scope="col" { "Complete reading" }
                    th scope="col" { "State" }
                } }
                tbody { @for item in &items { tr data-href=(path(&item.name)) {
                    td.first.m1 { a href=(path(&item.name)) { (item.name) } }
                    td.cut.m3 title=(item.organization_id) {
                        (item.organization_name.as_deref().unwrap_or(&item.organization_id))
                    }
                    td.wide.cut.m0 { (item.base_url) }
                    td.wide.m0 { (when(&item.schedule)) }
                    @if several { td.wide.act.m0 {
                        @if shell.scope.as_ref().is_some_and(|scope| scope.organization_id == item.organization_id) {
                            "this organization"
                        }
                        @else {
                            a href=(address("/choose", &[("id", &item.organization_id), ("back", "/")])) {
                                "Show this one"
                            }
                        }
                    } }
                    td.number.m4 {
                        @match item.published.as_ref().and_then(|run| run.ended_at) {
                            Some(at) => (time::ago(shell.now, at)),
                            None => (not_told("none yet")),
                        }
                    }
                    td.m2 { (connection_state(item)) }
                } } }
            }
        }
    };
    Ok(shell.page(Place::Connections, "Connections", body))
}

/// What to do when nothing is connected.
pub(crate) fn nothing_connected() -> Markup {
    html! {
        div.empty {
            p { b { "No organization is connected yet." } }
            p.prose { "Orgwarden needs an organization API key that may read. Keep it in a file, then type:" }
            pre.json { "orgwarden connection add --name main --api-key-file KEY\norgwarden sync" }
            p.prose { "Or look around with an invented organization: " code { "orgwarden demo" } "." }
        }
    }
}

fn path(name: &str) -> String {
    format!("/connections/{}", segment(name))
}

/// When a connection is read.
fn when(schedule: &ScheduleView) -> Markup {
    html! {
        @match (&schedule.cron, schedule.every_ms) {
            (Some(cron), _) => { code { (cron) } " in " (schedule.zone.as_deref().unwrap_or("UTC")) }
            (None, every_ms) => { "every " (time::duration_text(every_ms.unwrap_or_default())) }
        }
        @if let (Some(ms), None) = (schedule.between_ms, &schedule.events_refused) { ", changes every " (rate(ms)) }
        @if schedule.paused_at.is_some() { ", paused" }
    }
}

/// How often, in whole seconds or minutes.
fn rate(ms: i64) -> String {
    match ms / 1000 {
        60 => "minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

fn next(schedule: &ScheduleView, now: i64) -> Markup {
    match (schedule.next_at, schedule.paused_at) {
        (Some(at), _) => html! { (time::ago(now, At(at.0.max(now)))) },
        (None, Some(at)) => html! {
            "none: paused " (time::ago(now, at)) " by " (schedule.paused_by.as_deref().unwrap_or("somebody"))
        },
        (None, None) => html! { "now" },
    }
}

/// What a person can do about when a connection is read.
fn schedule_forms(item: &ConnectionItem) -> Markup {
    let action = format!("{}/schedule", path(&item.name));
    let schedule = &item.schedule;
    html! {
        div.acts.tall {
            form action=(action) method="post" {
                button type="submit" name="do" value="read" { "Read everything now" }
            }
            form action=(action) method="post" {
                @if schedule.paused_at.is_some() { button type="submit" name="do" value="resume" { "Resume" } }
                @else { button type="submit" name="do" value="pause" { "Pause" } }
            }
            details.more {
                summary { "Change the schedule" }
                form action=(action) method="post" {
                    label {
                        span { "Every so many minutes" }
                        input type="text" name="minutes" inputmode="numeric" value=(schedule.every_ms.map(|ms| (ms / 60_000).to_string()).unwrap_or_default());
                    }
                    label {
                        span { "or whenever a cron pattern says" }
                        input type="text" name="cron" placeholder="30 3 * * *" value=(schedule.cron.as_deref().unwrap_or_default());
                    }
                    label {
                        span { "in the time zone" }
                        input type="text" name="zone" placeholder="UTC" value=(schedule.zone.as_deref().unwrap_or_default());
                    }
                    button type="submit" name="do" value="set" { "Set the schedule" }
                }
            }
        }
    }
}

/// Does with the schedule of a connection what a form says.
pub(crate) async fn act(
    State(web): State<Web>,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Redirect, PageError> {
    if web.api.is_none() {
        return Err(PageError::refused(
            "Nothing is read from here",
            "These pages only show what is stored. Start `orgwarden serve` without --no-sync.",
        ));
    }
    let mut change = ScheduleChange::default();
    match fields.one("do") {
        "read" => web.app.reading_ask(&name, LOCAL_ADMINISTRATOR).await?,
        "pause" => change.paused = Some(true),
        "resume" => change.paused = Some(false),
        "set" if fields.some("cron").is_some() => {
            change.cron = fields.some("cron").map(str::to_owned);
            change.zone = fields.some("zone").map(str::to_owned);
        }
        "set" => {
            let minutes = fields.one("minutes").parse::<i64>();
            let minutes = minutes.map_err(|_| {
                PageError::refused(
                    "That is no schedule",
                    "Give a number of minutes, or a cron pattern.",
                )
            })?;
            change.every_ms = Some(minutes.saturating_mul(60_000));
        }
        _ => return Err(PageError::not_found("page")),
    }
    if change != ScheduleChange::default() {
        let changed = web.app.schedule_change(&name, &change, LOCAL_ADMINISTRATOR).await;
        changed.map_err(|error| PageError::from(error).back_to("/connections", "Connections"))?;
    }
    Ok(Redirect::to(&path(&name)))
}

fn connection_state(item: &ConnectionItem) -> Markup {
    if item.schedule.failures > 0 && item.held.is_none() {
        return if item.schedule.needs_a_person() {
            mark::red("Readings fail")
        } else {
            mark::amber("Last reading failed")
        };
    }
    match item.held.as_ref().or(item.latest.as_ref()) {
        None => mark::open("Not read yet"),
        Some(run) => run_state(run),
    }
}

/// The state of a run: a shape and a word.
pub(crate) fn run_state(run: &RunItem) -> Markup {
    match run.state.as_str() {
        "reading" => mark::under_way("Reading"),
        "merging" => mark::under_way("Merging"),
        "held" => mark::red("Held, needs a person"),
        "published" if !run.reasons.is_empty() => mark::amber("Not all could be read"),
        "published" => mark::green("Complete"),
        "discarded" => html! { span.quiet { "Discarded" } },
        other => html! { (other) },
    }
}

/// Readings that are listed at once.
const MOST: usize = 12;

/// Shows one connection.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(name): Path<String>,
) -> Result<Markup, PageError> {
    let found = web.app.connection(&name).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/connections", "Connections"))?;
    let item = &view.item;
    let drift: Vec<&(String, i64)> = view
        .runs
        .first()
        .map(|run| run.drift.iter().collect())
        .unwrap_or_default();
    let body = html! {
        div.title {
            h1 {
                (item.name)
                span.number { "reads " (item.organization_name.as_deref().unwrap_or(&item.organization_id)) }
            }
            p.context {
                @match item.published.as_ref().and_then(|run| run.ended_at) {
                    Some(at) => { "Complete reading " (time::ago(shell.now, at)) },
                    None => "Not read yet",
                }
            }
        }
        dl.particulars {
            div { dt { "Reads from" } dd { (item.base_url) } }
            div { dt { "Organization id" } dd { (crate::parts::copyable(&item.organization_id)) } }
            div { dt { "Schedule" } dd { (when(&item.schedule)) } }
            div { dt { "Next whole reading" } dd { (next(&item.schedule, shell.now)) } }
            div { dt { "Changes in between" } dd { @match (&item.schedule.events_refused, item.schedule.followed_at, item.schedule.between_ms) {
                (Some(why), _, _) => { (mark::amber("Not seen")) ": the events cannot be read (" (why) ")" },
                (None, _, None) => "not looked for",
                (None, Some(at), _) => { "looked for " (time::ago(shell.now, at)) },
                (None, None, _) => (not_told("not looked for yet")),
            } } }
            div { dt { "Added" } dd { (time::day(shell.now, item.created_at)) " by " (item.created_by) } }
        }
        @if let (Some(failure), Some(at)) = (&item.schedule.failure, item.schedule.failed_at) {
            p.note {
                @let words = if item.schedule.failures == 1 { "The last reading failed".to_owned() } else { format!("The last {} readings failed", item.schedule.failures) };
                @if item.schedule.needs_a_person() { (mark::red(&words)) } @else { (mark::amber(&words)) }
                ", " (time::ago(shell.now, at)) ": " (failure) "."
            }
        }
        @if web.api.is_some() { (schedule_forms(item)) }
        @for run in item.latest.iter().filter(|run| matches!(run.state.as_str(), "reading" | "merging")).chain(&item.held) {
            p.note {
                (run_state(run)) ": " a href=(format!("/runs/{}", run.run)) { (run.run) } ", begun "
                (time::ago(shell.now, run.started_at)) "."
            }
        }
        section {
            div.heading { h2 { "Readings" span.number { "the latest" } } }
            @if view.runs.is_empty() { p.empty { "None yet. Run " code { "orgwarden sync" } "." } }
            @else {
                (runs(shell.now, view.runs.get(..MOST).unwrap_or(&view.runs)))
                @if let Some(earlier) = view.runs.get(MOST..).filter(|earlier| !earlier.is_empty()) {
                    details.folded { summary { "Show " (earlier.len()) " earlier" } (runs(shell.now, earlier)) }
                }
            }
        }
        div.columns {
            section {
                div.heading { h2 { "Learned of this tenant" } }
                @if view.semantics.is_empty() { p.empty { "Nothing yet: the first reading probes." } }
                @else {
                    dl.pairs {
                        @for (name, value) in &view.semantics {
                            dt { (learned_name(name)) } dd { (learned_value(shell.now, name, value)) }
                        }
                    }
                }
            }
            section {
                div.heading { h2 { "Unknown to this version" @if !drift.is_empty() { span.number { (drift.len()) } } } }
                @if drift.is_empty() { p.empty { "The latest reading met no field or value that it did not know." } }
                @else {
                    p.prose {
                        "Fields and values that Atlassian sent and this version does not know. They are kept out, not guessed."
                    }
                    (pairs("Field or value", "Times", drift.iter().copied()))
                }
            }
        }
    };
    Ok(shell.page(Place::Connections, &item.name, body))
}

fn learned_name(name: &str) -> String {
    match name {
        "joint_filters" => "Role and resource filters apply together".to_owned(),
        "search_page" => "Largest page of the user search".to_owned(),
        "groups_cut_at" => "Lists of groups are cut at".to_owned(),
        "counts_suspended" => "Counts include suspended accounts".to_owned(),
        "pages_shift" => "Pages shift while a list changes".to_owned(),
        "learned_at" => "Learned".to_owned(),
        other => other.replace('_', " "),
    }
}

fn learned_value(now: i64, name: &str, value: &serde_json::Value) -> Markup {
    match value {
        serde_json::Value::Null if name == "groups_cut_at" => html! { "not seen cut" },
        serde_json::Value::Null if name == "pages_shift" => html! { "not seen" },
        serde_json::Value::Null => not_told("not known yet"),
        serde_json::Value::Bool(flag) => html! { @if *flag { "yes" } @else { "no" } },
        value if name.ends_with("_at") && name != "groups_cut_at" => match app::views::At::from_json(value) {
            Some(at) => time::ago(now, at),
            None => html! { (value) },
        },
        serde_json::Value::Number(count) => {
            html! { (count.as_i64().map_or_else(|| count.to_string(), number)) }
        }
        serde_json::Value::String(text) => html! { (text) },
        other => html! { code { (other) } },
    }
}

/// Two columns of names and how often.
pub(crate) fn pairs<'p>(name: &str, count: &str, pairs: impl Iterator<Item = &'p (String, i64)>) -> Markup {
    html! {
        table.list.narrow {
            thead { tr { th scope="col" { (name) } th.number scope="col" { (count) } } }
            tbody { @for (name, count) in pairs { tr { td.words.m1 { (name) } td.number.m2 { (number(*count)) } } } }
        }
    }
}

fn runs(now: i64, runs: &[RunItem]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Reading" }
                th scope="col" { "Begun" }
                th.number scope="col" { "Took" }
                th.number scope="col" { "Requests" }
                th.number scope="col" { "Began" }
                th.number scope="col" { "Ended" }
                th.wide scope="col" { "Methods" }
                th scope="col" { "State" }
            } }
            tbody { @for run in runs { tr data-href=(format!("/runs/{}", run.run)) {
                td.first.m1 { a href=(format!("/runs/{}", run.run)) { (run.run) } }
                td.m3 { (time::moment(now, run.started_at)) }
                td.number.m0 {
                    @match run.ended_at {
                        Some(at) => (time::duration_text(at.0 - run.started_at.0)),
                        None => (not_told("under way")),
                    }
                }
                td.number.m0 { (number(run.requests)) }
                td.number.m0 { (cell_number(run.begun)) }
                td.number.m0 { (cell_number(run.ended)) }
                td.wide.m0 { @if run.with_methods { "read" } @else { (not_told("not read")) } }
                td.m2 { (run_state(run)) }
                td.m4.only-phone { (counted(run.requests, "request", "requests")) }
            } } }
        }
    }
}
