//! The admin API over HTTP: one file per noun, a table of operations, and what all of them share.
//!
//! `operations` is the table; `call` is what a handler gets; `problem` and `reply` are what it gives back; `pages` cuts
//! lists into pages. Handlers are synchronous and hold the state's lock only while they run.

mod api_keys;
mod auth_policies;
mod call;
mod control_policies;
mod directories;
mod domains;
mod events;
mod filters;
mod group_items;
mod group_writes;
mod groups;
mod invite;
mod legacy;
mod lifecycle;
mod manage;
mod manage_profile;
mod manage_tokens;
mod operations;
mod orgs;
mod pages;
mod policies;
mod policy_writes;
mod problem;
mod reply;
mod role_assignments;
mod role_writes;
mod scim;
mod service_accounts;
mod tokens;
mod user_items;
mod user_writes;
mod users;
mod workspaces;
mod write;

pub(crate) use call::{Call, decode, parse_query};
pub(crate) use operations::{Envelope, Found, Operation, Surface, find, is_operation};
pub(crate) use problem::{Problem, flat_message};
pub(crate) use reply::Reply;
