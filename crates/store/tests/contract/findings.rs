//! Findings: kept by rule and key, decided about, and every step of their lives told in order.

use crate::reading::{Reading, START, person};
use store::{
    DecisionRow, EvaluationRow, FindingFilter, FindingRow, NewFinding, Observation, Store, TransitionRow,
};
use testkit::TestDatabase;

on_both!(
    findings_are_kept_by_rule_and_key,
    the_worst_and_latest_come_first_and_are_counted,
    a_decision_is_kept_and_taken_back,
    steps_are_told_in_order,
    an_evaluation_replaces_the_one_before,
    an_erased_person_is_an_id_in_what_findings_say
);

fn new(key: &str) -> NewFinding {
    NewFinding {
        key: format!("[\"{key}\"]"),
        sentence: format!("{key} is there"),
        found: format!("{{\"account_id\":\"{key}\"}}"),
    }
}

async fn add(
    store: &Store,
    organization: i64,
    rule: &str,
    severity: &str,
    keys: &[&str],
    now: i64,
) -> Vec<i64> {
    let found: Vec<NewFinding> = keys.iter().map(|key| new(key)).collect();
    let mut tx = store.write().await.unwrap();
    let made = tx
        .finding_add(organization, rule, severity, "open", &found, (7, now))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let number = |new: &NewFinding| made.iter().find(|(key, _)| *key == new.key).unwrap().1;
    found.iter().map(number).collect()
}

async fn find(store: &Store, organization: i64, id: i64) -> FindingRow {
    let mut tx = store.read().await.unwrap();
    tx.finding_find(organization, id).await.unwrap().unwrap()
}

async fn findings_are_kept_by_rule_and_key(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let (store, organization) = (&reading.store, reading.organization);
    let ids = add(store, organization, "r", "high", &["a", "b"], START).await;
    let others = add(store, organization, "s", "low", &["a"], START).await;
    assert!(!ids.contains(&others[0]));
    let mut tx = store.write().await.unwrap();
    let all = tx.finding_all(organization).await.unwrap();
    let keys: Vec<(&str, &str)> = all
        .iter()
        .map(|row| (row.rule.as_str(), row.key.as_str()))
        .collect();
    assert_eq!(keys, [("r", "[\"a\"]"), ("r", "[\"b\"]"), ("s", "[\"a\"]")]);
    let twice = tx
        .finding_add(organization, "r", "high", "open", &[new("a")], (7, START))
        .await;
    assert!(twice.is_err());
    drop(tx);

    let mut tx = store.write().await.unwrap();
    tx.finding_tell(ids[0], "a is still there", "{}", "critical")
        .await
        .unwrap();
    tx.finding_set_state(ids[0], "closed", START + 5, 8)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let row = find(store, organization, ids[0]).await;
    assert_eq!(
        (row.sentence.as_str(), row.severity.as_str()),
        ("a is still there", "critical")
    );
    assert_eq!(
        (row.state.as_str(), row.first_at, row.changed_at, row.run),
        ("closed", START, START + 5, 8)
    );
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.finding_find(organization + 1, ids[0]).await.unwrap(), None);
}

async fn the_worst_and_latest_come_first_and_are_counted(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let (store, organization) = (&reading.store, reading.organization);
    let low = add(store, organization, "low", "low", &["a"], START + 9).await;
    let high = add(store, organization, "high", "high", &["a", "b"], START).await;
    let critical = add(store, organization, "critical", "critical", &["a"], START).await;
    let mut tx = store.write().await.unwrap();
    tx.finding_set_state(high[1], "closed", START + 1, 8)
        .await
        .unwrap();
    let filter = FindingFilter::default();
    let ids = |rows: Vec<FindingRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let all = tx.finding_list(organization, &filter, 10, 0).await.unwrap();
    assert_eq!(ids(all), [critical[0], high[1], high[0], low[0]]);
    let part = tx.finding_list(organization, &filter, 2, 1).await.unwrap();
    assert_eq!(ids(part), [high[1], high[0]]);
    let open = FindingFilter {
        state: "open".to_owned(),
        severity: "high".to_owned(),
        rule: "high".to_owned(),
    };
    assert_eq!(
        ids(tx.finding_list(organization, &open, 10, 0).await.unwrap()),
        [high[0]]
    );
    let counts = tx.finding_counts(organization).await.unwrap();
    let closed = counts.iter().find(|count| count.state == "closed").unwrap();
    assert_eq!((closed.rule.as_str(), closed.findings), ("high", 1));
    assert_eq!(counts.iter().map(|count| count.findings).sum::<i64>(), 4);
}

async fn a_decision_is_kept_and_taken_back(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let (store, organization) = (&reading.store, reading.organization);
    let ids = add(store, organization, "r", "high", &["a"], START).await;
    let decision = DecisionRow {
        kind: "accepted".to_owned(),
        reason: "until the audit".to_owned(),
        by: "ada".to_owned(),
        at: START,
        until: START + 9,
    };
    for decided in [Some(decision), None] {
        let mut tx = store.write().await.unwrap();
        tx.finding_decide(ids[0], decided.as_ref()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find(store, organization, ids[0]).await.decision, decided);
    }
}

async fn steps_are_told_in_order(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let (store, organization) = (&reading.store, reading.organization);
    let ids = add(store, organization, "r", "high", &["a", "b"], START).await;
    let step = |finding: i64, transition: &str| TransitionRow {
        id: 0,
        finding,
        transition: transition.to_owned(),
        at: START,
        run: 7,
        actor: "orgwarden".to_owned(),
        reason: String::new(),
    };
    let steps = [
        step(ids[0], "opened"),
        step(ids[1], "opened"),
        step(ids[0], "closed"),
    ];
    let mut tx = store.write().await.unwrap();
    tx.finding_transitions(organization, &steps).await.unwrap();
    let life = tx.finding_life(ids[0]).await.unwrap();
    let names: Vec<&str> = life.iter().map(|step| step.transition.as_str()).collect();
    assert_eq!(names, ["opened", "closed"]);
    let first = tx.finding_transitions_after(organization, 0, 1).await.unwrap();
    assert_eq!((first.len(), first[0].finding), (1, ids[0]));
    let rest = tx
        .finding_transitions_after(organization, first[0].id, 10)
        .await
        .unwrap();
    assert_eq!(
        rest.iter().map(|step| step.finding).collect::<Vec<_>>(),
        [ids[1], ids[0]]
    );
    assert!(
        tx.finding_transitions_after(organization + 1, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn an_evaluation_replaces_the_one_before(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let organization = reading.organization;
    let row = |error: Option<&str>| EvaluationRow {
        rule: "r".to_owned(),
        run: 7,
        at: START,
        duration_ms: 12,
        found: 3,
        error: error.map(str::to_owned),
    };
    let mut tx = reading.store.write().await.unwrap();
    tx.rule_evaluated(organization, &row(None)).await.unwrap();
    tx.rule_evaluated(organization, &row(Some("no such column")))
        .await
        .unwrap();
    assert_eq!(
        tx.rule_evaluations(organization).await.unwrap(),
        [row(Some("no such column"))]
    );
    tx.rule_forget(organization, "r").await.unwrap();
    assert!(tx.rule_evaluations(organization).await.unwrap().is_empty());
}

async fn an_erased_person_is_an_id_in_what_findings_say(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let observation = Observation {
        sent_at: reading.at,
        facts: crate::reading::accounts(&["a1"]),
        people: vec![person("a1", Some("Ada \"L\" O_e"), Some("ada@example.org"))],
        ..Observation::default()
    };
    reading.record(run.id, &observation).await;
    let found = NewFinding {
        key: "[\"a1\"]".to_owned(),
        sentence: "Ada \"L\" O_e (ada@example.org) is there".to_owned(),
        found: r#"{"account_id":"a1","name":"Ada \"L\" O_e","email":"ada@example.org"}"#.to_owned(),
    };
    let other = NewFinding {
        key: "[\"a2\"]".to_owned(),
        sentence: "Ada \"L\" O_e is somebody else".to_owned(),
        found: r#"{"account_id":"a2"}"#.to_owned(),
    };
    let mut tx = reading.store.write().await.unwrap();
    let organization = reading.organization;
    tx.finding_add(organization, "r", "low", "open", &[found, other], (1, START))
        .await
        .unwrap();
    for (id, account) in tx.term_intern(&["a1"]).await.unwrap() {
        tx.person_erase(account, &id, START).await.unwrap();
    }
    let rows = tx.finding_all(organization).await.unwrap();
    assert_eq!(rows[0].sentence, "a1 (a1) is there");
    assert_eq!(rows[0].found, r#"{"account_id":"a1","name":"a1","email":"a1"}"#);
    assert_eq!(rows[1].sentence, "Ada \"L\" O_e is somebody else");
}
