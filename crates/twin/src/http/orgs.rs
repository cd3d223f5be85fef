//! Organizations: a key sees its own.

use serde_json::{Value, json};

use super::{Call, Problem, Reply};
use crate::state::World;

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    if call.query_one("cursor").is_some() {
        return Err(Problem::bad_cursor());
    }
    let world = call.world();
    Ok(Reply::ok(
        &json!({ "data": [model(call, &world)], "links": { "self": call.url() } }),
    ))
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(Reply::ok(&json!({ "data": model(call, &world) })))
}

fn model(call: &Call<'_>, world: &World) -> Value {
    let url = format!("{}/admin/v1/orgs/{}", call.hub.base_url, world.org_id);
    json!({
        "id": world.org_id,
        "type": "orgs",
        "attributes": { "name": world.org_name },
        "relationships": {
            "domains": { "links": { "related": format!("{url}/domains") } },
            "users": { "links": { "related": format!("{url}/users") } },
        },
        "links": { "self": url },
    })
}
