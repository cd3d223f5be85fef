//! The audit log, as far as it was kept: search, activity, files.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::parts::filter::{Choice, FilterBar};
use crate::parts::{account_link, address, counted, number, time};
use crate::shell::{Place, Shell, Web};
use app::views::accounts::DAY_MS;
use app::views::events::{EventAbout, EventActivity, EventDay, EventItem, EventsAsk, EventsView};
use app::views::{At, Scope};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the page, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    q: String,
    action: String,
    actor: String,
    about: String,
    /// A day.
    day: String,
    /// Where the list goes on: time and number.
    after: String,
    format: String,
}

const ROWS: i64 = 100;

impl Parameters {
    fn ask(&self) -> EventsAsk {
        let day = At::parse(&self.day);
        let after = self.after.split_once('-');
        EventsAsk {
            text: self.q.clone(),
            action: self.action.clone(),
            actor: self.actor.clone(),
            about: self.about.clone(),
            since: day,
            until: day.map(|day| At(day.0 + DAY_MS)),
            after: after.and_then(|(at, number)| Some((at.parse().ok()?, number.parse().ok()?))),
            limit: ROWS,
        }
    }

    fn all(&self) -> [(&'static str, &str); 5] {
        [
            ("q", &self.q),
            ("action", &self.action),
            ("actor", &self.actor),
            ("about", &self.about),
            ("day", &self.day),
        ]
    }
}

/// Shows the events.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let ask = parameters.ask();
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, ask).await;
    }
    let view = web.app.events(scope, &ask).await?;
    let activity = web.app.event_activity(scope).await?;
    let actions = activity.actions.iter().take(60);
    let actions =
        actions.map(|(action, count)| (action.clone(), format!("{} ({})", words(action), number(*count))));
    let one = |value: &str, words: &dyn Fn() -> String| match value {
        "" => Vec::new(),
        value => vec![(value.to_owned(), words())],
    };
    let actor = || {
        let event = view
            .events
            .iter()
            .find(|event| event.actor.account_id == parameters.actor);
        event.map_or_else(
            || parameters.actor.clone(),
            |event| event.actor.label().to_owned(),
        )
    };
    let about = || {
        let all = view.events.iter().flat_map(|event| &event.about);
        let known = all
            .filter(|about| about.id == parameters.about)
            .find_map(|about| about.name.clone());
        known.unwrap_or_else(|| parameters.about.clone())
    };
    let day = || At::parse(&parameters.day).map_or_else(String::new, |day| time::day_text(shell.now, day));
    let bar = FilterBar {
        path: "/events",
        hint: "Who, what it is about, or address",
        search: &parameters.q,
        choices: vec![
            Choice {
                name: "action",
                label: "What",
                values: actions.collect(),
                set: &parameters.action,
            },
            Choice {
                name: "actor",
                label: "By",
                values: one(&parameters.actor, &actor),
                set: &parameters.actor,
            },
            Choice {
                name: "about",
                label: "About",
                values: one(&parameters.about, &about),
                set: &parameters.about,
            },
            Choice {
                name: "day",
                label: "On",
                values: one(&parameters.day, &day),
                set: &parameters.day,
            },
        ],
        kept: Vec::new(),
        shown: i64::try_from(view.events.len()).unwrap_or(0),
        filtered_out: 0,
        exports: true,
    };
    let is_narrowed = parameters.all().iter().any(|(_, value)| !value.is_empty());
    let body = html! {
        (head(&shell, &view))
        @if activity.days.len() > 1 { (days(&shell, &activity, &parameters)) }
        @if !activity.days.is_empty() || is_narrowed { (bar.markup()) }
        (list(&shell, &view, is_narrowed))
        div.pager { p {
            @if let Some((at, number)) = view.next {
                @let after = format!("{at}-{number}");
                @let all = [parameters.all().as_slice(), &[("after", after.as_str())]].concat();
                a rel="next" href=(address("/events", &all)) { "Earlier events" }
            }
        } }
    };
    Ok(shell.page(Place::Events, "Audit log", body).into_response())
}

/// The action in words: `user_added_to_group` is "user added to group".
fn words(action: &str) -> String {
    action.replace('_', " ")
}

fn head(shell: &Shell, view: &EventsView) -> Markup {
    html! {
        div.title {
            h1 { "Audit log" }
            p.context {
                @match &view.following {
                    None => { "Not followed yet" },
                    Some(following) => {
                        @match following.polled_at {
                            Some(at) => { "Followed up to " (time::moment(shell.now, at)) },
                            None => "Being read for the first time",
                        }
                        @if let Some(why) = &following.refused { span.dot { "·" } "this key may not read it: " (why) }
                        @if let Some(why) = &following.whole_owed {
                            span.dot { "·" } "everything is read again, because " (why)
                        }
                    }
                }
            }
        }
    }
}

/// A bar for each day; each is a link to that day.
fn days(shell: &Shell, activity: &EventActivity, parameters: &Parameters) -> Markup {
    const PITCH: usize = 12;
    const HIGH: i64 = 64;
    let most = activity
        .days
        .iter()
        .map(|day| day.events)
        .max()
        .unwrap_or(1)
        .max(1);
    let all: i64 = activity.days.iter().map(|day| day.events).sum();
    let last = activity.days.last().map_or(At(shell.now), |day| day.day);
    let first = activity.days.first().map_or(last, |day| day.day);
    let width = activity.days.len() * PITCH;
    let bar = |index: usize, day: &EventDay| {
        let iso = time::day_of(day.day).map_or_else(String::new, |date| date.to_string());
        let words = format!(
            "{}: {}",
            time::day_text(shell.now, day.day),
            counted(day.events, "event", "events")
        );
        let high = (day.events * HIGH + most - 1) / most;
        let is_here = iso == parameters.day;
        html! {
            a.column href=(address("/events", &[("day", &iso)])) aria-label=(words) aria-current=[is_here.then_some("date")] {
                title { (words) }
                rect.hit x=(index * PITCH) y="0" width=(PITCH) height=(HIGH) {}
                rect.gained x=(index * PITCH + 2) y=(HIGH - high) width=(PITCH - 4) height=(high) {}
            }
        }
    };
    html! {
        section.activity {
            div.heading {
                h2 {
                    "By day"
                    span.number {
                        (counted(all, "event", "events")) " from " (time::day_text(shell.now, first)) " to "
                        (time::day_text(shell.now, last))
                    }
                }
            }
            svg.activity viewBox=(format!("0 0 {width} {HIGH}")) width=(width) height=(HIGH) role="group" aria-label="Events by day" {
                @for (index, day) in activity.days.iter().enumerate() { (bar(index, day)) }
            }
        }
    }
}

fn list(shell: &Shell, view: &EventsView, is_narrowed: bool) -> Markup {
    html! {
        @if view.events.is_empty() {
            div.empty { p {
                @if view.following.is_none() {
                    b { "The audit log is not followed yet." }
                    " It is read when the organization is read by its events: "
                    code { "orgwarden sync --incremental" } ", or a schedule."
                }
                @else if is_narrowed { b { "No such event." } " " a href="/events" { "Show all events" } }
                @else { b { "Nothing happened since the first reading." } }
            } }
        } @else {
            table.list.events {
                thead {
                    tr {
                        th scope="col" { "When" }
                        th scope="col" { "What" }
                        th scope="col" { "Who" }
                        th scope="col" { "About" }
                        th scope="col" { "Where" }
                    }
                }
                tbody { @for event in &view.events { (row(shell.now, event)) } }
            }
        }
    }
}

fn row(now: i64, event: &EventItem) -> Markup {
    html! {
        tr {
            td.when.m3 { (time::moment(now, event.at)) }
            td.m1 { a href=(address("/events", &[("action", &event.action)])) { (words(&event.action)) } }
            td.m2 {
                @if event.actor.account_id.is_empty() { span.quiet { "not told" } }
                @else {
                    a href=(address("/events", &[("actor", &event.actor.account_id)])) title=(event.actor.account_id) {
                        bdi { (event.actor.label()) }
                    }
                }
            }
            td.subjects {
                @for (index, about) in event.about.iter().enumerate() {
                    @if index > 0 { ", " } (subject(about))
                }
            }
            td.place { span.quiet { (event.place) } }
        }
    }
}

fn subject(about: &EventAbout) -> Markup {
    let name = about.name.as_deref().unwrap_or(&about.id);
    html! {
        @match about.kind.as_str() {
            "users" => {
                (account_link(&app::views::AccountRef { account_id: about.id.clone(), name: about.name.clone(), email: None }))
            }
            _ => {
                a href=(address("/events", &[("about", &about.id)])) title=(format!("{} {}", about.kind, about.id)) {
                    bdi { (name) }
                }
            }
        }
    }
}

const HEADS: [&str; 9] = [
    "event_id",
    "at",
    "processed_at",
    "action",
    "actor_id",
    "actor",
    "about_ids",
    "about",
    "place",
];

fn cells(event: &EventItem) -> Cells {
    let ids: Vec<&str> = event.about.iter().map(|about| about.id.as_str()).collect();
    let names = event
        .about
        .iter()
        .map(|about| about.name.as_deref().unwrap_or(&about.id));
    let names: Vec<&str> = names.collect();
    vec![
        event.id.clone(),
        event.at.to_string(),
        event.processed_at.to_string(),
        event.action.clone(),
        event.actor.account_id.clone(),
        event.actor.label().to_owned(),
        ids.join(" "),
        names.join("; "),
        event.place.clone(),
    ]
}

/// All events that are asked for, some at a time.
async fn export(web: &Web, scope: &Scope, ask: EventsAsk) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    let ask = EventsAsk {
        limit: csv::PART,
        ..ask
    };
    csv::file("events", &HEADS, ask.after, move |after| {
        let (app, scope) = (Arc::clone(&app), scope.clone());
        let ask = EventsAsk { after, ..ask.clone() };
        async move {
            let view = app.events(&scope, &ask).await?;
            Ok((view.events.iter().map(cells).collect(), view.next.map(Some)))
        }
    })
    .await
}
