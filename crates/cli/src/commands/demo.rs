//! `orgwarden demo`: an invented organization with some weeks of history, in a browser.
//!
//! The twin's clock begins weeks ago and is moved forward between readings; the product lives by the same clock, so
//! its history is as real as any. Everything lies in a temporary folder that goes with the program.

use super::serve::{Pages, keep_changing, keep_reading, keep_telling};
use super::twin::interrupted;
use crate::args::DemoArgs;
use crate::output;
use anyhow::Context as _;
use app::alerts::{AlertRequest, ChangePattern, Channel, ChannelRequest, Condition, Email, MailTls};
use app::schedule::ScheduleChange;
use app::{App, ConnectionRequest, Status, WritesChange};
use atlassian::Options;
use model::{Clock, SystemClock};
use secrecy::SecretString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use store::{MasterKey, Store};
use tokio::sync::watch;
use twin::{MailServer, Twin, TwinOptions};

/// What the demo calls its connection.
const CONNECTION: &str = "demo";
const DAY_S: i64 = 24 * 60 * 60;
/// The two steps of an invented half week, in days.
const STEPS: [i64; 2] = [3, 4];

pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let weeks = i64::from(args.weeks.clamp(1, 50));
    let now = SystemClock.now_ms();
    let options = TwinOptions {
        users: usize::try_from(args.users)?,
        groups: usize::try_from((args.users / 20).max(10))?,
        workspaces: 10,
        starts_at_ms: Some(now - weeks * 7 * DAY_S * 1000),
        ..TwinOptions::default()
    };
    let twin = Twin::start(options).await?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let store = Store::open(&format!("sqlite:{}", folder.path().join("demo.db").display())).await?;
    let ticking = twin.clock();
    let clock: Arc<dyn Clock> = Arc::new(move || ticking());
    let key = MasterKey::from_file(&folder.path().join("master.key"))?;
    let app = Arc::new(App::new(store, clock).with_master_key(key).await?);
    let api = Options::new(twin.base_url());
    connect(&app, &twin, &api).await?;

    output::line(&format!(
        "Inventing {weeks} weeks of an organization of {} accounts …",
        args.users
    ))?;
    read(&app, &api, false).await?;
    let mut seed = 1;
    for week in 0..weeks {
        for (half, days) in STEPS.into_iter().enumerate() {
            twin.advance_s(days * DAY_S);
            twin.mutate(
                u32::try_from(6 + (seed * 7) % 23).unwrap_or(10),
                u64::try_from(seed).unwrap_or(1),
            );
            seed += 1;
            let is_last = week + 1 == weeks && half == 1;
            read(&app, &api, is_last).await?;
        }
    }

    let mail = MailServer::start().await?;
    tell(&app, &mail).await?;
    let mailbox = Arc::new(DemoMailbox(mail.mailbox.clone()));
    let pages = Pages::bind(Arc::clone(&app), args.listen, Some(api.clone()), Some(mailbox)).await?;
    output::line(&format!("\nOpen {}\n", pages.start_url))?;
    output::line(
        "The address works once; it lets this browser in. Nothing leaves this machine, and nothing stays",
    )?;
    output::line("behind. Stop with Ctrl-C.")?;
    let (end, ended) = watch::channel(false);
    let serving = tokio::spawn(pages.serve(ended.clone()));
    let waiting = async {
        interrupted().await;
        // Whoever listens ends; if nobody does, they have ended already.
        let _ = end.send(true);
    };
    tokio::join!(
        keep_moving(&twin, args.change_every_s, ended.clone()),
        keep_reading(&app, &api, ended.clone()),
        keep_telling(&app, ended.clone()),
        keep_changing(&app, &api, ended),
        waiting
    );
    serving.await??;
    app.store.close().await;
    twin.stop().await;
    output::line("\nThe demo has ended; its folder is gone.")?;
    Ok(ExitCode::SUCCESS)
}

async fn connect(app: &App, twin: &Twin, api: &Options) -> anyhow::Result<()> {
    let request = ConnectionRequest {
        name: CONNECTION,
        organization: Some(twin.org_id()),
        key: SecretString::from(twin.api_key()),
        actor: "demo",
        sync_interval_ms: DAY_S * 1000,
        scim: None,
    };
    app.connection_add(&request, api).await?;
    // Nothing real can be changed here, and nobody else is there to approve.
    let change = WritesChange {
        writes: Some(true),
        self_approval: Some(true),
        ..WritesChange::default()
    };
    app.connection_set_writes(CONNECTION, &change, "demo").await?;
    Ok(())
}

async fn read(app: &App, api: &Options, with_methods: bool) -> anyhow::Result<()> {
    let outcome = app.sync(None, with_methods, api, &app::Silent).await?;
    if outcome.status != Status::Complete {
        anyhow::bail!(
            "the demo's reading is not complete: {}",
            outcome.reasons.join("; ")
        );
    }
    Ok(())
}

/// Changes a little now and then, so that the pages move and the mailbox fills.
async fn keep_moving(twin: &Twin, every_s: u64, mut ended: watch::Receiver<bool>) {
    if every_s == 0 {
        return;
    }
    let mut seed = 1_000;
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(every_s)) => {}
            _ = ended.wait_for(|ended| *ended) => return,
        }
        seed += 1;
        twin.mutate(3, seed);
    }
}

/// Looks for changes often, and has what matters sent by mail.
async fn tell(app: &App, mail: &MailServer) -> anyhow::Result<()> {
    let often = ScheduleChange {
        between_ms: Some(5_000),
        ..ScheduleChange::default()
    };
    app.schedule_change(CONNECTION, &often, "demo").await?;
    let channel = Channel::Email(Email {
        host: mail.address.ip().to_string(),
        port: mail.address.port(),
        tls: MailTls::None,
        ca_file: None,
        user: None,
        from: "Orgwarden <orgwarden@demo.example>".into(),
        to: vec!["security@demo.example".into()],
    });
    let request = ChannelRequest {
        name: "mailbox",
        channel,
        secret: None,
        allow_private: true,
        actor: "demo",
    };
    app.channel_add(&request).await?;
    let pattern = |kinds: &[&str], roles: &[&str]| {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Condition::Change(ChangePattern {
            kinds: list(kinds),
            roles: list(roles),
            ..ChangePattern::default()
        })
    };
    for (name, condition) in [
        ("administrators", pattern(&[], &["*admin*"])),
        (
            "who joins or leaves",
            pattern(&["account", "membership", "role_holding"], &[]),
        ),
    ] {
        let request = AlertRequest {
            name,
            condition,
            channels: &["mailbox".to_owned()],
            connection: None,
            actor: "demo",
        };
        app.alert_add(&request).await?;
    }
    Ok(())
}

/// The pretend mail server's letters, for the page.
struct DemoMailbox(twin::Mailbox);

impl web::Mailbox for DemoMailbox {
    fn letters(&self) -> Vec<web::Letter> {
        let letters = self.0.letters().into_iter();
        letters
            .map(|letter| web::Letter {
                to: letter.to.join(", "),
                subject: letter.subject,
                text: letter.text,
            })
            .collect()
    }
}
