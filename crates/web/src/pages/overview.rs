//! The overview: is anything wrong, and what changed.

use crate::error::PageError;
use crate::pages::connections::nothing_connected;
use crate::pages::workspaces::{legend, scale, seats};
use crate::parts::{
    address, counted, mark, not_told, number, product_beside, segment, time, workspace_link, workspace_path,
};
use crate::picture::bars::changes_by_day;
use crate::shell::{Place, Shell, Web};
use app::views::overview::{Attention, Overview};
use axum::extract::State;
use maud::{Markup, html};

/// Shows the overview.
pub(crate) async fn show(State(web): State<Web>, shell: Shell) -> Result<Markup, PageError> {
    let Some(scope) = &shell.scope else {
        let body = html! { div.title { h1 { "Overview" } p.context { "Nothing is connected" } } (nothing_connected()) };
        return Ok(shell.page(Place::Overview, "Overview", body));
    };
    let view = web.app.overview(scope).await?;
    let body = html! {
        (head(&shell, &view))
        @if scope.is_read() {
            (strip(&shell, &view))
            (attention(&shell, &view))
            (workspaces(&view))
            (changes(&shell, &view))
        } @else {
            div.empty {
                p { b { "Nothing was read yet." } }
                p.prose { "The first reading brings accounts, groups, workspaces and roles. Run " code { "orgwarden sync" } "; its progress is on the page of the "
                    a href="/connections" { "connection" } "." }
            }
            (attention(&shell, &view))
        }
    };
    Ok(shell.page(Place::Overview, "Overview", body))
}

fn head(shell: &Shell, view: &Overview) -> Markup {
    let pressing = i64::try_from(
        view.attention
            .iter()
            .filter(|attention| attention.is_pressing())
            .count(),
    )
    .unwrap_or(0);
    html! {
        div.title {
            h1 {
                "Overview"
                span.number {
                    @match pressing {
                        0 => "nothing needs a person",
                        1 => "1 thing needs a person",
                        many => { (many) " things need a person" },
                    }
                }
            }
            p.context {
                @match view.read_at {
                    Some(at) => {
                        @let whole = shell.scope.as_ref().and_then(|scope| scope.whole_read_at);
                        @match whole.filter(|whole| *whole < at) {
                            None => {
                                "Complete reading " (time::ago(shell.now, at)) ", at "
                                (time::moment(shell.now, at))
                            }
                            Some(whole) => {
                                "Complete reading " (time::ago(shell.now, whole)) ", at "
                                (time::moment(shell.now, whole))
                                span.dot { "·" } "what events named since, " (time::ago(shell.now, at))
                            },
                        }
                    },
                    None => "Not read yet",
                }
                @if view.activity_read_at.is_some() { span.dot { "·" } "activity lags by up to 24 hours at Atlassian" }
            }
        }
    }
}

fn strip(shell: &Shell, view: &Overview) -> Markup {
    let tally = &view.tally;
    let age = || html! { dd.age { (shell.age()) } };
    html! {
        dl.strip {
            div {
                dt { "Accounts" }
                dd.big { a href="/accounts" { (number(tally.accounts)) } }
                dd { (number(tally.managed)) " managed, " (number(tally.external)) " external" }
                (age())
            }
            div {
                dt { "Groups" }
                dd.big { a href="/groups" { (number(view.counts.groups)) } }
                dd {
                    (number(view.giving_groups)) " give a role"
                    @if view.synced_groups > 0 { ", " (number(view.synced_groups)) " synced" }
                }
                (age())
            }
            div {
                dt { "Unused for 90 days" }
                dd.big { a href="/accounts?view=unused" { (number(view.facets.unused)) } }
                dd { "accounts, as far as told" }
                dd.age {
                    @match view.activity_read_at {
                        Some(at) => { "activity as of " (time::moment(shell.now, at)) },
                        None => "activity not read yet",
                    }
                }
            }
            div {
                dt { "API tokens" }
                dd.big { a href="/tokens" { (number(view.tokens)) } }
                dd {
                    (number(view.tokens_expiring))
                    @if view.tokens_expiring == 1 { " expires" } @else { " expire" } " within 30 days"
                }
                (age())
            }
        }
    }
}

fn attention(shell: &Shell, view: &Overview) -> Markup {
    if view.attention.is_empty() {
        return html! {};
    }
    // Only what a reading itself is about has a time.
    let is_timed = |attention: &Attention| {
        matches!(
            attention,
            Attention::RunHeld { .. }
                | Attention::Unfinished { .. }
                | Attention::ReadingsFail { .. }
                | Attention::Stale { .. }
        )
    };
    let timed = view.attention.iter().any(is_timed);
    html! {
        section {
            div.heading { h2 { "Worth a look" span.number { (view.attention.len()) } } }
            table.list {
                thead {
                    tr {
                        th.state scope="col" { "State" }
                        th scope="col" { "What" }
                        @if timed { th.number scope="col" { "Since" } }
                        th.number scope="col" { span.sr { "What to do" } }
                    }
                }
                tbody { @for attention in &view.attention {
                    @let (what, since, (path, verb)) = row(shell.now, attention);
                    tr data-href=(path) {
                        td.m3 {
                            @if attention.is_pressing() {
                                (mark::red("Needs a person"))
                            } @else {
                                (mark::amber("May need one"))
                            }
                        }
                        td.words.m1.all { (what) }
                        @if timed { td.number.m0 { (since) } }
                        td.number.act.m4 { a href=(path) { (verb) } }
                    }
                } }
            }
        }
    }
}

fn connection_path(connection: &str) -> String {
    format!("/connections/{}", segment(connection))
}

fn row(now: i64, attention: &Attention) -> (Markup, Markup, (String, &'static str)) {
    let current = || html! {};
    match attention {
        Attention::RunHeld {
            connection,
            run,
            reasons,
            at,
        } => (
            html! { b { "A reading of " (connection) " is held. " } (reasons.join("; ")) },
            time::ago(now, *at),
            (format!("/runs/run_{run}"), "Decide"),
        ),
        Attention::Unfinished {
            connection,
            run,
            started_at,
        } => (
            html! {
                b { "A reading of " (connection) " has not ended. " } "The next " code { "orgwarden sync" }
                " takes it up where it stopped."
            },
            time::ago(now, *started_at),
            (format!("/runs/run_{run}"), "See how far it is"),
        ),
        Attention::Partial {
            connection,
            run,
            reasons,
        } => (
            html! {
                b { "Not all of " (connection) " could be read. " }
                (reasons.iter().take(2).cloned().collect::<Vec<_>>().join("; "))
            },
            current(),
            (format!("/runs/run_{run}"), "See what"),
        ),
        Attention::ReadingsFail {
            connection,
            failures,
            failure,
            failed_at,
        } => (
            html! {
                b {
                    @if *failures == 1 {
                        "The last reading of " (connection) " failed. "
                    } @else {
                        "The last " (failures) " readings of " (connection) " failed. "
                    }
                }
                (failure)
            },
            time::ago(now, *failed_at),
            (connection_path(connection), "Open the connection"),
        ),
        Attention::Stale { connection, read_at } => (
            html! { b { "What " (connection) " shows is old. " } "No reading was completed since." },
            time::ago(now, *read_at),
            (connection_path(connection), "Open the connection"),
        ),
        Attention::TokensOfLeavers { tokens, accounts } => (
            html! {
                b { (counted(*tokens, "API token", "API tokens")) @if *tokens == 1 { " works" } @else { " work" } }
                " though "
                (counted(*accounts, "its account is", "their accounts are").trim_start_matches(|c: char| c.is_ascii_digit() || c == ',').trim_start())
                " not active any more."
            },
            current(),
            (address("/tokens", &[("view", "orphans")]), "List the tokens"),
        ),
        Attention::TokensExpiring { tokens } => (
            html! {
                b { (counted(*tokens, "API token", "API tokens")) }
                @if *tokens == 1 { " stops" } @else { " stop" } " working within 30 days."
            },
            current(),
            (address("/tokens", &[("view", "expiring")]), "List the tokens"),
        ),
        Attention::Findings { findings, pressing } => (
            html! {
                b { (counted(*findings, "finding", "findings")) @if *findings == 1 { " is" } @else { " are" } " open" }
                @if *pressing > 0 { ", " (number(*pressing)) " of them critical or high." } @else { "." }
            },
            current(),
            ("/findings".to_owned(), "See the findings"),
        ),
        Attention::Unused { accounts } => (
            html! {
                b { (counted(*accounts, "account", "accounts")) } " with a role "
                @if *accounts == 1 { "was" } @else { "were" } " not active for 90 days."
            },
            current(),
            (address("/accounts", &[("view", "unused")]), "List the accounts"),
        ),
    }
}

fn workspaces(view: &Overview) -> Markup {
    if view.workspaces.is_empty() {
        return html! {};
    }
    let scale = scale(&view.workspaces);
    html! {
        section {
            div.heading {
                h2 {
                    "Access by workspace"
                    @if view.counts.workspaces > 8 {
                        span.number {
                            "the largest 8 of " a href="/workspaces" { (number(view.counts.workspaces)) }
                        }
                    }
                }
                (legend())
            }
            table.list {
                thead { tr {
                    th scope="col" { "Workspace" }
                    th scope="col" { "Product" }
                    th.number scope="col" { "Accounts" }
                    th.number scope="col" { "Seats" }
                    th.bars scope="col" { "Accounts, 0 to " (number(scale)) } th.number scope="col" { "Not active" }
                } }
                tbody { @for item in &view.workspaces {
                    @let idle = (item.accounts - item.active).max(0);
                    tr data-href=(workspace_path(&item.workspace)) {
                        td.first.m1 { (workspace_link(&item.workspace)) (product_beside(&item.workspace)) }
                        td.cut.m0 { (item.workspace.product) }
                        td.number.strong.m2 {
                            (number(item.accounts))
                            @if let Some(seats) = item.capacity {
                                span.only-phone.quiet { " of " (number(seats)) }
                            }
                        }
                        td.number.m0 {
                            @match item.capacity {
                                Some(seats) => (number(seats)),
                                None => (not_told("not told")),
                            }
                        }
                        td.bars.m5 { (seats(item, scale)) }
                        td.number.m3 { (number(idle)) span.only-phone { " not active, or not told" } }
                    }
                } }
            }
        }
    }
}

fn changes(shell: &Shell, view: &Overview) -> Markup {
    // A single day has no course.
    let Some(first) = view.days.first().filter(|_| view.days.len() > 1) else {
        return html! {};
    };
    html! {
        section {
            div.heading {
                h2 {
                    "Changes"
                    span.number {
                        (time::day_text(shell.now, first.day)) " to today, roles gained and lost a day"
                    }
                }
                p.legend {
                    span { i.b1 {} "gained" } span { i.b2 {} "lost" }
                    span { a href="/changes" { "All changes" } }
                }
            }
            (changes_by_day(&view.days, shell.now))
        }
    }
}
