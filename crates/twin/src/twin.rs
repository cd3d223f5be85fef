//! The handle on a running twin.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::facts::from_facts;
use crate::generate::{generate, keys, scim};
use crate::limits::Limits;
use crate::options::{KeyKind, TwinOptions};
use crate::query::KeptLists;
use crate::random::Random;
use crate::replay::CaptureError;
use crate::request::{Hub, Stats};
use crate::server::serve;
use crate::state::World;

/// How long open connections may take to end before they are cut.
pub(crate) const SOFT_END: Duration = Duration::from_millis(500);

/// What can go wrong when a twin starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TwinError {
    /// The address cannot be listened on.
    #[error("listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A fact about the given organization does not fit.
    #[error("line {line} of the facts: {why}")]
    Fact {
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A captured folder cannot be replayed.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

/// A running pretend Atlassian. It ends when it is stopped or dropped.
pub struct Twin {
    hub: Arc<Hub>,
    scim_base_url: String,
    end: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin")
            .field("base_url", &self.hub.base_url)
            .finish_non_exhaustive()
    }
}

impl Twin {
    /// Generates the organization and serves it from a task of the current runtime.
    pub async fn start(options: TwinOptions) -> Result<Twin, TwinError> {
        let clock = Clock::new(options.starts_at_ms, options.clock_stands);
        let world = generate(&options, clock.starts_at_ms());
        Twin::serve(options, clock, world, false).await
    }

    /// Serves a given organization instead of a generated one: the one of which these facts are the truth.
    ///
    /// The facts are lines as [`Twin::truth`] tells them, in any order. What they leave open is chosen: a role of which
    /// no method is told is direct, unless a group or an administrator's role gives it. Of the options, those that
    /// shape the generated organization have no effect.
    pub async fn start_from(
        options: TwinOptions,
        facts: impl Iterator<Item = String>,
    ) -> Result<Twin, TwinError> {
        let clock = Clock::new(options.starts_at_ms, options.clock_stands);
        let world = from_facts(&options, clock.starts_at_ms(), facts)?;
        Twin::serve(options, clock, world, true).await
    }

    async fn serve(
        options: TwinOptions,
        clock: Clock,
        mut world: World,
        is_given: bool,
    ) -> Result<Twin, TwinError> {
        let address = options.listen;
        let listen = |source| TwinError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let clock = Arc::new(clock);
        let mut random = Random::new(options.seed, "secrets");
        let base_url = format!("http://{bound}");
        let scim_directory_id = random.uuid();
        let scim_base_url = format!("{base_url}/scim/directory/{scim_directory_id}");
        scim::fill(&mut world, scim_directory_id);
        let secrets = [
            format!("twin-org-key-{}", random.hex(40)),
            format!("twin-scoped-org-key-{}", random.hex(40)),
        ];
        let scim_token = format!("twin-scim-token-{}", random.hex(40));
        let others = Random::new(options.seed, "other secrets").hex(40);
        keys::fill(&mut world, options.seed, &secrets, &others, is_given);
        let [api_key, scoped_api_key] = secrets;
        let api_key = match options.key {
            KeyKind::Unscoped => api_key,
            KeyKind::Scoped => scoped_api_key.clone(),
            KeyKind::SiteToken => format!("twin-site-token-{others}"),
            KeyKind::AdminExpired => format!("twin-expired-org-key-{others}"),
        };
        let hub = Arc::new(Hub {
            seed: options.seed,
            org_id: world.org_id.clone(),
            api_key,
            scoped_api_key,
            scim_token,
            base_url,
            clock,
            world: RwLock::new(world),
            kept: Mutex::new(KeptLists::default()),
            limits: Mutex::new(Limits::default()),
            faults: Mutex::new(None),
            stats: Mutex::new(Stats::default()),
            options,
        });
        let (end, ended) = oneshot::channel();
        let until = async move {
            // An error means that the handle is gone, which ends the twin as well.
            let _ = ended.await;
        };
        let task = tokio::spawn(serve(Arc::clone(&hub), listener, until));
        Ok(Twin {
            hub,
            scim_base_url,
            end: Some(end),
            task: Some(task),
        })
    }

    /// `http://127.0.0.1:PORT`; good with and without `/admin` appended.
    pub fn base_url(&self) -> &str {
        &self.hub.base_url
    }

    /// The id of the organization.
    pub fn org_id(&self) -> &str {
        &self.hub.org_id
    }

    /// The credential to work with: an organization API key without scopes, unless the options ask for another kind.
    pub fn api_key(&self) -> &str {
        &self.hub.api_key
    }

    /// An organization API key with scopes.
    pub fn scoped_api_key(&self) -> &str {
        &self.hub.scoped_api_key
    }

    /// Base of the SCIM directory that belongs to the first directory of the organization.
    pub fn scim_base_url(&self) -> &str {
        &self.scim_base_url
    }

    /// The token of the SCIM directory.
    pub fn scim_token(&self) -> &str {
        &self.hub.scim_token
    }

    /// What a client needs to know, in the order in which the command line prints it.
    pub fn description(&self) -> Value {
        serde_json::json!({
            "base_url": self.base_url(),
            "org_id": self.org_id(),
            "api_key": self.api_key(),
            "scoped_api_key": self.scoped_api_key(),
            "scim_base_url": self.scim_base_url(),
            "scim_token": self.scim_token(),
        })
    }

    /// The reading of the twin's clock.
    pub fn now_ms(&self) -> i64 {
        self.hub.clock.now_ms()
    }

    /// Moves the twin's clock forward.
    pub fn advance_s(&self, s: i64) {
        self.hub.clock.advance_ms(s.saturating_mul(1000));
    }

    /// The same in milliseconds.
    pub fn advance_ms(&self, ms: i64) {
        self.hub.clock.advance_ms(ms);
    }

    /// The twin's clock, for others to share.
    pub fn clock(&self) -> Arc<dyn Fn() -> i64 + Send + Sync> {
        let clock = Arc::clone(&self.hub.clock);
        Arc::new(move || clock.now_ms())
    }

    /// Makes random changes that are visible at once.
    pub fn mutate(&self, random: u32, seed: u64) {
        self.hub.mutate_now(random, seed, false);
    }

    /// Makes random changes that are visible at once and of which the log says nothing.
    pub fn mutate_silently(&self, random: u32, seed: u64) {
        self.hub.mutate_now(random, seed, true);
    }

    /// Puts random accounts into groups, or out of them.
    pub fn move_members(&self, count: u32, seed: u64) {
        self.hub.move_members_now(count, seed);
    }

    /// Puts log-ins of random accounts into the log.
    pub fn log_in(&self, accounts: u32, seed: u64) {
        self.hub.log_in_now(accounts, seed);
    }

    /// Schedules faults; `{}` clears them. The error says what is wrong with the schedule.
    pub fn set_faults(&self, json: &Value) -> Result<(), String> {
        self.hub.set_faults(json)
    }

    /// What goes wrong with events from now on; `{}` ends that. The error says what is wrong with the schedule.
    pub fn set_log_faults(&self, json: &Value) -> Result<(), String> {
        self.hub.set_log_faults(json)
    }

    /// The audit log loses all that was written so far. With `refuses`, it also refuses the cursors given until now.
    pub fn forget_events(&self, refuses: bool) {
        self.hub.forget_events_now(refuses);
    }

    /// The events that the stream tells at this moment, in order of processing.
    pub fn events(&self) -> Vec<Value> {
        self.hub.events_now()
    }

    /// Everything reads would say at this moment, one JSON object a line.
    pub fn truth(&self, methods: bool) -> Vec<String> {
        let text = String::from_utf8(self.hub.truth_now(methods)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The truth without methods, and after it keys, service accounts and the records of SCIM.
    pub fn truth_all(&self) -> Vec<String> {
        let text = String::from_utf8(self.hub.truth_all_now(false)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Requests so far, by operation.
    pub fn stats(&self) -> Value {
        self.hub.stats_now()
    }

    /// Ends the twin: lets open requests finish for a moment, then cuts them.
    pub async fn stop(mut self) {
        drop(self.end.take());
        let Some(mut task) = self.task.take() else { return };
        if tokio::time::timeout(SOFT_END, &mut task).await.is_err() {
            task.abort();
        }
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
