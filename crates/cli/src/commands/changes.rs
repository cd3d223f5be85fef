//! `orgwarden changes`: what began and ended, reading by reading.

use super::{instant, scope, when};
use crate::args::ChangesArgs;
use crate::config::Config;
use crate::output;
use app::views::changes::ChangesAsk;
use std::process::ExitCode;

pub async fn run(config: &Config, args: ChangesArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let ask = ChangesAsk {
        since: instant(args.since.as_deref(), &app)?,
        about: usize::try_from(args.limit.max(1)).unwrap_or(100),
        ..ChangesAsk::default()
    };
    let view = app.changes(&scope, &ask).await?;
    if args.scope.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = app.clock.now_ms();
    let mut rows = Vec::new();
    for reading in &view.readings {
        for change in &reading.changes {
            let after = change
                .after
                .map_or_else(|| "before".into(), |after| when(after, now));
            let (time, by) = match &change.cause {
                Some(cause) => (when(cause.at, now), format!(" by {}", cause.actor.label())),
                None => (format!("{after} – {}", when(change.by, now)), String::new()),
            };
            rows.push(vec![time, format!("{}{by}", change.sentence)]);
        }
    }
    output::table(&["When", "What"], rows, "Nothing changed that a reading showed.")?;
    if view.next_before.is_some() {
        output::line("There is more: raise --limit.")?;
    }
    Ok(ExitCode::SUCCESS)
}
