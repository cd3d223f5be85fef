//! Service mode: tasks and health, until a signal.

use super::Ended;
use crate::commands::twin::interrupted;
use baton::Worker;
use baton::log::Capture;
use baton::options::{Level, Options, Serving};
use baton::service::health::{self, Health};
use baton::service::{RealPause, Server, Service, serve};
use std::sync::Arc;
use tokio::sync::watch;

/// Gets tasks until a signal. Then short ones are finished and a reading is handed back.
pub(super) async fn until_told(
    options: &Options,
    serving: &Serving,
    server: Server,
    worker: Arc<Worker>,
    capture: Arc<Capture>,
) -> Result<(), Ended> {
    let (end, ended) = watch::channel(false);
    let health = Arc::new(Health::default());
    let told = match serving.health {
        None => None,
        Some(address) => {
            let mut ended = ended.clone();
            let end = async move { drop(ended.wait_for(|ended| *ended).await) };
            let (bound, told) = health::bind(address, Arc::clone(&health), end).await?;
            tracing::info!(address = %bound, "health is told");
            Some(tokio::spawn(told))
        }
    };
    let service = Service {
        server,
        work: worker,
        pause: Arc::new(RealPause),
        health,
        capture,
        asks_about_debugging: options.logging.level == Level::Debug,
        provisioning: options.provisioning,
        writing: options.writing.clone(),
        temporary_folder: options.temporary_folder.clone(),
        task_concurrency: serving.task_concurrency,
    };
    let serving = serve(service, ended);
    tokio::pin!(serving);
    let done = tokio::select! {
        done = &mut serving => done,
        () = interrupted() => {
            tracing::info!("told to end; tasks are finished or handed back");
            let _ = end.send(true);
            serving.await
        }
    };
    let _ = end.send(true);
    if let Some(told) = told {
        // It only answers whoever asks; how it ends changes nothing.
        let _ = told.await;
    }
    Ok(done?)
}
