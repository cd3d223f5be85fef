//! Staging: what the pages of a run showed, before it is merged.
//!
//! A page, the people it describes and the position after it are one transaction, alone or with other pages. A later
//! observation of the same thing replaces an earlier one; a look at *all* of something (the groups of an account) also
//! removes what an earlier look showed and this one did not.

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
    /// An account whose holdings were read one by one, with 1; with [`NOT_TOLD`] where Atlassian did not know it. Key:
    /// account.
    ReadPrecisely = 107,
}

/// The number of a hint [`Hint::ReadPrecisely`] about an account that Atlassian did not know when it was asked for its
/// holdings.
pub const NOT_TOLD: i64 = -1;

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
    /// Which page it was, if it was one of a listing.
    pub page: Option<PageOf>,
}

/// Where in a listing an observation belongs.
#[derive(Debug, Clone)]
pub struct PageOf {
    /// The family.
    pub family: Family,
    /// Which of the family.
    pub name: String,
    /// The cursor of the next page; `None` exactly when the server said that there is none.
    pub next: Option<String>,
    /// Rows on the page.
    pub rows: i64,
}

impl Observation {
    fn texts<'a>(&'a self) -> impl Iterator<Item = &'a str> + use<'a> {
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

/// Attributes, and when the request was sent that they answer.
type StagedValue = (String, i64);

impl Store {
    /// Keeps what answers showed and, of those that are pages of listings, the positions after them: all or nothing,
    /// and as if they were kept one after the other. Two of them may not be pages of the same listing.
    pub async fn observations_record(
        &self,
        lease: &Lease,
        now: i64,
        run: RunId,
        terms: &TermCache,
        observations: &[&Observation],
    ) -> Result<(), StoreError> {
        let texts = observations.iter().flat_map(|observation| observation.texts());
        let terms = self.terms_intern(terms, texts).await?;
        let mut rows = 0;
        let mut staged: HashMap<StagedKey, StagedValue> = HashMap::new();

        let mut tx = self.write().await?;
        tx.lease_hold(lease, now).await?;
        for observation in observations {
            if !observation.wholes.is_empty() {
                // It replaces what those before it showed.
                rows += tx.staged_add(run, std::mem::take(&mut staged)).await?;
                tx.staged_forget(run, observation, &terms).await?;
            }
            take_in(&mut staged, observation, &terms);
        }
        rows += tx.staged_add(run, staged).await?;
        let people = observations.iter().flat_map(|observation| &observation.people);
        tx.person_record(people, &terms).await?;
        let activity = observations.iter().flat_map(|observation| {
            let rows = observation.activity.iter();
            rows.map(|row| (row, observation.sent_at))
        });
        tx.activity_record(run, activity, &terms).await?;
        let pages = observations
            .iter()
            .filter_map(|observation| observation.page.as_ref());
        tx.listings_advance(run, pages).await?;
        tx.commit().await?;
        self.statistics_after_staging(run, rows).await;
        Ok(())
    }
}

/// Adds what an observation showed to what is to be staged, where nothing later showed the same.
fn take_in(staged: &mut HashMap<StagedKey, StagedValue>, observation: &Observation, terms: &Numbers<'_>) {
    // The empty text, which is no term, is 0.
    let number = |text: &str| terms.get(text).unwrap_or(0);
    let facts = observation.facts.iter().map(|fact| {
        let [a, b, c] = &fact.key;
        let attributes = serde_json::to_string(&fact.attributes).unwrap_or_else(|_| "{}".into());
        ((fact.kind.number(), number(a), number(b), number(c)), attributes)
    });
    let hints = observation.hints.iter().map(|hint| {
        let [a, b] = &hint.key;
        (
            (hint.hint as i64, number(a), number(b), 0),
            hint.number.to_string(),
        )
    });
    let sent_at = observation.sent_at;
    for (key, attributes) in facts.chain(hints) {
        if staged.get(&key).is_none_or(|(_, before)| sent_at >= *before) {
            staged.insert(key, (attributes, sent_at));
        }
    }
}

impl Tx {
    /// Answers how many rows it staged.
    async fn staged_add(
        &mut self,
        run: RunId,
        staged: HashMap<StagedKey, StagedValue>,
    ) -> Result<usize, StoreError> {
        let count = staged.len();
        let mut rows: Vec<(StagedKey, StagedValue)> = staged.into_iter().collect();
        // In key order: the table is a tree by key.
        rows.sort_unstable_by_key(|row| row.0);
        let row = |((kind, a, b, c), (attributes, sent_at)): (StagedKey, StagedValue)| {
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
        self.insert_many(STAGE, rows, STAGE_TAIL).await?;
        Ok(count)
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
