//! What differs between the two databases, and nothing else: connecting, beginning, binding, decoding.

pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod statistics;

/// The same in the words of both databases, where it cannot be said once.
pub(crate) struct ForBoth<T> {
    pub sqlite: T,
    pub postgres: T,
}
