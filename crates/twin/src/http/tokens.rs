//! The organization-wide list of API tokens of managed accounts.

use serde_json::{Value, json};

use super::filters::{self, Dates, Times};
use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::clock::iso_ms;
use crate::state::{Change, Token, World};

/// Parameters the vendor documents, beside the dates.
const KNOWN: [&str; 5] = ["q", "status", "sort", "pageSize", "cursor"];

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    filters::refuse_unknown(call, &KNOWN)?;
    let world = call.world();
    let list = select(call, &world)?;
    let asked = call.query_number("pageSize")?;
    let size = Size::Strict {
        default: 20,
        most: 1000,
    };
    let question = call.plain_question(&filters::asked(call));
    let by_key = call.query_one("sort").is_none();
    let cursor = call.query_one("cursor");
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: by_key,
            question,
            sent: cursor.as_deref(),
            asked,
            size,
            style: call.hub.options.next,
        },
    )?;
    let rows = page
        .rows
        .iter()
        .filter_map(|index| world.tokens.get(*index as usize));
    let data: Vec<Value> = rows.map(|token| model(&world, token)).collect();
    Ok(Reply::ok(&json!({ "data": data, "links": page.links_or_null() })))
}

pub(crate) fn count(call: &Call<'_>) -> Result<Reply, Problem> {
    filters::refuse_unknown(call, &KNOWN)?;
    let world = call.world();
    Ok(Reply::ok(&json!({ "count": select(call, &world)?.len() })))
}

fn select(call: &Call<'_>, world: &World) -> Result<Vec<u32>, Problem> {
    let status = call.query_one("status");
    if status
        .as_deref()
        .is_some_and(|status| !["allowed", "blocked"].contains(&status))
    {
        return Err(Problem::bad("status is allowed or blocked"));
    }
    let term = call.query_one("q").map(|term| term.to_lowercase());
    let dates = Dates::of(call)?;
    let fits = |token: &Token| {
        let texts = [&token.label, &token.account_name, &token.account_email];
        !token.is_revoked
            && status
                .as_deref()
                .is_none_or(|status| (status == "blocked") == token.is_blocked)
            && term
                .as_ref()
                .is_none_or(|term| texts.iter().any(|text| text.to_lowercase().contains(term)))
            && dates.fit(&times(token))
    };
    let rows = (0u32..).zip(&world.tokens).filter(|(_, token)| fits(token));
    let mut list: Vec<u32> = rows.map(|(index, _)| index).collect();
    filters::sort(call, &mut list, |index| {
        world.tokens.get(index as usize).map(times)
    })?;
    Ok(list)
}

fn times(token: &Token) -> Times {
    Times {
        created_ms: token.created_ms,
        expires_ms: token.expires_ms,
        last_active_ms: token.last_active_ms,
    }
}

/// Ends the tokens of all managed accounts.
pub(crate) fn revoke_all(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let about = vec![("organization", world.org_id.clone(), None)];
    call.accept(&mut world, Change::TokenRemoveAll, "api_token_revoked", about);
    Ok(Reply::done())
}

fn model(world: &World, token: &Token) -> Value {
    let mut item = json!({
        "id": token.id,
        "label": token.label,
        "status": if token.is_blocked { "BLOCKED" } else { "ALLOWED" },
        "createdAt": iso_ms(token.created_ms),
        "user": {
            "id": token.account_id,
            "orgId": world.org_id,
            "name": token.account_name,
            "email": token.account_email,
        },
    });
    if let Some(map) = item.as_object_mut() {
        if let Some(at_ms) = token.expires_ms {
            map.insert("expiresAt".to_owned(), json!(iso_ms(at_ms)));
        }
        if let Some(at_ms) = token.last_active_ms {
            map.insert("lastActiveAt".to_owned(), json!(iso_ms(at_ms)));
        }
    }
    item
}
