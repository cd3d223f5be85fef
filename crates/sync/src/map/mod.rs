//! Wire → model. Pure, one file per noun; what is absent on the wire is *not told* in the model.

mod accounts;
mod api_access;
mod governance;
mod groups;
mod role_assignments;
mod scim;
mod workspaces;

pub(crate) use accounts::{account_page, instant_ms, members_page};
pub(crate) use api_access::{api_keys_page, service_accounts_page};
pub(crate) use governance::{api_tokens_page, directories_page, domains_page, policies_page};
pub(crate) use groups::groups_page;
pub(crate) use role_assignments::{account_assignments, group_grants};
pub(crate) use scim::{scim_groups_page, scim_users_page};
pub(crate) use workspaces::workspaces_page;
