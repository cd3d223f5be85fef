//! Reading the audit log: the search, the stream, one event, and the catalogue of actions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pages::Ask;
use super::{Call, Problem, Reply};
use crate::cursor::{Cursor, bare};
use crate::events::{ACTIONS, Event, SUSPENDED};

/// The range and order of a reading; a cursor fixes them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct EventAsk {
    cursor: Option<String>,
    limit: Option<i64>,
    expand: Option<Vec<String>>,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    is_descending: bool,
    text: Option<String>,
    action: Option<String>,
    actors: Option<Vec<String>>,
    ips: Option<Vec<String>>,
    products: Option<Vec<String>>,
    location: Option<String>,
    /// Of the log when the question was first asked.
    generation: u64,
}

impl Ask for EventAsk {
    const IS_LASTING: bool = true;
    fn filter(&self) -> Self {
        EventAsk {
            cursor: None,
            limit: None,
            expand: None,
            ..self.clone()
        }
    }
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>) {
        (&mut self.cursor, &mut self.limit, &mut self.expand)
    }
}

/// The interactive search: newest first, by the time at which things happened to be processed.
pub(crate) fn search(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask = EventAsk {
        is_descending: true,
        text: call.query_one("q"),
        action: call.query_one("action"),
        actors: call.query_list("actor"),
        ips: call.query_list("ip"),
        products: call.query_list("product"),
        location: call.query_one("location"),
        ..range(call)?
    };
    let ask = if call.query_one("cursor").is_some() && is_bare(call) {
        bare_ask(call)?
    } else {
        ask
    };
    answer(call, ask, 100, false)
}

/// The export: everything, in order of processing, with a cursor that stays good at the end.
pub(crate) fn stream(call: &Call<'_>) -> Result<Reply, Problem> {
    let order = call.query_one("sortOrder");
    if order
        .as_deref()
        .is_some_and(|order| !["asc", "desc"].contains(&order))
    {
        return Err(Problem::bad("sortOrder is asc or desc"));
    }
    let ask = EventAsk {
        is_descending: order.as_deref() == Some("desc"),
        ..range(call)?
    };
    let ask = if call.query_one("cursor").is_some() && is_bare(call) {
        bare_ask(call)?
    } else {
        ask
    };
    answer(call, ask, 500, true)
}

fn is_bare(call: &Call<'_>) -> bool {
    call.query
        .iter()
        .all(|(key, _)| key == "cursor" || key == "limit")
}

fn bare_ask(call: &Call<'_>) -> Result<EventAsk, Problem> {
    Ok(EventAsk {
        cursor: call.query_one("cursor"),
        limit: call.query_number("limit")?,
        ..EventAsk::default()
    })
}

fn range(call: &Call<'_>) -> Result<EventAsk, Problem> {
    Ok(EventAsk {
        cursor: call.query_one("cursor"),
        limit: call.query_number("limit")?,
        from_ms: call.query_number("from")?,
        to_ms: call.query_number("to")?,
        generation: call.world().events.generation(),
        ..EventAsk::default()
    })
}

fn answer(call: &Call<'_>, ask: EventAsk, default: usize, is_stream: bool) -> Result<Reply, Problem> {
    let (ask, question) = call.resume(ask)?;
    let limit = match ask.limit {
        None => default,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=500).contains(limit))
            .ok_or_else(|| Problem::bad("limit lies between 1 and 500"))?,
    };
    let sent = ask
        .cursor
        .as_deref()
        .and_then(|text| Cursor::decode(text, call.hub.seed));
    if sent.is_some_and(|cursor| cursor.question != question) {
        return Err(Problem::bad_cursor());
    }
    let world = call.world();
    if sent.is_some() && ask.generation != world.events.generation() {
        return Err(Problem::bad_cursor());
    }
    let fits = |event: &&Event| {
        let is_after = sent.is_none_or(|cursor| {
            if ask.is_descending {
                key(event) < cursor.position
            } else {
                key(event) > cursor.position
            }
        });
        is_after && matches(event, &ask)
    };
    let told = world.events.told(call.now_ms);
    let mut shown: Vec<&Event> = if ask.is_descending {
        told.rev().filter(fits).take(limit + 1).collect()
    } else {
        told.filter(fits).take(limit + 1).collect()
    };
    let is_more = shown.len() > limit;
    shown.truncate(limit);
    let data: Vec<Value> = shown
        .iter()
        .map(|event| event.json(&world.org_id, is_stream))
        .collect();
    let rest = if ask.is_descending { u64::MAX >> 1 } else { 0 };
    let last = shown
        .last()
        .map(|event| key(event))
        .or(sent.map(|cursor| cursor.position))
        .unwrap_or(rest);
    let mut cursor = Cursor {
        question,
        position: last,
        is_after_gap: false,
    }
    .encode(call.hub.seed);
    if let (true, Some(sent)) = (call.repeats_cursor, &ask.cursor) {
        cursor = bare(sent).to_owned();
    }
    let mut meta = json!({ "page_size": data.len() });
    let mut links = json!({ "self": call.url() });
    let keeps_cursor = is_more || (is_stream && !ask.is_descending) || call.repeats_cursor;
    if let (true, Some(map)) = (keeps_cursor, meta.as_object_mut()) {
        map.insert("next".to_owned(), json!(cursor));
    }
    if let (true, Some(map)) = (is_more, links.as_object_mut()) {
        map.insert(
            "next".to_owned(),
            json!(format!("{}?cursor={cursor}", call.url())),
        );
    }
    Ok(Reply::ok(&json!({ "data": data, "meta": meta, "links": links })))
}

/// A number that ascends in the order of processing.
fn key(event: &Event) -> u64 {
    (u64::try_from(event.processed_ms).unwrap_or(0) << 22) | (event.sequence & 0x3f_ffff)
}

fn matches(event: &Event, ask: &EventAsk) -> bool {
    let allows = |list: &Option<Vec<String>>, value: &str| {
        list.as_ref()
            .is_none_or(|list| list.iter().any(|allowed| allowed == value))
    };
    let has_text = |text: &String| {
        let mut texts = event
            .context
            .iter()
            .flat_map(|(_, id, name)| [Some(id.as_str()), name.as_deref()]);
        event.action.contains(text.as_str())
            || texts.any(|it| it.is_some_and(|it| it.contains(text.as_str())))
    };
    // The range is one of time of processing for the stream; the search has no better one to offer.
    ask.from_ms.is_none_or(|from_ms| event.processed_ms >= from_ms)
        && ask.to_ms.is_none_or(|to_ms| event.processed_ms <= to_ms)
        && ask.action.as_ref().is_none_or(|action| action == event.action)
        && allows(&ask.actors, &event.actor_id)
        && allows(&ask.ips, "203.0.113.7")
        && ask.products.is_none()
        && ask
            .location
            .as_deref()
            .is_none_or(|location| location == "Australia" || location == "Sydney")
        && ask.text.as_ref().is_none_or(has_text)
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let event = world.events.find(call.param(1), call.now_ms);
    let event = event.ok_or_else(|| Problem::unknown("event", call.param(1)))?;
    Ok(Reply::ok(&json!({ "data": event.json(&world.org_id, false) })))
}

pub(crate) fn actions(_: &Call<'_>) -> Result<Reply, Problem> {
    let data: Vec<Value> = ACTIONS
        .iter()
        .chain([&SUSPENDED])
        .map(|(id, display, group)| {
            let attributes =
                json!({ "displayName": display, "groupDisplayName": group, "groupDisplayNames": [group] });
            json!({ "id": id, "type": "event-actions", "attributes": attributes })
        })
        .collect();
    Ok(Reply::ok(&json!({ "data": data })))
}
