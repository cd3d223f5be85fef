//! Deciding about findings.

use super::evaluate::{decision_of, state_of};
use crate::App;
use crate::error::AppError;
use crate::views::{At, Scope};
use model::FindingId;
use rules::{Kind, State, Transition};
use store::{AuditRow, DecisionRow, FindingRow, TransitionRow, Tx};

/// What somebody wants to be held about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRequest {
    /// Whether it is no problem, or one that is lived with.
    pub kind: Kind,
    /// Why.
    pub reason: String,
    /// From when on it is open again.
    pub until: At,
}

impl App {
    /// Suppresses or accepts a finding until a day. It opens again by itself.
    pub async fn finding_decide(
        &self,
        scope: &Scope,
        finding: FindingId,
        request: &DecisionRequest,
        actor: &str,
    ) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        if request.reason.trim().is_empty() {
            return Err(AppError::Decision { what: "a reason" });
        }
        if request.until.0 <= now {
            return Err(AppError::Decision {
                what: "a day in the future until which it holds",
            });
        }
        let (mut tx, row) = self.finding_to_decide(scope, finding).await?;
        let kind = match request.kind {
            Kind::Suppressed => State::Suppressed,
            Kind::Accepted => State::Accepted,
        };
        let decision = DecisionRow {
            kind: kind.name().to_owned(),
            reason: request.reason.trim().to_owned(),
            by: actor.to_owned(),
            at: now,
            until: request.until.0,
        };
        let reason = format!("{} (until {})", decision.reason, request.until);
        self.decided(&mut tx, scope, row, Some(decision), actor, &reason)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a decision back: the finding is open again.
    pub async fn finding_reopen(
        &self,
        scope: &Scope,
        finding: FindingId,
        actor: &str,
    ) -> Result<(), AppError> {
        let (mut tx, row) = self.finding_to_decide(scope, finding).await?;
        self.decided(&mut tx, scope, row, None, actor, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn finding_to_decide(
        &self,
        scope: &Scope,
        finding: FindingId,
    ) -> Result<(Tx, FindingRow), AppError> {
        let mut tx = self.store.write().await?;
        let row = tx.finding_find(scope.snapshot().organization, finding.0).await?;
        let row = row.ok_or(AppError::NoFinding { finding })?;
        if state_of(&row) == State::Closed {
            return Err(AppError::FindingClosed { finding });
        }
        Ok((tx, row))
    }

    async fn decided(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        row: FindingRow,
        decision: Option<DecisionRow>,
        actor: &str,
        reason: &str,
    ) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        tx.finding_decide(row.id, decision.as_ref()).await?;
        let before = state_of(&row);
        let after = FindingRow { decision, ..row };
        let state = State::of(true, decision_of(&after).as_ref(), now);
        let organization = scope.snapshot().organization;
        if let Some(transition) = Transition::between(Some(before), state) {
            tx.finding_set_state(after.id, state.name(), now, after.run)
                .await?;
            let step = TransitionRow {
                id: 0,
                finding: after.id,
                transition: transition.name().to_owned(),
                at: now,
                run: 0,
                actor: actor.to_owned(),
                reason: reason.to_owned(),
            };
            tx.finding_transitions(organization, &[step]).await?;
        }
        tx.audit_record(&AuditRow {
            at: now,
            actor: actor.to_owned(),
            action: format!("finding.{}", state.name()),
            subject: FindingId(after.id).to_string(),
            detail: reason.to_owned(),
        })
        .await?;
        Ok(())
    }
}
