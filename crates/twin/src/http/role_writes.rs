//! Giving and taking roles, of accounts and of groups.

use serde::Deserialize;

use super::write::{
    DIRECTORY_LAG_MS, ORGANIZATION_ROLE_LAG_MS, about_account, about_group, about_resource, check_seats,
    role_and_resource,
};
use super::{Call, Problem, Reply, groups, users};
use crate::roles::RoleSet;
use crate::state::{Change, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupRole {
    resource_id: String,
    role_id: String,
}

pub(crate) fn assign_to_group(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (group, roles, resource) = group_role(call, &world)?;
    if world.grants_soon(group, resource).meets(roles) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "the group gives this role already",
        ));
    }
    if let Some(row) = world.group(group) {
        let members = row.members.iter().filter_map(|index| world.account(*index));
        check_seats(&world, members, resource, roles)?;
    }
    let about = vec![about_group(&world, group), about_resource(&world, resource)];
    call.accept(
        &mut world,
        Change::GroupGrant {
            group,
            resource,
            roles,
        },
        "group_granted_role",
        about,
    );
    Ok(Reply::no_content())
}

pub(crate) fn revoke_from_group(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (group, roles, resource) = group_role(call, &world)?;
    if !world.grants_soon(group, resource).meets(roles) {
        return Err(Problem::unknown("role assignment", call.param(2)));
    }
    let about = vec![about_group(&world, group), about_resource(&world, resource)];
    call.accept(
        &mut world,
        Change::GroupRevoke {
            group,
            resource,
            roles,
        },
        "group_revoked_role",
        about,
    );
    Ok(Reply::no_content())
}

fn group_role(call: &Call<'_>, world: &World) -> Result<(u32, RoleSet, u32), Problem> {
    let directory = call.real_directory(world)?;
    let group = groups::group_at(call, world, Some(directory))?.0;
    let ask: GroupRole = call.json()?;
    let (roles, resource) = role_and_resource(world, &ask.role_id, &ask.resource_id)?;
    if roles.meets(RoleSet::ORG_ADMIN.union(RoleSet::SITE_ADMIN)) {
        return Err(Problem::bad(
            "a group cannot give a role of the organization or of a site",
        ));
    }
    let is_here = world
        .resource(resource)
        .is_some_and(|row| row.directory == directory);
    if is_here {
        Ok((group, roles, resource))
    } else {
        Err(Problem::unknown("resource", &ask.resource_id))
    }
}

#[derive(Deserialize)]
struct UserRole {
    role: String,
    #[serde(default)]
    resource: Option<String>,
}

pub(crate) fn assign_to_user(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (account, roles, resource) = user_role(call, &world)?;
    give(call, &mut world, account, roles, resource)?;
    Ok(Reply::no_content())
}

pub(crate) fn revoke_from_user(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (account, roles, resource) = user_role(call, &world)?;
    take(call, &mut world, account, roles, resource)?;
    Ok(Reply::no_content())
}

/// Only the role of organization admin is given by this operation.
pub(crate) fn assign_organization_role(call: &Call<'_>) -> Result<Reply, Problem> {
    check_org_admin(call)?;
    assign_to_user(call)
}

/// Only the role of organization admin is taken by this operation.
pub(crate) fn revoke_organization_role(call: &Call<'_>) -> Result<Reply, Problem> {
    check_org_admin(call)?;
    revoke_from_user(call)
}

fn check_org_admin(call: &Call<'_>) -> Result<(), Problem> {
    let ask: UserRole = call.json()?;
    let is_known = ask.role == "atlassian/org-admin";
    if is_known {
        Ok(())
    } else {
        Err(Problem::bad("only atlassian/org-admin is given here"))
    }
}

fn user_role(call: &Call<'_>, world: &World) -> Result<(u32, RoleSet, u32), Problem> {
    let account = users::account_at(call, world, 1, None)?.0;
    let ask: UserRole = call.json()?;
    let organization = format!("ari:cloud:platform::org/{}", world.org_id);
    let resource = match (ask.resource, ask.role.as_str()) {
        (_, "atlassian/org-admin") => organization,
        (Some(resource), _) => resource,
        (None, _) => return Err(Problem::bad("a role other than org-admin needs a resource")),
    };
    let (roles, resource) = role_and_resource(world, &ask.role, &resource)?;
    Ok((account, roles, resource))
}

/// Gives a direct role; giving it again changes nothing.
pub(super) fn give(
    call: &Call<'_>,
    world: &mut World,
    account: u32,
    roles: RoleSet,
    resource: u32,
) -> Result<(), Problem> {
    if let (Some(row), Some(at)) = (world.account(account), world.resource(resource)) {
        let is_everywhere = at.site.is_none() && !at.is_workspace();
        if !is_everywhere && row.place(Some(at.directory)).is_none() {
            return Err(Problem::unknown("account", &row.id));
        }
        check_seats(world, [row], resource, roles)?;
    }
    if world.direct_soon(account, resource).meets(roles) {
        return Ok(());
    }
    let is_org = roles.meets(RoleSet::ORG_ADMIN);
    let action = if is_org {
        "added_org_admin"
    } else {
        "user_granted_role"
    };
    let about = vec![about_account(world, account), about_resource(world, resource)];
    let change = Change::DirectGrant {
        account,
        resource,
        roles,
    };
    call.accept_late(world, change, lag_ms(is_org), action, about);
    Ok(())
}

fn take(
    call: &Call<'_>,
    world: &mut World,
    account: u32,
    roles: RoleSet,
    resource: u32,
) -> Result<(), Problem> {
    if !world.direct_soon(account, resource).meets(roles) {
        return Err(Problem::unknown("role assignment", call.param(1)));
    }
    let is_org = roles.meets(RoleSet::ORG_ADMIN);
    let action = if is_org {
        "removed_org_admin"
    } else {
        "user_revoked_role"
    };
    let about = vec![about_account(world, account), about_resource(world, resource)];
    let change = Change::DirectRevoke {
        account,
        resource,
        roles,
    };
    call.accept_late(world, change, lag_ms(is_org), action, about);
    Ok(())
}

fn lag_ms(is_org: bool) -> i64 {
    if is_org {
        ORGANIZATION_ROLE_LAG_MS
    } else {
        DIRECTORY_LAG_MS
    }
}
