//! Pages: HTML over HTTP, made on the server; a small script only adds comfort.
//!
//! Every page asks `app` one question, shows its answer with its age, and works without the script.
//! The door is narrow: loopback addresses only, a list of allowed Host names, and a start token that works
//! once and is exchanged for a strict cookie ([`Gate`]). Forms are taken only from pages of ours.
//!
//! Deliveries of Atlassian's come in by another door (`hooks`), on a listener of its own.
//!
//! Each line uses only what is below it:
//! - `routes`: which path leads to which page, and the layers around them.
//! - `pages`: one file per noun.
//! - `shell`: what is around a page, and what it knows of the request.
//! - `form`: what a form sent. `error`: what is shown instead of a page. `picture`: drawings as SVG.
//! - `csv`: tables as files. `parts`: what pages are made of. `frame`: the head, and pages without the rail. `gate`:
//!   Host, token, cookie.

mod assets;
mod csv;
mod error;
mod form;
mod frame;
mod gate;
mod hooks;
mod pages;
mod parts;
mod picture;
mod routes;
mod shell;

pub use gate::{Gate, ListenError, check_listen_address};
pub use hooks::{HookKeeper, MOST_BYTES, door, fuzz_delivery};
pub use routes::router;

use std::sync::Arc;

/// How the pages are served.
#[derive(Clone, Default)]
pub struct WebOptions {
    /// Host names under which the pages may be asked for besides the loopback names, without a port.
    pub allowed_hosts: Vec<String>,
    /// The start token; a random one is made when it is left out.
    pub start_token: Option<String>,
    /// How Atlassian is called to make a plan; without it, plans can only be looked at.
    pub api: Option<app::Options>,
    /// Letters to show on a page of their own.
    pub mailbox: Option<Arc<dyn Mailbox>>,
}

/// Where letters are that came by mail, for the demo.
pub trait Mailbox: Send + Sync {
    /// The letters, the latest last.
    fn letters(&self) -> Vec<Letter>;
}

/// A letter that came by mail.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who gets it.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}
