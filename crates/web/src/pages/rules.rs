//! The rules: what is looked for, and how asking went.

use crate::error::PageError;
use crate::pages::findings::{kinds, severity};
use crate::parts::{address, cell_number, mark, time};
use crate::shell::{Place, Shell, Web};
use app::findings::RuleView;
use axum::extract::State;
use maud::{Markup, html};

/// Shows the rules.
pub(crate) async fn show(State(web): State<Web>, shell: Shell) -> Result<Markup, PageError> {
    let view = web.app.rules(shell.scope.as_ref()).await?;
    let rules = i64::try_from(view.rules.len()).unwrap_or(0);
    let body = html! {
        div.title {
            h1 { "Rules" span.number.short { (rules) } }
            p.context {
                "Each is a question in SQL, asked after every reading. Files of your own lie in the folder that rules_folder names"
            }
        }
        (kinds("/findings/rules"))
        @if !view.problems.is_empty() {
            section.first {
                div.heading { h2 { "Refused" span.number { (view.problems.len()) } } }
                ul.plain {
                    @for problem in &view.problems {
                        li { (mark::red("Refused")) " " code { (problem.to_string()) } }
                    }
                }
            }
        }
        table.list.dense {
            thead { tr {
                th scope="col" { "Rule" }
                th scope="col" { "Severity" }
                th.number scope="col" { "Open" }
                th.number.wide scope="col" { "Asked" }
                th scope="col" { "State" }
            } }
            tbody { @for rule in &view.rules { (row(&shell, rule)) } }
        }
        @if view.rules.iter().all(|rule| rule.asked_at.is_none()) {
            p.note { "No rule was asked yet: that is done after the next reading." }
        }
    };
    Ok(shell.page(Place::Findings, "Rules", body))
}

fn row(shell: &Shell, rule: &RuleView) -> Markup {
    let path = address("/findings", &[("rule", &rule.id)]);
    html! {
        tr data-href=(path) {
            td.first.m1 { a href=(path) title=(rule.explanation) { (rule.title) } }
            td.m2 { (severity(rule.severity)) }
            td.number.m4 { (cell_number(rule.open)) }
            td.number.wide.m0 {
                @if let Some(at) = rule.asked_at {
                    (time::ago(shell.now, at))
                } @else {
                    span.quiet { "not yet" }
                }
            }
            td.m3 {
                @if !rule.enabled { span.quiet { "Switched off" } }
                @else if let Some(error) = &rule.error { span title=(error) { (mark::amber("Could not be asked")) } }
                @else if let Some(file) = &rule.file { (file) }
                @else { span.quiet { (rule.tags.join(", ")) } }
            }
        }
    }
}
