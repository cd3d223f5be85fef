//! What connections are told.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

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

#[derive(Debug, Args)]
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
#[derive(Debug, Args)]
pub struct ScimArgs {
    /// Where the SCIM directory is, such as <https://api.atlassian.com/scim/directory/ID>
    #[arg(long, value_name = "URL", requires = "scim_token_file")]
    pub scim_url: Option<String>,
    /// File that holds the directory's token; - for standard input
    #[arg(long, value_name = "FILE", requires = "scim_url")]
    pub scim_token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
}
