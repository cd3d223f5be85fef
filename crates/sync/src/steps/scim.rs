//! Who is owned by a SCIM directory: its users and groups, where a connection knows its address and token.
//!
//! The directory has a credential of its own, which can be wrong or gone while the organization's key is good. Then its
//! two families are refused and said, and everything else is read as ever.

use crate::error::SyncError;
use crate::listing::{Context, ListingEnd};
use crate::map;
use crate::steps::ONLY;
use atlassian::{ApiError, Cursor, Scim};
use model::{FactKind, Family};

/// Reads users and groups and ends their families when they are certain; plans nothing without a SCIM directory.
pub(crate) async fn read_scim(ctx: &Context<'_>) -> Result<(), SyncError> {
    let Some(scim) = ctx.scim else { return Ok(()) };
    ctx.plan(Family::ScimUsers).await?;
    ctx.plan(Family::ScimGroups).await?;
    let certain = ctx
        .read_counted(
            (Family::ScimUsers, ONLY),
            None,
            || read_users(ctx, scim, ONLY),
            || scim.users_count(),
            || staged(ctx, FactKind::ScimUser),
        )
        .await;
    settle(ctx, Family::ScimUsers, certain).await?;
    let certain = ctx
        .read_counted(
            (Family::ScimGroups, ONLY),
            None,
            || read_groups(ctx, scim, ONLY),
            || scim.groups_count(),
            || staged(ctx, FactKind::ScimGroup),
        )
        .await;
    settle(ctx, Family::ScimGroups, certain).await
}

/// Reads a family once more, for what it did not show before.
pub(crate) async fn read_scim_again(ctx: &Context<'_>, family: Family, name: &str) -> Result<(), SyncError> {
    let Some(scim) = ctx.scim else { return Ok(()) };
    let end = match family {
        Family::ScimUsers => read_users(ctx, scim, name).await,
        _ => read_groups(ctx, scim, name).await,
    };
    end.map(|_| ())
}

async fn read_users(ctx: &Context<'_>, scim: &Scim, name: &str) -> Result<ListingEnd, SyncError> {
    let directory = scim.directory();
    let fetch = |cursor: Option<Cursor>| async move { scim.users(cursor.as_ref()).await };
    ctx.read_listing(Family::ScimUsers, name, fetch, |page| {
        map::scim_users_page(&directory, page)
    })
    .await
}

async fn read_groups(ctx: &Context<'_>, scim: &Scim, name: &str) -> Result<ListingEnd, SyncError> {
    let directory = scim.directory();
    let fetch = |cursor: Option<Cursor>| async move { scim.groups(cursor.as_ref()).await };
    ctx.read_listing(Family::ScimGroups, name, fetch, |page| {
        map::scim_groups_page(&directory, page)
    })
    .await
}

async fn staged(ctx: &Context<'_>, kind: FactKind) -> Result<i64, SyncError> {
    let mut tx = ctx.store.read().await?;
    let known = tx.staged_first(ctx.run, kind).await?;
    Ok(i64::try_from(known.len()).unwrap_or(i64::MAX))
}

async fn settle(
    ctx: &Context<'_>,
    family: Family,
    certain: Result<bool, SyncError>,
) -> Result<(), SyncError> {
    match certain {
        Ok(true) => ctx.end(family).await,
        Ok(false) if ctx.is_refused(family).await? => Ok(()),
        Ok(false) => {
            ctx.unsure(family, "the SCIM directory kept changing while it was read")
                .await
        }
        Err(SyncError::Read { source, .. }) if is_its_own(&source) => {
            ctx.refused(family, ONLY, &source).await.map(|_| ())
        }
        Err(error) => Err(error),
    }
}

/// Whether something is wrong with this directory alone. An interruption stops the reading, to be taken up again.
fn is_its_own(error: &ApiError) -> bool {
    !matches!(error, ApiError::RequestsSpent { .. })
}
