//! The list of groups.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, position};
use crate::parts::access::{given_shortly, owner};
use crate::parts::filter::{Choice, FilterBar};
use crate::parts::{address, cell_number, group_link, group_path, not_told, number, pager, time};
use crate::shell::{Place, Shell, Web};
use app::views::groups::{GroupItem, GroupOrder, GroupsAsk, GroupsView};
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
    workspace: String,
    sort: String,
    #[serde(deserialize_with = "position")]
    from: i64,
    format: String,
}

impl Parameters {
    fn filters(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("view", &self.view),
            ("q", &self.q),
            ("workspace", &self.workspace),
        ]
    }

    fn sorted(&self, sort: &str) -> String {
        let mut parameters = self.filters();
        parameters.push(("sort", sort));
        address("/groups", &parameters)
    }
}

/// Shows the list.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let ask = GroupsAsk {
        search: parameters.q.clone(),
        workspace: parameters.workspace.clone(),
        giving: parameters.view == "giving",
        empty: parameters.view == "empty",
        synced: parameters.view == "synced",
        order: match parameters.sort.as_str() {
            "members" => GroupOrder::Members,
            "roles" => GroupOrder::Grants,
            "newest" => GroupOrder::Newest,
            _ => GroupOrder::Name,
        },
        slice: Slice::at(parameters.from, ROWS),
    };
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, ask).await;
    }
    let found = web.app.groups(scope, &ask).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/groups", "Groups"))?;
    let mut all = parameters.filters();
    all.push(("sort", &parameters.sort));
    let body = html! {
        div.title {
            h1 { "Groups" span.number.short { (number(view.groups.total)) } }
            p.context {
                (number(view.giving)) " give a role, " (number(view.synced)) " are owned by an identity provider"
                span.dot { "·" } (shell.age())
            }
        }
        @if view.groups.total > 0 {
            (tabs(&parameters, &view))
            (filters(&parameters, &view).markup())
        }
        (list(&shell, &parameters, &view))
        (pager(&view.groups, "/groups", &all, true))
    };
    Ok(shell.page(Place::Groups, "Groups", body).into_response())
}

const HEADS: [&str; 9] = [
    "group_id",
    "name",
    "description",
    "members",
    "gives",
    "directory",
    "identity_provider",
    "not_seen_at",
    "first_seen_at",
];

fn cells(item: &GroupItem) -> Cells {
    let gives: Vec<String> = item
        .grants
        .iter()
        .map(|given| format!("{} of {}", given.role.name, given.workspace.label()))
        .collect();
    let owned = match item.external_synced {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    vec![
        item.group.group_id.clone(),
        item.group.name.clone(),
        csv::text(item.description.as_ref()),
        item.members.to_string(),
        gives.join("; "),
        csv::text(item.directory.as_ref()),
        owned.to_owned(),
        csv::time(item.since.unseen_at),
        item.since.seen_at.to_string(),
    ]
}

async fn export(web: &Web, scope: &Scope, ask: GroupsAsk) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    csv::file("groups", &HEADS, 0, move |offset| {
        let (app, scope, mut ask) = (Arc::clone(&app), scope.clone(), ask.clone());
        async move {
            ask.slice = Slice::at(offset, csv::PART);
            let rows = app.groups(&scope, &ask).await?.groups.rows;
            let next = csv::after(offset, rows.len());
            Ok((rows.iter().map(cells).collect(), next))
        }
    })
    .await
}

fn tabs(parameters: &Parameters, view: &GroupsView) -> Markup {
    let tabs = [
        ("", "All", view.groups.total),
        ("giving", "Give a role", view.giving),
        ("synced", "Owned by an identity provider", view.synced),
        ("empty", "Without members", view.empty),
    ];
    html! {
        nav.tabs aria-label="Usual filters" {
            @for (value, name, count) in tabs {
                @if count > 0 || value.is_empty() || parameters.view == value {
                    a href=(address("/groups", &[("view", value)])) aria-current=[(parameters.view == value).then_some("true")] {
                        (name) span.number { (number(count)) }
                    }
                }
            }
        }
    }
}

fn filters<'p>(parameters: &'p Parameters, view: &GroupsView) -> FilterBar<'p> {
    FilterBar {
        path: "/groups",
        hint: "Name or group id",
        search: &parameters.q,
        choices: vec![Choice {
            name: "workspace",
            label: "Gives a role on",
            values: Vec::new(),
            set: &parameters.workspace,
        }],
        kept: vec![("view", &parameters.view), ("sort", &parameters.sort)],
        shown: view.groups.shown,
        filtered_out: view.groups.filtered_out(),
        exports: true,
    }
}

fn list(shell: &Shell, parameters: &Parameters, view: &GroupsView) -> Markup {
    if view.groups.rows.is_empty() {
        return html! {
            div.empty {
                @if view.groups.total == 0 {
                    p {
                        b {
                            @if shell.is_read() {
                                "This organization has no group."
                            } @else {
                                "No group is known yet."
                            }
                        }
                    }
                }
                @else {
                    p {
                        b { "No group matches." } " " (number(view.groups.total)) " are filtered out. "
                        a href="/groups" { "Show all" }
                    }
                }
            }
        };
    }
    let sort = parameters.sort.as_str();
    let head = |key: &str, name: &str| {
        let is_here = sort == key;
        html! {
            a href=(parameters.sorted(key)) {
                (name) @if is_here { span aria-hidden="true" { @if key.is_empty() { " ↑" } @else { " ↓" } } }
            }
        }
    };
    html! {
        table.list {
            thead { tr {
                th scope="col" { (head("", "Name")) }
                th scope="col" { (head("roles", "Gives")) }
                th.number scope="col" { (head("members", "Members")) }
                th.wide scope="col" { "Directory" }
                th scope="col" { "Members owned by" }
                th.number scope="col" { (head("newest", "Since")) }
            } }
            tbody {
                @for item in &view.groups.rows {
                    tr data-href=(group_path(&item.group.group_id)) {
                        td.first.m1 { (group_link(&item.group)) }
                        td.cut.m3 { (given_shortly(&item.grants)) }
                        td.number.m2 { (cell_number(item.members)) }
                        td.wide.cut.m0 {
                            @match &item.directory { Some(name) => (name), None => (not_told("not told")) }
                        }
                        td.m4 { (owner(item.external_synced)) }
                        td.number.m0 { (time::since(shell.now, item.since)) }
                    }
                }
            }
        }
    }
}
