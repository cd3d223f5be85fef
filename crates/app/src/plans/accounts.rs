//! What a plan does to each account, with names: what is gained and lost, and what of it nobody asked for by name.

use super::effects::EffectLine;
use super::view::PlanView;
use crate::App;
use crate::error::AppError;
use crate::views::names::{Names, Wanted};
use crate::views::{AccountRef, RoleRef, Scope, WorkspaceRef};
use model::{Action, PlanId};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::Tx;

/// A role that an account gains or loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleEffect {
    /// On what.
    pub workspace: WorkspaceRef,
    /// Which role.
    pub role: RoleRef,
    /// Whether an action names just this role; otherwise it comes or goes with something else.
    pub is_asked: bool,
}

/// What becomes of one account's access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountEffects {
    /// The account.
    pub account: AccountRef,
    /// Roles that it loses.
    pub lost: Vec<RoleEffect>,
    /// Roles that it gains.
    pub gained: Vec<RoleEffect>,
    /// Roles of which it is not known whether they remain.
    pub unknown: Vec<RoleEffect>,
}

impl AccountEffects {
    /// Whether anything happens to it that no action names.
    pub fn is_beyond(&self) -> bool {
        let all = self.lost.iter().chain(&self.gained).chain(&self.unknown);
        all.into_iter().any(|effect| !effect.is_asked)
    }
}

/// Numbers of ids, and what people call them.
struct Known {
    numbers: HashMap<String, i64>,
    names: Names,
}

impl Known {
    async fn of(tx: &mut Tx, scope: &Scope, lines: &[&EffectLine]) -> Result<Known, AppError> {
        let mut ids: Vec<&str> = Vec::new();
        for line in lines {
            ids.extend([&line.account_id, &line.resource_id, &line.role].map(String::as_str));
        }
        ids.sort_unstable();
        ids.dedup();
        let numbers: HashMap<String, i64> = tx.term_numbers(&ids).await?.into_iter().collect();
        let number = |id: &str| numbers.get(id).copied().unwrap_or(0);
        let mut wanted = Wanted::default();
        for line in lines {
            wanted
                .account(number(&line.account_id))
                .resource(number(&line.resource_id))
                .role(number(&line.role));
        }
        let names = wanted.look_up(tx, scope.snapshot()).await?;
        Ok(Known { numbers, names })
    }

    fn number(&self, id: &str) -> i64 {
        self.numbers.get(id).copied().unwrap_or(0)
    }
}

impl App {
    /// Roles that a plan gives or takes, as people call them: `Ana Rossi: User of acme (Confluence)`.
    pub async fn effect_words(&self, id: PlanId, lines: &[EffectLine]) -> Result<Vec<String>, AppError> {
        let (row, _) = self.plan_row(id).await?;
        let scope = self.scope_of(row.organization_id).await?;
        let lines: Vec<&EffectLine> = lines.iter().collect();
        let mut tx = self.store.read().await?;
        let known = Known::of(&mut tx, &scope, &lines).await?;
        let words = |line: &&EffectLine| {
            let account = known.names.account(known.number(&line.account_id));
            let role = known.names.role(known.number(&line.role));
            let workspace = known.names.resource(known.number(&line.resource_id));
            format!("{}: {} of {}", account.label(), role.name, workspace.label())
        };
        Ok(lines.iter().map(words).collect())
    }

    /// What a plan does to each account, as far as it was kept: those first that lose most.
    pub async fn plan_accounts(
        &self,
        scope: &Scope,
        view: &PlanView,
    ) -> Result<Vec<AccountEffects>, AppError> {
        let effects = &view.effects;
        let lists = [&effects.lost, &effects.gained, &effects.unknown];
        let id: PlanId = view.plan.id.parse().unwrap_or(PlanId(0));
        let mut tx = self.store.read().await?;
        let actions = tx.plan_actions(id).await?;
        let asked: HashSet<[&str; 3]> = actions.iter().filter_map(|row| named(&row.action)).collect();
        let all: Vec<&EffectLine> = lists.into_iter().flatten().collect();
        let known = Known::of(&mut tx, scope, &all).await?;
        drop(tx);
        let mut by_account: BTreeMap<&str, AccountEffects> = BTreeMap::new();
        for (which, list) in lists.into_iter().enumerate() {
            for line in list {
                let of_account = by_account
                    .entry(&line.account_id)
                    .or_insert_with(|| AccountEffects {
                        account: known.names.account(known.number(&line.account_id)),
                        lost: Vec::new(),
                        gained: Vec::new(),
                        unknown: Vec::new(),
                    });
                let effect = RoleEffect {
                    workspace: known.names.resource(known.number(&line.resource_id)),
                    role: known.names.role(known.number(&line.role)),
                    is_asked: [line.account_id.as_str(), ""]
                        .iter()
                        .any(|who| asked.contains(&[who, line.resource_id.as_str(), line.role.as_str()])),
                };
                match which {
                    0 => of_account.lost.push(effect),
                    1 => of_account.gained.push(effect),
                    _ => of_account.unknown.push(effect),
                }
            }
        }
        let mut all: Vec<AccountEffects> = by_account.into_values().collect();
        all.sort_by(|one, other| {
            let key = |of: &AccountEffects| (!of.is_beyond(), std::cmp::Reverse(of.lost.len()));
            key(one)
                .cmp(&key(other))
                .then_with(|| one.account.label().cmp(other.account.label()))
        });
        Ok(all)
    }
}

/// The account, resource and role that an action names; a group's role is everybody's, with no account.
fn named(action: &Action) -> Option<[&str; 3]> {
    match action {
        Action::GrantRole {
            account,
            resource,
            role,
        }
        | Action::RevokeRole {
            account,
            resource,
            role,
        } => Some([account.as_str(), resource.as_str(), role.as_str()]),
        Action::GrantGroupRole { resource, role, .. } | Action::RevokeGroupRole { resource, role, .. } => {
            Some(["", resource.as_str(), role.as_str()])
        }
        _ => None,
    }
}
