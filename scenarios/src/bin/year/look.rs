//! How long looking back takes: every page as of some days, and two days compared.

use crate::size;
use anyhow::{Context as _, ensure};
use app::App;
use app::views::At;
use app::views::changes::difference::DifferenceAsk;
use app::views::scope::ScopeChoice;
use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::{Request, StatusCode};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use tower::ServiceExt as _;
use web::WebOptions;

const DAY_MS: i64 = 24 * 3_600_000;
/// Facts of each side that scripts get of a difference.
const ALL: i64 = 1_000_000;

/// Pages that can be looked at as of a day; `{day}` is that day and `{week}` a week before it.
const PAGES: [&str; 19] = [
    "/",
    "/accounts",
    "/accounts?q=ann",
    "/accounts?view=administrators&sort=inactive",
    "/accounts?view=unused&sort=groups",
    "/accounts?view=tokens",
    "/accounts?view=leavers&product=confluence&claim=managed",
    "/groups?view=giving&sort=members",
    "/workspaces",
    "/tokens",
    "/tokens/keys",
    "/tokens/service-accounts",
    "/organization",
    "/changes",
    "/changes?kind=membership&day={day}",
    "/diff?from={week}&to={day}",
    "/events",
    "/findings",
    "/connections/stage",
];

/// Lists whose first two entries are looked at too.
const LISTS: [(&str, &str); 4] = [
    ("/accounts", "/accounts/"),
    ("/accounts?sort=groups", "/accounts/"),
    ("/groups?sort=members", "/groups/"),
    ("/workspaces", "/workspaces/"),
];

/// The pages, to somebody who enters anew each time, so that nothing is kept from the page before.
struct Site {
    store: Store,
    now: i64,
}

impl Site {
    fn app(&self) -> App {
        let now = self.now;
        App::new(self.store.clone(), Arc::new(move || now))
    }

    async fn enter(&self) -> anyhow::Result<(Router, String)> {
        let options = WebOptions {
            start_token: Some("year".to_owned()),
            ..WebOptions::default()
        };
        let router = web::router(Arc::new(self.app()), options);
        let start = Request::get("/start?token=year").header(HOST, "127.0.0.1:1");
        let answer = router.clone().oneshot(start.body(Body::empty())?).await?;
        let cookie = answer.headers().get(SET_COOKIE).context("no cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        Ok((router, cookie))
    }

    /// A page as of a day, and how long it took.
    async fn get(&self, path: &str, day: &str) -> anyhow::Result<(String, Duration)> {
        let (router, cookie) = self.enter().await?;
        let cookie = format!("{cookie}; as_of={day}");
        let request = Request::get(path)
            .header(HOST, "127.0.0.1:1")
            .header(COOKIE, cookie)
            .body(Body::empty())?;
        let begun = Instant::now();
        let answer = router.oneshot(request).await?;
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 100_000_000).await?;
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&body).into_owned();
        // Somebody may not have been there yet.
        ensure!(
            matches!(status, StatusCode::OK | StatusCode::NOT_FOUND),
            "{path} as of {day}: {status}: {text}"
        );
        Ok((text, took))
    }
}

/// When the first reading ended, and when the last one.
fn lived(file: &Path) -> anyhow::Result<(i64, i64)> {
    let connection = size::open(file)?;
    let times = connection.query_row(
        "SELECT MIN(ended_at), MAX(ended_at) FROM run WHERE state = 'published'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(times)
}

fn day(at: i64) -> anyhow::Result<String> {
    let text = jiff::Timestamp::from_millisecond(at)?.to_string();
    Ok(text.chars().take(10).collect())
}

fn links(text: &str, begins: &str) -> Vec<String> {
    let start = format!("href=\"{begins}");
    let mut found = Vec::new();
    for (from, _) in text.match_indices(&start) {
        let link: String = text
            .get(from + 6..)
            .unwrap_or_default()
            .chars()
            .take_while(|c| *c != '"')
            .collect();
        if !link.contains('?') && !found.contains(&link) {
            found.push(link);
        }
    }
    found.truncate(2);
    found
}

/// Looks back at the store in the folder.
pub async fn look_back(folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("stage.db");
    let (first, last) = lived(&file)?;
    let store = Store::open(&format!("sqlite:{}", file.display())).await?;
    let now = last + 60_000;
    let site = Site { store, now };
    // The first and the last day, and some between.
    let days: Vec<i64> = (0..=5).map(|part| first + (last - first) / 5 * part).collect();
    let mut paths: Vec<String> = PAGES.iter().map(|path| (*path).to_owned()).collect();
    for (list, begins) in LISTS {
        let (text, _) = site.get(list, &day(first)?).await?;
        paths.extend(links(&text, begins));
    }
    paths.dedup();
    let mut worst: Vec<(Duration, String)> = Vec::new();
    for path in &paths {
        let mut took = Vec::new();
        for at in &days {
            let (is, was) = (day(*at)?, day((*at - 7 * DAY_MS).max(first))?);
            let path = path.replace("{day}", &is).replace("{week}", &was);
            took.push((site.get(&path, &is).await?.1, is));
        }
        took.sort();
        if let (Some(median), Some(most)) = (took.get(took.len() / 2), took.last()) {
            let path: String = path.chars().take(60).collect();
            worst.push((
                most.0,
                format!(
                    "{path:<62} worst {:>5} ms (as of {}), median {:>5} ms",
                    most.0.as_millis(),
                    most.1,
                    median.0.as_millis()
                ),
            ));
        }
    }
    worst.sort();
    println!("pages as of {} days:", days.len());
    for (_, line) in worst.iter().rev() {
        println!("  {line}");
    }
    for (what, from, to) in [
        ("two days", last - 2 * DAY_MS, last - DAY_MS),
        ("a month", last - 30 * DAY_MS, last),
        ("all the time", first, last),
    ] {
        differ(&site.app(), what, from.max(first), to).await?;
    }
    site.store.close().await;
    Ok(())
}

/// Compares two days, each account on its own line as scripts ask, and as a page does.
async fn differ(app: &App, what: &str, from: i64, to: i64) -> anyhow::Result<()> {
    for (each, limit) in [(true, ALL), (false, 5_000)] {
        let begun = Instant::now();
        let at = |time| ScopeChoice {
            as_of: Some(At(time)),
            ..ScopeChoice::default()
        };
        let (from, to) = (app.scope(&at(from)).await?, app.scope(&at(to)).await?);
        let ask = DifferenceAsk {
            kind: None,
            limit,
            each,
        };
        let found = app.difference(&from, &to, ask).await?;
        println!(
            "diff of {what}{}: {} ms, {} changes",
            if each { ", each account" } else { "" },
            begun.elapsed().as_millis(),
            found.changes.len()
        );
    }
    Ok(())
}
