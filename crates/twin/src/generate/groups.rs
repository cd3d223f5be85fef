//! Groups: those that give roles on a workspace, one that gives a role on a wildcard, and many plain ones.

use super::Plan;
use super::names::{TEAMS, awkward};
use crate::random::Random;
use crate::roles::RoleSet;
use crate::state::{Change, Group, World};

/// Shares of all accounts that the default groups of the three largest products reach.
const LARGEST_SHARES: [f64; 3] = [0.84, 0.75, 0.66];

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("groups");
    let workspaces: Vec<u32> = world.workspaces().map(|(index, _)| index).collect();
    let mut left = plan.groups;
    // First a users group for each workspace, then the administrators, then the third kind, as far as the number goes.
    for kind in [Kind::Users, Kind::Admins, Kind::Third] {
        for (rank, workspace) in workspaces.iter().enumerate() {
            if left == 0 {
                continue;
            }
            left -= 1;
            add_role_group(world, plan, kind, rank, *workspace, &mut random);
        }
    }
    if workspaces.len() > plan.groups && plan.groups > 0 {
        share_groups(world, &workspaces, plan.groups);
    }
    if let Some(size) = plan.largest_group.filter(|_| left > 0) {
        left -= 1;
        let everybody = pool(world, 0, |_| true);
        let members = random.sample(&everybody, size);
        add_group(
            world,
            "everyone".to_owned(),
            0,
            Traits::default(),
            members,
            &mut random,
        );
    }
    let wildcard = world.resource_index("ari:cloud:jira::app/all");
    for number in 0..left {
        let directory = plain_directory(plan, &mut random);
        let everybody = pool_sample(world, directory, &mut random);
        let size = if random.chance(0.1) {
            random.between(13, 60)
        } else {
            random.between(0, 12)
        };
        let members = random.sample(&everybody, size.min(everybody.len()));
        let team = random.pick(&TEAMS).copied().unwrap_or("team");
        let name = if plan.is_messy() && random.chance(0.2) {
            format!("{} {number}", awkward(&mut random))
        } else {
            format!("{team}-{number}")
        };
        let traits = Traits {
            is_plain: true,
            is_messy: plan.is_messy(),
            ..Traits::default()
        };
        let directory = if number == 0 { 0 } else { directory };
        let members = if number == 0 {
            random.sample(&pool_sample(world, 0, &mut random.clone()), 5)
        } else {
            members
        };
        let group = add_group(world, name, directory, traits, members, &mut random);
        if let (0, Some(resource)) = (number, wildcard) {
            world.apply(Change::GroupGrant {
                group,
                resource,
                roles: RoleSet::USER,
            });
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Users,
    Admins,
    Third,
}

#[derive(Clone, Copy, Default)]
struct Traits {
    is_default: bool,
    is_plain: bool,
    is_messy: bool,
}

fn add_role_group(
    world: &mut World,
    plan: &Plan,
    kind: Kind,
    rank: usize,
    workspace: u32,
    random: &mut Random,
) {
    let Some(row) = world.resource(workspace) else {
        return;
    };
    let (directory, owner) = (row.directory, row.owner);
    let label = match row.site {
        Some(_) => format!("{owner}-{}", row.workspace_name()),
        None => format!("{owner}-{rank}"),
    };
    let eligible = pool(world, directory, |account_type| account_type == Some("atlassian"));
    let (suffix, members, roles) = match kind {
        Kind::Users => {
            let share = LARGEST_SHARES
                .get(rank)
                .copied()
                .unwrap_or(0.03 + 0.17 * (random.below(1000) as f64 / 1000.0));
            let wanted = ((share * plan.users as f64).ceil() as usize).max(1);
            let ceiling = if rank < LARGEST_SHARES.len() {
                eligible.len()
            } else {
                eligible.len() * 9 / 10
            };
            (
                "users",
                random.sample(&eligible, wanted.min(ceiling.max(1))),
                RoleSet::USER,
            )
        }
        Kind::Admins => {
            let size = (plan.users / 200).clamp(1, 30);
            let more = if rank % 3 == 2 {
                RoleSet::ADMIN.union(RoleSet::USER)
            } else {
                RoleSet::ADMIN
            };
            ("admins", random.sample(&eligible, size), more)
        }
        Kind::Third => {
            let (suffix, roles) = third_role(owner, plan.is_messy());
            let wants_customers = roles == RoleSet::CUSTOMER;
            let from = if wants_customers {
                pool(world, directory, |it| it == Some("customer"))
            } else {
                eligible
            };
            let size = ((plan.users as f64 * 0.02) as usize).max(1);
            (suffix, random.sample(&from, size), roles)
        }
    };
    let traits = Traits {
        is_default: kind == Kind::Users,
        is_plain: false,
        is_messy: plan.is_messy(),
    };
    let group = add_group(
        world,
        format!("{label}-{suffix}"),
        directory,
        traits,
        members,
        random,
    );
    world.apply(Change::GroupGrant {
        group,
        resource: workspace,
        roles,
    });
}

/// The third role-giving group differs from product to product.
fn third_role(owner: &str, is_messy: bool) -> (&'static str, RoleSet) {
    match owner {
        "confluence" if is_messy => ("viewers", RoleSet::VIEWER),
        "confluence" => ("guests", RoleSet::GUEST),
        "jira-servicedesk" => ("customers", RoleSet::CUSTOMER),
        "jira-product-discovery" => ("contributors", RoleSet::CONTRIBUTOR),
        "compass" => ("basic", RoleSet::BASIC),
        "opsgenie" | "statuspage" => ("stakeholders", RoleSet::STAKEHOLDER),
        "bitbucket" => ("access-admins", RoleSet::USER_ACCESS_ADMIN),
        _ => ("contractors", RoleSet::USER),
    }
}

/// With fewer groups than workspaces, the groups of a directory give roles on several.
fn share_groups(world: &mut World, workspaces: &[u32], covered: usize) {
    for (turn, workspace) in workspaces.iter().skip(covered).enumerate() {
        let Some(directory) = world.resource(*workspace).map(|row| row.directory) else {
            continue;
        };
        let here: Vec<u32> = world.groups_in(Some(directory)).map(|(index, _)| index).collect();
        let chosen = here.get(turn % here.len().max(1)).copied();
        if let Some(group) = chosen {
            world.apply(Change::GroupGrant {
                group,
                resource: *workspace,
                roles: RoleSet::USER,
            });
        }
    }
}

fn add_group(
    world: &mut World,
    name: String,
    directory: u16,
    traits: Traits,
    members: Vec<u32>,
    random: &mut Random,
) -> u32 {
    let is_synced = !traits.is_default && random.chance(0.15);
    let managed_by = match random.below(10) {
        _ if is_synced => Some("external"),
        0 if traits.is_messy => Some("automation"),
        1 if traits.is_messy => None,
        0..3 if traits.is_plain => Some("team-members"),
        3 if traits.is_plain => Some("open"),
        _ => Some("admins"),
    };
    let description = random.chance(0.6).then(|| format!("About {name}").into());
    let group = world.add_group(Group {
        id: random.uuid().into(),
        name: name.into(),
        description,
        directory,
        is_synced,
        is_default: traits.is_default,
        is_deleted: false,
        is_coming: false,
        managed_by,
        members: Vec::new(),
        grants: Vec::new(),
    });
    for account in members {
        world.apply(Change::MemberAdd { group, account });
    }
    group
}

/// The accounts of a directory that may be in groups.
fn pool(world: &World, directory: u16, fits: impl Fn(Option<&str>) -> bool) -> Vec<u32> {
    let is_member =
        |place: Option<&crate::state::Place>| place.is_some_and(|it| it.status != "no_membership");
    world
        .accounts_in(Some(directory))
        .filter(|(_, account)| fits(account.account_type) && is_member(account.place(Some(directory))))
        .map(|(index, _)| index)
        .collect()
}

/// Some accounts of a directory, found without reading all of a large one.
fn pool_sample(world: &World, directory: u16, random: &mut Random) -> Vec<u32> {
    let total = world.accounts.len();
    let mut found = Vec::new();
    for _ in 0..400 {
        let index = random.below(total) as u32;
        let place = world
            .account(index)
            .and_then(|account| account.place(Some(directory)));
        if place.is_some_and(|it| it.status != "no_membership") {
            found.push(index);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn plain_directory(plan: &Plan, random: &mut Random) -> u16 {
    if plan.directories < 2 || random.chance(0.8) {
        return 0;
    }
    u16::try_from(1 + random.below(plan.directories - 1)).unwrap_or(0)
}
