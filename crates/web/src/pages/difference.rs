//! What is different between two days.

use super::changes;
use crate::csv;
use crate::error::PageError;
use crate::parts::{counted, export_link, number, sentence, time};
use crate::shell::{Place, Shell, Web};
use app::views::accounts::DAY_MS;
use app::views::changes::Change;
use app::views::changes::difference::{Difference, DifferenceAsk};
use app::views::scope::ScopeChoice;
use app::views::{At, Scope};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the page: two days, each as it was at its end.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    from: String,
    to: String,
    format: String,
}

/// Facts of each side that are looked at.
const FACTS: i64 = 3_000;
/// The same for a file, which says of each account what is different.
const FACTS_OF_FILE: i64 = 1_000_000;
/// Changes that are listed.
const LISTED: usize = 500;

/// Days that are looked back over unless others are named.
const WEEK_MS: i64 = 7 * DAY_MS;

/// Shows the form, and the difference of the two days: of the last week where none is given.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(mut parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    if parameters.from.is_empty()
        && let Some(first) = scope.first_read_at
    {
        let from = At(first.0.max(shell.now - WEEK_MS));
        parameters.from = time::day_of(from).map(|day| day.to_string()).unwrap_or_default();
    }
    let found = match At::parse(&parameters.from) {
        None => None,
        Some(from) => {
            let from = at_end_of(&web, scope, from).await?;
            let to = match At::parse(&parameters.to) {
                Some(to) => at_end_of(&web, scope, to).await?,
                None => scope.clone(),
            };
            let is_file = csv::is_wanted(&parameters.format);
            let ask = DifferenceAsk {
                kind: None,
                limit: if is_file { FACTS_OF_FILE } else { FACTS },
                each: is_file,
            };
            Some(web.app.difference(&from, &to, ask).await?)
        }
    };
    if csv::is_wanted(&parameters.format) {
        let changes = found.iter().flat_map(|found| &found.changes);
        return csv::small("diff", &changes::HEADS, changes.map(changes::cells).collect()).await;
    }
    let body = html! {
        div.title {
            h1 { "Two days compared" }
            p.context {
                "What began and ended again between them is not told; it is among the "
                a href="/changes" { "changes" }
            }
        }
        (form(&shell, &parameters))
        @if let Some(found) = &found { (list(&shell, &parameters, found)) }
    };
    Ok(shell
        .page(Place::Changes, "Two days compared", body)
        .into_response())
}

async fn at_end_of(web: &Web, scope: &Scope, day: At) -> Result<Scope, PageError> {
    let choice = ScopeChoice {
        organization: Some(scope.organization_id.clone()),
        as_of: Some(At(day.0 + DAY_MS - 1)),
    };
    Ok(web.app.scope(&choice).await?)
}

fn form(shell: &Shell, parameters: &Parameters) -> Markup {
    let first = shell.scope.as_ref().and_then(|scope| scope.first_read_at);
    let earliest = first.and_then(time::day_of);
    let today = time::day_of(At(shell.now));
    html! {
        form.days action="/diff" method="get" {
            label {
                span { "From the end of" }
                input type="date" name="from" required value=(parameters.from) min=[earliest] max=[today];
            }
            label {
                span { "to the end of" }
                input type="date" name="to" value=(parameters.to) min=[earliest] max=[today];
            }
            button type="submit" { "Compare" }
        }
    }
}

fn list(shell: &Shell, parameters: &Parameters, found: &Difference) -> Markup {
    let days = [("from", parameters.from.as_str()), ("to", parameters.to.as_str())];
    html! {
        section {
            div.heading { h2 {
                @match (found.from, found.to) {
                    (Some(from), Some(to)) => {
                        "From " (time::moment(shell.now, from)) " to " (time::moment(shell.now, to))
                    }
                    _ => "Nothing was read by then",
                }
                span.number {
                    (number(size(found.began))) " began, " (number(size(found.ended))) " ended, "
                    (number(size(found.changed))) " changed"
                }
            } (export_link("/diff", &days)) }
            @if found.changes.is_empty() { p.empty { "Nothing is different." } }
            @else {
                table.list {
                    thead.sr { tr { th scope="col" { "What" } } }
                    tbody { @for change in found.changes.iter().take(LISTED) { (row(change)) } }
                }
                @let more = found.changes.len().saturating_sub(LISTED);
                @if found.is_cut || more > 0 {
                    p.note.quiet {
                        @if more > 0 {
                            (counted(size(more), "more difference is", "more differences are"))
                            " not listed. "
                        }
                        "All of them are in the file."
                    }
                }
            }
        }
    }
}

fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn row(change: &Change) -> Markup {
    html! { tr { td.words.m1.all { (sentence::turn(change.turn)) " " (sentence::sentence(&change.sentence)) } } }
}
