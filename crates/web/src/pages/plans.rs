//! Plans: what is proposed, waits, runs and is over.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::{counted, export_link, mark, not_told, number, time};
use crate::shell::{Place, Shell, Web};
use app::LOCAL_ADMINISTRATOR;
use app::plans::{PlanItem, PlanLine};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use model::PlanState;
use serde::Deserialize;

/// Plans that are listed: those before are found by their address.
const MOST: i64 = 200;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

/// Shows the plans.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let plans = web.app.plans_for(scope, LOCAL_ADMINISTRATOR, MOST).await?;
    if csv::is_wanted(&parameters.format) {
        return csv::small("plans", &HEADS, plans.iter().map(cells).collect()).await;
    }
    let waiting: Vec<&PlanLine> = plans.iter().filter(|plan| plan.waits_for.is_some()).collect();
    let rest: Vec<&PlanLine> = plans.iter().filter(|plan| plan.waits_for.is_none()).collect();
    let body = html! {
        div.title {
            h1 { "Plans" span.number.short {
                @match waiting.len() {
                    0 => "nothing waits for you",
                    1 => "1 waits for you",
                    many => { (many) " wait for you" },
                }
            } }
            p.context {
                "Every change at Atlassian is proposed, looked at, approved, carried out and proved by reading"
                span.dot { "·" } a href="/guards" { "Guards" }
            }
        }
        @if plans.is_empty() { (none_yet()) } @else {
            @if !waiting.is_empty() {
                section.first {
                    div.heading { h2 { "Waiting for you" span.number { (waiting.len()) } } }
                    (table(&shell, &waiting))
                }
            }
            @if !rest.is_empty() {
                section.first[waiting.is_empty()] {
                    div.heading {
                        h2 {
                            @if waiting.is_empty() { "All plans" } @else { "Others" }
                            span.number { (rest.len()) }
                        }
                        (export_link("/plans", &[]))
                    }
                    (table(&shell, &rest))
                }
            } @else { p.note { (export_link("/plans", &[])) } }
        }
    };
    Ok(shell.page(Place::Plans, "Plans", body).into_response())
}

fn none_yet() -> Markup {
    html! {
        div.empty {
            p { b { "No plan was made yet." } }
            p.prose {
                "Choose groups or roles on an account's page, or members on a group's page, and make a plan of it. Making one changes nothing: it says "
                "what else would be gained and lost, and waits for approval. In the terminal:"
            }
            pre.json { "orgwarden plan remove-member --group GROUP --account ACCOUNT" }
        }
    }
}

const HEADS: [&str; 12] = [
    "plan",
    "state",
    "title",
    "actions",
    "confirmed",
    "made_by",
    "made_at",
    "comment",
    "approved_by",
    "approved_at",
    "ended_at",
    "hash",
];

fn cells(plan: &PlanLine) -> Cells {
    let item = &plan.item;
    vec![
        item.id.clone(),
        item.state.name().to_owned(),
        item.title.clone(),
        item.counts.all.to_string(),
        item.counts.confirmed.to_string(),
        item.made_by.clone(),
        item.made_at.to_string(),
        csv::text(item.comment.as_ref()),
        csv::text(item.approved_by.as_ref()),
        csv::time(item.approved_at),
        csv::time(item.ended_at),
        item.hash.clone(),
    ]
}

/// Where a plan's page is.
pub(crate) fn plan_path(id: &str) -> String {
    format!("/plans/{id}")
}

/// How far a plan is: a shape and words.
pub(crate) fn state(item: &PlanItem) -> Markup {
    if item.is_expired {
        return html! { span.quiet { "Too old" } };
    }
    match item.state {
        PlanState::Planned => mark::open("Waits for approval"),
        PlanState::Approved => mark::open("Approved"),
        PlanState::Running => mark::under_way("Being carried out"),
        PlanState::Paused => mark::amber("Paused"),
        PlanState::Stopped => mark::amber("Stopped"),
        PlanState::Done => mark::green("Confirmed"),
        PlanState::Failed => mark::red("Not all confirmed"),
        PlanState::Cancelled => html! { span.quiet { "Given up" } },
    }
}

fn table(shell: &Shell, plans: &[&PlanLine]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "What" } th scope="col" { "Plan" } th.number scope="col" { "Confirmed" }
                th.wide scope="col" { "Made by" } th.number scope="col" { "Age" } th.state scope="col" { "State" }
            } }
            tbody { @for PlanLine { item, .. } in plans { tr data-href=(plan_path(&item.id)) {
                td.first.tall.m1 { a href=(plan_path(&item.id)) title=(item.title) { bdi { (item.title) } } }
                td.m3 { (item.id) span.only-phone { " · " (counted(item.counts.all, "action", "actions")) } }
                td.number.m0 { (number(item.counts.confirmed)) " of " (number(item.counts.all)) }
                td.wide.cut.m0 { @if item.made_by.is_empty() { (not_told("not told")) } @else { (item.made_by) } }
                td.number.m4 { (time::ago(shell.now, item.made_at)) }
                td.m2 { (state(item)) }
            } } }
        }
    }
}
