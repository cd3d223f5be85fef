//! What is told once: a crowd to which the same happened, and all that happened to one account.

use super::compose::{Composer, Draft, Telling};
use super::{Change, Piece, RoleOn, Sentence, Turn};
use crate::views::names::{AccountRef, GroupRef, RoleRef};
use crate::views::time::At;
use model::FactKind;
use std::collections::HashMap;

/// From how many accounts on the same thing is told once.
const CROWD: usize = 4;

/// How many accounts of a crowd are named in the answer.
const NAMED: usize = 25;

impl Composer {
    /// Tells once what happened to many accounts, and puts what matters most first.
    pub(super) fn fold(&self, drafts: Vec<Draft>) -> Vec<Change> {
        let mut order: Vec<String> = Vec::new();
        let mut alike: HashMap<String, Vec<Draft>> = HashMap::new();
        for (index, mut draft) in drafts.into_iter().enumerate() {
            draft.roles.sort();
            draft.roles.dedup();
            let roles: Vec<String> = draft
                .roles
                .iter()
                .map(|on| format!("{} {}", on.role.role_id, on.workspace.workspace_id))
                .collect();
            let key = match &draft.account {
                Some(_) => format!("{:?} {:?} {} {roles:?}", draft.kind, draft.turn, draft.words),
                None => format!("{index}"),
            };
            if !alike.contains_key(&key) {
                order.push(key.clone());
            }
            alike.entry(key).or_default().push(draft);
        }
        let mut changes = Vec::new();
        for key in order {
            let Some(drafts) = alike.remove(&key) else {
                continue;
            };
            if self.telling == Telling::Crowds && drafts.len() >= CROWD {
                changes.extend(self.told(drafts));
            } else {
                changes.extend(drafts.into_iter().flat_map(|draft| self.told(vec![draft])));
            }
        }
        changes.sort_by_key(|change| (importance(change), std::cmp::Reverse(change.account_count)));
        changes
    }

    fn told(&self, drafts: Vec<Draft>) -> Option<Change> {
        let count = drafts.len();
        let accounts: Vec<AccountRef> = drafts
            .iter()
            .filter_map(|draft| draft.account.clone())
            .take(NAMED)
            .collect();
        let is_same_doing = |one: &Draft, other: &Draft| match (&one.cause, &other.cause) {
            (Some(one), Some(other)) => one.actor == other.actor && one.action == other.action,
            _ => false,
        };
        let is_one_doing = drafts
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if is_same_doing(one, other)));
        let first = drafts.into_iter().next()?;
        let mut sentence = match (&first.account, count) {
            (Some(account), 1) => Sentence::default().piece(Piece::Account(account.clone())),
            (Some(_), _) => Sentence::default().text(&format!("{count} accounts")),
            (None, _) => Sentence::default(),
        };
        let is_crowd = count > 1;
        sentence
            .0
            .extend(first.words.0.into_iter().map(|piece| match piece {
                Piece::Text(text) if is_crowd => Piece::Text(in_plural(&text)),
                other => other,
            }));
        let is_own = first.kind == FactKind::RoleHolding;
        let mut last_role: Option<&RoleRef> = None;
        for on in first.roles.iter().filter(|_| !is_own) {
            let link = match (last_role, first.turn, is_crowd) {
                (None, Turn::Ended, false) => " and is no longer ",
                (None, Turn::Ended, true) => " and are no longer ",
                (None, _, _) => " and became ",
                _ => ", ",
            };
            sentence = sentence.text(link);
            if last_role != Some(&on.role) {
                sentence = sentence.piece(Piece::Role(on.role.clone())).text(" of ");
            }
            sentence = sentence.piece(Piece::Workspace(on.workspace.clone()));
            last_role = Some(&on.role);
        }
        if first.followers > 0 {
            let plural = if first.followers == 1 {
                "account"
            } else {
                "accounts"
            };
            let verb = if first.turn == Turn::Ended {
                "lost"
            } else {
                "gained"
            };
            sentence = sentence.text(&format!("; {} {plural} {verb} it", first.followers));
        }
        let account_count =
            i64::try_from(
                accounts
                    .len()
                    .max(if first.account.is_some() { count } else { 0 }),
            );
        Some(Change {
            kind: first.kind.name(),
            turn: first.turn,
            after: first.after.map(At),
            by: At(first.by),
            run: self.run,
            sentence,
            accounts,
            account_count: account_count.unwrap_or(i64::MAX) + first.followers,
            group: first.group,
            roles: first.roles,
            fields: first.fields,
            cause: first.cause.filter(|_| is_one_doing),
        })
    }
}

/// From how many groups on that one account joined or left at once they are told in one sentence.
const SEVERAL: usize = 3;

/// Tells in one sentence what happened to an account that appeared or went, or that joined or left several groups.
pub(super) fn together(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut of: HashMap<(String, Turn), Vec<usize>> = HashMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let is_part = matches!(
            draft.kind,
            FactKind::Account | FactKind::DirectoryMembership | FactKind::Membership
        );
        if let Some(account) = draft
            .account
            .as_ref()
            .filter(|_| is_part && draft.turn != Turn::Changed)
        {
            of.entry((account.account_id.clone(), draft.turn))
                .or_default()
                .push(index);
        }
    }
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let is = |drafts: &[Option<Draft>], index: &usize, kind: FactKind| {
        drafts
            .get(*index)
            .and_then(Option::as_ref)
            .is_some_and(|draft| draft.kind == kind)
    };
    for ((_, turn), mut indices) in of {
        let whole = indices.iter().any(|index| is(&drafts, index, FactKind::Account));
        if !whole {
            indices.retain(|index| is(&drafts, index, FactKind::Membership));
            if indices.len() < SEVERAL {
                continue;
            }
        }
        let parts: Vec<Draft> = indices
            .iter()
            .filter_map(|index| drafts.get_mut(*index).and_then(Option::take))
            .collect();
        let place = indices.first().copied().unwrap_or(0);
        if let (Some(one), Some(slot)) = (as_one(parts, turn, whole), drafts.get_mut(place)) {
            *slot = Some(one);
        }
    }
    drafts.into_iter().flatten().collect()
}

/// One draft for all that happened to an account.
fn as_one(parts: Vec<Draft>, turn: Turn, whole: bool) -> Option<Draft> {
    let began = turn == Turn::Began;
    let groups: Vec<GroupRef> = parts.iter().filter_map(|part| part.group.clone()).collect();
    let roles: Vec<RoleOn> = parts.iter().flat_map(|part| part.roles.clone()).collect();
    let kind = if whole {
        FactKind::Account
    } else {
        FactKind::Membership
    };
    let mut one = parts.into_iter().min_by_key(|part| part.kind != kind)?;
    let mut words = Sentence::default();
    if whole {
        words = words.text(if began { " appeared" } else { " is gone" });
    }
    if !groups.is_empty() {
        let verb = match (began, whole) {
            (true, true) => " in ",
            (true, false) => " joined ",
            (false, true) => " from ",
            (false, false) => " left ",
        };
        words = words.text(verb);
        let named = if groups.len() > 4 { 3 } else { groups.len() };
        let more = groups.len() - named;
        for (index, group) in groups.into_iter().take(named).enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == named && more == 0 => " and ",
                _ => ", ",
            };
            words = words.text(separator).piece(Piece::Group(group));
        }
        if more > 0 {
            words = words.text(&format!(" and {more} other groups"));
        }
    }
    one.kind = kind;
    one.group = None;
    one.roles = roles;
    one.words = words;
    Some(one)
}

/// The words after a name, for many: `was removed` becomes `were removed`.
fn in_plural(words: &str) -> String {
    let pairs = [
        (" was ", " were "),
        (" is no longer ", " are no longer "),
        (" is ", " are "),
        (" has a new API token", " have a new API token"),
        (" no longer has ", " no longer have "),
        ("’s account ", "’ accounts: "),
    ];
    let begins = pairs.iter().find(|(one, _)| words.starts_with(one));
    begins.map_or_else(|| words.to_owned(), |(one, many)| words.replacen(one, many, 1))
}

/// What to read first: platform roles and what groups give, then roles, then the rest.
fn importance(change: &Change) -> u8 {
    let far_reaching = change.roles.iter().any(|on| on.role.rank() < 5);
    match change.kind {
        "platform_role" => 0,
        "group_role_grant" => 1,
        _ if far_reaching => 2,
        "role_holding" => 3,
        "membership" if !change.roles.is_empty() => 3,
        "account" | "directory_membership" => 4,
        "membership" => 6,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_told_in_the_plural() {
        assert_eq!(in_plural(" was removed from "), " were removed from ");
        assert_eq!(in_plural(" joined "), " joined ");
    }
}
