//! What differs between the two databases, and nothing else: connecting, beginning, binding, decoding.

pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod statistics;

use crate::views::effective_access::EffectiveAccess;

/// Statements that cannot be written once for both.
pub(crate) struct Statements {
    /// Takes the job due the longest: $1 now, $2 until when. PostgreSQL must step over rows that others are taking.
    pub take_job: &'static str,
    /// Writes the summary of the accounts as of the run $2 of the organization $1. Each reads JSON in its own words.
    pub write_account_summary: &'static str,
    /// Those about effective access: each database needs its joins in another order.
    pub effective_access: &'static EffectiveAccess,
}
