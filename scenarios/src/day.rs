//! A simulated day of mixed plans, carried out by the built program while it is killed and Atlassian answers badly.
//!
//! What is expected is worked out from the truth at the beginning and from what the program says became of each action;
//! at the end of the day the truth must be that, and a reading must find it.

use crate::draw::{Drawer, Random};
use crate::expected::Expected;
use anyhow::Context as _;
use model::{Action, ActionState};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use twin::{Twin, TwinOptions};

/// How often a plan is gone on with before that counts as wrong.
const TIMES: usize = 12;
const DAY_S: i64 = 24 * 60 * 60;
/// Share of requests that go wrong, in percent.
const FAULTS_PERCENT: u32 = 4;
/// Operations that send what is worse sent twice.
const INVITE: &str = "inviteUsers";

/// A day to live through.
#[derive(Debug, Clone)]
pub struct Day<'a> {
    /// The built `orgwarden`.
    pub program: &'a Path,
    /// An address of an empty database.
    pub database: &'a str,
    /// How many plans are made.
    pub plans: usize,
    /// How many times the program is killed while it carries plans out.
    pub kills: usize,
    /// Chooses the organization, the plans, the faults and the kills.
    pub seed: u64,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct DayTally {
    /// Plans carried out, undoings among them.
    pub plans: usize,
    /// Of them, undoings.
    pub undone: usize,
    /// Actions confirmed, by kind.
    pub confirmed: BTreeMap<String, usize>,
    /// Actions failed.
    pub failed: usize,
    /// Actions for a person to look at.
    pub stuck: usize,
    /// Actions that a preflight refused.
    pub refused: usize,
    /// Kills while a plan was being carried out.
    pub kills: usize,
    /// What was wrong, a sentence each.
    pub wrong: Vec<String>,
}

/// A desk with the program, a connection and the organization.
struct Desk<'a> {
    day: &'a Day<'a>,
    folder: PathBuf,
    twin: Twin,
    now: Expected,
    tally: DayTally,
    /// Requests that invite, as the program's journal has them.
    invitations: u64,
}

/// Lives through a day.
pub async fn live(day: &Day<'_>) -> anyhow::Result<DayTally> {
    let options = TwinOptions {
        users: 250,
        groups: 60,
        workspaces: 5,
        directories: Some(1 + usize::from(day.seed % 2 == 1)),
        seed: day.seed,
        latency_ms: 3,
        ..TwinOptions::default()
    };
    let twin = Twin::start(options).await?;
    let folder = tempfile::tempdir()?;
    let truth = values(&twin);
    let beginning = Expected::of(&truth, None);
    let mut desk = Desk {
        day,
        folder: folder.path().to_owned(),
        twin,
        now: beginning.clone(),
        tally: DayTally::default(),
        invitations: 0,
    };
    desk.connect().await?;
    let mut drawer = drawer(&truth);
    let mut random = Random::new(day.seed);
    let mut number = 0;
    // A program may come to its end before it is killed; then the day has more plans than asked for, but not twice as
    // many.
    while number < day.plans || (desk.tally.kills < day.kills && number < 2 * day.plans) {
        let actions = drawer.plan(&mut random, &desk.now, 8);
        let left = day.plans.saturating_sub(number).max(1);
        let kills = (day.kills - desk.tally.kills.min(day.kills)).div_ceil(left);
        let kills: Vec<u64> = (0..kills)
            .map(|_| 1 + u64::try_from(random.below(14)).unwrap_or(0))
            .collect();
        let undoes = number % 6 == 5;
        desk.plan(number, &actions, &kills, undoes).await?;
        desk.twin.advance_s(DAY_S / i64::try_from(day.plans).unwrap_or(1));
        number += 1;
    }
    desk.twin.advance_s(600);
    let wrong = desk.now.differences(&values(&desk.twin), &beginning);
    desk.tally.wrong.extend(wrong);
    desk.count_invitations();
    desk.read().await?;
    let Desk { twin, tally, .. } = desk;
    twin.stop().await;
    Ok(tally)
}

fn values(twin: &Twin) -> Vec<Value> {
    let lines = twin.truth(true);
    lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn drawer(truth: &[Value]) -> Drawer {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let of_kind = |kind: &'static str| truth.iter().filter(move |line| line["kind"] == kind);
    let is_managed = |line: &&Value| line["claim_status"] == "managed" && line["account_type"] == "atlassian";
    Drawer {
        spared: of_kind("platform_role")
            .map(|line| text(line, "account_id"))
            .collect(),
        managed: of_kind("account")
            .filter(is_managed)
            .map(|line| text(line, "account_id"))
            .collect(),
        directories: of_kind("group")
            .map(|line| (text(line, "group_id"), text(line, "directory_id")))
            .collect(),
        giving: of_kind("group_role_grant")
            .map(|line| text(line, "group_id"))
            .collect(),
        workspaces: of_kind("workspace")
            .map(|line| text(line, "workspace_id"))
            .collect(),
        next: 0,
    }
}

impl Desk<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.day.program);
        command
            .env_clear()
            .env("HOME", &self.folder)
            .env("ORGWARDEN_MASTER_KEY_FILE", self.folder.join("master.key"))
            .arg("--database")
            .arg(self.day.database)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command; its code, its JSON and what it said.
    async fn run(&self, words: &[&str]) -> anyhow::Result<(i32, Value, String)> {
        let output = self
            .command(words)
            .output()
            .await
            .context("cannot start the program")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Ok((output.status.code().unwrap_or(-1), told, said))
    }

    async fn done(&self, words: &[&str]) -> anyhow::Result<Value> {
        let (code, told, said) = self.run(words).await?;
        anyhow::ensure!(code == 0, "{words:?} ended with {code}: {said}");
        Ok(told)
    }

    async fn connect(&self) -> anyhow::Result<()> {
        let file = |name: &str, text: &str| -> anyhow::Result<String> {
            let path = self.folder.join(name);
            std::fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        let key = file("api.key", self.twin.api_key())?;
        let token = file("scim.token", self.twin.scim_token())?;
        let (organization, url) = (self.twin.org_id(), self.twin.base_url());
        let add = ["connection", "add", "--name", "day", "--org-id", organization];
        let keys = ["--base-url", url, "--api-key-file", &key];
        let scim = [
            "--scim-url",
            self.twin.scim_base_url(),
            "--scim-token-file",
            &token,
            "--json",
        ];
        self.done(&[&add[..], &keys, &scim].concat()).await?;
        let set = [
            "connection",
            "set",
            "day",
            "--writes",
            "on",
            "--self-approval",
            "on",
        ];
        let more = [
            "--provisions-scim",
            "on",
            "--share-percent",
            "100",
            "--changes-per-hour",
            "1000000",
        ];
        self.done(&[&set[..], &more, &["--json"]].concat()).await?;
        self.done(&["sync", "--json"]).await?;
        Ok(())
    }

    /// Makes a plan, has it carried out in bad weather and with kills, and perhaps undone.
    async fn plan(
        &mut self,
        number: usize,
        actions: &[Action],
        kills: &[u64],
        undoes: bool,
    ) -> anyhow::Result<()> {
        let file = self.folder.join("plan.jsonl");
        let lines: Vec<String> = actions
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<_, _>>()?;
        std::fs::write(&file, lines.join("\n"))?;
        let file = file.display().to_string();
        // What was changed is known to the program only after a reading.
        self.done(&["sync", "--json"]).await?;
        let (code, made, said) = self.run(&["plan", "file", &file, "--goes-on", "--json"]).await?;
        self.tally.refused += made["refused"].as_array().map_or(0, Vec::len);
        let Some(id) = made["id"].as_str().map(str::to_owned) else {
            anyhow::ensure!(code == 11, "a plan was not made, {code}: {said}");
            return Ok(());
        };
        self.done(&["plan", "approve", &id, "--override", "soak", "--json"])
            .await?;
        let seed = self.day.seed * 1_000 + number as u64;
        let faults = json!({ "probability": f64::from(FAULTS_PERCENT) / 100.0, "seed": seed });
        self.twin.set_faults(&faults).map_err(anyhow::Error::msg)?;
        for after in kills {
            self.kill(&id, *after).await?;
        }
        self.finish(&id).await?;
        self.twin.set_faults(&json!({})).map_err(anyhow::Error::msg)?;
        let view = self.done(&["plan", "show", &id, "--json"]).await?;
        self.judge(&view)?;
        let is_undoable = view["actions"].as_array().into_iter().flatten().any(|line| {
            line["state"] == "confirmed" && line["can_be_undone"] == true && line["was_so"] == false
        });
        if undoes && is_undoable {
            self.done(&["sync", "--json"]).await?;
            let (code, undone, said) = self.run(&["plan", "undo", &id, "--json"]).await?;
            self.tally.refused += undone["refused"].as_array().map_or(0, Vec::len);
            let Some(undo) = undone["id"].as_str().map(str::to_owned) else {
                anyhow::ensure!(code == 11, "{id} was not undone, {code}: {said}");
                return Ok(());
            };
            let view = self.done(&["plan", "show", &undo, "--json"]).await?;
            self.tally.undone += 1;
            self.judge(&view)?;
        }
        Ok(())
    }

    /// Time passes at Atlassian fifty times as fast while something is done.
    async fn hurried<T>(&self, done: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let hurrying = async {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                self.twin.advance_ms(1_000);
            }
        };
        tokio::select! {
            ended = done => ended,
            () = hurrying => anyhow::bail!("time ended"),
        }
    }

    /// Kills the program, carrying the plan out, once the twin has seen so many requests more.
    async fn kill(&mut self, id: &str, after: u64) -> anyhow::Result<()> {
        let until = self.requests() + after;
        let mut child = self
            .command(&["plan", "apply", id, "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let killed = self
            .hurried(async {
                loop {
                    if self.requests() >= until {
                        // SIGKILL on Unix: no handler runs, nothing is flushed.
                        child.kill().await?;
                        return Ok(true);
                    }
                    if child.try_wait()?.is_some() {
                        return Ok(false);
                    }
                    tokio::task::yield_now().await;
                }
            })
            .await?;
        self.tally.kills += usize::from(killed);
        Ok(())
    }

    /// Has the plan gone on with until it came to its end.
    async fn finish(&mut self, id: &str) -> anyhow::Result<()> {
        for _ in 0..TIMES {
            let words = ["plan", "apply", id, "--json"];
            let (code, _, said) = self.hurried(self.run(&words)).await?;
            let view = self.done(&["plan", "show", id, "--json"]).await?;
            if view["state"] == "done" || view["state"] == "failed" {
                return Ok(());
            }
            // 7: Atlassian has a problem; 11: the plan stopped. Both are gone on with.
            anyhow::ensure!([6, 7, 11].contains(&code), "{id} ended with {code}: {said}");
        }
        self.tally
            .wrong
            .push(format!("{id} came to no end in {TIMES} times"));
        Ok(())
    }

    /// Takes what the program says of each action as what is expected.
    fn judge(&mut self, view: &Value) -> anyhow::Result<()> {
        self.tally.plans += 1;
        let id = view["id"].as_str().unwrap_or_default();
        let mut attempts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for line in view["journal"].as_array().into_iter().flatten() {
            let counts = attempts
                .entry(line["action"].as_str().unwrap_or_default())
                .or_default();
            match line["event"].as_str() {
                Some("intent") => counts.0 += 1,
                Some("not now") => counts.1 += 1,
                _ => {}
            }
        }
        for line in view["actions"].as_array().into_iter().flatten() {
            let action: Action = serde_json::from_value(line["action"].clone())?;
            let state = line["state"].as_str().and_then(ActionState::from_name);
            let what = format!("{id}: {}", line["what"]);
            let (sent, not_now) = line["id"]
                .as_str()
                .and_then(|act| attempts.get(act).copied())
                .unwrap_or_default();
            if let Action::Invite { email, .. } = &action {
                self.invitations += u64::try_from(sent).unwrap_or(0);
                if sent - not_now > 1 {
                    self.tally
                        .wrong
                        .push(format!("{what}: sent {sent} times, {not_now} of them not now"));
                }
                if state == Some(ActionState::Stuck) {
                    self.now.doubt(email);
                }
            }
            let is_told = !line["reason"].is_null() && !line["next_step"].is_null();
            match state {
                Some(ActionState::Confirmed) => {
                    let kind = line["action"]["action"].as_str().unwrap_or_default().to_owned();
                    *self.tally.confirmed.entry(kind).or_default() += 1;
                    // What was so already is left as expected: if it was not, the end of the day shows it.
                    if line["was_so"] == false {
                        self.now.apply(&self.as_made(&action));
                    }
                }
                Some(ActionState::Failed) if is_told => self.tally.failed += 1,
                Some(ActionState::Stuck) if is_told && action.twice_matters() => self.tally.stuck += 1,
                other => self
                    .tally
                    .wrong
                    .push(format!("{what}: left {other:?}, {}", line["reason"])),
            }
        }
        Ok(())
    }

    /// An action about a group that was made today, by what made it: its id is nobody's to foresee.
    fn as_made(&self, action: &Action) -> Action {
        let Some(group) = action.group() else {
            return action.clone();
        };
        for line in values(&self.twin).iter().filter(|line| line["kind"] == "group") {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            if text("group_id") == group.as_str() && !self.now.groups.contains(group.as_str()) {
                let directory = model::DirectoryId::new(text("directory_id"));
                let made = model::GroupId::made(&directory, text("name"));
                return action.with_group(group, &made);
            }
        }
        action.clone()
    }

    /// The twin saw no invitation that was not on record.
    fn count_invitations(&mut self) {
        let stats = self.twin.stats();
        let seen = stats["operations"][INVITE].as_u64().unwrap_or(0);
        if seen > self.invitations {
            let on_record = self.invitations;
            self.tally.wrong.push(format!(
                "{seen} invitations were sent, and {on_record} are on record"
            ));
        }
    }

    /// A reading after it all finds the truth.
    async fn read(&mut self) -> anyhow::Result<()> {
        self.done(&["sync", "--json"]).await?;
        let output = self.command(&["export", "facts"]).output().await?;
        let exported: BTreeSet<String> = String::from_utf8(output.stdout)?
            .lines()
            .map(str::to_owned)
            .collect();
        let truth: BTreeSet<String> = self.twin.truth(false).into_iter().collect();
        let wrong = exported.symmetric_difference(&truth).take(20);
        self.tally
            .wrong
            .extend(wrong.map(|line| format!("read or true, and not both: {line}")));
        Ok(())
    }

    fn requests(&self) -> u64 {
        self.twin.stats()["requests"].as_u64().unwrap_or(0)
    }
}
