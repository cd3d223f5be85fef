//! What things are called, by the numbers that the store knows them by.

use super::error::ViewError;
use model::role::ORGANIZATION_ADMIN;
use model::role::{product_name, role_name};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::Tx;
use store::views::Snapshot;
use store::views::account::AccountName;

/// How an account is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccountRef {
    /// Its id as Atlassian spells it.
    pub account_id: String,
    /// The person's name, if it was told.
    pub name: Option<String>,
    /// The person's e-mail, if it was told.
    pub email: Option<String>,
}

impl AccountRef {
    /// What people call it: the name, else the e-mail, else the id.
    pub fn label(&self) -> &str {
        let name = self.name.as_deref().filter(|name| !name.trim().is_empty());
        name.or(self.email.as_deref()).unwrap_or(&self.account_id)
    }
}

impl From<AccountName> for AccountRef {
    fn from(name: AccountName) -> AccountRef {
        AccountRef {
            account_id: name.id,
            name: name.name,
            email: name.email,
        }
    }
}

/// How a group is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupRef {
    /// Its id as Atlassian spells it.
    pub group_id: String,
    /// Its name; the id when none was told.
    pub name: String,
}

/// How a workspace, or another resource that roles are held on, is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WorkspaceRef {
    /// Its id as Atlassian spells it.
    pub workspace_id: String,
    /// Its name; made from the id when it is not in the list of workspaces.
    pub name: String,
    /// The product's key, such as `jira-software`.
    pub type_key: String,
    /// What people call the product.
    pub product: String,
    /// Whether it is in the organization's list of workspaces.
    pub is_listed: bool,
}

impl WorkspaceRef {
    /// What tells it from others: sites give several workspaces the same name, so the product goes with it.
    pub fn label(&self) -> String {
        let says_product = self.name.to_lowercase().contains(&self.product.to_lowercase());
        if !self.is_listed || self.product.is_empty() || says_product {
            return self.name.clone();
        }
        format!("{} ({})", self.name, self.product)
    }
}

/// How a role is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RoleRef {
    /// Its id as Atlassian spells it.
    pub role_id: String,
    /// What people call it.
    pub name: String,
}

impl RoleRef {
    pub(crate) fn of(role: &str) -> RoleRef {
        RoleRef {
            role_id: role.to_owned(),
            name: role_name(role).to_owned(),
        }
    }

    /// How far the role reaches, for sorting: the more, the smaller.
    pub fn rank(&self) -> u8 {
        match self.role_id.as_str() {
            ORGANIZATION_ADMIN => 0,
            "atlassian/site-admin" => 1,
            "atlassian/admin" => 2,
            "atlassian/user-access-admin" => 3,
            "atlassian/user" => 5,
            "atlassian/guest" | "atlassian/basic" | "atlassian/stakeholder" => 6,
            "atlassian/customer" => 7,
            _ => 4,
        }
    }
}

/// The names of what was collected, by number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    resources: HashMap<i64, WorkspaceRef>,
    roles: HashMap<i64, RoleRef>,
    groups: HashMap<i64, GroupRef>,
    accounts: HashMap<i64, AccountRef>,
}

/// The numbers whose names are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    resources: HashSet<i64>,
    roles: HashSet<i64>,
    groups: HashSet<i64>,
    accounts: HashSet<i64>,
}

impl Wanted {
    pub fn resource(&mut self, term: i64) -> &mut Self {
        self.resources.insert(term);
        self
    }

    pub fn role(&mut self, term: i64) -> &mut Self {
        self.roles.insert(term);
        self
    }

    pub fn group(&mut self, term: i64) -> &mut Self {
        self.groups.insert(term);
        self
    }

    pub fn account(&mut self, term: i64) -> &mut Self {
        self.accounts.insert(term);
        self
    }

    /// Looks the names up.
    pub async fn look_up(self, tx: &mut Tx, at: Snapshot) -> Result<Names, ViewError> {
        let mut names = Names::default();
        if !self.resources.is_empty() {
            for workspace in tx.workspace_list(at).await? {
                let name = workspace
                    .attributes
                    .text("name")
                    .unwrap_or(&workspace.id)
                    .to_owned();
                let type_key = workspace
                    .attributes
                    .text("type_key")
                    .unwrap_or_default()
                    .to_owned();
                let product = product_name(&type_key).to_owned();
                let named = WorkspaceRef {
                    workspace_id: workspace.id,
                    name,
                    type_key,
                    product,
                    is_listed: true,
                };
                names.resources.insert(workspace.term, named);
            }
        }
        let unlisted = self
            .resources
            .iter()
            .filter(|term| !names.resources.contains_key(*term));
        let plain: Vec<i64> = unlisted.chain(&self.roles).copied().collect();
        for (term, text) in tx.term_texts(&plain).await? {
            if self.roles.contains(&term) {
                names.roles.insert(term, RoleRef::of(&text));
            }
            if self.resources.contains(&term) {
                names
                    .resources
                    .entry(term)
                    .or_insert_with(|| unlisted_resource(&text));
            }
        }
        let groups: Vec<i64> = self.groups.into_iter().collect();
        for group in tx.group_names(at.organization, &groups).await? {
            let name = group.attributes.text("name").unwrap_or(&group.id).to_owned();
            names.groups.insert(
                group.term,
                GroupRef {
                    group_id: group.id,
                    name,
                },
            );
        }
        let unnamed: Vec<i64> = groups
            .iter()
            .filter(|group| !names.groups.contains_key(*group))
            .copied()
            .collect();
        for (term, text) in tx.term_texts(&unnamed).await? {
            names.groups.insert(
                term,
                GroupRef {
                    group_id: text.clone(),
                    name: text,
                },
            );
        }
        let accounts: Vec<i64> = self.accounts.into_iter().collect();
        for name in tx.account_names(&accounts).await? {
            names.accounts.insert(name.account, name.into());
        }
        Ok(names)
    }
}

/// A resource that is not in the list of workspaces, named from the parts of its id.
fn unlisted_resource(id: &str) -> WorkspaceRef {
    let mut parts = id.splitn(5, ':').skip(2);
    let owner = parts.next().unwrap_or_default();
    let place = parts.nth(1).unwrap_or(id);
    let product = if owner.is_empty() {
        "Resource"
    } else {
        product_name(owner)
    };
    let (kind, place) = place.split_once('/').unwrap_or(("", place));
    let short: String = place.chars().take(8).collect();
    let name = match (owner, kind, place) {
        (_, _, "all") => format!("All of {product}"),
        ("platform", "site", _) => format!("Site {short}"),
        ("platform", "org", _) => "The organization".to_owned(),
        _ => format!("{product} {short}"),
    };
    WorkspaceRef {
        workspace_id: id.to_owned(),
        name,
        type_key: owner.to_owned(),
        product: product.to_owned(),
        is_listed: false,
    }
}

impl Names {
    pub fn resource(&self, term: i64) -> WorkspaceRef {
        self.resources
            .get(&term)
            .cloned()
            .unwrap_or_else(|| unlisted_resource(""))
    }

    pub fn role(&self, term: i64) -> RoleRef {
        self.roles
            .get(&term)
            .cloned()
            .unwrap_or_else(|| RoleRef::of("unknown role"))
    }

    pub fn group(&self, term: i64) -> GroupRef {
        let unknown = || GroupRef {
            group_id: String::new(),
            name: "unknown group".to_owned(),
        };
        self.groups.get(&term).cloned().unwrap_or_else(unknown)
    }

    pub fn account(&self, term: i64) -> AccountRef {
        let unknown = || AccountRef {
            account_id: String::new(),
            name: None,
            email: None,
        };
        self.accounts.get(&term).cloned().unwrap_or_else(unknown)
    }

    /// With these accounts besides.
    pub fn and_accounts(mut self, accounts: Vec<AccountName>) -> Names {
        let named = accounts.into_iter().map(|name| (name.account, name.into()));
        self.accounts.extend(named);
        self
    }

    pub fn workspaces(&self) -> impl Iterator<Item = (i64, &WorkspaceRef)> {
        self.resources.iter().map(|(term, named)| (*term, named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_outside_the_list_is_named_from_its_id() {
        assert_eq!(
            unlisted_resource("ari:cloud:jira-software::site/3f0e1234-5678").name,
            "Jira 3f0e1234"
        );
        assert_eq!(
            unlisted_resource("ari:cloud:platform::site/3f0e1234-5678").name,
            "Site 3f0e1234"
        );
        assert_eq!(
            unlisted_resource("ari:cloud:platform::org/o1").name,
            "The organization"
        );
        assert_eq!(unlisted_resource("ari:cloud:jira::app/all").name, "All of jira");
    }

    #[test]
    fn a_workspace_is_told_from_others_of_its_site_by_the_product() {
        let mut acme = WorkspaceRef {
            workspace_id: "w1".into(),
            name: "acme".into(),
            type_key: "jira-software".into(),
            product: "Jira".into(),
            is_listed: true,
        };
        assert_eq!(acme.label(), "acme (Jira)");
        acme.name = "acme-jira".into();
        assert_eq!(acme.label(), "acme-jira");
    }

    #[test]
    fn an_account_without_a_name_is_called_by_its_email_or_id() {
        let mut account = AccountRef {
            account_id: "a1".into(),
            name: Some(" ".into()),
            email: None,
        };
        assert_eq!(account.label(), "a1");
        account.email = Some("x@example.org".into());
        assert_eq!(account.label(), "x@example.org");
    }
}
