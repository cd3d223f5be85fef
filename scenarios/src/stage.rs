//! One organization, one store, one product.

use crate::judge::{self, Verdict};
use anyhow::Context as _;
use app::views::At;
use app::views::scope::ScopeChoice;
use app::{App, AppError, ConnectionRequest, ExportOptions, Followed, Outcome, ScimCredential, Status};
use atlassian::Options;
use model::{Clock, SystemClock};
use secrecy::SecretString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::{MasterKey, Store};
use tempfile::TempDir;
use twin::{Twin, TwinOptions};

/// What happens while the product reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Share of requests that go wrong, in percent.
    pub faults_percent: u32,
    /// How many times the organization changes during the reading.
    pub changes: u32,
    /// How many things change each time.
    pub changes_at_once: u32,
    /// Requests between two changes.
    pub every_requests: u64,
    /// Chooses faults and changes.
    pub seed: u64,
}

/// The machine's clock, which can be moved forward.
#[derive(Debug, Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0.load(Ordering::Relaxed)
    }
}

/// One organization on one store.
pub struct Stage {
    /// The pretend Atlassian.
    pub twin: Twin,
    /// The product.
    pub app: Arc<App>,
    /// How the product calls the twin.
    pub api: Options,
    clock: Arc<MovedClock>,
    /// The truths of a reading that did not finish: the next one goes on with it, so they are of its time too.
    unfinished: Mutex<Vec<Vec<String>>>,
    /// Removed with the stage, unless it was given.
    _folder: Option<TempDir>,
}

impl Stage {
    /// A new organization and a new store: SQLite in a temporary folder, or the PostgreSQL database named.
    pub async fn new(twin: TwinOptions, postgres: Option<&str>) -> anyhow::Result<Stage> {
        let folder = tempfile::tempdir()?;
        let database = match postgres {
            Some(url) => url.to_owned(),
            None => format!("sqlite:{}", folder.path().join("stage.db").display()),
        };
        let stage = Stage::open(twin, &database, folder.path()).await?;
        Ok(Stage {
            _folder: Some(folder),
            ..stage
        })
    }

    /// The same on a new SQLite file, `stage.db` in a folder that stays, with the key that opens it beside it.
    pub async fn in_folder(twin: TwinOptions, folder: &Path) -> anyhow::Result<Stage> {
        let database = format!("sqlite:{}", folder.join("stage.db").display());
        Stage::open(twin, &database, folder).await
    }

    async fn open(twin: TwinOptions, database: &str, folder: &Path) -> anyhow::Result<Stage> {
        let twin = Twin::start(twin).await?;
        let clock = Arc::new(MovedClock::default());
        let app = open(database, folder, Arc::clone(&clock)).await?;
        let api = Options::new(twin.base_url());
        let request = ConnectionRequest {
            name: "stage",
            organization: Some(twin.org_id()),
            key: SecretString::from(twin.api_key()),
            actor: "test",
            sync_interval_ms: 3_600_000,
            scim: None,
        };
        app.connection_add(&request, &api).await?;
        Ok(Stage {
            twin,
            app: Arc::new(app),
            api,
            clock,
            unfinished: Mutex::default(),
            _folder: None,
        })
    }

    /// Gives the product the token of the twin's SCIM directory, or this one instead.
    pub async fn know_scim(&self, token: Option<&str>) -> anyhow::Result<()> {
        let scim = ScimCredential {
            url: self.twin.scim_base_url().to_owned(),
            token: SecretString::from(token.unwrap_or(self.twin.scim_token())),
        };
        let set = self
            .app
            .connection_set_scim("stage", Some(&scim), &self.api, "test");
        Ok(set.await?)
    }

    /// Reads once.
    pub async fn sync(&self, with_methods: bool) -> anyhow::Result<Outcome> {
        Ok(self.app.sync(None, with_methods, &self.api, &app::Silent).await?)
    }

    /// Reads the events since the last time, and what they name.
    pub async fn follow(&self) -> anyhow::Result<Followed> {
        Ok(self.app.follow(None, &self.api, &app::Silent).await?)
    }

    /// The same with a bound on requests, after which it breaks off.
    pub async fn follow_at_most(&self, requests: u64) -> Result<Followed, AppError> {
        let api = Options {
            max_requests: Some(requests),
            ..self.api.clone()
        };
        self.app.follow(None, &api, &app::Silent).await
    }

    /// Follows until nothing that events named is left, moving both clocks forward to when it is due.
    pub async fn follow_all(&self) -> anyhow::Result<Followed> {
        let mut all = Followed::default();
        for _ in 0..8 {
            let followed = self.follow().await?;
            all.events += followed.events;
            all.objects += followed.objects;
            all.requests += followed.requests;
            all.refused = followed.refused;
            all.whole_owed = followed.whole_owed;
            match followed.next_due_at {
                Some(_) if all.whole_owed.is_none() => self.advance_s(31),
                _ => break,
            }
        }
        Ok(all)
    }

    /// The product's present, in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Moves the clocks of the twin and of the product forward.
    pub fn advance_s(&self, seconds: i64) {
        self.twin.advance_s(seconds);
        self.clock.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// Reads once with a bound on requests.
    pub async fn sync_at_most(&self, requests: u64) -> anyhow::Result<Outcome> {
        let api = Options {
            max_requests: Some(requests),
            ..self.api.clone()
        };
        Ok(self.app.sync(None, false, &api, &app::Silent).await?)
    }

    /// What the product knows, line by line, sorted. Nothing before the first reading.
    pub async fn export(&self, with_methods: bool) -> anyhow::Result<Vec<String>> {
        self.export_with(ExportOptions {
            methods: with_methods,
            all: false,
        })
        .await
    }

    /// What the product knew at a time, line by line, sorted.
    pub async fn export_as_of(&self, at: At) -> anyhow::Result<Vec<String>> {
        self.export_of(Some(at), ExportOptions::default()).await
    }

    /// The same with keys, service accounts and the records of SCIM.
    pub async fn export_all(&self) -> anyhow::Result<Vec<String>> {
        self.export_with(ExportOptions {
            methods: false,
            all: true,
        })
        .await
    }

    async fn export_with(&self, options: ExportOptions) -> anyhow::Result<Vec<String>> {
        self.export_of(None, options).await
    }

    async fn export_of(&self, as_of: Option<At>, options: ExportOptions) -> anyhow::Result<Vec<String>> {
        let choice = ScopeChoice {
            as_of,
            ..ScopeChoice::default()
        };
        let scope = self.app.scope(&choice).await?;
        let mut lines = Vec::new();
        self.app
            .export_facts::<AppError>(&scope, options, |line| {
                lines.push(line.to_owned());
                Ok(())
            })
            .await?;
        Ok(lines)
    }

    /// What is true now, line by line, sorted.
    pub fn truth(&self, with_methods: bool) -> Vec<String> {
        let mut lines = self.twin.truth(with_methods);
        lines.sort_unstable();
        lines
    }

    /// The same with keys, service accounts and the records of SCIM in the directory whose token there is.
    pub fn truth_all(&self) -> Vec<String> {
        let mut lines = self.twin.truth_all();
        let ours = self.twin.scim_base_url().rsplit('/').next().unwrap_or_default();
        let is_ours = |line: &String| !line.starts_with(r#"{"kind":"scim_"#) || line.contains(ours);
        lines.retain(is_ours);
        lines.sort_unstable();
        lines
    }

    /// Reads in bad weather and judges the result: every fact exported held at some moment of the reading, and every
    /// fact that held through all of it is exported – or the product says that it did not finish, and then nothing
    /// that was known before and held through all of it may be missing.
    pub async fn sync_in(&self, weather: Weather) -> anyhow::Result<(Outcome, Verdict)> {
        let known_before = self.export(false).await?;
        let mut truths = std::mem::take(&mut *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner));
        truths.push(self.truth(false));
        if weather.faults_percent > 0 {
            let probability = f64::from(weather.faults_percent) / 100.0;
            let faults = serde_json::json!({ "probability": probability, "seed": weather.seed });
            self.twin.set_faults(&faults).map_err(anyhow::Error::msg)?;
        }
        let is_done = AtomicBool::new(false);
        let reading = async {
            let outcome = self.sync(false).await;
            is_done.store(true, Ordering::Relaxed);
            outcome
        };
        let changing = async {
            let begun_at = self.requests();
            let mut changes = 0;
            while !is_done.load(Ordering::Relaxed) && changes < weather.changes {
                if self.requests() - begun_at >= weather.every_requests * u64::from(changes + 1) {
                    self.twin
                        .mutate(weather.changes_at_once, weather.seed + u64::from(changes) * 1_000);
                    truths.push(self.truth(false));
                    changes += 1;
                }
                tokio::task::yield_now().await;
            }
        };
        let (outcome, ()) = tokio::join!(reading, changing);
        self.twin
            .set_faults(&serde_json::json!({}))
            .map_err(anyhow::Error::msg)?;
        let outcome = outcome?;
        let exported = self.export(false).await?;
        let verdict = match outcome.status {
            Status::Complete => judge::complete(&exported, &truths),
            Status::Incomplete | Status::Held => judge::unfinished(&exported, &known_before, &truths),
        };
        if outcome.status == Status::Incomplete {
            *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner) = truths;
        }
        Ok((outcome, verdict))
    }

    /// Requests that the twin has answered.
    pub fn requests(&self) -> u64 {
        self.twin
            .stats()
            .get("requests")
            .and_then(serde_json::Value::as_u64)
            .unwrap_or(0)
    }
}

async fn open(database: &str, folder: &Path, clock: Arc<MovedClock>) -> anyhow::Result<App> {
    let store = Store::open(database)
        .await
        .context("cannot open the stage's store")?;
    let key = MasterKey::from_file(&folder.join("master.key"))?;
    Ok(App::new(store, clock).with_master_key(key).await?)
}
