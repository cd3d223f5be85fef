//! PostgreSQL: any number of processes share the work.

use super::{SLOW, SLOW_IS_LOGGED_AS};
use crate::value::{Row, Value};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres};
use sqlx::{Column as _, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};
use std::str::FromStr;

pub(crate) const BEGIN_WRITE: &str = "BEGIN";

/// One snapshot for all statements of a view.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

pub(crate) async fn pool(url: &str) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(8)
        .acquire_slow_level(SLOW_IS_LOGGED_AS)
        .connect_with(PgConnectOptions::from_str(url)?.log_slow_statements(SLOW_IS_LOGGED_AS, SLOW))
        .await
}

pub(crate) fn bind<'q>(
    mut query: sqlx::query::Query<'q, Postgres, PgArguments>,
    values: Vec<Value>,
) -> sqlx::query::Query<'q, Postgres, PgArguments> {
    for value in values {
        query = match value {
            Value::Int(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}

pub(crate) fn decode(row: PgRow) -> Result<Row, sqlx::Error> {
    let mut values = Vec::with_capacity(row.len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        let kind = raw.type_info().name().to_owned();
        let value = match kind.as_str() {
            "TEXT" | "VARCHAR" => Value::Text(row.try_get(column.ordinal())?),
            "BYTEA" => Value::Bytes(row.try_get(column.ordinal())?),
            "INT4" => Value::Int(row.try_get::<Option<i32>, _>(column.ordinal())?.map(i64::from)),
            _ if raw.is_null() => Value::Int(None),
            _ => Value::Int(row.try_get(column.ordinal())?),
        };
        values.push(value);
    }
    Ok(Row { values })
}
