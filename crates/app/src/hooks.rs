//! Hooks: what Atlassian delivers is proved genuine, and then only says that it is time to look.
//!
//! Nothing of what a delivery says is believed or kept; the events that are read next tell what happened. So a delivery
//! that is lost, late or out of order costs time and nothing else.

use crate::App;
use crate::error::AppError;
use crate::views::At;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::{AuditRow, HookRow};

/// Who delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookKind {
    /// The organization's audit log; proved by a fixed `Authorization` header.
    Organization,
    /// Guard's alerts; proved by a fixed `Authorization` header.
    Guard,
    /// Webhooks of a Jira site; proved by a signature over the body.
    Jira,
}

impl HookKind {
    /// Every kind.
    pub const ALL: [HookKind; 3] = [HookKind::Organization, HookKind::Guard, HookKind::Jira];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            HookKind::Organization => "organization",
            HookKind::Guard => "guard",
            HookKind::Jira => "jira",
        }
    }
}

/// A hook, without its secret.
#[derive(Debug, Clone, Serialize)]
pub struct HookView {
    /// What it is called.
    pub name: String,
    /// Where deliveries go, below the address of the listener.
    pub path: String,
    /// Who delivers.
    pub kind: HookKind,
    /// Whose organization it is about.
    pub connection: String,
    /// When a delivery came last.
    pub delivered_at: Option<At>,
    /// When it was added.
    pub created_at: At,
    /// By whom.
    pub created_by: String,
}

/// What is needed to check a delivery.
#[derive(Clone)]
pub struct HookKey {
    /// The store's number of the hook.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Who delivers.
    pub kind: HookKind,
    /// The connection to look at.
    pub connection: String,
    /// What proves a delivery genuine.
    pub secret: SecretString,
}

/// The shortest secret that is taken.
const LEAST_LETTERS: usize = 16;

fn kind_of(row: &HookRow) -> Option<HookKind> {
    HookKind::ALL.into_iter().find(|kind| kind.name() == row.kind)
}

impl App {
    /// Adds a hook. Its name is part of its address, and its secret is told to Atlassian.
    pub async fn hook_add(
        &self,
        connection: Option<&str>,
        name: &str,
        kind: HookKind,
        secret: &SecretString,
        actor: &str,
    ) -> Result<(), AppError> {
        use secrecy::ExposeSecret as _;
        let connection = self.connection_named(connection).await?;
        let wrong = |what: String| Err(AppError::WrongHook { what });
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            return wrong("its name is part of an address: letters, digits, - and _, 64 at most".into());
        }
        if secret.expose_secret().trim().len() < LEAST_LETTERS {
            return wrong(format!("its secret has at least {LEAST_LETTERS} letters"));
        }
        let now = self.clock.now_ms();
        let row = HookRow {
            id: 0,
            connection_id: connection.id,
            connection: connection.name.clone(),
            name: name.to_owned(),
            kind: kind.name().to_owned(),
            created_at: now,
            created_by: actor.to_owned(),
            delivered_at: None,
        };
        let mut tx = self.store.write().await?;
        tx.hook_add(&row, secret, self.key()?).await?;
        tx.audit_record(&self.hook_entry(actor, "hook.add", name, kind.name()))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Every hook, by name.
    pub async fn hooks(&self) -> Result<Vec<HookView>, AppError> {
        let mut tx = self.store.read().await?;
        let rows = tx.hook_list().await?.into_iter();
        let view = |row: HookRow| {
            Some(HookView {
                path: format!("/hooks/{}", row.name),
                kind: kind_of(&row)?,
                name: row.name,
                connection: row.connection,
                delivered_at: row.delivered_at.map(At),
                created_at: At(row.created_at),
                created_by: row.created_by,
            })
        };
        Ok(rows.filter_map(view).collect())
    }

    /// Forgets a hook: its address answers nobody any more.
    pub async fn hook_remove(&self, name: &str, actor: &str) -> Result<(), AppError> {
        let mut tx = self.store.write().await?;
        if !tx.hook_remove(name).await? {
            return Err(AppError::NoHook {
                name: name.to_owned(),
            });
        }
        tx.audit_record(&self.hook_entry(actor, "hook.remove", name, ""))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the door checks deliveries with. It is kept in memory there, so that no delivery waits for the database.
    pub async fn hook_keys(&self) -> Result<Vec<HookKey>, AppError> {
        let mut tx = self.store.read().await?;
        let mut keys = Vec::new();
        for row in tx.hook_list().await? {
            let secret = tx.hook_secret(&row.name, self.key()?).await?;
            if let (Some(kind), Some(secret)) = (kind_of(&row), secret) {
                keys.push(HookKey {
                    id: row.id,
                    name: row.name,
                    kind,
                    connection: row.connection,
                    secret,
                });
            }
        }
        Ok(keys)
    }

    /// Takes note of a genuine delivery: the connection's events are read next. Answers whether it was new; one that
    /// comes again is none.
    pub async fn hook_delivered(&self, hook: &HookKey, delivery: &str) -> Result<bool, AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        let is_new = tx.hook_delivered(hook.id, delivery, now).await?;
        if is_new {
            self.reading_nudge(&mut tx, &hook.connection, now).await?;
        }
        tx.commit().await?;
        self.stirred.notify_waiters();
        Ok(is_new)
    }

    fn hook_entry(&self, actor: &str, action: &str, subject: &str, detail: &str) -> AuditRow {
        AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        }
    }
}
