//! Policies of the second generation: the same policies, with drafts that have to be published in v2.

use serde_json::{Value, json};

use super::policies::model;
use super::{Call, Problem, Reply, policies};
use crate::state::{Change, Policy, PolicyResource, World};

/// The types this API knows.
pub(super) const TYPES: [&str; 3] = ["ip-allowlist", "data-residency", "data-security"];

pub(super) fn is_known(policy: &Policy) -> bool {
    TYPES.contains(&policy.policy_type.as_str())
}

/// A policy as v2 knows it: its draft, else as it is in force.
fn drafted(call: &Call<'_>, world: &World) -> Result<Policy, Problem> {
    let id = call.param(1);
    let draft = world.drafts.iter().find(|policy| policy.id == id).cloned();
    let policy = draft.or_else(|| world.policy_soon(id)).filter(is_known);
    policy.ok_or_else(|| Problem::unknown("policy", id))
}

fn drafted_all(world: &World) -> Vec<Policy> {
    let mut all: Vec<Policy> = world
        .policies
        .iter()
        .filter(|policy| is_known(policy))
        .cloned()
        .collect();
    for draft in &world.drafts {
        match all.iter_mut().find(|policy| policy.id == draft.id) {
            Some(policy) => *policy = draft.clone(),
            None => all.push(draft.clone()),
        }
    }
    all
}

pub(crate) fn list_drafted(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let wanted = call.query_one("type");
    let all = drafted_all(&world);
    let data: Vec<Value> = all
        .iter()
        .filter(|policy| wanted.as_ref().is_none_or(|wanted| *wanted == policy.policy_type))
        .map(model)
        .collect();
    if call.query_one("cursor").is_some() {
        return Err(Problem::bad_cursor());
    }
    Ok(Reply::ok(
        &json!({ "data": data, "meta": { "page_size": 50 }, "links": { "self": call.url() } }),
    ))
}

pub(crate) fn one_drafted(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(Reply::ok(&json!({ "data": model(&drafted(call, &world)?) })))
}

fn keep_draft(call: &Call<'_>, world: &mut World, mut policy: Policy) {
    policy.updated_ms = call.now_ms;
    world.drafts.retain(|held| held.id != policy.id);
    world.drafts.push(policy);
}

pub(crate) fn create_draft(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let policy = super::policy_writes::made(call, &mut world, &TYPES)?;
    let reply = Reply::with(202, &json!({ "data": model(&policy) }));
    keep_draft(call, &mut world, policy);
    Ok(reply)
}

pub(crate) fn update_draft(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = drafted(call, &world)?;
    super::policy_writes::change(call, &mut policy, &TYPES)?;
    let reply = Reply::with(202, &json!({ "data": model(&policy) }));
    keep_draft(call, &mut world, policy);
    Ok(reply)
}

/// The ids of resources in a body, which may be one or many.
fn resource_ids(call: &Call<'_>) -> Result<Vec<String>, Problem> {
    let body: Value = call.json()?;
    let list = ["data", "resources"].iter().find_map(|name| body.get(*name));
    let list = list.unwrap_or(&body);
    let single = std::slice::from_ref(list);
    let items = list.as_array().map_or(single, Vec::as_slice);
    let id = |item: &Value| {
        item.as_str()
            .or_else(|| item.get("id")?.as_str())
            .map(str::to_owned)
    };
    let ids: Option<Vec<String>> = items.iter().map(id).collect();
    ids.filter(|ids| !ids.is_empty())
        .ok_or_else(|| Problem::bad("a resource has an id"))
}

fn resources_reply(policy: &Policy) -> Reply {
    let data: Vec<Value> = policy
        .resources
        .iter()
        .map(|it| json!({ "id": it.id, "applicationStatus": it.status, "meta": {}, "links": {} }))
        .collect();
    Reply::ok(&json!({ "data": data, "meta": {}, "links": {} }))
}

pub(crate) fn resources(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(resources_reply(policies::policy_at(call, &world)?))
}

pub(crate) fn resources_drafted(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(resources_reply(&drafted(call, &world)?))
}

fn add(policy: &mut Policy, ids: Vec<String>) {
    for id in ids {
        if !policy.resources.iter().any(|held| held.id == id) {
            let status = "applying";
            policy.resources.push(PolicyResource { id, status });
        }
    }
}

fn take(policy: &mut Policy, ids: &[String]) -> Result<(), Problem> {
    let unknown = ids
        .iter()
        .find(|id| !policy.resources.iter().any(|held| held.id == **id));
    if let Some(unknown) = unknown {
        return Err(Problem::unknown("resource", unknown));
    }
    policy.resources.retain(|held| !ids.contains(&held.id));
    Ok(())
}

pub(crate) fn add_resources(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = in_force(call, &world)?;
    add(&mut policy, resource_ids(call)?);
    save(call, &mut world, policy);
    Ok(Reply::accepted())
}

pub(crate) fn remove_resources(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = in_force(call, &world)?;
    take(&mut policy, &resource_ids(call)?)?;
    save(call, &mut world, policy);
    Ok(Reply::done())
}

pub(crate) fn add_resources_draft(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = drafted(call, &world)?;
    add(&mut policy, resource_ids(call)?);
    keep_draft(call, &mut world, policy);
    Ok(Reply::accepted())
}

pub(crate) fn remove_resources_draft(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = drafted(call, &world)?;
    take(&mut policy, &resource_ids(call)?)?;
    keep_draft(call, &mut world, policy);
    Ok(Reply::done())
}

fn in_force(call: &Call<'_>, world: &World) -> Result<Policy, Problem> {
    let id = call.param(1);
    let policy = world.policy_soon(id).filter(is_known);
    policy.ok_or_else(|| Problem::unknown("policy", id))
}

fn save(call: &Call<'_>, world: &mut World, mut policy: Policy) {
    policy.updated_ms = call.now_ms;
    let about = vec![("organization", world.org_id.clone(), policy.name.clone())];
    call.accept(
        world,
        Change::PolicySet(Box::new(policy)),
        "policy_updated",
        about,
    );
}

pub(crate) fn update_resource(call: &Call<'_>) -> Result<Reply, Problem> {
    super::policy_writes::update_resource(call)?;
    Ok(Reply::done())
}

pub(crate) fn remove_resource(call: &Call<'_>) -> Result<Reply, Problem> {
    super::policy_writes::remove_resource(call)?;
    Ok(Reply::done())
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    super::policy_writes::delete(call)?;
    let id = call.param(1);
    call.world_mut().drafts.retain(|draft| draft.id != id);
    Ok(Reply::done())
}

pub(crate) fn validate(call: &Call<'_>) -> Result<Reply, Problem> {
    policies::validate(call)?;
    Ok(Reply::accepted())
}

/// Puts the drafts of a rule into force: those that are named, else all.
pub(crate) fn publish(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let body: Value = call.json()?;
    let rule = body.get("ruleName").and_then(Value::as_str).unwrap_or_default();
    if !TYPES.contains(&rule) {
        return Err(Problem::bad(&format!("ruleName is one of {}", TYPES.join(", "))));
    }
    let named = body
        .get("policyOperations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let named: Vec<&str> = named
        .filter_map(|it| it.get("policyId").or_else(|| it.get("id"))?.as_str())
        .collect();
    let is_meant = |draft: &Policy| {
        draft.policy_type == rule && (named.is_empty() || named.contains(&draft.id.as_str()))
    };
    let (published, kept): (Vec<Policy>, Vec<Policy>) = world.drafts.drain(..).partition(is_meant);
    world.drafts = kept;
    for policy in published {
        save(call, &mut world, policy);
    }
    Ok(Reply::accepted())
}
