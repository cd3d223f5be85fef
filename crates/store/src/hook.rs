//! Hooks: the doors that Atlassian delivers to, and which deliveries came.

use crate::database::Tx;
use crate::error::StoreError;
use crate::seal::MasterKey;
use crate::value::Row;
use secrecy::SecretString;

const INSERT: &str = "INSERT INTO hook (connection_id, name, kind, sealed_secret, created_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (name) DO NOTHING";
const LIST: &str = "SELECT h.id, h.connection_id, c.name, h.name, h.kind, h.created_at, h.created_by,
        (SELECT MAX(d.at) FROM hook_delivery d WHERE d.hook_id = h.id)
    FROM hook h JOIN connection c ON c.id = h.connection_id
    ORDER BY h.name";
const SECRET: &str = "SELECT sealed_secret FROM hook WHERE name = $1";
const DELETE: &str = "DELETE FROM hook WHERE name = $1";
const DELIVERED: &str = "INSERT INTO hook_delivery (hook_id, delivery, at)
    SELECT h.id, $2, $3 FROM hook h WHERE h.id = $1
    ON CONFLICT (hook_id, delivery) DO NOTHING";
const FORGET: &str = "DELETE FROM hook_delivery WHERE hook_id = $1 AND at < $2";
const LATEST: &str =
    "SELECT MAX(d.at) FROM hook_delivery d JOIN hook h ON h.id = d.hook_id WHERE h.connection_id = $1";

/// For how long a delivery that comes again is known, in milliseconds. Atlassian repeats within hours.
pub const DELIVERIES_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A hook without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRow {
    /// The store's number of it.
    pub id: i64,
    /// Whose organization its deliveries are about.
    pub connection_id: i64,
    /// The same by name.
    pub connection: String,
    /// What it is called, also in its address.
    pub name: String,
    /// Who delivers: `organization`, `guard` or `jira`.
    pub kind: String,
    /// When it was added, in milliseconds since the epoch.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
    /// When a delivery came last.
    pub delivered_at: Option<i64>,
}

fn place(name: &str) -> String {
    format!("hook/sealed_secret/{name}")
}

fn hook(row: &Row) -> Result<HookRow, StoreError> {
    Ok(HookRow {
        id: row.int(0)?,
        connection_id: row.int(1)?,
        connection: row.text(2)?,
        name: row.text(3)?,
        kind: row.text(4)?,
        created_at: row.int(5)?,
        created_by: row.text(6)?,
        delivered_at: row.int_or_null(7)?,
    })
}

impl Tx {
    /// Adds a hook, its secret sealed to this row. Its number is not taken from `new`.
    pub async fn hook_add(
        &mut self,
        new: &HookRow,
        secret: &SecretString,
        seal: &MasterKey,
    ) -> Result<(), StoreError> {
        let values = [
            new.connection_id.into(),
            (&new.name).into(),
            (&new.kind).into(),
            seal.seal(&place(&new.name), secret)?.into(),
            new.created_at.into(),
            (&new.created_by).into(),
        ];
        if self.execute(INSERT, &values).await? == 0 {
            return Err(StoreError::Taken {
                what: "hook",
                name: new.name.clone(),
            });
        }
        Ok(())
    }

    /// All hooks, by name.
    pub async fn hook_list(&mut self) -> Result<Vec<HookRow>, StoreError> {
        self.rows(LIST, &[]).await?.iter().map(hook).collect()
    }

    /// The secret of a hook, unsealed.
    pub async fn hook_secret(
        &mut self,
        name: &str,
        seal: &MasterKey,
    ) -> Result<Option<SecretString>, StoreError> {
        match self.row(SECRET, &[name.into()]).await? {
            None => Ok(None),
            Some(row) => seal.open(&place(name), &row.bytes(0)?).map(Some),
        }
    }

    /// Forgets a hook. Answers whether there was one.
    pub async fn hook_remove(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, &[name.into()]).await? > 0)
    }

    /// Keeps that a delivery came, and forgets old ones. Answers whether it is new.
    pub async fn hook_delivered(&mut self, hook: i64, delivery: &str, at: i64) -> Result<bool, StoreError> {
        self.execute(FORGET, &[hook.into(), (at - DELIVERIES_KEPT_MS).into()])
            .await?;
        let new = self
            .execute(DELIVERED, &[hook.into(), delivery.into(), at.into()])
            .await?;
        Ok(new > 0)
    }

    /// When a delivery about a connection's organization came last.
    pub async fn hook_delivered_at(&mut self, connection: i64) -> Result<Option<i64>, StoreError> {
        let row = self.row(LATEST, &[connection.into()]).await?;
        row.map_or(Ok(None), |row| row.int_or_null(0))
    }
}
