//! The pages, one file per noun.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod alerts;
pub(crate) mod changes;
pub(crate) mod connections;
pub(crate) mod difference;
pub(crate) mod events;
pub(crate) mod finding;
pub(crate) mod findings;
pub(crate) mod group;
pub(crate) mod groups;
pub(crate) mod guards;
pub(crate) mod keys;
pub(crate) mod leaving;
pub(crate) mod mailbox;
pub(crate) mod organization;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod plans;
pub(crate) mod propose;
pub(crate) mod query;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod service_accounts;
pub(crate) mod tokens;
pub(crate) mod workspace;
pub(crate) mod workspaces;

use app::views::{Edge, Slice};
use serde::{Deserialize, Deserializer};

/// How many rows a page of a list has.
pub(crate) const ROWS: i64 = 50;

/// A position in a list; what is no number is the beginning, because addresses are typed and cut by people.
pub(crate) fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse::<i64>().unwrap_or(0).clamp(0, 10_000_000))
}

/// Where a part of a list begins, as addresses say it: `from` is its position; `after` or `before` names the row beside
/// it, by our numbers for its account and role, so that the last part is found as soon as the first.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Window {
    #[serde(deserialize_with = "position")]
    from: i64,
    after: String,
    before: String,
}

impl Window {
    /// The part of so many rows.
    pub fn slice(&self, limit: i64) -> Slice {
        let edge = edge(&self.after, false).or_else(|| edge(&self.before, true));
        Slice {
            offset: self.from,
            limit,
            edge: edge.filter(|_| self.from > 0),
        }
    }
}

fn edge(text: &str, is_before: bool) -> Option<Edge> {
    let (account, role) = text.split_once('.')?;
    Some(Edge {
        account: account.parse().ok()?,
        role: role.parse().ok()?,
        is_before,
    })
}

/// The part of a file after this one, if there can be one.
pub(crate) fn next_part<T>(listed: &app::views::Listed<T>) -> Option<Slice> {
    let rows = i64::try_from(listed.rows.len()).unwrap_or(0);
    let [_, after] = listed.edges?;
    (rows >= listed.limit).then_some(Slice {
        offset: listed.offset + rows,
        limit: listed.limit,
        edge: Some(after),
    })
}
