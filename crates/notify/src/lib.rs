//! Brings messages to where people and programs read them.
//!
//! A [`Message`] goes through a [`Channel`]: `email`, `slack`, `webhook`, `jira` or `file`. Each delivery ends within
//! [`DELIVERY_MS`] in success or in an error that says why, and may be repeated with the same message: the file channel
//! writes a message once, a webhook carries the message's id, an e-mail the same `Message-ID`, and a Jira issue is
//! looked for before it is made again.
//!
//! Whatever is sent to an address goes to one that was resolved and looked at first ([`reach`]): private, loopback and
//! link-local ones are refused unless the channel allows them, and no redirect is followed.

mod channel;
mod email;
mod error;
mod file;
mod http;
mod jira;
mod message;
mod reach;
mod slack;
mod webhook;

pub use channel::{Channel, Email, Jira, MailTls, Webhook};
pub use error::DeliveryError;
pub use message::Message;
pub use webhook::{SECRET_PREFIX, signature};

use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How long one delivery may take, in milliseconds.
pub const DELIVERY_MS: u64 = 30_000;

/// Whom a channel may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Also private, loopback and link-local ones.
    Private,
}

/// Refuses what no delivery through this channel could ever get past: an address that is none, a secret that is no key.
/// It reaches nobody.
pub fn check(channel: &Channel, secret: Option<&SecretString>, reach: Reach) -> Result<(), DeliveryError> {
    match channel {
        Channel::Email(email) => {
            let mut all = std::iter::once(&email.from).chain(&email.to);
            all.try_for_each(|text| email::mailbox(text).map(|_| ()))
        }
        Channel::Slack => {
            let address = secret.ok_or(DeliveryError::NoSecret)?;
            http::address(address.expose_secret(), reach, true).map(|_| ())
        }
        Channel::Webhook(webhook) => {
            webhook::keyed(secret.ok_or(DeliveryError::NoSecret)?)?;
            http::address(&webhook.url, reach, false).map(|_| ())
        }
        Channel::Jira(jira) => http::address(&jira.url, reach, false).map(|_| ()),
        Channel::File { .. } => Ok(()),
    }
}

/// Brings a message through a channel. `now_ms` is when it is sent, in milliseconds since the epoch.
pub async fn deliver(
    channel: &Channel,
    secret: Option<&SecretString>,
    reach: Reach,
    message: &Message,
    now_ms: i64,
) -> Result<(), DeliveryError> {
    let delivering = async {
        match channel {
            Channel::Email(email) => email::send(email, secret, reach, message).await,
            Channel::Slack => slack::send(secret, reach, message).await,
            Channel::Webhook(webhook) => webhook::send(webhook, secret, reach, message, now_ms).await,
            Channel::Jira(jira) => jira::send(jira, secret, reach, message).await,
            Channel::File { path } => file::append(path.clone(), message.line()).await,
        }
    };
    let ended = tokio::time::timeout(Duration::from_millis(DELIVERY_MS), delivering).await;
    ended.unwrap_or(Err(DeliveryError::TooSlow))
}
