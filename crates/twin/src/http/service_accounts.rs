//! Service accounts, their tokens, and the OAuth clients that belong to them.
//!
//! All of it is experimental at the vendor, and most of its bodies are guesses; `docs/twin.md` lists them.

use serde_json::{Map, Value, json};

use super::pages::{Page, PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::clock::iso_ms;
use crate::state::{OauthClient, ServiceAccount, World};

fn page(call: &Call<'_>, world: &World, list: &[u32]) -> Result<Page, Problem> {
    let cursor = call.query_one("cursor");
    call.page(
        world,
        list,
        PageAsk {
            is_by_key: true,
            question: call.plain_question(&super::filters::asked(call)),
            sent: cursor.as_deref(),
            asked: call.query_number("pageSize")?,
            size: Size::Strict {
                default: 20,
                most: 1000,
            },
            style: call.hub.options.next,
        },
    )
}

fn accounts(world: &World) -> impl Iterator<Item = (u32, &ServiceAccount)> {
    (0u32..)
        .zip(&world.service_accounts)
        .filter(|(_, row)| !row.is_deleted)
}

fn account_at(world: &World, id: &str) -> Result<usize, Problem> {
    let found = accounts(world).find(|(_, row)| row.id == id);
    found
        .map(|(index, _)| index as usize)
        .ok_or_else(|| Problem::unknown("service account", id))
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let list: Vec<u32> = accounts(&world).map(|(index, _)| index).collect();
    let page = page(call, &world, &list)?;
    let rows = page
        .rows
        .iter()
        .filter_map(|index| world.service_accounts.get(*index as usize));
    let items: Vec<Value> = rows.map(|row| model(&world, row)).collect();
    Ok(Reply::ok(
        &json!({ "items": items, "total": page.total, "links": page.links_or_absent(None) }),
    ))
}

pub(crate) fn count(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let body: Value = call.json()?;
    let ids = body.get("serviceAccountIds").and_then(Value::as_array);
    let is_asked = |row: &ServiceAccount| ids.is_none_or(|ids| ids.iter().any(|id| *id == *row.id));
    let count = accounts(&world).filter(|(_, row)| is_asked(row)).count();
    Ok(Reply::ok(&json!({ "count": count })))
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let body: Map<String, Value> = call.json()?;
    let name = body
        .get("displayName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    if name.is_empty() {
        return Err(Problem::bad("displayName is required"));
    }
    let description = body
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let row = ServiceAccount {
        id: world.ids.uuid(),
        account_id: format!("712020:{}", world.ids.uuid()),
        name: name.to_owned(),
        description: description.to_owned(),
        created_by: world.key_owner.0.clone(),
        updated_ms: call.now_ms,
        is_deleted: false,
        tokens: Vec::new(),
    };
    let reply = Reply::ok(&model(&world, &row));
    log(call, &mut world, &row, "service_account_created");
    world.service_accounts.push(row);
    Ok(reply)
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let body: Map<String, Value> = call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").ok_or_else(|| Problem::bad("id is required"))?;
    let index = account_at(&world, &id)?;
    let row = world.service_accounts.get_mut(index);
    let row = row.ok_or_else(|| Problem::unknown("service account", &id))?;
    row.name = text("displayName").unwrap_or_else(|| row.name.clone());
    row.description = text("description").unwrap_or_else(|| row.description.clone());
    row.updated_ms = call.now_ms;
    let row = row.clone();
    log(call, &mut world, &row, "service_account_updated");
    Ok(Reply::ok(&model(&world, &row)))
}

/// The tokens and clients of the account end with it.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let index = account_at(&world, call.param(1))?;
    if let Some(row) = world.service_accounts.get_mut(index) {
        row.is_deleted = true;
        row.tokens.clear();
        let row = row.clone();
        log(call, &mut world, &row, "service_account_deleted");
    }
    let id = call.param(1);
    world
        .oauth_clients
        .iter_mut()
        .filter(|client| client.owner == id)
        .for_each(|client| client.is_deleted = true);
    Ok(Reply::no_content())
}

fn log(call: &Call<'_>, world: &mut World, row: &ServiceAccount, action: &'static str) {
    let about = vec![("users", row.account_id.clone(), Some(row.name.clone()))];
    call.log(world, action, about);
}

fn model(world: &World, row: &ServiceAccount) -> Value {
    json!({
        "id": row.id,
        "atlassianId": row.account_id,
        "email": format!("{}@serviceaccount.example.com", row.id),
        "displayName": row.name,
        "picture": "https://avatar.example.com/none.png",
        "container": format!("ari:cloud:platform::org/{}", world.org_id),
        "updatedAt": row.updated_ms,
        "status": if row.is_deleted { "DELETED" } else { "ACTIVE" },
        "createdById": row.created_by,
        "description": row.description,
    })
}

fn token_items<'a>(call: &Call<'_>, rows: impl Iterator<Item = &'a ServiceAccount>) -> Reply {
    let label = call.query_one("tokenLabel").map(|label| label.to_lowercase());
    let mut data: Vec<Value> = Vec::new();
    for row in rows {
        for token in &row.tokens {
            if label
                .as_ref()
                .is_some_and(|label| !token.label.to_lowercase().contains(label))
            {
                continue;
            }
            data.push(json!({
                "id": token.id,
                "label": token.label,
                "createdAt": iso_ms(token.created_ms),
                "expiresAt": iso_ms(token.expires_ms),
                "scopes": ["read:jira-work"],
                "serviceAccountId": row.id,
            }));
        }
    }
    Reply::ok(&json!({ "data": data, "links": { "next": null } }))
}

pub(crate) fn all_tokens(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(token_items(call, accounts(&world).map(|(_, row)| row)))
}

pub(crate) fn tokens(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let index = account_at(&world, call.param(1))?;
    Ok(token_items(call, world.service_accounts.get(index).into_iter()))
}

pub(crate) fn revoke_tokens(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let index = account_at(&world, call.param(1))?;
    if let Some(row) = world.service_accounts.get_mut(index) {
        row.tokens.clear();
        let row = row.clone();
        log(call, &mut world, &row, "api_token_revoked");
    }
    Ok(Reply::done())
}

fn clients(world: &World) -> impl Iterator<Item = &OauthClient> {
    world.oauth_clients.iter().filter(|client| !client.is_deleted)
}

fn client_items<'a>(call: &Call<'_>, rows: impl Iterator<Item = &'a OauthClient>) -> Reply {
    let name = call.query_one("clientName").map(|name| name.to_lowercase());
    let rows = rows.filter(|row| {
        name.as_ref()
            .is_none_or(|name| row.name.to_lowercase().contains(name))
    });
    let data: Vec<Value> = rows.map(client_model).collect();
    Reply::ok(&json!({ "data": data, "links": { "next": null } }))
}

fn client_model(client: &OauthClient) -> Value {
    json!({
        "clientId": client.id,
        "name": client.name,
        "serviceAccountId": client.owner,
        "scopes": client.scopes,
        "createdAt": iso_ms(client.created_ms),
    })
}

pub(crate) fn all_clients(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(client_items(call, clients(&world)))
}

pub(crate) fn clients_of(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    account_at(&world, call.param(1))?;
    Ok(client_items(
        call,
        clients(&world).filter(|client| client.owner == call.param(1)),
    ))
}

pub(crate) fn clients_count(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    Ok(Reply::ok(&json!({ "count": clients(&world).count() })))
}

pub(crate) fn client(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let id = call.param(1);
    let found = clients(&world).find(|client| client.id == id);
    Ok(Reply::ok(&client_model(
        found.ok_or_else(|| Problem::unknown("OAuth client", id))?,
    )))
}

pub(crate) fn create_client(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let body: Map<String, Value> = call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").ok_or_else(|| Problem::bad("name is required"))?;
    let owner = text("serviceAccountId").ok_or_else(|| Problem::bad("serviceAccountId is required"))?;
    account_at(&world, &owner)?;
    let scopes = body.get("scopes").and_then(Value::as_array).into_iter().flatten();
    let client = OauthClient {
        id: world.ids.hex(32),
        name,
        owner,
        scopes: scopes.filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        created_ms: call.now_ms,
        is_deleted: false,
    };
    let reply = Reply::ok(&client_model(&client));
    world.oauth_clients.push(client);
    Ok(reply)
}

pub(crate) fn delete_client(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let id = call.param(1);
    let found = world
        .oauth_clients
        .iter_mut()
        .find(|client| client.id == id && !client.is_deleted);
    found
        .ok_or_else(|| Problem::unknown("OAuth client", id))?
        .is_deleted = true;
    Ok(Reply::done())
}
