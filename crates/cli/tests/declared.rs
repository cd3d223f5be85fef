//! Access as code and rehearsals through the built program, as a script would use them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;
use tokio::process::Command;
use twin::{Shape, Twin, TwinOptions};

struct Desk {
    folder: TempDir,
    twin: Twin,
}

impl Desk {
    /// A folder with a connection to a small organization that was read.
    async fn new() -> Desk {
        let options = TwinOptions {
            users: 80,
            groups: 20,
            workspaces: 3,
            directories: Some(1),
            shape: Shape::Typical,
            ..TwinOptions::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let twin = Twin::start(options).await.unwrap();
        std::fs::write(folder.path().join("key"), twin.api_key()).unwrap();
        let desk = Desk { folder, twin };
        let key = desk.file("key");
        let url = desk.twin.base_url().to_owned();
        desk.done(&[
            "connection",
            "add",
            "--name",
            "acme",
            "--base-url",
            &url,
            "--api-key-file",
            &key,
        ])
        .await;
        desk.done(&["sync", "--json"]).await;
        desk
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self.file(name)
    }

    async fn run(&self, words: &[&str]) -> Output {
        let folder: &Path = self.folder.path();
        Command::new(env!("CARGO_BIN_EXE_orgwarden"))
            .env_clear()
            .env("HOME", folder)
            .env("ORGWARDEN_MASTER_KEY_FILE", folder.join("master.key"))
            .env(
                "ORGWARDEN_DATABASE",
                format!("sqlite:{}", folder.join("t.db").display()),
            )
            .args(words)
            .output()
            .await
            .unwrap()
    }

    /// What a command prints that ends well.
    async fn done(&self, words: &[&str]) -> String {
        let output = self.run(words).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    async fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.done(words).await).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_planned_rehearsed_and_applied() {
    let desk = Desk::new().await;
    let exported = desk.done(&["export", "access"]).await;
    let file = desk.write("access.yaml", &exported);
    let same = desk.done(&["apply", "-f", &file, "--check"]).await;
    assert!(same.starts_with("No drift"), "{same}");
    let nothing = desk.json(&["apply", "-f", &file, "--json"]).await;
    assert_eq!(nothing["plan"], Value::Null);

    // A member more: somebody of another group, in a group that people here own.
    let head = "groups:\n";
    let team = "  - name: team of a test\n    create: true\n    members: [";
    let person = desk.twin.truth(false).into_iter().find_map(|line| {
        let line: Value = serde_json::from_str(&line).unwrap();
        let is_active = line["kind"] == "account" && line["account_status"] == "active";
        is_active
            .then(|| line["account_id"].as_str().map(str::to_owned))
            .flatten()
    });
    let declared = exported.replacen(head, &format!("{head}{team}\"{}\"]\n", person.unwrap()), 1);
    let file = desk.write("access.yaml", &declared);
    let checked = desk.run(&["apply", "-f", &file, "--check", "--json"]).await;
    assert_eq!(checked.status.code(), Some(2));
    let drift: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (&drift["drift"]["missing"], &drift["drift"]["extra"]),
        (&2.into(), &0.into())
    );

    let made = desk.json(&["apply", "-f", &file, "--json"]).await;
    let plan = made["plan"]["id"].as_str().unwrap().to_owned();
    let again = desk.json(&["apply", "-f", &file, "--json"]).await;
    assert_eq!(again["plan"]["id"], plan, "the same plan waits already");
    let rehearsed = desk
        .json(&["rehearse", &plan, "--latency-ms", "0", "--json"])
        .await;
    assert_eq!(rehearsed["state"], "done");
    assert_eq!(rehearsed["hash"], made["plan"]["hash"]);
    let still = desk.run(&["apply", "-f", &file, "--check"]).await;
    assert_eq!(
        still.status.code(),
        Some(2),
        "neither a plan nor a rehearsal changes anything"
    );

    desk.done(&[
        "connection",
        "set",
        "acme",
        "--writes",
        "on",
        "--self-approval",
        "on",
    ])
    .await;
    desk.done(&["plan", "approve", &plan]).await;
    let applied = desk.json(&["plan", "apply", &plan, "--json"]).await;
    assert_eq!(applied["state"], "done");
    assert_eq!(applied["reality"]["surprises"], Value::Array(Vec::new()));
    desk.done(&["sync", "--json"]).await;
    desk.done(&["apply", "-f", &file, "--check"]).await;
    desk.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_is_told_by_line_and_column() {
    let desk = Desk::new().await;
    let file = desk.write("a.yaml", "groups:\n  - name: nobody\n    memebrs: []\n");
    let output = desk.run(&["apply", "-f", &file, "--check"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(9), "{said}");
    assert!(
        said.contains("a.yaml:3:5: \"memebrs\" is not known here; did you mean members?"),
        "{said}"
    );
    let absent = desk.file("absent.yaml");
    let output = desk.run(&["apply", "-f", &absent]).await;
    assert_eq!(output.status.code(), Some(2));
    desk.twin.stop().await;
}
