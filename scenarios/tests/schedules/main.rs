//! Any schedule of changes, events, deliveries, losses, silent changes, faults and readings that are broken off: what
//! the store claims is never wrong, and after a reading of everything it is what is true.
//!
//! *Never wrong* means, after every reading, complete or not: every fact that is shown was so at some moment since the
//! last complete reading of everything began, every fact that was so all the while is shown, and of what events named
//! until the log was read last, exactly what is so now is shown.
//!
//! `ORGWARDEN_SCHEDULES` lives through so many on each database instead of a few, `ORGWARDEN_SCHEDULES_FROM` begins at
//! another number; each number is a schedule of its own.

mod life;
mod step;

use anyhow::{Context as _, ensure};
use life::{Life, Tally};
use twin::{CursorStyle, FilterSemantics, Shape, TwinOptions};

const STEPS: usize = 18;

fn options(number: u64) -> TwinOptions {
    let pick = |modulus: u64| usize::try_from(number % modulus).unwrap_or(0);
    TwinOptions {
        users: 40 + 20 * pick(4),
        groups: 10 + 4 * pick(3),
        workspaces: 3 + pick(3),
        directories: [None, Some(1), Some(2)][pick(3)],
        seed: 1_000 + number,
        shape: [Shape::Typical, Shape::Messy][pick(2)],
        filters: [FilterSemantics::Independent, FilterSemantics::Joint][pick(6).min(1)],
        cursors: [CursorStyle::Offset, CursorStyle::Keyset][pick(4).min(1)],
        expand_groups_max: [Some(2), None][pick(5).min(1)],
        ..TwinOptions::default()
    }
}

async fn live(number: u64, postgres: Option<&str>) -> anyhow::Result<Tally> {
    let mut life = Life::begin(options(number), postgres).await?;
    for _ in 0..STEPS {
        life.step().await?;
    }
    life.end().await?;
    Ok(life.tally)
}

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The numbers of the schedules to live through.
fn numbers(few: u64) -> std::ops::Range<u64> {
    let first = number_in("ORGWARDEN_SCHEDULES_FROM").unwrap_or(0);
    first..first + number_in("ORGWARDEN_SCHEDULES").unwrap_or(few)
}

/// All of them are lived through, so that all that are wrong are told.
fn judge(tally: &Tally, wrong: &[String], count: usize) -> anyhow::Result<()> {
    println!("{count} schedules: {tally:#?}");
    ensure!(
        wrong.is_empty(),
        "{} of {count} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    ensure!(
        tally.claimed > 20 * count,
        "hardly anything was claimed: {tally:?}"
    );
    ensure!(tally.published > count && tally.broken_off > 0, "{tally:?}");
    Ok(())
}

#[tokio::test]
async fn whatever_happens_what_is_claimed_is_so() -> anyhow::Result<()> {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    let numbers = numbers(14);
    for number in numbers.clone() {
        match live(number, None).await {
            Ok(one) => tally.add(&one),
            Err(error) => wrong.push(format!("schedule {number}: {error:?}")),
        }
    }
    judge(&tally, &wrong, numbers.count())
}

#[tokio::test]
async fn whatever_happens_what_is_claimed_is_so_on_postgres() -> anyhow::Result<()> {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    let numbers = numbers(8);
    for number in numbers.clone() {
        // Its absence is said by the test kit.
        let Some(url) = testkit::postgres_url().await else {
            return Ok(());
        };
        // Other schedules than those on SQLite.
        let lived = live(number + 1_000_000, Some(&url)).await;
        match lived.context("on PostgreSQL") {
            Ok(one) => tally.add(&one),
            Err(error) => wrong.push(format!("schedule {number}: {error:?}")),
        }
    }
    judge(&tally, &wrong, numbers.count())
}
