//! The demo's mailbox: what its alerts sent by mail.

use crate::error::PageError;
use crate::shell::{Place, Shell, Web};
use axum::extract::State;
use maud::{Markup, html};

/// Letters that are shown.
const MOST: usize = 20;

/// Shows the letters, the latest first.
pub(crate) async fn show(State(web): State<Web>, shell: Shell) -> Result<Markup, PageError> {
    let letters = letters(State(web)).await?;
    let body = html! {
        div.title {
            h1 { "Mailbox" }
            p.context {
                "What this demo's alerts sent by e-mail, to a pretend mail server within this program"
                span.dot { "·" } a href="/alerts" { "Alerts" }
            }
        }
        (letters)
    };
    Ok(shell.page(Place::Mailbox, "Mailbox", body))
}

/// The letters alone, to be swapped.
pub(crate) async fn letters(State(web): State<Web>) -> Result<Markup, PageError> {
    let mailbox = web.mailbox.as_ref().ok_or_else(|| PageError::not_found("page"))?;
    let letters = mailbox.letters();
    Ok(html! {
        div data-refresh="/mailbox/letters" {
            @if letters.is_empty() {
                div.empty {
                    p { b { "No letter came yet." } }
                    p.prose {
                        "The invented organization changes now and then; what its alerts tell of arrives here."
                    }
                }
            }
            @for letter in letters.iter().rev().take(MOST) {
                section {
                    div.heading { h2 { (letter.subject) span.number { "to " (letter.to) } } }
                    pre.letter { (letter.text) }
                }
            }
        }
    })
}
