//! Groups: the list, and what is known of one.

use super::account::GivenRole;
use super::error::ViewError;
use super::names::{AccountRef, GroupRef, Wanted};
use super::scim::{self, Provisioning};
use super::scope::Scope;
use super::time::{At, Since};
use super::{LARGE, Listed, Slice, edges_of};
use crate::App;
use model::Attributes;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use store::Tx;
use store::views::{Described, Snapshot};

/// The order of a list of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupOrder {
    /// By name.
    #[default]
    Name,
    /// The most members first.
    Members,
    /// The most roles given first.
    Grants,
    /// The most recently seen first.
    Newest,
}

/// Which groups to list. Empty texts do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupsAsk {
    /// Part of a name or id.
    pub search: String,
    /// A workspace, by id or exact name: gives any role on it.
    pub workspace: String,
    /// Gives any role.
    pub giving: bool,
    /// Has no member.
    pub empty: bool,
    /// An identity provider owns its members.
    pub synced: bool,
    /// In which order.
    pub order: GroupOrder,
    /// Which part.
    pub slice: Slice,
}

/// A group in a list.
#[derive(Debug, Clone, Serialize)]
pub struct GroupItem {
    /// How it is called.
    #[serde(flatten)]
    pub group: GroupRef,
    /// What was told as its description.
    pub description: Option<String>,
    /// How many accounts are in it.
    pub members: i64,
    /// The roles it gives.
    pub grants: Vec<GivenRole>,
    /// Whether an identity provider owns its members, so that changes by hand do not last; if that was told.
    pub external_synced: Option<bool>,
    /// Who manages it, if that was told.
    pub managed_by: Option<String>,
    /// The name of its directory.
    pub directory: Option<String>,
    /// From when it is known.
    pub since: Since,
}

/// The list with what heads it.
#[derive(Debug, Clone, Serialize)]
pub struct GroupsView {
    /// The page of the list.
    pub groups: Listed<GroupItem>,
    /// How many give any role.
    pub giving: i64,
    /// How many have no member.
    pub empty: i64,
    /// How many are owned by an identity provider.
    pub synced: i64,
    /// As of when.
    pub read_at: Option<At>,
}

/// A member of the group.
#[derive(Debug, Clone, Serialize)]
pub struct MemberView {
    /// The account.
    pub account: AccountRef,
    /// From when it is in the group.
    pub since: Since,
}

/// A role that the group gives.
#[derive(Debug, Clone, Serialize)]
pub struct GrantView {
    /// What is given.
    #[serde(flatten)]
    pub given: GivenRole,
    /// From when.
    pub since: Since,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct GroupView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub item: GroupItem,
    /// Everything that was told of it.
    pub attributes: Attributes,
    /// The roles it gives, and from when.
    pub grant_list: Vec<GrantView>,
    /// What an identity provider says of it.
    pub provisioning: Provisioning,
    /// Its members, by name.
    pub member_list: Listed<MemberView>,
    /// As of when.
    pub read_at: Option<At>,
}

impl App {
    /// Every group of a snapshot with what a list shows.
    pub(crate) async fn group_items(
        &self,
        tx: &mut Tx,
        at: Snapshot,
    ) -> Result<Arc<Vec<GroupItem>>, ViewError> {
        if let Some(items) = self.memo.get::<Vec<GroupItem>>(at, "groups", "") {
            return Ok(items);
        }
        let groups = tx.group_list(at).await?;
        let members: HashMap<i64, i64> = tx.group_member_counts(at).await?.into_iter().collect();
        let grants = tx.grant_list(at, None, None).await?;
        let mut wanted = Wanted::default();
        for grant in &grants {
            wanted.resource(grant.resource).role(grant.role);
        }
        let names = wanted.look_up(tx, at).await?;
        let mut given: HashMap<i64, Vec<GivenRole>> = HashMap::new();
        for grant in &grants {
            let role = GivenRole {
                workspace: names.resource(grant.resource),
                role: names.role(grant.role),
            };
            given.entry(grant.group).or_default().push(role);
        }
        let directories = tx.directory_list(at).await?;
        let mut items = Vec::with_capacity(groups.len());
        for group in groups {
            let mut grants = given.remove(&group.term).unwrap_or_default();
            grants.sort_by_key(|given| (given.role.rank(), given.workspace.name.clone()));
            items.push(group_item(
                &group,
                members.get(&group.term).copied().unwrap_or(0),
                grants,
                &directories,
            ));
        }
        items.sort_by_cached_key(|item| (item.group.name.to_lowercase(), item.group.group_id.clone()));
        Ok(self.memo.put(at, "groups", "", items))
    }

    /// The groups that were asked for.
    pub async fn groups(&self, scope: &Scope, ask: &GroupsAsk) -> Result<GroupsView, ViewError> {
        let mut tx = self.store.read().await?;
        let workspace = match ask.workspace.as_str() {
            "" => None,
            asked => Some(self.find_resource(&mut tx, scope.at, asked).await?.1),
        };
        let all = self.group_items(&mut tx, scope.at).await?;
        let search = ask.search.trim().to_lowercase();
        let is_asked = |item: &&GroupItem| {
            let found = search.is_empty()
                || item.group.name.to_lowercase().contains(&search)
                || item.group.group_id.to_lowercase() == search;
            let gives = |workspace: &super::names::WorkspaceRef| {
                item.grants.iter().any(|given| given.workspace == *workspace)
            };
            found
                && workspace.as_ref().is_none_or(gives)
                && (!ask.giving || !item.grants.is_empty())
                && (!ask.empty || item.members == 0)
                && (!ask.synced || item.external_synced == Some(true))
        };
        let mut chosen: Vec<&GroupItem> = all.iter().filter(is_asked).collect();
        match ask.order {
            GroupOrder::Name => {}
            GroupOrder::Members => chosen.sort_by_key(|item| std::cmp::Reverse(item.members)),
            GroupOrder::Grants => chosen.sort_by_key(|item| std::cmp::Reverse(item.grants.len())),
            GroupOrder::Newest => chosen.sort_by_key(|item| std::cmp::Reverse(item.since.seen_at)),
        }
        let count =
            |is: fn(&&GroupItem) -> bool| i64::try_from(all.iter().filter(is).count()).unwrap_or(i64::MAX);
        let skip = usize::try_from(ask.slice.offset).unwrap_or(0);
        let take = usize::try_from(ask.slice.limit).unwrap_or(usize::MAX);
        let shown = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
        Ok(GroupsView {
            groups: Listed {
                rows: chosen.into_iter().skip(skip).take(take).cloned().collect(),
                offset: ask.slice.offset,
                limit: ask.slice.limit,
                shown,
                total: i64::try_from(all.len()).unwrap_or(i64::MAX),
                edges: None,
            },
            giving: count(|item| !item.grants.is_empty()),
            empty: count(|item| item.members == 0),
            synced: count(|item| item.external_synced == Some(true)),
            read_at: scope.read_at,
        })
    }

    /// One group, by id or exact name, with those members whose name, e-mail or id contains `search`.
    pub async fn group(
        &self,
        scope: &Scope,
        asked: &str,
        search: &str,
        slice: Slice,
    ) -> Result<GroupView, ViewError> {
        let at = scope.at;
        let mut tx = self.store.read().await?;
        let group = self.find_group(&mut tx, at, asked).await?;
        let grants = tx.grant_list(at, Some(group.term), None).await?;
        let mut wanted = Wanted::default();
        for grant in &grants {
            wanted.resource(grant.resource).role(grant.role);
        }
        let names = wanted.look_up(&mut tx, at).await?;
        let mut grant_list: Vec<GrantView> = grants
            .iter()
            .map(|grant| GrantView {
                given: GivenRole {
                    workspace: names.resource(grant.resource),
                    role: names.role(grant.role),
                },
                since: grant.seen.into(),
            })
            .collect();
        grant_list.sort_by_key(|grant| (grant.given.role.rank(), grant.given.workspace.name.clone()));
        let total = tx.group_member_count(at, group.term, "").await?;
        let shown = match search.trim() {
            "" => total,
            search => tx.group_member_count(at, group.term, search).await?,
        };
        let rows = tx
            .group_members(at, group.term, search, slice.part(), total > LARGE)
            .await?;
        let ends = rows.first().zip(rows.last());
        let edges =
            edges_of(ends.map(|(first, last)| [(first.account.account, 0), (last.account.account, 0)]));
        let rows = rows
            .into_iter()
            .map(|row| MemberView {
                account: row.account.into(),
                since: row.seen.into(),
            })
            .collect();
        let directories = tx.directory_list(at).await?;
        let given = grant_list.iter().map(|grant| grant.given.clone()).collect();
        let item = group_item(&group, total, given, &directories);
        let provisioning = scim::of_group(&mut tx, at, &item.group.name).await?;
        Ok(GroupView {
            item,
            provisioning,
            attributes: group.attributes,
            grant_list,
            member_list: Listed {
                rows,
                offset: slice.offset,
                limit: slice.limit,
                shown,
                total,
                edges,
            },
            read_at: scope.read_at,
        })
    }
}

fn group_item(
    group: &Described,
    members: i64,
    grants: Vec<GivenRole>,
    directories: &[Described],
) -> GroupItem {
    let text = |name: &str| {
        group
            .attributes
            .text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let directory_id = text("directory_id");
    let directory = directories
        .iter()
        .find(|directory| Some(&directory.id) == directory_id.as_ref());
    GroupItem {
        group: GroupRef {
            group_id: group.id.clone(),
            name: text("name").unwrap_or_else(|| group.id.clone()),
        },
        description: text("description"),
        members,
        grants,
        external_synced: group.attributes.flag("external_synced"),
        managed_by: text("managed_by"),
        directory: directory
            .and_then(|directory| directory.attributes.text("name"))
            .map(str::to_owned)
            .or(directory_id),
        since: group.seen.into(),
    }
}
