//! Making a plan: what it would do is worked out and kept before anybody approves it.

use super::effects;
use super::facts::Facts;
use super::guards::{self, Reach};
use super::preflight::{Preflight, Refused};
use super::sentence::sentence;
use super::view::Preview;
use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use crate::views::scope::ScopeChoice;
use atlassian::Options;
use model::role::ORGANIZATION_ADMIN;
use model::{AccountId, Action, PlanId, PlanState};
use std::collections::{BTreeMap, BTreeSet};
use store::views::Part;
use store::{AuditRow, ConnectionRow, GuardTrip, JournalRow, NewPlan, PlanRow};

/// How long a plan may wait for its approval and its beginning: what was previewed grows old.
const EXPIRES_AFTER_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// About so many accounts it is asked how their roles came about, where the preview needs it: a request for each.
pub(crate) const MOST_ASKED: usize = 50;

/// Among so many of the latest plans one is looked for that is the same.
const LATEST: i64 = 200;

/// What a plan is to be.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest<'a> {
    /// The connection it goes through; may be left out when there is one.
    pub connection: Option<&'a str>,
    /// What it is about; made from the actions when left out.
    pub title: Option<&'a str>,
    /// What is wanted, in order.
    pub actions: Vec<Action>,
    /// Why.
    pub comment: Option<&'a str>,
    /// Whether the rest is done when an action fails.
    pub goes_on: bool,
    /// The plan that this one undoes.
    pub undo_of: Option<PlanId>,
    /// Whether a plan that waits and is the same, made from the same reading, is as good as a new one.
    pub may_be_old: bool,
    /// Who makes it.
    pub actor: &'a str,
}

/// A plan that was made, or why nothing of it was left.
#[derive(Debug, Clone)]
pub struct PlanMade {
    /// The plan; `None` when every action was refused.
    pub id: Option<PlanId>,
    /// The hash of what it is to do.
    pub hash: Option<String>,
    /// What is not part of it, and why.
    pub refused: Vec<Refused>,
}

/// What a plan is made from.
pub(super) struct Ground<'a> {
    pub scope: &'a Scope,
    pub connection: &'a ConnectionRow,
    pub admin: &'a atlassian::Admin,
    pub facts: Facts,
    pub live: Live,
}

/// What was asked of Atlassian just now, and wins over what was read. Empty where nothing was asked.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Directories of accounts: status by directory.
    pub places: BTreeMap<AccountId, BTreeMap<String, String>>,
    /// Which of the named accounts are organization admins.
    pub named_admins: BTreeMap<AccountId, bool>,
    /// How many members groups have.
    pub members: BTreeMap<String, i64>,
    /// Every organization admin who can act, where one of them is touched.
    pub organization_admins: BTreeSet<String>,
    /// Those of the named accounts that are in a protected group.
    pub protected_by_group: BTreeSet<String>,
    /// Whether the same may have been asked for and done before, so that what is so already is no mistake.
    pub may_be_so: bool,
}

impl App {
    /// The scope of an organization by its number in the store.
    pub(crate) async fn scope_of(&self, organization: i64) -> Result<Scope, AppError> {
        let mut tx = self.store.read().await?;
        let id = tx.organization_get(organization).await?.atlassian_id;
        drop(tx);
        let choice = ScopeChoice {
            organization: Some(id.to_string()),
            as_of: None,
        };
        Ok(self.scope(&choice).await?)
    }

    /// Makes a plan: refuses what cannot be, works out what the rest does, and keeps both with it.
    pub async fn plan_make(
        &self,
        request: &PlanRequest<'_>,
        options: &Options,
    ) -> Result<PlanMade, AppError> {
        let connection = self.connection_named(request.connection).await?;
        let scope = self.scope_of(connection.organization_id).await?;
        if !scope.is_read() {
            return Err(AppError::NotRead {
                connection: connection.name,
            });
        }
        let admin = self.admin(&connection, options).await?;
        let mut wanted: Vec<Action> = Vec::with_capacity(request.actions.len());
        let mut seen = BTreeSet::new();
        for action in &request.actions {
            if seen.insert(action.clone()) {
                wanted.push(action.clone());
            }
        }
        if let Some(undo) = wanted
            .iter()
            .find(|action| action.undo().is_some_and(|undo| seen.contains(&undo)))
        {
            return Err(AppError::Contradiction {
                action: format!("{undo:?}"),
            });
        }
        let mut tx = self.store.read().await?;
        let facts = Facts::look_up(&mut tx, &scope, &wanted).await?;
        drop(tx);
        let ground = Ground {
            scope: &scope,
            connection: &connection,
            admin: &admin,
            facts,
            live: Live::default(),
        };
        self.plan_from(request, wanted, ground).await
    }

    /// Makes a plan from what is known.
    pub(super) async fn plan_from(
        &self,
        request: &PlanRequest<'_>,
        wanted: Vec<Action>,
        ground: Ground<'_>,
    ) -> Result<PlanMade, AppError> {
        let Ground {
            scope,
            connection,
            admin,
            facts,
            live,
        } = ground;
        let mut preflight = Preflight {
            app: self,
            scope,
            connection,
            admin,
            facts: &facts,
            made: wanted.iter().filter_map(Action::makes).collect(),
            owners: Default::default(),
            privileges: Default::default(),
            places: live.places,
            organization_admins: live.named_admins,
            may_be_so: live.may_be_so,
        };
        let (mut actions, mut refused) = (Vec::new(), Vec::new());
        for action in wanted {
            match preflight.look(&action).await? {
                Ok(()) => actions.push(action),
                Err((reason, next_step)) => refused.push(Refused {
                    what: sentence(&action, &facts),
                    action,
                    reason,
                    next_step,
                }),
            }
        }
        if actions.is_empty() {
            return Ok(PlanMade {
                id: None,
                hash: None,
                refused,
            });
        }
        let mut tx = self.store.read().await?;
        let nothing_asked = effects::Asked::new();
        let mut effects = effects::effects(&mut tx, scope, &facts, &actions, &nothing_asked).await?;
        let unknown: BTreeSet<String> = effects
            .unknown
            .iter()
            .map(|line| line.account_id.clone())
            .collect();
        if !unknown.is_empty() && unknown.len() <= MOST_ASKED {
            let asked = effects::ask_methods(&mut tx, admin, &unknown).await?;
            effects = effects::effects(&mut tx, scope, &facts, &actions, &asked).await?;
        }
        drop(tx);
        let mut reach = self.reach(scope, connection, &facts, &actions).await?;
        reach.losing.clone_from(&effects.losing);
        reach.members.extend(live.members);
        reach.organization_admins.extend(live.organization_admins);
        reach.protected_by_group.extend(live.protected_by_group);
        let trips = guards::trips(&actions, &facts, &reach, &connection.guards);
        let mut with_undo = Vec::with_capacity(actions.len());
        for action in &actions {
            with_undo.push((action.clone(), self.undo_of(action, admin).await?));
        }
        let preview = Preview {
            version: 1,
            refused: refused.clone(),
            effects,
            guards: trips.clone(),
            ..Preview::default()
        };
        let organization = scope.organization_id.as_str();
        let hash = provision::plan::hash(organization, request.goes_on, &actions);
        if request.may_be_old
            && let Some(id) = self.same_plan(scope, &hash).await?
        {
            let hash = Some(hash);
            return Ok(PlanMade {
                id: Some(id),
                hash,
                refused,
            });
        }
        let title = match request.title {
            Some(title) => title.to_owned(),
            None => title_of(&actions, &facts),
        };
        let now = self.clock.now_ms();
        let new = NewPlan {
            organization_id: connection.organization_id,
            connection_id: connection.id,
            title: &title,
            made_by: request.actor,
            made_at: now,
            comment: request.comment,
            hash: &hash,
            expires_at: now + EXPIRES_AFTER_MS,
            goes_on: request.goes_on,
            undo_of: request.undo_of,
            preview: &serde_json::to_string(&preview).unwrap_or_default(),
            actions: &with_undo,
        };
        let mut tx = self.store.write().await?;
        let id = tx.plan_add(&new).await?;
        let line = JournalRow {
            action: None,
            at: now,
            actor: request.actor.to_owned(),
            event: "planned".into(),
            detail: format!("{} actions, {} refused", actions.len(), refused.len()),
        };
        tx.journal_add(id, &[line]).await?;
        for trip in trips {
            let trip = GuardTrip {
                guard: trip.guard,
                at: now,
                plan: Some(id),
                detail: trip.detail,
            };
            tx.guard_tripped(connection.id, &trip).await?;
        }
        tx.audit_record(&AuditRow {
            at: now,
            actor: request.actor.to_owned(),
            action: "plan.make".into(),
            subject: id.to_string(),
            detail: format!("{title}; {hash}"),
        })
        .await?;
        tx.commit().await?;
        Ok(PlanMade {
            id: Some(id),
            hash: Some(hash),
            refused,
        })
    }

    /// A plan of the same actions that waits, if it was made from the same reading.
    async fn same_plan(&self, scope: &Scope, hash: &str) -> Result<Option<PlanId>, AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let plans = tx.plan_list(scope.snapshot().organization, LATEST).await?;
        let is_same = |plan: &&PlanRow| {
            let waits = matches!(plan.state, PlanState::Planned | PlanState::Approved);
            let is_fresh = scope.read_at.is_some_and(|read_at| plan.made_at >= read_at.0);
            plan.hash == hash && waits && plan.started_at.is_none() && is_fresh && now <= plan.expires_at
        };
        Ok(plans.iter().find(is_same).map(|plan| plan.id))
    }

    /// What would undo an action. For a profile, that is what it holds now.
    async fn undo_of(&self, action: &Action, admin: &atlassian::Admin) -> Result<Option<Action>, AppError> {
        let Action::UpdateProfile { account, fields } = action else {
            return Ok(action.undo());
        };
        let now = admin.manage().profile(account).await?;
        let told = [
            ("name", now.name),
            ("nickname", now.nickname),
            ("zoneinfo", now.zoneinfo),
            ("locale", now.locale),
        ];
        let before = told
            .into_iter()
            .filter(|(name, _)| fields.contains_key(*name))
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Ok(Some(Action::UpdateProfile {
            account: account.clone(),
            fields: before,
        }))
    }

    /// What the guards want to know.
    pub(super) async fn reach(
        &self,
        scope: &Scope,
        connection: &ConnectionRow,
        facts: &Facts,
        actions: &[Action],
    ) -> Result<Reach, AppError> {
        let at = scope.snapshot();
        let mut reach = Reach::default();
        let mut tx = self.store.read().await?;
        for action in actions {
            if let Action::RemoveMember { group, .. } = action
                && !reach.members.contains_key(group.as_str())
                && let Some(row) = facts.groups.get(group.as_str())
            {
                let members = tx.group_member_count(at, row.term, "").await?;
                reach.members.insert(group.to_string(), members);
            }
        }
        let admins = tx.platform_role_holders(at, ORGANIZATION_ADMIN).await?;
        reach.organization_admins = admins.into_iter().collect();
        let everybody = Part::first(i64::from(i32::MAX));
        if !connection.guards.protected_groups.is_empty() {
            for group in tx.group_list(at).await? {
                let name = group.attributes.text("name").unwrap_or_default();
                let patterns = &connection.guards.protected_groups;
                let is_meant =
                    |pattern: &String| guards::matches(pattern, &group.id) || guards::matches(pattern, name);
                if patterns.iter().any(is_meant) {
                    let members = tx.group_members(at, group.term, "", everybody, false).await?;
                    let ids = members.into_iter().map(|member| member.account.id);
                    reach.protected_by_group.extend(ids);
                }
            }
        }
        Ok(reach)
    }
}

/// What a plan is about: of many changes of one sort, what they share.
fn title_of(actions: &[Action], facts: &Facts) -> String {
    let [first, rest @ ..] = actions else {
        return String::new();
    };
    if rest.is_empty() {
        return sentence(first, facts);
    }
    let many = actions.len();
    let same_group = rest.iter().all(|action| action.group() == first.group());
    let same_account = rest.iter().all(|action| action.account() == first.account());
    let all_join = actions
        .iter()
        .all(|action| matches!(action, Action::AddMember { .. }));
    let all_leave = actions
        .iter()
        .all(|action| matches!(action, Action::RemoveMember { .. }));
    let group = first.group().map(|group| facts.group_label(group.as_str()));
    let account = first
        .account()
        .map(|account| facts.account_label(account.as_str()));
    match (group, account) {
        (Some(group), _) if same_group && all_join => format!("{many} accounts join the group {group}"),
        (Some(group), _) if same_group && all_leave => format!("{many} accounts leave the group {group}"),
        (_, Some(who)) if same_account && all_join => format!("{who} joins {many} groups"),
        (_, Some(who)) if same_account && all_leave => format!("{who} leaves {many} groups"),
        (_, Some(who)) if same_account => format!("{many} changes to {who}"),
        _ => format!("{}, and {} more", sentence(first, facts), rest.len()),
    }
}
