//! API tokens and whose they are.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, position};
use crate::parts::account::status_word;
use crate::parts::filter::FilterBar;
use crate::parts::{account_link, account_path, address, mark, not_told, number, pager, time};
use crate::shell::{Place, Shell, Web};
use app::views::accounts::DAY_MS;
use app::views::tokens::{TokenChoice, TokenItem, TokenOrder, TokensAsk, TokensView};
use app::views::{Scope, Slice};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the list, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    q: String,
    view: String,
    sort: String,
    #[serde(deserialize_with = "position")]
    from: i64,
    format: String,
}

impl Parameters {
    fn ask(&self) -> TokensAsk {
        TokensAsk {
            search: self.q.clone(),
            choice: match self.view.as_str() {
                "live" => TokenChoice::Live,
                "orphans" => TokenChoice::Orphans,
                "expiring" => TokenChoice::Expiring,
                "never" => TokenChoice::NeverUsed,
                "unused" => TokenChoice::Unused,
                "ended" => TokenChoice::Ended,
                _ => TokenChoice::All,
            },
            order: match self.sort.as_str() {
                "owner" => TokenOrder::Owner,
                "unused" => TokenOrder::Unused,
                "used" => TokenOrder::Used,
                "newest" => TokenOrder::Newest,
                _ => TokenOrder::Expiry,
            },
            slice: Slice::at(self.from, ROWS),
        }
    }

    fn sorted(&self, sort: &str) -> String {
        address("/tokens", &[("view", &self.view), ("q", &self.q), ("sort", sort)])
    }
}

/// Shows the list.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let ask = parameters.ask();
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, ask).await;
    }
    let view = web.app.tokens(scope, &ask).await?;
    let all = [
        ("view", parameters.view.as_str()),
        ("q", &parameters.q),
        ("sort", &parameters.sort),
    ];
    let filters = FilterBar {
        path: "/tokens",
        hint: "Owner or label",
        search: &parameters.q,
        choices: Vec::new(),
        kept: vec![("view", &parameters.view), ("sort", &parameters.sort)],
        shown: view.tokens.shown,
        filtered_out: view.tokens.filtered_out(),
        exports: true,
    };
    let body = html! {
        (head(&shell, &view))
        (kinds("/tokens"))
        @if view.tokens.total > 0 {
            (tabs(&parameters, &view))
            (filters.markup())
        }
        (list(&shell, &parameters, &view))
        (pager(&view.tokens, "/tokens", &all, true))
    };
    Ok(shell.page(Place::Tokens, "API tokens", body).into_response())
}

/// The three kinds of credentials, each a page of its own.
pub(crate) fn kinds(current: &str) -> Markup {
    let kinds = [
        ("/tokens", "Tokens of people"),
        ("/tokens/keys", "API keys of the organization"),
        ("/tokens/service-accounts", "Service accounts"),
    ];
    html! {
        nav.kinds aria-label="Kinds of credentials" {
            @for (path, name) in kinds { a href=(path) aria-current=[(path == current).then_some("page")] { (name) } }
        }
    }
}

fn head(shell: &Shell, view: &TokensView) -> Markup {
    let tally = view.tally;
    html! {
        div.title {
            h1 {
                "API tokens"
                span.number.short { (number(tally.live)) @if tally.live == 1 { " works" } @else { " work" } }
            }
            p.context {
                @if tally.orphans > 0 {
                    (mark::red(&format!("{} of {} not active", number(tally.orphans), if tally.orphans == 1 { "an account that is" } else { "accounts that are" })))
                    span.dot { "·" }
                }
                (number(tally.expiring)) @if tally.expiring == 1 { " expires" } @else { " expire" } " within 30 days"
                span.dot { "·" } (shell.age())
                @if let Some(read_at) = view.activity_read_at {
                    span.dot { "·" } "last use as of " (time::moment(shell.now, read_at))
                }
            }
        }
    }
}

fn tabs(parameters: &Parameters, view: &TokensView) -> Markup {
    let tally = view.tally;
    let tabs = [
        ("", "All", tally.tokens),
        ("orphans", "Owner not active", tally.orphans),
        ("expiring", "Expire in 30 days", tally.expiring),
        ("never", "Never used", tally.never_used),
        ("unused", "Unused, 90 days", tally.unused),
        ("ended", "Expired or revoked", tally.ended),
    ];
    html! {
        nav.tabs aria-label="Usual filters" {
            @for (value, name, count) in tabs {
                @if count > 0 || value.is_empty() || parameters.view == value {
                    a href=(address("/tokens", &[("view", value), ("sort", &parameters.sort)])) aria-current=[(parameters.view == value).then_some("true")] {
                        (name) span.number { (number(count)) }
                    }
                }
            }
        }
    }
}

fn list(shell: &Shell, parameters: &Parameters, view: &TokensView) -> Markup {
    if view.tokens.rows.is_empty() {
        return html! {
            div.empty {
                @if view.tokens.total == 0 {
                    p {
                        b { "No API token is known." }
                        @if shell.is_read() {
                            " Nobody has one, or this key may not read them; the page of the "
                            a href="/connections" { "reading" } " says which."
                        } @else {
                            " The first reading brings them: run " code { "orgwarden sync" } "."
                        }
                    }
                } @else {
                    p {
                        b { "No API token matches." } " " (number(view.tokens.total)) " are filtered out. "
                        a href="/tokens" { "Show all" }
                    }
                }
            }
        };
    }
    let sort = parameters.sort.as_str();
    let head = |key: &str, name: &str, arrow: &str| {
        html! { a href=(parameters.sorted(key)) { (name) @if sort == key { span aria-hidden="true" { " " (arrow) } } } }
    };
    let by_use = if sort == "unused" {
        head("used", "Last used", "↓")
    } else {
        head("unused", "Last used", "↑")
    };
    html! {
        table.list.dense {
            thead { tr {
                th scope="col" { (head("owner", "Owner", "↑")) }
                th scope="col" { "Label" }
                th.number.wide scope="col" { (head("newest", "Made", "↓")) }
                th.number scope="col" { (by_use) @if sort == "used" { span aria-hidden="true" { " ↓" } } }
                th.number scope="col" { (head("", "Expires", "↑")) }
                th scope="col" { "State" }
            } }
            tbody { @for item in &view.tokens.rows { (row(shell.now, item)) } }
        }
    }
}

fn row(now: i64, item: &TokenItem) -> Markup {
    let token = &item.token;
    // Who is gone has no page in this reading.
    let is_gone = item.owner_left_as.as_deref() == Some("gone");
    let href = item.owner.as_ref().filter(|_| !is_gone).map(account_path);
    html! {
        tr data-href=[href] {
            td.first.m1 {
                @match &item.owner {
                    Some(owner) if is_gone => bdi { (owner.name.as_deref().unwrap_or(&owner.account_id)) },
                    Some(owner) => (account_link(owner)),
                    None => (not_told("owner not told")),
                }
            }
            td.cut.m3 title=(token.token_id) { bdi { (token.label.as_deref().unwrap_or(&token.token_id)) } }
            td.number.wide.m0 {
                @match token.created_at { Some(at) => (time::day(now, at)), None => (not_told("not told")) }
            }
            td.number.m0 {
                @match token.last_active_at {
                    Some(at) => (time::ago(now, at)),
                    None => (not_told("never, as far as told")),
                }
            }
            td.number.m4 {
                @match token.expires_at {
                    Some(at) => (time::ago(now, at)),
                    None => (not_told("no end told")),
                }
            }
            td.m2 { (state(now, item)) }
        }
    }
}

/// The most pressing thing about a token.
fn state(now: i64, item: &TokenItem) -> Markup {
    let token = &item.token;
    if !token.is_live {
        let is_over = token.expires_at.is_some_and(|at| at.0 <= now);
        return not_told(if is_over { "Expired" } else { "Revoked" });
    }
    if let Some(word) = item.owner_left_as.as_deref() {
        let words = match word {
            "gone" => "Owner is gone".to_owned(),
            other => format!("Owner: {}", status_word(other).to_lowercase()),
        };
        return mark::red(&words);
    }
    match (token.expires_at, token.last_active_at) {
        (Some(at), _) if at.0 - now <= 30 * DAY_MS => mark::amber("Expires soon"),
        (None, _) => mark::amber("No end told"),
        (_, None) => html! { "Never used" },
        (_, Some(at)) if now - at.0 > 90 * DAY_MS => mark::amber("Unused, 90 days"),
        _ => html! {},
    }
}

const HEADS: [&str; 11] = [
    "token_id",
    "label",
    "owner_account_id",
    "owner_name",
    "owner_email",
    "owner_left_as",
    "status",
    "works",
    "created_at",
    "expires_at",
    "last_used_at",
];

fn cells(item: &TokenItem) -> Cells {
    let token = &item.token;
    let owner = item.owner.as_ref();
    vec![
        token.token_id.clone(),
        csv::text(token.label.as_ref()),
        csv::text(owner.map(|owner| &owner.account_id)),
        csv::text(owner.and_then(|owner| owner.name.as_ref())),
        csv::text(owner.and_then(|owner| owner.email.as_ref())),
        csv::text(item.owner_left_as.as_ref()),
        csv::text(token.status.as_ref()),
        if token.is_live { "yes" } else { "no" }.to_owned(),
        csv::time(token.created_at),
        csv::time(token.expires_at),
        csv::time(token.last_active_at),
    ]
}

async fn export(web: &Web, scope: &Scope, ask: TokensAsk) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    csv::file("tokens", &HEADS, 0, move |offset| {
        let (app, scope, mut ask) = (Arc::clone(&app), scope.clone(), ask.clone());
        async move {
            ask.slice = Slice::at(offset, csv::PART);
            let rows = app.tokens(&scope, &ask).await?.tokens.rows;
            let next = csv::after(offset, rows.len());
            Ok((rows.iter().map(cells).collect(), next))
        }
    })
    .await
}
