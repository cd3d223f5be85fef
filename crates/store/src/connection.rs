//! Connections: the credentialed links to organizations, their keys sealed.

use crate::database::Tx;
use crate::error::StoreError;
use crate::seal::MasterKey;
use crate::value::{Row, Value};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

const INSERT: &str = "INSERT INTO connection (organization_id, name, base_url, sealed_key, created_at, created_by, sync_interval_ms, semantics)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (name) DO NOTHING";
const COLUMNS_BY_NAME: &str = "SELECT id, organization_id, name, base_url, created_at, created_by, sync_interval_ms, drop_confirmed, semantics, scim_url, writes, self_approval, guards
    FROM connection WHERE name = $1";
const ALL: &str = "SELECT id, organization_id, name, base_url, created_at, created_by, sync_interval_ms, drop_confirmed, semantics, scim_url, writes, self_approval, guards
    FROM connection ORDER BY name";
const KEY: &str = "SELECT sealed_key FROM connection WHERE name = $1";
const SET_KEY: &str = "UPDATE connection SET base_url = $2, sealed_key = $3 WHERE name = $1";
const SCIM: &str = "SELECT scim_url, sealed_scim_token FROM connection WHERE name = $1 AND scim_url IS NOT NULL AND sealed_scim_token IS NOT NULL";
const SET_SCIM: &str = "UPDATE connection SET scim_url = $2, sealed_scim_token = $3 WHERE name = $1";
const NO_SCIM: &str = "UPDATE connection SET scim_url = NULL, sealed_scim_token = NULL WHERE name = $1 AND scim_url IS NOT NULL";
const SEMANTICS: &str = "SELECT semantics FROM connection WHERE id = $1";
const DELETE: &str = "DELETE FROM connection WHERE name = $1";
const SET_SEMANTICS: &str = "UPDATE connection SET semantics = $2 WHERE id = $1";
const SET_WRITES: &str = "UPDATE connection SET writes = $2, self_approval = $3, guards = $4 WHERE id = $1";
const SET_DROP_CONFIRMED: &str = "UPDATE connection SET drop_confirmed = $2 WHERE id = $1";

/// What probing taught us of a tenant, as far as it changes how we read. `None`: not yet known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Semantics {
    /// Version of this shape, for later readers.
    pub version: u32,
    /// Whether role and resource filters of the user search must be met by one and the same assignment.
    pub joint_filters: Option<bool>,
    /// The largest page that the user search was seen to give when asked for 100.
    pub search_page: Option<u32>,
    /// The length at which the list of groups in a search answer was seen to be cut.
    pub groups_cut_at: Option<u32>,
    /// Whether the counts of accounts count suspended ones.
    pub counts_suspended: Option<bool>,
    /// `true` once a list lost rows while it was read although its count stayed the same: its pages shift under a
    /// reader.
    pub pages_shift: Option<bool>,
    /// When this was learned, in milliseconds since the epoch.
    pub learned_at: Option<i64>,
}

/// What holds changes back on a connection. A number that is absent is the product's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guards {
    /// Version of this shape, for later readers.
    pub version: u32,
    /// How many accounts one plan may touch.
    pub accounts_per_plan: Option<i64>,
    /// Which share of a group's members one plan may take out of it, in percent.
    pub share_percent: Option<i64>,
    /// How many changes may be sent within an hour.
    pub changes_per_hour: Option<i64>,
    /// How many actions may end unconfirmed within an hour before nothing more is sent.
    pub failures_per_hour: Option<i64>,
    /// From how many actions on a comment is asked for.
    pub comment_from: Option<i64>,
    /// Accounts that nothing may be taken from: ids, e-mail addresses, or patterns with `*`.
    pub protected_accounts: Vec<String>,
    /// Groups that are not changed: ids, names, or patterns with `*`. Their members are protected accounts.
    pub protected_groups: Vec<String>,
    /// The account that owns the key in use, if it was told.
    pub key_owner: Option<String>,
    /// Whether the SCIM directory is provisioned by Orgwarden, so that accounts may be made in it.
    pub provisions_scim: bool,
}

/// A connection without its key.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    /// The store's number of it.
    pub id: i64,
    /// The organization it reads.
    pub organization_id: i64,
    /// The name people gave it.
    pub name: String,
    /// Where the API is.
    pub base_url: String,
    /// When it was added, in milliseconds since the epoch.
    pub created_at: i64,
    /// Who added it.
    pub created_by: String,
    /// How often `serve` reads it, in milliseconds.
    pub sync_interval_ms: i64,
    /// Whether a person said that a large drop is right; spent by the next run that is published.
    pub drop_confirmed: bool,
    /// What probing taught us.
    pub semantics: Semantics,
    /// Where its SCIM directory is, if it knows one.
    pub scim_url: Option<String>,
    /// Whether anything may be changed through it.
    pub writes: bool,
    /// Whether who makes a plan may approve it.
    pub self_approval: bool,
    /// What holds changes back.
    pub guards: Guards,
}

/// What reads a SCIM directory: its address, and the token that only works there.
#[derive(Debug, Clone)]
pub struct ScimCredential {
    /// The base address of the directory.
    pub url: String,
    /// The directory's token.
    pub token: SecretString,
}

/// What is needed to add a connection.
#[derive(Debug)]
pub struct NewConnection<'a> {
    /// The organization it reads.
    pub organization_id: i64,
    /// A name that is not taken.
    pub name: &'a str,
    /// Where the API is.
    pub base_url: &'a str,
    /// The organization's API key.
    pub key: &'a SecretString,
    /// Now.
    pub created_at: i64,
    /// Who adds it.
    pub created_by: &'a str,
    /// How often `serve` reads it, in milliseconds.
    pub sync_interval_ms: i64,
}

fn place(name: &str) -> String {
    format!("connection/sealed_key/{name}")
}

fn scim_place(name: &str) -> String {
    format!("connection/sealed_scim_token/{name}")
}

fn connection(row: &Row) -> Result<ConnectionRow, StoreError> {
    Ok(ConnectionRow {
        id: row.int(0)?,
        organization_id: row.int(1)?,
        name: row.text(2)?,
        base_url: row.text(3)?,
        created_at: row.int(4)?,
        created_by: row.text(5)?,
        sync_interval_ms: row.int(6)?,
        drop_confirmed: row.flag(7)?,
        semantics: row.json(8)?,
        scim_url: row.text_or_null(9)?,
        writes: row.flag(10)?,
        self_approval: row.flag(11)?,
        guards: row.json(12)?,
    })
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Value {
    // Our own shapes hold only text keys and finite numbers, which always serialize.
    Value::from(serde_json::to_string(value).unwrap_or_else(|_| "{}".into()))
}

impl Tx {
    /// Adds a connection; its key is sealed to this row.
    pub async fn connection_add(
        &mut self,
        new: &NewConnection<'_>,
        seal: &MasterKey,
    ) -> Result<(), StoreError> {
        let sealed = seal.seal(&place(new.name), new.key)?;
        let semantics = Semantics {
            version: 1,
            ..Semantics::default()
        };
        let values = [
            new.organization_id.into(),
            new.name.into(),
            new.base_url.into(),
            sealed.into(),
            new.created_at.into(),
            new.created_by.into(),
            new.sync_interval_ms.into(),
            to_json(&semantics),
        ];
        if self.execute(INSERT, &values).await? == 0 {
            return Err(StoreError::Taken {
                what: "connection",
                name: new.name.to_owned(),
            });
        }
        Ok(())
    }

    /// The connection with this name.
    pub async fn connection_find(&mut self, name: &str) -> Result<Option<ConnectionRow>, StoreError> {
        self.row(COLUMNS_BY_NAME, &[name.into()])
            .await?
            .as_ref()
            .map(connection)
            .transpose()
    }

    /// All connections, by name.
    pub async fn connection_list(&mut self) -> Result<Vec<ConnectionRow>, StoreError> {
        self.rows(ALL, &[]).await?.iter().map(connection).collect()
    }

    /// The key of a connection, unsealed.
    pub async fn connection_key(
        &mut self,
        name: &str,
        seal: &MasterKey,
    ) -> Result<Option<SecretString>, StoreError> {
        match self.row(KEY, &[name.into()]).await? {
            None => Ok(None),
            Some(row) => seal.open(&place(name), &row.bytes(0)?).map(Some),
        }
    }

    /// Gives the connection another key, sealed to this row, and says where the API is. What was learned of the tenant
    /// stays.
    pub async fn connection_set_key(
        &mut self,
        name: &str,
        base_url: &str,
        key: &SecretString,
        seal: &MasterKey,
    ) -> Result<(), StoreError> {
        let sealed = seal.seal(&place(name), key)?;
        self.execute(SET_KEY, &[name.into(), base_url.into(), sealed.into()])
            .await?;
        Ok(())
    }

    /// Gives the connection a SCIM directory, its token sealed to this row, or takes it away. Answers whether anything
    /// is different.
    pub async fn connection_set_scim(
        &mut self,
        name: &str,
        credential: Option<&ScimCredential>,
        seal: &MasterKey,
    ) -> Result<bool, StoreError> {
        let Some(credential) = credential else {
            return Ok(self.execute(NO_SCIM, &[name.into()]).await? > 0);
        };
        let sealed = seal.seal(&scim_place(name), &credential.token)?;
        let values = [name.into(), credential.url.as_str().into(), sealed.into()];
        Ok(self.execute(SET_SCIM, &values).await? > 0)
    }

    /// The SCIM directory of a connection with its token unsealed.
    pub async fn connection_scim(
        &mut self,
        name: &str,
        seal: &MasterKey,
    ) -> Result<Option<ScimCredential>, StoreError> {
        let Some(row) = self.row(SCIM, &[name.into()]).await? else {
            return Ok(None);
        };
        Ok(Some(ScimCredential {
            url: row.text(0)?,
            token: seal.open(&scim_place(name), &row.bytes(1)?)?,
        }))
    }

    /// Forgets the connection and its key; the facts that it read stay. Answers whether there was one.
    pub async fn connection_remove(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, &[name.into()]).await? > 0)
    }

    /// What was learned of the tenant so far.
    pub async fn connection_semantics(&mut self, id: i64) -> Result<Semantics, StoreError> {
        let row = self.row(SEMANTICS, &[id.into()]).await?;
        row.map_or_else(
            || {
                Ok(Semantics {
                    version: 1,
                    ..Semantics::default()
                })
            },
            |row| row.json(0),
        )
    }

    /// Keeps what was learned of the tenant.
    pub async fn connection_learn(&mut self, id: i64, semantics: &Semantics) -> Result<(), StoreError> {
        self.execute(SET_SEMANTICS, &[id.into(), to_json(semantics)])
            .await?;
        Ok(())
    }

    /// Sets whether and within which guards things may be changed through a connection.
    pub async fn connection_set_writes(
        &mut self,
        id: i64,
        (writes, self_approval): (bool, bool),
        guards: &Guards,
    ) -> Result<(), StoreError> {
        let values = [id.into(), writes.into(), self_approval.into(), to_json(guards)];
        self.execute(SET_WRITES, &values).await?;
        Ok(())
    }

    /// Lets the next reading through even if it shows a large drop, or takes that back.
    pub async fn connection_confirm_drop(&mut self, id: i64, confirmed: bool) -> Result<(), StoreError> {
        self.execute(SET_DROP_CONFIRMED, &[id.into(), confirmed.into()])
            .await?;
        Ok(())
    }
}
