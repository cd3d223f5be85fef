//! The organization's service accounts.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::tokens::kinds;
use crate::parts::account::status_word;
use crate::parts::{account_link, export_link, mark, not_told, segment};
use crate::shell::{Place, Shell, Web};
use app::views::inventory::ServiceAccountLine;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

/// Shows the service accounts, by name.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let accounts = web.app.service_accounts(scope).await?;
    if csv::is_wanted(&parameters.format) {
        return csv::small("service-accounts", &HEADS, accounts.iter().map(cells).collect()).await;
    }
    let active = accounts.iter().filter(|account| is_active(account)).count();
    let body = html! {
        div.title {
            h1 { "Service accounts" span.number.short { (active) " active" } }
            p.context { "Accounts that programs use, not people" span.dot { "·" } (shell.age()) }
        }
        (kinds("/tokens/service-accounts"))
        @if accounts.is_empty() {
            div.empty {
                p {
                    b { "No service account is known." }
                    @if shell.is_read() {
                        " There is none, or this key may not list them; the page of the "
                        a href="/connections" { "reading" } " says which."
                    } @else {
                        " The first reading brings them."
                    }
                }
            }
        } @else {
            div.heading {
                h2 { "Service accounts" span.number { (accounts.len()) } }
                (export_link("/tokens/service-accounts", &[]))
            }
            (list(&accounts))
        }
    };
    Ok(shell
        .page(Place::Tokens, "Service accounts", body)
        .into_response())
}

fn is_active(account: &ServiceAccountLine) -> bool {
    account
        .status
        .as_deref()
        .is_some_and(|status| status.eq_ignore_ascii_case("active"))
}

fn list(accounts: &[ServiceAccountLine]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "For" }
                th scope="col" { "Made by" }
                th.wide scope="col" { "Account id" }
                th scope="col" { "State" }
            } }
            tbody { @for account in accounts { tr {
                // Atlassian lists some among the accounts and others not; only the former have a page.
                td.first.m1 title=(account.account_id) {
                    @if account.is_listed {
                        a href=(format!("/accounts/{}", segment(&account.account_id))) {
                            bdi { (account.name.as_deref().unwrap_or(&account.account_id)) }
                        }
                    } @else { bdi { (account.name.as_deref().unwrap_or(&account.account_id)) } }
                }
                td.cut.m3 {
                    @match account.description.as_deref().filter(|text| !text.is_empty()) {
                        Some(text) => bdi { (text) },
                        None => (not_told("not told")),
                    }
                }
                td.cut.m4 {
                    @match &account.created_by {
                        Some(maker) if account.maker_is_there => (account_link(maker)),
                        Some(maker) => bdi { (maker.label()) },
                        None => (not_told("not told")),
                    }
                }
                td.wide.cut.m0 { code.id title=(account.account_id) { (account.account_id) } }
                td.m2 { @match &account.status {
                    Some(_) if is_active(account) => (mark::green("Active")),
                    Some(status) => (mark::amber(&status_word(&status.to_lowercase()))),
                    None => (not_told("not told")),
                } }
            } } }
        }
    }
}

const HEADS: [&str; 5] = [
    "account_id",
    "name",
    "status",
    "description",
    "made_by_account_id",
];

fn cells(account: &ServiceAccountLine) -> Cells {
    vec![
        account.account_id.clone(),
        csv::text(account.name.as_ref()),
        csv::text(account.status.as_ref()),
        csv::text(account.description.as_ref()),
        csv::text(account.created_by.as_ref().map(|maker| &maker.account_id)),
    ]
}
