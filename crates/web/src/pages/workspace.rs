//! One workspace: who has access, by which role and which path.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, Window, next_part};
use crate::parts::access::{how, how_text, owner};
use crate::parts::filter::{Choice, FilterBar};
use crate::parts::{
    account_link, account_path, cell_number, copyable, counted, group_link, group_path, not_told, number,
    pager, role, sentence, time, workspace_path,
};
use crate::shell::{Place, Shell, Web};
use app::views::access::HolderView;
use app::views::workspaces::WorkspaceView;
use app::views::{Scope, Slice};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the page, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    q: String,
    role: String,
    #[serde(flatten)]
    window: Window,
    format: String,
}

/// Shows the workspace.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(workspace): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, workspace, parameters).await;
    }
    let slice = parameters.window.slice(ROWS);
    let found = web
        .app
        .workspace(scope, &workspace, Some(&parameters.role), &parameters.q, slice)
        .await;
    let view = found.map_err(|error| PageError::from(error).back_to("/workspaces", "Workspaces"))?;
    let history = web
        .app
        .workspace_history(scope, &view.item.workspace.workspace_id)
        .await?;
    let title = view.item.workspace.label();
    let body = html! {
        (head(&shell, &view))
        (who(&shell, &view, &parameters))
        (giving(&shell, &view))
        (sentence::history_section(&shell, "History of its roles", &history, 20))
    };
    Ok(shell.page(Place::Workspaces, &title, body).into_response())
}

async fn export(
    web: &Web,
    scope: &Scope,
    workspace: String,
    parameters: Parameters,
) -> Result<Response, PageError> {
    let (app, scope, parameters) = (Arc::clone(&web.app), scope.clone(), Arc::new(parameters));
    let heads = [
        "account_id",
        "name",
        "email",
        "role",
        "how",
        "not_seen_at",
        "first_seen_at",
    ];
    csv::file("access", &heads, Slice::at(0, csv::PART), move |slice| {
        let (app, scope, workspace, parameters) = (
            Arc::clone(&app),
            scope.clone(),
            workspace.clone(),
            Arc::clone(&parameters),
        );
        async move {
            let who = app
                .who(&scope, &workspace, Some(&parameters.role), &parameters.q, slice)
                .await?;
            Ok((
                who.holders.rows.iter().map(cells).collect(),
                next_part(&who.holders),
            ))
        }
    })
    .await
}

fn cells(holder: &HolderView) -> Cells {
    vec![
        holder.account.account_id.clone(),
        csv::text(holder.account.name.as_ref()),
        csv::text(holder.account.email.as_ref()),
        holder.role.name.clone(),
        how_text(&holder.paths),
        csv::time(holder.since.unseen_at),
        holder.since.seen_at.to_string(),
    ]
}

fn head(shell: &Shell, view: &WorkspaceView) -> Markup {
    let item = &view.item;
    html! {
        div.title {
            h1 {
                bdi { (item.workspace.label()) }
                span.number { (counted(item.accounts, "account has access", "accounts have access")) }
            }
            p.context {
                (item.workspace.product) @if !item.workspace.is_listed { ", not in the list of workspaces" }
                span.dot { "·" } (shell.age())
            }
        }
        dl.particulars {
            @if let Some(seats) = item.capacity {
                div { dt { "Seats" } dd { (number(item.accounts)) " of " (number(seats)) " taken" } }
            }
            div { dt { "Active in 90 days" } dd { (number(item.active)) ", as far as told" } }
            div {
                dt { "Address" }
                dd.cut { @match &item.host_url { Some(url) => (url), None => (not_told("not told")) } }
            }
            div { dt { "Workspace id" } dd { (copyable(&item.workspace.workspace_id)) } }
            @if let Some(status) = &item.status { div { dt { "Status" } dd { (status) } } }
            @if let Some(since) = item.since { div { dt { "First seen" } dd { (time::since(shell.now, since)) } } }
        }
    }
}

fn who(shell: &Shell, view: &WorkspaceView, parameters: &Parameters) -> Markup {
    let path = workspace_path(&view.item.workspace);
    let list = &view.who.holders;
    let roles = view.item.roles.iter().filter(|tally| tally.accounts > 0);
    let values = roles
        .clone()
        .map(|tally| {
            (
                tally.role.role_id.clone(),
                format!("{} ({})", tally.role.name, number(tally.accounts)),
            )
        })
        .collect();
    html! {
        section #who {
            div.heading {
                h2 {
                    "Who has access"
                    span.number { (number(list.total)) " " @if list.total == 1 { "role" } @else { "roles" } }
                }
            }
            (FilterBar {
                path: &path, hint: "Name, e-mail or account id", search: &parameters.q,
                choices: vec![Choice { name: "role", label: "Role is", values, set: &parameters.role }],
                kept: Vec::new(), shown: list.shown, filtered_out: list.filtered_out(), exports: true,
            }.markup())
            @if list.rows.is_empty() {
                p.empty { @if view.item.accounts == 0 { "Nobody has access." } @else { "Nobody matches." } }
            } @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Name" }
                        th.wide scope="col" { "E-mail" }
                        th scope="col" { "Role" }
                        th scope="col" { "How" }
                        th.number scope="col" { "Since" }
                    } }
                    tbody { @for holder in &list.rows { tr data-href=(account_path(&holder.account)) {
                        td.first.m1 { (account_link(&holder.account)) }
                        td.wide.cut.m0 {
                            @match &holder.account.email {
                                Some(email) => (email),
                                None => (not_told("no e-mail")),
                            }
                        }
                        td.strong.m2 { (role(&holder.role)) }
                        td.cut.m3 { (how(&holder.paths)) }
                        td.number.m4 { (time::since(shell.now, holder.since)) }
                    } } }
                }
                (pager(list, &path, &[("q", &parameters.q), ("role", &parameters.role)], true))
            }
        }
    }
}

fn giving(shell: &Shell, view: &WorkspaceView) -> Markup {
    html! {
        section {
            div.heading { h2 { "Groups that give a role here" span.number { (view.giving.len()) } } }
            @if view.giving.is_empty() {
                p.empty { "No group gives a role here: every holder has it directly, or by inference." }
            }
            @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Group" }
                        th scope="col" { "Role" }
                        th.number scope="col" { "Members" }
                        th scope="col" { "Members owned by" }
                        th.number scope="col" { "Gives it since" }
                    } }
                    tbody { @for giving in &view.giving { tr data-href=(group_path(&giving.group.group_id)) {
                        td.first.m1 { (group_link(&giving.group)) }
                        td.strong.m3 { (role(&giving.role)) }
                        td.number.m2 { (cell_number(giving.members)) }
                        td.m0 { (owner(giving.external_synced)) }
                        td.number.m4 { (time::since(shell.now, giving.since)) }
                    } } }
                }
            }
        }
    }
}
