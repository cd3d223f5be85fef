//! The deterministic generator: same options, same organization, ids included.
//!
//! The order is directories and workspaces, people, groups with their roles, direct grants and administrators, and then
//! the inventories. Each part draws from its own stream of numbers, so that a change in one leaves the others alone.

mod groups;
mod inventory;
pub(crate) mod keys;
mod names;
mod people;
mod places;
mod restrictions;
mod roles;
pub(crate) mod scim;

pub(crate) use names::{DEPARTMENTS, JOBS, LOCATIONS, ZONES};
pub(crate) use people::{Newcomer, newcomer};
pub(crate) use restrictions::GRACE_MS;

use crate::options::{OnOff, Shape, TwinOptions};
use crate::random::Random;
use crate::state::World;

/// Generates the organization of these options, as of the given reading of the clock.
pub(crate) fn generate(options: &TwinOptions, born_ms: i64) -> World {
    let plan = Plan::of(options);
    let mut world = World::new(options.seed, born_ms);
    world.is_messy = options.shape == Shape::Messy;
    world.is_paid = options.shape != Shape::Empty;
    let mut random = Random::new(options.seed, "organization");
    world.org_id = random.uuid();
    world.org_name = format!("Acme {}", options.seed);

    places::fill(&mut world, &plan);
    people::fill(&mut world, &plan);
    groups::fill(&mut world, &plan);
    roles::fill(&mut world, &plan);
    inventory::fill(&mut world, &plan);
    restrictions::fill(&mut world, &plan);
    cripple(&mut world, options);
    world
}

/// Takes away what the options say this organization lacks.
pub(crate) fn cripple(world: &mut World, options: &TwinOptions) {
    if options.verified_domains == OnOff::Off {
        restrictions::unclaim(world);
    }
}

/// The options, made definite for the shape.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) users: usize,
    pub(crate) groups: usize,
    pub(crate) workspaces: usize,
    pub(crate) directories: usize,
    pub(crate) largest_group: Option<usize>,
}

impl Plan {
    fn of(options: &TwinOptions) -> Self {
        let (users, groups, workspaces, directories) = match options.shape {
            Shape::Empty => (0, 0, 0, 1),
            Shape::Single => (1, 1, 1, 1),
            _ if options.users < 10 => (options.users, options.groups, options.workspaces, 1),
            _ => (options.users, options.groups, options.workspaces, 2),
        };
        let directories = options.directories.unwrap_or(directories).clamp(1, 200);
        let largest_group = options.largest_group;
        Self {
            seed: options.seed,
            shape: options.shape,
            users,
            groups,
            workspaces,
            directories,
            largest_group,
        }
    }

    /// The share of accounts whose first directory is the first one.
    pub(crate) fn main_share(&self) -> f64 {
        if self.directories < 2 {
            1.0
        } else {
            (1.0 - 0.06 * (self.directories - 1) as f64).max(0.80)
        }
    }

    pub(crate) fn is_messy(&self) -> bool {
        self.shape == Shape::Messy
    }

    pub(crate) fn random(&self, stream: &str) -> Random {
        Random::new(self.seed, stream)
    }
}
