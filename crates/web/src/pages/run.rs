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
            h1 { (title) span.number { a href=(format!("/connections/{}", segment(&view.connection))) { (view.connection) } } }
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
                div { dt { "State" } dd.state { (run_state(run)) } dd.age { @match run.ended_at { Some(at) => { "ended " (time::ago(now, at)) }, None => "going on" } } }
                div { dt { "Requests" } dd.big { (number(run.requests)) } dd.age { @if view.is_live { "in " (time::duration_text(took)) " so far" } @else { "took " (time::duration_text(took)) } } }
                div { dt { "Facts that began" } dd.big { (number(run.begun)) } dd.age { @if view.is_live { "counted at the end" } @else { "in this reading" } } }
                div { dt { "Facts that ended" } dd.big { (number(run.ended)) } dd.age { @if view.is_live { "counted at the end" } @else { "each confirmed absent" } } }
            }
            @if !run.reasons.is_empty() {
                section {
                    div.heading { h2 { @if run.state == "held" { "Why it is held" } @else { "What to know about it" } } }
                    ul.plain { @for reason in &run.reasons { li { @if run.state == "held" { (mark::red("")) } @else { (mark::amber("")) } (reason) } } }
                    @if run.state == "held" {
                        p.prose {
                            "Nothing of this reading is shown and nothing has ended. If the drop is right, run "
                            code { "orgwarden runs confirm " (run.run) } ": the next reading goes through. If it is not, run "
                            code { "orgwarden runs discard " (run.run) } "."
                        }
                    }
                }
            }
            section {
                div.heading { h2 { "Listings" } }
                @if view.families.is_empty() { p.empty { "Their progress is not kept any more." } } @else { (families(&view.families)) }
            }
            @if !view.notes.is_empty() {
                section {
                    div.heading { h2 { "Notes" span.number { (view.notes.len()) } } }
                    table.list {
                        thead { tr { th scope="col" { "Listing" } th scope="col" { "State" } th scope="col" { "Note" } } }
                        tbody { @for note in &view.notes { tr {
                            td.cut.m1 { (note.listing) } td.m2 { (note.state) } td.words.m5 { @match &note.note { Some(text) => (text), None => (not_told("nothing")) } }
                        } } }
                    }
                }
            }
        }
    }
}

fn families(families: &[FamilyView]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Listing" } th.bars scope="col" { "Progress" } th.number scope="col" { "Read" } th.number scope="col" { "Rows" }
                th.number.wide scope="col" { "Expected" } th.number.wide scope="col" { "Pages" } th scope="col" { "State" }
            } }
            tbody { @for family in families { (row(family)) } }
        }
    }
}

fn row(family: &FamilyView) -> Markup {
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
            td.bars.m5 { progress value=(value) max=(most) aria-label=(words) {} }
            td.number.m0 { @if family.listings > 0 { (number(family.done)) " of " (number(family.listings)) } }
            td.number.m3 { (number(family.rows)) span.only-phone { " rows" } }
            td.number.wide.m0 { @match family.expected { Some(expected) => (number(expected)), None => (not_told("not told")) } }
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
