//! Progress of a reading: a bar per listing on a terminal, plain lines otherwise, lines of JSON where asked for.

use crate::args::ProgressForm;
use atlassian::Status;
use atlassian::transport::Waiting;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use model::Family;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;
use sync::{Estimate, Progress};

/// Chooses how progress is shown on standard error.
pub fn choose(form: Option<ProgressForm>, quiet: bool) -> Box<dyn Progress> {
    match form {
        Some(ProgressForm::Json) => Box::new(Events::new()),
        Some(ProgressForm::Bars) => Box::new(Bars::default()),
        Some(ProgressForm::Lines) => Box::new(Lines::default()),
        None if quiet => Box::new(sync::Silent),
        None if std::io::stderr().is_terminal() => Box::new(Bars::default()),
        None => Box::new(Lines::default()),
    }
}

/// What is being waited for, in words.
fn waiting(waiting: &Waiting) -> String {
    match waiting {
        Waiting::Budget { seconds } => {
            format!("waiting {seconds} s: our share of Atlassian's request limit is used up")
        }
        Waiting::Pause { seconds } => format!("waiting {seconds} s: Atlassian asked for a pause"),
    }
}

/// Bars, one a family.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<Family, ProgressBar>>,
    /// The last line: requests so far, and what is waited for.
    last: OnceLock<ProgressBar>,
}

impl Bars {
    fn bar(&self, family: Family) -> ProgressBar {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let bar = self.all.add(ProgressBar::new(0));
            let style =
                ProgressStyle::with_template("{prefix:<16} {pos:>8} {bar:24} {per_sec:>12} {eta:>5} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(family.title());
            bar
        };
        bars.entry(family).or_insert_with(new).clone()
    }
}

impl Progress for Bars {
    fn estimate(&self, estimate: &Estimate) {
        let _ = self.all.println(sentence(estimate));
    }

    fn expect(&self, family: Family, rows: i64) {
        self.bar(family).inc_length(u64::try_from(rows).unwrap_or(0));
    }

    fn page(&self, family: Family, rows: i64) {
        let bar = self.bar(family);
        bar.inc(u64::try_from(rows).unwrap_or(0));
        if bar.position() > bar.length().unwrap_or(0) {
            bar.set_length(bar.position());
        }
    }

    fn ended(&self, family: Family) {
        let bar = self.bar(family);
        bar.set_length(bar.position());
        bar.finish_with_message("complete");
    }

    fn transport(&self, status: &Status) {
        let last = self.last.get_or_init(|| {
            let last = self.all.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{msg}");
            last.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            last
        });
        let waits = status.waiting.as_ref().map(waiting);
        let waits = waits.map_or_else(String::new, |waits| format!(", {waits}"));
        last.set_message(format!("{} requests{waits}", status.requests));
    }

    fn note(&self, text: &str) {
        let _ = self.all.println(format!("· {text}"));
    }
}

/// A line for each family that ends.
#[derive(Default)]
struct Lines {
    rows: Mutex<BTreeMap<Family, i64>>,
}

impl Progress for Lines {
    fn estimate(&self, estimate: &Estimate) {
        eprintln!("{}", sentence(estimate));
    }

    fn page(&self, family: Family, rows: i64) {
        *self
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(family)
            .or_insert(0) += rows;
    }

    fn ended(&self, family: Family) {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        eprintln!(
            "{}: {} rows, complete",
            family.title(),
            rows.get(&family).copied().unwrap_or(0)
        );
    }

    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}

/// How far a family is.
#[derive(Default)]
struct Far {
    rows: i64,
    expected: i64,
    began: Option<Instant>,
    is_ended: bool,
}

impl Far {
    /// As JSON, with the pace and the time left where they can be told.
    fn json(&self) -> Value {
        let seconds = self.began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        let pace = if seconds > 0.0 {
            self.rows as f64 / seconds
        } else {
            0.0
        };
        let left = (self.expected - self.rows).max(0) as f64;
        let time_left = (!self.is_ended && self.expected > 0 && pace > 0.0).then(|| (left / pace).ceil());
        json!({
            "rows": self.rows,
            "expected": (self.expected > 0).then_some(self.expected.max(self.rows)),
            "rows_per_s": pace.round(),
            "seconds_left": time_left,
            "is_ended": self.is_ended,
        })
    }
}

/// Lines of JSON: `estimate` once, `progress` about once a second, `ended` for each family, `note` between.
struct Events {
    families: Mutex<BTreeMap<Family, Far>>,
}

impl Events {
    fn new() -> Events {
        Events {
            families: Mutex::default(),
        }
    }

    fn with<T>(&self, family: Family, change: impl FnOnce(&mut Far) -> T) -> T {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let far = families.entry(family).or_default();
        far.began.get_or_insert_with(Instant::now);
        change(far)
    }
}

impl Progress for Events {
    fn estimate(&self, estimate: &Estimate) {
        let event = json!({
            "event": "estimate",
            "requests": estimate.requests,
            "accounts": estimate.accounts,
            "groups": estimate.groups,
        });
        eprintln!("{event}");
    }

    fn expect(&self, family: Family, rows: i64) {
        self.with(family, |far| far.expected += rows);
    }

    fn page(&self, family: Family, rows: i64) {
        self.with(family, |far| far.rows += rows);
    }

    fn ended(&self, family: Family) {
        let rows = self.with(family, |far| {
            far.is_ended = true;
            far.rows
        });
        eprintln!(
            "{}",
            json!({ "event": "ended", "family": family.name(), "rows": rows })
        );
    }

    fn transport(&self, status: &Status) {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let families: Map<String, Value> = families
            .iter()
            .map(|(family, far)| (family.name().to_owned(), far.json()))
            .collect();
        let (waits_for, seconds) = match status.waiting {
            None => (None, None),
            Some(Waiting::Budget { seconds }) => (Some("budget"), Some(seconds)),
            Some(Waiting::Pause { seconds }) => (Some("pause"), Some(seconds)),
        };
        let event = json!({
            "event": "progress",
            "requests": status.requests,
            "retries": status.retries,
            "rate_limited": status.rate_limited,
            "waits_for": waits_for,
            "waits_s": seconds,
            "families": families,
        });
        eprintln!("{event}");
    }

    fn note(&self, text: &str) {
        eprintln!("{}", json!({ "event": "note", "text": text }));
    }
}

fn sentence(estimate: &Estimate) -> String {
    format!(
        "about {} requests for {} accounts and {} groups",
        estimate.requests, estimate.accounts, estimate.groups
    )
}
