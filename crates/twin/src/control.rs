//! The controls under `/_twin/`: the same code as the functions of [`crate::Twin`], without counting, key or faults.

use std::sync::PoisonError;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::log_faults::LogFaults;
use crate::request::Hub;
use crate::{mutate, truth};

impl Hub {
    pub(crate) fn truth_now(&self, methods: bool) -> Vec<u8> {
        self.settle();
        truth::tell(
            &self.world.read().unwrap_or_else(PoisonError::into_inner),
            methods,
        )
    }

    /// The truth, and what is true beside it.
    pub(crate) fn truth_all_now(&self, methods: bool) -> Vec<u8> {
        self.settle();
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        let mut lines = truth::tell(&world, methods);
        lines.extend(truth::tell_more(&world));
        lines
    }

    pub(crate) fn stats_now(&self) -> Value {
        let stats = self.stats();
        json!({ "requests": stats.requests, "operations": stats.operations, "rate_limited": stats.rate_limited })
    }

    pub(crate) fn mutate_now(&self, random: u32, seed: u64, is_silent: bool) {
        let now_ms = self.settle();
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        mutate::mutate(&mut world, random, seed, now_ms, is_silent);
    }

    pub(crate) fn move_members_now(&self, count: u32, seed: u64) {
        let now_ms = self.settle();
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        mutate::move_members(&mut world, count, seed, now_ms);
    }

    pub(crate) fn log_in_now(&self, accounts: u32, seed: u64) {
        let now_ms = self.settle();
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        mutate::log_in(&mut world, accounts, seed, now_ms);
    }

    pub(crate) fn set_faults(&self, json: &Value) -> Result<(), String> {
        let faults = Faults::parse(json)?;
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
        Ok(())
    }

    pub(crate) fn set_log_faults(&self, json: &Value) -> Result<(), String> {
        let faults = LogFaults::parse(json)?;
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        world.events.set_faults(faults);
        Ok(())
    }

    pub(crate) fn forget_events_now(&self, refuses: bool) {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        world.events.forget(refuses);
    }

    pub(crate) fn events_now(&self) -> Vec<Value> {
        let now_ms = self.settle();
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        let told = world.events.told(now_ms);
        told.map(|event| event.json(&world.org_id, true)).collect()
    }
}

/// Answers a control.
pub(crate) fn answer(
    hub: &Hub,
    method: &str,
    control: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Response<Body> {
    let json: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body).unwrap_or(Value::Null)
    };
    let number = |name: &str| json.get(name).and_then(Value::as_i64);
    match (method, control) {
        ("GET", "stats") => write(200, "application/json", hub.stats_now().to_string()),
        ("GET", "truth") => {
            let asks = |name: &str| {
                let mut pairs = query.iter();
                pairs.any(|(key, value)| key == name && value != "0" && value != "false")
            };
            let methods = asks("methods");
            let lines = if asks("all") {
                hub.truth_all_now(methods)
            } else {
                hub.truth_now(methods)
            };
            write(200, "application/x-ndjson", lines)
        }
        ("POST", "mutate") => {
            let count = |name: &str| number(name).map(u32::try_from);
            let seed = json.get("seed").and_then(Value::as_u64).unwrap_or(0);
            let is_silent = json.get("silent").and_then(Value::as_bool).unwrap_or(false);
            let counts = [count("random"), count("members"), count("logins")];
            if counts.iter().all(Option::is_none) || counts.iter().flatten().any(Result::is_err) {
                return refuse(
                    "random, members and logins are how many changes, changes of members and log-ins to make",
                );
            }
            let [random, members, logins] = counts.map(|count| count.and_then(Result::ok).unwrap_or(0));
            hub.mutate_now(random, seed, is_silent);
            hub.move_members_now(members, seed);
            hub.log_in_now(logins, seed);
            let said = json!({ "mutated": random, "members": members, "logins": logins });
            write(200, "application/json", said.to_string())
        }
        ("POST", "faults") => match hub.set_faults(&json) {
            Ok(()) => write(200, "application/json", json!({ "faults": json }).to_string()),
            Err(why) => refuse(&why),
        },
        ("POST", "log") => match hub.set_log_faults(&json) {
            Ok(()) => write(200, "application/json", json!({ "log": json }).to_string()),
            Err(why) => refuse(&why),
        },
        ("POST", "forget-events") => {
            let refuses = json.get("refuse").and_then(Value::as_bool).unwrap_or(false);
            hub.forget_events_now(refuses);
            write(200, "application/json", json!({ "forgotten": true }).to_string())
        }
        ("POST", "clock") => match number("advance_s") {
            Some(seconds) if seconds >= 0 => {
                hub.clock.advance_ms(seconds.saturating_mul(1000));
                write(
                    200,
                    "application/json",
                    json!({ "now_ms": hub.clock.now_ms() }).to_string(),
                )
            }
            _ => refuse("advance_s is the number of seconds to move forward"),
        },
        _ => write(
            404,
            "application/json",
            json!({ "message": "no such control" }).to_string(),
        ),
    }
}

fn refuse(why: &str) -> Response<Body> {
    write(400, "application/json", json!({ "message": why }).to_string())
}

fn write(status: u16, content_type: &'static str, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
