//! The organization's API keys, and how long each still works.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::tokens::kinds;
use crate::parts::{account_link, counted, export_link, mark, not_told, time};
use crate::shell::{Place, Shell, Web};
use app::views::inventory::{InventoryFilter, KeyLine};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// From how many days before its end a key needs a person.
const SOON_DAYS: i64 = 30;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

/// Shows the keys, soonest to expire first.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let keys = web.app.api_keys(scope, &InventoryFilter::default()).await?;
    if csv::is_wanted(&parameters.format) {
        return csv::small("api-keys", &HEADS, keys.iter().map(cells).collect()).await;
    }
    let body = html! {
        (head(&shell, &keys))
        (kinds("/tokens/keys"))
        @if keys.is_empty() {
            div.empty {
                p {
                    b { "No API key is known." }
                    @if shell.is_read() {
                        " The key of this connection may not list them, or there is none; the page of the "
                        a href="/connections" { "reading" } " says which."
                    } @else {
                        " The first reading brings them."
                    }
                }
            }
        } @else {
            div.heading { h2 { "API keys" span.number { (keys.len()) } } (export_link("/tokens/keys", &[])) }
            (list(shell.now, &keys))
        }
    };
    Ok(shell.page(Place::Tokens, "API keys", body).into_response())
}

/// Whole days until a key ends, where they are few and not over.
fn is_soon(key: &KeyLine) -> bool {
    key.expires_in_days
        .is_some_and(|days| (0..=SOON_DAYS).contains(&days))
}

fn head(shell: &Shell, keys: &[KeyLine]) -> Markup {
    let works = |key: &&KeyLine| key.expires_in_days.is_none_or(|days| days >= 0);
    let working = keys.iter().filter(works).count();
    let soon = keys.iter().filter(|key| is_soon(key)).count();
    let unused = keys
        .iter()
        .filter(|key| works(key) && key.last_active_at.is_none())
        .count();
    html! {
        div.title {
            h1 { "API keys" span.number.short { (working) @if working == 1 { " works" } @else { " work" } } }
            p.context {
                @if soon > 0 {
                    (mark::amber(&format!("{soon} {} within {SOON_DAYS} days", if soon == 1 { "expires" } else { "expire" })))
                }
                @else { "None expires within " (SOON_DAYS) " days" }
                @if unused > 0 { span.dot { "·" } (unused) " never used, as far as told" }
                span.dot { "·" } (shell.age())
            }
        }
    }
}

fn list(now: i64, keys: &[KeyLine]) -> Markup {
    html! {
        table.list.dense {
            thead { tr {
                th scope="col" { "Label" } th scope="col" { "Made by" } th.wide scope="col" { "May do" }
                th.number.wide scope="col" { "Made" }
                th.number scope="col" { "Last used" }
                th.number scope="col" { "Expires" }
                th scope="col" { "State" }
            } }
            tbody { @for key in keys { tr {
                td.first.m1 title=(key.key_id) { bdi { (key.label.as_deref().unwrap_or(&key.key_id)) } }
                td.cut.m3 {
                    @match &key.created_by {
                        Some(maker) if key.maker_is_there => (account_link(maker)),
                        Some(maker) => bdi { (maker.label()) },
                        None => (not_told("not told")),
                    }
                }
                td.wide.m0 title=(scopes(key).join(", ")) { (may_do(key)) }
                td.number.wide.m0 {
                    @match key.created_at { Some(at) => (time::day(now, at)), None => (not_told("not told")) }
                }
                td.number.m0 {
                    @match key.last_active_at {
                        Some(at) => (time::ago(now, at)),
                        None => (not_told("never, as far as told")),
                    }
                }
                td.number.m4 {
                    @match key.expires_at {
                        Some(at) => (time::ago(now, at)),
                        None => (not_told("no end told")),
                    }
                }
                td.m2 { (state(key)) }
            } } }
        }
    }
}

fn state(key: &KeyLine) -> Markup {
    match key.expires_in_days {
        Some(..0) => not_told("Expired"),
        Some(days) if days <= SOON_DAYS => mark::amber("Expires soon"),
        None => mark::amber("No end told"),
        Some(_) => html! { "Works" },
    }
}

fn scopes(key: &KeyLine) -> Vec<&str> {
    let scopes = key.scopes.as_array().into_iter().flatten();
    scopes.filter_map(serde_json::Value::as_str).collect()
}

fn may_do(key: &KeyLine) -> Markup {
    let scopes = i64::try_from(scopes(key).len()).unwrap_or(0);
    match key.key_type.as_deref() {
        Some("UNSCOPED") => html! { "Everything" },
        _ if scopes > 0 => html! { (counted(scopes, "scope", "scopes")) },
        Some(kind) => html! { (kind.to_lowercase().replace('_', " ")) },
        None => not_told("not told"),
    }
}

const HEADS: [&str; 9] = [
    "key_id",
    "label",
    "key_type",
    "made_by_account_id",
    "created_at",
    "expires_at",
    "expires_in_days",
    "last_used_at",
    "scopes",
];

fn cells(key: &KeyLine) -> Cells {
    vec![
        key.key_id.clone(),
        csv::text(key.label.as_ref()),
        csv::text(key.key_type.as_ref()),
        csv::text(key.created_by.as_ref().map(|maker| &maker.account_id)),
        csv::time(key.created_at),
        csv::time(key.expires_at),
        key.expires_in_days
            .map_or_else(String::new, |days| days.to_string()),
        csv::time(key.last_active_at),
        scopes(key).join(" "),
    ]
}
