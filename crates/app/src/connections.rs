//! Connections: adding, removing, calling through them.

use crate::App;
use crate::error::AppError;
use atlassian::{Admin, Options, Transport};
use model::OrganizationId;
use secrecy::SecretString;
use serde::Serialize;
use std::sync::Arc;
use store::{AuditRow, ConnectionRow, MasterKey, NewConnection};

/// What is needed to add a connection.
#[derive(Debug)]
pub struct ConnectionRequest<'a> {
    /// A name that is not taken.
    pub name: &'a str,
    /// Atlassian's id of the organization; found when the key sees exactly one.
    pub organization: Option<&'a str>,
    /// The organization's API key.
    pub key: SecretString,
    /// Who adds it.
    pub actor: &'a str,
    /// How often `serve` reads it, in milliseconds.
    pub sync_interval_ms: i64,
}

/// A connection that was added.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionAdded {
    /// Its name.
    pub name: String,
    /// Atlassian's id of the organization.
    pub organization_id: String,
    /// The organization's name.
    pub organization_name: Option<String>,
}

impl App {
    pub(crate) fn key(&self) -> Result<&MasterKey, AppError> {
        self.master_key.as_deref().ok_or(AppError::NoMasterKey)
    }

    /// Checks that the key reads the organization, then keeps it, sealed. Nothing is kept when it does not.
    pub async fn connection_add(
        &self,
        request: &ConnectionRequest<'_>,
        options: &Options,
    ) -> Result<ConnectionAdded, AppError> {
        let seal = self.key()?;
        let transport = Transport::new(options, request.key.clone(), Arc::clone(&self.clock))?;
        let transport = Arc::new(transport);
        let id = match request.organization {
            Some(id) => OrganizationId::new(id),
            None => only_organization(&transport).await?,
        };
        let found = Admin::new(Arc::clone(&transport), id.clone())
            .organization()
            .await?;
        if found.id != id.as_str() {
            return Err(AppError::OtherOrganization {
                asked: id.to_string(),
                found: found.id,
            });
        }
        let name = found.attributes.name;
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        let organization = tx.organization_ensure(&id, name.as_deref()).await?;
        let new = NewConnection {
            organization_id: organization.id,
            name: request.name,
            base_url: &options.base_url,
            key: &request.key,
            created_at: now,
            created_by: request.actor,
            sync_interval_ms: request.sync_interval_ms,
        };
        tx.connection_add(&new, seal).await?;
        tx.audit_record(&AuditRow {
            at: now,
            actor: request.actor.to_owned(),
            action: "connection.add".into(),
            subject: request.name.to_owned(),
            detail: format!("organization {id} at {}", options.base_url),
        })
        .await?;
        tx.commit().await?;
        Ok(ConnectionAdded {
            name: request.name.to_owned(),
            organization_id: id.to_string(),
            organization_name: name,
        })
    }

    /// Forgets a connection and its key. What it read stays.
    pub async fn connection_remove(&self, name: &str, actor: &str) -> Result<(), AppError> {
        let connection = self.connection_named(Some(name)).await?;
        let mut tx = self.store.write().await?;
        tx.connection_remove(&connection.name).await?;
        tx.audit_record(&AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: "connection.remove".into(),
            subject: connection.name,
            detail: "the key is forgotten, what was read is kept".into(),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The connection of this name, or the only one.
    pub async fn connection_named(&self, name: Option<&str>) -> Result<ConnectionRow, AppError> {
        let mut tx = self.store.read().await?;
        let mut all = tx.connection_list().await?;
        let known = || {
            all.iter()
                .map(|connection| connection.name.clone())
                .collect::<Vec<_>>()
        };
        let position = match name {
            Some(name) => all
                .iter()
                .position(|connection| connection.name == name)
                .ok_or_else(|| AppError::NoConnection {
                    name: name.to_owned(),
                    known: known(),
                })?,
            None if all.is_empty() => return Err(AppError::NothingConnected),
            None if all.len() > 1 => return Err(AppError::WhichConnection { known: known() }),
            None => 0,
        };
        Ok(all.swap_remove(position))
    }

    /// The API of a connection's organization, with its key.
    pub async fn admin(&self, connection: &ConnectionRow, options: &Options) -> Result<Admin, AppError> {
        let mut tx = self.store.read().await?;
        let key = tx.connection_key(&connection.name, self.key()?).await?;
        let organization = tx.organization_get(connection.organization_id).await?;
        drop(tx);
        let missing = || AppError::NoConnection {
            name: connection.name.clone(),
            known: Vec::new(),
        };
        let key = key.ok_or_else(missing)?;
        let options = Options {
            base_url: connection.base_url.clone(),
            ..options.clone()
        };
        let transport = Transport::new(&options, key, Arc::clone(&self.clock))?;
        Ok(Admin::new(Arc::new(transport), organization.atlassian_id))
    }
}

async fn only_organization(transport: &Transport) -> Result<OrganizationId, AppError> {
    let page = atlassian::org::organizations(transport, None).await?;
    match page.items.as_slice() {
        [only] if page.next.is_none() => Ok(OrganizationId::new(&only.id)),
        several => Err(AppError::WhichOrganization { count: several.len() }),
    }
}
