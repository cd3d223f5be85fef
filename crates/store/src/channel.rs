//! Channels: where messages go, their secrets sealed.

use crate::connection::to_json;
use crate::database::Tx;
use crate::error::StoreError;
use crate::seal::MasterKey;
use crate::value::Row;
use secrecy::SecretString;
use serde_json::Value as Json;

const INSERT: &str =
    "INSERT INTO channel (name, settings, sealed_secret, allow_private, created_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (name) DO NOTHING";
const LIST: &str = "SELECT id, name, settings, CASE WHEN sealed_secret IS NULL THEN 0 ELSE 1 END, allow_private, created_at, created_by
    FROM channel ORDER BY name";
const SECRET: &str = "SELECT sealed_secret FROM channel WHERE name = $1 AND sealed_secret IS NOT NULL";
const DELETE: &str = "DELETE FROM channel WHERE name = $1";

/// A channel without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelRow {
    /// The store's number of it.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// What it is and where it leads: JSON of whoever sends.
    pub settings: Json,
    /// Whether it has a secret.
    pub has_secret: bool,
    /// Whether it may reach private addresses.
    pub allow_private: bool,
    /// When it was added, in milliseconds since the epoch.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
}

fn place(name: &str) -> String {
    format!("channel/sealed_secret/{name}")
}

fn channel(row: &Row) -> Result<ChannelRow, StoreError> {
    Ok(ChannelRow {
        id: row.int(0)?,
        name: row.text(1)?,
        settings: row.json(2)?,
        has_secret: row.flag(3)?,
        allow_private: row.flag(4)?,
        created_at: row.int(5)?,
        created_by: row.text(6)?,
    })
}

impl Tx {
    /// Adds a channel, its secret sealed to this row. Its number and whether it has a secret are not taken from `new`.
    pub async fn channel_add(
        &mut self,
        new: &ChannelRow,
        secret: Option<&SecretString>,
        seal: Option<&MasterKey>,
    ) -> Result<(), StoreError> {
        let sealed = match (secret, seal) {
            (Some(secret), Some(seal)) => Some(seal.seal(&place(&new.name), secret)?),
            (Some(_), None) => {
                return Err(StoreError::MasterKey {
                    what: "none was given".into(),
                });
            }
            (None, _) => None,
        };
        let values = [
            (&new.name).into(),
            to_json(&new.settings),
            crate::value::Value::Bytes(sealed),
            new.allow_private.into(),
            new.created_at.into(),
            (&new.created_by).into(),
        ];
        if self.execute(INSERT, &values).await? == 0 {
            return Err(StoreError::Taken {
                what: "channel",
                name: new.name.clone(),
            });
        }
        Ok(())
    }

    /// All channels, by name.
    pub async fn channel_list(&mut self) -> Result<Vec<ChannelRow>, StoreError> {
        self.rows(LIST, &[]).await?.iter().map(channel).collect()
    }

    /// The secret of a channel, unsealed.
    pub async fn channel_secret(
        &mut self,
        name: &str,
        seal: &MasterKey,
    ) -> Result<Option<SecretString>, StoreError> {
        match self.row(SECRET, &[name.into()]).await? {
            None => Ok(None),
            Some(row) => seal.open(&place(name), &row.bytes(0)?).map(Some),
        }
    }

    /// Forgets a channel with its secret and what was told through it. Answers whether there was one.
    pub async fn channel_remove(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, &[name.into()]).await? > 0)
    }
}
