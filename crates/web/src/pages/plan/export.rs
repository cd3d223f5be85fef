//! The tables of the page as files, each with all of its rows.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::returns;
use crate::shell::{Shell, Web};
use app::plans::{AccountEffects, RoleEffect};
use axum::response::Response;
use model::PlanId;

const ACTION_HEADS: [&str; 9] = [
    "action",
    "what",
    "expects",
    "state",
    "was_so",
    "attempts",
    "settled_at",
    "reason",
    "next_step",
];
const ACCOUNT_HEADS: [&str; 8] = [
    "account_id",
    "name",
    "email",
    "what",
    "workspace_id",
    "workspace",
    "role",
    "asked_for",
];
const JOURNAL_HEADS: [&str; 5] = ["at", "actor", "action", "event", "detail"];

/// Answers the table with this name, or else the actions.
pub(super) async fn table(web: &Web, shell: &Shell, id: PlanId, table: &str) -> Result<Response, PageError> {
    let view = web.app.plan(id).await?;
    match table {
        "journal" => {
            let rows = view.journal.iter().map(|line| {
                vec![
                    line.at.to_string(),
                    line.actor.clone(),
                    line.action.clone().unwrap_or_default(),
                    line.event.clone(),
                    line.detail.clone(),
                ]
            });
            csv::small(&format!("{id}-journal"), &JOURNAL_HEADS, rows.collect()).await
        }
        "returns" => {
            csv::small(
                &format!("{id}-returns"),
                &returns::HEADS,
                returns::rows(&view.returns),
            )
            .await
        }
        "refused" => {
            let rows = view
                .refused
                .iter()
                .map(|one| vec![one.what.clone(), one.reason.clone(), one.next_step.clone()]);
            csv::small(
                &format!("{id}-refused"),
                &["what", "reason", "next_step"],
                rows.collect(),
            )
            .await
        }
        "accounts" => {
            let accounts = web.app.plan_accounts(shell.scope()?, &view).await?;
            let rows = accounts.iter().flat_map(account_cells).collect();
            csv::small(&format!("{id}-accounts"), &ACCOUNT_HEADS, rows).await
        }
        _ => {
            let rows = view.actions.iter().map(|action| {
                vec![
                    action.id.clone(),
                    action.what.clone(),
                    action.expects.clone(),
                    action.state.name().to_owned(),
                    action.was_so.to_string(),
                    action.attempts.to_string(),
                    csv::time(action.settled_at),
                    csv::text(action.reason.as_ref()),
                    csv::text(action.next_step.as_ref()),
                ]
            });
            csv::small(&format!("{id}-actions"), &ACTION_HEADS, rows.collect()).await
        }
    }
}

fn account_cells(effects: &AccountEffects) -> Vec<Cells> {
    let lists = [
        ("loses", &effects.lost),
        ("gains", &effects.gained),
        ("not known", &effects.unknown),
    ];
    let cells = |what: &str, effect: &RoleEffect| {
        vec![
            effects.account.account_id.clone(),
            csv::text(effects.account.name.as_ref()),
            csv::text(effects.account.email.as_ref()),
            what.to_owned(),
            effect.workspace.workspace_id.clone(),
            effect.workspace.label(),
            effect.role.name.clone(),
            effect.is_asked.to_string(),
        ]
    };
    let of_list = |(what, list): &(&str, &Vec<RoleEffect>)| -> Vec<Cells> {
        list.iter().map(|effect| cells(what, effect)).collect()
    };
    lists.iter().flat_map(of_list).collect()
}
