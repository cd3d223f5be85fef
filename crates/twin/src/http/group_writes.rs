//! Making and deleting groups, and changing their members.

use serde::Deserialize;
use serde_json::json;

use super::write::{about_account, about_group, check_seats};
use super::{Call, Problem, Reply, groups};
use crate::state::{Change, Group, World};

/// Longest name of a group.
const LONGEST_NAME: usize = 255;

#[derive(Deserialize)]
pub(super) struct NewGroup {
    name: String,
    #[serde(default)]
    description: Option<String>,
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let new: NewGroup = call.json()?;
    create_in(call, &mut world, directory, new)?;
    // The vendor's answer does not tell the id of the new group.
    Ok(Reply::with(201, &json!({})))
}

pub(super) fn create_in(
    call: &Call<'_>,
    world: &mut World,
    directory: u16,
    new: NewGroup,
) -> Result<String, Problem> {
    if new.name.trim().is_empty() || new.name.chars().count() > LONGEST_NAME {
        return Err(Problem::bad(&format!(
            "a group has a name of 1 to {LONGEST_NAME} characters"
        )));
    }
    if world.group_name_is_taken(directory, &new.name) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "a group of this name exists",
        ));
    }
    let id = world.ids.uuid();
    let about = vec![("groups", id.clone(), Some(new.name.clone()))];
    let group = Group {
        id: id.clone().into(),
        name: new.name.into(),
        description: new.description.map(Into::into),
        directory,
        is_synced: false,
        is_default: false,
        is_deleted: false,
        is_coming: false,
        managed_by: Some("admins"),
        members: Vec::new(),
        grants: Vec::new(),
    };
    call.accept(world, Change::GroupAdd(Box::new(group)), "group_created", about);
    Ok(id)
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let group = groups::group_at(call, &world, Some(directory))?.0;
    delete_group(call, &mut world, group)?;
    Ok(Reply::no_content())
}

pub(super) fn delete_group(call: &Call<'_>, world: &mut World, group: u32) -> Result<(), Problem> {
    if world.group_is_going(group) {
        return Err(Problem::unknown("group", call.param(2)));
    }
    if world.group(group).is_some_and(|row| row.is_default) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-1",
            "Conflict",
            "a default group may not be deleted",
        ));
    }
    check_modifiable(world, group)?;
    let about = vec![about_group(world, group)];
    call.accept(world, Change::GroupDelete { group }, "group_deleted", about);
    Ok(())
}

/// Groups that come from outside are changed there.
fn check_modifiable(world: &World, group: u32) -> Result<(), Problem> {
    let is_synced = world.group(group).is_some_and(|row| row.is_synced);
    if is_synced {
        Err(Problem::forbidden("the group is synced from outside"))
    } else {
        Ok(())
    }
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(alias = "account_id", rename = "accountId")]
    account_id: String,
}

pub(crate) fn add_member(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let group = groups::group_at(call, &world, Some(directory))?.0;
    add_member_to(call, &mut world, group)?;
    Ok(Reply::no_content())
}

pub(super) fn add_member_to(call: &Call<'_>, world: &mut World, group: u32) -> Result<(), Problem> {
    let new: NewMember = call.json()?;
    check_modifiable(world, group)?;
    let directory = world.group(group).map(|row| row.directory);
    let account = world.account_index(&new.account_id);
    let is_here = |index: &u32| {
        world
            .account(*index)
            .is_some_and(|row| row.place(directory).is_some())
    };
    let account = account
        .filter(is_here)
        .ok_or_else(|| Problem::unknown("account", &new.account_id))?;
    if world.will_be_member(group, account) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "the account is in the group already",
        ));
    }
    if let (Some(row), Some(to)) = (world.account(account), world.group(group)) {
        for (resource, roles) in &to.grants {
            check_seats(world, [row], *resource, *roles)?;
        }
    }
    let about = vec![about_account(world, account), about_group(world, group)];
    call.accept(
        world,
        Change::MemberAdd { group, account },
        "user_added_to_group",
        about,
    );
    Ok(())
}

pub(crate) fn remove_member(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let group = groups::group_at(call, &world, Some(directory))?.0;
    remove_member_from(call, &mut world, group, call.param(3))?;
    Ok(Reply::no_content())
}

pub(super) fn remove_member_from(
    call: &Call<'_>,
    world: &mut World,
    group: u32,
    account_id: &str,
) -> Result<(), Problem> {
    check_modifiable(world, group)?;
    let account = world
        .account_index(account_id)
        .filter(|account| world.will_be_member(group, *account));
    let account = account.ok_or_else(|| Problem::unknown("member", account_id))?;
    let about = vec![about_account(world, account), about_group(world, group)];
    call.accept(
        world,
        Change::MemberRemove { group, account },
        "user_removed_from_group",
        about,
    );
    Ok(())
}
