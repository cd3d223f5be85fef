//! Organization policies of the first generation.

use serde_json::{Map, Value, json};

use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply, control_policies};
use crate::clock::iso_s;
use crate::options::NextStyle;
use crate::state::{Policy, World};

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let wanted = call.query_one("type");
    let is_control = call.operation.pattern.starts_with("control/");
    let fits = |policy: &Policy| {
        wanted.as_ref().is_none_or(|wanted| *wanted == policy.policy_type)
            && (!is_control || control_policies::is_known(policy))
    };
    let rows = (0u32..).zip(&world.policies).filter(|(_, policy)| fits(policy));
    let list: Vec<u32> = rows.map(|(index, _)| index).collect();
    let question = call.plain_question(&format!("{wanted:?}"));
    let cursor = call.query_one("cursor");
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
        .filter_map(|index| world.policies.get(*index as usize));
    let data: Vec<Value> = rows.map(model).collect();
    let mut meta = json!({ "page_size": 50, "total": page.total, "start_index": page.start });
    if let (Some(next), Some(map)) = (&page.next_cursor, meta.as_object_mut()) {
        map.insert("next".to_owned(), json!(next));
    }
    Ok(Reply::ok(
        &json!({ "data": data, "meta": meta, "links": page.links_or_absent(Some(call.url())) }),
    ))
}

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(Reply::ok(&json!({ "data": model(policy_at(call, &world)?) })))
}

pub(crate) fn validate(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    policy_at(call, &world).map(|_| Reply::no_content())
}

pub(super) fn policy_at<'a>(call: &Call<'_>, world: &'a World) -> Result<&'a Policy, Problem> {
    let id = call.param(1);
    world
        .policies
        .iter()
        .find(|policy| policy.id == id)
        .filter(|policy| {
            !call.operation.pattern.starts_with("control/") || control_policies::is_known(policy)
        })
        .ok_or_else(|| Problem::unknown("policy", id))
}

pub(super) fn model(policy: &Policy) -> Value {
    let mut attributes = Map::new();
    attributes.insert("type".to_owned(), json!(policy.policy_type));
    if let Some(name) = &policy.name {
        attributes.insert("name".to_owned(), json!(name));
    }
    if let Some(status) = policy.status {
        attributes.insert("status".to_owned(), json!(status));
    }
    if let Some(rule) = &policy.rule {
        attributes.insert("rule".to_owned(), rule.clone());
    }
    let resources: Vec<Value> = policy
        .resources
        .iter()
        .map(|resource| json!({ "id": resource.id, "applicationStatus": resource.status, "meta": {}, "links": {} }))
        .collect();
    attributes.insert("resources".to_owned(), json!(resources));
    attributes.insert("createdAt".to_owned(), json!(iso_s(policy.created_ms)));
    attributes.insert("updatedAt".to_owned(), json!(iso_s(policy.updated_ms)));
    json!({ "id": policy.id, "type": "policy", "attributes": attributes, "links": {} })
}
