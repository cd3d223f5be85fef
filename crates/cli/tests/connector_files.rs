//! The built program as the connector: the file it leaves, also when it is killed, and what `c1z` says of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use twin::{Shape, Twin, TwinOptions};

/// An organization, and a folder on a real disk for its file.
struct Case {
    twin: Twin,
    folder: TempDir,
}

/// Where a program is when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The key was not even tried.
    Begun,
    /// Some requests were answered.
    Reading,
    /// The database is being filled.
    Writing,
    /// It is being compressed.
    Packing,
    /// The new file is there under another name.
    BeforeRename,
}

impl Case {
    async fn new(users: usize) -> Case {
        let options = TwinOptions {
            users,
            groups: 20,
            workspaces: 5,
            shape: Shape::DirectHeavy,
            seed: 5,
            ..TwinOptions::default()
        };
        Case {
            twin: Twin::start(options).await.unwrap(),
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("out/sync.c1z")
    }

    fn command(&self) -> Command {
        let aside = self.folder.path().join("aside");
        std::fs::create_dir_all(&aside).unwrap();
        std::fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgwarden"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .args(["connector", "--access-token", self.twin.api_key()])
            .args(["--organization-id", self.twin.org_id()])
            .args(["--base-url", self.twin.base_url()])
            .arg("--c1z-temp-dir")
            .arg(aside)
            .arg("-f")
            .arg(self.file())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    fn sync(&self) {
        let ended = self.command().output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
    }

    fn requests(&self) -> u64 {
        self.twin.stats()["requests"].as_u64().unwrap_or(0)
    }

    /// Files beside the target that are to take its place.
    fn beside(&self) -> Vec<PathBuf> {
        let all = std::fs::read_dir(self.file().parent().unwrap()).unwrap();
        all.map(|entry| entry.unwrap().path())
            .filter(|path| *path != self.file())
            .collect()
    }

    /// Waits until the program is there; answers false when it ended before that was seen.
    fn reaches(&self, stage: Stage, child: &mut Child) -> bool {
        let before = self.requests();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let reached = match stage {
            Stage::Begun => true,
            Stage::Reading => loop {
                if self.requests() > before + 5 {
                    break true;
                }
                if child.try_wait().unwrap().is_some() {
                    break false;
                }
                std::thread::yield_now();
            },
            Stage::Writing => lines.any(|line| line.contains("Syncing grants")),
            Stage::Packing => lines.any(|line| line.contains("Packing the file")),
            Stage::BeforeRename => {
                lines.any(|line| line.contains("Packing the file"))
                    && loop {
                        let whole = self
                            .beside()
                            .iter()
                            .any(|file| file.metadata().is_ok_and(|file| file.len() > 0));
                        if whole {
                            break true;
                        }
                        if child.try_wait().unwrap().is_some() {
                            break false;
                        }
                        std::hint::spin_loop();
                    }
            }
        };
        // Whoever still writes there is not to be ended by a closed pipe before it is killed.
        std::mem::forget(lines);
        reached
    }
}

fn json(words: &[&str], file: &Path) -> Value {
    let asked = Command::new(env!("CARGO_BIN_EXE_orgwarden"))
        .arg("c1z")
        .args(words)
        .arg(file)
        .arg("--json")
        .output()
        .unwrap();
    assert!(
        asked.status.success(),
        "{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    serde_json::from_slice(&asked.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ours_is_told_about_by_our_commands() {
    let case = Case::new(60).await;
    case.sync();
    case.twin.mutate(40, 3);
    case.sync();
    let file = case.file();
    let syncs = json(&["show"], &file);
    assert_eq!(syncs["syncs"].as_array().unwrap().len(), 2);
    let stats = json(&["stats"], &file);
    let grants = json(&["grants"], &file);
    let count = grants["grants"].as_array().unwrap().len();
    assert_eq!(stats["stats"]["grants"], count.to_string());
    let resources = json(&["resources", "--resource-type", "user"], &file);
    let user = &resources["resources"][0]["resource"];
    let id = user["id"]["resource"].as_str().unwrap();
    let access = json(&["access", "--resource-type", "user", "--resource", id], &file);
    assert_eq!(&access["principal"], user);
    let diff = json(&["diff"], &file);
    assert!(
        diff["grants"]["created"].is_array() || diff["grants"]["deleted"].is_array(),
        "{diff}"
    );
    case.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_connector_leaves_the_older_file_as_it_was() {
    let case = Case::new(300).await;
    case.sync();
    let older = std::fs::read(case.file()).unwrap();
    for stage in [
        Stage::Begun,
        Stage::Reading,
        Stage::Writing,
        Stage::Packing,
        Stage::BeforeRename,
    ] {
        let mut was_killed_there = false;
        for _ in 0..20 {
            std::fs::write(case.file(), &older).unwrap();
            let mut child = case.command().spawn().unwrap();
            let reached = case.reaches(stage, &mut child);
            // SIGKILL on Unix: no handler runs, nothing is flushed.
            child.kill().unwrap();
            child.wait().unwrap();
            let after = std::fs::read(case.file()).unwrap();
            if after != older {
                // It was faster than we: then the new file is whole.
                assert_eq!(
                    json(&["show"], &case.file())["syncs"].as_array().unwrap().len(),
                    2
                );
                continue;
            }
            was_killed_there = reached;
            if was_killed_there {
                break;
            }
        }
        assert!(was_killed_there, "never killed in time: {stage:?}");
    }
    // What the killed ones left beside the file is gone once one ends as it should.
    case.sync();
    assert!(case.beside().is_empty());
    assert_eq!(
        json(&["show"], &case.file())["syncs"].as_array().unwrap().len(),
        2
    );
    case.twin.stop().await;
}
