//! One file per family of listings: read its pages, map them, keep them.
//!
//! A step can be run again at any time: what is read already is not read again.

mod accounts;
mod api_access;
mod governance;
mod group_members;
mod group_role_grants;
mod groups;
mod implied;
mod methods;
mod precise;
mod role_holdings;
mod scim;
mod workspaces;

pub(crate) use accounts::{each_page, look_up, read_accounts, read_directory_again};
pub(crate) use api_access::{read_api_keys, read_service_accounts};
pub(crate) use governance::{ONLY, read_api_tokens, read_directories, read_domains, read_policies};
pub(crate) use group_members::{ask_members, read_members};
pub(crate) use group_role_grants::{read_grants, read_grants_again};
pub(crate) use groups::{KnownGroup, read_groups, read_groups_again};
pub(crate) use implied::{choose_implied, list_implied, open_implied, settle_implied};
pub(crate) use methods::read_methods;
pub(crate) use precise::{read_precisely, read_precisely_for_good, settle_not_told};
pub(crate) use role_holdings::{
    Pairs, holders_of, read_holdings, read_holdings_again, read_listed, read_pairs, read_roles_again,
};
pub(crate) use scim::{read_scim, read_scim_again};
pub(crate) use workspaces::read_workspaces;
