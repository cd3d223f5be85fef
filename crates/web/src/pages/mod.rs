//! The pages, one file per noun.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod connections;
pub(crate) mod group;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod organization;
pub(crate) mod overview;
pub(crate) mod run;
pub(crate) mod service_accounts;
pub(crate) mod tokens;
pub(crate) mod workspace;
pub(crate) mod workspaces;

use serde::{Deserialize, Deserializer};

/// How many rows a page of a list has.
pub(crate) const ROWS: i64 = 50;

/// A position in a list; what is no number is the beginning, because addresses are typed and cut by people.
pub(crate) fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse::<i64>().unwrap_or(0).clamp(0, 10_000_000))
}
