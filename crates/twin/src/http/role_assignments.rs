//! Reading which roles an account holds and which a group gives.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pages::{Ask, PageAsk, Size};
use super::{Call, Problem, Reply, groups, users};
use crate::options::GroupRolesStyle;
use crate::roles::RoleSet;
use crate::state::{Holding, World};

/// The filters of both lists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RoleAsk {
    cursor: Option<String>,
    limit: Option<i64>,
    directory_ids: Option<Vec<String>>,
    resource_owners: Option<Vec<String>>,
    resource_ids: Option<Vec<String>>,
    role_ids: Option<Vec<String>>,
    expand: Option<Vec<String>>,
}

impl Ask for RoleAsk {
    fn filter(&self) -> Self {
        RoleAsk {
            cursor: None,
            limit: None,
            expand: None,
            ..self.clone()
        }
    }
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>) {
        (&mut self.cursor, &mut self.limit, &mut self.expand)
    }
}

impl RoleAsk {
    fn of(call: &Call<'_>) -> Result<RoleAsk, Problem> {
        Ok(RoleAsk {
            cursor: call.query_one("cursor"),
            limit: call.query_number("limit")?,
            directory_ids: call.query_list("directoryIds"),
            resource_owners: call.query_list("resourceOwners"),
            resource_ids: call.query_list("resourceIds"),
            role_ids: call.query_list("roleIds"),
            expand: None,
        })
    }

    fn fits(&self, world: &World, resource: u32, roles: RoleSet, directory_id: &str) -> bool {
        let Some(row) = world.resource(resource) else {
            return false;
        };
        let allows = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|allowed| allowed == value))
        };
        let has_role = |ids: &Vec<String>| roles.ids().any(|held| ids.iter().any(|id| id == held));
        allows(&self.resource_owners, row.owner)
            && allows(&self.resource_ids, &row.ari)
            && allows(&self.directory_ids, directory_id)
            && self.role_ids.as_ref().is_none_or(has_role)
    }
}

const SIZE: Size = Size::Strict {
    default: 20,
    most: 100,
};

pub(crate) fn of_user(call: &Call<'_>) -> Result<Reply, Problem> {
    let (ask, question) = call.resume(RoleAsk::of(call)?)?;
    let world = call.world();
    let directory = call.directory(&world)?;
    let account = users::account_at(call, &world, 2, directory)?.1;
    let directory_of = |holding: &Holding| {
        let index = world
            .resource(holding.resource)
            .map(|row| world.holding_directory(account, row));
        index.unwrap_or_default()
    };
    let directory_id = |index: u16| {
        world
            .directories
            .get(usize::from(index))
            .map_or("", |it| it.id.as_str())
    };
    let holdings: Vec<Holding> = world
        .holdings(account)
        .into_iter()
        .filter(|holding| directory.is_none_or(|wanted| wanted == directory_of(holding)))
        .filter(|holding| {
            ask.fits(
                &world,
                holding.resource,
                holding.roles(),
                directory_id(directory_of(holding)),
            )
        })
        .collect();
    let list: Vec<u32> = holdings.iter().map(|holding| holding.resource).collect();
    let style = call.hub.options.next;
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: ask.cursor.as_deref(),
            asked: ask.limit,
            size: SIZE,
            style,
        },
    )?;
    let shown = holdings.iter().skip(page.start).take(page.rows.len());
    let data: Vec<Value> = shown
        .filter_map(|holding| {
            let row = world.resource(holding.resource)?;
            let held_in = directory_of(holding);
            let roles = holding.roles();
            let assignments: Vec<Value> = roles
                .each()
                .flat_map(|role| role.ids().map(move |id| (role, id)))
                .map(|(role, id)| json!({ "role": id, "roleAssignmentMethods": holding.methods(role) }))
                .collect();
            Some(json!({
                "resourceId": row.ari,
                "resourceOwner": row.owner,
                "roles": roles.ids().collect::<Vec<_>>(),
                "roleAssignments": assignments,
                "directoryId": directory_id(held_in),
                "userDirectoryStatus": account.place(Some(held_in)).map(|place| place.status),
            }))
        })
        .collect();
    Ok(Reply::ok(&json!({ "data": data, "links": page.links_or_null() })))
}

pub(crate) fn of_group(call: &Call<'_>) -> Result<Reply, Problem> {
    let (ask, question) = call.resume(RoleAsk::of(call)?)?;
    let world = call.world();
    let directory = call.directory(&world)?;
    let group = groups::group_at(call, &world, directory)?.1;
    let directory_id = world
        .directories
        .get(usize::from(group.directory))
        .map_or("", |it| it.id.as_str());
    let grants = group
        .grants
        .iter()
        .filter(|(resource, roles)| ask.fits(&world, *resource, *roles, directory_id));
    let list: Vec<u32> = grants.map(|(resource, _)| *resource).collect();
    let style = call.hub.options.next;
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: ask.cursor.as_deref(),
            asked: ask.limit,
            size: SIZE,
            style,
        },
    )?;
    let data: Vec<Value> = page
        .rows
        .iter()
        .filter_map(|resource| {
            let row = world.resource(*resource)?;
            let roles: Vec<&str> = group.grants_on(*resource).ids().collect();
            let told = match call.hub.options.group_roles {
                GroupRolesStyle::Flat => json!(roles),
                GroupRolesStyle::Nested => json!([roles]),
            };
            let mut item = json!({ "resourceId": row.ari, "resourceOwner": row.owner, "roles": told });
            if let (true, Some(map)) = (group.is_default, item.as_object_mut()) {
                map.insert("defaultRole".to_owned(), json!(roles.first()));
            }
            Some(item)
        })
        .collect();
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_absent(None) }),
    ))
}
