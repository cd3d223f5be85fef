//! What differs between the two databases, and nothing else: connecting, beginning, binding, decoding.

pub(crate) mod postgres;
pub(crate) mod sqlite;
