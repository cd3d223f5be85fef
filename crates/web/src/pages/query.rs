//! Questions in SQL: an editor, the views beside it, the answer below; and the same for programs.

use crate::error::{PageError, operation_id};
use crate::form::Fields;
use crate::parts::{address, counted, mark, not_told, number};
use crate::shell::{Place, Shell, Web};
use app::query::{
    FUNCTIONS, Limits, QueryAnswer, Question, Refusal, Variables, cell_text, told, typed, views,
};
use app::views::At;
use app::views::scope::ScopeChoice;
use app::{AppError, LOCAL_ADMINISTRATOR};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many rows the page shows; a file has as many as a question may answer.
const SHOWN: usize = 1_000;

const EXAMPLE: &str = "SELECT account_name, role, workspace, group_name\nFROM access\nWHERE role LIKE '%admin%'\nORDER BY account_name";

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    saved: String,
    sql: String,
}

/// What stands in the editor, and what came of it.
struct Editor {
    sql: String,
    name: String,
    values: BTreeMap<String, String>,
    answer: Option<Result<QueryAnswer, String>>,
}

/// Shows the editor, with a saved question in it if one is named. Nothing is asked yet.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Markup, PageError> {
    let sql = if parameters.saved.is_empty() {
        parameters.sql
    } else {
        web.app.saved_question(&parameters.saved).await?.sql
    };
    let editor = Editor {
        sql: if sql.is_empty() { EXAMPLE.to_owned() } else { sql },
        name: parameters.saved,
        values: BTreeMap::new(),
        answer: None,
    };
    page(&web, &shell, &editor).await
}

/// Asks, saves or forgets what the editor holds.
pub(crate) async fn ask(State(web): State<Web>, shell: Shell, fields: Fields) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let (sql, name) = (fields.one("sql").to_owned(), fields.one("name").to_owned());
    let actor = LOCAL_ADMINISTRATOR;
    match fields.one("do") {
        "remove" => {
            web.app.remove_question(&name, actor).await?;
            return Ok(Redirect::to("/query").into_response());
        }
        "save" if name.is_empty() => {
            return Err(PageError::refused(
                "The question needs a name",
                "Give it one beside the button, then save it.",
            )
            .back_to("/query", "Query"));
        }
        "save" => {
            web.app.save_question(&name, "", &sql, actor).await?;
            return Ok(Redirect::to(&address("/query", &[("saved", &name)])).into_response());
        }
        _ => {}
    }
    let mut values = BTreeMap::new();
    let mut variables = Variables::new();
    // What cannot be read is told as the answer.
    if let Ok(question) = Question::read(&sql) {
        for name in question.variables() {
            let value = fields.one(&format!("v_{name}"));
            values.insert(name.to_owned(), value.to_owned());
            variables.insert(name.to_owned(), typed(value));
        }
    }
    let is_file = fields.one("do") == "csv";
    let limits = Limits {
        rows: if is_file { Limits::default().rows } else { SHOWN },
        ..Limits::default()
    };
    let answer = match web.app.query(scope, &sql, &variables, limits).await {
        Ok(answer) if is_file => return Ok(file(&answer)),
        Ok(answer) => Ok(answer),
        Err(AppError::Question(refusal)) => Err(said(&refusal)),
        Err(error) => return Err(error.into()),
    };
    let editor = Editor {
        sql,
        name,
        values,
        answer: Some(answer),
    };
    Ok(page(&web, &shell, &editor).await?.into_response())
}

/// What is shown of a refusal. What is the database's own trouble is told in the log.
fn said(refusal: &Refusal) -> String {
    if !matches!(refusal, Refusal::Database(_)) {
        return refusal.to_string();
    }
    let operation = operation_id();
    tracing::error!(operation.id = %operation, error = refusal as &dyn std::error::Error, "a question could not be asked");
    format!("{refusal}; the log says more under {operation}")
}

fn file(answer: &QueryAnswer) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"orgwarden-query.csv\"",
        ),
    ];
    (headers, answer.csv()).into_response()
}

async fn page(web: &Web, shell: &Shell, editor: &Editor) -> Result<Markup, PageError> {
    let saved = web.app.saved_questions().await?;
    let is_saved = saved.iter().any(|question| question.name == editor.name);
    let body = html! {
        div.title {
            h1 { "Query" }
            p.context { "One SELECT over what was read; it changes nothing" span.dot { "·" } (shell.age()) }
        }
        div.beside.asking {
            div {
                (form(editor, is_saved))
                @match &editor.answer {
                    Some(Ok(answer)) => (table(answer)),
                    Some(Err(refusal)) => p.refusal role="alert" { (mark::red("Not asked")) " " (refusal) "." },
                    None => {}
                }
            }
            aside {
                section {
                    div.heading { h2 { "Saved" span.number { (saved.len()) } } }
                    @if saved.is_empty() { p.quiet { "None yet. Give a question a name and save it." } }
                    @else { ul.plain { @for question in &saved {
                        li { a href=(address("/query", &[("saved", &question.name)])) { (question.name) } }
                    } } }
                }
                (reference())
            }
        }
    };
    Ok(shell.page(Place::Query, "Query", body))
}

fn form(editor: &Editor, is_saved: bool) -> Markup {
    let question = Question::read(&editor.sql);
    let variables: Vec<&str> = question.iter().flat_map(Question::variables).collect();
    html! {
        form.editor action="/query" method="post" {
            label { span.quiet { "The question; variables as :name, times as :now, :ago_90_days" }
                textarea name="sql" rows="10" maxlength="20000" spellcheck="false" autocomplete="off" autocapitalize="off" data-complete="" required {
                    (editor.sql)
                }
            }
            div #suggestions aria-live="polite" {}
            @if !variables.is_empty() {
                div.row { @for name in variables {
                    label {
                        span { ":" (name) }
                        input type="text" name=(format!("v_{name}")) value=(editor.values.get(name).map_or("", String::as_str));
                    }
                } }
            }
            div.row {
                button.primary type="submit" name="do" value="run" { "Ask" }
                button type="submit" name="do" value="csv" { "As CSV" }
                label {
                    span.quiet { "Name, to save it" }
                    input type="text" name="name" maxlength="80" value=(editor.name);
                }
                button type="submit" name="do" value="save" { "Save" }
                @if is_saved { button type="submit" name="do" value="remove" { "Forget" } }
            }
            p #complete-keys .quiet hidden { kbd { "Ctrl Space" } " completes, " kbd { "Ctrl Enter" } " asks" }
        }
    }
}

fn table(answer: &QueryAnswer) -> Markup {
    let rows = i64::try_from(answer.rows.len()).unwrap_or(i64::MAX);
    html! {
        section {
            div.heading { h2 { "Answer" span.number { (counted(rows, "row", "rows")) } } }
            @if answer.is_cut {
                p.note {
                    "Only the first " (number(rows)) " rows are shown. As CSV there are up to "
                    (number(10_000)) "."
                }
            }
            @if answer.rows.is_empty() { p.empty { "Nothing that was read is so." } } @else {
                div.scrolled tabindex="0" role="region" aria-label="Answer" {
                    table.list.dense {
                        thead { tr { @for name in &answer.columns { th scope="col" { (name) } } } }
                        tbody { @for row in &answer.rows {
                            tr { @for cell in row { @let text = cell_text(cell);
                                td title=(text) { @if text.is_empty() { (not_told("–")) } @else { bdi { (text) } } }
                            } }
                        } }
                    }
                }
            }
        }
    }
}

/// What can be asked. The script completes from what stands here.
fn reference() -> Markup {
    html! {
        section.views {
            div.heading { h2 { "Views" span.number { (views().len()) } } }
            @for view in views() {
                details {
                    summary data-word=(view.name) { (view.name) }
                    p.quiet { (view.about) "." }
                    dl { @for column in &view.columns {
                        dt data-word=(column.name) { (column.name) }
                        dd { (column.about) }
                    } }
                }
            }
        }
        section {
            div.heading { h2 { "Functions" span.number { (FUNCTIONS.len()) } } }
            p.quiet { @for name in FUNCTIONS { span data-word=(name) { (name) } " " } }
        }
    }
}

/// What a program asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    sql: String,
    #[serde(default)]
    variables: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    as_of: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

fn refused(sentence: impl std::fmt::Display) -> Response {
    let body = serde_json::json!({ "error": sentence.to_string() });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

/// Answers a program.
pub(crate) async fn api(
    State(web): State<Web>,
    shell: Shell,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, PageError> {
    let asked = match asked {
        Ok(Json(asked)) => asked,
        Err(rejection) => {
            let why = rejection.body_text();
            return Ok(refused(format!(
                "the request is no JSON object with \"sql\": {why}"
            )));
        }
    };
    let mut scope = shell.scope()?.clone();
    if let Some(text) = &asked.as_of {
        let Some(at) = At::parse(text) else {
            return Ok(refused(format!(
                "\"{text}\" is no time such as 2026-11-22T10:00:00Z"
            )));
        };
        let choice = ScopeChoice {
            organization: Some(scope.organization_id.clone()),
            as_of: Some(at),
        };
        scope = match web.app.scope(&choice).await {
            Ok(scope) => scope,
            Err(app::views::ViewError::Store(error)) => {
                return Err(app::views::ViewError::Store(error).into());
            }
            Err(error) => return Ok(refused(error)),
        };
    }
    let mut variables = Variables::new();
    for (name, value) in &asked.variables {
        let Some(cell) = told(value) else {
            return Ok(refused(format!(
                "the variable :{name} is a list or an object: give one value"
            )));
        };
        variables.insert(name.clone(), cell);
    }
    let most = Limits::default();
    let limits = Limits {
        rows: asked.limit.unwrap_or(most.rows).min(most.rows),
        ..most
    };
    let answer = match web.app.query(&scope, &asked.sql, &variables, limits).await {
        Ok(answer) => answer,
        Err(AppError::Question(refusal)) => return Ok(refused(said(&refusal))),
        Err(error) => return Err(error.into()),
    };
    let rows: Vec<Vec<serde_json::Value>> = answer
        .rows
        .iter()
        .map(|row| row.iter().map(app::query::cell_json).collect())
        .collect();
    let body = serde_json::json!({
        "columns": answer.columns,
        "rows": rows,
        "is_cut": answer.is_cut,
        "run": answer.run.map(|run| run.to_string()),
        "read_at": answer.read_at,
    });
    Ok(Json(body).into_response())
}
