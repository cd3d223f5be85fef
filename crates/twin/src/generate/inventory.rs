//! Domains, policies, API tokens, and a little history in the audit log.

use super::Plan;
use crate::random::Random;
use crate::state::{Domain, Policy, PolicyResource, Token, World};

const DAY_MS: i64 = 86_400_000;

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("inventory");
    if plan.users == 0 {
        return;
    }
    domains(world, plan, &mut random);
    policies(world, plan, &mut random);
    tokens(world, plan, &mut random);
    history(world, &mut random);
}

fn domains(world: &mut World, plan: &Plan, random: &mut Random) {
    let table = [
        ("acme.example.com", "dns", "verified"),
        ("labs.example.com", "http", "verified"),
        ("old.example.com", "dns", "superseded"),
        ("new.example.com", "dns", "unverified"),
        ("lost.example.com", "http", "missing_token"),
    ];
    let count = if plan.users == 1 { 1 } else { table.len() };
    for (name, claim_type, claim_status) in table.into_iter().take(count) {
        world.domains.push(Domain {
            id: random.uuid(),
            name: name.to_owned(),
            claim_type,
            claim_status,
        });
    }
    if plan.is_messy() {
        let name = "пример.example.com".to_owned();
        world.domains.push(Domain {
            id: random.uuid(),
            name,
            claim_type: "email",
            claim_status: "under_review",
        });
    }
}

fn policies(world: &mut World, plan: &Plan, random: &mut Random) {
    let table = [
        ("ip-allowlist", Some("Office networks"), Some("enabled")),
        ("data-residency", Some("Keep in the EU"), Some("enabled")),
        ("data-security", Some("Contractor exports"), Some("disabled")),
        ("generative-ai", Some("Assistants"), Some("enabled")),
        ("user-join-settings-default", None, Some("enabled")),
        ("admin-notification-settings", Some("Notices"), None),
    ];
    let count = if plan.users == 1 { 1 } else { table.len() };
    let workspaces: Vec<String> = world
        .workspaces()
        .take(3)
        .map(|(_, row)| row.ari.clone())
        .collect();
    for (policy_type, name, status) in table.into_iter().take(count) {
        let is_allowlist = policy_type == "ip-allowlist";
        let created_ms = world.born_ms - (100 + random.below(600) as i64) * DAY_MS;
        world.policies.push(Policy {
            id: random.uuid(),
            policy_type: policy_type.to_owned(),
            name: name.map(str::to_owned),
            status,
            rule: is_allowlist.then(|| serde_json::json!({ "in": ["192.0.2.0/24", "198.51.100.7/32"] })),
            resources: workspaces
                .iter()
                .map(|id| PolicyResource {
                    id: id.clone(),
                    status: "applied",
                })
                .collect(),
            created_ms,
            updated_ms: created_ms + 3 * DAY_MS,
        });
    }
}

fn tokens(world: &mut World, plan: &Plan, random: &mut Random) {
    let labels = ["ci", "laptop", "reporting", "migration", "jira script", "backup"];
    let mut made = Vec::new();
    for (_, account) in world
        .accounts_in(None)
        .filter(|(_, account)| account.is_managed())
    {
        let count = if plan.users == 1 {
            1
        } else if random.chance(0.2) {
            random.between(1, 3)
        } else {
            0
        };
        for _ in 0..count {
            let name = account.name.as_deref().unwrap_or_default();
            let owner = (account.id.as_ref(), name, account.email.as_ref());
            made.push(token(random, &labels, owner, world.born_ms));
        }
    }
    // Tokens of people who have left: the account is known to the token list alone.
    for number in 0..plan.users / 50 {
        let id = format!("712020:{}", random.uuid());
        let email = format!("leaver{number}@acme.example.com");
        made.push(token(
            random,
            &labels,
            (&id, &format!("Leaver {number}"), &email),
            world.born_ms,
        ));
    }
    world.tokens = made;
}

fn token(random: &mut Random, labels: &[&str], owner: (&str, &str, &str), born_ms: i64) -> Token {
    let created_ms = born_ms - (10 + random.below(340) as i64) * DAY_MS;
    let life_days = if random.chance(0.25) {
        random.between(1, 9) as i64
    } else {
        365
    };
    let is_used = random.chance(0.8);
    Token {
        id: random.hex(32),
        label: format!(
            "{} {}",
            random.pick(labels).copied().unwrap_or("token"),
            random.below(100)
        ),
        account_id: owner.0.to_owned(),
        account_name: owner.1.to_owned(),
        account_email: owner.2.to_owned(),
        is_blocked: random.chance(0.05),
        is_revoked: false,
        created_ms,
        expires_ms: (!random.chance(0.05)).then_some(created_ms + life_days * DAY_MS),
        last_active_ms: is_used.then_some(created_ms + DAY_MS),
    }
}

fn history(world: &mut World, random: &mut Random) {
    let total = world.accounts.len();
    let mut times: Vec<i64> = (0..60)
        .map(|_| world.born_ms - 1_200_000 - random.below(170 * 86_400) as i64 * 1000)
        .collect();
    times.sort_unstable();
    for at_ms in times {
        let Some(account) = world.account(random.below(total) as u32) else {
            continue;
        };
        let (id, name) = (
            account.id.to_string(),
            account.name.as_deref().unwrap_or_default().to_owned(),
        );
        let context = vec![("users", id.clone(), Some(name.clone()))];
        world
            .events
            .write(world.seed, at_ms, "user_login", (&id, &name), context);
    }
}
