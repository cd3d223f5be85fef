//! One plan: what it does, what else comes and goes with it, what holds it back, and how far it is; live while it runs.

mod actions;
mod decide;
mod effects;
mod export;
mod record;
mod status;

use crate::csv;
use crate::error::PageError;
use crate::form::Fields;
use crate::pages::plans::plan_path;
use crate::pages::propose::refusals;
use crate::pages::{ROWS, position};
use crate::parts::{export_link, returns};
use crate::shell::{Place, Shell, Web};
use app::plans::ActionPart;
use app::{AppError, LOCAL_ADMINISTRATOR};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use model::PlanId;
use serde::Deserialize;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    /// `look` for the actions that did not end well.
    show: String,
    #[serde(deserialize_with = "position")]
    from: i64,
    format: String,
    /// Which table is wanted as a file: `accounts`, `returns`, `refused`, `journal`, or else the actions.
    table: String,
    /// Which part is swapped while the plan runs: `actions`, or else the numbers.
    part: String,
}

impl Parameters {
    fn part(&self) -> ActionPart {
        let size = |number: i64| usize::try_from(number).unwrap_or(0);
        ActionPart {
            to_look_at: self.show == "look",
            offset: size(self.from),
            limit: size(ROWS),
        }
    }
}

fn plan_id(plan: &str) -> Result<PlanId, PageError> {
    plan.parse()
        .map_err(|_| PageError::not_found("plan").back_to("/plans", "Plans"))
}

/// Shows the plan.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Path(plan): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let id = plan_id(&plan)?;
    if csv::is_wanted(&parameters.format) {
        return export::table(&web, &shell, id, &parameters.table).await;
    }
    let view = web.app.plan_part(id, parameters.part()).await?;
    let choices = web.app.plan_choices(&view, LOCAL_ADMINISTRATOR).await?;
    let accounts = web.app.plan_accounts(shell.scope()?, &view).await?;
    let title = format!("Plan {}", id.0);
    let body = html! {
        div.title {
            h1 { (title) span.number { bdi { (view.plan.title) } } }
            p.context { (status::context(&shell, &view, &choices)) }
        }
        (status::steps(&view, &choices))
        (status::live(&shell, &view, &choices))
        div.beside {
            div {
                (returns::section(shell.now, &view.returns, &plan_path(&view.plan.id), false))
                (effects::section(&view, &accounts))
                (actions::section(&view, &choices, &parameters))
                @if !view.refused.is_empty() {
                    section #refused {
                        div.heading {
                            h2 { "Not part of it" span.number { (view.refused.len()) } }
                            (export_link(&plan_path(&view.plan.id), &[("table", "refused")]))
                        }
                        (refusals(&view.refused))
                    }
                }
                (record::rehearsed(&shell, &view))
                (record::particulars(&shell, &view))
                (record::journal(&shell, &view))
            }
            aside aria-label="Guards and what to do" {
                (decide::todo(&shell, &view, &choices))
                (decide::guards(&view))
            }
        }
    };
    Ok(shell.page(Place::Plans, &title, body).into_response())
}

/// The parts that are swapped while the plan is carried out.
pub(crate) async fn progress(
    State(web): State<Web>,
    shell: Shell,
    Path(plan): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Markup, PageError> {
    let view = web.app.plan_part(plan_id(&plan)?, parameters.part()).await?;
    let choices = web.app.plan_choices(&view, LOCAL_ADMINISTRATOR).await?;
    Ok(if parameters.part == "actions" {
        actions::section(&view, &choices, &parameters)
    } else {
        status::live(&shell, &view, &choices)
    })
}

/// Does with the plan what a form says.
pub(crate) async fn act(
    State(web): State<Web>,
    Path((plan, what)): Path<(String, String)>,
    fields: Fields,
) -> Result<Redirect, PageError> {
    let id = plan_id(&plan)?;
    let (app, actor) = (&web.app, LOCAL_ADMINISTRATOR);
    let Some(api) = &web.api else {
        return Err(PageError::refused(
            "Nothing can be changed from here",
            "These pages only show what is stored. Start `orgwarden serve` without --no-sync.",
        ));
    };
    let mut leads_to = id;
    match what.as_str() {
        "approve" => {
            if let Some(comment) = fields.some("comment") {
                app.plan_comment(id, comment, actor).await?;
            }
            let approved = app.plan_approve(id, fields.some("hash"), fields.some("reason"), actor);
            approved.await.map_err(in_words_of_the_page)?;
            if fields.one("then") == "apply" {
                app.plan_ask(id, actor).await?;
            }
        }
        "apply" => app.plan_ask(id, actor).await?,
        "pause" => app.plan_halt(id, false, actor).await?,
        "cancel" => app.plan_halt(id, true, actor).await?,
        "undo" => {
            let made = app.plan_undo(id, api, actor).await?;
            leads_to = made.id.ok_or_else(|| {
                let why = made.refused.first().map(|refused| refused.reason.clone());
                PageError::refused(
                    "Nothing of it can be undone from here",
                    &why.unwrap_or_else(|| "There is nothing left to undo.".to_owned()),
                )
            })?;
        }
        _ => return Err(PageError::not_found("page")),
    }
    Ok(Redirect::to(&plan_path(&leads_to.to_string())))
}

/// What commands would answer with options, the page answers with its fields.
fn in_words_of_the_page(error: AppError) -> PageError {
    match error {
        AppError::NoComment { .. } => PageError::refused(
            "This plan needs a comment",
            "It has many actions, and nobody said why. Go back and say why above the button.",
        ),
        AppError::Guarded { .. } => PageError::refused(
            "Guards hold this plan back",
            "Go back and say why it is to be approved all the same; the reason is kept. Or make a smaller plan.",
        ),
        other => other.into(),
    }
}
