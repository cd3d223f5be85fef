//! One reading: how far each listing is, live while it goes on.

use crate::error::PageError;
use crate::pages::connections::{pairs, run_state};
use crate::parts::{counted, mark, not_told, number, segment, time};
use crate::shell::{Place, Shell, Web};
use app::views::connections::{FamilyView, RunDetail};
use axum::extract::{Path, State};
use maud::{Markup, html};
use model::RunId;

async fn find(web: &Web, run: &str) -> Result<RunDetail, PageError> {
    let not_found = || PageError::not_found("reading").back_to("/connections", "Connections");
    let run: RunId = run.parse().map_err(|_| not_found())?;
    web.app
        .run(run)
        .await
        .map_err(|error| PageError::from(error).back_to("/connections", "Connections"))
}

/// Shows the reading.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(run): Path<String>,
) -> Result<Markup, PageError> {
    let view = find(&web, &run).await?;
    let title = format!("Reading {}", view.run.run);
    let body = html! {
        div.title {
            h1 {
                (title)
                span.number {
                    a href=(format!("/connections/{}", segment(&view.connection))) { (view.connection) }
                }
            }
            p.context {
                "Begun " (time::moment(shell.now, view.run.started_at))
                @if view.run.with_methods { span.dot { "·" } "with methods" }
            }
        }
        (live(shell.now, &view))
        @if !view.run.operations.is_empty() || !view.run.drift.is_empty() {
            div.columns {
                section {
                    div.heading { h2 { "Requests by operation" } }
                    @if view.run.operations.is_empty() { p.empty { "Not told." } }
                    @else { (pairs("Operation", "Requests", view.run.operations.iter())) }
                }
                section {
                    div.heading { h2 { "Unknown to this version" } }
                    @if view.run.drift.is_empty() { p.empty { "No field or value that was not known." } }
                    @else { (pairs("Field or value", "Times", view.run.drift.iter())) }
                }
            }
        }
    };
    Ok(shell.page(Place::Connections, &title, body))
}

/// The part that is swapped while the reading goes on.
pub(crate) async fn progress(
    State(web): State<Web>,
    shell: Shell,
    Path(run): Path<String>,
) -> Result<Markup, PageError> {
    let view = find(&web, &run).await?;
    Ok(live(shell.now, &view))
}

fn live(now: i64, view: &RunDetail) -> Markup {
    let run = &view.run;
    let took = run.ended_at.map_or(now, |at| at.0) - run.started_at.0;
    let refresh = view.is_live.then(|| format!("/runs/{}/progress", run.run));
    html! {
        div #live data-refresh=[refresh] data-done=[(!view.is_live).then_some("1")] aria-live="off" {
            dl.strip {
                div {
                    dt { "State" }
                    dd.state { (run_state(run)) }
                    dd.age {
                        @match run.ended_at {
                            Some(at) => { "ended " (time::ago(now, at)) },
                            None => "going on",
                        }
                    }
                }
                div {
                    dt { "Requests" }
                    dd.big {
                        (number(run.requests + view.progress.as_ref().map_or(0, |progress| progress.requests)))
                    }
                    dd.age {
                        @if view.is_live {
                            "in " (time::duration_text(took)) " so far"
                        } @else {
                            "took " (time::duration_text(took))
                        }
                    }
                }
                div {
                    dt { "Facts that began" }
                    dd.big { (number(run.begun)) }
                    dd.age { @if view.is_live { "counted at the end" } @else { "in this reading" } }
                }
                div {
                    dt { "Facts that ended" }
                    dd.big { (number(run.ended)) }
                    dd.age { @if view.is_live { "counted at the end" } @else { "each confirmed absent" } }
                }
            }
            @if view.is_live { (waiting(now, view)) }
            @if !run.reasons.is_empty() {
                section {
                    div.heading {
                        h2 { @if run.state == "held" { "Why it is held" } @else { "What to know about it" } }
                    }
                    ul.plain {
                        @for reason in &run.reasons {
                            li {
                                @if run.state == "held" { (mark::red("")) } @else { (mark::amber("")) }
                                (reason)
                            }
                        }
                    }
                    @if run.state == "held" {
                        p.prose {
                            "Nothing of this reading is shown and nothing has ended. If the drop is right, run "
                            code { "orgwarden runs confirm " (run.run) }
                            ": the next reading goes through. If it is not, run "
                            code { "orgwarden runs discard " (run.run) } "."
                        }
                    }
                }
            }
            section {
                div.heading { h2 { "Listings" } }
                @if view.families.is_empty() {
                    p.empty { "Their progress is not kept any more." }
                } @else {
                    (families(&view.families, view.is_live))
                }
            }
            @if !view.notes.is_empty() {
                section {
                    div.heading { h2 { "Notes" span.number { (view.notes.len()) } } }
                    table.list {
                        thead {
                            tr {
                                th scope="col" { "Listing" }
                                th scope="col" { "State" }
                                th scope="col" { "Note" }
                            }
                        }
                        tbody { @for note in &view.notes { tr {
                            td.cut.m1 { (note.listing) }
                            td.m2 { (note.state) }
                            td.words.m5 {
                                @match &note.note { Some(text) => (text), None => (not_told("nothing")) }
                            }
                        } } }
                    }
                }
            }
        }
    }
}

/// How long nothing may be heard of a reading before that is said.
const SILENT_MS: i64 = 10_000;

/// What the reading waits for, or why it is quiet.
fn waiting(now: i64, view: &RunDetail) -> Markup {
    let Some(progress) = &view.progress else {
        return html! { p.note { (mark::open("Nothing was heard of this reading yet.")) } };
    };
    let silent = now - progress.at;
    if silent > SILENT_MS {
        return html! {
            p.note {
                (mark::amber("Nothing was heard of this reading for"))  " " (time::duration_text(silent)) ". "
                "The process that reads may have ended; the next " code { "orgwarden sync" }
                " goes on where it stopped."
            }
        };
    }
    let left = time::duration_text((progress.waiting_until - now).max(0));
    html! {
        p.note {
            @match progress.waiting.as_str() {
                "budget" => {
                    (mark::amber("Waiting")) " " (left)
                    ": our share of the rate that Atlassian allows is used up."
                }
                "pause" => { (mark::amber("Waiting")) " " (left) ": Atlassian asked for a pause." },
                _ => {
                    (mark::under_way("Sending requests."))
                    " It may be stopped at any time: what was read is kept."
                }
            }
            @if progress.retries > 0 || progress.rate_limited > 0 {
                " " span.quiet {
                    (counted(progress.retries, "request was", "requests were")) " repeated after an error, "
                    (number(progress.rate_limited)) " refused for the rate."
                }
            }
        }
    }
}

/// How fast and how long still.
fn pace(family: &FamilyView) -> Markup {
    html! {
        @match family.rows_a_minute {
            Some(0) => (not_told("no new rows")),
            Some(rows) => { (number(rows)) " a minute" },
            None => {},
        }
        @if let Some(left) = family.left_ms { ", about " (time::duration_text(left)) " left" }
    }
}

fn families(families: &[FamilyView], is_live: bool) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Listing" }
                @if is_live { th.bars scope="col" { "Progress" } }
                th.number scope="col" { "Listings" }
                th.number scope="col" { "Rows" }
                @if is_live { th.number scope="col" { "Pace" } }
                th.number.wide scope="col" { "Pages" }
                th scope="col" { "State" }
            } }
            tbody { @for family in families { (row(family, is_live)) } }
        }
    }
}

fn row(family: &FamilyView, is_live: bool) -> Markup {
    let is_ended = family.state == "ended";
    // One listing is measured by its rows, many by how many are done.
    let (value, most) = match family.expected {
        Some(expected) if family.listings <= 1 => (family.rows.min(expected), expected),
        _ => (family.done, family.listings.max(1)),
    };
    let (value, most) = if is_ended { (1, 1) } else { (value, most) };
    let words = format!(
        "{} of {}",
        number(family.done),
        counted(family.listings, "listing", "listings")
    );
    html! {
        tr {
            td.first.m1 { (family.family.replace('_', " ")) }
            @if is_live { td.bars.m5 { progress value=(value) max=(most) aria-label=(words) {} } }
            td.number.m0 { @if family.listings > 0 { (number(family.done)) " of " (number(family.listings)) } }
            td.number.m3 {
                (number(family.rows))
                @if let Some(expected) = family.expected { span.quiet { " of " (number(expected)) } }
                span.only-phone { " rows" }
            }
            @if is_live { td.number.m4 { (pace(family)) } }
            td.number.wide.m0 { (number(family.pages)) }
            td.m2 { @match family.state.as_str() {
                "ended" => (mark::green("Read")),
                "reading" => (mark::under_way("Reading")),
                "refused" => (mark::amber("Refused")),
                "unsure" => (mark::amber("Unsure")),
                _ => (mark::open("To come")),
            } }
        }
    }
}
