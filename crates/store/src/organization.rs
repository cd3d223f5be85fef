//! Organizations: whose facts they are, and up to which run people see them.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Row;
use model::{OrganizationId, RunId};

const ENSURE: &str = "INSERT INTO organization (atlassian_id, name) VALUES ($1, $2)
    ON CONFLICT (atlassian_id) DO UPDATE SET name = COALESCE(excluded.name, organization.name)";
const FIND: &str = "SELECT id, atlassian_id, name, published_run FROM organization WHERE atlassian_id = $1";
const GET: &str = "SELECT id, atlassian_id, name, published_run FROM organization WHERE id = $1";
const PUBLISH: &str = "UPDATE organization SET published_run = $2 WHERE id = $1";

/// An organization as the store knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganizationRow {
    /// The store's own number of it.
    pub id: i64,
    /// Atlassian's id.
    pub atlassian_id: OrganizationId,
    /// Its name, once read.
    pub name: Option<String>,
    /// The last run that people see; `RunId(0)` before the first.
    pub published_run: RunId,
}

fn organization(row: &Row) -> Result<OrganizationRow, StoreError> {
    Ok(OrganizationRow {
        id: row.int(0)?,
        atlassian_id: OrganizationId::new(row.text(1)?),
        name: row.text_or_null(2)?,
        published_run: RunId(row.int(3)?),
    })
}

impl Tx {
    /// Makes the organization known, or gives it its name.
    pub async fn organization_ensure(
        &mut self,
        id: &OrganizationId,
        name: Option<&str>,
    ) -> Result<OrganizationRow, StoreError> {
        self.execute(ENSURE, &[id.as_str().into(), name.into()]).await?;
        let found = self.organization_find(id).await?;
        found.ok_or(StoreError::Corrupt {
            table: "organization",
            id: id.to_string(),
            what: "is missing".into(),
        })
    }

    /// The organization with this Atlassian id.
    pub async fn organization_find(
        &mut self,
        id: &OrganizationId,
    ) -> Result<Option<OrganizationRow>, StoreError> {
        self.row(FIND, &[id.as_str().into()])
            .await?
            .as_ref()
            .map(organization)
            .transpose()
    }

    /// The organization with this number.
    pub async fn organization_get(&mut self, id: i64) -> Result<OrganizationRow, StoreError> {
        let row = self.row(GET, &[id.into()]).await?;
        let missing = || StoreError::Corrupt {
            table: "organization",
            id: id.to_string(),
            what: "is missing".into(),
        };
        organization(&row.ok_or_else(missing)?)
    }

    /// Shows everything up to this run.
    pub(crate) async fn organization_publish(&mut self, id: i64, run: RunId) -> Result<(), StoreError> {
        self.execute(PUBLISH, &[id.into(), run.0.into()]).await?;
        Ok(())
    }
}
