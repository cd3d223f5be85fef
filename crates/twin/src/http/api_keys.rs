//! Organization API keys: which there are, and the end of one.

use serde_json::{Value, json};

use super::filters::{self, Dates, Times};
use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::clock::iso_ms;
use crate::state::{ApiKey, World};

const KNOWN: [&str; 5] = ["q", "keyType", "sort", "pageSize", "cursor"];

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    filters::refuse_unknown(call, &KNOWN)?;
    let world = call.world();
    let list = select(call, &world)?;
    let cursor = call.query_one("cursor");
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: call.query_one("sort").is_none(),
            question: call.plain_question(&filters::asked(call)),
            sent: cursor.as_deref(),
            asked: call.query_number("pageSize")?,
            size: Size::Strict {
                default: 20,
                most: 1000,
            },
            style: call.hub.options.next,
        },
    )?;
    let rows = page
        .rows
        .iter()
        .filter_map(|index| world.api_keys.get(*index as usize));
    let data: Vec<Value> = rows.map(|key| model(&world, key)).collect();
    Ok(Reply::ok(&json!({ "data": data, "links": page.links_or_null() })))
}

pub(crate) fn count(call: &Call<'_>) -> Result<Reply, Problem> {
    filters::refuse_unknown(call, &KNOWN)?;
    let world = call.world();
    Ok(Reply::ok(&json!({ "count": select(call, &world)?.len() })))
}

/// The key is good no longer at once, even the one that asks.
pub(crate) fn revoke(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let id = call.param(1);
    let key = world
        .api_keys
        .iter_mut()
        .find(|key| key.id == id && !key.is_revoked);
    let key = key.ok_or_else(|| Problem::unknown("API key", id))?;
    key.is_revoked = true;
    let about = vec![("organization", world.org_id.clone(), None)];
    call.log(&mut world, "api_key_revoked", about);
    Ok(Reply::done())
}

fn select(call: &Call<'_>, world: &World) -> Result<Vec<u32>, Problem> {
    let dates = Dates::of(call)?;
    let term = call.query_one("q").map(|term| term.to_lowercase());
    let kind = call.query_one("keyType");
    let fits = |key: &ApiKey| {
        !key.is_revoked
            && term
                .as_ref()
                .is_none_or(|term| key.label.to_lowercase().contains(term))
            && kind
                .as_ref()
                .is_none_or(|kind| kind.eq_ignore_ascii_case(key.kind()))
            && dates.fit(&times(key))
    };
    let rows = (0u32..).zip(&world.api_keys).filter(|(_, key)| fits(key));
    let mut list: Vec<u32> = rows.map(|(index, _)| index).collect();
    filters::sort(call, &mut list, |index| {
        world.api_keys.get(index as usize).map(times)
    })?;
    Ok(list)
}

fn times(key: &ApiKey) -> Times {
    Times {
        created_ms: key.created_ms,
        expires_ms: Some(key.expires_ms),
        last_active_ms: key.last_active_ms,
    }
}

fn model(world: &World, key: &ApiKey) -> Value {
    let owner = world
        .account_known(&key.created_by)
        .and_then(|index| world.account(index));
    let mut item = json!({
        "id": key.id,
        "label": key.label,
        "keyType": key.kind(),
        "createdAt": iso_ms(key.created_ms),
        "expiresAt": iso_ms(key.expires_ms),
        "createdBy": {
            "id": key.created_by,
            "orgId": world.org_id,
            "name": owner.and_then(|row| row.name.as_deref()).unwrap_or_default(),
            "email": owner.map_or("", |row| &*row.email),
        },
    });
    if let Some(map) = item.as_object_mut() {
        if let Some(at_ms) = key.last_active_ms {
            map.insert("lastActiveAt".to_owned(), json!(iso_ms(at_ms)));
        }
        if key.is_scoped {
            map.insert(
                "scopes".to_owned(),
                json!(["read:accounts:admin", "read:orgs:admin"]),
            );
        }
    }
    item
}
