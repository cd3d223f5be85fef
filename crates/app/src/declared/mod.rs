//! Access as code: a file that says who is to have what, what differs from it, and the plan that ends the difference.
//!
//! A file speaks of what it names. A group that it names has exactly the members that are listed, a resource exactly
//! the roles of groups and of accounts that are listed – where it lists them; of a group or resource that it does not
//! name, and of a list that it leaves out, it says nothing. `ignore` takes accounts and groups out of what is too much.
//! An entry that has expired counts as not listed.
//!
//! - `yaml`: texts, lists and maps with their places. `file`: the shape of a file. `wrong`: what is wrong, and where.
//! - `known`: all that has a name, and how it is called so that it is found again. `meaning`: what the names of a
//!   file mean. `held`: an account's own roles.
//! - `compare` and, for roles, `roles`: the lines that are missing or too many (`drift`), each with the action that
//!   ends it. `write`: the export.
//!
//! Nothing is changed from here: [`App::access_plan`] makes a plan like any other.

mod compare;
mod drift;
mod file;
mod held;
mod known;
mod meaning;
mod roles;
mod write;
mod wrong;
pub mod yaml;

pub use drift::{Difference, Drift, DriftLine, Sign};
pub use wrong::{Place, Wrong, WrongFile};

use crate::App;
use crate::error::AppError;
use crate::plans::{MOST_ASKED, PlanMade, PlanRequest, ask_methods};
use crate::views::Scope;
use access::Holding;
use atlassian::Options;
use model::Action;
use std::collections::BTreeSet;

/// An access file as it was given.
#[derive(Debug, Clone, Copy)]
pub struct AccessText<'a> {
    /// What the file is called.
    pub name: &'a str,
    /// What it holds.
    pub text: &'a str,
}

impl App {
    /// How far what is stored is from what a file declares.
    pub async fn access_drift(&self, scope: &Scope, given: AccessText<'_>) -> Result<Drift, AppError> {
        if !scope.is_read() {
            let connection = scope.organization_name.clone();
            return Err(AppError::NotRead { connection });
        }
        let wrong = |wrong| {
            AppError::AccessFile(WrongFile {
                file: given.name.to_owned(),
                wrong,
            })
        };
        let file = file::read(given.text).map_err(wrong)?;
        if let Some(organization) = &file.organization {
            let names = [scope.organization_id.as_str(), scope.organization_name.as_str()];
            if !names.contains(&organization.text.as_str()) {
                let what = format!(
                    "this file is of organization {}, and {} is looked at",
                    organization.text, scope.organization_id
                );
                let hint = Some("name the other one with --connection".to_owned());
                return Err(wrong(vec![Wrong::new(organization.place, what, hint)]));
            }
        }
        let now = self.clock.now_ms();
        let mut tx = self.store.read().await?;
        let known = known::Known::look_up(&mut tx, scope).await?;
        compare::Comparison::new(&mut tx, scope, &known, &file, now)
            .drift()
            .await?
            .map_err(wrong)
    }

    /// Of the roles of which it is unclear whether accounts hold them themselves, those that they do not: Atlassian is
    /// asked, a request for each account. Beyond so many that a preview asks about, they stay unclear.
    async fn not_own(
        &self,
        drift: &Drift,
        connection: Option<&str>,
        options: &Options,
    ) -> Result<Vec<Action>, AppError> {
        let accounts: BTreeSet<String> = drift
            .ask
            .iter()
            .filter_map(|action| Some(action.account()?.to_string()))
            .collect();
        if accounts.is_empty() || accounts.len() > MOST_ASKED {
            return Ok(Vec::new());
        }
        let connection = self.connection_named(connection).await?;
        let admin = self.admin(&connection, options).await?;
        let mut tx = self.store.read().await?;
        let asked = ask_methods(&mut tx, &admin, &accounts).await?;
        let mut not_own = Vec::new();
        for action in &drift.ask {
            let Action::GrantRole {
                account,
                resource,
                role,
            } = action
            else {
                continue;
            };
            let numbers = (
                tx.term_find(account.as_str()).await?,
                tx.term_find(resource.as_str()).await?,
                tx.term_find(role.as_str()).await?,
            );
            if let (Some(account), Some(resource), Some(role)) = numbers
                && let Some(methods) = asked.get(&Holding {
                    account,
                    resource,
                    role,
                })
                && !methods.direct
            {
                not_own.push(action.clone());
            }
        }
        Ok(not_own)
    }

    /// Makes one plan that ends the drift, or finds the one that waits already. Nothing of it happens before somebody
    /// approves it.
    pub async fn access_plan(
        &self,
        drift: &Drift,
        request: &PlanRequest<'_>,
        options: &Options,
    ) -> Result<PlanMade, AppError> {
        let mut actions = drift.actions();
        // What is given comes first.
        actions.splice(0..0, self.not_own(drift, request.connection, options).await?);
        let request = PlanRequest {
            actions,
            may_be_old: true,
            ..request.clone()
        };
        self.plan_make(&request, options).await
    }
}
