//! What can be typed. Keys are never arguments: they come from a file or standard input.

mod alert;
mod c1z;
mod plan;

pub use alert::{AlertAdd, AlertCommand, ChannelAdd, ChannelCommand, ChannelCommon, TlsForm};
pub use c1z::{C1zCommand, C1zFile, C1zList};
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
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// The configuration file [env: ORGWARDEN_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The file of the master key, made if it is missing [env: ORGWARDEN_MASTER_KEY_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// What to log, such as info or sync=debug [env: ORGWARDEN_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
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

#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Add a connection, after checking that its key works
    Add(ConnectionAddArgs),
    /// List connections
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a connection
    Show {
        /// Its name; may be left out when there is one
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say operation by operation what the key may call
    Test {
        /// Its name; may be left out when there is one
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change what a connection knows besides its key
    Set(ConnectionSetArgs),
    /// Show or set when serve reads a connection, pause and resume it
    Schedule(ScheduleArgs),
    /// Forget a connection and its key; what it read stays
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct ConnectionAddArgs {
    /// What to call it
    #[arg(long)]
    pub name: String,
    /// Atlassian's id of the organization; found when the key sees exactly one
    #[arg(long)]
    pub org_id: Option<String>,
    /// Where the API is
    #[arg(long, default_value = "https://api.atlassian.com")]
    pub base_url: String,
    /// File that holds the organization's API key; - for standard input
    #[arg(long, value_name = "FILE")]
    pub api_key_file: PathBuf,
    /// Minutes between two readings of everything while serving; what changed is read in between
    #[arg(long, default_value_t = 1440)]
    pub sync_every_min: i64,
    #[command(flatten)]
    pub scim: ScimArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The SCIM directory of a connection.
#[derive(Debug, clap::Args)]
pub struct ScimArgs {
    /// Where the SCIM directory is, such as <https://api.atlassian.com/scim/directory/ID>
    #[arg(long, value_name = "URL", requires = "scim_token_file")]
    pub scim_url: Option<String>,
    /// File that holds the directory's token; - for standard input
    #[arg(long, value_name = "FILE", requires = "scim_url")]
    pub scim_token_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct ConnectionSetArgs {
    /// Its name
    pub name: String,
    #[command(flatten)]
    pub scim: ScimArgs,
    /// Forget the SCIM directory and its token
    #[arg(long, conflicts_with = "scim_url")]
    pub no_scim: bool,
    /// Whether anything may be changed through it
    #[arg(long, value_enum, value_name = "SWITCH")]
    pub writes: Option<Switch>,
    /// Whether who makes a plan may approve it
    #[arg(long, value_enum, value_name = "SWITCH")]
    pub self_approval: Option<Switch>,
    /// Whether its SCIM directory is provisioned by Orgwarden alone, so that accounts may be made in it
    #[arg(long, value_enum, value_name = "SWITCH")]
    pub provisions_scim: Option<Switch>,
    /// The account that owns the key in use: nothing is taken from it
    #[arg(long, value_name = "ACCOUNT")]
    pub key_owner: Option<String>,
    /// Accounts that nothing is taken from: ids, e-mail addresses or patterns with *; an empty text for none
    #[arg(long, value_name = "PATTERN")]
    pub protect_account: Vec<String>,
    /// Groups that are not changed, nor anything taken from their members: ids, names or patterns with *
    #[arg(long, value_name = "PATTERN")]
    pub protect_group: Vec<String>,
    /// How many accounts one plan may touch
    #[arg(long, value_name = "N")]
    pub accounts_per_plan: Option<i64>,
    /// Which share of a group's members one plan may take out of it, in percent
    #[arg(long, value_name = "PERCENT")]
    pub share_percent: Option<i64>,
    /// How many changes may be sent within an hour
    #[arg(long, value_name = "N")]
    pub changes_per_hour: Option<i64>,
    /// How many actions may end unconfirmed within an hour before nothing more is sent
    #[arg(long, value_name = "N")]
    pub failures_per_hour: Option<i64>,
    /// Above how many actions a plan needs a comment
    #[arg(long, value_name = "N")]
    pub comment_above: Option<i64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ScheduleArgs {
    /// Its name; may be left out when there is one
    pub name: Option<String>,
    /// Read everything so often: minutes, hours or days, such as 30m, 6h or 1d
    #[arg(long, value_name = "INTERVAL", conflicts_with = "cron")]
    pub every: Option<String>,
    /// Read everything when this pattern of minute, hour, day, month and weekday says
    #[arg(long, value_name = "PATTERN")]
    pub cron: Option<String>,
    /// The time zone of the pattern, such as Europe/Berlin; UTC if it was never set
    #[arg(long, value_name = "ZONE", conflicts_with = "every")]
    pub zone: Option<String>,
    /// Look so often for what changed in between, such as 60s or 5m; 0s for never
    #[arg(long, value_name = "INTERVAL")]
    pub between: Option<String>,
    /// Read nothing until it is resumed
    #[arg(long, conflicts_with = "resume")]
    pub pause: bool,
    /// Read by the schedule again
    #[arg(long)]
    pub resume: bool,
    /// Have whoever serves read everything now, also while it is paused
    #[arg(long)]
    pub now: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
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

/// Which organization, and as of when.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ScopeArgs {
    /// The organization or its connection; may be left out when there is one
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// As of this instant, such as 2026-11-20T10:00:00Z or 2026-11-20
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct QueryArgs {
    /// The question: one SELECT over the views; - for standard input
    #[arg(required_unless_present_any = ["saved", "views"], conflicts_with_all = ["saved", "views"])]
    pub sql: Option<String>,
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// The value of a variable of the question; may come several times
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Ask the question that was saved under this name
    #[arg(long, value_name = "NAME")]
    pub saved: Option<String>,
    /// Answer at most so many rows
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub limit: usize,
    /// Stop the question after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout_s: u64,
    /// List the views and their columns instead
    #[arg(long)]
    pub views: bool,
}

#[derive(Debug, clap::Args)]
pub struct FindingsArgs {
    #[command(subcommand)]
    pub command: Option<FindingsCommand>,
    /// The organization or its connection; may be left out when there is one
    #[arg(long, global = true, value_name = "NAME")]
    pub org: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Those in this state: open, suppressed, accepted, closed or all
    #[arg(long, value_name = "STATE", default_value = "open", value_parser = ["open", "suppressed", "accepted", "closed", "all"])]
    pub state: String,
    /// Only those of this rule
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those as bad as this: critical, high, medium or low
    #[arg(long, value_name = "SEVERITY", value_parser = ["critical", "high", "medium", "low"])]
    pub severity: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub limit: i64,
}

#[derive(Debug, Subcommand)]
pub enum FindingsCommand {
    /// Show a finding with its life and what to do about it
    Show {
        /// Such as finding_12
        finding: model::FindingId,
    },
    /// Say that findings are no problem here, until a day
    Suppress(DecideArgs),
    /// Say that findings are lived with, until a day
    Accept(DecideArgs),
    /// Take a decision back
    Reopen {
        /// Such as finding_12
        #[arg(required = true)]
        findings: Vec<model::FindingId>,
    },
}

#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    /// Such as finding_12
    #[arg(required = true)]
    pub findings: Vec<model::FindingId>,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Until this day, such as 2027-01-31, or for so many days, such as 30d
    #[arg(long, value_name = "TIME")]
    pub until: String,
}

#[derive(Debug, clap::Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    pub command: Option<RulesCommand>,
    /// The organization or its connection; may be left out when there is one
    #[arg(long, global = true, value_name = "NAME")]
    pub org: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Say what is wrong in a file of rules, line by line
    Check {
        /// The file
        file: PathBuf,
    },
    /// Ask the rules now about what was last read
    Evaluate,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Only those whose name, e-mail address or id holds this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Sort by this column; a leading - turns the order around
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// At most so many rows
    #[arg(long, default_value_t = 50)]
    pub limit: i64,
    /// Begin with this row, from 0
    #[arg(long, default_value_t = 0)]
    pub offset: i64,
}

#[derive(Debug, clap::Args)]
pub struct TokensArgs {
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Only those that expired
    #[arg(long)]
    pub expired: bool,
    /// Only those that expire within so many days
    #[arg(long, value_name = "DAYS")]
    pub expiring: Option<i64>,
    /// Only those whose use was never told
    #[arg(long)]
    pub never_used: bool,
    /// Only those that still work though their owner is deactivated, suspended or gone
    #[arg(long)]
    pub orphans: bool,
    /// Only those of this account: id, e-mail address or full name
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// Only the organization's API keys
    #[arg(long, conflicts_with_all = ["orphans", "owner"])]
    pub keys: bool,
    /// Only the service accounts
    #[arg(long, conflicts_with_all = ["expired", "expiring", "never_used", "orphans", "owner", "keys"])]
    pub service_accounts: bool,
}

#[derive(Debug, clap::Args)]
pub struct LeaverArgs {
    /// The account: id, e-mail address or full name
    pub account: String,
    /// Make the plan that takes away what a plan can
    #[arg(long)]
    pub plan: bool,
    /// Why, kept with the plan
    #[arg(long, value_name = "TEXT", requires = "plan")]
    pub comment: Option<String>,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, clap::Args)]
pub struct AccessArgs {
    /// An account: id, e-mail address or full name
    pub account: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, clap::Args)]
pub struct WhoArgs {
    /// A workspace: id or name
    pub workspace: String,
    /// Only this role, such as atlassian/admin
    #[arg(long)]
    pub role: Option<String>,
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// At most so many rows
    #[arg(long, default_value_t = 200)]
    pub limit: i64,
}

#[derive(Debug, clap::Args)]
pub struct WhyArgs {
    /// An account: id, e-mail address or full name
    pub account: String,
    /// A workspace or other resource: id or name
    pub workspace: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, clap::Args)]
pub struct ChangesArgs {
    /// Only changes after this instant, such as 2026-11-20 or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// At most so many rows
    #[arg(long, default_value_t = 100)]
    pub limit: i64,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The earlier time, such as 2026-11-20 or 7d
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// The later time; the latest reading when it is left out
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only facts of this kind, such as role_holding
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Look at no more than so many facts that began, and that ended
    #[arg(long, default_value_t = 2000)]
    pub limit: i64,
    /// The organization; may be left out when there is one
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// Print JSON, each account on its own
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct EventsArgs {
    /// With this text in actor, what it is about, or place
    pub search: Option<String>,
    /// Only of this action, such as user_added_to_group
    #[arg(long)]
    pub action: Option<String>,
    /// Only by this account, by its id
    #[arg(long, value_name = "ID")]
    pub actor: Option<String>,
    /// Only about this account, group or other thing, by its id
    #[arg(long, value_name = "ID")]
    pub about: Option<String>,
    /// Only what happened then or later, such as 2026-11-20 or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what happened before then
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: i64,
    /// All of them, each as it came, a line of JSON each
    #[arg(long, conflicts_with = "limit")]
    pub json_lines: bool,
    #[command(flatten)]
    pub scope: ScopeArgs,
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
