//! Whether and within which guards things may be changed through a connection.

use crate::App;
use crate::error::AppError;
use crate::plans::{
    ACCOUNTS_PER_PLAN, CHANGES_PER_HOUR, COMMENT_ABOVE, FAILURES_PER_HOUR, SHARE_FROM, SHARE_PERCENT,
};
use crate::views::{At, Scope};
use serde::Serialize;
use store::{AuditRow, ConnectionRow, Guards};

/// What to set; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WritesChange {
    /// Whether anything may be changed.
    pub writes: Option<bool>,
    /// Whether who makes a plan may approve it.
    pub self_approval: Option<bool>,
    /// Whether the SCIM directory is provisioned by Orgwarden alone.
    pub provisions_scim: Option<bool>,
    /// The account that owns the key in use; an empty text for nobody.
    pub key_owner: Option<String>,
    /// Accounts that nothing is taken from.
    pub protected_accounts: Option<Vec<String>>,
    /// Groups that are not changed.
    pub protected_groups: Option<Vec<String>>,
    /// How many accounts one plan may touch.
    pub accounts_per_plan: Option<i64>,
    /// Which share of a group one plan may take out of it, in percent.
    pub share_percent: Option<i64>,
    /// How many changes may be sent within an hour.
    pub changes_per_hour: Option<i64>,
    /// How many actions may end unconfirmed within an hour.
    pub failures_per_hour: Option<i64>,
    /// Above how many actions a comment is asked for.
    pub comment_above: Option<i64>,
}

/// What holds changes back on a connection.
#[derive(Debug, Clone, Serialize)]
pub struct WritesView {
    /// The connection.
    pub connection: String,
    /// Whether anything may be changed.
    pub writes: bool,
    /// Whether who makes a plan may approve it.
    pub self_approval: bool,
    /// Its guards, as far as they differ from the product's own.
    pub guards: Guards,
    /// The latest trip of each guard that ever tripped.
    pub trips: Vec<TripView>,
}

/// A guard that held something back.
#[derive(Debug, Clone, Serialize)]
pub struct TripView {
    /// Which.
    pub guard: String,
    /// When last.
    pub at: At,
    /// Over which plan.
    pub plan: Option<String>,
    /// What it held back.
    pub detail: String,
}

/// One guard of a connection, as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct GuardView {
    /// Its name, such as `share`.
    pub guard: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it does as it is set now.
    pub words: String,
    /// Whether it holds anything back as it is set now.
    pub is_on: bool,
    /// Whether somebody set it other than the product does by itself.
    pub is_set: bool,
    /// The option of `orgwarden connection set` that changes it; `None` where nothing can be set.
    pub option: Option<String>,
    /// Its latest trip.
    pub trip: Option<TripView>,
}

/// A switch in words.
fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// A number with its thousands apart.
fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digit.is_ascii_digit() && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Patterns as text; they may be many.
fn listed(patterns: &[String]) -> String {
    const MOST: usize = 5;
    let first = patterns.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match patterns.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

impl WritesView {
    /// Every guard with its setting in words, those that concern everything first.
    pub fn guard_list(&self) -> Vec<GuardView> {
        let guards = &self.guards;
        let accounts = guards.accounts_per_plan.unwrap_or(ACCOUNTS_PER_PLAN);
        let share = guards.share_percent.unwrap_or(SHARE_PERCENT);
        let volume = guards.changes_per_hour.unwrap_or(CHANGES_PER_HOUR);
        let failures = guards.failures_per_hour.unwrap_or(FAILURES_PER_HOUR);
        let comment = guards.comment_from.unwrap_or(COMMENT_ABOVE);
        let protected = guards.protected_accounts.len() + guards.protected_groups.len();
        let mut list = vec![
            GuardView {
                guard: "writes",
                title: "Write switch",
                words: if self.writes {
                    "Changes are allowed: approved plans can be carried out.".into()
                } else {
                    "Nothing is changed: plans can be made and approved, not carried out.".into()
                },
                is_on: !self.writes,
                is_set: self.writes,
                option: Some(format!("--writes {}", on_off(!self.writes))),
                trip: None,
            },
            GuardView {
                guard: "self_approval",
                title: "Two pairs of eyes",
                words: if self.self_approval {
                    "Whoever makes a plan may approve it.".into()
                } else {
                    "Whoever makes a plan cannot approve it.".into()
                },
                is_on: !self.self_approval,
                is_set: self.self_approval,
                option: Some(format!("--self-approval {}", on_off(!self.self_approval))),
                trip: None,
            },
            GuardView {
                guard: "comment",
                title: "Comment",
                words: format!(
                    "A plan of more than {} actions is not approved without a comment.",
                    thousands(comment)
                ),
                is_on: true,
                is_set: guards.comment_from.is_some(),
                option: Some(format!("--comment-above {comment}")),
                trip: None,
            },
            GuardView {
                guard: "accounts",
                title: "Accounts per plan",
                words: format!(
                    "A plan that touches more than {} accounts is held back.",
                    thousands(accounts)
                ),
                is_on: true,
                is_set: guards.accounts_per_plan.is_some(),
                option: Some(format!("--accounts-per-plan {accounts}")),
                trip: None,
            },
            GuardView {
                guard: "share",
                title: "Share of a group or workspace",
                words: format!(
                    "A plan that takes more than {share} % out of a group, or a role from more than {share} % of the accounts on a workspace, is held back; {SHARE_FROM} or more must be there."
                ),
                is_on: share < 100,
                is_set: guards.share_percent.is_some(),
                option: Some(format!("--share-percent {share}")),
                trip: None,
            },
            GuardView {
                guard: "last_admin",
                title: "Last organization admin",
                words: "A plan that leaves no organization admin is held back.".into(),
                is_on: true,
                is_set: false,
                option: None,
                trip: None,
            },
            GuardView {
                guard: "key_owner",
                title: "Owner of the key",
                words: match &guards.key_owner {
                    Some(owner) => format!("Nothing is taken from {owner}, who owns the key in use."),
                    None => "Nobody said who owns the key in use, so that account is not protected.".into(),
                },
                is_on: guards.key_owner.is_some(),
                is_set: guards.key_owner.is_some(),
                option: Some("--key-owner ACCOUNT".into()),
                trip: None,
            },
            GuardView {
                guard: "protected",
                title: "Protected accounts and groups",
                words: match protected {
                    0 => "No account or group is protected.".into(),
                    _ => [
                        ("Nothing is taken from", &guards.protected_accounts),
                        (
                            "Not changed, and nothing taken from members of",
                            &guards.protected_groups,
                        ),
                    ]
                    .iter()
                    .filter(|(_, patterns)| !patterns.is_empty())
                    .map(|(words, patterns)| format!("{words}: {}.", listed(patterns)))
                    .collect::<Vec<_>>()
                    .join(" "),
                },
                is_on: protected > 0,
                is_set: protected > 0,
                option: Some("--protect-account PATTERN --protect-group PATTERN".into()),
                trip: None,
            },
            GuardView {
                guard: "volume",
                title: "Changes per hour",
                words: format!("Within an hour at most {} changes are sent.", thousands(volume)),
                is_on: true,
                is_set: guards.changes_per_hour.is_some(),
                option: Some(format!("--changes-per-hour {volume}")),
                trip: None,
            },
            GuardView {
                guard: "failures",
                title: "Failures per hour",
                words: format!(
                    "After {} actions within an hour that were not confirmed, nothing more is sent.",
                    thousands(failures)
                ),
                is_on: true,
                is_set: guards.failures_per_hour.is_some(),
                option: Some(format!("--failures-per-hour {failures}")),
                trip: None,
            },
            GuardView {
                guard: "scim",
                title: "SCIM provisioning",
                words: if guards.provisions_scim {
                    "Accounts may be made in the SCIM directory: it is provisioned by Orgwarden.".into()
                } else {
                    "No account is made in a SCIM directory: an identity provider may own it.".into()
                },
                is_on: !guards.provisions_scim,
                is_set: guards.provisions_scim,
                option: Some(format!("--provisions-scim {}", on_off(!guards.provisions_scim))),
                trip: None,
            },
        ];
        for guard in &mut list {
            guard.trip = self.trips.iter().find(|trip| trip.guard == guard.guard).cloned();
        }
        list
    }
}

impl App {
    /// What holds changes back on each connection of an organization.
    pub async fn writes_of(&self, scope: &Scope) -> Result<Vec<WritesView>, AppError> {
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let connections = tx.connection_list().await?;
        drop(tx);
        let mut views = Vec::new();
        for connection in connections {
            if connection.organization_id == organization {
                views.push(self.writes_view(&connection).await?);
            }
        }
        Ok(views)
    }

    /// What holds changes back on a connection.
    pub async fn connection_writes(&self, name: Option<&str>) -> Result<WritesView, AppError> {
        let connection = self.connection_named(name).await?;
        self.writes_view(&connection).await
    }

    /// Sets whether and within which guards things may be changed through a connection.
    pub async fn connection_set_writes(
        &self,
        name: &str,
        change: &WritesChange,
        actor: &str,
    ) -> Result<WritesView, AppError> {
        let connection = self.connection_named(Some(name)).await?;
        if *change == WritesChange::default() {
            return self.writes_view(&connection).await;
        }
        let mut guards = connection.guards.clone();
        guards.version = 1;
        guards.provisions_scim = change.provisions_scim.unwrap_or(guards.provisions_scim);
        if let Some(owner) = &change.key_owner {
            guards.key_owner = Some(owner.clone()).filter(|owner| !owner.trim().is_empty());
        }
        if let Some(patterns) = &change.protected_accounts {
            guards.protected_accounts.clone_from(patterns);
        }
        if let Some(patterns) = &change.protected_groups {
            guards.protected_groups.clone_from(patterns);
        }
        guards.accounts_per_plan = change.accounts_per_plan.or(guards.accounts_per_plan);
        guards.share_percent = change.share_percent.or(guards.share_percent);
        guards.changes_per_hour = change.changes_per_hour.or(guards.changes_per_hour);
        guards.failures_per_hour = change.failures_per_hour.or(guards.failures_per_hour);
        guards.comment_from = change.comment_above.or(guards.comment_from);
        let writes = change.writes.unwrap_or(connection.writes);
        let self_approval = change.self_approval.unwrap_or(connection.self_approval);
        let mut tx = self.store.write().await?;
        tx.connection_set_writes(connection.id, (writes, self_approval), &guards)
            .await?;
        tx.audit_record(&AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: "connection.writes".into(),
            subject: connection.name.clone(),
            detail: format!(
                "changes {}, self-approval {}",
                if writes { "on" } else { "off" },
                if self_approval { "on" } else { "off" }
            ),
        })
        .await?;
        tx.commit().await?;
        let connection = self.connection_named(Some(name)).await?;
        self.writes_view(&connection).await
    }

    async fn writes_view(&self, connection: &ConnectionRow) -> Result<WritesView, AppError> {
        let mut tx = self.store.read().await?;
        let trips = tx.guard_trips(connection.id).await?;
        let trip = |trip: store::GuardTrip| TripView {
            guard: trip.guard,
            at: At(trip.at),
            plan: trip.plan.map(|plan| plan.to_string()),
            detail: trip.detail,
        };
        Ok(WritesView {
            connection: connection.name.clone(),
            writes: connection.writes,
            self_approval: connection.self_approval,
            guards: connection.guards.clone(),
            trips: trips.into_iter().map(trip).collect(),
        })
    }
}
