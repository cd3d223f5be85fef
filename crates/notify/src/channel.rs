//! Where messages go, without the secrets: those are kept apart.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Channel {
    /// E-mail; the secret is the password, where there is a user.
    Email(Email),
    /// A Slack-compatible incoming webhook; the secret is its address.
    Slack,
    /// A webhook of one's own; the secret signs.
    Webhook(Webhook),
    /// An issue in Jira; the secret is the user's API token.
    Jira(Jira),
    /// A file with a line of JSON for each message.
    File {
        /// Which.
        path: PathBuf,
    },
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// TLS from the beginning, usually on port 465.
    Tls,
    /// TLS after STARTTLS, which must succeed; usually on port 587.
    Starttls,
    /// In the clear: for a relay on this machine. Never with a password.
    None,
}

/// An e-mail channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub tls: MailTls,
    /// Certificates to trust besides those that everybody trusts, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Who logs in there.
    pub user: Option<String>,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
}

/// A webhook of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where it is sent.
    pub url: String,
    /// Certificates to trust besides those that everybody trusts, in PEM form.
    pub ca_file: Option<PathBuf>,
}

/// Issues in Jira.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jira {
    /// The site, such as `https://acme.atlassian.net`.
    pub url: String,
    /// The e-mail address of the user whose token it is.
    pub user: String,
    /// The project's key.
    pub project: String,
    /// The type of the issue.
    pub issue_type: String,
}

impl Channel {
    /// The kind by its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Channel::Email(_) => "email",
            Channel::Slack => "slack",
            Channel::Webhook(_) => "webhook",
            Channel::Jira(_) => "jira",
            Channel::File { .. } => "file",
        }
    }

    /// Where messages go, in words that hold no secret.
    pub fn target(&self) -> String {
        match self {
            Channel::Email(email) => format!("{} by {}:{}", email.to.join(", "), email.host, email.port),
            Channel::Slack => "an incoming webhook".to_owned(),
            Channel::Webhook(webhook) => webhook.url.clone(),
            Channel::Jira(jira) => format!("{} in {}", jira.project, jira.url),
            Channel::File { path } => path.display().to_string(),
        }
    }
}

impl From<Email> for Channel {
    fn from(email: Email) -> Channel {
        Channel::Email(email)
    }
}
