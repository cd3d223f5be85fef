//! How many requests at a time, and how many in a minute.
//!
//! Two bounds work together. *Concurrency* grows by one for each round of good answers and halves on a refusal
//! or a server error. *Budget*: when the server announces one (`X-RateLimit-Limit`, `-Remaining`, `-Reset`), we use
//! at most our share of it in each of its windows, because the organization's other tools need the rest. Until a
//! window's numbers are known, one request at a time goes ahead to learn them, if the last window announced any.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

const FIRST_CONCURRENCY: f64 = 8.0;
/// When a window's end is announced, a little more is waited, because clocks differ.
const WINDOW_SLACK: Duration = Duration::from_millis(50);
const LONGEST_WINDOW: Duration = Duration::from_secs(3600);

/// What requests wait for.
#[derive(Debug, Clone, PartialEq)]
pub enum Waiting {
    /// Our share of the announced budget is used up.
    Budget {
        /// How much longer.
        seconds: u64,
    },
    /// The server asked for a pause.
    Pause {
        /// How much longer.
        seconds: u64,
    },
}

pub(super) struct Limiter {
    share: f64,
    max_concurrency: f64,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: u32,
    concurrency: f64,
    last_decrease: Option<Instant>,
    paused_until: Option<Instant>,
    window: Window,
}

/// The announced budget.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Window {
    /// None was ever announced.
    None,
    /// The last one ended and the next one's numbers are not known yet.
    Unknown,
    /// `used` of `allowed` requests were sent until `ends`.
    Known { allowed: u64, used: u64, ends: Instant },
}

/// The right to send one request; dropped without an answer it gives only its place back.
pub(super) struct Permit<'a> {
    limiter: &'a Limiter,
}

enum Turn {
    Go,
    Wait(Option<Instant>),
}

impl Limiter {
    pub fn new(share: f64, max_concurrency: u32) -> Limiter {
        let max_concurrency = f64::from(max_concurrency.max(1));
        Limiter {
            share: share.clamp(0.01, 1.0),
            max_concurrency,
            state: Mutex::new(State {
                in_flight: 0,
                concurrency: FIRST_CONCURRENCY.min(max_concurrency),
                last_decrease: None,
                paused_until: None,
                window: Window::None,
            }),
            changed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may be sent.
    pub async fn acquire(&self) -> Permit<'_> {
        loop {
            let changed = self.changed.notified();
            let turn = self.lock().turn(Instant::now());
            match turn {
                Turn::Go => return Permit { limiter: self },
                Turn::Wait(None) => changed.await,
                Turn::Wait(Some(until)) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(until) => {}
                    }
                }
            }
        }
    }

    /// Nobody sends anything for so long.
    pub fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.lock();
        state.paused_until = Some(state.paused_until.map_or(until, |earlier| earlier.max(until)));
    }

    /// What requests wait for now, if it is more than their turn.
    pub fn waiting(&self) -> Option<Waiting> {
        let state = self.lock();
        let now = Instant::now();
        let seconds = |until: Instant| until.duration_since(now).as_secs();
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Some(Waiting::Pause {
                seconds: seconds(until),
            });
        }
        match state.window {
            Window::Known { allowed, used, ends } if used >= allowed && ends > now => Some(Waiting::Budget {
                seconds: seconds(ends),
            }),
            _ => None,
        }
    }
}

impl State {
    fn turn(&mut self, now: Instant) -> Turn {
        if let Some(until) = self.paused_until {
            if until > now {
                return Turn::Wait(Some(until));
            }
            self.paused_until = None;
        }
        if f64::from(self.in_flight) >= self.concurrency.floor() {
            return Turn::Wait(None);
        }
        if let Window::Known { ends, .. } = self.window
            && ends <= now
        {
            self.window = Window::Unknown;
        }
        match &mut self.window {
            Window::None => {}
            Window::Unknown if self.in_flight > 0 => return Turn::Wait(None),
            Window::Unknown => {}
            Window::Known { allowed, used, ends } if *used >= *allowed => return Turn::Wait(Some(*ends)),
            Window::Known { used, .. } => *used += 1,
        }
        self.in_flight += 1;
        Turn::Go
    }

    /// Takes in what an answer announces. `sent` of a new window's requests is at least this one.
    fn learn(&mut self, announced: Announced, share: f64, now: Instant) {
        let allowed = ((announced.limit as f64 * share).floor() as u64).max(1);
        let ends = now + announced.resets_in.min(LONGEST_WINDOW) + WINDOW_SLACK;
        let is_same = |known_ends: Instant| {
            let apart = known_ends.max(ends) - known_ends.min(ends);
            apart < Duration::from_secs(3)
        };
        let used_before = match self.window {
            Window::Known { used, ends, .. } if is_same(ends) => used,
            _ => u64::from(self.in_flight).max(1),
        };
        // What others used does not count against our share, but nothing is left when nothing is left.
        let used = if announced.remaining == 0 {
            allowed
        } else {
            used_before
        };
        self.window = Window::Known { allowed, used, ends };
    }
}

impl Permit<'_> {
    /// An answer came.
    pub fn answered(self, is_overload: bool, headers: &HeaderMap) {
        let now = Instant::now();
        let mut state = self.limiter.lock();
        if is_overload {
            // One burst of refusals halves once, not once a refusal.
            let is_new = state
                .last_decrease
                .is_none_or(|at| now - at > Duration::from_millis(200));
            if is_new {
                state.concurrency = (state.concurrency / 2.0).max(1.0);
                state.last_decrease = Some(now);
            }
        } else {
            let grown = state.concurrency + 1.0 / state.concurrency;
            state.concurrency = grown.min(self.limiter.max_concurrency);
        }
        if let Some(announced) = announced(headers) {
            state.learn(announced, self.limiter.share, now);
        }
    }

    /// No answer came.
    pub fn failed(self) {}
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        drop(state);
        self.limiter.changed.notify_waiters();
    }
}

/// A budget as the headers of an answer announce it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Announced {
    limit: u64,
    remaining: u64,
    resets_in: Duration,
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
}

/// The server's own time, so that its clock and ours need not agree.
pub(super) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let date = text(headers, DATE.as_str())?;
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

fn announced(headers: &HeaderMap) -> Option<Announced> {
    let limit = text(headers, "x-ratelimit-limit")?.parse().ok()?;
    let remaining = text(headers, "x-ratelimit-remaining")?.parse().ok()?;
    let reset: Timestamp = text(headers, "x-ratelimit-reset")?.parse().ok()?;
    let now = server_time(headers)?;
    let resets_in = Duration::try_from(reset.duration_since(now)).unwrap_or(Duration::ZERO);
    Some(Announced {
        limit,
        remaining,
        resets_in,
    })
}

/// The wait that an answer asks for: `Retry-After` in seconds or as a date, else until the announced reset.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    if let Some(value) = text(headers, RETRY_AFTER.as_str()) {
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = rfc2822::DateTimeParser::new().parse_timestamp(value).ok();
        if let (Some(until), Some(now)) = (until, server_time(headers)) {
            return Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO));
        }
    }
    announced(headers)
        .filter(|announced| announced.remaining == 0)
        .map(|announced| announced.resets_in + WINDOW_SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_wait_is_read_in_all_its_forms() {
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        assert_eq!(
            retry_after(&headers(&[("retry-after", "7")])),
            Some(Duration::from_secs(7))
        );
        let as_date = headers(&[date, ("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT")]);
        assert_eq!(retry_after(&as_date), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&headers(&[])), None);
    }

    #[tokio::test(start_paused = true)]
    async fn our_share_of_a_window_is_not_exceeded() {
        let limiter = Limiter::new(0.5, 100);
        let announce = headers(&[
            ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
            ("x-ratelimit-limit", "10"),
            ("x-ratelimit-remaining", "9"),
            ("x-ratelimit-reset", "2026-11-22T10:01:00Z"),
        ]);
        limiter.acquire().await.answered(false, &announce);
        for _ in 0..4 {
            limiter.acquire().await.answered(false, &HeaderMap::new());
        }
        let begun = Instant::now();
        drop(limiter.acquire().await);
        assert!(begun.elapsed() >= Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn overload_halves_once_and_good_answers_grow() {
        let limiter = Limiter::new(0.5, 100);
        limiter.acquire().await.answered(true, &HeaderMap::new());
        limiter.acquire().await.answered(true, &HeaderMap::new());
        assert_eq!(limiter.lock().concurrency, 4.0);
        for _ in 0..4 {
            limiter.acquire().await.answered(false, &HeaderMap::new());
        }
        assert!(limiter.lock().concurrency > 4.5);
    }
}
