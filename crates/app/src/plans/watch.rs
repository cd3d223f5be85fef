//! Access that is there again after a plan took it away: noticed at the next reading, with its cause where facts or the
//! audit log tell one.
//!
//! Each return is a line of the plan's journal, written once, when a reading that began well after the removal was
//! confirmed shows the access. What a plan gave again on purpose is no return.

use super::facts::Facts;
use super::sentence::sentence;
use crate::App;
use crate::error::AppError;
use crate::views::{At, Scope, scim};
use atlassian::Admin;
use atlassian::wire::Event;
use model::{Action, ActionId, FactKind, PlanId, RunId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::views::{FactNow, Snapshot};
use store::{ActionRow, JournalRow, Tx};

/// The event of the journal.
pub(super) const CAME_BACK: &str = "came back";
/// Who writes it.
const WATCH: &str = "the reading";
/// A reading that began sooner after a removal may still show what was before it: lists lag behind.
const SETTLED_MS: i64 = 60_000;
/// For how long after a removal its return is looked for.
const WATCHED_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Why access is there again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub(super) enum Cause {
    /// An identity provider owns the group or the account.
    IdentityProvider,
    /// A group that the account is in gives the role.
    Group {
        /// The group's id.
        group: String,
    },
    /// The audit log says who gave it again.
    Given {
        /// The account, or a word for a system.
        by: String,
    },
    /// The audit log says who invited the account again.
    Invited {
        /// The account, or a word for a system.
        by: String,
    },
    /// Neither what was read nor the audit log tells.
    NotKnown,
}

/// What is kept of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    run: i64,
    #[serde(flatten)]
    cause: Cause,
}

/// Access that came back after it was confirmed to be taken away.
#[derive(Debug, Clone, Serialize)]
pub struct Return {
    /// The plan that took it away.
    pub plan: String,
    /// Its action.
    pub action_id: String,
    /// Whose access; `None` when it is a group's.
    pub account_id: Option<String>,
    /// What that action did, as a sentence.
    pub what: String,
    /// When the removal was confirmed.
    pub removed_at: Option<At>,
    /// When the return was noticed.
    pub noticed_at: At,
    /// The reading that showed it.
    pub run: String,
    /// Why, in words.
    pub cause: String,
    /// Whether it is so by the published reading.
    pub is_still_so: bool,
}

impl App {
    /// Looks whether access that plans took away is there again. Answers how much of it was noticed now.
    pub(crate) async fn watch_returns(&self, organization: i64, admin: &Admin) -> Result<usize, AppError> {
        let scope = self.scope_of(organization).await?;
        let Some(run) = scope.run else {
            return Ok(0);
        };
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let Some(began_at) = tx.run_find(run).await?.map(|run| run.started_at) else {
            return Ok(0);
        };
        let confirmed = tx.actions_confirmed(organization, now - WATCHED_MS).await?;
        let known: Vec<ActionId> = tx
            .journal_events(organization, CAME_BACK)
            .await?
            .into_iter()
            .filter_map(|(_, line)| line.action)
            .collect();
        // The latest time at which a plan made each thing so.
        let mut made: HashMap<&Action, i64> = HashMap::new();
        for row in &confirmed {
            let at = made.entry(&row.action).or_default();
            *at = (*at).max(row.settled_at.unwrap_or(0));
        }
        let mut log = Log {
            admin,
            pages_left: MOST_PAGES,
            read: HashMap::new(),
        };
        let mut found: Vec<(PlanId, JournalRow)> = Vec::new();
        for row in &confirmed {
            let removed_at = row.settled_at.unwrap_or(now);
            let is_settled = began_at > removed_at + SETTLED_MS;
            if !row.action.takes_away() || !is_settled || known.contains(&row.id) {
                continue;
            }
            let given_again = row.action.undo().and_then(|undo| made.get(&undo).copied());
            if given_again.is_some_and(|at| at >= removed_at) || !is_back(&mut tx, &scope, row).await? {
                continue;
            }
            let cause = match cause(&mut tx, &scope, &row.action).await? {
                Cause::NotKnown => log.cause(&row.action, removed_at).await,
                known => known,
            };
            let kept = Kept {
                version: 1,
                run: run.0,
                cause,
            };
            let line = JournalRow {
                action: Some(row.id),
                at: now,
                actor: WATCH.into(),
                event: CAME_BACK.into(),
                detail: serde_json::to_string(&kept).unwrap_or_default(),
            };
            found.push((row.plan, line));
        }
        drop(tx);
        if found.is_empty() {
            return Ok(0);
        }
        tracing::warn!(returns = found.len(), run.id = %run, "access that plans took away is there again");
        let mut tx = self.store.write().await?;
        for (plan, line) in &found {
            tx.journal_add(*plan, std::slice::from_ref(line)).await?;
        }
        tx.commit().await?;
        Ok(found.len())
    }
}

impl App {
    /// What came back in an organization after plans took it away, the latest first.
    pub async fn returns(&self, scope: &Scope) -> Result<Vec<Return>, AppError> {
        let organization = scope.snapshot().organization;
        let mut tx = self.store.read().await?;
        let mut returns = Vec::new();
        for (plan, line) in tx.journal_events(organization, CAME_BACK).await? {
            let (Some(id), Ok(kept)) = (line.action, serde_json::from_str::<Kept>(&line.detail)) else {
                continue;
            };
            let Some(row) = tx.action_find(id).await? else {
                continue;
            };
            let facts = Facts::look_up(&mut tx, scope, std::slice::from_ref(&row.action)).await?;
            returns.push(Return {
                plan: plan.to_string(),
                action_id: id.to_string(),
                account_id: row.action.account().map(ToString::to_string),
                what: sentence(&row.action, &facts),
                removed_at: row.settled_at.map(At),
                noticed_at: At(line.at),
                run: RunId(kept.run).to_string(),
                cause: words(&mut tx, scope, &kept.cause).await?,
                is_still_so: is_back(&mut tx, scope, &row).await?,
            });
        }
        returns.reverse();
        Ok(returns)
    }
}

/// Pages of the audit log that one look may ask for; Atlassian answers ten a minute.
const MOST_PAGES: u32 = 6;

/// What the audit log says, asked once for each kind of event.
struct Log<'a> {
    admin: &'a Admin,
    pages_left: u32,
    read: HashMap<&'static str, Vec<Event>>,
}

impl Log<'_> {
    /// Who gave again what an action took away, as far as the log tells.
    async fn cause(&mut self, action: &Action, removed_at: i64) -> Cause {
        let (event, is_invitation) = match action {
            Action::RemoveMember { .. } => ("user_added_to_group", false),
            Action::RevokeRole { role, .. } if role.is_organization_admin() => ("added_org_admin", false),
            Action::RevokeRole { .. } => ("user_granted_role", false),
            Action::RevokeGroupRole { .. } => ("group_granted_role", false),
            Action::Suspend { .. } | Action::Deactivate { .. } => ("user_reactivated", false),
            Action::RemoveFromDirectory { .. } => ("user_invitation_sent", true),
            _ => return Cause::NotKnown,
        };
        let is_it = |found: &&Event| {
            let about = &found.attributes;
            let happened = about.time.as_deref().and_then(At::parse);
            let is_later = happened.is_some_and(|at| at.0 >= removed_at);
            let is_whose = action
                .account()
                .is_none_or(|account| found.is_about("users", account.as_str()));
            let is_where = action
                .group()
                .is_none_or(|group| found.is_about("groups", group.as_str()) || !found.names_any("groups"));
            about.action.as_deref() == Some(event) && is_later && is_whose && is_where
        };
        let events = self.events(event, removed_at).await;
        let by = events
            .iter()
            .filter(is_it)
            .find_map(|found| found.attributes.actor.as_ref()?.id.clone());
        match by {
            Some(by) if is_invitation => Cause::Invited { by },
            Some(by) => Cause::Given { by },
            None => Cause::NotKnown,
        }
    }

    /// The events of one kind since a time. What cannot be read tells nothing.
    async fn events(&mut self, event: &'static str, since: i64) -> &[Event] {
        if !self.read.contains_key(event) {
            let mut all = Vec::new();
            let mut cursor = None;
            while self.pages_left > 0 {
                self.pages_left -= 1;
                let page = match self.admin.events(event, since, cursor.as_ref()).await {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::debug!(%error, "the audit log does not tell why access came back");
                        break;
                    }
                };
                all.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            self.read.insert(event, all);
        }
        self.read.get(event).map_or(&[], Vec::as_slice)
    }
}

/// A cause in words.
async fn words(tx: &mut Tx, scope: &Scope, cause: &Cause) -> Result<String, AppError> {
    Ok(match cause {
        Cause::IdentityProvider => "an identity provider owns it and sets it back; change it there".into(),
        Cause::Group { group } => {
            let found = tx.group_find(scope.snapshot(), group).await?;
            let name = found.as_ref().and_then(|found| found.attributes.text("name"));
            format!("the group {} gives it", name.unwrap_or(group))
        }
        Cause::Given { by } => format!("{} gave it again, by the audit log", called(tx, scope, by).await?),
        Cause::Invited { by } => format!(
            "{} invited the account again, by the audit log",
            called(tx, scope, by).await?
        ),
        Cause::NotKnown => "not known: neither what was read nor the audit log tells".into(),
    })
}

/// What people call who did something.
async fn called(tx: &mut Tx, scope: &Scope, by: &str) -> Result<String, AppError> {
    let found = tx.account_find(scope.snapshot(), by).await?;
    let name = found.and_then(|row| row.name.or(row.email));
    Ok(name.unwrap_or_else(|| by.to_owned()))
}

/// A thing's number; 0, which no fact's key has, when it was never met.
async fn number_of(tx: &mut Tx, text: &str) -> Result<i64, AppError> {
    Ok(tx.term_find(text).await?.unwrap_or(0))
}

/// Whether what the action took away is so by the published reading.
async fn is_back(tx: &mut Tx, scope: &Scope, row: &ActionRow) -> Result<bool, AppError> {
    let at = scope.snapshot();
    let removed_at = row.settled_at.unwrap_or(i64::MAX);
    let is_active = |fact: FactNow| fact.attributes.text("status") == Some("active");
    Ok(match &row.action {
        Action::RemoveMember { group, account, .. } => {
            let key = [
                number_of(tx, group.as_str()).await?,
                number_of(tx, account.as_str()).await?,
                0,
            ];
            tx.fact_find(at, FactKind::Membership, key).await?.is_some()
        }
        Action::RevokeRole { account, role, .. } if role.is_organization_admin() => {
            let key = [
                number_of(tx, account.as_str()).await?,
                number_of(tx, role.as_str()).await?,
                0,
            ];
            tx.fact_find(at, FactKind::PlatformRole, key).await?.is_some()
        }
        Action::RevokeRole {
            account,
            resource,
            role,
        } => {
            let (account, resource) = (
                number_of(tx, account.as_str()).await?,
                number_of(tx, resource.as_str()).await?,
            );
            let key = [account, resource, number_of(tx, role.as_str()).await?];
            let held = tx.fact_find(at, FactKind::RoleHolding, key).await?;
            // What never ended is held by another way, which the plan said would remain.
            held.is_some_and(|fact| fact.seen.seen_at > removed_at)
        }
        Action::RevokeGroupRole {
            group,
            resource,
            role,
            ..
        } => {
            let (group, resource) = (
                number_of(tx, group.as_str()).await?,
                number_of(tx, resource.as_str()).await?,
            );
            let key = [group, resource, number_of(tx, role.as_str()).await?];
            tx.fact_find(at, FactKind::GroupRoleGrant, key).await?.is_some()
        }
        Action::RemoveFromDirectory { directory, account } => {
            let key = [
                number_of(tx, directory.as_str()).await?,
                number_of(tx, account.as_str()).await?,
                0,
            ];
            tx.fact_find(at, FactKind::DirectoryMembership, key)
                .await?
                .is_some()
        }
        Action::Suspend { directory, account } => {
            let key = [
                number_of(tx, directory.as_str()).await?,
                number_of(tx, account.as_str()).await?,
                0,
            ];
            let place = tx.fact_find(at, FactKind::DirectoryMembership, key).await?;
            place.is_some_and(is_active)
        }
        Action::Deactivate { account } | Action::DeleteAccount { account } => {
            let key = [number_of(tx, account.as_str()).await?, 0, 0];
            tx.fact_find(at, FactKind::Account, key)
                .await?
                .is_some_and(is_active)
        }
        _ => false,
    })
}

/// Why it is so again, as far as what was read tells.
async fn cause(tx: &mut Tx, scope: &Scope, action: &Action) -> Result<Cause, AppError> {
    let at = scope.snapshot();
    if let Some(group) = action.group()
        && let Some(found) = tx.group_find(at, group.as_str()).await?
        && super::preflight::is_ours(&found) == Some(false)
    {
        return Ok(Cause::IdentityProvider);
    }
    let Some(account) = action.account() else {
        return Ok(Cause::NotKnown);
    };
    let number = number_of(tx, account.as_str()).await?;
    let is_of_account = matches!(
        action,
        Action::Suspend { .. }
            | Action::RemoveFromDirectory { .. }
            | Action::Deactivate { .. }
            | Action::DeleteAccount { .. }
    );
    if is_of_account && !scim::of_account(tx, at, number).await?.records.is_empty() {
        return Ok(Cause::IdentityProvider);
    }
    if let Action::RevokeRole { resource, role, .. } = action {
        return through_group(tx, at, number, resource.as_str(), role.as_str()).await;
    }
    Ok(Cause::NotKnown)
}

async fn through_group(
    tx: &mut Tx,
    at: Snapshot,
    account: i64,
    resource: &str,
    role: &str,
) -> Result<Cause, AppError> {
    let (resource, role) = (number_of(tx, resource).await?, number_of(tx, role).await?);
    let groups = tx.account_groups(at, account).await?;
    for group in groups {
        let given = tx.grant_list(at, Some(group.term), Some(resource)).await?;
        if given.iter().any(|grant| grant.role == role) {
            return Ok(Cause::Group { group: group.id });
        }
    }
    Ok(Cause::NotKnown)
}
