//! Serves a captured directory: the same question gets the recorded answer, and nothing else gets one.
//!
//! A capture is a folder with `manifest.json` and `answers.ndjson` (docs/twin.md tells the form). Nothing in it is
//! believed: it may come from a stranger with a bug report. It is read only, no name in it is ever used as a path,
//! lines and counts are bounded, and what is wrong with it is one sentence. Where the same question was asked several
//! times, its answers are given in their order, the last for ever.
//!
//! There is no state, no clock, no fault and no limit here; any credential is good.

mod capture;
mod question;
mod serve;

pub use capture::CaptureError;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::TwinError;
use capture::Capture;
use serve::Desk;

/// A running replay. It ends when it is stopped or dropped.
pub struct Replay {
    desk: Arc<Desk>,
    base_url: String,
    end: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What the credentials of a replay are; any other is as good.
const KEY: &str = "replay";

impl Replay {
    /// Reads a captured folder and serves it from a task of the current runtime.
    pub async fn start(folder: &Path, listen: SocketAddr) -> Result<Replay, TwinError> {
        let capture = Capture::open(folder)?;
        let failed = |source| TwinError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let desk = Arc::new(Desk::new(capture));
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(serve::serve(Arc::clone(&desk), listener, async move {
            // An error means that the handle is gone, which ends the replay as well.
            let _ = ended.await;
        }));
        Ok(Replay {
            desk,
            base_url,
            end: Some(end),
            task: Some(task),
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The organization's id in the capture.
    pub fn org_id(&self) -> &str {
        &self.desk.capture.organization_id
    }

    /// A credential; any other is as good.
    pub fn api_key(&self) -> &str {
        KEY
    }

    /// The base of the captured SCIM directory, if there is one.
    pub fn scim_base_url(&self) -> Option<String> {
        let id = self.desk.capture.scim_directory_id.as_deref()?;
        Some(format!("{}/scim/directory/{id}", self.base_url))
    }

    /// What a client needs to know, with the names that a twin uses.
    pub fn description(&self) -> Value {
        json!({
            "base_url": self.base_url(),
            "org_id": self.org_id(),
            "api_key": KEY,
            "scoped_api_key": KEY,
            "scim_base_url": self.scim_base_url(),
            "scim_token": KEY,
        })
    }

    /// Requests so far, by operation, and those that were never recorded.
    pub fn stats(&self) -> Value {
        self.desk.stats_now()
    }

    /// Ends the replay and the connections to it.
    pub async fn stop(mut self) {
        drop(self.end.take());
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(crate::twin::SOFT_END, &mut task)
                .await
                .is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
