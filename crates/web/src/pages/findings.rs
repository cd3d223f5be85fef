//! Findings: what the rules found, the worst first.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, position};
use crate::parts::{address, export_link, mark, number, pager, time};
use crate::shell::{Place, Shell, Web};
use app::findings::{FindingFilter, FindingView, FindingsView, Severity, State as Life};
use app::views::Listed;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the list, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    state: String,
    rule: String,
    severity: String,
    #[serde(deserialize_with = "position")]
    from: i64,
    format: String,
}

/// How bad it is: a shape and a word.
pub(crate) fn severity(severity: Severity) -> Markup {
    match severity {
        Severity::Critical => mark::red("Critical"),
        Severity::High => mark::red("High"),
        Severity::Medium => mark::amber("Medium"),
        Severity::Low => html! { span.quiet { "Low" } },
    }
}

/// What a finding is, in a word.
pub(crate) fn state(state: Life) -> &'static str {
    match state {
        Life::Open => "Open",
        Life::Suppressed => "Suppressed",
        Life::Accepted => "Accepted",
        Life::Closed => "Closed",
    }
}

/// Shows the list.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let shown = if parameters.state.is_empty() {
        "open"
    } else {
        &parameters.state
    };
    let filter = FindingFilter {
        state: if shown == "all" {
            String::new()
        } else {
            shown.to_owned()
        },
        rule: parameters.rule.clone(),
        severity: parameters.severity.clone(),
    };
    if csv::is_wanted(&parameters.format) {
        let all = web.app.findings(scope, &filter, 100_000, 0).await?;
        return csv::small("findings", &HEADS, all.findings.iter().map(cells).collect()).await;
    }
    let mut view = web.app.findings(scope, &filter, ROWS, parameters.from).await?;
    let listed = Listed {
        rows: std::mem::take(&mut view.findings),
        offset: parameters.from,
        limit: ROWS,
        shown: view.shown,
        total: view.states.iter().map(|(_, findings)| findings).sum(),
        edges: None,
    };
    let kept = [
        ("state", parameters.state.as_str()),
        ("rule", &parameters.rule),
        ("severity", &parameters.severity),
    ];
    let body = html! {
        (head(&shell, &view))
        (kinds("/findings"))
        @for rule in &view.failing {
            p.note {
                (mark::amber("Could not be asked")) " " (rule.title) ": "
                (rule.error.as_deref().unwrap_or_default())
                ". Its findings are those of the last time that it could."
            }
        }
        (tabs(&parameters, shown, &view))
        @if !parameters.rule.is_empty() || !parameters.severity.is_empty() {
            p.note {
                "Only " @if !parameters.severity.is_empty() { (parameters.severity) " ones" }
                @if !parameters.rule.is_empty() { " of the rule " code { (parameters.rule) } }
                ". " a href=(address("/findings", &[("state", &parameters.state)])) { "Show all" }
            }
        }
        (list(&shell, &listed))
        (pager(&listed, "/findings", &kept, true))
        @if !listed.rows.is_empty() { p.note { (export_link("/findings", &kept)) } }
    };
    Ok(shell.page(Place::Findings, "Findings", body).into_response())
}

fn head(shell: &Shell, view: &FindingsView) -> Markup {
    let open: i64 = view.open.iter().map(|(_, findings)| findings).sum();
    html! {
        div.title {
            h1 { "Findings" span.number.short { @if open == 0 { "none is open" } @else { (number(open)) " open" } } }
            p.context {
                @for (severity, findings) in &view.open { @if *findings > 0 {
                    a href=(address("/findings", &[("severity", severity.name())])) {
                        (number(*findings)) " " (severity.name())
                    }
                    span.dot { "·" }
                } }
                (shell.age())
            }
        }
    }
}

/// The findings, and the rules that found them.
pub(crate) fn kinds(current: &str) -> Markup {
    let kinds = [("/findings", "What was found"), ("/findings/rules", "The rules")];
    html! {
        nav.kinds aria-label="Findings and rules" {
            @for (path, name) in kinds { a href=(path) aria-current=[(path == current).then_some("page")] { (name) } }
        }
    }
}

fn tabs(parameters: &Parameters, shown: &str, view: &FindingsView) -> Markup {
    let all: i64 = view.states.iter().map(|(_, findings)| findings).sum();
    let states = view
        .states
        .iter()
        .map(|(life, findings)| (life.name(), state(*life), *findings));
    let tabs: Vec<(&str, &str, i64)> = states.chain([("all", "All", all)]).collect();
    let kept = [
        ("rule", parameters.rule.as_str()),
        ("severity", &parameters.severity),
    ];
    html! {
        nav.tabs aria-label="States" {
            @for (value, name, findings) in tabs {
                @if findings > 0 || value == shown || value == "open" {
                    a href=(address("/findings", &[("state", value), kept[0], kept[1]])) aria-current=[(shown == value).then_some("true")] {
                        (name) span.number { (number(findings)) }
                    }
                }
            }
        }
    }
}

fn list(shell: &Shell, listed: &Listed<FindingView>) -> Markup {
    if listed.rows.is_empty() {
        return html! {
            div.empty {
                @if !shell.is_read() { p { b { "Nothing was read yet." } " The rules are asked after each reading." } }
                @else {
                    p {
                        b { "Nothing is found." } " The rules are asked after each reading; "
                        a href="/findings/rules" { "see them" } "."
                    }
                }
            }
        };
    }
    html! {
        table.list.dense.findings {
            thead { tr {
                th scope="col" { "Finding" }
                th scope="col" { "Severity" }
                th.wide scope="col" { "Rule" }
                th.number scope="col" { "Since" }
                th scope="col" { "State" }
            } }
            tbody { @for finding in &listed.rows { (row(shell.now, finding)) } }
        }
    }
}

fn row(now: i64, finding: &FindingView) -> Markup {
    let path = format!("/findings/{}", finding.id);
    html! {
        tr data-href=(path) {
            td.first.m1 { a href=(path) title=(finding.sentence) { bdi { (finding.sentence) } } }
            td.m2 { (severity(finding.severity)) }
            td.wide.m0 { (finding.title) }
            td.number.m4 { (time::ago(now, finding.changed_at)) }
            td.m3 { @match &finding.decision {
                Some(decision) if matches!(finding.state, Life::Suppressed | Life::Accepted) => {
                    span title=(decision.reason) { (state(finding.state)) " until " (time::day(now, decision.until)) }
                }
                _ => (state(finding.state)),
            } }
        }
    }
}

const HEADS: [&str; 10] = [
    "finding",
    "rule",
    "severity",
    "state",
    "sentence",
    "key",
    "first_at",
    "changed_at",
    "reason",
    "until",
];

fn cells(finding: &FindingView) -> Cells {
    let decision = finding.decision.as_ref();
    vec![
        finding.id.clone(),
        finding.rule.clone(),
        finding.severity.name().to_owned(),
        finding.state.name().to_owned(),
        finding.sentence.clone(),
        finding.key.to_string(),
        finding.first_at.to_string(),
        finding.changed_at.to_string(),
        csv::text(decision.map(|decision| &decision.reason)),
        csv::time(decision.map(|decision| decision.until)),
    ]
}
