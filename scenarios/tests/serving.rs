//! Whoever serves reads what is due: by the schedule, on a wish, again after failures, and never twice at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::HookKind;
use app::schedule::{ScheduleChange, ScheduleView};
use app::views::scope::ScopeChoice;
use scenarios::ChangeStage;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::watch;
use twin::TwinOptions;

const HOUR_S: i64 = 3_600;

fn small() -> TwinOptions {
    TwinOptions {
        users: 30,
        groups: 8,
        workspaces: 2,
        ..TwinOptions::default()
    }
}

/// An organization that nobody read yet, and whoever serves.
struct Serving {
    stage: ChangeStage,
    end: watch::Sender<bool>,
}

impl Serving {
    async fn begin() -> Serving {
        let stage = ChangeStage::unread(small(), None).await.unwrap();
        let (end, _) = watch::channel(false);
        let serving = Serving { stage, end };
        // What changes in between has a test of its own.
        serving.between(0).await;
        serving
    }

    async fn between(&self, between_ms: i64) {
        let change = ScheduleChange {
            between_ms: Some(between_ms),
            ..ScheduleChange::default()
        };
        self.change(change).await;
    }

    /// One look for what is due.
    async fn look(&self) -> bool {
        let app = &self.stage.app;
        app.readings_plan().await.unwrap();
        let mut ended = self.end.subscribe();
        app.reading_due(&self.stage.api, &mut ended).await.unwrap()
    }

    async fn schedule(&self) -> ScheduleView {
        self.stage.app.schedule(None).await.unwrap()
    }

    async fn change(&self, change: ScheduleChange) -> ScheduleView {
        let changed = self.stage.app.schedule_change("stage", &change, "test");
        changed.await.unwrap()
    }

    async fn runs(&self) -> usize {
        self.stage.app.connection("stage").await.unwrap().runs.len()
    }

    fn requests(&self) -> u64 {
        self.stage.twin.stats()["requests"].as_u64().unwrap()
    }

    fn refuse(&self, times: u64) {
        let faults = json!({"probability": 1.0, "seed": 1, "kinds": ["401"], "times": times});
        self.stage.twin.set_faults(&faults).unwrap();
    }
}

#[tokio::test]
async fn what_is_due_is_read_once_and_then_an_interval_later() {
    let serving = Serving::begin().await;
    assert!(serving.look().await);
    assert!(!serving.look().await);
    serving.stage.pass_s(HOUR_S - 60);
    assert!(!serving.look().await);
    serving.stage.pass_s(60);
    assert!(serving.look().await);
    assert_eq!(serving.runs().await, 2);
}

#[tokio::test]
async fn readings_missed_while_nobody_served_are_made_up_once() {
    let serving = Serving::begin().await;
    serving.look().await;
    serving.stage.pass_s(50 * HOUR_S);
    assert!(serving.look().await);
    assert!(!serving.look().await);
    assert_eq!(serving.runs().await, 2);
}

#[tokio::test]
async fn a_paused_connection_is_read_only_on_a_wish_and_resumed_at_its_time() {
    let serving = Serving::begin().await;
    serving.look().await;
    let paused = ScheduleChange {
        paused: Some(true),
        ..ScheduleChange::default()
    };
    assert_eq!(serving.change(paused).await.next_at, None);
    serving.stage.pass_s(5 * HOUR_S);
    assert!(!serving.look().await);
    serving.stage.app.reading_ask("stage", "test").await.unwrap();
    assert!(serving.look().await);
    assert!(!serving.look().await);
    let resumed = ScheduleChange {
        paused: Some(false),
        ..ScheduleChange::default()
    };
    assert!(serving.change(resumed).await.next_at.is_some());
    assert!(!serving.look().await);
    serving.stage.pass_s(HOUR_S);
    assert!(serving.look().await);
}

#[tokio::test]
async fn a_first_failure_is_seen_at_once_and_three_in_a_row_need_a_person() {
    let serving = Serving::begin().await;
    serving.look().await;
    serving.refuse(1_000);
    serving.stage.pass_s(HOUR_S);
    let mut waits = Vec::new();
    for failures in 1..=3 {
        assert!(serving.look().await);
        assert!(!serving.look().await);
        let schedule = serving.schedule().await;
        assert_eq!(schedule.failures, failures);
        assert!(schedule.failure.as_ref().unwrap().contains("key"), "{schedule:?}");
        let app = &serving.stage.app;
        let scope = app.scope(&ScopeChoice::default()).await.unwrap();
        let attention = app.attention(&scope).await.unwrap();
        let told = attention.iter().find(|attention| {
            matches!(attention, app::views::overview::Attention::ReadingsFail { failures: told, .. } if *told == failures)
        });
        assert_eq!(told.unwrap().is_pressing(), failures == 3);
        let wait = schedule.next_at.unwrap().0 - schedule.failed_at.unwrap().0;
        serving.stage.pass_s(wait / 1000 + 1);
        waits.push(wait);
    }
    assert!(waits.is_sorted_by(|one, next| *next >= *one * 4 / 3), "{waits:?}");
    serving
        .stage
        .twin
        .set_faults(&json!({"probability": 0.0}))
        .unwrap();
    assert!(serving.look().await);
    let schedule = serving.schedule().await;
    assert_eq!((schedule.failures, schedule.failure), (0, None));
}

#[tokio::test]
async fn whoever_is_told_to_end_leaves_the_reading_to_the_next_who_goes_on_with_it() {
    let options = TwinOptions {
        latency_ms: 40,
        ..small()
    };
    let stage = ChangeStage::unread(options, None).await.unwrap();
    let (end, _) = watch::channel(false);
    let serving = Serving { stage, end };
    let end_midway = async {
        while serving.requests() < 8 {
            tokio::task::yield_now().await;
        }
        serving.end.send_replace(true);
    };
    let (was_due, ()) = tokio::join!(serving.look(), end_midway);
    assert!(was_due);
    serving.end.send_replace(false);
    let before = serving.stage.app.connection("stage").await.unwrap();
    assert_eq!(before.runs[0].state, "reading");
    assert!(serving.look().await);
    let after = serving.stage.app.connection("stage").await.unwrap();
    assert_eq!(after.runs.len(), 1);
    assert_eq!(after.runs[0].state, "published");
    assert_eq!(serving.schedule().await.failures, 0);
}

#[tokio::test]
async fn a_schedule_that_means_nothing_is_refused_and_changes_nothing() {
    let serving = Serving::begin().await;
    serving.look().await;
    let before = serving.schedule().await;
    let cron = |cron: &str, zone: &str| ScheduleChange {
        cron: Some(cron.to_owned()),
        zone: Some(zone.to_owned()),
        ..ScheduleChange::default()
    };
    let often = ScheduleChange {
        every_ms: Some(5_000),
        ..ScheduleChange::default()
    };
    let zone_alone = ScheduleChange {
        zone: Some("UTC".to_owned()),
        ..ScheduleChange::default()
    };
    for wrong in [
        cron("soon", "UTC"),
        cron("0 3 * * *", "Nowhere"),
        often,
        zone_alone,
    ] {
        let refused = serving.stage.app.schedule_change("stage", &wrong, "test").await;
        assert!(refused.is_err(), "{wrong:?}");
    }
    assert_eq!(serving.schedule().await, before);
    let set = serving.change(cron("0 3 * * *", "Europe/Berlin")).await;
    assert_eq!(set.cron.as_deref(), Some("0 3 * * *"));
    assert!(!serving.look().await);
    serving.stage.pass_s(25 * HOUR_S);
    assert!(serving.look().await);
}

#[tokio::test]
async fn what_changes_is_read_in_between_and_everything_once_a_day() {
    let serving = Serving::begin().await;
    serving.between(60_000).await;
    let daily = ScheduleChange {
        every_ms: Some(24 * HOUR_S * 1000),
        ..ScheduleChange::default()
    };
    serving.change(daily).await;
    assert!(serving.look().await);
    let mut requests_idle = serving.requests();
    for _ in 0..30 {
        serving.stage.pass_s(60);
        assert!(serving.look().await);
        assert!(!serving.look().await);
    }
    requests_idle = serving.requests() - requests_idle;
    assert!(
        requests_idle <= 40,
        "{requests_idle} requests in half an hour in which nothing changed"
    );
    assert_eq!(serving.runs().await, 1);
    serving.stage.twin.mutate(5, 77);
    for _ in 0..3 {
        serving.stage.pass_s(60);
        while serving.look().await {}
    }
    let runs = serving.stage.app.connection("stage").await.unwrap().runs;
    assert!(runs.len() > 1 && runs[0].state == "published", "{runs:?}");
    assert!(serving.schedule().await.followed_at.is_some());
    serving.stage.pass_s(24 * HOUR_S);
    while serving.look().await {}
    let last = serving
        .stage
        .app
        .connection("stage")
        .await
        .unwrap()
        .runs
        .remove(0);
    assert!(last.requests > 20, "{last:?}");
}

/// A webhook tells of an event before the log has it: the next look at the regular time would be most of an hour later.
#[tokio::test]
async fn a_delivery_that_comes_before_its_event_leads_to_it_within_seconds() {
    let serving = Serving::begin().await;
    serving.look().await;
    serving.between(50 * 60_000).await;
    serving.stage.pass_s(51 * 60);
    while serving.look().await {}
    let app = &serving.stage.app;
    let secret = SecretString::from("Bearer 0123456789abcdef");
    app.hook_add(None, "audit", HookKind::Organization, &secret, "test")
        .await
        .unwrap();
    let hook = app.hook_keys().await.unwrap().remove(0);
    let before = serving.runs().await;
    serving.stage.twin.mutate(5, 1);
    assert!(app.hook_delivered(&hook, "d1").await.unwrap());
    for _ in 0..8 {
        serving.stage.pass_s(1);
        while serving.look().await {}
    }
    assert!(serving.runs().await > before, "nothing was read");
}
