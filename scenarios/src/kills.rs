//! Killing the program without warning while it reads, and reading on.

use crate::judge::{self, Verdict};
use anyhow::Context as _;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;
use twin::{Twin, TwinOptions};

/// Kills `orgwarden sync` each time the twin has answered so many requests more, then lets it finish; judges the
/// export.
///
/// `program` is the built `orgwarden`; `database` an address of an empty database. Answers the verdict and how often
/// the program was killed while it was at work.
pub async fn read_with_kills(
    program: &Path,
    options: TwinOptions,
    folder: &Path,
    database: &str,
    kill_after_requests: &[u64],
) -> anyhow::Result<(Verdict, usize)> {
    let twin = Twin::start(options).await?;
    let key_file = folder.join("api.key");
    std::fs::write(&key_file, twin.api_key())?;
    let command = |words: &[&str]| {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", folder)
            .env("ORGWARDEN_MASTER_KEY_FILE", folder.join("master.key"))
            .arg("--database")
            .arg(database)
            .args(words)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    };
    let key_file = key_file.display().to_string();
    let add = [
        "connection",
        "add",
        "--name",
        "k",
        "--org-id",
        twin.org_id(),
        "--base-url",
        twin.base_url(),
        "--api-key-file",
        &key_file,
    ];
    let added = command(&add)
        .stdout(Stdio::null())
        .status()
        .await
        .context("cannot start the program")?;
    anyhow::ensure!(added.success(), "the connection was not added");

    let mut kills = 0;
    for after in kill_after_requests {
        let until = requests(&twin) + after;
        let mut child = command(&["sync", "--json"]).stdout(Stdio::null()).spawn()?;
        let killed = loop {
            if requests(&twin) >= until {
                // SIGKILL on Unix: no handler runs, nothing is flushed.
                child.kill().await?;
                break true;
            }
            if child.try_wait()?.is_some() {
                break false;
            }
            tokio::task::yield_now().await;
        };
        kills += usize::from(killed);
    }
    let last = command(&["sync", "--json"])
        .stdout(Stdio::null())
        .status()
        .await?;
    anyhow::ensure!(last.success(), "the last reading ended with {last}");
    let exported = command(&["export", "facts"])
        .stdout(Stdio::piped())
        .output()
        .await?;
    anyhow::ensure!(
        exported.status.success(),
        "the export ended with {}",
        exported.status
    );
    let lines: Vec<String> = String::from_utf8(exported.stdout)?
        .lines()
        .map(str::to_owned)
        .collect();
    let verdict = judge::complete(&lines, &[twin.truth(false)]);
    twin.stop().await;
    Ok((verdict, kills))
}

fn requests(twin: &Twin) -> u64 {
    twin.stats()
        .get("requests")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0)
}
