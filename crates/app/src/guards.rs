//! Whether and within which guards things may be changed through a connection.

use crate::App;
use crate::error::AppError;
use crate::views::At;
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

impl App {
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
