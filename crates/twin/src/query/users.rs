//! The filters of the users search, its ending GET form, and the count.

use serde::{Deserialize, Serialize};

use super::{SortBy, assignments_match, role_set};
use crate::options::FilterSemantics;
use crate::state::{Account, World};

/// A users question; the same for search, list and count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UserAsk {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) directory_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mfa_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claim_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_status: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) membership_status: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_domains: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) search_term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) emails: Option<Vec<String>>,
    pub(crate) expand: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_by: Option<Vec<SortBy>>,
}

impl UserAsk {
    /// The question without what only shapes a page.
    pub(crate) fn filter(&self) -> UserAsk {
        UserAsk {
            cursor: None,
            limit: None,
            expand: None,
            ..self.clone()
        }
    }

    /// The accounts of a directory that match, in the order asked for.
    pub(crate) fn select(
        &self,
        world: &World,
        directory: Option<u16>,
        semantics: FilterSemantics,
    ) -> Vec<u32> {
        let matcher = Matcher::new(self, world, directory, semantics);
        let mut found: Vec<u32> = match matcher.candidates() {
            Some(candidates) => candidates
                .into_iter()
                .filter(|index| matcher.fits_index(*index))
                .collect(),
            None => world
                .accounts_in(directory)
                .filter(|(_, account)| matcher.fits(account))
                .map(|(index, _)| index)
                .collect(),
        };
        if let Some(sort) = self.sort_by.as_ref().and_then(|sorts| sorts.first()) {
            let key = |index: &u32| {
                let nickname = world.account(*index).and_then(|account| account.nickname.clone());
                (nickname.unwrap_or_default(), *index)
            };
            found.sort_by_cached_key(key);
            if sort.is_descending() {
                found.reverse();
            }
        }
        found
    }
}

/// A question with its ids looked up.
struct Matcher<'a> {
    ask: &'a UserAsk,
    world: &'a World,
    directory: Option<u16>,
    semantics: FilterSemantics,
    accounts: Option<Vec<u32>>,
    groups: Option<Vec<u32>>,
    resources: Option<Vec<u32>>,
    term: Option<String>,
}

impl<'a> Matcher<'a> {
    fn new(ask: &'a UserAsk, world: &'a World, directory: Option<u16>, semantics: FilterSemantics) -> Self {
        let look_up = |ids: &Option<Vec<String>>, find: &dyn Fn(&str) -> Option<u32>| {
            ids.as_ref().map(|ids| {
                let mut found: Vec<u32> = ids.iter().filter_map(|id| find(id)).collect();
                found.sort_unstable();
                found.dedup();
                found
            })
        };
        Self {
            ask,
            world,
            directory,
            semantics,
            accounts: look_up(&ask.account_ids, &|id| world.account_index(id)),
            groups: look_up(&ask.group_ids, &|id| world.group_index(id)),
            resources: look_up(&ask.resource_ids, &|ari| world.resource_index(ari)),
            term: ask.search_term.as_ref().map(|term| term.to_lowercase()),
        }
    }

    /// A short list that contains all that can match, if the question gives one.
    fn candidates(&self) -> Option<Vec<u32>> {
        if let Some(accounts) = &self.accounts {
            return Some(accounts.clone());
        }
        let mut found = Vec::new();
        if let Some(groups) = &self.groups {
            for group in groups.iter().filter_map(|group| self.world.group(*group)) {
                found.extend_from_slice(&group.members);
            }
        } else if let Some(resources) = &self.resources {
            for resource in resources {
                found.extend(self.world.holders(*resource));
            }
        } else {
            return None;
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    fn fits_index(&self, index: u32) -> bool {
        self.world
            .account(index)
            .is_some_and(|account| self.fits(account))
    }

    fn fits(&self, account: &Account) -> bool {
        let Some(place) = account.place(self.directory) else {
            return false;
        };
        let ask = self.ask;
        let one_of = |allowed: &Option<Vec<String>>, value: Option<&str>| {
            allowed
                .as_ref()
                .is_none_or(|allowed| value.is_some_and(|value| allowed.iter().any(|it| it == value)))
        };
        let is_in_directory = |id: &String| {
            self.world
                .directory_index(id)
                .is_some_and(|directory| account.place(Some(directory)).is_some())
        };
        let email = account.shown_email();
        one_of(&ask.membership_status, Some(place.status))
            && one_of(&ask.status, Some(account.status(place)))
            && one_of(&ask.account_status, account.account_status)
            && ask
                .claim_status
                .as_deref()
                .is_none_or(|wanted| account.claim_status == Some(wanted))
            && ask.mfa_enabled.is_none_or(|wanted| wanted == account.has_mfa)
            && ask
                .directory_ids
                .as_ref()
                .is_none_or(|ids| ids.iter().any(is_in_directory))
            && ask.emails.as_ref().is_none_or(|emails| {
                email.is_some_and(|email| emails.iter().any(|wanted| wanted.eq_ignore_ascii_case(email)))
            })
            && ask.email_domains.as_ref().is_none_or(|domains| {
                let domain = email
                    .and_then(|email| email.split_once('@'))
                    .map(|(_, domain)| domain);
                domain.is_some_and(|domain| domains.iter().any(|wanted| wanted.eq_ignore_ascii_case(domain)))
            })
            && self
                .accounts
                .as_ref()
                .is_none_or(|_| ask.account_ids.iter().flatten().any(|id| **id == *account.id))
            && self
                .groups
                .as_ref()
                .is_none_or(|groups| groups.iter().any(|it| account.groups.binary_search(it).is_ok()))
            && self.term.as_ref().is_none_or(|term| matches_term(account, term))
            && assignments_match(
                self.semantics,
                self.resources.as_deref(),
                ask.role_ids.as_ref().map(|ids| role_set(ids)),
                |resource| self.world.roles_on(account, resource),
                || self.world.roles_anywhere(account),
            )
    }
}

/// Free text looks at the display name, the nickname and the e-mail.
fn matches_term(account: &Account, term: &str) -> bool {
    let texts = [
        account.name.as_deref(),
        account.nickname.as_deref(),
        account.shown_email(),
    ];
    texts
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(term))
}
