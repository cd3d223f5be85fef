//! One plan: what it does, what else comes and goes with it, what holds it back, and how far it is; live while it runs.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::form::Fields;
use crate::pages::plans::{plan_path, state};
use crate::pages::propose::refusals;
use crate::pages::{ROWS, position};
use crate::parts::{
    account_link, address, copyable, counted, export_link, mark, not_told, number, pager, returns, time,
};
use crate::shell::{Place, Shell, Web};
use app::plans::{AccountEffects, ActionPart, ActionView, May, PlanChoices, PlanItem, PlanView, RoleEffect};
use app::views::Listed;
use app::{AppError, LOCAL_ADMINISTRATOR};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use model::{ActionState, PlanId, PlanState};
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
        return export(&web, &shell, id, &parameters.table).await;
    }
    let view = web.app.plan_part(id, parameters.part()).await?;
    let choices = web.app.plan_choices(&view, LOCAL_ADMINISTRATOR).await?;
    let accounts = web.app.plan_accounts(shell.scope()?, &view).await?;
    let title = format!("Plan {}", id.0);
    let body = html! {
        div.title {
            h1 { (title) span.number { bdi { (view.plan.title) } } }
            p.context { (context(&shell, &view, &choices)) }
        }
        (steps(&view, &choices))
        (live(&shell, &view, &choices))
        div.beside {
            div {
                (returns::section(shell.now, &view.returns, &plan_path(&view.plan.id), false))
                (effects(&view, &accounts))
                (actions(&view, &choices, &parameters))
                @if !view.refused.is_empty() {
                    section #refused {
                        div.heading {
                            h2 { "Not part of it" span.number { (view.refused.len()) } }
                            (export_link(&plan_path(&view.plan.id), &[("table", "refused")]))
                        }
                        (refusals(&view.refused))
                    }
                }
                (rehearsed(&shell, &view))
                (particulars(&shell, &view))
                (journal(&shell, &view))
            }
            aside aria-label="Guards and what to do" {
                (todo(&shell, &view, &choices))
                (guards(&view))
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
        actions(&view, &choices, &parameters)
    } else {
        live(&shell, &view, &choices)
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

async fn export(web: &Web, shell: &Shell, id: PlanId, table: &str) -> Result<Response, PageError> {
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

fn context(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    html! {
        "Made by " (plan.made_by) " " (time::ago(shell.now, plan.made_at))
        @if let (Some(by), Some(at)) = (&plan.approved_by, plan.approved_at) {
            span.dot { "·" } "approved by " (by) " " (time::ago(shell.now, at))
        }
        @if let Some(undone) = &plan.undo_of { span.dot { "·" } "undoes " a href=(plan_path(undone)) { (undone) } }
        @if plan.started_at.is_none() && !choices.is_asked { span.dot { "·" } "nothing has been sent to Atlassian" }
    }
}

fn steps(view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let is_approved = plan.approved_at.is_some();
    let is_begun = plan.started_at.is_some();
    let step = |is_done: bool, is_here: bool, words: &str| {
        html! {
            li aria-current=[is_here.then_some("step")] {
                @if is_done {
                    (mark::green(words))
                } @else if is_here {
                    (mark::under_way(words))
                } @else {
                    (mark::open(words))
                }
            }
        }
    };
    let runs = plan.state == PlanState::Running || choices.is_asked;
    html! {
        ol.steps aria-label="How far it is" {
            (step(true, false, "Proposed"))
            @match plan.state {
                PlanState::Cancelled => li { span.quiet { "Given up" } },
                _ if plan.is_expired => li { span.quiet { "Too old to be begun" } },
                PlanState::Failed => {
                    (step(true, false, "Approved")) (step(true, false, "Carried out"))
                    li aria-current="step" { (mark::red("Not all confirmed")) }
                }
                PlanState::Stopped | PlanState::Paused => {
                    (step(true, false, "Approved"))
                    li aria-current="step" { (state(plan)) }
                    (step(false, false, "Confirmed"))
                }
                _ => {
                    (step(is_approved, !is_approved, if is_approved { "Approved" } else { "Waits for approval" }))
                    (step(is_begun && !runs, is_approved && (runs || !is_begun), if runs { "Being carried out" } else if is_begun { "Carried out" } else { "To be carried out" }))
                    (step(plan.state == PlanState::Done, false, "Confirmed"))
                },
            }
        }
    }
}

/// Whether the page is to be looked at again by itself.
fn is_moving(view: &PlanView, choices: &PlanChoices) -> bool {
    choices.is_asked || view.plan.state == PlanState::Running && choices.is_worked_on
}

/// The numbers, swapped while the plan is carried out.
fn live(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let counts = &plan.counts;
    let over = counts.confirmed + counts.failed + counts.stuck;
    let is_moving = is_moving(view, choices);
    let refresh = is_moving.then(|| format!("{}/progress", plan_path(&plan.id)));
    html! {
        div #live data-refresh=[refresh] data-turn=(plan.state.name()) data-done=[(!is_moving).then_some("1")] aria-live="off" {
            dl.strip {
                div { dt { "Asked for" } dd.big { (number(counts.all)) small { @if counts.all == 1 { " change" } @else { " changes" } } } dd.age {
                    @if view.refused.is_empty() {
                        "none refused"
                    } @else {
                        a href="#refused" { (view.refused.len()) " more refused" }
                    }
                } }
                div {
                    dt { "Access lost" }
                    (roles(view.effects.lost_count, "remain by another way", view.effects.remaining_count))
                }
                div {
                    dt { "Access gained" }
                    (roles(view.effects.gained_count, "not known", view.effects.unknown_count))
                }
                div { dt { "Confirmed" } dd.big { (number(counts.confirmed)) small { " of " (number(counts.all)) } } dd.age {
                    @if is_moving { progress value=(over) max=(counts.all.max(1)) aria-label="Settled" {} }
                    @else if counts.failed + counts.stuck > 0 { a href=(look(plan)) { (to_look_at(plan)) } }
                    @else {
                        @match plan.ended_at {
                            Some(at) => (time::ago(shell.now, at)),
                            None => "nothing sent yet",
                        }
                    }
                } }
            }
            (said(view, choices))
        }
    }
}

fn roles(count: usize, besides: &str, number_besides: usize) -> Markup {
    let size = |count: usize| number(i64::try_from(count).unwrap_or(i64::MAX));
    html! {
        dd.big { (size(count)) small { @if count == 1 { " role" } @else { " roles" } } }
        dd.age { @if number_besides > 0 { (size(number_besides)) " " (besides) } @else { "by what was read" } }
    }
}

fn look(plan: &PlanItem) -> String {
    format!("{}#actions", address(&plan_path(&plan.id), &[("show", "look")]))
}

fn to_look_at(plan: &PlanItem) -> String {
    let counts = &plan.counts;
    match (counts.failed, counts.stuck) {
        (failed, 0) => format!("{} failed", number(failed)),
        (0, stuck) => format!("{} stuck", number(stuck)),
        (failed, stuck) => format!("{} failed, {} stuck", number(failed), number(stuck)),
    }
}

/// What is to be said about how it goes.
fn said(view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    html! {
        @if let Some(trouble) = &choices.trouble {
            p.note {
                @if trouble.passes {
                    (mark::amber("It waits:")) " " (trouble.detail) ". It is tried again within a minute."
                }
                @else { (mark::red("It did not go on:")) " " (trouble.detail) "." }
            }
        } @else if choices.is_asked && plan.state != PlanState::Running {
            p.note {
                (mark::under_way("Asked for."))
                " It begins within seconds, after the plan that is carried out now if there is one."
            }
        } @else if plan.state == PlanState::Running && !choices.is_worked_on && !choices.is_asked {
            p.note {
                (mark::amber("Nobody carries it out any more:"))
                " the process that did has ended. What was sent is settled by reading when it goes on."
            }
        } @else if plan.state == PlanState::Running {
            p.note { (mark::under_way("Each change is sent once and read back until it is seen.")) }
        }
        @if let Some(note) = &plan.note {
            p.note {
                @if plan.state == PlanState::Failed { (mark::red("")) } @else { (mark::amber("")) } (note) "."
            }
        }
        @if plan.counts.failed + plan.counts.stuck > 0 {
            p.note { a href=(look(plan)) { "See why and what to do: " (to_look_at(plan)) } "." }
        }
    }
}

/// Accounts that are listed; the file has all.
const ACCOUNTS: usize = 50;

fn effects(view: &PlanView, accounts: &[AccountEffects]) -> Markup {
    let path = plan_path(&view.plan.id);
    let beyond = accounts.iter().filter(|account| account.is_beyond()).count();
    let plural = |count: usize, words: [&str; 2]| {
        counted(i64::try_from(count).unwrap_or(i64::MAX), words[0], words[1])
    };
    let kinds: Vec<Kind> = [
        (
            "loses ",
            "Loses",
            [view.effects.lost.len(), view.effects.lost_count],
        ),
        (
            "gains ",
            "Gains",
            [view.effects.gained.len(), view.effects.gained_count],
        ),
        (
            "not known: ",
            "Not known",
            [view.effects.unknown.len(), view.effects.unknown_count],
        ),
    ]
    .into_iter()
    .filter(|(_, _, [_, all])| *all > 0)
    .collect();
    let (first, rest) = accounts.split_at(beyond.min(ACCOUNTS));
    let rest = rest
        .get(..(ACCOUNTS - first.len()).min(rest.len()))
        .unwrap_or_default();
    html! {
        section #effects {
            div.heading {
                h2 { "What happens to each account" span.number { (plural(accounts.len(), ["account", "accounts"])) } }
                @if !accounts.is_empty() { (export_link(&path, &[("table", "accounts")])) }
            }
            @if accounts.is_empty() {
                p.empty {
                    "Nobody's roles change by it"
                    @if view.effects.remaining_count > 0 {
                        ": " (plural(view.effects.remaining_count, ["role remains", "roles remain"]))
                        " by another way"
                    }
                    "."
                }
            } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Account" }
                            @for (_, head, _) in &kinds { th scope="col" { (head) } }
                        }
                    }
                    tbody {
                        @if !first.is_empty() {
                            tr.group-head {
                                td colspan=(kinds.len() + 1) {
                                    b {
                                        (plural(beyond, ["account is", "accounts are"]))
                                        " touched beyond what was asked"
                                    }
                                    ": what comes or goes with it"
                                }
                            }
                            @for account in first { (account_row(account, &kinds)) }
                        }
                        @if !rest.is_empty() {
                            @if !first.is_empty() {
                                tr.group-head { td colspan=(kinds.len() + 1) { b { "Only what was asked" } } }
                            }
                            @for account in rest { (account_row(account, &kinds)) }
                        }
                    }
                }
                @if accounts.len() > ACCOUNTS { p.note.quiet { (accounts.len() - ACCOUNTS) " more are in the file." } }
            }
            @for (_, head, [kept, all]) in &kinds {
                @if kept < all {
                    p.note.quiet {
                        (head) ": of " (number(i64::try_from(*all).unwrap_or(i64::MAX))) " roles the first "
                        (kept) " are kept with the plan and listed."
                    }
                }
            }
            @if view.effects.is_partial {
                p.note {
                    (mark::amber("Worked out for")) " the first " (view.effects.accounts)
                    " accounts only: the plan touches more."
                }
            }
            @if view.effects.unknown_count > 0 {
                p.note.quiet {
                    "Not known: how the role came about was not read, so it may remain. Read it with "
                    code { "orgwarden sync --methods" } " and make the plan again."
                }
            }
        }
    }
}

/// What becomes of roles: its word on a telephone, its head, and how many lines of it are kept of how many.
type Kind = (&'static str, &'static str, [usize; 2]);

fn account_row(effects: &AccountEffects, kinds: &[Kind]) -> Markup {
    let of = |head: &str| match head {
        "Loses" => &effects.lost,
        "Gains" => &effects.gained,
        _ => &effects.unknown,
    };
    html! {
        tr {
            td.first.m1.all { (account_link(&effects.account)) }
            @for ((word, head, _), place) in kinds.iter().zip(["words m5", "words m6", "words m7"]) {
                td class=(place) { (role_words(word, of(head))) }
            }
        }
    }
}

fn role_words(on_phone: &str, effects: &[RoleEffect]) -> Markup {
    const MOST: usize = 4;
    let words = |effect: &RoleEffect| format!("{} of {}", effect.role.name, effect.workspace.label());
    let more: Vec<String> = effects.iter().skip(MOST).map(words).collect();
    html! {
        @if effects.is_empty() { span.quiet.not-phone { "nothing" } } @else {
            span.only-phone.quiet { (on_phone) }
            (effects.iter().take(MOST).map(words).collect::<Vec<_>>().join(", "))
            @if !more.is_empty() { span title=(more.join(", ")) { ", +" (more.len()) } }
        }
    }
}

fn action_state(action: &ActionView) -> Markup {
    match action.state {
        ActionState::Planned | ActionState::Approved => mark::open("To come"),
        ActionState::Running => mark::under_way("Sent"),
        ActionState::Unknown => mark::under_way("Being found out"),
        ActionState::Confirmed if action.was_so => mark::green("Was so already"),
        ActionState::Confirmed => mark::green("Confirmed"),
        ActionState::Failed => mark::red("Not done"),
        ActionState::Stuck => mark::red("Stuck"),
    }
}

fn actions(view: &PlanView, choices: &PlanChoices, parameters: &Parameters) -> Markup {
    let plan = &view.plan;
    let path = plan_path(&plan.id);
    let troubled = plan.counts.failed + plan.counts.stuck;
    let shown = if parameters.show == "look" {
        troubled
    } else {
        plan.counts.all
    };
    let position = parameters.from.to_string();
    let from = if parameters.from > 0 {
        position.as_str()
    } else {
        ""
    };
    let refresh = is_moving(view, choices).then(|| {
        let part = [
            ("part", "actions"),
            ("show", parameters.show.as_str()),
            ("from", from),
        ];
        address(&format!("{path}/progress"), &part)
    });
    let listed = Listed {
        rows: view.actions.iter().collect::<Vec<_>>(),
        offset: parameters.from,
        limit: ROWS,
        shown,
        total: plan.counts.all,
        edges: None,
    };
    let tab = |name: &str, show: &str, count: i64| {
        let is_here = parameters.show == show;
        html! {
            a href=(format!("{}#actions", address(&path, &[("show", show)]))) aria-current=[is_here.then_some("true")] {
                (name) span.number { (number(count)) }
            }
        }
    };
    html! {
        section #actions data-refresh=[refresh] aria-live="off" {
            div.heading {
                h2 {
                    "What is sent, in order" span.number { (counted(plan.counts.all, "change", "changes")) }
                }
                (export_link(&path, &[("table", "actions")]))
            }
            @if troubled > 0 && troubled < plan.counts.all {
                p.tabs { (tab("All", "", plan.counts.all)) (tab("To look at", "look", troubled)) }
            }
            @if view.actions.is_empty() { p.empty { "None here." } } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "Change" }
                            th scope="col" { "Expects" @if troubled > 0 { ", or why not" } }
                            th.state scope="col" { "State" }
                        }
                    }
                    tbody { @for action in &view.actions { tr {
                        td.words.m1.all title=(action.id) { (action.what) @if !action.can_be_undone { " " span.quiet { "No undo." } }
                            @if !action.needs.is_empty() {
                                " " span.quiet { "Waits for " (action.needs.join(", ")) "." }
                            }
                        }
                        td.words.m5 {
                            @match &action.reason {
                                Some(reason) => {
                                    (reason)
                                    @if let Some(next) = &action.next_step { div.quiet { "→ " (next) } }
                                }
                                None => span.quiet { (action.expects) },
                            }
                        }
                        td.words.m6 {
                            (action_state(action))
                            @if action.attempts > 1 { " " span.quiet { "sent " (action.attempts) " times" } }
                        }
                    } } }
                }
                @if shown > ROWS { (pager(&listed, &path, &[("show", &parameters.show)], false)) }
            }
            @if plan.counts.waiting > 0 {
                p.note.quiet {
                    "What a change expects is looked at again before it is sent: what is so already is left alone, what cannot be any more is not sent. After a failure the rest "
                    @if plan.goes_on { "goes on." } @else { "waits." }
                }
            }
        }
    }
}

/// Lines of the journal that are listed; the file has all.
const LINES: usize = 20;

fn journal(shell: &Shell, view: &PlanView) -> Markup {
    let path = plan_path(&view.plan.id);
    html! {
        section #journal {
            div.heading {
                h2 {
                    "Journal"
                    @if view.journal.len() > LINES {
                        span.number { "the latest " (LINES) " of " (view.journal.len()) }
                    }
                }
                (export_link(&path, &[("table", "journal")]))
            }
            table.list {
                thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "By" } } }
                tbody { @for line in view.journal.iter().rev().take(LINES) { tr {
                    td.when.m3 { (time::moment(shell.now, line.at)) }
                    td.words.m1.all {
                        @if let Some(action) = &line.action { span.quiet { (action) " " } }
                        (line.event) @if !line.detail.is_empty() { ": " (shortened(&line.detail)) }
                    }
                    td.when.m4 { (line.actor) }
                } } }
            }
        }
    }
}

/// A hash tells nothing beyond its beginning.
fn shortened(detail: &str) -> &str {
    let is_hash = detail.len() == 64 && detail.bytes().all(|byte| byte.is_ascii_hexdigit());
    detail.get(..12).filter(|_| is_hash).unwrap_or(detail)
}

fn guards(view: &PlanView) -> Markup {
    html! {
        section {
            div.heading {
                h2 {
                    "Guards"
                    span.number {
                        @match view.guards.len() {
                            0 => "none speaks",
                            1 => "1 speaks",
                            many => { (many) " speak" },
                        }
                    }
                }
                a.aside href="/guards" { "All guards" }
            }
            @if !view.guards.is_empty() {
                ul.plain {
                    @for trip in &view.guards {
                        li { (mark::amber(&trip.guard.replace('_', " "))) div.quiet { (trip.detail) } }
                    }
                }
            }
            @if let Some(reason) = &view.overridden { p.note { "Approved all the same: “" (reason) "”" } }
        }
    }
}

/// What a rehearsal showed, and how far reality differed from it.
fn rehearsed(shell: &Shell, view: &PlanView) -> Markup {
    let Some(rehearsal) = &view.rehearsal else {
        return html! {};
    };
    let size = |count: usize| number(i64::try_from(count).unwrap_or(i64::MAX));
    let requests = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX));
    html! {
        section #rehearsal {
            div.heading { h2 { "Rehearsed" span.number { (time::ago_text(shell.now, rehearsal.rehearsed_at)) } } }
            dl.particulars {
                div {
                    dt { "Confirmed" }
                    dd {
                        (size(rehearsal.confirmed))
                        @if !rehearsal.others.is_empty() {
                            ", " (mark::amber(&format!("{} not", rehearsal.others.len())))
                        }
                    }
                }
                div {
                    dt { "Access lost, gained" }
                    dd { (size(rehearsal.lost_count)) ", " (size(rehearsal.gained_count)) }
                }
                div {
                    dt { "It took" }
                    dd {
                        (requests(rehearsal.requests)) " requests, "
                        (time::duration_text(rehearsal.duration_ms))
                    }
                }
                @if let Some(reality) = &view.reality {
                    div {
                        dt { "Really" }
                        dd {
                            (requests(reality.requests)) " requests, "
                            (time::duration_text(reality.duration_ms))
                        }
                    }
                    div {
                        dt { "Ended otherwise" }
                        dd {
                            @if reality.surprises.is_empty() {
                                "no change"
                            } @else {
                                (mark::amber(&counted(i64::try_from(reality.surprises.len()).unwrap_or(0), "change", "changes")))
                            }
                        }
                    }
                }
            }
            @if rehearsal.hash != view.plan.hash {
                p.note { (mark::amber("Another plan was rehearsed:")) " its hash is not this one's." }
            }
        }
    }
}

fn particulars(shell: &Shell, view: &PlanView) -> Markup {
    let plan = &view.plan;
    let waits = matches!(plan.state, PlanState::Planned | PlanState::Approved);
    html! {
        section {
            div.heading { h2 { "Particulars" } }
            dl.particulars {
                div {
                    dt { "Comment" }
                    dd { @match &plan.comment { Some(comment) => (comment), None => (not_told("none")) } }
                }
                @if waits { div { dt { "Expires" } dd { (time::ago(shell.now, plan.expires_at)) } } }
                @if let Some(at) = plan.started_at { div { dt { "Begun" } dd { (time::moment(shell.now, at)) } } }
                @if let Some(at) = plan.ended_at { div { dt { "Ended" } dd { (time::moment(shell.now, at)) } } }
                div {
                    dt { "Connection" }
                    dd {
                        a href=(format!("/connections/{}", crate::parts::segment(&view.connection))) {
                            (view.connection)
                        }
                    }
                }
                div { dt { "Hash" } dd { (copyable(&plan.hash)) } }
            }
        }
    }
}

fn button(view: &PlanView, what: &str, words: &str, is_first: bool) -> Markup {
    html! {
        form action=(format!("{}/{what}", plan_path(&view.plan.id))) method="post" {
            button.primary[is_first] type="submit" { (words) }
        }
    }
}

/// What this person can do with it.
fn todo(shell: &Shell, view: &PlanView, choices: &PlanChoices) -> Markup {
    let plan = &view.plan;
    let changes = counted(plan.counts.waiting, "change", "changes");
    let undone = counted(
        i64::try_from(view.can_be_undone).unwrap_or(0),
        "change",
        "changes",
    );
    let nothing = [
        &choices.approve,
        &choices.apply,
        &choices.pause,
        &choices.cancel,
        &choices.undo,
    ]
    .iter()
    .all(|may| **may == May::No);
    if nothing {
        return html! {};
    }
    html! {
        section.todo {
            div.heading { h2 { @match plan.state {
                PlanState::Planned => "Approve",
                PlanState::Approved if !choices.is_asked => "Carry it out",
                PlanState::Paused | PlanState::Stopped => "Go on",
                PlanState::Running => "While it runs",
                _ => "What you can do",
            } } }
            @if !shell.can_change {
                p.note {
                    "These pages only show what is stored: plans are carried out by "
                    code { "orgwarden serve" } " with its key, or by "
                    code { "orgwarden plan apply " (plan.id) } "."
                }
            } @else {
                @match &choices.approve {
                    May::Yes => (approval(view, choices, &changes)),
                    May::NotSince(why) => p.note { (mark::amber("You cannot approve it.")) " " (why) },
                    May::No => {},
                }
                @match &choices.apply {
                    May::Yes => {
                        (button(view, "apply", &format!("{} {changes}", if plan.started_at.is_some() { "Go on with" } else { "Carry out" }), true))
                        p.note.quiet { "Each is sent once and read back until it is seen." }
                    },
                    May::NotSince(why) => p.note { (mark::amber("It cannot be carried out.")) " " (why) },
                    May::No => {},
                }
                @if choices.pause == May::Yes {
                    (button(view, "pause", "Pause", false))
                    p.note.quiet { "What was sent is settled; the rest waits." }
                }
                @if choices.undo == May::Yes {
                    (button(view, "undo", &format!("Plan to undo {undone}"), plan.state == PlanState::Failed))
                    p.note.quiet { "Makes a plan that waits for approval like any other. What was so before is left." }
                }
                @if choices.cancel == May::Yes { (button(view, "cancel", "Give it up", false)) }
            }
        }
    }
}

fn approval(view: &PlanView, choices: &PlanChoices, changes: &str) -> Markup {
    let plan = &view.plan;
    let is_held = !view.guards.is_empty();
    html! {
        form.approval action=(format!("{}/approve", plan_path(&plan.id))) method="post" {
            input type="hidden" name="hash" value=(plan.hash);
            @if plan.comment.is_none() {
                label {
                    span {
                        @if choices.wants_comment {
                            "Why, because it has many changes"
                        } @else {
                            "Why, if you want to say it"
                        }
                        ", kept with the plan"
                    }
                    textarea name="comment" rows="3" maxlength="2000" required[choices.wants_comment] {}
                }
            }
            @if is_held {
                label {
                    span { "Why, although guards hold it back; kept with your name" }
                    textarea name="reason" rows="3" maxlength="2000" required {}
                }
            }
            @if choices.writes {
                button.primary type="submit" name="then" value="apply" { "Approve and carry out " (changes) }
            }
            button.primary[!choices.writes] type="submit" {
                "Approve" @if choices.writes { " only" } @else { " " (changes) }
            }
            @if !choices.writes {
                p.note.quiet {
                    "Changes are switched off for this connection, so it waits until they are on."
                }
            }
        }
    }
}
