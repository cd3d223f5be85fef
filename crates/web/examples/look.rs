//! Serves the pages over an invented organization, to look at them while working on them:
//! `cargo run -p web --example look -- [ACCOUNTS] [PORT]`, then open the printed address.

#![expect(clippy::unwrap_used, reason = "a helper for whoever works on the pages")]

#[path = "../tests/seed/mod.rs"]
mod seed;

use app::App;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::middleware::{Next, from_fn};
use model::{Clock, SystemClock};
use std::sync::Arc;
use tower::ServiceExt as _;
use web::WebOptions;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let accounts: usize = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2000);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let folder = tempfile::tempdir().unwrap();
    let plan = seed::Plan {
        accounts,
        groups: accounts / 25 + 40,
        days: 52,
        now: SystemClock.now_ms(),
        trouble: std::env::var_os("LOOK_TROUBLE").is_some(),
    };
    let store = seed::seed(&folder.path().join("look.db"), &plan).await;
    let app = Arc::new(App::new(store, Arc::new(SystemClock)));
    let options = WebOptions {
        start_token: Some("look".to_owned()),
        ..WebOptions::default()
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let address = listener.local_addr().unwrap();
    web::check_listen_address(address).unwrap();
    let mut router = web::router(app, options);
    if std::env::var_os("LOOK_OPEN").is_some() {
        // For screenshots: whoever asks is let in.
        let host = address.to_string();
        let start = Request::get("/start?token=look")
            .header(HOST, &host)
            .body(Body::empty())
            .unwrap();
        let answer = router.clone().oneshot(start).await.unwrap();
        let cookie = answer.headers()[SET_COOKIE]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        router = router.layer(from_fn(move |mut request: Request, next: Next| {
            let theme = request
                .headers()
                .get(COOKIE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            let cookies = HeaderValue::from_str(&format!("{cookie}; {theme}")).unwrap();
            request.headers_mut().insert(COOKIE, cookies);
            next.run(request)
        }));
    }
    println!("http://{address}/start?token=look");
    axum::serve(listener, router).await.unwrap();
}
