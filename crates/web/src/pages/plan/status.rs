//! How far the plan is: the line under its name, its steps, and the numbers that are swapped while it is carried out.

use crate::pages::plans::{plan_path, state};
use crate::parts::{address, mark, number, time};
use crate::shell::Shell;
use app::plans::{PlanChoices, PlanItem, PlanView};
use maud::{Markup, html};
use model::PlanState;

/// Who made and approved it, and when.
pub(super) fn context(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    html! {
        "Made by " (plan.made_by) " " (time::ago(shell.now, plan.made_at))
        @if let (Some(by), Some(at)) = (&plan.approved_by, plan.approved_at) {
            span.dot { "·" } "approved by " (by) " " (time::ago(shell.now, at))
        }
        @if let Some(undone) = &plan.undo_of { span.dot { "·" } "undoes " a href=(plan_path(undone)) { (undone) } }
        @if plan.started_at.is_none() && !choices.is_asked { span.dot { "·" } "nothing has been sent to Atlassian" }
    }
}

/// From being proposed to being confirmed.
pub(super) fn steps(view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let is_approved = plan.approved_at.is_some();
    let is_begun = plan.started_at.is_some();
    let step = |is_done: bool, is_here: bool, words: &str| {
        html! {
            li aria-current=[is_here.then_some("step")] {
                @if is_done {
                    (mark::green(words))
                } @else if is_here {
                    (mark::under_way(words))
                } @else {
                    (mark::open(words))
                }
            }
        }
    };
    let runs = plan.state == PlanState::Running || choices.is_asked;
    let carried_out = match (runs, is_begun) {
        (true, _) => "Being carried out",
        (false, true) => "Carried out",
        (false, false) => "To be carried out",
    };
    html! {
        ol.steps aria-label="How far it is" {
            (step(true, false, "Proposed"))
            @match plan.state {
                PlanState::Cancelled => li { span.quiet { "Given up" } },
                _ if plan.is_expired => li { span.quiet { "Too old to be begun" } },
                PlanState::Failed => {
                    (step(true, false, "Approved")) (step(true, false, "Carried out"))
                    li aria-current="step" { (mark::red("Not all confirmed")) }
                }
                PlanState::Stopped | PlanState::Paused => {
                    (step(true, false, "Approved"))
                    li aria-current="step" { (state(plan)) }
                    (step(false, false, "Confirmed"))
                }
                _ => {
                    (step(is_approved, !is_approved, if is_approved { "Approved" } else { "Waits for approval" }))
                    (step(is_begun && !runs, is_approved && (runs || !is_begun), carried_out))
                    (step(plan.state == PlanState::Done, false, "Confirmed"))
                },
            }
        }
    }
}

/// Whether the page is to be looked at again by itself.
pub(super) fn is_moving(view: &PlanView, choices: &PlanChoices) -> bool {
    choices.is_asked || view.plan.state == PlanState::Running && choices.is_worked_on
}

/// The numbers, swapped while the plan is carried out.
pub(super) fn live(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let counts = &plan.counts;
    let over = counts.confirmed + counts.failed + counts.stuck;
    let is_moving = is_moving(view, choices);
    let done = (!is_moving).then_some("1");
    let refresh = is_moving.then(|| format!("{}/progress", plan_path(&plan.id)));
    html! {
        div #live data-refresh=[refresh] data-turn=(plan.state.name()) data-done=[done] aria-live="off" {
            dl.strip {
                div {
                    dt { "Asked for" }
                    dd.big { (number(counts.all)) small { @if counts.all == 1 { " change" } @else { " changes" } } }
                    dd.age {
                        @if view.refused.is_empty() {
                            "none refused"
                        } @else {
                            a href="#refused" { (view.refused.len()) " more refused" }
                        }
                    }
                }
                div {
                    dt { "Access lost" }
                    (roles(view.effects.lost_count, "remain by another way", view.effects.remaining_count))
                }
                div {
                    dt { "Access gained" }
                    (roles(view.effects.gained_count, "not known", view.effects.unknown_count))
                }
                div {
                    dt { "Confirmed" }
                    dd.big { (number(counts.confirmed)) small { " of " (number(counts.all)) } }
                    dd.age {
                        @if is_moving {
                            progress value=(over) max=(counts.all.max(1)) aria-label="Settled" {}
                        } @else if counts.failed + counts.stuck > 0 {
                            a href=(look(plan)) { (to_look_at(plan)) }
                        } @else {
                            @match plan.ended_at {
                                Some(at) => (time::ago(shell.now, at)),
                                None => "nothing sent yet",
                            }
                        }
                    }
                }
            }
            (said(view, choices))
        }
    }
}

fn roles(count: usize, besides: &str, number_besides: usize) -> Markup {
    let size = |count: usize| number(i64::try_from(count).unwrap_or(i64::MAX));
    html! {
        dd.big { (size(count)) small { @if count == 1 { " role" } @else { " roles" } } }
        dd.age { @if number_besides > 0 { (size(number_besides)) " " (besides) } @else { "by what was read" } }
    }
}

fn look(plan: &PlanItem) -> String {
    format!("{}#actions", address(&plan_path(&plan.id), &[("show", "look")]))
}

fn to_look_at(plan: &PlanItem) -> String {
    let counts = &plan.counts;
    match (counts.failed, counts.stuck) {
        (failed, 0) => format!("{} failed", number(failed)),
        (0, stuck) => format!("{} stuck", number(stuck)),
        (failed, stuck) => format!("{} failed, {} stuck", number(failed), number(stuck)),
    }
}

/// What is to be said about how it goes.
fn said(view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    html! {
        @if let Some(trouble) = &choices.trouble {
            p.note {
                @if trouble.passes {
                    (mark::amber("It waits:")) " " (trouble.detail) ". It is tried again within a minute."
                }
                @else { (mark::red("It did not go on:")) " " (trouble.detail) "." }
            }
        } @else if choices.is_asked && plan.state != PlanState::Running {
            p.note {
                (mark::under_way("Asked for."))
                " It begins within seconds, after the plan that is carried out now if there is one."
            }
        } @else if plan.state == PlanState::Running && !choices.is_worked_on && !choices.is_asked {
            p.note {
                (mark::amber("Nobody carries it out any more:"))
                " the process that did has ended. What was sent is settled by reading when it goes on."
            }
        } @else if plan.state == PlanState::Running {
            p.note { (mark::under_way("Each change is sent once and read back until it is seen.")) }
        }
        @if let Some(note) = &plan.note {
            p.note {
                @if plan.state == PlanState::Failed { (mark::red("")) } @else { (mark::amber("")) } (note) "."
            }
        }
        @if plan.counts.failed + plan.counts.stuck > 0 {
            p.note { a href=(look(plan)) { "See why and what to do: " (to_look_at(plan)) } "." }
        }
    }
}
