//! What is declared against what is so: the lines that are missing and those that are too many.

use super::drift::{Difference, Drift, DriftLine, Sign};
use super::file::{About, AccessFile, GroupEntry, Holder};
use super::known::{Known, KnownGroup, Meant};
use super::wrong::{Place, Wrong};
use crate::error::AppError;
use crate::plans::matches;
use crate::views::{AccountRef, Scope};
use model::{AccountId, Action, DirectoryId, GroupId};
use std::collections::{BTreeMap, HashMap};
use store::Tx;
use store::views::Part;

/// Compares a file with what is stored.
pub(super) struct Comparison<'a> {
    pub tx: &'a mut Tx,
    pub scope: &'a Scope,
    pub known: &'a Known,
    pub file: &'a AccessFile,
    pub now: i64,
    pub(super) wrong: Vec<Wrong>,
    pub(super) unclear: Vec<String>,
    /// What would be done about what is unclear, if it is not so.
    pub(super) ask: Vec<Action>,
}

/// A group that a file means.
#[derive(Clone)]
pub(super) struct Group<'a> {
    pub name: String,
    pub directory: Option<DirectoryId>,
    /// As the plan names it: of one that is to be made, by what makes it.
    pub id: GroupId,
    pub known: Option<&'a KnownGroup>,
    pub is_gone: bool,
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
            ask: Vec::new(),
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
            ask: self.ask,
            differences,
        }))
    }

    /// Whether a name stands in the file for the first time; the second is an error.
    pub(super) fn is_first(
        &mut self,
        lines: &mut HashMap<String, usize>,
        id: &str,
        name: &str,
        place: Place,
    ) -> bool {
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

    pub(super) fn account(&mut self, holder: &Holder) -> Option<(AccountRef, bool)> {
        match self.known.account(&holder.who) {
            Ok(Meant::Here(account)) => Some((account.clone(), false)),
            Ok(Meant::Gone(account)) => Some((account.clone(), true)),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    pub(super) fn is_expired(&self, about: &About) -> bool {
        about.expires.as_ref().is_some_and(|(_, over)| self.now >= over.0)
    }

    pub(super) fn is_ignored(&self, account: &AccountRef, more: &[String]) -> bool {
        let named = [Some(account.account_id.as_str()), account.email.as_deref()];
        let mut patterns = self.file.ignore_accounts.iter().chain(more);
        patterns.any(|pattern| named.iter().flatten().any(|text| matches(pattern, text)))
    }
}

pub(super) const GONE: &str = "it is no longer in the organization";

pub(super) fn existing(known: &KnownGroup, is_gone: bool) -> Group<'_> {
    Group {
        name: known.named.name.clone(),
        directory: known.directory.as_deref().map(DirectoryId::new),
        id: GroupId::new(&known.named.group_id),
        known: Some(known),
        is_gone,
    }
}

pub(super) fn line(
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
pub(super) fn over(line: &mut DriftLine, about: Option<&About>) {
    if let Some(about) = about {
        line.owner.clone_from(&about.owner);
        line.reason.clone_from(&about.reason);
        line.expires = about.expires.as_ref().map(|(text, _)| text.clone());
        line.note = line.expires.as_ref().map(|day| format!("declared until {day}"));
    }
}

pub(super) fn sorted(lines: &mut Vec<DriftLine>, mut missing: Vec<DriftLine>, mut extra: Vec<DriftLine>) {
    missing.sort_by(|one, other| one.path.cmp(&other.path));
    extra.sort_by(|one, other| one.path.cmp(&other.path));
    lines.append(&mut missing);
    lines.append(&mut extra);
}
