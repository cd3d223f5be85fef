//! Measures a twin of a large organization: memory, answers a second, and what a reading of everybody takes.
//!
//! `cargo run --release -p twin --example speed -- [USERS]` prints one line per measurement. Client and server share
//! the process and the cores, so the answers a second are a lower bound.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot be made should say so at once"
)]

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use twin::{Twin, TwinOptions};

/// A connection that is kept open, with as little client as possible.
struct Line {
    stream: TcpStream,
    host: String,
    key: String,
}

impl Line {
    async fn open(twin: &Twin) -> Line {
        let host = twin.base_url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Line {
            stream,
            host,
            key: twin.api_key().to_owned(),
        }
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            self.key,
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = self.stream.read(&mut piece).await.unwrap();
            assert!(count > 0, "the twin closed the connection");
            got.extend_from_slice(&piece[..count]);
            let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&got[..end]).to_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next())
                .unwrap();
            if got.len() >= end + 4 + length.parse::<usize>().unwrap() {
                return got.split_off(end + 4);
            }
        }
    }
}

fn resident_mb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS: unknown")
        .to_owned();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .map_or(line, |kb| format!("{} MB", kb / 1024))
}

#[tokio::main]
async fn main() {
    let users = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let started = Instant::now();
    let twin = Twin::start(TwinOptions {
        users,
        groups: 2000,
        workspaces: 40,
        ..TwinOptions::default()
    })
    .await
    .unwrap();
    println!(
        "{users} users: generated in {:?}, resident {}",
        started.elapsed(),
        resident_mb()
    );

    let started = Instant::now();
    let per_line = 5_000;
    let lines = 8;
    let mut tasks = Vec::new();
    for _ in 0..lines {
        let mut line = Line::open(&twin).await;
        let path = format!("/admin/v2/orgs/{}/directories", twin.org_id());
        tasks.push(tokio::spawn(async move {
            for _ in 0..per_line {
                line.ask("GET", &path, "").await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let per_second = f64::from(per_line * lines) / started.elapsed().as_secs_f64();
    println!("small answers: {per_second:.0} a second");

    let mut line = Line::open(&twin).await;
    for (name, extra) in [
        (
            "everybody, with all expansions",
            json!({ "expand": ["platformRoles", "counts.resources", "productAccess", "groups"] }),
        ),
        (
            "everybody with atlassian/user anywhere",
            json!({ "roleIds": ["atlassian/user"] }),
        ),
    ] {
        let started = Instant::now();
        let path = format!("/admin/v2/orgs/{}/directories/-/users/search", twin.org_id());
        let mut ask = extra;
        ask["limit"] = json!(100);
        let mut pages = 0;
        loop {
            let page: Value =
                serde_json::from_slice(&line.ask("POST", &path, &ask.to_string()).await).unwrap();
            pages += 1;
            let Some(next) = page["links"]["next"].as_str() else {
                break;
            };
            ask["cursor"] = json!(next);
        }
        println!(
            "{name}: {pages} pages in {:?}, resident {}",
            started.elapsed(),
            resident_mb()
        );
    }
    let started = Instant::now();
    twin.mutate(1000, 1);
    println!("1000 changes in {:?}", started.elapsed());
    let started = Instant::now();
    println!(
        "truth of {} facts in {:?}, resident {}",
        twin.truth(false).len(),
        started.elapsed(),
        resident_mb()
    );
    twin.stop().await;
}
