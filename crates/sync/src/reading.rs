//! What a reading is given, and what came of it.

use crate::error::SyncError;
use crate::progress::Progress;
use atlassian::{Admin, Scim};
use model::{Clock, Family, RunId};
use serde::Serialize;
use store::{ConnectionRow, OrganizationRow, Store};

/// What to read, with what.
pub struct Reading<'a> {
    /// Where to keep it.
    pub store: &'a Store,
    /// Whom to ask.
    pub admin: &'a Admin,
    /// The SCIM directory, where the connection knows one.
    pub scim: Option<&'a Scim>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Who hears of progress.
    pub progress: &'a dyn Progress,
    /// Whose organization.
    pub organization: OrganizationRow,
    /// Through which connection.
    pub connection: ConnectionRow,
    /// Whether to read the method of every holding too: a request an account.
    pub with_methods: bool,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything was read to the server's own end, and is published.
    Complete,
    /// It shows a drop out of proportion; a person decides.
    Held,
    /// Something was not read completely. What was complete may be published; nothing ended without proof.
    Incomplete,
}

/// What came of a reading.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The run.
    pub run: RunId,
    /// Requests sent in this session.
    pub requests: u64,
    /// Facts that began.
    pub begun: i64,
    /// Facts that ended.
    pub ended: i64,
    /// Why it is held or incomplete.
    pub reasons: Vec<String>,
    /// The families that were not read completely, where nothing stopped it.
    pub unread: Vec<Family>,
    /// What stopped it, if something did; the next reading goes on from there.
    pub error: Option<SyncError>,
}
