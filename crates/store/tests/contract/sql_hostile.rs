//! Questions that want more than the views: each is refused, by the tokens or by the database, and changes nothing.

use crate::reading::{Reading, accounts};
use crate::sql::{ask, cage};
use model::{FactKind, Family};
use store::sql::{Cell, Limits, Question, Refusal, Variables};
use store::views::Snapshot;
use testkit::TestDatabase;

on_both!(
    hostile_questions_are_refused_in_one_sentence,
    comments_and_quotes_hide_nothing,
    a_query_that_calls_itself_a_view_reads_no_table,
    large_joins_and_endless_answers_are_stopped
);

const HOSTILE: [&str; 62] = [
    // Changing something.
    "DELETE FROM fact",
    "INSERT INTO account VALUES (1)",
    "UPDATE connection SET writes = 1",
    "DROP TABLE fact",
    "CREATE TEMP TABLE x AS SELECT 1",
    "ALTER TABLE fact ADD COLUMN x TEXT",
    "TRUNCATE fact",
    "VACUUM",
    "VACUUM INTO '/tmp/copy.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT x",
    "WITH gone AS (DELETE FROM fact RETURNING id) SELECT id FROM gone",
    "WITH made AS (INSERT INTO term (text) VALUES ('x') RETURNING id) SELECT id FROM made",
    "SELECT * INTO mine FROM account",
    "SELECT * FROM account FOR UPDATE OF fact",
    // Several statements.
    "SELECT 1; DELETE FROM fact",
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */ ; DROP TABLE fact",
    // Settings, other places, other users.
    "PRAGMA query_only = 0",
    "PRAGMA database_list",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_info('connection')",
    "ATTACH DATABASE '/etc/passwd' AS x",
    "DETACH DATABASE main",
    "SET ROLE postgres",
    "RESET ROLE",
    "SHOW data_directory",
    "COPY fact TO '/tmp/x'",
    "COPY fact FROM PROGRAM 'id'",
    "DO $$ BEGIN END $$",
    "CALL x()",
    "EXPLAIN SELECT * FROM account",
    "LISTEN x",
    "LOCK TABLE fact",
    "SELECT set_config('role', 'postgres', false)",
    "SELECT current_setting('data_directory')",
    // Functions with effects, files, networks.
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT pg_sleep(100)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM dblink('host=localhost', 'SELECT 1') AS t (a int)",
    "SELECT query_to_xml('SELECT * FROM connection', true, true, '')",
    "SELECT nextval('fact_id_seq')",
    "SELECT pg_terminate_backend(1)",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT repeat('x', 1000000000)",
    "SELECT \"pg_sleep\"(100)",
    // Tables and catalogues.
    "SELECT sealed_key FROM connection",
    "SELECT * FROM main.connection",
    "SELECT * FROM public.connection",
    "SELECT COUNT(*) FROM fact",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT * FROM information_schema.tables",
];

async fn read_once(database: &TestDatabase) -> Snapshot {
    let mut reading = Reading::begin(&database.store).await;
    let facts = accounts(&["a1", "a2", "a3"]);
    let (run, _) = reading.read(Family::Accounts, FactKind::Account, facts).await;
    Snapshot {
        organization: reading.organization,
        run: run.id.0,
    }
}

async fn hostile_questions_are_refused_in_one_sentence(database: TestDatabase) {
    let at = read_once(&database).await;
    let mut cage = cage(&database, at).await;
    for hostile in HOSTILE {
        let refused = ask(&mut cage, hostile).await;
        let Err(refusal) = refused else {
            panic!("{hostile} was answered: {refused:?}");
        };
        let sentence = refusal.to_string();
        assert!(
            !sentence.contains('\n') && sentence.len() < 600,
            "{hostile}: {sentence}"
        );
        assert!(!matches!(refusal, Refusal::Database(_)), "{hostile}: {refusal:?}");
    }
    let count = ask(&mut cage, "SELECT COUNT(*) FROM account").await.unwrap();
    assert_eq!(count.rows, [[Cell::Int(3)]]);
}

async fn comments_and_quotes_hide_nothing(database: TestDatabase) {
    let at = read_once(&database).await;
    let mut cage = cage(&database, at).await;
    let refused = [
        "SELECT 1 /* /* */ ; DROP TABLE fact */",
        "SELECT 'a\\'; DROP TABLE fact; --'",
        "SELECT E'a\\'; DROP TABLE fact; --'",
        "SELECT e'x'",
        "SELECT U&'\\0041'",
        "SELECT * FROM U&\"\\0066act\"",
        "SELECT $$x$$",
        "SELECT $tag$ ; DROP TABLE fact; $tag$",
        "SELECT $1",
        "SELECT ?1",
        "SELECT `account_id` FROM account",
        "SELECT [account_id] FROM account",
        "SELECT account_id::text FROM account",
        "SELECT 'open",
        "SELECT \"open",
        "SELECT /* open",
        "SELECT 1 \0",
        "SELECT * FROM/**/connection",
        "SELECT * FROM \"connection\"",
        "SELECT * FROM account, connection",
        "SELECT * FROM account a JOIN connection c ON 1 = 1",
        "SELECT * FROM (account CROSS JOIN connection)",
        "SELECT * FROM (connection)",
        "SELECT 1 WHERE 1 IN (SELECT id FROM connection)",
        "SELECT 1 WHERE 1 IN connection",
        "SELECT (SELECT sealed_key FROM connection LIMIT 1)",
        "SELECT 1 UNION SELECT sealed_key FROM connection",
        "SELECT 1 UNION TABLE connection",
        "SELECT 1) FROM account UNION (SELECT 2",
        "SELECT 1) AS q (c1); DROP TABLE fact; --",
        "SELECT account_id FROM account -- ;\n; DROP TABLE fact",
        "SELECT pg_sleep /* */ (1)",
        "SELECT PG_SLEEP(1)",
        "WITH x (pg_sleep) AS (SELECT 1) SELECT pg_sleep(1) FROM x",
        "SELECT extract(year FROM connection)",
        "",
        " -- nothing\n",
        ";",
    ];
    for text in refused {
        let answer = ask(&mut cage, text).await;
        assert!(answer.is_err(), "{text} was answered: {answer:?}");
        assert!(!matches!(answer, Err(Refusal::Database(_))), "{text}: {answer:?}");
    }
    let answered = [
        ("SELECT 'it''s -- no /* comment' AS x", "it's -- no /* comment"),
        ("/* first */ SELECT 'x' -- last", "x"),
        (
            "SELECT MAX(account_id) AS \"select\" FROM account a WHERE a.account_id <= 'a9';",
            "a3",
        ),
        (
            "WITH own (id) AS (SELECT account_id FROM account), more AS (SELECT id FROM own) SELECT MIN(o.id) FROM more, own o WHERE o.id = more.id",
            "a1",
        ),
        (
            "SELECT x.y FROM (SELECT account_id AS y FROM account) x ORDER BY 1 DESC",
            "a3",
        ),
        (
            "SELECT CASE WHEN COUNT(*) FILTER (WHERE account_id LIKE 'a%') = 3 THEN 'three' END FROM account",
            "three",
        ),
        (
            "SELECT 'd' FROM account WHERE name IS NOT DISTINCT FROM NULL",
            "d",
        ),
    ];
    for (text, expected) in answered {
        let answer = ask(&mut cage, text).await;
        let first = answer.as_ref().map(|answer| answer.rows[0][0].clone());
        assert_eq!(
            first.ok(),
            Some(Cell::Text(expected.to_owned())),
            "{text}: {answer:?}"
        );
    }
}

async fn a_query_that_calls_itself_a_view_reads_no_table(database: TestDatabase) {
    let at = read_once(&database).await;
    let mut cage = cage(&database, at).await;
    let refused = [
        "WITH account AS (SELECT attributes FROM fact) SELECT attributes FROM account",
        "WITH fact AS (SELECT 1 AS x) SELECT x FROM fact",
        // The name is given inside, the table is meant outside.
        "SELECT sealed_key FROM (WITH connection AS (SELECT 1 AS x) SELECT x FROM connection) i, connection",
        "SELECT sealed_token FROM account, (WITH scim AS (SELECT 1 AS x) SELECT x FROM scim) i, scim",
    ];
    for text in refused {
        let answer = ask(&mut cage, text).await;
        assert!(answer.is_err(), "{text} was answered: {answer:?}");
    }
    // Only a name: it means what the question gave it.
    let shadow = "WITH groups AS (SELECT 7 AS x) SELECT x FROM groups";
    assert_eq!(ask(&mut cage, shadow).await.unwrap().rows, [[Cell::Int(7)]]);
}

async fn large_joins_and_endless_answers_are_stopped(database: TestDatabase) {
    let at = read_once(&database).await;
    let limits = Limits {
        time: std::time::Duration::from_millis(300),
        ..Limits::default()
    };
    let tables = (0..25)
        .map(|n| format!("account a{n}"))
        .collect::<Vec<_>>()
        .join(", ");
    let questions = [
        format!("SELECT COUNT(*) FROM {tables}"),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT MAX(i) FROM n".to_owned(),
        "WITH RECURSIVE n(s) AS (SELECT 'xxxxxxxx' UNION ALL SELECT s || s FROM n) SELECT MAX(length(s)) FROM n".to_owned(),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'row' FROM n ORDER BY i DESC".to_owned(),
    ];
    for text in questions {
        let mut cage = cage(&database, at).await;
        let question = Question::read(&text).unwrap();
        let refused = cage.ask(&question, &Variables::new(), limits).await;
        let is_stopped = matches!(refused, Err(Refusal::TooSlow { .. } | Refusal::TooLarge { .. }));
        assert!(is_stopped, "{text}: {refused:?}");
    }
    // Rows without end are cut.
    let mut cage = cage(&database, at).await;
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let answer = ask(&mut cage, rows).await;
    match answer {
        Ok(answer) => assert!(answer.is_cut && answer.rows.len() == Limits::default().rows),
        Err(refusal) => panic!("{refusal:?}"),
    }
}
