//! The organization-wide list of API tokens of managed accounts.

use serde_json::{Value, json};

use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::clock::iso_ms;
use crate::state::{Token, World};

/// Parameters the vendor documents; others have been seen to end in a 500.
const KNOWN: [&str; 5] = ["q", "status", "sort", "pageSize", "cursor"];
const DATES: [&str; 3] = ["createdAt", "lastActiveAt", "expiresAt"];
const DATE_PARTS: [&str; 7] = ["SearchType", "Uom", "Value", "From", "To", "RangeFrom", "RangeTo"];
const DAY_MS: i64 = 86_400_000;

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    refuse_unknown(call)?;
    let world = call.world();
    let list = select(call, &world)?;
    let asked = call.query_number("pageSize")?;
    let size = Size::Strict {
        default: 20,
        most: 1000,
    };
    // Filters have to be repeated on each page, so they are part of what the cursor is bound to.
    let mut filters: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key != "cursor" && key != "pageSize")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    filters.sort();
    let question = call.plain_question(&filters.join("&"));
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
    refuse_unknown(call)?;
    let world = call.world();
    Ok(Reply::ok(&json!({ "count": select(call, &world)?.len() })))
}

fn refuse_unknown(call: &Call<'_>) -> Result<(), Problem> {
    let is_date = |key: &str| {
        DATES
            .iter()
            .any(|date| key.strip_prefix(date).is_some_and(|it| DATE_PARTS.contains(&it)))
    };
    let unknown = call
        .query
        .iter()
        .find(|(key, _)| !KNOWN.contains(&key.as_str()) && !is_date(key));
    unknown.map_or(Ok(()), |(key, _)| {
        Err(Problem::internal(&format!("could not process {key}")))
    })
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
    let mut dates = Vec::new();
    for name in DATES {
        if let Some(kind) = call.query_one(&format!("{name}SearchType")) {
            let days = call.query_number(&format!("{name}Value"))?.unwrap_or(0);
            dates.push((name, kind, call.now_ms - days * DAY_MS));
        }
    }
    let fits = |token: &Token| {
        let date_fits = |(name, kind, edge_ms): &(&str, String, i64)| {
            let at_ms = match *name {
                "createdAt" => Some(token.created_ms),
                "lastActiveAt" => token.last_active_ms,
                _ => token.expires_ms,
            };
            at_ms.is_some_and(|at_ms| {
                if kind == "lt" {
                    at_ms < *edge_ms
                } else {
                    at_ms > *edge_ms
                }
            })
        };
        let texts = [&token.label, &token.account_name, &token.account_email];
        !token.is_revoked
            && status
                .as_deref()
                .is_none_or(|status| (status == "blocked") == token.is_blocked)
            && term
                .as_ref()
                .is_none_or(|term| texts.iter().any(|text| text.to_lowercase().contains(term)))
            && dates.iter().all(date_fits)
    };
    let rows = (0u32..).zip(&world.tokens).filter(|(_, token)| fits(token));
    let mut list: Vec<u32> = rows.map(|(index, _)| index).collect();
    if let Some(sort) = call.query_one("sort") {
        let field = sort.trim_start_matches('-').to_owned();
        list.sort_by_cached_key(|index| {
            let token = world.tokens.get(*index as usize);
            let at_ms = token.and_then(|token| match field.as_str() {
                "createdAt" => Some(token.created_ms),
                "expiresAt" => token.expires_ms,
                _ => token.last_active_ms,
            });
            (at_ms, *index)
        });
        if sort.starts_with('-') {
            list.reverse();
        }
    }
    Ok(list)
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
