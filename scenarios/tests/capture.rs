//! What is recorded of a reading tells nothing of people, and reading the record gives the same organization in
//! disguise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::{App, CaptureRequest, ConnectionRequest, ExportOptions, ScimCredential, Silent, Status};
use atlassian::{Heard, Interpreter, Options, Question};
use model::SystemClock;
use scenarios::Stage;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use store::MasterKey;
use twin::{CursorStyle, FilterSemantics, GroupRolesStyle, NextStyle, Replay, Shape, TwinOptions};

fn organization(shape: Shape, seed: u64) -> TwinOptions {
    TwinOptions {
        users: 420,
        groups: 40,
        workspaces: 5,
        seed,
        shape,
        ..TwinOptions::default()
    }
}

/// Hears every answer as it is, and changes nothing.
#[derive(Debug, Default)]
struct Ear {
    /// Texts by the name of their field.
    texts: Mutex<BTreeSet<(String, String)>>,
    /// What was asked.
    questions: Mutex<Vec<String>>,
}

impl Ear {
    fn hear(&self, field: &str, value: &Value) {
        match value {
            Value::String(text) => {
                self.texts
                    .lock()
                    .unwrap()
                    .insert((field.to_owned(), text.clone()));
            }
            Value::Array(items) => items.iter().for_each(|item| self.hear(field, item)),
            Value::Object(map) => map.iter().for_each(|(name, inner)| self.hear(name, inner)),
            _ => {}
        }
    }
}

impl Interpreter for Ear {
    fn asks(&self, question: &Question) -> Question {
        self.questions.lock().unwrap().push(format!("{question:?}"));
        question.clone()
    }

    fn answers(&self, _: &Question, heard: &Heard) -> bytes::Bytes {
        if let Ok(answer) = serde_json::from_slice(&heard.body) {
            self.hear("", &answer);
        }
        heard.body.clone()
    }
}

/// Fields whose texts are kinds, states and times, of which nothing is secret.
const PLAIN: [&str; 35] = [
    "accountStatus",
    "accountType",
    "account_status",
    "account_type",
    "addedToOrg",
    "added_to_org",
    "applicationStatus",
    "claimStatus",
    "created",
    "createdAt",
    "expiry",
    "lastAccess",
    "updatedAt",
    "deactivatedOn",
    "expiresAt",
    "key",
    "keyType",
    "lastActiveAt",
    "lastActiveTimestamp",
    "lastModified",
    "last_active",
    "managedBy",
    "managementSource",
    "membershipStatus",
    "platformRoles",
    "resourceOwner",
    "resourceType",
    "roleId",
    "roles",
    "schemas",
    "scopes",
    "status",
    "time",
    "type",
    "typeKey",
];

/// What may not be in a record: every text of every answer that is no kind, state or time.
fn secrets(ear: &Ear, stage: &Stage) -> BTreeSet<String> {
    let texts = ear.texts.lock().unwrap();
    let told = texts
        .iter()
        .filter(|(field, _)| !PLAIN.contains(&field.as_str()))
        .map(|(_, text)| text.clone());
    let description = stage.twin.description();
    let ours = description.as_object().unwrap().values();
    let ours = ours.filter_map(|value| value.as_str().map(str::to_owned));
    let whole: BTreeSet<String> = told.chain(ours).collect();
    let mut secrets = BTreeSet::new();
    for text in whole {
        let pieces = text.split(|char: char| !char.is_alphanumeric() && char != '-');
        secrets.extend(pieces.map(str::to_owned));
        secrets.insert(text);
    }
    secrets.retain(|text| text.chars().count() >= 7 && !KNOWN_TO_ALL.contains(&text.as_str()));
    secrets
}

/// Words that the vendor documents, which may be part of a name as well.
const KNOWN_TO_ALL: [&str; 39] = [
    "Atlassian",
    "ai-access",
    "ari:cloud:jira::app/all",
    "atlassian",
    "atlassian/admin",
    "atlassian/ai-access",
    "atlassian/basic",
    "atlassian/contributor",
    "atlassian/customer",
    "atlassian/guest",
    "atlassian/org-admin",
    "atlassian/site-admin",
    "atlassian/stakeholder",
    "atlassian/user",
    "atlassian/user-access-admin",
    "bitbucket",
    "confluence",
    "contributor",
    "customer",
    "default",
    "directories",
    "directory",
    "domains",
    "example",
    "group_direct",
    "inferred",
    "jira-product-discovery",
    "jira-servicedesk",
    "jira-software",
    "opsgenie",
    "org-admin",
    "platform",
    "policies",
    "site-admin",
    "stakeholder",
    "suspended",
    "user-access-admin",
    "workspace",
    "workspaces",
];

/// Those that occur anywhere in a text.
fn contained<'a>(secrets: &'a BTreeSet<String>, text: &str) -> Vec<&'a String> {
    // Most begin with bytes that occur nowhere; only for the others the whole text is searched.
    let beginnings: HashSet<&[u8]> = text.as_bytes().windows(7).collect();
    let may_be = |secret: &&String| {
        secret
            .as_bytes()
            .get(..7)
            .is_some_and(|seven| beginnings.contains(seven))
    };
    secrets
        .iter()
        .filter(may_be)
        .filter(|secret| text.contains(*secret))
        .collect()
}

/// How many facts of each kind there are, and how often each value occurs in each of their fields.
fn shape(lines: &[String]) -> BTreeMap<String, Vec<usize>> {
    let mut occurrences: BTreeMap<(String, String), BTreeMap<String, usize>> = BTreeMap::new();
    for line in lines {
        let fact: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        let kind = fact["kind"].as_str().unwrap().to_owned();
        for (field, value) in &fact {
            let values = occurrences.entry((kind.clone(), field.clone())).or_default();
            *values.entry(value.to_string()).or_default() += 1;
        }
    }
    let sorted = occurrences.into_iter().map(|((kind, field), values)| {
        let mut often: Vec<usize> = values.into_values().collect();
        often.sort_unstable();
        (format!("{kind}.{field}"), often)
    });
    sorted.collect()
}

/// Reads a replay into a store of its own; how that ended and what is then known.
async fn read_replay(replay: &Replay) -> (Status, Vec<String>, Vec<String>) {
    let database = testkit::sqlite().await;
    let key = MasterKey::from_hex(&"0a".repeat(32)).unwrap();
    let app = App::new(database.store.clone(), Arc::new(SystemClock))
        .with_master_key(key)
        .await
        .unwrap();
    let api = Options::new(replay.base_url());
    let request = ConnectionRequest {
        name: "replay",
        organization: None,
        key: SecretString::from(replay.api_key()),
        actor: "test",
        sync_interval_ms: 3_600_000,
        scim: replay.scim_base_url().map(|url| ScimCredential {
            url,
            token: SecretString::from("any"),
        }),
    };
    app.connection_add(&request, &api).await.unwrap();
    let outcome = app.sync(None, false, &api, &Silent).await.unwrap();
    let scope = app.scope(&Default::default()).await.unwrap();
    let mut lines = Vec::new();
    let all = ExportOptions {
        all: true,
        methods: false,
    };
    app.export_facts::<app::AppError>(&scope, all, |line| {
        lines.push(line.to_owned());
        Ok(())
    })
    .await
    .unwrap();
    (outcome.status, outcome.reasons, lines)
}

async fn record(stage: &Stage, folder: &Path, secret: u8) -> app::Captured {
    let request = CaptureRequest {
        connection: None,
        folder,
        with_methods: false,
        secret: [secret; 32],
    };
    stage.app.capture(&request, &stage.api, &Silent).await.unwrap()
}

/// Records an organization; checks that nothing of it is told, and that the record is read as the same in disguise.
async fn is_the_same_in_disguise(options: TwinOptions) {
    let stage = Stage::new(options, None).await.unwrap();
    stage.know_scim(None).await.unwrap();
    let ear = Arc::new(Ear::default());
    let listening = Options {
        interpreter: Some(Arc::clone(&ear) as Arc<dyn Interpreter>),
        ..stage.api.clone()
    };
    let read = stage.app.sync(None, false, &listening, &Silent).await.unwrap();
    assert_eq!(read.status, Status::Complete, "{:?}", read.reasons);
    let known = stage.export_all().await.unwrap();
    let secrets = secrets(&ear, &stage);
    assert!(secrets.len() > 1_000, "{} secrets only", secrets.len());

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("record");
    let captured = record(&stage, &folder, 7).await;
    stage.twin.stop().await;
    assert_eq!(captured.status, Status::Complete);

    let mut told = String::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        told.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let leaked = contained(&secrets, &told);
    assert!(
        leaked.is_empty(),
        "{} leaked: {:?}",
        leaked.len(),
        &leaked[..leaked.len().min(40)]
    );

    let replay = Replay::start(&folder, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let (status, reasons, lines) = read_replay(&replay).await;
    let stats = replay.stats();
    replay.stop().await;
    assert_eq!(stats["unrecorded"], 0, "{stats} {reasons:?}");
    assert_eq!(status, Status::Complete, "{reasons:?}");
    let (before, after) = (shape(&known), shape(&lines));
    for (field, often) in &before {
        assert_eq!(Some(often), after.get(field), "{field}");
    }
    assert_eq!(before.len(), after.len());
}

#[tokio::test]
async fn a_typical_organization_is_recorded_in_disguise() {
    is_the_same_in_disguise(organization(Shape::Typical, 3)).await;
}

#[tokio::test]
async fn a_messy_organization_is_recorded_in_disguise() {
    is_the_same_in_disguise(organization(Shape::Messy, 4)).await;
}

#[tokio::test]
async fn other_forms_of_answers_are_recorded_in_disguise() {
    is_the_same_in_disguise(TwinOptions {
        filters: FilterSemantics::Independent,
        cursors: CursorStyle::Keyset,
        next: NextStyle::Url,
        group_roles: GroupRolesStyle::Nested,
        ..organization(Shape::DirectHeavy, 5)
    })
    .await;
}

/// What a first reading asks, in order of the questions.
async fn asked(options: TwinOptions) -> Vec<String> {
    let stage = Stage::new(options, None).await.unwrap();
    let ear = Arc::new(Ear::default());
    let listening = Options {
        interpreter: Some(Arc::clone(&ear) as Arc<dyn Interpreter>),
        ..stage.api.clone()
    };
    let read = stage.app.sync(None, false, &listening, &Silent).await.unwrap();
    assert_eq!(read.status, Status::Complete, "{:?}", read.reasons);
    stage.twin.stop().await;
    let mut questions = ear.questions.lock().unwrap().clone();
    questions.sort_unstable();
    questions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_follows_from_the_organization_and_not_from_how_fast_it_answers() {
    for seed in [11, 12] {
        let fast = asked(organization(Shape::Typical, seed)).await;
        let slow = asked(TwinOptions {
            latency_ms: 15,
            ..organization(Shape::Typical, seed)
        })
        .await;
        assert_eq!(fast, slow);
    }
}
