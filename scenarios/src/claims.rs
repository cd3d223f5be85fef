//! What following the audit log claims: of everything that an event named, what is so now.
//!
//! Worked out from the events as the twin tells them and from what each action is documented to be about. Knows nothing
//! of how the product follows them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Actions that change what roles an account holds.
const ABOUT_ROLES: [&str; 7] = [
    "user_created",
    "user_granted_role",
    "user_invitation_sent",
    "user_reactivated",
    "user_removed",
    "user_revoked_role",
    "user_suspended",
];

/// What events named.
#[derive(Debug, Default)]
pub struct Named {
    accounts: BTreeSet<String>,
    holders: BTreeSet<String>,
    groups: BTreeSet<String>,
    memberships: BTreeSet<(String, String)>,
    kinds: BTreeSet<&'static str>,
}

impl Named {
    /// What these events named. Log-ins and looking name nothing.
    pub fn by<'a>(events: impl Iterator<Item = &'a Value>) -> Named {
        let mut named = Named::default();
        for event in events {
            named.add(&event["attributes"]);
        }
        named
    }

    fn add(&mut self, event: &Value) {
        let action = event["action"].as_str().unwrap_or_default();
        let ids = |kind: &str| -> Vec<String> {
            let subjects = event["context"].as_array().into_iter().flatten();
            let of_kind = subjects.filter(|subject| subject["type"] == kind);
            of_kind
                .filter_map(|subject| subject["id"].as_str().map(str::to_owned))
                .collect()
        };
        let (accounts, groups) = (ids("users"), ids("groups"));
        match action {
            "user_login" | "organization_users_viewed" => {}
            "user_added_to_group" | "user_removed_from_group" => {
                for group in groups {
                    let pairs = accounts.iter().map(|account| (group.clone(), account.clone()));
                    self.memberships.extend(pairs);
                }
                self.accounts.extend(accounts);
            }
            _ if action.starts_with("user_") => {
                if ABOUT_ROLES.contains(&action) {
                    self.holders.extend(accounts.iter().cloned());
                }
                self.accounts.extend(accounts);
            }
            _ if action.starts_with("group_") => self.groups.extend(groups),
            _ if action.starts_with("api_token_") => _ = self.kinds.insert("api_token"),
            _ if action.starts_with("policy_") => _ = self.kinds.insert("policy"),
            "org_settings_update" => self.kinds.extend(["domain", "policy"]),
            _ => {}
        }
    }

    /// Whether they named nothing.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.groups.is_empty() && self.kinds.is_empty()
    }

    /// Those of the lines of which something is claimed. Of accounts whose lists of groups are cut, only the
    /// memberships that were named are.
    pub fn of<'a>(&self, lines: &'a [String], cut: &BTreeSet<String>) -> BTreeSet<&'a String> {
        let is_claimed = |line: &&String| self.covers(line, cut);
        lines.iter().filter(is_claimed).collect()
    }

    fn covers(&self, line: &str, cut: &BTreeSet<String>) -> bool {
        let Ok(fact) = serde_json::from_str::<Value>(line) else {
            return true;
        };
        let text = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let (kind, account, group) = (text("kind"), text("account_id"), text("group_id"));
        match kind.as_str() {
            "account" | "directory_membership" | "platform_role" => self.accounts.contains(&account),
            "membership" => {
                self.accounts.contains(&account) && !cut.contains(&account)
                    || self.memberships.contains(&(group, account))
            }
            "role_holding" => self.holders.contains(&account),
            "group" | "group_role_grant" => self.groups.contains(&group),
            kind => self.kinds.contains(kind),
        }
    }
}

/// The accounts that are in so many groups that a list of so many may leave some out.
pub fn with_cut_lists(truth: &[String], cut_at: usize) -> BTreeSet<String> {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for line in truth {
        let fact: Value = serde_json::from_str(line).unwrap_or_default();
        if fact["kind"] == "membership" {
            *groups
                .entry(fact["account_id"].as_str().unwrap_or_default().to_owned())
                .or_default() += 1;
        }
    }
    groups.retain(|_, groups| *groups >= cut_at);
    groups.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_who_came_into_a_group_the_row_is_claimed_and_roles_are_not() {
        let event = json!({"attributes": {"action": "user_added_to_group", "context": [
            {"type": "users", "id": "a"}, {"type": "groups", "id": "g"}]}});
        let named = Named::by([&event].into_iter());
        let line = |fact: Value| fact.to_string();
        let row = line(json!({"kind": "account", "account_id": "a"}));
        let other = line(json!({"kind": "account", "account_id": "b"}));
        let elsewhere = line(json!({"kind": "membership", "group_id": "h", "account_id": "a"}));
        let role = line(json!({"kind": "role_holding", "account_id": "a"}));
        let lines = [row.clone(), other, elsewhere.clone(), role];
        let cut = |at| with_cut_lists(&lines, at);
        assert_eq!(named.of(&lines, &cut(2)), BTreeSet::from([&row, &elsewhere]));
        assert_eq!(named.of(&lines, &cut(1)), BTreeSet::from([&row]));
    }
}
