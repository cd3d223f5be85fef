//! Joins the rows that were read, and keeps what does not follow from the rest.

use std::collections::HashMap;

use super::{Held, Reading};
use crate::roles::{RoleSet, lasting};
use crate::state::{Account, Differences, Directory, Holding, Resource, ResourceKind, Site, World};
use crate::twin::TwinError;

/// Bits by the positions in [`super::METHODS`].
const DIRECT: u8 = 1;
const THROUGH_GROUP: u8 = 2;
const INFERRED: u8 = 4;

pub(super) fn join(mut reading: Reading, world: &mut World) -> Result<(), TwinError> {
    directories(&reading, world);
    accounts(&mut reading, world)?;
    groups(&mut reading, world)?;
    let numbers = resources(&mut reading, world);
    holdings(&mut reading, world, &numbers);
    world.domains = std::mem::take(&mut reading.domains);
    world.policies = std::mem::take(&mut reading.policies);
    world.tokens = std::mem::take(&mut reading.tokens);
    for at in 0..world.tokens.len() {
        let owner = world
            .tokens
            .get(at)
            .and_then(|token| world.account_known(&token.account_id));
        let Some(row) = owner.and_then(|index| world.accounts.get(index as usize)) else {
            continue;
        };
        if let Some(token) = world.tokens.get_mut(at) {
            token.account_name = row.name.as_deref().unwrap_or_default().to_owned();
            token.account_email = row.email.to_string();
        }
    }
    key_owner(world);
    Ok(())
}

fn directories(reading: &Reading, world: &mut World) {
    for (number, (id, _)) in reading.directories.first.iter().enumerate() {
        let name = match number {
            0 => "Default directory".to_owned(),
            other => format!("Directory {other}"),
        };
        let id = id.to_string();
        world.directories.push(Directory { id, name });
    }
    if world.directories.is_empty() {
        let (id, name) = (world.ids.uuid(), "Default directory".to_owned());
        world.directories.push(Directory { id, name });
    }
}

fn accounts(reading: &mut Reading, world: &mut World) -> Result<(), TwinError> {
    for (index, (id, line)) in (0u32..).zip(&reading.accounts.first) {
        let row = reading
            .account_rows
            .remove(&index)
            .filter(|row| !row.id.is_empty());
        let Some(mut row) = row else {
            let why = format!("nothing is told of account {id}");
            return Err(TwinError::Fact { line: *line, why });
        };
        row.places.sort_unstable_by_key(|place| place.directory);
        if row.places.is_empty() {
            row.extra.get_or_insert_default().is_listed_only = true;
        }
        row.nickname = row.name.clone();
        world.add_account(row);
    }
    Ok(())
}

fn groups(reading: &mut Reading, world: &mut World) -> Result<(), TwinError> {
    for (index, (id, line)) in (0u32..).zip(&reading.groups.first) {
        let Some(row) = reading.group_rows.remove(&index) else {
            let why = format!("nothing is told of group {id}");
            return Err(TwinError::Fact { line: *line, why });
        };
        world.add_group(row);
    }
    reading.memberships.sort_unstable();
    reading.memberships.dedup();
    for (group, account) in &reading.memberships {
        if let Some(row) = world.groups.get_mut(*group as usize) {
            row.members.push(*account);
        }
        if let Some(row) = world.accounts.get_mut(*account as usize) {
            row.groups.push(*group);
        }
    }
    Ok(())
}

/// Makes the resources: the organization, then the workspaces in their order, then the rest. Gives back their new
/// numbers.
fn resources(reading: &mut Reading, world: &mut World) -> Vec<u32> {
    let told: HashMap<u32, (usize, &'static str, &str)> = reading
        .workspaces
        .iter()
        .enumerate()
        .map(|(at, (index, type_key, name))| (*index, (at, *type_key, name.as_str())))
        .collect();
    let homes = homes(reading, world);
    let ari = |index: u32| {
        let first = reading.resources.first.get(index as usize);
        first.map_or("", |(ari, _)| ari.as_ref())
    };
    let rank = |index: &u32| match told.get(index) {
        Some((at, ..)) => (1, *at),
        None if ari(*index).contains(":platform::org/") => (0, 0),
        None => (2, *index as usize),
    };
    let mut order: Vec<u32> = (0..reading.resources.first.len() as u32).collect();
    order.sort_by_key(rank);
    let mut numbers = vec![0; order.len()];
    for index in order {
        let ari = ari(index).to_owned();
        let owner = ari.split(':').nth(2).unwrap_or_default();
        let site_id = ari.split_once("::site/").map(|(_, id)| id.to_owned());
        let directory = homes.get(&index).copied().unwrap_or(0);
        let workspace = told.get(&index);
        let site = site_id.map(|id| site(world, &id, directory, workspace.map(|(_, _, name)| *name)));
        let (owner, kind) = match workspace {
            Some((_, type_key, name)) => {
                let host = site
                    .and_then(|at| world.sites.get(usize::from(at)))
                    .map(|it| it.host.clone());
                let kind = ResourceKind::Workspace {
                    name: (*name).to_owned(),
                    created_ms: host.is_some().then_some(world.born_ms - 400 * super::DAY_MS),
                    host,
                    capacity: None,
                    status: "online",
                    is_sandbox: false,
                };
                (*type_key, kind)
            }
            None if ari.contains(":platform::org/") => (lasting(owner), ResourceKind::Organization),
            None if owner == "platform" && site.is_some() => (lasting(owner), ResourceKind::Site),
            None => (lasting(owner), ResourceKind::Wildcard),
        };
        if let (ResourceKind::Organization, Some((_, id))) = (&kind, ari.split_once("::org/")) {
            world.org_id = id.to_owned();
        }
        let number = world.add_resource(Resource {
            ari,
            owner,
            directory,
            site,
            kind,
            granting: Vec::new(),
            holding: Vec::new(),
        });
        if let Some(slot) = numbers.get_mut(index as usize) {
            *slot = number;
        }
    }
    numbers
}

/// The directory of each resource: that of the groups that give roles on it, else that of somebody who holds one.
fn homes(reading: &Reading, world: &World) -> HashMap<u32, u16> {
    let mut homes = HashMap::new();
    for (group, resource, _) in &reading.grants {
        if let Some(row) = world.group(*group) {
            homes.entry(*resource).or_insert(row.directory);
        }
    }
    for held in &reading.held {
        let place = world.account(held.account).and_then(|row| row.places.first());
        if let Some(place) = place {
            homes.entry(held.resource).or_insert(place.directory);
        }
    }
    homes
}

fn site(world: &mut World, cloud_id: &str, directory: u16, name: Option<&str>) -> u16 {
    let known = world.sites.iter().position(|site| site.cloud_id == cloud_id);
    let at = known.unwrap_or_else(|| {
        let label = name.unwrap_or(cloud_id).to_lowercase().replace(' ', "-");
        world.sites.push(Site {
            cloud_id: cloud_id.to_owned(),
            host: format!("https://{label}.atlassian.net"),
            directory,
            products: Vec::new(),
        });
        world.sites.len() - 1
    });
    u16::try_from(at).unwrap_or(u16::MAX)
}

fn holdings(reading: &mut Reading, world: &mut World, numbers: &[u32]) {
    let number = |index: u32| numbers.get(index as usize).copied().unwrap_or(u32::MAX);
    for (group, resource, roles) in &reading.grants {
        let resource = number(*resource);
        world.grant_to_group(*group, resource, *roles);
    }
    let key = |held: &Held| (held.account, held.resource, held.role);
    let renumber = |list: &mut Vec<Held>| {
        list.iter_mut()
            .for_each(|held| held.resource = number(held.resource));
        list.sort_unstable_by_key(|held| (held.account, held.resource, held.role.bits(), held.methods));
    };
    let (mut held, mut methods) = (
        std::mem::take(&mut reading.held),
        std::mem::take(&mut reading.methods),
    );
    renumber(&mut held);
    renumber(&mut methods);
    held.dedup_by(|later, kept| key(later) == key(kept));
    for one in &mut held {
        let order = |other: &Held| (other.account, other.resource, other.role.bits());
        let at = methods.partition_point(|other| order(other) < order(one));
        one.methods = methods
            .get(at)
            .filter(|other| key(other) == key(one))
            .map_or(0, |it| it.methods);
    }
    drop(methods);
    // First what makes administrators, because of that other roles may follow.
    let makes_admin = |world: &World, one: &Held| {
        one.role.meets(RoleSet::PLATFORM)
            && world
                .resource(one.resource)
                .is_some_and(|it| it.owner == "platform")
    };
    for one in &held {
        if one.methods & DIRECT != 0 || (one.methods == 0 && makes_admin(world, one)) {
            world.grant_directly(one.account, one.resource, one.role);
        }
    }
    for one in held.iter().filter(|one| one.methods == 0) {
        let is_given = world
            .account(one.account)
            .is_some_and(|row| world.roles_on(row, one.resource).meets(one.role));
        if !is_given {
            world.grant_directly(one.account, one.resource, one.role);
        }
    }
    let mut platform: HashMap<u32, RoleSet> = HashMap::new();
    for (account, role) in &reading.platform {
        let roles = platform.entry(*account).or_default();
        *roles = roles.union(*role);
    }
    let mut rest = held.as_slice();
    for account in 0..world.accounts.len() as u32 {
        let end = rest.partition_point(|one| one.account <= account);
        let (own, others) = rest.split_at(end);
        rest = others;
        let told = platform.get(&account).copied().unwrap_or_default();
        differ(world, account, own, told);
    }
}

/// Keeps the differences between what is told of an account and what follows from the rest.
fn differ(world: &mut World, account: u32, told: &[Held], platform: RoleSet) {
    let Some(row) = world.account(account) else {
        return;
    };
    let plain = world.platform_roles(row);
    let mut differences = Differences {
        more_platform: platform.without(plain),
        less_platform: plain.without(platform),
        holdings: Vec::new(),
    };
    let wanted = wanted(row, world, told);
    let mut found = world.holdings(row);
    for holding in &wanted {
        if found
            .binary_search_by_key(&holding.resource, |it| it.resource)
            .is_err()
        {
            let resource = holding.resource;
            found.push(Holding {
                resource,
                ..Holding::default()
            });
            found.sort_unstable_by_key(|it| it.resource);
        }
    }
    for held in found {
        let nothing = Holding {
            resource: held.resource,
            ..Holding::default()
        };
        let want = wanted
            .iter()
            .find(|it| it.resource == held.resource)
            .unwrap_or(&nothing);
        let (more, less) = (minus(want, &held), minus(&held, want));
        if !more.roles().is_empty() || !less.roles().is_empty() {
            differences.holdings.push((more, less));
        }
    }
    let is_plain = differences.more_platform.is_empty()
        && differences.less_platform.is_empty()
        && differences.holdings.is_empty();
    if is_plain {
        return;
    }
    world.differing.push(account);
    if let Some(row) = world.accounts.get_mut(account as usize) {
        row.extra.get_or_insert_default().differences = Some(Box::new(differences));
    }
}

/// What is told, by way; roles without told methods keep the ways in which they are held anyhow.
fn wanted(row: &Account, world: &World, told: &[Held]) -> Vec<Holding> {
    let plain = world.holdings(row);
    let mut wanted: Vec<Holding> = Vec::new();
    for one in told {
        let nothing = Holding::default();
        let anyhow = plain
            .iter()
            .find(|it| it.resource == one.resource)
            .unwrap_or(&nothing);
        let has = |bit: u8, roles: RoleSet| {
            let is_so = if one.methods == 0 {
                roles.meets(one.role)
            } else {
                one.methods & bit != 0
            };
            if is_so { one.role } else { RoleSet::EMPTY }
        };
        let more = Holding {
            resource: one.resource,
            direct: has(DIRECT, anyhow.direct),
            through_groups: has(THROUGH_GROUP, anyhow.through_groups),
            inferred: has(INFERRED, anyhow.inferred),
        };
        match wanted.last_mut().filter(|last| last.resource == one.resource) {
            Some(last) => {
                last.direct = last.direct.union(more.direct);
                last.through_groups = last.through_groups.union(more.through_groups);
                last.inferred = last.inferred.union(more.inferred);
            }
            None => wanted.push(more),
        }
    }
    wanted
}

fn minus(one: &Holding, other: &Holding) -> Holding {
    Holding {
        resource: one.resource,
        direct: one.direct.without(other.direct),
        through_groups: one.through_groups.without(other.through_groups),
        inferred: one.inferred.without(other.inferred),
    }
}

/// The key belongs to the first organization admin.
fn key_owner(world: &mut World) {
    let is_admin = |account: &Account| {
        account.account_status != Some("inactive") && world.platform_roles(account).meets(RoleSet::ORG_ADMIN)
    };
    let owner = world.accounts_in(None).find(|(_, account)| is_admin(account));
    let owner = owner.map(|(_, row)| {
        (
            row.id.to_string(),
            row.name.as_deref().unwrap_or("Admin").to_owned(),
        )
    });
    world.key_owner = owner.unwrap_or_else(|| {
        (
            "outside-administrator".to_owned(),
            "Outside administrator".to_owned(),
        )
    });
}
