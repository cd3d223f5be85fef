//! Accounts and their places in directories.

use super::Plan;
use super::names::{self, DEPARTMENTS, JOBS, LOCATIONS, ZONES};
use crate::options::Shape;
use crate::random::Random;
use crate::state::{Account, Place, Profile, World};

const DAY_MS: i64 = 86_400_000;
/// A profile text that is not there.
const ABSENT: u8 = 255;

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("people");
    let mut owner_random = plan.random("key owner");
    world.key_owner = (
        account_id(&mut owner_random, 0),
        "Outside administrator".to_owned(),
    );
    for index in 0..plan.users {
        let mut account = regular(&mut random, index, world.born_ms);
        account.places = vec![Place {
            directory: home(plan, &mut random),
            status: "active",
        }];
        if index > 0 {
            vary(&mut account, plan, &mut random, world.born_ms);
        } else {
            account.places = vec![Place {
                directory: 0,
                status: "active",
            }];
            world.key_owner = (
                account.id.to_string(),
                account.name.as_deref().unwrap_or("Admin").to_owned(),
            );
        }
        if plan.is_messy() && index > 0 {
            disarrange(&mut account, &mut random);
        }
        if plan.shape == Shape::AllSuspended {
            account
                .places
                .iter_mut()
                .for_each(|place| place.status = "suspended");
        }
        world.add_account(account);
    }
}

/// What a newcomer needs to be told apart by.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) email: Option<String>,
    pub(crate) directory: u16,
}

/// Makes an account that joins after the organization was generated.
pub(crate) fn newcomer(random: &mut Random, number: usize, now_ms: i64, who: Newcomer) -> Account {
    let mut account = regular(random, number, now_ms);
    account.added_ms = now_ms;
    account.places = vec![Place {
        directory: who.directory,
        status: "active",
    }];
    if let Some(email) = who.email {
        account.claim_status = Some(if email.ends_with(".example.com") {
            "managed"
        } else {
            "unmanaged"
        });
        account.email = email.into();
    }
    account
}

fn regular(random: &mut Random, index: usize, now_ms: i64) -> Account {
    let (first, last) = names::person(random);
    let domain = if random.chance(0.8) {
        "acme.example.com"
    } else {
        "labs.example.com"
    };
    let email = format!("{}.{}{index}@{domain}", first.to_lowercase(), last.to_lowercase());
    Account {
        id: account_id(random, index).into(),
        name: Some(format!("{first} {last}").into()),
        nickname: Some(format!("{}{index}", first.to_lowercase()).into()),
        email: email.into(),
        email_is_hidden: false,
        email_is_verified: true,
        has_mfa: random.chance(0.6),
        is_synced: random.chance(0.3),
        is_for_deletion: false,
        account_type: Some("atlassian"),
        account_status: Some("active"),
        claim_status: Some("managed"),
        profile: profile(random),
        added_ms: now_ms - (30 + random.below(1200) as i64) * DAY_MS - random.below(86_400) as i64 * 1000,
        deactivated_ms: None,
        extra: None,
        places: Vec::new(),
        groups: Vec::new(),
        direct: Vec::new(),
    }
}

/// Both forms of account ids occur.
fn account_id(random: &mut Random, index: usize) -> String {
    if index.is_multiple_of(3) {
        format!("5{}", random.hex(23))
    } else {
        format!("712020:{}", random.uuid())
    }
}

fn profile(random: &mut Random) -> Profile {
    let mut draw = |length: usize| {
        if random.chance(0.3) {
            ABSENT
        } else {
            random.below(length) as u8
        }
    };
    let job = draw(JOBS.len());
    let department = draw(DEPARTMENTS.len());
    let location = draw(LOCATIONS.len());
    let zone = draw(ZONES.len());
    Profile {
        job,
        department,
        location,
        zone,
    }
}

fn home(plan: &Plan, random: &mut Random) -> u16 {
    if plan.directories < 2 || random.chance(plan.main_share()) {
        return 0;
    }
    u16::try_from(1 + random.below(plan.directories - 1)).unwrap_or(0)
}

/// Makes some accounts customers, apps, unmanaged, suspended, deactivated, for deletion, or members of two directories.
fn vary(account: &mut Account, plan: &Plan, random: &mut Random, born_ms: i64) {
    let draw = random.below(1000);
    match draw {
        0..10 => {
            account.account_type = Some("app");
            account.claim_status = Some("unmanaged");
            account.is_synced = false;
        }
        10..40 => {
            account.account_type = Some("customer");
            account.claim_status = Some("unmanaged");
            account.email = account.email.replace(".example.com", ".mail.example.net").into();
            account.is_synced = false;
        }
        40..180 => {
            account.claim_status = Some("unmanaged");
            account.email = account
                .email
                .replace(".example.com", ".partner.example.org")
                .into();
            account.is_synced = false;
        }
        _ => {}
    }
    match random.below(1000) {
        0..40 => account
            .places
            .iter_mut()
            .for_each(|place| place.status = "suspended"),
        40..45 => account
            .places
            .iter_mut()
            .for_each(|place| place.status = "no_membership"),
        45..75 if account.is_managed() => {
            account.account_status = Some("inactive");
            account.deactivated_ms = Some(born_ms - (1 + random.below(200) as i64) * DAY_MS);
        }
        75..80 if account.is_managed() => {
            account.account_status = Some("inactive");
            account.is_for_deletion = true;
            account.deactivated_ms = Some(born_ms - (1 + random.below(13) as i64) * DAY_MS);
        }
        80..83 if account.is_managed() => {
            account.account_status = Some("closed");
            account.deactivated_ms = Some(born_ms - (20 + random.below(300) as i64) * DAY_MS);
        }
        _ => {}
    }
    let doubled = if plan.is_messy() { 0.06 } else { 0.01 };
    if plan.directories > 1 && random.chance(doubled) {
        let status = account.places.first().map_or("active", |place| place.status);
        let taken = account.places.first().map_or(0, |place| place.directory);
        let other = u16::try_from((usize::from(taken) + 1) % plan.directories).unwrap_or(0);
        let status = match status {
            "active" if plan.is_messy() => "suspended",
            "suspended" if plan.is_messy() => "active",
            same => same,
        };
        account.places.push(Place {
            directory: other,
            status,
        });
        account.places.sort_unstable_by_key(|place| place.directory);
    }
}

/// Gives an account what careless programs do not expect.
fn disarrange(account: &mut Account, random: &mut Random) {
    if random.chance(0.3) {
        account.name = Some(names::awkward(random).into());
    }
    if random.chance(0.02) {
        account.name = None;
    }
    if random.chance(0.3) {
        account.nickname = None;
    }
    if random.chance(if account.is_managed() { 0.02 } else { 0.6 }) {
        account.email_is_hidden = true;
    }
    if random.chance(0.02) {
        account.account_type = Some("robot");
    }
    if random.chance(0.01) {
        account.account_type = None;
    }
    if random.chance(0.01) {
        account.account_status = Some("frozen");
    }
    if random.chance(0.02) {
        account.claim_status = None;
    } else if random.chance(0.01) {
        account.claim_status = Some("contested");
    }
    if random.chance(0.02) {
        account
            .places
            .iter_mut()
            .for_each(|place| place.status = "pending_approval");
    }
}
