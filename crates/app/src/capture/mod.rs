//! Recording the real answers of one reading, with people, ids and secrets replaced: for reports and fixtures.
//!
//! The reading is an ordinary first one, into a store of its own that is thrown away. Between its client and Atlassian
//! stands a [`recorder::Recorder`]: every answer is replaced ([`mask`], [`scrub`], by the lists in [`words`]) before
//! anybody sees it. What is recorded is therefore exactly what was read, and reading the record again asks the same.
//!
//! It promises that nothing is kept that is not on a list, that the same is replaced by the same, that the secret
//! behind the replacements is nowhere when it ends, and that a folder is there whole or not at all. It only reads: the
//! transport refuses to write while somebody translates. Where the record is served: the twin's replay.

mod mask;
mod recorder;
mod scrub;
mod words;

use crate::App;
use crate::error::AppError;
use atlassian::{Admin, Cursor, Options, Scim, Transport};
use mask::Mask;
use model::OrganizationId;
use recorder::{ANSWERS, Counts, MANIFEST, Recorder};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{ConnectionRow, MasterKey, NewConnection, Store};
use sync::{Outcome, Progress, Reading, Status};
use tempfile::TempDir;

/// The form of the folder; a reader refuses others.
const VERSION: u32 = 1;

/// What to record.
pub struct CaptureRequest<'a> {
    /// The connection; the only one if there is one.
    pub connection: Option<&'a str>,
    /// A folder that is not there yet or empty.
    pub folder: &'a Path,
    /// Whether the method of every holding is read too: a request an account.
    pub with_methods: bool,
    /// Random; what is replaced by what follows from it, and nobody keeps it.
    pub secret: [u8; 32],
}

/// What was recorded.
#[derive(Debug, Clone, Serialize)]
pub struct Captured {
    /// The folder.
    pub folder: PathBuf,
    /// How the reading ended.
    pub status: Status,
    /// Requests sent.
    pub requests: u64,
    /// Answers recorded.
    pub answers: u64,
    /// The organization's id as it was replaced.
    pub organization_id: String,
}

impl App {
    /// Reads a connection's organization once and records the answers, replaced.
    ///
    /// A reading that stops midway is recorded as far as it came. Nothing of it is in this product's own store.
    pub async fn capture(
        &self,
        request: &CaptureRequest<'_>,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Captured, AppError> {
        let place = Place::new(request.folder)?;
        let connection = self.connection_named(request.connection).await?;
        let mut tx = self.store.read().await?;
        let organization = tx.organization_get(connection.organization_id).await?;
        let key = tx.connection_key(&connection.name, self.key()?).await?;
        let scim = tx.connection_scim(&connection.name, self.key()?).await?;
        drop(tx);
        let key = key.ok_or_else(|| AppError::NoConnection {
            name: connection.name.clone(),
            known: Vec::new(),
        })?;

        let mask = Mask::new(request.secret);
        let masked = OrganizationId::new(mask.id(organization.atlassian_id.as_str()));
        let recorder = Recorder::new(mask, place.partial.path()).map_err(|error| place.failed(error))?;
        let recorder = Arc::new(recorder);
        let options = Options {
            base_url: connection.base_url.clone(),
            interpreter: Some(Arc::clone(&recorder) as Arc<dyn atlassian::Interpreter>),
            ..options.clone()
        };
        let transport = Arc::new(Transport::new(&options, key, Arc::clone(&self.clock))?);
        let admin = Admin::new(Arc::clone(&transport), masked.clone());
        let scim = scim
            .map(|scim| {
                let url = masked_directory(recorder.mask(), &scim.url);
                Scim::beside(&transport, &url, scim.token)
            })
            .transpose()?;
        what_connecting_asks(&admin, scim.as_ref()).await?;

        let outcome = self
            .read_aside(request, &connection, (&admin, scim.as_ref()), &masked, progress)
            .await?;
        let counts = recorder
            .finish(place.partial.path())
            .map_err(|error| place.failed(error))?;
        let captured = Captured {
            folder: request.folder.to_owned(),
            status: outcome.status,
            requests: transport.status().requests,
            answers: counts.values().flat_map(|by_status| by_status.values()).sum(),
            organization_id: masked.to_string(),
        };
        let scim_directory = scim.map(|scim| scim.directory().to_string());
        let manifest = self.manifest(request, &captured, scim_directory, &counts);
        place.finish(&manifest)?;
        Ok(captured)
    }

    /// One reading into a store that is thrown away. It never held anything that is not replaced.
    async fn read_aside(
        &self,
        request: &CaptureRequest<'_>,
        connection: &ConnectionRow,
        (admin, scim): (&Admin, Option<&Scim>),
        organization: &OrganizationId,
        progress: &dyn Progress,
    ) -> Result<Outcome, AppError> {
        let aside = TempDir::new().map_err(|source| AppError::Aside { source })?;
        let store = Store::open(&format!("sqlite:{}", aside.path().join("aside.db").display())).await?;
        let nothing = SecretString::from("none");
        let seal = MasterKey::from_hex(&"00".repeat(32))?;
        let mut tx = store.write().await?;
        let organization = tx.organization_ensure(organization, None).await?;
        let new = NewConnection {
            organization_id: organization.id,
            name: "capture",
            base_url: "",
            // The key stays with the transport.
            key: &nothing,
            created_at: self.clock.now_ms(),
            created_by: "capture",
            sync_interval_ms: connection.sync_interval_ms,
        };
        tx.connection_add(&new, &seal).await?;
        let connection = tx.connection_list().await?.into_iter().next();
        tx.commit().await?;
        let connection = connection.ok_or(AppError::NothingConnected)?;
        let reading = Reading {
            store: &store,
            admin,
            scim,
            clock: self.clock.as_ref(),
            progress,
            organization,
            connection,
            with_methods: request.with_methods,
        };
        let outcome = sync::sync(&reading).await;
        store.close().await;
        Ok(outcome?)
    }

    fn manifest(
        &self,
        request: &CaptureRequest<'_>,
        captured: &Captured,
        scim_directory: Option<String>,
        counts: &Counts,
    ) -> serde_json::Value {
        let at = jiff::Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default();
        json!({
            "orgwarden_capture": VERSION,
            "scrubbed": true,
            "product_version": env!("CARGO_PKG_VERSION"),
            "captured_at": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "organization_id": captured.organization_id,
            "scim_directory_id": scim_directory,
            "with_methods": request.with_methods,
            "status": captured.status,
            "answers": captured.answers,
            "operations": counts,
        })
    }
}

/// What adding a connection asks, so that one can be added to a replay. A refusal is an answer like others.
async fn what_connecting_asks(admin: &Admin, scim: Option<&Scim>) -> Result<(), AppError> {
    // The first failure that is none of the key's shows in the reading as well.
    admin.organization().await?;
    let mut cursor: Option<Cursor> = None;
    while let Ok(page) = atlassian::org::organizations(admin.transport(), cursor.as_ref()).await {
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    if let Some(scim) = scim {
        scim.users_count().await?;
    }
    Ok(())
}

/// The address of a SCIM directory with its id replaced.
fn masked_directory(mask: &Mask, url: &str) -> String {
    let url = url.trim_end_matches('/');
    match url.rsplit_once('/') {
        Some((base, id)) => format!("{base}/{}", mask::escaped(&mask.id(&mask::percent_decoded(id)))),
        None => url.to_owned(),
    }
}

/// Where a capture goes: a folder beside the one asked for, until it is whole.
struct Place {
    folder: PathBuf,
    partial: TempDir,
}

impl Place {
    fn new(folder: &Path) -> Result<Place, AppError> {
        let failed = |source| AppError::Capture {
            folder: folder.display().to_string(),
            source,
        };
        match std::fs::read_dir(folder) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(AppError::FolderNotEmpty {
                        folder: folder.display().to_string(),
                    });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let partial = tempfile::Builder::new()
            .prefix(".orgwarden-capture-")
            .tempdir_in(parent)
            .map_err(failed)?;
        Ok(Place {
            folder: folder.to_owned(),
            partial,
        })
    }

    fn failed(&self, source: io::Error) -> AppError {
        AppError::Capture {
            folder: self.folder.display().to_string(),
            source,
        }
    }

    /// Writes the manifest last and gives the folder its name.
    fn finish(self, manifest: &serde_json::Value) -> Result<(), AppError> {
        let moved = self.write(manifest);
        moved.map_err(|error| self.failed(error))
    }

    fn write(&self, manifest: &serde_json::Value) -> io::Result<()> {
        let mut file = File::create_new(self.partial.path().join(MANIFEST))?;
        file.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        debug_assert!(self.partial.path().join(ANSWERS).exists());
        match std::fs::remove_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::rename(self.partial.path(), &self.folder)
    }
}
