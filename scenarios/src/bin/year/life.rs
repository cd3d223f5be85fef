//! The days.

use crate::Args;
use crate::size;
use anyhow::Context as _;
use app::schedule::ScheduleChange;
use model::FactKind;
use scenarios::Stage;
use std::time::{Duration, Instant};
use store::{Extent, RunState};
use tokio::sync::watch;
use twin::TwinOptions;

const HALF_HOUR_S: i64 = 1_800;
/// More changes than this are never made in one hour.
const MOST_AT_ONCE: i64 = 20;

/// How long readings took.
#[derive(Debug, Default)]
struct Readings {
    number: u32,
    took: Duration,
    longest: Duration,
}

impl Readings {
    fn add(&mut self, took: Duration) {
        self.number += 1;
        self.took += took;
        self.longest = self.longest.max(took);
    }

    fn words(&self) -> String {
        let mean = self.took.checked_div(self.number).unwrap_or_default();
        format!(
            "{} in {:.1} s (mean {} ms, longest {} ms)",
            self.number,
            self.took.as_secs_f64(),
            mean.as_millis(),
            self.longest.as_millis()
        )
    }
}

/// What a week came to.
#[derive(Debug, Default)]
struct Week {
    whole: Readings,
    changes: Readings,
    /// Looks at which events named nothing.
    nothing: Readings,
    begun: i64,
    ended: i64,
}

/// Lives through the days and says each week what it came to.
pub async fn live(args: &Args) -> anyhow::Result<()> {
    let options = TwinOptions {
        users: args.accounts,
        groups: args.groups,
        workspaces: args.workspaces,
        seed: args.seed,
        ..TwinOptions::default()
    };
    let stage = Stage::in_folder(options, &args.folder).await?;
    let change = ScheduleChange {
        every_ms: Some(24 * 3_600_000),
        between_ms: Some(2 * HALF_HOUR_S * 1_000),
        ..ScheduleChange::default()
    };
    stage.app.schedule_change("stage", &change, "test").await?;
    let begun = Instant::now();
    let mut week = Week::default();
    read(&stage, &mut week).await?;
    let facts = facts(&stage).await?;
    println!(
        "first reading: {facts} facts, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    week = Week::default();
    let (mut owed, mut requests) = (0, stage.requests());
    for day in 0..args.days {
        for hour in 0..24 {
            let seed = args.seed + u64::from(day) * 24 + hour;
            stage.advance_s(HALF_HOUR_S);
            // Some changes bring many others with them: those of the following hours are fewer then.
            owed += facts * args.churn / 24;
            let count = u32::try_from((owed / 1_000).clamp(0, MOST_AT_ONCE))?;
            stage.twin.mutate(count, seed);
            stage.twin.log_in(u32::try_from(args.accounts / 48)?, seed);
            stage.advance_s(HALF_HOUR_S);
            owed -= 1_000 * read(&stage, &mut week).await?;
        }
        if day % 7 == 6 || day + 1 == args.days {
            let now = stage.requests();
            let size = size::Files::of(&args.folder)?;
            println!(
                "day {}: {:.0} s, store {}, archive {}, {} requests, {} began and {} ended ({:.2} thousandths a day); \
                 whole {}; changes {}; nothing {}",
                day + 1,
                begun.elapsed().as_secs_f64(),
                size::words(size.store),
                size::words(size.archive),
                now - requests,
                week.begun,
                week.ended,
                thousandths(week.begun + week.ended, facts, day % 7 + 1),
                week.whole.words(),
                week.changes.words(),
                week.nothing.words(),
            );
            week = Week::default();
            requests = now;
        }
    }
    stage.app.store.close().await;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
fn thousandths(changes: i64, facts: i64, days: u32) -> f64 {
    changes as f64 * 1_000.0 / (facts.max(1) as f64 * f64::from(days.max(1)))
}

/// How many facts about accounts there are.
async fn facts(stage: &Stage) -> anyhow::Result<i64> {
    let mut tx = stage.app.store.read().await?;
    let organization = tx.organization_list().await?;
    let organization = organization.first().context("nothing was read")?.organization;
    let mut facts = 0;
    for kind in [FactKind::Account, FactKind::Membership, FactKind::RoleHolding] {
        facts += tx.facts_count(organization, kind).await?;
    }
    Ok(facts)
}

/// Reads what is due, as `serve` does, until nothing is; answers how many facts began or ended.
async fn read(stage: &Stage, week: &mut Week) -> anyhow::Result<i64> {
    let (_end, mut ended) = watch::channel(false);
    let app = &stage.app;
    app.readings_plan().await?;
    let mut changed = 0;
    loop {
        let last = latest(stage).await?.map(|run| run.id);
        let begun = Instant::now();
        if !app.reading_due(&stage.api, &mut ended).await? {
            break;
        }
        let took = begun.elapsed();
        while app.alerts_due().await? || app.message_due().await? {}
        let schedule = app.schedule(None).await?;
        anyhow::ensure!(schedule.failures == 0, "a reading failed: {schedule:?}");
        let run = latest(stage).await?.filter(|run| Some(run.id) != last);
        let Some(run) = run else {
            week.nothing.add(took);
            continue;
        };
        anyhow::ensure!(
            run.state == RunState::Published && run.report.reasons.is_empty(),
            "{run:?}"
        );
        match run.extent {
            Extent::Changes => week.changes.add(took),
            Extent::Whole | Extent::WholeWithMethods => week.whole.add(took),
        }
        if last.is_some() {
            week.begun += run.changes_begun;
            week.ended += run.changes_ended;
            changed += run.changes_begun + run.changes_ended;
        }
    }
    Ok(changed)
}

async fn latest(stage: &Stage) -> anyhow::Result<Option<store::RunRow>> {
    let mut tx = stage.app.store.read().await?;
    let organizations = tx.organization_list().await?;
    let Some(organization) = organizations.first() else {
        return Ok(None);
    };
    Ok(tx
        .run_latest(organization.organization, 1)
        .await?
        .into_iter()
        .next())
}
