//! A week in which whoever serves is killed without warning again and again: every alert is in the file channel, and
//! none is there twice.
//!
//! Every two hours something changes at the twin. What is to be told of it is worked out from the truths before and
//! after, and compared, turn by turn, with the lines that came. The time is that of the twin, which stands until it is
//! pushed, and [`clockwork`](../src/bin/clockwork.rs) is told it.

use anyhow::{Context as _, ensure};
use app::alerts::{AlertRequest, ChangePattern, Channel, ChannelRequest, Condition, Metric, RulePattern};
use app::{App, ConnectionRequest, Status};
use atlassian::Options;
use model::Clock;
use scenarios::draw::Random;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{MasterKey, Store};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use twin::{Twin, TwinOptions};

const CLOCKWORK: &str = env!("CARGO_BIN_EXE_clockwork");
/// How long a turn is.
const TURN_S: i64 = 2 * 3_600;
const TURNS_A_DAY: u64 = 12;
const DAY_MS: i64 = 24 * 3_600_000;
/// After so long, what a killed process had taken up is free again.
const FREE_AGAIN_S: i64 = 6 * 60;

/// Of these kinds of facts each change is one change that is told; others are told with what brought them.
const TOLD_ONE_BY_ONE: [&str; 6] = [
    "account",
    "api_token",
    "domain",
    "group",
    "group_role_grant",
    "policy",
];

/// A rule of which every membership is a finding.
const RULE: &str = r#"
[[rule]]
id = "in-a-group"
title = "Somebody is in a group"
severity = "low"
sql = "SELECT group_id, account_id FROM membership"
key = ["group_id", "account_id"]
sentence = "{account_id} is in {group_id}"
explanation = "None."
remediation = "None."
"#;

/// How many of what, such as `change group began`.
type Counts = BTreeMap<String, usize>;

/// When the process is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// After this share of the time that a turn took lately, in percent.
    Within(u32),
    /// When the twin has answered so many requests more.
    AfterRequests(u64),
    /// As soon as something is written to the channel.
    WhenTold,
}

struct Running {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

struct Week {
    twin: Twin,
    database: String,
    folder: TempDir,
    running: Option<Running>,
    random: Random,
    /// How long a turn that was not disturbed took lately.
    usual: Duration,
    /// Lines of the channel that were judged.
    judged: usize,
    groups_above: bool,
    groups_limit: usize,
    kills: usize,
    told: Counts,
}

fn file_of(folder: &Path) -> std::path::PathBuf {
    folder.join("alerts.jsonl")
}

impl Week {
    /// An organization that was read once, with a file channel and alerts of every kind.
    async fn begin(seed: u64, postgres: Option<&str>) -> anyhow::Result<Week> {
        let options = TwinOptions {
            users: 40,
            groups: 10,
            workspaces: 3,
            seed,
            starts_at_ms: Some(1_772_323_200_000),
            clock_stands: true,
            ..TwinOptions::default()
        };
        let twin = Twin::start(options).await?;
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("rules"))?;
        std::fs::write(folder.path().join("rules/own.toml"), RULE)?;
        let database = postgres.map_or_else(
            || format!("sqlite:{}", folder.path().join("week.db").display()),
            str::to_owned,
        );
        let groups_limit = facts(&twin)
            .keys()
            .filter(|key| key.starts_with("group "))
            .count();
        let week = Week {
            twin,
            database,
            folder,
            running: None,
            random: Random::new(seed),
            usual: Duration::from_millis(300),
            judged: 0,
            groups_above: false,
            groups_limit,
            kills: 0,
            told: Counts::new(),
        };
        week.connect().await?;
        Ok(week)
    }

    async fn connect(&self) -> anyhow::Result<()> {
        let ticking = self.twin.clock();
        let clock: Arc<dyn Clock> = Arc::new(move || ticking());
        let key = MasterKey::from_file(&self.folder.path().join("master.key"))?;
        let app = App::new(Store::open(&self.database).await?, clock)
            .with_rules(Some(self.folder.path().join("rules")))
            .with_master_key(key)
            .await?;
        let api = Options::new(self.twin.base_url());
        let request = ConnectionRequest {
            name: "week",
            organization: Some(self.twin.org_id()),
            key: self.twin.api_key().into(),
            actor: "test",
            sync_interval_ms: DAY_MS,
            scim: None,
        };
        app.connection_add(&request, &api).await?;
        let read = app.sync(None, false, &api, &app::Silent).await?;
        ensure!(read.status == Status::Complete, "{read:?}");
        let channel = ChannelRequest {
            name: "log",
            channel: Channel::File {
                path: file_of(self.folder.path()),
            },
            secret: None,
            allow_private: false,
            actor: "test",
        };
        app.channel_add(&channel).await?;
        self.twin.advance_s(1);
        let transitions = ["opened", "reopened", "closed"].map(str::to_owned).to_vec();
        let conditions = [
            ("change", Condition::Change(ChangePattern::default())),
            (
                "rule",
                Condition::Rule(RulePattern {
                    rules: vec!["in-a-group".to_owned()],
                    transitions,
                    ..RulePattern::default()
                }),
            ),
            (
                "query",
                Condition::Query {
                    sql: "SELECT group_id, account_id FROM membership".to_owned(),
                },
            ),
            (
                "threshold",
                Condition::Threshold {
                    metric: Metric::Groups,
                    above: i64::try_from(self.groups_limit).ok(),
                    below: None,
                },
            ),
        ];
        for (name, condition) in conditions {
            let request = AlertRequest {
                name,
                condition,
                channels: &["log".to_owned()],
                connection: None,
                actor: "test",
            };
            app.alert_add(&request).await?;
        }
        app.store.close().await;
        Ok(())
    }

    /// Something changes, two hours pass, and all that is due then is done, however often whoever does it is killed.
    async fn turn(&mut self, number: u64) -> anyhow::Result<()> {
        let before = facts(&self.twin);
        let changes = u32::try_from(1 + self.random.below(6))?;
        self.twin.mutate(changes, number);
        self.twin.log_in(5, number);
        let after = facts(&self.twin);
        self.twin.advance_s(TURN_S);
        // The first turn is undisturbed, and half of the later ones.
        let kills = match (number, self.random.below(2)) {
            (0, _) | (_, 1..) => 0,
            _ => 1 + self.random.below(2),
        };
        for _ in 0..kills {
            let kill = self.draw();
            if self.kill(kill).await? {
                self.kills += 1;
                self.twin.advance_s(FREE_AGAIN_S);
            }
        }
        let begun = Instant::now();
        self.work().await?;
        if kills == 0 {
            self.usual = begun.elapsed();
        }
        let expected = self.expected(&before, &after);
        let told = self.newly_told()?;
        ensure!(told == expected, "told {told:#?}, expected {expected:#?}");
        for (what, count) in told {
            *self.told.entry(what).or_default() += count;
        }
        Ok(())
    }

    fn draw(&mut self) -> Kill {
        let number = |random: &mut Random, end: usize| u32::try_from(1 + random.below(end)).unwrap_or(1);
        match self.random.below(4) {
            0 | 1 => Kill::Within(number(&mut self.random, 110)),
            2 => Kill::AfterRequests(u64::from(number(&mut self.random, 12))),
            _ => Kill::WhenTold,
        }
    }

    async fn running(&mut self) -> anyhow::Result<&mut Running> {
        if self.running.is_none() {
            let mut child = Command::new(CLOCKWORK)
                .arg("--database")
                .arg(&self.database)
                .arg("--folder")
                .arg(self.folder.path())
                .arg("--base-url")
                .arg(self.twin.base_url())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .context("cannot start the clockwork")?;
            let input = child.stdin.take().context("no input")?;
            let output = child.stdout.take().context("no output")?;
            let mut running = Running {
                child,
                input,
                output: BufReader::new(output).lines(),
            };
            ensure!(running.output.next_line().await?.as_deref() == Some("ready"));
            self.running = Some(running);
        }
        self.running.as_mut().context("it is running")
    }

    /// Tells the process what time it is.
    async fn tell_time(&mut self) -> anyhow::Result<()> {
        let line = format!("{}\n", self.twin.now_ms());
        let running = self.running().await?;
        running.input.write_all(line.as_bytes()).await?;
        Ok(())
    }

    /// Lets it do all that is due.
    async fn work(&mut self) -> anyhow::Result<()> {
        self.tell_time().await?;
        let running = self.running().await?;
        let said = running.output.next_line().await?;
        ensure!(said.is_some(), "it ended: {:?}", running.child.wait().await?);
        Ok(())
    }

    /// Kills it while it does what is due; answers whether it was killed before it had done that.
    async fn kill(&mut self, kill: Kill) -> anyhow::Result<bool> {
        self.tell_time().await?;
        let usual = self.usual;
        let answered = requests(&self.twin);
        let written = length(self.folder.path());
        let (twin, folder) = (&self.twin, self.folder.path().to_owned());
        let moment = async {
            match kill {
                Kill::Within(percent) => tokio::time::sleep(usual * percent / 100).await,
                Kill::AfterRequests(more) => {
                    while requests(twin) < answered + more {
                        tokio::task::yield_now().await;
                    }
                }
                Kill::WhenTold => {
                    while length(&folder) == written {
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        let Some(mut running) = self.running.take() else {
            return Ok(false);
        };
        let is_killed = tokio::select! {
            () = moment => true,
            said = running.output.next_line() => {
                ensure!(said?.is_some(), "it ended by itself");
                false
            }
        };
        if is_killed {
            // SIGKILL on Unix: no handler runs, nothing is flushed.
            running.child.kill().await?;
        } else {
            self.running = Some(running);
        }
        Ok(is_killed)
    }

    /// What is to be told of a turn.
    fn expected(&mut self, before: &Facts, after: &Facts) -> Counts {
        let mut counts = Counts::new();
        let mut count = |what: String, more: usize| *counts.entry(what).or_default() += more;
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let (was, is) = (before.get(key), after.get(key));
            let turn = match (was, is) {
                (None, Some(_)) => "began",
                (Some(_), None) => "ended",
                _ if was != is => "changed",
                _ => continue,
            };
            let kind = key.split(' ').next().unwrap_or_default();
            if TOLD_ONE_BY_ONE.contains(&kind) {
                count(format!("change {kind} {turn}"), 1);
            }
            if kind == "membership" {
                let opened = if turn == "began" { "opened" } else { "closed" };
                count(format!("rule {opened}"), 1);
            }
        }
        let members = after.keys().filter(|key| key.starts_with("membership "));
        let new = members.filter(|key| !before.contains_key(*key)).count();
        if new > 0 {
            count("query".to_owned(), new);
        }
        let groups = after.keys().filter(|key| key.starts_with("group ")).count();
        let is_above = groups > self.groups_limit;
        if is_above && !self.groups_above {
            count("threshold".to_owned(), 1);
        }
        self.groups_above = is_above;
        counts
    }

    /// What the channel tells since the last time.
    fn newly_told(&mut self) -> anyhow::Result<Counts> {
        let text = std::fs::read_to_string(file_of(self.folder.path())).unwrap_or_default();
        let mut counts = Counts::new();
        for line in text.lines().skip(self.judged) {
            self.judged += 1;
            let message: Value = serde_json::from_str(line)?;
            let total = usize::try_from(message["count"].as_u64().unwrap_or(0))?;
            let alert = message["alert"].as_str().unwrap_or_default();
            if !["change", "rule"].contains(&alert) {
                *counts.entry(alert.to_owned()).or_default() += total;
                continue;
            }
            for (what, count) in message["counts"].as_object().into_iter().flatten() {
                let (first, turn) = what.split_once(' ').unwrap_or((what, ""));
                let what = match (alert, turn) {
                    ("change", _) if !TOLD_ONE_BY_ONE.contains(&first) => continue,
                    ("change", _) => format!("change {what}"),
                    (_, "reopened") => "rule opened".to_owned(),
                    _ => format!("rule {turn}"),
                };
                *counts.entry(what).or_default() += usize::try_from(count.as_u64().unwrap_or(0))?;
            }
        }
        Ok(counts)
    }

    /// No message is in the channel twice.
    fn each_once(&self) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(file_of(self.folder.path()))?;
        let mut ids = BTreeSet::new();
        for line in text.lines() {
            let message: Value = serde_json::from_str(line)?;
            ensure!(ids.insert(message["id"].to_string()), "twice: {line}");
        }
        ensure!(text.ends_with('\n'));
        Ok(())
    }
}

/// What is true: what tells a fact apart, and all of it.
type Facts = BTreeMap<String, String>;

fn facts(twin: &Twin) -> Facts {
    let mut facts = Facts::new();
    for line in twin.truth(false) {
        let fact: Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let kind = text("kind");
        let names: &[&str] = match kind.as_str() {
            "account" => &["account_id"],
            "api_token" => &["token_id"],
            "domain" => &["domain_id"],
            "group" => &["group_id"],
            "group_role_grant" => &["group_id", "resource_id", "role"],
            "membership" => &["group_id", "account_id"],
            "policy" => &["policy_id"],
            _ => continue,
        };
        let ids: Vec<String> = names.iter().map(|name| text(name)).collect();
        // What a person is called is kept as it is told last, and is no change.
        let line = if kind == "account" { String::new() } else { line };
        facts.insert(format!("{kind} {}", ids.join(" ")), line);
    }
    facts
}

fn requests(twin: &Twin) -> u64 {
    twin.stats()["requests"].as_u64().unwrap_or(0)
}

fn length(folder: &Path) -> u64 {
    std::fs::metadata(file_of(folder)).map_or(0, |file| file.len())
}

async fn live(turns: u64, seed: u64, postgres: Option<&str>) -> anyhow::Result<()> {
    let mut week = Week::begin(seed, postgres).await?;
    for number in 0..turns {
        let lived = week.turn(number).await;
        lived.with_context(|| format!("turn {number} after {} kills", week.kills))?;
    }
    week.each_once()?;
    println!("{turns} turns, {} kills: {:#?}", week.kills, week.told);
    ensure!(week.kills as u64 > turns / 5, "only {} kills", week.kills);
    for alert in ["change", "query", "rule"] {
        ensure!(
            week.told.keys().any(|what| what.starts_with(alert)),
            "{:?}",
            week.told
        );
    }
    Ok(())
}

#[tokio::test]
async fn in_a_week_of_kills_every_alert_is_told_once() -> anyhow::Result<()> {
    live(7 * TURNS_A_DAY, 1, None).await
}

#[tokio::test]
async fn in_a_day_of_kills_every_alert_is_told_once_on_postgres() -> anyhow::Result<()> {
    match testkit::postgres_url().await {
        Some(url) => live(TURNS_A_DAY, 2, Some(&url)).await,
        // Its absence is said by the test kit.
        None => Ok(()),
    }
}
