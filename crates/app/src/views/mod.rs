//! Questions and their answers: plain structs for pages, tables and `--json` alike.
//!
//! Each question is a method of [`crate::App`] in the file of its noun. It takes a [`Scope`] – which
//! organization, as of which published run – and reads one snapshot. Answers carry names beside ids, and times
//! as [`At`]; nothing here changes anything.

pub mod access;
pub mod account;
pub mod accounts;
pub mod changes;
pub mod connections;
pub mod contents;
mod error;
pub mod events;
pub mod groups;
pub mod inventory;
pub mod leaver;
mod memo;
pub(crate) mod names;
pub mod organization;
pub mod overview;
mod pace;
pub mod scim;
pub mod scope;
mod time;
pub mod tokens;
pub mod workspaces;

pub(crate) use error::nearest;
pub use error::{Candidate, ViewError};
pub use memo::Memo;
pub use names::{AccountRef, GroupRef, RoleRef, WorkspaceRef};
pub(crate) use pace::Paces;
pub use scope::Scope;
pub use time::{At, Since};

use serde::Serialize;
use store::views::Part;
pub use store::views::contents::DescribedAccount;
pub use store::views::tokens::TokenRow;
pub use store::views::{Described, Edge};

/// One page of a list, and how much is not on it.
#[derive(Debug, Clone, Serialize)]
pub struct Listed<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// Position of the first of them in the filtered list, from 0.
    pub offset: i64,
    /// How many rows a page has at most.
    pub limit: i64,
    /// How many rows the filter lets through.
    pub shown: i64,
    /// How many there are without a filter.
    pub total: i64,
    /// What the parts before and after can be read from, in lists that allow it.
    #[serde(skip)]
    pub edges: Option<[Edge; 2]>,
}

/// The edges of a part that begins and ends with rows of these accounts and roles.
pub(crate) fn edges_of(first_and_last: Option<[(i64, i64); 2]>) -> Option<[Edge; 2]> {
    let edge = |(account, role), is_before| Edge {
        account,
        role,
        is_before,
    };
    first_and_last.map(|[first, last]| [edge(first, true), edge(last, false)])
}

impl<T> Listed<T> {
    /// How many rows the filter keeps back.
    pub fn filtered_out(&self) -> i64 {
        (self.total - self.shown).max(0)
    }

    /// Where the next page begins, if there is one.
    pub fn next_offset(&self) -> Option<i64> {
        let next = self.offset + self.limit;
        (next < self.shown).then_some(next)
    }

    /// Where the page before begins, if there is one.
    pub fn previous_offset(&self) -> Option<i64> {
        (self.offset > 0).then_some((self.offset - self.limit).max(0))
    }
}

/// From how many accounts on a group or workspace is read in the order of all names, not of its own rows.
pub(crate) const LARGE: i64 = 2_000;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Position of the first row, from 0.
    pub offset: i64,
    /// How many rows at most.
    pub limit: i64,
    /// A row that is known to stand beside the part, in lists that can be read from there: then the offset only says
    /// where the part is.
    pub edge: Option<Edge>,
}

impl Slice {
    /// A part by its position alone.
    pub fn at(offset: i64, limit: i64) -> Slice {
        Slice {
            offset,
            limit,
            edge: None,
        }
    }

    pub(crate) fn part(self) -> Part {
        Part {
            limit: self.limit,
            offset: if self.edge.is_some() { 0 } else { self.offset },
            edge: self.edge,
        }
    }
}

impl Default for Slice {
    fn default() -> Self {
        Slice::at(0, 50)
    }
}
