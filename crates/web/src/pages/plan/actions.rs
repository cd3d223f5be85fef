//! What is sent to Atlassian, in order, each with its state.

use super::Parameters;
use super::status::is_moving;
use crate::pages::ROWS;
use crate::pages::plans::plan_path;
use crate::parts::{address, counted, export_link, mark, number, pager};
use app::plans::{ActionView, PlanChoices, PlanView};
use app::views::Listed;
use maud::{Markup, html};
use model::ActionState;

fn action_state(action: &ActionView) -> Markup {
    match action.state {
        ActionState::Planned | ActionState::Approved => mark::open("To come"),
        ActionState::Running => mark::under_way("Sent"),
        ActionState::Unknown => mark::under_way("Being found out"),
        ActionState::Confirmed if action.was_so => mark::green("Was so already"),
        ActionState::Confirmed => mark::green("Confirmed"),
        ActionState::Failed => mark::red("Not done"),
        ActionState::Stuck => mark::red("Stuck"),
    }
}

/// The part of the actions that the address asks for; swapped while the plan is carried out.
pub(super) fn section(view: &PlanView, choices: &PlanChoices, parameters: &Parameters) -> Markup {
    let plan = &view.plan;
    let path = plan_path(&plan.id);
    let troubled = plan.counts.failed + plan.counts.stuck;
    let shown = if parameters.show == "look" {
        troubled
    } else {
        plan.counts.all
    };
    let position = parameters.from.to_string();
    let from = if parameters.from > 0 {
        position.as_str()
    } else {
        ""
    };
    let refresh = is_moving(view, choices).then(|| {
        let part = [
            ("part", "actions"),
            ("show", parameters.show.as_str()),
            ("from", from),
        ];
        address(&format!("{path}/progress"), &part)
    });
    let listed = Listed {
        rows: view.actions.iter().collect::<Vec<_>>(),
        offset: parameters.from,
        limit: ROWS,
        shown,
        total: plan.counts.all,
        edges: None,
    };
    let tab = |name: &str, show: &str, count: i64| {
        let is_here = parameters.show == show;
        html! {
            a href=(format!("{}#actions", address(&path, &[("show", show)]))) aria-current=[is_here.then_some("true")] {
                (name) span.number { (number(count)) }
            }
        }
    };
    html! {
        section #actions data-refresh=[refresh] aria-live="off" {
            div.heading {
                h2 {
                    "What is sent, in order" span.number { (counted(plan.counts.all, "change", "changes")) }
                }
                (export_link(&path, &[("table", "actions")]))
            }
            @if troubled > 0 && troubled < plan.counts.all {
                p.tabs { (tab("All", "", plan.counts.all)) (tab("To look at", "look", troubled)) }
            }
            @if view.actions.is_empty() { p.empty { "None here." } } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Change" }
                            th scope="col" { "Expects" @if troubled > 0 { ", or why not" } }
                            th.state scope="col" { "State" }
                        }
                    }
                    tbody { @for action in &view.actions { tr {
                        td.words.m1.all title=(action.id) {
                            (action.what)
                            @if !action.can_be_undone { " " span.quiet { "No undo." } }
                            @if !action.needs.is_empty() {
                                " " span.quiet { "Waits for " (action.needs.join(", ")) "." }
                            }
                        }
                        td.words.m5 {
                            @match &action.reason {
                                Some(reason) => {
                                    (reason)
                                    @if let Some(next) = &action.next_step { div.quiet { "→ " (next) } }
                                }
                                None => span.quiet { (action.expects) },
                            }
                        }
                        td.words.m6 {
                            (action_state(action))
                            @if action.attempts > 1 { " " span.quiet { "sent " (action.attempts) " times" } }
                        }
                    } } }
                }
                @if shown > ROWS { (pager(&listed, &path, &[("show", &parameters.show)], false)) }
            }
            @if plan.counts.waiting > 0 {
                p.note.quiet {
                    "What a change expects is looked at again before it is sent: what is so already is left alone, "
                    "what cannot be any more is not sent. After a failure the rest "
                    @if plan.goes_on { "goes on." } @else { "waits." }
                }
            }
        }
    }
}
