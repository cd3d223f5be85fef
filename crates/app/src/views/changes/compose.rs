//! Rows of one reading become drafts of changes.

use super::fold::together;
use super::{CauseView, Change, FieldChange, Piece, RoleOn, Sentence, Turn};
use crate::views::error::ViewError;
use crate::views::names::{AccountRef, GroupRef, Names, Wanted};
use crate::views::time::At;
use model::{FactKind, RunId};
use std::collections::{BTreeSet, HashMap, HashSet};
use store::Tx;
use store::views::Snapshot;
use store::views::changes::ChangeRow;

/// How much is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// What happened to many accounts is one change.
    Crowds,
    /// Each account has a change of its own.
    Each,
}

/// The changes of one reading.
pub(super) async fn compose(
    tx: &mut Tx,
    here: Snapshot,
    begun: Vec<ChangeRow>,
    ended: Vec<ChangeRow>,
    telling: Telling,
) -> Result<Vec<Change>, ViewError> {
    if begun.is_empty() && ended.is_empty() {
        return Ok(Vec::new());
    }
    let names = look_up(tx, here, begun.iter().chain(&ended)).await?;
    let mut given = HashSet::new();
    let has = |kind: FactKind| begun.iter().chain(&ended).any(|row| row.kind == kind.number());
    if has(FactKind::Membership) && has(FactKind::RoleHolding) {
        let memberships = begun.iter().chain(&ended);
        let memberships = memberships.filter(|row| row.kind == FactKind::Membership.number());
        let groups: BTreeSet<i64> = memberships.map(|row| row.key[0]).collect();
        let groups: Vec<i64> = groups.into_iter().collect();
        // What was given until now tells what was lost with it.
        let grants = tx.grants_around(here, &groups).await?;
        given.extend(
            grants
                .into_iter()
                .map(|[group, resource, role]| (group, resource, role)),
        );
    }
    let grants = ended
        .iter()
        .filter(|row| row.kind == FactKind::GroupRoleGrant.number());
    given.extend(grants.map(|row| (row.key[0], row.key[1], row.key[2])));
    Ok(Composer {
        names,
        given,
        run: RunId(here.run),
        telling,
    }
    .compose(begun, ended))
}

pub(super) struct ChangeNames {
    pub known: Names,
    pub directories: HashMap<i64, String>,
    pub texts: HashMap<i64, String>,
    pub owners: HashMap<String, AccountRef>,
    /// By the fact's row, and whether it ended.
    pub causes: HashMap<(i64, bool), CauseView>,
}

async fn look_up(
    tx: &mut Tx,
    here: Snapshot,
    rows: impl Iterator<Item = &ChangeRow> + Clone,
) -> Result<ChangeNames, ViewError> {
    let mut wanted = Wanted::default();
    let mut texts = Vec::new();
    let mut owner_ids = HashSet::new();
    let mut directories = HashMap::new();
    for row in rows.clone() {
        let [a, b, c] = row.key;
        match FactKind::from_number(row.kind) {
            Some(FactKind::Account) => _ = wanted.account(a),
            Some(FactKind::DirectoryMembership) => _ = wanted.account(b),
            Some(FactKind::Group) => _ = wanted.group(a),
            Some(FactKind::Membership) => _ = wanted.group(a).account(b),
            Some(FactKind::Workspace) => _ = wanted.resource(a),
            Some(FactKind::RoleHolding | FactKind::Method) => _ = wanted.account(a).resource(b).role(c),
            Some(FactKind::GroupRoleGrant) => _ = wanted.group(a).resource(b).role(c),
            Some(FactKind::PlatformRole) => _ = wanted.account(a).role(b),
            Some(FactKind::ApiToken) => {
                texts.push(a);
                owner_ids.extend(row.attributes.text("account_id"));
            }
            Some(FactKind::ScimUser) if c != 0 => _ = wanted.account(c),
            _ => texts.push(a),
        }
    }
    if rows
        .clone()
        .any(|row| row.kind == FactKind::DirectoryMembership.number())
    {
        for directory in tx.directory_list(here).await? {
            let name = directory
                .attributes
                .text("name")
                .unwrap_or(&directory.id)
                .to_owned();
            directories.insert(directory.term, name);
        }
    }
    let owner_ids: Vec<&str> = owner_ids.into_iter().collect();
    let owner_terms: HashMap<String, i64> = tx.term_numbers(&owner_ids).await?.into_iter().collect();
    for term in owner_terms.values() {
        wanted.account(*term);
    }
    let facts: Vec<i64> = rows.clone().map(|row| row.id).collect();
    let causes = tx.causes_of(&facts).await?;
    let actors: BTreeSet<&str> = causes.iter().map(|cause| cause.actor.as_str()).collect();
    let actors: Vec<&str> = actors.into_iter().collect();
    let actors: HashMap<String, i64> = tx.term_numbers(&actors).await?.into_iter().collect();
    for term in actors.values() {
        wanted.account(*term);
    }
    let known = wanted.look_up(tx, here).await?;
    let causes = causes.into_iter().map(|cause| {
        let stranger = AccountRef {
            account_id: cause.actor.clone(),
            name: None,
            email: None,
        };
        let actor = actors
            .get(&cause.actor)
            .map_or(stranger, |term| known.account(*term));
        let view = CauseView {
            at: At(cause.at),
            action: cause.action,
            actor,
            event_id: cause.event,
        };
        ((cause.fact, cause.is_end), view)
    });
    let causes = causes.collect();
    let owners = owner_terms
        .into_iter()
        .map(|(id, term)| (id, known.account(term)))
        .collect();
    let texts = tx.term_texts(&texts).await?.into_iter().collect();
    Ok(ChangeNames {
        known,
        directories,
        texts,
        owners,
        causes,
    })
}

pub(super) struct Composer {
    pub names: ChangeNames,
    given: HashSet<(i64, i64, i64)>,
    pub run: RunId,
    pub telling: Telling,
}

/// What a row becomes before crowds are folded.
pub(super) struct Draft {
    pub kind: FactKind,
    pub turn: Turn,
    pub after: Option<i64>,
    pub by: i64,
    pub account: Option<AccountRef>,
    pub group: Option<GroupRef>,
    pub roles: Vec<RoleOn>,
    pub fields: Vec<FieldChange>,
    /// The words that follow the account's name, or the whole sentence when there is no account.
    pub words: Sentence,
    /// Accounts that gained or lost what a group gives.
    pub followers: i64,
    /// Who did it, as an event tells.
    pub cause: Option<CauseView>,
}

impl Composer {
    fn compose(&self, begun: Vec<ChangeRow>, ended: Vec<ChangeRow>) -> Vec<Change> {
        let mut drafts = Vec::new();
        let mut holdings: Vec<(Turn, ChangeRow)> = Vec::new();
        let mut ended_at: HashMap<(i64, [i64; 3]), usize> = HashMap::new();
        for (index, row) in ended.iter().enumerate() {
            ended_at.insert((row.kind, row.key), index);
        }
        let mut ended: Vec<Option<ChangeRow>> = ended.into_iter().map(Some).collect();
        for row in begun {
            let before = ended_at.get(&(row.kind, row.key));
            match before
                .and_then(|index| ended.get_mut(*index))
                .and_then(Option::take)
            {
                Some(before) => drafts.extend(self.changed(&before, &row)),
                None if row.kind == FactKind::RoleHolding.number() => holdings.push((Turn::Began, row)),
                None => drafts.extend(self.draft(Turn::Began, &row).map(|draft| (row.key, draft))),
            }
        }
        for row in ended.into_iter().flatten() {
            if row.kind == FactKind::RoleHolding.number() {
                holdings.push((Turn::Ended, row));
            } else {
                drafts.extend(self.draft(Turn::Ended, &row).map(|draft| (row.key, draft)));
            }
        }
        self.attach(&mut drafts, holdings);
        let drafts: Vec<Draft> = drafts.into_iter().map(|(_, draft)| draft).collect();
        self.fold(together(drafts))
    }

    /// Gives each gained or lost role to the membership or the grant that brought it, or makes it a change of its own.
    fn attach(&self, drafts: &mut Vec<([i64; 3], Draft)>, holdings: Vec<(Turn, ChangeRow)>) {
        let mut memberships: HashMap<(Turn, i64), Vec<usize>> = HashMap::new();
        let mut grants: HashMap<(Turn, i64, i64), usize> = HashMap::new();
        for (index, (key, draft)) in drafts.iter().enumerate() {
            match draft.kind {
                FactKind::Membership => memberships.entry((draft.turn, key[1])).or_default().push(index),
                FactKind::GroupRoleGrant => _ = grants.insert((draft.turn, key[1], key[2]), index),
                _ => {}
            }
        }
        for (turn, row) in holdings {
            let [account, resource, role] = row.key;
            let on = RoleOn {
                role: self.names.known.role(role),
                workspace: self.names.known.resource(resource),
            };
            let mut through = memberships
                .get(&(turn, account))
                .into_iter()
                .flatten()
                .filter(|index| {
                    drafts
                        .get(**index)
                        .is_some_and(|(key, _)| self.given.contains(&(key[0], resource, role)))
                });
            let through = through.next().copied();
            if let Some((_, draft)) = through.and_then(|index| drafts.get_mut(index)) {
                draft.roles.push(on);
                continue;
            }
            let grant = grants.get(&(turn, resource, role)).copied();
            if let Some((_, draft)) = grant.and_then(|index| drafts.get_mut(index)) {
                draft.followers += 1;
                continue;
            }
            let words = match turn {
                Turn::Ended => Sentence::default().text(" is no longer "),
                _ => Sentence::default().text(" became "),
            };
            let words = words
                .piece(Piece::Role(on.role.clone()))
                .text(" of ")
                .piece(Piece::Workspace(on.workspace.clone()));
            let mut draft = self.blank(FactKind::RoleHolding, turn, &row, words);
            draft.account = Some(self.names.known.account(account));
            draft.roles.push(on);
            drafts.push((row.key, draft));
        }
    }

    pub(super) fn blank(&self, kind: FactKind, turn: Turn, row: &ChangeRow, words: Sentence) -> Draft {
        let (after, by) = match turn {
            Turn::Ended => (row.last_seen_at, row.ended_at.unwrap_or(row.seen.seen_at)),
            _ => (row.seen.unseen_at, row.seen.seen_at),
        };
        Draft {
            kind,
            turn,
            after,
            by,
            account: None,
            group: None,
            roles: Vec::new(),
            fields: Vec::new(),
            words,
            followers: 0,
            cause: self.names.causes.get(&(row.id, turn == Turn::Ended)).cloned(),
        }
    }

    pub(super) fn directory(&self, term: i64) -> String {
        self.names
            .directories
            .get(&term)
            .cloned()
            .unwrap_or_else(|| "a directory".to_owned())
    }
}
