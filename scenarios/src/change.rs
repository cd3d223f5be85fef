//! One organization that the product may change, with a clock that is moved instead of waited for.

use anyhow::Context as _;
use app::declared::{AccessText, Drift};
use app::plans::{Carried, Carrying, Errand, ErrandDone, PlanRequest, PlanView, Unwatched, Wait};
use app::views::scope::ScopeChoice;
use app::{App, AppError, ConnectionRequest, ScimCredential, WritesChange};
use atlassian::writes::OrganizationWrites;
use atlassian::{Admin, Options};
use model::{Action, Clock, PlanId, SystemClock};
use secrecy::SecretString;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{MasterKey, Store};
use tempfile::TempDir;
use twin::{Twin, TwinOptions};

/// Who makes and approves.
const MAKER: &str = "maker";

/// The machine's clock, moved forward by what was waited for.
#[derive(Debug, Default)]
struct MovedClock {
    by_ms: AtomicI64,
}

impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.by_ms.load(Ordering::Relaxed)
    }
}

/// One organization that may be changed.
pub struct ChangeStage {
    /// The pretend Atlassian.
    pub twin: Twin,
    /// The product.
    pub app: Arc<App>,
    /// How the product calls the twin.
    pub api: Options,
    clock: Arc<MovedClock>,
    _folder: TempDir,
}

impl Wait for ChangeStage {
    fn wait(&self, ms: i64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.pass_s(ms / 1000 + 1);
        Box::pin(tokio::task::yield_now())
    }
}

impl ChangeStage {
    /// A new organization that was read once, on SQLite in a temporary folder or on the PostgreSQL database named.
    /// Changes are on, and makers may approve.
    pub async fn new(twin: TwinOptions, postgres: Option<&str>) -> anyhow::Result<ChangeStage> {
        let stage = ChangeStage::unread(twin, postgres).await?;
        stage.app.sync(None, false, &stage.api, &app::Silent).await?;
        Ok(stage)
    }

    /// As [`ChangeStage::new`], but nothing was read yet.
    pub async fn unread(twin: TwinOptions, postgres: Option<&str>) -> anyhow::Result<ChangeStage> {
        let twin = Twin::start(twin).await?;
        let folder = tempfile::tempdir()?;
        let database = match postgres {
            Some(url) => url.to_owned(),
            None => format!("sqlite:{}", folder.path().join("change.db").display()),
        };
        let store = Store::open(&database)
            .await
            .context("cannot open the stage's store")?;
        let key = MasterKey::from_file(&folder.path().join("master.key"))?;
        let clock = Arc::new(MovedClock::default());
        let app = App::new(store, Arc::clone(&clock) as Arc<dyn Clock>)
            .with_master_key(key)
            .await?;
        let api = Options::new(twin.base_url());
        let request = ConnectionRequest {
            name: "stage",
            organization: Some(twin.org_id()),
            key: SecretString::from(twin.api_key()),
            actor: MAKER,
            sync_interval_ms: 3_600_000,
            scim: Some(ScimCredential {
                url: twin.scim_base_url().to_owned(),
                token: SecretString::from(twin.scim_token()),
            }),
        };
        app.connection_add(&request, &api).await?;
        let change = WritesChange {
            writes: Some(true),
            self_approval: Some(true),
            provisions_scim: Some(true),
            share_percent: Some(100),
            changes_per_hour: Some(1_000_000),
            ..WritesChange::default()
        };
        app.connection_set_writes("stage", &change, MAKER).await?;
        Ok(ChangeStage {
            twin,
            app: Arc::new(app),
            api,
            clock,
            _folder: folder,
        })
    }

    /// Lets time pass, here and at the twin.
    pub fn pass_s(&self, s: i64) {
        self.clock.by_ms.fetch_add(s * 1000, Ordering::Relaxed);
        self.twin.advance_s(s);
    }

    /// Reads the organization again, with how roles came about.
    pub async fn read_again(&self) -> anyhow::Result<()> {
        self.app.sync(None, true, &self.api, &app::Silent).await?;
        Ok(())
    }

    /// What is read now, as an access file.
    pub async fn access_file(&self) -> anyhow::Result<String> {
        let scope = self.app.scope(&ScopeChoice::default()).await?;
        let mut text = String::new();
        self.app
            .export_access::<AppError>(&scope, |part| {
                text.push_str(part);
                Ok(())
            })
            .await?;
        Ok(text)
    }

    /// How far what was read is from an access file.
    pub async fn drift(&self, text: &str) -> Result<Drift, AppError> {
        let scope = self.app.scope(&ScopeChoice::default()).await?;
        let name = "access.yaml";
        self.app.access_drift(&scope, AccessText { name, text }).await
    }

    /// Makes and approves a plan that ends a drift. Answers how many of its actions were refused.
    pub async fn approved_for(&self, drift: &Drift) -> anyhow::Result<(Option<PlanId>, usize)> {
        let request = PlanRequest {
            goes_on: true,
            actor: MAKER,
            ..PlanRequest::default()
        };
        let made = self.app.access_plan(drift, &request, &self.api).await?;
        if let Some(id) = made.id {
            self.app.plan_approve(id, None, Some("a test"), MAKER).await?;
        }
        Ok((made.id, made.refused.len()))
    }

    /// Makes and approves a plan of these actions. `None` when nothing of it was left.
    pub async fn approved(&self, actions: Vec<Action>, goes_on: bool) -> anyhow::Result<Option<PlanId>> {
        let request = PlanRequest {
            actions,
            goes_on,
            actor: MAKER,
            ..PlanRequest::default()
        };
        let made = self.app.plan_make(&request, &self.api).await?;
        let Some(id) = made.id else {
            return Ok(None);
        };
        self.app.plan_approve(id, None, None, MAKER).await?;
        Ok(Some(id))
    }

    /// Carries a plan out.
    pub async fn apply(&self, plan: PlanId) -> Result<Carried, app::AppError> {
        let carrying = Carrying {
            options: &self.api,
            wait: self,
            watch: &Unwatched,
            actor: MAKER,
        };
        self.app.plan_apply(plan, &carrying).await
    }

    /// Runs an errand.
    pub async fn errand(&self, errand: &Errand) -> Result<ErrandDone, AppError> {
        let carrying = Carrying {
            options: &self.api,
            wait: self,
            watch: &Unwatched,
            actor: MAKER,
        };
        self.app.errand(errand, &carrying).await
    }

    /// Carries a plan out and ends in the middle, once the twin has seen so many more requests. Answers whether it was
    /// in the middle.
    pub async fn apply_and_die_after(&self, plan: PlanId, requests: u64) -> bool {
        let before = self.requests();
        let death = async {
            while self.requests() < before + requests {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = death => true,
            _ = self.apply(plan) => false,
        }
    }

    /// Somebody takes a removal from a group back, past the product.
    pub async fn undo_past_the_product(&self, admin: &Admin, action: &Action) -> anyhow::Result<()> {
        let Action::RemoveMember {
            directory,
            group,
            account,
        } = action
        else {
            anyhow::bail!("only memberships are given back here");
        };
        OrganizationWrites(admin)
            .member_add(directory, group, account)
            .await?;
        Ok(())
    }

    /// The plan as people see it.
    pub async fn plan(&self, id: PlanId) -> anyhow::Result<PlanView> {
        Ok(self.app.plan(id).await?)
    }

    /// Damages answers of the twin; `{}` ends that.
    pub fn faults(&self, faults: &Value) -> anyhow::Result<()> {
        self.twin.set_faults(faults).map_err(anyhow::Error::msg)
    }

    /// Requests that the twin has answered.
    pub fn requests(&self) -> u64 {
        self.twin
            .stats()
            .get("requests")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// What is true now, as values.
    pub fn truth(&self) -> Vec<Value> {
        let lines = self.twin.truth(true);
        lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}
