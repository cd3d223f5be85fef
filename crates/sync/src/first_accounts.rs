//! The first accounts of each directory, as their rows told them, for what is decided before all are read.
//!
//! Pages of several directories come in an order that the network chooses. Here they are looked at in layers: the first
//! pages of all directories, then the second ones. What is decided from layers follows from the organization alone, so
//! that two readings of the same organization ask the same.

use atlassian::Page;
use atlassian::wire::Account;
use model::DirectoryId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many accounts of a directory are kept; what needs more waits for all.
const MOST: usize = 1_000;

/// What the groups of an organization give: group to resources with roles.
pub(crate) type Grants = BTreeMap<String, Vec<(String, String)>>;

/// An account as its first row told it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FirstAccount {
    pub id: String,
    groups: Vec<String>,
    has_platform_role: bool,
    /// On how many resources it says that it holds roles.
    resources: Option<usize>,
}

impl FirstAccount {
    fn from_row(account: &Account) -> FirstAccount {
        let groups = account.groups.iter().flatten().map(|group| group.id.clone());
        let counted = account.counts.as_ref().and_then(|counts| counts.resources);
        FirstAccount {
            id: account.account_id.clone(),
            groups: groups.collect(),
            has_platform_role: account
                .platform_roles
                .as_ref()
                .is_some_and(|roles| !roles.is_empty()),
            resources: counted.and_then(|count| usize::try_from(count).ok()),
        }
    }

    fn given<'a>(&'a self, grants: &'a Grants) -> impl Iterator<Item = &'a (String, String)> {
        self.groups.iter().filter_map(|group| grants.get(group)).flatten()
    }

    /// Whether it must hold several roles, and roles on several resources.
    pub fn is_many_sided(&self, grants: &Grants) -> bool {
        let resources: BTreeSet<&String> = self.given(grants).map(|(resource, _)| resource).collect();
        let roles: BTreeSet<&String> = self.given(grants).map(|(_, role)| role).collect();
        self.has_platform_role || (resources.len() > 1 && roles.len() > 1)
    }

    /// Whether its groups explain on how many resources it holds roles; `None` where it does not say.
    pub fn is_explained(&self, grants: &Grants) -> Option<bool> {
        let resources: BTreeSet<&String> = self.given(grants).map(|(resource, _)| resource).collect();
        Some(self.resources? == resources.len())
    }
}

/// The first pages of each directory.
#[derive(Debug, Default)]
pub(crate) struct FirstAccounts {
    directories: Mutex<BTreeMap<String, Pages>>,
}

#[derive(Debug, Default)]
struct Pages {
    pages: Vec<Vec<FirstAccount>>,
    accounts: usize,
    has_ended: bool,
}

impl FirstAccounts {
    fn directories(&self) -> MutexGuard<'_, BTreeMap<String, Pages>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These directories are going to be read.
    pub fn expect(&self, directories: &[DirectoryId]) {
        let mut known = self.directories();
        for directory in directories {
            known.entry(directory.to_string()).or_default();
        }
    }

    /// Nothing more comes of this directory.
    pub fn end(&self, directory: &DirectoryId) {
        self.directories()
            .entry(directory.to_string())
            .or_default()
            .has_ended = true;
    }

    /// Takes a page in.
    pub fn add(&self, directory: &DirectoryId, page: &Page<Account>) {
        let mut known = self.directories();
        let pages = known.entry(directory.to_string()).or_default();
        if pages.has_ended || pages.accounts >= MOST {
            return;
        }
        let told = page.items.iter().filter(|account| !account.account_id.is_empty());
        let accounts: Vec<FirstAccount> = told.map(FirstAccount::from_row).collect();
        pages.accounts += accounts.len();
        pages.pages.push(accounts);
        pages.has_ended = page.next.is_none();
    }

    /// The accounts on this page of every directory, from 0, in the order of their ids; `None` until all are there,
    /// and after the last.
    pub fn layer(&self, number: usize) -> Option<Vec<FirstAccount>> {
        let known = self.directories();
        let is_there = |pages: &Pages| pages.has_ended || pages.pages.len() > number;
        let is_beyond = known.values().all(|pages| pages.pages.len() <= number);
        if is_beyond || !known.values().all(is_there) {
            return None;
        }
        let mut accounts: Vec<FirstAccount> = known
            .values()
            .filter_map(|pages| pages.pages.get(number))
            .flatten()
            .cloned()
            .collect();
        accounts.sort_by(|one, other| one.id.cmp(&other.id));
        Some(accounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlassian::Cursor;

    fn page(ids: &[&str], has_next: bool) -> Page<Account> {
        let account = |id: &&str| Account {
            account_id: (*id).to_owned(),
            ..Account::default()
        };
        Page {
            items: ids.iter().map(account).collect(),
            next: has_next.then(|| Cursor::kept("next")),
            sent_at: 0,
        }
    }

    fn ids(first: &FirstAccounts, number: usize) -> Option<Vec<String>> {
        let layer = first.layer(number)?;
        Some(layer.into_iter().map(|account| account.id).collect())
    }

    #[test]
    fn a_layer_is_there_when_every_directory_told_its_page() {
        let (one, two) = (DirectoryId::new("one"), DirectoryId::new("two"));
        let first = FirstAccounts::default();
        first.expect(&[one.clone(), two.clone()]);
        first.add(&one, &page(&["c"], true));
        first.add(&one, &page(&["b"], false));
        assert_eq!(ids(&first, 0), None);
        first.add(&two, &page(&["a"], false));
        assert_eq!(ids(&first, 0), Some(vec!["a".into(), "c".into()]));
        assert_eq!(ids(&first, 1), Some(vec!["b".into()]));
        assert_eq!(ids(&first, 2), None);
    }

    #[test]
    fn a_directory_that_is_refused_holds_nobody_up() {
        let (one, two) = (DirectoryId::new("one"), DirectoryId::new("two"));
        let first = FirstAccounts::default();
        first.expect(&[one.clone(), two.clone()]);
        first.add(&one, &page(&["c"], false));
        first.end(&two);
        assert_eq!(ids(&first, 0), Some(vec!["c".into()]));
    }
}
