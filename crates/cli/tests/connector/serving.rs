//! Service mode: the program gets tasks from a pretend server until a signal.

use crate::{Stage, a_membership, last_line, run, said};
use baton::c1z::C1z;
use baton::proto::c1::connector::v2::{Entitlement, Resource, ResourceId};
use baton::proto::c1::connectorapi::baton::v1::task::{ActionInvoke, GrantTask, SyncFull, TaskType};
use baton::stand_in::{HIDDEN_NAME, Heard, StandIn, task};
use model::SystemClock;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use twin::TwinOptions;

/// The connector in service mode, ended when it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    fn start(stage: &Stage, stand_in: &StandIn, secret: &str, words: &[&str]) -> Serving {
        Serving::start_with(stage, stand_in, secret, words, |_| ())
    }

    fn start_with(
        stage: &Stage,
        stand_in: &StandIn,
        secret: &str,
        words: &[&str],
        more: impl FnOnce(&mut Command),
    ) -> Serving {
        let mut command = stage.connector(words);
        command
            .env("BATON_CLIENT_ID", stand_in.client_id())
            .env("BATON_CLIENT_SECRET", secret)
            .env("BATON_HOST_ID", "host")
            .env("BATON_LOG_LEVEL", "debug")
            .env("SSL_CERT_FILE", stand_in.authority())
            .env("BATON_LOG_PATH", stage.path("log"))
            .stderr(Stdio::piped());
        more(&mut command);
        Serving(command.spawn().unwrap())
    }

    async fn end(mut self) -> (Option<i32>, String) {
        use std::io::Read as _;
        tokio::task::spawn_blocking(move || {
            let mut said = String::new();
            self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            (self.0.wait().unwrap().code(), said)
        })
        .await
        .unwrap()
    }

    #[cfg(unix)]
    fn terminate(&self) {
        let ended = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status();
        assert!(ended.unwrap().success());
    }
}

async fn stand_in() -> StandIn {
    StandIn::start(Arc::new(SystemClock), 0).await.unwrap()
}

fn ends(heard: &[Heard]) -> usize {
    heard
        .iter()
        .filter(|heard| matches!(heard, Heard::Finished(_)))
        .count()
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

/// What the server was sent.
fn uploaded(stage: &Stage, server: &StandIn) -> C1z {
    let uploaded = server.heard().into_iter().find_map(|heard| match heard {
        Heard::Uploaded { bytes, .. } => Some(bytes),
        _ => None,
    });
    std::fs::write(stage.path("uploaded.c1z"), uploaded.unwrap()).unwrap();
    stage.open("uploaded.c1z")
}

/// Asks for an account's access to be taken.
fn disabling(account: &str) -> TaskType {
    let arguments = [(
        "user_id".to_owned(),
        prost_types::Value {
            kind: Some(prost_types::value::Kind::StringValue(account.to_owned())),
        },
    )];
    TaskType::ActionInvoke(ActionInvoke {
        name: "disable_user".to_owned(),
        args: Some(prost_types::Struct {
            fields: arguments.into_iter().collect(),
        }),
        ..ActionInvoke::default()
    })
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_gets_its_file_and_its_changes_and_a_signal_ends_the_connector() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let serving = Serving::start(&stage, &server, &server.client_secret(), &["-p"]);
    server.give(task(1, TaskType::SyncFull(SyncFull::default())));
    server.until(|heard| ends(heard) == 1).await.unwrap();
    assert_eq!(server.finished()[0].code, 0, "{:?}", server.finished());
    let file = uploaded(&stage, &server);
    let grant = a_membership(&file);
    let (entitlement, account) = grant.rsplit_once(":user:").unwrap();
    let group = entitlement
        .trim_start_matches("group:")
        .trim_end_matches(":member");

    let granting = TaskType::Grant(GrantTask {
        entitlement: Some(Entitlement {
            id: entitlement.to_owned(),
            resource: Some(resource("group", group)),
            ..Entitlement::default()
        }),
        principal: Some(resource("user", account)),
        ..GrantTask::default()
    });
    server.give(task(2, granting));
    server.give(task(3, disabling(account)));
    server.until(|heard| ends(heard) == 3).await.unwrap();
    for finished in server.finished() {
        assert_eq!(finished.code, 0, "{finished:?}");
    }

    serving.terminate();
    let (code, said) = serving.end().await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(stage.left_behind(), 0);
    let log = std::fs::read_to_string(stage.path("log")).unwrap();
    for secret in [stage.twin.api_key(), &server.client_secret(), "token-"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_cancelled_reading_does_not_hold_up_the_next_and_actions_need_no_switch() {
    let stage = Stage::of(TwinOptions {
        latency_ms: 200,
        ..TwinOptions::default()
    })
    .await;
    let server = stand_in().await;
    let cancelled = task(1, TaskType::SyncFull(SyncFull::default()));
    server.cancel(&cancelled.id);
    server.give(cancelled);
    let serving = Serving::start(&stage, &server, &server.client_secret(), &[]);
    server.until(|heard| ends(heard) == 1).await.unwrap();
    assert_eq!(server.finished()[0].code, 1, "cancelled");

    server.give(task(2, TaskType::SyncFull(SyncFull::default())));
    server.until(|heard| ends(heard) == 2).await.unwrap();
    assert_eq!(server.finished()[1].code, 0, "{:?}", server.finished());

    let grant = a_membership(&uploaded(&stage, &server));
    let (_, account) = grant.rsplit_once(":user:").unwrap();
    server.give(task(3, disabling(account)));
    server.give(task(4, TaskType::Revoke(Default::default())));
    server.until(|heard| ends(heard) == 4).await.unwrap();
    let code = |number: u32| {
        let ended = server.finished().into_iter();
        let id = task(number, TaskType::None(Default::default())).id;
        ended
            .filter(|ended| ended.task == id)
            .map(|ended| ended.code)
            .next()
    };
    assert_eq!(code(3), Some(0), "{:?}", server.finished());
    assert_eq!(code(4), Some(9), "failed precondition: {:?}", server.finished());
    serving.terminate();
    assert_eq!(serving.end().await.0, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_killed_connector_left_is_removed_by_the_next() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let serving = Serving::start(&stage, &server, &server.client_secret(), &[]);
    server
        .until(|heard| heard.contains(&Heard::Hello(String::new())))
        .await
        .unwrap();
    assert_eq!(stage.left_behind(), 1);
    // Dropped is killed.
    drop(serving);
    assert_eq!(stage.left_behind(), 1);
    assert!(run(stage.connector(&[])).await.status.success());
    assert_eq!(stage.left_behind(), 0);
}

#[tokio::test]
async fn a_wrong_secret_ends_service_mode_at_once_with_one_sentence() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let serving = Serving::start(&stage, &server, &server.other_secret().unwrap(), &[]);
    let (code, said) = serving.end().await;
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("the server refuses the client id and secret (401"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_running_connector_can_be_asked_for_its_health() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let port = free_port().to_string();
    let serving = Serving::start(
        &stage,
        &server,
        &server.client_secret(),
        &["--health-check", "--health-check-port", &port],
    );
    server
        .until(|heard| heard.contains(&Heard::Hello(String::new())))
        .await
        .unwrap();
    server.give(task(1, TaskType::ActionListSchemas(Default::default())));
    server.until(|heard| ends(heard) == 1).await.unwrap();
    for endpoint in ["health", "ready", "live"] {
        let words = [
            "health-check",
            "--health-check-port",
            &port,
            "--endpoint",
            endpoint,
        ];
        let output = run(stage.bare(&words)).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    serving.terminate();
    assert_eq!(serving.end().await.0, Some(0));
    let output = run(stage.bare(&["health-check", "--health-check-port", &port])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        last_line(&output).starts_with("not well: 127.0.0.1:"),
        "{}",
        said(&output)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_only_a_proxy_finds_is_reached_through_it() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let asked = tokio::spawn(tunnel_to(server.address(), listener));
    let serving = Serving::start_with(&stage, &server, &server.client_secret(), &[], |command| {
        command
            .env("BATON_C1_API_HOST", HIDDEN_NAME)
            .env("HTTPS_PROXY", format!("http://somebody:word@{proxy}"));
    });
    server.give(task(1, TaskType::ActionListSchemas(Default::default())));
    server.until(|heard| ends(heard) == 1).await.unwrap();
    serving.terminate();
    assert_eq!(serving.end().await.0, Some(0));
    assert!(!asked.is_finished());
}

#[tokio::test]
async fn a_proxy_that_calls_cannot_go_through_is_refused_by_its_kind() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let serving = Serving::start_with(&stage, &server, &server.client_secret(), &[], |command| {
        command.env("HTTPS_PROXY", "socks5://127.0.0.1:9");
    });
    let (code, said) = serving.end().await;
    assert_eq!(code, Some(1));
    assert!(said.contains("through a proxy of the kind socks5;"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

/// A proxy that makes tunnels to one server, whatever its name is, for whoever says who they are.
async fn tunnel_to(server: SocketAddr, listener: TcpListener) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut client = BufStream::new(client);
            let mut asked = String::new();
            while !asked.ends_with("\r\n\r\n") {
                assert_ne!(client.read_line(&mut asked).await.unwrap(), 0);
            }
            assert!(
                asked.starts_with(&format!("CONNECT {HIDDEN_NAME}:443 ")),
                "{asked}"
            );
            // base64 of "somebody:word"
            assert!(asked.contains("Basic c29tZWJvZHk6d29yZA=="), "{asked}");
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            client.flush().await.unwrap();
            let mut server = TcpStream::connect(server).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

/// A port that nobody listened on a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
