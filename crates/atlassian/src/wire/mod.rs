//! What Atlassian sends, as it sends it.
//!
//! Hand-written from the vendor's published description of the organizations API (2026-10) and measured quirks:
//! every field may be missing, enumerations are open (kept as text), unknown fields are ignored and counted.

mod accounts;
mod api_access;
mod envelope;
mod events;
mod governance;
mod groups;
mod manage;
mod scim;
mod workspaces;

pub use accounts::{Account, AccountGroup, AccountStats, Counts, ProductAccess, RoleCount};
pub use api_access::{ApiKey, ServiceAccount, as_text};
pub use envelope::{CountAnswer, ErrorDetail, Links, RawPage, Single, parse_error};
pub use events::{Event, EventActor, EventAttributes, EventLocation, EventSubject, EventSubjectAttributes};
pub use governance::{
    ApiToken, Directory, Domain, DomainAttributes, DomainClaim, Organization, OrganizationAttributes, Policy,
    PolicyAttributes, TokenUser,
};
pub use groups::{
    AccountRoleAssignment, Group, GroupCounts, GroupRoleAssignment, ManagementAccess, RoleMethods,
};
pub use manage::{OwnToken, Privileges, Profile, ProfileAnswer, Rule};
pub use scim::{AtlassianExtension, ScimGroup, ScimList, ScimUser};
pub use workspaces::{Workspace, WorkspaceAttributes};
