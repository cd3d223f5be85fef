//! The audit archive: what the organization's audit log told, searched and counted.

use super::accounts::DAY_MS;
use super::error::ViewError;
use super::names::{AccountRef, Wanted};
use super::scope::Scope;
use super::time::At;
use crate::App;
use atlassian::wire::Event;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{EventRow, EventSearch};

/// Days that are counted.
const DAYS: i64 = 90;

/// Which events to list. What is empty does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsAsk {
    /// With this text in actor, subjects or place, in any case.
    pub text: String,
    /// Exactly this action.
    pub action: String,
    /// By exactly this account or system.
    pub actor: String,
    /// About exactly this id.
    pub about: String,
    /// That happened then or later.
    pub since: Option<At>,
    /// That happened before then.
    pub until: Option<At>,
    /// After this one in the order of answers: its `position`.
    pub after: Option<(i64, i64)>,
    /// How many, at most.
    pub limit: i64,
}

/// Something that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventAbout {
    /// `users`, `groups`, `sites` …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name, if it was told or is known.
    pub name: Option<String>,
}

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct EventItem {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: At,
    /// When the log had it.
    pub processed_at: At,
    /// Such as `user_added_to_group`.
    pub action: String,
    /// Who did it; a system has a word for an id and no name.
    pub actor: AccountRef,
    /// What it is about.
    pub about: Vec<EventAbout>,
    /// From where, if it was told: address, city, country.
    pub place: String,
    /// Where a list after it goes on.
    #[serde(skip)]
    pub position: (i64, i64),
    /// The event as it came.
    #[serde(skip)]
    pub body: String,
}

/// How many events happened on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventDay {
    /// The beginning of the day, UTC.
    pub day: At,
    /// How many.
    pub events: i64,
}

/// How far the stream of events is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Following {
    /// When it was last read to its end; `None` before the first time.
    pub polled_at: Option<At>,
    /// Why this key may not read it.
    pub refused: Option<String>,
    /// Why a reading of everything is owed.
    pub whole_owed: Option<String>,
}

/// The events that were asked for, the latest first.
#[derive(Debug, Clone, Serialize)]
pub struct EventsView {
    /// The events.
    pub events: Vec<EventItem>,
    /// Where the list goes on.
    #[serde(skip)]
    pub next: Option<(i64, i64)>,
    /// How far the stream is followed; `None` when nobody ever asked for it.
    pub following: Option<Following>,
}

/// How much happened lately.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EventActivity {
    /// The last days, the earliest first, up to the last one with events.
    pub days: Vec<EventDay>,
    /// Actions with how many events each, the most frequent first.
    pub actions: Vec<(String, i64)>,
}

impl App {
    /// The events that were asked for.
    pub async fn events(&self, scope: &Scope, ask: &EventsAsk) -> Result<EventsView, ViewError> {
        let search = EventSearch {
            from: ask.since.map(|at| at.0),
            to: ask.until.map(|at| at.0).into_iter().chain(end_of(scope)).min(),
            action: ask.action.clone(),
            actor: ask.actor.clone(),
            subject: ask.about.clone(),
            text: ask.text.clone(),
            after: ask.after,
        };
        let limit = ask.limit.clamp(1, 10_000);
        let following = self.following(scope).await?;
        if following.is_none() {
            return Ok(EventsView {
                events: Vec::new(),
                next: None,
                following,
            });
        }
        let mut tx = self.store.archive_read().await?;
        let rows = tx.event_search(&scope.organization_id, &search, limit).await?;
        drop(tx);
        let is_full = i64::try_from(rows.len()) == Ok(limit);
        let events = self.event_items(scope, rows).await?;
        let next = events.last().filter(|_| is_full).map(|event| event.position);
        Ok(EventsView {
            events,
            next,
            following,
        })
    }

    /// How much happened in the last 90 days, or the 90 days before the day that is looked back at.
    pub async fn event_activity(&self, scope: &Scope) -> Result<EventActivity, ViewError> {
        if self.following(scope).await?.is_none() {
            return Ok(EventActivity::default());
        }
        let end = end_of(scope).unwrap_or_else(|| self.clock.now_ms() + 1);
        let today = (end - 1).div_euclid(DAY_MS);
        let first = today - DAYS + 1;
        let mut tx = self.store.archive_read().await?;
        let counts = tx
            .event_counts(&scope.organization_id, first * DAY_MS, end)
            .await?;
        let mut by_day: BTreeMap<i64, i64> = BTreeMap::new();
        let mut by_action: HashMap<String, i64> = HashMap::new();
        for (day, action, events) in counts {
            *by_day.entry(day).or_default() += events;
            *by_action.entry(action).or_default() += events;
        }
        let days = match by_day.keys().next().copied() {
            None => Vec::new(),
            Some(first) => (first..=today)
                .map(|day| EventDay {
                    day: At(day * DAY_MS),
                    events: by_day.get(&day).copied().unwrap_or(0),
                })
                .collect(),
        };
        let mut actions: Vec<(String, i64)> = by_action.into_iter().collect();
        actions.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Ok(EventActivity { days, actions })
    }

    async fn following(&self, scope: &Scope) -> Result<Option<Following>, ViewError> {
        let mut tx = self.store.read().await?;
        let stream = tx.event_stream(scope.at.organization).await?;
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(stream.map(|stream| Following {
            polled_at: Some(At(stream.polled_at)).filter(|at| at.0 > 0),
            refused: told(stream.refused),
            whole_owed: told(stream.whole_owed),
        }))
    }

    async fn event_items(&self, scope: &Scope, rows: Vec<EventRow>) -> Result<Vec<EventItem>, ViewError> {
        let told: Vec<(EventRow, Event)> = rows
            .into_iter()
            .map(|row| {
                let event = serde_json::from_str(&row.body).unwrap_or_default();
                (row, event)
            })
            .collect();
        let mut ids: Vec<&str> = told.iter().map(|(row, _)| row.actor.as_str()).collect();
        let is_place = |kind: &Option<String>| kind.as_deref() == Some("sites");
        let places = told.iter().flat_map(|(_, event)| &event.attributes.context);
        let places = places
            .filter(|subject| is_place(&subject.kind))
            .filter_map(|subject| subject.id.as_deref());
        let places: HashSet<&str> = places.collect();
        ids.extend(places.iter().copied());
        ids.retain(|id| !id.is_empty());
        ids.sort_unstable();
        ids.dedup();
        let mut tx = self.store.read().await?;
        let terms: HashMap<String, i64> = tx.term_numbers(&ids).await?.into_iter().collect();
        let mut wanted = Wanted::default();
        for (id, term) in &terms {
            if places.contains(id.as_str()) {
                wanted.resource(*term);
            } else {
                wanted.account(*term);
            }
        }
        let names = wanted.look_up(&mut tx, scope.at).await?;
        drop(tx);
        let items = told.into_iter().map(|(row, event)| {
            let told = event.attributes;
            let actor = told.actor.unwrap_or_default();
            let known = terms.get(&row.actor).map(|term| names.account(*term));
            let stranger = AccountRef {
                account_id: row.actor.clone(),
                name: actor.name,
                email: actor.email,
            };
            let place = told.location.unwrap_or_default();
            let place = [place.ip, place.city, place.country].into_iter().flatten();
            let place: Vec<String> = place.filter(|part| !part.is_empty()).collect();
            let about = told.context.into_iter().map(|subject| EventAbout {
                name: subject.attributes.name.or_else(|| {
                    let id = subject.id.as_ref().filter(|_| is_place(&subject.kind))?;
                    let workspace = names.resource(*terms.get(id)?);
                    workspace.is_listed.then(|| workspace.label())
                }),
                kind: subject.kind.unwrap_or_default(),
                id: subject.id.unwrap_or_default(),
            });
            EventItem {
                id: row.id,
                at: At(row.happened_at),
                processed_at: At(row.processed_at),
                action: row.action,
                actor: known.filter(|known| known.name.is_some()).unwrap_or(stranger),
                about: about.collect(),
                place: place.join(", "),
                position: (row.happened_at, row.number),
                body: row.body,
            }
        });
        Ok(items.collect())
    }
}

/// Before when events are shown: looking back, what happened after the reading that is shown is not there yet.
fn end_of(scope: &Scope) -> Option<i64> {
    scope.read_at.filter(|_| !scope.is_current).map(|at| at.0 + 1)
}

impl EventItem {
    /// The event as it came, as JSON on one line.
    pub fn line(&self) -> String {
        // What came over the wire may have line ends between its parts.
        match serde_json::from_str::<Box<RawValue>>(&self.body) {
            Ok(raw) if !raw.get().contains(['\n', '\r']) => raw.get().to_owned(),
            _ => serde_json::from_str::<serde_json::Value>(&self.body)
                .map_or_else(|_| "{}".into(), |json| json.to_string()),
        }
    }
}
