//! Administrators and direct grants, a good part of which a group already gives.

use super::Plan;
use crate::options::Shape;
use crate::random::Random;
use crate::roles::RoleSet;
use crate::state::{Change, ResourceKind, World};

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("roles");
    if plan.users == 0 {
        return;
    }
    administrators(world, plan, &mut random);
    direct(world, plan, &mut random);
    limit_seats(world);
}

fn administrators(world: &mut World, plan: &Plan, random: &mut Random) {
    let candidates: Vec<u32> = world
        .accounts_in(None)
        .filter(|(_, account)| {
            account.account_type == Some("atlassian") && account.account_status == Some("active")
        })
        .filter(|(_, account)| {
            account
                .places
                .first()
                .is_some_and(|place| matches!(place.status, "active" | "suspended"))
        })
        .filter(|(_, account)| {
            plan.shape == Shape::AllSuspended || account.places.iter().all(|it| it.status == "active")
        })
        .map(|(index, _)| index)
        .collect();
    let organization = world
        .resources
        .iter()
        .position(|row| matches!(row.kind, ResourceKind::Organization));
    let Some(organization) = organization.map(|index| index as u32) else {
        return;
    };
    let mut admins = vec![0];
    if plan.users > 1 {
        admins.extend(random.sample(
            &candidates,
            (plan.users / 800).min(6) + usize::from(plan.users > 20),
        ));
    }
    for account in admins {
        world.apply(Change::DirectGrant {
            account,
            resource: organization,
            roles: RoleSet::ORG_ADMIN,
        });
    }
    if plan.users < 5 {
        return;
    }
    for account in random.sample(&candidates, 2) {
        world.apply(Change::DirectGrant {
            account,
            resource: organization,
            roles: RoleSet::AI_ACCESS,
        });
    }
    let sites: Vec<(u32, u16)> = (0u32..)
        .zip(&world.resources)
        .filter(|(_, row)| matches!(row.kind, ResourceKind::Site))
        .map(|(index, row)| (index, row.directory))
        .collect();
    for (resource, directory) in sites {
        let here: Vec<u32> = candidates
            .iter()
            .copied()
            .filter(|index| {
                world
                    .account(*index)
                    .is_some_and(|it| it.place(Some(directory)).is_some())
            })
            .collect();
        for account in random.sample(&here, 2) {
            world.apply(Change::DirectGrant {
                account,
                resource,
                roles: RoleSet::SITE_ADMIN,
            });
        }
        for account in random.sample(&here, 2) {
            world.apply(Change::DirectGrant {
                account,
                resource,
                roles: RoleSet::USER_ACCESS_ADMIN,
            });
        }
    }
    let wildcard = world.resource_index("ari:cloud:jira::app/all");
    if let (Some(resource), Some(account)) = (wildcard, random.sample(&candidates, 1).first().copied()) {
        world.apply(Change::DirectGrant {
            account,
            resource,
            roles: RoleSet::USER,
        });
    }
}

fn direct(world: &mut World, plan: &Plan, random: &mut Random) {
    let everybody: Vec<u32> = world
        .accounts_in(None)
        .filter(|(_, account)| account.places.iter().all(|place| place.status != "no_membership"))
        .map(|(index, _)| index)
        .collect();
    let is_heavy = plan.shape == Shape::DirectHeavy;
    let count = if is_heavy {
        everybody.len()
    } else {
        (everybody.len() as f64 * 0.05).round() as usize
    };
    for (turn, account) in random.sample(&everybody, count).into_iter().enumerate() {
        let wanted = if is_heavy { 3 } else { random.between(1, 2) };
        let is_masked = turn % 5 < 2;
        let mut given = 0;
        if is_masked {
            given += usize::from(grant_masked(world, account, random));
        }
        for attempt in 0..40 {
            if given >= wanted {
                break;
            }
            given += usize::from(grant_fresh(world, account, attempt > 20, random));
        }
    }
}

/// Gives directly what a group of the account gives already.
fn grant_masked(world: &mut World, account: u32, random: &mut Random) -> bool {
    let Some(row) = world.account(account) else {
        return false;
    };
    let through_groups: Vec<(u32, RoleSet)> = world
        .holdings(row)
        .into_iter()
        .filter(|holding| !holding.through_groups.is_empty() && holding.direct.is_empty())
        .flat_map(|holding| {
            holding
                .through_groups
                .each()
                .map(move |role| (holding.resource, role))
                .collect::<Vec<_>>()
        })
        .collect();
    let Some((resource, roles)) = random.pick(&through_groups).copied() else {
        return false;
    };
    world.apply(Change::DirectGrant {
        account,
        resource,
        roles,
    });
    true
}

/// Gives a role that is not held directly; `any_role` widens the choice where there are few workspaces.
fn grant_fresh(world: &mut World, account: u32, any_role: bool, random: &mut Random) -> bool {
    let Some(row) = world.account(account) else {
        return false;
    };
    let Some(directory) = random.pick(&row.places).map(|place| place.directory) else {
        return false;
    };
    let here: Vec<u32> = world
        .workspaces()
        .filter(|(_, workspace)| workspace.directory == directory)
        .map(|(index, _)| index)
        .collect();
    let Some(resource) = random.pick(&here).copied() else {
        return false;
    };
    let roles = match random.below(10) {
        0 => RoleSet::ADMIN,
        1 if any_role => RoleSet::GUEST,
        2 if any_role => RoleSet::USER_ACCESS_ADMIN,
        3 if any_role => RoleSet::BASIC,
        _ => RoleSet::USER,
    };
    if row.direct_on(resource).meets(roles) {
        return false;
    }
    world.apply(Change::DirectGrant {
        account,
        resource,
        roles,
    });
    true
}

/// A workspace with a known capacity has room for a few more.
fn limit_seats(world: &mut World) {
    for index in 0..world.resources.len() as u32 {
        let taken = world.seats_taken(index);
        let row = world.resources.get_mut(index as usize);
        if let Some(ResourceKind::Workspace {
            capacity: Some(capacity),
            ..
        }) = row.map(|row| &mut row.kind)
        {
            *capacity = taken + 25;
        }
    }
}
