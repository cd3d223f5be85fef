//! Pushed groups: read-only in the organization's API, and its groups all the same.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::patch::{Operation, Verb, member, operations};
use super::path::{parts, without_core};
use super::select::{Wanted, filter, page, window};
use super::{GROUP, LAG_MS, MOST_MEMBERS, check_directory, invalid, location, not_found};
use crate::clock::iso_ms;
use crate::http::write::{about_account, about_group};
use crate::http::{Call, Problem, Reply};
use crate::state::{Change, Group, ScimGroup, World};

pub(in crate::http) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (skipped, count) = window(call)?;
    let asked = filter(call, &["displayName"])?;
    let fits = |row: &ScimGroup| {
        let name = world.group(row.group).map(|group| group.name.to_lowercase());
        asked
            .as_ref()
            .is_none_or(|asked| name == Some(asked.value.to_lowercase()))
    };
    let found: Vec<&ScimGroup> = world
        .scim_groups()
        .map(|(_, row)| row)
        .filter(|row| fits(row))
        .collect();
    let items = found.iter().skip(skipped).take(count);
    let items = items.map(|row| resource(call, &world, row, &wanted)).collect();
    Ok(page(skipped, found.len(), items))
}

pub(in crate::http) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (_, row) = group_at(call, &world)?;
    Ok(Reply::ok(&resource(call, &world, row, &wanted)))
}

fn group_at<'a>(call: &Call<'_>, world: &'a World) -> Result<(u32, &'a ScimGroup), Problem> {
    let id = call.param(1);
    let index = world.scim_group_index(id).ok_or_else(|| not_found("group", id))?;
    let row = world
        .scim
        .groups
        .get(index as usize)
        .ok_or_else(|| not_found("group", id))?;
    Ok((index, row))
}

fn resource(call: &Call<'_>, world: &World, row: &ScimGroup, wanted: &Wanted) -> Value {
    let mut map = Map::new();
    map.insert("schemas".to_owned(), json!([GROUP]));
    map.insert("id".to_owned(), json!(row.id));
    if let Some(external_id) = &row.external_id {
        map.insert("externalId".to_owned(), json!(external_id));
    }
    let name = world.group(row.group).map_or("", |group| &*group.name);
    map.insert("displayName".to_owned(), json!(name));
    if wanted.wants("members") {
        let members = world.members_soon(row.group);
        let users = members
            .iter()
            .filter_map(|account| world.scim.user_of_account(0, *account));
        let members: Vec<Value> = users
            .map(|user| {
                let address = location(call, &format!("Users/{}", user.id));
                json!({ "value": user.id, "type": "User", "display": user.user_name, "$ref": address })
            })
            .collect();
        if !members.is_empty() {
            map.insert("members".to_owned(), Value::Array(members));
        }
    }
    map.insert(
        "meta".to_owned(),
        json!({
            "resourceType": "Group",
            "location": location(call, &format!("Groups/{}", row.id)),
            "created": iso_ms(row.created_ms),
            "lastModified": iso_ms(row.modified_ms),
        }),
    );
    wanted.apply(Value::Object(map))
}

/// A group as it is to be.
#[derive(Debug)]
struct Wish {
    name: Option<String>,
    external_id: Option<String>,
    /// Accounts.
    members: BTreeSet<u32>,
}

fn sent(call: &Call<'_>, world: &World) -> Result<Wish, Problem> {
    let body: Map<String, Value> = call.json()?;
    let schemas = member(&body, "schemas").and_then(Value::as_array);
    let is_group = schemas.is_some_and(|it| {
        it.iter()
            .any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(GROUP)))
    });
    if !is_group {
        return Err(invalid("invalidSyntax", "schemas names the schema of groups"));
    }
    let text = |name: &str| match member(&body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(invalid("invalidValue", &format!("{name} is a string"))),
    };
    let mut members = BTreeSet::new();
    if let Some(values) = member(&body, "members").filter(|it| !it.is_null()) {
        members.extend(accounts_of(world, values)?);
    }
    Ok(Wish {
        name: text("displayName")?,
        external_id: text("externalId")?,
        members,
    })
}

/// The accounts of members as they were sent.
fn accounts_of(world: &World, values: &Value) -> Result<Vec<u32>, Problem> {
    let single = std::slice::from_ref(values);
    let values = values.as_array().map_or(single, Vec::as_slice);
    let account = |value: &Value| {
        let id = value
            .as_object()
            .and_then(|map| member(map, "value"))
            .and_then(Value::as_str);
        let id = id.ok_or_else(|| invalid("invalidValue", "a member has a value"))?;
        let user = world
            .scim
            .user_index(id)
            .and_then(|index| world.scim.users.get(index as usize));
        let account = user.and_then(|user| user.account);
        account.ok_or_else(|| invalid("invalidValue", &format!("there is no user {id} to be a member")))
    };
    values.iter().map(account).collect()
}

pub(in crate::http) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let wish = sent(call, &world)?;
    let name = wish.name.clone().unwrap_or_default();
    if name.trim().is_empty() {
        return Err(invalid("invalidValue", "displayName is required"));
    }
    let is_coming = world.scim_groups().any(|(_, row)| {
        let held = world.group(row.group).map(|group| group.name.to_lowercase());
        held == Some(name.to_lowercase())
    });
    if is_coming || world.group_name_is_taken(0, &name) {
        return Err(Problem::scim(
            409,
            "uniqueness",
            &format!("there is a group named {name}"),
        ));
    }
    check_size(wish.members.len())?;
    let group_id = world.ids.uuid();
    let group = world.add_group(Group {
        id: group_id.into(),
        name: name.into(),
        description: None,
        directory: 0,
        is_synced: true,
        is_default: false,
        is_deleted: true,
        is_coming: true,
        managed_by: Some("external"),
        members: Vec::new(),
        grants: Vec::new(),
    });
    let id = world.ids.uuid();
    let index = world.scim.add_group(ScimGroup {
        id: id.as_str().into(),
        group,
        external_id: wish.external_id,
        created_ms: call.now_ms,
        modified_ms: call.now_ms,
        is_deleted: false,
    });
    let about = vec![about_group(&world, group)];
    call.accept(&mut world, Change::GroupShow { group }, "group_created", about);
    set_members(call, &mut world, group, &wish.members);
    let row = world
        .scim
        .groups
        .get(index as usize)
        .ok_or_else(|| not_found("group", &id))?;
    let mut reply = Reply::with(201, &resource(call, &world, row, &Wanted::of(call)?));
    reply.location = Some(location(call, &format!("Groups/{id}")));
    Ok(reply)
}

fn check_size(members: usize) -> Result<(), Problem> {
    if members > MOST_MEMBERS {
        return Err(invalid("tooMany", "a group has at most 35000 members"));
    }
    Ok(())
}

pub(in crate::http) fn replace(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let (index, _) = group_at(call, &world)?;
    let wish = sent(call, &world)?;
    write(call, &mut world, index, wish)
}

pub(in crate::http) fn patch(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let (index, row) = group_at(call, &world)?;
    let mut wish = Wish {
        name: None,
        external_id: row.external_id.clone(),
        members: world.members_soon(row.group).into_iter().collect(),
    };
    for operation in operations(call)? {
        change(&world, &mut wish, &operation)?;
    }
    write(call, &mut world, index, wish)
}

fn change(world: &World, wish: &mut Wish, operation: &Operation) -> Result<(), Problem> {
    let Some(path) = &operation.path else {
        for (name, value) in operation.value.as_object().into_iter().flatten() {
            let is_told_only = ["id", "meta", "schemas"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(name));
            if !is_told_only {
                change_at(world, wish, operation.verb, name, value)?;
            }
        }
        return Ok(());
    };
    change_at(world, wish, operation.verb, path, &operation.value)
}

fn change_at(world: &World, wish: &mut Wish, verb: Verb, path: &str, value: &Value) -> Result<(), Problem> {
    let (name, conditions, part) = parts(without_core(path, GROUP))?;
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if ["id", "meta", "schemas"].iter().any(|it| is(it)) {
        return Err(invalid("mutability", &format!("{name} cannot be written")));
    }
    if is("displayName") {
        let Some(name) = value.as_str().filter(|_| verb != Verb::Remove) else {
            return Err(invalid("mutability", "displayName cannot be taken away"));
        };
        wish.name = Some(name.to_owned());
        return Ok(());
    }
    if is("externalId") {
        wish.external_id = match (verb, value) {
            (Verb::Remove, _) | (_, Value::Null) => None,
            (_, Value::String(text)) => Some(text.clone()),
            _ => return Err(invalid("invalidValue", "externalId is a string")),
        };
        return Ok(());
    }
    if !is("members") {
        return Err(invalid("invalidPath", &format!("{path} is no path of a group")));
    }
    if part.is_some() {
        return Err(invalid(
            "mutability",
            "a member can be added and removed, not changed",
        ));
    }
    if let Some(conditions) = conditions {
        return remove_chosen(world, wish, verb, &conditions);
    }
    match verb {
        Verb::Add => wish.members.extend(accounts_of(world, value)?),
        Verb::Replace if value.is_null() => wish.members.clear(),
        Verb::Replace => wish.members = accounts_of(world, value)?.into_iter().collect(),
        Verb::Remove if value.is_null() => wish.members.clear(),
        Verb::Remove => {
            for account in accounts_of(world, value)? {
                wish.members.remove(&account);
            }
        }
    }
    Ok(())
}

fn remove_chosen(
    world: &World,
    wish: &mut Wish,
    verb: Verb,
    conditions: &[super::path::Condition],
) -> Result<(), Problem> {
    if verb != Verb::Remove {
        return Err(invalid(
            "mutability",
            "a member can be added and removed, not changed",
        ));
    }
    let is_chosen = |account: &u32| {
        let user = world.scim.user_of_account(0, *account);
        user.is_some_and(|user| {
            let value = json!({ "value": user.id, "display": user.user_name, "type": "User" });
            conditions.iter().all(|it| it.holds(&value))
        })
    };
    let before = wish.members.len();
    wish.members.retain(|account| !is_chosen(account));
    if wish.members.len() == before {
        return Err(invalid("noTarget", "the path chooses no member"));
    }
    Ok(())
}

fn write(call: &Call<'_>, world: &mut World, index: u32, wish: Wish) -> Result<Reply, Problem> {
    let row = world.scim.groups.get(index as usize);
    let row = row.ok_or_else(|| not_found("group", call.param(1)))?;
    let group = row.group;
    let held = world
        .group(group)
        .map(|row| row.name.to_string())
        .unwrap_or_default();
    if wish.name.is_some_and(|name| name != held) {
        return Err(invalid("mutability", "displayName of a group cannot be changed"));
    }
    check_size(wish.members.len())?;
    set_members(call, world, group, &wish.members);
    if let Some(row) = world.scim.groups.get_mut(index as usize) {
        row.external_id = wish.external_id;
        row.modified_ms = call.now_ms;
    }
    let row = world.scim.groups.get(index as usize);
    let row = row.ok_or_else(|| not_found("group", call.param(1)))?;
    Ok(Reply::ok(&resource(call, world, row, &Wanted::of(call)?)))
}

/// Makes these accounts the members, and leaves those alone that are in the group without having been provisioned.
fn set_members(call: &Call<'_>, world: &mut World, group: u32, wanted: &BTreeSet<u32>) {
    let held: BTreeSet<u32> = world.members_soon(group).into_iter().collect();
    let is_ours = |account: &&u32| world.scim.user_of_account(0, **account).is_some();
    let added: Vec<u32> = wanted.difference(&held).copied().collect();
    let removed: Vec<u32> = held.difference(wanted).filter(is_ours).copied().collect();
    let many = added.len() + removed.len() > 100;
    let changes = added
        .into_iter()
        .map(|account| {
            (
                account,
                Change::MemberAdd { group, account },
                "user_added_to_group",
            )
        })
        .chain(removed.into_iter().map(|account| {
            (
                account,
                Change::MemberRemove { group, account },
                "user_removed_from_group",
            )
        }));
    for (account, change, action) in changes.collect::<Vec<_>>() {
        if many {
            // The log tells a large change once for the group, below.
            world.accept(change, call.now_ms + LAG_MS);
            continue;
        }
        let about = vec![about_account(world, account), about_group(world, group)];
        call.accept(world, change, action, about);
    }
    if many {
        let about = vec![about_group(world, group)];
        call.log(world, "group_updated", about);
    }
}

pub(in crate::http) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let (index, row) = group_at(call, &world)?;
    let group = row.group;
    let about = vec![about_group(&world, group)];
    call.accept(&mut world, Change::GroupDelete { group }, "group_deleted", about);
    if let Some(row) = world.scim.groups.get_mut(index as usize) {
        row.is_deleted = true;
    }
    Ok(Reply::no_content())
}
