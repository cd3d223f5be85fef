//! `orgwarden plan`: what can be typed to propose, look at, approve, carry out and undo changes.

use clap::Subcommand;
use std::path::PathBuf;

/// What every command takes that makes a plan.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MakeArgs {
    /// The connection; may be left out when there is one
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Do the rest when an action fails
    #[arg(long)]
    pub goes_on: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A file that says who is to have what.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// The file, as export access writes one; - for standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: PathBuf,
    /// Only say what differs from what was read; ends with 2 if anything does
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// A plan, and the weather it is rehearsed in.
#[derive(Debug, clap::Args)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    /// How long each answer takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub latency_ms: u64,
    /// Requests a minute that are answered, such as 300; without it there is no limit
    #[arg(long, value_name = "N")]
    pub rate_limit: Option<u32>,
    /// Share of requests that go wrong, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub faults: u8,
    /// Chooses which
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Members of a group.
#[derive(Debug, clap::Args)]
pub struct MembersArgs {
    /// The group: id or name
    #[arg(long)]
    pub group: String,
    /// The account: id, e-mail address or full name; may be given several times
    #[arg(long, required_unless_present = "accounts_from")]
    pub account: Vec<String>,
    /// A file with an account on each line; - for standard input
    #[arg(long, value_name = "FILE")]
    pub accounts_from: Option<PathBuf>,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// A role of an account.
#[derive(Debug, clap::Args)]
pub struct RoleArgs {
    /// The account: id, e-mail address or full name
    #[arg(long)]
    pub account: String,
    /// The workspace or other resource: id or name; may be left out for the role of organization admin
    #[arg(long, default_value = "", value_name = "WORKSPACE")]
    pub on: String,
    /// The role, such as atlassian/user
    #[arg(long)]
    pub role: String,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// A role that a group gives.
#[derive(Debug, clap::Args)]
pub struct GroupRoleArgs {
    /// The group: id or name
    #[arg(long)]
    pub group: String,
    /// The workspace or other resource: id or name
    #[arg(long, value_name = "WORKSPACE")]
    pub on: String,
    /// The role, such as atlassian/user
    #[arg(long)]
    pub role: String,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// One account.
#[derive(Debug, clap::Args)]
pub struct OneAccountArgs {
    /// The account: id, e-mail address or full name
    #[arg(long)]
    pub account: String,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// One account, as the short commands take it.
#[derive(Debug, clap::Args)]
pub struct UserArgs {
    /// The account: id, e-mail address or full name
    pub account: String,
    #[command(flatten)]
    pub make: MakeArgs,
}

/// One plan.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Such as plan_7
    pub plan: model::PlanId,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// List plans
    List {
        /// The organization or its connection; may be left out when there is one
        #[arg(long, value_name = "NAME")]
        org: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a plan: what it does, what else is gained and lost, and how far it is
    Show(PlanArgs),
    /// Accounts join a group
    AddMember(MembersArgs),
    /// Accounts leave a group
    RemoveMember(MembersArgs),
    /// An account is given a role itself
    GrantRole(RoleArgs),
    /// A role that an account was given itself is taken
    RevokeRole(RoleArgs),
    /// A group begins to give a role
    GrantGroupRole(GroupRoleArgs),
    /// A group stops giving a role
    RevokeGroupRole(GroupRoleArgs),
    /// A group is made
    CreateGroup {
        /// Its name
        #[arg(long)]
        name: String,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
        /// The directory: id or name; may be left out when there is one
        #[arg(long)]
        directory: Option<String>,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// A group is deleted; who has access only through it loses that
    DeleteGroup {
        /// The group: id or name
        #[arg(long)]
        group: String,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// A person is invited by e-mail
    Invite {
        /// The address
        #[arg(long)]
        email: String,
        /// A group to join: id or name; may be given several times
        #[arg(long)]
        group: Vec<String>,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// An account is made through SCIM; a managed one with that address is linked
    CreateAccount {
        /// The address
        #[arg(long)]
        email: String,
        /// The full name
        #[arg(long)]
        name: String,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// Fields of a managed account's profile get other values
    UpdateProfile {
        /// The account: id, e-mail address or full name
        #[arg(long)]
        account: String,
        /// The new name
        #[arg(long)]
        name: Option<String>,
        /// The new name among colleagues
        #[arg(long)]
        nickname: Option<String>,
        /// The new time zone, such as Europe/Lisbon
        #[arg(long)]
        zoneinfo: Option<String>,
        /// The new language, such as en-GB
        #[arg(long)]
        locale: Option<String>,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// An account loses its access to all its directories and keeps roles and groups
    Suspend(OneAccountArgs),
    /// An account gets its access to all its directories back
    Restore(OneAccountArgs),
    /// An account is removed from a directory with all that it has there
    RemoveFromDirectory {
        /// The account: id, e-mail address or full name
        #[arg(long)]
        account: String,
        /// The directory: id or name; may be left out when the account is in one
        #[arg(long)]
        directory: Option<String>,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// A managed account cannot be used any more, anywhere
    Deactivate(OneAccountArgs),
    /// A deactivated account can be used again
    Reactivate(OneAccountArgs),
    /// A managed account is deleted after 14 days
    DeleteAccount(OneAccountArgs),
    /// A deletion is taken back within its 14 days
    CancelDeletion(OneAccountArgs),
    /// An API token is revoked
    RevokeToken {
        /// Its owner: id, e-mail address or full name
        #[arg(long)]
        account: String,
        /// Its id
        #[arg(long)]
        token: String,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// The actions of a file, one line of JSON each, as plan show --json prints them
    File {
        /// The file; - for standard input
        file: PathBuf,
        #[command(flatten)]
        make: MakeArgs,
    },
    /// Approve a plan
    Approve {
        #[command(flatten)]
        plan: PlanArgs,
        /// Only if this is still its hash
        #[arg(long)]
        hash: Option<String>,
        /// Approve although guards hold it back, for this reason, which is kept
        #[arg(long = "override", value_name = "REASON")]
        reason: Option<String>,
    },
    /// Carry an approved plan out, or go on with one that was stopped or interrupted
    Apply(PlanArgs),
    /// Undo what a plan changed: by a plan of its own, carried out at once where makers may approve
    Undo(PlanArgs),
    /// Pause a plan that is being carried out; what was sent is settled
    Pause(PlanArgs),
    /// Give a plan up; what was sent is settled
    Cancel(PlanArgs),
}
