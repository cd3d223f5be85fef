//! The organization as it is at this moment: rows, the indexes between them, and changes that wait to become visible.
//!
//! Rows have an internal index that is never reused; lists are told in that order. [`World::apply`] is the only place
//! that changes what reads say, and it moves [`World::version`], by which filtered lists are cached.

mod apply;
mod holdings;
mod pending;
mod rows;
mod scim;

use std::collections::HashMap;

pub(crate) use apply::{Change, ProfileEdit};
pub(crate) use holdings::Holding;
pub(crate) use rows::{
    Account, ApiKey, AuthPolicy, AuthTask, Differences, Directory, Domain, Group, OauthClient, Place, Policy,
    PolicyResource, Profile, ProfileField, Resource, ResourceKind, Restriction, ServiceAccount, ServiceToken,
    Site, Token,
};

pub(crate) use scim::{Scim, ScimGroup, ScimUser};

use crate::events::EventLog;
use crate::random::Random;

/// Everything the twin knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) org_id: String,
    pub(crate) org_name: String,
    /// The account to which the API keys belong: (id, name).
    pub(crate) key_owner: (String, String),
    pub(crate) directories: Vec<Directory>,
    pub(crate) sites: Vec<Site>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) groups: Vec<Group>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) service_accounts: Vec<ServiceAccount>,
    pub(crate) oauth_clients: Vec<OauthClient>,
    /// The first is the one of everybody who is under no other.
    pub(crate) auth_policies: Vec<AuthPolicy>,
    pub(crate) auth_tasks: Vec<AuthTask>,
    /// Policies as they will be when they are published.
    pub(crate) drafts: Vec<Policy>,
    pub(crate) scim: Scim,
    /// Accounts whose holdings have differences.
    pub(crate) differing: Vec<u32>,
    pub(crate) events: EventLog,
    /// When accounts last logged in since the organization was generated; of few, most of the time.
    pub(crate) log_ins: HashMap<Box<str>, i64>,
    /// Moves with each visible change.
    pub(crate) version: u64,
    /// Source of ids for rows that are made later.
    pub(crate) ids: Random,
    /// Seed of everything that is derived instead of stored.
    pub(crate) seed: u64,
    /// The reading of the clock at which the organization was generated.
    pub(crate) born_ms: i64,
    pub(crate) is_messy: bool,
    /// False where inviting answers that there is no paid subscription.
    pub(crate) is_paid: bool,
    account_by_id: HashMap<Box<str>, u32>,
    group_by_id: HashMap<Box<str>, u32>,
    resource_by_ari: HashMap<Box<str>, u32>,
    pending: Vec<pending::Waiting>,
    /// When the first of the waiting changes is due.
    next_due_ms: i64,
}

impl World {
    pub(crate) fn new(seed: u64, born_ms: i64) -> Self {
        Self {
            org_id: String::new(),
            org_name: String::new(),
            key_owner: (String::new(), String::new()),
            directories: Vec::new(),
            sites: Vec::new(),
            accounts: Vec::new(),
            groups: Vec::new(),
            resources: Vec::new(),
            domains: Vec::new(),
            policies: Vec::new(),
            tokens: Vec::new(),
            api_keys: Vec::new(),
            service_accounts: Vec::new(),
            oauth_clients: Vec::new(),
            auth_policies: Vec::new(),
            auth_tasks: Vec::new(),
            drafts: Vec::new(),
            scim: Scim::default(),
            differing: Vec::new(),
            events: EventLog::default(),
            log_ins: HashMap::new(),
            version: 0,
            ids: Random::new(seed, "later ids"),
            seed,
            born_ms,
            is_messy: false,
            is_paid: true,
            account_by_id: HashMap::new(),
            group_by_id: HashMap::new(),
            resource_by_ari: HashMap::new(),
            pending: Vec::new(),
            next_due_ms: i64::MAX,
        }
    }

    pub(crate) fn account(&self, index: u32) -> Option<&Account> {
        self.accounts.get(index as usize)
    }

    pub(crate) fn group(&self, index: u32) -> Option<&Group> {
        self.groups.get(index as usize)
    }

    pub(crate) fn resource(&self, index: u32) -> Option<&Resource> {
        self.resources.get(index as usize)
    }

    /// The account with this id, if it is in the organization.
    pub(crate) fn account_index(&self, id: &str) -> Option<u32> {
        let index = *self.account_by_id.get(id)?;
        self.account(index)
            .filter(|account| !account.places.is_empty())
            .map(|_| index)
    }

    /// The group with this id, unless it was deleted.
    pub(crate) fn group_index(&self, id: &str) -> Option<u32> {
        let index = *self.group_by_id.get(id)?;
        self.group(index).filter(|group| !group.is_deleted).map(|_| index)
    }

    pub(crate) fn resource_index(&self, ari: &str) -> Option<u32> {
        self.resource_by_ari.get(ari).copied()
    }

    pub(crate) fn directory_index(&self, id: &str) -> Option<u16> {
        let index = self.directories.iter().position(|directory| directory.id == id)?;
        u16::try_from(index).ok()
    }

    pub(crate) fn add_account(&mut self, account: Account) -> u32 {
        let index = self.accounts.len() as u32;
        self.account_by_id.insert(account.id.clone(), index);
        self.accounts.push(account);
        index
    }

    pub(crate) fn add_group(&mut self, group: Group) -> u32 {
        let index = self.groups.len() as u32;
        self.group_by_id.insert(group.id.clone(), index);
        self.groups.push(group);
        index
    }

    pub(crate) fn add_resource(&mut self, resource: Resource) -> u32 {
        let index = self.resources.len() as u32;
        self.resource_by_ari.insert(resource.ari.clone().into(), index);
        self.resources.push(resource);
        index
    }

    /// The account with this id, whether or not it is in a directory.
    pub(crate) fn account_known(&self, id: &str) -> Option<u32> {
        let index = *self.account_by_id.get(id)?;
        self.account(index)
            .filter(|account| !account.places.is_empty() || account.is_listed_only())
            .map(|_| index)
    }

    /// The key with this secret.
    pub(crate) fn api_key(&self, secret: &str) -> Option<&ApiKey> {
        self.api_keys
            .iter()
            .find(|key| key.secret.as_deref() == Some(secret))
    }

    /// True when the domain of an e-mail address is claimed.
    pub(crate) fn is_claimed(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.domains
            .iter()
            .any(|it| it.claim_status == "verified" && it.name.eq_ignore_ascii_case(domain))
    }

    /// The account with this e-mail, looked for in all of them.
    pub(crate) fn account_with_email(&self, email: &str) -> Option<u32> {
        (0u32..)
            .zip(&self.accounts)
            .find(|(_, account)| {
                account.email.eq_ignore_ascii_case(email)
                    && (!account.places.is_empty() || account.is_listed_only())
            })
            .map(|(index, _)| index)
    }

    /// The accounts that the search of a directory (`None`: of all) shows, in the order of lists.
    pub(crate) fn accounts_in(&self, directory: Option<u16>) -> impl Iterator<Item = (u32, &Account)> {
        (0u32..)
            .zip(&self.accounts)
            .filter(move |(_, account)| account.place(directory).is_some())
    }

    /// The accounts of all directories, and those that are managed without being in one.
    pub(crate) fn accounts_known(&self) -> impl Iterator<Item = (u32, &Account)> {
        (0u32..)
            .zip(&self.accounts)
            .filter(|(_, account)| !account.places.is_empty() || account.is_listed_only())
    }

    /// The groups of a directory (`None`: of all), in the order of lists.
    pub(crate) fn groups_in(&self, directory: Option<u16>) -> impl Iterator<Item = (u32, &Group)> {
        (0u32..).zip(&self.groups).filter(move |(_, group)| {
            !group.is_deleted && directory.is_none_or(|wanted| wanted == group.directory)
        })
    }

    /// The workspaces, in the order of lists.
    pub(crate) fn workspaces(&self) -> impl Iterator<Item = (u32, &Resource)> {
        (0u32..)
            .zip(&self.resources)
            .filter(|(_, resource)| resource.is_workspace())
    }

    /// The id a resource is filed under: its own directory if the account is there, else the account's first.
    pub(crate) fn holding_directory(&self, account: &Account, resource: &Resource) -> u16 {
        let first = account.places.first().map_or(0, |place| place.directory);
        if account.place(Some(resource.directory)).is_some() {
            resource.directory
        } else {
            first
        }
    }
}
