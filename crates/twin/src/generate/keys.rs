//! Organization API keys, service accounts and authentication policies: what the organization has beside its people.

use crate::random::Random;
use crate::state::{ApiKey, AuthPolicy, OauthClient, ServiceAccount, ServiceToken, World};

const DAY_MS: i64 = 86_400_000;

/// Makes the rows; `secrets` are those of the key without scopes and of the one with them.
///
/// A given organization gets no more keys than this twin needs, and no service accounts.
pub(crate) fn fill(world: &mut World, seed: u64, secrets: &[String; 2], expired: &str, is_given: bool) {
    let mut random = Random::new(seed, "keys");
    let is_small = world.accounts.len() < 2;
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
    if !is_given && !is_small {
        add("user sync", false, 345, 365, None);
        add("audit export", true, 120, 180, None);
    }
    if !is_given {
        service_accounts(world, &mut random);
    }
    for (name, is_saml) in [("Default policy", false), ("Single sign-on", true)] {
        let id = random.uuid();
        world.auth_policies.push(AuthPolicy { id, name, is_saml });
    }
}

fn service_accounts(world: &mut World, random: &mut Random) {
    let names: &[&str] = match world.accounts.len() {
        0 => &[],
        1 => &["ci"],
        _ => &["ci", "backup", "reporting"],
    };
    for (turn, name) in names.iter().enumerate() {
        let id = random.uuid();
        let made_ms = world.born_ms - 200 * DAY_MS;
        let tokens = (0..=turn).map(|number| ServiceToken {
            id: random.hex(32),
            label: format!("{name} {number}"),
            created_ms: made_ms,
            // One of them has expired.
            expires_ms: made_ms + if number == 2 { 90 } else { 365 } * DAY_MS,
        });
        let tokens = tokens.collect();
        if turn < 2 {
            world.oauth_clients.push(OauthClient {
                id: random.hex(32),
                name: format!("{name} client"),
                owner: id.clone(),
                scopes: vec!["read:jira-work".to_owned()],
                created_ms: made_ms,
                is_deleted: false,
            });
        }
        world.service_accounts.push(ServiceAccount {
            id,
            account_id: format!("712020:{}", random.uuid()),
            name: (*name).to_owned(),
            description: format!("Runs {name}"),
            created_by: world.key_owner.0.clone(),
            updated_ms: made_ms,
            is_deleted: false,
            tokens,
        });
    }
}
