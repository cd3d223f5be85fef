//! Taking care of what is kept: erasing people, backing up, and a look at the whole.

use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use model::FactKind;
use serde::Serialize;
use std::path::Path;
use store::AuditRow;

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// Whether it is well.
    pub well: bool,
    /// What was seen, and what to do if it is not well.
    pub detail: String,
}

impl App {
    /// Forgets for good what describes a person: name, e-mail address, profile. The account's history stays by its id,
    /// and later readings do not bring the person back.
    pub async fn erase(&self, account_id: &str, actor: &str) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let mut tx = self.store.write().await?;
        let terms = tx.term_intern(&[account_id]).await?;
        for (id, account) in terms {
            tx.person_erase(account, &id, now).await?;
        }
        tx.audit_record(&AuditRow {
            at: now,
            actor: actor.to_owned(),
            action: "account.erase".into(),
            subject: account_id.to_owned(),
            detail: "name, e-mail address and profile are forgotten".into(),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes a consistent copy of the database to a new file, also while others work with it. The master key is not
    /// in it.
    pub async fn backup(&self, file: &Path, actor: &str) -> Result<(), AppError> {
        if file.exists() {
            return Err(AppError::FileExists {
                file: file.display().to_string(),
            });
        }
        if !self.store.backup_to(file).await? {
            return Err(AppError::BackupElsewhere);
        }
        let mut tx = self.store.write().await?;
        tx.audit_record(&AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: "backup".into(),
            subject: file.display().to_string(),
            detail: "without the master key".into(),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Looks at the database, the master key and each connection's latest reading. Calls nobody.
    pub async fn doctor(&self, scopes: &[Scope]) -> Result<Vec<Finding>, AppError> {
        let mut findings = vec![Finding {
            what: "database".into(),
            well: true,
            detail: format!("{} opens and has the schema of this version", self.store.name()),
        }];
        findings.push(match &self.master_key {
            None => Finding {
                what: "master key".into(),
                well: false,
                detail: "none was given; reading Atlassian is not possible without it".into(),
            },
            Some(key) => match self.store.master_key_check(key).await {
                Ok(()) => Finding {
                    what: "master key".into(),
                    well: true,
                    detail: "opens this database".into(),
                },
                Err(error) => {
                    let hint = error.hint().unwrap_or_default();
                    Finding {
                        what: "master key".into(),
                        well: false,
                        detail: format!("{error}; {hint}"),
                    }
                }
            },
        });
        let mut tx = self.store.read().await?;
        for connection in tx.connection_list().await? {
            let latest = tx
                .run_latest(connection.organization_id, 1)
                .await?
                .into_iter()
                .next();
            let (well, detail) = match latest {
                None => (false, "was never read; run orgwarden sync".to_owned()),
                Some(run) => {
                    let age_min = (self.clock.now_ms() - run.ended_at.unwrap_or(run.started_at)) / 60_000;
                    let state = format!("{:?}", run.state).to_lowercase();
                    let well =
                        matches!(run.state, store::RunState::Published) && run.report.reasons.is_empty();
                    let why = run.report.reasons.join("; ");
                    (
                        well,
                        format!(
                            "{} is {state}, {age_min} min old{}{why}",
                            run.id,
                            if well { "" } else { ": " }
                        ),
                    )
                }
            };
            findings.push(Finding {
                what: format!("connection {}", connection.name),
                well,
                detail,
            });
        }
        for scope in scopes {
            let accounts = tx
                .facts_count(scope.snapshot().organization, FactKind::Account)
                .await?;
            findings.push(Finding {
                what: format!("organization {}", scope.organization_name),
                well: true,
                detail: format!("{accounts} accounts known"),
            });
        }
        Ok(findings)
    }
}
