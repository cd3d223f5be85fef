//! The messages of the connector protocol, made from `proto/` when building.
//!
//! Field numbers are those of the published protocol; a message of ours and one of the other program with the same
//! content are the same bytes. A message's `type_url` is how an annotation names it.

#[expect(
    missing_docs,
    reason = "what a message means is told where it is declared, in proto/"
)]
#[cfg_attr(
    any(test, feature = "stand-in"),
    expect(clippy::allow_attributes, reason = "the server's code is made when building")
)]
mod messages {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

pub use messages::*;

/// The descriptions of all messages, as one `FileDescriptorSet`.
pub(crate) const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
