//! One sync: the organization is read as always, and what is then published is written into a file.
//!
//! The place of the file is tried before the first request. A reading that is not complete, or is held for a person,
//! makes no file: the older one stays.

use crate::c1z::{C1zError, Limits, Retention, WallClock, WriteOptions, Writer, Written};
use crate::connector::{CONNECTION, Connector};
use crate::contents::{self, Row, Stop, Wanted, hand_over};
use crate::options::Writing;
use app::views::ViewError;
use app::views::scope::ScopeChoice;
use app::{AppError, Progress, Status};
use jiff::tz::TimeZone;
use model::Family;
use std::path::PathBuf;
use thiserror::Error;
use tokio::sync::mpsc;

/// Events do not tell of everything: older than this, what was read is read anew.
const WHOLE_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;
/// Batches that wait to be written: as many as are written while the store is asked for more.
const WAITING: usize = 5;

/// Where and how a sync is written.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The file.
    pub file: PathBuf,
    /// What is written of everything, and how.
    pub writing: Writing,
    /// Where the database of the file is made meanwhile; where the system keeps such things when `None`.
    pub aside: Option<PathBuf>,
    /// In which zone the clock hangs that times in the file are read from.
    pub zone: TimeZone,
    /// What the older file may ask of this machine.
    pub limits: Limits,
}

impl FileOptions {
    fn write(&self) -> WriteOptions {
        WriteOptions {
            aside: self.aside.clone(),
            indexes: self.writing.with_indexes,
            retention: self.writing.keep.map_or(Retention::All, Retention::Full),
            limits: self.limits,
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            resource_types: self.writing.resource_types.clone(),
            skip_entitlements: self.writing.skip_entitlements_and_grants,
            skip_grants: self.writing.skip_entitlements_and_grants || self.writing.skip_grants,
        }
    }
}

/// What came of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// What was written.
    pub written: Written,
    /// Requests sent for the reading.
    pub requests: u64,
}

/// Why there is no new file. The older one is as it was.
#[derive(Debug, Error)]
pub enum ReadingError {
    /// The organization could not be read.
    #[error(transparent)]
    App(#[from] AppError),
    /// What was read could not be looked at.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] C1zError),
    /// Not everything could be read.
    #[error("the organization was not read completely, and nothing was written: {}", reasons.join("; "))]
    Incomplete {
        /// Why.
        reasons: Vec<String>,
    },
    /// So much is gone that a person should look.
    #[error("the reading is held for a person, and nothing was written: {}", reasons.join("; "))]
    Held {
        /// Why.
        reasons: Vec<String>,
    },
    /// The task that writes ended without an answer.
    #[error("writing the file was given up")]
    GivenUp,
}

impl ReadingError {
    /// What the reader of the message can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            ReadingError::App(error) => error.hint(),
            ReadingError::File(error) => error.hint().map(str::to_owned),
            ReadingError::Held { .. } => Some(
                "look whether the key still sees the whole organization; if it is right, remove the file of --state, and everything is read anew".to_owned(),
            ),
            _ => None,
        }
    }
}

impl Connector {
    /// Reads the organization and writes what it is like to a file; where an empty sync is wanted, asks nobody.
    pub async fn sync(&self, options: &FileOptions, progress: &dyn Progress) -> Result<Synced, ReadingError> {
        let writer = self.begin(options).await?;
        if options.writing.is_empty {
            let written = self.finish(writer, options).await?;
            return Ok(Synced { written, requests: 0 });
        }
        if let Some(requests) = self.follow(progress).await? {
            let written = self.write(writer, options).await?;
            return Ok(Synced { written, requests });
        }
        let outcome = self
            .app
            .sync(Some(CONNECTION), false, &self.api, progress)
            .await?;
        match (outcome.status, outcome.error) {
            (Status::Complete, _) => {}
            (Status::Held, _) => {
                return Err(ReadingError::Held {
                    reasons: outcome.reasons,
                });
            }
            (Status::Incomplete, Some(error)) => return Err(AppError::Sync(error).into()),
            (Status::Incomplete, None) => {
                let is_in_file = |family: &Family| options.writing.holds(*family);
                if outcome.unread.is_empty() || outcome.unread.iter().any(is_in_file) {
                    return Err(ReadingError::Incomplete {
                        reasons: outcome.reasons,
                    });
                }
                tracing::warn!(
                    reasons = outcome.reasons.join("; "),
                    "what is no part of the file was not read"
                );
            }
        }
        let written = self.write(writer, options).await?;
        Ok(Synced {
            written,
            requests: outcome.requests,
        })
    }

    /// Brings what was read up to date by events, where the store is kept and everything was read within a day. Answers
    /// the requests sent, or nothing where everything must be read.
    async fn follow(&self, progress: &dyn Progress) -> Result<Option<u64>, ReadingError> {
        if !self.follows {
            return Ok(None);
        }
        let scope = self.app.scope(&ScopeChoice::default()).await?;
        let now = self.app.clock.now_ms();
        let is_fresh = scope.whole_read_at.is_some_and(|at| now - at.0 < WHOLE_WITHIN_MS);
        if !is_fresh {
            return Ok(None);
        }
        let followed = self.app.follow_now(Some(CONNECTION), &self.api, progress).await?;
        let is_enough = followed.whole_owed.is_none() && followed.refused.is_none();
        Ok(is_enough.then_some(followed.requests))
    }

    /// Writes what was read last to a file, without any request.
    pub async fn write_stored(&self, options: &FileOptions) -> Result<Written, ReadingError> {
        let writer = self.begin(options).await?;
        self.write(writer, options).await
    }

    fn wall(&self, zone: &TimeZone) -> WallClock {
        WallClock::at(self.app.clock.now_ms(), zone)
    }

    async fn begin(&self, options: &FileOptions) -> Result<Writer, ReadingError> {
        let (file, write) = (options.file.clone(), options.write());
        let (now_ms, started_at) = (self.app.clock.now_ms(), self.wall(&options.zone));
        let begin = move || Writer::begin(&file, &write, now_ms, started_at);
        let writer = tokio::task::spawn_blocking(begin).await;
        let writer = writer.map_err(|_| ReadingError::GivenUp)??;
        if writer.replaces_version_3() {
            tracing::warn!(
                file = %options.file.display(),
                "the older file is of version 3, which holds one sync only; it is replaced by one of version 1"
            );
        }
        Ok(writer)
    }

    async fn write(&self, mut writer: Writer, options: &FileOptions) -> Result<Written, ReadingError> {
        let choice = ScopeChoice {
            organization: Some(self.organization.clone()),
            as_of: None,
        };
        let scope = self.app.scope(&choice).await?;
        let (to, mut batches) = mpsc::channel::<Vec<Row>>(WAITING);
        let writing = tokio::task::spawn_blocking(move || {
            while let Some(batch) = batches.blocking_recv() {
                contents::write(&batch, &mut writer)?;
            }
            Ok::<Writer, C1zError>(writer)
        });
        let handed_over = hand_over(&self.app, &scope, &self.organization, options.wanted(), to).await;
        let writer = writing.await.map_err(|_| ReadingError::GivenUp)??;
        match handed_over {
            Ok(()) => {}
            Err(Stop::View(error)) => return Err(error.into()),
            // Then the writer has said why, above.
            Err(Stop::NobodyTakes) => return Err(ReadingError::GivenUp),
        }
        self.finish(writer, options).await
    }

    async fn finish(&self, writer: Writer, options: &FileOptions) -> Result<Written, ReadingError> {
        tracing::info!("Packing the file...");
        let ended_at = self.wall(&options.zone);
        let finish = tokio::task::spawn_blocking(move || writer.finish(ended_at));
        let written = finish.await.map_err(|_| ReadingError::GivenUp)??;
        tracing::info!(
            sync_id = written.sync,
            grants = written.stats.grants,
            bytes = written.bytes,
            "Sync complete."
        );
        Ok(written)
    }
}
