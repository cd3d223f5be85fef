//! `orgwarden serve`: the pages, and reading each connection at its interval.

use super::twin::interrupted;
use super::{open, open_with_key};
use crate::args::ServeArgs;
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::plans::RealTime;
use app::{App, AppError};
use atlassian::Options;
use futures::future::join_all;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::{Gate, HookKeeper, Mailbox, WebOptions};

/// How many organizations are read at the same time.
const READERS: usize = 4;
/// How often is looked for what is due, and what nobody in this process woke us for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long open requests may take after the wish to end.
const SOFT_END: Duration = Duration::from_secs(5);

pub async fn run(config: &Config, args: ServeArgs) -> anyhow::Result<ExitCode> {
    let address = args
        .listen
        .or(config.listen)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let app = if args.no_sync {
        open(config).await?
    } else {
        open_with_key(config).await?
    };
    let app = Arc::new(app);
    let api = (!args.no_sync).then(|| config.api.clone());
    let pages = Pages::bind(Arc::clone(&app), address, api, None).await?;
    output::line(&format!("Open {}", pages.start_url))?;
    output::line("The address works once; it lets this browser in. Stop with Ctrl-C.")?;
    let (end, ended) = watch::channel(false);
    let hooks = match args.hooks_listen {
        Some(address) => Some(Hooks::bind(Arc::clone(&app), address).await?),
        None => None,
    };
    let serving = tokio::spawn(pages.serve(ended.clone()));
    let taking = tokio::spawn({
        let ended = ended.clone();
        async move {
            match hooks {
                Some(hooks) => hooks.serve(ended).await,
                None => Ok(()),
            }
        }
    });
    let warming = {
        let app = Arc::clone(&app);
        tokio::spawn(async move { app.warm_up_all().await })
    };
    let reading = async {
        if !args.no_sync {
            tokio::join!(
                join_all((0..READERS).map(|_| keep_reading(&app, &config.api, ended.clone()))),
                keep_changing(&app, &config.api, ended.clone()),
                keep_telling(&app, ended)
            );
        }
    };
    let waiting = async {
        interrupted().await;
        // Whoever listens ends; if nobody does, they have ended already.
        let _ = end.send(true);
    };
    tokio::join!(reading, waiting);
    warming.abort();
    serving.await??;
    taking.await??;
    app.store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The pages, bound to an address and not yet served.
pub struct Pages {
    listener: TcpListener,
    router: axum::Router,
    /// The address that lets a browser in, once.
    pub start_url: String,
}

impl Pages {
    /// Binds a loopback address; any other is refused until there is a log-in. With `api`, plans can be made.
    pub async fn bind(
        app: Arc<App>,
        address: SocketAddr,
        api: Option<Options>,
        mailbox: Option<Arc<dyn Mailbox>>,
    ) -> anyhow::Result<Pages> {
        let refused = |message: String, hint: &str| Told {
            message,
            hint: Some(hint.to_owned()),
            code: code::CONFIGURATION,
        };
        web::check_listen_address(address)
            .map_err(|error| refused(format!("cannot listen on {address}"), &error.to_string()))?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            refused(
                format!("cannot listen on {address}: {error}"),
                "choose another address with --listen, such as 127.0.0.1:0",
            )
        })?;
        let token = Gate::random_token();
        let start_url = format!("http://{}/start?token={token}", listener.local_addr()?);
        let options = WebOptions {
            start_token: Some(token),
            api,
            mailbox,
            ..WebOptions::default()
        };
        Ok(Pages {
            listener,
            router: web::router(app, options),
            start_url,
        })
    }

    /// Serves until told to end; open requests get a few seconds.
    pub async fn serve(self, ended: watch::Receiver<bool>) -> std::io::Result<()> {
        until_told(self.listener, self.router, ended).await
    }
}

/// The door for deliveries, bound to an address and not yet open.
struct Hooks {
    listener: TcpListener,
    router: axum::Router,
    keeper: HookKeeper,
}

impl Hooks {
    async fn bind(app: Arc<App>, address: SocketAddr) -> anyhow::Result<Hooks> {
        let refused = |error: std::io::Error| Told {
            message: format!("cannot take deliveries on {address}: {error}"),
            hint: Some("choose another address with --hooks-listen".to_owned()),
            code: code::CONFIGURATION,
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let (router, keeper) = web::door(app).await?;
        output::line(&format!(
            "Deliveries are taken on http://{}/hooks/",
            listener.local_addr()?
        ))?;
        Ok(Hooks {
            listener,
            router,
            keeper,
        })
    }

    async fn serve(self, ended: watch::Receiver<bool>) -> std::io::Result<()> {
        let keeping = tokio::spawn(self.keeper.run(ended.clone()));
        let served = until_told(self.listener, self.router, ended).await;
        keeping.await.map_err(std::io::Error::other)?;
        served
    }
}

/// Serves until told to end; open requests get a few seconds.
async fn until_told(
    listener: TcpListener,
    router: axum::Router,
    mut ended: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut soft = ended.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = soft.wait_for(|ended| *ended).await;
    });
    let serving = serving.into_future();
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        _ = ended.wait_for(|ended| *ended) => {}
    }
    tokio::time::timeout(SOFT_END, serving).await.unwrap_or(Ok(()))
}

/// Reads what is due, one connection after another, until told to end. A reading under way is left at its last page,
/// and is due at once for whoever serves next.
pub async fn keep_reading(app: &App, options: &Options, mut ended: watch::Receiver<bool>) {
    while !*ended.borrow() {
        let stirred = app.stirred.notified();
        let idle = app.readings_plan().await.unwrap_or_else(|error| {
            tracing::error!(%error, "readings could not be planned");
            None
        });
        let was_due = app
            .reading_due(options, &mut ended)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, hint = error.hint().unwrap_or_default(), "readings could not be looked for");
                false
            });
        if !was_due {
            tokio::select! {
                () = tokio::time::sleep(idle.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)) => {}
                () = stirred => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
        }
    }
}

/// Carries out the plans that a page asked for, one after another, until told to end. One that is under way is left as
/// it is: its intents are on record, and whoever serves next goes on by reading.
pub async fn keep_changing(app: &App, options: &Options, mut ended: watch::Receiver<bool>) {
    loop {
        let one = async {
            app.plan_due(options, &RealTime).await.unwrap_or_else(|error| {
                tracing::error!(%error, hint = error.hint().unwrap_or_default(), "plans could not be looked for");
                false
            })
        };
        let was_due = tokio::select! {
            was_due = one => was_due,
            _ = ended.wait_for(|ended| *ended) => return,
        };
        if !was_due {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
        }
    }
}

/// Looks what published readings have to tell, and sends it, until told to end. What is under way is left as it is: its
/// job comes back, and a message that was written already is not written again.
pub async fn keep_telling(app: &App, mut ended: watch::Receiver<bool>) {
    loop {
        let stirred = app.stirred.notified();
        let one = async {
            let looked = app.alerts_due().await?;
            let sent = app.message_due().await?;
            Ok::<_, AppError>(looked || sent)
        };
        let one = async {
            one.await.unwrap_or_else(|error| {
                tracing::error!(%error, hint = error.hint().unwrap_or_default(), "alerts could not be looked for");
                false
            })
        };
        let was_due = tokio::select! {
            was_due = one => was_due,
            _ = ended.wait_for(|ended| *ended) => return,
        };
        if !was_due {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stirred => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
        }
    }
}
