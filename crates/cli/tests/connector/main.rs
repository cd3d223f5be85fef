//! The program as a connector: once and on demand here, in service mode against a pretend server in `serving`; always
//! on a twin.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod serving;

use baton::c1z::{C1z, C1zError, Limits, List};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
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
        Stage::of(TwinOptions::default()).await
    }

    /// The usual organization, on a twin that behaves like this.
    async fn of(options: TwinOptions) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let options = TwinOptions {
            users: 60,
            groups: 15,
            workspaces: 3,
            ..options
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
    let expected = include_str!("../../../../fixtures/baton/capabilities.json");
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

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_is_not_replaced_by_one() {
    let stage = Stage::new().await;
    let socket = std::os::unix::net::UnixListener::bind(stage.path("socket")).unwrap();
    for (name, what) in [("socket", "a device, a pipe or a socket"), ("tmp", "a folder")] {
        let output = run(stage.connector(&["-f", name])).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(last_line(&output).contains(what), "{}", said(&output));
    }
    drop(socket);
    assert!(!std::fs::symlink_metadata(stage.path("socket")).unwrap().is_file());
}

/// A twin that does not know some operations.
fn without(operation: &str) -> TwinOptions {
    TwinOptions {
        disabled_endpoints: vec![operation.to_owned()],
        disabled_answer: 404,
        ..TwinOptions::default()
    }
}

#[tokio::test]
async fn grants_that_are_not_told_make_no_file_and_what_is_no_part_of_it_does_not_matter() {
    let stage = Stage::of(TwinOptions {
        shape: twin::Shape::DirectHeavy,
        ..without("getUserRoleAssignments")
    })
    .await;
    for _ in 0..2 {
        let output = run(stage.connector(&["--state", "kept.db"])).await;
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let why = last_line(&output);
        assert!(why.contains("does not tell what they hold"), "{why}");
        assert!(!stage.path("sync.c1z").exists());
    }

    let stage = Stage::of(without("getPolicies")).await;
    let output = run(stage.connector(&[])).await;
    assert!(output.status.success(), "{}", said(&output));
    let stage = Stage::of(without("getAllApiTokensByOrgId")).await;
    assert_eq!(run(stage.connector(&[])).await.status.code(), Some(1));
    let output = run(stage.connector(&["--sync-resource-types", "user,group"])).await;
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test]
async fn a_list_that_is_empty_against_its_count_makes_no_file() {
    let stage = Stage::new().await;
    let faults = json!({ "probability": 1, "kinds": ["empty"], "operations": ["searchDirectoryUsers"] });
    stage.twin.set_faults(&faults).unwrap();
    let output = run(stage.connector(&[])).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let why = last_line(&output);
    assert!(
        why.contains("Accounts not read completely: Atlassian counts "),
        "{why}"
    );
    assert!(why.ends_with(" and lists 0"), "{why}");
}

#[tokio::test]
async fn settings_of_other_commands_are_refused_rather_than_ignored() {
    let stage = Stage::new().await;
    let output = run(stage.connector(&["--database", "sqlite:kept.db", "-f", "out.c1z"])).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("the connector does not take --database"),
        "{}",
        said(&output)
    );
    assert!(!stage.path("out.c1z").exists());
}

#[tokio::test]
async fn what_is_granted_on_demand_is_there_afterwards_and_twice_does_no_harm() {
    let stage = Stage::new().await;
    assert!(run(stage.connector(&[])).await.status.success());
    let before = std::fs::read(stage.path("sync.c1z")).unwrap();
    let file = stage.open("sync.c1z");
    let grant = a_membership(&file);
    for grant in [&grant, &a_role(&file)] {
        for was_so in [false, true] {
            let output = run(stage.connector(&["--revoke-grant", grant])).await;
            assert!(output.status.success(), "{}", said(&output));
            assert!(
                said(&output).contains(&format!("\"was_so\":{was_so}")),
                "{}",
                said(&output)
            );
        }
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
#[tokio::test]
async fn an_account_is_made_once_and_found_when_it_is_asked_for_again() {
    let stage = Stage::new().await;
    let create = async || {
        let mut command = stage.connector(&["-p", "--create-account-email", "zoe@example.com"]);
        command
            .env("BATON_SCIM_BASE_URL", stage.twin.scim_base_url())
            .env("BATON_SCIM_TOKEN", stage.twin.scim_token())
            .env("BATON_CREATE_ACCOUNT_LOGIN", "zoe@example.com");
        let output = run(command).await;
        assert!(output.status.success(), "{}", said(&output));
        last_line(&output)
    };
    let first: Value = serde_json::from_str(&create().await).unwrap();
    assert_eq!(first["msg"], "the account is made");
    let second: Value = serde_json::from_str(&create().await).unwrap();
    assert_eq!(second["msg"], "an account of this user name exists already");
    assert_eq!(second["id"], first["id"]);
}

fn a_membership(file: &C1z) -> String {
    let sync = file.sync(None).unwrap();
    let (mut members, mut administrators) = (Vec::new(), Vec::new());
    file.list(List::Grants, &sync, None, |shown: Value| {
        let id = shown["grant"]["id"].as_str().unwrap().to_owned();
        if id.contains(":member:user:") {
            members.push(id);
        } else if let Some((_, account)) = id.rsplit_once(":user:")
            && id.starts_with("organization:")
        {
            administrators.push(account.to_owned());
        }
        Ok::<(), C1zError>(())
    })
    .unwrap();
    // Administrators are not suspended; the file is in the order in which answers came.
    members.retain(|id| !administrators.iter().any(|account| id.ends_with(account)));
    members.into_iter().min().unwrap()
}

/// A grant of a role to an account that is in no group, so that the role is its own.
fn a_role(file: &C1z) -> String {
    let sync = file.sync(None).unwrap();
    let (mut roles, mut members) = (Vec::new(), Vec::new());
    file.list(List::Grants, &sync, None, |shown: Value| {
        let grant = shown["grant"]["id"].as_str().unwrap();
        if let Some((entitlement, account)) = grant.rsplit_once(":user:") {
            if entitlement.starts_with("workspace:") {
                roles.push((grant.to_owned(), account.to_owned()));
            } else {
                members.push(account.to_owned());
            }
        }
        Ok::<(), C1zError>(())
    })
    .unwrap();
    let (grant, _) = roles
        .into_iter()
        .find(|(_, account)| !members.contains(account))
        .unwrap();
    grant
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
    let other = Stage::of(TwinOptions {
        seed: 99,
        ..TwinOptions::default()
    })
    .await;
    let kept = stage.path("kept.db");
    let output = run(other.connector(&["--state", kept.to_str().unwrap()])).await;
    assert_eq!(output.status.code(), Some(1));
    let why = last_line(&output);
    let (whose, found) = (stage.twin.org_id(), other.twin.org_id());
    assert!(
        why.starts_with(&format!(
            "what is kept is of organization {whose}, and the key reads {found}"
        )),
        "{why}"
    );
    let output = run(stage.connector(&["--state", "kept.db", "--organization-id", "another"])).await;
    assert_eq!(output.status.code(), Some(1));
    // A state whose key is lost is said to be that, and gets no other key.
    std::fs::remove_file(stage.path("kept.db.key")).unwrap();
    let output = run(stage.connector(&["--state", "kept.db"])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("which is missing"), "{}", said(&output));
    assert!(!Path::new(&stage.path("kept.db.key")).exists());
}
