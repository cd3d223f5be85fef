//! The connector at work: [`Work`] done with the product, one reading at a time.

use crate::c1z::Limits;
use crate::changes;
use crate::connector::{CONNECTION, Connector};
use crate::log::Lines;
use crate::options::Writing;
use crate::proto::c1::connector::v2::{
    CreateAccountRequest, CreateAccountResponse, DeleteResourceResponse, Entitlement, Grant,
    GrantManagerServiceGrantResponse, GrantManagerServiceRevokeResponse, InvokeActionResponse, Resource,
    ResourceId,
};
use crate::reading::{FileOptions, ReadingError};
use crate::verbs;
use crate::work::{Done, Refusal, Work};
use jiff::tz::TimeZone;
use prost_types::Struct;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tonic::Code;

/// The connector, and what it needs to write files.
pub struct Worker {
    connector: Arc<Connector>,
    /// Folder for what is needed for a while.
    aside: PathBuf,
    /// In which zone the clock hangs that times in files are read from.
    zone: TimeZone,
    /// What an older file may ask of this machine.
    limits: Limits,
    /// Held while the organization is read: two readings of it would be in each other's way.
    one_reading: Arc<Mutex<()>>,
}

impl Worker {
    /// Puts a connector to work.
    #[must_use]
    pub fn new(connector: Connector, aside: &Path, zone: TimeZone, limits: Limits) -> Worker {
        Worker {
            connector: Arc::new(connector),
            aside: aside.to_owned(),
            zone,
            limits,
            one_reading: Arc::default(),
        }
    }

    /// The connector.
    #[must_use]
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Does something on a thread of its own: what the product does cannot be shown to the compiler to be able to move
    /// between threads. It ends when nobody waits for it any more.
    fn apart<T, F>(&self, act: impl FnOnce(Arc<Connector>) -> F + Send + 'static) -> Done<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Refusal>>,
    {
        let connector = Arc::clone(&self.connector);
        Box::pin(async move {
            let (_waiting, nobody_waits) = oneshot::channel::<()>();
            let runtime = Handle::current();
            let acting = tokio::task::spawn_blocking(move || {
                runtime.block_on(async move {
                    tokio::select! {
                        ended = act(connector) => Some(ended),
                        _ = nobody_waits => None,
                    }
                })
            });
            match acting.await {
                Ok(Some(ended)) => ended,
                Ok(None) | Err(_) => Err(Refusal::new(Code::Internal, "it broke off")),
            }
        })
    }
}

impl Work for Worker {
    fn full_sync<'a>(&'a self, writing: &'a Writing, file: &'a Path) -> Done<'a, ()> {
        let options = FileOptions {
            file: file.to_owned(),
            writing: writing.clone(),
            aside: Some(self.aside.clone()),
            zone: self.zone.clone(),
            limits: self.limits,
        };
        let one_reading = Arc::clone(&self.one_reading);
        self.apart(move |connector| async move {
            let turn = Turn::begin(one_reading, &connector).await;
            let synced = connector.sync(&options, &Lines).await;
            turn.end();
            let synced = synced.map_err(|error| refusal(&error))?;
            tracing::info!(
                file = %options.file.display(),
                bytes = synced.written.bytes,
                requests = synced.requests,
                "c1z: saved"
            );
            Ok(())
        })
    }

    fn grant<'a>(
        &'a self,
        entitlement: &'a Entitlement,
        principal: &'a Resource,
    ) -> Done<'a, GrantManagerServiceGrantResponse> {
        let (entitlement, principal) = (entitlement.clone(), principal.clone());
        self.apart(move |connector| async move { connector.grant(&entitlement, &principal).await })
    }

    fn revoke<'a>(&'a self, grant: &'a Grant) -> Done<'a, GrantManagerServiceRevokeResponse> {
        let grant = grant.clone();
        self.apart(move |connector| async move { connector.revoke(&grant).await })
    }

    fn create_account<'a>(&'a self, request: &'a CreateAccountRequest) -> Done<'a, CreateAccountResponse> {
        let request = request.clone();
        self.apart(move |connector| async move { connector.create_account(&request).await })
    }

    fn delete_resource<'a>(&'a self, id: &'a ResourceId) -> Done<'a, DeleteResourceResponse> {
        let id = id.clone();
        self.apart(move |connector| async move { connector.delete_resource(&id).await })
    }

    fn invoke_action<'a>(&'a self, name: &'a str, arguments: &'a Struct) -> Done<'a, InvokeActionResponse> {
        let (name, arguments) = (name.to_owned(), arguments.clone());
        self.apart(move |connector| async move { connector.invoke_action(&name, &arguments).await })
    }
}

/// One reading's turn. When the reading is dropped where it stands, its lease is given back before the next begins: it
/// would hold the next one up until it expires.
struct Turn {
    connector: Arc<Connector>,
    only: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    async fn begin(one_reading: Arc<Mutex<()>>, connector: &Arc<Connector>) -> Turn {
        Turn {
            only: Some(one_reading.lock_owned().await),
            connector: Arc::clone(connector),
        }
    }

    /// The reading came to an end of its own.
    fn end(mut self) {
        self.only = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (Some(only), Ok(runtime)) = (self.only.take(), Handle::try_current()) else {
            return;
        };
        let connector = Arc::clone(&self.connector);
        runtime.spawn(async move {
            if let Err(error) = connector.app.reading_dropped(CONNECTION).await {
                tracing::warn!(%error, "the next reading may have to wait for a minute");
            }
            drop(only);
        });
    }
}

/// Why there is no new file. The next reading may fare better, and the server decides when that is.
fn refusal(error: &ReadingError) -> Refusal {
    match error {
        ReadingError::App(error) => Refusal {
            is_retryable: true,
            ..changes::refusal(error)
        },
        ReadingError::File(error) => Refusal::for_now(Code::FailedPrecondition, verbs::in_words(error)),
        ReadingError::Incomplete { .. } => Refusal::for_now(Code::Unavailable, error.to_string()),
        // This alone is for good: a person decides.
        ReadingError::Held { .. } => {
            let hint = error.hint().unwrap_or_default();
            Refusal::new(Code::FailedPrecondition, format!("{error} ({hint})"))
        }
        ReadingError::View(_) | ReadingError::GivenUp => Refusal::for_now(Code::Internal, error.to_string()),
    }
}
