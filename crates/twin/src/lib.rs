//! A pretend Atlassian: the admin organizations API with state, faults and its own clock.
//!
//! It is ground truth for tests and demos. [`Twin::start`] generates an organization from [`TwinOptions`] (same
//! options, same organization), serves it over HTTP on a real socket, and can afterwards say the plain truth about it
//! ([`Twin::truth`]), change it ([`Twin::mutate`]), damage its own answers ([`Twin::set_faults`]) and move its clock
//! ([`Twin::advance_s`]). The same controls are reachable over HTTP under `/_twin/`.
//!
//! What it promises: an answer says what the state says at that moment, a write shows after the documented delay on the
//! twin's clock, and rows are lost or repeated in a listing only as the consequence of a real change while it is read.
//! What it refuses: sharing code with the client it judges. Guesses about the vendor's behaviour are listed in
//! `docs/twin.md`, most of them with the option that turns them around.
//!
//! Where to look: [`options`] for what can be asked of it, `generate` for the shapes, `facts` for a given organization,
//! `state` for the rows and the one place that changes them, `query` for filters, `http` for one file per noun of the
//! API, `request` for the way of one request, `server` for the sockets. [`Replay`] is apart from all that: it serves
//! recorded answers and nothing else.

mod clock;
mod control;
mod cursor;
mod events;
mod facts;
mod faults;
mod generate;
mod http;
mod limits;
mod log_faults;
mod mailbox;
mod mutate;
pub mod options;
mod query;
mod random;
mod replay;
mod request;
mod roles;
mod server;
mod state;
mod truth;
mod twin;

pub use mailbox::{Letter, MailServer, Mailbox, TalkEnd};
pub use options::{
    Counts, CursorStyle, FilterSemantics, GroupRolesStyle, KeyKind, NextStyle, OnOff, ProfilePrivileges,
    RepeatLifecycle, RetryAfterStyle, ScimDomains, ScimMedia, Shape, TwinOptions,
};
pub use replay::{CaptureError, Replay};
pub use twin::{Twin, TwinError};
