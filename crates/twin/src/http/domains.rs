//! Claimed domains; claiming itself is done in the admin pages only.

use serde_json::{Value, json};

use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::options::NextStyle;
use crate::state::{Domain, World};

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let list: Vec<u32> = (0..world.domains.len() as u32).collect();
    let cursor = call.query_one("cursor");
    let question = call.plain_question("");
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: cursor.as_deref(),
            asked: None,
            size: Size::Fixed(50),
            style: NextStyle::Url,
        },
    )?;
    let rows = page
        .rows
        .iter()
        .filter_map(|index| world.domains.get(*index as usize));
    let data: Vec<Value> = rows.map(|domain| model(call, &world, domain)).collect();
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_absent(Some(call.url())) }),
    ))
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let id = call.param(1);
    let found = world.domains.iter().find(|domain| domain.id == id);
    let domain = found.ok_or_else(|| Problem::unknown("domain", id))?;
    Ok(Reply::ok(&json!({ "data": model(call, &world, domain) })))
}

fn model(call: &Call<'_>, world: &World, domain: &Domain) -> Value {
    let url = format!(
        "{}/admin/v1/orgs/{}/domains/{}",
        call.hub.base_url, world.org_id, domain.id
    );
    json!({
        "id": domain.id,
        "type": "domains",
        "attributes": {
            "name": domain.name,
            "claim": { "type": domain.claim_type, "status": domain.claim_status },
        },
        "links": { "self": url },
    })
}
