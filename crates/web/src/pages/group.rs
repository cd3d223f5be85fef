//! One group: who is in it, what it gives, who owns it.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, Window, next_part};
use crate::parts::filter::FilterBar;
use crate::parts::{
    account_link, account_path, copyable, counted, export_link, group_path, mark, not_told, number, pager,
    role, sentence, time, workspace_link, workspace_path,
};
use crate::shell::{Place, Shell, Web};
use app::views::groups::{GroupView, MemberView};
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
    #[serde(flatten)]
    window: Window,
    format: String,
}

/// Shows the group.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(group): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, group, parameters.q).await;
    }
    let slice = parameters.window.slice(ROWS);
    let found = web.app.group(scope, &group, &parameters.q, slice).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/groups", "Groups"))?;
    let history = web.app.group_history(scope, &view.item.group.group_id).await?;
    let title = view.item.group.name.clone();
    let body = html! {
        (head(&shell, &view))
        (gives(&shell, &view))
        (members(&shell, &view, &parameters))
        (sentence::history_section(&shell, "History", &history, 20))
    };
    Ok(shell.page(Place::Groups, &title, body).into_response())
}

async fn export(web: &Web, scope: &Scope, group: String, search: String) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    let heads = ["account_id", "name", "email", "not_seen_at", "first_seen_at"];
    csv::file("members", &heads, Slice::at(0, csv::PART), move |slice| {
        let (app, scope, group, search) = (Arc::clone(&app), scope.clone(), group.clone(), search.clone());
        async move {
            let members = app.group(&scope, &group, &search, slice).await?.member_list;
            Ok((members.rows.iter().map(cells).collect(), next_part(&members)))
        }
    })
    .await
}

fn cells(member: &MemberView) -> Cells {
    vec![
        member.account.account_id.clone(),
        csv::text(member.account.name.as_ref()),
        csv::text(member.account.email.as_ref()),
        csv::time(member.since.unseen_at),
        member.since.seen_at.to_string(),
    ]
}

fn head(shell: &Shell, view: &GroupView) -> Markup {
    let item = &view.item;
    html! {
        div.title {
            h1 { bdi { (item.group.name) } span.number { (counted(item.members, "member", "members")) } }
            p.context {
                @match view.grant_list.len() { 0 => "Gives no role", 1 => "Gives a role", _ => "Gives roles" }
                @match item.external_synced {
                    Some(true) => ", its members owned by an identity provider",
                    Some(false) => ", its members kept in Atlassian",
                    None => "",
                }
                span.dot { "·" } (shell.age())
            }
        }
        dl.particulars {
            @if view.provisioning.is_read { div { dt { "SCIM record" } dd {
                @if view.provisioning.records.is_empty() { (not_told("none of this name")) }
                @for record in &view.provisioning.records {
                    div title=(format!("in directory {}", record.directory_id)) {
                        (copyable(&record.record_id)) (time::since(shell.now, record.since))
                    }
                }
            } } }
            div {
                dt { "Directory" }
                dd { @match &item.directory { Some(name) => (name), None => (not_told("not told")) } }
            }
            div { dt { "Group id" } dd { (copyable(&item.group.group_id)) } }
            div { dt { "First seen" } dd { (time::since(shell.now, item.since)) } }
            @if let Some(description) = &item.description { div { dt { "Description" } dd { bdi { (description) } } } }
            @if let Some(managed_by) = &item.managed_by { div { dt { "Managed by" } dd { (managed_by) } } }
        }
        @if item.external_synced == Some(true) {
            p.note {
                (mark::open("An identity provider owns this group.")) " "
                "Members that are added or removed in Atlassian come back or go with its next synchronization: change them there."
            }
        }
    }
}

fn gives(shell: &Shell, view: &GroupView) -> Markup {
    html! {
        section {
            div.heading { h2 { "Gives" span.number { (view.grant_list.len()) } } }
            @if view.grant_list.is_empty() { p.empty { "Being in this group gives no role on any workspace." } }
            @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Workspace" }
                        th scope="col" { "Product" }
                        th scope="col" { "Role" }
                        th.number scope="col" { "Since" }
                    } }
                    tbody { @for grant in &view.grant_list { tr data-href=(workspace_path(&grant.given.workspace)) {
                        td.first.m1 { (workspace_link(&grant.given.workspace)) }
                        td.m3 { (grant.given.workspace.product) }
                        td.strong.m2 { (role(&grant.given.role)) }
                        td.number.m4 { (time::since(shell.now, grant.since)) }
                    } } }
                }
            }
        }
    }
}

fn members(shell: &Shell, view: &GroupView, parameters: &Parameters) -> Markup {
    let path = group_path(&view.item.group.group_id);
    let list = &view.member_list;
    let is_ours = shell.can_change && view.item.external_synced != Some(true);
    let group_id = &view.item.group.group_id;
    html! {
        section #members {
            div.heading {
                h2 { "Members" span.number { (number(list.total)) } }
                @if list.total > 0 { (export_link(&path, &[("q", &parameters.q)])) }
            }
            @if list.total == 0 { p.empty { "Nobody is in this group." } }
            @else {
                @if list.total > 10 {
                    (FilterBar {
                        path: &path, hint: "Name, e-mail or account id", search: &parameters.q, choices: Vec::new(), kept: Vec::new(),
                        shown: list.shown, filtered_out: list.filtered_out(), exports: false,
                    }.markup())
                }
                @if list.rows.is_empty() { p.empty { "No member matches." } }
                @else {
                    table.list {
                        thead {
                            tr {
                                th scope="col" { "Name" }
                                th scope="col" { "E-mail" }
                                th.number scope="col" { "In the group since" }
                            }
                        }
                        tbody { @for member in &list.rows { tr data-href=(account_path(&member.account)) {
                            td.first.m1 {
                                @if is_ours {
                                    input.pick type="checkbox" form="remove" name="account" value=(member.account.account_id) aria-label=(format!("Choose {}", member.account.label()));
                                }
                                (account_link(&member.account))
                            }
                            td.cut.m3 {
                                @match &member.account.email {
                                    Some(email) => (email),
                                    None => (not_told("no e-mail")),
                                }
                            }
                            td.number.m4 { (time::since(shell.now, member.since)) }
                        } } }
                    }
                    (pager(list, &path, &[("q", &parameters.q)], false))
                    @if is_ours {
                        form.acts #remove action="/plans" method="post" {
                            input type="hidden" name="do" value="remove-members";
                            input type="hidden" name="group" value=(group_id);
                            label {
                                input type="text" name="comment" maxlength="2000" placeholder="Why, kept with the plan" aria-label="Why, kept with the plan";
                            }
                            button type="submit" { "Plan to remove the chosen members" }
                            p.quiet {
                                "A plan changes nothing until it is approved. It says first what else would be lost."
                            }
                        }
                    }
                }
            }
            @if is_ours {
                details.more {
                    summary { "Add members" }
                    form action="/plans" method="post" {
                        input type="hidden" name="do" value="add-members";
                        input type="hidden" name="group" value=(group_id);
                        label {
                            span { "Accounts, one on each line: e-mail address, full name or id" }
                            textarea name="accounts" rows="4" required {}
                        }
                        label { span { "Why, kept with the plan" } input type="text" name="comment" maxlength="2000"; }
                        button type="submit" { "Plan to add them" }
                    }
                }
            }
        }
    }
}
