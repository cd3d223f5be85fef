//! What pages are made of.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod filter;
pub(crate) mod mark;
pub(crate) mod returns;
pub(crate) mod sentence;
pub(crate) mod time;

use app::views::{AccountRef, Edge, GroupRef, Listed, RoleRef, WorkspaceRef};
use maud::{Markup, html};
use url::form_urlencoded;

/// A number with its thousands apart.
pub(crate) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    if value < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 group`, `2 groups`.
pub(crate) fn counted(value: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// One segment of a path; everything that is not plain is escaped, also `/`.
pub(crate) fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// A path with those parameters that are not empty.
pub(crate) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut any = false;
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
        any = true;
    }
    if any {
        format!("{path}?{}", query.finish())
    } else {
        path.to_owned()
    }
}

/// A link to an account by its name; names keep their own direction.
pub(crate) fn account_link(account: &AccountRef) -> Markup {
    let label = account.label();
    html! { a href=(account_path(account)) title=(label) { bdi { (label) } } }
}

/// Where an account's page is.
pub(crate) fn account_path(account: &AccountRef) -> String {
    format!("/accounts/{}", segment(&account.account_id))
}

/// A link to a group by its name.
pub(crate) fn group_link(group: &GroupRef) -> Markup {
    html! { a href=(group_path(&group.group_id)) title=(group.name) { bdi { (group.name) } } }
}

/// Where a group's page is.
pub(crate) fn group_path(group_id: &str) -> String {
    format!("/groups/{}", segment(group_id))
}

/// A link to a workspace by its name.
pub(crate) fn workspace_link(workspace: &WorkspaceRef) -> Markup {
    html! { a href=(workspace_path(workspace)) title=(workspace.name) { bdi { (workspace.name) } } }
}

/// Where a workspace's page is.
pub(crate) fn workspace_path(workspace: &WorkspaceRef) -> String {
    format!("/workspaces/{}", segment(&workspace.workspace_id))
}

/// The product beside a workspace's name where its own column is not shown: a site gives several the same name.
pub(crate) fn product_beside(workspace: &WorkspaceRef) -> Markup {
    html! { @if workspace.label() != workspace.name { span.only-phone.quiet { " " (workspace.product) } } }
}

/// A role's name; its id on hover.
pub(crate) fn role(role: &RoleRef) -> Markup {
    html! { span title=(role.role_id) { (role.name) } }
}

/// What is not told, in the words and the grey kept for that.
pub(crate) fn not_told(words: &str) -> Markup {
    html! { span.quiet { (words) } }
}

/// An id in monospace that can be copied.
pub(crate) fn copyable(id: &str) -> Markup {
    html! { span.copyable { code.id title=(id) { (id) } button.copy type="button" data-copy=(id) hidden { "Copy" } } }
}

/// A part of something long that can be copied whole.
pub(crate) fn copyable_part(shown: &str, whole: &str) -> Markup {
    html! {
        span.copyable {
            code.id title=(whole) { (shown) }
            button.copy type="button" data-copy=(whole) aria-label=(format!("Copy {whole}")) hidden { "Copy" }
        }
    }
}

/// A number in a cell; zero is grey.
pub(crate) fn cell_number(value: i64) -> Markup {
    html! { @if value == 0 { span.quiet { "0" } } @else { (number(value)) } }
}

/// The whole filtered list as a file.
pub(crate) fn export_link(path: &str, parameters: &[(&str, &str)]) -> Markup {
    let mut all = parameters.to_vec();
    all.push(("format", "csv"));
    html! { a.export href=(address(path, &all)) download="" { "Export CSV" } }
}

/// What is below a list: which part it shows, the other parts, and the keys.
pub(crate) fn pager<T>(listed: &Listed<T>, path: &str, parameters: &[(&str, &str)], keys: bool) -> Markup {
    let part = |offset: i64, beside: Option<Edge>| {
        let mut all = parameters.to_vec();
        let beside = beside.filter(|_| offset > 0);
        let key = beside.map_or_else(String::new, |edge| format!("{}.{}", edge.account, edge.role));
        let is_before = beside.is_some_and(|edge| edge.is_before);
        all.push((if is_before { "before" } else { "after" }, &key));
        let text = if offset == 0 {
            String::new()
        } else {
            offset.to_string()
        };
        all.push(("from", &text));
        address(path, &all)
    };
    let (before, after) = listed
        .edges
        .map_or((None, None), |[before, after]| (Some(before), Some(after)));
    let last = listed.offset + i64::try_from(listed.rows.len()).unwrap_or(0);
    html! {
        div.pager {
            p {
                @if listed.shown > 0 && !listed.rows.is_empty() {
                    (number(listed.offset + 1)) "–" (number(last)) " of " (number(listed.shown))
                }
                @if listed.offset > listed.limit { " · " a href=(part(0, None)) { "First" } }
                @if let Some(offset) = listed.previous_offset() {
                    " · " a rel="prev" href=(part(offset, before)) { "Previous " (listed.limit) }
                }
                @if let Some(offset) = listed.next_offset() {
                    " · " a rel="next" href=(part(offset, after)) { "Next " (listed.limit.min(listed.shown - offset)) }
                }
            }
            @if keys && !listed.rows.is_empty() {
                p.keys hidden { kbd { "j" } kbd { "k" } " move " kbd { "Enter" } " open " kbd { "/" } " search" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1234), "1,234");
        assert_eq!(number(-1_234_567), "−1,234,567");
    }

    #[test]
    fn a_segment_holds_no_slash() {
        assert_eq!(segment("ari:cloud:x::site/1"), "ari%3Acloud%3Ax%3A%3Asite%2F1");
    }

    #[test]
    fn empty_parameters_are_left_out() {
        assert_eq!(address("/a", &[("q", ""), ("s", "x y")]), "/a?s=x+y");
        assert_eq!(address("/a", &[("q", "")]), "/a");
    }
}
