//! One account: how it reaches what, its roles, groups and tokens.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::access::{given_shortly, how, how_text, owner};
use crate::parts::account::{kind, state, status_word};
use crate::parts::{
    account_path, copyable, counted, export_link, group_link, group_path, mark, not_told, number,
    product_beside, returns, role, sentence, time, workspace_link, workspace_path,
};
use crate::picture::paths::{Drawing, chain};
use crate::shell::{Place, Shell, Web};
use app::views::access::{PathView, RoleView};
use app::views::account::{AccountView, GroupPlace};
use app::views::tokens::TokenView;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
    /// Which table is wanted as a file: `roles`, `groups`, `tokens` or `returns`.
    table: String,
}

const ROLE_HEADS: [&str; 8] = [
    "workspace_id",
    "workspace",
    "product",
    "role",
    "how",
    "not_seen_at",
    "first_seen_at",
    "last_active_at",
];

fn role_cells(view: &AccountView) -> Vec<Cells> {
    let cells = view.roles.iter().map(|role| {
        vec![
            role.workspace.workspace_id.clone(),
            role.workspace.name.clone(),
            role.workspace.product.clone(),
            role.role.name.clone(),
            how_text(&role.paths),
            csv::time(role.since.unseen_at),
            role.since.seen_at.to_string(),
            csv::time(role.last_active_at),
        ]
    });
    cells.collect()
}

const GROUP_HEADS: [&str; 5] = ["group_id", "name", "gives", "not_seen_at", "first_seen_at"];

fn group_cells(view: &AccountView) -> Vec<Cells> {
    let cells = view.group_places.iter().map(|place| {
        let gives = place
            .grants
            .iter()
            .map(|given| format!("{} of {}", given.role.name, given.workspace.label()));
        vec![
            place.group.group_id.clone(),
            place.group.name.clone(),
            gives.collect::<Vec<_>>().join("; "),
            csv::time(place.since.unseen_at),
            place.since.seen_at.to_string(),
        ]
    });
    cells.collect()
}

const TOKEN_HEADS: [&str; 7] = [
    "token_id",
    "label",
    "status",
    "works",
    "created_at",
    "expires_at",
    "last_used_at",
];

fn token_cells(view: &AccountView) -> Vec<Cells> {
    let cells = view.tokens.iter().map(|token| {
        vec![
            token.token_id.clone(),
            csv::text(token.label.as_ref()),
            csv::text(token.status.as_ref()),
            if token.is_live { "yes" } else { "no" }.to_owned(),
            csv::time(token.created_at),
            csv::time(token.expires_at),
            csv::time(token.last_active_at),
        ]
    });
    cells.collect()
}

fn export(view: &AccountView, table: &str) -> Markup {
    export_link(&account_path(&view.item.account), &[("table", table)])
}

/// Shows the account.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(account): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let found = web.app.account(scope, &account).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/accounts", "Accounts"))?;
    let mut returned = web.app.returns(scope).await?;
    returned.retain(|found| {
        found.is_still_so && found.account_id.as_ref() == Some(&view.item.account.account_id)
    });
    if csv::is_wanted(&parameters.format) {
        return match parameters.table.as_str() {
            "tokens" => csv::small("tokens-of-account", &TOKEN_HEADS, token_cells(&view)).await,
            "returns" => csv::small("returns-of-account", &returns::HEADS, returns::rows(&returned)).await,
            "groups" => csv::small("groups-of-account", &GROUP_HEADS, group_cells(&view)).await,
            _ => csv::small("roles-of-account", &ROLE_HEADS, role_cells(&view)).await,
        };
    }
    let history = web
        .app
        .account_history(scope, &view.item.account.account_id)
        .await?;
    let title = view.item.account.label().to_owned();
    let body = html! {
        (head(&shell, &view))
        (particulars(&shell, &view))
        (changeable(&view))
        (returns::section(shell.now, &returned, &account_path(&view.item.account), true))
        (picture(&shell, &view))
        (roles(&shell, &view))
        (groups(&shell, &view))
        div.columns {
            (tokens(&shell, &view))
            (sentence::history_section(&shell, "History", &history, 50))
        }
    };
    Ok(shell.page(Place::Accounts, &title, body).into_response())
}

fn workspaces_reached(view: &AccountView) -> i64 {
    let mut names: Vec<&str> = view
        .roles
        .iter()
        .map(|role| role.workspace.workspace_id.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    i64::try_from(names.len()).unwrap_or(0)
}

fn head(shell: &Shell, view: &AccountView) -> Markup {
    let item = &view.item;
    let status = item
        .status
        .as_deref()
        .map(|status| status_word(status).to_lowercase());
    html! {
        div.title {
            h1 {
                bdi { (item.account.label()) }
                span.number { "reaches " (counted(workspaces_reached(view), "workspace", "workspaces")) }
            }
            p.context {
                @match kind(item) {
                    "managed" => "Managed account",
                    "external" => "External account",
                    "app" => "App account",
                    "portal customer" => "Portal customer",
                    _ => "Account",
                }
                @if let Some(status) = &status { ", " (status) }
                span.dot { "·" } (shell.age())
                @match view.methods_read_at {
                    Some(read_at) => { ", methods read " (time::ago(shell.now, read_at)) }
                    None => ", methods not read yet",
                }
            }
            (actions(shell, view))
        }
    }
}

/// What can be planned for the account as a whole.
fn actions(shell: &Shell, view: &AccountView) -> Markup {
    let places = &view.directories;
    let is_suspended = |status: Option<&str>| status == Some("suspended");
    let some_suspended = places.iter().any(|place| is_suspended(place.status.as_deref()));
    let some_active = places.iter().any(|place| !is_suspended(place.status.as_deref()));
    let plan = |word: &str, words: &str| {
        html! {
            form action="/plans" method="post" {
                input type="hidden" name="do" value=(word);
                input type="hidden" name="account" value=(view.item.account.account_id);
                button type="submit" title="Makes a plan; nothing is changed by that" { (words) }
            }
        }
    };
    html! {
        div.actions {
            a.button href=(format!("{}/leaving", account_path(&view.item.account))) { "Leaving" }
            @if shell.can_change {
                @if some_active { (plan("suspend", "Plan to suspend everywhere")) }
                @if some_suspended { (plan("restore", "Plan to restore everywhere")) }
            }
        }
    }
}

/// The field and the button below a table whose rows can be chosen.
fn choose(view: &AccountView, word: &str, words: &str) -> Markup {
    html! {
        form.acts id=(word) action="/plans" method="post" {
            input type="hidden" name="do" value=(word);
            input type="hidden" name="account" value=(view.item.account.account_id);
            label {
                input type="text" name="comment" maxlength="2000" placeholder="Why, kept with the plan" aria-label="Why, kept with the plan";
            }
            button type="submit" { (words) }
            p.quiet { "A plan changes nothing until it is approved. It says first what else would be lost." }
        }
    }
}

fn particulars(shell: &Shell, view: &AccountView) -> Markup {
    let item = &view.item;
    let granting = view
        .group_places
        .iter()
        .filter(|group| !group.grants.is_empty())
        .count();
    html! {
        dl.particulars {
            div { dt { "E-mail" } dd.cut title=[item.account.email.as_deref()] {
                @match &item.account.email { Some(email) => (email), None => (not_told("not told")) }
            } }
            div { dt { "Account id" } dd { (copyable(&item.account.account_id)) } }
            div { dt { "Directory" } dd {
                @if view.directories.is_empty() { (not_told("none")) }
                @for (index, place) in view.directories.iter().enumerate() {
                    @if index > 0 { ", " }
                    (place.name)
                    @if let Some(status) = place.status.as_deref().filter(|status| *status != "active") {
                        " " span.quiet { "(" (status) ")" }
                    }
                }
            } }
            div { dt { "First seen" } dd { (time::since(shell.now, item.since)) } }
            div { dt { "Last active" } dd {
                @match view.activity.first().and_then(|row| row.last_active_at.map(|at| (row, at))) {
                    Some((row, at)) => { (time::ago(shell.now, at)) ", " (row.workspace.label()) }
                    None => (not_told("not told")),
                }
            } }
            div { dt { "Groups" } dd {
                (number(item.groups))
                @if item.groups > 0 {
                    ", of which " (granting) @if granting == 1 { " gives" } @else { " give" } " a role"
                }
            } }
            div { dt { "Platform roles" } dd {
                @if item.platform_roles.is_empty() { (not_told("none")) }
                @for (index, platform) in item.platform_roles.iter().enumerate() {
                    @if index > 0 { ", " } (role(platform))
                }
            } }
            @if let Some(words) = provisioning(view) { div { dt { "Provisioned by" } dd { (words) } } }
            div {
                dt { "State" }
                dd { @if item.marks.is_empty() { (not_told("nothing to note")) } @else { (state(item)) } }
            }
        }
    }
}

/// What identity providers say of the account; nothing where no SCIM directory is read.
fn provisioning(view: &AccountView) -> Option<Markup> {
    let told = &view.provisioning;
    told.is_read.then(|| {
        html! {
            @if told.records.is_empty() { (not_told("nobody: no SCIM record is linked to it")) }
            @for record in &told.records {
                div title=(format!("SCIM record {} in directory {}", record.record_id, record.directory_id)) {
                    "identity provider"
                    @if let Some(name) = &record.name { ", as " bdi { (name) } }
                    @if record.active == Some(false) { ", " (mark::amber("deactivated there")) }
                }
            }
        }
    })
}

/// What may be changed by hand is not kept, for it depends on policies of the moment: where to ask.
fn changeable(view: &AccountView) -> Markup {
    let item = &view.item;
    let is_managed = item.claim_status.as_deref() == Some("managed");
    html! {
        @if is_managed {
            p.note.quiet {
                @if view.provisioning.records.is_empty() { "The organization manages this account" }
                @else {
                    "An identity provider owns this account: name, e-mail address and whether it is active are changed there"
                }
                "; what may be changed here is asked with "
                code { "orgwarden privileges " (item.account.account_id) } "."
            }
        }
    }
}

/// What the picture shows, in words: its text alternative and the answer one came for.
fn picture(shell: &Shell, view: &AccountView) -> Markup {
    let Some((focus, role)) = view
        .focus
        .as_ref()
        .and_then(|focus| view.roles.get(focus.role).map(|role| (focus, role)))
    else {
        return html! {};
    };
    let name = view.item.account.label();
    let drawing = Drawing::of(view);
    let others = workspaces_reached(view) - 1;
    let words = format!(
        "How {name} comes to {} on {}: see the table of roles",
        role.role.name, role.workspace.name
    );
    html! {
        section {
            div.heading {
                h2 {
                    "How " bdi { (name) } " reaches " (role.workspace.label())
                    @if others > 0 { " and " (others) " more" }
                }
                a.aside href="#roles" { "Show as a list" }
            }
            p.prose.answer {
                bdi { (name) } " is " b { (role.role.name) " of " (role.workspace.label()) }
                @match &focus.only_through {
                    Some(group) => {
                        " only through " b { bdi { (group.name) } } ". "
                        @if focus.is_certain {
                            "Ending that membership takes away this role"
                            @if focus.also.is_empty() { " and nothing else." }
                            @else {
                                " and " (counted(i64::try_from(focus.also.len()).unwrap_or(0), "other", "others")) ": "
                                (focus.also.iter().take(4).map(|given| format!("{} of {}", given.role.name, given.workspace.label())).collect::<Vec<_>>().join(", "))
                                @if focus.also.len() > 4 { " and more" } "."
                            }
                        } @else {
                            "Whether the role is also given directly was not read yet, so ending that membership may not take it away."
                        }
                        @if focus.external_synced == Some(true) {
                            " An identity provider owns the group: a change lasts only there."
                        }
                    }
                    None => @match role.paths.as_slice() {
                        [PathView::NotRead] => { "; no known group gives it, and how it came about was not read yet." }
                        [PathView::Direct] => { ", given directly." }
                        [PathView::Inferred] => { ", inferred by Atlassian from another role." }
                        many => { " by " (many.len()) " ways: ending one of them takes nothing away." }
                    },
                }
            }
            (drawing.markup(view, shell.now, &words))
            (chain(view))
            @if drawing.left_out() > 0 {
                p.note.quiet.not-phone {
                    "The last row stands for "
                    (counted(i64::try_from(drawing.left_out()).unwrap_or(0), "more role", "more roles"))
                    "; the list below names each."
                }
            }
        }
    }
}

fn groups(shell: &Shell, view: &AccountView) -> Markup {
    const MOST: usize = 40;
    html! {
        section #groups {
            div.heading {
                h2 { "Groups" span.number { (number(view.item.groups)) } }
                @if !view.group_places.is_empty() { (export(view, "groups")) }
            }
            @if view.group_places.is_empty() { p.empty { "In no group." } } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Group" }
                            th scope="col" { "Gives" }
                            th scope="col" { "Members owned by" }
                            th.number scope="col" { "In it since" }
                        }
                    }
                    tbody { @for place in view.group_places.iter().take(MOST) { tr data-href=(group_path(&place.group.group_id)) {
                        td.first.m1 {
                            @if may_leave(shell, place) {
                                input.pick type="checkbox" form="leave" name="group" value=(place.group.group_id) aria-label=(format!("Choose {}", place.group.name));
                            }
                            (group_link(&place.group))
                        }
                        td.cut.m3 { (given_shortly(&place.grants)) }
                        td.m0 { (owner(place.external_synced)) }
                        td.number.m4 { (time::since(shell.now, place.since)) }
                    } } }
                }
                @if view.group_places.len() > MOST {
                    details.folded {
                        summary { "Show " (view.group_places.len() - MOST) " more, which give no role or less" }
                        ul.plain {
                            @for place in view.group_places.iter().skip(MOST) {
                                li { (group_link(&place.group)) }
                            }
                        }
                    }
                }
                @if view.group_places.iter().take(MOST).any(|place| may_leave(shell, place)) {
                    (choose(view, "leave", "Plan to leave the chosen groups"))
                }
                @if shell.can_change && view.group_places.iter().any(|place| place.external_synced == Some(true)) {
                    p.note.quiet {
                        "Groups whose members an identity provider owns are changed there: it would set back what is changed here."
                    }
                }
            }
        }
    }
}

/// Whether the account may be taken out of the group here; an identity provider would set it back.
fn may_leave(shell: &Shell, place: &GroupPlace) -> bool {
    shell.can_change && place.external_synced != Some(true)
}

fn paths_counted(role: &RoleView) -> String {
    if role.paths.contains(&PathView::NotRead) {
        String::new()
    } else {
        role.paths.len().to_string()
    }
}

fn roles(shell: &Shell, view: &AccountView) -> Markup {
    html! {
        section #roles {
            div.heading {
                h2 {
                    "Roles"
                    span.number {
                        (number(view.roles.len().try_into().unwrap_or(0))) " on "
                        (counted(workspaces_reached(view), "workspace", "workspaces"))
                    }
                }
                @if !view.roles.is_empty() { (export(view, "roles")) }
            }
            @if view.roles.is_empty() {
                p.empty { "No role on any workspace." }
            } @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Workspace" }
                        th scope="col" { "Product" }
                        th scope="col" { "Role" }
                        th scope="col" { "How" }
                        th.number scope="col" { "Paths" }
                        th scope="col" { "Since" }
                        th.number scope="col" { "Last active" }
                    } }
                    tbody {
                        @for row in &view.roles {
                            tr data-href=(workspace_path(&row.workspace)) {
                                td.first.m1 {
                                    @if may_revoke(shell, row) {
                                        input.pick type="checkbox" form="revoke" name="role" value=(format!("{} {}", row.role.role_id, row.workspace.workspace_id))
                                            aria-label=(format!("Choose {} of {}", row.role.name, row.workspace.label()));
                                    }
                                    (workspace_link(&row.workspace)) (product_beside(&row.workspace))
                                }
                                td.cut.m0 title=(row.workspace.product) { (row.workspace.product) }
                                td.strong.m2 { (role(&row.role)) }
                                td.cut.m3 { (how(&row.paths)) }
                                td.number.m0 { (paths_counted(row)) }
                                td.m0 { (time::since(shell.now, row.since)) }
                                td.number.m4 {
                                    @match row.last_active_at {
                                        Some(at) => (time::ago(shell.now, at)),
                                        None => (not_told("not told")),
                                    }
                                }
                            }
                        }
                    }
                }
                @if view.roles.iter().any(|row| may_revoke(shell, row)) {
                    (choose(view, "revoke", "Plan to revoke the chosen roles"))
                }
            }
        }
    }
}

/// Whether the role was given to the account itself, so that it can be taken from it. What comes through a group goes
/// with the group; where that was not read, making the plan asks.
fn may_revoke(shell: &Shell, row: &RoleView) -> bool {
    let is_direct = |path: &PathView| matches!(path, PathView::Direct | PathView::NotRead);
    shell.can_change && row.paths.iter().any(is_direct)
}

fn token_state(token: &TokenView, now: i64) -> Markup {
    const DAY: i64 = app::views::accounts::DAY_MS;
    if !token.is_live {
        return not_told("expired or revoked");
    }
    match (token.last_active_at, token.expires_at) {
        (Some(at), _) if now - at.0 > app::views::accounts::UNUSED_DAYS * DAY => mark::amber("Unused"),
        (_, None) => mark::amber("No expiry told"),
        (Some(_), _) => mark::green("In use"),
        (None, _) => not_told("never used"),
    }
}

fn tokens(shell: &Shell, view: &AccountView) -> Markup {
    html! {
        section {
            div.heading {
                h2 { "API tokens" span.number { (view.tokens.len()) } }
                @if !view.tokens.is_empty() { (export(view, "tokens")) }
            }
            @if view.tokens.is_empty() {
                p.empty { "No API token is known." }
            } @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Label" }
                        th scope="col" { "Last used" }
                        th scope="col" { "Expires" }
                        th scope="col" { "State" }
                    } }
                    tbody {
                        @for token in &view.tokens {
                            tr {
                                td.first.m1 title=(token.token_id) {
                                    bdi { (token.label.as_deref().unwrap_or(&token.token_id)) }
                                }
                                td.m3 {
                                    @match token.last_active_at {
                                        Some(at) => (time::ago(shell.now, at)),
                                        None => (not_told("not told")),
                                    }
                                }
                                td.m4 {
                                    @match token.expires_at {
                                        Some(at) => (time::ago(shell.now, at)),
                                        None => (not_told("not told")),
                                    }
                                }
                                td.m2 { (token_state(token, shell.now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
