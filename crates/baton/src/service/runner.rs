//! The loop: greet, ask for a task, carry it out beside others, finish it, wait, ask again.

use super::health::Health;
use super::outcome::{Outcome, carry, finish, name_of};
use super::server::Server;
use super::{For, Pause, ServiceError, code_name};
use crate::log::Capture;
use crate::options::Writing;
use crate::proto::c1::connectorapi::baton::v1::Task;
use crate::proto::c1::connectorapi::baton::v1::task::TaskType;
use crate::work::{Refusal, Work};
use futures::future::BoxFuture;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Code;

/// How often the server is greeted at most before we give up: about 18 minutes.
const MOST_GREETINGS: u32 = 12;
const LONGEST_GREETING_WAIT: Duration = Duration::from_secs(300);
const LONGEST_POLL: Duration = Duration::from_secs(300);
/// The server may say to ask again at once; without a task at hand that would never end.
const SHORTEST_IDLE: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);
/// How often a file is uploaded and a task finished before we give up.
pub(super) const MOST_ATTEMPTS: u32 = 3;
/// How long tasks may take to end after the wish to end; a container gets 30 s.
const SOFT_END: Duration = Duration::from_secs(25);
/// How many outcomes are remembered for tasks that come again.
const REMEMBERED: usize = 64;

/// Everything that serving needs.
pub struct Service {
    /// Who gives out tasks.
    pub server: Server,
    /// Who carries them out.
    pub work: Arc<dyn Work>,
    /// Waits.
    pub pause: Arc<dyn Pause>,
    /// Is told how it goes.
    pub health: Arc<Health>,
    /// Keeps the log of a reading where the server wants it.
    pub capture: Arc<Capture>,
    /// Whether debug lines were asked for, so that the server is asked whether it wants them too.
    pub asks_about_debugging: bool,
    /// Whether changes are switched on.
    pub provisioning: bool,
    /// How files are written, where the task does not say otherwise.
    pub writing: Writing,
    /// Folder for what is needed for a while.
    pub temporary_folder: PathBuf,
    /// Most tasks at the same time.
    pub task_concurrency: usize,
}

/// What the tasks under way share.
pub(super) struct Shared {
    pub(super) service: Service,
    /// Whether the server wants the log of every reading.
    is_debugging: AtomicBool,
    /// The tasks under way.
    under_way: Mutex<BTreeSet<String>>,
    /// How the latest changes ended.
    remembered: Mutex<VecDeque<(String, Outcome)>>,
}

/// Gets tasks and carries them out until `end` says true.
pub async fn serve(service: Service, mut end: watch::Receiver<bool>) -> Result<(), ServiceError> {
    if !greet(&service, &mut end).await? {
        return Ok(());
    }
    let is_debugging = service.asks_about_debugging
        && service.server.wants_debugging().await.unwrap_or_else(|error| {
            tracing::debug!(%error, "whether the server wants the log could not be asked");
            false
        });
    service.health.ready(true);
    let shared = Arc::new(Shared {
        service,
        is_debugging: AtomicBool::new(is_debugging),
        under_way: Mutex::default(),
        remembered: Mutex::default(),
    });
    let mut tasks = JoinSet::new();
    let ended = get_tasks(&shared, &mut tasks, &mut end).await;
    shared.service.health.ready(false);
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(SOFT_END, all).await.is_err() {
        tracing::warn!("tasks that did not end in time are left; the server gives them out again");
    }
    ended
}

/// Greets the server until it answers; `false` when we were told to end before.
async fn greet(service: &Service, end: &mut watch::Receiver<bool>) -> Result<bool, ServiceError> {
    let mut wait = Duration::from_secs(1);
    for attempt in 1..=MOST_GREETINGS {
        let greeted = tokio::select! {
            greeted = service.server.hello("") => greeted,
            _ = end.wait_for(|ended| *ended) => return Ok(false),
        };
        match greeted {
            Ok(()) => {
                tracing::info!("the server was greeted and gives out tasks");
                service.health.well(true);
                return Ok(true);
            }
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) if attempt == MOST_GREETINGS => {
                return Err(ServiceError::GaveUp {
                    attempts: attempt,
                    last: Box::new(error),
                });
            }
            Err(error) => {
                tracing::warn!(%error, attempt, wait_s = wait.as_secs(), "the server could not be greeted; it is tried again");
            }
        }
        tokio::select! {
            () = service.pause.wait(For::Attempt, wait) => {}
            _ = end.wait_for(|ended| *ended) => return Ok(false),
        }
        wait = (wait * 2).min(LONGEST_GREETING_WAIT);
    }
    Ok(false)
}

/// Asks for tasks and begins them, until told to end or refused for good.
async fn get_tasks(
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<()>,
    end: &mut watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let service = &shared.service;
    let mut wait: BoxFuture<'_, ()> = Box::pin(std::future::ready(()));
    let mut failures = 0;
    loop {
        tokio::select! {
            _ = end.wait_for(|ended| *ended) => return Ok(()),
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a task broke off; the server gives it out again");
                }
                continue;
            }
            () = &mut wait, if tasks.len() < service.task_concurrency => {}
        }
        let answer = tokio::select! {
            answer = service.server.next_task() => answer,
            _ = end.wait_for(|ended| *ended) => return Ok(()),
        };
        let pause = match answer {
            Ok(answer) => {
                failures = 0;
                service.health.well(true);
                let poll = duration(answer.next_poll).min(LONGEST_POLL);
                let heartbeat = duration(answer.next_heartbeat);
                let task = answer
                    .task
                    .filter(|task| !matches!(task.task_type, Some(TaskType::None(_))));
                match task.filter(|task| shared.begin(&task.id)) {
                    Some(task) => {
                        let (shared, end) = (Arc::clone(shared), end.clone());
                        tasks.spawn(async move { shared.carry(task, heartbeat, end).await });
                        poll
                    }
                    None => poll.max(SHORTEST_IDLE),
                }
            }
            Err(error) if gives_up(&error) => return Err(error),
            Err(error) => {
                failures += 1;
                service.health.well(false);
                let wait = Duration::from_secs(failures * failures).min(LONGEST_BACK_OFF);
                tracing::warn!(%error, failures, wait_s = wait.as_secs(), "no task could be got; it is tried again");
                wait
            }
        };
        wait = service.pause.wait(For::Poll, pause);
    }
}

/// Whether there is no sense in asking for tasks any more. A call that is refused may be the server's passing trouble;
/// an id and secret that are refused are not.
fn gives_up(error: &ServiceError) -> bool {
    error.is_fatal() && !matches!(error, ServiceError::Call { .. })
}

/// A length of time as the protocol writes it; what is no length is none.
pub(super) fn duration(told: Option<prost_types::Duration>) -> Duration {
    told.and_then(|told| Duration::try_from(told).ok())
        .unwrap_or_default()
}

impl Shared {
    /// Notes that a task is under way; `false` if it is already.
    fn begin(&self, id: &str) -> bool {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(id.to_owned())
    }

    /// Carries a task out and tells the server how it ended.
    async fn carry(self: Arc<Self>, task: Task, heartbeat: Duration, end: watch::Receiver<bool>) {
        let id = task.id.clone();
        let kind = name_of(task.task_type.as_ref());
        tracing::info!(task_id = id, task_type = kind, "processing task");
        if let Some(TaskType::Hello(_)) = task.task_type {
            // Answered by a greeting, not by an end.
            if let Err(error) = self.service.server.hello(&id).await {
                tracing::error!(task_id = id, %error, "the server could not be greeted");
            }
        } else {
            let outcome = self.outcome(task, heartbeat, end).await;
            match &outcome {
                Ok(_) => tracing::info!(task_id = id, task_type = kind, "finishing task successfully"),
                Err(refusal) => tracing::error!(
                    task_id = id,
                    task_type = kind,
                    code = code_name(refusal.code),
                    error = refusal.sentence,
                    "finishing task with error"
                ),
            }
            self.finish(&id, &outcome).await;
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&id);
    }

    async fn outcome(&self, task: Task, heartbeat: Duration, end: watch::Receiver<bool>) -> Outcome {
        let service = &self.service;
        match task.task_type {
            None => Err(Refusal::new(
                Code::Unimplemented,
                "unsupported task type: this connector does not know this kind of task",
            )),
            Some(TaskType::SyncFull(sync)) => {
                let wants_log = task.debug || self.is_debugging.load(Ordering::Relaxed);
                self.full_sync(&task.id, sync, wants_log, heartbeat, end)
                    .await
                    .map(|()| None)
            }
            Some(kind) => {
                if let Some(outcome) = self.recall(&task.id) {
                    tracing::info!(
                        task_id = task.id,
                        "the task was carried out before; its outcome is told again"
                    );
                    return outcome;
                }
                let outcome = carry(kind, service.work.as_ref(), service.provisioning).await;
                self.remember(&task.id, &outcome);
                outcome
            }
        }
    }

    fn recall(&self, id: &str) -> Option<Outcome> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered.iter().find(|(known, _)| known == id);
        found.map(|(_, outcome)| outcome.clone())
    }

    /// Remembers how a change ended, unless asking again is to try again.
    fn remember(&self, id: &str, outcome: &Outcome) {
        if outcome.as_ref().is_err_and(|refusal| refusal.is_retryable) {
            return;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.push_back((id.to_owned(), outcome.clone()));
        if remembered.len() > REMEMBERED {
            remembered.pop_front();
        }
    }

    /// Tells the server how a task ended. If that cannot be told, the server gives the task out again.
    async fn finish(&self, id: &str, outcome: &Outcome) {
        for attempt in 1..=MOST_ATTEMPTS {
            match self.service.server.finish(finish(id, outcome)).await {
                Ok(()) => return,
                Err(error) if attempt == MOST_ATTEMPTS || error.is_fatal() => {
                    tracing::error!(task_id = id, %error, "how the task ended could not be told");
                    return;
                }
                Err(error) => {
                    tracing::warn!(task_id = id, %error, attempt, "how the task ended could not be told; it is tried again");
                    self.back_off(attempt).await;
                }
            }
        }
    }

    /// Waits before the next attempt.
    pub(super) async fn back_off(&self, attempt: u32) {
        let wait = Duration::from_secs(u64::from(attempt * attempt));
        self.service.pause.wait(For::Attempt, wait).await;
    }
}
