//! `orgwarden connector`, and the program when it is called `baton-atlassian`: in place of the peer's connector.
//!
//! It has settings of its own – flags, `BATON_…` and `.baton.yaml` – and ends with 1 on any error, whose sentence is
//! the last line on standard error.

mod args;
mod serve;

pub use args::ConnectorArgs;

use super::twin::interrupted;
use crate::config::MasterKeySource;
use crate::output;
use args::ConnectorCommand;
use baton::options::{Options, OptionsError, Wish};
use baton::service::Server;
use baton::work::{Refusal, Work as _};
use baton::{Aside, Connector, Reach, Worker, describe, log, service, verbs};
use clap::Command;
use jiff::tz::TimeZone;
use model::{Clock, SystemClock};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use store::{MasterKey, Store};

/// What the peer's program is called; a link of this name to ours is the connector.
pub const PEER: &str = "baton-atlassian";

/// The command line of a program of the peer's name.
pub fn command() -> Command {
    args::augment(
        Command::new(PEER).about("Reads and changes an Atlassian organization for a governance system"),
    )
}

/// Reads what was typed on the command line of a program of the peer's name.
pub fn parse(words: Vec<OsString>) -> Result<ConnectorArgs, clap::Error> {
    command()
        .try_get_matches_from(words)
        .map(|matches| args::read(&matches))
}

/// Why the connector ends.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Service(#[from] service::ServiceError),
    #[error("{what}: {why}")]
    Failed { what: &'static str, why: String },
    #[error(transparent)]
    Enough(output::Enough),
}

impl Ended {
    fn failed(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Ended {
        move |why| Ended::Failed {
            what,
            why: why.to_string(),
        }
    }
}

/// Carries out what was typed. Says why if it cannot, and ends with 1 then.
pub async fn run(args: ConnectorArgs, program: &str) -> ExitCode {
    match carry_out(args, program).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended::Enough(_)) => ExitCode::SUCCESS,
        Err(ended) => {
            tracing::error!(error = %ended, "the connector ends");
            eprintln!("{ended}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(args: ConnectorArgs, program: &str) -> Result<(), Ended> {
    let written = Ended::failed("cannot write");
    match args.command {
        Some(ConnectorCommand::Version) => {
            print(&format!("{program} version {}\n", env!("CARGO_PKG_VERSION")))
        }
        Some(ConnectorCommand::Capabilities) => {
            let text = describe::capabilities_text().map_err(|error| written(&error))?;
            print(&text)
        }
        Some(ConnectorCommand::Config) => {
            let text = describe::configuration_text().map_err(|error| written(&error))?;
            print(&text)
        }
        Some(ConnectorCommand::Completion(shell)) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), PEER, &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Some(ConnectorCommand::HealthCheck { endpoint, timeout_s }) => {
            let address = resolve_health(&args.typed)?;
            let asked = service::health::ask(address, &endpoint, Duration::from_secs(timeout_s)).await;
            asked.map_err(|why| Ended::Failed {
                what: "not well",
                why,
            })
        }
        None => act(resolve(&args.typed)?).await,
    }
}

/// Prints a text without a line's end, as the peer does.
fn print(text: &str) -> Result<(), Ended> {
    output::whole(text).map_err(|error| match error.downcast::<output::Enough>() {
        Ok(enough) => Ended::Enough(enough),
        Err(error) => Ended::failed("cannot write")(&error),
    })
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn resolve(typed: &baton::options::Typed) -> Result<Options, OptionsError> {
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let misspelt = baton::options::misspelt(set);
    match Options::resolve(typed, &variable, Path::new("")) {
        Ok(mut options) => {
            options.remarks.extend(misspelt);
            Ok(options)
        }
        Err(OptionsError(why)) if misspelt.is_empty() => Err(OptionsError(why)),
        Err(OptionsError(why)) => Err(OptionsError(format!("{why}; {}", misspelt.join("; ")))),
    }
}

fn resolve_health(typed: &baton::options::Typed) -> Result<SocketAddr, OptionsError> {
    baton::options::health_address(typed, &variable, Path::new(""))
}

async fn act(mut options: Options) -> Result<(), Ended> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let capture = log::start(&options.logging, Arc::clone(&clock));
    let capture = capture.map_err(|error| Ended::failed("cannot log")(&error))?;
    for remark in &options.remarks {
        tracing::warn!("{remark}");
    }
    if let Wish::ListActions = options.wish {
        verbs::list_actions();
        return Ok(());
    }
    // A secret that is none is told before anybody is asked.
    let server = match &options.wish {
        Wish::Serve(serving) => Some((serving, Server::new(serving, Arc::clone(&clock))?)),
        _ => None,
    };
    let aside = Aside::make(&options.temporary_folder).map_err(|error| Ended::Failed {
        what: "nothing can be kept for a while",
        why: format!("{}: {error}", options.temporary_folder.display()),
    })?;
    aside
        .take_sqlite_in()
        .map_err(|error| Ended::failed("nothing can be kept for a while")(&error))?;
    options.temporary_folder = aside.path().to_owned();
    let place = Place::of(&options);
    let worker = place.open(&options, clock).await?;
    let done = match server {
        Some((serving, server)) => {
            serve::until_told(&options, serving, server, Arc::clone(&worker), capture).await
        }
        None => once(&options, &worker).await,
    };
    worker.connector().app.store.close().await;
    done
}

/// Does one thing, or ends with a signal; no half-written file is left.
async fn once(options: &Options, worker: &Worker) -> Result<(), Ended> {
    let doing = async {
        let file = &options.file;
        if !verbs::on_demand(
            &options.wish,
            file,
            (&options.temporary_folder, options.decoding),
            worker,
        )
        .await?
        {
            worker.full_sync(&options.writing, file).await?;
        }
        Ok(())
    };
    tokio::select! {
        done = doing => done,
        () = interrupted() => Err(Ended::Failed {
            what: "interrupted",
            why: match options.wish {
                Wish::Sync => "no file was written".to_owned(),
                _ => "it may or may not have been done; asking again does no harm".to_owned(),
            },
        }),
    }
}

/// Where what was read is kept, and the key to the secrets there.
struct Place {
    database: String,
    key: MasterKeySource,
}

impl Place {
    fn of(options: &Options) -> Place {
        let (database, key) = match &options.state {
            Some(state) => (state.clone(), key_of_state(state)),
            // Gone at the end, with everything else there.
            None => {
                let key = options.temporary_folder.join("master.key");
                (
                    options.temporary_folder.join("state.db"),
                    MasterKeySource::File(key),
                )
            }
        };
        Place {
            database: format!("sqlite:{}", database.display()),
            key,
        }
    }

    /// Opens the store and reaches the organization.
    async fn open(&self, options: &Options, clock: Arc<dyn Clock>) -> Result<Arc<Worker>, Ended> {
        let failed = Ended::failed("what was read cannot be kept");
        // Otherwise a new key would be made, which then does not fit.
        if let (Some(state), MasterKeySource::File(key)) = (&options.state, &self.key)
            && state.exists()
            && !key.exists()
        {
            return Err(failed(&format!(
                "{} is sealed with the key in {}, which is missing: put it back, or remove the former to read everything anew",
                state.display(),
                key.display()
            )));
        }
        let key: MasterKey = self.key.load().map_err(|error| failed(&error))?;
        let store = Store::open(&self.database)
            .await
            .map_err(|error| failed(&error))?;
        let app = app::App::new(store, clock).with_master_key(key).await;
        let app = app.map_err(|error| failed(&error))?;
        let access = &options.access;
        let mut api = app::Options::new(&access.base_url);
        if let Some(workers) = access.workers {
            api.max_concurrency = workers;
        }
        let Some(access_token) = access.key.clone() else {
            return Err(OptionsError("there is no access token".to_owned()).into());
        };
        let reach = Reach {
            access_token,
            organization: access.organization.clone(),
            scim: access.scim.clone(),
            api,
            follows: options.state.is_some(),
        };
        let connector = Connector::open(app, &reach)
            .await
            .map_err(|error| baton::refusal(&error))?;
        // A server's actions need no switch; its other changes are refused without one before they come here.
        if !matches!(options.wish, Wish::Sync) {
            let allowed = connector.allow_changes(&options.limits).await;
            allowed.map_err(|error| baton::refusal(&error))?;
        }
        Ok(Arc::new(Worker::new(
            connector,
            &options.temporary_folder,
            TimeZone::system(),
            options.decoding,
        )))
    }
}

/// The master key of a kept state: as for everything else of ours where that is said, otherwise a file beside it.
fn key_of_state(state: &Path) -> MasterKeySource {
    if let Some(file) = variable("ORGWARDEN_MASTER_KEY_FILE").filter(|file| !file.is_empty()) {
        return MasterKeySource::File(file.into());
    }
    if variable("ORGWARDEN_MASTER_KEY").is_some_and(|key| !key.is_empty()) {
        return MasterKeySource::Environment;
    }
    let mut name = state.as_os_str().to_owned();
    name.push(".key");
    MasterKeySource::File(PathBuf::from(name))
}
