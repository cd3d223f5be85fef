//! Directories, domains, policies and API tokens: short lists, each one listing.

use crate::error::SyncError;
use crate::listing::{Context, ListingEnd};
use crate::map;
use model::Family;

/// The single listing of a family that has only one.
pub(crate) const ONLY: &str = "all";

/// Reads the directories.
pub(crate) async fn read_directories(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch =
        |cursor: Option<atlassian::Cursor>| async move { ctx.admin.directories(cursor.as_ref()).await };
    ctx.read_listing(Family::Directories, name, fetch, map::directories_page)
        .await
}

/// Reads the domains.
pub(crate) async fn read_domains(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch = |cursor: Option<atlassian::Cursor>| async move { ctx.admin.domains(cursor.as_ref()).await };
    ctx.read_listing(Family::Domains, name, fetch, map::domains_page)
        .await
}

/// Reads the policies.
pub(crate) async fn read_policies(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch = |cursor: Option<atlassian::Cursor>| async move { ctx.admin.policies(cursor.as_ref()).await };
    ctx.read_listing(Family::Policies, name, fetch, map::policies_page)
        .await
}

/// Reads the API tokens.
pub(crate) async fn read_api_tokens(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch =
        |cursor: Option<atlassian::Cursor>| async move { ctx.admin.api_tokens(cursor.as_ref()).await };
    ctx.read_listing(Family::ApiTokens, name, fetch, map::api_tokens_page)
        .await
}
