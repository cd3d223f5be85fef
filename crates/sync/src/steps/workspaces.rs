//! Workspaces.

use crate::error::SyncError;
use crate::listing::{Context, ListingEnd};
use crate::map;
use model::Family;

/// Reads the workspaces.
pub(crate) async fn read_workspaces(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch =
        |cursor: Option<atlassian::Cursor>| async move { ctx.admin.workspaces(cursor.as_ref()).await };
    ctx.read_listing(Family::Workspaces, name, fetch, map::workspaces_page)
        .await
}
