//! What commands that look at what was read are asked for.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Which organization, and as of when.
#[derive(Debug, Clone, Default, Args)]
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

#[derive(Debug, Args)]
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
    /// Stop the question after so many seconds, at most 600
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout_s: u64,
    /// List the views and their columns instead
    #[arg(long)]
    pub views: bool,
}

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
pub struct AccessArgs {
    /// An account: id, e-mail address or full name
    pub account: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
pub struct WhyArgs {
    /// An account: id, e-mail address or full name
    pub account: String,
    /// A workspace or other resource: id or name
    pub workspace: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, Args)]
pub struct ChangesArgs {
    /// Only changes after this instant, such as 2026-11-20 or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// About so many rows: a reading is shown whole
    #[arg(long, default_value_t = 100)]
    pub limit: i64,
    #[command(flatten)]
    pub scope: ScopeArgs,
}

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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
