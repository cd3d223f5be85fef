//! Rehearsing a plan: it is carried out against a pretend Atlassian that holds the organization as it was read.
//!
//! Who calls [`App::rehearse`] brings the [`Place`]; the product does not know how one is made. The plan is carried out
//! by the same worker, with a store of its own in a temporary folder and a clock that is moved instead of waited for.
//! Of it all, only the [`Rehearsal`] is kept with the plan, so that applying it for real can say how far reality
//! differed ([`Reality`]).

mod reality;

pub use reality::{Effort, Reality, Surprise};

use crate::App;
use crate::error::AppError;
use crate::export::ExportOptions;
use crate::plans::{EffectLine, Unwatched, preview};
use crate::views::{At, Scope};
use atlassian::{Admin, Options, Scim, Transport};
use futures::future::BoxFuture;
use model::{Action, ActionState, Clock, OrganizationId, PlanId, PlanState};
use provision::{Api, Wait, Worker};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{NewPlan, PlanRow, ScimCredential, Store};

/// The most lines of each list that are kept.
const MOST_LINES: usize = 500;

/// A pretend Atlassian that holds the organization.
pub trait Place: Send + Sync {
    /// Where its API is.
    fn base_url(&self) -> String;
    /// A key that may do everything.
    fn key(&self) -> SecretString;
    /// Its SCIM directory.
    fn scim(&self) -> ScimCredential;
    /// What is true there now, in lines as `export facts --methods` has them.
    fn facts(&self) -> Vec<String>;
    /// Lets time pass there, in milliseconds.
    fn pass(&self, ms: i64);
}

/// What a place is made from.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The organization's id.
    pub organization_id: String,
    /// What was read of it, in lines as `export facts --methods` has them.
    pub facts: Vec<String>,
}

/// An action that did not end as hoped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Its place in the plan, from 0.
    pub position: i64,
    /// How it ended.
    pub state: ActionState,
    /// Why.
    pub reason: Option<String>,
}

/// What a rehearsal showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// When it was.
    pub rehearsed_at: At,
    /// When what it was made from had been read.
    pub read_at: Option<At>,
    /// The hash of the plan that was rehearsed.
    pub hash: String,
    /// How the plan ended.
    pub state: PlanState,
    /// Actions that ended confirmed.
    pub confirmed: usize,
    /// Of them, those that were so already.
    pub were_so: usize,
    /// Actions that did not end confirmed.
    pub others: Vec<Ending>,
    /// Requests that it took.
    pub requests: u64,
    /// How long it would have taken, in milliseconds; waiting was not really waited for.
    pub duration_ms: i64,
    /// Accounts whose effective access became different.
    pub accounts: usize,
    /// Roles that were gained.
    pub gained: Vec<EffectLine>,
    /// How many.
    pub gained_count: usize,
    /// Roles that were lost.
    pub lost: Vec<EffectLine>,
    /// How many.
    pub lost_count: usize,
}

/// The machine's clock, moved forward by what was waited for.
struct MovedClock {
    real: Arc<dyn Clock>,
    by_ms: AtomicI64,
}

impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        self.real.now_ms() + self.by_ms.load(Ordering::Relaxed)
    }
}

/// Moves the clocks instead of waiting.
struct Moving<'a> {
    clock: &'a MovedClock,
    place: &'a dyn Place,
}

impl Wait for Moving<'_> {
    fn wait(&self, ms: i64) -> BoxFuture<'_, ()> {
        self.clock.by_ms.fetch_add(ms.max(1), Ordering::Relaxed);
        self.place.pass(ms.max(1));
        Box::pin(tokio::task::yield_now())
    }
}

impl App {
    /// What a place to rehearse a plan in is made from: its organization as it was last read.
    pub async fn rehearsal_scene(&self, id: PlanId) -> Result<Scene, AppError> {
        let (row, _) = self.plan_row(id).await?;
        let scope = self.scope_of(row.organization_id).await?;
        let methods = ExportOptions {
            methods: true,
            ..ExportOptions::default()
        };
        let mut facts = Vec::new();
        self.export_facts::<AppError>(&scope, methods, |line| {
            facts.push(line.to_owned());
            Ok(())
        })
        .await?;
        Ok(Scene {
            organization_id: scope.organization_id.clone(),
            facts,
        })
    }

    /// Carries a plan out in a place where it changes nothing, and keeps with it what that showed.
    pub async fn rehearse(
        &self,
        id: PlanId,
        place: &dyn Place,
        options: &Options,
        actor: &str,
    ) -> Result<Rehearsal, AppError> {
        let (row, _) = self.plan_row(id).await?;
        if row.started_at.is_some() || row.state == PlanState::Cancelled {
            return Err(self.wrong_state(&row, "rehearsed"));
        }
        let scope = self.scope_of(row.organization_id).await?;
        let mut tx = self.store.read().await?;
        let actions = tx.plan_actions(id).await?;
        drop(tx);
        let actions: Vec<(Action, Option<Action>)> =
            actions.into_iter().map(|row| (row.action, row.undo)).collect();
        let before = roles(&place.facts());
        let mut rehearsal = self.act(&row, &scope, &actions, place, options, actor).await?;
        let after = roles(&place.facts());
        let line = |(account_id, resource_id, role): &Role| EffectLine {
            account_id: account_id.clone(),
            resource_id: resource_id.clone(),
            role: role.clone(),
        };
        let (gained, lost) = (after.difference(&before), before.difference(&after));
        let changed: BTreeSet<&String> = gained.clone().chain(lost.clone()).map(|role| &role.0).collect();
        rehearsal.accounts = changed.len();
        rehearsal.gained_count = gained.clone().count();
        rehearsal.gained = gained.take(MOST_LINES).map(line).collect();
        rehearsal.lost_count = lost.clone().count();
        rehearsal.lost = lost.take(MOST_LINES).map(line).collect();

        let mut tx = self.store.write().await?;
        let row = tx.plan_find(id).await?.ok_or(AppError::NoPlan { plan: id })?;
        let mut kept = preview(&row);
        kept.rehearsal = Some(rehearsal.clone());
        tx.plan_preview(id, &serde_json::to_string(&kept).unwrap_or_default())
            .await?;
        let told = format!("{}, {} requests", rehearsal.state.name(), rehearsal.requests);
        tx.journal_add(id, &[self.plan_line(actor, "rehearsed", &told)])
            .await?;
        tx.commit().await?;
        Ok(rehearsal)
    }

    /// Carries the actions out in the place, with a store of its own that is thrown away.
    async fn act(
        &self,
        row: &PlanRow,
        scope: &Scope,
        actions: &[(Action, Option<Action>)],
        place: &dyn Place,
        options: &Options,
        actor: &str,
    ) -> Result<Rehearsal, AppError> {
        let aside = |source| AppError::Aside { source };
        let folder = tempfile::tempdir().map_err(aside)?;
        let database = format!("sqlite:{}", folder.path().join("rehearsal.db").display());
        let store = Store::open(&database).await?;
        let clock = Arc::new(MovedClock {
            real: Arc::clone(&self.clock),
            by_ms: AtomicI64::new(0),
        });
        let begun_at = clock.now_ms();
        let organization = OrganizationId::new(&scope.organization_id);
        let mut tx = store.write().await?;
        let number = tx.organization_ensure(&organization, None).await?.id;
        let new = NewPlan {
            organization_id: number,
            connection_id: 0,
            title: &row.title,
            made_by: actor,
            made_at: begun_at,
            comment: None,
            hash: &row.hash,
            expires_at: i64::MAX,
            goes_on: row.goes_on,
            undo_of: None,
            preview: "{}",
            actions,
        };
        let plan = tx.plan_add(&new).await?;
        tx.plan_move(plan, PlanState::Planned, PlanState::Approved)
            .await?;
        tx.plan_approved(plan, actor, begun_at).await?;
        tx.commit().await?;
        let options = Options {
            base_url: place.base_url(),
            interpreter: None,
            ..options.clone()
        };
        let transport = Transport::new(&options, place.key(), Arc::clone(&clock) as Arc<dyn Clock>)?;
        let admin = Admin::new(Arc::new(transport), organization);
        let scim = place.scim();
        let scim = Scim::beside(admin.transport(), &scim.url, scim.token)?;
        let worker = Worker {
            store: &store,
            api: Api {
                admin: &admin,
                scim: Some(&scim),
            },
            clock: clock.as_ref(),
            wait: &Moving { clock: &clock, place },
            watch: &Unwatched,
            actor,
            // Every failure is to be seen.
            may_fail: u32::MAX,
        };
        let carried = worker.carry_out(plan).await?;
        let requests = admin.transport().status().requests;
        let duration_ms = clock.now_ms() - begun_at;
        let mut tx = store.read().await?;
        let ended = tx.plan_actions(plan).await?;
        drop(tx);
        let is_confirmed = |action: &&store::ActionRow| action.state == ActionState::Confirmed;
        let others = ended.iter().filter(|action| !is_confirmed(action));
        Ok(Rehearsal {
            rehearsed_at: At(self.clock.now_ms()),
            read_at: scope.read_at,
            hash: row.hash.clone(),
            state: carried.state,
            confirmed: ended.iter().filter(is_confirmed).count(),
            were_so: ended.iter().filter(|action| action.was_so).count(),
            others: others
                .map(|action| Ending {
                    position: action.position,
                    state: action.state,
                    reason: action.reason.clone(),
                })
                .collect(),
            requests,
            duration_ms,
            accounts: 0,
            gained: Vec::new(),
            gained_count: 0,
            lost: Vec::new(),
            lost_count: 0,
        })
    }
}

/// Account, resource, role.
type Role = (String, String, String);

/// The effective access that lines of facts tell.
fn roles(facts: &[String]) -> BTreeSet<Role> {
    #[derive(Deserialize)]
    struct Line {
        kind: String,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }
    let role = |line: &String| {
        let line: Line = serde_json::from_str(line).ok()?;
        let text = |name: &str| line.rest.get(name)?.as_str().map(str::to_owned);
        (line.kind == "role_holding").then_some(())?;
        Some((text("account_id")?, text("resource_id")?, text("role")?))
    };
    facts.iter().filter_map(role).collect()
}
