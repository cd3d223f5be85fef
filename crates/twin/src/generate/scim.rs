//! Records of provisioned users and pushed groups, for what the organization says is synced.

use crate::random::Random;
use crate::state::{ScimGroup, ScimUser, World};

/// Makes the records; the first directory's SCIM directory has the given id.
pub(crate) fn fill(world: &mut World, first_directory_id: String) {
    let mut random = Random::new(world.seed, "scim");
    world.scim.directory_ids = vec![first_directory_id];
    let others = world.directories.len().saturating_sub(1);
    world
        .scim
        .directory_ids
        .extend((0..others).map(|_| random.uuid()));
    let synced: Vec<(u32, u16)> = world
        .accounts_in(None)
        .filter(|(_, account)| account.is_synced)
        .filter_map(|(index, account)| Some((index, account.places.first()?.directory)))
        .collect();
    for (account, directory) in synced {
        let Some(row) = world.account(account) else {
            continue;
        };
        let user = ScimUser {
            id: random.uuid().into(),
            directory,
            account: Some(account),
            user_name: row.email.clone(),
            document: None,
            is_active: true,
            created_ms: row.added_ms,
            modified_ms: row.added_ms,
            is_deleted: false,
        };
        world.scim.add_user(user);
    }
    let pushed: Vec<u32> = world
        .groups_in(Some(0))
        .filter(|(_, group)| group.is_synced)
        .map(|(index, _)| index)
        .collect();
    for group in pushed {
        let at_ms = world.born_ms - 100 * 86_400_000;
        world.scim.add_group(ScimGroup {
            id: random.uuid().into(),
            group,
            external_id: None,
            created_ms: at_ms,
            modified_ms: at_ms,
            is_deleted: false,
        });
    }
}
