//! API keys and service accounts: one page each, which many organizations do not have.
//!
//! Both lists are new at the vendor, and a key's object is not published: whatever such a list answers, the rest of the
//! reading goes on. What it cannot be read for is noted; nothing of its kind ends then.

use crate::error::SyncError;
use crate::listing::{Context, ListingEnd};
use crate::map;
use atlassian::{ApiError, Cursor};
use model::Family;

/// Reads the API keys of the organization.
pub(crate) async fn read_api_keys(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch = |cursor: Option<Cursor>| async move { ctx.admin.api_keys(cursor.as_ref()).await };
    let end = ctx
        .read_listing(Family::ApiKeys, name, fetch, map::api_keys_page)
        .await;
    leave(ctx, Family::ApiKeys, name, end).await
}

/// Reads the service accounts.
pub(crate) async fn read_service_accounts(ctx: &Context<'_>, name: &str) -> Result<ListingEnd, SyncError> {
    let fetch = |cursor: Option<Cursor>| async move { ctx.admin.service_accounts(cursor.as_ref()).await };
    let end = ctx
        .read_listing(Family::ServiceAccounts, name, fetch, map::service_accounts_page)
        .await;
    leave(ctx, Family::ServiceAccounts, name, end).await
}

/// Takes what is wrong with this list alone for a refusal. What stops every request stops the reading as ever.
async fn leave(
    ctx: &Context<'_>,
    family: Family,
    name: &str,
    end: Result<ListingEnd, SyncError>,
) -> Result<ListingEnd, SyncError> {
    match end {
        Err(SyncError::Read { source, .. }) if is_its_own(&source) => {
            ctx.refused(family, name, &source).await
        }
        end => end,
    }
}

fn is_its_own(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Forbidden { .. }
            | ApiError::NotFound { .. }
            | ApiError::Refused { .. }
            | ApiError::NotUnderstood { .. }
            | ApiError::RepeatedCursor { .. }
            | ApiError::Server { .. }
    )
}
