//! Authentication policies: putting users under one, which is a task, and asking who is under which.

use serde_json::{Value, json};

use super::{Call, Problem, Reply};
use crate::state::{Account, AuthTask, Change, Restriction, World};

/// How long a task runs.
const TASK_MS: i64 = 5_000;
/// As many users as a call takes.
const MOST_USERS: usize = 100;

fn user_ids(call: &Call<'_>) -> Result<Vec<String>, Problem> {
    let body: Value = call.json()?;
    let ids = body.get("userIds").and_then(Value::as_array);
    let ids: Option<Vec<String>> =
        ids.and_then(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect());
    let ids = ids.filter(|ids| (1..=MOST_USERS).contains(&ids.len()));
    ids.ok_or_else(|| Problem::bad(&format!("userIds are 1 to {MOST_USERS} ids of accounts")))
}

fn managed(world: &World, id: &str) -> Option<u32> {
    let index = world.account_known(id)?;
    world.account(index).filter(|row| row.is_managed()).map(|_| index)
}

pub(crate) fn add_users(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let id = call.param(1);
    let policy = world.auth_policies.iter().position(|policy| policy.id == id);
    let policy = policy.ok_or_else(|| Problem::unknown("authentication policy", id))?;
    let ids = user_ids(call)?;
    let mut failed = Vec::new();
    for id in &ids {
        match managed(&world, id) {
            Some(account) => {
                let about = vec![super::write::about_account(&world, account)];
                let change = Change::AuthPolicySet { account, policy };
                call.accept_late(&mut world, change, TASK_MS, "policy_updated", about);
            }
            None => failed.push(id.clone()),
        }
    }
    let task = world.ids.uuid();
    world.auth_tasks.push(AuthTask {
        id: task.clone(),
        ends_ms: call.now_ms + TASK_MS,
        failed,
        total: ids.len(),
    });
    Ok(Reply::with(202, &json!({ "taskId": task })))
}

pub(crate) fn task(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let id = call.param(1);
    let task = world.auth_tasks.iter().find(|task| task.id == id);
    let task = task.ok_or_else(|| Problem::unknown("task", id))?;
    let status = match () {
        () if call.now_ms < task.ends_ms => "IN_PROGRESS",
        () if task.failed.is_empty() => "SUCCESS",
        () => "PARTIAL_SUCCESS",
    };
    Ok(Reply::ok(
        &json!({ "taskId": task.id, "status": status, "total": task.total, "failedUserIds": task.failed }),
    ))
}

pub(crate) fn bulk_fetch(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let ids = user_ids(call)?;
    let policy = |account: &Account| {
        let is_saml = account.restriction() == Some(Restriction::Saml);
        world
            .auth_policies
            .iter()
            .find(|policy| policy.is_saml == is_saml)
    };
    let found = ids.iter().filter_map(|id| {
        let policy = policy(world.account(managed(&world, id)?)?)?;
        Some(json!({ "userId": id, "policyId": policy.id, "policyName": policy.name }))
    });
    Ok(Reply::ok(&json!({ "data": found.collect::<Vec<Value>>() })))
}
