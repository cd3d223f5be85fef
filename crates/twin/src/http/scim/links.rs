//! Calls of the admin API about the records behind managed accounts.

use serde_json::{Value, json};

use super::users::leave_groups;
use crate::http::write::about_account;
use crate::http::{Call, Problem, Reply};
use crate::state::{Change, World};

fn links(world: &World, account: u32) -> Value {
    let links: Vec<Value> = world
        .scim
        .links(account)
        .filter_map(|(_, user)| {
            Some(json!({
                "scimUserId": user.id,
                "atlassianAccountId": world.account(account)?.id,
                "orgId": world.org_id,
                "directoryId": world.scim.directory_ids.get(usize::from(user.directory))?,
            }))
        })
        .collect();
    json!({ "scimLinks": links })
}

pub(in crate::http) fn of_account(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let account = account_at(call, &world)?;
    Ok(Reply::ok(&links(&world, account)))
}

fn account_at(call: &Call<'_>, world: &World) -> Result<u32, Problem> {
    let id = call.param(1);
    world
        .account_known(id)
        .ok_or_else(|| Problem::unknown("account", id))
}

pub(in crate::http) fn by_email(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let body: Value = call.json()?;
    let email = body.get("email").and_then(Value::as_str);
    let email = email.ok_or_else(|| Problem::bad("email is required"))?;
    let found = match world.account_with_email(email) {
        Some(account) => links(&world, account),
        None => json!({ "scimLinks": [] }),
    };
    Ok(Reply::ok(&found))
}

/// Breaks the link; the account stays as it is.
pub(in crate::http) fn unlink(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (directory, id) = (call.param(1), call.param(2));
    let known = world.scim.directory_ids.iter().position(|it| it == directory);
    let known = known.and_then(|at| u16::try_from(at).ok());
    let known = known.ok_or_else(|| Problem::unknown("SCIM directory", directory))?;
    let mut users = (0u32..).zip(&world.scim.users);
    let found = users.find(|(_, user)| *user.id == *id && user.directory == known && !user.is_deleted);
    let (index, account) = found
        .map(|(index, user)| (index, user.account))
        .ok_or_else(|| Problem::unknown("SCIM user", id))?;
    let Some(account) = account else {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "the user is not linked",
        ));
    };
    free(call, &mut world, account);
    world.scim.unlink(index);
    Ok(Reply::no_content())
}

/// Drops the records of an account in all directories; the account stays, without its pushed groups.
pub(in crate::http) fn delete_records(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let account = account_at(call, &world)?;
    if !world
        .account(account)
        .is_some_and(crate::state::Account::is_managed)
    {
        return Err(Problem::forbidden("the account is not managed"));
    }
    let records: Vec<u32> = world.scim.links(account).map(|(index, _)| index).collect();
    if records.is_empty() {
        return Err(Problem::unknown("SCIM user of account", call.param(1)));
    }
    leave_groups(call, &mut world, account);
    free(call, &mut world, account);
    for index in records {
        world.scim.delete_user(index);
    }
    Ok(Reply::no_content())
}

fn free(call: &Call<'_>, world: &mut World, account: u32) {
    let change = Change::Synced {
        account,
        is_synced: false,
    };
    let about = vec![about_account(world, account)];
    call.accept(world, change, "user_unlinked", about);
}
