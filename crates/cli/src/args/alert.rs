//! What can be typed about alerts and channels. Secrets come from files.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum AlertCommand {
    /// Add an alert; it tells of what is read from now on
    #[command(subcommand)]
    Add(AlertAdd),
    /// List alerts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell nothing until it is resumed
    Pause {
        /// Its name
        name: String,
    },
    /// Tell again
    Resume {
        /// Its name
        name: String,
    },
    /// Forget an alert; what it told stays in the log
    Remove {
        /// Its name
        name: String,
    },
    /// What was told, through which channel, and whether it arrived
    Log {
        /// One message with every attempt to deliver it
        message: Option<String>,
        /// At most so many messages
        #[arg(long, default_value_t = 50)]
        limit: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Have a message sent again
    Resend {
        /// Such as msg_12
        message: String,
    },
    /// Send what waits now, without serve
    Deliver {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum AlertAdd {
    /// Tell when a reading shows changes of a sort; of options that are given several times, one must fit
    Change {
        #[command(flatten)]
        common: AlertCommon,
        /// Only this kind of fact, such as role_holding or membership
        #[arg(long, value_name = "KIND")]
        kind: Vec<String>,
        /// Only what began, ended or changed
        #[arg(long, value_name = "TURN")]
        turn: Vec<String>,
        /// Only this role, by id or name; * stands for anything
        #[arg(long, value_name = "PATTERN")]
        role: Vec<String>,
        /// Only this group, by id or name
        #[arg(long, value_name = "PATTERN")]
        group: Vec<String>,
        /// Only roles on this workspace, by id or name
        #[arg(long, value_name = "PATTERN")]
        workspace: Vec<String>,
        /// Only this account, by id, name or e-mail address
        #[arg(long, value_name = "PATTERN")]
        account: Vec<String>,
    },
    /// Tell what becomes of the findings of rules
    Rule {
        #[command(flatten)]
        common: AlertCommon,
        /// Only of this rule; * stands for anything
        #[arg(long, value_name = "PATTERN")]
        rule: Vec<String>,
        /// Only of this severity: low, medium, high, critical
        #[arg(long)]
        severity: Vec<String>,
        /// Only those opened, reopened or closed; opened and reopened if left out
        #[arg(long)]
        transition: Vec<String>,
    },
    /// Tell when a question in SQL has rows that it did not have before
    Query {
        #[command(flatten)]
        common: AlertCommon,
        /// The question, as for orgwarden query
        #[arg(long)]
        sql: String,
    },
    /// Tell when readings fail three times in a row, and when they go well again
    Reading {
        #[command(flatten)]
        common: AlertCommon,
    },
    /// Tell when a number goes beyond a limit
    Threshold {
        #[command(flatten)]
        common: AlertCommon,
        /// Which number
        #[arg(long)]
        metric: String,
        /// Beyond is above this
        #[arg(long, value_name = "N", required_unless_present = "below")]
        above: Option<i64>,
        /// Beyond is below this
        #[arg(long, value_name = "N", conflicts_with = "above")]
        below: Option<i64>,
    },
}

/// What every alert has.
#[derive(Debug, clap::Args)]
pub struct AlertCommon {
    /// What to call it
    pub name: String,
    /// The channel to tell through; may be given several times
    #[arg(long, value_name = "NAME", required = true)]
    pub channel: Vec<String>,
    /// Only the organization of this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Add a channel; the first one is told when readings fail
    #[command(subcommand)]
    Add(ChannelAdd),
    /// List channels
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a message through a channel now
    Test {
        /// Its name
        name: String,
    },
    /// Forget a channel, its secret and what was told through it
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ChannelAdd {
    /// E-mail by a mail server of yours
    Email {
        #[command(flatten)]
        common: ChannelCommon,
        /// The mail server
        #[arg(long)]
        host: String,
        /// Its port; by the kind of TLS if left out
        #[arg(long)]
        port: Option<u16>,
        /// How the server is spoken to
        #[arg(long, value_enum, default_value_t = TlsForm::Starttls)]
        tls: TlsForm,
        /// File of certificates to trust besides, in PEM form
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
        /// Who logs in there; the password is the secret
        #[arg(long)]
        user: Option<String>,
        /// The sender, such as "Orgwarden <orgwarden@example.org>"
        #[arg(long)]
        from: String,
        /// Who gets it; may be given several times
        #[arg(long, required = true)]
        to: Vec<String>,
    },
    /// A Slack-compatible incoming webhook; its address is the secret
    Slack {
        #[command(flatten)]
        common: ChannelCommon,
    },
    /// A webhook of yours, signed with the secret
    Webhook {
        #[command(flatten)]
        common: ChannelCommon,
        /// Where it is sent
        #[arg(long)]
        url: String,
        /// File of certificates to trust besides, in PEM form
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
    },
    /// An issue in Jira; the API token is the secret
    Jira {
        #[command(flatten)]
        common: ChannelCommon,
        /// The site, such as <https://acme.atlassian.net>
        #[arg(long)]
        url: String,
        /// The e-mail address of the token's owner
        #[arg(long)]
        user: String,
        /// The project's key
        #[arg(long)]
        project: String,
        /// The type of the issue
        #[arg(long, default_value = "Task")]
        issue_type: String,
    },
    /// A file, a line of JSON for each message
    File {
        #[command(flatten)]
        common: ChannelCommon,
        /// Which file
        #[arg(long)]
        path: PathBuf,
    },
}

/// What every channel has.
#[derive(Debug, clap::Args)]
pub struct ChannelCommon {
    /// What to call it
    pub name: String,
    /// File that holds the secret; - for standard input
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Let it reach private, loopback and link-local addresses, also without TLS
    #[arg(long)]
    pub allow_private: bool,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsForm {
    /// TLS after STARTTLS, which must succeed; port 587
    Starttls,
    /// TLS from the beginning; port 465
    Tls,
    /// In the clear, without a user; port 25
    None,
}
