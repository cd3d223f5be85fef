//! Everything that an access file can name, and how things are called in one so that they are found again.

use crate::error::AppError;
use crate::views::names::Wanted;
use crate::views::{AccountRef, GroupRef, Scope, WorkspaceRef};
use model::role::{DOCUMENTED_ROLES, role_name};
use model::{FactKind, RunId};
use std::collections::{BTreeSet, HashMap};
use store::Tx;
use store::views::Described;

/// Something that the file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant<T> {
    /// It is there.
    Here(T),
    /// It was there once.
    Gone(T),
}

/// A group that is there or was.
#[derive(Debug, Clone)]
pub(super) struct KnownGroup {
    pub term: i64,
    pub named: GroupRef,
    pub directory: Option<String>,
    /// Whether an identity provider owns it, where that is told.
    pub is_synced: Option<bool>,
}

/// A resource that roles are held on.
#[derive(Debug, Clone)]
pub(super) struct KnownResource {
    pub term: i64,
    pub named: WorkspaceRef,
}

/// Everything that a file can name.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// With whether each is gone.
    pub(super) accounts: Vec<(AccountRef, bool)>,
    account_by_id: HashMap<String, usize>,
    /// By e-mail address and by name, in lower case.
    account_by_email: HashMap<String, Vec<usize>>,
    account_by_name: HashMap<String, Vec<usize>>,
    /// With whether each is gone.
    pub(super) groups: Vec<(KnownGroup, bool)>,
    pub(super) group_by_id: HashMap<String, usize>,
    group_by_name: HashMap<String, Vec<usize>>,
    group_by_term: HashMap<i64, usize>,
    pub resources: Vec<KnownResource>,
    pub directories: Vec<(String, String)>,
    pub roles: BTreeSet<String>,
    role_terms: HashMap<i64, String>,
    /// Organization and site admins, who are admins of products without being given that.
    administrators: BTreeSet<String>,
}

impl Known {
    /// Looks everything up once.
    pub async fn look_up(tx: &mut Tx, scope: &Scope) -> Result<Known, AppError> {
        let at = scope.snapshot();
        let mut known = Known::default();
        let mut after = -1;
        loop {
            let (facts, next) = tx
                .facts_chunk(at.organization, FactKind::Account, RunId(at.run), after)
                .await?;
            for fact in facts {
                let [account_id, ..] = fact.key;
                let (name, email) = (fact.name, fact.email);
                known.add_account(
                    AccountRef {
                        account_id,
                        name,
                        email,
                    },
                    false,
                );
            }
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        for gone in tx.gone_list(at, FactKind::Account).await? {
            let account = AccountRef {
                account_id: gone.row.id,
                name: gone.name,
                email: gone.email,
            };
            known.add_account(account, true);
        }
        for group in tx.group_list(at).await? {
            known.add_group(&group, false);
        }
        for gone in tx.gone_list(at, FactKind::Group).await? {
            known.add_group(&gone.row, true);
        }
        for directory in tx.directory_list(at).await? {
            let name = directory.attributes.text("name").unwrap_or_default().to_owned();
            known.directories.push((directory.id, name));
        }
        let mut wanted = Wanted::default();
        let (held, given) = (tx.role_counts(at, None).await?, tx.grant_counts(at).await?);
        // Every workspace is looked up with any resource.
        let mut resources: BTreeSet<i64> = tx
            .workspace_list(at)
            .await?
            .iter()
            .map(|workspace| workspace.term)
            .collect();
        let mut roles = BTreeSet::new();
        for count in held.iter().chain(&given) {
            resources.insert(count.resource);
            roles.insert(count.role);
        }
        for term in &resources {
            wanted.resource(*term);
        }
        for term in &roles {
            wanted.role(*term);
        }
        let names = wanted.look_up(tx, at).await?;
        for term in resources {
            let named = names.resource(term);
            known.resources.push(KnownResource { term, named });
        }
        known.resources.sort_by(|one, other| {
            let key = |resource: &KnownResource| {
                let named = &resource.named;
                (!named.is_listed, named.label(), named.workspace_id.clone())
            };
            key(one).cmp(&key(other))
        });
        known.roles = DOCUMENTED_ROLES.iter().map(|role| (*role).to_owned()).collect();
        for term in roles {
            let role = names.role(term).role_id;
            known.roles.insert(role.clone());
            known.role_terms.insert(term, role);
        }
        for role in ["atlassian/org-admin", "atlassian/site-admin"] {
            known
                .administrators
                .extend(tx.platform_role_holders(at, role).await?);
        }
        Ok(known)
    }

    fn add_account(&mut self, account: AccountRef, is_gone: bool) {
        let index = self.accounts.len();
        let told = |text: &Option<String>| {
            text.as_deref()
                .map(str::to_lowercase)
                .filter(|text| !text.is_empty())
        };
        if let Some(email) = told(&account.email) {
            self.account_by_email.entry(email).or_default().push(index);
        }
        if let Some(name) = told(&account.name) {
            self.account_by_name.entry(name).or_default().push(index);
        }
        self.account_by_id.insert(account.account_id.clone(), index);
        self.accounts.push((account, is_gone));
    }

    fn add_group(&mut self, group: &Described, is_gone: bool) {
        let told = &group.attributes;
        let name = told.text("name").unwrap_or(&group.id).to_owned();
        let index = self.groups.len();
        self.group_by_name
            .entry(name.to_lowercase())
            .or_default()
            .push(index);
        self.group_by_id.insert(group.id.clone(), index);
        self.group_by_term.insert(group.term, index);
        let is_synced = crate::plans::is_ours(group).map(|is_ours| !is_ours);
        let known = KnownGroup {
            term: group.term,
            named: GroupRef {
                group_id: group.id.clone(),
                name,
            },
            directory: told.text("directory_id").map(str::to_owned),
            is_synced,
        };
        self.groups.push((known, is_gone));
    }

    /// The groups that are there, by name.
    pub fn groups(&self) -> Vec<&KnownGroup> {
        let here = self.groups.iter().filter(|(_, is_gone)| !is_gone);
        let mut groups: Vec<&KnownGroup> = here.map(|(group, _)| group).collect();
        groups.sort_by(|one, other| {
            let key = |group: &KnownGroup| (group.named.name.clone(), group.named.group_id.clone());
            key(one).cmp(&key(other))
        });
        groups
    }

    /// The group with this number.
    pub fn group_of(&self, term: i64) -> Option<&KnownGroup> {
        let index = self.group_by_term.get(&term)?;
        self.groups.get(*index).map(|(group, _)| group)
    }

    /// The role with this number.
    pub fn role_of(&self, term: i64) -> Option<&str> {
        self.role_terms.get(&term).map(String::as_str)
    }

    /// Whether an account may hold a role because it is an administrator of more.
    pub fn may_follow(&self, account: &AccountRef, role: &str) -> bool {
        role == "atlassian/admin" && self.administrators.contains(&account.account_id)
    }

    /// How an account is called in a file: by its e-mail address where that tells it from all others.
    pub fn account_reference(&self, account: &AccountRef) -> String {
        let email = account.email.clone().filter(|email| {
            let found = self.account_named(email);
            matches!(found, Named::One(Meant::Here(found)) if found.account_id == account.account_id)
        });
        email.unwrap_or_else(|| account.account_id.clone())
    }

    /// How a group is called in a file: by its name where that tells it from all others.
    pub fn group_reference(&self, group: &KnownGroup) -> String {
        let found = self.group_named(&group.named.name, None);
        match found {
            Named::One(Meant::Here(found)) if found.named == group.named => group.named.name.clone(),
            _ => group.named.group_id.clone(),
        }
    }

    /// How a role is called in a file.
    pub fn role_reference(&self, role: &str) -> String {
        let short = role.strip_prefix("atlassian/").unwrap_or(role);
        if self.role_named(short).as_deref() == Some(role) {
            short.to_owned()
        } else {
            role.to_owned()
        }
    }

    /// How a resource is called in a file, if a name tells it from all others.
    pub fn resource_name(&self, resource: &KnownResource) -> Option<String> {
        let label = resource.named.label();
        match self.resource_named(&label).as_slice() {
            [only] if only.named == resource.named => Some(label),
            _ => None,
        }
    }

    pub(super) fn account_named(&self, asked: &str) -> Named<&AccountRef> {
        if let Some((account, is_gone)) = self
            .account_by_id
            .get(asked)
            .and_then(|at| self.accounts.get(*at))
        {
            return Named::One(meant(account, *is_gone));
        }
        let lower = asked.to_lowercase();
        let mut best = Named::None;
        for wants_gone in [false, true] {
            for list in [&self.account_by_email, &self.account_by_name] {
                let indexes = list.get(&lower).into_iter().flatten();
                let all = indexes
                    .filter_map(|index| self.accounts.get(*index))
                    .filter(|(_, is_gone)| *is_gone == wants_gone)
                    .map(|(account, is_gone)| meant(account, *is_gone))
                    .collect();
                best = best.or(all);
            }
        }
        best
    }

    pub(super) fn group_named(&self, asked: &str, directory: Option<&str>) -> Named<&KnownGroup> {
        let indexes = self.group_by_name.get(&asked.to_lowercase());
        let all: Vec<&(KnownGroup, bool)> = indexes
            .into_iter()
            .flatten()
            .filter_map(|index| self.groups.get(*index))
            .filter(|(group, _)| directory.is_none() || group.directory.as_deref() == directory)
            .collect();
        let mut best = Named::None;
        for wants_gone in [false, true] {
            // Names that differ in their case only are told apart by it.
            for is_exact in [true, false] {
                let some = all
                    .iter()
                    .filter(|(group, is_gone)| {
                        *is_gone == wants_gone && (!is_exact || group.named.name == asked)
                    })
                    .map(|(group, is_gone)| meant(group, *is_gone))
                    .collect();
                best = best.or(some);
            }
        }
        best
    }

    pub(super) fn resource_named(&self, asked: &str) -> Vec<&KnownResource> {
        let lower = asked.to_lowercase();
        let listed = || self.resources.iter().filter(|resource| resource.named.is_listed);
        let by_label: Vec<&KnownResource> = listed()
            .filter(|resource| resource.named.label().to_lowercase() == lower)
            .collect();
        if !by_label.is_empty() {
            return by_label;
        }
        listed()
            .filter(|resource| resource.named.name.to_lowercase() == lower)
            .collect()
    }

    pub(super) fn role_named(&self, asked: &str) -> Option<String> {
        let lower = asked.to_lowercase();
        let prefixed = format!("atlassian/{lower}");
        let is_meant = [
            |role: &str, asked: &str, _: &str, _: &str| role == asked,
            |role: &str, _: &str, prefixed: &str, _: &str| role == prefixed,
            |role: &str, _: &str, _: &str, lower: &str| role_name(role).to_lowercase() == lower,
        ];
        is_meant.iter().find_map(|is_meant| {
            let mut roles = self.roles.iter();
            roles
                .find(|role| is_meant(role, asked, &prefixed, &lower))
                .cloned()
        })
    }
}

pub(super) fn meant<T>(it: T, is_gone: bool) -> Meant<T> {
    if is_gone { Meant::Gone(it) } else { Meant::Here(it) }
}

/// What has a name.
pub(super) enum Named<T> {
    None,
    One(Meant<T>),
    Several(Vec<T>),
}

impl<T> Named<T> {
    /// This, or these where it is nothing.
    fn or(self, mut others: Vec<Meant<T>>) -> Named<T> {
        match (self, others.len()) {
            (Named::None, 0) => Named::None,
            (Named::None, 1) => others.pop().map_or(Named::None, Named::One),
            (Named::None, _) => {
                let any = |meant| match meant {
                    Meant::Here(it) | Meant::Gone(it) => it,
                };
                Named::Several(others.into_iter().map(any).collect())
            }
            (found, _) => found,
        }
    }
}
