//! The v1 operations that the vendor has removed; some organizations may still answer them, so they are behind a
//! switch.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pages::{Ask, PageAsk, Size};
use super::{Call, Problem, Reply, group_writes, user_writes, users};
use crate::options::NextStyle;
use crate::state::World;

fn done(message: &str) -> Reply {
    Reply::ok(&json!({ "message": message }))
}

/// The directories of the account in the path: v1 knows nothing of directories, so it means all.
fn everywhere(call: &Call<'_>, world: &World) -> Result<(u32, Vec<u16>), Problem> {
    let (index, account) = users::account_at(call, world, 1, None)?;
    Ok((
        index,
        account.places.iter().map(|place| place.directory).collect(),
    ))
}

pub(crate) fn suspend(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (account, directories) = everywhere(call, &world)?;
    for directory in directories {
        user_writes::suspend_in(call, &mut world, account, directory)?;
    }
    Ok(done("access is suspended"))
}

pub(crate) fn restore(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (account, directories) = everywhere(call, &world)?;
    for directory in directories {
        user_writes::restore_in(call, &mut world, account, directory);
    }
    Ok(done("access is restored"))
}

pub(crate) fn remove(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (account, directories) = everywhere(call, &world)?;
    for directory in directories {
        user_writes::remove_from(call, &mut world, account, directory)?;
    }
    Ok(Reply::no_content())
}

/// A group made here arrives in the first directory.
pub(crate) fn create_group(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let new = call.json()?;
    let id = group_writes::create_in(call, &mut world, 0, new)?;
    Ok(Reply::ok(
        &json!({ "message": "the group is created", "groupId": id }),
    ))
}

fn group_in_path(call: &Call<'_>, world: &World) -> Result<u32, Problem> {
    world
        .group_index(call.param(1))
        .ok_or_else(|| Problem::unknown("group", call.param(1)))
}

pub(crate) fn delete_group(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let group = group_in_path(call, &world)?;
    group_writes::delete_group(call, &mut world, group)?;
    Ok(done("the group is deleted"))
}

pub(crate) fn add_member(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let group = group_in_path(call, &world)?;
    group_writes::add_member_to(call, &mut world, group)?;
    Ok(done("the account is in the group"))
}

pub(crate) fn remove_member(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let group = group_in_path(call, &world)?;
    group_writes::remove_member_from(call, &mut world, group, call.param(2))?;
    Ok(done("the account is out of the group"))
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OldSearch {
    cursor: Option<String>,
    limit: Option<i64>,
    expand: Option<Vec<String>>,
    account_ids: Option<Vec<String>>,
    account_types: Option<Vec<String>>,
    is_suspended: Option<bool>,
    group_ids: Option<Vec<String>>,
    group_names: Option<Value>,
}

impl Ask for OldSearch {
    fn filter(&self) -> Self {
        OldSearch {
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

const SIZE: Size = Size::Clamped {
    default: 50,
    most: 100,
};

pub(crate) fn search_users(call: &Call<'_>) -> Result<Reply, Problem> {
    let (ask, question) = call.resume(call.json::<OldSearch>()?)?;
    let world = call.world();
    let allows = |list: &Option<Vec<String>>, value: &str| {
        list.as_ref()
            .is_none_or(|list| list.iter().any(|allowed| allowed == value))
    };
    let list = call.list(&world, question, || {
        let rows = world.accounts_in(None).filter(|(_, account)| {
            let is_suspended = account.places.iter().all(|place| place.status == "suspended");
            allows(&ask.account_ids, &account.id)
                && allows(&ask.account_types, account.account_type.unwrap_or_default())
                && ask.is_suspended.is_none_or(|wanted| wanted == is_suspended)
        });
        rows.map(|(index, _)| index).collect()
    });
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: ask.cursor.as_deref(),
            asked: ask.limit,
            size: SIZE,
            style: NextStyle::Url,
        },
    )?;
    let wants = |name: &str| ask.expand.iter().flatten().any(|it| it == name);
    let rows = page.rows.iter().filter_map(|index| world.account(*index));
    let data: Vec<Value> = rows
        .map(|account| {
            json!({
                "accountId": account.id,
                "accountType": account.account_type,
                "accountStatus": account.account_status,
                "name": account.name.as_deref().filter(|_| wants("NAME")),
                "email": account.shown_email().filter(|_| wants("EMAIL")),
                "statusInUserbase": account.places.iter().any(|place| place.status == "active"),
            })
        })
        .collect();
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_absent(Some(call.url())) }),
    ))
}

pub(crate) fn search_groups(call: &Call<'_>) -> Result<Reply, Problem> {
    let (ask, question) = call.resume(call.json::<OldSearch>()?)?;
    let world = call.world();
    let named = |key: &str| ask.group_names.as_ref().and_then(|names| names.get(key)).cloned();
    let (equal, contains) = (named("eq"), named("contains"));
    let list = call.list(&world, question, || {
        let rows = world.groups_in(None).filter(|(_, group)| {
            let is_equal = |names: &Value| {
                names
                    .as_array()
                    .is_some_and(|names| names.iter().any(|it| *it == *group.name))
            };
            let has = |part: &Value| part.as_str().is_some_and(|part| group.name.contains(part));
            ask.group_ids
                .as_ref()
                .is_none_or(|ids| ids.iter().any(|id| **id == *group.id))
                && equal.as_ref().is_none_or(is_equal)
                && contains.as_ref().is_none_or(has)
        });
        rows.map(|(index, _)| index).collect()
    });
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: ask.cursor.as_deref(),
            asked: ask.limit,
            size: SIZE,
            style: NextStyle::Url,
        },
    )?;
    let rows = page.rows.iter().filter_map(|index| world.group(*index));
    let data: Vec<Value> = rows
        .map(|group| json!({ "id": group.id, "name": group.name, "description": group.description }))
        .collect();
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_absent(Some(call.url())) }),
    ))
}
