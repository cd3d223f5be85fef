//! The organization itself: its domains, policies and directories.

use crate::error::PageError;
use crate::parts::{copyable, counted, mark, not_told, time};
use crate::shell::{Place, Shell, Web};
use app::views::organization::{DirectoryItem, DomainItem, OrganizationView, PolicyItem};
use axum::extract::State;
use maud::{Markup, html};

/// Shows the organization.
pub(crate) async fn show(State(web): State<Web>, shell: Shell) -> Result<Markup, PageError> {
    let scope = shell.scope()?;
    let view = web.app.organization(scope).await?;
    let body = html! {
        (head(&shell, &view))
        (domains(shell.now, &view.domains))
        (policies(shell.now, &view.policies))
        (directories(shell.now, &view.directories))
    };
    Ok(shell.page(Place::Organization, "Organization", body))
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
            div.heading { h2 { "Domains" span.number { (domains.len()) } } }
            @if domains.is_empty() { p.empty { "No domain is known: none was claimed, or this key may not read them." } }
            @else {
                p.prose { "Accounts with an address on a verified domain are managed: the organization sets their name, their password rules and whether they are active." }
                table.list {
                    thead { tr {
                        th scope="col" { "Domain" } th scope="col" { "Claimed by" } th.number scope="col" { "Since" } th scope="col" { "State" }
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
            div.heading { h2 { "Policies" span.number { (policies.len()) } } }
            @if policies.is_empty() { p.empty { "No policy is known: there is none, or this key may not read them." } }
            @else {
                table.list {
                    thead { tr {
                        th scope="col" { "Policy" } th scope="col" { "About" } th.number scope="col" { "Since" } th scope="col" { "State" }
                    } }
                    tbody { @for policy in policies { tr {
                        td.first.m1 title=(policy.policy_id) { bdi { (policy.name) } }
                        td.m3 { @match &policy.policy_type { Some(words) => (words.replace(['-', '_'], " ")), None => (not_told("not told")) } }
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
            div.heading { h2 { "Directories" span.number { (directories.len()) } } }
            @if directories.is_empty() { p.empty { "No directory is known yet." } }
            @else {
                table.list {
                    thead { tr { th scope="col" { "Directory" } th scope="col" { "Id" } th.number scope="col" { "Since" } } }
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
