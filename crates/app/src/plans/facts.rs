//! What is stored about the things that a plan touches, looked up once.

use crate::error::AppError;
use crate::views::Scope;
use crate::views::names::Wanted;
use model::{Action, GroupId, RoleId};
use std::collections::HashMap;
use store::Tx;
use store::views::Described;
use store::views::accounts::AccountRow;

/// The number of what Atlassian knows and the store does not.
pub(super) const NOT_STORED: i64 = 0;

/// Stored facts about accounts, groups and resources, by Atlassian's ids. Absent: nothing is known.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub accounts: HashMap<String, AccountRow>,
    pub groups: HashMap<String, Described>,
    /// The numbers of resources and roles.
    pub terms: HashMap<String, i64>,
    /// What people call directories.
    pub directories: HashMap<String, String>,
    /// What people call resources.
    pub resources: HashMap<String, String>,
    /// Whether accounts are called by their ids: where sentences end in logs, which name nobody.
    pub names_nobody: bool,
}

impl Facts {
    /// Looks up all that the actions name.
    pub async fn look_up(tx: &mut Tx, scope: &Scope, actions: &[Action]) -> Result<Facts, AppError> {
        let at = scope.snapshot();
        let mut facts = Facts::default();
        for action in actions {
            if let Some(account) = action.account()
                && !facts.accounts.contains_key(account.as_str())
                && let Some(row) = tx.account_find(at, account.as_str()).await?
            {
                facts.accounts.insert(account.to_string(), row);
            }
            let invited_to: &[model::GroupId] = match action {
                Action::Invite { groups, .. } => groups,
                _ => &[],
            };
            for group in action.group().into_iter().chain(invited_to) {
                if !facts.groups.contains_key(group.as_str())
                    && let Some(row) = tx.group_find(at, group.as_str()).await?
                {
                    facts.groups.insert(group.to_string(), row);
                }
            }
            if let Some((resource, role)) = role_of(action) {
                for text in [resource.as_str(), role.as_str()] {
                    if !facts.terms.contains_key(text)
                        && let Some(term) = tx.term_find(text).await?
                    {
                        facts.terms.insert(text.to_owned(), term);
                    }
                }
            }
        }
        for directory in tx.directory_list(at).await? {
            if let Some(name) = directory.attributes.text("name") {
                facts.directories.insert(directory.id.clone(), name.to_owned());
            }
        }
        let mut wanted = Wanted::default();
        for number in facts.terms.values() {
            wanted.resource(*number);
        }
        let names = wanted.look_up(tx, at).await?;
        for (id, number) in &facts.terms {
            facts
                .resources
                .insert(id.clone(), names.resource(*number).label());
        }
        Ok(facts)
    }

    /// What people call an account.
    pub fn account_label(&self, id: &str) -> String {
        let row = self.accounts.get(id).filter(|_| !self.names_nobody);
        let name = row.and_then(|row| row.name.clone().or_else(|| row.email.clone()));
        name.unwrap_or_else(|| id.to_owned())
    }

    /// What people call a directory.
    pub fn directory_label(&self, id: &str) -> String {
        let name = self.directories.get(id).cloned();
        name.unwrap_or_else(|| format!("directory {id}"))
    }

    /// What people call a group.
    pub fn group_label(&self, id: &str) -> String {
        if let Some((_, name)) = GroupId::new(id).made_as() {
            return name.to_owned();
        }
        let name = self
            .groups
            .get(id)
            .and_then(|group| group.attributes.text("name"));
        name.unwrap_or(id).to_owned()
    }
}

impl Facts {
    /// What people call a resource.
    pub fn resource_label(&self, id: &str) -> String {
        self.resources.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

/// The resource and role that an action is about.
pub(super) fn role_of(action: &Action) -> Option<(&model::ResourceId, &RoleId)> {
    match action {
        Action::GrantRole { resource, role, .. }
        | Action::RevokeRole { resource, role, .. }
        | Action::GrantGroupRole { resource, role, .. }
        | Action::RevokeGroupRole { resource, role, .. } => Some((resource, role)),
        _ => None,
    }
}
