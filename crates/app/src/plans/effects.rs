//! What a plan does to effective access, beyond what it names: per account what is gained and lost.

use super::facts::{Facts, NOT_STORED, role_of};
use crate::error::AppError;
use crate::views::Scope;
use crate::views::names::Wanted;
use access::{Edit, Fate, Grant, Holding, Membership, Methods, World};
use atlassian::{Admin, Cursor};
use model::{Action, GroupId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::Tx;
use store::views::Part;

/// The most accounts whose access is worked out; a plan that touches more says so.
const MOST_ACCOUNTS: usize = 5_000;
/// The most lines that are kept of each list.
const MOST_LINES: usize = 500;

/// A role that an account gains or loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffectLine {
    /// Who.
    pub account_id: String,
    /// On what.
    pub resource_id: String,
    /// Which role.
    pub role: String,
}

/// How many of a resource's accounts lose a role on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losing {
    /// What people call it.
    pub resource: String,
    /// Accounts that lose a role on it, or may.
    pub accounts: i64,
    /// Accounts that hold a role on it now.
    pub of: i64,
}

/// What a plan does to effective access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effects {
    /// Accounts whose access may be different.
    pub accounts: usize,
    /// Roles that are gained.
    pub gained: Vec<EffectLine>,
    /// How many.
    pub gained_count: usize,
    /// Roles that are lost.
    pub lost: Vec<EffectLine>,
    /// How many.
    pub lost_count: usize,
    /// Roles of which it is not known whether they remain: how they came about was not read.
    pub unknown: Vec<EffectLine>,
    /// How many.
    pub unknown_count: usize,
    /// Roles that remain although a way to them goes.
    pub remaining_count: usize,
    /// What it takes from each resource.
    pub losing: Vec<Losing>,
    /// Whether more accounts are touched than were worked out.
    pub is_partial: bool,
}

/// How holdings came about, as it was asked just now.
pub(crate) type Asked = HashMap<Holding, Methods>;

/// Works out what the actions do. What was `asked` wins over what was read.
pub(super) async fn effects(
    tx: &mut Tx,
    scope: &Scope,
    facts: &Facts,
    actions: &[Action],
    asked: &Asked,
) -> Result<Effects, AppError> {
    let at = scope.snapshot();
    // What Atlassian alone knows has no number, and nothing is stored that could be worked out for it.
    let stored = |number: &i64| *number != NOT_STORED;
    let account_of = |id: &model::AccountId| {
        let row = facts.accounts.get(id.as_str());
        row.map(|row| row.account.term).filter(stored)
    };
    // Groups that the plan makes have no number yet; those below zero are free.
    let mut made: BTreeMap<GroupId, i64> = BTreeMap::new();
    for group in actions.iter().filter_map(Action::makes) {
        let number = -1 - i64::try_from(made.len()).unwrap_or(0);
        made.entry(group).or_insert(number);
    }
    let group_of = |id: &GroupId| {
        let known = facts.groups.get(id.as_str()).map(|group| group.term);
        let known = known.filter(stored);
        known.or_else(|| made.get(id).copied())
    };
    let mut edits = Vec::new();
    let mut touched: BTreeSet<i64> = BTreeSet::new();
    let mut memberships = Vec::new();
    let mut grants = Vec::new();
    let mut whole_groups: BTreeSet<i64> = BTreeSet::new();
    for action in actions {
        let account = action.account().and_then(account_of);
        let group = action.group().and_then(group_of);
        let on = role_of(action).and_then(|(resource, role)| {
            let number = |text: &str| facts.terms.get(text).copied().filter(stored);
            Some((number(resource.as_str())?, number(role.as_str())?))
        });
        match (action, account, group, on) {
            (Action::AddMember { .. }, Some(account), Some(group), _) => {
                edits.push(Edit::AddMembership(Membership { group, account }));
                touched.insert(account);
                whole_groups.insert(group);
            }
            (Action::RemoveMember { .. }, Some(account), Some(group), _) => {
                edits.push(Edit::RemoveMembership(Membership { group, account }));
                memberships.push(Membership { group, account });
                touched.insert(account);
                whole_groups.insert(group);
            }
            (Action::GrantRole { .. }, Some(account), _, Some((resource, role))) => {
                edits.push(Edit::AddDirect(Holding {
                    account,
                    resource,
                    role,
                }));
                touched.insert(account);
            }
            (Action::RevokeRole { .. }, Some(account), _, Some((resource, role))) => {
                edits.push(Edit::RemoveDirect(Holding {
                    account,
                    resource,
                    role,
                }));
                touched.insert(account);
            }
            (
                Action::GrantGroupRole { .. } | Action::RevokeGroupRole { .. },
                _,
                Some(group),
                Some((resource, role)),
            ) => {
                let grant = Grant {
                    group,
                    resource,
                    role,
                };
                let gives = matches!(action, Action::GrantGroupRole { .. });
                edits.push(if gives {
                    Edit::AddGrant(grant)
                } else {
                    Edit::RemoveGrant(grant)
                });
                members(tx, scope, group, &mut memberships, &mut touched).await?;
                whole_groups.insert(group);
            }
            (Action::DeleteGroup { .. }, _, Some(group), _) => {
                members(tx, scope, group, &mut memberships, &mut touched).await?;
                for grant in tx.grant_list(at, Some(group), None).await? {
                    let (resource, role) = (grant.resource, grant.role);
                    edits.push(Edit::RemoveGrant(Grant {
                        group,
                        resource,
                        role,
                    }));
                }
                whole_groups.insert(group);
            }
            _ => {}
        }
    }
    let is_partial = touched.len() > MOST_ACCOUNTS;
    let touched: Vec<i64> = touched.into_iter().take(MOST_ACCOUNTS).collect();
    for group in whole_groups {
        let given = tx.grant_list(at, Some(group), None).await?;
        grants.extend(given.into_iter().map(|grant| Grant {
            group,
            resource: grant.resource,
            role: grant.role,
        }));
    }
    let mut holdings = Vec::new();
    for row in tx.effective_of_accounts(at, &touched).await? {
        let (account, resource, role) = (row.account, row.resource, row.role);
        let methods = row.methods.as_ref().map(|methods| Methods {
            direct: methods.iter().any(|method| method == "direct"),
            group: methods.iter().any(|method| method == "group_direct"),
            inferred: methods.iter().any(|method| method == "inferred"),
        });
        let holding = Holding {
            account,
            resource,
            role,
        };
        let methods = asked.get(&holding).copied().or(methods);
        holdings.push((holding, methods));
        if let Some((group, _)) = row.group {
            memberships.push(Membership { group, account });
            grants.push(Grant {
                group,
                resource,
                role,
            });
        }
    }
    let known: BTreeSet<i64> = touched.iter().copied().collect();
    memberships.retain(|membership| known.contains(&membership.account));
    let world = World::new(holdings, memberships, grants);
    let mut effects = Effects {
        accounts: touched.len(),
        is_partial,
        ..Effects::default()
    };
    let found: Vec<_> = world
        .what_if(&edits)
        .into_iter()
        .filter(|effect| known.contains(&effect.holding.account))
        .collect();
    let mut wanted = Wanted::default();
    for effect in &found {
        wanted
            .account(effect.holding.account)
            .resource(effect.holding.resource)
            .role(effect.holding.role);
    }
    let names = wanted.look_up(tx, at).await?;
    let mut losing: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for effect in &found {
        if matches!(effect.fate, Fate::Lost | Fate::Unknown) {
            let accounts = losing.entry(effect.holding.resource).or_default();
            accounts.insert(effect.holding.account);
        }
    }
    for (resource, accounts) in losing {
        effects.losing.push(Losing {
            resource: names.resource(resource).label(),
            accounts: i64::try_from(accounts.len()).unwrap_or(i64::MAX),
            of: tx.holder_count(at, resource).await?,
        });
    }
    for effect in found {
        let (list, count) = match effect.fate {
            Fate::Gained => (&mut effects.gained, &mut effects.gained_count),
            Fate::Lost => (&mut effects.lost, &mut effects.lost_count),
            Fate::Unknown => (&mut effects.unknown, &mut effects.unknown_count),
            Fate::Remains => {
                effects.remaining_count += 1;
                continue;
            }
        };
        *count += 1;
        if list.len() < MOST_LINES {
            list.push(EffectLine {
                account_id: names.account(effect.holding.account).account_id,
                resource_id: names.resource(effect.holding.resource).workspace_id,
                role: names.role(effect.holding.role).role_id,
            });
        }
    }
    Ok(effects)
}

/// Asks how the roles of some accounts came about: a request for each, so that what is lost is known.
pub(crate) async fn ask_methods(
    tx: &mut Tx,
    admin: &Admin,
    accounts: &BTreeSet<String>,
) -> Result<Asked, AppError> {
    let mut asked = Asked::new();
    for account in accounts {
        let Some(number) = tx.term_find(account).await? else {
            continue;
        };
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = match admin.account_role_assignments(account, cursor.as_ref()).await {
                Ok(page) => page,
                // Without an answer it stays unknown, which is what the preview then says.
                Err(error) if error.is_refusal() => break,
                Err(error) => return Err(error.into()),
            };
            for assignment in page.items {
                let Some(resource) = tx.term_find(&assignment.resource_id).await? else {
                    continue;
                };
                for told in assignment.role_assignments.iter().flatten() {
                    let (Some(role), Some(methods)) = (
                        tx.term_find(&told.role).await?,
                        told.role_assignment_methods.as_ref(),
                    ) else {
                        continue;
                    };
                    let has = |name: &str| methods.iter().any(|method| method == name);
                    let methods = Methods {
                        direct: has("direct"),
                        group: has("group_direct"),
                        inferred: has("inferred"),
                    };
                    let holding = Holding {
                        account: number,
                        resource,
                        role,
                    };
                    asked.insert(holding, methods);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    Ok(asked)
}

async fn members(
    tx: &mut Tx,
    scope: &Scope,
    group: i64,
    memberships: &mut Vec<Membership>,
    touched: &mut BTreeSet<i64>,
) -> Result<(), AppError> {
    let most = i64::try_from(MOST_ACCOUNTS).unwrap_or(i64::MAX) + 1;
    let rows = tx
        .group_members(scope.snapshot(), group, "", Part::first(most), false)
        .await?;
    for row in rows {
        let account = row.account.account;
        memberships.push(Membership { group, account });
        touched.insert(account);
    }
    Ok(())
}
