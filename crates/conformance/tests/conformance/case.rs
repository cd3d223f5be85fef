//! A twin and the independent client on it.

use jira::admin::AdminClient;
use jira::{Auth, Client};
use serde::de::DeserializeOwned;
use serde_json::Value;
use twin::{Shape, Twin, TwinOptions};

pub struct Case {
    pub twin: Twin,
    pub client: AdminClient,
    pub org: String,
}

impl Case {
    pub async fn start(shape: Shape) -> Case {
        Case::start_with(TwinOptions {
            shape,
            ..TwinOptions::default()
        })
        .await
    }

    /// The same with further options; the size is always small.
    pub async fn start_with(options: TwinOptions) -> Case {
        let options = TwinOptions {
            users: 120,
            groups: 40,
            workspaces: 8,
            clock_stands: true,
            ..options
        };
        let twin = Twin::start(options).await.unwrap();
        let client = Client::builder()
            .host(twin.base_url())
            .auth(Auth::bearer(twin.api_key()))
            .build()
            .unwrap();
        let org = twin.org_id().to_owned();
        Case {
            twin,
            client: AdminClient::new(client),
            org,
        }
    }

    /// The facts of one kind.
    pub fn facts(&self, kind: &str) -> Vec<Value> {
        let lines = self.twin.truth(true);
        let facts = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        facts.filter(|fact| fact["kind"] == kind).collect()
    }

    /// The text of a field of the first fact of a kind.
    pub fn first(&self, kind: &str, field: &str) -> String {
        self.facts(kind)[0][field].as_str().unwrap().to_owned()
    }

    pub async fn directories(&self) -> Vec<String> {
        let page = self
            .client
            .directory()
            .get_directories_for_org(&self.org)
            .send()
            .await
            .unwrap();
        page.data
            .unwrap()
            .into_iter()
            .map(|directory| directory.directory_id.unwrap())
            .collect()
    }
}

/// A request value, written as the JSON it becomes.
pub fn ask<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}
