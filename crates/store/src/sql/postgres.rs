//! The cage of PostgreSQL: a connection of its own, a read-only transaction, and a role that may read the views only.
//!
//! The views are made for the transaction and vanish with it, so that nothing is left in the database and nothing
//! about them can be set by a question. A question is first prepared as it is – which proves that it is one statement –
//! and then asked from the outside, so that rows and lengths are bounded by the server.

use super::answer::{Answer, Cell};
use super::cage::{Dialect, Limits};
use super::refusal::Refusal;
use super::text::Question;
use super::view::{Place, views};
use crate::views::Snapshot;
use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, Postgres, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};

/// The role that questions are asked as. It owns nothing and may log in nowhere.
const ROLE: &str = "orgwarden_query";

/// What a look-up costs is told as for data that is in memory. As for data on a disk, the look-ups in a view's columns
/// cost so much that the planner takes all other ways to be equally dear: it joined 2,800 accounts with 28,000 texts by
/// trying each with each, which took 9 s and takes 0.1 s this way. Compiling a question took longer than answering it.
const PLANNING: &str =
    "SET LOCAL seq_page_cost = 0.1; SET LOCAL random_page_cost = 0.1; SET LOCAL jit = off;\n";

/// How many letters of a text are answered.
const LETTERS: usize = 100_000;

pub(super) struct PostgresCage {
    /// `None` once an answer was left unread.
    connection: Option<PgConnection>,
}

impl PostgresCage {
    pub(super) async fn open(options: &PgConnectOptions, at: Snapshot) -> Result<PostgresCage, Refusal> {
        let opened = PgConnection::connect_with(options).await;
        let mut connection = opened.map_err(Refusal::database)?;
        ensure_role(&mut connection).await?;
        prepare(&mut connection, at).await.map_err(Refusal::database)?;
        Ok(PostgresCage {
            connection: Some(connection),
        })
    }

    pub(super) async fn ask(
        &mut self,
        question: &Question,
        values: Vec<Cell>,
        limits: Limits,
    ) -> Result<Answer, Refusal> {
        let closed = || Refusal::database("the cage is closed");
        // Taken out, so that a question that is given up half-way closes the connection.
        let mut connection = self.connection.take().ok_or_else(closed)?;
        let ms = limits.time.as_millis();
        let before = format!("SAVEPOINT question; SET LOCAL statement_timeout = {ms}");
        run(&mut connection, before).await.map_err(Refusal::database)?;
        // The server ends a statement itself; this is for one that it does not.
        let patience = limits.time * 2 + std::time::Duration::from_secs(1);
        let asked = tokio::time::timeout(patience, answer(&mut connection, question, &values, limits)).await;
        let answer = match asked {
            Err(_) => return Err(Refusal::too_slow(limits)),
            Ok(Err(Refusal::TooLarge { mib })) => return Err(Refusal::TooLarge { mib }),
            Ok(answer) => answer,
        };
        let after = run(&mut connection, "ROLLBACK TO SAVEPOINT question".to_owned()).await;
        if after.is_ok() {
            self.connection = Some(connection);
        }
        answer
    }
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Makes the role if it is missing and this user may.
async fn ensure_role(connection: &mut PgConnection) -> Result<(), Refusal> {
    const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'orgwarden_query')";
    let is_there: bool = sqlx::query_scalar(IS_THERE)
        .fetch_one(&mut *connection)
        .await
        .map_err(Refusal::database)?;
    if !is_there {
        // Another process may be quicker; what counts is asked below.
        let _ = run(connection, format!("CREATE ROLE {ROLE} NOLOGIN")).await;
    }
    if may_ask(connection).await {
        return Ok(());
    }
    let _ = run(connection, format!("GRANT {ROLE} TO CURRENT_USER")).await;
    if may_ask(connection).await {
        return Ok(());
    }
    let user: String = sqlx::query_scalar("SELECT quote_ident(current_user)")
        .fetch_one(&mut *connection)
        .await
        .map_err(Refusal::database)?;
    Err(Refusal::NoRole {
        statement: format!("CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO {user}"),
    })
}

/// Whether this user may act as the role.
async fn may_ask(connection: &mut PgConnection) -> bool {
    const MAY: &str = "SELECT pg_has_role(current_user, 'orgwarden_query', 'MEMBER')";
    let may = sqlx::query_scalar(MAY).fetch_one(connection).await;
    may.unwrap_or(false)
}

async fn prepare(connection: &mut PgConnection, at: Snapshot) -> Result<(), sqlx::Error> {
    run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ".to_owned()).await?;
    let own: String = sqlx::query_scalar("SELECT quote_ident(current_schema())")
        .fetch_one(&mut *connection)
        .await?;
    let mut schema = format!("SET LOCAL client_min_messages = error;\n{PLANNING}");
    for view in views() {
        let select = view.select(Place {
            dialect: Dialect::Postgres,
            own: &own,
            archive: Some(&own),
            at,
        });
        schema.push_str(&format!(
            "CREATE TEMP VIEW {0} AS {select};\nGRANT SELECT ON pg_temp.{0} TO {ROLE};\n",
            view.name
        ));
    }
    schema.push_str(&format!(
        "SET LOCAL ROLE {ROLE};
        SET LOCAL search_path = pg_temp;
        SET LOCAL standard_conforming_strings = on;
        SET LOCAL work_mem = '32MB';
        SET LOCAL max_parallel_workers_per_gather = 0;
        SET LOCAL jit = off;
        SET TRANSACTION READ ONLY"
    ));
    run(connection, schema).await
}

/// What the columns of an answer are told as, whatever their types.
fn cast(column: usize, kind: &str) -> String {
    match kind {
        "INT2" | "INT4" | "INT8" => format!("c{column}::int8"),
        "FLOAT4" | "FLOAT8" | "NUMERIC" => format!("c{column}::float8"),
        "BOOL" => format!("c{column}::int4::int8"),
        _ => format!("left(c{column}::text, {LETTERS})"),
    }
}

async fn answer(
    connection: &mut PgConnection,
    question: &Question,
    values: &[Cell],
    limits: Limits,
) -> Result<Answer, Refusal> {
    let refused = |error| refusal(error, limits);
    let prepared = connection
        .prepare(AssertSqlSafe(question.sql.clone()).into_sql_str())
        .await
        .map_err(refused)?;
    let columns = prepared.columns();
    if columns.is_empty() {
        return Err(Refusal::Wrong {
            message: "it has no columns".to_owned(),
        });
    }
    let numbered = 1..=columns.len();
    let casts: Vec<String> = numbered
        .clone()
        .zip(columns)
        .map(|(number, column)| cast(number, column.type_info().name()))
        .collect();
    let names: Vec<String> = numbered.map(|number| format!("c{number}")).collect();
    let sql = format!(
        "SELECT {} FROM (\n{}\n) AS q ({}) LIMIT {}",
        casts.join(", "),
        question.sql,
        names.join(", "),
        limits.rows + 1
    );
    let mut answer = Answer {
        columns: columns.iter().map(|column| column.name().to_owned()).collect(),
        ..Answer::default()
    };
    let kinds: Vec<String> = match prepared.parameters() {
        Some(Either::Left(kinds)) => kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        _ => Vec::new(),
    };
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    for (number, value) in values.iter().enumerate() {
        let kind = kinds.get(number).map_or("TEXT", String::as_str);
        query = bind(query, value, kind).map_err(|wanted| Refusal::Variable {
            name: question.variables.get(number).cloned().unwrap_or_default(),
            wanted,
        })?;
    }
    let mut rows = query.fetch(connection);
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await.map_err(refused)? {
        if answer.rows.len() >= limits.rows {
            answer.is_cut = true;
            break;
        }
        let cells = cells(&row).map_err(refused)?;
        bytes += cells.iter().map(Cell::size).sum::<usize>();
        if bytes > limits.bytes {
            return Err(Refusal::too_large(limits));
        }
        answer.rows.push(cells);
    }
    Ok(answer)
}

type Asked<'q> = Query<'q, Postgres, PgArguments>;

fn bind<'q>(query: Asked<'q>, value: &Cell, kind: &str) -> Result<Asked<'q>, &'static str> {
    match kind {
        "INT2" | "INT4" | "INT8" => Ok(query.bind(match value {
            Cell::Null => None,
            Cell::Int(number) => Some(*number),
            Cell::Text(text) => Some(text.parse::<i64>().map_err(|_| "a whole number")?),
            Cell::Real(_) => return Err("a whole number"),
        })),
        "FLOAT4" | "FLOAT8" | "NUMERIC" => Ok(query.bind(match value {
            Cell::Null => None,
            #[expect(clippy::cast_precision_loss, reason = "the column is no whole number either")]
            Cell::Int(number) => Some(*number as f64),
            Cell::Real(number) => Some(*number),
            Cell::Text(text) => Some(text.parse::<f64>().map_err(|_| "a number")?),
        })),
        _ => Ok(query.bind(match value {
            Cell::Null => None,
            Cell::Int(number) => Some(number.to_string()),
            Cell::Real(number) => Some(number.to_string()),
            Cell::Text(text) => Some(text.clone()),
        })),
    }
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    let columns = row.columns().iter();
    let cell = columns.map(|column| {
        let place = column.ordinal();
        Ok(match column.type_info().name() {
            "INT8" => row
                .try_get::<Option<i64>, _>(place)?
                .map_or(Cell::Null, Cell::Int),
            "FLOAT8" => row
                .try_get::<Option<f64>, _>(place)?
                .map_or(Cell::Null, Cell::real),
            _ => row
                .try_get::<Option<String>, _>(place)?
                .map_or(Cell::Null, Cell::Text),
        })
    });
    cell.collect()
}

fn refusal(error: sqlx::Error, limits: Limits) -> Refusal {
    let sqlx::Error::Database(told) = &error else {
        return Refusal::database(error);
    };
    let code = told.code().unwrap_or_default().into_owned();
    match code.as_str() {
        "57014" => Refusal::too_slow(limits),
        "42501" | "25006" => Refusal::Outside,
        "53200" | "53400" | "54000" => Refusal::too_large(limits),
        // Syntax and names, data, limits of the program: the question's own fault.
        _ if ["42", "22", "21", "54", "0A"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Refusal::Wrong {
                message: told.message().to_owned(),
            }
        }
        _ => Refusal::database(error),
    }
}
