//! The static answers: what the service can do, and what its resources look like.

use serde_json::{Value, json};

use super::schema::{Attribute, ENTERPRISE_ATTRIBUTES, GROUP_ATTRIBUTES, USER_ATTRIBUTES, described};
use super::{ENTERPRISE, GROUP, LIST, USER, check_directory, location, not_found};
use crate::http::{Call, Problem, Reply};

pub(in crate::http) fn configuration(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    Ok(Reply::ok(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://developer.atlassian.com/cloud/admin/user-provisioning",
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": super::select::MOST_ITEMS },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token of the directory as a bearer token",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": location(call, "ServiceProviderConfig") },
    })))
}

fn list(items: Vec<Value>) -> Reply {
    Reply::ok(&json!({
        "schemas": [LIST],
        "totalResults": items.len(),
        "startIndex": 1,
        "itemsPerPage": items.len(),
        "Resources": items,
    }))
}

/// The schemas that are published: not those of the discovery documents, and not the vendor's own extension.
fn published() -> [(&'static str, &'static str, &'static [Attribute]); 3] {
    [
        (USER, "User", &USER_ATTRIBUTES),
        (GROUP, "Group", &GROUP_ATTRIBUTES),
        (ENTERPRISE, "Enterprise User", &ENTERPRISE_ATTRIBUTES),
    ]
}

fn schema(call: &Call<'_>, (id, name, attributes): (&str, &str, &[Attribute])) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": name,
        "attributes": described(attributes),
        "meta": { "resourceType": "Schema", "location": location(call, &format!("Schemas/{id}")) },
    })
}

pub(in crate::http) fn schemas(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    Ok(list(published().into_iter().map(|it| schema(call, it)).collect()))
}

pub(in crate::http) fn schema_of(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    let id = call.param(1);
    let found = published()
        .into_iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(id));
    let found = found.ok_or_else(|| not_found("schema", id))?;
    Ok(Reply::ok(&schema(call, found)))
}

fn resource_type(call: &Call<'_>, name: &str) -> Value {
    let (schema, extensions) = match name {
        "User" => (USER, vec![json!({ "schema": ENTERPRISE, "required": false })]),
        _ => (GROUP, Vec::new()),
    };
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "description": name,
        "endpoint": format!("/{name}s"),
        "schema": schema,
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": location(call, &format!("ResourceTypes/{name}")) },
    })
}

pub(in crate::http) fn resource_types(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    Ok(list(vec![
        resource_type(call, "User"),
        resource_type(call, "Group"),
    ]))
}

pub(in crate::http) fn user_type(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    Ok(Reply::ok(&resource_type(call, "User")))
}

pub(in crate::http) fn group_type(call: &Call<'_>) -> Result<Reply, Problem> {
    check_directory(call, &call.world())?;
    Ok(Reply::ok(&resource_type(call, "Group")))
}
