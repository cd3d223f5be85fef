//! How an account comes to its roles: a layered drawing in four columns.
//!
//! ```text
//! Account ──> Group ──> Role ──> Workspace
//! ```
//!
//! One row for each way; ways that differ only by their group are folded ("+14 groups"), and so are workspaces
//! that are reached in just the same way ("+2 workspaces"). The path that matters is drawn last and bold. The
//! sentence above the picture says the same in words, and the table below lists everything.
//!
//! - `fold`: what is drawn and what is folded. `draw`: where it stands. `shape`: what a node and an edge look like.
//! - `chain`: the one path that matters, for narrow screens.

mod chain;
mod draw;
mod fold;
mod shape;

pub(crate) use chain::chain;
pub(crate) use fold::Drawing;
