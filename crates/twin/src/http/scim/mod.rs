//! SCIM at `/scim/directory/{id}`: provisioned users and pushed groups, as RFC 7643 and RFC 7644 have them.
//!
//! Where the vendor differs from the standard, `docs/twin.md` says so. `schema` describes the attributes and puts
//! documents into shape, `patch` changes them, `select` is filters, pages and wanted attributes, `documents` the static
//! answers, `links` the calls of the admin API about records.

mod documents;
mod groups;
mod links;
mod patch;
mod path;
mod schema;
mod select;
mod user_model;
mod users;

pub(super) use documents::{configuration, group_type, resource_types, schema_of, schemas, user_type};
pub(super) use groups::{
    create as create_group, delete as delete_group, list as list_groups, one as one_group,
    patch as patch_group, replace as replace_group,
};
pub(super) use links::{by_email, delete_records, of_account, unlink};
pub(super) use users::{
    create as create_user, delete as delete_user, list as list_users, one as one_user, patch as patch_user,
    replace as replace_user,
};

use super::{Call, Problem};
use crate::state::World;

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const ATLASSIAN: &str = "urn:scim:schemas:extension:atlassian-external:1.0";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// As many users as a directory takes, and members as a group takes.
const MOST_USERS: usize = 150_000;
const MOST_MEMBERS: usize = 35_000;
/// Until the organization shows what was written here.
const LAG_MS: i64 = super::write::DIRECTORY_LAG_MS;

/// The token is that of one directory.
fn check_directory(call: &Call<'_>, world: &World) -> Result<(), Problem> {
    if world.scim.directory_ids.first().map(String::as_str) == Some(call.param(0)) {
        Ok(())
    } else {
        Err(Problem::scim(
            403,
            "",
            "the token does not belong to this directory",
        ))
    }
}

/// The address of a resource of the directory.
fn location(call: &Call<'_>, rest: &str) -> String {
    format!("{}/scim/directory/{}/{rest}", call.hub.base_url, call.param(0))
}

fn not_found(kind: &str, id: &str) -> Problem {
    Problem::scim(404, "", &format!("{kind} {id} not found"))
}

fn invalid(scim_type: &'static str, detail: &str) -> Problem {
    Problem::scim(400, scim_type, detail)
}
