//! The audit log: written by every change and by the reads the vendor logs, kept for 180 days.
//!
//! An event has the time at which it happened and the later one at which the log had processed it. The stream is in
//! order of processing; a few events are processed long after they happened, as the vendor's are.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::clock::iso_ms;
use crate::log_faults::LogFaults;
use crate::random::{Random, hash};

/// How long events are kept.
pub(crate) const KEPT_MS: i64 = 180 * 24 * 3600 * 1000;
/// How long the log usually needs to process an event.
const PROCESSING_MS: i64 = 3_000;
/// How late a late event is.
const LATE_MS: i64 = 15 * 60 * 1000;
/// More events than this are never kept, so that memory stays flat.
const MOST_EVENTS: usize = 100_000;
/// A reader's looking at the users is logged once in this time.
const VIEW_INTERVAL_MS: i64 = 60_000;

/// Something an event is about: (type, id, name).
pub(crate) type Subject = (&'static str, String, Option<String>);

/// One line of the log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Position in the order of processing; also makes the id.
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) time_ms: i64,
    pub(crate) processed_ms: i64,
    pub(crate) action: &'static str,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    /// Whether it was done with the organization's key, not by somebody in a browser.
    pub(crate) by_key: bool,
    pub(crate) context: Vec<Subject>,
}

/// Actions the log knows, with display name and group.
pub(crate) const ACTIONS: [(&str, &str, &str); 33] = [
    ("api_key_revoked", "Revoked API key", "Organization"),
    ("api_token_created", "Created API token", "API tokens"),
    ("api_token_revoked", "Revoked API token", "API tokens"),
    ("added_org_admin", "Added organization admin", "Organization"),
    ("removed_org_admin", "Removed organization admin", "Organization"),
    ("group_created", "Created group", "Groups"),
    ("group_deleted", "Deleted group", "Groups"),
    ("group_updated", "Updated group", "Groups"),
    ("group_granted_role", "Granted role to group", "App access"),
    ("group_revoked_role", "Revoked role from group", "App access"),
    (
        "org_settings_update",
        "Updated organization settings",
        "Organization",
    ),
    (
        "organization_users_viewed",
        "Viewed users of the organization",
        "Organization",
    ),
    ("policy_created", "Created policy", "Policies"),
    ("policy_deleted", "Deleted policy", "Policies"),
    ("policy_updated", "Updated policy", "Policies"),
    ("service_account_created", "Created service account", "Users"),
    ("service_account_deleted", "Deleted service account", "Users"),
    ("service_account_updated", "Updated service account", "Users"),
    ("user_added_to_group", "Added user to group", "Groups"),
    ("user_created", "Created user", "Users"),
    ("user_granted_role", "Granted role to user", "App access"),
    ("user_invitation_sent", "Sent invitation", "Users"),
    ("user_deactivated", "Deactivated account", "Atlassian accounts"),
    (
        "user_deletion_cancelled",
        "Cancelled deletion of account",
        "Atlassian accounts",
    ),
    (
        "user_deletion_scheduled",
        "Scheduled deletion of account",
        "Atlassian accounts",
    ),
    (
        "user_email_changed",
        "Changed email of account",
        "Atlassian accounts",
    ),
    ("user_login", "Logged in to account", "Atlassian accounts"),
    ("user_profile_updated", "Updated profile", "Users"),
    ("user_reactivated", "Restored user", "Users"),
    ("user_removed", "Removed user", "Users"),
    ("user_removed_from_group", "Removed user from group", "Groups"),
    ("user_revoked_role", "Revoked role from user", "App access"),
    ("user_unlinked", "Unlinked user from identity provider", "Users"),
];

/// An action the display list names apart, because the array above is full of pairs.
pub(crate) const SUSPENDED: (&str, &str, &str) = ("user_suspended", "Suspended user", "Users");

/// The log itself.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    /// In order of processing.
    lines: VecDeque<Event>,
    written: u64,
    viewed_ms: Option<i64>,
    /// What goes wrong with what is written from now on.
    faults: Option<LogFaults>,
    /// Cursors of an earlier one are refused.
    generation: u64,
}

impl EventLog {
    /// Writes an event that happens now, done with the organization's key.
    pub(crate) fn write(
        &mut self,
        seed: u64,
        now_ms: i64,
        action: &'static str,
        actor: (&str, &str),
        context: Vec<Subject>,
    ) {
        self.add(seed, now_ms, action, (actor, true), context);
    }

    /// Writes an event that happens now, done by somebody in a browser.
    pub(crate) fn write_by_person(
        &mut self,
        seed: u64,
        now_ms: i64,
        action: &'static str,
        actor: (&str, &str),
        context: Vec<Subject>,
    ) {
        self.add(seed, now_ms, action, (actor, false), context);
    }

    fn add(
        &mut self,
        seed: u64,
        now_ms: i64,
        action: &'static str,
        (actor, by_key): ((&str, &str), bool),
        context: Vec<Subject>,
    ) {
        self.written += 1;
        let bits = hash(seed ^ self.written, action.as_bytes());
        let delay_ms = if bits.is_multiple_of(20) {
            LATE_MS
        } else {
            PROCESSING_MS
        };
        let id = Random::new(seed ^ self.written, "event").uuid();
        let event = Event {
            sequence: self.written,
            id,
            time_ms: now_ms,
            processed_ms: now_ms + delay_ms,
            action,
            actor_id: actor.0.to_owned(),
            actor_name: actor.1.to_owned(),
            by_key,
            context,
        };
        let errs = self.faults.as_mut().map(LogFaults::draw).unwrap_or_default();
        if errs.is_lost {
            return;
        }
        let event = Event {
            processed_ms: event.processed_ms + errs.late_ms,
            ..event
        };
        if let Some(later_ms) = errs.repeated_after_ms {
            self.written += 1;
            self.insert(Event {
                sequence: self.written,
                processed_ms: event.processed_ms + later_ms,
                ..event.clone()
            });
        }
        self.insert(event);
        while self.lines.len() > MOST_EVENTS
            || self
                .lines
                .front()
                .is_some_and(|it| it.processed_ms < now_ms - KEPT_MS)
        {
            self.lines.pop_front();
        }
    }

    fn insert(&mut self, event: Event) {
        let at = self
            .lines
            .partition_point(|line| line.processed_ms <= event.processed_ms);
        self.lines.insert(at, event);
    }

    /// From now on this goes wrong with what is written.
    pub(crate) fn set_faults(&mut self, faults: Option<LogFaults>) {
        self.faults = faults;
    }

    /// Loses all that was written so far, processed or not. With `refuses`, cursors given until now are good no more;
    /// without, nobody who follows the log is told.
    pub(crate) fn forget(&mut self, refuses: bool) {
        self.lines.clear();
        self.generation += u64::from(refuses);
    }

    /// The generation of the cursors that are given now.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Logs that somebody looked at the users, at most once a minute.
    pub(crate) fn write_view(&mut self, seed: u64, now_ms: i64, actor: (&str, &str), organization: &str) {
        if self
            .viewed_ms
            .is_some_and(|at_ms| now_ms - at_ms < VIEW_INTERVAL_MS)
        {
            return;
        }
        self.viewed_ms = Some(now_ms);
        let context = vec![("organization", organization.to_owned(), None)];
        self.write(seed, now_ms, "organization_users_viewed", actor, context);
    }

    /// True when the next look at the users would be logged.
    pub(crate) fn wants_view(&self, now_ms: i64) -> bool {
        self.viewed_ms
            .is_none_or(|at_ms| now_ms - at_ms >= VIEW_INTERVAL_MS)
    }

    /// What the log tells at this moment, in order of processing.
    pub(crate) fn told(&self, now_ms: i64) -> impl DoubleEndedIterator<Item = &Event> {
        self.lines
            .iter()
            .filter(move |line| line.processed_ms <= now_ms && line.processed_ms >= now_ms - KEPT_MS)
    }

    pub(crate) fn find(&self, id: &str, now_ms: i64) -> Option<&Event> {
        self.told(now_ms).find(|line| line.id == id)
    }
}

impl Event {
    /// The event as an answer tells it; the stream adds when it was processed.
    pub(crate) fn json(&self, org_id: &str, is_stream: bool) -> Value {
        let context: Vec<Value> = self
            .context
            .iter()
            .map(|(kind, id, name)| {
                let attributes = name
                    .as_ref()
                    .map_or_else(|| json!({}), |name| json!({ "name": name }));
                json!({ "id": id, "type": kind, "attributes": attributes })
            })
            .collect();
        let mut attributes = json!({
            "time": iso_ms(self.time_ms),
            "action": self.action,
            "actor": { "id": self.actor_id, "name": self.actor_name },
            "context": context,
            "container": [{ "id": org_id, "type": "organization", "attributes": {} }],
            "location": { "ip": "203.0.113.7", "geo": "", "countryName": "Australia", "regionName": "NSW", "city": "Sydney" },
        });
        if self.by_key {
            attributes["actor"]["auth"] =
                json!({ "authType": "api-token", "tokenId": "org-key", "tokenLabel": "twin" });
        }
        if let (true, Some(map)) = (is_stream, attributes.as_object_mut()) {
            map.insert("processedAt".to_owned(), json!(iso_ms(self.processed_ms)));
        }
        json!({
            "id": self.id,
            "type": "events",
            "attributes": attributes,
            "message": { "content": self.action.replace('_', " "), "format": "simple" },
            "links": { "self": format!("https://api.atlassian.com/admin/v1/orgs/{org_id}/events/{}", self.id) },
        })
    }
}
