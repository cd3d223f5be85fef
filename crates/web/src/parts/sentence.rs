//! Changes as linked sentences.

use crate::parts::{account_link, group_link, number, time, workspace_path};
use crate::shell::Shell;
use app::views::changes::{Change, Piece, Sentence, Turn};
use maud::{Markup, html};

/// A sentence with links to what it names.
pub(crate) fn sentence(sentence: &Sentence) -> Markup {
    html! {
        @for piece in &sentence.0 {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Account(account) => (account_link(account)),
                Piece::Group(group) => (group_link(group)),
                Piece::Workspace(workspace) => a href=(workspace_path(workspace)) { bdi { (workspace.label()) } },
                Piece::Role(role) => b title=(role.role_id) { (role.name) },
                Piece::Name(name) => b { bdi { (name) } },
            }
        }
    }
}

/// Who did it, where an event tells.
pub(crate) fn by_whom(change: &Change) -> Markup {
    html! {
        @if let Some(cause) = &change.cause {
            span.quiet title=(format!("{} by the audit log", cause.action)) {
                " by "
                @if cause.actor.name.is_some() {
                    (account_link(&cause.actor))
                } @else {
                    bdi { (cause.actor.label()) }
                }
            }
        }
    }
}

/// When, as exactly as it is known.
pub(crate) fn when(now: i64, change: &Change) -> Markup {
    if let Some(cause) = &change.cause {
        return time::moment(now, cause.at);
    }
    match change.after {
        Some(after) => {
            let hover = format!(
                "between {} and {}",
                time::exact_text(after),
                time::exact_text(change.by)
            );
            html! { time datetime=(change.by) title=(hover) { (time::span_text(now, after, change.by)) } }
        }
        None => time::moment(now, change.by),
    }
}

/// `+` for what began, `−` for what ended, `~` for what changed; with the word for those who cannot see it.
pub(crate) fn turn(turn: Turn) -> Markup {
    let (sign, word) = match turn {
        Turn::Began => ("+", "began"),
        Turn::Ended => ("−", "ended"),
        Turn::Changed => ("~", "changed"),
    };
    html! { span.turn title=(word) { (sign) span.sr { " " (word) } } }
}

/// The history of something, with its heading.
pub(crate) fn history_section(shell: &Shell, title: &str, changes: &[Change], most: usize) -> Markup {
    let first = shell.scope.as_ref().and_then(|scope| scope.first_read_at);
    html! {
        section #history {
            div.heading {
                h2 {
                    (title)
                    @if let Some(first) = first { span.number { "since " (time::day(shell.now, first)) } }
                }
            }
            @if changes.is_empty() { p.empty { "Nothing changed since the first reading." } }
            @else { (history(shell.now, changes, most)) }
        }
    }
}

/// A table of changes with their time.
fn history(now: i64, changes: &[Change], most: usize) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { "When" } th scope="col" { "What" } } }
            tbody {
                @for change in changes.iter().take(most) {
                    tr {
                        td.when.m3 { (when(now, change)) }
                        td.words.m1.all { (turn(change.turn)) " " (sentence(&change.sentence)) (by_whom(change)) }
                    }
                }
            }
        }
        @if changes.len() > most {
            p.note.quiet {
                (number(i64::try_from(changes.len() - most).unwrap_or(0)))
                " earlier changes are not listed here."
            }
        }
    }
}
