//! Random changes that are visible at once and leave their events: life in the organization while somebody reads it.

use crate::events::Subject;
use crate::generate::{Newcomer, newcomer};
use crate::random::Random;
use crate::roles::RoleSet;
use crate::state::{Change, Group, Place, Token, World};

/// Makes this many random changes; silent ones leave no event, as where the log lost it or never has one.
pub(crate) fn mutate(world: &mut World, count: u32, seed: u64, now_ms: i64, is_silent: bool) {
    let mut random = Random::new(seed ^ world.seed, "mutate");
    for _ in 0..count {
        // A draw may find nothing to change; others are tried, and an organization of nothing stays as it is.
        for _ in 0..20 {
            if change_once(world, &mut random, now_ms, is_silent) {
                break;
            }
        }
    }
}

/// Puts so many random accounts into groups, or out of them: scattered over the organization, and nothing else.
pub(crate) fn move_members(world: &mut World, count: u32, seed: u64, now_ms: i64) {
    let mut random = Random::new(seed ^ world.seed, "move members");
    for _ in 0..count {
        let done = (0..20).find_map(|_| {
            if random.chance(0.6) {
                add_member(world, &mut random)
            } else {
                remove_member(world, &mut random)
            }
        });
        write(world, done.unwrap_or_default(), now_ms);
    }
}

/// Puts so many log-ins of random accounts into the log. They change nothing but when these were last active.
pub(crate) fn log_in(world: &mut World, count: u32, seed: u64, now_ms: i64) {
    let mut random = Random::new(seed ^ world.seed, "log in");
    for _ in 0..count {
        let Some(account) = any_account(world, &mut random) else {
            return;
        };
        let subject = account_subject(world, account);
        world.log_ins.insert(subject.1.clone().into(), now_ms);
        let actor = (subject.1.clone(), subject.2.clone().unwrap_or_default());
        let seed = world.seed;
        let context = vec![subject];
        world
            .events
            .write_by_person(seed, now_ms, "user_login", (&actor.0, &actor.1), context);
    }
}

/// Whose name changes carry: an administrator other than the key's owner, where there is one among the first accounts.
fn somebody(world: &World) -> (String, String) {
    let first = u32::try_from(world.accounts.len()).unwrap_or(u32::MAX).min(2_000);
    let mut admins = (0..first).filter(|index| !is_key_owner(world, *index) && is_org_admin(world, *index));
    let admin = admins.next().map(|index| account_subject(world, index));
    admin.map_or_else(
        || world.key_owner.clone(),
        |(_, id, name)| (id, name.unwrap_or_default()),
    )
}

fn change_once(world: &mut World, random: &mut Random, now_ms: i64, is_silent: bool) -> bool {
    let done = match random.below(100) {
        0..6 => join(world, random, now_ms),
        6..11 => leave(world, random),
        11..14 => make_group(world, random),
        14..16 => drop_group(world, random),
        16..46 => add_member(world, random),
        46..66 => remove_member(world, random),
        66..70 => group_grant(world, random),
        70..72 => group_revoke(world, random),
        72..80 => direct_grant(world, random),
        80..85 => direct_revoke(world, random),
        85..90 => suspend_or_restore(world, random),
        90..94 => rename(world, random),
        94..97 => token(world, random, now_ms),
        97..98 => domain(world, random),
        _ => policy(world, random, now_ms),
    };
    let Some(events) = done else {
        return false;
    };
    if !is_silent {
        write(world, events, now_ms);
    }
    true
}

fn write(world: &mut World, events: Vec<(&'static str, Vec<Subject>)>, now_ms: i64) {
    let (id, name) = somebody(world);
    let seed = world.seed;
    for (action, context) in events {
        world
            .events
            .write_by_person(seed, now_ms, action, (&id, &name), context);
    }
}

/// What was done, as the log tells it; nothing if nothing could be.
type Done = Option<Vec<(&'static str, Vec<Subject>)>>;

fn told(action: &'static str, context: Vec<Subject>) -> Done {
    Some(vec![(action, context)])
}

fn any_account(world: &World, random: &mut Random) -> Option<u32> {
    let total = world.accounts.len();
    let is_there = |index: &u32| {
        let account = world.account(*index);
        account.is_some_and(|it| it.places.iter().any(|place| place.status != "no_membership"))
    };
    (0..30).map(|_| random.below(total) as u32).find(is_there)
}

fn any_group(world: &World, random: &mut Random) -> Option<u32> {
    let total = world.groups.len();
    (0..30)
        .map(|_| random.below(total) as u32)
        .find(|index| world.group(*index).is_some_and(|group| !group.is_deleted))
}

fn account_subject(world: &World, account: u32) -> Subject {
    let row = world.account(account);
    let id = row.map(|it| it.id.to_string()).unwrap_or_default();
    (
        "users",
        id,
        row.and_then(|it| it.name.as_deref().map(str::to_owned)),
    )
}

fn group_subject(world: &World, group: u32) -> Subject {
    let row = world.group(group);
    (
        "groups",
        row.map(|it| it.id.to_string()).unwrap_or_default(),
        row.map(|it| it.name.to_string()),
    )
}

fn resource_subject(world: &World, resource: u32) -> Subject {
    (
        "sites",
        world
            .resource(resource)
            .map(|it| it.ari.clone())
            .unwrap_or_default(),
        None,
    )
}

/// The account that owns the key stays as it is: without it nobody could read on.
fn is_key_owner(world: &World, account: u32) -> bool {
    world
        .account(account)
        .is_some_and(|it| *it.id == *world.key_owner.0)
}

fn is_org_admin(world: &World, account: u32) -> bool {
    world
        .account(account)
        .is_some_and(|it| world.platform_roles(it).meets(RoleSet::ORG_ADMIN))
}

fn join(world: &mut World, random: &mut Random, now_ms: i64) -> Done {
    if world.accounts.is_empty() {
        return None;
    }
    let directory = u16::try_from(random.below(world.directories.len())).ok()?;
    if random.chance(0.15) {
        return join_another(world, random, directory);
    }
    let number = world.accounts.len();
    let mut ids = world.ids.clone();
    let account = newcomer(
        &mut ids,
        number,
        now_ms,
        Newcomer {
            email: None,
            directory,
        },
    );
    world.ids = ids;
    world.apply(Change::AccountAdd(Box::new(account)));
    let account = number as u32;
    let here: Vec<u32> = world
        .groups_in(Some(directory))
        .filter(|(_, group)| !group.is_synced)
        .map(|(index, _)| index)
        .collect();
    let count = random.below(4);
    let mut events = vec![("user_created", vec![account_subject(world, account)])];
    for group in random.sample(&here, count) {
        world.apply(Change::MemberAdd { group, account });
        let context = vec![account_subject(world, account), group_subject(world, group)];
        events.push(("user_added_to_group", context));
    }
    Some(events)
}

/// Somebody known gets into a second directory.
fn join_another(world: &mut World, random: &mut Random, directory: u16) -> Done {
    let account = any_account(world, random)?;
    if world.account(account)?.place(Some(directory)).is_some() {
        return None;
    }
    world.apply(Change::PlaceAdd {
        account,
        place: Place {
            directory,
            status: "active",
        },
    });
    told("user_invitation_sent", vec![account_subject(world, account)])
}

fn leave(world: &mut World, random: &mut Random) -> Done {
    let account = any_account(world, random)?;
    if is_key_owner(world, account) {
        return None;
    }
    let subject = account_subject(world, account);
    let directory = random.pick(&world.account(account)?.places)?.directory;
    world.apply(Change::PlaceRemove { account, directory });
    told("user_removed", vec![subject])
}

fn make_group(world: &mut World, random: &mut Random) -> Done {
    if world.accounts.is_empty() {
        return None;
    }
    let directory = u16::try_from(random.below(world.directories.len())).ok()?;
    let id = world.ids.uuid();
    let name = format!("new-team-{}", world.groups.len());
    world.apply(Change::GroupAdd(Box::new(Group {
        id: id.into(),
        name: name.into(),
        description: None,
        directory,
        is_synced: false,
        is_default: false,
        is_deleted: false,
        is_coming: false,
        managed_by: Some("admins"),
        members: Vec::new(),
        grants: Vec::new(),
    })));
    let group = (world.groups.len() - 1) as u32;
    let mut events = vec![("group_created", vec![group_subject(world, group)])];
    for _ in 0..random.below(6) {
        if let Some(account) = any_account(world, random) {
            world.apply(Change::MemberAdd { group, account });
            let context = vec![account_subject(world, account), group_subject(world, group)];
            events.push(("user_added_to_group", context));
        }
    }
    Some(events)
}

fn drop_group(world: &mut World, random: &mut Random) -> Done {
    let group = any_group(world, random)?;
    if world.group(group)?.is_default {
        return None;
    }
    let subject = group_subject(world, group);
    world.apply(Change::GroupDelete { group });
    told("group_deleted", vec![subject])
}

fn add_member(world: &mut World, random: &mut Random) -> Done {
    let (group, account) = (any_group(world, random)?, any_account(world, random)?);
    let (to, row) = (world.group(group)?, world.account(account)?);
    let can = row
        .place(Some(to.directory))
        .is_some_and(|place| place.status != "no_membership");
    if !can || to.members.binary_search(&account).is_ok() {
        return None;
    }
    world.apply(Change::MemberAdd { group, account });
    told(
        "user_added_to_group",
        vec![account_subject(world, account), group_subject(world, group)],
    )
}

fn remove_member(world: &mut World, random: &mut Random) -> Done {
    let group = any_group(world, random)?;
    let account = random.pick(&world.group(group)?.members).copied()?;
    world.apply(Change::MemberRemove { group, account });
    told(
        "user_removed_from_group",
        vec![account_subject(world, account), group_subject(world, group)],
    )
}

fn group_grant(world: &mut World, random: &mut Random) -> Done {
    let group = any_group(world, random)?;
    let directory = world.group(group)?.directory;
    let here = world.workspaces().filter(|(_, row)| row.directory == directory);
    let here: Vec<u32> = here.map(|(index, _)| index).collect();
    let resource = *random.pick(&here)?;
    let roles = *random.pick(&[RoleSet::USER, RoleSet::ADMIN, RoleSet::GUEST])?;
    if world.group(group)?.grants_on(resource).meets(roles) {
        return None;
    }
    world.apply(Change::GroupGrant {
        group,
        resource,
        roles,
    });
    told(
        "group_granted_role",
        vec![group_subject(world, group), resource_subject(world, resource)],
    )
}

fn group_revoke(world: &mut World, random: &mut Random) -> Done {
    let group = any_group(world, random)?;
    let row = world.group(group).filter(|row| !row.is_default)?;
    let (resource, held) = random.pick(&row.grants).copied()?;
    let roles = held.each().next()?;
    world.apply(Change::GroupRevoke {
        group,
        resource,
        roles,
    });
    told(
        "group_revoked_role",
        vec![group_subject(world, group), resource_subject(world, resource)],
    )
}

fn direct_grant(world: &mut World, random: &mut Random) -> Done {
    let account = any_account(world, random)?;
    let row = world.account(account)?;
    let directory = random.pick(&row.places)?.directory;
    let here = world.workspaces().filter(|(_, row)| row.directory == directory);
    let here: Vec<u32> = here.map(|(index, _)| index).collect();
    let resource = *random.pick(&here)?;
    let roles = *random.pick(&[
        RoleSet::USER,
        RoleSet::USER,
        RoleSet::ADMIN,
        RoleSet::USER_ACCESS_ADMIN,
    ])?;
    if row.direct_on(resource).meets(roles) {
        return None;
    }
    world.apply(Change::DirectGrant {
        account,
        resource,
        roles,
    });
    told(
        "user_granted_role",
        vec![account_subject(world, account), resource_subject(world, resource)],
    )
}

fn direct_revoke(world: &mut World, random: &mut Random) -> Done {
    let resource = random.below(world.resources.len()) as u32;
    let account = random.pick(&world.resource(resource)?.holding).copied()?;
    let roles = world.account(account)?.direct_on(resource).each().next()?;
    if is_key_owner(world, account) {
        return None;
    }
    world.apply(Change::DirectRevoke {
        account,
        resource,
        roles,
    });
    told(
        "user_revoked_role",
        vec![account_subject(world, account), resource_subject(world, resource)],
    )
}

fn suspend_or_restore(world: &mut World, random: &mut Random) -> Done {
    let account = any_account(world, random)?;
    if is_org_admin(world, account) {
        return None;
    }
    let place = *random.pick(&world.account(account)?.places)?;
    let (status, action) = match place.status {
        "active" => ("suspended", "user_suspended"),
        "suspended" => ("active", "user_reactivated"),
        _ => return None,
    };
    world.apply(Change::PlaceStatus {
        account,
        directory: place.directory,
        status,
    });
    told(action, vec![account_subject(world, account)])
}

fn rename(world: &mut World, random: &mut Random) -> Done {
    if random.chance(0.3) {
        let group = any_group(world, random)?;
        let name = format!("renamed-{}-{}", group, random.below(1_000_000));
        world.apply(Change::GroupRename { group, name });
        return told("group_updated", vec![group_subject(world, group)]);
    }
    let account = any_account(world, random)?;
    let name = format!("Renamed {}", random.below(1_000_000));
    world.apply(Change::AccountRename { account, name });
    told("user_profile_updated", vec![account_subject(world, account)])
}

fn token(world: &mut World, random: &mut Random, now_ms: i64) -> Done {
    if random.chance(0.4) {
        let token = random.pick(&world.tokens).filter(|token| !token.is_revoked)?;
        let (id, subject) = (
            token.id.clone(),
            (
                "users",
                token.account_id.clone(),
                Some(token.account_name.clone()),
            ),
        );
        world.apply(Change::TokenRemove { id });
        return told("api_token_revoked", vec![subject]);
    }
    let account = any_account(world, random)?;
    let row = world.account(account).filter(|row| row.is_managed())?;
    let token = Token {
        id: random.hex(32),
        label: format!("token {}", random.below(1000)),
        account_id: row.id.to_string(),
        account_name: row.name.as_deref().unwrap_or_default().to_owned(),
        account_email: row.email.to_string(),
        is_blocked: false,
        is_revoked: false,
        created_ms: now_ms,
        expires_ms: Some(now_ms + 90 * 86_400_000),
        last_active_ms: None,
    };
    world.apply(Change::TokenAdd(Box::new(token)));
    told("api_token_created", vec![account_subject(world, account)])
}

fn domain(world: &mut World, random: &mut Random) -> Done {
    let mut domain = random.pick(&world.domains)?.clone();
    let status = *random.pick(&["verified", "unverified", "missing_token", "superseded"])?;
    if domain.claim_status == status {
        return None;
    }
    domain.claim_status = status;
    let subject = ("organization", world.org_id.clone(), Some(domain.name.clone()));
    world.apply(Change::DomainSet(domain));
    told("org_settings_update", vec![subject])
}

fn policy(world: &mut World, random: &mut Random, now_ms: i64) -> Done {
    let mut policy = random.pick(&world.policies)?.clone();
    if random.chance(0.5) {
        policy.status = Some(if policy.status == Some("enabled") {
            "disabled"
        } else {
            "enabled"
        });
    } else {
        policy.name = Some(format!("Policy {}", random.below(10_000)));
    }
    policy.updated_ms = now_ms;
    let subject = ("organization", world.org_id.clone(), policy.name.clone());
    world.apply(Change::PolicySet(Box::new(policy)));
    told("policy_updated", vec![subject])
}
