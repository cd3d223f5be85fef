//! The program as a connector: once, on demand, and in service mode against a pretend server, always on a twin.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use baton::c1z::{C1z, C1zError, Limits, List};
use baton::proto::c1::connector::v2::{Entitlement, Resource, ResourceId};
use baton::proto::c1::connectorapi::baton::v1::task::{ActionInvoke, GrantTask, SyncFull, TaskType};
use baton::stand_in::{Heard, StandIn, task};
use model::SystemClock;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use twin::{Twin, TwinOptions};

const PROGRAM: &str = env!("CARGO_BIN_EXE_orgwarden");

/// A folder with a link to the program by the peer's name, and a twin.
struct Stage {
    folder: TempDir,
    twin: Twin,
}

impl Stage {
    async fn new() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let options = TwinOptions {
            users: 60,
            groups: 15,
            workspaces: 3,
            ..TwinOptions::default()
        };
        Stage {
            folder,
            twin: Twin::start(options).await.unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The connector with what it needs in its environment.
    fn connector(&self, words: &[&str]) -> Command {
        let mut command = self.bare(words);
        command
            .env("BATON_ACCESS_TOKEN", self.twin.api_key())
            .env("BATON_ORGANIZATION_ID", self.twin.org_id())
            .env("BATON_BASE_URL", self.twin.base_url());
        command
    }

    /// The connector with nothing in its environment.
    fn bare(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("connector")
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("BATON_TMPDIR", self.path("tmp"));
        command
    }

    fn open(&self, name: &str) -> C1z {
        C1z::open(&self.path(name), None, &Limits::default()).unwrap()
    }

    fn left_behind(&self) -> usize {
        std::fs::read_dir(self.path("tmp")).unwrap().count()
    }
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The last line on standard error, after checking that all before it are objects.
fn last_line(output: &Output) -> String {
    let said = said(output);
    let mut lines: Vec<&str> = said.lines().collect();
    let last = lines.pop().unwrap_or_default().to_owned();
    for line in lines {
        assert!(
            serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()),
            "{said}"
        );
    }
    last
}

#[tokio::test]
async fn one_run_writes_a_file_and_tells_it_in_the_peers_words() {
    let stage = Stage::new().await;
    let base_url = format!("{}/admin/", stage.twin.base_url());
    let words = [
        "--access-token",
        stage.twin.api_key(),
        "--organization-id",
        stage.twin.org_id(),
        "--base-url",
        &base_url,
        "-f",
        "out.c1z",
    ];
    let output = run(stage.bare(&words)).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(output.stdout.is_empty());
    let said = said(&output);
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert!(
            line["level"].is_string() && line["ts"].is_f64() && line["caller"].is_string(),
            "{line}"
        );
    }
    for message in [
        "Syncing resource types...",
        "Syncing resources...",
        "Syncing grants...",
        "Sync complete.",
        "c1z: saved",
    ] {
        assert!(
            lines.iter().any(|line| line["msg"] == message),
            "{message}: {said}"
        );
    }
    assert!(!said.contains(stage.twin.api_key()), "{said}");
    let file = stage.open("out.c1z");
    let stats = file.stats(&file.sync(None).unwrap()).unwrap();
    assert!(stats.grants > 60, "{stats:?}");
    assert_eq!(stage.left_behind(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_of_the_peers_name_is_the_peer() {
    let stage = Stage::new().await;
    let link = stage.path("baton-atlassian");
    std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    let peer = |words: &[&str]| {
        let mut command = Command::new(&link);
        command
            .args(words)
            .current_dir(stage.folder.path())
            .env_clear()
            .env("BATON_API_TOKEN", stage.twin.api_key())
            .env("BATON_ORG", stage.twin.org_id())
            .env("BATON_BASE_URL", stage.twin.base_url());
        command
    };
    let output = run(peer(&[])).await;
    assert!(output.status.success(), "{}", said(&output));
    stage.open("sync.c1z").sync(None).unwrap();
    let output = run(peer(&["--version"])).await;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("baton-atlassian version "));
    let output = run(peer(&["capabilities"])).await;
    let expected = include_str!("../../../fixtures/baton/capabilities.json");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let output = run(peer(&["completion", "bash"])).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("--organization-id"));
    let output = run(peer(&["--no-such-flag"])).await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_file_of_settings_is_read_where_the_program_is_started() {
    let stage = Stage::new().await;
    let settings = format!(
        "access-token: {}\norg: {}\nbase-url: {}\nfile: named.c1z\nsync-resource-types: [user, group]\n",
        stage.twin.api_key(),
        stage.twin.org_id(),
        stage.twin.base_url()
    );
    std::fs::write(stage.path(".baton.yaml"), settings).unwrap();
    let output = run(stage.bare(&[])).await;
    assert!(output.status.success(), "{}", said(&output));
    let file = stage.open("named.c1z");
    let stats = file.stats(&file.sync(None).unwrap()).unwrap();
    assert_eq!(stats.resource_types, 2);
}

#[tokio::test]
async fn what_cannot_be_done_ends_with_1_and_one_sentence_and_writes_nothing() {
    let stage = Stage::new().await;
    std::fs::write(stage.path("other.c1z"), "something else").unwrap();
    std::fs::write(stage.path("broken.yaml"), "file: [a\nb: c").unwrap();
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a OsStr)], &'a str);
    let cases: [Case<'_>; 11] = [
        (
            &["--access-token", "wrong"],
            &[],
            "Atlassian does not accept the API key",
        ),
        (
            &["--organization-id", "00000000-0000-0000-0000-000000000000"],
            &[],
            "organization",
        ),
        (&["--base-url", "http://127.0.0.1:1"], &[], "cannot be reached"),
        (&["--base-url", "nowhere"], &[], "nowhere"),
        (&["--scim-token", "t"], &[], "scim-token needs scim-base-url"),
        (
            &["--create-account-login", "z@x.example"],
            &[],
            "accounts are made through SCIM",
        ),
        (
            &["--revoke-grant", "g", "-f", "other.c1z"],
            &[],
            "other.c1z is not a .c1z file",
        ),
        (&["--file", "no/such/folder/out.c1z"], &[], "no/such/folder"),
        (
            &["--client-id", "a", "--client-secret", "b"],
            &[],
            "the client id is not of the form NAME@HOST/ID",
        ),
        (
            &["--client-id", "a@h/c", "--client-secret", "b"],
            &[],
            "the client secret cannot be used",
        ),
        (
            &[],
            &[("BATON_CONFIG_PATH", OsStr::new("broken.yaml"))],
            "broken.yaml, line ",
        ),
    ];
    for (words, variables, expected) in cases {
        let mut command = stage.connector(words);
        command.envs(variables.iter().copied());
        let output = run(command).await;
        let last = last_line(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {last}");
        assert!(last.contains(expected), "{words:?}: {last}");
        assert!(output.stdout.is_empty());
        assert!(!stage.path("sync.c1z").exists(), "{words:?}");
        assert_eq!(stage.left_behind(), 0, "{words:?}");
    }
}

#[tokio::test]
async fn what_is_granted_on_demand_is_there_afterwards_and_twice_does_no_harm() {
    let stage = Stage::new().await;
    assert!(run(stage.connector(&[])).await.status.success());
    let before = std::fs::read(stage.path("sync.c1z")).unwrap();
    let file = stage.open("sync.c1z");
    let grant = a_membership(&file);
    for was_so in [false, true] {
        let output = run(stage.connector(&["--revoke-grant", &grant])).await;
        assert!(output.status.success(), "{}", said(&output));
        assert!(
            said(&output).contains(&format!("\"was_so\":{was_so}")),
            "{}",
            said(&output)
        );
    }
    assert_eq!(
        std::fs::read(stage.path("sync.c1z")).unwrap(),
        before,
        "the file is not touched"
    );
    // A key with scopes reads everything and may not delete.
    let account = a_managed_account(&file);
    let scoped = [
        "--access-token",
        stage.twin.scoped_api_key(),
        "--delete-resource",
        &account,
    ];
    let output = run(stage.connector(&scoped)).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        last_line(&output).contains("use a key without scopes"),
        "{}",
        said(&output)
    );
    assert!(run(stage.connector(&["-f", "after.c1z"])).await.status.success());
    let after = stage.open("after.c1z");
    assert!(after.grant(&after.sync(None).unwrap(), &grant).unwrap().is_none());
}

/// A grant of a membership.
fn a_membership(file: &C1z) -> String {
    let sync = file.sync(None).unwrap();
    let mut found = None;
    file.list(List::Grants, &sync, None, |shown: Value| {
        let id = shown["grant"]["id"].as_str().unwrap().to_owned();
        if id.contains(":member:user:") && found.is_none() {
            found = Some(id);
        }
        Ok::<(), C1zError>(())
    })
    .unwrap();
    found.unwrap()
}

/// An account of a domain that the organization verified.
fn a_managed_account(file: &C1z) -> String {
    let sync = file.sync(None).unwrap();
    let mut found = None;
    file.list(List::Resources, &sync, Some("user"), |shown: Value| {
        let resource = &shown["resource"];
        if resource["displayName"]
            .as_str()
            .unwrap()
            .ends_with("@acme.example.com")
        {
            found = Some(resource["id"]["resource"].as_str().unwrap().to_owned());
        }
        Ok::<(), C1zError>(())
    })
    .unwrap();
    found.unwrap()
}

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
        let mut command = stage.connector(words);
        command
            .env("BATON_CLIENT_ID", stand_in.client_id())
            .env("BATON_CLIENT_SECRET", secret)
            .env("BATON_HOST_ID", "host")
            .env("BATON_LOG_LEVEL", "debug")
            .env("SSL_CERT_FILE", stand_in.authority())
            .env("BATON_LOG_PATH", stage.path("log"))
            .stderr(Stdio::piped());
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

#[cfg(unix)]
#[tokio::test]
async fn a_server_gets_its_file_and_its_changes_and_a_signal_ends_the_connector() {
    let stage = Stage::new().await;
    let server = stand_in().await;
    let serving = Serving::start(&stage, &server, &server.client_secret(), &["-p"]);
    server.give(task(1, TaskType::SyncFull(SyncFull::default())));
    server.until(|heard| ends(heard) == 1).await.unwrap();
    assert_eq!(server.finished()[0].code, 0, "{:?}", server.finished());
    let uploaded = server.heard().into_iter().find_map(|heard| match heard {
        Heard::Uploaded { bytes, .. } => Some(bytes),
        _ => None,
    });
    std::fs::write(stage.path("uploaded.c1z"), uploaded.unwrap()).unwrap();
    let file = stage.open("uploaded.c1z");
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
    let arguments = [(
        "user_id".to_owned(),
        prost_types::Value {
            kind: Some(prost_types::value::Kind::StringValue(account.to_owned())),
        },
    )];
    let disable = TaskType::ActionInvoke(ActionInvoke {
        name: "disable_user".to_owned(),
        args: Some(prost_types::Struct {
            fields: arguments.into_iter().collect(),
        }),
        ..ActionInvoke::default()
    });
    server.give(task(3, disable));
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

/// A port that nobody listened on a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_state_is_kept_with_its_key_beside_it() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        let output = run(stage.connector(&["--state", "kept.db"])).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    assert!(Path::new(&stage.path("kept.db.key")).exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(stage.path("kept.db.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let file = stage.open("sync.c1z");
    assert_eq!(file.syncs().unwrap().len(), 2);
    // Another organization's key opens nothing of it.
    let output = run(stage.connector(&["--state", "kept.db", "--organization-id", "another"])).await;
    assert_eq!(output.status.code(), Some(1));
}
