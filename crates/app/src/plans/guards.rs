//! What holds a plan back, whatever it was approved by. Pure: facts in, trips out.

use super::effects::Losing;
use super::facts::Facts;
use model::Action;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::Guards;

/// Accounts that one plan may touch, unless the connection says another number.
pub const ACCOUNTS_PER_PLAN: i64 = 1_000;
/// Share of a group's members, or of a resource's accounts, that one plan may take something from, in percent.
pub const SHARE_PERCENT: i64 = 50;
/// Groups and resources below this size may be emptied: a share of few says little.
pub const SHARE_FROM: i64 = 20;
/// Changes that may be sent within an hour.
pub const CHANGES_PER_HOUR: i64 = 5_000;
/// Actions that may end unconfirmed within an hour before nothing more is sent.
pub const FAILURES_PER_HOUR: i64 = 50;
/// Above so many actions a comment is asked for.
pub const COMMENT_ABOVE: i64 = 1_000;

/// A guard that holds a plan back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// Its name: `accounts`, `share`, `last_admin`, `key_owner`, `protected`.
    pub guard: String,
    /// What it holds back, as a sentence.
    pub detail: String,
}

/// What the guards want to know besides the actions.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// How many members the groups have that lose some.
    pub members: BTreeMap<String, i64>,
    /// What resources lose.
    pub losing: Vec<Losing>,
    /// Every organization admin.
    pub organization_admins: BTreeSet<String>,
    /// Members of protected groups.
    pub protected_by_group: BTreeSet<String>,
}

/// The guards that hold these actions back.
pub(super) fn trips(actions: &[Action], facts: &Facts, reach: &Reach, guards: &Guards) -> Vec<Trip> {
    let mut trips = Vec::new();
    let mut trip = |guard: &str, detail: String| {
        trips.push(Trip {
            guard: guard.into(),
            detail,
        });
    };
    let touched: BTreeSet<&str> = actions
        .iter()
        .filter_map(|action| Some(action.account()?.as_str()))
        .collect();
    let most = guards.accounts_per_plan.unwrap_or(ACCOUNTS_PER_PLAN);
    if i64::try_from(touched.len()).unwrap_or(i64::MAX) > most {
        trip(
            "accounts",
            format!(
                "{} accounts are touched, and a plan may touch {most}",
                touched.len()
            ),
        );
    }
    let mut leaving: BTreeMap<&str, i64> = BTreeMap::new();
    for action in actions {
        if let Action::RemoveMember { group, .. } = action {
            *leaving.entry(group.as_str()).or_default() += 1;
        }
    }
    let share = guards.share_percent.unwrap_or(SHARE_PERCENT);
    for (group, leave) in leaving {
        let members = reach.members.get(group).copied().unwrap_or(0);
        if members >= SHARE_FROM && leave * 100 > members * share {
            let name = facts.group_label(group);
            trip(
                "share",
                format!(
                    "{leave} of the {members} members of {name} would leave, and a plan may take {share} %"
                ),
            );
        }
    }
    for losing in &reach.losing {
        if losing.of >= SHARE_FROM && losing.accounts * 100 > losing.of * share {
            trip(
                "share",
                format!(
                    "{} of the {} accounts on {} would lose a role there, and a plan may take {share} %",
                    losing.accounts, losing.of, losing.resource
                ),
            );
        }
    }
    let lose_admin: BTreeSet<&str> = actions.iter().filter_map(loses_organization_admin).collect();
    let left = reach
        .organization_admins
        .iter()
        .filter(|admin| !lose_admin.contains(admin.as_str()))
        .count();
    let loses_one = reach
        .organization_admins
        .iter()
        .any(|admin| lose_admin.contains(admin.as_str()));
    if loses_one && left == 0 {
        trip("last_admin", "no organization admin would be left".into());
    }
    for action in actions.iter().filter(|action| action.takes_away()) {
        let Some(account) = action.account().map(|account| account.as_str()) else {
            continue;
        };
        let label = facts.account_label(account);
        if is_key_owner(account, facts, guards) {
            trip("key_owner", format!("{label} owns the key that is in use"));
        }
        let email = facts
            .accounts
            .get(account)
            .and_then(|row| row.email.as_deref())
            .unwrap_or_default();
        let is_named = guards
            .protected_accounts
            .iter()
            .any(|pattern| matches(pattern, account) || matches(pattern, email));
        if is_named || reach.protected_by_group.contains(account) {
            trip("protected", format!("{label} is protected"));
        }
    }
    for action in actions {
        let Some(group) = action.group().map(|group| group.as_str()) else {
            continue;
        };
        let name = facts.group_label(group);
        if guards
            .protected_groups
            .iter()
            .any(|pattern| matches(pattern, group) || matches(pattern, &name))
        {
            trip("protected", format!("the group {name} is protected"));
        }
    }
    trips.dedup();
    trips
}

fn is_key_owner(account: &str, facts: &Facts, guards: &Guards) -> bool {
    let Some(owner) = guards.key_owner.as_deref() else {
        return false;
    };
    let email = facts.accounts.get(account).and_then(|row| row.email.as_deref());
    owner == account || email.is_some_and(|email| email.eq_ignore_ascii_case(owner))
}

/// Who cannot act as an organization admin any more, if it was one. A suspension counts although it may leave another
/// directory: it is rarely meant for an admin.
pub(super) fn loses_organization_admin(action: &Action) -> Option<&str> {
    match action {
        Action::RevokeRole { account, role, .. } if role.is_organization_admin() => Some(account.as_str()),
        Action::RemoveFromDirectory { account, .. }
        | Action::Suspend { account, .. }
        | Action::Deactivate { account }
        | Action::DeleteAccount { account } => Some(account.as_str()),
        _ => None,
    }
}

/// Whether a text is a pattern's, in which `*` stands for anything; upper and lower case are the same.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(found) => rest = rest.get(found + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AccountId, DirectoryId, GroupId};

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*@acme.example", "Ana@Acme.example"));
        assert!(matches("svc-*-bot", "svc-build-bot"));
        assert!(matches("exact", "EXACT"));
        assert!(!matches("exact", "exactly"));
        assert!(!matches("a*b*c", "acb"));
        assert!(!matches("ab*ba", "aba"));
    }

    fn leave(group: &str, account: &str) -> Action {
        Action::RemoveMember {
            directory: DirectoryId::new("d"),
            group: GroupId::new(group),
            account: AccountId::new(account),
        }
    }

    fn guards_of(actions: &[Action], reach: &Reach, guards: &Guards) -> Vec<String> {
        let trips = trips(actions, &Facts::default(), reach, guards);
        trips.into_iter().map(|trip| trip.guard).collect()
    }

    #[test]
    fn a_large_share_of_a_group_is_held_back_and_a_few_members_are_not() {
        let mut reach = Reach::default();
        reach.members.insert("g".into(), 20);
        let eleven: Vec<Action> = (0..11).map(|number| leave("g", &number.to_string())).collect();
        assert_eq!(guards_of(&eleven, &reach, &Guards::default()), ["share"]);
        assert!(guards_of(&eleven[..10], &reach, &Guards::default()).is_empty());
        reach.losing.push(Losing {
            resource: "Acme".into(),
            accounts: 11,
            of: 20,
        });
        assert_eq!(guards_of(&eleven[..1], &reach, &Guards::default()), ["share"]);
        reach.losing.clear();
        let two = Guards {
            accounts_per_plan: Some(2),
            ..Guards::default()
        };
        assert_eq!(guards_of(&eleven[..3], &reach, &two), ["accounts"]);
    }

    #[test]
    fn the_last_organization_admin_stays() {
        let reach = Reach {
            organization_admins: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
            ..Reach::default()
        };
        let deactivate = |id: &str| Action::Deactivate {
            account: AccountId::new(id),
        };
        assert!(guards_of(&[deactivate("a")], &reach, &Guards::default()).is_empty());
        let both = [deactivate("a"), deactivate("b")];
        assert_eq!(guards_of(&both, &reach, &Guards::default()), ["last_admin"]);
    }

    #[test]
    fn protected_accounts_and_the_keys_owner_lose_nothing() {
        let guards = Guards {
            protected_accounts: vec!["svc-*".into()],
            key_owner: Some("owner".into()),
            ..Guards::default()
        };
        let reach = Reach::default();
        assert_eq!(guards_of(&[leave("g", "svc-ci")], &reach, &guards), ["protected"]);
        assert_eq!(guards_of(&[leave("g", "owner")], &reach, &guards), ["key_owner"]);
        assert!(guards_of(&[leave("g", "ana")], &reach, &guards).is_empty());
    }
}
