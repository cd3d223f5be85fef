//! Bringing messages through their channels, and the log of it.

use super::channels::{channel_of, reach};
use super::look::at_text;
use crate::App;
use crate::error::AppError;
use crate::schedule::back_off_ms;
use crate::views::At;
use notify::Message;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{ChannelRow, DeliveryRow, MESSAGE_JOB, MessageRow, MessageState};

/// How long a delivery is kept by whoever took it; longer than it may take.
const SEND_LEASE_MS: i64 = 90_000;
/// For how long is tried.
const TRIED_FOR_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A message as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct MessageView {
    /// Its id as it is sent.
    pub id: String,
    /// The alert that told.
    pub alert: String,
    /// The kind of alert.
    pub kind: String,
    /// The channel.
    pub channel: String,
    /// One line.
    pub title: String,
    /// How much it tells of.
    pub count: u64,
    /// The first of it.
    pub items: Vec<String>,
    /// When it was made.
    pub made_at: At,
    /// `waiting`, `sent` or `given up`.
    pub state: &'static str,
    /// When it was delivered.
    pub sent_at: Option<At>,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// When it is tried next.
    pub next_at: Option<At>,
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryView {
    /// When.
    pub at: At,
    /// How long it took.
    pub took_ms: i64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// The id of a message as it is sent. With when it was made, no two installations have the same.
fn message_id(id: i64, made_at: i64) -> String {
    format!("msg_{id}_{made_at:x}")
}

/// The number of a message of which the id, or only its number, was given.
pub fn message_number(text: &str) -> Option<i64> {
    let number = text.strip_prefix("msg_").unwrap_or(text);
    number.split('_').next()?.parse().ok()
}

/// A stored message as it is sent. What another version left out is empty.
fn message_of(row: &MessageRow) -> Message {
    let mut content = row.content.as_object().cloned().unwrap_or_default();
    content.insert("id".into(), message_id(row.id, row.made_at).into());
    content.insert("at".into(), at_text(row.made_at).into());
    let text = |content: &Map<String, Value>, name: &str| {
        content.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let list = |name: &str| content.get(name).and_then(Value::as_array).cloned();
    Message {
        id: text(&content, "id").unwrap_or_default(),
        at: text(&content, "at").unwrap_or_default(),
        alert: text(&content, "alert").unwrap_or_default(),
        kind: text(&content, "kind").unwrap_or_default(),
        organization: text(&content, "organization"),
        run: text(&content, "run"),
        title: text(&content, "title").unwrap_or_default(),
        count: content.get("count").and_then(Value::as_u64).unwrap_or(0),
        counts: content
            .get("counts")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
            .collect(),
        items: list("items")
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
    }
}

fn view(row: &MessageRow) -> MessageView {
    let message = message_of(row);
    MessageView {
        id: message.id,
        alert: message.alert,
        kind: message.kind,
        channel: row.channel_name.clone(),
        title: message.title,
        count: message.count,
        items: message.items,
        made_at: At(row.made_at),
        state: row.state.name(),
        sent_at: row.sent_at.map(At),
        attempts: row.attempts,
        failure: row.failure.clone().filter(|_| row.state != MessageState::Sent),
        next_at: row.next_at.map(At).filter(|_| row.state == MessageState::Waiting),
    }
}

/// An error with its causes, for people.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl App {
    /// Brings the message through its channel that is due the longest, if one is; answers whether one was.
    pub async fn message_due(&self) -> Result<bool, AppError> {
        let begun_at = self.clock.now_ms();
        let taken = self
            .store
            .job_take(MESSAGE_JOB, begun_at, begun_at + SEND_LEASE_MS)
            .await?;
        let Some(job) = taken else {
            return Ok(false);
        };
        let id = job.payload.parse().unwrap_or(0);
        let mut tx = self.store.read().await?;
        let message = tx.message_find(id).await?;
        let channels = tx.channel_list().await?;
        drop(tx);
        let found = message.and_then(|message| {
            let channel = channels
                .into_iter()
                .find(|channel| channel.id == message.channel)?;
            Some((message, channel))
        });
        let Some((message, channel)) = found else {
            // Its channel was forgotten.
            let mut tx = self.store.write().await?;
            tx.job_forget(&store::message_key(id)).await?;
            tx.commit().await?;
            return Ok(true);
        };
        let failure = self.bring(&message, &channel, begun_at).await.err();
        let now = self.clock.now_ms();
        let state = match &failure {
            None => MessageState::Sent,
            Some(_) if now - message.made_at > TRIED_FOR_MS => MessageState::GivenUp,
            Some(_) => MessageState::Waiting,
        };
        let delivery = DeliveryRow {
            at: now,
            took_ms: now - begun_at,
            failure: failure.clone(),
        };
        let mut tx = self.store.write().await?;
        tx.message_tried(id, &delivery, state).await?;
        tx.commit().await?;
        if let Some(failure) = failure {
            tracing::warn!(channel = %channel.name, attempts = message.attempts + 1, %failure, "a message was not delivered");
            let next = now + back_off_ms(message.attempts + 1, now);
            self.store.job_reschedule(&job, next).await?;
        }
        Ok(true)
    }

    async fn bring(&self, message: &MessageRow, row: &ChannelRow, now: i64) -> Result<(), String> {
        let channel = channel_of(row).ok_or("the channel was made by another version")?;
        let secret = if row.has_secret {
            let key = self.key().map_err(|error| error.to_string())?;
            let mut tx = self.store.read().await.map_err(|error| said(&error))?;
            let secret = tx.channel_secret(&row.name, key).await;
            secret.map_err(|error| said(&error))?
        } else {
            None
        };
        let reach = reach(row.allow_private);
        let message = message_of(message);
        let delivered = notify::deliver(&channel, secret.as_ref(), reach, &message, now);
        delivered.await.map_err(|error| said(&error))
    }

    /// The latest messages, the newest first.
    pub async fn messages(&self, limit: i64) -> Result<Vec<MessageView>, AppError> {
        let mut tx = self.store.read().await?;
        Ok(tx.message_list(limit).await?.iter().map(view).collect())
    }

    /// How many messages were not delivered yet, or given up.
    pub async fn messages_unsent(&self) -> Result<i64, AppError> {
        let mut tx = self.store.read().await?;
        Ok(tx.message_unsent().await?)
    }

    /// One message with the attempts to deliver it.
    pub async fn message(&self, id: i64) -> Result<(MessageView, Vec<DeliveryView>), AppError> {
        let mut tx = self.store.read().await?;
        let row = tx.message_find(id).await?;
        let row = row.ok_or(AppError::NoMessage { id })?;
        let deliveries = tx.delivery_list(id).await?.into_iter();
        let deliveries = deliveries.map(|delivery| DeliveryView {
            at: At(delivery.at),
            took_ms: delivery.took_ms,
            failure: delivery.failure,
        });
        Ok((view(&row), deliveries.collect()))
    }

    /// Has a message sent again, also one that was delivered or given up.
    pub async fn message_again(&self, id: i64, actor: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        let row = tx.message_find(id).await?;
        let row = row.ok_or(AppError::NoMessage { id })?;
        tx.message_again(id, self.clock.now_ms()).await?;
        let subject = message_id(row.id, row.made_at);
        tx.audit_record(&self.alert_entry(actor, "message.again", &subject, ""))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
