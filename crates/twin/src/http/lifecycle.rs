//! Deactivating, activating and deleting managed accounts, with the grace of fourteen days.

use serde_json::{Value, json};

use super::manage::{account_at, require};
use super::write::{DIRECTORY_LAG_MS, about_account};
use super::{Call, Problem, Reply};
use crate::generate::GRACE_MS;
use crate::options::RepeatLifecycle;
use crate::state::{Change, Restriction, World};

pub(crate) fn disable(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    let body: Value = call.json()?;
    if body.get("message").is_some_and(|message| !message.is_string()) {
        return Err(super::manage::violated("message", "type"));
    }
    require(call, &world, account, "lifecycle.enablement")?;
    match world.status_soon(index).0 {
        Some("closed") => return Err(conflict(call, "ACCOUNT_CLOSED", "the account was deleted")),
        Some("inactive") => return repeated(call, "ALREADY_DEACTIVATED", "the account is deactivated"),
        _ => {}
    }
    set(call, &mut world, index, "inactive", false, "user_deactivated");
    Ok(Reply::no_content())
}

pub(crate) fn enable(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    let (status, is_for_deletion) = world.status_soon(index);
    if status == Some("closed") {
        return Err(conflict(call, "ACCOUNT_CLOSED", "the account was deleted"));
    }
    if is_for_deletion {
        return Err(conflict(
            call,
            "ACCOUNT_FOR_DELETION",
            "the deletion has to be cancelled first",
        ));
    }
    if account.restriction() == Some(Restriction::ExportControl) {
        return Err(conflict(
            call,
            "EXPORT_CONTROL",
            "the account is blocked by export control",
        ));
    }
    require(call, &world, account, "lifecycle.enablement")?;
    if status == Some("active") {
        return repeated(call, "ALREADY_ACTIVE", "the account is active");
    }
    set(call, &mut world, index, "active", false, "user_reactivated");
    Ok(Reply::no_content())
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    let (status, is_for_deletion) = world.status_soon(index);
    if status == Some("closed") {
        return Err(conflict(call, "ACCOUNT_CLOSED", "the account was deleted"));
    }
    if is_for_deletion {
        return Err(conflict(
            call,
            "ALREADY_FOR_DELETION",
            "the account is already to be deleted",
        ));
    }
    require(call, &world, account, "lifecycle.delete")?;
    set(
        call,
        &mut world,
        index,
        "inactive",
        true,
        "user_deletion_scheduled",
    );
    world.accept(
        Change::Close {
            account: index,
            since_ms: call.now_ms,
        },
        call.now_ms + GRACE_MS.max(DIRECTORY_LAG_MS),
    );
    Ok(Reply::ok(
        &json!({ "message": "the account is deactivated, and deleted in 14 days" }),
    ))
}

pub(crate) fn cancel_delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    if !world.status_soon(index).1 {
        return Err(conflict(
            call,
            "NOT_FOR_DELETION",
            "the account is not to be deleted",
        ));
    }
    require(call, &world, account, "lifecycle.delete")?;
    set(
        call,
        &mut world,
        index,
        "active",
        false,
        "user_deletion_cancelled",
    );
    Ok(Reply::ok(
        &json!({ "message": "the deletion is cancelled, and the account active" }),
    ))
}

fn set(
    call: &Call<'_>,
    world: &mut World,
    account: u32,
    status: &'static str,
    is_for_deletion: bool,
    action: &'static str,
) {
    let about = vec![about_account(world, account)];
    let change = Change::Status {
        account,
        status,
        is_for_deletion,
        at_ms: call.now_ms,
        is_scim: false,
    };
    call.accept(world, change, action, about);
}

/// What was done already is done again, or a conflict, as the switch says.
fn repeated(call: &Call<'_>, code: &str, message: &str) -> Result<Reply, Problem> {
    match call.hub.options.repeat_lifecycle {
        RepeatLifecycle::Done => Ok(Reply::no_content()),
        RepeatLifecycle::Conflict => Err(conflict(call, code, message)),
    }
}

fn conflict(call: &Call<'_>, code: &str, message: &str) -> Problem {
    let context = json!({
        "message": message,
        "accountId": call.param(0),
        "errorCodes": [{ "code": code, "message": message }],
    });
    Problem::keyed(409, "conflict.lifecycleErrors", Some(context))
}
