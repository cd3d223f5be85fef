//! `orgwarden connection schedule`: when serve reads a connection.

use super::{LOCAL_ADMINISTRATOR, open, when};
use crate::args::ScheduleArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::schedule::{ScheduleChange, ScheduleView};
use std::process::ExitCode;

pub async fn run(config: &Config, args: ScheduleArgs) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let name = app.connection_named(args.name.as_deref()).await?.name;
    let change = ScheduleChange {
        every_ms: args.every.as_deref().map(interval_ms).transpose()?,
        cron: args.cron,
        zone: args.zone,
        between_ms: args.between.as_deref().map(interval_ms).transpose()?,
        paused: (args.pause || args.resume).then_some(args.pause),
    };
    if change != ScheduleChange::default() {
        app.schedule_change(&name, &change, LOCAL_ADMINISTRATOR).await?;
    }
    if args.now {
        app.reading_ask(&name, LOCAL_ADMINISTRATOR).await?;
    }
    let view = app.schedule(Some(&name)).await?;
    if args.json {
        output::json(&view)?;
    } else {
        for line in lines(&name, &view, app.clock.now_ms()) {
            output::line(&line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An interval such as `60s`, `30m`, `6h` or `1d`.
fn interval_ms(text: &str) -> anyhow::Result<i64> {
    let unit_ms = match text.chars().last() {
        Some('s') => 1_000,
        Some('m') => 60_000,
        Some('h') => 60 * 60_000,
        Some('d') => 24 * 60 * 60_000,
        _ => i64::MAX,
    };
    const YEAR_MS: i64 = 366 * 24 * 60 * 60_000;
    let number = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    match number.parse::<i64>() {
        Ok(number) if (0..=YEAR_MS).contains(&number.saturating_mul(unit_ms)) => Ok(number * unit_ms),
        _ => Err(Told {
            message: format!("\"{text}\" is no interval"),
            hint: Some("such as 60s, 30m, 6h or 1d; a year at most".into()),
            code: code::USAGE,
        }
        .into()),
    }
}

fn lines(name: &str, view: &ScheduleView, now: i64) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(match (&view.cron, &view.zone, view.every_ms) {
        (Some(cron), zone, _) => {
            let zone = zone.as_deref().unwrap_or("UTC");
            format!("{name} is read whole whenever \"{cron}\" says, in {zone}.")
        }
        (None, _, every_ms) => {
            let minutes = every_ms.unwrap_or_default() / 60_000;
            format!("{name} is read whole every {minutes} min.")
        }
    });
    lines.push(match (view.between_ms, &view.events_refused) {
        (_, Some(why)) => format!("What changes in between is not seen: the events cannot be read ({why})."),
        (Some(ms), None) => format!("What changes in between is looked for every {} s.", ms / 1000),
        (None, None) => "What changes in between is not looked for.".to_owned(),
    });
    if let Some(at) = view.paused_at {
        let by = view.paused_by.as_deref().unwrap_or("somebody");
        lines.push(format!("It is paused since {} by {by}.", when(at, now)));
    }
    if let Some(failure) = &view.failure {
        let times = match view.failures {
            1 => "The last reading failed".to_owned(),
            several => format!("The last {several} readings failed"),
        };
        lines.push(format!("{times}: {failure}."));
    }
    lines.push(match (view.next_at, view.paused_at) {
        (Some(at), _) => format!("The next whole reading is due {}.", when(at, now)),
        (None, Some(_)) => "No reading is due.".to_owned(),
        (None, None) => "It was not read yet: whoever serves reads it at once.".to_owned(),
    });
    lines
}
