//! Groups of all directories, with how many members and role resources each says it has.

use crate::error::{SyncError, While as _};
use crate::listing::Context;
use crate::map;
use crate::steps::ONLY;
use atlassian::Cursor;
use model::{FactKind, Family};
use std::collections::BTreeSet;

/// A group as far as the planner needs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KnownGroup {
    pub id: String,
    /// On how many resources it gives roles; `None` when not told.
    pub resources: Option<i64>,
}

/// Reads all groups; answers whether they are certain.
pub(crate) async fn read_groups(ctx: &Context<'_>) -> Result<bool, SyncError> {
    ctx.plan(Family::Groups).await?;
    let count = || ctx.admin.groups_count();
    let before = if ctx.has_ended(Family::Groups, ONLY).await? {
        None
    } else {
        match count().await {
            Ok(before) => Some(before),
            // The listing itself says what is refused.
            Err(error) if error.is_refusal() => None,
            Err(error) => return Err(error).reading(Family::Groups),
        }
    };
    ctx.progress.expect(Family::Groups, before.unwrap_or(0));
    let fetch = |cursor: Option<Cursor>| async move { ctx.admin.groups(&[], cursor.as_ref()).await };
    let read = || ctx.read_listing(Family::Groups, ONLY, fetch, map::groups_page);
    let staged = || async move {
        let mut tx = ctx.store.read().await?;
        let groups = tx.staged_first(ctx.run, FactKind::Group).await?;
        Ok(i64::try_from(groups.len()).unwrap_or(i64::MAX))
    };
    let is_certain = ctx
        .read_counted((Family::Groups, ONLY), before, read, count, staged)
        .await?;
    if is_certain {
        ctx.end(Family::Groups).await?;
    }
    Ok(is_certain)
}

/// Looks some groups up once more; answers those that were found.
pub(crate) async fn read_groups_again(
    ctx: &Context<'_>,
    groups: &[String],
) -> Result<BTreeSet<String>, SyncError> {
    let mut found = BTreeSet::new();
    for batch in groups.chunks(100) {
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = ctx
                .admin
                .groups(batch, cursor.as_ref())
                .await
                .reading(Family::Groups)?;
            ctx.record(map::groups_page(&page)).await?;
            found.extend(page.items.into_iter().map(|group| group.id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    Ok(found)
}
