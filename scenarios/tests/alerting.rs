//! What happens at Atlassian is told, once, whatever dies or does not answer on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::AppError;
use app::alerts::{
    AlertRequest, ChangePattern, Channel, ChannelRequest, Condition, Email, MailTls, Metric, RulePattern,
    Webhook,
};
use scenarios::ChangeStage;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use store::sql::{Limits, Variables};
use tokio::sync::watch;
use twin::{MailServer, TwinOptions};

const DAY_S: i64 = 24 * 3_600;

/// An organization that was read once, with a file channel.
struct Told {
    stage: ChangeStage,
    folder: tempfile::TempDir,
}

impl Told {
    async fn begin(users: usize) -> Told {
        let options = TwinOptions {
            users,
            groups: 8,
            workspaces: 2,
            ..TwinOptions::default()
        };
        let stage = ChangeStage::new(options, None).await.unwrap();
        let told = Told {
            stage,
            folder: tempfile::tempdir().unwrap(),
        };
        told.channel("log", told.path()).await;
        told
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("alerts.jsonl")
    }

    async fn channel(&self, name: &str, path: PathBuf) {
        let request = ChannelRequest {
            name,
            channel: Channel::File { path },
            secret: None,
            allow_private: false,
            actor: "test",
        };
        self.stage.app.channel_add(&request).await.unwrap();
    }

    async fn alert(&self, name: &str, condition: Condition) {
        let request = AlertRequest {
            name,
            condition,
            channels: &["log".to_owned()],
            connection: None,
            actor: "test",
        };
        self.stage.app.alert_add(&request).await.unwrap();
        self.stage.pass_s(1);
    }

    async fn read(&self) {
        self.stage
            .app
            .sync(None, false, &self.stage.api, &app::Silent)
            .await
            .unwrap();
    }

    /// Looks and sends until nothing is due.
    async fn tell(&self) {
        let app = &self.stage.app;
        while app.alerts_due().await.unwrap() {}
        while app.message_due().await.unwrap() {}
    }

    fn lines(&self) -> Vec<Value> {
        lines(&self.path())
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn changes_of_a_reading_are_told_in_one_message_and_once() {
    let told = Told::begin(60).await;
    told.alert("anything", Condition::Change(ChangePattern::default()))
        .await;
    told.stage.twin.mutate(40, 5);
    told.stage.pass_s(60);
    told.read().await;
    told.tell().await;
    told.tell().await;
    let lines = told.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    let count = line["count"].as_u64().unwrap();
    assert!(count > 10, "{line}");
    assert_eq!(line["items"].as_array().unwrap().len(), 10);
    let sorts: u64 = line["counts"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(sorts, count);
    // A reading that shows nothing new tells nothing.
    told.stage.pass_s(60);
    told.read().await;
    told.tell().await;
    assert_eq!(told.lines().len(), 1);
}

#[tokio::test]
async fn only_what_fits_is_told_and_what_was_read_before_an_alert_is_not() {
    let told = Told::begin(60).await;
    told.stage.twin.mutate(40, 6);
    told.stage.pass_s(60);
    told.read().await;
    let memberships = ChangePattern {
        kinds: vec!["membership".into()],
        turns: vec!["began".into()],
        ..ChangePattern::default()
    };
    told.alert("joined", Condition::Change(memberships)).await;
    let nobody = ChangePattern {
        groups: vec!["no group is called so".into()],
        ..ChangePattern::default()
    };
    told.alert("nothing", Condition::Change(nobody)).await;
    told.tell().await;
    assert!(told.lines().is_empty());
    told.stage.twin.mutate(60, 7);
    told.stage.pass_s(60);
    told.read().await;
    told.tell().await;
    let lines = told.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["alert"], "joined");
    let counts = lines[0]["counts"].as_object().unwrap();
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["membership began"]);
}

#[tokio::test]
async fn a_number_is_told_of_when_it_goes_beyond_its_limit() {
    let told = Told::begin(30).await;
    let many = |above| Condition::Threshold {
        metric: Metric::Accounts,
        above: Some(above),
        below: None,
    };
    told.alert("more than one", many(1)).await;
    told.alert("more than a million", many(1_000_000)).await;
    for _ in 0..3 {
        told.stage.pass_s(60);
        told.read().await;
        told.tell().await;
    }
    let lines = told.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["alert"], "more than one");
}

#[tokio::test]
async fn the_third_failed_reading_is_told_and_that_it_goes_well_again() {
    let told = Told::begin(30).await;
    let (app, api) = (&told.stage.app, &told.stage.api);
    let (_end, mut ended) = watch::channel(false);
    let faults = json!({"probability": 1.0, "seed": 1, "kinds": ["401"], "times": 1_000});
    told.stage.twin.set_faults(&faults).unwrap();
    told.stage.pass_s(3_600);
    for failures in 1..=4 {
        app.readings_plan().await.unwrap();
        assert!(app.reading_due(api, &mut ended).await.unwrap());
        told.tell().await;
        assert_eq!(told.lines().len(), usize::from(failures >= 3), "after {failures}");
        told.stage.pass_s(3_600);
    }
    told.stage.twin.set_faults(&json!({"probability": 0.0})).unwrap();
    assert!(app.reading_due(api, &mut ended).await.unwrap());
    told.tell().await;
    let lines = told.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["title"], "3 readings of stage in a row failed");
    assert_eq!(lines[1]["title"], "stage is read again");
}

#[tokio::test]
async fn a_channel_that_does_not_work_for_a_day_loses_nothing() {
    let told = Told::begin(60).await;
    told.alert("anything", Condition::Change(ChangePattern::default()))
        .await;
    // Where the file is to be, a folder is in the way.
    std::fs::create_dir(told.path()).unwrap();
    for seed in 0..6 {
        told.stage.twin.mutate(20, 100 + seed);
        told.stage.pass_s(DAY_S / 6);
        told.read().await;
        told.tell().await;
    }
    let waiting = told.stage.app.messages(100).await.unwrap();
    assert_eq!(waiting.len(), 6);
    assert!(
        waiting
            .iter()
            .all(|message| message.state == "waiting" && message.failure.is_some())
    );
    assert!(waiting.last().unwrap().attempts > 3);
    std::fs::remove_dir(told.path()).unwrap();
    told.stage.pass_s(2 * 3_600);
    told.tell().await;
    let mut runs: Vec<String> = told.lines().iter().map(|line| line["run"].to_string()).collect();
    assert_eq!(runs.len(), 6);
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 6);
    assert_eq!(told.stage.app.messages_unsent().await.unwrap(), 0);
}

#[tokio::test]
async fn a_mail_server_that_is_down_for_a_day_gets_every_message_once_when_it_is_back() {
    let told = Told::begin(60).await;
    let server = MailServer::start().await.unwrap();
    let email = Email {
        host: server.address.ip().to_string(),
        port: server.address.port(),
        tls: MailTls::None,
        ca_file: None,
        user: None,
        from: "orgwarden@acme.example".to_owned(),
        to: vec!["security@acme.example".to_owned()],
    };
    let app = &told.stage.app;
    let mail = ChannelRequest {
        name: "mail",
        channel: Channel::Email(email),
        secret: None,
        allow_private: true,
        actor: "test",
    };
    app.channel_add(&mail).await.unwrap();
    let both = AlertRequest {
        name: "anything",
        condition: Condition::Change(ChangePattern::default()),
        channels: &["mail".to_owned(), "log".to_owned()],
        connection: None,
        actor: "test",
    };
    app.alert_add(&both).await.unwrap();
    told.stage.pass_s(1);
    server.set_down(true);
    for hour in 0..24 {
        if hour % 4 == 0 {
            told.stage.twin.mutate(20, 200 + hour);
            told.read().await;
        }
        told.tell().await;
        told.stage.pass_s(3_600);
    }
    // What can be told elsewhere is told there at once.
    assert_eq!(told.lines().len(), 6);
    let waiting = app.messages(100).await.unwrap();
    let waiting: Vec<_> = waiting.iter().filter(|one| one.channel == "mail").collect();
    assert_eq!(waiting.len(), 6);
    for message in &waiting {
        assert_eq!(message.state, "waiting");
        let failure = message.failure.as_deref().unwrap();
        assert!(
            failure.starts_with("the mail server 127.0.0.1 did not take it: "),
            "{failure}"
        );
        assert!((4..40).contains(&message.attempts), "{message:?}");
    }
    assert!(server.mailbox.letters().is_empty());
    server.set_down(false);
    for _ in 0..3 {
        told.stage.pass_s(3_600);
        told.tell().await;
    }
    let letters = server.mailbox.letters();
    let ids: BTreeSet<&String> = letters.iter().map(|letter| &letter.message_id).collect();
    assert_eq!((letters.len(), ids.len()), (6, 6), "{letters:#?}");
    assert_eq!(app.messages_unsent().await.unwrap(), 0);
    assert_eq!(told.lines().len(), 6);
}

#[tokio::test]
async fn what_is_sent_again_after_a_death_before_it_was_noted_is_in_the_file_once() {
    let told = Told::begin(60).await;
    told.alert("anything", Condition::Change(ChangePattern::default()))
        .await;
    told.stage.twin.mutate(20, 9);
    told.stage.pass_s(60);
    told.read().await;
    told.tell().await;
    let id = told.stage.app.messages(1).await.unwrap()[0].id.clone();
    let number = app::alerts::message_number(&id).unwrap();
    // As if the process had died after it wrote and before it noted that.
    told.stage.app.message_again(number, "test").await.unwrap();
    told.tell().await;
    assert_eq!(told.lines().len(), 1);
    let (_, deliveries) = told.stage.app.message(number).await.unwrap();
    assert_eq!(deliveries.len(), 2);
}

#[tokio::test]
async fn a_message_that_cannot_be_delivered_for_a_week_is_given_up_and_can_be_sent_again() {
    let told = Told::begin(30).await;
    std::fs::create_dir(told.path()).unwrap();
    let id = told.stage.app.channel_test("log", "test").await.unwrap();
    for _ in 0..9 {
        told.tell().await;
        told.stage.pass_s(DAY_S);
    }
    let (message, _) = told.stage.app.message(id).await.unwrap();
    assert_eq!(message.state, "given up");
    assert!(!told.stage.app.message_due().await.unwrap());
    std::fs::remove_dir(told.path()).unwrap();
    told.stage.app.message_again(id, "test").await.unwrap();
    told.tell().await;
    assert_eq!(told.stage.app.message(id).await.unwrap().0.state, "sent");
}

#[tokio::test]
async fn what_could_never_be_told_is_refused() {
    let told = Told::begin(30).await;
    let pattern = |kind: &str, turn: &str| {
        Condition::Change(ChangePattern {
            kinds: vec![kind.to_owned()],
            turns: vec![turn.to_owned()],
            ..ChangePattern::default()
        })
    };
    let limits = |above, below| Condition::Threshold {
        metric: Metric::Unused,
        above,
        below,
    };
    let channels = ["log".to_owned()];
    let none: [String; 0] = [];
    let unknown = ["nowhere".to_owned()];
    let misspelt = Condition::Rule(RulePattern {
        rules: vec!["dormant-organisation-admin".into()],
        ..RulePattern::default()
    });
    let wrong: [(Condition, &[String], &str); 7] = [
        (misspelt, &channels, "name"),
        (pattern("friendship", "began"), &channels, "name"),
        (pattern("membership", "vanished"), &channels, "name"),
        (limits(None, None), &channels, "name"),
        (Condition::Reading, &none, "name"),
        (Condition::Reading, &unknown, "name"),
        (Condition::Reading, &channels, "a/b"),
    ];
    for (condition, channels, name) in wrong {
        let request = AlertRequest {
            name,
            condition: condition.clone(),
            channels,
            connection: None,
            actor: "test",
        };
        assert!(told.stage.app.alert_add(&request).await.is_err(), "{condition:?}");
    }
    let webhook = |url: &str| {
        Channel::Webhook(Webhook {
            url: url.into(),
            ca_file: None,
        })
    };
    let relative = Channel::File {
        path: "alerts.jsonl".into(),
    };
    let wrong = [
        (relative, None),
        (webhook("https://example.org/alerts"), None),
        (webhook("https://example.org/alerts"), Some("whsec_%%%")),
        (webhook("http://example.org/alerts"), Some("a secret")),
        (webhook("example.org"), Some("a secret")),
        (Channel::Slack, Some("hooks.example.org")),
    ];
    for (channel, secret) in wrong {
        let request = ChannelRequest {
            name: "other",
            channel,
            secret: secret.map(SecretString::from),
            allow_private: false,
            actor: "test",
        };
        let refused = told.stage.app.channel_add(&request).await;
        assert!(
            matches!(refused, Err(AppError::WrongAlert { .. })),
            "{request:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_question_is_told_of_when_it_has_new_rows() {
    let told = Told::begin(40).await;
    let sql = "SELECT account_id FROM account".to_owned();
    told.alert("accounts", Condition::Query { sql }).await;
    let broken = Condition::Query {
        sql: "DELETE FROM account".into(),
    };
    let request = AlertRequest {
        name: "broken",
        condition: broken,
        channels: &["log".to_owned()],
        connection: None,
        actor: "test",
    };
    assert!(told.stage.app.alert_add(&request).await.is_err());
    // One that is understood and cannot be answered keeps no other from being told.
    let missing = Condition::Query {
        sql: "SELECT nothing FROM account".into(),
    };
    told.alert("missing", missing).await;
    for _ in 0..3 {
        told.stage.pass_s(60);
        told.read().await;
        told.tell().await;
    }
    assert_eq!(told.lines(), Vec::<Value>::new(), "nobody came");
    // Already the first look tells only what was not there before it.
    let sql = "SELECT group_id, account_id FROM membership".to_owned();
    told.alert("members", Condition::Query { sql }).await;
    told.stage.twin.mutate(60, 7);
    told.stage.pass_s(60);
    told.read().await;
    told.tell().await;
    let app = &told.stage.app;
    let scope = app
        .scope(&app::views::scope::ScopeChoice::default())
        .await
        .unwrap();
    let began = format!(
        "SELECT account_id FROM membership_changes WHERE change = 'began' AND run_id = '{}'",
        scope.run.unwrap()
    );
    let began = app
        .query(&scope, &began, &Variables::new(), Limits::default())
        .await
        .unwrap();
    let lines = told.lines();
    let of_members: Vec<&Value> = lines.iter().filter(|line| line["alert"] == "members").collect();
    assert_eq!(of_members.len(), 1, "{lines:?}");
    assert_eq!(of_members[0]["count"], json!(began.rows.len()));
}

#[tokio::test]
async fn findings_are_told_when_they_open() {
    let told = Told::begin(60).await;
    told.tell().await;
    let pattern = RulePattern::default();
    told.alert("findings", Condition::Rule(pattern)).await;
    let app = &told.stage.app;
    let scope = app
        .scope(&app::views::scope::ScopeChoice::default())
        .await
        .unwrap();
    let before = app.findings_open(&scope).await.unwrap().0;
    let mut opened = 0;
    for seed in 0..12 {
        told.stage.twin.mutate(60, 500 + seed);
        told.stage.pass_s(60);
        told.read().await;
        let scope = app
            .scope(&app::views::scope::ScopeChoice::default())
            .await
            .unwrap();
        opened += app.evaluate(&scope).await.unwrap().opened;
        told.tell().await;
        if opened > 0 || !told.lines().is_empty() {
            break;
        }
    }
    let lines = told.lines();
    assert!(!lines.is_empty(), "{before} were open before, {opened} opened");
    assert!(lines.iter().all(|line| line["kind"] == "rule"), "{lines:?}");
    let length = lines.len();
    told.tell().await;
    assert_eq!(told.lines().len(), length);
}
