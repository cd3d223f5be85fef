//! How long it takes to write a file of what was read before, and how much memory: for `docs/BENCHMARKS.md`.
//!
//!     write_stored STATE BASE_URL API_KEY FILE [indexes]
//!
//! `STATE` is what `orgwarden connector --state STATE` left, with its key beside it.

use anyhow::Context as _;
use app::{App, Options};
use baton::c1z::Limits;
use baton::options::Writing;
use baton::{Connector, FileOptions, Reach};
use jiff::tz::TimeZone;
use model::SystemClock;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::{MasterKey, Store};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [state, base_url, key, file, rest @ ..] = words.as_slice() else {
        anyhow::bail!("write_stored STATE BASE_URL API_KEY FILE [indexes]");
    };
    let store = Store::open(&format!("sqlite:{state}")).await?;
    let master_key = MasterKey::from_file(Path::new(&format!("{state}.key")))?;
    let app = App::new(store, Arc::new(SystemClock))
        .with_master_key(master_key)
        .await?;
    let reach = Reach {
        access_token: key.clone().into(),
        organization: None,
        scim: None,
        api: Options::new(base_url),
        follows: false,
    };
    let connector = Connector::open(app, &reach).await?;
    let options = FileOptions {
        file: file.into(),
        writing: Writing {
            with_indexes: rest.iter().any(|word| word == "indexes"),
            keep: Some(1),
            ..Writing::default()
        },
        aside: None,
        zone: TimeZone::UTC,
        limits: Limits::default(),
    };
    let begun = Instant::now();
    let written = connector.write_stored(&options).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").context("only Linux tells the peak")?;
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!(
        "{} grants, {} bytes, {seconds:.2} s, {peak}",
        written.stats.grants, written.bytes
    );
    Ok(())
}
