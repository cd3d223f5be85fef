//! Guards: what holds changes back, as it is set, and when it last did.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::plans::plan_path;
use crate::parts::{copyable_part, export_link, mark, not_told, time};
use crate::shell::{Place, Shell, Web};
use app::{GuardView, WritesView};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

const HEADS: [&str; 8] = [
    "connection",
    "guard",
    "setting",
    "is_on",
    "is_set",
    "last_trip_at",
    "last_trip_plan",
    "last_trip",
];

/// Shows the guards of each connection of the organization.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let connections = web.app.writes_of(scope).await?;
    if csv::is_wanted(&parameters.format) {
        let rows = connections.iter().flat_map(cells).collect();
        return csv::small("guards", &HEADS, rows).await;
    }
    let writes = connections.iter().any(|connection| connection.writes);
    let body = html! {
        div.title {
            h1 { "Guards" span.number.short { @if writes { "changes are on" } @else { "changes are off" } } }
            p.context {
                "What holds plans back, and when it last did. A setting is changed with orgwarden connection set, by who may use this machine"
            }
        }
        @if connections.is_empty() {
            p.empty {
                "No connection reads this organization any more, so nothing can be changed through one."
            }
        }
        @for connection in &connections { (section(&shell, connection, connections.len() > 1)) }
    };
    Ok(shell.page(Place::Plans, "Guards", body).into_response())
}

fn cells(connection: &WritesView) -> Vec<Cells> {
    let row = |guard: GuardView| {
        let trip = guard.trip.as_ref();
        vec![
            connection.connection.clone(),
            guard.guard.to_owned(),
            guard.words.clone(),
            guard.is_on.to_string(),
            guard.is_set.to_string(),
            csv::time(trip.map(|trip| trip.at)),
            trip.and_then(|trip| trip.plan.clone()).unwrap_or_default(),
            trip.map(|trip| trip.detail.clone()).unwrap_or_default(),
        ]
    };
    connection.guard_list().into_iter().map(row).collect()
}

fn section(shell: &Shell, connection: &WritesView, several: bool) -> Markup {
    let guards = connection.guard_list();
    html! {
        section.first[!several] {
            div.heading {
                h2 {
                    @if several { (connection.connection) } @else { "As they are set" }
                    span.number { (guards.len()) }
                }
                (export_link("/guards", &[]))
            }
            table.list {
                thead {
                    tr {
                        th scope="col" { "Guard" }
                        th scope="col" { "As it is set" }
                        th scope="col" { "Last trip" }
                        th.state scope="col" { "State" }
                    }
                }
                tbody { @for guard in &guards { tr {
                    td.first.tall.m1 { b { (guard.title) } }
                    td.words.m5 {
                        (guard.words) @if guard.is_set { " " span.quiet { "Set here." } }
                        @if let Some(option) = &guard.option {
                            (copyable_part(option, &format!("orgwarden connection set {} {option}", connection.connection)))
                        }
                    }
                    td.words.m6 { span.only-phone.quiet { "Last trip: " } (trip(shell, guard)) }
                    td.m2 { @if guard.is_on { "Holds" } @else { (mark::open("Lets through")) } }
                } } }
            }
        }
    }
}

fn trip(shell: &Shell, guard: &GuardView) -> Markup {
    let Some(trip) = &guard.trip else {
        return not_told("never");
    };
    html! {
        (time::ago(shell.now, trip.at)) ": " (trip.detail)
        @if let Some(plan) = &trip.plan { " (" a href=(plan_path(plan)) { (plan) } ")" }
    }
}
