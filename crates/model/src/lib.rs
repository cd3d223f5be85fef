//! The words of the product as types: ids, facts, changes and the clock.
//!
//! Everybody uses this crate and it knows nobody: no I/O, no database, no HTTP. A word that two crates
//! need is defined here once; a word that only one crate needs stays in that crate.
//!
//! - [`ids`]: what Atlassian calls things, one newtype each.
//! - [`fact`]: one thing observed to be so, and what is known about it.
//! - [`attributes`]: three-valued knowledge – a value, known to be empty, not told.
//! - [`listing`]: what can be read completely on its own.
//! - [`role`]: what a role is called and whether it takes a seat.
//! - [`action`]: what can be changed, and how far a change is.
//! - [`clock`]: the time, passed in as an argument.

pub mod action;
pub mod attributes;
pub mod clock;
pub mod fact;
pub mod ids;
pub mod listing;
pub mod role;

pub use action::{Action, ActionState, PlanState};
pub use attributes::{Attributes, Told};
pub use clock::{Clock, SystemClock};
pub use fact::{Fact, FactKind, Person};
pub use ids::{
    AccountId, ActionId, ApiKeyId, DirectoryId, DomainId, FindingId, GroupId, OrganizationId, PlanId,
    PolicyId, ResourceId, RoleId, RunId, ScimDirectoryId, ScimGroupId, ScimUserId, TokenId,
};
pub use listing::Family;
