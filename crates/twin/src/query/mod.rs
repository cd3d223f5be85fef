//! What a client may ask a list for, and the rows that answer it.
//!
//! Filtered lists of row numbers are kept by (question, version of the state), so that a page never scans everything.

mod groups;
mod kept;
mod users;

pub(crate) use groups::GroupAsk;
pub(crate) use kept::KeptLists;
pub(crate) use users::UserAsk;

use serde::{Deserialize, Serialize};

use crate::options::FilterSemantics;
use crate::roles::RoleSet;

/// How to order a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SortBy {
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) direction: Option<String>,
}

impl SortBy {
    fn is_descending(&self) -> bool {
        self.direction
            .as_deref()
            .is_some_and(|direction| direction.eq_ignore_ascii_case("desc"))
    }
}

/// The roles of a filter; unknown ids match nothing.
fn role_set(ids: &[String]) -> RoleSet {
    ids.iter()
        .filter_map(|id| RoleSet::named(id))
        .fold(RoleSet::EMPTY, RoleSet::union)
}

/// Whether assignments, given as roles on a resource, match a resource filter and a role filter.
fn assignments_match(
    semantics: FilterSemantics,
    resources: Option<&[u32]>,
    roles: Option<RoleSet>,
    roles_on: impl Fn(u32) -> RoleSet,
    roles_anywhere: impl Fn() -> RoleSet,
) -> bool {
    match (resources, roles, semantics) {
        (None, None, _) => true,
        (None, Some(roles), _) => roles_anywhere().meets(roles),
        (Some(resources), None, _) => resources.iter().any(|resource| !roles_on(*resource).is_empty()),
        (Some(resources), Some(roles), FilterSemantics::Joint) => {
            resources.iter().any(|resource| roles_on(*resource).meets(roles))
        }
        (Some(resources), Some(roles), FilterSemantics::Independent) => {
            roles_anywhere().meets(roles) && resources.iter().any(|resource| !roles_on(*resource).is_empty())
        }
    }
}
