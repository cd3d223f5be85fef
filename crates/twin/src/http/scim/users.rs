//! Provisioned users: the record is written at once, its account follows after the delay of the directory.

use serde_json::{Map, Value};

use super::select::{Wanted, filter, page, window};
use super::user_model::{check, document, edit, primary_email, resource, user_name};
use super::{MOST_USERS, USER, check_directory, invalid, not_found, patch, schema};
use crate::generate::{Newcomer, newcomer};
use crate::http::write::about_account;
use crate::http::{Call, Problem, Reply};
use crate::options::ScimDomains;
use crate::state::{Change, Place, Restriction, ScimUser, World};

pub(in crate::http) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (skipped, count) = window(call)?;
    let asked = filter(call, &["userName", "externalId"])?;
    let fits = |user: &ScimUser| match &asked {
        None => true,
        Some(asked) if asked.attribute == "userName" => {
            user.user_name.to_lowercase() == asked.value.to_lowercase()
        }
        Some(asked) => {
            let external_id = user.document.as_ref().and_then(|it| it.get("externalId"));
            external_id.and_then(Value::as_str) == Some(asked.value.as_str())
        }
    };
    let found: Vec<&ScimUser> = match &asked {
        Some(asked) if asked.attribute == "userName" => {
            let index = world.scim.user_named(&asked.value);
            index
                .and_then(|index| world.scim.users.get(index as usize))
                .into_iter()
                .collect()
        }
        _ => world
            .scim
            .listed_users()
            .map(|(_, user)| user)
            .filter(|user| fits(user))
            .collect(),
    };
    let items = found.iter().skip(skipped).take(count);
    let items = items
        .map(|user| wanted.apply(resource(call, &world, user)))
        .collect();
    Ok(page(skipped, found.len(), items))
}

pub(in crate::http) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (_, user) = user_at(call, &world)?;
    Ok(Reply::ok(&wanted.apply(resource(call, &world, user))))
}

fn user_at<'a>(call: &Call<'_>, world: &'a World) -> Result<(u32, &'a ScimUser), Problem> {
    let id = call.param(1);
    let index = world.scim.user_index(id).ok_or_else(|| not_found("user", id))?;
    let user = world
        .scim
        .users
        .get(index as usize)
        .ok_or_else(|| not_found("user", id))?;
    Ok((index, user))
}

/// The writable part of a user as it was sent.
fn sent(call: &Call<'_>) -> Result<Map<String, Value>, Problem> {
    let body: Map<String, Value> = call.json()?;
    let schemas = patch::member(&body, "schemas").and_then(Value::as_array);
    let is_user = schemas.is_some_and(|it| {
        it.iter()
            .any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(USER)))
    });
    if !is_user {
        return Err(invalid("invalidSyntax", "schemas names the schema of users"));
    }
    let document = schema::writable_user(&body)?;
    check(&document, false)?;
    Ok(document)
}

fn check_unique(world: &World, document: &Map<String, Value>, own: Option<u32>) -> Result<(), Problem> {
    let name = user_name(document);
    match world.scim.user_named(name) {
        Some(other) if Some(other) != own => Err(Problem::scim(
            409,
            "uniqueness",
            &format!("there is a user named {name}"),
        )),
        _ => Ok(()),
    }
}

fn check_domain(call: &Call<'_>, world: &World, document: &Map<String, Value>) -> Result<(), Problem> {
    let is_strict = call.hub.options.scim_domains == ScimDomains::Verified;
    if is_strict && !world.is_claimed(primary_email(document)) {
        return Err(invalid("invalidValue", "the domain of the email is not verified"));
    }
    Ok(())
}

pub(in crate::http) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let document = sent(call)?;
    check_unique(&world, &document, None)?;
    check_domain(call, &world, &document)?;
    if world.scim.listed_users().count() >= MOST_USERS {
        return Err(invalid("tooMany", "the directory is full"));
    }
    let email = primary_email(&document).to_owned();
    let account = account_for(call, &mut world, &email)?;
    let is_active = document.get("active") != Some(&Value::Bool(false));
    let id = world.ids.uuid();
    let user = ScimUser {
        id: id.as_str().into(),
        directory: 0,
        account: Some(account),
        user_name: user_name(&document).into(),
        document: Some(Box::new(document)),
        is_active,
        created_ms: call.now_ms,
        modified_ms: call.now_ms,
        is_deleted: false,
    };
    let index = world.scim.add_user(user);
    follow(call, &mut world, index, None, "user_created");
    let user = world.scim.users.get(index as usize);
    let user = user.ok_or_else(|| not_found("user", &id))?;
    let mut reply = Reply::with(201, &wanted.apply(resource(call, &world, user)));
    reply.location = Some(super::location(call, &format!("Users/{id}")));
    Ok(reply)
}

/// The account a new record belongs to: the one with its address, else a new one.
fn account_for(call: &Call<'_>, world: &mut World, email: &str) -> Result<u32, Problem> {
    let coming = (0u32..)
        .zip(&world.accounts)
        .find(|(_, row)| row.email.eq_ignore_ascii_case(email))
        .map(|(index, _)| index);
    let account = match coming {
        Some(account) if world.scim.user_of_account(0, account).is_some() => {
            return Err(Problem::scim(
                409,
                "uniqueness",
                "the account with this email has a user already",
            ));
        }
        Some(account) => account,
        None => {
            let number = world.accounts.len();
            let mut ids = world.ids.clone();
            let who = Newcomer {
                email: Some(email.to_owned()),
                directory: 0,
            };
            let mut account = newcomer(&mut ids, number, call.now_ms, who);
            world.ids = ids;
            account.claim_status = Some(if world.is_claimed(email) {
                "managed"
            } else {
                "unmanaged"
            });
            // Until the delay is over it is nowhere.
            account.places.clear();
            world.add_account(account)
        }
    };
    let is_there = world
        .account(account)
        .is_some_and(|row| row.place(Some(0)).is_some());
    if !is_there {
        let place = Place {
            directory: 0,
            status: "active",
        };
        world.accept(Change::PlaceAdd { account, place }, call.now_ms + super::LAG_MS);
    }
    let synced = Change::Synced {
        account,
        is_synced: true,
    };
    world.accept(synced, call.now_ms + super::LAG_MS);
    Ok(account)
}

/// Lets the account follow its record.
fn follow(call: &Call<'_>, world: &mut World, index: u32, was_active: Option<bool>, action: &'static str) {
    let Some(user) = world.scim.users.get(index as usize) else {
        return;
    };
    let (Some(account), is_active) = (user.account, user.is_active) else {
        return;
    };
    let edit = user
        .document
        .as_ref()
        .map(|document| edit(document))
        .unwrap_or_default();
    let about = vec![about_account(world, account)];
    let change = Change::ProfileSet {
        account,
        edit: Box::new(edit),
    };
    call.accept(world, change, action, about);
    if was_active == Some(is_active) {
        return;
    }
    set_active(call, world, account, is_active);
}

/// Activates or deactivates a managed account, unless it is in a state that SCIM cannot end.
fn set_active(call: &Call<'_>, world: &mut World, account: u32, is_active: bool) {
    let Some(row) = world.account(account).filter(|row| row.is_managed()) else {
        return;
    };
    let is_blocked = row.restriction() == Some(Restriction::ExportControl);
    let (status, is_for_deletion) = world.status_soon(account);
    let wanted = if is_active { "active" } else { "inactive" };
    if status == Some("closed") || status == Some(wanted) || is_for_deletion || (is_active && is_blocked) {
        return;
    }
    let action = if is_active {
        "user_reactivated"
    } else {
        "user_deactivated"
    };
    let about = vec![about_account(world, account)];
    let change = Change::Status {
        account,
        status: wanted,
        is_for_deletion: false,
        at_ms: call.now_ms,
        is_scim: true,
    };
    call.accept(world, change, action, about);
}

pub(in crate::http) fn replace(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (index, _) = user_at(call, &world)?;
    let document = sent(call)?;
    write(call, &mut world, index, document, &wanted)
}

pub(in crate::http) fn patch(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let wanted = Wanted::of(call)?;
    let (index, user) = user_at(call, &world)?;
    let mut document = document(&world, user);
    document.insert("active".to_owned(), Value::Bool(world.scim_is_active(user)));
    for operation in patch::operations(call)? {
        patch::change_user(&mut document, &operation)?;
    }
    check(&document, true)?;
    write(call, &mut world, index, document, &wanted)
}

fn write(
    call: &Call<'_>,
    world: &mut World,
    index: u32,
    document: Map<String, Value>,
    wanted: &Wanted,
) -> Result<Reply, Problem> {
    check_unique(world, &document, Some(index))?;
    let old = world.scim.users.get(index as usize);
    let old = old.ok_or_else(|| not_found("user", call.param(1)))?;
    let was_active = world.scim_is_active(old);
    let email = primary_email(&document);
    let old_account = old.account;
    let is_new_email = old_account
        .and_then(|account| world.account(account))
        .is_some_and(|row| !row.email.eq_ignore_ascii_case(email));
    if is_new_email {
        check_domain(call, world, &document)?;
        let other = world.account_with_email(email);
        if other.is_some_and(|other| Some(other) != old_account) {
            return Err(Problem::scim(409, "uniqueness", "another account has this email"));
        }
    }
    world.scim.rename_user(index, user_name(&document));
    if let Some(user) = world.scim.users.get_mut(index as usize) {
        user.is_active = document.get("active") != Some(&Value::Bool(false));
        user.document = Some(Box::new(document));
        user.modified_ms = call.now_ms;
    }
    follow(call, world, index, Some(was_active), "user_profile_updated");
    let user = world.scim.users.get(index as usize);
    let user = user.ok_or_else(|| not_found("user", call.param(1)))?;
    Ok(Reply::ok(&wanted.apply(resource(call, world, user))))
}

pub(in crate::http) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_directory(call, &world)?;
    let (index, user) = user_at(call, &world)?;
    let account = user.account;
    if let Some(account) = account {
        leave_groups(call, &mut world, account);
        let synced = Change::Synced {
            account,
            is_synced: false,
        };
        let about = vec![about_account(&world, account)];
        call.accept(&mut world, synced, "user_unlinked", about);
        set_active(call, &mut world, account, false);
    }
    world.scim.delete_user(index);
    Ok(Reply::no_content())
}

/// Takes an account out of the pushed groups.
pub(super) fn leave_groups(call: &Call<'_>, world: &mut World, account: u32) {
    let groups: Vec<u32> = world
        .scim_groups_of(account)
        .iter()
        .map(|row| row.group)
        .collect();
    for group in groups {
        let about = vec![
            about_account(world, account),
            crate::http::write::about_group(world, group),
        ];
        let change = Change::MemberRemove { group, account };
        call.accept(world, change, "user_removed_from_group", about);
    }
}
