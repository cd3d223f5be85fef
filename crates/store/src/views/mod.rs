//! What the pages and the commands read: one snapshot of the facts, as of one published run.
//!
//! A fact is shown for run R when it had begun by then and had not ended: [`Snapshot`] carries the
//! organization and R, and every statement of these modules takes them as `$1` and `$2` and contains the
//! macro `visible!`. Nothing here looks at facts of a run that was not published. The structs are plain rows;
//! `app` names and groups them for people.
//!
//! - [`effective_access`]: the one definition of who holds which role through which paths.
//! - [`accounts`], [`account`], [`groups`], [`workspaces`], [`tokens`]: lists and details by noun.
//! - [`FactNow`]: one thing. [`gone`]: what is no longer there.
//! - [`scim`]: what SCIM directories own.
//! - [`changes`]: beginnings and endings of facts in published runs.
//! - [`contents`]: everything, part by part.
//! - [`connections`]: connections, runs and their listings.
//! - [`scope`]: organizations and the runs that can be looked at.
//! - `summary`: what lists of accounts sort and filter by, written when a run is published.

/// The condition under which a fact is shown for the run `$2` of the organization `$1`.
///
/// The `+` keeps SQLite from choosing the indexes by run, which almost every row satisfies, over those by key.
macro_rules! visible {
    ($fact:literal) => {
        concat!(
            $fact,
            ".organization_id = $1 AND +",
            $fact,
            ".begun_run <= $2 AND (",
            $fact,
            ".ended_run IS NULL OR +",
            $fact,
            ".ended_run > $2)"
        )
    };
}

pub mod account;
pub mod accounts;
pub mod changes;
pub mod connections;
pub mod contents;
pub mod effective_access;
mod fact;
pub mod gone;
pub mod groups;
pub mod scim;
pub mod scope;
pub(crate) mod summary;
mod summary_list;
pub mod tokens;
pub mod workspaces;

pub use fact::FactNow;

use crate::error::StoreError;
use crate::value::{Row, Value};
use model::Attributes;

/// What is looked at: the facts of an organization as of one published run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The organization's number.
    pub organization: i64,
    /// The run whose facts are shown; 0 when nothing was published yet.
    pub run: i64,
}

impl Snapshot {
    /// `$1`, `$2` and what follows.
    pub(crate) fn values(self, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut values = vec![Value::from(self.organization), Value::from(self.run)];
        values.extend(more);
        values
    }
}

/// Which part of a list that is in the order of people's names: by position, or from a row that is known, which costs
/// the same however far down the list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// How many rows at most.
    pub limit: i64,
    /// How many rows to leave out at the beginning, or beyond the edge.
    pub offset: i64,
    /// The row beyond which it begins.
    pub edge: Option<Edge>,
}

/// A row of a list that is in the order of people's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edge {
    /// Its account.
    pub account: i64,
    /// Its role; 0 in a list without roles.
    pub role: i64,
    /// Whether the part before it is meant, not the one after it.
    pub is_before: bool,
}

impl Part {
    /// So many rows from the first on.
    pub fn first(limit: i64) -> Part {
        Part {
            limit,
            offset: 0,
            edge: None,
        }
    }

    /// The statement for this direction, of one for the rows after and one for those before an edge.
    pub(crate) fn choose(self, [after, before]: [&'static str; 2]) -> &'static str {
        if self.edge.is_some_and(|edge| edge.is_before) {
            before
        } else {
            after
        }
    }

    /// The edge's account and role; 0, which comes before all, without one.
    pub(crate) fn edge_values(self) -> [Value; 2] {
        let edge = self.edge.map_or((0, 0), |edge| (edge.account, edge.role));
        [Value::from(edge.0), Value::from(edge.1)]
    }
}

/// From when a fact is known to be so: between the last look that did not show it and the first that did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The last complete reading that did not show it; `None` when the first reading already did.
    pub unseen_at: Option<i64>,
    /// When it was first seen.
    pub seen_at: i64,
}

impl Seen {
    fn of(row: &Row, column: usize) -> Result<Seen, StoreError> {
        Ok(Seen {
            unseen_at: row.int_or_null(column)?,
            seen_at: row.int(column + 1)?,
        })
    }
}

/// One thing with an id of Atlassian's and what was told of it.
#[derive(Debug, Clone)]
pub struct Described {
    /// Our number for the id.
    pub term: i64,
    /// The id as Atlassian spells it.
    pub id: String,
    /// What was told.
    pub attributes: Attributes,
    /// From when.
    pub seen: Seen,
}

impl Described {
    /// Reads the columns term, id, attributes, unseen_at, seen_at from `column` on.
    fn of(row: &Row, column: usize) -> Result<Described, StoreError> {
        Ok(Described {
            term: row.int(column)?,
            id: row.text(column + 1)?,
            attributes: row.json(column + 2)?,
            seen: Seen::of(row, column + 3)?,
        })
    }
}

/// The pattern that finds `text` anywhere, with `\` before what LIKE would take as its own. Empty finds all.
pub(crate) fn containing(text: &str) -> String {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return String::new();
    }
    format!("%{}%", escaped(&text))
}

/// The pattern that finds this text as it is.
pub(crate) fn containing_exactly(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// The pattern that finds one attribute with this value in stored attributes. Empty finds all.
pub(crate) fn attribute_is(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let value = serde_json::Value::from(value).to_string();
    format!("%{}%", escaped(&format!("\"{name}\":{value}")))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_would_take_as_its_own_is_escaped() {
        assert_eq!(containing(" 50%_\\x "), "%50\\%\\_\\\\x%");
        assert_eq!(containing("  "), "");
    }

    #[test]
    fn an_attribute_pattern_begins_at_its_name() {
        assert_eq!(attribute_is("status", "active"), "%\"status\":\"active\"%");
    }
}
