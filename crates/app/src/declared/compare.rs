//! What is declared against what is so: the lines that are missing and those that are too many.

use super::file::{About, AccessFile, GroupEntry, Holder, ResourceEntry};
use super::held::{OwnRole, own_roles};
use super::known::{Known, KnownGroup, Meant};
use super::wrong::{Place, Wrong};
use crate::error::AppError;
use crate::plans::matches;
use crate::views::{AccountRef, At, GroupRef, Scope};
use model::{AccountId, Action, DirectoryId, GroupId, ResourceId, RoleId};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::Tx;
use store::views::Part;

/// Whether a line is missing at Atlassian or too much there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Sign {
    /// Declared, and not so.
    #[serde(rename = "+")]
    Missing,
    /// So, and not declared.
    #[serde(rename = "-")]
    Extra,
}

/// One thing that differs.
#[derive(Debug, Clone, Serialize)]
pub struct DriftLine {
    /// Missing or too much.
    pub sign: Sign,
    /// `group`, `member` or `role`.
    pub what: &'static str,
    /// Where it belongs in the file, such as `groups/confluence-users/members/ana@acme.example`.
    pub path: String,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountRef>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupRef>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The line of the file that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// What should be known besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What would end the difference.
    #[serde(skip)]
    pub(super) action: Option<Action>,
}

/// What differs about one group or resource.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// `group` or `resource`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// Its id as Atlassian spells it; `None` for a group that is not there.
    pub id: Option<String>,
    /// The line of the file where it begins.
    pub line: usize,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The lines, missing ones first.
    pub lines: Vec<DriftLine>,
}

/// How far what is so is from what is declared.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    /// When what is compared was read.
    pub read_at: Option<At>,
    /// Lines that are missing at Atlassian.
    pub missing: usize,
    /// Lines that are too many there.
    pub extra: usize,
    /// Declared roles of which it is not known whether the account holds them itself.
    pub unclear: Vec<String>,
    /// What differs, in the order of the file.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Whether anything differs.
    pub fn is_none(&self) -> bool {
        self.missing + self.extra == 0
    }

    /// What would end the differences: what is given first, so that who moves from one group to another keeps access.
    pub(super) fn actions(&self) -> Vec<Action> {
        let lines = || self.differences.iter().flat_map(|difference| &difference.lines);
        let is_group = |line: &&DriftLine| line.what == "group";
        let of = |sign: Sign, groups: bool| {
            let some = lines().filter(move |line| line.sign == sign && is_group(line) == groups);
            some.filter_map(|line| line.action.clone())
        };
        of(Sign::Missing, true)
            .chain(of(Sign::Missing, false))
            .chain(of(Sign::Extra, false))
            .chain(of(Sign::Extra, true))
            .collect()
    }
}

/// Compares a file with what is stored.
pub(super) struct Comparison<'a> {
    pub tx: &'a mut Tx,
    pub scope: &'a Scope,
    pub known: &'a Known,
    pub file: &'a AccessFile,
    pub now: i64,
    wrong: Vec<Wrong>,
    unclear: Vec<String>,
}

/// A group that a file means.
#[derive(Clone)]
struct Group<'a> {
    name: String,
    directory: Option<DirectoryId>,
    /// As the plan names it: of one that is to be made, by what makes it.
    id: GroupId,
    known: Option<&'a KnownGroup>,
    is_gone: bool,
}

impl<'a> Comparison<'a> {
    pub fn new(
        tx: &'a mut Tx,
        scope: &'a Scope,
        known: &'a Known,
        file: &'a AccessFile,
        now: i64,
    ) -> Comparison<'a> {
        Comparison {
            tx,
            scope,
            known,
            file,
            now,
            wrong: Vec::new(),
            unclear: Vec::new(),
        }
    }

    /// The drift, or all names that mean nothing.
    pub async fn drift(mut self) -> Result<Result<Drift, Vec<Wrong>>, AppError> {
        let mut differences = Vec::new();
        // Groups that are to be made, by name: resources may name them.
        let mut new = HashMap::new();
        let mut lines: HashMap<String, usize> = HashMap::new();
        let file = self.file;
        for entry in &file.groups {
            let Some(group) = self.group(entry) else {
                // Whatever else is wrong with it is told at once.
                for holder in entry.members.iter().flatten() {
                    self.account(holder);
                }
                continue;
            };
            if !self.is_first(&mut lines, group.id.as_str(), &group.name, entry.place) {
                continue;
            }
            if entry.create && group.known.is_none() {
                new.insert(group.name.clone(), group.clone());
            }
            differences.push(self.group_difference(entry, &group).await?);
        }
        for entry in &file.resources {
            let resource = match self.known.resource(self.tx, self.scope, entry).await? {
                Ok(resource) => resource,
                Err(wrong) => {
                    self.wrong.push(wrong);
                    continue;
                }
            };
            let (id, name) = (resource.named.workspace_id.clone(), resource.named.label());
            if self.is_first(&mut lines, &id, &name, entry.place) {
                let lines = self
                    .resource_lines(entry, resource.term, &id, &name, &new)
                    .await?;
                differences.push(Difference {
                    kind: "resource",
                    name,
                    id: Some(id),
                    line: entry.place.line,
                    owner: entry.about.owner.clone(),
                    lines,
                });
            }
        }
        if !self.wrong.is_empty() {
            self.wrong.sort_by_key(|wrong| wrong.place);
            return Ok(Err(self.wrong));
        }
        differences.retain(|difference| !difference.lines.is_empty());
        let count = |sign: Sign| {
            let lines = differences.iter().flat_map(|difference| &difference.lines);
            lines.filter(|line| line.sign == sign).count()
        };
        Ok(Ok(Drift {
            read_at: self.scope.read_at,
            missing: count(Sign::Missing),
            extra: count(Sign::Extra),
            unclear: self.unclear,
            differences,
        }))
    }

    /// Whether a name stands in the file for the first time; the second is an error.
    fn is_first(&mut self, lines: &mut HashMap<String, usize>, id: &str, name: &str, place: Place) -> bool {
        match lines.insert(id.to_owned(), place.line) {
            None => true,
            Some(line) => {
                let what = format!("\"{name}\" is there already, in line {line}");
                self.wrong.push(Wrong::new(place, what, None));
                false
            }
        }
    }

    fn group(&mut self, entry: &GroupEntry) -> Option<Group<'a>> {
        let found = match self.known.group(entry) {
            Ok(Some(Meant::Here(known))) => Ok(existing(known, false)),
            Ok(Some(Meant::Gone(known))) => Ok(existing(known, true)),
            Ok(None) => {
                let directory = match &entry.directory {
                    Some(directory) => self.known.directory(directory),
                    None => self.known.only_directory(entry.place),
                };
                let name = entry
                    .name
                    .as_ref()
                    .map(|name| name.text.clone())
                    .unwrap_or_default();
                match directory {
                    Ok(directory) => {
                        let directory = DirectoryId::new(directory);
                        Ok(Group {
                            id: GroupId::made(&directory, &name),
                            name,
                            directory: Some(directory),
                            known: None,
                            is_gone: false,
                        })
                    }
                    // What is to be absent and was never there needs no place.
                    Err(_) if entry.absent => Ok(Group {
                        id: GroupId::new(&name),
                        name,
                        directory: None,
                        known: None,
                        is_gone: true,
                    }),
                    Err(wrong) => Err(wrong),
                }
            }
            Err(wrong) => Err(wrong),
        };
        match found {
            Ok(group) => Some(group),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    async fn group_difference(
        &mut self,
        entry: &GroupEntry,
        group: &Group<'a>,
    ) -> Result<Difference, AppError> {
        let path = format!("groups/{}", group.name);
        let group_line = |sign: Sign, note: Option<&str>, action: Option<Action>| DriftLine {
            group: group.known.map(|known| known.named.clone()),
            action,
            ..line(
                sign,
                "group",
                path.clone(),
                Some(entry.place.line),
                &entry.about,
                note.map(str::to_owned),
            )
        };
        let mut lines = Vec::new();
        let is_there = group.known.is_some() && !group.is_gone;
        if entry.absent && is_there {
            let action = group.directory.clone().map(|directory| Action::DeleteGroup {
                directory,
                group: group.id.clone(),
            });
            lines.push(group_line(Sign::Extra, Some("declared absent"), action));
        }
        if !entry.absent && !is_there {
            let action =
                group
                    .directory
                    .clone()
                    .filter(|_| entry.create)
                    .map(|directory| Action::CreateGroup {
                        directory,
                        name: group.name.clone(),
                        description: entry.description.clone(),
                    });
            let note = action
                .is_none()
                .then_some("it is gone: write create: true to have it made again, or absent: true");
            lines.push(group_line(Sign::Missing, note, action));
        }
        if !entry.absent
            && (is_there || entry.create)
            && let Some(members) = &entry.members
        {
            self.members(entry, members, group, &path, &mut lines).await?;
        }
        Ok(Difference {
            kind: "group",
            name: group.name.clone(),
            id: group.known.map(|known| known.named.group_id.clone()),
            line: entry.place.line,
            owner: entry.about.owner.clone(),
            lines,
        })
    }

    async fn members(
        &mut self,
        entry: &GroupEntry,
        members: &[Holder],
        group: &Group<'a>,
        path: &str,
        lines: &mut Vec<DriftLine>,
    ) -> Result<(), AppError> {
        let mut have: BTreeMap<String, AccountRef> = BTreeMap::new();
        if let Some(known) = group.known.filter(|_| !group.is_gone) {
            let all = Part::first(i64::from(i32::MAX));
            let at = self.scope.snapshot();
            for row in self.tx.group_members(at, known.term, "", all, false).await? {
                let account = AccountRef::from(row.account);
                have.insert(account.account_id.clone(), account);
            }
        }
        let (mut missing, mut seen) = (Vec::new(), HashMap::new());
        let mut expired: HashMap<String, &About> = HashMap::new();
        for holder in members {
            let Some((account, is_gone)) = self.account(holder) else {
                continue;
            };
            if !self.is_first(&mut seen, &account.account_id, account.label(), holder.who.place) {
                continue;
            }
            if self.is_expired(&holder.about) {
                expired.insert(account.account_id.clone(), &holder.about);
                continue;
            }
            if have.remove(&account.account_id).is_some() {
                continue;
            }
            let action = group.directory.clone().map(|directory| Action::AddMember {
                directory,
                group: group.id.clone(),
                account: AccountId::new(&account.account_id),
            });
            missing.push(self.member(Sign::Missing, path, account, Some(holder), is_gone, action));
        }
        let mut extra = Vec::new();
        for account in have.into_values() {
            let about = expired.get(&account.account_id);
            if about.is_none() && self.is_ignored(&account, &entry.ignore) {
                continue;
            }
            let action = group.directory.clone().map(|directory| Action::RemoveMember {
                directory,
                group: group.id.clone(),
                account: AccountId::new(&account.account_id),
            });
            let mut line = self.member(Sign::Extra, path, account, None, false, action);
            over(&mut line, about.copied());
            extra.push(line);
        }
        sorted(lines, missing, extra);
        Ok(())
    }

    fn member(
        &self,
        sign: Sign,
        path: &str,
        account: AccountRef,
        holder: Option<&Holder>,
        is_gone: bool,
        action: Option<Action>,
    ) -> DriftLine {
        let path = format!("{path}/members/{}", self.known.account_reference(&account));
        let about = holder.map(|holder| holder.about.clone()).unwrap_or_default();
        let place = holder.map(|holder| holder.who.place.line);
        DriftLine {
            account: Some(account),
            action: action.filter(|_| !is_gone),
            ..line(
                sign,
                "member",
                path,
                place,
                &about,
                is_gone.then(|| GONE.to_owned()),
            )
        }
    }

    async fn resource_lines(
        &mut self,
        entry: &ResourceEntry,
        term: i64,
        id: &str,
        name: &str,
        new: &HashMap<String, Group<'a>>,
    ) -> Result<Vec<DriftLine>, AppError> {
        let mut lines = Vec::new();
        let resource = ResourceId::new(id);
        if let Some(groups) = &entry.groups {
            self.given(entry, groups, term, &resource, name, new, &mut lines)
                .await?;
        }
        if let Some(accounts) = &entry.accounts {
            self.held(entry, accounts, term, &resource, name, &mut lines)
                .await?;
        }
        Ok(lines)
    }

    /// The roles that groups give.
    #[expect(clippy::too_many_arguments, reason = "all of one entry, taken apart once")]
    async fn given(
        &mut self,
        entry: &ResourceEntry,
        groups: &[Holder],
        term: i64,
        resource: &ResourceId,
        name: &str,
        new: &HashMap<String, Group<'a>>,
        lines: &mut Vec<DriftLine>,
    ) -> Result<(), AppError> {
        let mut have: BTreeMap<(String, String), &KnownGroup> = BTreeMap::new();
        for grant in self
            .tx
            .grant_list(self.scope.snapshot(), None, Some(term))
            .await?
        {
            if let (Some(group), Some(role)) =
                (self.known.group_of(grant.group), self.known.role_of(grant.role))
            {
                have.insert((group.named.group_id.clone(), role.to_owned()), group);
            }
        }
        let (mut missing, mut seen, mut expired) = (Vec::new(), HashMap::new(), HashMap::new());
        for holder in groups {
            let group = match new.get(&holder.who.text) {
                Some(group) => group.clone(),
                None => match self.known.group_reference_of(&holder.who) {
                    Ok(Meant::Here(known)) => existing(known, false),
                    Ok(Meant::Gone(known)) => existing(known, true),
                    Err(wrong) => {
                        self.wrong.push(wrong);
                        continue;
                    }
                },
            };
            let Some(role) = self.role(holder) else { continue };
            let key = (group.id.as_str().to_owned(), role.clone());
            let what = format!("{} as {role}", group.name);
            if !self.is_first(
                &mut seen,
                &format!("{}\n{}", key.0, key.1),
                &what,
                holder.who.place,
            ) {
                continue;
            }
            if self.is_expired(&holder.about) {
                expired.insert(key, &holder.about);
                continue;
            }
            if have.remove(&key).is_some() {
                continue;
            }
            let action = group.directory.clone().filter(|_| !group.is_gone);
            let action = action.map(|directory| Action::GrantGroupRole {
                directory,
                group: group.id.clone(),
                resource: resource.clone(),
                role: RoleId::new(&role),
            });
            let path = format!(
                "resources/{name}/groups/{}/{}",
                group.name,
                self.known.role_reference(&role)
            );
            let note = group.is_gone.then(|| GONE.to_owned());
            missing.push(DriftLine {
                group: Some(GroupRef {
                    group_id: group
                        .known
                        .map(|known| known.named.group_id.clone())
                        .unwrap_or_default(),
                    name: group.name.clone(),
                }),
                role: Some(role),
                action,
                ..line(
                    Sign::Missing,
                    "role",
                    path,
                    Some(holder.who.place.line),
                    &holder.about,
                    note,
                )
            });
        }
        let mut extra = Vec::new();
        for ((group_id, role), group) in have {
            let about = expired.get(&(group_id.clone(), role.clone()));
            let named = [group_id.as_str(), group.named.name.as_str()];
            let mut patterns = entry.ignore.iter().chain(&self.file.ignore_groups);
            let is_ignored = patterns.any(|pattern| named.iter().any(|text| matches(pattern, text)));
            if about.is_none() && is_ignored {
                continue;
            }
            let action = group.directory.clone().map(|directory| Action::RevokeGroupRole {
                directory: DirectoryId::new(directory),
                group: GroupId::new(&group_id),
                resource: resource.clone(),
                role: RoleId::new(&role),
            });
            let path = format!(
                "resources/{name}/groups/{}/{}",
                self.known.group_reference(group),
                self.known.role_reference(&role)
            );
            let mut one = DriftLine {
                group: Some(group.named.clone()),
                role: Some(role),
                action,
                ..line(Sign::Extra, "role", path, None, &About::default(), None)
            };
            over(&mut one, about.copied());
            extra.push(one);
        }
        sorted(lines, missing, extra);
        Ok(())
    }

    /// The roles that accounts hold themselves.
    async fn held(
        &mut self,
        entry: &ResourceEntry,
        accounts: &[Holder],
        term: i64,
        resource: &ResourceId,
        name: &str,
        lines: &mut Vec<DriftLine>,
    ) -> Result<(), AppError> {
        let mut have = own_roles(self.tx, self.scope, self.known, term).await?;
        let (mut missing, mut seen, mut expired) = (Vec::new(), HashMap::new(), HashMap::new());
        for holder in accounts {
            let (Some((account, is_gone)), Some(role)) = (self.account(holder), self.role(holder)) else {
                continue;
            };
            let key = (account.account_id.clone(), role.clone());
            let what = format!("{} as {role}", account.label());
            if !self.is_first(
                &mut seen,
                &format!("{}\n{}", key.0, key.1),
                &what,
                holder.who.place,
            ) {
                continue;
            }
            let path = self.role_path(name, &account, &role);
            if self.is_expired(&holder.about) {
                expired.insert(key, &holder.about);
                continue;
            }
            match have.remove(&key) {
                Some(OwnRole { is_certain: true, .. }) => continue,
                Some(_) => {
                    self.unclear.push(path);
                    continue;
                }
                None => {}
            }
            let action = (!is_gone).then(|| Action::GrantRole {
                account: AccountId::new(&account.account_id),
                resource: resource.clone(),
                role: RoleId::new(&role),
            });
            let note = is_gone.then(|| GONE.to_owned());
            missing.push(DriftLine {
                account: Some(account),
                role: Some(role),
                action,
                ..line(
                    Sign::Missing,
                    "role",
                    path,
                    Some(holder.who.place.line),
                    &holder.about,
                    note,
                )
            });
        }
        let mut extra = Vec::new();
        for ((_, role), own) in have {
            let about = expired.get(&(own.account.account_id.clone(), role.clone()));
            // Whether it holds that itself is not known: nothing says that it is too much.
            if !own.is_certain || (about.is_none() && self.is_ignored(&own.account, &entry.ignore)) {
                continue;
            }
            let action = Action::RevokeRole {
                account: AccountId::new(&own.account.account_id),
                resource: resource.clone(),
                role: RoleId::new(&role),
            };
            let path = self.role_path(name, &own.account, &role);
            let mut one = DriftLine {
                account: Some(own.account),
                role: Some(role),
                action: Some(action),
                ..line(Sign::Extra, "role", path, None, &About::default(), None)
            };
            over(&mut one, about.copied());
            extra.push(one);
        }
        sorted(lines, missing, extra);
        Ok(())
    }

    fn role_path(&self, resource: &str, account: &AccountRef, role: &str) -> String {
        format!(
            "resources/{resource}/accounts/{}/{}",
            self.known.account_reference(account),
            self.known.role_reference(role)
        )
    }

    fn account(&mut self, holder: &Holder) -> Option<(AccountRef, bool)> {
        match self.known.account(&holder.who) {
            Ok(Meant::Here(account)) => Some((account.clone(), false)),
            Ok(Meant::Gone(account)) => Some((account.clone(), true)),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    fn role(&mut self, holder: &Holder) -> Option<String> {
        match self.known.role(holder.role.as_ref()?) {
            Ok(role) => Some(role),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    fn is_expired(&self, about: &About) -> bool {
        about.expires.as_ref().is_some_and(|(_, over)| self.now >= over.0)
    }

    fn is_ignored(&self, account: &AccountRef, more: &[String]) -> bool {
        let named = [Some(account.account_id.as_str()), account.email.as_deref()];
        let mut patterns = self.file.ignore_accounts.iter().chain(more);
        patterns.any(|pattern| named.iter().flatten().any(|text| matches(pattern, text)))
    }
}

const GONE: &str = "it is no longer in the organization";

fn existing(known: &KnownGroup, is_gone: bool) -> Group<'_> {
    Group {
        name: known.named.name.clone(),
        directory: known.directory.as_deref().map(DirectoryId::new),
        id: GroupId::new(&known.named.group_id),
        known: Some(known),
        is_gone,
    }
}

fn line(
    sign: Sign,
    what: &'static str,
    path: String,
    place: Option<usize>,
    about: &About,
    note: Option<String>,
) -> DriftLine {
    DriftLine {
        sign,
        what,
        path,
        account: None,
        group: None,
        role: None,
        line: place,
        owner: about.owner.clone(),
        reason: about.reason.clone(),
        expires: about.expires.as_ref().map(|(text, _)| text.clone()),
        note,
        action: None,
    }
}

/// Says of a line that it was declared until a day that is over.
fn over(line: &mut DriftLine, about: Option<&About>) {
    if let Some(about) = about {
        line.owner.clone_from(&about.owner);
        line.reason.clone_from(&about.reason);
        line.expires = about.expires.as_ref().map(|(text, _)| text.clone());
        line.note = line.expires.as_ref().map(|day| format!("declared until {day}"));
    }
}

fn sorted(lines: &mut Vec<DriftLine>, mut missing: Vec<DriftLine>, mut extra: Vec<DriftLine>) {
    missing.sort_by(|one, other| one.path.cmp(&other.path));
    extra.sort_by(|one, other| one.path.cmp(&other.path));
    lines.append(&mut missing);
    lines.append(&mut extra);
}
