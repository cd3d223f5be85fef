//! Reading accounts: search, the ending list, count, stats, detail, managed list, last activity.

use serde_json::{Map, Value, json};

use super::pages::{Page, PageAsk, Size};
use super::user_items::{self, Expansions};
use super::{Call, Problem, Reply};
use crate::clock::{iso_day, iso_s};
use crate::options::{Counts, NextStyle};
use crate::query::UserAsk;
use crate::roles::role_ids;
use crate::state::{Account, World};

pub(crate) fn search(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask: UserAsk = call.json()?;
    if ask.search_term.is_some() && ask.emails.is_some() {
        return Err(Problem::bad("searchTerm and emails exclude each other"));
    }
    log_view(call);
    let world = call.world();
    let directory = call.directory(&world)?;
    let (ask, question) = call.resume(ask)?;
    let most = call.hub.options.search_max;
    let page = select_page(
        call,
        &world,
        directory,
        &ask,
        question,
        Size::Clamped { default: 50, most },
    )?;
    let expand = Expansions::of(
        ask.expand.as_deref().unwrap_or_default(),
        call.hub.options.expand_groups_max,
    );
    Ok(Reply::ok(&body(
        &world,
        directory,
        &page,
        expand,
        page.links_or_null(),
    )))
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask = ask_of_query(call)?;
    log_view(call);
    let world = call.world();
    let directory = call.directory(&world)?;
    let (ask, question) = call.resume(ask)?;
    let page = select_page(
        call,
        &world,
        directory,
        &ask,
        question,
        Size::Strict {
            default: 20,
            most: 100,
        },
    )?;
    Ok(Reply::ok(&body(
        &world,
        directory,
        &page,
        Expansions::default(),
        page.links_or_absent(None),
    )))
}

/// `data` and `links`, with typed items, which is faster than a tree of values.
#[derive(serde::Serialize)]
struct Body<'a> {
    data: Vec<user_items::UserItem<'a>>,
    links: Value,
}

fn body<'a>(
    world: &'a World,
    directory: Option<u16>,
    page: &Page,
    expand: Expansions,
    links: Value,
) -> Body<'a> {
    let rows = page.rows.iter().filter_map(|index| world.account(*index));
    let data = rows
        .filter_map(|account| user_items::item(world, account, directory, expand))
        .collect();
    Body { data, links }
}

fn select_page(
    call: &Call<'_>,
    world: &World,
    directory: Option<u16>,
    ask: &UserAsk,
    question: u64,
    size: Size,
) -> Result<Page, Problem> {
    let list = call.list(world, question, || {
        ask.select(world, directory, call.hub.options.filters)
    });
    let is_by_key = ask.sort_by.is_none();
    let cursor = ask.cursor.as_deref();
    call.page(
        world,
        &list,
        PageAsk {
            is_by_key,
            question,
            sent: cursor,
            asked: ask.limit,
            size,
            style: call.hub.options.next,
        },
    )
}

fn ask_of_query(call: &Call<'_>) -> Result<UserAsk, Problem> {
    let group_ids = call.query_list("groupIds");
    if group_ids.as_ref().is_some_and(|ids| ids.len() > 10) {
        return Err(Problem::bad("at most 10 groupIds"));
    }
    Ok(UserAsk {
        cursor: call.query_one("cursor"),
        limit: call.query_number("limit")?,
        account_ids: call.query_list("accountIds"),
        directory_ids: call.query_list("directoryIds"),
        resource_ids: call.query_list("resourceIds"),
        group_ids,
        mfa_enabled: call.query_flag("mfaEnabled")?,
        claim_status: call.query_one("claimStatus"),
        status: call.query_list("status"),
        account_status: call.query_list("accountStatus"),
        membership_status: call.query_list("membershipStatus"),
        role_ids: call.query_list("roleIds"),
        email_domains: call.query_list("emailDomains"),
        search_term: call.query_one("searchTerm"),
        emails: None,
        expand: None,
        sort_by: super::group_items::sort_of_query(call)?,
    })
}

pub(crate) fn count(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask = ask_of_query(call)?;
    let world = call.world();
    let directory = call.directory(&world)?;
    let text = serde_json::to_string(&ask.filter()).unwrap_or_default();
    let list = call.list(&world, call.plain_question(&text), || {
        ask.select(&world, directory, call.hub.options.filters)
    });
    let is_suspended = |index: &&u32| {
        let account = world.accounts.get(**index as usize);
        let place = account.and_then(|account| account.place(directory));
        place.is_some_and(|place| place.status == "suspended")
    };
    let count = match call.hub.options.counts {
        Counts::All => list.len(),
        Counts::Active => list.iter().filter(|index| !is_suspended(index)).count(),
    };
    Ok(Reply::ok(&json!({ "count": count })))
}

/// Accounts by role and by status; kept as a list of numbers, like any other answer that reads everything.
pub(crate) fn stats(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let directory = call.directory(&world)?;
    let role_ids = role_ids();
    let statuses = ["active", "inactive", "closed"];
    let counts = call.list(&world, call.plain_question("stats"), || {
        let mut counts = vec![0u32; role_ids.len() + statuses.len()];
        let mut add = |at: usize| counts.get_mut(at).into_iter().for_each(|count| *count += 1);
        for (_, account) in world.accounts_in(directory) {
            let held = world.roles_anywhere(account);
            let roles = role_ids
                .iter()
                .enumerate()
                .filter(|(_, id)| held.ids().any(|role| role == **id));
            roles.for_each(|(at, _)| add(at));
            let status = statuses
                .iter()
                .position(|status| account.account_status == Some(*status));
            status.into_iter().for_each(|at| add(role_ids.len() + at));
        }
        counts
    });
    let named = |names: &[&str], from: usize, key: &str| -> Vec<Value> {
        let counted = names.iter().zip(counts.iter().skip(from));
        counted
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| json!({ key: name, "count": count }))
            .collect()
    };
    let roles = named(&role_ids, 0, "roleId");
    Ok(Reply::ok(
        &json!({ "roles": roles, "accountStatus": named(&statuses, role_ids.len(), "status") }),
    ))
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let directory = call.directory(&world)?;
    let account = account_at(call, &world, 2, directory)?.1;
    let expand = Expansions {
        platform_roles: true,
        counts: true,
        ..Expansions::default()
    };
    Ok(Reply::ok(
        &json!({ "data": user_items::item(&world, account, directory, expand) }),
    ))
}

/// The account named by a path parameter, which has to be in the directory.
pub(super) fn account_at<'a>(
    call: &Call<'_>,
    world: &'a World,
    param: usize,
    directory: Option<u16>,
) -> Result<(u32, &'a Account), Problem> {
    let id = call.param(param);
    let found = world
        .account_index(id)
        .and_then(|index| world.account(index).map(|account| (index, account)));
    found
        .filter(|(_, account)| account.place(directory).is_some())
        .ok_or_else(|| Problem::unknown("account", id))
}

pub(crate) fn managed(call: &Call<'_>) -> Result<Reply, Problem> {
    log_view(call);
    let world = call.world();
    let question = call.plain_question("managed");
    let list = call.list(&world, question, || {
        world
            .accounts_known()
            .filter(|(_, account)| account.is_managed())
            .map(|(index, _)| index)
            .collect()
    });
    let cursor = call.query_one("cursor");
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: cursor.as_deref(),
            asked: None,
            size: Size::Fixed(100),
            style: NextStyle::Url,
        },
    )?;
    let rows = page.rows.iter().filter_map(|index| world.account(*index));
    let data: Vec<Value> = rows
        .map(|account| user_items::managed_item(&world, account, &call.url()))
        .collect();
    let links = page.links_or_absent(Some(call.url()));
    Ok(Reply::ok(
        &json!({ "data": data, "meta": { "total": page.total }, "links": links }),
    ))
}

pub(crate) fn last_active(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let account = account_at(call, &world, 1, None)?.1;
    let products: Vec<Value> = user_items::seats(&world, account)
        .into_iter()
        .filter_map(|resource| {
            let (row, at_ms) = (
                world.resource(resource)?,
                world.last_active_ms(account, resource)?,
            );
            Some(json!({
                "id": row.ari,
                "key": user_items::last_active_key(row.owner),
                "last_active": iso_day(at_ms),
                "last_active_timestamp": iso_s(at_ms),
            }))
        })
        .collect();
    let mut data = Map::new();
    data.insert("product_access".to_owned(), json!(products));
    data.insert("added_to_org".to_owned(), json!(iso_day(account.added_ms)));
    data.insert(
        "added_to_org_timestamp".to_owned(),
        json!(iso_s(account.added_ms)),
    );
    Ok(Reply::ok(&json!({ "data": data, "links": { "next": null } })))
}

/// Looking at the users is itself logged.
fn log_view(call: &Call<'_>) {
    let wants = call.world().events.wants_view(call.now_ms);
    if !wants {
        return;
    }
    let mut world = call.world_mut();
    let (id, name) = world.key_owner.clone();
    let (seed, org_id) = (world.seed, world.org_id.clone());
    world.events.write_view(seed, call.now_ms, (&id, &name), &org_id);
}
