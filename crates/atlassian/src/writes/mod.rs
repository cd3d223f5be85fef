//! Writes: the calls that change something at Atlassian. Only `provision` may name this module.
//!
//! `tests/client/unreachable.rs` reads the sources of every other crate of the product and fails when one does. Each
//! write is one request, sent once and never repeated: after [`crate::ApiError::OutcomeUnknown`] the journal reads back
//! and then decides. Nothing here concludes anything from an answer.

mod manage;
mod organization;
mod scim;

pub use manage::{AccountWrites, ProfileChange};
pub use organization::{InviteOutcome, OrganizationWrites};
pub use scim::{PatchOperation, ScimWrites};
