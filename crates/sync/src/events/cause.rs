//! Who did what a run found changed, and when, as far as an event tells.

use crate::error::SyncError;
use crate::reading::Reading;
use model::{FactKind, RunId};
use std::collections::HashMap;
use store::{Cause, EventRow, Turned};

/// The clocks of the log and of the lists may differ by this much.
const SLACK_MS: i64 = 60_000;
/// More changes than this in one run are not looked up in the archive.
const MOST: i64 = 20_000;

/// Which parts of a fact's key an event must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    First,
    Second,
    Both,
}

/// The actions that make facts of a kind begin or end, those that say it most exactly first.
fn actions(kind: FactKind, is_end: bool) -> &'static [(&'static str, About)] {
    use About::{Both, First, Second};
    match (kind, is_end) {
        (FactKind::Membership, false) => &[
            ("user_added_to_group", Both),
            ("user_created", Second),
            ("user_invitation_sent", Second),
        ],
        (FactKind::Membership, true) => &[
            ("user_removed_from_group", Both),
            ("group_deleted", First),
            ("user_removed", Second),
        ],
        (FactKind::RoleHolding, false) => &[
            ("user_granted_role", Both),
            ("product_access_granted", Both),
            ("user_granted_role", First),
            ("product_access_granted", First),
            ("user_added_to_group", First),
            ("group_granted_role", Second),
            ("user_reactivated", First),
            ("user_created", First),
            ("user_invitation_sent", First),
        ],
        (FactKind::RoleHolding, true) => &[
            ("user_revoked_role", Both),
            ("product_access_revoked", Both),
            ("user_revoked_role", First),
            ("product_access_revoked", First),
            ("user_removed_from_group", First),
            ("group_revoked_role", Second),
            ("user_removed", First),
            ("user_suspended", First),
            ("user_deactivated", First),
        ],
        (FactKind::GroupRoleGrant, false) => &[
            ("group_granted_role", Both),
            ("group_granted_role", First),
            ("group_granted_admin_access", First),
            ("group_created", First),
        ],
        (FactKind::GroupRoleGrant, true) => &[
            ("group_revoked_role", Both),
            ("group_revoked_role", First),
            ("group_deleted", First),
        ],
        (FactKind::PlatformRole, false) => &[
            ("added_org_admin", First),
            ("org_admin_added", First),
            ("user_granted_role", First),
        ],
        (FactKind::PlatformRole, true) => &[
            ("removed_org_admin", First),
            ("org_admin_removed", First),
            ("user_revoked_role", First),
            ("user_removed", First),
        ],
        // What changed of an account or group ends and begins anew: one event tells both.
        (FactKind::Account, _) => &[
            ("user_created", First),
            ("user_removed", First),
            ("user_invitation_sent", First),
            ("user_suspended", First),
            ("user_reactivated", First),
            ("user_deactivated", First),
            ("user_deletion_scheduled", First),
            ("user_deletion_cancelled", First),
            ("user_email_changed", First),
            ("user_profile_updated", First),
            ("twosv_disabled_for_user", First),
        ],
        (FactKind::DirectoryMembership, _) => &[
            ("user_created", Second),
            ("user_removed", Second),
            ("user_invitation_sent", Second),
            ("user_suspended", Second),
            ("user_reactivated", Second),
            ("user_unlinked", Second),
        ],
        (FactKind::Group, _) => &[
            ("group_created", First),
            ("group_deleted", First),
            ("group_updated", First),
        ],
        (FactKind::Policy, _) => &[
            ("policy_created", First),
            ("policy_updated", First),
            ("policy_deleted", First),
        ],
        _ => &[],
    }
}

/// Finds in the archive what made the run's facts begin or end, and keeps it. To be called before the run is published.
pub(crate) async fn explain(reading: &Reading<'_>, run: RunId) -> Result<(), SyncError> {
    let mut tx = reading.store.read().await?;
    if tx.event_stream(reading.organization.id).await?.is_none() {
        return Ok(());
    }
    let turned = tx.turned_by(reading.organization.id, run, MOST).await?;
    drop(tx);
    let Some(since) = turned.iter().map(|turned| turned.after).min() else {
        return Ok(());
    };
    let mut ids: Vec<&str> = turned
        .iter()
        .flat_map(|turned| turned.key.iter().map(String::as_str))
        .filter(|id| !id.is_empty())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut tx = reading.store.archive_read().await?;
    let events = tx
        .event_about(reading.organization.atlassian_id.as_str(), &ids, since - SLACK_MS)
        .await?;
    drop(tx);
    let index = Index::of(&events);
    let causes: Vec<Cause> = turned.iter().filter_map(|turned| index.cause(turned)).collect();
    if causes.is_empty() {
        return Ok(());
    }
    let mut tx = reading.store.write().await?;
    tx.cause_add(&causes).await?;
    tx.commit().await?;
    Ok(())
}

/// Events by action and by an id that they are about, in the order in which they happened.
struct Index<'a> {
    by_subject: HashMap<(&'a str, String), Vec<&'a EventRow>>,
    subjects: HashMap<i64, Vec<String>>,
}

impl<'a> Index<'a> {
    fn of(events: &'a [EventRow]) -> Index<'a> {
        let mut index = Index {
            by_subject: HashMap::new(),
            subjects: HashMap::new(),
        };
        for event in events {
            let told = serde_json::from_str::<atlassian::wire::Event>(&event.body).unwrap_or_default();
            let subjects = told.attributes.context.into_iter();
            let ids: Vec<String> = subjects.filter_map(|subject| subject.id).collect();
            for id in &ids {
                let key = (event.action.as_str(), id.clone());
                index.by_subject.entry(key).or_default().push(event);
            }
            index.subjects.insert(event.number, ids);
        }
        index
    }

    /// The latest event of the most exact action within the time in which the fact turned.
    fn cause(&self, turned: &Turned) -> Option<Cause> {
        let kind = FactKind::from_number(turned.kind)?;
        let [first, second] = &turned.key;
        let found = actions(kind, turned.is_end).iter().find_map(|(action, about)| {
            let (id, other) = match about {
                About::First => (first, None),
                About::Second => (second, None),
                About::Both => (first, Some(second)),
            };
            let events = self.by_subject.get(&(*action, id.clone()))?;
            events.iter().rev().find(|event| {
                let is_about_other = other.is_none_or(|other| {
                    self.subjects
                        .get(&event.number)
                        .is_some_and(|subjects| subjects.contains(other))
                });
                is_about_other
                    && event.happened_at > turned.after - SLACK_MS
                    && event.happened_at <= turned.by + SLACK_MS
            })
        })?;
        Some(Cause {
            fact: turned.fact,
            is_end: turned.is_end,
            at: found.happened_at,
            action: found.action.clone(),
            actor: found.actor.clone(),
            event: found.id.clone(),
        })
    }
}
