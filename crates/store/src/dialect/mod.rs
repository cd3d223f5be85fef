//! What differs between the two databases, and nothing else: connecting, beginning, binding, decoding.

pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod statistics;

use log::LevelFilter;
use std::time::Duration;

/// A large organization's statements take seconds, and their transactions wait for each other: so it should be, and
/// nobody who reads the log at the usual level can do anything about it.
pub(crate) const SLOW_IS_LOGGED_AS: LevelFilter = LevelFilter::Debug;
/// From when on a statement is called slow.
pub(crate) const SLOW: Duration = Duration::from_secs(1);

/// The same in the words of both databases, where it cannot be said once.
pub(crate) struct ForBoth<T> {
    pub sqlite: T,
    pub postgres: T,
}
