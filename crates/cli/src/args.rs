//! What can be typed. Keys are never arguments: they come from a file or standard input.

mod alert;
mod c1z;
mod connection;
mod looking;
mod plan;

pub use alert::{AlertAdd, AlertCommand, ChannelAdd, ChannelCommand, ChannelCommon, TlsForm};
pub use c1z::{C1zCommand, C1zFile, C1zList};
pub use connection::{
    ConnectionAddArgs, ConnectionCommand, ConnectionSetArgs, ScheduleArgs, ScimArgs, Switch,
};
pub use looking::{
    AccessArgs, ChangesArgs, DecideArgs, DiffArgs, EventsArgs, FindingsArgs, FindingsCommand, LeaverArgs,
    ListArgs, QueryArgs, RulesArgs, RulesCommand, ScopeArgs, TokensArgs, WhoArgs, WhyArgs,
};
pub use plan::{ApplyArgs, MakeArgs, MembersArgs, PlanArgs, PlanCommand, RehearseArgs, UserArgs};

use crate::commands::connector::ConnectorArgs;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Who has access to what in an Atlassian organization, by which path and since when.
#[derive(Debug, Parser)]
#[command(name = "orgwarden", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Args {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 a bug or an unforeseen error · 2 wrong usage, or drift with apply --check · 3 a reading did not finish or was not \
complete · 4 a reading is held for a person · 5 nothing of that name, or several · 6 the key is refused · 7 Atlassian cannot be \
reached or has a problem · 8 the database or master key cannot be used · 9 the configuration, an access file or a .c1z file is wrong · 10 another orgwarden is at work · \
11 a change is refused, held back or was not confirmed · 12 a message was not delivered";

/// Settings that every command takes; they win over the environment, which wins over the configuration file.
#[derive(Debug, Default, clap::Args)]
pub struct Settings {
    /// The database: sqlite:FILE or postgres://USER@HOST/NAME [env: ORGWARDEN_DATABASE]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    pub database: Option<String>,
    /// The configuration file [env: ORGWARDEN_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// The file of the master key, made if it is missing [env: ORGWARDEN_MASTER_KEY_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub master_key_file: Option<PathBuf>,
    /// What to log, such as info or sync=debug [env: ORGWARDEN_LOG]
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Settings")]
    pub log: Option<String>,
}

impl Settings {
    /// The name of an option that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("database", self.database.is_some()),
            ("config", self.config.is_some()),
            ("master-key-file", self.master_key_file.is_some()),
            ("log", self.log.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(name, is_given)| is_given.then_some(name))
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show everything on an invented organization, in a browser
    Demo(DemoArgs),
    /// Serve the pages and keep reading
    Serve(ServeArgs),
    /// Serve a pretend Atlassian
    Twin(TwinArgs),
    /// Connections to organizations
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Read an organization now
    Sync(SyncArgs),
    /// Alerts: what is told, and whether it arrived
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Hooks: doors for Atlassian's deliveries, which say that it is time to look
    #[command(subcommand)]
    Hook(HookCommand),
    /// Channels: where alerts are told
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Record the answers of one reading, with people, ids and secrets replaced
    Capture(CaptureArgs),
    /// Readings: list them, decide about a held one
    Runs(RunsArgs),
    /// List accounts
    Accounts(ListArgs),
    /// List groups
    Groups(ListArgs),
    /// List workspaces
    Workspaces(ListArgs),
    /// List API tokens with their owners, or the organization's keys and service accounts
    Tokens(TokensArgs),
    /// What may be changed on a managed account, asked now
    Privileges(AccessArgs),
    /// What an account has access to, and how
    Access(AccessArgs),
    /// Who has access to a workspace, and how
    Who(WhoArgs),
    /// Why an account has access to a workspace
    Why(WhyArgs),
    /// What changed
    Changes(ChangesArgs),
    /// Ask a question in SQL over the views of docs/views.md
    Query(QueryArgs),
    /// What the rules found, and deciding about it
    Findings(FindingsArgs),
    /// The rules: list them, check a file of them, ask them now
    Rules(RulesArgs),
    /// What is different between two days
    Diff(DiffArgs),
    /// Search the events of the audit log that were kept
    Events(EventsArgs),
    /// What somebody who leaves still has, and a plan that takes it away
    Leaver(LeaverArgs),
    /// Change Atlassian: propose, look, approve, apply, undo
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Carry a plan out on a pretend Atlassian made from what was read, and say what came of it
    Rehearse(RehearseArgs),
    /// Compare a file that says who is to have what with what is so, and plan what ends the difference
    Apply(ApplyArgs),
    /// Take an account's access to all its directories; roles and groups are kept
    DisableUser(UserArgs),
    /// Give an account its access to all its directories back
    EnableUser(UserArgs),
    /// Write out what is known
    #[command(subcommand)]
    Export(ExportCommand),
    /// Look into a .c1z file of the connector protocol
    #[command(subcommand)]
    C1z(C1zCommand),
    /// Read and change an organization for a governance system, in place of its own connector
    Connector(ConnectorArgs),
    /// Forget for good what describes a person; the history stays by account id
    Erase(EraseArgs),
    /// Copy the database to a new file, also while it is in use
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Look whether all is well; calls nobody
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Accounts of the invented organization
    #[arg(long, default_value_t = 2000)]
    pub users: u32,
    /// Weeks of history to invent
    #[arg(long, default_value_t = 5)]
    pub weeks: u32,
    /// Seconds between two changes once it runs; 0 for none
    #[arg(long, default_value_t = 20)]
    pub change_every_s: u64,
}

#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen; loopback only until there is a log-in [env: ORGWARDEN_LISTEN]
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Where to take deliveries of Atlassian's to hooks; nothing else is served there
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_sync")]
    pub hooks_listen: Option<SocketAddr>,
    /// Only show what is stored: read no organization
    #[arg(long)]
    pub no_sync: bool,
}

#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Add a hook; its address is /hooks/NAME below that of serve --hooks-listen
    Add {
        /// What to call it: letters, digits, - and _
        name: String,
        /// Who delivers
        #[arg(long, value_enum)]
        kind: HookForm,
        /// File that holds the whole Authorization header, or Jira's secret; - for standard input
        #[arg(long, value_name = "FILE")]
        secret_file: PathBuf,
        /// The connection it is about; may be left out when there is one
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// List hooks
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget a hook: its address answers nobody any more
    Remove {
        /// Its name
        name: String,
    },
}

/// Who delivers to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HookForm {
    /// The organization's audit log, with a fixed Authorization header
    Organization,
    /// Guard's alerts, with a fixed Authorization header
    Guard,
    /// A Jira site, with a signature over the body
    Jira,
}

#[derive(Debug, clap::Args)]
pub struct TwinArgs {
    #[command(flatten)]
    pub twin: twin::TwinOptions,
    /// Serve the recorded answers of this folder, and nothing else
    #[arg(long, value_name = "DIR", conflicts_with = "from_store")]
    pub replay: Option<PathBuf>,
    /// Serve the stored organization as it was last read, instead of an invented one
    #[arg(long)]
    pub from_store: bool,
    /// The stored organization or its connection; may be left out when there is one
    #[arg(long, value_name = "NAME", requires = "from_store")]
    pub org: Option<String>,
    /// The stored organization as of this instant
    #[arg(long, value_name = "TIME", requires = "from_store")]
    pub as_of: Option<String>,
    /// Print one line of JSON with the address and the keys
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct SyncArgs {
    /// The connection; may be left out when there is one
    pub connection: Option<String>,
    /// Also read how each holding came about: a request an account
    #[arg(long)]
    pub methods: bool,
    /// Read the audit log's events and only what they name; everything, where that is not enough
    #[arg(long, conflicts_with = "methods")]
    pub incremental: bool,
    /// Send at most so many requests; the next reading goes on from there
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// Print one line of JSON at the end
    #[arg(long)]
    pub json: bool,
    /// How progress is told on standard error; with --json nothing is, unless this says so
    #[arg(long, value_enum, value_name = "FORM")]
    pub progress: Option<ProgressForm>,
}

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProgressForm {
    /// A bar for each family of listings
    Bars,
    /// A line for each family that ends
    Lines,
    /// A line of JSON about once a second and at each end
    Json,
}

#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    /// The connection; may be left out when there is one
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// The folder to record to, with everything replaced that tells of people; must not be there yet or be empty
    #[arg(long, value_name = "DIR")]
    pub scrub: Option<PathBuf>,
    /// Also read how each holding came about: a request an account
    #[arg(long)]
    pub methods: bool,
    /// Send at most so many requests; what came by then is recorded
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// Print one line of JSON at the end
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// The connection; may be left out when there is one
    #[arg(long)]
    pub connection: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show a run with its listings
    Show {
        /// Such as run_12
        run: model::RunId,
    },
    /// Say that a held run's drop is right; the next reading is let through
    Confirm {
        /// Such as run_12
        run: model::RunId,
    },
    /// Give up a held or interrupted run; nothing of it is kept
    Discard {
        /// Such as run_12
        run: model::RunId,
    },
}

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Every fact, one line of JSON each, sorted
    Facts {
        /// Also how each holding came about, where it was read
        #[arg(long)]
        methods: bool,
        /// Also API keys, service accounts and the records of SCIM
        #[arg(long)]
        all: bool,
        /// The organization or its connection; may be left out when there is one
        #[arg(long, value_name = "NAME")]
        org: Option<String>,
        /// As of this instant
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
    },
    /// Groups with their members and the roles of groups and accounts, as a file for apply
    Access {
        /// The organization or its connection; may be left out when there is one
        #[arg(long, value_name = "NAME")]
        org: Option<String>,
        /// As of this instant
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    /// An account: id, e-mail address or full name
    pub account: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
}
