//! `orgwarden events`: the audit archive.

use super::{instant, scope, when};
use crate::args::EventsArgs;
use crate::config::Config;
use crate::output;
use app::views::events::{EventsAsk, EventsView};
use std::process::ExitCode;

/// Events that are read at once.
const PART: i64 = 2_000;

pub async fn run(config: &Config, args: EventsArgs) -> anyhow::Result<ExitCode> {
    let (app, scope) = scope(config, &args.scope).await?;
    let mut ask = EventsAsk {
        text: args.search.unwrap_or_default(),
        action: args.action.unwrap_or_default(),
        actor: args.actor.unwrap_or_default(),
        about: args.about.unwrap_or_default(),
        since: instant(args.since.as_deref(), &app)?,
        until: instant(args.until.as_deref(), &app)?,
        after: None,
        limit: args.limit,
    };
    if args.json_lines {
        // All of them, however many: nothing is held in memory but one part.
        ask.limit = PART;
        loop {
            let view = app.events(&scope, &ask).await?;
            for event in &view.events {
                output::line(&event.line())?;
            }
            match view.next {
                Some(next) => ask.after = Some(next),
                None => return Ok(ExitCode::SUCCESS),
            }
        }
    }
    let view = app.events(&scope, &ask).await?;
    if args.scope.json {
        output::json(&view.events)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell(&view, app.clock.now_ms())?;
    Ok(ExitCode::SUCCESS)
}

fn tell(view: &EventsView, now: i64) -> anyhow::Result<()> {
    let row = |event: &app::views::events::EventItem| {
        let about = event
            .about
            .iter()
            .map(|about| about.name.as_deref().unwrap_or(&about.id));
        let about: Vec<&str> = about.collect();
        vec![
            when(event.at, now),
            event.action.clone(),
            event.actor.label().to_owned(),
            about.join(", "),
            event.place.clone(),
        ]
    };
    let rows = view.events.iter().map(row).collect();
    let nothing = match &view.following {
        None => "No event was read yet: orgwarden sync --incremental reads them.",
        Some(following) if following.refused.is_some() => "This key may not read the audit log.",
        Some(_) => "No such event.",
    };
    output::table(&["When", "What", "Who", "About", "Where"], rows, nothing)?;
    if let Some(why) = view
        .following
        .as_ref()
        .and_then(|following| following.refused.as_ref())
    {
        output::line(&format!("▲ No more events are read: {why}"))?;
    }
    if view.next.is_some() {
        output::line("There is more: raise --limit, or take all with --json-lines.")?;
    }
    Ok(())
}
