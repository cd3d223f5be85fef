//! Why a command could not be carried out. Questions have their own, [`crate::views::ViewError`].

use crate::declared::WrongFile;
use crate::views::ViewError;
use atlassian::ApiError;
use model::{FindingId, PlanId};
use provision::ProvisionError;
use store::StoreError;
use store::sql::Refusal;
use sync::SyncError;
use thiserror::Error;

/// Why a command could not be carried out.
#[derive(Debug, Error)]
pub enum AppError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Atlassian did not answer as needed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A reading failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// A question in SQL was refused.
    #[error(transparent)]
    Question(#[from] Refusal),
    /// There is no saved question of this name.
    #[error("there is no saved question named \"{name}\"")]
    NoQuestion {
        /// As asked.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no such finding.
    #[error("there is no {finding}")]
    NoFinding {
        /// As asked.
        finding: FindingId,
    },
    /// What is gone cannot be decided about.
    #[error("{finding} is closed: there is nothing to decide")]
    FindingClosed {
        /// Which.
        finding: FindingId,
    },
    /// A decision needs a reason and a day in the future.
    #[error("a decision needs {what}")]
    Decision {
        /// What is missing.
        what: &'static str,
    },
    /// A folder of rules cannot be read.
    #[error("cannot read the rules in {folder}")]
    Rules {
        /// The folder or file.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no connection of this name.
    #[error("there is no connection named \"{name}\"")]
    NoConnection {
        /// As asked.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no connection at all.
    #[error("there is no connection yet")]
    NothingConnected,
    /// There are several and none was named.
    #[error("there are several connections: say which one is meant")]
    WhichConnection {
        /// Those that there are.
        known: Vec<String>,
    },
    /// The master key is needed and was not given.
    #[error("this needs the master key, and none was given")]
    NoMasterKey,
    /// The organization's id is needed.
    #[error("the key sees {count} organizations: say which one with --org-id")]
    WhichOrganization {
        /// How many.
        count: usize,
    },
    /// The API answers for another organization than was asked for.
    #[error("the API answers for organization {found}, not for {asked}")]
    OtherOrganization {
        /// As asked.
        asked: String,
        /// As answered.
        found: String,
    },
    /// What is kept is of another organization than the key reads.
    #[error("what is kept is of organization {kept}, and the key reads {found}")]
    KeptOfOther {
        /// Whose things are kept.
        kept: String,
        /// As the API answered.
        found: String,
    },
    /// What was asked about is not known, or not clear.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A plan could not be carried further.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// There is no such plan.
    #[error("there is no {plan}")]
    NoPlan {
        /// As asked.
        plan: PlanId,
    },
    /// Nothing is known of the organization yet.
    #[error("the organization of {connection} was not read yet")]
    NotRead {
        /// The connection.
        connection: String,
    },
    /// It is not known where a group lives.
    #[error("it is not known in which directory the group {group} is")]
    NoDirectory {
        /// The group.
        group: String,
    },
    /// A plan wants something and its opposite.
    #[error("the plan wants this and its opposite: {action}")]
    Contradiction {
        /// One of the two.
        action: String,
    },
    /// The plan is in another state than is needed.
    #[error("{plan} is {state} and cannot be {wanted}")]
    PlanState {
        /// Which.
        plan: PlanId,
        /// Its state.
        state: &'static str,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The plan is another one than was looked at.
    #[error("{plan} has another hash than the one that was given")]
    OtherHash {
        /// Which.
        plan: PlanId,
    },
    /// The plan waited too long.
    #[error("{plan} is too old: what it was made from may no longer be so")]
    PlanExpired {
        /// Which.
        plan: PlanId,
    },
    /// Makers do not approve their own plans.
    #[error("{plan} is yours, and somebody else must approve it")]
    OwnPlan {
        /// Which.
        plan: PlanId,
        /// The connection that says so.
        connection: String,
    },
    /// A large plan needs a comment.
    #[error("{plan} has {count} actions and says nowhere why")]
    NoComment {
        /// Which.
        plan: PlanId,
        /// How many actions.
        count: i64,
    },
    /// Guards hold the plan back.
    #[error("{plan} is held back: {}", trips.join("; "))]
    Guarded {
        /// Which.
        plan: PlanId,
        /// What each guard says.
        trips: Vec<String>,
    },
    /// The plan is not approved.
    #[error("{plan} is not approved")]
    NotApproved {
        /// Which.
        plan: PlanId,
    },
    /// Changes are switched off.
    #[error("changes through {connection} are switched off")]
    WritesOff {
        /// The connection.
        connection: String,
    },
    /// The plan changed nothing that can be undone.
    #[error("{plan} changed nothing that can be undone")]
    NothingToUndo {
        /// Which.
        plan: PlanId,
    },
    /// An access file cannot be used as it is.
    #[error(transparent)]
    AccessFile(#[from] WrongFile),
    /// A schedule that means nothing.
    #[error("that is no schedule: {what}")]
    WrongSchedule {
        /// What is wrong with it.
        what: String,
    },
    /// An alert or a channel that could never tell anything.
    #[error("that cannot be told: {what}")]
    WrongAlert {
        /// What is wrong.
        what: String,
    },
    /// A hook that could not be used.
    #[error("that is no hook: {what}")]
    WrongHook {
        /// What is wrong with it.
        what: String,
    },
    /// There is no such hook.
    #[error("there is no hook named \"{name}\"")]
    NoHook {
        /// As asked.
        name: String,
    },
    /// There is no such alert.
    #[error("there is no alert named \"{name}\"")]
    NoAlert {
        /// As asked.
        name: String,
    },
    /// There is no such channel.
    #[error("there is no channel named \"{name}\"")]
    NoChannel {
        /// As asked.
        name: String,
    },
    /// There is no such message.
    #[error("there is no message {id}")]
    NoMessage {
        /// As asked.
        id: i64,
    },
    /// There is no such run.
    #[error("there is no run {run}")]
    NoRun {
        /// As asked.
        run: String,
    },
    /// The run is not held.
    #[error("{run} is {state}, and only a held run can be confirmed")]
    NotHeld {
        /// Which run.
        run: String,
        /// Its state.
        state: String,
    },
    /// The run is over.
    #[error("{run} is {state}, and nothing of it is left to discard")]
    RunOver {
        /// Which run.
        run: String,
        /// Its state.
        state: String,
    },
    /// PostgreSQL has its own tools for this.
    #[error("a PostgreSQL database is backed up with its own tools")]
    BackupElsewhere,
    /// The file is there already.
    #[error("{file} exists already")]
    FileExists {
        /// The file.
        file: String,
    },
    /// The folder holds something.
    #[error("{folder} is not empty")]
    FolderNotEmpty {
        /// The folder.
        folder: String,
    },
    /// A capture cannot be written.
    #[error("cannot write the capture to {folder}")]
    Capture {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no place for what is needed for a moment only.
    #[error("cannot make a temporary folder")]
    Aside {
        /// What the system said.
        source: std::io::Error,
    },
}

/// What kind of trouble an error is, for callers who speak in codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The key is not accepted.
    Credential,
    /// The key may not do this, or a guard or switch of ours holds it back.
    NotAllowed,
    /// What was named is not there.
    NotFound,
    /// Atlassian does not answer, limits us, fails, or somebody else is at work: later it may go well.
    Passing,
    /// It was sent, and nobody knows whether it is so.
    Unclear,
    /// What was asked makes no sense to Atlassian.
    Refused,
    /// Something else.
    Other,
}

impl Trouble {
    fn of(error: &ApiError) -> Trouble {
        match error {
            ApiError::Unauthorized { .. } => Trouble::Credential,
            ApiError::Forbidden { .. } => Trouble::NotAllowed,
            ApiError::NotFound { .. } => Trouble::NotFound,
            ApiError::Refused { .. } => Trouble::Refused,
            ApiError::Unreachable { .. } | ApiError::RateLimited { .. } | ApiError::Server { .. } => {
                Trouble::Passing
            }
            ApiError::OutcomeUnknown { .. } => Trouble::Unclear,
            _ => Trouble::Other,
        }
    }
}

impl AppError {
    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        match self {
            AppError::Api(error)
            | AppError::Sync(SyncError::Read { source: error, .. } | SyncError::Events { source: error })
            | AppError::Provision(ProvisionError::Read(error)) => Trouble::of(error),
            AppError::Sync(SyncError::Busy { .. } | SyncError::NotTold { .. })
            | AppError::Provision(ProvisionError::Busy { .. }) => Trouble::Passing,
            AppError::View(ViewError::Unknown { .. }) => Trouble::NotFound,
            AppError::Guarded { .. } | AppError::WritesOff { .. } => Trouble::NotAllowed,
            _ => Trouble::Other,
        }
    }

    /// What the reader of the message can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            AppError::Store(error) => error.hint().map(str::to_owned),
            AppError::Api(error) => Some(error.hint()),
            AppError::Sync(error) => error.hint(),
            AppError::NoConnection { known, .. } if known.is_empty() => Some(ADD_ONE.into()),
            AppError::NoConnection { known, .. } | AppError::WhichConnection { known } => {
                Some(format!("known connections: {}", known.join(", ")))
            }
            AppError::NoFinding { .. } | AppError::FindingClosed { .. } => {
                Some("orgwarden findings --state all lists them".into())
            }
            AppError::Decision { .. } => Some("it opens again by itself on that day".into()),
            AppError::Rules { .. } => Some("check the path, and that this user may read it".into()),
            AppError::Question(_) => {
                Some("orgwarden query --views lists what can be asked, docs/views.md says more".into())
            }
            AppError::NoQuestion { known, .. } if known.is_empty() => Some("none is saved yet".into()),
            AppError::NoQuestion { known, .. } => Some(format!("saved questions: {}", known.join(", "))),
            AppError::NothingConnected => Some(ADD_ONE.into()),
            AppError::NoMasterKey => {
                Some("name its file with --master-key-file or ORGWARDEN_MASTER_KEY_FILE".into())
            }
            AppError::WhichOrganization { .. } => {
                Some("the id is in the address of admin.atlassian.com, after /o/".into())
            }
            AppError::OtherOrganization { .. } => {
                Some("check --org-id and --base-url; nothing was stored".into())
            }
            AppError::KeptOfOther { .. } => Some("keep this organization's in another --state".into()),
            AppError::View(error) => error.hint().map(str::to_owned),
            AppError::Provision(error) => provision_hint(error),
            AppError::NoPlan { .. } => Some("orgwarden plan list shows them".into()),
            AppError::NotRead { connection } => Some(format!("read it first: orgwarden sync {connection}")),
            AppError::NoDirectory { .. } => Some("read the organization again with: orgwarden sync".into()),
            AppError::Contradiction { .. } => Some("leave one of the two out".into()),
            AppError::PlanState { plan, .. } => Some(format!("see it with: orgwarden plan show {plan}")),
            AppError::OtherHash { plan } => Some(format!(
                "look at it again: orgwarden plan show {plan}; nothing was approved"
            )),
            AppError::PlanExpired { .. } => Some("make the plan again".into()),
            AppError::OwnPlan { connection, .. } => Some(format!(
                "if you work alone, allow it with: orgwarden connection set {connection} --self-approval on"
            )),
            AppError::NoComment { .. } => Some("make it again with --comment".into()),
            AppError::Guarded { plan, .. } => Some(format!(
                "make it smaller, or override with: orgwarden plan approve {plan} --override REASON, which is kept"
            )),
            AppError::NotApproved { plan } => Some(format!("orgwarden plan approve {plan}")),
            AppError::WritesOff { connection } => Some(format!(
                "switch them on with: orgwarden connection set {connection} --writes on"
            )),
            AppError::NothingToUndo { plan } => {
                Some(format!("see what it did with: orgwarden plan show {plan}"))
            }
            AppError::AccessFile(_) => Some("nothing was compared or planned".into()),
            AppError::WrongSchedule { .. } => Some(
                "such as --every 6h, or --cron \"30 3 * * *\" --zone Europe/Berlin; nothing was changed"
                    .into(),
            ),
            AppError::WrongHook { .. } => Some("nothing was changed".into()),
            AppError::NoHook { .. } => Some("orgwarden hook list shows them".into()),
            AppError::WrongAlert { .. } => Some("nothing was changed".into()),
            AppError::NoAlert { .. } => Some("orgwarden alert list shows them".into()),
            AppError::NoChannel { .. } => Some("orgwarden channel list shows them".into()),
            AppError::NoMessage { .. } => Some("orgwarden alert log shows them".into()),
            AppError::NoRun { .. } => Some("orgwarden runs lists them".into()),
            AppError::NotHeld { .. } | AppError::RunOver { .. } => {
                Some("orgwarden runs shows the state of each".into())
            }
            AppError::BackupElsewhere => {
                Some("use pg_dump; the master key is in no backup and is kept apart".into())
            }
            AppError::FolderNotEmpty { .. } => Some("name a folder that does not exist yet".into()),
            AppError::Capture { .. } | AppError::Aside { .. } => {
                Some("check the disk and its permissions".into())
            }
            AppError::FileExists { .. } => Some("name a file that does not exist yet".into()),
        }
    }
}

fn provision_hint(error: &ProvisionError) -> Option<String> {
    match error {
        ProvisionError::Store(error) => error.hint().map(str::to_owned),
        ProvisionError::Read(error) => Some(error.hint()),
        ProvisionError::Busy { .. } => Some("wait for it, or look at it with: orgwarden plan list".into()),
        ProvisionError::NoPlan(_) => Some("orgwarden plan list shows them".into()),
        ProvisionError::NotApproved { plan, .. } => Some(format!("orgwarden plan approve {plan}")),
    }
}

const ADD_ONE: &str = "add one with: orgwarden connection add --name NAME --api-key-file FILE";
