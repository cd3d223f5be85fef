//! What is on record of the plan: its rehearsal, its particulars, its journal.

use crate::pages::plans::plan_path;
use crate::parts::{copyable, counted, export_link, mark, not_told, number, segment, time};
use crate::shell::Shell;
use app::plans::PlanView;
use maud::{Markup, html};
use model::PlanState;

/// Lines of the journal that are listed; the file has all.
const LINES: usize = 20;

/// The latest lines of the journal.
pub(super) fn journal(shell: &Shell, view: &PlanView) -> Markup {
    let path = plan_path(&view.plan.id);
    html! {
        section #journal {
            div.heading {
                h2 {
                    "Journal"
                    @if view.journal.len() > LINES {
                        span.number { "the latest " (LINES) " of " (view.journal.len()) }
                    }
                }
                (export_link(&path, &[("table", "journal")]))
            }
            table.list {
                thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "By" } } }
                tbody { @for line in view.journal.iter().rev().take(LINES) { tr {
                    td.when.m3 { (time::moment(shell.now, line.at)) }
                    td.words.m1.all {
                        @if let Some(action) = &line.action { span.quiet { (action) " " } }
                        (line.event) @if !line.detail.is_empty() { ": " (shortened(&line.detail)) }
                    }
                    td.when.m4 { (line.actor) }
                } } }
            }
        }
    }
}

/// A hash tells nothing beyond its beginning.
fn shortened(detail: &str) -> &str {
    let is_hash = detail.len() == 64 && detail.bytes().all(|byte| byte.is_ascii_hexdigit());
    detail.get(..12).filter(|_| is_hash).unwrap_or(detail)
}

/// What a rehearsal showed, and how far reality differed from it.
pub(super) fn rehearsed(shell: &Shell, view: &PlanView) -> Markup {
    let Some(rehearsal) = &view.rehearsal else {
        return html! {};
    };
    let size = |count: usize| number(i64::try_from(count).unwrap_or(i64::MAX));
    let requests = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX));
    let surprises = |count: usize| counted(i64::try_from(count).unwrap_or(i64::MAX), "change", "changes");
    html! {
        section #rehearsal {
            div.heading { h2 { "Rehearsed" span.number { (time::ago_text(shell.now, rehearsal.rehearsed_at)) } } }
            dl.particulars {
                div {
                    dt { "Confirmed" }
                    dd {
                        (size(rehearsal.confirmed))
                        @if !rehearsal.others.is_empty() {
                            ", " (mark::amber(&format!("{} not", rehearsal.others.len())))
                        }
                    }
                }
                div {
                    dt { "Access lost, gained" }
                    dd { (size(rehearsal.lost_count)) ", " (size(rehearsal.gained_count)) }
                }
                div {
                    dt { "It took" }
                    dd {
                        (requests(rehearsal.requests)) " requests, "
                        (time::duration_text(rehearsal.duration_ms))
                    }
                }
                @if let Some(reality) = &view.reality {
                    div {
                        dt { "Really" }
                        dd {
                            (requests(reality.requests)) " requests, "
                            (time::duration_text(reality.duration_ms))
                        }
                    }
                    div {
                        dt { "Ended otherwise" }
                        dd {
                            @if reality.surprises.is_empty() {
                                "no change"
                            } @else {
                                (mark::amber(&surprises(reality.surprises.len())))
                            }
                        }
                    }
                }
            }
            @if rehearsal.hash != view.plan.hash {
                p.note { (mark::amber("Another plan was rehearsed:")) " its hash is not this one's." }
            }
        }
    }
}

/// What else is known of it.
pub(super) fn particulars(shell: &Shell, view: &PlanView) -> Markup {
    let plan = &view.plan;
    let waits = matches!(plan.state, PlanState::Planned | PlanState::Approved);
    html! {
        section {
            div.heading { h2 { "Particulars" } }
            dl.particulars {
                div {
                    dt { "Comment" }
                    dd { @match &plan.comment { Some(comment) => (comment), None => (not_told("none")) } }
                }
                @if waits { div { dt { "Expires" } dd { (time::ago(shell.now, plan.expires_at)) } } }
                @if let Some(at) = plan.started_at { div { dt { "Begun" } dd { (time::moment(shell.now, at)) } } }
                @if let Some(at) = plan.ended_at { div { dt { "Ended" } dd { (time::moment(shell.now, at)) } } }
                div {
                    dt { "Connection" }
                    dd {
                        a href=(format!("/connections/{}", segment(&view.connection))) {
                            (view.connection)
                        }
                    }
                }
                div { dt { "Hash" } dd { (copyable(&plan.hash)) } }
            }
        }
    }
}
