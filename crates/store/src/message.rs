//! Messages: the outbox of alerts, and the log of how they were delivered.
//!
//! A message is kept together with the job that brings it through its channel, in the transaction of what it tells of.

use crate::connection::to_json;
use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Row;
use serde_json::Value as Json;

/// The kind of job that delivers a message.
pub const MESSAGE_JOB: &str = "message";

const INSERT: &str = "INSERT INTO message (alert_id, channel_id, cause, made_at, content, state)
    VALUES ($1, $2, $3, $4, $5, 'waiting')
    ON CONFLICT (alert_id, channel_id, cause) DO NOTHING
    RETURNING id";
const COLUMNS: &str =
    "SELECT m.id, m.alert_id, m.channel_id, m.made_at, m.content, m.state, m.sent_at, c.name,
        (SELECT COUNT(*) FROM delivery d WHERE d.message_id = m.id),
        (SELECT d.failure FROM delivery d WHERE d.message_id = m.id ORDER BY d.id DESC LIMIT 1),
        (SELECT j.run_at FROM job j WHERE j.unique_key = 'message/' || CAST(m.id AS TEXT))
    FROM message m JOIN channel c ON c.id = m.channel_id
    WHERE m.id = $1 OR $1 = 0
    ORDER BY m.id DESC
    LIMIT $2";
const SET_STATE: &str = "UPDATE message SET state = $2, sent_at = $3 WHERE id = $1";
const DELIVERED: &str = "INSERT INTO delivery (message_id, at, took_ms, failure) VALUES ($1, $2, $3, $4)";
const DELIVERIES: &str = "SELECT at, took_ms, failure FROM delivery WHERE message_id = $1 ORDER BY id";
const WAITING: &str = "SELECT COUNT(*) FROM message WHERE state <> 'sent'";

/// What is to be told through one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage<'a> {
    /// The alert that tells; 0 for a test.
    pub alert: i64,
    /// The channel's number.
    pub channel: i64,
    /// What it tells of: the same cause is told once.
    pub cause: &'a str,
    /// Now, in milliseconds since the epoch.
    pub made_at: i64,
    /// The message without its id.
    pub content: &'a Json,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// It is still to be delivered.
    Waiting,
    /// It was delivered.
    Sent,
    /// It could not be delivered for so long that nobody tries any more.
    GivenUp,
}

impl MessageState {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            MessageState::Waiting => "waiting",
            MessageState::Sent => "sent",
            MessageState::GivenUp => "given up",
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its number.
    pub id: i64,
    /// The alert that tells; 0 for a test.
    pub alert: i64,
    /// The channel's number.
    pub channel: i64,
    /// When it was made, in milliseconds since the epoch.
    pub made_at: i64,
    /// The message without its id.
    pub content: Json,
    /// Where it is in its life.
    pub state: MessageState,
    /// When it was delivered.
    pub sent_at: Option<i64>,
    /// The channel's name.
    pub channel_name: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed, if it did.
    pub failure: Option<String>,
    /// When it is tried next.
    pub next_at: Option<i64>,
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// How long it took.
    pub took_ms: i64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

fn message(row: &Row) -> Result<MessageRow, StoreError> {
    let (id, state) = (row.int(0)?, row.text(5)?);
    let states = [MessageState::Waiting, MessageState::Sent, MessageState::GivenUp];
    let known = states.into_iter().find(|known| known.name() == state);
    Ok(MessageRow {
        id,
        alert: row.int(1)?,
        channel: row.int(2)?,
        made_at: row.int(3)?,
        content: row.json(4)?,
        state: known.ok_or_else(|| StoreError::Corrupt {
            table: "message",
            id: id.to_string(),
            what: format!("state is {state}"),
        })?,
        sent_at: row.int_or_null(6)?,
        channel_name: row.text(7)?,
        attempts: row.int(8)?,
        failure: row.text_or_null(9)?,
        next_at: row.int_or_null(10)?,
    })
}

/// The key of the job that delivers a message.
pub fn message_key(id: i64) -> String {
    format!("{MESSAGE_JOB}/{id}")
}

impl Tx {
    /// Keeps a message with the job that delivers it. Answers its number; `None` when its cause was told before.
    pub async fn message_add(&mut self, new: &NewMessage<'_>) -> Result<Option<i64>, StoreError> {
        let values = [
            new.alert.into(),
            new.channel.into(),
            new.cause.into(),
            new.made_at.into(),
            to_json(new.content),
        ];
        let Some(row) = self.row(INSERT, &values).await? else {
            return Ok(None);
        };
        let id = row.int(0)?;
        self.job_plan(MESSAGE_JOB, &message_key(id), &id.to_string(), new.made_at)
            .await?;
        Ok(Some(id))
    }

    /// The message with this number.
    pub async fn message_find(&mut self, id: i64) -> Result<Option<MessageRow>, StoreError> {
        let row = self.row(COLUMNS, &[id.into(), 1_i64.into()]).await?;
        row.as_ref().map(message).transpose()
    }

    /// The latest messages, the newest first.
    pub async fn message_list(&mut self, limit: i64) -> Result<Vec<MessageRow>, StoreError> {
        let rows = self.rows(COLUMNS, &[0_i64.into(), limit.into()]).await?;
        rows.iter().map(message).collect()
    }

    /// How many messages were not delivered.
    pub async fn message_unsent(&mut self) -> Result<i64, StoreError> {
        let row = self.row(WAITING, &[]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Keeps how an attempt to deliver a message ended, and what becomes of the message.
    pub async fn message_tried(
        &mut self,
        id: i64,
        delivery: &DeliveryRow,
        state: MessageState,
    ) -> Result<(), StoreError> {
        let sent_at = (state == MessageState::Sent).then_some(delivery.at);
        let values = [
            id.into(),
            delivery.at.into(),
            delivery.took_ms.into(),
            delivery.failure.as_deref().into(),
        ];
        self.execute(DELIVERED, &values).await?;
        self.execute(SET_STATE, &[id.into(), state.name().into(), sent_at.into()])
            .await?;
        if state != MessageState::Waiting {
            self.job_forget(&message_key(id)).await?;
        }
        Ok(())
    }

    /// Sends a message again, from a time on.
    pub async fn message_again(&mut self, id: i64, now: i64) -> Result<(), StoreError> {
        self.execute(
            SET_STATE,
            &[id.into(), MessageState::Waiting.name().into(), None::<i64>.into()],
        )
        .await?;
        let key = message_key(id);
        self.job_plan(MESSAGE_JOB, &key, &id.to_string(), now).await?;
        self.job_hasten(&key, now).await
    }

    /// The attempts to deliver a message, the first one first.
    pub async fn delivery_list(&mut self, message: i64) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows = self.rows(DELIVERIES, &[message.into()]).await?;
        let delivery = |row: &Row| {
            Ok(DeliveryRow {
                at: row.int(0)?,
                took_ms: row.int(1)?,
                failure: row.text_or_null(2)?,
            })
        };
        rows.iter().map(delivery).collect()
    }
}
