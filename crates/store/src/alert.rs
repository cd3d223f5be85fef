//! Alerts: what is told, and what each of them saw last.

use crate::connection::to_json;
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Row;
use model::RunId;
use serde_json::Value as Json;

/// The kind of job that looks what a published run has to tell.
pub const ALERTS_JOB: &str = "alerts";

const INSERT: &str = "INSERT INTO alert (name, organization_id, condition, created_at, created_by)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name) DO NOTHING";
const FIND_ID: &str = "SELECT id FROM alert WHERE name = $1";
const ADD_CHANNEL: &str = "INSERT INTO alert_channel (alert_id, channel_id) VALUES ($1, $2)
    ON CONFLICT (alert_id, channel_id) DO NOTHING";
const LIST: &str = "SELECT id, name, organization_id, condition, is_on, created_at, created_by
    FROM alert ORDER BY name";
const CHANNELS: &str = "SELECT alert_id, channel_id FROM alert_channel ORDER BY alert_id, channel_id";
const SWITCH: &str = "UPDATE alert SET is_on = $2 WHERE name = $1";
const DELETE: &str = "DELETE FROM alert WHERE name = $1";
const SEEN: &str = "SELECT seen FROM alert_memory WHERE alert_id = $1 AND organization_id = $2";
const REMEMBER: &str = "INSERT INTO alert_memory (alert_id, organization_id, seen) VALUES ($1, $2, $3)
    ON CONFLICT (alert_id, organization_id) DO UPDATE SET seen = excluded.seen";
/// Only where there is somebody to tell.
const PLAN: &str = "INSERT INTO job (kind, unique_key, payload, run_at)
    SELECT 'alerts', $1, $2, $3 WHERE EXISTS (SELECT 1 FROM alert a WHERE a.is_on = 1)
    ON CONFLICT (unique_key) DO NOTHING";

/// An alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    /// The store's number of it.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Of which organization; `None`: of every one.
    pub organization_id: Option<i64>,
    /// What it is about: JSON of whoever looks.
    pub condition: Json,
    /// Whether it tells anything.
    pub is_on: bool,
    /// When it was added, in milliseconds since the epoch.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// The numbers of the channels that it tells through.
    pub channels: Vec<i64>,
}

fn alert(row: &Row) -> Result<AlertRow, StoreError> {
    Ok(AlertRow {
        id: row.int(0)?,
        name: row.text(1)?,
        organization_id: row.int_or_null(2)?,
        condition: row.json(3)?,
        is_on: row.flag(4)?,
        created_at: row.int(5)?,
        created_by: row.text(6)?,
        channels: Vec::new(),
    })
}

/// What a job of this kind looks at, as its payload says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAt {
    /// What a published run changed.
    Run(RunId),
    /// What became of the findings of an organization.
    Findings(i64),
}

const FINDINGS: &str = "findings/";

impl LookAt {
    /// What a payload says; `None` when another version wrote it.
    pub fn of_payload(payload: &str) -> Option<LookAt> {
        match payload.strip_prefix(FINDINGS) {
            Some(organization) => organization.parse().ok().map(LookAt::Findings),
            None => payload.parse().ok().map(|run| LookAt::Run(RunId(run))),
        }
    }
}

/// The key of the job that looks what a run has to tell.
pub fn alerts_key(run: RunId) -> String {
    format!("{ALERTS_JOB}/{run}")
}

impl Tx {
    /// Adds an alert that is on, with its channels. Its number is not taken from `new`.
    pub async fn alert_add(&mut self, new: &AlertRow) -> Result<(), StoreError> {
        let values = [
            (&new.name).into(),
            new.organization_id.into(),
            to_json(&new.condition),
            new.created_at.into(),
            (&new.created_by).into(),
        ];
        if self.execute(INSERT, &values).await? == 0 {
            return Err(StoreError::Taken {
                what: "alert",
                name: new.name.clone(),
            });
        }
        let row = self.row(FIND_ID, &[(&new.name).into()]).await?;
        let id = row.map_or(Ok(0), |row| row.int(0))?;
        for channel in &new.channels {
            self.execute(ADD_CHANNEL, &[id.into(), (*channel).into()]).await?;
        }
        Ok(())
    }

    /// All alerts, by name.
    pub async fn alert_list(&mut self) -> Result<Vec<AlertRow>, StoreError> {
        let rows = self.rows(LIST, &[]).await?;
        let mut alerts = rows.iter().map(alert).collect::<Result<Vec<_>, _>>()?;
        for row in self.rows(CHANNELS, &[]).await? {
            let id = row.int(0)?;
            if let Some(alert) = alerts.iter_mut().find(|alert| alert.id == id) {
                alert.channels.push(row.int(1)?);
            }
        }
        Ok(alerts)
    }

    /// Switches an alert on or off. Answers whether there is one.
    pub async fn alert_switch(&mut self, name: &str, is_on: bool) -> Result<bool, StoreError> {
        Ok(self.execute(SWITCH, &[name.into(), is_on.into()]).await? > 0)
    }

    /// Forgets an alert; what it told stays in the log. Answers whether there was one.
    pub async fn alert_remove(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, &[name.into()]).await? > 0)
    }

    /// What an alert last saw of an organization.
    pub async fn alert_seen(&mut self, alert: i64, organization: i64) -> Result<Option<Json>, StoreError> {
        let row = self.row(SEEN, &[alert.into(), organization.into()]).await?;
        row.map(|row| row.json(0)).transpose()
    }

    /// Keeps what an alert saw of an organization.
    pub async fn alert_remember(
        &mut self,
        alert: i64,
        organization: i64,
        seen: &Json,
    ) -> Result<(), StoreError> {
        self.execute(REMEMBER, &[alert.into(), organization.into(), to_json(seen)])
            .await?;
        Ok(())
    }

    /// Keeps, in the transaction that publishes a run, that its alerts are still to be looked for. A process that dies
    /// after it loses none of them.
    pub async fn alerts_plan(&mut self, run: RunId, now: i64) -> Result<(), StoreError> {
        let values = [alerts_key(run).into(), run.0.to_string().into(), now.into()];
        self.execute(PLAN, &values).await?;
        Ok(())
    }

    /// The same for findings that were opened or closed, in the transaction that keeps that. Each evaluation has its
    /// own job, so that none is missed while another one is looked at.
    pub(crate) async fn alerts_plan_findings(
        &mut self,
        organization: i64,
        run: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        let values = [
            format!("{ALERTS_JOB}/{FINDINGS}{organization}/{run}/{now}").into(),
            format!("{FINDINGS}{organization}").into(),
            now.into(),
        ];
        self.execute(PLAN, &values).await?;
        Ok(())
    }
}
