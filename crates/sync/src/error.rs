//! What ends a reading before its time.

use atlassian::ApiError;
use model::Family;
use std::sync::Arc;
use store::StoreError;
use thiserror::Error;

/// A reading that did not finish. What was read is kept and the next one goes on from there.
#[derive(Debug, Error)]
pub enum SyncError {
    /// Atlassian did not answer as needed.
    #[error("reading {} stopped", .family.title().to_lowercase())]
    Read {
        /// What was being read.
        family: Family,
        /// Why.
        #[source]
        source: ApiError,
    },
    /// Atlassian did not answer as needed when it was asked for events.
    #[error("reading the audit log's events stopped")]
    Events {
        /// Why.
        #[source]
        source: ApiError,
    },
    /// Atlassian lists accounts and does not know them when it is asked what they hold.
    #[error(
        "Atlassian lists {accounts} accounts and does not tell what they hold (getUserRoleAssignments: 404)"
    )]
    NotTold {
        /// How many.
        accounts: usize,
    },
    /// The store failed.
    #[error("keeping what was read failed")]
    Store(#[source] Arc<StoreError>),
    /// Another process is reading the same organization.
    #[error("another orgwarden ({holder}) is reading this organization now")]
    Busy {
        /// Which process.
        holder: String,
    },
}

impl From<StoreError> for SyncError {
    fn from(error: StoreError) -> SyncError {
        SyncError::Store(Arc::new(error))
    }
}

impl SyncError {
    /// What the reader of the message can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            SyncError::Read { source, .. } | SyncError::Events { source } => Some(source.hint()),
            SyncError::NotTold { .. } => Some("run this again in a minute".into()),
            SyncError::Store(error) => error.hint().map(str::to_owned),
            SyncError::Busy { .. } => {
                Some("wait until it has finished, or watch it on the connection's page".into())
            }
        }
    }
}

/// Says what was being read when Atlassian failed.
pub(crate) trait While<T> {
    fn reading(self, family: Family) -> Result<T, SyncError>;
}

impl<T> While<T> for Result<T, ApiError> {
    fn reading(self, family: Family) -> Result<T, SyncError> {
        self.map_err(|source| SyncError::Read { family, source })
    }
}
