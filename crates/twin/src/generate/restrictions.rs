//! Why some accounts cannot be managed freely, and the end of deletions that have begun.
//!
//! Drawn from a stream of its own, so that the rest of the organization is the same with and without it.

use super::Plan;
use crate::state::{Change, Restriction, World};

/// How long a deletion can be cancelled.
pub(crate) const GRACE_MS: i64 = 14 * 86_400_000;

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("restrictions");
    let managed = |status: &'static str| -> Vec<u32> {
        world
            .accounts_in(None)
            .filter(|(index, account)| {
                *index > 0
                    && account.is_managed()
                    && !account.is_synced
                    && !account.is_for_deletion
                    && account.account_status == Some(status)
            })
            .map(|(index, _)| index)
            .collect()
    };
    let (active, inactive) = (managed("active"), managed("inactive"));
    let few = plan.users / 100 + 2;
    let chosen = random.sample(&active, (5 * few / 2).min(active.len() / 2));
    for (turn, index) in chosen.into_iter().enumerate() {
        let restriction = match turn % 5 {
            0 | 2 => Restriction::Google,
            1 | 3 => Restriction::Saml,
            _ => Restriction::Administrative,
        };
        restrict(world, index, restriction);
    }
    for index in random.sample(&inactive, (plan.users / 1000).max(1)) {
        restrict(world, index, Restriction::ExportControl);
    }
    end_deletions(world);
}

fn restrict(world: &mut World, account: u32, restriction: Restriction) {
    if let Some(row) = world.accounts.get_mut(account as usize) {
        row.extra.get_or_insert_default().restriction = Some(restriction);
    }
}

/// Deletions that had begun when the organization was made end when their grace is over.
fn end_deletions(world: &mut World) {
    let begun: Vec<(u32, i64)> = world
        .accounts_in(None)
        .filter(|(_, account)| account.is_for_deletion)
        .filter_map(|(index, account)| Some((index, account.deactivated_ms?)))
        .collect();
    for (account, since_ms) in begun {
        world.accept(Change::Close { account, since_ms }, since_ms + GRACE_MS);
    }
}

/// Takes the claim off every domain; without one nobody is managed.
pub(super) fn unclaim(world: &mut World) {
    world
        .domains
        .iter_mut()
        .filter(|domain| domain.claim_status == "verified")
        .for_each(|domain| domain.claim_status = "unverified");
    world
        .accounts
        .iter_mut()
        .filter(|account| account.is_managed())
        .for_each(|account| account.claim_status = Some("unmanaged"));
    world.tokens.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::TwinOptions;

    #[test]
    fn every_kind_of_restriction_occurs() {
        let options = TwinOptions {
            users: 150,
            ..TwinOptions::default()
        };
        let world = super::super::generate(&options, 0);
        let count = |kind| {
            let is_so = |row: &&crate::state::Account| row.restriction() == Some(kind);
            world.accounts.iter().filter(is_so).count()
        };

        assert!(count(Restriction::Google) > 1 && count(Restriction::Saml) > 1);
        assert_eq!(count(Restriction::ExportControl), 1);
        assert!(count(Restriction::Administrative) > 0);
    }
}
