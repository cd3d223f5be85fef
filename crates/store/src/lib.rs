//! Keeps everything, in SQLite or PostgreSQL.
mod database;
mod dialect;
mod error;
mod query;
mod value;
pub mod views;
pub use database::{Store, Tx};
pub use error::StoreError;
