//! Carries an approved plan out, and goes on with one whose worker ended.
//!
//! Actions go in waves of a hundred: their standing is read with few requests, the intents of those that are needed are
//! written in one transaction that is on disk before anything is sent, then they are sent side by side. What was sent
//! is read back, many at a time, until it is so or its time is over. Each transition is one transaction that holds the
//! lease, so that a worker that was overtaken writes nothing more.

use crate::failures::Failures;
use crate::needs::{self, Needs};
use crate::open::{Known, LONGEST_WAIT_MS, Next, Open};
use crate::send::send;
use crate::standing::{Api, Standing, standings};
use crate::verdict::{Sent, Why, judge};
use atlassian::ApiError;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use model::{Action, ActionState, Clock, PlanId, PlanState};
use std::collections::BTreeMap;
use store::{ActionRow, JournalRow, Lease, PlanRow, Settlement, Store, StoreError, Taken};
use thiserror::Error;

/// Actions whose intents are written together.
const WAVE: usize = 100;
/// Changes that are sent at a time; the transport bounds them further.
const AT_A_TIME: usize = 24;
/// How often Atlassian may answer *not now* to one action.
const NOT_NOW: u32 = 30;

/// Who carries plans out, and with what.
pub struct Worker<'a> {
    /// Where plans and their journal are kept.
    pub store: &'a Store,
    /// Where changes go.
    pub api: Api<'a>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Waits.
    pub wait: &'a dyn Wait,
    /// Is told how it goes.
    pub watch: &'a dyn Watch,
    /// Who has it done.
    pub actor: &'a str,
    /// How many actions may fail before the plan is stopped, whether it goes on after failures or not.
    pub may_fail: u32,
}

/// Waits; a test moves a clock instead.
pub trait Wait: Send + Sync {
    /// Comes back after so many milliseconds.
    fn wait(&self, ms: i64) -> BoxFuture<'_, ()>;
}

/// Watches a plan being carried out.
pub trait Watch: Send + Sync {
    /// An action is settled, or was sent: how many of how many are over.
    fn progress(&self, over: usize, of: usize);
}

/// How far a plan came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The state it is in now.
    pub state: PlanState,
    /// Why it is not done.
    pub note: Option<String>,
}

/// Why a plan could not be carried further. What was sent is on record and is settled by the next worker.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Atlassian did not answer what was read.
    #[error("cannot read how things stand")]
    Read(#[source] ApiError),
    /// Somebody else changes this organization now.
    #[error("{holder} changes this organization already")]
    Busy {
        /// Who.
        holder: String,
    },
    /// There is no such plan.
    #[error("there is no {0}")]
    NoPlan(PlanId),
    /// The plan is in a state that cannot be carried out.
    #[error("{plan} is {state}, and only an approved plan is carried out")]
    NotApproved {
        /// Which.
        plan: PlanId,
        /// Its state.
        state: &'static str,
    },
}

/// What a person or a failure told the plan to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Halt {
    No,
    Asked(PlanState),
    Failed(String),
}

impl Worker<'_> {
    /// Carries the plan out as far as it goes. Plans of one organization are carried out one at a time.
    pub async fn carry_out(&self, plan: PlanId) -> Result<Carried, ProvisionError> {
        let row = self.find(plan).await?;
        let name = format!("changes/{}", row.organization_id);
        let taken = self
            .store
            .lease_take(&name, &store::this_holder(), self.clock.now_ms())
            .await?;
        let lease = match taken {
            Taken::Held(lease) => lease,
            Taken::HeldBy { holder, .. } => return Err(ProvisionError::Busy { holder }),
        };
        self.store.commit_durably(true).await?;
        let carried = self.carry_held(&lease, plan).await;
        self.store.commit_durably(false).await?;
        self.store.lease_release(&lease).await?;
        carried
    }

    async fn find(&self, plan: PlanId) -> Result<PlanRow, ProvisionError> {
        let mut tx = self.store.read().await?;
        tx.plan_find(plan).await?.ok_or(ProvisionError::NoPlan(plan))
    }

    async fn carry_held(&self, lease: &Lease, plan: PlanId) -> Result<Carried, ProvisionError> {
        let row = self.find(plan).await?;
        match row.state {
            PlanState::Done | PlanState::Failed => {
                return Ok(Carried {
                    state: row.state,
                    note: row.note,
                });
            }
            PlanState::Approved | PlanState::Stopped | PlanState::Paused | PlanState::Running => {}
            PlanState::Planned | PlanState::Cancelled => {
                let state = row.state.name();
                return Err(ProvisionError::NotApproved { plan, state });
            }
        }
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        if row.state != PlanState::Running {
            tx.plan_move(plan, row.state, PlanState::Running).await?;
        }
        tx.plan_started(plan, now).await?;
        let event = if row.started_at.is_some() {
            "gone on with"
        } else {
            "begun"
        };
        tx.journal_add(plan, &[self.line(None, event, "")]).await?;
        tx.commit().await?;
        match self.work(lease, &row).await {
            Err(ProvisionError::Read(error)) => {
                self.interrupt(lease, plan, &error).await?;
                Err(ProvisionError::Read(error))
            }
            worked => self.close(lease, plan, worked?).await,
        }
    }

    /// Stops a plan of which it cannot be read how things stand. What was sent stays as it is on record.
    async fn interrupt(&self, lease: &Lease, plan: PlanId, error: &ApiError) -> Result<(), ProvisionError> {
        let now = self.clock.now_ms();
        let note = format!("cannot read how things stand: {error}; apply it again to go on");
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        if tx.plan_move(plan, PlanState::Running, PlanState::Stopped).await? {
            tx.plan_ended(plan, now, Some(&note)).await?;
            tx.journal_add(plan, &[self.line(None, PlanState::Stopped.name(), &note)])
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Sends and settles until nothing is left to do, or the plan is halted and what was sent is settled.
    async fn work(&self, lease: &Lease, plan: &PlanRow) -> Result<Halt, ProvisionError> {
        let mut open = self.recovered(plan.id).await?;
        let mut halt = Halt::No;
        let mut not_now: BTreeMap<i64, u32> = BTreeMap::new();
        let mut failures = Failures::default();
        loop {
            let actions = self.actions(plan.id).await?;
            let over = actions.iter().filter(|action| action.state.is_over()).count();
            self.watch.progress(over, actions.len());
            if halt == Halt::No {
                halt = self.asked(plan.id).await?;
            }
            let ready = if halt == Halt::No {
                self.ready(lease, actions).await?
            } else {
                Vec::new()
            };
            let goes = !ready.is_empty();
            if goes {
                let wave = self.wave(lease, ready, &mut not_now).await?;
                open.extend(wave.open);
                failures.after_wave(wave.failed);
                if let Some(ms) = wave.wait_ms {
                    self.wait.wait(ms).await;
                }
                if wave.key_refused {
                    let reason = "Atlassian does not accept the key; give the connection another one and apply the plan again";
                    halt = Halt::Failed(reason.into());
                } else if wave.failed > 0
                    && let Some(reason) = failures.stop(plan.goes_on, self.may_fail)
                {
                    halt = Halt::Failed(reason);
                }
            }
            if open.is_empty() && !goes {
                return Ok(halt);
            }
            let failed = self.look_back(lease, &mut open).await?;
            failures.add(failed);
            if failed > 0
                && halt == Halt::No
                && let Some(reason) = failures.stop(plan.goes_on, self.may_fail)
            {
                halt = Halt::Failed(reason);
            }
            if !goes && let Some(next) = open.iter().map(|one| one.look_at).min() {
                let ms = (next - self.clock.now_ms()).clamp(0, LONGEST_WAIT_MS);
                self.wait.wait(ms).await;
            }
        }
    }

    /// The next actions that wait for nothing. What waits for something that was not done is settled as not done.
    async fn ready(&self, lease: &Lease, all: Vec<ActionRow>) -> Result<Vec<ActionRow>, ProvisionError> {
        let mut ready = Vec::new();
        let mut ids = BTreeMap::new();
        for row in all.iter().filter(|row| row.state == ActionState::Approved) {
            if ready.len() == WAVE {
                break;
            }
            match needs::look(&row.action, &all) {
                Needs::Nothing => ready.push(row.clone()),
                Needs::Later => {}
                Needs::InVain(why) => {
                    let mut tx = self.store.write().await?;
                    tx.lease_hold(lease, self.clock.now_ms()).await?;
                    self.settle(&mut tx, row, ActionState::Failed, &because(&why))
                        .await?;
                    tx.commit().await?;
                }
                Needs::Ids(groups) => {
                    let known = needs::ids(self.api.admin, &groups, &mut ids)
                        .await
                        .map_err(ProvisionError::Read)?;
                    let mut tx = self.store.write().await?;
                    tx.lease_hold(lease, self.clock.now_ms()).await?;
                    match known {
                        Ok(known) => {
                            let row = needs::with_ids(row, &known);
                            if tx.action_rewrite(row.id, &row.action, row.undo.as_ref()).await? {
                                ready.push(row);
                            }
                        }
                        Err(why) => {
                            self.settle(&mut tx, row, ActionState::Failed, &because(&why))
                                .await?;
                        }
                    }
                    tx.commit().await?;
                }
            }
        }
        Ok(ready)
    }

    /// Actions of which an earlier worker left an intent and no outcome: reading tells.
    async fn recovered(&self, plan: PlanId) -> Result<Vec<Open>, ProvisionError> {
        let now = self.clock.now_ms();
        let under_way = |row: &ActionRow| matches!(row.state, ActionState::Running | ActionState::Unknown);
        let rows = self.actions(plan).await?.into_iter().filter(under_way);
        let why = Why {
            reason: "the program ended before the outcome was on record".into(),
            next_step: "look in admin.atlassian.com whether it was done".into(),
        };
        let open = rows.map(|row| Open::new(row, Known::Unclear(why.clone()), now));
        Ok(open.collect())
    }

    async fn actions(&self, plan: PlanId) -> Result<Vec<ActionRow>, ProvisionError> {
        let mut tx = self.store.read().await?;
        Ok(tx.plan_actions(plan).await?)
    }

    /// Whether a person paused or gave up the plan meanwhile.
    async fn asked(&self, plan: PlanId) -> Result<Halt, ProvisionError> {
        let state = self.find(plan).await?.state;
        Ok(match state {
            PlanState::Paused | PlanState::Cancelled => Halt::Asked(state),
            _ => Halt::No,
        })
    }

    /// Checks some actions, writes intents for those that are needed, sends them and keeps what was answered.
    async fn wave(
        &self,
        lease: &Lease,
        rows: Vec<ActionRow>,
        not_now: &mut BTreeMap<i64, u32>,
    ) -> Result<Wave, ProvisionError> {
        let actions: Vec<&Action> = rows.iter().map(|row| &row.action).collect();
        let stand = standings(self.api, &actions)
            .await
            .map_err(ProvisionError::Read)?;
        let mut wave = Wave::default();
        let mut needed = Vec::new();
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        for (row, standing) in rows.into_iter().zip(stand) {
            match standing {
                Standing::Needed => {
                    if tx.action_intend(row.id, now).await? {
                        let detail = format!("attempt {}", row.attempts + 1);
                        tx.journal_add(row.plan, &[self.line(Some(&row), "intent", &detail)])
                            .await?;
                        needed.push(row);
                    }
                }
                Standing::Done => {
                    // Sent before and seen only now, or never sent by us.
                    let was_so = row.attempts == 0;
                    let settlement = Settlement {
                        was_so,
                        ..Settlement::default()
                    };
                    self.settle(&mut tx, &row, ActionState::Confirmed, &settlement)
                        .await?;
                }
                Standing::Blocked(why) => {
                    wave.failed += 1;
                    self.settle(&mut tx, &row, ActionState::Failed, &because(&why))
                        .await?;
                }
            }
        }
        // From here on the intents are on disk.
        tx.commit().await?;
        let sent = stream::iter(needed.into_iter().map(|row| async move {
            let answer = send(self.api, &row.action).await;
            (row, answer)
        }));
        let sent: Vec<(ActionRow, Result<Vec<String>, ApiError>)> =
            sent.buffer_unordered(AT_A_TIME).collect().await;
        self.answered(lease, sent, &mut wave, not_now).await?;
        Ok(wave)
    }

    /// Keeps what was answered to changes.
    async fn answered(
        &self,
        lease: &Lease,
        sent: Vec<(ActionRow, Result<Vec<String>, ApiError>)>,
        wave: &mut Wave,
        not_now: &mut BTreeMap<i64, u32>,
    ) -> Result<(), ProvisionError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        for (mut row, answer) in sent {
            row.state = ActionState::Running;
            row.attempts += 1;
            wave.key_refused |= matches!(answer, Err(ApiError::Unauthorized { .. }));
            let refused_parts = answer.as_ref().map_or(&[][..], Vec::as_slice).join("; ");
            let known = match judge(answer.map(|_| ()), row.action.takes_away()) {
                Sent::Accepted if !refused_parts.is_empty() => {
                    let why = Why {
                        reason: format!("Atlassian did a part of it only: {refused_parts}"),
                        next_step: "make a plan for the rest once its reason is gone".into(),
                    };
                    wave.failed += 1;
                    self.settle(&mut tx, &row, ActionState::Failed, &because(&why))
                        .await?;
                    continue;
                }
                Sent::Accepted => Known::Accepted,
                Sent::SaidToBeSo(why) => Known::SaidToBeSo(why),
                Sent::Refused(why) => Known::Refused(why),
                Sent::Unclear(why) => {
                    tx.action_move(row.id, ActionState::Running, ActionState::Unknown)
                        .await?;
                    tx.journal_add(row.plan, &[self.line(Some(&row), "unclear", &why.reason)])
                        .await?;
                    row.state = ActionState::Unknown;
                    Known::Unclear(why)
                }
                Sent::NotNow { wait, why } => {
                    let times = not_now.entry(row.id.0).or_default();
                    *times += 1;
                    if *times > NOT_NOW {
                        wave.failed += 1;
                        self.settle(&mut tx, &row, ActionState::Failed, &because(&why))
                            .await?;
                    } else {
                        tx.action_move(row.id, ActionState::Running, ActionState::Approved)
                            .await?;
                        tx.journal_add(row.plan, &[self.line(Some(&row), "not now", &why.reason)])
                            .await?;
                        let asked =
                            wait.map_or(1_000, |wait| i64::try_from(wait.as_millis()).unwrap_or(60_000));
                        wave.wait_ms = wave.wait_ms.max(Some(asked.clamp(200, 120_000)));
                    }
                    continue;
                }
            };
            wave.open.push(Open::new(row, known, now));
        }
        tx.commit().await?;
        Ok(())
    }

    /// Reads how things stand with what was sent and is due for a look. Answers how many failed.
    async fn look_back(&self, lease: &Lease, open: &mut Vec<Open>) -> Result<u32, ProvisionError> {
        let now = self.clock.now_ms();
        let (due, mut later): (Vec<Open>, Vec<Open>) = std::mem::take(open)
            .into_iter()
            .partition(|one| one.look_at <= now);
        if due.is_empty() {
            *open = later;
            return Ok(0);
        }
        let actions: Vec<&Action> = due.iter().map(|one| &one.row.action).collect();
        let stand = standings(self.api, &actions)
            .await
            .map_err(ProvisionError::Read)?;
        let now = self.clock.now_ms();
        let mut failed = 0;
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        for (mut one, standing) in due.into_iter().zip(stand) {
            if standing == Standing::Done {
                self.settle(&mut tx, &one.row, ActionState::Confirmed, &Settlement::default())
                    .await?;
                continue;
            }
            match one.conclude(now) {
                Next::LookAgain => {
                    one.look_later(now);
                    later.push(one);
                }
                Next::SendAgain => {
                    tx.action_move(one.row.id, one.row.state, ActionState::Approved)
                        .await?;
                    let detail = "reading shows that it was not done";
                    tx.journal_add(one.row.plan, &[self.line(Some(&one.row), "sent again", detail)])
                        .await?;
                }
                Next::End(state, why) => {
                    failed += 1;
                    self.settle(&mut tx, &one.row, state, &because(&why)).await?;
                }
            }
        }
        tx.commit().await?;
        *open = later;
        Ok(failed)
    }

    async fn settle(
        &self,
        tx: &mut store::Tx,
        row: &ActionRow,
        to: ActionState,
        settlement: &Settlement,
    ) -> Result<(), ProvisionError> {
        let detail = match (&settlement.reason, settlement.was_so) {
            (Some(reason), _) => reason.clone(),
            (None, true) => "it was so already".into(),
            (None, false) => String::new(),
        };
        if tx.action_move(row.id, row.state, to).await? {
            tx.action_settled(row.id, self.clock.now_ms(), settlement).await?;
            tx.journal_add(row.plan, &[self.line(Some(row), to.name(), &detail)])
                .await?;
        }
        Ok(())
    }

    /// Gives the plan the state that its actions are in.
    async fn close(&self, lease: &Lease, plan: PlanId, halt: Halt) -> Result<Carried, ProvisionError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.lease_hold(lease, now).await?;
        let tally: BTreeMap<ActionState, i64> = tx.plan_tally(plan).await?.into_iter().collect();
        let count = |state| tally.get(&state).copied().unwrap_or(0);
        let waiting = count(ActionState::Approved);
        let bad = count(ActionState::Failed) + count(ActionState::Stuck);
        let (state, note) = match halt {
            Halt::Asked(state) if waiting > 0 => (state, None),
            Halt::Failed(reason) if waiting > 0 => (PlanState::Stopped, Some(reason)),
            _ if bad > 0 => (
                PlanState::Failed,
                Some(format!("{bad} of its actions were not confirmed")),
            ),
            _ => (PlanState::Done, None),
        };
        tx.plan_move(plan, PlanState::Running, state).await?;
        if matches!(state, PlanState::Done | PlanState::Failed) {
            // Paused just before its end: nothing is left to wait for.
            tx.plan_move(plan, PlanState::Paused, state).await?;
        }
        tx.plan_ended(plan, now, note.as_deref()).await?;
        let detail = note.clone().unwrap_or_default();
        tx.journal_add(plan, &[self.line(None, state.name(), &detail)])
            .await?;
        tx.commit().await?;
        Ok(Carried { state, note })
    }

    fn line(&self, row: Option<&ActionRow>, event: &str, detail: &str) -> JournalRow {
        JournalRow {
            action: row.map(|row| row.id),
            at: self.clock.now_ms(),
            actor: self.actor.to_owned(),
            event: event.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// What a wave came to.
#[derive(Default)]
struct Wave {
    open: Vec<Open>,
    failed: u32,
    /// Whether the key is no longer accepted, so that nothing more need be sent.
    key_refused: bool,
    /// How long Atlassian asked to wait.
    wait_ms: Option<i64>,
}

fn because(why: &Why) -> Settlement {
    Settlement {
        was_so: false,
        reason: Some(why.reason.clone()),
        next_step: Some(why.next_step.clone()),
    }
}
