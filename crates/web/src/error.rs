//! What a person sees when a page cannot be shown: what is wrong, what to do, and an id that is also in the log.

use crate::frame;
use crate::parts::mark;
use app::AppError;
use app::views::{Candidate, ViewError};
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

/// A page that cannot be shown.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    title: String,
    hint: String,
    candidates: Vec<Candidate>,
    back: (&'static str, &'static str),
}

impl From<ViewError> for PageError {
    fn from(error: ViewError) -> PageError {
        let operation = operation_id();
        let status = match &error {
            ViewError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ViewError::Ambiguous { .. } => StatusCode::MULTIPLE_CHOICES,
            _ => StatusCode::NOT_FOUND,
        };
        let mut hint = error.hint().unwrap_or_default().to_owned();
        if let ViewError::Store(source) = &error {
            tracing::error!(operation.id = %operation, error = source as &dyn std::error::Error, "a page could not be shown");
            let said = format!("{source}. The log says more under {operation}.");
            hint = if hint.is_empty() {
                said
            } else {
                format!("{said} {hint}.")
            };
        }
        PageError {
            status,
            title: sentence(&error.to_string()),
            hint: sentence(&hint),
            candidates: error.candidates().to_vec(),
            back: ("/", "Overview"),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => first.to_uppercase().chain(letters).collect(),
    }
}

/// Text in which backticks stand around what is typed.
fn with_code(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A random id for one operation.
pub(crate) fn operation_id() -> String {
    format!("op_{:08x}", rand::random::<u32>())
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> PageError {
        let error = match error {
            AppError::View(error) => return error.into(),
            AppError::Store(error) => return ViewError::Store(error).into(),
            other => other,
        };
        let status = match &error {
            AppError::NoPlan { .. }
            | AppError::NoConnection { .. }
            | AppError::NoAlert { .. }
            | AppError::NoChannel { .. }
            | AppError::NoMessage { .. }
            | AppError::NoFinding { .. }
            | AppError::NoQuestion { .. } => StatusCode::NOT_FOUND,
            AppError::WrongSchedule { .. } | AppError::WrongAlert { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            AppError::Api(_) | AppError::Provision(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::CONFLICT,
        };
        let mut hint = error.hint().unwrap_or_default();
        if status == StatusCode::BAD_GATEWAY {
            let operation = operation_id();
            tracing::error!(operation.id = %operation, error = &error as &dyn std::error::Error, "a plan could not be made");
            hint = format!("{hint}. The log says more under {operation}.");
        }
        PageError {
            status,
            title: sentence(&error.to_string()),
            hint: sentence(&hint),
            candidates: Vec::new(),
            back: match error {
                AppError::NoFinding { .. } | AppError::FindingClosed { .. } | AppError::Decision { .. } => {
                    ("/findings", "Findings")
                }
                AppError::Question(_) | AppError::NoQuestion { .. } => ("/query", "Query"),
                _ => ("/plans", "Plans"),
            },
        }
    }
}

impl PageError {
    /// What was sent cannot be done.
    pub fn refused(title: &str, hint: &str) -> PageError {
        PageError {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: title.to_owned(),
            hint: hint.to_owned(),
            candidates: Vec::new(),
            back: ("/plans", "Plans"),
        }
    }

    /// There is no such page or thing.
    pub fn not_found(what: &str) -> PageError {
        PageError {
            status: StatusCode::NOT_FOUND,
            title: format!("There is no such {what}"),
            hint: "It may have been renamed, or the address was cut.".to_owned(),
            candidates: Vec::new(),
            back: ("/", "Overview"),
        }
    }

    /// Says where the person can go from here, and under which path the candidates are.
    pub fn back_to(mut self, path: &'static str, name: &'static str) -> PageError {
        self.back = (path, name);
        self
    }

    fn body(&self) -> Markup {
        let (path, name) = self.back;
        html! {
            h1 { (self.title) }
            @if !self.hint.is_empty() { p.prose { (with_code(&self.hint)) } }
            @if !self.candidates.is_empty() {
                p.prose { "Perhaps one of these:" }
                ul.plain {
                    @for candidate in &self.candidates {
                        li {
                            a href=(format!("{path}/{}", crate::parts::segment(&candidate.id))) { (candidate.name) }
                            " " span.id { (candidate.id) }
                        }
                    }
                }
            }
            p { a href=(path) { "Go to " (name) } }
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let sentence = if self.hint.is_empty() {
            self.title.clone()
        } else {
            format!("{}. {}", self.title, self.hint)
        };
        page(self.status, &self.title, self.body(), sentence)
    }
}

/// What an error's page says, in a sentence for programs.
#[derive(Clone)]
struct Sentence(String);

fn page(status: StatusCode, title: &str, body: Markup, sentence: String) -> Response {
    let mut response = (status, frame::bare(title, body)).into_response();
    response.extensions_mut().insert(Sentence(sentence));
    response
}

/// The same refusal for a program, which reads `{"error": …}` and no pages.
pub(crate) fn for_program(response: Response) -> Response {
    let status = response.status();
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let sentence = match response.extensions().get::<Sentence>() {
        Some(Sentence(sentence)) => sentence.clone(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    (status, Json(serde_json::json!({ "error": sentence }))).into_response()
}

/// The answer to whoever did not come in by the start address.
pub(crate) fn outside(used: bool) -> Response {
    let body = html! {
        h1 { "Open the start address first" }
        @if used {
            p.prose { (mark::amber("This start address was used already")) " or belongs to an earlier start." }
        }
        p.prose {
            "Pages are shown only to the person who started Orgwarden on this machine. The command "
            code { "orgwarden serve" } " (or " code { "demo" } ") prints an address that ends in "
            code { "/start?token=…" } ". Open that one; it works once and lets this browser in until the command ends."
        }
        p.prose { "If the address was used already, end the command with Ctrl-C and start it again." }
    };
    page(
        StatusCode::UNAUTHORIZED,
        "Open the start address first",
        body,
        "This needs the cookie of whoever opened the start address that serve printed".to_owned(),
    )
}

/// The answer to a form that no page of ours sent.
pub(crate) fn not_our_form() -> Response {
    let body = html! {
        h1 { "This form is not ours" }
        p.prose {
            "Nothing was changed: the form was not sent by a page of Orgwarden in this browser. Open the page and send it from there."
        }
        p { a href="/plans" { "Go to Plans" } }
    };
    page(
        StatusCode::FORBIDDEN,
        "This form is not ours",
        body,
        "This needs serve's own address as Origin".to_owned(),
    )
}

/// The answer to a Host that is not ours.
pub(crate) fn wrong_host() -> Response {
    let body = html! {
        h1 { "This name is not served" }
        p.prose {
            "Orgwarden answers only under the names it knows, so that another site cannot reach it through your browser. Use "
            code { "127.0.0.1" } " or " code { "localhost" } " with the port that the command printed."
        }
    };
    page(
        StatusCode::MISDIRECTED_REQUEST,
        "This name is not served",
        body,
        "This name is not served: use 127.0.0.1 or localhost with serve's port".to_owned(),
    )
}

/// The answer when a handler panicked.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let operation = operation_id();
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(operation.id = %operation, panic = said, "a page failed; this is a bug");
    let body = html! {
        h1 { "This page failed" }
        p.prose {
            "This is a bug in Orgwarden, and nothing was changed by it. The log says more under "
            code { (operation) } "."
        }
        p { a href="/" { "Go to Overview" } }
    };
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "This page failed",
        body,
        format!("This failed, which is a bug; the log says more under {operation}"),
    )
}
