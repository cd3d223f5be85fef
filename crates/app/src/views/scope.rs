//! What is looked at: one organization, as of one published run.

use super::error::{Candidate, ViewError, nearest};
use super::time::At;
use crate::App;
use model::RunId;
use serde::Serialize;
use store::views::Snapshot;

/// One organization as of one published run; every answer is of a scope and says how old it is.
#[derive(Debug, Clone, Serialize)]
pub struct Scope {
    #[serde(skip)]
    pub(crate) at: Snapshot,
    /// The organization's id as Atlassian spells it.
    pub organization_id: String,
    /// What people call it: its name, or that of its connection.
    pub organization_name: String,
    /// The run whose facts are shown; `None` when nothing was read yet.
    pub run: Option<RunId>,
    /// When the reading of that run ended.
    pub read_at: Option<At>,
    /// When the last reading of everything ended: those since then read what events named.
    pub whole_read_at: Option<At>,
    /// When the first reading ended: history begins here.
    pub first_read_at: Option<At>,
    /// The run of the first reading.
    pub first_run: Option<RunId>,
    /// When methods were last read.
    pub methods_read_at: Option<At>,
    /// Whether this is the latest published run, not an earlier one.
    pub is_current: bool,
}

/// Which organization, and as of when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeChoice {
    /// An organization's id or name, or the name of a connection; may be left out when there is only one.
    pub organization: Option<String>,
    /// The last reading that ended by then; the latest when left out.
    pub as_of: Option<At>,
}

impl Scope {
    /// The snapshot of the store that is looked at.
    pub fn snapshot(&self) -> Snapshot {
        self.at
    }

    /// Whether anything was read yet.
    pub fn is_read(&self) -> bool {
        self.run.is_some()
    }
}

impl App {
    /// Finds what is to be looked at.
    pub async fn scope(&self, choice: &ScopeChoice) -> Result<Scope, ViewError> {
        let mut tx = self.store.read().await?;
        let organizations = tx.organization_list().await?;
        let connections = tx.connection_views().await?;
        let name_of = |organization: i64, told: &Option<String>, id: &str| {
            let connection = connections
                .iter()
                .find(|connection| connection.organization == organization);
            told.clone()
                .or_else(|| connection.map(|connection| connection.name.clone()))
                .unwrap_or_else(|| id.to_owned())
        };
        let candidates = || {
            organizations.iter().map(|row| Candidate {
                id: row.id.clone(),
                name: name_of(row.organization, &row.name, &row.id),
            })
        };
        let organization = match (&choice.organization, organizations.as_slice()) {
            (_, []) => return Err(ViewError::NothingConnected),
            (None, [only]) => only,
            (None, _) => {
                return Err(ViewError::WhichOrganization {
                    candidates: candidates().collect(),
                });
            }
            (Some(asked), rows) => {
                let by_connection = connections
                    .iter()
                    .find(|connection| connection.name == *asked)
                    .map(|found| found.organization);
                let found = rows.iter().find(|row| {
                    row.id == *asked
                        || row.name.as_deref() == Some(asked)
                        || by_connection == Some(row.organization)
                });
                found.ok_or_else(|| ViewError::Unknown {
                    what: "organization",
                    asked: asked.clone(),
                    nearest: nearest(asked, candidates()),
                })?
            }
        };
        let newest = organization.published_run;
        let until = choice.as_of.map_or(i64::MAX, |at| at.0);
        let shown = tx
            .published_last(organization.organization, newest, until)
            .await?;
        if shown.is_none() && choice.as_of.is_some() && newest > 0 {
            return Err(ViewError::BeforeFirstReading);
        }
        let run = shown.map_or(0, |shown| shown.run);
        let first = tx.published_first(organization.organization, newest).await?;
        let whole = tx.published_whole(organization.organization, run).await?;
        let methods = tx.published_methods(organization.organization, run).await?;
        Ok(Scope {
            at: Snapshot {
                organization: organization.organization,
                run,
            },
            organization_id: organization.id.clone(),
            organization_name: name_of(organization.organization, &organization.name, &organization.id),
            run: shown.map(|shown| RunId(shown.run)),
            read_at: shown.map(|shown| At(shown.ended_at)),
            whole_read_at: whole.map(|whole| At(whole.ended_at)),
            first_read_at: first.map(|first| At(first.ended_at)),
            first_run: first.map(|first| RunId(first.run)),
            methods_read_at: methods.map(|methods| At(methods.ended_at)),
            is_current: run == newest,
        })
    }

    /// The names of the connected organizations, for a person to choose from.
    pub async fn organizations(&self) -> Result<Vec<Candidate>, ViewError> {
        match self.scope(&ScopeChoice::default()).await {
            Ok(scope) => Ok(vec![Candidate {
                id: scope.organization_id,
                name: scope.organization_name,
            }]),
            Err(ViewError::WhichOrganization { candidates }) => Ok(candidates),
            Err(ViewError::NothingConnected) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
