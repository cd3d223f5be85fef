//! Ways to access, in words short enough for a cell.

use crate::parts::{mark, not_told};
use app::views::access::PathView;
use app::views::account::GivenRole;
use maud::{Markup, html};

/// Every way in words: `through jira-users; direct`.
pub(crate) fn how_text(paths: &[PathView]) -> String {
    let words = paths.iter().map(|path| match path {
        PathView::Group { group_name, .. } => format!("through {group_name}"),
        PathView::Direct => "direct".to_owned(),
        PathView::Inferred => "inferred".to_owned(),
        PathView::NotRead => "not read yet".to_owned(),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// `through jira-users, +2`, `direct`.
pub(crate) fn how(paths: &[PathView]) -> Markup {
    let groups: Vec<&str> = paths
        .iter()
        .filter_map(|path| match path {
            PathView::Group { group_name, .. } => Some(group_name.as_str()),
            _ => None,
        })
        .collect();
    let mut others: Vec<&str> = Vec::new();
    if paths.contains(&PathView::Direct) {
        others.push("direct");
    }
    if paths.contains(&PathView::Inferred) {
        others.push("inferred");
    }
    let is_unread = paths.contains(&PathView::NotRead);
    let all = groups.join(", ");
    html! {
        @if let Some(first) = groups.first() {
            span title=(all) { "through " bdi { (first) } @if groups.len() > 1 { ", +" (groups.len() - 1) } }
            @if !others.is_empty() { " and " }
        }
        (others.join(", "))
        @if is_unread { (mark::open("not read yet")) }
    }
}

/// `Product admin of fernhill-ops, +2`.
pub(crate) fn given_shortly(grants: &[GivenRole]) -> Markup {
    let all: Vec<String> = grants
        .iter()
        .map(|given| format!("{} of {}", given.role.name, given.workspace.label()))
        .collect();
    html! {
        @match grants.first() {
            None => (not_told("nothing")),
            Some(first) => span title=(all.join(", ")) {
                (first.role.name) " of " bdi { (first.workspace.label()) }
                @if grants.len() > 1 { ", +" (grants.len() - 1) }
            }
        }
    }
}

/// Who owns the members, in words.
pub(crate) fn owner(external_synced: Option<bool>) -> Markup {
    match external_synced {
        Some(true) => html! { "identity provider" },
        Some(false) => not_told("Atlassian"),
        None => not_told("not told"),
    }
}
