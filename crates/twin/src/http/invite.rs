//! Inviting people by e-mail, with roles and groups; a success can hold partial failures.

use serde::Deserialize;
use serde_json::{Value, json};

use super::write::{about_account, check_seats, role_and_resource};
use super::{Call, Problem, Reply, role_writes};
use crate::generate::{Newcomer, newcomer};
use crate::state::{Account, Change, Place, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    emails: Vec<String>,
    #[serde(default)]
    permission_rules: Option<Vec<Rule>>,
    #[serde(default)]
    additional_groups: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Rule {
    resource: String,
    role: String,
}

pub(crate) fn invite(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask: Invitation = call.json()?;
    let mut world = call.world_mut();
    if !world.is_paid {
        return Err(Problem::new(
            402,
            "ADMIN-UAM-402-1",
            "Payment Required",
            "there is no paid subscription",
        ));
    }
    if ask.emails.is_empty() || ask.emails.iter().any(|email| !email.contains('@')) {
        return Err(Problem::bad("emails is a list of addresses"));
    }
    let mut data = Vec::new();
    for email in &ask.emails {
        data.push(invite_one(call, &mut world, email, &ask)?);
    }
    Ok(Reply::ok(&json!({ "data": data })))
}

/// The directory of the first rule or group decides where a newcomer arrives.
fn directory_of(world: &World, ask: &Invitation) -> u16 {
    let rule = ask
        .permission_rules
        .iter()
        .flatten()
        .find_map(|rule| world.resource_index(&rule.resource));
    let group = ask
        .additional_groups
        .iter()
        .flatten()
        .find_map(|id| world.group_index(id));
    let of_rule = rule
        .and_then(|index| world.resource(index))
        .map(|row| row.directory);
    of_rule
        .or(group
            .and_then(|index| world.group(index))
            .map(|row| row.directory))
        .unwrap_or(0)
}

fn invite_one(call: &Call<'_>, world: &mut World, email: &str, ask: &Invitation) -> Result<Value, Problem> {
    let known = world
        .accounts_in(None)
        .find(|(_, account)| account.email.eq_ignore_ascii_case(email));
    let known = known.map(|(index, _)| index);
    if known.is_none() && world.email_is_coming(email) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "the address is invited already",
        ));
    }
    let directory = directory_of(world, ask);
    let mut ids = world.ids.clone();
    let who = Newcomer {
        email: Some(email.to_owned()),
        directory,
    };
    let mut fresh = newcomer(&mut ids, world.accounts.len(), call.now_ms, who);
    world.ids = ids;
    let row: &Account = known.and_then(|index| world.account(index)).unwrap_or(&fresh);
    let id = row.id.to_string();

    let mut roles_given = Vec::new();
    let mut role_results = Vec::new();
    for rule in ask.permission_rules.iter().flatten() {
        let checked = role_and_resource(world, &rule.role, &rule.resource).and_then(|(roles, resource)| {
            check_seats(world, [row], resource, roles).map(|()| (roles, resource))
        });
        let status = result_of(&checked);
        role_results.push(json!({ "resource": rule.resource, "role": rule.role, "status": status.0, "statusReason": status.1 }));
        roles_given.extend(checked.ok());
    }
    let mut groups_given = Vec::new();
    let mut group_results = Vec::new();
    for group_id in ask.additional_groups.iter().flatten() {
        let group = world.group_index(group_id).filter(|group| {
            world
                .group(*group)
                .is_some_and(|it| !it.is_synced && row.place(Some(it.directory)).is_some())
        });
        let checked = group.ok_or_else(|| Problem::unknown("group", group_id));
        let status = result_of(&checked);
        group_results.push(json!({ "group": group_id, "status": status.0, "statusReason": status.1 }));
        groups_given.extend(checked.ok());
    }
    match known {
        Some(account) => {
            if world
                .account(account)
                .is_some_and(|row| row.place(Some(directory)).is_none())
            {
                let place = Place {
                    directory,
                    status: "active",
                };
                let about = vec![about_account(world, account)];
                call.accept(
                    world,
                    Change::PlaceAdd { account, place },
                    "user_invitation_sent",
                    about,
                );
            }
            for (roles, resource) in roles_given {
                // What cannot be given was told in the result already.
                let _ = role_writes::give(call, world, account, roles, resource);
            }
            let about = vec![about_account(world, account)];
            for group in groups_given
                .into_iter()
                .filter(|group| !world.will_be_member(*group, account))
                .collect::<Vec<_>>()
            {
                call.accept(
                    world,
                    Change::MemberAdd { group, account },
                    "user_added_to_group",
                    about.clone(),
                );
            }
        }
        None => {
            fresh.groups = groups_given;
            fresh.groups.sort_unstable();
            for (resource, roles) in roles_given.into_iter().map(|(roles, resource)| (resource, roles)) {
                match fresh.direct.iter_mut().find(|(held, _)| *held == resource) {
                    Some((_, held)) => *held = held.union(roles),
                    None => fresh.direct.push((resource, roles)),
                }
            }
            fresh.direct.sort_unstable_by_key(|(resource, _)| *resource);
            let about = vec![("invited-user", id.clone(), Some(email.to_owned()))];
            call.accept(
                world,
                Change::AccountAdd(Box::new(fresh)),
                "user_invitation_sent",
                about,
            );
        }
    }
    let results = json!([{ "roleAssignmentResult": role_results, "groupAssignmentResult": group_results }]);
    Ok(json!({ "id": id, "email": email, "results": results }))
}

fn result_of<T>(checked: &Result<T, Problem>) -> (&'static str, Option<&str>) {
    match checked {
        Ok(_) => ("INVITED", None),
        Err(problem) => ("ERROR", Some(&problem.detail)),
    }
}
