//! One finding: what it is, why it matters, what to do, and its life.

use crate::error::PageError;
use crate::form::Fields;
use crate::pages::findings::{severity, state};
use crate::parts::{address, not_told, segment, time};
use crate::shell::{Place, Shell, Web};
use app::LOCAL_ADMINISTRATOR;
use app::findings::{DecisionRequest, FindingDetail, Kind, State as Life};
use app::views::At;
use app::views::accounts::DAY_MS;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};
use model::FindingId;
use serde_json::Value;

fn id(text: &str) -> Result<FindingId, PageError> {
    text.parse().map_err(|_| PageError::not_found("finding"))
}

/// Shows the finding.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(finding): Path<String>,
) -> Result<Markup, PageError> {
    let detail = web.app.finding(shell.scope()?, id(&finding)?).await?;
    let finding = &detail.finding;
    let body = html! {
        div.title {
            h1 { (finding.title) }
            p.context {
                (severity(finding.severity)) span.dot { "·" } (state(finding.state)) span.dot { "·" }
                "since " (time::moment(shell.now, finding.changed_at)) span.dot { "·" } code.id { (finding.id) }
            }
        }
        div.beside {
            div {
                section {
                    p.prose { b { bdi { (finding.sentence) } } }
                    dl.pairs { @for (column, value) in finding.found.as_object().into_iter().flatten() {
                        dt { (column) }
                        dd { (cell(column, value)) }
                    } }
                }
                (words(&detail))
                (life(&shell, &detail))
            }
            aside { (todo(&shell, &detail)) }
        }
    };
    Ok(shell.page(Place::Findings, &finding.title, body))
}

/// A cell of the row; ids lead to the pages of what they name.
fn cell(column: &str, value: &Value) -> Markup {
    let text = match value {
        Value::Null => return not_told("not told"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let folder = match column {
        "account_id" => Some("/accounts"),
        "group_id" => Some("/groups"),
        "resource_id" | "workspace_id" => Some("/workspaces"),
        "run_id" => Some("/runs"),
        _ => None,
    };
    html! {
        @match folder {
            Some(folder) => a href=(format!("{folder}/{}", segment(&text))) { bdi { (text) } },
            None => bdi { (text) },
        }
    }
}

fn words(detail: &FindingDetail) -> Markup {
    let Some(rule) = &detail.rule else {
        return html! { section { p.quiet { "The rule " code { (detail.finding.rule) } " that found it is gone." } } };
    };
    html! {
        section {
            @if !rule.explanation.is_empty() { div.heading { h2 { "Why it matters" } } p.prose { (rule.explanation) } }
        }
        section {
            @if !rule.remediation.is_empty() { div.heading { h2 { "What to do" } } p.prose { (rule.remediation) } }
        }
        section {
            div.heading { h2 { "The rule" } }
            p {
                a href=(address("/findings", &[("rule", &rule.id)])) { "All findings of " (rule.id) }
                span.dot { " · " } a href=(address("/query", &[("sql", &rule.sql)])) { "Open its question" }
            }
            pre.json { (rule.sql) }
        }
    }
}

fn life(shell: &Shell, detail: &FindingDetail) -> Markup {
    html! {
        section {
            div.heading { h2 { "Its life" span.number { (detail.life.len()) } } }
            ol.plain { @for step in &detail.life {
                li {
                    (time::moment(shell.now, step.at)) " " b { (step.transition) } " by " (step.actor)
                    @if let Some(run) = step.run { " after " a href=(format!("/runs/{run}")) { (run.to_string()) } }
                    @if !step.reason.is_empty() { ": " bdi { (step.reason) } }
                }
            } }
        }
    }
}

fn todo(shell: &Shell, detail: &FindingDetail) -> Markup {
    let finding = &detail.finding;
    let path = format!("/findings/{}", finding.id);
    let day = |days: i64| time::day_of(At(shell.now + days * DAY_MS)).map(|day| day.to_string());
    html! {
        section.todo {
            div.heading { h2 { "What you can do" } }
            @match finding.state {
                Life::Closed => p.quiet { "It is gone. If it comes back, it opens again." },
                Life::Suppressed | Life::Accepted => {
                    @if let Some(decision) = &finding.decision {
                        p { (decision.by) ": " bdi { (decision.reason) } }
                        p.quiet { "It opens again by itself " (time::moment(shell.now, decision.until)) "." }
                    }
                    form action=(path) method="post" {
                        button type="submit" name="do" value="reopen" { "Open it again now" }
                    }
                },
                Life::Open => {
                    form.approval action=(path) method="post" {
                        label {
                            span { "Why; kept with your name" }
                            textarea name="reason" rows="3" maxlength="2000" required {}
                        }
                        label { span { "Until this day, when it opens again by itself" }
                            input type="date" name="until" required min=[day(1)] value=[day(90)];
                        }
                        button type="submit" name="do" value="suppress" { "It is no problem here" }
                        button type="submit" name="do" value="accept" { "We live with the risk" }
                    }
                },
            }
        }
    }
}

/// Decides about the finding what a form says.
pub(crate) async fn decide(
    State(web): State<Web>,
    shell: Shell,
    Path(finding): Path<String>,
    fields: Fields,
) -> Result<Redirect, PageError> {
    let (scope, finding) = (shell.scope()?, id(&finding)?);
    let kind = match fields.one("do") {
        "reopen" => None,
        "accept" => Some(Kind::Accepted),
        _ => Some(Kind::Suppressed),
    };
    match kind {
        None => {
            web.app
                .finding_reopen(scope, finding, LOCAL_ADMINISTRATOR)
                .await?;
        }
        Some(kind) => {
            let request = DecisionRequest {
                kind,
                reason: fields.one("reason").to_owned(),
                // What is no day is refused as one that is over.
                until: At::parse(fields.one("until")).unwrap_or(At(0)),
            };
            web.app
                .finding_decide(scope, finding, &request, LOCAL_ADMINISTRATOR)
                .await?;
        }
    }
    Ok(Redirect::to(&format!("/findings/{finding}")))
}
