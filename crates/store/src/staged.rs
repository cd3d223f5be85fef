//! Staging: what the pages of a run showed, before it is merged.
//!
//! A page, the people it describes and the position after it are one transaction. A later observation of the
//! same thing replaces an earlier one; a look at *all* of something (the groups of an account) also removes
//! what an earlier look showed and this one did not.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::lease::Lease;
use crate::query::list_statement;
use crate::term::{Numbers, TermCache};
use crate::value::Value;
use model::{Fact, FactKind, Family, Person, RunId};
use std::collections::HashMap;

const STAGE: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at) VALUES";
const STAGE_TAIL: &str = "ON CONFLICT (run_id, kind, a, b, c) DO UPDATE
    SET attributes = excluded.attributes, sent_at = excluded.sent_at
    WHERE excluded.sent_at >= staged.sent_at";

/// Things that answers say besides facts and that checks compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub enum Hint {
    /// On how many resources an account holds roles, as the account's own row says.
    AccountResources = 101,
    /// How many members a group has, as the group's own row says.
    GroupMembers = 102,
    /// On how many resources a group gives roles, as the group's own row says.
    GroupResources = 103,
    /// An account holds some role on a resource (independent filters). Key: account, resource.
    HoldsOnResource = 104,
    /// An account holds a role on some resource (independent filters). Key: account, role.
    HoldsRole = 105,
    /// A holding that follows from groups, or that a question about such ones showed; not concluded yet. Key:
    /// resource, role, account.
    Implied = 106,
    /// An account whose holdings were read one by one. Key: account.
    ReadPrecisely = 107,
}

/// A hint about something.
#[derive(Debug, Clone, PartialEq)]
pub struct HintRow {
    /// What it says.
    pub hint: Hint,
    /// About what: one or two ids.
    pub key: [String; 2],
    /// The number, if it says one.
    pub number: i64,
}

/// Stands in the place of a resource when the activity is that of an API token (in the place of an account).
pub const TOKEN_USE: &str = "api_token";

/// The latest activity of an account on a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityRow {
    /// The account.
    pub account: String,
    /// The resource.
    pub resource: String,
    /// When, in milliseconds since the epoch; `None` when Atlassian knows of none.
    pub last_active_at: Option<i64>,
}

/// All of something that one answer showed; what is staged of it from before is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whole {
    /// The groups of an account.
    GroupsOf(String),
    /// The members of a group.
    MembersOf(String),
    /// The role holdings of an account.
    HoldingsOf(String),
    /// The role grants of a group.
    GrantsOf(String),
}

impl Whole {
    /// The kind, whether the id is the first (`a`) or second (`b`) part of the key, and the id.
    fn place(&self) -> (FactKind, bool, &str) {
        match self {
            Whole::GroupsOf(account) => (FactKind::Membership, false, account),
            Whole::MembersOf(group) => (FactKind::Membership, true, group),
            Whole::HoldingsOf(account) => (FactKind::RoleHolding, true, account),
            Whole::GrantsOf(group) => (FactKind::GroupRoleGrant, true, group),
        }
    }
}

/// What one answer showed.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// When its request was sent, in milliseconds since the epoch.
    pub sent_at: i64,
    /// The facts in it.
    pub facts: Vec<Fact>,
    /// The people in it.
    pub people: Vec<Person>,
    /// The activity in it.
    pub activity: Vec<ActivityRow>,
    /// What else it said.
    pub hints: Vec<HintRow>,
    /// What it showed all of, when that may have been staged before.
    pub wholes: Vec<Whole>,
}

/// Where in a listing an observation belongs.
#[derive(Debug, Clone, Copy)]
pub struct PageOf<'a> {
    /// The family.
    pub family: Family,
    /// Which of the family.
    pub name: &'a str,
    /// The cursor of the next page; `None` exactly when the server said that there is none.
    pub next: Option<&'a str>,
    /// Rows on the page.
    pub rows: i64,
}

impl Observation {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let facts = self
            .facts
            .iter()
            .flat_map(|fact| fact.key.iter().map(String::as_str));
        let people = self.people.iter().map(|person| person.account.as_str());
        let activity = self
            .activity
            .iter()
            .flat_map(|row| [row.account.as_str(), row.resource.as_str()]);
        let hints = self
            .hints
            .iter()
            .flat_map(|hint| hint.key.iter().map(String::as_str));
        let wholes = self.wholes.iter().map(|whole| whole.place().2);
        facts
            .chain(people)
            .chain(activity)
            .chain(hints)
            .chain(wholes)
            .filter(|text| !text.is_empty())
    }
}

type StagedKey = (i64, i64, i64, i64);

impl Store {
    /// Keeps what an answer showed and, if it is a page of a listing, the position after it: all or nothing.
    pub async fn observation_record(
        &self,
        lease: &Lease,
        now: i64,
        run: RunId,
        terms: &TermCache,
        observation: &Observation,
        page: Option<PageOf<'_>>,
    ) -> Result<(), StoreError> {
        let terms = self.terms_intern(terms, observation.texts()).await?;
        // The empty text, which is no term, is 0.
        let number = |text: &str| terms.get(text).unwrap_or(0);
        let mut staged: HashMap<StagedKey, String> = HashMap::with_capacity(observation.facts.len());
        for fact in &observation.facts {
            let [a, b, c] = &fact.key;
            let key = (fact.kind.number(), number(a), number(b), number(c));
            let attributes = serde_json::to_string(&fact.attributes).unwrap_or_else(|_| "{}".into());
            staged.insert(key, attributes);
        }
        for hint in &observation.hints {
            let [a, b] = &hint.key;
            staged.insert(
                (hint.hint as i64, number(a), number(b), 0),
                hint.number.to_string(),
            );
        }

        let rows = staged.len();
        let mut tx = self.write().await?;
        tx.lease_hold(lease, now).await?;
        tx.staged_forget(run, observation, &terms).await?;
        tx.staged_add(run, staged, observation.sent_at).await?;
        tx.person_record(&observation.people, &terms).await?;
        tx.activity_record(run, &observation.activity, &terms, observation.sent_at)
            .await?;
        if let Some(page) = page {
            tx.listing_advance(run, page.family, page.name, page.next, page.rows)
                .await?;
        }
        tx.commit().await?;
        self.statistics_after_staging(run, rows).await
    }
}

impl Tx {
    async fn staged_add(
        &mut self,
        run: RunId,
        staged: HashMap<StagedKey, String>,
        sent_at: i64,
    ) -> Result<(), StoreError> {
        let mut rows: Vec<(StagedKey, String)> = staged.into_iter().collect();
        // In key order: the table is a tree by key.
        rows.sort_unstable_by_key(|row| row.0);
        let row = |((kind, a, b, c), attributes): (StagedKey, String)| {
            vec![
                run.0.into(),
                kind.into(),
                a.into(),
                b.into(),
                c.into(),
                attributes.into(),
                sent_at.into(),
            ]
        };
        let rows: Vec<Vec<Value>> = rows.into_iter().map(row).collect();
        self.insert_many(STAGE, &rows, STAGE_TAIL).await?;
        Ok(())
    }

    async fn staged_forget(
        &mut self,
        run: RunId,
        observation: &Observation,
        terms: &Numbers<'_>,
    ) -> Result<(), StoreError> {
        let mut by_place: HashMap<(FactKind, bool), Vec<i64>> = HashMap::new();
        for whole in &observation.wholes {
            let (kind, is_first, id) = whole.place();
            by_place
                .entry((kind, is_first))
                .or_default()
                .extend(terms.get(id));
        }
        for ((kind, is_first), ids) in by_place {
            for batch in ids.chunks(400) {
                let head = if is_first {
                    "DELETE FROM staged WHERE run_id = $1 AND kind = $2 AND sent_at < $3 AND a IN"
                } else {
                    "DELETE FROM staged WHERE run_id = $1 AND kind = $2 AND sent_at < $3 AND b IN"
                };
                let sql = list_statement(head, 4, batch.len(), "");
                let mut values: Vec<Value> =
                    vec![run.0.into(), kind.number().into(), observation.sent_at.into()];
                values.extend(batch.iter().map(|id| Value::from(*id)));
                self.rows_built(sql, &values).await?;
            }
        }
        Ok(())
    }
}
