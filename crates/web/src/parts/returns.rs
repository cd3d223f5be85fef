//! Access that is there again after a plan took it away.

use crate::csv::{self, Cells};
use crate::parts::{export_link, mark, time};
use app::plans::Return;
use maud::{Markup, html};

/// The names of the columns of a file.
pub(crate) const HEADS: [&str; 8] = [
    "plan",
    "action",
    "what",
    "removed_at",
    "noticed_at",
    "run",
    "cause",
    "is_still_so",
];

/// The rows of a file.
pub(crate) fn rows(returns: &[Return]) -> Vec<Cells> {
    let row = |found: &Return| {
        vec![
            found.plan.clone(),
            found.action_id.clone(),
            found.what.clone(),
            csv::time(found.removed_at),
            found.noticed_at.to_string(),
            found.run.clone(),
            found.cause.clone(),
            found.is_still_so.to_string(),
        ]
    };
    returns.iter().map(row).collect()
}

/// A section that says what came back, when it was noticed and why; nothing when nothing did.
pub(crate) fn section(now: i64, returns: &[Return], path: &str, names_plan: bool) -> Markup {
    html! {
        @if !returns.is_empty() {
            section #returns {
                div.heading {
                    h2 { "Came back after it was taken away" span.number { (returns.len()) } }
                    (export_link(path, &[("table", "returns")]))
                }
                table.list {
                    thead {
                        tr {
                            th scope="col" { "What was done" }
                            th scope="col" { "Why it is so again" }
                            th scope="col" { "Noticed" }
                            th.state scope="col" { "State" }
                        }
                    }
                    tbody { @for found in returns { tr {
                        td.words.m1.all {
                            (found.what)
                            @if names_plan {
                                ", by " a href=(format!("/plans/{}", found.plan)) { (found.plan) }
                            }
                        }
                        td.words.m5 { (found.cause) }
                        td.m6 {
                            (time::ago(now, found.noticed_at)) ", by "
                            a href=(format!("/runs/{}", found.run)) { (found.run) }
                        }
                        td.m7 {
                            @if found.is_still_so {
                                (mark::red("There again"))
                            } @else {
                                span.quiet { "Gone again" }
                            }
                        }
                    } } }
                }
            }
        }
    }
}
