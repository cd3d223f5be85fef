//! `serve` with plans: a page asks for one, and whoever serves carries it out, also after a kill. And `leaver`.

use super::{PROGRAM, connected, run_beside, said};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use twin::{Twin, TwinOptions};

async fn json(folder: &Path, words: &[&str]) -> Value {
    let output = run_beside(folder, words).await;
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words:?}: {}", said(&output)))
}

async fn well(folder: &Path, words: &[&str]) {
    let output = run_beside(folder, words).await;
    assert!(output.status.success(), "{words:?}: {}", said(&output));
}

/// A program that serves pages, and a browser that is let in.
struct Serving {
    child: Child,
    host: String,
    cookie: String,
}

impl Serving {
    async fn start(folder: &Path) -> Serving {
        let database = format!("sqlite:{}", folder.join("t.db").display());
        let mut child = Command::new(PROGRAM)
            .env_clear()
            .env("HOME", folder)
            .env("ORGWARDEN_MASTER_KEY_FILE", folder.join("master.key"))
            .env("ORGWARDEN_DATABASE", database)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let address = line.split_once("http://").unwrap().1;
        let (host, start) = address.split_once('/').unwrap();
        let mut serving = Serving {
            child,
            host: host.to_owned(),
            cookie: String::new(),
        };
        let answer = serving.ask("GET", &format!("/{start}")).await;
        let (_, after) = answer.split_once("set-cookie: ").unwrap();
        serving.cookie = after.split(';').next().unwrap().to_owned();
        serving
    }

    async fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        let host = &self.host;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {}\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n",
            self.cookie
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// An organization that was read and may be changed.
async fn changeable(latency_ms: u64) -> (tempfile::TempDir, Twin) {
    let options = TwinOptions {
        users: 80,
        groups: 15,
        workspaces: 3,
        latency_ms,
        ..TwinOptions::default()
    };
    let (folder, twin) = connected(options).await;
    let path = folder.path();
    let set = [
        "connection",
        "set",
        "acme",
        "--writes",
        "on",
        "--self-approval",
        "on",
        "--share-percent",
        "100",
    ];
    well(path, &set).await;
    well(path, &["sync"]).await;
    (folder, twin)
}

/// An approved plan that many members leave a group.
async fn approved(folder: &Path) -> String {
    let groups = json(folder, &["groups", "--sort", "members", "--json"]).await;
    let rows = groups["groups"]["rows"].as_array().unwrap();
    for group in rows.iter().filter(|group| group["external_synced"] != true) {
        let id = group["group_id"].as_str().unwrap();
        let facts = run_beside(folder, &["export", "facts"]).await;
        let text = String::from_utf8_lossy(&facts.stdout).into_owned();
        let members: Vec<String> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|fact| fact["kind"] == "membership" && fact["group_id"] == id)
            .filter_map(|fact| Some(fact["account_id"].as_str()?.to_owned()))
            .take(30)
            .collect();
        std::fs::write(folder.join("leave"), members.join("\n")).unwrap();
        let file = folder.join("leave").display().to_string();
        let words = [
            "plan",
            "remove-member",
            "--group",
            id,
            "--accounts-from",
            &file,
            "--json",
        ];
        let plan = json(folder, &words).await;
        if let Some(plan) = plan["id"].as_str() {
            well(folder, &["plan", "approve", plan]).await;
            return plan.to_owned();
        }
    }
    panic!("no group can be changed");
}

async fn state(folder: &Path, plan: &str) -> String {
    let view = json(folder, &["plan", "show", plan, "--json"]).await;
    view["state"].as_str().unwrap().to_owned()
}

fn requests(twin: &Twin) -> u64 {
    twin.stats()["requests"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_a_page_asked_for_is_carried_out_by_whoever_serves_next_when_the_first_is_killed() {
    let (folder, twin) = changeable(5).await;
    let folder = folder.path();
    let plan = approved(folder).await;
    let mut first = Serving::start(folder).await;
    let before = requests(&twin);
    let answer = first.ask("POST", &format!("/plans/{plan}/apply")).await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    while requests(&twin) < before + 10 {
        tokio::task::yield_now().await;
    }
    first.child.kill().await.unwrap();
    assert_eq!(state(folder, &plan).await, "running");
    let _second = Serving::start(folder).await;
    while state(folder, &plan).await == "running" {
        tokio::task::yield_now().await;
    }
    assert_eq!(state(folder, &plan).await, "done");
    let view = json(folder, &["plan", "show", &plan, "--json"]).await;
    let events: Vec<&str> = view["journal"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert!(events.contains(&"gone on with"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_leaves_is_reported_and_planned_for() {
    let (folder, _twin) = changeable(0).await;
    let folder = folder.path();
    let accounts = json(folder, &["accounts", "--sort", "groups", "--json"]).await;
    let account = accounts["accounts"]["rows"][0]["account_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = json(folder, &["leaver", &account, "--json"]).await;
    let held = report["held"].as_array().unwrap();
    assert!(held.iter().any(|held| held["kind"] == "group"), "{report}");
    assert!(!report["not_known"].as_array().unwrap().is_empty());
    let text = run_beside(folder, &["leaver", &account]).await;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("TAKEN AWAY") && text.contains("Not known yet:"),
        "{text}"
    );
    assert!(text.contains(&format!("orgwarden leaver {account} --plan")));
    let planned = held.iter().filter(|held| held["removal"]["by"] == "plan").count();
    let plan = json(
        folder,
        &["leaver", &account, "--plan", "--comment", "left", "--json"],
    )
    .await;
    let actions = plan["actions"].as_array().unwrap().len();
    let refused = plan["refused"].as_array().unwrap().len();
    assert_eq!(plan["comment"], "left");
    assert!(actions > 0 && actions + refused >= planned, "{plan}");
    let past = run_beside(folder, &["leaver", &account, "--plan", "--as-of", "1h"]).await;
    assert_eq!(past.status.code(), Some(2), "{}", said(&past));
}

/// The runs that a file of alerts tells of, in order.
fn told(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let run = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["run"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    text.lines().map(run).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alert_is_lost_and_none_is_told_twice_however_often_whoever_serves_is_killed() {
    let (folder, twin) = changeable(2).await;
    let folder = folder.path();
    let file = folder.join("alerts.jsonl");
    let path = file.display().to_string();
    well(folder, &["channel", "add", "file", "log", "--path", &path]).await;
    well(
        folder,
        &["alert", "add", "change", "anything", "--channel", "log"],
    )
    .await;
    for cycle in 0..12_u64 {
        twin.mutate(10, 900 + cycle);
        twin.advance_s(60);
        well(folder, &["connection", "schedule", "--now"]).await;
        let before = requests(&twin);
        let mut serving = Serving::start(folder).await;
        // At another place each time: in the middle of a reading, while it is merged or published, while it is told.
        // An idle program sends nothing more for a minute: then it has told what there was.
        let place = before + 7 * cycle;
        let enough = async {
            while requests(&twin) < place {
                tokio::task::yield_now().await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(4), enough).await;
        serving.child.kill().await.unwrap();
    }
    well(folder, &["sync"]).await;
    well(folder, &["alert", "deliver"]).await;
    let mut told = told(&file);
    told.sort();
    let changes = json(folder, &["changes", "--limit", "100000", "--json"]).await;
    let readings = changes["readings"].as_array().unwrap().iter();
    let mut expected: Vec<String> = readings.map(|reading| run_name(&reading["run"])).collect();
    expected.sort();
    assert!(!expected.is_empty());
    assert_eq!(told, expected);
}

/// A run as messages name it.
fn run_name(run: &Value) -> String {
    run.as_str().map_or_else(|| format!("run_{run}"), str::to_owned)
}
