//! Making and changing the two types of policies that this generation of the API can write.

use serde_json::{Value, json};

use super::{Call, Problem, Reply, control_policies, policies};
use crate::events::Subject;
use crate::state::{Change, Policy, PolicyResource, World};

const WRITABLE: [&str; 2] = ["ip-allowlist", "data-residency"];

/// The types that this operation writes.
fn types(call: &Call<'_>) -> &'static [&'static str] {
    if call.operation.pattern.starts_with("control/") {
        &control_policies::TYPES
    } else {
        &WRITABLE
    }
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let policy = made(call, &mut world, types(call))?;
    Ok(save(call, &mut world, policy, "policy_created"))
}

/// A new policy as the body has it.
pub(super) fn made(call: &Call<'_>, world: &mut World, types: &[&str]) -> Result<Policy, Problem> {
    let id = world.ids.uuid();
    let mut policy = Policy {
        id,
        policy_type: String::new(),
        name: None,
        status: Some("enabled"),
        rule: None,
        resources: Vec::new(),
        created_ms: call.now_ms,
        updated_ms: call.now_ms,
    };
    change(call, &mut policy, types)?;
    Ok(policy)
}

/// Changes a policy as the body has it.
pub(super) fn change(call: &Call<'_>, policy: &mut Policy, types: &[&str]) -> Result<(), Problem> {
    fill(policy, &attributes(call)?, types)
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = writable(call, &world)?;
    change(call, &mut policy, types(call))?;
    Ok(save(call, &mut world, policy, "policy_updated"))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let policy = writable(call, &world)?;
    let about = about(&world, &policy);
    call.accept(
        &mut world,
        Change::PolicyRemove { id: policy.id },
        "policy_deleted",
        about,
    );
    Ok(Reply::no_content())
}

pub(crate) fn add_resource(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = writable(call, &world)?;
    let body: Value = call.json()?;
    let id = body
        .get("id")
        .or_else(|| body.pointer("/data/id"))
        .and_then(Value::as_str);
    let id = id.ok_or_else(|| Problem::bad("a resource has an id"))?;
    if policy.resources.iter().any(|held| held.id == id) {
        return Err(Problem::new(
            409,
            "ADMIN-UAM-409-2",
            "Conflict",
            "the policy has this resource already",
        ));
    }
    policy.resources.push(PolicyResource {
        id: id.to_owned(),
        status: "applying",
    });
    Ok(save(call, &mut world, policy, "policy_updated"))
}

pub(crate) fn update_resource(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = writable(call, &world)?;
    let resource = policy.resources.iter_mut().find(|held| held.id == call.param(2));
    resource
        .ok_or_else(|| Problem::unknown("resource", call.param(2)))?
        .status = "scheduled";
    Ok(save(call, &mut world, policy, "policy_updated"))
}

pub(crate) fn remove_resource(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let mut policy = writable(call, &world)?;
    let before = policy.resources.len();
    policy.resources.retain(|held| held.id != call.param(2));
    if policy.resources.len() == before {
        return Err(Problem::unknown("resource", call.param(2)));
    }
    save(call, &mut world, policy, "policy_updated");
    Ok(Reply::no_content())
}

fn attributes(call: &Call<'_>) -> Result<Value, Problem> {
    let body: Value = call.json()?;
    let attributes = body
        .pointer("/data/attributes")
        .filter(|it| it.is_object())
        .cloned();
    attributes.ok_or_else(|| Problem::bad("a policy comes as data with attributes"))
}

fn fill(policy: &mut Policy, attributes: &Value, types: &[&str]) -> Result<(), Problem> {
    let policy_type = attributes
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or(&policy.policy_type);
    if !types.contains(&policy_type) {
        return Err(Problem::bad(&format!(
            "only policies of {} can be written",
            types.join(", ")
        )));
    }
    policy.policy_type = policy_type.to_owned();
    if let Some(name) = attributes.get("name").and_then(Value::as_str) {
        policy.name = Some(name.to_owned());
    }
    match attributes.get("status").and_then(Value::as_str) {
        None => {}
        Some("enabled") => policy.status = Some("enabled"),
        Some("disabled") => policy.status = Some("disabled"),
        Some(other) => return Err(Problem::bad(&format!("unknown status {other}"))),
    }
    if let Some(rule) = attributes.get("rule").filter(|rule| !rule.is_null()) {
        policy.rule = Some(rule.clone());
    }
    if let Some(resources) = attributes.get("resources").and_then(Value::as_array) {
        let ids = resources
            .iter()
            .filter_map(|resource| resource.get("id").and_then(Value::as_str));
        policy.resources = ids
            .map(|id| PolicyResource {
                id: id.to_owned(),
                status: "applying",
            })
            .collect();
    }
    Ok(())
}

fn writable(call: &Call<'_>, world: &World) -> Result<Policy, Problem> {
    let id = call.param(1);
    let policy = world
        .policy_soon(id)
        .ok_or_else(|| Problem::unknown("policy", id))?;
    let is_writable = types(call).contains(&policy.policy_type.as_str());
    if is_writable {
        Ok(policy)
    } else {
        Err(Problem::bad("policies of this type cannot be written"))
    }
}

fn about(world: &World, policy: &Policy) -> Vec<Subject> {
    vec![("organization", world.org_id.clone(), policy.name.clone())]
}

/// Accepts the policy; the answer says 202 and how it will be.
fn save(call: &Call<'_>, world: &mut World, mut policy: Policy, action: &'static str) -> Reply {
    policy.updated_ms = call.now_ms;
    let reply = Reply::with(202, &json!({ "data": policies::model(&policy) }));
    let about = about(world, &policy);
    call.accept(world, Change::PolicySet(Box::new(policy)), action, about);
    reply
}
