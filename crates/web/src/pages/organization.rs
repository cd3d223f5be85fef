//! The organization itself: its domains, policies and directories.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::{cell_number, copyable, counted, export_link, mark, not_told, time};
use crate::shell::{Place, Shell, Web};
use app::views::Scope;
use app::views::organization::{DirectoryItem, DomainItem, OrganizationView, PolicyItem};
use app::views::scim::{ScimDirectoryItem, ScimPlace, ScimUserItem};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
    /// Which table is wanted as a file: `domains`, `policies`, `directories` or `scim`.
    table: String,
}

/// How many users without an account the page names; the file has all.
const STRANGERS: i64 = 20;

fn export(table: &str) -> Markup {
    export_link("/organization", &[("table", table)])
}

/// Shows the organization.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    if csv::is_wanted(&parameters.format) && parameters.table == "scim" {
        return scim_file(&web, scope).await;
    }
    let view = web.app.organization(scope).await?;
    if csv::is_wanted(&parameters.format) {
        return file(&view, &parameters.table).await;
    }
    let (strangers, _) = web
        .app
        .scim_users(scope, true, ScimPlace::default(), STRANGERS)
        .await?;
    let body = html! {
        (head(&shell, &view))
        (domains(shell.now, &view.domains))
        (policies(shell.now, &view.policies))
        (directories(shell.now, &view.directories))
        (provisioning(shell.now, &view.scim_directories, &strangers))
    };
    Ok(shell
        .page(Place::Organization, "Organization", body)
        .into_response())
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn head(shell: &Shell, view: &OrganizationView) -> Markup {
    let unverified = view.domains.iter().filter(|domain| !is_verified(domain)).count();
    html! {
        div.title {
            h1 {
                "Organization"
                @if let Some(scope) = &shell.scope { span.number.short { bdi { (scope.organization_name) } } }
            }
            p.context {
                (counted(number(view.domains.len()), "domain", "domains"))
                @if unverified > 0 { ", of which " (unverified) " not verified" }
                ", " (counted(number(view.policies.len()), "policy", "policies"))
                ", " (counted(number(view.directories.len()), "directory", "directories"))
                span.dot { "·" } (shell.age())
            }
        }
        @if let Some(scope) = &shell.scope {
            dl.particulars { div { dt { "Organization id" } dd { (copyable(&scope.organization_id)) } } }
        }
    }
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn is_verified(domain: &DomainItem) -> bool {
    domain.claim_status.as_deref() == Some("verified")
}

fn domains(now: i64, domains: &[DomainItem]) -> Markup {
    html! {
        section #domains {
            div.heading {
                h2 { "Domains" span.number { (domains.len()) } }
                @if !domains.is_empty() { (export("domains")) }
            }
            @if domains.is_empty() {
                p.empty { "No domain is known: none was claimed, or this key may not read them." }
            }
            @else {
                p.prose {
                    "Accounts with an address on a verified domain are managed: the organization sets their name, their password rules and whether they are active."
                }
                table.list {
                    thead { tr {
                        th scope="col" { "Domain" }
                        th scope="col" { "Claimed by" }
                        th.number scope="col" { "Since" }
                        th scope="col" { "State" }
                    } }
                    tbody { @for domain in domains { tr {
                        td.first.m1 title=(domain.domain_id) { (domain.name) }
                        td.m3 { @match &domain.claim_type { Some(words) => (words), None => (not_told("not told")) } }
                        td.number.m4 { (time::since(now, domain.since)) }
                        td.m2 { @match domain.claim_status.as_deref() {
                            Some("verified") => (mark::green("Verified")),
                            Some("unverified") => (mark::amber("Not verified")),
                            Some(other) => (mark::amber(&sentence_case(&other.replace('_', " ")))),
                            None => (not_told("not told")),
                        } }
                    } } }
                }
            }
        }
    }
}

fn policies(now: i64, policies: &[PolicyItem]) -> Markup {
    html! {
        section #policies {
            div.heading {
                h2 { "Policies" span.number { (policies.len()) } }
                @if !policies.is_empty() { (export("policies")) }
            }
            @if policies.is_empty() { p.empty { "No policy is known: there is none, or this key may not read them." } }
            @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Policy" }
                        th scope="col" { "About" }
                        th.number scope="col" { "Since" }
                        th scope="col" { "State" }
                    } }
                    tbody { @for policy in policies { tr {
                        td.first.m1 title=(policy.policy_id) { bdi { (policy.name) } }
                        td.m3 {
                            @match &policy.policy_type {
                                Some(words) => (words.replace(['-', '_'], " ")),
                                None => (not_told("not told")),
                            }
                        }
                        td.number.m4 { (time::since(now, policy.since)) }
                        td.m2 { @match policy.status.as_deref() {
                            Some("enabled") => "Enabled",
                            Some("disabled") => span.quiet { "Disabled" },
                            Some(other) => (other),
                            None => (not_told("not told")),
                        } }
                    } } }
                }
            }
        }
    }
}

fn directories(now: i64, directories: &[DirectoryItem]) -> Markup {
    html! {
        section #directories {
            div.heading {
                h2 { "Directories" span.number { (directories.len()) } }
                @if !directories.is_empty() { (export("directories")) }
            }
            @if directories.is_empty() { p.empty { "No directory is known yet." } }
            @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Directory" }
                            th scope="col" { "Id" }
                            th.number scope="col" { "Since" }
                        }
                    }
                    tbody { @for directory in directories { tr {
                        td.first.m1 { bdi { (directory.name) } }
                        td.cut.m3 { code.id title=(directory.directory_id) { (directory.directory_id) } }
                        td.number.m2 { (time::since(now, directory.since)) }
                    } } }
                }
            }
        }
    }
}

fn provisioning(now: i64, directories: &[ScimDirectoryItem], strangers: &[ScimUserItem]) -> Markup {
    let unlinked: i64 = directories.iter().map(|directory| directory.unlinked).sum();
    html! {
        section #provisioning {
            div.heading {
                h2 { "Identity providers" span.number { (directories.len()) } }
                @if !directories.is_empty() { (export("scim")) }
            }
            @if directories.is_empty() {
                p.empty {
                    "No SCIM directory was read. A connection reads one that it knows the address and token of: "
                    code { "orgwarden connection set NAME --scim-url URL --scim-token-file FILE" } "."
                }
            } @else {
                p.prose {
                    "What an identity provider owns is changed there: a change by hand here is refused or comes back."
                }
                table.list {
                    thead { tr {
                        th scope="col" { "SCIM directory" }
                        th.number scope="col" { "Users" }
                        th.number scope="col" { "Linked to an account" }
                        th.number scope="col" { "To none" }
                        th.number scope="col" { "Groups" }
                    } }
                    tbody { @for directory in directories { tr {
                        td.first.cut.m1 { code.id title=(directory.directory_id) { (directory.directory_id) } }
                        td.number.m2 { (cell_number(directory.linked + directory.unlinked)) }
                        td.number.m0 { (cell_number(directory.linked)) }
                        td.number.m3 {
                            (cell_number(directory.unlinked)) span.only-phone.quiet { " without an account" }
                        }
                        td.number.m4 { (cell_number(directory.groups)) span.only-phone.quiet { " groups" } }
                    } } }
                }
                @if !strangers.is_empty() {
                    h3 { "Users without an account" }
                    table.list {
                        thead {
                            tr {
                                th scope="col" { "User name" }
                                th scope="col" { "Record" }
                                th scope="col" { "State" }
                                th.number scope="col" { "Since" }
                            }
                        }
                        tbody { @for user in strangers { tr {
                            td.first.m1 {
                                @match &user.record.name {
                                    Some(name) => bdi { (name) },
                                    None => (not_told("not told")),
                                }
                            }
                            td.cut.m3 { code.id title=(user.record.record_id) { (user.record.record_id) } }
                            td.m2 {
                                @match user.record.active {
                                    Some(true) => "Active",
                                    Some(false) => span.quiet { "Deactivated" },
                                    None => (not_told("not told")),
                                }
                            }
                            td.number.m4 { (time::since(now, user.record.since)) }
                        } } }
                    }
                    @if unlinked > number(strangers.len()) {
                        p.note.quiet {
                            (counted(unlinked - number(strangers.len()), "more is", "more are"))
                            " in the file."
                        }
                    }
                }
            }
        }
    }
}

const SCIM_HEADS: [&str; 7] = [
    "scim_directory_id",
    "scim_user_id",
    "user_name",
    "active",
    "account_id",
    "not_seen_at",
    "first_seen_at",
];

fn scim_cells(user: &ScimUserItem) -> Cells {
    let record = &user.record;
    vec![
        record.directory_id.clone(),
        record.record_id.clone(),
        csv::text(record.name.as_ref()),
        record
            .active
            .map_or("", |active| if active { "yes" } else { "no" })
            .to_owned(),
        csv::text(user.account.as_ref().map(|account| &account.account_id)),
        csv::time(record.since.unseen_at),
        record.since.seen_at.to_string(),
    ]
}

/// The records of users of all SCIM directories.
async fn scim_file(web: &Web, scope: &Scope) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    csv::file("scim-users", &SCIM_HEADS, ScimPlace::default(), move |place| {
        let (app, scope) = (Arc::clone(&app), scope.clone());
        async move {
            let (users, next) = app.scim_users(&scope, false, place, csv::PART).await?;
            Ok((users.iter().map(scim_cells).collect(), next))
        }
    })
    .await
}

/// One of the tables that are shown whole.
async fn file(view: &OrganizationView, table: &str) -> Result<Response, PageError> {
    match table {
        "policies" => {
            let cells = view.policies.iter().map(|policy| {
                vec![
                    policy.policy_id.clone(),
                    policy.name.clone(),
                    csv::text(policy.policy_type.as_ref()),
                    csv::text(policy.status.as_ref()),
                    policy.since.seen_at.to_string(),
                ]
            });
            let heads = ["policy_id", "name", "type", "status", "first_seen_at"];
            csv::small("policies", &heads, cells.collect()).await
        }
        "directories" => {
            let cells = view.directories.iter().map(|directory| {
                vec![
                    directory.directory_id.clone(),
                    directory.name.clone(),
                    directory.since.seen_at.to_string(),
                ]
            });
            let heads = ["directory_id", "name", "first_seen_at"];
            csv::small("directories", &heads, cells.collect()).await
        }
        _ => {
            let cells = view.domains.iter().map(|domain| {
                vec![
                    domain.domain_id.clone(),
                    domain.name.clone(),
                    csv::text(domain.claim_type.as_ref()),
                    csv::text(domain.claim_status.as_ref()),
                    domain.since.seen_at.to_string(),
                ]
            });
            let heads = [
                "domain_id",
                "domain",
                "claimed_by",
                "claim_status",
                "first_seen_at",
            ];
            csv::small("domains", &heads, cells.collect()).await
        }
    }
}
