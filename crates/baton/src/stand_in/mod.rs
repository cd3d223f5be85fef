//! A pretend server for tests: a token endpoint and the service on one real TLS port with a certificate authority of
//! its own. It checks what a server checks – signatures, times, nonces, tokens, checksums – and writes down what it
//! hears.
//!
//! Time is the clock that it is given. [`Plan`] is what happens when on that clock: while a task is under way, whoever
//! asks for the next one waits, so that a day passes in order without anybody sleeping.

mod calls;
mod certificate;
mod token;

use crate::proto::c1::connectorapi::baton::v1::Task;
use crate::proto::c1::connectorapi::baton::v1::baton_service_server::BatonServiceServer;
use crate::proto::c1::connectorapi::baton::v1::task::TaskType;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use model::Clock;
use prost_types::Any;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};

type Failure = Box<dyn Error + Send + Sync>;

/// A name that the server's certificate has and no name service knows (RFC 6761): only a proxy finds it.
pub const HIDDEN_NAME: &str = "server.invalid";

/// The private part of the key in the client secret.
const SEED: [u8; 32] = [42; 32];

/// What the server heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A greeting, with the task that asked for it.
    Hello(String),
    /// A task ended.
    Finished(Finished),
    /// A whole file came, with the right checksum.
    Uploaded {
        /// Of which task.
        task: String,
        /// What was in it.
        bytes: Vec<u8>,
    },
    /// A task is being worked on.
    Heartbeat(String),
    /// A token was given out.
    Token,
    /// Somebody asked whether logs are wanted.
    Debugging,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Which.
    pub task: String,
    /// The code; 0 for success.
    pub code: i32,
    /// The reason, if it was no success.
    pub message: String,
    /// Whether it is of no use to give it out again.
    pub is_final: bool,
    /// What was answered.
    pub response: Option<Any>,
}

/// What happens at a time of its own.
#[derive(Debug, Clone)]
pub enum Event {
    /// A task is to be given out.
    Give(Box<Task>),
    /// All tokens stop working.
    ExpireTokens,
    /// The next so many calls find nobody.
    Unavailable(u32),
    /// The client's secret is refused from now on.
    Revoke,
}

/// What happens when, in milliseconds since 1970.
pub type Plan = BTreeMap<i64, Vec<Event>>;

/// How the server behaves.
#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    /// Given out and not ended.
    under_way: BTreeSet<String>,
    plan: Plan,
    is_planned: bool,
    heard: Vec<Heard>,
    /// Tokens and until when they work, in milliseconds since 1970.
    tokens: BTreeMap<String, i64>,
    nonces: BTreeSet<String>,
    cancelled: BTreeSet<String>,
    unavailable: u32,
    /// Ends of tasks that are heard and answered as if they were not.
    lost_ends: u32,
    is_revoked: bool,
    wants_logs: bool,
}

/// What the server's parts share.
struct Shared {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    /// How far the server's clock is ahead of that which it is given, in milliseconds.
    skew_ms: i64,
    /// Something changed that somebody may wait for.
    changed: Notify,
    public_key: Vec<u8>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms() + self.skew_ms
    }

    fn hear(&self, heard: Heard) {
        self.state().heard.push(heard);
        self.changed.notify_waiters();
    }
}

/// The pretend server.
pub struct StandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    folder: tempfile::TempDir,
    certificate: certificate::Certificate,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl StandIn {
    /// Starts a server whose clock is ahead of the given one by so much.
    pub async fn start(clock: Arc<dyn Clock>, skew_ms: i64) -> Result<StandIn, Failure> {
        // Fails only when a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).map_err(|error| error.to_string())?;
        let folder = tempfile::tempdir()?;
        let certificate = certificate::Certificate::new()?;
        std::fs::write(folder.path().join("ca.pem"), &certificate.authority_pem)?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            clock,
            skew_ms,
            changed: Notify::new(),
            public_key: pair.public_key().as_ref().to_vec(),
        });
        let mut stand_in = StandIn {
            shared,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder,
            certificate,
            running: None,
        };
        stand_in.listen().await?;
        Ok(stand_in)
    }

    async fn listen(&mut self) -> Result<(), Failure> {
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        let calls = BatonServiceServer::new(calls::Calls(Arc::clone(&self.shared)));
        let router = Routes::new(calls).into_axum_router();
        let router = router.merge(token::route(Arc::clone(&self.shared)));
        let identity = Identity::from_pem(&self.certificate.pem, &self.certificate.key_pem);
        let server = Server::builder()
            .tls_config(ServerTlsConfig::new().identity(identity))?
            .add_routes(Routes::from(router));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = async move {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let end = async move { drop(stopped.await) };
            if let Err(error) = server.serve_with_incoming_shutdown(incoming, end).await {
                tracing::error!(%error, "the pretend server broke off");
            }
        };
        self.running = Some((stop, tokio::spawn(serving)));
        Ok(())
    }

    /// Stops listening and lets go of all connections.
    pub async fn stop(&mut self) {
        if let Some((stop, mut running)) = self.running.take() {
            let _ = stop.send(());
            let ended = tokio::time::timeout(Duration::from_secs(2), &mut running).await;
            if ended.is_err() {
                running.abort();
            }
        }
    }

    /// Stops and listens again, at the same address, as a server that was started anew.
    pub async fn restart(&mut self) -> Result<(), Failure> {
        self.stop().await;
        self.listen().await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The file of its certificate authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A client id that it knows.
    #[must_use]
    pub fn client_id(&self) -> String {
        format!("brave-cat-12345@{}/ccc", self.address)
    }

    /// The secret that goes with it.
    #[must_use]
    pub fn client_secret(&self) -> String {
        secret(SEED, &self.shared.public_key)
    }

    /// A secret of the right form that it does not know.
    pub fn other_secret(&self) -> Result<String, Failure> {
        let seed = [43; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| error.to_string())?;
        Ok(secret(seed, pair.public_key().as_ref()))
    }

    /// Gives a task out next.
    pub fn give(&self, task: Task) {
        self.shared.state().queue.push_back(task);
        self.shared.changed.notify_waiters();
    }

    /// Lets this happen when it is time.
    pub fn plan(&self, plan: Plan) {
        let mut state = self.shared.state();
        state.plan = plan;
        state.is_planned = true;
    }

    /// Tells whoever works on a task that it is not wanted any more, when they next ask.
    pub fn cancel(&self, task: &str) {
        self.shared.state().cancelled.insert(task.to_owned());
    }

    /// Answers the next so many ends of tasks as if they had not been heard.
    pub fn lose_ends(&self, count: u32) {
        self.shared.state().lost_ends = count;
    }

    /// Wants the logs of readings.
    pub fn want_logs(&self) {
        self.shared.state().wants_logs = true;
    }

    /// Lets something happen now.
    pub fn happen(&self, event: Event) {
        self.shared.state().happen(event);
        self.shared.changed.notify_waiters();
    }

    /// What it heard so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.state().heard.clone()
    }

    /// How tasks ended so far.
    #[must_use]
    pub fn finished(&self) -> Vec<Finished> {
        let ends = |heard| match heard {
            Heard::Finished(finished) => Some(finished),
            _ => None,
        };
        self.heard().into_iter().filter_map(ends).collect()
    }

    /// Waits until what was heard is as wished; at most 20 seconds of real time.
    pub async fn until(&self, is_so: impl Fn(&[Heard]) -> bool) -> Result<(), Failure> {
        let so = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if is_so(&self.shared.state().heard) {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), so).await;
        waited.map_err(|_| format!("it did not come to that; heard: {:?}", self.heard()).into())
    }

    /// Waits until everything that was planned has happened and every task has ended.
    pub async fn until_over(&self) -> Result<(), Failure> {
        let over = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                let is_over = {
                    let state = self.shared.state();
                    state.plan.is_empty() && state.queue.is_empty() && state.under_way.is_empty()
                };
                if is_over {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), over).await;
        waited.map_err(|_| format!("it is not over; heard: {:?}", self.heard()).into())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some((_, running)) = &self.running {
            running.abort();
        }
    }
}

impl State {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Give(task) => self.queue.push_back(*task),
            Event::ExpireTokens => self.tokens.clear(),
            Event::Unavailable(calls) => self.unavailable = calls,
            Event::Revoke => {
                self.is_revoked = true;
                self.tokens.clear();
            }
        }
    }
}

/// A task with an id that a server could have given it.
#[must_use]
pub fn task(number: u32, kind: TaskType) -> Task {
    Task {
        id: format!("task{number:023}"),
        task_type: Some(kind),
        ..Task::default()
    }
}

fn secret(seed: [u8; 32], public: &[u8]) -> String {
    let (x, d) = (BASE64.encode(public), BASE64.encode(seed));
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"{x}","d":"{d}"}}"#);
    format!("secret:client:v1:{}", BASE64.encode(jwk))
}
