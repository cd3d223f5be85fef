//! What-if: which roles and paths remain when memberships or grants go or come.
//!
//! A [`World`] holds plain values as they were read – who holds which role, who is in which group, which group
//! gives what, and how holdings came about where that was read. [`World::paths`] tells the ways in which a role
//! is held; [`World::what_if`] tells what a set of [`Edit`]s does to it. Nothing is guessed: where methods were
//! not read and every known way goes, the answer is [`Fate::Unknown`], because the role may also be given
//! directly. Pure: no I/O, no names, only numbers that the caller interned.
//!
//! - [`world`]: the values and their paths. [`what_if`]: edits and fates.

pub mod what_if;
pub mod world;

pub use what_if::{Edit, Effect, Fate};
pub use world::{Grant, Holding, Id, Membership, Methods, Path, World};
