//! The form in which answers tell a group, and the sort parameter of the GET lists.

use serde::Serialize;

use super::{Call, Problem};
use crate::query::SortBy;
use crate::state::{Group, World};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagementAccess {
    deletable: bool,
    modifiable: bool,
    readable: bool,
}

#[derive(Serialize)]
struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<usize>,
}

/// A group as search, list and detail tell it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupItem<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    directory_id: &'a str,
    management_access: ManagementAccess,
    external_synced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
}

/// Tells a group, with the wanted counts.
pub(super) fn item<'a>(world: &'a World, group: &'a Group, users: bool, resources: bool) -> GroupItem<'a> {
    let counts = Counts {
        users: users.then_some(group.members.len()),
        resources: resources.then_some(group.grants.len()),
    };
    GroupItem {
        id: &group.id,
        name: &group.name,
        description: group.description.as_deref(),
        directory_id: world
            .directories
            .get(usize::from(group.directory))
            .map_or("", |directory| &directory.id),
        management_access: ManagementAccess {
            deletable: !group.is_synced && !group.is_default,
            modifiable: !group.is_synced,
            readable: true,
        },
        external_synced: group.is_synced,
        managed_by: group.managed_by,
        counts: (users || resources).then_some(counts),
    }
}

/// `sortBy` of a GET list: a JSON object, or `field` with an optional `:direction`.
pub(super) fn sort_of_query(call: &Call<'_>) -> Result<Option<Vec<SortBy>>, Problem> {
    let refuse = |_| Problem::bad("sortBy names a field and a direction");
    let Some(text) = call.query_one("sortBy") else {
        return Ok(None);
    };
    if text.starts_with('[') {
        return serde_json::from_str(&text).map(Some).map_err(refuse);
    }
    if text.starts_with('{') {
        return serde_json::from_str(&text)
            .map(|one| Some(vec![one]))
            .map_err(refuse);
    }
    let (field, direction) = text.split_once(':').unwrap_or((&text, "asc"));
    Ok(Some(vec![SortBy {
        field: field.to_owned(),
        direction: Some(direction.to_owned()),
    }]))
}
