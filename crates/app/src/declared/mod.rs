//! Access as code: a file that says who is to have what, what differs from it, and the plan that ends the difference.
//!
//! A file speaks of what it names. A group that it names has exactly the members that are listed, a resource exactly the
//! roles of groups and of accounts that are listed – where it lists them; of a group or resource that it does not name, and
//! of a list that it leaves out, it says nothing. `ignore` takes accounts and groups out of what is too much. An entry that
//! has expired counts as not listed.
//!
//! - `yaml`: texts, lists and maps with their places. `file`: the shape of a file. `wrong`: what is wrong, and where.
//! - `known`: what names mean, and how things are called so that they are found again. `held`: an account's own roles.
//! - `compare`: the lines that are missing or too many, each with the action that ends it. `write`: the export.
//!
//! Nothing is changed from here: [`App::access_plan`] makes a plan like any other.

mod compare;
mod file;
mod held;
mod known;
mod write;
mod wrong;
mod yaml;

pub use compare::{Difference, Drift, DriftLine, Sign};
pub use wrong::{Place, Wrong, WrongFile};

use crate::App;
use crate::error::AppError;
use crate::plans::{PlanMade, PlanRequest};
use crate::views::Scope;
use atlassian::Options;

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

    /// Makes one plan that ends the drift, or finds the one that waits already. Nothing of it happens before somebody approves
    /// it.
    pub async fn access_plan(
        &self,
        drift: &Drift,
        request: &PlanRequest<'_>,
        options: &Options,
    ) -> Result<PlanMade, AppError> {
        let request = PlanRequest {
            actions: drift.actions(),
            may_be_old: true,
            ..request.clone()
        };
        self.plan_make(&request, options).await
    }
}
