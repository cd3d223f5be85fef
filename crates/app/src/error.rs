//! Why a command could not be carried out. Questions have their own, [`crate::views::ViewError`].

use atlassian::ApiError;
use store::StoreError;
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

impl AppError {
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

const ADD_ONE: &str = "add one with: orgwarden connection add --name NAME --api-key-file FILE";
