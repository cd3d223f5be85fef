//! Channels: added, listed, tried, forgotten.

use super::{AlertRequest, Condition, named};
use crate::App;
use crate::error::AppError;
use crate::views::At;
use notify::{Channel, MailTls, Reach};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use store::{ChannelRow, NewMessage};

/// The alert that the first channel gets by itself.
const READINGS_FAIL: &str = "readings fail";

/// What is needed to add a channel.
#[derive(Debug)]
pub struct ChannelRequest<'a> {
    /// A name that is not taken.
    pub name: &'a str,
    /// Where messages go.
    pub channel: Channel,
    /// Its secret, where it needs one.
    pub secret: Option<SecretString>,
    /// Whether it may reach private, loopback and link-local addresses.
    pub allow_private: bool,
    /// Who adds it.
    pub actor: &'a str,
}

/// A channel, without its secret.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelView {
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub channel: Channel,
    /// The same in words.
    pub target: String,
    /// Whether it has a secret.
    pub has_secret: bool,
    /// Whether it may reach private addresses.
    pub allow_private: bool,
    /// When it was added.
    pub created_at: At,
    /// By whom.
    pub created_by: String,
}

/// What a stored channel is; `None` when another version wrote it.
pub(super) fn channel_of(row: &ChannelRow) -> Option<Channel> {
    serde_json::from_value(row.settings.clone()).ok()
}

impl App {
    /// Adds a channel. The first one is told when readings fail.
    pub async fn channel_add(&self, request: &ChannelRequest<'_>) -> Result<(), AppError> {
        check(request)?;
        let now = self.clock.now_ms();
        let row = ChannelRow {
            id: 0,
            name: named(request.name)?,
            // Only texts and numbers, which always serialize.
            settings: serde_json::to_value(&request.channel).unwrap_or_default(),
            has_secret: request.secret.is_some(),
            allow_private: request.allow_private,
            created_at: now,
            created_by: request.actor.to_owned(),
        };
        let seal = match &request.secret {
            Some(_) => Some(self.key()?),
            None => None,
        };
        let mut tx = self.store.write().await?;
        let is_first = tx.channel_list().await?.is_empty() && tx.alert_list().await?.is_empty();
        tx.channel_add(&row, request.secret.as_ref(), seal).await?;
        let detail = format!("{} to {}", request.channel.kind(), request.channel.target());
        tx.audit_record(&self.alert_entry(request.actor, "channel.add", &row.name, &detail))
            .await?;
        if is_first {
            let channels = tx
                .channel_list()
                .await?
                .iter()
                .map(|channel| channel.id)
                .collect();
            let first = AlertRequest {
                name: READINGS_FAIL,
                condition: Condition::Reading,
                channels: &[],
                connection: None,
                actor: request.actor,
            };
            self.alert_keep(&mut tx, &first, None, channels, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Every channel, by name.
    pub async fn channels(&self) -> Result<Vec<ChannelView>, AppError> {
        let mut tx = self.store.read().await?;
        let mut views = Vec::new();
        for row in tx.channel_list().await? {
            let Some(channel) = channel_of(&row) else {
                tracing::warn!(channel = %row.name, "a channel of another version is not understood");
                continue;
            };
            views.push(ChannelView {
                target: channel.target(),
                channel,
                has_secret: row.has_secret,
                allow_private: row.allow_private,
                created_at: At(row.created_at),
                created_by: row.created_by,
                name: row.name,
            });
        }
        Ok(views)
    }

    /// Forgets a channel, its secret and what was told through it.
    pub async fn channel_remove(&self, name: &str, actor: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        if !tx.channel_remove(name).await? {
            return Err(AppError::NoChannel {
                name: name.to_owned(),
            });
        }
        tx.audit_record(&self.alert_entry(actor, "channel.remove", name, ""))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a message that tries a channel, and answers its number; it is sent like any other.
    pub async fn channel_test(&self, name: &str, actor: &str) -> Result<i64, AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        let channels = tx.channel_list().await?;
        let missing = || AppError::NoChannel {
            name: name.to_owned(),
        };
        let channel = channels.iter().find(|channel| channel.name == name);
        let channel = channel.ok_or_else(missing)?;
        let content = json!({
            "alert": "test",
            "kind": "test",
            "title": "Orgwarden can reach you here",
            "count": 1,
            "items": [format!("{actor} tried the channel {name}.")],
        });
        let new = NewMessage {
            alert: 0,
            channel: channel.id,
            cause: &format!("test/{now}/{}", rand::random::<u32>()),
            made_at: now,
            content: &content,
        };
        let id = tx.message_add(&new).await?;
        tx.commit().await?;
        id.ok_or_else(missing)
    }
}

/// Whom a channel may reach.
pub(super) fn reach(allow_private: bool) -> Reach {
    if allow_private {
        Reach::Private
    } else {
        Reach::Public
    }
}

/// Refuses what could never be delivered.
fn check(request: &ChannelRequest<'_>) -> Result<(), AppError> {
    let wrong = |what: &str| {
        Err(AppError::WrongAlert {
            what: what.to_owned(),
        })
    };
    let has_secret = request.secret.is_some();
    match &request.channel {
        Channel::Email(email) => {
            if email.to.is_empty() {
                return wrong("an e-mail needs somebody it goes to");
            }
            if email.user.is_some() && email.tls == MailTls::None {
                return wrong("a password is not sent in the clear: leave the user out, or use TLS");
            }
            if email.user.is_some() != has_secret {
                return wrong("a mail user and a password go together");
            }
        }
        Channel::Slack if !has_secret => {
            return wrong("the address of the incoming webhook is its secret: give it in a file");
        }
        Channel::Webhook(_) if !has_secret => {
            return wrong("a webhook is signed: give its secret in a file");
        }
        Channel::Jira(_) if !has_secret => return wrong("Jira needs an API token: give it in a file"),
        Channel::File { path } if !path.is_absolute() => {
            return wrong(
                "the file needs its whole path: whoever serves may have been started somewhere else",
            );
        }
        _ => {}
    }
    let reach = reach(request.allow_private);
    let checked = notify::check(&request.channel, request.secret.as_ref(), reach);
    checked.or_else(|error| wrong(&error.to_string()))
}
