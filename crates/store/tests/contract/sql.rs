//! Questions in SQL: every view answers, the same on both databases, as of any run.

use crate::reading::{HOUR, Reading, START, account, accounts, connect, membership};
use crate::summary::{read, thrown};
use model::{FactKind, Family, RunId};
use std::time::Duration;
use store::sql::{Answer, Cage, Cell, Limits, Question, Refusal, Variables, views};
use store::views::Snapshot;
use testkit::TestDatabase;

on_both!(
    every_view_and_column_can_be_asked,
    a_question_is_of_one_organization_and_one_run,
    what_began_and_ended_is_told_with_its_times,
    variables_are_bound_and_never_read_as_sql,
    moments_count_from_what_is_looked_at,
    an_answer_is_cut_at_its_rows_and_refused_at_its_bytes,
    after_a_refusal_other_questions_are_answered,
    a_question_that_nobody_waits_for_is_stopped,
    a_kept_question_is_replaced_and_forgotten_by_its_name
);

const NOW: i64 = START + 100 * HOUR;

pub async fn cage(database: &TestDatabase, at: Snapshot) -> Cage {
    database.store.cage(at, NOW).await.unwrap()
}

pub async fn ask(cage: &mut Cage, text: &str) -> Result<Answer, Refusal> {
    let question = Question::read(text)?;
    cage.ask(&question, &Variables::new(), Limits::default()).await
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn at(organization: i64, run: RunId) -> Snapshot {
    Snapshot {
        organization,
        run: run.0,
    }
}

/// Two runs: a1 stays, a2 goes, a3 comes.
async fn two_runs(reading: &mut Reading) -> (Snapshot, Snapshot) {
    let (first, _) = reading
        .read(Family::Accounts, FactKind::Account, accounts(&["a1", "a2"]))
        .await;
    let (second, _) = reading
        .read(Family::Accounts, FactKind::Account, accounts(&["a1", "a3"]))
        .await;
    (
        at(reading.organization, first.id),
        at(reading.organization, second.id),
    )
}

async fn every_view_and_column_can_be_asked(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let at = read(&mut reading, &thrown(14)).await;
    let mut cage = cage(&database, at).await;
    let mut full = 0;
    for view in views() {
        let columns: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
        let question = format!("SELECT {} FROM {}", columns.join(", "), view.name);
        let answer = ask(&mut cage, &question).await.unwrap();
        assert_eq!(answer.columns, columns);
        full += usize::from(!answer.rows.is_empty());
        let star = ask(&mut cage, &format!("SELECT * FROM {}", view.name))
            .await
            .unwrap();
        assert_eq!(star.columns, columns);
        assert_eq!(star.rows.len(), answer.rows.len());
    }
    assert!(full >= 15, "{full} views had rows");
}

#[tokio::test]
async fn both_databases_answer_the_same() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let sqlite = testkit::sqlite().await;
    let mut answers = Vec::new();
    for database in [&sqlite, &postgres] {
        let mut reading = Reading::begin(&database.store).await;
        read(&mut reading, &thrown(3)).await;
        let at = read(&mut reading, &thrown(159)).await;
        let mut cage = cage(database, at).await;
        let mut all = Vec::new();
        for view in views() {
            let answer = ask(&mut cage, &format!("SELECT * FROM {}", view.name))
                .await
                .unwrap();
            let mut rows: Vec<String> = answer.rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            all.push((view.name, rows));
        }
        let total = ask(&mut cage, "SELECT COUNT(*), AVG(requests), 1 = 1 FROM run")
            .await
            .unwrap();
        all.push(("total", vec![format!("{:?}", total.rows)]));
        answers.push(all);
    }
    for (one, other) in answers[0].iter().zip(&answers[1]) {
        assert_eq!(one, other);
    }
}

async fn a_question_is_of_one_organization_and_one_run(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (first, second) = two_runs(&mut reading).await;
    let ids = "SELECT account_id FROM account ORDER BY account_id";
    let mut cage = cage(&database, first).await;
    assert_eq!(
        ask(&mut cage, ids).await.unwrap().rows,
        [[text("a1")], [text("a2")]]
    );
    let mut cage = self::cage(&database, second).await;
    assert_eq!(
        ask(&mut cage, ids).await.unwrap().rows,
        [[text("a1")], [text("a3")]]
    );
    let (other, _) = connect(&database.store, "other", "org-2").await;
    let mut cage = self::cage(&database, at(other, RunId(second.run))).await;
    for view in views() {
        let count = format!("SELECT COUNT(*) FROM {}", view.name);
        assert_eq!(ask(&mut cage, &count).await.unwrap().rows, [[Cell::Int(0)]]);
    }
}

async fn what_began_and_ended_is_told_with_its_times(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (first, second) = two_runs(&mut reading).await;
    let changes = "SELECT change, account_id, run_id, earliest_at < latest_at, run_at IS NOT NULL FROM account_changes ORDER BY account_id";
    let mut cage = cage(&database, first).await;
    assert!(ask(&mut cage, changes).await.unwrap().rows.is_empty());
    let mut cage = self::cage(&database, second).await;
    let run = text(&format!("run_{}", second.run));
    let row = |change, account| {
        vec![
            text(change),
            text(account),
            run.clone(),
            Cell::Int(1),
            Cell::Int(1),
        ]
    };
    let rows = ask(&mut cage, changes).await.unwrap().rows;
    assert_eq!(rows, [row("ended", "a2"), row("began", "a3")]);
}

async fn variables_are_bound_and_never_read_as_sql(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let facts = vec![
        account("a1' OR 1=1 --", Some("active")),
        account("a2", None),
        membership("g", "a2"),
    ];
    let (run, _) = reading.read(Family::Accounts, FactKind::Account, facts).await;
    let mut cage = cage(&database, at(reading.organization, run.id)).await;
    let question = Question::read(
        "SELECT account_id FROM account WHERE account_id = :who AND :count > 1 AND ':no' <> :who",
    )
    .unwrap();
    assert_eq!(question.variables().collect::<Vec<_>>(), ["who", "count"]);
    let variables =
        |who: &str| Variables::from([("who".to_owned(), text(who)), ("count".to_owned(), Cell::Int(2))]);
    let limits = Limits::default();
    let found = cage
        .ask(&question, &variables("a1' OR 1=1 --"), limits)
        .await
        .unwrap();
    assert_eq!(found.rows, [[text("a1' OR 1=1 --")]]);
    assert!(
        cage.ask(&question, &variables("x' OR ''='"), limits)
            .await
            .unwrap()
            .rows
            .is_empty()
    );

    let missing = cage.ask(&question, &Variables::new(), limits).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the variable :who has no value: give one with it"
    );
    let mut extra = variables("a");
    extra.insert("more".to_owned(), Cell::Null);
    let extra = cage.ask(&question, &extra, limits).await.unwrap_err();
    assert!(
        extra
            .to_string()
            .starts_with("the question has no variable :more")
    );
}

async fn moments_count_from_what_is_looked_at(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let mut cage = cage(&database, at(reading.organization, RunId(0))).await;
    let asked =
        "SELECT CAST(:now AS TEXT), CAST(:ago_1_day AS TEXT), CAST(:in_2_hours AS TEXT), CAST(:now AS TEXT)";
    let rows = ask(&mut cage, asked).await.unwrap().rows;
    let expected = [
        "2023-11-19T02:13:20.000Z",
        "2023-11-18T02:13:20.000Z",
        "2023-11-19T04:13:20.000Z",
        "2023-11-19T02:13:20.000Z",
    ];
    assert_eq!(rows, [expected.map(text)]);
}

async fn an_answer_is_cut_at_its_rows_and_refused_at_its_bytes(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (first, _) = two_runs(&mut reading).await;
    let mut cage = cage(&database, first).await;
    let question = Question::read("SELECT account_id FROM account ORDER BY 1").unwrap();
    let few = Limits {
        rows: 1,
        ..Limits::default()
    };
    let cut = cage.ask(&question, &Variables::new(), few).await.unwrap();
    assert!(cut.is_cut);
    assert_eq!(cut.rows, [[text("a1")]]);
    let exact = Limits {
        rows: 2,
        ..Limits::default()
    };
    assert!(
        !cage
            .ask(&question, &Variables::new(), exact)
            .await
            .unwrap()
            .is_cut
    );
    let small = Limits {
        bytes: 20,
        ..Limits::default()
    };
    let refused = cage.ask(&question, &Variables::new(), small).await;
    assert!(matches!(refused, Err(Refusal::TooLarge { .. })));
}

async fn after_a_refusal_other_questions_are_answered(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let (first, _) = two_runs(&mut reading).await;
    let mut cage = cage(&database, first).await;
    for wrong in [
        "SELECT nothing FROM account",
        "SELECT FROM FROM",
        "SELECT SUM(name, 1, 2) FROM account",
    ] {
        let refused = ask(&mut cage, wrong).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::Wrong { .. } | Refusal::Writing { .. }),
            "{refused:?}"
        );
    }
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    let short = Limits {
        time: Duration::from_millis(200),
        ..Limits::default()
    };
    let stopped = cage
        .ask(&Question::read(endless).unwrap(), &Variables::new(), short)
        .await;
    assert!(matches!(stopped, Err(Refusal::TooSlow { .. })), "{stopped:?}");
    assert_eq!(
        ask(&mut cage, "SELECT COUNT(*) FROM account").await.unwrap().rows,
        [[Cell::Int(2)]]
    );
}

async fn a_question_that_nobody_waits_for_is_stopped(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let mut cage = cage(&database, at(reading.organization, RunId(0))).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    let question = Question::read(endless).unwrap();
    let variables = Variables::new();
    let asked = cage.ask(&question, &variables, Limits::default());
    assert!(
        tokio::time::timeout(Duration::from_millis(100), asked)
            .await
            .is_err()
    );
    // Such a cage is closed: what was asked may still be ending.
    let closed = ask(&mut cage, "SELECT 1").await;
    assert!(matches!(closed, Err(Refusal::Database(_))));
}

async fn a_kept_question_is_replaced_and_forgotten_by_its_name(database: TestDatabase) {
    let question = |name: &str, sql: &str| store::SavedQuestion {
        name: name.to_owned(),
        about: "for the auditor".to_owned(),
        sql: sql.to_owned(),
        saved_by: "ada".to_owned(),
        saved_at: START,
    };
    let mut tx = database.store.write().await.unwrap();
    tx.question_save(&question("b", "SELECT 1")).await.unwrap();
    tx.question_save(&question("a", "SELECT 2")).await.unwrap();
    tx.question_save(&question("b", "SELECT :x")).await.unwrap();
    let kept = tx.question_list().await.unwrap();
    assert_eq!(kept, [question("a", "SELECT 2"), question("b", "SELECT :x")]);
    assert!(tx.question_remove("a").await.unwrap());
    assert!(!tx.question_remove("a").await.unwrap());
    assert_eq!(tx.question_list().await.unwrap().len(), 1);
}
