//! How a reading tells what it does, while it does it.

use atlassian::Status as TransportStatus;
use model::Family;

/// What a reading will cost, as far as counts and the last reading tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Accounts, if counted.
    pub accounts: i64,
    /// Groups, if counted.
    pub groups: i64,
    /// Requests, about.
    pub requests: i64,
}

/// Hears of progress. Calls come often and must return at once.
pub trait Progress: Send + Sync {
    /// What the reading will cost.
    fn estimate(&self, estimate: &Estimate) {
        let _ = estimate;
    }
    /// A family is expected to have so many more rows.
    fn expect(&self, family: Family, rows: i64) {
        let _ = (family, rows);
    }
    /// A page of a family was kept.
    fn page(&self, family: Family, rows: i64) {
        let _ = (family, rows);
    }
    /// A family was read to its end.
    fn ended(&self, family: Family) {
        let _ = family;
    }
    /// What the transport did so far and what it waits for; comes about once a second.
    fn transport(&self, status: &TransportStatus) {
        let _ = status;
    }
    /// Something worth a line.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
