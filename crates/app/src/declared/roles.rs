//! The roles that groups and accounts have on a resource, declared against held.

use super::compare::{Comparison, GONE, Group, existing, line, over, sorted};
use super::drift::{DriftLine, Sign};
use super::file::{About, Holder, ResourceEntry};
use super::held::{OwnRole, own_roles};
use super::known::{KnownGroup, Meant};
use crate::error::AppError;
use crate::plans::matches;
use crate::views::{AccountRef, GroupRef};
use model::{AccountId, Action, DirectoryId, GroupId, ResourceId, RoleId};
use std::collections::{BTreeMap, HashMap};

impl<'a> Comparison<'a> {
    pub(super) async fn resource_lines(
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
                    self.ask.push(Action::GrantRole {
                        account: AccountId::new(&account.account_id),
                        resource: resource.clone(),
                        role: RoleId::new(&role),
                    });
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

    fn role(&mut self, holder: &Holder) -> Option<String> {
        match self.known.role(holder.role.as_ref()?) {
            Ok(role) => Some(role),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }
}
