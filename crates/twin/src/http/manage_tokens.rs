//! The API tokens of one account, and the only call that ends a single one.

use serde_json::{Value, json};

use super::manage::account_at;
use super::{Call, Problem, Reply};
use crate::clock::iso_ms;
use crate::state::{Change, Token, World};

/// Somebody who left is known by tokens alone, and still managed as far as they go.
fn check_owner(call: &Call<'_>, world: &World) -> Result<(), Problem> {
    let refused = match account_at(call, world) {
        Ok(_) => return Ok(()),
        Err(refused) => refused,
    };
    let has_left = world.tokens.iter().any(|token| token.account_id == call.param(0));
    if refused.status == 404 && has_left {
        Ok(())
    } else {
        Err(refused)
    }
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    check_owner(call, &world)?;
    let tokens: Vec<Value> = world
        .tokens
        .iter()
        .filter(|token| !token.is_revoked && token.account_id == call.param(0))
        .map(model)
        .collect();
    Ok(Reply::ok(&tokens))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    check_owner(call, &world)?;
    let (account, id) = (call.param(0), call.param(1));
    let held = world
        .tokens
        .iter()
        .find(|token| token.id == id && token.account_id == account && !token.is_revoked);
    let Some(token) = held.filter(|_| !world.token_is_going(id)) else {
        return Err(Problem::keyed(404, "notFound", None));
    };
    let about = vec![(
        "users",
        token.account_id.clone(),
        Some(token.account_name.clone()),
    )];
    let change = Change::TokenRemove { id: id.to_owned() };
    call.accept(&mut world, change, "api_token_revoked", about);
    Ok(Reply::no_content())
}

fn model(token: &Token) -> Value {
    let mut item = json!({ "id": token.id, "label": token.label, "createdAt": iso_ms(token.created_ms) });
    if let Some(map) = item.as_object_mut() {
        if let Some(at_ms) = token.last_active_ms {
            map.insert("lastAccess".to_owned(), json!(iso_ms(at_ms)));
        }
        if let Some(at_ms) = token.expires_ms {
            map.insert("expiry".to_owned(), json!(iso_ms(at_ms)));
        }
    }
    item
}
