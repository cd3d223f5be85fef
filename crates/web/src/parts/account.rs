//! What kind of account it is and what is worth a look, in words.

use crate::parts::{counted, mark};
use app::views::accounts::{AccountItem, AccountMark};
use maud::{Markup, html};

/// `managed`, `external`, `app`, `portal customer`.
pub(crate) fn kind(item: &AccountItem) -> &str {
    match (item.account_type.as_deref(), item.claim_status.as_deref()) {
        (Some("app"), _) => "app",
        (Some("customer"), _) => "portal customer",
        (_, Some("managed")) => "managed",
        (_, Some("unmanaged")) => "external",
        (_, Some(other)) => other,
        (_, None) => "",
    }
}

/// The most pressing mark of an account; nothing for most.
pub(crate) fn state(item: &AccountItem) -> Markup {
    match item.marks.first() {
        None => html! {},
        Some(AccountMark::LeftWithTokens { tokens }) => {
            mark::red(&format!("Left, {} live", counted(*tokens, "token", "tokens")))
        }
        Some(AccountMark::NotActive { status }) => html! { span.quiet { (status_word(status)) } },
        Some(AccountMark::Unused { .. }) => mark::amber("Unused, 90 days"),
        Some(AccountMark::Administrator { role }) => html! { (role) },
    }
}

/// A status in plain words.
pub(crate) fn status_word(status: &str) -> String {
    let words = match status {
        "inactive" => "deactivated",
        "closed" => "account closed",
        "no_membership" => "not in the directory",
        other => &other.replace('_', " "),
    };
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
