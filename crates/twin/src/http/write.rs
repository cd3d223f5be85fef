//! What all writes share: delays, the log, and the checks of roles and seats.

use super::{Call, Problem, Surface};
use crate::events::Subject;
use crate::roles::RoleSet;
use crate::state::{Account, Change, ResourceKind, World};

/// Until a directory write shows.
pub(super) const DIRECTORY_LAG_MS: i64 = 1_500;
/// Until a role of the organization shows.
pub(super) const ORGANIZATION_ROLE_LAG_MS: i64 = 30_000;
/// Until a removal from a directory has run.
pub(super) const REMOVAL_LAG_MS: i64 = 5_000;

impl Call<'_> {
    /// Accepts a change of a directory, and logs it.
    pub(super) fn accept(
        &self,
        world: &mut World,
        change: Change,
        action: &'static str,
        context: Vec<Subject>,
    ) {
        self.accept_late(world, change, DIRECTORY_LAG_MS, action, context);
    }

    /// Accepts a change that shows after the given time, and logs it.
    pub(super) fn accept_late(
        &self,
        world: &mut World,
        change: Change,
        lag_ms: i64,
        action: &'static str,
        context: Vec<Subject>,
    ) {
        world.accept(change, self.now_ms + lag_ms);
        self.log(world, action, context);
    }

    /// Logs what happened, under the name of whoever the credential belongs to.
    pub(super) fn log(&self, world: &mut World, action: &'static str, context: Vec<Subject>) {
        let (id, name) = match self.operation.surface {
            Surface::Scim => ("scim".to_owned(), "User provisioning".to_owned()),
            Surface::Admin | Surface::Users => world.key_owner.clone(),
        };
        let seed = world.seed;
        world
            .events
            .write(seed, self.now_ms, action, (&id, &name), context);
    }
}

/// An account as events name it.
pub(super) fn about_account(world: &World, account: u32) -> Subject {
    let row = world.account(account);
    let id = row.map(|it| it.id.to_string()).unwrap_or_default();
    (
        "users",
        id,
        row.and_then(|it| it.name.as_deref().map(str::to_owned)),
    )
}

/// A group as events name it.
pub(super) fn about_group(world: &World, group: u32) -> Subject {
    let row = world.group(group);
    (
        "groups",
        row.map(|it| it.id.to_string()).unwrap_or_default(),
        row.map(|it| it.name.to_string()),
    )
}

/// A resource as events name it.
pub(super) fn about_resource(world: &World, resource: u32) -> Subject {
    (
        "sites",
        world
            .resource(resource)
            .map(|it| it.ari.clone())
            .unwrap_or_default(),
        None,
    )
}

/// The role and the resource of an assignment, checked for belonging together.
pub(super) fn role_and_resource(
    world: &World,
    role: &str,
    resource: &str,
) -> Result<(RoleSet, u32), Problem> {
    let roles = RoleSet::named(role).ok_or_else(|| Problem::bad(&format!("unknown role {role}")))?;
    if !resource.starts_with("ari:cloud:") {
        return Err(Problem::bad("a resource is named by its ARI"));
    }
    let index = world
        .resource_index(resource)
        .ok_or_else(|| Problem::unknown("resource", resource))?;
    let kind = world.resource(index).map(|row| &row.kind);
    let belongs = match kind {
        Some(ResourceKind::Organization) => roles.meets(RoleSet::ORG_ADMIN.union(RoleSet::AI_ACCESS)),
        Some(ResourceKind::Site) => roles.meets(RoleSet::SITE_ADMIN.union(RoleSet::USER_ACCESS_ADMIN)),
        _ => !roles.meets(RoleSet::ORG_ADMIN.union(RoleSet::SITE_ADMIN)),
    };
    if belongs {
        Ok((roles, index))
    } else {
        Err(Problem::bad(&format!("{role} is not a role of {resource}")))
    }
}

/// Refuses when the accounts would take seats that are not there.
pub(super) fn check_seats<'a>(
    world: &World,
    accounts: impl IntoIterator<Item = &'a Account>,
    resource: u32,
    roles: RoleSet,
) -> Result<(), Problem> {
    let kind = world.resource(resource).map(|row| &row.kind);
    let Some(ResourceKind::Workspace {
        capacity: Some(capacity),
        ..
    }) = kind
    else {
        return Ok(());
    };
    if !roles.meets(RoleSet::SEAT) {
        return Ok(());
    }
    let takes_seat = |account: &&Account| !world.roles_on(account, resource).meets(RoleSet::SEAT);
    let wanted = accounts.into_iter().filter(takes_seat).count();
    if wanted > 0 && world.seats_taken(resource) + wanted > *capacity {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-3",
            "Conflict",
            "the licence has no seat left",
        ));
    }
    Ok(())
}
