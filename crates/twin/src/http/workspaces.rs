//! The workspaces: apps on sites and workspaces of products without sites.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::pages::{Ask, PageAsk, Size};
use super::{Call, Problem, Reply};
use crate::clock::iso_s;
use crate::options::NextStyle;
use crate::state::{Resource, ResourceKind, World};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct WorkspaceAsk {
    cursor: Option<String>,
    limit: Option<i64>,
    query: Option<Value>,
    sort: Option<Value>,
    expand: Option<Vec<String>>,
}

impl Ask for WorkspaceAsk {
    fn filter(&self) -> Self {
        WorkspaceAsk {
            cursor: None,
            limit: None,
            expand: None,
            ..self.clone()
        }
    }
    fn paging(&mut self) -> (&mut Option<String>, &mut Option<i64>, &mut Option<Vec<String>>) {
        (&mut self.cursor, &mut self.limit, &mut self.expand)
    }
}

pub(crate) fn query(call: &Call<'_>) -> Result<Reply, Problem> {
    let ask: WorkspaceAsk = call.json()?;
    if ask.cursor.is_some() && (ask.limit.is_some() || ask.query.is_some() || ask.sort.is_some()) {
        return Err(Problem::bad("a request with a cursor carries nothing else"));
    }
    let (ask, question) = call.resume(ask)?;
    let world = call.world();
    let mut list = Vec::new();
    for (index, row) in world.workspaces() {
        if ask
            .query
            .as_ref()
            .map_or(Ok(true), |query| fits(&world, row, query))?
        {
            list.push(index);
        }
    }
    let sort = ask.sort.as_ref().and_then(|sorts| sorts.get(0));
    if let Some(sort) = sort {
        list.sort_by_key(|index| {
            (
                world.resource(*index).map(|row| row.workspace_name().to_owned()),
                *index,
            )
        });
        if sort
            .get("order")
            .and_then(Value::as_str)
            .is_some_and(|order| order.eq_ignore_ascii_case("desc"))
        {
            list.reverse();
        }
    }
    let size = Size::Strict {
        default: 20,
        most: 100,
    };
    let (cursor, by_key) = (ask.cursor.as_deref(), sort.is_none());
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: by_key,
            question,
            sent: cursor,
            asked: ask.limit,
            size,
            style: NextStyle::Url,
        },
    )?;
    let rows = page.rows.iter().filter_map(|index| world.resource(*index));
    let data: Vec<Value> = rows.map(|row| model(&world, row)).collect();
    let meta = json!({
        "pageSize": data.len(),
        "startIndex": page.start,
        "endIndex": page.start + data.len(),
        "total": page.total,
    });
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_null(), "meta": meta }),
    ))
}

/// Evaluates a query; forms that the twin knows nothing about (features, policies) match nothing.
fn fits(world: &World, row: &Resource, query: &Value) -> Result<bool, Problem> {
    let Some(map) = query.as_object() else {
        return Err(Problem::bad("a query is an object"));
    };
    let each = |list: &Value| -> Result<Vec<bool>, Problem> {
        let list = list
            .as_array()
            .ok_or_else(|| Problem::bad("and and nor take lists"))?;
        list.iter().map(|one| fits(world, row, one)).collect()
    };
    match map.iter().next().map(|(key, value)| (key.as_str(), value)) {
        None => Ok(true),
        Some(("and", list)) => Ok(each(list)?.into_iter().all(|fits| fits)),
        Some(("nor", list)) => Ok(!each(list)?.into_iter().any(|fits| fits)),
        Some(("field", field)) => field_fits(world, row, field),
        Some(("searchWorkspaces" | "value", _)) => {
            let term = map
                .get("value")
                .or(map.get("searchWorkspaces"))
                .and_then(Value::as_str)
                .unwrap_or_default();
            Ok(row.workspace_name().to_lowercase().contains(&term.to_lowercase()))
        }
        Some(("features" | "feature" | "policies" | "policy", _)) => Ok(false),
        Some((other, _)) => Err(Problem::bad(&format!("unknown query {other}"))),
    }
}

fn field_fits(world: &World, row: &Resource, field: &Value) -> Result<bool, Problem> {
    let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
    // Without values the operator has no effect.
    let Some(values) = field.get("values").and_then(Value::as_array) else {
        return Ok(true);
    };
    let mut values = values.iter().filter_map(Value::as_str);
    let ResourceKind::Workspace {
        name: label,
        status,
        host,
        ..
    } = &row.kind
    else {
        return Ok(false);
    };
    let directory = world
        .directories
        .get(usize::from(row.directory))
        .map(|it| it.id.as_str());
    let own = match name.trim_start_matches("attributes.") {
        "id" => Some(row.ari.as_str()),
        "typeKey" | "type" => Some(row.owner),
        "name" => Some(label.as_str()),
        "status" => Some(*status),
        "hostUrl" => host.as_deref(),
        "directory" => directory,
        other => return Err(Problem::bad(&format!("unknown field {other}"))),
    };
    Ok(values.any(|value| Some(value) == own))
}

fn model(world: &World, row: &Resource) -> Value {
    let ResourceKind::Workspace {
        name,
        host,
        created_ms,
        capacity,
        status,
        is_sandbox,
    } = &row.kind
    else {
        return Value::Null;
    };
    let mut attributes = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            attributes.insert(key.to_owned(), value);
        }
    };
    put("name", json!(name));
    put("typeKey", json!(row.owner));
    put("type", json!(row.owner.replace('-', " ")));
    put("owner", json!("Atlassian"));
    put("status", json!(status));
    put("statusDetails", json!([]));
    put(
        "sandbox",
        json!({ "type": if *is_sandbox { "CHILD" } else { "NONE" } }),
    );
    put("capacity", json!(capacity));
    put("createdAt", json!(created_ms.map(iso_s)));
    put("hostUrl", json!(host));
    put(
        "realm",
        if host.is_some() {
            json!("global")
        } else {
            Value::Null
        },
    );
    put("regions", json!([]));
    put("labels", json!([]));
    put(
        "directory",
        json!(
            world
                .directories
                .get(usize::from(row.directory))
                .map(|it| it.id.as_str())
        ),
    );
    json!({
        "id": row.ari,
        "type": "workspace",
        "attributes": attributes,
        "relationships": { "policy": [], "entitlement": [], "feature": [] },
        "links": { "self": format!("https://api.atlassian.com/admin/v2/orgs/{}/workspaces/{}", world.org_id, row.ari) },
    })
}
