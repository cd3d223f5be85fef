//! A connection that lives through a schedule: every step is done for real and judged at once.

use crate::step::{Delivery, Step, Told, Weather};
use anyhow::{Context as _, bail, ensure};
use app::{AppError, HookKind, Outcome, Status};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use scenarios::claims::{Named, with_cut_lists};
use scenarios::draw::Random;
use scenarios::{Stage, judge};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Extent, RunRow, RunState};
use tokio::sync::watch;
use tower::ServiceExt as _;
use twin::TwinOptions;
use web::HookKeeper;

const HEADER: &str = "Bearer of a secret nobody guesses";
const JIRA_SECRET: &str = "another secret that nobody guesses";
/// The stage's organization is the first of its store.
const ORGANIZATION: i64 = 1;
const CONNECTION: i64 = 1;
const FAULTS: f64 = 0.05;

/// What was so from a moment on.
struct Moment {
    from: i64,
    truth: Vec<String>,
}

/// What was seen, so that a test can say that it tried what it is about.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Tally {
    pub steps: usize,
    pub judged: usize,
    /// Judgements of what events named, and how many facts they were about.
    pub settled: usize,
    pub claimed: usize,
    pub published: usize,
    pub broken_off: usize,
    pub held: usize,
    pub owed: usize,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.judged += other.judged;
        self.settled += other.settled;
        self.claimed += other.claimed;
        self.published += other.published;
        self.broken_off += other.broken_off;
        self.held += other.held;
        self.owed += other.owed;
    }
}

pub struct Life {
    stage: Stage,
    door: Router,
    keeper: HookKeeper,
    random: Random,
    groups_cut_at: Option<usize>,
    /// Everything that was so, in order.
    moments: Vec<Moment>,
    /// Events of which what they named was judged, or is not certain to be judged rightly.
    seen: BTreeSet<(String, String)>,
    /// What was done so far, for whoever looks into one that is wrong.
    steps: Vec<Step>,
    passed_s: i64,
    changes: u64,
    deliveries: u64,
    pub tally: Tally,
}

impl Life {
    /// An organization that was read once.
    pub async fn begin(options: TwinOptions, postgres: Option<&str>) -> anyhow::Result<Life> {
        let random = Random::new(options.seed);
        let groups_cut_at = options.expand_groups_max;
        let stage = Stage::new(options, postgres).await?;
        for (name, kind, secret) in [
            ("audit", HookKind::Organization, HEADER),
            ("jira", HookKind::Jira, JIRA_SECRET),
        ] {
            stage
                .app
                .hook_add(None, name, kind, &secret.into(), "test")
                .await?;
        }
        let (door, keeper) = web::door(Arc::clone(&stage.app)).await?;
        let mut life = Life {
            stage,
            door,
            keeper,
            random,
            groups_cut_at,
            moments: Vec::new(),
            seen: BTreeSet::new(),
            steps: Vec::new(),
            passed_s: 0,
            changes: 0,
            deliveries: 0,
            tally: Tally::default(),
        };
        life.note_truth();
        life.whole().await?;
        life.judge().await.context("the first reading")?;
        Ok(life)
    }

    /// Draws a step, does it and judges.
    pub async fn step(&mut self) -> anyhow::Result<()> {
        let step = Step::draw(&mut self.random);
        self.tally.steps += 1;
        self.steps.push(step);
        let taken = Box::pin(self.take(step)).await;
        taken.with_context(|| format!("after {:?}", self.steps))
    }

    async fn take(&mut self, step: Step) -> anyhow::Result<()> {
        let told = self.told();
        let began_at = self.stage.now_ms();
        let before = self.published().await?;
        let mut is_still = true;
        match step {
            Step::Change(count, told) => return self.change(count, told),
            Step::LogIns(count) => {
                self.stage.twin.log_in(count, self.changes);
                return Ok(());
            }
            Step::Forget { refuses } => {
                self.stage.twin.forget_events(refuses);
                return Ok(());
            }
            Step::Pass(seconds) => {
                // Within a year: then the key expires.
                self.passed_s += seconds;
                if self.passed_s > 360 * 86_400 {
                    return Ok(());
                }
                self.stage.advance_s(seconds);
                self.note_truth();
                return Ok(());
            }
            Step::Deliver(delivery) => self.deliver(delivery).await?,
            Step::Follow(weather) => {
                is_still = weather != Weather::Changes;
                self.follow(weather).await?;
            }
            Step::Whole(weather) => self.whole_in(weather).await?,
            Step::FollowBroken(requests) => {
                if let Err(error) = Box::pin(self.stage.follow_at_most(requests)).await {
                    expected(&error)?;
                    self.tally.broken_off += 1;
                }
            }
            Step::WholeBroken(requests) => {
                let outcome = Box::pin(self.stage.sync_at_most(requests)).await?;
                self.tally.broken_off += usize::from(outcome.status == Status::Incomplete);
                self.confirm(&outcome).await?;
            }
            Step::Serve(minutes, weather) => {
                is_still = weather != Weather::Changes;
                self.serve(minutes, weather).await?;
            }
        }
        self.judge().await?;
        let after = self.published().await?;
        self.tally.published += after.len() - before.len();
        let is_whole = |run: &&RunRow| run.extent != Extent::Changes;
        let read_everything = after.iter().filter(is_whole).count() > before.iter().filter(is_whole).count();
        if is_still && self.is_settled(began_at).await? {
            // What a reading of everything covered, following need not look at again.
            if !read_everything {
                self.judge_named(&told).await?;
            }
            self.seen.extend(self.told().iter().map(key));
        } else if after.len() > before.len() {
            // Part of what was named was read then, and may change silently from now on.
            self.seen.extend(self.told().iter().map(key));
        }
        Ok(())
    }

    /// A reading of everything in peace, after which the store is what is true.
    pub async fn end(&mut self) -> anyhow::Result<()> {
        self.whole().await?;
        let (exported, truth) = (self.stage.export(false).await?, self.stage.truth(false));
        let verdict = judge::complete(&exported, std::slice::from_ref(&truth));
        ensure!(verdict.is_right(), "in the end: {verdict:#?}");
        ensure!(exported == truth, "in the end some facts are told twice");
        Ok(())
    }

    fn change(&mut self, count: u32, told: Told) -> anyhow::Result<()> {
        self.changes += 1;
        let seed = self.changes;
        let log = match told {
            Told::Well | Told::Never => json!({}),
            Told::InPart => json!({ "lost": 0.5, "seed": seed }),
            Told::Late => json!({ "late": 0.5, "seed": seed }),
            Told::Twice => json!({ "repeated": 0.5, "seed": seed }),
        };
        let twin = &self.stage.twin;
        twin.set_log_faults(&log).map_err(anyhow::Error::msg)?;
        match told {
            Told::Never => twin.mutate_silently(count, seed),
            _ => twin.mutate(count, seed),
        }
        twin.set_log_faults(&json!({})).map_err(anyhow::Error::msg)?;
        self.note_truth();
        // Some of it is in the log by the next step, and some is not.
        let seconds = self.random.below(10);
        self.stage.advance_s(i64::try_from(seconds)?);
        Ok(())
    }

    fn note_truth(&mut self) {
        let moment = Moment {
            truth: self.stage.truth(false),
            from: self.stage.now_ms(),
        };
        if self.moments.last().is_none_or(|last| last.truth != moment.truth) {
            self.moments.push(moment);
        }
    }

    /// The events that are told now and were not seen.
    fn told(&self) -> Vec<Value> {
        let mut told = self.stage.twin.events();
        told.retain(|event| !self.seen.contains(&key(event)));
        told
    }

    async fn follow(&mut self, weather: Weather) -> anyhow::Result<()> {
        let stage = &self.stage;
        let (followed, truths) = in_weather(stage, weather, self.changes, stage.follow_all()).await?;
        self.keep(truths);
        match followed {
            Ok(followed) => self.tally.owed += usize::from(followed.whole_owed.is_some()),
            Err(error) => {
                let error = error.downcast::<AppError>()?;
                expected(&error)?;
                ensure!(weather == Weather::Faults, "following failed in peace: {error:?}");
            }
        }
        Ok(())
    }

    async fn whole_in(&mut self, weather: Weather) -> anyhow::Result<()> {
        let stage = &self.stage;
        let (outcome, truths) = in_weather(stage, weather, self.changes, stage.sync(false)).await?;
        self.keep(truths);
        let outcome = outcome?;
        self.confirm(&outcome).await
    }

    /// Reads everything in peace until that is complete and of this moment.
    async fn whole(&mut self) -> anyhow::Result<()> {
        let mut last = None;
        // One may be a reading that broke off and goes on, and one held.
        for _ in 0..4 {
            let begun_at = self.stage.now_ms();
            let outcome = Box::pin(self.stage.sync(false)).await?;
            self.confirm(&outcome).await?;
            let whole = self.last_whole().await?;
            if outcome.status == Status::Complete && whole.is_some_and(|run| run.started_at >= begun_at) {
                return Ok(());
            }
            last = Some(outcome);
        }
        bail!("no reading of everything is complete: {last:?}")
    }

    /// Says of a drop out of proportion that it is right.
    async fn confirm(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        if outcome.status == Status::Held {
            self.tally.held += 1;
            self.stage.app.run_confirm(outcome.run, "test").await?;
        }
        Ok(())
    }

    /// What whoever serves does for some minutes.
    async fn serve(&mut self, minutes: u32, weather: Weather) -> anyhow::Result<()> {
        let stage = &self.stage;
        let serving = async {
            for _ in 0..minutes * 3 {
                look(stage).await?;
                stage.advance_s(20);
            }
            look(stage).await
        };
        let (served, truths) = in_weather(stage, weather, self.changes, serving).await?;
        self.keep(truths);
        served?;
        let latest = self.latest().await?;
        if let Some(run) = latest.filter(|run| run.state == RunState::Held) {
            self.tally.held += 1;
            self.stage.app.run_confirm(run.id, "test").await?;
        }
        Ok(())
    }

    fn keep(&mut self, moments: Vec<Moment>) {
        self.changes += 1;
        self.moments.extend(moments);
    }

    async fn deliver(&mut self, delivery: Delivery) -> anyhow::Result<()> {
        self.stage.app.readings_plan().await?;
        let several = match delivery {
            Delivery::Reordered => 3,
            _ => 1,
        };
        let events = self.stage.twin.events();
        let newest = events.iter().rev().take(several);
        let mut bodies = Vec::new();
        for event in newest {
            self.deliveries += 1;
            bodies.push(json!({ "delivery": self.deliveries, "record": event }).to_string());
        }
        let before = self.stage.now_ms();
        let mut is_let_in = false;
        for body in &bodies {
            match delivery {
                Delivery::Lost => {}
                Delivery::OfAStranger => {
                    let wrong = HEADER.to_lowercase();
                    let status = self.send("audit", &[("authorization", &wrong)], body).await?;
                    ensure!(status == StatusCode::UNAUTHORIZED, "{status}");
                    let signature = signed(&format!("{body} "));
                    let status = self
                        .send("jira", &[("x-hub-signature", &signature)], body)
                        .await?;
                    ensure!(status == StatusCode::UNAUTHORIZED, "{status}");
                }
                Delivery::Genuine | Delivery::Twice | Delivery::Reordered => {
                    let status = self.send("audit", &[("authorization", HEADER)], body).await?;
                    ensure!(status == StatusCode::ACCEPTED, "{status}");
                    is_let_in = true;
                }
            }
            if matches!(delivery, Delivery::Twice) {
                let signature = signed(body);
                for _ in 0..2 {
                    let status = self
                        .send("jira", &[("x-hub-signature", &signature)], body)
                        .await?;
                    ensure!(status == StatusCode::ACCEPTED, "{status}");
                }
            }
        }
        let noted = self.keeper.note_waiting().await;
        ensure!((noted > 0) == is_let_in, "{noted} were noted");
        self.stage.advance_s(1);
        let looks = Box::pin(look(&self.stage)).await?;
        if is_let_in {
            ensure!(looks > 0, "nobody looked after a delivery");
            // Everything may have been due as well, and is read instead; then the log is read the next time.
            let whole = self.last_whole().await?.map_or(0, |run| run.started_at);
            let polled = self.stream_polled_at().await?;
            ensure!(
                polled.max(whole) >= before,
                "the log was not read after a delivery"
            );
        }
        Ok(())
    }

    async fn send(&self, hook: &str, headers: &[(&str, &str)], body: &str) -> anyhow::Result<StatusCode> {
        let mut request = Request::post(format!("/hooks/{hook}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned()))?;
        Ok(self.door.clone().oneshot(request).await?.status())
    }

    /// Nothing is claimed that was not so since the last complete reading of everything began, and nothing is missing
    /// that was so all the while.
    async fn judge(&mut self) -> anyhow::Result<()> {
        self.tally.judged += 1;
        // Some things happen by themselves when their time has come.
        self.note_truth();
        let Some(whole) = self.last_whole().await? else {
            bail!("nothing was read completely");
        };
        let first = self
            .moments
            .partition_point(|moment| moment.from <= whole.started_at);
        let since = self.moments.get(first.saturating_sub(1)..).unwrap_or_default();
        let truths: Vec<Vec<String>> = since.iter().map(|moment| moment.truth.clone()).collect();
        let verdict = judge::complete(&self.stage.export(false).await?, &truths);
        ensure!(verdict.is_right(), "since {}: {verdict:#?}", whole.id);
        Ok(())
    }

    /// Of what these events named, what is so now is known.
    async fn judge_named(&mut self, events: &[Value]) -> anyhow::Result<()> {
        let named = Named::by(events.iter());
        if named.is_empty() {
            return Ok(());
        }
        let (exported, truth) = (self.stage.export(false).await?, self.stage.truth(false));
        let cut_at = [self.groups_cut_at, self.groups_look_cut_at().await?];
        let cut_at = cut_at.into_iter().flatten().min().unwrap_or(usize::MAX);
        let cut = with_cut_lists(&truth, cut_at);
        let claimed = named.of(&exported, &cut);
        let is_so = named.of(&truth, &cut);
        self.tally.settled += 1;
        self.tally.claimed += is_so.len();
        let wrong: Vec<_> = claimed.difference(&is_so).collect();
        let unknown: Vec<_> = is_so.difference(&claimed).collect();
        ensure!(
            wrong.is_empty() && unknown.is_empty(),
            "of what these events named, wrong: {wrong:#?}, not known: {unknown:#?}: {}",
            json!(events)
        );
        Ok(())
    }

    /// At how many groups a reading took lists for cut, because so many accounts showed just as many: what such a list
    /// leaves out ends nothing. In small organizations that happens where nothing is cut.
    async fn groups_look_cut_at(&self) -> anyhow::Result<Option<usize>> {
        let mut tx = self.stage.app.store.read().await?;
        let cut_at = tx.connection_semantics(CONNECTION).await?.groups_cut_at;
        Ok(cut_at.map(usize::try_from).transpose()?)
    }

    /// Whether the log was read since a time, all that it named was read, and nothing more is owed.
    async fn is_settled(&self, since: i64) -> anyhow::Result<bool> {
        let mut tx = self.stage.app.store.read().await?;
        let stream = tx.event_stream(ORGANIZATION).await?.unwrap_or_default();
        let named = tx.dirty_next(ORGANIZATION).await?;
        Ok(stream.polled_at >= since && stream.whole_owed_at == 0 && named.is_none())
    }

    async fn stream_polled_at(&self) -> anyhow::Result<i64> {
        let mut tx = self.stage.app.store.read().await?;
        Ok(tx
            .event_stream(ORGANIZATION)
            .await?
            .map_or(0, |stream| stream.polled_at))
    }

    async fn runs(&self) -> anyhow::Result<Vec<RunRow>> {
        let mut tx = self.stage.app.store.read().await?;
        Ok(tx.run_latest(ORGANIZATION, 1_000).await?)
    }

    async fn latest(&self) -> anyhow::Result<Option<RunRow>> {
        Ok(self.runs().await?.into_iter().next())
    }

    async fn published(&self) -> anyhow::Result<Vec<RunRow>> {
        let mut runs = self.runs().await?;
        runs.retain(|run| run.state == RunState::Published);
        Ok(runs)
    }

    /// The last reading of everything that was complete.
    async fn last_whole(&self) -> anyhow::Result<Option<RunRow>> {
        let is_complete = |run: &RunRow| run.extent != Extent::Changes && run.report.reasons.is_empty();
        Ok(self.published().await?.into_iter().find(is_complete))
    }
}

/// What an event is known by: one that is told twice is two.
fn key(event: &Value) -> (String, String) {
    let processed_at = &event["attributes"]["processedAt"];
    (event["id"].to_string(), processed_at.to_string())
}

fn signed(body: &str) -> String {
    let mut hex = String::from("sha256=");
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(JIRA_SECRET.as_bytes()) {
        mac.update(body.as_bytes());
        let bytes = mac.finalize().into_bytes();
        hex.extend(bytes.iter().map(|byte| format!("{byte:02x}")));
    }
    hex
}

/// Does everything that is due now; answers how many looks that took.
async fn look(stage: &Stage) -> anyhow::Result<usize> {
    let (_end, mut ended) = watch::channel(false);
    stage.app.readings_plan().await?;
    for looks in 0..20 {
        if !Box::pin(stage.app.reading_due(&stage.api, &mut ended)).await? {
            return Ok(looks);
        }
    }
    bail!("something is always due")
}

/// A reading may break off, and nothing else may happen.
fn expected(error: &AppError) -> anyhow::Result<()> {
    let AppError::Sync(_) = error else {
        bail!("not a reading that broke off: {error:?}");
    };
    Ok(())
}

/// Does something while the organization changes or Atlassian answers badly; answers what was so meanwhile.
async fn in_weather<T>(
    stage: &Stage,
    weather: Weather,
    seed: u64,
    reading: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(anyhow::Result<T>, Vec<Moment>)> {
    if weather == Weather::Faults {
        let faults = json!({ "probability": FAULTS, "seed": seed });
        stage.twin.set_faults(&faults).map_err(anyhow::Error::msg)?;
    }
    let is_done = AtomicBool::new(false);
    // On the heap: a whole reading inside of all this is more than a test's stack holds.
    let reading = async {
        let read = Box::pin(reading).await;
        is_done.store(true, Ordering::Relaxed);
        read
    };
    let changing = async {
        let mut moments = Vec::new();
        let begun_at = stage.requests();
        while weather == Weather::Changes && !is_done.load(Ordering::Relaxed) && moments.len() < 5 {
            if stage.requests() > begun_at + 4 * (1 + moments.len() as u64) {
                stage.twin.mutate(1, seed * 1_000 + moments.len() as u64);
                moments.push(Moment {
                    truth: stage.truth(false),
                    from: stage.now_ms(),
                });
            }
            tokio::task::yield_now().await;
        }
        moments
    };
    let (read, moments) = tokio::join!(reading, changing);
    stage.twin.set_faults(&json!({})).map_err(anyhow::Error::msg)?;
    Ok((read, moments))
}
