//! Reading groups: search, the ending list, count, stats, detail.

use serde_json::{Value, json};

use super::group_items::{self, GroupItem};
use super::pages::{Page, PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::query::GroupAsk;
use crate::state::{Group, World};

pub(crate) fn search(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask: GroupAsk = call.json()?;
    if ask.group_names.is_some() && (ask.search_term.is_some() || ask.group_ids.is_some()) {
        return Err(Problem::bad("groupNames excludes searchTerm and groupIds"));
    }
    let world = call.world();
    let directory = call.directory(&world)?;
    let (ask, question) = call.resume(ask)?;
    let page = select_page(
        call,
        &world,
        directory,
        &ask,
        question,
        Size::Clamped {
            default: 20,
            most: 100,
        },
    )?;
    let has = |name: &str| ask.expand.iter().flatten().any(|it| it == name);
    let (users, resources) = (has("counts.users"), has("counts.resources"));
    Ok(Reply::ok(&Body {
        data: items(&world, &page, users, resources),
        links: page.links_or_null(),
    }))
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask = ask_of_query(call)?;
    let counts: Value = match call.query_one("counts") {
        Some(text) => {
            serde_json::from_str(&text).map_err(|_| Problem::bad("counts is an object of flags"))?
        }
        None => Value::Null,
    };
    let wants = |name: &str| counts.get(name).and_then(Value::as_bool).unwrap_or(false);
    let world = call.world();
    let directory = call.directory(&world)?;
    let (ask, question) = call.resume(ask)?;
    let page = select_page(
        call,
        &world,
        directory,
        &ask,
        question,
        Size::Strict {
            default: 20,
            most: 100,
        },
    )?;
    let data = items(&world, &page, wants("includeUsers"), wants("includeResources"));
    Ok(Reply::ok(&Body {
        data,
        links: page.links_or_absent(None),
    }))
}

#[derive(serde::Serialize)]
struct Body<'a> {
    data: Vec<GroupItem<'a>>,
    links: Value,
}

fn items<'a>(world: &'a World, page: &Page, users: bool, resources: bool) -> Vec<GroupItem<'a>> {
    let rows = page.rows.iter().filter_map(|index| world.group(*index));
    rows.map(|group| group_items::item(world, group, users, resources))
        .collect()
}

fn select_page(
    call: &Call<'_>,
    world: &World,
    directory: Option<u16>,
    ask: &GroupAsk,
    question: u64,
    size: Size,
) -> Result<Page, Problem> {
    let list = call.list(world, question, || {
        ask.select(world, directory, call.hub.options.filters)
    });
    let is_by_key = ask.sort_by.is_none();
    let cursor = ask.cursor.as_deref();
    call.page(
        world,
        &list,
        PageAsk {
            is_by_key,
            question,
            sent: cursor,
            asked: ask.limit,
            size,
            style: call.hub.options.next,
        },
    )
}

fn ask_of_query(call: &Call<'_>) -> Result<GroupAsk, Problem> {
    Ok(GroupAsk {
        cursor: call.query_one("cursor"),
        limit: call.query_number("limit")?,
        account_ids: call.query_list("accountIds"),
        directory_ids: call.query_list("directoryIds"),
        role_ids: call.query_list("roleIds"),
        resource_owners: call.query_list("resourceOwners"),
        resource_ids: call.query_list("resourceIds"),
        search_term: call.query_one("searchTerm"),
        group_ids: call.query_list("groupIds"),
        group_names: None,
        expand: None,
        sort_by: group_items::sort_of_query(call)?,
    })
}

pub(crate) fn count(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask = ask_of_query(call)?;
    let world = call.world();
    let directory = call.directory(&world)?;
    let text = serde_json::to_string(&ask.filter()).unwrap_or_default();
    let list = call.list(&world, call.plain_question(&text), || {
        ask.select(&world, directory, call.hub.options.filters)
    });
    Ok(Reply::ok(&json!({ "count": list.len() })))
}

pub(crate) fn stats(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let directory = call.directory(&world)?;
    let all = world.groups_in(directory).count();
    let synced = world
        .groups_in(directory)
        .filter(|(_, group)| group.is_synced)
        .count();
    Ok(Reply::ok(&json!({
        "types": [{ "type": "GROUP", "count": all }],
        "totals": { "all": all, "synced": synced, "managed": all - synced },
    })))
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let directory = call.directory(&world)?;
    let group = group_at(call, &world, directory)?.1;
    Ok(Reply::ok(
        &json!({ "data": group_items::item(&world, group, true, true) }),
    ))
}

/// The group named in the path, which has to be in the directory.
pub(super) fn group_at<'a>(
    call: &Call<'_>,
    world: &'a World,
    directory: Option<u16>,
) -> Result<(u32, &'a Group), Problem> {
    let id = call.param(2);
    let found = world
        .group_index(id)
        .and_then(|index| world.group(index).map(|group| (index, group)));
    let is_here = |group: &Group| directory.is_none_or(|wanted| wanted == group.directory);
    found
        .filter(|(_, group)| is_here(group))
        .ok_or_else(|| Problem::unknown("group", id))
}
