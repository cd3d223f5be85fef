//! Changes as sentences: what began and what ended in published readings.
//!
//! A joined group and the roles it brought are one change; the same thing happening to many accounts in one
//! reading is one change that counts them. A sentence is a list of [`Piece`]s, so that pages can link what the
//! terminal prints.

use super::error::ViewError;
use super::names::{AccountRef, GroupRef, Names, RoleRef, Wanted, WorkspaceRef};
use super::scope::Scope;
use super::time::At;
use crate::App;
use model::{FactKind, RunId};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::Tx;
use store::views::Snapshot;
use store::views::changes::ChangeRow;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// An account by its name.
    Account(AccountRef),
    /// A group by its name.
    Group(GroupRef),
    /// A workspace by its name.
    Workspace(WorkspaceRef),
    /// A role by its name.
    Role(RoleRef),
    /// Anything else by its name.
    Name(String),
}

impl std::fmt::Display for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Piece::Text(text) | Piece::Name(text) => f.write_str(text),
            Piece::Account(account) => f.write_str(account.label()),
            Piece::Group(group) => f.write_str(&group.name),
            Piece::Workspace(workspace) => f.write_str(&workspace.label()),
            Piece::Role(role) => f.write_str(&role.name),
        }
    }
}

/// A sentence; in JSON it is its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence(pub Vec<Piece>);

impl std::fmt::Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|piece| piece.fmt(f))
    }
}

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Sentence {
    fn text(mut self, text: &str) -> Self {
        self.0.push(Piece::Text(text.to_owned()));
        self
    }

    fn piece(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }
}

/// What happened to a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It became so.
    Began,
    /// It is no longer so.
    Ended,
    /// Something told of it is different.
    Changed,
}

/// An attribute before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The attribute's name.
    pub field: String,
    /// Before; null when it was empty or not told.
    pub before: Value,
    /// After; null when it is empty or not told.
    pub after: Value,
}

/// One change.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The kind of fact that changed.
    pub kind: &'static str,
    /// What happened to it.
    pub turn: Turn,
    /// It happened after this time, …
    pub after: Option<At>,
    /// … and by this time.
    pub by: At,
    /// The reading that showed it.
    pub run: RunId,
    /// What happened, in words.
    pub sentence: Sentence,
    /// The accounts it is about; the first few when there are many.
    pub accounts: Vec<AccountRef>,
    /// How many accounts it is about.
    pub account_count: i64,
    /// The group it is about.
    pub group: Option<GroupRef>,
    /// The workspaces and roles that were gained or lost with it.
    pub roles: Vec<RoleOn>,
    /// What is different, when something told changed.
    pub fields: Vec<FieldChange>,
}

/// A role on something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RoleOn {
    /// The role.
    pub role: RoleRef,
    /// What it is on.
    pub workspace: WorkspaceRef,
}

impl std::hash::Hash for WorkspaceRef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.workspace_id.hash(state);
    }
}

impl std::hash::Hash for RoleRef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.role_id.hash(state);
    }
}

/// The changes that one reading showed.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedReading {
    /// The reading.
    pub run: RunId,
    /// When it ended.
    pub read_at: At,
    /// Its changes.
    pub changes: Vec<Change>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

/// Which changes to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangesAsk {
    /// Shown by readings that ended then or later.
    pub since: Option<At>,
    /// Shown by readings that ended then or earlier.
    pub until: Option<At>,
    /// Of this kind of fact: `membership`, `role_holding` …
    pub kind: Option<FactKind>,
    /// Shown by readings before this one: for the next page.
    pub before: Option<RunId>,
    /// How many changes to list, about; readings are not divided.
    pub about: usize,
}

/// The changes that were asked for, the latest reading first.
#[derive(Debug, Clone, Serialize)]
pub struct ChangesView {
    /// By reading.
    pub readings: Vec<ChangedReading>,
    /// The readings before this one have more.
    pub next_before: Option<RunId>,
    /// When history begins.
    pub first_read_at: Option<At>,
}

/// Rows of one reading and one side that are looked at, at most.
const ROWS_A_READING: i64 = 4_000;

/// From how many accounts on the same thing is told once.
const CROWD: usize = 4;

/// How many accounts of a crowd are named in the answer.
const NAMED: usize = 25;

impl App {
    /// The changes that were asked for.
    pub async fn changes(&self, scope: &Scope, ask: &ChangesAsk) -> Result<ChangesView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let first = scope.first_run.map_or(0, |run| run.0);
        let about = if ask.about == 0 { 100 } else { ask.about };
        let newest = ask
            .before
            .map_or(at.run, |before| before.0.saturating_sub(1).min(at.run));
        let mut upto = Snapshot {
            organization: at.organization,
            run: newest,
        };
        let mut readings = Vec::new();
        let mut listed = 0;
        let mut next_before = None;
        'pages: loop {
            let runs = tx.change_runs(upto, first, 20).await?;
            let Some(last) = runs.last().map(|run| run.run) else {
                break;
            };
            for run in runs {
                if ask.since.is_some_and(|since| run.ended_at < since.0) {
                    break 'pages;
                }
                if ask.until.is_some_and(|until| run.ended_at > until.0) {
                    continue;
                }
                if listed >= about {
                    next_before = readings.last().map(|reading: &ChangedReading| reading.run);
                    break 'pages;
                }
                let here = Snapshot {
                    organization: at.organization,
                    run: run.run,
                };
                let kind = ask.kind.map(FactKind::number);
                let begun = tx.change_begun(here, kind, ROWS_A_READING).await?;
                let ended = tx.change_ended(here, kind, ROWS_A_READING).await?;
                let full = usize::try_from(ROWS_A_READING).unwrap_or(usize::MAX);
                let is_cut = begun.len() == full || ended.len() == full;
                let changes = compose(&mut tx, here, begun, ended).await?;
                if changes.is_empty() {
                    continue;
                }
                listed += changes.len();
                readings.push(ChangedReading {
                    run: RunId(run.run),
                    read_at: At(run.ended_at),
                    changes,
                    is_cut,
                });
            }
            upto.run = last - 1;
        }
        Ok(ChangesView {
            readings,
            next_before,
            first_read_at: scope.first_read_at,
        })
    }

    /// The history of an account, the latest first.
    pub async fn account_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let row = self.find_account(&mut tx, scope.at, asked).await?;
        let rows = tx.change_account(scope.at, row.account.term).await?;
        history(&mut tx, scope.at, rows).await
    }

    /// The latest history of a group, the latest first.
    pub async fn group_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let group = self.find_group(&mut tx, scope.at, asked).await?;
        let rows = tx.change_group(scope.at, group.term, 300).await?;
        history(&mut tx, scope.at, rows).await
    }

    /// The latest history of the roles on a workspace, the latest first.
    pub async fn workspace_history(&self, scope: &Scope, asked: &str) -> Result<Vec<Change>, ViewError> {
        let mut tx = self.store.read().await?;
        let (resource, _) = self.find_resource(&mut tx, scope.at, asked).await?;
        let rows = tx.change_resource(scope.at, resource, 300).await?;
        history(&mut tx, scope.at, rows).await
    }
}

/// Rows of many readings as changes, the latest first.
async fn history(tx: &mut Tx, at: Snapshot, rows: Vec<ChangeRow>) -> Result<Vec<Change>, ViewError> {
    let mut by_run: BTreeMap<i64, (Vec<ChangeRow>, Vec<ChangeRow>)> = BTreeMap::new();
    for row in rows {
        if let Some(run) = row.ended_run.filter(|run| *run <= at.run) {
            by_run.entry(run).or_default().1.push(row.clone());
        }
        if row.seen.unseen_at.is_some() {
            by_run.entry(row.begun_run).or_default().0.push(row);
        }
    }
    let mut changes = Vec::new();
    for (run, (begun, ended)) in by_run.into_iter().rev() {
        let here = Snapshot {
            organization: at.organization,
            run,
        };
        changes.extend(compose(tx, here, begun, ended).await?);
        if changes.len() > 200 {
            break;
        }
    }
    Ok(changes)
}

/// The changes of one reading.
async fn compose(
    tx: &mut Tx,
    here: Snapshot,
    begun: Vec<ChangeRow>,
    ended: Vec<ChangeRow>,
) -> Result<Vec<Change>, ViewError> {
    if begun.is_empty() && ended.is_empty() {
        return Ok(Vec::new());
    }
    let names = look_up(tx, here, begun.iter().chain(&ended)).await?;
    let mut given = HashSet::new();
    let has = |kind: FactKind| begun.iter().chain(&ended).any(|row| row.kind == kind.number());
    if has(FactKind::Membership) && has(FactKind::RoleHolding) {
        for grant in tx.grant_list(here, None, None).await? {
            given.insert((grant.group, grant.resource, grant.role));
        }
        // What was given until now tells what was lost with it.
        let before = Snapshot {
            run: here.run - 1,
            ..here
        };
        for grant in tx.grant_list(before, None, None).await? {
            given.insert((grant.group, grant.resource, grant.role));
        }
    }
    let grants = ended
        .iter()
        .filter(|row| row.kind == FactKind::GroupRoleGrant.number());
    given.extend(grants.map(|row| (row.key[0], row.key[1], row.key[2])));
    Ok(Composer {
        names,
        given,
        run: RunId(here.run),
    }
    .compose(begun, ended))
}

struct ChangeNames {
    known: Names,
    directories: HashMap<i64, String>,
    texts: HashMap<i64, String>,
    owners: HashMap<String, AccountRef>,
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
                owner_ids.extend(row.attributes.text("account_id").map(str::to_owned));
            }
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
    let mut owner_terms = HashMap::new();
    for id in owner_ids {
        if let Some(term) = tx.term_find(&id).await? {
            wanted.account(term);
            owner_terms.insert(id, term);
        }
    }
    let known = wanted.look_up(tx, here).await?;
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
    })
}

struct Composer {
    names: ChangeNames,
    given: HashSet<(i64, i64, i64)>,
    run: RunId,
}

/// What a row becomes before crowds are folded.
struct Draft {
    kind: FactKind,
    turn: Turn,
    after: Option<i64>,
    by: i64,
    account: Option<AccountRef>,
    group: Option<GroupRef>,
    roles: Vec<RoleOn>,
    fields: Vec<FieldChange>,
    /// The words that follow the account's name, or the whole sentence when there is no account.
    words: Sentence,
    /// Accounts that gained or lost what a group gives.
    followers: i64,
}

impl Composer {
    fn compose(&self, begun: Vec<ChangeRow>, mut ended: Vec<ChangeRow>) -> Vec<Change> {
        let mut drafts = Vec::new();
        let mut holdings: Vec<(Turn, ChangeRow)> = Vec::new();
        for row in begun {
            let same = |other: &ChangeRow| other.kind == row.kind && other.key == row.key;
            match ended.iter().position(same) {
                Some(index) => {
                    let before = ended.swap_remove(index);
                    drafts.extend(self.changed(&before, &row));
                }
                None if row.kind == FactKind::RoleHolding.number() => holdings.push((Turn::Began, row)),
                None => drafts.extend(self.draft(Turn::Began, &row).map(|draft| (row.key, draft))),
            }
        }
        for row in ended {
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

    fn blank(&self, kind: FactKind, turn: Turn, row: &ChangeRow, words: Sentence) -> Draft {
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
        }
    }

    fn directory(&self, term: i64) -> String {
        self.names
            .directories
            .get(&term)
            .cloned()
            .unwrap_or_else(|| "a directory".to_owned())
    }

    /// A fact that began or ended, in words; roles are told by `attach`.
    fn draft(&self, turn: Turn, row: &ChangeRow) -> Option<Draft> {
        let kind = FactKind::from_number(row.kind)?;
        let [a, b, c] = row.key;
        let known = &self.names.known;
        let began = turn == Turn::Began;
        let pick = |begun: &str, ended: &str| Sentence::default().text(if began { begun } else { ended });
        let name = || {
            let told = row
                .attributes
                .text("name")
                .or_else(|| row.attributes.text("label"));
            let text = || self.names.texts.get(&a).cloned().unwrap_or_default();
            Piece::Name(told.map(str::to_owned).unwrap_or_else(text))
        };
        let mut account = None;
        let mut group = None;
        let words = match kind {
            FactKind::Account => {
                account = Some(known.account(a));
                pick(" appeared", " is gone")
            }
            FactKind::DirectoryMembership => {
                account = Some(known.account(b));
                pick(" was added to ", " was removed from ").piece(Piece::Name(self.directory(a)))
            }
            FactKind::Membership => {
                account = Some(known.account(b));
                group = Some(known.group(a));
                pick(" joined ", " left ").piece(Piece::Group(known.group(a)))
            }
            FactKind::PlatformRole => {
                account = Some(known.account(a));
                pick(" became ", " is no longer ").piece(Piece::Role(known.role(b)))
            }
            FactKind::Group => {
                group = Some(known.group(a));
                let words = Sentence::default()
                    .text("Group ")
                    .piece(Piece::Group(known.group(a)));
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::GroupRoleGrant => {
                group = Some(known.group(a));
                let words = Sentence::default().piece(Piece::Group(known.group(a)));
                let words = words.text(if began { " now gives " } else { " no longer gives " });
                words
                    .piece(Piece::Role(known.role(c)))
                    .text(" of ")
                    .piece(Piece::Workspace(known.resource(b)))
            }
            FactKind::Workspace => {
                let words = Sentence::default()
                    .text("Workspace ")
                    .piece(Piece::Workspace(known.resource(a)));
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::ApiToken => {
                account = row
                    .attributes
                    .text("account_id")
                    .and_then(|id| self.names.owners.get(id))
                    .cloned();
                let words = if account.is_some() {
                    pick(" has a new API token, ", " no longer has the API token ")
                } else {
                    pick("New API token ", "Gone is the API token ")
                };
                words.piece(name())
            }
            FactKind::Directory | FactKind::Domain | FactKind::Policy => {
                let what = match kind {
                    FactKind::Directory => "Directory ",
                    FactKind::Domain => "Domain ",
                    _ => "Policy ",
                };
                let words = Sentence::default().text(what).piece(name());
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::RoleHolding | FactKind::Method => return None,
        };
        let mut draft = self.blank(kind, turn, row, words);
        draft.account = account;
        draft.group = group;
        Some(draft)
    }

    /// A fact of which something told is different, in words.
    fn changed(&self, before: &ChangeRow, after: &ChangeRow) -> Option<([i64; 3], Draft)> {
        let mut draft = self.draft(Turn::Began, after)?;
        draft.turn = Turn::Changed;
        draft.after = after.seen.unseen_at.or(before.last_seen_at);
        let names: HashSet<&str> = before
            .attributes
            .iter()
            .chain(after.attributes.iter())
            .map(|(name, _)| name)
            .collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        for name in names {
            let (was, is) = (before.attributes.json(name), after.attributes.json(name));
            if was != is {
                draft.fields.push(FieldChange {
                    field: name.to_owned(),
                    before: was,
                    after: is,
                });
            }
        }
        let first = draft.fields.first()?;
        let status = draft.fields.iter().find(|field| field.field == "status");
        let renamed = draft.fields.iter().find(|field| field.field == "name");
        let known = &self.names.known;
        let words = match (draft.kind, status, renamed) {
            (FactKind::Account, Some(field), _) => {
                let words = match field.after.as_str() {
                    Some("active") => "’s account is active again".to_owned(),
                    Some("inactive") => "’s account was deactivated".to_owned(),
                    Some("closed") => "’s account was closed".to_owned(),
                    _ => format!(
                        "’s account went from {} to {}",
                        plain(&field.before),
                        plain(&field.after)
                    ),
                };
                Sentence::default().text(&words)
            }
            (FactKind::DirectoryMembership, Some(field), _) => {
                let words = match field.after.as_str() {
                    Some("suspended") => " was suspended in ".to_owned(),
                    Some("active") => " is active again in ".to_owned(),
                    _ => format!(
                        " went from {} to {} in ",
                        plain(&field.before),
                        plain(&field.after)
                    ),
                };
                Sentence::default()
                    .text(&words)
                    .piece(Piece::Name(self.directory(after.key[0])))
            }
            (FactKind::Group, _, Some(field)) => Sentence::default()
                .text("Group ")
                .piece(Piece::Name(plain(&field.before)))
                .text(" is now called ")
                .piece(Piece::Group(known.group(after.key[0]))),
            (kind, ..) => {
                let called = after
                    .attributes
                    .text("name")
                    .or_else(|| after.attributes.text("label"));
                let called = called
                    .map(str::to_owned)
                    .or_else(|| self.names.texts.get(&after.key[0]).cloned());
                let called = Piece::Name(called.unwrap_or_default());
                let subject = match kind {
                    FactKind::Directory => Sentence::default().text("Directory ").piece(called),
                    FactKind::Domain => Sentence::default().text("Domain ").piece(called),
                    FactKind::Policy => Sentence::default().text("Policy ").piece(called),
                    FactKind::ApiToken => Sentence::default().text("’s API token ").piece(called),
                    FactKind::Group => Sentence::default().piece(Piece::Group(known.group(after.key[0]))),
                    FactKind::Workspace => {
                        Sentence::default().piece(Piece::Workspace(known.resource(after.key[0])))
                    }
                    _ => Sentence::default(),
                };
                let what = first.field.replace('_', " ");
                let mut words = format!(
                    ": {what} went from {} to {}",
                    plain(&first.before),
                    plain(&first.after)
                );
                if draft.fields.len() > 1 {
                    words.push_str(&format!(", and {} more", draft.fields.len() - 1));
                }
                let is_named = draft.account.is_some() || !subject.0.is_empty();
                subject.text(if is_named {
                    &words
                } else {
                    words.trim_start_matches(": ")
                })
            }
        };
        draft.words = words;
        Some((after.key, draft))
    }

    /// Tells once what happened to many accounts, and puts what matters most first.
    fn fold(&self, drafts: Vec<Draft>) -> Vec<Change> {
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
            if drafts.len() >= CROWD {
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
        })
    }
}

/// From how many groups on that one account joined or left at once they are told in one sentence.
const SEVERAL: usize = 3;

/// Tells in one sentence what happened to an account that appeared or went, or that joined or left several groups.
fn together(drafts: Vec<Draft>) -> Vec<Draft> {
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

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
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
