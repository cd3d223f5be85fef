//! The door for deliveries: a listener of its own, which knows one thing to do.
//!
//! ```text
//! POST /hooks/NAME ── known name, genuine? ──no──> 401, the same for both
//!                        │ yes
//!                     some JSON? ──no──> 400
//!                        │ yes
//!                     202 at once; beside it: new? ──yes──> the events are read next
//! ```
//! What is compared is compared in constant time, and a name that is not known costs the same work. Bodies are bounded;
//! nothing of them is believed, kept or logged. The answer waits for no database: what came is noted by a task beside.

use app::{App, HookKey, HookKind};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::sync::{mpsc, watch};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// The longest delivery that is taken.
pub const MOST_BYTES: usize = 256 * 1024;
/// How long a delivery may take to come in.
const COME_IN_WITHIN: Duration = Duration::from_secs(10);
/// Deliveries that wait to be noted. One more says nothing new: that it is time to look is known.
const MOST_WAITING: usize = 256;
/// How often is looked which hooks there are.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const SIGNATURE: &str = "x-hub-signature";
const DELIVERY: &str = "x-atlassian-webhook-identifier";

/// A delivery that was proved genuine.
struct Delivery {
    hook: Arc<HookKey>,
    id: String,
}

type Keys = Arc<RwLock<HashMap<String, Arc<HookKey>>>>;

#[derive(Clone)]
struct Door {
    keys: Keys,
    deliveries: mpsc::Sender<Delivery>,
}

/// What notes the deliveries that the door let in.
pub struct HookKeeper {
    app: Arc<App>,
    keys: Keys,
    deliveries: mpsc::Receiver<Delivery>,
}

/// The door, and what has to run beside it. The hooks that there are now are known at once.
pub async fn door(app: Arc<App>) -> Result<(Router, HookKeeper), app::AppError> {
    let (sender, deliveries) = mpsc::channel(MOST_WAITING);
    let keeper = HookKeeper {
        app,
        keys: Keys::default(),
        deliveries,
    };
    keeper.look().await?;
    let door = Door {
        keys: Arc::clone(&keeper.keys),
        deliveries: sender,
    };
    let router = Router::new()
        .route("/hooks/{name}", post(take))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            COME_IN_WITHIN,
        ))
        .layer(CatchPanicLayer::new())
        .with_state(door);
    Ok((router, keeper))
}

impl HookKeeper {
    /// Notes what came and looks which hooks there are, until told to end.
    pub async fn run(mut self, mut ended: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = told(&mut ended) => return,
                _ = look.tick() => {
                    if let Err(error) = self.look().await {
                        tracing::error!(%error, "the hooks could not be looked for; those that were known are used");
                    }
                }
                Some(delivery) = self.deliveries.recv() => self.note(&delivery).await,
            }
        }
    }

    /// Notes what waits, and answers how much that was.
    pub async fn note_waiting(&mut self) -> usize {
        let mut noted = 0;
        while let Ok(delivery) = self.deliveries.try_recv() {
            self.note(&delivery).await;
            noted += 1;
        }
        noted
    }

    /// Looks which hooks there are.
    pub async fn look(&self) -> Result<(), app::AppError> {
        let found = self.app.hook_keys().await?;
        let found = found
            .into_iter()
            .map(|key| (key.name.clone(), Arc::new(key)))
            .collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    async fn note(&self, delivery: &Delivery) {
        if let Err(error) = self.app.hook_delivered(&delivery.hook, &delivery.id).await {
            // The events are read at their time anyway.
            tracing::warn!(hook = %delivery.hook.name, %error, "a delivery could not be noted");
        }
    }
}

/// Waits until it is time to end.
async fn told(ended: &mut watch::Receiver<bool>) {
    // Whoever would tell is gone: it is time as well.
    let _ = ended.wait_for(|ended| *ended).await;
}

async fn take(
    State(door): State<Door>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let hook = {
        let keys = door.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&name).cloned()
    };
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let Some(hook) = hook.filter(|hook| is_genuine(hook, &headers, &body)) else {
        return StatusCode::UNAUTHORIZED;
    };
    // Whatever it says: only that somebody speaks the right language.
    if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    let id = delivery_id(&hook, &headers, &body);
    // A full queue is a nudge already.
    let _ = door.deliveries.try_send(Delivery { hook, id });
    StatusCode::ACCEPTED
}

fn is_genuine(hook: &HookKey, headers: &HeaderMap, body: &[u8]) -> bool {
    let secret = hook.secret.expose_secret().trim();
    let header = |name: &str| {
        headers
            .get(name)
            .map(|value| value.as_bytes())
            .unwrap_or_default()
    };
    match hook.kind {
        // Hashes have one length, so nothing is told by how long it takes.
        HookKind::Organization | HookKind::Guard => {
            let said = Sha256::digest(header(AUTHORIZATION.as_str()).trim_ascii());
            bool::from(said.ct_eq(&Sha256::digest(secret.as_bytes())))
        }
        HookKind::Jira => {
            let Some(said) = header(SIGNATURE).strip_prefix(b"sha256=").and_then(bytes_of_hex) else {
                return false;
            };
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
                return false;
            };
            mac.update(body);
            mac.verify_slice(&said).is_ok()
        }
    }
}

fn bytes_of_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    text.chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// What tells a delivery from others: Jira's own id of it, or else what it says.
fn delivery_id(hook: &HookKey, headers: &HeaderMap, body: &[u8]) -> String {
    let own = headers
        .get(DELIVERY)
        .filter(|_| hook.kind == HookKind::Jira)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= 200);
    own.map_or_else(
        || {
            let digest = Sha256::digest(body);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        },
        str::to_owned,
    )
}

/// Reads any bytes as a delivery to each kind of hook; for fuzzing. It must neither panic nor find any of them genuine.
#[doc(hidden)]
pub fn fuzz_delivery(header: &[u8], body: &[u8]) -> bool {
    HookKind::ALL.into_iter().any(|kind| {
        let hook = HookKey {
            id: 1,
            name: "x".into(),
            kind,
            connection: "x".into(),
            secret: "a secret that nobody guesses".to_owned().into(),
        };
        let mut headers = HeaderMap::new();
        if let Ok(value) = axum::http::HeaderValue::from_bytes(header) {
            for name in [AUTHORIZATION.as_str(), SIGNATURE, DELIVERY] {
                if let Ok(name) = axum::http::HeaderName::from_bytes(name.as_bytes()) {
                    headers.insert(name, value.clone());
                }
            }
        }
        let _ = delivery_id(&hook, &headers, body);
        is_genuine(&hook, &headers, body)
    })
}
