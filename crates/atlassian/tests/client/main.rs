//! The client against the twin, and what the client can never do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
mod manage;
mod scim;
mod unreachable;

use atlassian::{Options, Transport};
use model::{AccountId, SystemClock};
use secrecy::SecretString;
use std::sync::Arc;
use twin::{Twin, TwinOptions};

async fn twin(options: TwinOptions) -> Twin {
    let small = TwinOptions {
        users: 120,
        groups: 20,
        workspaces: 4,
        seed: 5,
        ..options
    };
    Twin::start(small).await.unwrap()
}

fn transport(twin: &Twin) -> Arc<Transport> {
    let options = Options::new(twin.base_url());
    let key = SecretString::from(twin.api_key());
    Arc::new(Transport::new(&options, key, Arc::new(SystemClock)).unwrap())
}

/// The lines of the truth that hold all of these texts, as JSON.
fn told(twin: &Twin, texts: &[&str]) -> Vec<serde_json::Value> {
    let lines = twin.truth_all().into_iter();
    let wanted = lines.filter(|line| texts.iter().all(|text| line.contains(text)));
    wanted.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

fn account_of(line: &serde_json::Value) -> AccountId {
    AccountId::new(line["account_id"].as_str().unwrap())
}
