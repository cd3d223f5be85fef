//! What the plan changes for each account, those first who are touched beyond what was asked.

use crate::pages::plans::plan_path;
use crate::parts::{account_link, counted, export_link, mark, number};
use app::plans::{AccountEffects, PlanView, RoleEffect};
use maud::{Markup, html};

/// Accounts that are listed; the file has all.
const ACCOUNTS: usize = 50;

/// The table of accounts.
pub(super) fn section(view: &PlanView, accounts: &[AccountEffects]) -> Markup {
    let path = plan_path(&view.plan.id);
    let beyond = accounts.iter().filter(|account| account.is_beyond()).count();
    let plural = |count: usize, words: [&str; 2]| {
        counted(i64::try_from(count).unwrap_or(i64::MAX), words[0], words[1])
    };
    let kinds: Vec<Kind> = [
        (
            "loses ",
            "Loses",
            [view.effects.lost.len(), view.effects.lost_count],
        ),
        (
            "gains ",
            "Gains",
            [view.effects.gained.len(), view.effects.gained_count],
        ),
        (
            "not known: ",
            "Not known",
            [view.effects.unknown.len(), view.effects.unknown_count],
        ),
    ]
    .into_iter()
    .filter(|(_, _, [_, all])| *all > 0)
    .collect();
    let (first, rest) = accounts.split_at(beyond.min(ACCOUNTS));
    let rest = rest
        .get(..(ACCOUNTS - first.len()).min(rest.len()))
        .unwrap_or_default();
    html! {
        section #effects {
            div.heading {
                h2 { "What happens to each account" span.number { (plural(accounts.len(), ["account", "accounts"])) } }
                @if !accounts.is_empty() { (export_link(&path, &[("table", "accounts")])) }
            }
            @if accounts.is_empty() {
                p.empty {
                    "Nobody's roles change by it"
                    @if view.effects.remaining_count > 0 {
                        ": " (plural(view.effects.remaining_count, ["role remains", "roles remain"]))
                        " by another way"
                    }
                    "."
                }
            } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Account" }
                            @for (_, head, _) in &kinds { th scope="col" { (head) } }
                        }
                    }
                    tbody {
                        @if !first.is_empty() {
                            tr.group-head {
                                td colspan=(kinds.len() + 1) {
                                    b {
                                        (plural(beyond, ["account is", "accounts are"]))
                                        " touched beyond what was asked"
                                    }
                                    ": what comes or goes with it"
                                }
                            }
                            @for account in first { (account_row(account, &kinds)) }
                        }
                        @if !rest.is_empty() {
                            @if !first.is_empty() {
                                tr.group-head { td colspan=(kinds.len() + 1) { b { "Only what was asked" } } }
                            }
                            @for account in rest { (account_row(account, &kinds)) }
                        }
                    }
                }
                @if accounts.len() > ACCOUNTS { p.note.quiet { (accounts.len() - ACCOUNTS) " more are in the file." } }
            }
            @for (_, head, [kept, all]) in &kinds {
                @if kept < all {
                    p.note.quiet {
                        (head) ": of " (number(i64::try_from(*all).unwrap_or(i64::MAX))) " roles the first "
                        (kept) " are kept with the plan and listed."
                    }
                }
            }
            @if view.effects.is_partial {
                p.note {
                    (mark::amber("Worked out for")) " the first " (view.effects.accounts)
                    " accounts only: the plan touches more."
                }
            }
            @if view.effects.unknown_count > 0 {
                p.note.quiet {
                    "Not known: how the role came about was not read, so it may remain. Read it with "
                    code { "orgwarden sync --methods" } " and make the plan again."
                }
            }
        }
    }
}

/// What becomes of roles: its word on a telephone, its head, and how many lines of it are kept of how many.
type Kind = (&'static str, &'static str, [usize; 2]);

fn account_row(effects: &AccountEffects, kinds: &[Kind]) -> Markup {
    let of = |head: &str| match head {
        "Loses" => &effects.lost,
        "Gains" => &effects.gained,
        _ => &effects.unknown,
    };
    html! {
        tr {
            td.first.m1.all { (account_link(&effects.account)) }
            @for ((word, head, _), place) in kinds.iter().zip(["words m5", "words m6", "words m7"]) {
                td class=(place) { (role_words(word, of(head))) }
            }
        }
    }
}

fn role_words(on_phone: &str, effects: &[RoleEffect]) -> Markup {
    const MOST: usize = 4;
    let words = |effect: &RoleEffect| format!("{} of {}", effect.role.name, effect.workspace.label());
    let more: Vec<String> = effects.iter().skip(MOST).map(words).collect();
    html! {
        @if effects.is_empty() { span.quiet.not-phone { "nothing" } } @else {
            span.only-phone.quiet { (on_phone) }
            (effects.iter().take(MOST).map(words).collect::<Vec<_>>().join(", "))
            @if !more.is_empty() { span title=(more.join(", ")) { ", +" (more.len()) } }
        }
    }
}
