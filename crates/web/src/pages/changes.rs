//! What changed, reading by reading.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::filter::{Choice, FilterBar};
use crate::parts::{address, number, sentence, time};
use crate::picture::calendar::calendar;
use crate::shell::{Place, Shell, Web};
use app::views::accounts::DAY_MS;
use app::views::changes::{Change, ChangedReading, ChangesAsk, Turn};
use app::views::{At, Scope};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use model::{FactKind, RunId};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the page, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    kind: String,
    /// A day: the readings that ended on it.
    day: String,
    since: String,
    before: String,
    format: String,
}

const KINDS: [(&str, &str); 9] = [
    ("role_holding", "roles"),
    ("membership", "group members"),
    ("group_role_grant", "what groups give"),
    ("platform_role", "platform roles"),
    ("account", "accounts"),
    ("directory_membership", "directory members"),
    ("group", "groups"),
    ("api_token", "API tokens"),
    ("policy", "policies"),
];

/// Shows the changes.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let day = At::parse(&parameters.day);
    let ask = ChangesAsk {
        since: day.or_else(|| At::parse(&parameters.since)),
        until: day.map(|day| At(day.0 + DAY_MS - 1)),
        kind: FactKind::from_name(&parameters.kind),
        before: parameters.before.parse::<RunId>().ok(),
        about: 60,
        each: false,
    };
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, ask).await;
    }
    let view = web.app.changes(scope, &ask).await?;
    let days = web.app.change_calendar(scope).await?;
    let day_words = day.map(|day| time::day_text(shell.now, day)).unwrap_or_default();
    let listed: usize = view.readings.iter().map(|reading| reading.changes.len()).sum();
    let bar = FilterBar {
        path: "/changes",
        hint: "",
        search: "",
        choices: vec![
            Choice {
                name: "kind",
                label: "About",
                values: KINDS
                    .iter()
                    .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
                    .collect(),
                set: &parameters.kind,
            },
            Choice {
                name: "day",
                label: "On",
                values: if parameters.day.is_empty() {
                    Vec::new()
                } else {
                    vec![(parameters.day.clone(), day_words)]
                },
                set: &parameters.day,
            },
        ],
        kept: Vec::new(),
        shown: i64::try_from(listed).unwrap_or(0),
        filtered_out: 0,
        exports: true,
    };
    let body = html! {
        div.title {
            h1 { "Changes" }
            p.context {
                @match view.first_read_at {
                    Some(first) => {
                        "What readings since " (time::moment(shell.now, first)) " showed, the latest first"
                    }
                    None => "Nothing was read yet",
                }
                span.dot { "·" } (shell.age())
                @if view.first_read_at.is_some() { span.dot { "·" } a href="/diff" { "Compare two days" } }
            }
        }
        (calendar(&days, shell.now, &parameters.day))
        @if !view.readings.is_empty() || day.is_some() || !parameters.kind.is_empty() { (bar.markup()) }
        @if view.readings.is_empty() {
            div.empty { p {
                @if view.first_read_at.is_none() {
                    b { "Nothing was read yet." } " History begins with the first reading."
                }
                @else if day.is_some() || !parameters.kind.is_empty() {
                    b { "No such change." } " " a href="/changes" { "Show all changes" }
                }
                @else { b { "Nothing changed since the first reading." } }
            } }
        }
        @for reading in &view.readings {
            section.reading {
                div.heading {
                    h2 {
                        (time::moment(shell.now, reading.read_at))
                        span.number { (number(i64::try_from(reading.changes.len()).unwrap_or(0))) }
                    }
                    a.aside href=(format!("/runs/{}", reading.run)) { "Reading " (reading.run) }
                }
                table.list {
                    thead.sr { tr { th scope="col" { "What" } th scope="col" { "When" } } }
                    tbody { @for change in reading.changes.iter().take(MOST) { (row(shell.now, change)) } }
                }
                @if reading.changes.len() > MOST || reading.is_cut { (more(reading, &parameters)) }
            }
        }
        div.pager { p {
            @if let Some(before) = view.next_before {
                a rel="next" href=(address("/changes", &[("kind", &parameters.kind), ("day", &parameters.day), ("before", &before.to_string())])) {
                    "Earlier changes"
                }
            }
        } }
    };
    Ok(shell.page(Place::Changes, "Changes", body).into_response())
}

/// What a file says of the reading that showed a change, before what it says of the change.
const READING_HEADS: [&str; 4] = ["reading", "read_at", "after", "by"];

/// What a file says of a change.
pub(super) const HEADS: [&str; 13] = [
    "kind",
    "turn",
    "what",
    "account_id",
    "account",
    "group_id",
    "group",
    "roles",
    "fields",
    "at",
    "action",
    "actor_id",
    "actor",
];

fn cells_of_reading(run: RunId, read_at: At, change: &Change) -> Cells {
    let mut all = vec![
        run.to_string(),
        read_at.to_string(),
        csv::time(change.after),
        change.by.to_string(),
    ];
    all.extend(cells(change));
    all
}

pub(super) fn cells(change: &Change) -> Cells {
    let account = change.accounts.first();
    let roles: Vec<String> = change
        .roles
        .iter()
        .map(|on| format!("{} of {}", on.role.name, on.workspace.label()))
        .collect();
    let fields: Vec<String> = change
        .fields
        .iter()
        .map(|field| format!("{}: {} → {}", field.field, field.before, field.after))
        .collect();
    let turn = match change.turn {
        Turn::Began => "began",
        Turn::Ended => "ended",
        Turn::Changed => "changed",
    };
    vec![
        change.kind.to_owned(),
        turn.to_owned(),
        change.sentence.to_string(),
        csv::text(account.map(|account| &account.account_id)),
        account.map_or_else(String::new, |account| account.label().to_owned()),
        csv::text(change.group.as_ref().map(|group| &group.group_id)),
        csv::text(change.group.as_ref().map(|group| &group.name)),
        roles.join("; "),
        fields.join("; "),
        csv::time(change.cause.as_ref().map(|cause| cause.at)),
        csv::text(change.cause.as_ref().map(|cause| &cause.action)),
        csv::text(change.cause.as_ref().map(|cause| &cause.actor.account_id)),
        change
            .cause
            .as_ref()
            .map_or_else(String::new, |cause| cause.actor.label().to_owned()),
    ]
}

/// Every change that is asked for, each account with a row of its own, some readings at a time.
async fn export(web: &Web, scope: &Scope, ask: ChangesAsk) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    let heads = [READING_HEADS.as_slice(), HEADS.as_slice()].concat();
    csv::file("changes", &heads, ask.before, move |before| {
        let (app, scope) = (Arc::clone(&app), scope.clone());
        let ask = ChangesAsk {
            before,
            about: 1000,
            each: true,
            ..ask.clone()
        };
        async move {
            let view = app.changes(&scope, &ask).await?;
            let rows = view.readings.iter().flat_map(|reading| {
                let of_reading = reading.changes.iter();
                of_reading.map(|change| cells_of_reading(reading.run, reading.read_at, change))
            });
            Ok((rows.collect(), view.next_before.map(Some)))
        }
    })
    .await
}

/// Changes of one reading that are listed; the rest is in the file.
const MOST: usize = 100;

fn more(reading: &ChangedReading, parameters: &Parameters) -> Markup {
    let left = reading.changes.len().saturating_sub(MOST);
    let file = address(
        "/changes",
        &[
            ("kind", &parameters.kind),
            ("day", &parameters.day),
            ("format", "csv"),
        ],
    );
    html! {
        p.note.quiet {
            @if reading.is_cut { "This reading showed many more changes. " }
            @else { "This reading showed " (number(i64::try_from(left).unwrap_or(0))) " more changes, of less reach. " }
            "All of them are in " a href=(file) download="" { "the file" } "."
        }
    }
}

fn row(now: i64, change: &Change) -> Markup {
    let more = change.account_count - i64::try_from(change.accounts.len()).unwrap_or(0);
    let is_crowd = change.accounts.len() > 1;
    html! {
        tr {
            td.words.m1.all {
                (sentence::turn(change.turn)) " " (sentence::sentence(&change.sentence))
                (sentence::by_whom(change))
                @if is_crowd {
                    details.folded {
                        summary { "Who" }
                        p.crowd {
                            @for (index, account) in change.accounts.iter().enumerate() {
                                @if index > 0 { ", " }
                                (crate::parts::account_link(account))
                            }
                            @if more > 0 { " and " (number(more)) " more" }
                        }
                    }
                }
            }
            td.number.when.m3 { (sentence::when(now, change)) }
        }
    }
}
