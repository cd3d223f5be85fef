//! What an organization is to be like after actions: worked out from its truth before and from what each action is to
//! do.
//!
//! Knows nothing of how the product changes things. Only what can be foreseen is compared: of accounts and groups that
//! were not there at the beginning, that they are there; of accounts that were removed from a directory, that they are
//! gone from it.

use model::{Action, GroupId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What an organization is to be like.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Accounts of the beginning, and whether each is active.
    pub active: BTreeMap<String, bool>,
    /// Their names.
    names: BTreeMap<String, String>,
    /// Groups of the beginning by id, those made since by [`GroupId::made`].
    pub groups: BTreeSet<String>,
    /// Group and account.
    pub members: BTreeSet<(String, String)>,
    /// Account, resource and role that it was given itself.
    pub own: BTreeSet<(String, String, String)>,
    /// Group, resource, role.
    pub grants: BTreeSet<(String, String, String)>,
    /// Directory and account, and the account's status there.
    pub places: BTreeMap<(String, String), String>,
    /// Tokens and their owners.
    pub tokens: BTreeMap<String, String>,
    /// Addresses of accounts that were not there at the beginning.
    pub newcomers: BTreeSet<String>,
    /// Accounts of which not everything can be foreseen any more.
    removed: BTreeSet<String>,
    /// Addresses that may or may not have been invited: a person is to look.
    doubtful: BTreeSet<String>,
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

impl Expected {
    /// Of a truth, with what was there at the beginning; of the beginning itself when that is `None`.
    pub fn of(truth: &[Value], beginning: Option<&Expected>) -> Expected {
        let mut all = Expected::default();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        for line in truth.iter().filter(|line| line["kind"] == "group") {
            let id = text(line, "group_id");
            let is_known = beginning.is_none_or(|beginning| beginning.groups.contains(&id));
            let name = if is_known {
                id.clone()
            } else {
                let directory = model::DirectoryId::new(text(line, "directory_id"));
                GroupId::made(&directory, &text(line, "name")).to_string()
            };
            ids.insert(id, name.clone());
            all.groups.insert(name);
        }
        let is_known =
            |account: &String| beginning.is_none_or(|beginning| beginning.active.contains_key(account));
        let group = |line: &Value| ids.get(&text(line, "group_id")).cloned().unwrap_or_default();
        for line in truth {
            let [account, resource, role] =
                ["account_id", "resource_id", "role"].map(|name| text(line, name));
            match line["kind"].as_str().unwrap_or_default() {
                "group_role_grant" => {
                    all.grants.insert((group(line), resource, role));
                }
                "account" if !is_known(&account) => {
                    all.newcomers.insert(text(line, "email"));
                }
                _ if !is_known(&account) => {}
                "account" => {
                    all.names.insert(account.clone(), text(line, "name"));
                    all.active.insert(account, line["account_status"] == "active");
                }
                "membership" => {
                    all.members.insert((group(line), account));
                }
                "method" => {
                    let methods = line["methods"].as_array();
                    if methods.into_iter().flatten().any(|method| method == "direct") {
                        all.own.insert((account, resource, role));
                    }
                }
                "directory_membership" => {
                    let place = (text(line, "directory_id"), account);
                    all.places.insert(place, text(line, "status"));
                }
                "api_token" => {
                    all.tokens.insert(text(line, "token_id"), account);
                }
                _ => {}
            }
        }
        all
    }

    /// Does to it what an action does.
    pub fn apply(&mut self, action: &Action) {
        let role =
            |resource: &model::ResourceId, role: &model::RoleId| (resource.to_string(), role.to_string());
        match action {
            Action::AddMember { group, account, .. } => {
                self.members.insert((group.to_string(), account.to_string()));
            }
            Action::RemoveMember { group, account, .. } => {
                self.members.remove(&(group.to_string(), account.to_string()));
            }
            Action::GrantRole {
                account,
                resource,
                role: given,
            } => {
                let (resource, role) = role(resource, given);
                self.own.insert((account.to_string(), resource, role));
            }
            Action::RevokeRole {
                account,
                resource,
                role: taken,
            } => {
                let (resource, role) = role(resource, taken);
                self.own.remove(&(account.to_string(), resource, role));
            }
            Action::GrantGroupRole {
                group,
                resource,
                role: given,
                ..
            } => {
                let (resource, role) = role(resource, given);
                self.grants.insert((group.to_string(), resource, role));
            }
            Action::RevokeGroupRole {
                group,
                resource,
                role: taken,
                ..
            } => {
                let (resource, role) = role(resource, taken);
                self.grants.remove(&(group.to_string(), resource, role));
            }
            Action::CreateGroup { directory, name, .. } => {
                self.groups.insert(GroupId::made(directory, name).to_string());
            }
            Action::DeleteGroup { group, .. } => {
                let id = group.to_string();
                self.groups.remove(&id);
                self.members.retain(|(group, _)| *group != id);
                self.grants.retain(|(group, _, _)| *group != id);
            }
            Action::Invite { email, .. } | Action::CreateAccount { email, .. } => {
                self.newcomers.insert(email.clone());
            }
            Action::UpdateProfile { account, fields } => {
                if let Some(name) = fields.get("name") {
                    self.names.insert(account.to_string(), name.clone());
                }
            }
            Action::Suspend { directory, account } => {
                let place = (directory.to_string(), account.to_string());
                self.places.insert(place, "suspended".into());
            }
            Action::Restore { directory, account } => {
                let place = (directory.to_string(), account.to_string());
                self.places.insert(place, "active".into());
            }
            Action::RemoveFromDirectory { directory, account } => {
                self.places.remove(&(directory.to_string(), account.to_string()));
                self.removed.insert(account.to_string());
            }
            Action::Deactivate { account } | Action::DeleteAccount { account } => {
                self.active.insert(account.to_string(), false);
            }
            Action::Reactivate { account } | Action::CancelDeletion { account } => {
                self.active.insert(account.to_string(), true);
            }
            Action::RevokeToken { token, .. } => {
                self.tokens.remove(token.as_str());
            }
        }
    }

    /// Says that nobody can know whether somebody was invited.
    pub fn doubt(&mut self, email: &str) {
        self.doubtful.insert(email.to_owned());
    }

    /// Whether an account can be acted on with a result that can be foreseen.
    pub fn is_plain(&self, account: &str) -> bool {
        self.active.get(account) == Some(&true) && !self.removed.contains(account)
    }

    /// What is otherwise than expected, a sentence each.
    pub fn differences(&self, truth: &[Value], beginning: &Expected) -> Vec<String> {
        let really = Expected::of(truth, Some(beginning));
        let mut wrong = Vec::new();
        let is_foreseen = |account: &String| !self.removed.contains(account);
        let mut compare = |what: &str, expected: BTreeSet<String>, real: BTreeSet<String>| {
            let missing = expected
                .difference(&real)
                .map(|one| format!("{what} is missing: {one}"));
            let too_much = real
                .difference(&expected)
                .map(|one| format!("{what} is too much: {one}"));
            wrong.extend(missing.chain(too_much));
        };
        let lines = |all: &Expected| {
            let members = all.members.iter().filter(|one| is_foreseen(&one.1));
            let own = all.own.iter().filter(|one| is_foreseen(&one.0));
            let places = all.places.iter().filter(|(one, _)| is_foreseen(&one.1));
            let people = all.active.iter().filter(|one| is_foreseen(one.0));
            let names = all.names.iter().filter(|one| is_foreseen(one.0));
            // The tokens of whoever lost an account go with it.
            let tokens = all.tokens.iter().filter(|one| self.is_plain(one.1));
            let newcomers = all.newcomers.iter().filter(|one| !self.doubtful.contains(*one));
            [
                (
                    "a group",
                    all.groups.iter().map(|one| format!("{one:?}")).collect(),
                ),
                ("a member", members.map(|one| format!("{one:?}")).collect()),
                ("a role", own.map(|one| format!("{one:?}")).collect()),
                (
                    "a group's role",
                    all.grants.iter().map(|one| format!("{one:?}")).collect(),
                ),
                ("a place", places.map(|one| format!("{one:?}")).collect()),
                ("an account", people.map(|one| format!("{one:?}")).collect()),
                ("a name", names.map(|one| format!("{one:?}")).collect()),
                ("a token", tokens.map(|one| format!("{one:?}")).collect()),
                ("a newcomer", newcomers.map(|one| format!("{one:?}")).collect()),
            ]
        };
        let both: Vec<(_, (_, BTreeSet<String>))> = lines(self).into_iter().zip(lines(&really)).collect();
        for ((what, expected), (_, real)) in both {
            compare(what, expected, real);
        }
        for account in &self.removed {
            let was_removed = |place: &&(String, String)| place.1 == *account;
            let expected = self.places.keys().filter(was_removed).count();
            let real = really.places.keys().filter(was_removed).count();
            if expected != real {
                wrong.push(format!(
                    "{account} is in {real} directories and not in {expected}"
                ));
            }
        }
        wrong
    }
}
