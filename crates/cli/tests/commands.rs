//! The built program: what it says and how it ends, also when it is killed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod serving;

use scenarios::kills::read_with_kills;
use std::path::Path;
use std::process::{Command, Output};
use twin::{FilterSemantics, Shape, Twin, TwinOptions};

const PROGRAM: &str = env!("CARGO_BIN_EXE_orgwarden");

fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM)
        .env_clear()
        .env("HOME", folder)
        .env("ORGWARDEN_MASTER_KEY_FILE", folder.join("master.key"))
        .env(
            "ORGWARDEN_DATABASE",
            format!("sqlite:{}", folder.join("t.db").display()),
        )
        .args(words)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn small() -> TwinOptions {
    TwinOptions {
        users: 60,
        groups: 15,
        workspaces: 3,
        ..TwinOptions::default()
    }
}

/// A folder with a connection to a twin.
async fn connected(options: TwinOptions) -> (tempfile::TempDir, Twin) {
    let folder = tempfile::tempdir().unwrap();
    let twin = Twin::start(options).await.unwrap();
    let added = add(
        folder.path(),
        &twin,
        twin.api_key(),
        twin.org_id(),
        twin.base_url(),
    )
    .await;
    assert!(added.status.success(), "{}", said(&added));
    (folder, twin)
}

async fn add(folder: &Path, twin: &Twin, key: &str, organization: &str, base_url: &str) -> Output {
    std::fs::write(folder.join("api.key"), key).unwrap();
    let key_file = folder.join("api.key").display().to_string();
    let (organization, base_url) = (organization.to_owned(), base_url.to_owned());
    let words = [
        "connection",
        "add",
        "--name",
        "acme",
        "--org-id",
        &organization,
        "--base-url",
        &base_url,
        "--api-key-file",
        &key_file,
    ];
    assert!(!twin.base_url().is_empty());
    let (folder, words) = (folder.to_owned(), words.map(str::to_owned));
    tokio::task::spawn_blocking(move || run(&folder, &words.each_ref().map(String::as_str)))
        .await
        .unwrap()
}

async fn run_beside(folder: &Path, words: &[&str]) -> Output {
    let folder = folder.to_owned();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let run = move || run(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reading_goes_on_and_ends_right() {
    for (seed, filters) in [(1, FilterSemantics::Joint), (2, FilterSemantics::Independent)] {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("k.db").display());
        let options = TwinOptions {
            seed,
            filters,
            users: 400,
            groups: 40,
            workspaces: 6,
            latency_ms: 2,
            ..TwinOptions::default()
        };
        let (verdict, kills) = read_with_kills(
            Path::new(PROGRAM),
            options,
            folder.path(),
            &database,
            &[3, 20, 45],
        )
        .await
        .unwrap();
        assert!(verdict.is_right(), "{verdict:?}");
        assert!(kills > 0, "no reading was killed while it was at work");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let twin = Twin::start(small()).await.unwrap();
    let output = add(folder.path(), &twin, "not-a-key", twin.org_id(), twin.base_url()).await;
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(
        said(&output).contains("does not accept the API key"),
        "{}",
        said(&output)
    );
    let list = run_beside(folder.path(), &["connection", "list", "--json"]).await;
    assert_eq!(String::from_utf8_lossy(&list.stdout).trim(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let twin = Twin::start(small()).await.unwrap();
    let other = "00000000-0000-4000-8000-000000000000";
    let output = add(folder.path(), &twin, twin.api_key(), other, twin.base_url()).await;
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_address_is_named_and_ends_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let twin = Twin::start(small()).await.unwrap();
    let output = add(
        folder.path(),
        &twin,
        twin.api_key(),
        twin.org_id(),
        "http://127.0.0.1:9",
    )
    .await;
    assert_eq!(output.status.code(), Some(7), "{}", said(&output));
    assert!(
        said(&output).contains("127.0.0.1 cannot be reached"),
        "{}",
        said(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_ends_with_its_code_and_near_names() {
    let (folder, _twin) = connected(small()).await;
    assert!(
        run_beside(folder.path(), &["sync", "--json"])
            .await
            .status
            .success()
    );
    let output = run_beside(folder.path(), &["access", "nobody@nowhere.example"]).await;
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_reading_ends_with_its_code() {
    let (folder, _twin) = connected(small()).await;
    let output = run_beside(folder.path(), &["sync", "--max-requests", "5", "--json"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"status\":\"incomplete\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_out_of_proportion_is_held_until_a_person_confirms() {
    let (folder, twin) = connected(small()).await;
    assert!(
        run_beside(folder.path(), &["sync", "--json"])
            .await
            .status
            .success()
    );
    twin.stop().await;
    // The same organization by its id, almost empty now.
    let shrunk = Twin::start(TwinOptions {
        shape: Shape::Empty,
        ..small()
    })
    .await
    .unwrap();
    std::fs::write(folder.path().join("api.key"), shrunk.api_key()).unwrap();
    assert!(
        run_beside(folder.path(), &["connection", "remove", "acme"])
            .await
            .status
            .success()
    );
    let added = add(
        folder.path(),
        &shrunk,
        shrunk.api_key(),
        shrunk.org_id(),
        shrunk.base_url(),
    )
    .await;
    assert!(added.status.success(), "{}", said(&added));

    let before = run_beside(folder.path(), &["export", "facts"]).await.stdout;
    let held = run_beside(folder.path(), &["sync", "--json"]).await;
    assert_eq!(
        held.status.code(),
        Some(4),
        "{}",
        String::from_utf8_lossy(&held.stdout)
    );
    assert_eq!(
        run_beside(folder.path(), &["export", "facts"]).await.stdout,
        before
    );

    let answer: serde_json::Value = serde_json::from_slice(&held.stdout).unwrap();
    let run_id = answer["run"].as_str().unwrap();
    assert!(
        run_beside(folder.path(), &["runs", "confirm", run_id])
            .await
            .status
            .success()
    );
    assert!(
        run_beside(folder.path(), &["sync", "--json"])
            .await
            .status
            .success()
    );
    assert_ne!(
        run_beside(folder.path(), &["export", "facts"]).await.stdout,
        before
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_is_refused() {
    let (folder, _twin) = connected(small()).await;
    std::fs::write(folder.path().join("master.key"), "ab".repeat(32)).unwrap();
    let output = run_beside(folder.path(), &["sync"]).await;
    assert_eq!(output.status.code(), Some(8), "{}", said(&output));
    assert!(said(&output).contains("master key"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_reaches_a_message_or_a_log() {
    let (folder, twin) = connected(small()).await;
    let output = Command::new(PROGRAM)
        .env_clear()
        .env("HOME", folder.path())
        .env("ORGWARDEN_MASTER_KEY_FILE", folder.path().join("master.key"))
        .env(
            "ORGWARDEN_DATABASE",
            format!("sqlite:{}", folder.path().join("t.db").display()),
        )
        .args(["--log", "trace", "sync", "--json"])
        .output();
    let output = output.unwrap();
    assert!(output.status.success());
    let log = said(&output);
    assert!(log.len() > 1_000, "nothing was logged at trace");
    assert!(!log.contains(twin.api_key()), "the API key is in the log");
    assert!(
        !log.contains("@acme.example.com"),
        "an e-mail address is in the log"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_does_not_come_back_with_the_next_reading() {
    let (folder, _twin) = connected(small()).await;
    assert!(
        run_beside(folder.path(), &["sync", "--json"])
            .await
            .status
            .success()
    );
    let facts = String::from_utf8(run_beside(folder.path(), &["export", "facts"]).await.stdout).unwrap();
    let line = facts
        .lines()
        .find(|line| line.contains("@acme.example.com"))
        .unwrap();
    let account: serde_json::Value = serde_json::from_str(line).unwrap();
    let (id, email) = (
        account["account_id"].as_str().unwrap(),
        account["email"].as_str().unwrap(),
    );
    assert!(run_beside(folder.path(), &["erase", id]).await.status.success());
    assert!(
        run_beside(folder.path(), &["sync", "--json"])
            .await
            .status
            .success()
    );
    let facts = String::from_utf8(run_beside(folder.path(), &["export", "facts"]).await.stdout).unwrap();
    assert!(!facts.contains(email) && facts.contains(id));
}

/// A program that is ended with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twin_of_the_stored_organization_reads_the_same() {
    let (folder, twin) = connected(small()).await;
    let read = run_beside(folder.path(), &["sync", "--methods", "--json"]).await;
    assert!(read.status.success(), "{}", said(&read));
    let facts = run_beside(folder.path(), &["export", "facts", "--methods"]).await;
    let organization = twin.org_id().to_owned();
    // What follows needs nothing of the first one.
    twin.stop().await;

    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .env("HOME", folder.path())
        .env(
            "ORGWARDEN_DATABASE",
            format!("sqlite:{}", folder.path().join("t.db").display()),
        )
        .args(["twin", "--from-store", "--json"])
        .stdout(std::process::Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(running.0.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(told["org_id"], organization);

    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("api.key"), told["api_key"].as_str().unwrap()).unwrap();
    let key_file = other.path().join("api.key").display().to_string();
    let address = told["base_url"].as_str().unwrap();
    let words = [
        "connection",
        "add",
        "--name",
        "again",
        "--base-url",
        address,
        "--api-key-file",
        &key_file,
    ];
    let added = run_beside(other.path(), &words).await;
    assert!(added.status.success(), "{}", said(&added));
    let read = run_beside(other.path(), &["sync", "--methods", "--json"]).await;
    assert!(read.status.success(), "{}", said(&read));
    let again = run_beside(other.path(), &["export", "facts", "--methods"]).await;
    assert!(facts.stdout.len() > 10_000);
    assert_eq!(again.stdout, facts.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_in_lines_of_json_where_asked_for() {
    let (folder, twin) = connected(small()).await;
    let read = run_beside(folder.path(), &["sync", "--json", "--progress", "json"]).await;
    assert!(read.status.success(), "{}", said(&read));
    let events: Vec<serde_json::Value> = said(&read)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let estimate = events.iter().find(|event| event["event"] == "estimate").unwrap();
    assert!(estimate["requests"].as_i64().unwrap() > 0);
    let accounts = events
        .iter()
        .find(|event| event["event"] == "ended" && event["family"] == "accounts")
        .unwrap();
    assert!(accounts["rows"].as_i64().unwrap() >= 60);
    assert!(
        events
            .iter()
            .any(|event| event["event"] == "progress" && event["families"].is_object())
    );
    let quiet = run_beside(folder.path(), &["sync", "--json"]).await;
    assert_eq!(said(&quiet), "");
    twin.stop().await;
}

async fn json_of(folder: &Path, words: &[&str]) -> serde_json::Value {
    let output = run_beside(folder, words).await;
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_told_with_their_owners_and_orphans_by_one_word() {
    let (folder, twin) = connected(small()).await;
    let here = folder.path();
    std::fs::write(here.join("scim.token"), twin.scim_token()).unwrap();
    let token_file = here.join("scim.token").display().to_string();
    let set = [
        "connection",
        "set",
        "acme",
        "--scim-url",
        twin.scim_base_url(),
        "--scim-token-file",
        &token_file,
    ];
    assert!(run_beside(here, &set).await.status.success());
    assert!(run_beside(here, &["sync"]).await.status.success());

    let all = json_of(here, &["tokens", "--json"]).await;
    let all = all.as_array().unwrap();
    let truth = twin.truth(false);
    let count = truth
        .iter()
        .filter(|line| line.contains(r#""kind":"api_token""#))
        .count();
    assert_eq!(all.len(), count);
    let is_orphan = |token: &&serde_json::Value| !token["orphan"].is_null() && token["works"] == true;
    let orphans = json_of(here, &["tokens", "--orphans", "--json"]).await;
    assert_eq!(
        orphans.as_array().unwrap().len(),
        all.iter().filter(is_orphan).count()
    );
    for token in all.iter().filter(|token| token["owner"]["status"] == "inactive") {
        assert_eq!(token["orphan"], "owner deactivated");
    }
    let expired = json_of(here, &["tokens", "--expired", "--json"]).await;
    for token in expired.as_array().unwrap() {
        assert!(token["expires_in_days"].as_i64().unwrap() < 0);
    }
    let keys = json_of(here, &["tokens", "--keys", "--json"]).await;
    assert_eq!(keys.as_array().unwrap().len(), 5);
    let services = json_of(here, &["tokens", "--service-accounts", "--json"]).await;
    assert_eq!(services.as_array().unwrap().len(), 3);

    let managed = truth
        .iter()
        .find(|line| line.contains(r#""claim_status":"managed""#))
        .unwrap();
    let managed: serde_json::Value = serde_json::from_str(managed).unwrap();
    let account = managed["account_id"].as_str().unwrap();
    let told = json_of(here, &["privileges", account, "--json"]).await;
    for line in told["privileges"].as_array().unwrap() {
        assert_eq!(line["allowed"].as_bool().unwrap(), line["what_to_do"].is_null());
    }
    let unmanaged = truth
        .iter()
        .find(|line| line.contains(r#""claim_status":"unmanaged""#))
        .unwrap();
    let unmanaged: serde_json::Value = serde_json::from_str(unmanaged).unwrap();
    let refused = run_beside(here, &["privileges", unmanaged["account_id"].as_str().unwrap()]).await;
    assert_eq!(refused.status.code(), Some(6));
    assert!(
        said(&refused).contains("does not manage this account"),
        "{}",
        said(&refused)
    );
    twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_without_scrub_is_refused_with_what_to_type() {
    let (folder, twin) = connected(small()).await;
    let output = run_beside(folder.path(), &["capture"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("orgwarden capture --scrub DIR"),
        "{}",
        said(&output)
    );
    assert_eq!(
        twin.stats()["operations"]["searchDirectoryUsers"],
        serde_json::Value::Null
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_never_touches_a_folder_that_holds_something() {
    let (folder, _twin) = connected(small()).await;
    let record = folder.path().join("record");
    std::fs::create_dir(&record).unwrap();
    std::fs::write(record.join("mine"), "precious").unwrap();
    let output = run_beside(
        folder.path(),
        &["capture", "--scrub", &record.display().to_string()],
    )
    .await;
    assert_eq!(output.status.code(), Some(8), "{}", said(&output));
    assert!(said(&output).contains("is not empty"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(&record).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_with_a_bound_is_kept_and_says_that_it_is_not_whole() {
    let (folder, _twin) = connected(small()).await;
    let record = folder.path().join("record").display().to_string();
    let output = run_beside(
        folder.path(),
        &["capture", "--scrub", &record, "--max-requests", "9", "--json"],
    )
    .await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["status"], "incomplete");
    assert_eq!(told["requests"], 9);
    let manifest = std::fs::read_to_string(folder.path().join("record/manifest.json")).unwrap();
    assert!(manifest.contains("incomplete"), "{manifest}");
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let is_left = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".orgwarden-capture");
    assert!(!names.iter().any(is_left), "{names:?}");
}

/// A replay that ends with the test.
struct Replaying(std::process::Child);

impl Drop for Replaying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_organization_is_served_and_read_like_a_real_one() {
    use std::io::BufRead as _;
    let (folder, twin) = connected(small()).await;
    let record = folder.path().join("record").display().to_string();
    let output = run_beside(folder.path(), &["capture", "--scrub", &record]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    twin.stop().await;

    let elsewhere = tempfile::tempdir().unwrap();
    let mut replay = Command::new(PROGRAM)
        .env_clear()
        .env("HOME", elsewhere.path())
        .args(["twin", "--replay", &record, "--listen", "127.0.0.1:0", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = replay.stdout.take().unwrap();
    let _replay = Replaying(replay);
    let mut line = String::new();
    std::io::BufReader::new(stdout).read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let key_file = elsewhere.path().join("api.key");
    std::fs::write(&key_file, text("api_key")).unwrap();
    let (url, key_file) = (text("base_url"), key_file.display().to_string());
    let add = [
        "connection",
        "add",
        "--name",
        "r",
        "--base-url",
        &url,
        "--api-key-file",
        &key_file,
    ];
    let added = run_beside(elsewhere.path(), &add).await;
    assert!(added.status.success(), "{}", said(&added));
    let read = run_beside(elsewhere.path(), &["sync", "--json"]).await;
    assert_eq!(read.status.code(), Some(0), "{}", said(&read));
    let accounts = run_beside(elsewhere.path(), &["accounts", "--json"]).await;
    let accounts: serde_json::Value = serde_json::from_slice(&accounts.stdout).unwrap();
    assert_eq!(accounts["accounts"]["total"], 60, "{accounts}");

    // A capture that was cut on its way is refused with a sentence.
    let answers = folder.path().join("record/answers.ndjson");
    let whole = std::fs::read(&answers).unwrap();
    std::fs::write(&answers, &whole[..whole.len() / 2]).unwrap();
    let cut = run_beside(elsewhere.path(), &["twin", "--replay", &record]).await;
    assert_eq!(cut.status.code(), Some(2), "{}", said(&cut));
    assert!(said(&cut).contains("answers.ndjson"), "{}", said(&cut));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_and_findings_are_told_to_scripts() {
    let (folder, twin) = connected(small()).await;
    let here = folder.path();
    assert!(run_beside(here, &["sync"]).await.status.success());
    let accounts = json_of(
        here,
        &["query", "SELECT COUNT(*) AS accounts FROM account", "--json"],
    )
    .await;
    let rows = accounts.as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0]["accounts"].as_i64().unwrap() >= 60);
    let asked = "SELECT account_id, status FROM account WHERE status = :status ORDER BY account_id";
    let some = ["query", asked, "--var", "status=active", "--limit", "2", "--csv"];
    let csv = run_beside(here, &some).await;
    assert!(String::from_utf8_lossy(&csv.stdout).starts_with("account_id,status\r\n"));
    assert!(said(&csv).contains("--limit"));
    for (words, code) in [
        (vec!["query", "DELETE FROM fact"], 2),
        (vec!["query", asked], 2),
        (vec!["query", "SELECT 1", "--as-of", "2001-01-01"], 5),
        (vec!["query", "--saved", "none"], 5),
        (vec!["findings", "show", "finding_9999"], 5),
        (
            vec![
                "findings",
                "suppress",
                "finding_1",
                "--reason",
                "x",
                "--until",
                "2001-01-01",
            ],
            2,
        ),
    ] {
        let refused = run_beside(here, &words).await;
        assert_eq!(refused.status.code(), Some(code), "{words:?}: {}", said(&refused));
    }

    let open = json_of(here, &["findings", "--json"]).await;
    let first = open[0]["id"].as_str().unwrap().to_owned();
    let accept = [
        "findings", "accept", &first, "--reason", "known", "--until", "30d", "--json",
    ];
    assert_eq!(json_of(here, &accept).await[0]["state"], "accepted");
    let shown = json_of(here, &["findings", "show", &first, "--json"]).await;
    assert_eq!(
        shown["life"][1]["reason"]
            .as_str()
            .map(|reason| reason.starts_with("known")),
        Some(true)
    );
    let rules = json_of(here, &["rules", "--json"]).await;
    assert_eq!(rules["rules"].as_array().unwrap().len(), 15);

    let file = here.join("mine.toml");
    std::fs::write(&file, "[[rule]]\nid = \"x\"\nseverity = \"bad\"\n").unwrap();
    let checked = run_beside(here, &["rules", "check", &file.display().to_string()]).await;
    assert_eq!(checked.status.code(), Some(9));
    assert!(String::from_utf8_lossy(&checked.stdout).contains(":3: x: severity is critical"));
    twin.stop().await;
}
