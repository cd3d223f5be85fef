//! Progress of a reading: a bar per listing on a terminal, plain lines otherwise.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use model::Family;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use sync::{Estimate, Progress};

/// Chooses how progress is shown on standard error.
pub fn choose(quiet: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(sync::Silent)
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars::default())
    } else {
        Box::new(Lines::default())
    }
}

/// Bars, one a family.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<Family, ProgressBar>>,
}

impl Bars {
    fn bar(&self, family: Family) -> ProgressBar {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let bar = self.all.add(ProgressBar::new(0));
            let style = ProgressStyle::with_template("{prefix:<16} {pos:>8} {bar:24} {per_sec:>12} {msg}");
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

fn sentence(estimate: &Estimate) -> String {
    format!(
        "about {} requests for {} accounts and {} groups",
        estimate.requests, estimate.accounts, estimate.groups
    )
}
