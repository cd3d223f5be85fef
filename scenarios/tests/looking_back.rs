//! Time travel: what the product says of a day equals what was true on it, row for row, whichever readings followed;
//! and the difference of two days is the difference of their truths.

use anyhow::ensure;
use app::Status;
use app::views::At;
use app::views::scope::ScopeChoice;
use model::FactKind;
use scenarios::{Stage, judge};
use std::collections::BTreeSet;
use twin::{Shape, TwinOptions};

/// What describes people is kept as it is told last, apart from the facts, so that it can be erased: it is not
/// compared.
fn without_people(lines: Vec<String>) -> Vec<String> {
    let apart = |line: String| match line.split_once(",\"name\":") {
        Some((fact, _)) if fact.starts_with("{\"kind\":\"account\"") => fact.to_owned(),
        _ => line,
    };
    lines.into_iter().map(apart).collect()
}

/// A moment, and what was true then.
struct Day {
    at: At,
    truth: Vec<String>,
}

/// Lives through some days, read as a whole or by events; answers what was true at the end of each.
async fn live(stage: &Stage, days: u64) -> anyhow::Result<Vec<Day>> {
    let mut kept = Vec::new();
    for day in 0..days {
        stage.advance_s(120);
        if day > 0 {
            stage.twin.mutate(10, day);
        }
        stage.advance_s(86_000);
        if day % 3 == 0 {
            let outcome = stage.sync(false).await?;
            ensure!(outcome.status == Status::Complete, "{outcome:?}");
        } else {
            let followed = stage.follow_all().await?;
            ensure!(followed.whole_owed.is_none(), "{followed:?}");
        }
        kept.push(Day {
            at: At(stage.now_ms()),
            truth: without_people(stage.truth(false)),
        });
    }
    Ok(kept)
}

async fn looks_back(shape: Shape, seed: u64, postgres: Option<&str>) -> anyhow::Result<()> {
    let options = TwinOptions {
        seed,
        shape,
        users: 80,
        groups: 16,
        workspaces: 4,
        ..TwinOptions::default()
    };
    let stage = Stage::new(options, postgres).await?;
    let days = live(&stage, 9).await?;
    for (number, day) in days.iter().enumerate() {
        let said = without_people(stage.export_as_of(day.at).await?);
        let verdict = judge::complete(&said, std::slice::from_ref(&day.truth));
        ensure!(
            verdict.is_right(),
            "{shape:?} seed {seed}, day {number}: {verdict:#?}"
        );
    }
    for (from, to) in [(0, 8), (2, 5), (4, 5), (7, 1)] {
        differs(&stage, &days, from, to).await?;
    }
    Ok(())
}

/// The difference of two days, by kind of fact, against that of their truths.
async fn differs(stage: &Stage, days: &[Day], from: usize, to: usize) -> anyhow::Result<()> {
    let scope = |day: &Day| ScopeChoice {
        as_of: Some(day.at),
        ..ScopeChoice::default()
    };
    let (Some(earlier), Some(later)) = (days.get(from.min(to)), days.get(from.max(to))) else {
        anyhow::bail!("no such day");
    };
    let (before, after) = (
        stage.app.scope(&scope(earlier)).await?,
        stage.app.scope(&scope(later)).await?,
    );
    // Asked in either order, it is told in that of time.
    let (one, other) = if from < to {
        (&before, &after)
    } else {
        (&after, &before)
    };
    let count = |lines: &[String], kind: &str| -> BTreeSet<String> {
        let start = format!("{{\"kind\":\"{kind}\",");
        lines
            .iter()
            .filter(|line| line.starts_with(&start))
            .cloned()
            .collect()
    };
    for kind in [
        FactKind::Membership,
        FactKind::RoleHolding,
        FactKind::GroupRoleGrant,
    ] {
        let ask = app::views::changes::difference::DifferenceAsk {
            kind: Some(kind),
            limit: 100_000,
            each: true,
        };
        let said = stage.app.difference(one, other, ask).await?;
        let (was, is) = (
            count(&earlier.truth, kind.name()),
            count(&later.truth, kind.name()),
        );
        let began = is.difference(&was).count();
        let ended = was.difference(&is).count();
        let told: i64 = said
            .changes
            .iter()
            .map(|change| match kind {
                FactKind::Membership => i64::try_from(
                    change
                        .sentence
                        .0
                        .iter()
                        .filter(|piece| matches!(piece, app::views::changes::Piece::Group(_)))
                        .count(),
                )
                .unwrap_or(0),
                _ => 1,
            })
            .sum();
        ensure!(
            usize::try_from(told) == Ok(began + ended),
            "{from} to {to}, {kind:?}: {began} began, {ended} ended, told {told}: {:#?}",
            said.changes
                .iter()
                .map(|change| change.sentence.to_string())
                .collect::<Vec<_>>()
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_day_is_shown_as_it_was() -> anyhow::Result<()> {
    looks_back(Shape::Typical, 1, None).await?;
    looks_back(Shape::Messy, 2, None).await
}

#[tokio::test]
async fn a_day_is_shown_as_it_was_on_postgres() -> anyhow::Result<()> {
    match testkit::postgres_url().await {
        Some(url) => looks_back(Shape::Typical, 3, Some(&url)).await,
        // Its absence is said by the test kit.
        None => Ok(()),
    }
}
