//! The list of workspaces.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::{
    cell_number, counted, export_link, not_told, number, time, workspace_link, workspace_path,
};
use crate::shell::{Place, Shell, Web};
use app::views::workspaces::WorkspaceItem;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the list.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

const HEADS: [&str; 10] = [
    "workspace_id",
    "name",
    "product",
    "in_list",
    "accounts",
    "active_in_90_days",
    "seats",
    "groups",
    "roles",
    "address",
];

fn cells(item: &WorkspaceItem) -> Cells {
    let roles: Vec<String> = item
        .roles
        .iter()
        .map(|tally| format!("{}: {}", tally.role.name, tally.accounts))
        .collect();
    vec![
        item.workspace.workspace_id.clone(),
        item.workspace.name.clone(),
        item.workspace.product.clone(),
        if item.workspace.is_listed { "yes" } else { "no" }.to_owned(),
        item.accounts.to_string(),
        item.active.to_string(),
        item.capacity.map_or_else(String::new, |seats| seats.to_string()),
        item.groups.to_string(),
        roles.join("; "),
        csv::text(item.host_url.as_ref()),
    ]
}

/// Shows the list.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let view = web.app.workspaces(scope).await?;
    if csv::is_wanted(&parameters.format) {
        let rows = view.workspaces.iter().chain(&view.others).map(cells).collect();
        return csv::small("workspaces", &HEADS, rows).await;
    }
    let total = i64::try_from(view.workspaces.len()).unwrap_or(0);
    let body = html! {
        div.title {
            h1 { "Workspaces" span.number.short { (number(total)) } }
            p.context {
                "An account counts once for each workspace on which it has any role"
                span.dot { "·" } (shell.age())
                @if let Some(read_at) = view.activity_read_at {
                    span.dot { "·" } "last activity as of " (time::moment(shell.now, read_at))
                }
            }
        }
        @if view.workspaces.is_empty() {
            div.empty { @if shell.is_read() { p { b { "This organization has no workspace." } } }
                @else { p { b { "No workspace is known yet." } " The first reading brings them: run " code { "orgwarden sync" } "." } } }
        } @else {
            (table(&view.workspaces, shell.now))
        }
        @if !view.others.is_empty() {
            section {
                div.heading { h2 { "Other things roles are held on" span.number { (view.others.len()) } } }
                p.prose {
                    "Sites, the organization and what Atlassian names in role assignments but not in its list of workspaces."
                }
                (others(&view.others))
            }
        }
    };
    Ok(shell.page(Place::Workspaces, "Workspaces", body).into_response())
}

/// Accounts of a workspace as a bar on a scale that all rows share: active, not active, free seats.
pub(crate) fn seats(item: &WorkspaceItem, scale: i64) -> Markup {
    let scale = scale.max(1);
    let free = item.capacity.map_or(0, |seats| (seats - item.accounts).max(0));
    let idle = (item.accounts - item.active).max(0);
    let words = format!(
        "{} active in 90 days, {} not active or not told, {}",
        number(item.active),
        number(idle),
        counted(free, "seat free", "seats free")
    );
    // Style attributes are refused by our own policy, so a bar is a picture of 1000 units.
    let width = |value: i64| value * 1000 / scale;
    let (one, two, three) = (width(item.active), width(idle), width(free));
    let gap = |before: i64| if before > 0 { 4 } else { 0 };
    let second = one + gap(one);
    let third = second + two + gap(two);
    html! {
        svg.seats viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label=(words) {
            title { (words) }
            @if one > 0 { rect class="s1" x="0" y="0" width=(one) height="12" {} }
            @if two > 0 { rect class="s2" x=(second) y="0" width=(two) height="12" {} }
            @if three > 0 { rect class="s3" x=(third) y="0" width=(three) height="12" {} }
        }
    }
}

/// The longest bar of the list.
pub(crate) fn scale(items: &[WorkspaceItem]) -> i64 {
    let most = items
        .iter()
        .map(|item| item.accounts.max(item.capacity.unwrap_or(0)))
        .max()
        .unwrap_or(1);
    let step = 10_i64.pow(most.max(1).ilog10());
    // Up to the next round number, so that the head can name it.
    [1, 2, 3, 4, 5, 6, 8, 10]
        .into_iter()
        .map(|times| times * step)
        .find(|round| *round >= most)
        .unwrap_or(most)
}

/// What the bars mean.
pub(crate) fn legend() -> Markup {
    html! {
        p.legend {
            span { i.b1 {} "active in 90 days" }
            span { i.b2 {} "not active, or not told" }
            span { i.b3 {} "free seat" }
        }
    }
}

fn table(items: &[WorkspaceItem], now: i64) -> Markup {
    let scale = scale(items);
    html! {
        div.heading { (legend()) (export_link("/workspaces", &[])) }
        table.list {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "Product" }
                th.number scope="col" { "Accounts" }
                th.number scope="col" { "Seats" }
                th.bars scope="col" { "Accounts, 0 to " (number(scale)) }
                th.number scope="col" { "Admins" }
                th.number.wide scope="col" { "Groups" }
                th.number.wide scope="col" { "Since" }
            } }
            tbody { @for item in items {
                @let admins: i64 = item.roles.iter().filter(|tally| tally.role.rank() <= 3).map(|tally| tally.accounts).sum();
                tr data-href=(workspace_path(&item.workspace)) {
                    td.first.m1 { (workspace_link(&item.workspace)) }
                    td.cut.m3 { (item.workspace.product) }
                    td.number.strong.m2 { (number(item.accounts)) }
                    td.number.m4 {
                        @match item.capacity {
                            Some(seats) => {
                                span.only-phone { "of " } (number(seats)) span.only-phone { " seats" }
                            }
                            None => { span.only-phone.quiet { "seats " } (not_told("not told")) },
                        }
                    }
                    td.bars.m5 { (seats(item, scale)) }
                    td.number.m0 { (cell_number(admins)) }
                    td.number.wide.m0 { (cell_number(item.groups)) }
                    td.number.wide.m0 { @if let Some(since) = item.since { (time::since(now, since)) } }
                }
            } }
        }
    }
}

fn others(items: &[WorkspaceItem]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "Id" }
                th scope="col" { "Roles" }
                th.number scope="col" { "Accounts" }
            } }
            tbody { @for item in items {
                tr data-href=(workspace_path(&item.workspace)) {
                    td.first.m1 { (workspace_link(&item.workspace)) }
                    td.cut.m3 { code.id title=(item.workspace.workspace_id) { (item.workspace.workspace_id) } }
                    td.cut.m0 {
                        (item.roles.iter().map(|tally| tally.role.name.as_str()).collect::<Vec<_>>().join(", "))
                    }
                    td.number.m2 { (cell_number(item.accounts)) }
                }
            } }
        }
    }
}
