//! A reading that a server wants: written into a file of its own, uploaded and removed, with heartbeats meanwhile.

use super::runner::{MOST_ATTEMPTS, Shared, duration};
use super::{For, presentable};
use crate::options::{RESOURCE_TYPES, Writing};
use crate::proto::c1::connectorapi::baton::v1::task::SyncFull;
use crate::work::Refusal;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tonic::Code;

const USUAL_HEARTBEAT: Duration = Duration::from_secs(30);
const HEARTBEATS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
const MOST_FAILED_HEARTBEATS: u32 = 10;

impl Shared {
    /// Reads, writes a file and sends it. Nothing of it is left behind, however it ends.
    pub(super) async fn full_sync(
        &self,
        id: &str,
        sync: SyncFull,
        wants_log: bool,
        heartbeat: Duration,
        mut end: watch::Receiver<bool>,
    ) -> Result<(), Refusal> {
        let writing = self.writing(&sync)?;
        let no_room = |error: std::io::Error| {
            let folder = self.service.temporary_folder.display();
            Refusal::for_now(
                Code::ResourceExhausted,
                format!("there is no room for a file in {folder}: {error}"),
            )
        };
        let folder = tempfile::Builder::new()
            .prefix("baton-sdk-sync-upload")
            .tempdir_in(&self.service.temporary_folder)
            .map_err(no_room)?;
        let file = folder.path().join("sync.c1z");
        let log = folder.path().join("debug.log");
        let capturing = if wants_log {
            Some(self.service.capture.begin(&log).map_err(no_room)?)
        } else {
            None
        };
        let reading = async {
            self.service.work.full_sync(&writing, &file).await?;
            self.upload(id, &file).await
        };
        let ended = tokio::select! {
            ended = reading => ended,
            refusal = self.heartbeats(id, heartbeat) => Err(refusal),
            _ = end.wait_for(|ended| *ended) => Err(Refusal::for_now(
                Code::Unavailable,
                "the connector was told to end; the task is handed back",
            )),
        };
        drop(capturing);
        if wants_log && let Err(refusal) = self.upload(id, &log).await {
            tracing::warn!(
                task_id = id,
                error = refusal.sentence,
                "the log could not be uploaded"
            );
        }
        ended
    }

    /// What a task wants to be written, added to how we were started.
    fn writing(&self, sync: &SyncFull) -> Result<Writing, Refusal> {
        if !sync.targeted_sync_resources.is_empty() {
            return Err(Refusal::new(
                Code::Unimplemented,
                "single resources are not read: a reading is always of the whole organization",
            ));
        }
        let mut writing = self.service.writing.clone();
        writing.skip_entitlements_and_grants |= sync.skip_entitlements_and_grants;
        writing.skip_grants |= sync.skip_grants;
        if !sync.sync_resource_type_ids.is_empty() {
            writing.resource_types.clone_from(&sync.sync_resource_type_ids);
        }
        let known = |id: &&String| !RESOURCE_TYPES.contains(&id.as_str());
        if let Some(unknown) = writing.resource_types.iter().find(known) {
            return Err(Refusal::new(
                Code::InvalidArgument,
                format!("there is no resource type \"{}\"", presentable(unknown)),
            ));
        }
        Ok(writing)
    }

    async fn upload(&self, id: &str, file: &Path) -> Result<(), Refusal> {
        let mut attempt = 1;
        loop {
            match self.service.server.upload(id, file).await {
                Ok(()) => return Ok(()),
                Err(error) if attempt == MOST_ATTEMPTS => {
                    return Err(Refusal::for_now(
                        Code::Unavailable,
                        format!("the file could not be uploaded: {error}"),
                    ));
                }
                Err(error) => {
                    tracing::warn!(task_id = id, %error, attempt, "the file could not be uploaded; it is tried again");
                    self.back_off(attempt).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Says at intervals that a task is being worked on, until it is no longer wanted or nobody hears it.
    async fn heartbeats(&self, id: &str, first: Duration) -> Refusal {
        let mut wait = heartbeat_wait(first);
        let mut failures = 0;
        loop {
            self.service.pause.wait(For::Heartbeat, wait).await;
            match self.service.server.heartbeat(id).await {
                Ok(heard) => {
                    failures = 0;
                    if heard.cancelled || heard.cancelled_task_ids.iter().any(|cancelled| cancelled == id) {
                        return Refusal::new(Code::Cancelled, "the server cancelled the task");
                    }
                    wait = heartbeat_wait(duration(heard.next_heartbeat));
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(task_id = id, %error, failures, "the server did not hear that the task is being worked on");
                    if failures >= MOST_FAILED_HEARTBEATS {
                        return Refusal::for_now(
                            Code::Unavailable,
                            format!(
                                "the server did not hear {failures} times that the task is being worked on"
                            ),
                        );
                    }
                }
            }
        }
    }
}

fn heartbeat_wait(told: Duration) -> Duration {
    if told.is_zero() {
        USUAL_HEARTBEAT
    } else {
        told.clamp(HEARTBEATS.0, HEARTBEATS.1)
    }
}
