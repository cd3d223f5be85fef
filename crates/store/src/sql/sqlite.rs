//! The cage of SQLite: a read-only connection of its own, an authorizer, and limits of the library.
//!
//! Each view is two: `account` is what people see and selects all of a view whose name nobody can know. The authorizer
//! lets the tables be read by those alone, so that a query that calls itself `account` reads nothing by it.

use super::answer::{Answer, Cell};
use super::cage::{Dialect, Limits};
use super::refusal::Refusal;
use super::text::{FUNCTIONS, Question};
use super::view::{Place, TABLES, views};
use crate::views::Snapshot;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a running statement asks whether it is to stop, in steps of SQLite's machine.
const STEPS: i32 = 2_000;

/// What the views call besides what questions may call.
const OF_VIEWS: [&str; 3] = ["json_extract", "strftime", "like"];

const LIMITS: [(Limit, i32); 9] = [
    (Limit::SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 200_000),
    (Limit::SQLITE_LIMIT_COLUMN, 200),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

pub(super) struct SqliteCage {
    /// `None` once a question ended in a way that leaves nothing to ask.
    connection: Option<Connection>,
    stop: Arc<AtomicBool>,
}

/// Stops what runs when nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl SqliteCage {
    pub(super) async fn open(
        file: PathBuf,
        archive: Option<PathBuf>,
        at: Snapshot,
    ) -> Result<SqliteCage, Refusal> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let opened = tokio::task::spawn_blocking(move || open(&file, archive.as_deref(), at, asked)).await;
        let connection = opened.map_err(Refusal::database)?.map_err(Refusal::database)?;
        Ok(SqliteCage {
            connection: Some(connection),
            stop,
        })
    }

    pub(super) async fn ask(
        &mut self,
        question: &Question,
        values: Vec<Cell>,
        limits: Limits,
    ) -> Result<Answer, Refusal> {
        let closed = || Refusal::database("the cage is closed");
        let connection = self.connection.take().ok_or_else(closed)?;
        self.stop.store(false, Ordering::Relaxed);
        let stop = StopOnDrop(Arc::clone(&self.stop));
        let sql = question.sql.clone();
        let mut work = tokio::task::spawn_blocking(move || {
            let answer = answer(&connection, &sql, &values, limits);
            (connection, answer)
        });
        let ended = match tokio::time::timeout(limits.time, &mut work).await {
            Ok(ended) => ended,
            Err(_) => {
                drop(stop);
                work.await
            }
        };
        let (connection, answer) = ended.map_err(Refusal::database)?;
        self.connection = Some(connection);
        answer
    }
}

fn open(
    file: &Path,
    archive: Option<&Path>,
    at: Snapshot,
    stop: Arc<AtomicBool>,
) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    for setting in [
        DbConfig::SQLITE_DBCONFIG_DQS_DML,
        DbConfig::SQLITE_DBCONFIG_DQS_DDL,
        DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER,
        DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY,
    ] {
        connection.set_db_config(setting, false)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Our own views must be trusted to be of use; there are no others in a temporary schema.
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA case_sensitive_like = 1; PRAGMA cache_size = -8000; PRAGMA temp_store = FILE;",
    )?;
    // It is opened as the connection is: to be read only.
    if let Some(archive) = archive {
        connection.execute("ATTACH DATABASE ?1 AS archive", [archive.display().to_string()])?;
    }
    let secret = format!("v{:032x}_", rand::random::<u128>());
    let mut schema = String::new();
    for view in views() {
        let select = view.select(Place {
            dialect: Dialect::Sqlite,
            own: "main",
            archive: archive.map(|_| "archive"),
            at,
        });
        schema.push_str(&format!(
            "CREATE TEMP VIEW {secret}{0} AS {select};\nCREATE TEMP VIEW {0} AS SELECT * FROM {secret}{0};\n",
            view.name
        ));
    }
    connection.execute_batch(&schema)?;
    let hidden = hidden_tables(&connection, archive.is_some())?;
    connection.execute_batch("PRAGMA query_only = 1; BEGIN")?;
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        authorize(&context, &secret, &hidden)
    }))?;
    connection.progress_handler(STEPS, Some(move || stop.load(Ordering::Relaxed)))?;
    Ok(connection)
}

/// The tables that nothing here reads.
fn hidden_tables(connection: &Connection, has_archive: bool) -> rusqlite::Result<BTreeSet<String>> {
    let mut hidden = BTreeSet::new();
    let archive = has_archive.then_some("SELECT name FROM archive.sqlite_master");
    for sql in ["SELECT name FROM main.sqlite_master"].into_iter().chain(archive) {
        let mut statement = connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        hidden.extend(names.collect::<Result<Vec<_>, _>>()?);
    }
    hidden.retain(|name| !TABLES.contains(&name.as_str()));
    Ok(hidden)
}

fn authorize(context: &AuthContext<'_>, secret: &str, hidden: &BTreeSet<String>) -> Authorization {
    let is_view = |name: &str| views().iter().any(|view| view.name == name);
    let is_secret = |name: &str| name.strip_prefix(secret).is_some_and(is_view);
    let is_allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => {
            let name = function_name.to_lowercase();
            FUNCTIONS.contains(&name.as_str()) || OF_VIEWS.contains(&name.as_str())
        }
        AuthAction::Read {
            table_name,
            column_name,
        } => {
            if column_name.is_empty() {
                // Only the existence of rows is used; the table may be one that the question names itself.
                !hidden.contains(table_name) && !table_name.starts_with("sqlite_")
            } else if TABLES.contains(&table_name) && context.database_name != Some("temp") {
                context.accessor.is_some_and(is_secret)
            } else {
                is_view(table_name) || is_secret(table_name)
            }
        }
        _ => false,
    };
    if is_allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

fn answer(connection: &Connection, sql: &str, values: &[Cell], limits: Limits) -> Result<Answer, Refusal> {
    let refused = |error| refusal(error, limits);
    let mut statement = connection.prepare(sql).map_err(refused)?;
    let mut answer = Answer {
        columns: statement.column_names().into_iter().map(str::to_owned).collect(),
        ..Answer::default()
    };
    let mut rows = statement
        .query(rusqlite::params_from_iter(values))
        .map_err(refused)?;
    let mut bytes = 0;
    while let Some(row) = rows.next().map_err(refused)? {
        if answer.rows.len() >= limits.rows {
            answer.is_cut = true;
            break;
        }
        let mut cells = Vec::with_capacity(answer.columns.len());
        for column in 0..answer.columns.len() {
            let cell = match row.get_ref(column).map_err(refused)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Int(number),
                ValueRef::Real(number) => Cell::real(number),
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    Cell::Text(String::from_utf8_lossy(text).into_owned())
                }
            };
            bytes += cell.size();
            cells.push(cell);
        }
        if bytes > limits.bytes {
            return Err(Refusal::too_large(limits));
        }
        answer.rows.push(cells);
    }
    Ok(answer)
}

fn refusal(error: rusqlite::Error, limits: Limits) -> Refusal {
    let (code, message) = match &error {
        rusqlite::Error::SqliteFailure(error, message) => (error.code, message.clone()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error.code, Some(msg.clone())),
        _ => return Refusal::database(error),
    };
    match code {
        ErrorCode::OperationInterrupted => Refusal::too_slow(limits),
        ErrorCode::AuthorizationForStatementDenied => Refusal::Outside,
        ErrorCode::TooBig => Refusal::too_large(limits),
        ErrorCode::Unknown => Refusal::Wrong {
            message: message.unwrap_or_else(|| error.to_string()),
        },
        _ => Refusal::database(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    /// The authorizer alone, as if nothing had judged the text before.
    #[tokio::test]
    async fn without_judging_the_text_nothing_but_the_views_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        let at = Snapshot {
            organization: 1,
            run: 1,
        };
        let connection = open(&file, None, at, Arc::default()).unwrap();
        let ask = |sql: &str| answer(&connection, sql, &[], Limits::default());
        let refused = [
            "SELECT sealed_key FROM connection",
            "SELECT COUNT(*) FROM connection",
            "SELECT attributes FROM fact",
            "SELECT attributes FROM main.fact",
            "WITH account AS (SELECT attributes FROM fact) SELECT attributes FROM account",
            "SELECT (SELECT text FROM term LIMIT 1) FROM account",
            "SELECT sql FROM sqlite_master",
            "SELECT COUNT(*) FROM sqlite_temp_master",
            "SELECT name FROM pragma_table_list",
            "SELECT value FROM json_each('[1]')",
            "SELECT load_extension('x')",
            "SELECT hex(zeroblob(10))",
            "SELECT sqlite_version()",
            "PRAGMA query_only = 0",
            "PRAGMA cache_size",
            "ATTACH ':memory:' AS x",
            "DELETE FROM fact",
            "INSERT INTO term (text) VALUES ('x')",
            "CREATE TEMP TABLE x (y)",
            "DROP VIEW temp.account",
            "COMMIT",
        ];
        for sql in refused {
            let refusal = ask(sql);
            assert!(refusal.is_err(), "{sql}: {refusal:?}");
        }
        assert!(ask("SELECT name FROM account").is_ok());
    }
}
