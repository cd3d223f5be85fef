//! Groups of all directories, with how many members and role resources each says it has.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, ListingEnd};
use crate::map;
use atlassian::Cursor;
use model::Family;

/// A group as far as the planner needs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KnownGroup {
    pub id: String,
    /// On how many resources it gives roles; `None` when not told.
    pub resources: Option<i64>,
}

/// Reads all groups.
pub(crate) async fn read_groups(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch = |cursor: Option<Cursor>| async move { ctx.admin.groups(&[], cursor.as_ref()).await };
    ctx.read_listing(Family::Groups, name, fetch, map::groups_page)
        .await
}

/// Looks some groups up once more.
pub(crate) async fn read_groups_again(ctx: &Context<'_>, groups: &[String]) -> Result<(), SyncError> {
    for batch in groups.chunks(100) {
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = ctx
                .admin
                .groups(batch, cursor.as_ref())
                .await
                .reading(Family::Groups)?;
            ctx.record(&map::groups_page(&page)).await?;
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}
