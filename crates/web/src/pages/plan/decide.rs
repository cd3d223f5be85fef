//! Beside the plan: which guards hold it back, and what this person can do with it.

use crate::pages::plans::plan_path;
use crate::parts::{counted, mark};
use crate::shell::Shell;
use app::plans::{May, PlanChoices, PlanView};
use maud::{Markup, html};
use model::PlanState;

/// The guards that speak.
pub(super) fn guards(view: &PlanView) -> Markup {
    html! {
        section {
            div.heading {
                h2 {
                    "Guards"
                    span.number {
                        @match view.guards.len() {
                            0 => "none speaks",
                            1 => "1 speaks",
                            many => { (many) " speak" },
                        }
                    }
                }
                a.aside href="/guards" { "All guards" }
            }
            @if !view.guards.is_empty() {
                ul.plain {
                    @for trip in &view.guards {
                        li { (mark::amber(&trip.guard.replace('_', " "))) div.quiet { (trip.detail) } }
                    }
                }
            }
            @if let Some(reason) = &view.overridden { p.note { "Approved all the same: “" (reason) "”" } }
        }
    }
}

fn button(view: &PlanView, what: &str, words: &str, is_first: bool) -> Markup {
    html! {
        form action=(format!("{}/{what}", plan_path(&view.plan.id))) method="post" {
            button.primary[is_first] type="submit" { (words) }
        }
    }
}

/// What this person can do with it.
pub(super) fn todo(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let changes = counted(plan.counts.waiting, "change", "changes");
    let undone = counted(
        i64::try_from(view.can_be_undone).unwrap_or(0),
        "change",
        "changes",
    );
    let carry_out = match plan.started_at {
        Some(_) => format!("Go on with {changes}"),
        None => format!("Carry out {changes}"),
    };
    let nothing = [
        &choices.approve,
        &choices.apply,
        &choices.pause,
        &choices.cancel,
        &choices.undo,
    ]
    .iter()
    .all(|may| **may == May::No);
    if nothing {
        return html! {};
    }
    html! {
        section.todo {
            div.heading { h2 { @match plan.state {
                PlanState::Planned => "Approve",
                PlanState::Approved if !choices.is_asked => "Carry it out",
                PlanState::Paused | PlanState::Stopped => "Go on",
                PlanState::Running => "While it runs",
                _ => "What you can do",
            } } }
            @if !shell.can_change {
                p.note {
                    "These pages only show what is stored: plans are carried out by "
                    code { "orgwarden serve" } " with its key, or by "
                    code { "orgwarden plan apply " (plan.id) } "."
                }
            } @else {
                @match &choices.approve {
                    May::Yes => (approval(view, choices, &changes)),
                    May::NotSince(why) => p.note { (mark::amber("You cannot approve it.")) " " (why) },
                    May::No => {},
                }
                @match &choices.apply {
                    May::Yes => {
                        (button(view, "apply", &carry_out, true))
                        p.note.quiet { "Each is sent once and read back until it is seen." }
                    },
                    May::NotSince(why) => p.note { (mark::amber("It cannot be carried out.")) " " (why) },
                    May::No => {},
                }
                @if choices.pause == May::Yes {
                    (button(view, "pause", "Pause", false))
                    p.note.quiet { "What was sent is settled; the rest waits." }
                }
                @if choices.undo == May::Yes {
                    (button(view, "undo", &format!("Plan to undo {undone}"), plan.state == PlanState::Failed))
                    p.note.quiet { "Makes a plan that waits for approval like any other. What was so before is left." }
                }
                @if choices.cancel == May::Yes { (button(view, "cancel", "Give it up", false)) }
            }
        }
    }
}

fn approval(view: &PlanView, choices: &PlanChoices, changes: &str) -> Markup {
    let plan = &view.plan;
    let is_held = !view.guards.is_empty();
    html! {
        form.approval action=(format!("{}/approve", plan_path(&plan.id))) method="post" {
            input type="hidden" name="hash" value=(plan.hash);
            @if plan.comment.is_none() {
                label {
                    span {
                        @if choices.wants_comment {
                            "Why, because it has many changes"
                        } @else {
                            "Why, if you want to say it"
                        }
                        ", kept with the plan"
                    }
                    textarea name="comment" rows="3" maxlength="2000" required[choices.wants_comment] {}
                }
            }
            @if is_held {
                label {
                    span { "Why, although guards hold it back; kept with your name" }
                    textarea name="reason" rows="3" maxlength="2000" required {}
                }
            }
            @if choices.writes {
                button.primary type="submit" name="then" value="apply" { "Approve and carry out " (changes) }
            }
            button.primary[!choices.writes] type="submit" {
                "Approve" @if choices.writes { " only" } @else { " " (changes) }
            }
            @if !choices.writes {
                p.note.quiet {
                    "Changes are switched off for this connection, so it waits until they are on."
                }
            }
        }
    }
}
