//! Service mode against the stand-in, over TLS: what is done with each kind of task, and what happens when something
//! does not go as it should. Time passes when somebody waits.

mod day;
mod trouble;

use super::fake::{self, FakeWork};
use super::health::Health;
use super::{For, Pause, Server, Service, ServiceError, serve};
use crate::log::Capture;
use crate::options::{Serving, Writing};
use crate::proto::c1::connector::v2::{
    AccountInfo, Entitlement, Grant, Resource, ResourceId, account_info::Email,
};
use crate::proto::c1::connectorapi::baton::v1::task::{
    ActionGetSchema, ActionInvoke, ActionListSchemas, ActionStatus, CreateAccount, DeleteResource, GrantTask,
    Other, Revoke, SyncFull, TaskType,
};
use crate::stand_in::{Heard, StandIn, task};
use futures::future::BoxFuture;
use model::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tonic::Code;

const START_MS: i64 = 1_763_800_000_000;

/// A clock that moves when somebody waits; heartbeats wait until the test lets them.
struct TestTime {
    now_ms: Arc<AtomicI64>,
    beats: Arc<Semaphore>,
}

impl TestTime {
    fn new() -> TestTime {
        TestTime {
            now_ms: Arc::new(AtomicI64::new(START_MS)),
            beats: Arc::new(Semaphore::new(0)),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let now_ms = Arc::clone(&self.now_ms);
        Arc::new(move || now_ms.load(Ordering::Relaxed))
    }
}

impl Pause for TestTime {
    fn wait(&self, what: For, time: Duration) -> BoxFuture<'static, ()> {
        let (now_ms, beats) = (Arc::clone(&self.now_ms), Arc::clone(&self.beats));
        Box::pin(async move {
            if what == For::Heartbeat {
                beats.acquire().await.unwrap().forget();
            } else {
                now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        })
    }
}

/// A service on a stand-in, both under way.
struct Stage {
    stand_in: StandIn,
    work: Arc<FakeWork>,
    health: Arc<Health>,
    beats: Arc<Semaphore>,
    now_ms: Arc<AtomicI64>,
    temporary: tempfile::TempDir,
    end: watch::Sender<bool>,
    serving: JoinHandle<Result<(), ServiceError>>,
}

/// What a stage is to be like.
struct Wanted {
    skew_ms: i64,
    provisioning: bool,
    task_concurrency: usize,
    asks_about_debugging: bool,
    secret: fn(&StandIn) -> String,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            skew_ms: 0,
            provisioning: true,
            task_concurrency: 3,
            asks_about_debugging: false,
            secret: StandIn::client_secret,
        }
    }
}

fn serving(stand_in: &StandIn, secret: String) -> Serving {
    Serving {
        client_id: stand_in.client_id(),
        client_secret: secret.into(),
        server: None,
        host_id: "test".to_owned(),
        task_concurrency: 3,
        health: None,
        certificates: Some(stand_in.authority()),
    }
}

async fn stage(wanted: Wanted) -> Stage {
    let time = TestTime::new();
    let (now_ms, beats) = (Arc::clone(&time.now_ms), Arc::clone(&time.beats));
    let stand_in = StandIn::start(time.clock(), wanted.skew_ms).await.unwrap();
    let secret = (wanted.secret)(&stand_in);
    let work = Arc::new(FakeWork::default());
    let health = Arc::new(Health::default());
    let temporary = tempfile::tempdir().unwrap();
    let service = Service {
        server: Server::new(&serving(&stand_in, secret), time.clock()).unwrap(),
        work: Arc::<FakeWork>::clone(&work),
        pause: Arc::new(time),
        health: Arc::clone(&health),
        capture: Arc::new(Capture::default()),
        asks_about_debugging: wanted.asks_about_debugging,
        provisioning: wanted.provisioning,
        writing: Writing::default(),
        temporary_folder: temporary.path().to_owned(),
        task_concurrency: wanted.task_concurrency,
    };
    let (end, ended) = watch::channel(false);
    Stage {
        stand_in,
        work,
        health,
        beats,
        now_ms,
        temporary,
        end,
        serving: tokio::spawn(serve(service, ended)),
    }
}

impl Stage {
    /// Waits until so many tasks have ended.
    async fn until_finished(&self, count: usize) {
        let ends = |heard: &[Heard]| {
            heard
                .iter()
                .filter(|heard| matches!(heard, Heard::Finished(_)))
                .count()
        };
        self.stand_in.until(|heard| ends(heard) >= count).await.unwrap();
    }

    /// Tells the service to end and hears how it did.
    async fn end(self) -> Result<(), ServiceError> {
        self.end.send(true).unwrap();
        self.serving.await.unwrap()
    }

    /// What is left in the folder for temporary files.
    fn left_behind(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temporary.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn resource(resource_type: &str, id: &str) -> Resource {
    Resource {
        id: Some(ResourceId {
            resource_type: resource_type.to_owned(),
            resource: id.to_owned(),
            ..ResourceId::default()
        }),
        ..Resource::default()
    }
}

fn member() -> Entitlement {
    Entitlement {
        id: "group:g:member".to_owned(),
        resource: Some(resource("group", "g")),
        ..Entitlement::default()
    }
}

fn sync() -> TaskType {
    TaskType::SyncFull(SyncFull::default())
}

fn grant(account: &str) -> TaskType {
    TaskType::Grant(GrantTask {
        entitlement: Some(member()),
        principal: Some(resource("user", account)),
        ..GrantTask::default()
    })
}

fn revoke(account: &str) -> TaskType {
    TaskType::Revoke(Revoke {
        grant: Some(Grant {
            id: format!("group:g:member:user:{account}"),
            entitlement: Some(member()),
            principal: Some(resource("user", account)),
            ..Grant::default()
        }),
        ..Revoke::default()
    })
}

fn create(address: &str) -> TaskType {
    TaskType::CreateAccount(CreateAccount {
        account_info: Some(AccountInfo {
            emails: vec![Email {
                address: address.to_owned(),
                is_primary: true,
            }],
            login: address.to_owned(),
            ..AccountInfo::default()
        }),
        ..CreateAccount::default()
    })
}

fn delete(account: &str) -> TaskType {
    TaskType::DeleteResource(DeleteResource {
        resource_id: resource("user", account).id,
        ..DeleteResource::default()
    })
}

fn invoke(name: &str) -> TaskType {
    TaskType::ActionInvoke(ActionInvoke {
        name: name.to_owned(),
        ..ActionInvoke::default()
    })
}

#[tokio::test]
async fn each_kind_that_is_promised_is_carried_out_and_answered_with_its_own_response() {
    let stage = stage(Wanted::default()).await;
    let kinds = [
        grant("a"),
        revoke("a"),
        create("n@x.example"),
        delete("a"),
        TaskType::ActionListSchemas(ActionListSchemas::default()),
        TaskType::ActionGetSchema(ActionGetSchema {
            name: "enable_user".to_owned(),
            ..ActionGetSchema::default()
        }),
        invoke("enable_user"),
    ];
    for (number, kind) in (1..).zip(kinds.clone()) {
        stage.stand_in.give(task(number, kind));
    }
    stage.until_finished(kinds.len()).await;
    let mut finished = stage.stand_in.finished();
    finished.sort_by(|a, b| a.task.cmp(&b.task));
    let responses = finished.iter().map(|finished| {
        assert_eq!(finished.code, 0, "{finished:?}");
        let response = finished.response.as_ref().unwrap();
        response
            .type_url
            .strip_prefix("type.googleapis.com/c1.connector.v2.")
            .unwrap()
    });
    assert_eq!(
        responses.collect::<Vec<_>>(),
        [
            "GrantManagerServiceGrantResponse",
            "GrantManagerServiceRevokeResponse",
            "CreateAccountResponse",
            "DeleteResourceResponse",
            "ListActionSchemasResponse",
            "GetActionSchemaResponse",
            "InvokeActionResponse",
        ]
    );
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_sync_uploads_its_file_whole_and_leaves_nothing_behind() {
    let stage = stage(Wanted::default()).await;
    stage.stand_in.give(task(1, sync()));
    stage.until_finished(1).await;
    let heard = stage.stand_in.heard();
    let uploaded = heard.iter().find_map(|heard| match heard {
        Heard::Uploaded { task, bytes } => Some((task.clone(), bytes.len())),
        _ => None,
    });
    assert_eq!(uploaded, Some((task(1, sync()).id, fake::FILE_BYTES)));
    let finished = &stage.stand_in.finished()[0];
    assert_eq!((finished.code, &finished.response), (0, &None));
    assert_eq!(stage.left_behind(), Vec::<PathBuf>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn what_a_sync_is_to_leave_out_reaches_the_reading() {
    let stage = stage(Wanted::default()).await;
    let kind = TaskType::SyncFull(SyncFull {
        skip_grants: true,
        sync_resource_type_ids: vec!["user".to_owned()],
        storage_engine: "pebble".to_owned(),
        ..SyncFull::default()
    });
    stage.stand_in.give(task(1, kind));
    stage.until_finished(1).await;
    assert_eq!(stage.work.done(), ["sync [\"user\"] without grants"]);
    stage.end().await.unwrap();
}

#[tokio::test]
async fn what_is_not_promised_is_refused_and_stays_refused() {
    let stage = stage(Wanted::default()).await;
    let mut unknown = task(1, sync());
    unknown.task_type = None;
    stage.stand_in.give(unknown);
    let kinds = [
        TaskType::CreateTicketTask(Other {}),
        TaskType::RotateCredentials(Other {}),
        TaskType::EventFeed(Other {}),
        TaskType::CompactSyncs(Other {}),
        TaskType::IssueCredential(Other {}),
        TaskType::SyncFull(SyncFull {
            targeted_sync_resources: vec![resource("user", "a")],
            ..SyncFull::default()
        }),
    ];
    for (number, kind) in (2..).zip(kinds) {
        stage.stand_in.give(task(number, kind));
    }
    stage.until_finished(7).await;
    for finished in stage.stand_in.finished() {
        assert_eq!(finished.code, i32::from(Code::Unimplemented), "{finished:?}");
        assert!(
            finished.is_final && !finished.message.contains('\n'),
            "{finished:?}"
        );
    }
    assert_eq!(stage.work.done(), Vec::<String>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_task_that_makes_no_sense_is_refused_with_a_sentence() {
    let stage = stage(Wanted::default()).await;
    let cases = [
        (
            TaskType::Grant(GrantTask::default()),
            Code::InvalidArgument,
            "the task names no entitlement",
        ),
        (
            TaskType::Revoke(Revoke::default()),
            Code::InvalidArgument,
            "the task names no grant",
        ),
        (
            TaskType::DeleteResource(DeleteResource::default()),
            Code::InvalidArgument,
            "the task names no resource",
        ),
        (
            TaskType::ActionInvoke(ActionInvoke {
                resource_type_id: "group".to_owned(),
                ..ActionInvoke::default()
            }),
            Code::InvalidArgument,
            "this cannot be done for resources of type \"group\"",
        ),
        (
            TaskType::ActionGetSchema(ActionGetSchema::default()),
            Code::NotFound,
            "there is no action \"\"",
        ),
        (
            TaskType::ActionStatus(ActionStatus::default()),
            Code::NotFound,
            "no action  is under way: each is over when it is answered",
        ),
        (
            TaskType::SyncFull(SyncFull {
                sync_resource_type_ids: vec!["role".to_owned()],
                ..SyncFull::default()
            }),
            Code::InvalidArgument,
            "there is no resource type \"role\"",
        ),
    ];
    for (number, (kind, _, _)) in (1..).zip(&cases) {
        stage.stand_in.give(task(number, kind.clone()));
    }
    stage.until_finished(cases.len()).await;
    let mut finished = stage.stand_in.finished();
    finished.sort_by(|a, b| a.task.cmp(&b.task));
    for (finished, (_, code, message)) in finished.iter().zip(&cases) {
        assert_eq!(
            (finished.code, finished.message.as_str()),
            (i32::from(*code), *message)
        );
        assert!(finished.is_final);
    }
    stage.end().await.unwrap();
}

#[tokio::test]
async fn nothing_is_changed_while_provisioning_is_off() {
    let stage = stage(Wanted {
        provisioning: false,
        ..Wanted::default()
    })
    .await;
    for (number, kind) in (1..).zip([grant("a"), revoke("a"), create("n@x.example"), delete("a")]) {
        stage.stand_in.give(task(number, kind));
    }
    stage.until_finished(4).await;
    for finished in stage.stand_in.finished() {
        assert_eq!(finished.code, i32::from(Code::FailedPrecondition));
        assert!(finished.message.starts_with("provisioning is not enabled"));
    }
    assert_eq!(stage.work.done(), Vec::<String>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_greeting_that_is_asked_for_is_given_and_not_finished() {
    let stage = stage(Wanted::default()).await;
    let hello = task(1, TaskType::Hello(Default::default()));
    stage.stand_in.give(hello.clone());
    stage
        .stand_in
        .until(|heard| heard.contains(&Heard::Hello(hello.id.clone())))
        .await
        .unwrap();
    assert_eq!(stage.stand_in.finished(), []);
    stage.end().await.unwrap();
}

#[tokio::test]
async fn health_follows_what_is_known_of_the_server() {
    let stage = stage(Wanted::default()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let end = async move { drop(stopped.await) };
    let health = Arc::clone(&stage.health);
    let (address, serving) = super::health::bind("127.0.0.1:0".parse().unwrap(), health, end)
        .await
        .unwrap();
    let serving = tokio::spawn(serving);
    let ask = |endpoint: &'static str| super::health::ask(address, endpoint, Duration::from_secs(5));
    stage.stand_in.give(task(1, grant("a")));
    stage.until_finished(1).await;
    for endpoint in ["live", "ready", "health"] {
        ask(endpoint).await.unwrap();
    }
    let health = Arc::clone(&stage.health);
    stage.end().await.unwrap();
    assert!(!health.is_ready.load(Ordering::Relaxed));
    assert!(ask("ready").await.unwrap_err().ends_with("answers 503"));
    ask("live").await.unwrap();
    health.ready(true);
    health.well(false);
    ask("ready").await.unwrap();
    assert!(ask("health").await.unwrap_err().ends_with("answers 503"));
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(ask("live").await.unwrap_err().contains("cannot be asked"));
}
