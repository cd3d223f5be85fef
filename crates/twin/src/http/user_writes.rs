//! Suspending, restoring and removing accounts of a directory.

use super::write::{REMOVAL_LAG_MS, about_account};
use super::{Call, Problem, Reply, users};
use crate::roles::RoleSet;
use crate::state::{Change, World};

pub(crate) fn suspend(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let account = users::account_at(call, &world, 2, Some(directory))?.0;
    suspend_in(call, &mut world, account, directory)?;
    Ok(Reply::no_content())
}

/// Suspending again is not an error, and changes nothing.
pub(super) fn suspend_in(
    call: &Call<'_>,
    world: &mut World,
    account: u32,
    directory: u16,
) -> Result<(), Problem> {
    let row = world.account(account);
    if row.is_some_and(|row| world.platform_roles(row).meets(RoleSet::ORG_ADMIN)) {
        return Err(Problem::bad("an organization admin cannot be suspended"));
    }
    if row
        .and_then(|row| row.place(Some(directory)))
        .is_some_and(|place| place.status == "suspended")
    {
        return Ok(());
    }
    let about = vec![about_account(world, account)];
    call.accept(
        world,
        Change::PlaceStatus {
            account,
            directory,
            status: "suspended",
        },
        "user_suspended",
        about,
    );
    Ok(())
}

pub(crate) fn restore(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let account = users::account_at(call, &world, 2, Some(directory))?.0;
    restore_in(call, &mut world, account, directory);
    Ok(Reply::no_content())
}

/// Restoring an account that is active is not an error; one whose suspension is on its way is restored after it.
pub(super) fn restore_in(call: &Call<'_>, world: &mut World, account: u32, directory: u16) {
    let about = vec![about_account(world, account)];
    call.accept(
        world,
        Change::PlaceStatus {
            account,
            directory,
            status: "active",
        },
        "user_reactivated",
        about,
    );
}

pub(crate) fn remove(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let directory = call.real_directory(&world)?;
    let account = users::account_at(call, &world, 2, Some(directory))?.0;
    remove_from(call, &mut world, account, directory)?;
    Ok(Reply::no_content())
}

/// The answer means that a job was accepted; reads show the account until it has run.
pub(super) fn remove_from(
    call: &Call<'_>,
    world: &mut World,
    account: u32,
    directory: u16,
) -> Result<(), Problem> {
    let owns_key = world
        .account(account)
        .is_some_and(|row| *row.id == *world.key_owner.0);
    if owns_key {
        return Err(Problem::bad("the account that owns the key cannot be removed"));
    }
    let about = vec![about_account(world, account)];
    let change = Change::PlaceRemove { account, directory };
    call.accept_late(world, change, REMOVAL_LAG_MS, "user_removed", about);
    Ok(())
}
