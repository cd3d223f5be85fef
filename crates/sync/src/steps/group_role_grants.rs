//! The roles that groups give: exact, one short listing a group. Groups that say they give none are not asked.

use crate::error::{SyncError, While as _};
use crate::listing::{Context, side_by_side};
use crate::map;
use crate::steps::groups::KnownGroup;
use atlassian::Cursor;
use model::Family;
use store::{Observation, Whole};

/// How many groups are asked at a time; the transport bounds it further.
const AT_A_TIME: usize = 32;

/// Reads the grants of every group that gives roles.
pub(crate) async fn read_grants(ctx: &Context<'_>, groups: &[KnownGroup]) -> Result<(), SyncError> {
    ctx.plan(Family::GroupRoleGrants).await?;
    let giving: Vec<&KnownGroup> = groups.iter().filter(|group| group.resources != Some(0)).collect();
    ctx.progress
        .expect(Family::GroupRoleGrants, i64::try_from(giving.len()).unwrap_or(0));
    let names = giving.iter().map(|group| group.id.clone());
    ctx.look_ahead(Family::GroupRoleGrants, names).await?;
    let reads = giving.into_iter().map(|group| async move {
        let id = group.id.as_str();
        let fetch = |cursor: Option<Cursor>| async move {
            ctx.admin.group_role_assignments(id, cursor.as_ref()).await
        };
        ctx.read_listing(Family::GroupRoleGrants, id, fetch, |page| {
            map::group_grants(id, page)
        })
        .await
    });
    side_by_side(reads, AT_A_TIME).await?;
    Ok(())
}

/// Looks at the grants of some groups once more: the answer replaces what was seen of them before. A group that is
/// gone gives nothing.
pub(crate) async fn read_grants_again(ctx: &Context<'_>, groups: &[String]) -> Result<(), SyncError> {
    for group in groups {
        let mut cursor: Option<Cursor> = None;
        let mut whole = Some(Whole::GrantsOf(group.clone()));
        loop {
            let page = match ctx.admin.group_role_assignments(group, cursor.as_ref()).await {
                Ok(page) => page,
                Err(atlassian::ApiError::NotFound { .. }) => {
                    let nothing = Observation {
                        sent_at: ctx.clock.now_ms(),
                        wholes: whole.into_iter().collect(),
                        ..Observation::default()
                    };
                    ctx.record(nothing).await?;
                    break;
                }
                Err(error) => return Err(error).reading(Family::GroupRoleGrants),
            };
            let mut observation = map::group_grants(group, &page);
            observation.wholes.extend(whole.take());
            ctx.record(observation).await?;
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}
