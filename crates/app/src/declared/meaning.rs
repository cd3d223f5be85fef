//! What the names of an access file mean, or why they mean nothing.

use super::file::{GroupEntry, ResourceEntry, Text};
use super::known::{Known, KnownGroup, KnownResource, Meant, Named, meant};
use super::wrong::{Place, Wrong};
use crate::error::AppError;
use crate::views::names::Wanted;
use crate::views::{AccountRef, Candidate, Scope, nearest};
use model::role::role_name;
use store::Tx;

impl Known {
    /// The account that a text means.
    pub fn account(&self, asked: &Text) -> Result<Meant<&AccountRef>, Wrong> {
        let candidate = |account: &AccountRef| {
            let id = account
                .email
                .clone()
                .unwrap_or_else(|| account.account_id.clone());
            let name = account.name.clone().unwrap_or_else(|| id.clone());
            Candidate { id, name }
        };
        match self.account_named(&asked.text) {
            Named::One(found) => Ok(found),
            Named::Several(found) => {
                let by_id = |account: &&AccountRef| Candidate {
                    id: account.account_id.clone(),
                    name: account.label().to_owned(),
                };
                let candidates: Vec<Candidate> = found.iter().map(by_id).collect();
                Err(Wrong::ambiguous(asked.place, "account", &asked.text, &candidates))
            }
            Named::None => {
                let here = self.accounts.iter().filter(|(_, is_gone)| !is_gone);
                let near = nearest(&asked.text, here.map(|(account, _)| candidate(account)));
                Err(Wrong::unknown(asked.place, "account", &asked.text, &near))
            }
        }
    }

    /// The group that an entry means; `None` when it is to be made.
    pub fn group(&self, entry: &GroupEntry) -> Result<Option<Meant<&KnownGroup>>, Wrong> {
        if let Some(id) = &entry.id {
            return self.group_with_id(id).map(Some);
        }
        let Some(name) = &entry.name else {
            return Err(Wrong::new(entry.place, "a group has a name or an id", None));
        };
        let directory = match &entry.directory {
            Some(directory) => Some(self.directory(directory)?),
            None => None,
        };
        match self.group_named(&name.text, directory) {
            Named::One(Meant::Gone(_)) | Named::None if entry.create => Ok(None),
            Named::One(found) => Ok(Some(found)),
            Named::Several(found) => Err(ambiguous_group(name, &found)),
            Named::None if entry.absent => Ok(None),
            Named::None => {
                let mut wrong = self.unknown_group(name);
                let make = "write create: true to have it made";
                wrong.hint = Some(match wrong.hint {
                    Some(hint) => format!("{hint} Or {make}"),
                    None => make.to_owned(),
                });
                Err(wrong)
            }
        }
    }

    /// The group that a text means.
    pub fn group_reference_of(&self, asked: &Text) -> Result<Meant<&KnownGroup>, Wrong> {
        if self.group_by_id.contains_key(&asked.text) {
            return self.group_with_id(asked);
        }
        match self.group_named(&asked.text, None) {
            Named::One(found) => Ok(found),
            Named::Several(found) => Err(ambiguous_group(asked, &found)),
            Named::None => Err(self.unknown_group(asked)),
        }
    }

    fn group_with_id(&self, id: &Text) -> Result<Meant<&KnownGroup>, Wrong> {
        let found = self.group_by_id.get(&id.text).and_then(|at| self.groups.get(*at));
        match found {
            Some((group, is_gone)) => Ok(meant(group, *is_gone)),
            None => Err(self.unknown_group(id)),
        }
    }

    fn unknown_group(&self, asked: &Text) -> Wrong {
        let candidate = |group: &KnownGroup| Candidate {
            id: self.group_reference(group),
            name: group.named.name.clone(),
        };
        let here = self.groups.iter().filter(|(_, is_gone)| !is_gone);
        let near = nearest(&asked.text, here.map(|(group, _)| candidate(group)));
        Wrong::unknown(asked.place, "group", &asked.text, &near)
    }

    /// The directory that a text means.
    pub fn directory(&self, asked: &Text) -> Result<&str, Wrong> {
        let is_meant = |(id, name): &&(String, String)| {
            *id == asked.text || name.to_lowercase() == asked.text.to_lowercase()
        };
        let candidates = |some: &[&(String, String)]| -> Vec<Candidate> {
            let candidate = |(id, name): &&(String, String)| Candidate {
                id: id.clone(),
                name: name.clone(),
            };
            some.iter().map(candidate).collect()
        };
        let found: Vec<&(String, String)> = self.directories.iter().filter(is_meant).collect();
        match found.as_slice() {
            [(id, _)] => Ok(id),
            [] => {
                let all: Vec<&(String, String)> = self.directories.iter().collect();
                let near = nearest(&asked.text, candidates(&all).into_iter());
                Err(Wrong::unknown(asked.place, "directory", &asked.text, &near))
            }
            several => Err(Wrong::ambiguous(
                asked.place,
                "directory",
                &asked.text,
                &candidates(several),
            )),
        }
    }

    /// The resource that an entry means.
    pub async fn resource(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        entry: &ResourceEntry,
    ) -> Result<Result<KnownResource, Wrong>, AppError> {
        let candidate = |resource: &KnownResource| {
            let name = resource.named.label();
            Candidate {
                id: self
                    .resource_name(resource)
                    .unwrap_or_else(|| resource.named.workspace_id.clone()),
                name,
            }
        };
        let (asked, found) = match (&entry.id, &entry.name) {
            (Some(id), _) => {
                let by_id = |resource: &&KnownResource| resource.named.workspace_id == id.text;
                if let Some(found) = self.resources.iter().find(by_id) {
                    return Ok(Ok(found.clone()));
                }
                // Nobody holds anything on it now, and it is in no list.
                if id.text.starts_with("ari:")
                    && let Some(term) = tx.term_find(&id.text).await?
                {
                    let mut wanted = Wanted::default();
                    wanted.resource(term);
                    let named = wanted.look_up(tx, scope.snapshot()).await?.resource(term);
                    return Ok(Ok(KnownResource { term, named }));
                }
                (id, Vec::new())
            }
            (None, Some(name)) => (name, self.resource_named(&name.text)),
            (None, None) => {
                return Ok(Err(Wrong::new(
                    entry.place,
                    "a resource has a name or an id",
                    None,
                )));
            }
        };
        Ok(match found.as_slice() {
            [only] => Ok((*only).clone()),
            [] => {
                let near = nearest(&asked.text, self.resources.iter().map(candidate));
                Err(Wrong::unknown(asked.place, "resource", &asked.text, &near))
            }
            several => {
                let by_id = |resource: &&KnownResource| Candidate {
                    id: resource.named.workspace_id.clone(),
                    name: resource.named.label(),
                };
                let candidates: Vec<Candidate> = several.iter().map(by_id).collect();
                Err(Wrong::ambiguous(
                    asked.place,
                    "resource",
                    &asked.text,
                    &candidates,
                ))
            }
        })
    }

    /// The role that a text means.
    pub fn role(&self, asked: &Text) -> Result<String, Wrong> {
        self.role_named(&asked.text).ok_or_else(|| {
            let candidate = |role: &String| Candidate {
                id: self.role_reference(role),
                name: role_name(role).to_owned(),
            };
            let near = nearest(&asked.text, self.roles.iter().map(candidate));
            Wrong::unknown(asked.place, "role", &asked.text, &near)
        })
    }

    /// The organization's own place for groups, where there is only one.
    pub fn only_directory(&self, place: Place) -> Result<&str, Wrong> {
        match self.directories.as_slice() {
            [(id, _)] => Ok(id),
            _ => {
                let names: Vec<&str> = self.directories.iter().map(|(_, name)| name.as_str()).collect();
                let hint = format!("write directory: and one of {}", names.join(", "));
                Err(Wrong::new(
                    place,
                    "there are several directories to make the group in",
                    Some(hint),
                ))
            }
        }
    }
}

fn ambiguous_group(asked: &Text, found: &[&KnownGroup]) -> Wrong {
    let candidate = |group: &&KnownGroup| Candidate {
        id: group.named.group_id.clone(),
        name: group.named.name.clone(),
    };
    let candidates: Vec<Candidate> = found.iter().map(candidate).collect();
    Wrong::ambiguous(asked.place, "group", &asked.text, &candidates)
}
