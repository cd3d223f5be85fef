//! Connections: adding, removing, calling through them.

use crate::App;
use crate::error::AppError;
use atlassian::{Admin, Manage, Options, Scim, Transport};
use model::OrganizationId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::sync::Arc;
use store::{AuditRow, ConnectionRow, MasterKey, NewConnection, ScimCredential, Tx};

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
    /// The SCIM directory, if its token is known.
    pub scim: Option<ScimCredential>,
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
        let (transport, id, name) = self.connection_check(request, options).await?;
        if let Some(scim) = &request.scim {
            scim_check(&transport, scim).await?;
        }
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
        if request.scim.is_some() {
            self.scim_keep(&mut tx, request.name, request.scim.as_ref(), request.actor)
                .await?;
        }
        tx.commit().await?;
        Ok(ConnectionAdded {
            name: request.name.to_owned(),
            organization_id: id.to_string(),
            organization_name: name,
        })
    }

    /// Checks that the key reads the organization. Answers the way there, the organization's id and its name.
    async fn connection_check(
        &self,
        request: &ConnectionRequest<'_>,
        options: &Options,
    ) -> Result<(Arc<Transport>, OrganizationId, Option<String>), AppError> {
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
        Ok((transport, id, found.attributes.name))
    }

    /// Adds a connection, or brings the one of that name up to date: its key, where the API is, its SCIM directory, the
    /// organization's name. The key is checked each time; nothing is kept when it does not read the organization, or
    /// when the connection is one to another organization. Answers the organization's id.
    pub async fn connection_keep(
        &self,
        request: &ConnectionRequest<'_>,
        options: &Options,
    ) -> Result<String, AppError> {
        let seal = self.key()?;
        let mut tx = self.store.read().await?;
        let Some(known) = tx.connection_find(request.name).await? else {
            drop(tx);
            return Ok(self.connection_add(request, options).await?.organization_id);
        };
        let is_of = tx.organization_get(known.organization_id).await?.atlassian_id;
        let key = tx.connection_key(request.name, seal).await?;
        let scim = tx.connection_scim(request.name, seal).await?;
        drop(tx);
        let (transport, id, name) = self.connection_check(request, options).await?;
        if id != is_of {
            return Err(AppError::KeptOfOther {
                kept: is_of.to_string(),
                found: id.to_string(),
            });
        }
        let is_same = |known: &ScimCredential, new: &ScimCredential| {
            known.url == new.url && known.token.expose_secret() == new.token.expose_secret()
        };
        let has_other_scim = match (&scim, &request.scim) {
            (None, None) => false,
            (Some(known), Some(new)) => !is_same(known, new),
            _ => true,
        };
        if let (true, Some(scim)) = (has_other_scim, &request.scim) {
            scim_check(&transport, scim).await?;
        }
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        tx.organization_ensure(&id, name.as_deref()).await?;
        let has_other_key = key.is_none_or(|key| key.expose_secret() != request.key.expose_secret());
        if has_other_key || known.base_url != options.base_url {
            tx.connection_set_key(request.name, &options.base_url, &request.key, seal)
                .await?;
            tx.audit_record(&AuditRow {
                at: now,
                actor: request.actor.to_owned(),
                action: "connection.key".into(),
                subject: request.name.to_owned(),
                detail: format!("another key, or another address: {}", options.base_url),
            })
            .await?;
        }
        if has_other_scim {
            self.scim_keep(&mut tx, request.name, request.scim.as_ref(), request.actor)
                .await?;
        }
        tx.commit().await?;
        Ok(id.to_string())
    }

    /// Gives a connection a SCIM directory, after checking that its token reads it, or takes it away.
    pub async fn connection_set_scim(
        &self,
        name: &str,
        scim: Option<&ScimCredential>,
        options: &Options,
        actor: &str,
    ) -> Result<(), AppError> {
        let connection = self.connection_named(Some(name)).await?;
        if let Some(scim) = scim {
            let admin = self.admin(&connection, options).await?;
            scim_check(admin.transport(), scim).await?;
        }
        let mut tx = self.store.write().await?;
        self.scim_keep(&mut tx, &connection.name, scim, actor).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a SCIM directory with its connection, or forgets it, and writes that down where it is news.
    async fn scim_keep(
        &self,
        tx: &mut Tx,
        connection: &str,
        scim: Option<&ScimCredential>,
        actor: &str,
    ) -> Result<(), AppError> {
        if tx.connection_set_scim(connection, scim, self.key()?).await? {
            tx.audit_record(&scim_entry(self.clock.now_ms(), actor, connection, scim))
                .await?;
        }
        Ok(())
    }

    /// The SCIM directory of a connection, if it knows one; its requests count as those of `admin`.
    pub(crate) async fn scim(
        &self,
        connection: &ConnectionRow,
        admin: &Admin,
    ) -> Result<Option<Scim>, AppError> {
        let mut tx = self.store.read().await?;
        let known = tx.connection_scim(&connection.name, self.key()?).await?;
        drop(tx);
        let scim = known.map(|known| Scim::beside(admin.transport(), &known.url, known.token));
        Ok(scim.transpose()?)
    }

    /// User management with the key of an organization's connection.
    pub(crate) async fn manage(&self, organization: i64, options: &Options) -> Result<Manage, AppError> {
        let mut tx = self.store.read().await?;
        let all = tx.connection_list().await?;
        drop(tx);
        let connection = all
            .into_iter()
            .find(|connection| connection.organization_id == organization)
            .ok_or(AppError::NothingConnected)?;
        Ok(self.admin(&connection, options).await?.manage())
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

/// Asks the directory once, so that nothing is kept that does not work.
async fn scim_check(transport: &Transport, scim: &ScimCredential) -> Result<(), AppError> {
    Scim::beside(transport, &scim.url, scim.token.clone())?
        .users_count()
        .await?;
    Ok(())
}

fn scim_entry(at: i64, actor: &str, connection: &str, scim: Option<&ScimCredential>) -> AuditRow {
    AuditRow {
        at,
        actor: actor.to_owned(),
        action: "connection.scim".into(),
        subject: connection.to_owned(),
        detail: scim.map_or_else(
            || "the SCIM token is forgotten".into(),
            |scim| format!("SCIM directory at {}", scim.url),
        ),
    }
}

async fn only_organization(transport: &Transport) -> Result<OrganizationId, AppError> {
    let page = atlassian::org::organizations(transport, None).await?;
    match page.items.as_slice() {
        [only] if page.next.is_none() => Ok(OrganizationId::new(&only.id)),
        several => Err(AppError::WhichOrganization { count: several.len() }),
    }
}
