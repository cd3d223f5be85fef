//! The filters of the groups search, its ending GET form, and the count.

use serde::{Deserialize, Serialize};

use super::{SortBy, assignments_match, role_set};
use crate::options::FilterSemantics;
use crate::state::{Group, World};

/// A groups question; the same for search, list and count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GroupAsk {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) directory_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_owners: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) search_term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_names: Option<Vec<String>>,
    pub(crate) expand: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_by: Option<Vec<SortBy>>,
}

impl GroupAsk {
    /// The question without what only shapes a page.
    pub(crate) fn filter(&self) -> GroupAsk {
        GroupAsk {
            cursor: None,
            limit: None,
            expand: None,
            ..self.clone()
        }
    }

    /// The groups of a directory that match, in the order asked for.
    pub(crate) fn select(
        &self,
        world: &World,
        directory: Option<u16>,
        semantics: FilterSemantics,
    ) -> Vec<u32> {
        let accounts: Option<Vec<u32>> = self
            .account_ids
            .as_ref()
            .map(|ids| ids.iter().filter_map(|id| world.account_index(id)).collect());
        let resources: Option<Vec<u32>> = self
            .resource_ids
            .as_ref()
            .map(|aris| aris.iter().filter_map(|ari| world.resource_index(ari)).collect());
        let term = self.search_term.as_ref().map(|term| term.to_lowercase());
        let fits = |index: u32, group: &Group| {
            let has_account = |accounts: &Vec<u32>| {
                let is_member = |account: &u32| {
                    world
                        .account(*account)
                        .is_some_and(|account| account.groups.binary_search(&index).is_ok())
                };
                accounts.iter().any(is_member)
            };
            let gives_on_owner = |owners: &Vec<String>| {
                let owner = |resource: u32| world.resource(resource).map(|row| row.owner);
                group
                    .grants
                    .iter()
                    .any(|(resource, _)| owners.iter().any(|it| Some(it.as_str()) == owner(*resource)))
            };
            let directory_id = world
                .directories
                .get(usize::from(group.directory))
                .map(|it| it.id.as_str());
            accounts.as_ref().is_none_or(has_account)
                && self
                    .group_ids
                    .as_ref()
                    .is_none_or(|ids| ids.iter().any(|id| **id == *group.id))
                && self
                    .group_names
                    .as_ref()
                    .is_none_or(|names| names.iter().any(|name| **name == *group.name))
                && self
                    .directory_ids
                    .as_ref()
                    .is_none_or(|ids| ids.iter().any(|id| Some(id.as_str()) == directory_id))
                && term
                    .as_ref()
                    .is_none_or(|term| group.name.to_lowercase().contains(term))
                && self.resource_owners.as_ref().is_none_or(gives_on_owner)
                && assignments_match(
                    semantics,
                    resources.as_deref(),
                    self.role_ids.as_ref().map(|ids| role_set(ids)),
                    |resource| group.grants_on(resource),
                    || group.all_grants(),
                )
        };
        let mut found: Vec<u32> = world
            .groups_in(directory)
            .filter(|(index, group)| fits(*index, group))
            .map(|(index, _)| index)
            .collect();
        if let Some(sort) = self.sort_by.as_ref().and_then(|sorts| sorts.first()) {
            found.sort_by_cached_key(|index| (world.group(*index).map(|group| group.name.clone()), *index));
            if sort.is_descending() {
                found.reverse();
            }
        }
        found
    }
}
