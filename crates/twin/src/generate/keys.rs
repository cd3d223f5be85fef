//! Organization API keys: the two that work, and a few that others made.

use crate::options::TwinOptions;
use crate::random::Random;
use crate::state::{ApiKey, World};

const DAY_MS: i64 = 86_400_000;

/// Makes the key rows; `secrets` are those of the key without scopes and of the one with them.
pub(crate) fn fill(world: &mut World, options: &TwinOptions, secrets: &[String; 2], expired: &str) {
    let mut random = Random::new(options.seed, "keys");
    let owner = world.key_owner.0.clone();
    let mut add = |label: &str, is_scoped, age_days: i64, life_days: i64, secret: Option<String>| {
        let created_ms = world.born_ms - age_days * DAY_MS;
        world.api_keys.push(ApiKey {
            id: random.uuid(),
            label: label.to_owned(),
            is_scoped,
            created_by: owner.clone(),
            created_ms,
            expires_ms: created_ms + life_days * DAY_MS,
            last_active_ms: (age_days > 2).then_some(world.born_ms - DAY_MS),
            is_revoked: false,
            secret,
        });
    };
    let [unscoped, scoped] = secrets;
    add("governance", false, 1, 365, Some(unscoped.clone()));
    add("governance, scoped", true, 1, 365, Some(scoped.clone()));
    let expired = format!("twin-expired-org-key-{expired}");
    add("last year's", false, 400, 365, Some(expired));
    if options.users > 1 {
        add("user sync", false, 345, 365, None);
        add("audit export", true, 120, 180, None);
    }
}
