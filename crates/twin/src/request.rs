//! The way of one request through the twin: count, wait, check the key, limits, faults, work, answer.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures::stream;

use crate::clock::{Clock, http_date};
use crate::control;
use crate::faults::{Drawn, Fault, Faults, REFUSALS};
use crate::http::{
    Call, Envelope, Found, Operation, Problem, Reply, Surface, find, flat_message, parse_query,
};
use crate::limits::{Budget, Limits};
use crate::options::{OnOff, RetryAfterStyle, ScimMedia, TwinOptions};
use crate::query::KeptLists;
use crate::random::hash;
use crate::server::Line;
use crate::state::World;

/// Bodies larger than this are refused.
pub(crate) const MOST_BODY_BYTES: usize = 1 << 20;

/// Everything that requests share.
pub(crate) struct Hub {
    pub(crate) options: TwinOptions,
    pub(crate) seed: u64,
    pub(crate) base_url: String,
    pub(crate) org_id: String,
    /// The credential that is printed as `api_key`.
    pub(crate) api_key: String,
    pub(crate) scoped_api_key: String,
    pub(crate) scim_token: String,
    pub(crate) clock: Arc<Clock>,
    pub(crate) world: RwLock<World>,
    pub(crate) kept: Mutex<KeptLists>,
    pub(crate) limits: Mutex<Limits>,
    pub(crate) faults: Mutex<Option<Faults>>,
    pub(crate) stats: Mutex<Stats>,
}

/// Counts of requests.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) requests: u64,
    pub(crate) rate_limited: u64,
    pub(crate) operations: BTreeMap<&'static str, u64>,
}

impl Hub {
    pub(crate) fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes visible what is due by now, and says when now is.
    pub(crate) fn settle(&self) -> i64 {
        let now_ms = self.clock.now_ms();
        let has_due = self
            .world
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .has_due(now_ms);
        if has_due {
            self.world
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .settle(now_ms);
        }
        now_ms
    }
}

/// An answer with the headers that belong to it.
struct Answer {
    reply: Reply,
    headers: Vec<(&'static str, String)>,
}

/// Answers one request.
pub(crate) async fn answer(hub: Arc<Hub>, line: Line, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Ok(body) = axum::body::to_bytes(body, MOST_BODY_BYTES).await else {
        return write(&hub, flat_message(413, "the body is too large"), Vec::new());
    };
    if let Some(control) = path.strip_prefix("/_twin/") {
        let query = parse_query(parts.uri.query().unwrap_or_default());
        return control::answer(&hub, parts.method.as_str(), control, &query, &body);
    }
    let (is_below_admin, segments) = segments(&path);
    let found = find(parts.method.as_str(), is_below_admin, &segments);
    {
        let mut stats = hub.stats();
        stats.requests += 1;
        let name = if let Found::Operation(operation, _) = &found {
            operation.name
        } else {
            "unknown"
        };
        *stats.operations.entry(name).or_default() += 1;
    }
    if hub.options.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(hub.options.latency_ms)).await;
    }
    let (operation, params) = match found {
        Found::Operation(operation, params) => (operation, params),
        Found::OtherMethod => return write(&hub, nothing_there(&hub, &path, 405), Vec::new()),
        Found::Nothing => return write(&hub, nothing_there(&hub, &path, 404), Vec::new()),
    };
    if operation.is_legacy && hub.options.legacy_v1 == OnOff::Off {
        return write(&hub, flat_message(404, "this operation was removed"), Vec::new());
    }
    let token = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let query = parse_query(parts.uri.query().unwrap_or_default());
    let sends_cursor = query.iter().any(|(key, _)| key == "cursor") || body_sends_cursor(&body);
    let (answer, drawn) = {
        let mut headers = Vec::new();
        match admit(&hub, operation, &params, token, sends_cursor, &mut headers) {
            Err(problem) => (refuse(&hub, operation, &problem, headers), None),
            Ok(drawn) => {
                let work = Work {
                    hub: &hub,
                    operation,
                    params,
                    query,
                    body: &body,
                };
                (work.with_fault(drawn, headers), drawn)
            }
        }
    };
    let mut answer = answer;
    if operation.surface == Surface::Scim && hub.options.scim_media == ScimMedia::Scim {
        answer.reply.content_type = "application/scim+json";
    }
    deliver(&hub, line, answer, drawn).await
}

/// What a path without operation answers: SCIM has errors of its own.
fn nothing_there(hub: &Hub, path: &str, status: u16) -> Reply {
    let message = if status == 405 {
        "Method Not Allowed"
    } else {
        "Not Found"
    };
    if !path.starts_with("/scim/") {
        return flat_message(status, message);
    }
    let mut reply = Problem::scim(status, "", message).reply(Envelope::Scim, false, hub.seed);
    if hub.options.scim_media == ScimMedia::Scim {
        reply.content_type = "application/scim+json";
    }
    reply
}

/// The path below `/admin`, which may be missing, or there twice for clients that append it to a base with it.
fn segments(path: &str) -> (bool, Vec<&str>) {
    let whole = path.trim_start_matches('/');
    let mut rest = whole;
    for _ in 0..2 {
        rest = rest.strip_prefix("admin/").unwrap_or(rest);
    }
    let parts = rest.trim_end_matches('/').split('/').collect();
    (rest.len() < whole.len(), parts)
}

fn body_sends_cursor(body: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else {
        return false;
    };
    json.get("cursor").is_some_and(|cursor| !cursor.is_null())
}

/// Checks key, organization, switches and limits, and draws a fault.
fn admit(
    hub: &Hub,
    operation: &'static Operation,
    params: &[String],
    token: Option<&str>,
    sends_cursor: bool,
    headers: &mut Vec<(&'static str, String)>,
) -> Result<Option<Drawn>, Problem> {
    let key = token
        .and_then(|token| token.strip_prefix("Bearer "))
        .map(str::trim);
    check_key(hub, operation, key.unwrap_or_default())?;
    let org = params.first().filter(|_| operation.surface == Surface::Admin);
    if let Some(org) = org.filter(|org| **org != hub.org_id) {
        let is_v1 = operation.pattern.starts_with("v1");
        let refused = Problem::forbidden("the key does not belong to this organization");
        return Err(if is_v1 {
            refused
        } else {
            Problem::unknown("organization", org)
        });
    }
    check_plan(hub, operation)?;
    if hub
        .options
        .disabled_endpoints
        .iter()
        .any(|name| is_named(operation, name))
    {
        let refused = Problem::forbidden("this operation is not available to this key");
        return Err(if hub.options.disabled_answer == 404 {
            Problem::unknown("resource", operation.name)
        } else {
            refused
        });
    }
    let now_ms = hub.clock.now_ms();
    let mut limits = hub.limits.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(limit) = hub.options.rate_limit {
        let budget = limits.take("all", limit, now_ms);
        headers.extend(budget_headers(&budget));
        refuse_exceeded(hub, &budget, now_ms, headers)?;
    }
    let own_limit = match operation.name {
        "getEvents" => Some(10),
        "pollEvents" => Some(50),
        "getUserLastActiveDates" => Some(200),
        _ => None,
    };
    if let Some(limit) = own_limit {
        let budget = limits.take(operation.name, limit, now_ms);
        refuse_exceeded(hub, &budget, now_ms, headers)?;
    }
    drop(limits);
    let mut faults = hub.faults.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(faults
        .as_mut()
        .and_then(|faults| faults.draw(operation.name, sends_cursor)))
}

/// Checks the credential for what the operation takes.
fn check_key(hub: &Hub, operation: &Operation, key: &str) -> Result<(), Problem> {
    if operation.surface == Surface::Scim {
        let refused = Problem::new(
            401,
            "",
            "Unauthorized",
            "the token is not that of this SCIM directory",
        );
        return if key == hub.scim_token {
            Ok(())
        } else {
            Err(refused)
        };
    }
    let world = hub.world.read().unwrap_or_else(PoisonError::into_inner);
    let known = world.api_key(key).filter(|row| row.is_good(hub.clock.now_ms()));
    match known {
        None => Err(Problem::unauthorized()),
        Some(row) if row.is_scoped && operation.surface == Surface::Users => Err(Problem::gateway(
            403,
            "Forbidden: the credential lacks the scope manage:org",
        )),
        Some(_) => Ok(()),
    }
}

/// Refuses what this organization has not got.
fn check_plan(hub: &Hub, operation: &Operation) -> Result<(), Problem> {
    let (options, name) = (&hub.options, operation.name);
    let is_log = ["getEvents", "pollEvents", "getEventById", "getEventActions"].contains(&name);
    if is_log && options.audit_log == OnOff::Off {
        return Err(match options.disabled_answer {
            404 => Problem::unknown("resource", "audit log"),
            _ => Problem::forbidden("the plan of this organization does not include the audit log"),
        });
    }
    if operation.surface == Surface::Users && options.user_management == OnOff::Off {
        return Err(Problem::forbidden(
            "centralized user management is not enabled for this organization",
        ));
    }
    Ok(())
}

/// The short names under which operations can be switched off, beside their own.
fn is_named(operation: &Operation, name: &str) -> bool {
    let alias = match operation.name {
        "grantUserAccess" => "roles-assign",
        "revokeUserAccess" => "roles-revoke",
        "inviteUsers" | "legacyInviteUsers" => "invite",
        other => other,
    };
    name == alias || name == operation.name
}

fn refuse_exceeded(
    hub: &Hub,
    budget: &Budget,
    now_ms: i64,
    headers: &mut Vec<(&'static str, String)>,
) -> Result<(), Problem> {
    if !budget.is_exceeded {
        return Ok(());
    }
    headers.extend(retry_after(hub, budget.resets_ms, now_ms));
    Err(Problem::too_many())
}

fn budget_headers(budget: &Budget) -> [(&'static str, String); 3] {
    [
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", budget.remaining.to_string()),
        ("x-ratelimit-reset", crate::clock::iso_s(budget.resets_ms)),
    ]
}

fn retry_after(hub: &Hub, resets_ms: i64, now_ms: i64) -> Option<(&'static str, String)> {
    let wait_s = (resets_ms - now_ms + 999) / 1000;
    match hub.options.retry_after {
        RetryAfterStyle::None => None,
        RetryAfterStyle::Seconds => Some(("retry-after", wait_s.max(1).to_string())),
        RetryAfterStyle::Date => Some(("retry-after", http_date(now_ms + wait_s.max(1) * 1000))),
    }
}

fn refuse(
    hub: &Hub,
    operation: &Operation,
    problem: &Problem,
    headers: Vec<(&'static str, String)>,
) -> Answer {
    let at = {
        let mut stats = hub.stats();
        stats.rate_limited += u64::from(problem.status == 429);
        stats.requests
    };
    let is_messy = hub.world.read().unwrap_or_else(PoisonError::into_inner).is_messy;
    let is_numeric = is_messy && hash(hub.seed, operation.name.as_bytes()).is_multiple_of(2);
    Answer {
        reply: problem.reply(operation.envelope, is_numeric, hub.seed ^ at),
        headers,
    }
}

/// One admitted request.
struct Work<'a> {
    hub: &'a Hub,
    operation: &'static Operation,
    params: Vec<String>,
    query: Vec<(String, String)>,
    body: &'a [u8],
}

impl Work<'_> {
    fn with_fault(self, drawn: Option<Drawn>, mut headers: Vec<(&'static str, String)>) -> Answer {
        let (hub, operation) = (self.hub, self.operation);
        let Some(drawn) = drawn else {
            return self.run(false, headers);
        };
        let problem = match drawn.fault {
            Fault::TooMany | Fault::TooManySilent => Problem::too_many(),
            Fault::Internal => Problem::internal("something went wrong"),
            Fault::Unavailable => Problem::new(503, "ADMIN-503-1", "Service Unavailable", "try again later"),
            Fault::RefusedCursor => Problem::bad_cursor(),
            Fault::Refused(index) => match REFUSALS.get(index) {
                Some((_, status, code, title)) => Problem::new(*status, code, title, "as scheduled"),
                None => Problem::bad("as scheduled"),
            },
            // These need an answer to damage; a write that is hit before it lands has none.
            _ if operation.is_write() && !drawn.is_after_work => Problem::internal("something went wrong"),
            _ => return self.run(drawn.fault == Fault::RepeatedCursor, headers),
        };
        if operation.is_write() && drawn.is_after_work && drawn.fault != Fault::RefusedCursor {
            self.run(false, Vec::new());
        }
        if drawn.fault == Fault::TooMany {
            let now_ms = hub.clock.now_ms();
            let seconds = retry_after(hub, now_ms + 1000, now_ms);
            headers.extend(seconds.or(Some(("retry-after", "1".to_owned()))));
        }
        refuse(hub, operation, &problem, headers)
    }

    fn run(self, repeats_cursor: bool, headers: Vec<(&'static str, String)>) -> Answer {
        let (hub, operation) = (self.hub, self.operation);
        let call = Call {
            hub,
            operation,
            params: self.params,
            query: self.query,
            body: self.body,
            now_ms: hub.settle(),
            repeats_cursor,
        };
        match (operation.run)(&call) {
            Ok(reply) => Answer { reply, headers },
            Err(problem) => refuse(hub, operation, &problem, headers),
        }
    }
}

/// Sends an answer, damaged as the fault says.
async fn deliver(hub: &Hub, line: Line, answer: Answer, drawn: Option<Drawn>) -> Response<Body> {
    let Answer { mut reply, headers } = answer;
    let Some(drawn) = drawn else {
        return write(hub, reply, headers);
    };
    let whole = reply.body.clone().unwrap_or_default();
    match drawn.fault {
        Fault::Reset => {
            line.reset();
            write(hub, reply, headers)
        }
        Fault::Cut if whole.len() > 1 => {
            let half = Bytes::copy_from_slice(whole.get(..whole.len() / 2).unwrap_or_default());
            // Between the half and the failure the task yields, so that the half is really sent.
            let cut = stream::unfold(Some(Some(half)), |left| async move {
                let left = left?;
                if left.is_none() {
                    tokio::task::yield_now().await;
                }
                let failure = || io::Error::new(io::ErrorKind::ConnectionAborted, "cut");
                let after = left.is_some().then_some(None);
                Some((left.ok_or_else(failure), after))
            });
            let mut response = write(hub, reply, headers);
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
            *response.body_mut() = Body::from_stream(cut);
            response
        }
        Fault::Slow if whole.len() > 1 => {
            let (head, tail) = whole.split_at(whole.len() / 2);
            let pieces = [
                (0, Bytes::copy_from_slice(head)),
                (drawn.slow_ms, Bytes::copy_from_slice(tail)),
            ];
            let slow = stream::unfold(pieces.into_iter(), |mut pieces| async move {
                let (wait_ms, piece) = pieces.next()?;
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                Some((Ok::<_, io::Error>(piece), pieces))
            });
            let mut response = write(hub, reply, headers);
            *response.body_mut() = Body::from_stream(slow);
            response
        }
        Fault::ContentType => {
            reply.body =
                Some(b"<!doctype html><title>Maintenance</title><p>Please come back later.".to_vec());
            let mut response = write(hub, reply, headers);
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, html);
            response
        }
        Fault::Empty => {
            reply.body = Some(br#"{"data":[],"links":{}}"#.to_vec());
            write(hub, reply, headers)
        }
        Fault::Malformed => {
            let kept = whole.get(..whole.len() * 2 / 3).unwrap_or_default();
            reply.body = Some([kept, b"\x01{,"].concat());
            write(hub, reply, headers)
        }
        _ => write(hub, reply, headers),
    }
}

/// Makes the response of a reply.
fn write(hub: &Hub, reply: Reply, headers: Vec<(&'static str, String)>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let map = response.headers_mut();
    if let Ok(date) = HeaderValue::from_str(&http_date(hub.clock.now_ms())) {
        map.insert(header::DATE, date);
    }
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            map.insert(name, value);
        }
    }
    if let Some(Ok(location)) = reply.location.map(HeaderValue::try_from) {
        map.insert(header::LOCATION, location);
    }
    if let Some(body) = reply.body {
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        *response.body_mut() = Body::from(body);
    }
    response
}
