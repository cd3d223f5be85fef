//! What `orgwarden serve` does, by a clock that is told: each line of the input is a time in milliseconds; all that is
//! due then is done – read, followed, looked at, sent – and the line is said back. Killed at any moment, it is started
//! again.
//!
//! For stories of days and weeks, which the program itself could only live through by the machine's clock.

use anyhow::Context as _;
use app::App;
use atlassian::Options;
use clap::Parser;
use model::Clock;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use store::{MasterKey, Store};
use tokio::sync::watch;

/// How often is looked for something to tell while it is read.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Serves by a clock that is told.
#[derive(Debug, Parser)]
struct Args {
    /// The address of the database
    #[arg(long)]
    database: String,
    /// Where master.key and the folder rules lie
    #[arg(long)]
    folder: PathBuf,
    /// Where the API is
    #[arg(long)]
    base_url: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let now = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&now);
    let clock: Arc<dyn Clock> = Arc::new(move || told.load(Ordering::Relaxed));
    let store = Store::open(&args.database).await?;
    let key = MasterKey::from_file(&args.folder.join("master.key"))?;
    let app = App::new(store, clock)
        .with_rules(Some(args.folder.join("rules")))
        .with_master_key(key)
        .await?;
    let api = Options::new(args.base_url);
    say("ready")?;
    let next_line = || tokio::task::spawn_blocking(|| std::io::stdin().lines().next().transpose());
    while let Some(line) = next_line().await?? {
        now.store(line.parse().context("a line is a time")?, Ordering::Relaxed);
        do_what_is_due(&app, &api).await?;
        say(&line)?;
    }
    app.store.close().await;
    Ok(())
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Reads and tells side by side, as whoever serves does, until nothing is due.
async fn do_what_is_due(app: &App, api: &Options) -> anyhow::Result<()> {
    let (_end, mut ended) = watch::channel(false);
    let is_read = AtomicBool::new(false);
    let reading = async {
        app.readings_plan().await?;
        while app.reading_due(api, &mut ended).await? {}
        is_read.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let telling = async {
        loop {
            let is_last = is_read.load(Ordering::Relaxed);
            let looked = app.alerts_due().await?;
            let sent = app.message_due().await?;
            match (looked || sent, is_last) {
                (true, _) => {}
                (false, true) => return anyhow::Ok(()),
                (false, false) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    };
    tokio::try_join!(Box::pin(reading), telling)?;
    Ok(())
}
