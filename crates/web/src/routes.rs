//! Which path leads to which page, and the layers around them.

use crate::error::{self, PageError};
use crate::gate::{self, CONTENT_SECURITY_POLICY, Gate};
use crate::shell::{self, Web};
use crate::{WebOptions, assets, frame, pages};
use app::App;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY as CSP, HeaderName, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// How long the database may take to say that it is there.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The pages of `app`, to be served on a loopback address ([`crate::check_listen_address`]).
///
/// The token of `options` opens `/start?token=…` once; without one nobody gets in.
pub fn router(app: Arc<App>, options: WebOptions) -> Router {
    let token = options.start_token.clone().unwrap_or_else(Gate::random_token);
    let web = Web {
        app,
        gate: Arc::new(Gate::new(&options.allowed_hosts, &token)),
        api: options.api.map(Arc::new),
        mailbox: options.mailbox,
    };
    Router::new()
        .route("/", get(pages::overview::show))
        .route("/accounts", get(pages::accounts::show))
        .route("/accounts/{account}", get(pages::account::show))
        .route("/accounts/{account}/leaving", get(pages::leaving::show))
        .route("/groups", get(pages::groups::show))
        .route("/groups/{group}", get(pages::group::show))
        .route("/workspaces", get(pages::workspaces::show))
        .route("/workspaces/{workspace}", get(pages::workspace::show))
        .route("/tokens", get(pages::tokens::show))
        .route("/tokens/keys", get(pages::keys::show))
        .route("/tokens/service-accounts", get(pages::service_accounts::show))
        .route("/organization", get(pages::organization::show))
        .route("/changes", get(pages::changes::show))
        .route("/findings", get(pages::findings::show))
        .route("/findings/rules", get(pages::rules::show))
        .route(
            "/findings/{finding}",
            get(pages::finding::show).post(pages::finding::decide),
        )
        .route("/query", get(pages::query::show).post(pages::query::ask))
        .route("/api/v1/query", post(pages::query::api))
        .route("/diff", get(pages::difference::show))
        .route("/events", get(pages::events::show))
        .route("/plans", get(pages::plans::show).post(pages::propose::make))
        .route("/plans/{plan}", get(pages::plan::show))
        .route("/plans/{plan}/progress", get(pages::plan::progress))
        .route("/plans/{plan}/{what}", post(pages::plan::act))
        .route("/alerts", get(pages::alerts::show).post(pages::alerts::act))
        .route("/alerts/log", get(pages::alerts::refreshed))
        .route("/alerts/messages/{message}", get(pages::alerts::message))
        .route("/guards", get(pages::guards::show))
        .route("/connections", get(pages::connections::list))
        .route("/connections/{connection}", get(pages::connections::show))
        .route(
            "/connections/{connection}/schedule",
            post(pages::connections::act),
        )
        .route("/runs/{run}", get(pages::run::show))
        .route("/runs/{run}/progress", get(pages::run::progress))
        .route("/mailbox", get(pages::mailbox::show))
        .route("/mailbox/letters", get(pages::mailbox::letters))
        .route("/news", get(shell::news))
        .fallback(no_page)
        .layer(from_fn(keep_as_of))
        .layer(from_fn(only_our_forms))
        .layer(from_fn_with_state(web.clone(), only_inside))
        .route("/start", get(start))
        .route("/theme", get(theme))
        .route("/as-of", get(as_of))
        .route("/choose", get(choose))
        .route("/assets/{name}", get(assets::serve))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(web.clone(), only_our_host))
        .layer(from_fn(tell_programs))
        .route("/healthz", get(async || "well\n"))
        .route("/readyz", get(ready))
        .layer(CompressionLayer::new())
        .layer(from_fn(add_headers))
        .with_state(web)
}

/// Says whether pages can be answered: whether the database can. It is asked without a cookie and under any name, and
/// tells nothing else.
async fn ready(State(web): State<Web>) -> (StatusCode, &'static str) {
    let answered = tokio::time::timeout(READY_WITHIN, web.app.is_ready()).await;
    if answered.unwrap_or(false) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
    }
}

async fn no_page() -> PageError {
    PageError::not_found("page")
}

async fn only_our_host(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.gate.is_our_host(request.headers()) {
        next.run(request).await
    } else {
        error::wrong_host()
    }
}

async fn only_inside(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.gate.is_inside(request.headers()) {
        next.run(request).await
    } else {
        error::outside(false)
    }
}

/// Whatever changes something must come from a page of ours.
async fn only_our_forms(request: Request, next: Next) -> Response {
    let only_asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if only_asks || gate::is_from_us(request.headers()) {
        next.run(request).await
    } else {
        error::not_our_form()
    }
}

/// What is asked under `/api/` is refused as JSON.
async fn tell_programs(request: Request, next: Next) -> Response {
    let is_program = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    if is_program {
        error::for_program(response)
    } else {
        response
    }
}

async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CSP, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    token: String,
}

/// Lets the browser in that brings the start token.
///
/// It answers a page that goes on by itself, not a redirect: a strict cookie is not sent along a redirect that
/// another site began.
async fn start(State(web): State<Web>, headers: HeaderMap, Query(start): Query<Start>) -> Response {
    let Some(cookie) = web.gate.enter(&start.token) else {
        return if web.gate.is_inside(&headers) {
            Redirect::to("/").into_response()
        } else {
            error::outside(!start.token.is_empty())
        };
    };
    let name = gate::cookie_name(&headers);
    let cookie = format!("{name}={cookie}; Path=/; HttpOnly; SameSite=Strict");
    let page = frame::bare_going_on(
        "Orgwarden",
        "/",
        html! { h1 { "You are in" } p { a href="/" { "Go to the overview" } } },
    );
    ([(SET_COOKIE, cookie)], page).into_response()
}

#[derive(Deserialize)]
struct Theme {
    #[serde(default)]
    to: String,
    #[serde(default)]
    back: String,
}

/// Keeps the chosen theme in a cookie, for browsers without the script.
async fn theme(Query(theme): Query<Theme>) -> Response {
    let cookie = match theme.to.as_str() {
        "light" | "dark" => format!("theme={}; Path=/; Max-Age=31536000; SameSite=Strict", theme.to),
        _ => "theme=; Path=/; Max-Age=0; SameSite=Strict".to_owned(),
    };
    ([(SET_COOKIE, cookie)], Redirect::to(our_path(&theme.back))).into_response()
}

/// Keeps what an address looks back to, so that the pages that it leads to look back too.
async fn keep_as_of(request: Request, next: Next) -> Response {
    let asked = shell::as_of_in(request.uri()).filter(|text| shell::moment(text).is_some());
    let mut response = next.run(request).await;
    let cookie = asked.and_then(|text| HeaderValue::try_from(as_of_cookie(&text)).ok());
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn as_of_cookie(text: &str) -> String {
    format!("{}={text}; Path=/; SameSite=Strict", shell::AS_OF)
}

#[derive(Deserialize)]
struct AsOf {
    #[serde(default)]
    day: String,
    #[serde(default)]
    back: String,
}

/// Keeps the day to look back to in a cookie that ends with the browser; without a day, the present.
async fn as_of(Query(as_of): Query<AsOf>) -> Response {
    let is_day = as_of.day.len() == 10
        && as_of
            .day
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let cookie = if is_day {
        as_of_cookie(&as_of.day)
    } else {
        "as_of=; Path=/; Max-Age=0; SameSite=Strict".to_owned()
    };
    ([(SET_COOKIE, cookie)], Redirect::to(our_path(&as_of.back))).into_response()
}

#[derive(Deserialize)]
struct Organization {
    #[serde(default)]
    id: String,
    #[serde(default)]
    back: String,
}

/// Keeps which organization the pages show, when several are connected.
async fn choose(Query(organization): Query<Organization>) -> Response {
    let value: String = url::form_urlencoded::byte_serialize(organization.id.as_bytes()).collect();
    let cookie = format!("organization={value}; Path=/; SameSite=Strict; Max-Age=31536000");
    ([(SET_COOKIE, cookie)], Redirect::to(our_path(&organization.back))).into_response()
}

/// Only a path of ours: `//host` and `/\\host` would lead elsewhere.
fn our_path(path: &str) -> &str {
    let mut letters = path.chars();
    let is_ours = letters.next() == Some('/') && !matches!(letters.next(), Some('/' | '\\'));
    if is_ours && !path.chars().any(char::is_control) {
        path
    } else {
        "/"
    }
}
