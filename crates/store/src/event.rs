//! The audit archive: every event of an organization's audit log that was read, without a limit of time.
//!
//! What an event says is kept and searched; it never decides what is so.

use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::{Row, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const ADD: &str =
    "INSERT INTO event (organization, id, processed_at, happened_at, action, actor, search, body) VALUES";
const ADD_TAIL: &str = "ON CONFLICT (organization, id) DO NOTHING";
const ADD_SUBJECTS: &str = "INSERT INTO event_subject (id, event) VALUES";
const ADD_SUBJECTS_TAIL: &str = "ON CONFLICT (id, event) DO NOTHING";
const KNOWN: &str = "SELECT id, number FROM event WHERE organization = $1 AND id IN";
/// `+ 0` keeps both databases from walking up all numbers instead of down the few events of the index.
const FIRST_SINCE: &str = "SELECT MIN(number + 0) FROM event WHERE processed_at >= $1";
const ABOUT: &str =
    "SELECT DISTINCT e.number, e.id, e.processed_at, e.happened_at, e.action, e.actor, e.search, e.body
    FROM event_subject s JOIN event e ON e.number = s.event
    WHERE e.organization = $1 AND e.processed_at >= $2 AND s.event >= $3 AND s.id IN";
const SEARCH: &str =
    "SELECT e.number, e.id, e.processed_at, e.happened_at, e.action, e.actor, e.search, e.body
    FROM event e
    WHERE e.organization = $1 AND e.happened_at >= $2 AND e.happened_at < $3
    AND ($4 = '' OR e.action = $4) AND ($5 = '' OR e.actor = $5)
    AND ($6 = '' OR e.search LIKE $6)
    AND ($7 = '' OR EXISTS (SELECT 1 FROM event_subject s WHERE s.id = $7 AND s.event = e.number))
    AND (e.happened_at < $8 OR e.happened_at = $8 AND e.number < $9)
    ORDER BY e.happened_at DESC, e.number DESC LIMIT $10";
const COUNTS: &str = "SELECT e.happened_at / 86400000, e.action, COUNT(*) FROM event e
    WHERE e.organization = $1 AND e.happened_at >= $2 AND e.happened_at < $3
    GROUP BY e.happened_at / 86400000, e.action ORDER BY 1, 2";
const COUNTS_OF_DAYS: &str = "SELECT d.day, d.action, d.events FROM event_day d
    WHERE d.organization = $1 AND d.day >= $2 AND d.day < $3";
const COUNT_MORE: &str = "INSERT INTO event_day (organization, day, action, events) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, day, action) DO UPDATE SET events = event_day.events + excluded.events";
const FORGET_DAYS: &str = "DELETE FROM event_day WHERE organization = $1 AND day >= $2 AND day <= $3";
const COUNT_DAY: &str = "INSERT INTO event_day (organization, day, action, events)
    SELECT e.organization, e.happened_at / 86400000, e.action, COUNT(*) FROM event e
    WHERE e.organization = $1 AND e.happened_at >= $2 AND e.happened_at < $3
    GROUP BY e.organization, e.happened_at / 86400000, e.action";
const FORGET_SUBJECTS: &str = "DELETE FROM event_subject WHERE event IN (
    SELECT number FROM event WHERE organization = $1 AND happened_at < $2)";
const FORGET: &str = "DELETE FROM event WHERE organization = $1 AND happened_at < $2";

const DAY_MS: i64 = 86_400_000;

/// How many ids one statement looks up.
const BATCH: usize = 400;

/// An event to be kept. Times in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id.
    pub id: String,
    /// When Atlassian's log had processed it: the order of the stream.
    pub processed_at: i64,
    /// When it happened.
    pub happened_at: i64,
    /// Such as `user_added_to_group`.
    pub action: String,
    /// Who did it: an account's id, or a word for a system; may be empty.
    pub actor: String,
    /// Lower-case text to search in.
    pub search: String,
    /// The event as it came: JSON.
    pub body: String,
    /// The ids of what it is about.
    pub subjects: Vec<String>,
}

/// An event of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number, in the order in which events came.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// When Atlassian's log had processed it.
    pub processed_at: i64,
    /// When it happened.
    pub happened_at: i64,
    /// Such as `user_added_to_group`.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// The event as it came: JSON.
    pub body: String,
}

/// What to search events for. What is empty or `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventSearch {
    /// That happened at this time or later.
    pub from: Option<i64>,
    /// That happened before this time.
    pub to: Option<i64>,
    /// Exactly this action.
    pub action: String,
    /// Exactly this actor.
    pub actor: String,
    /// About exactly this id.
    pub subject: String,
    /// With this text, in any case, in actor, subjects or place.
    pub text: String,
    /// After this event in the order of answers: its time and number.
    pub after: Option<(i64, i64)>,
}

fn event(row: &Row) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        number: row.int(0)?,
        id: row.text(1)?,
        processed_at: row.int(2)?,
        happened_at: row.int(3)?,
        action: row.text(4)?,
        actor: row.text(5)?,
        body: row.text(7)?,
    })
}

/// These methods are for transactions of the archive.
impl Tx {
    /// Keeps events that are not kept yet; answers the ids of those that are new.
    pub async fn event_add(
        &mut self,
        organization: &str,
        events: &[NewEvent],
    ) -> Result<HashSet<String>, StoreError> {
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        let known = self.event_numbers(organization, &ids).await?;
        let mut new: Vec<&NewEvent> = events
            .iter()
            .filter(|event| !known.contains_key(&event.id))
            .collect();
        let mut met = HashSet::new();
        new.retain(|event| met.insert(event.id.clone()));
        let row = |event: &&NewEvent| {
            vec![
                organization.into(),
                event.id.as_str().into(),
                event.processed_at.into(),
                event.happened_at.into(),
                event.action.as_str().into(),
                event.actor.as_str().into(),
                event.search.as_str().into(),
                event.body.as_str().into(),
            ]
        };
        let rows: Vec<Vec<Value>> = new.iter().map(row).collect();
        let added = self.insert_many(ADD, rows, ADD_TAIL).await?;
        self.event_count_days(organization, &new, added).await?;
        let ids: Vec<&str> = new.iter().map(|event| event.id.as_str()).collect();
        let numbers = self.event_numbers(organization, &ids).await?;
        let mut subjects: Vec<Vec<Value>> = Vec::new();
        for event in &new {
            let Some(number) = numbers.get(&event.id) else {
                continue;
            };
            let rows = event.subjects.iter().filter(|id| !id.is_empty());
            subjects.extend(rows.map(|id| vec![id.as_str().into(), (*number).into()]));
        }
        self.insert_many(ADD_SUBJECTS, subjects, ADD_SUBJECTS_TAIL)
            .await?;
        Ok(met)
    }

    /// Adds new events to the numbers of their days. Where another process added some of them meanwhile, so that fewer
    /// were added, the days are counted anew.
    async fn event_count_days(
        &mut self,
        organization: &str,
        new: &[&NewEvent],
        added: u64,
    ) -> Result<(), StoreError> {
        let mut days: BTreeMap<(i64, &str), i64> = BTreeMap::new();
        for event in new {
            *days
                .entry((event.happened_at / DAY_MS, event.action.as_str()))
                .or_default() += 1;
        }
        if usize::try_from(added) == Ok(new.len()) {
            for ((day, action), events) in days {
                let values = [organization.into(), day.into(), action.into(), events.into()];
                self.execute(COUNT_MORE, &values).await?;
            }
            return Ok(());
        }
        let days: BTreeSet<i64> = days.into_keys().map(|(day, _)| day).collect();
        for day in days {
            self.event_count_day(organization, (day, day)).await?;
        }
        Ok(())
    }

    /// Counts the events of the last of these days anew, and none for the others.
    async fn event_count_day(&mut self, organization: &str, days: (i64, i64)) -> Result<(), StoreError> {
        let (first, day) = days;
        self.execute(FORGET_DAYS, &[organization.into(), first.into(), day.into()])
            .await?;
        let values = [
            organization.into(),
            (day * DAY_MS).into(),
            ((day + 1) * DAY_MS).into(),
        ];
        self.execute(COUNT_DAY, &values).await?;
        Ok(())
    }

    async fn event_numbers(
        &mut self,
        organization: &str,
        ids: &[&str],
    ) -> Result<HashMap<String, i64>, StoreError> {
        let mut numbers = HashMap::new();
        for batch in ids.chunks(BATCH) {
            let mut values: Vec<Value> = vec![organization.into()];
            values.extend(batch.iter().map(|id| Value::from(*id)));
            let sql = list_statement(KNOWN, 2, batch.len(), "");
            for row in self.rows_built(sql, &values).await? {
                numbers.insert(row.text(0)?, row.int(1)?);
            }
        }
        Ok(numbers)
    }

    /// The events about any of these ids that were processed since a time, in the order in which they happened.
    pub async fn event_about(
        &mut self,
        organization: &str,
        ids: &[&str],
        since: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        // An account's log-ins of years stand before the number from which on an event can be recent enough.
        let first = self.row(FIRST_SINCE, &[since.into()]).await?;
        let Some(first) = first.map(|row| row.int_or_null(0)).transpose()?.flatten() else {
            return Ok(Vec::new());
        };
        let mut found: HashMap<i64, EventRow> = HashMap::new();
        for batch in ids.chunks(BATCH) {
            let mut values: Vec<Value> = vec![organization.into(), since.into(), first.into()];
            values.extend(batch.iter().map(|id| Value::from(*id)));
            let sql = list_statement(ABOUT, 4, batch.len(), "");
            for row in self.rows_built(sql, &values).await? {
                let event = event(&row)?;
                found.insert(event.number, event);
            }
        }
        let mut events: Vec<EventRow> = found.into_values().collect();
        events.sort_unstable_by_key(|event| (event.happened_at, event.number));
        Ok(events)
    }

    /// The events that a search finds, the latest first, at most `limit`.
    pub async fn event_search(
        &mut self,
        organization: &str,
        search: &EventSearch,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let text = match search.text.trim() {
            "" => String::new(),
            text => format!("%{}%", text.to_lowercase().replace(['%', '_'], "")),
        };
        let (after_at, after_number) = search.after.unwrap_or((i64::MAX, i64::MAX));
        let values = [
            organization.into(),
            search.from.unwrap_or(i64::MIN).into(),
            search.to.unwrap_or(i64::MAX).into(),
            search.action.as_str().into(),
            search.actor.as_str().into(),
            text.into(),
            search.subject.as_str().into(),
            after_at.into(),
            after_number.into(),
            limit.into(),
        ];
        self.rows(SEARCH, &values).await?.iter().map(event).collect()
    }

    /// How many events of each action happened on each day from a time until before another: day since the epoch (UTC),
    /// action, number.
    pub async fn event_counts(
        &mut self,
        organization: &str,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, String, i64)>, StoreError> {
        let whole = (from.saturating_add(DAY_MS - 1) / DAY_MS, to / DAY_MS);
        let mut rows = Vec::new();
        if whole.0 >= whole.1 {
            rows.extend(
                self.rows(COUNTS, &[organization.into(), from.into(), to.into()])
                    .await?,
            );
        } else {
            let (begin, end) = (whole.0 * DAY_MS, whole.1 * DAY_MS);
            for (from, to) in [(from, begin), (end, to)] {
                if from < to {
                    let part = [organization.into(), from.into(), to.into()];
                    rows.extend(self.rows(COUNTS, &part).await?);
                }
            }
            let days = [organization.into(), whole.0.into(), whole.1.into()];
            rows.extend(self.rows(COUNTS_OF_DAYS, &days).await?);
        }
        let mut counts = rows
            .iter()
            .map(|row| Ok((row.int(0)?, row.text(1)?, row.int(2)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_unstable();
        Ok(counts)
    }

    /// Forgets the events that happened before a time; answers how many.
    pub async fn event_forget(&mut self, organization: &str, before: i64) -> Result<u64, StoreError> {
        let values = [organization.into(), before.into()];
        self.execute(FORGET_SUBJECTS, &values).await?;
        let forgotten = self.execute(FORGET, &values).await?;
        if forgotten > 0 {
            self.event_count_day(organization, (0, before / DAY_MS)).await?;
        }
        Ok(forgotten)
    }
}
