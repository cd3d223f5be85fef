//! A day of tasks: readings every six hours with changes between them, tasks that come twice, tokens that expire, a
//! server that is away for a while and starts anew. The clock moves when the connector waits, so a day takes a second.

use super::*;
use crate::stand_in::{Event, Finished, Plan};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn give(number: u32, kind: TaskType) -> Event {
    Event::Give(Box::new(task(number, kind)))
}

/// What happens on this day, by minutes from its beginning.
fn day() -> Plan {
    let mut unknown = task(90, sync());
    unknown.task_type = None;
    let events: Vec<(i64, Event)> = vec![
        (0, give(1, TaskType::Hello(Default::default()))),
        (1, give(10, sync())),
        (35, give(20, grant("ana"))),
        (35, give(21, grant("bo"))),
        (35, give(22, grant("cy"))),
        (36, give(20, grant("ana"))),
        (90, give(30, create("new@x.example"))),
        (91, give(30, create("new@x.example"))),
        (120, Event::ExpireTokens),
        (121, give(31, revoke("bo"))),
        (200, Event::Unavailable(4)),
        (201, give(40, invoke("enable_user"))),
        (360, give(11, sync())),
        (400, Event::Give(Box::new(unknown))),
        (401, give(91, TaskType::CreateTicketTask(Other {}))),
        (
            402,
            give(92, TaskType::ActionListSchemas(ActionListSchemas::default())),
        ),
        (500, give(50, delete("gone"))),
        (501, give(51, revoke("bo"))),
        (720, give(12, sync())),
        (721, give(12, sync())),
        (900, Event::ExpireTokens),
        (1000, give(2, TaskType::Hello(Default::default()))),
        (1080, give(13, sync())),
        (1439, give(52, grant("ana"))),
    ];
    let mut plan = Plan::new();
    for (minute, event) in events {
        plan.entry(START_MS + minute * MINUTE_MS).or_default().push(event);
    }
    plan
}

/// How tasks ended, by their number.
fn by_number(finished: Vec<Finished>) -> BTreeMap<u32, Vec<Finished>> {
    let mut all: BTreeMap<u32, Vec<Finished>> = BTreeMap::new();
    for finished in finished {
        let number = finished.task.trim_start_matches("task").parse().unwrap();
        all.entry(number).or_default().push(finished);
    }
    all
}

#[tokio::test]
async fn a_day_of_tasks_leaves_everything_as_it_was_asked_for() {
    let stage = stage(Wanted::default()).await;
    stage.stand_in.plan(day());
    stage.stand_in.until_over().await.unwrap();
    let passed_ms = stage.now_ms.load(Ordering::Relaxed) - START_MS;
    assert!(
        (1439 * MINUTE_MS..26 * HOUR_MS).contains(&passed_ms),
        "{passed_ms}"
    );

    let ends = by_number(stage.stand_in.finished());
    let succeeded = |numbers: &[u32]| {
        numbers
            .iter()
            .all(|number| ends[number].iter().all(|finished| finished.code == 0))
    };
    assert!(
        succeeded(&[10, 11, 12, 13, 20, 21, 22, 30, 31, 40, 50, 51, 52, 92]),
        "{ends:?}"
    );
    for refused in [90, 91] {
        assert_eq!(ends[&refused][0].code, i32::from(Code::Unimplemented));
    }
    assert_eq!(ends[&20].len(), 2, "what came twice was told twice");
    assert_eq!(ends[&30].len(), 2);

    let mut done = stage.work.done();
    done.sort();
    assert_eq!(
        done,
        [
            "create new@x.example",
            "delete gone",
            "grant group:g:member ana",
            "grant group:g:member ana",
            "grant group:g:member bo",
            "grant group:g:member cy",
            "invoke enable_user",
            "revoke bo",
            "revoke bo",
            "sync []",
            "sync []",
            "sync []",
            "sync []",
            "sync []",
        ],
        "each change once for each task, though some tasks came twice"
    );
    let members = stage.work.members.lock().unwrap().clone();
    assert_eq!(members, BTreeSet::from(["ana".to_owned(), "cy".to_owned()]));

    let heard = stage.stand_in.heard();
    let count = |is: fn(&Heard) -> bool| heard.iter().filter(|heard| is(heard)).count();
    assert_eq!(count(|heard| matches!(heard, Heard::Uploaded { .. })), 5);
    assert_eq!(
        count(|heard| matches!(heard, Heard::Hello(_))),
        3,
        "at the start and when asked"
    );
    let tokens = count(|heard| matches!(heard, Heard::Token));
    assert!((24..=30).contains(&tokens), "a token holds an hour: {tokens}");
    assert_eq!(stage.left_behind(), Vec::<PathBuf>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_day_goes_on_after_the_server_was_started_anew() {
    let mut stage = stage(Wanted::default()).await;
    let mut plan = day();
    let evening = plan.split_off(&(START_MS + 700 * MINUTE_MS));
    stage.stand_in.plan(plan);
    stage.stand_in.until_over().await.unwrap();
    stage.stand_in.restart().await.unwrap();
    let later: Plan = {
        // The clock went on while nothing was planned.
        let now_ms = stage.now_ms.load(Ordering::Relaxed);
        let shift = now_ms - START_MS - 700 * MINUTE_MS;
        evening
            .into_iter()
            .map(|(at_ms, events)| (at_ms + shift.max(0), events))
            .collect()
    };
    stage.stand_in.plan(later);
    stage.stand_in.until_over().await.unwrap();
    let ends = by_number(stage.stand_in.finished());
    assert!(ends[&13][0].code == 0 && ends[&52][0].code == 0, "{ends:?}");
    stage.end().await.unwrap();
}
