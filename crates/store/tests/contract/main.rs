//! What the store promises, one behaviour a test, each on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests state their expectations bluntly"
)]

/// Makes a test on each database of each behaviour named. Without PostgreSQL its half is skipped by name.
macro_rules! on_both {
    ($($behaviour:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(testkit::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $behaviour() {
                if let Some(database) = testkit::postgres().await {
                    super::$behaviour(database).await;
                }
            })+
        }
    };
}

mod activity;
mod alerts;
mod audit;
mod care;
mod connections;
mod contents;
mod events;
mod export;
mod findings;
mod following;
mod hooks;
mod implied;
mod jobs;
mod leases;
mod listings;
mod merging;
mod parity;
mod parts;
mod people;
mod plans;
mod questions;
mod reading;
mod runs;
mod schedules;
mod schema;
mod scim;
mod sql;
mod sql_hostile;
mod staging;
mod statements;
mod summary;
mod terms;
