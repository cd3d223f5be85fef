//! What somebody who leaves still has, what takes it away, and one plan that does.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::{account_path, counted, export_link, mark};
use crate::shell::{Place, Shell, Web};
use app::views::leaver::{Held, HeldKind, LeaverView, Removal};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

const HEADS: [&str; 8] = [
    "kind",
    "id",
    "role",
    "name",
    "detail",
    "sole_admin",
    "removed_by",
    "next_step",
];

const KINDS: [(HeldKind, &str); 8] = [
    (HeldKind::PlatformRole, "Platform roles"),
    (HeldKind::Role, "Roles"),
    (HeldKind::Group, "Groups"),
    (HeldKind::Token, "API tokens that work"),
    (HeldKind::ApiKey, "API keys of the organization that it made"),
    (HeldKind::ServiceAccount, "Service accounts that it made"),
    (HeldKind::Directory, "Directories"),
    (HeldKind::Account, "Account"),
];

/// Shows what the account still has.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(account): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let found = web.app.leaver(shell.scope()?, &account).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/accounts", "Accounts"))?;
    if csv::is_wanted(&parameters.format) {
        return csv::small("leaver", &HEADS, view.held.iter().map(cells).collect()).await;
    }
    let name = view.account.account.label();
    let path = account_path(&view.account.account);
    let size = |count: usize| i64::try_from(count).unwrap_or(0);
    let sole: Vec<&Held> = view.held.iter().filter(|held| held.is_sole_admin).collect();
    let stays = view.held.len() - view.removable();
    let body = html! {
        div.title {
            h1 {
                bdi { (name) }
                span.number { "leaving: still has " (counted(size(view.held.len()), "thing", "things")) }
            }
            p.context { a href=(path) { "The account" } span.dot { "·" } (shell.age()) }
        }
        @if view.held.is_empty() {
            p.empty {
                "Nothing is left: no role, no group, no token that works, and no directory lets it in."
            }
        }
        @else {
            dl.strip {
                div { dt { "A plan takes away" } dd.big { (view.removable()) } dd.age { "of " (view.held.len()) } }
                div {
                    dt { "Stays" }
                    dd.big { (stays) }
                    dd.age { @if stays > 0 { "each says below what to do" } @else { "nothing" } }
                }
                div {
                    dt { "Only admin of" }
                    dd.big { (sole.len()) }
                    dd.age {
                        @if sole.is_empty() {
                            "somebody else administers all of it"
                        } @else {
                            "name somebody else first"
                        }
                    }
                }
                div {
                    dt { "Tokens that work" }
                    dd.big { (view.of(HeldKind::Token).count()) }
                    dd.age { "as far as Atlassian tells" }
                }
            }
            @for held in &sole {
                p.note {
                    (mark::red("Only admin:")) " nobody else is " (held.name) ". Name somebody else first."
                }
            }
            (plan(&shell, &view))
            section {
                div.heading {
                    h2 { "What it has" span.number { (view.held.len()) } }
                    (export_link(&format!("{path}/leaving"), &[]))
                }
                (table(&view))
            }
        }
        section {
            div.heading { h2 { "Not known yet" span.number { (view.not_known.len()) } } }
            ul.plain { @for words in &view.not_known { li { (mark::open("")) (words) } } }
        }
    };
    Ok(shell
        .page(Place::Accounts, &format!("{name}, leaving"), body)
        .into_response())
}

fn cells(held: &Held) -> Cells {
    let kind = KINDS.iter().find(|(kind, _)| *kind == held.kind);
    let (by, next_step) = match &held.removal {
        Removal::Plan => ("plan".to_owned(), String::new()),
        Removal::With { what } => (format!("with {what}"), String::new()),
        Removal::Nothing { reason, next_step } => (format!("nothing: {reason}"), next_step.clone()),
    };
    vec![
        kind.map_or(String::new(), |(_, words)| (*words).to_owned()),
        held.id.clone(),
        csv::text(held.role.as_ref()),
        held.name.clone(),
        held.detail.clone(),
        held.is_sole_admin.to_string(),
        by,
        next_step,
    ]
}

fn plan(shell: &Shell, view: &LeaverView) -> Markup {
    let wishes = view.wishes().len();
    html! {
        @if shell.can_change && wishes > 0 {
            form.acts action="/plans" method="post" {
                input type="hidden" name="do" value="leaver";
                input type="hidden" name="account" value=(view.account.account.account_id);
                label {
                    input type="text" name="comment" maxlength="2000" placeholder="Why, kept with the plan" aria-label="Why, kept with the plan";
                }
                button.primary type="submit" { "Plan to take it all away" }
                p.quiet {
                    "One plan, which changes nothing until it is approved. Revoking a token cannot be undone; the rest can. The account is not deleted."
                }
            }
        }
    }
}

fn table(view: &LeaverView) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { "What" } th scope="col" { "How" } th scope="col" { "Taken away" } } }
            tbody {
                @for (kind, words) in KINDS {
                    @if view.of(kind).next().is_some() {
                        tr.group-head { td colspan="3" { b { (words) } " " (view.of(kind).count()) } }
                        @for held in view.of(kind) { (row(held)) }
                    }
                }
            }
        }
    }
}

fn row(held: &Held) -> Markup {
    html! {
        tr {
            td.words.strong.m1.all title=(held.id) {
                bdi { (held.name) } @if held.is_sole_admin { " " (mark::red("only admin")) }
            }
            td.words.m5 { (held.detail) }
            td.words.m6 {
                @match &held.removal {
                    Removal::Plan => "goes by the plan",
                    Removal::With { what } => { "goes with " (what) },
                    Removal::Nothing { reason, next_step } => {
                        (mark::amber("stays:")) " " (reason) div.quiet { "→ " (next_step) }
                    }
                }
            }
        }
    }
}
