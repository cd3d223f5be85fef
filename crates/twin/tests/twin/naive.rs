//! Reads an organization the old way, one question per account, and writes it as facts.

use serde_json::{Value, json};

use crate::client::Case;

/// Everything the API tells, sorted.
pub async fn read(case: &Case) -> Vec<String> {
    let mut facts = Vec::new();
    let mut accounts = std::collections::BTreeMap::new();
    for directory in case.directories().await {
        let users = format!("/admin/v2/orgs/{{o}}/directories/{directory}/users");
        let ask = json!({ "expand": ["platformRoles", "groups"], "limit": 40 });
        for user in case.post_all(&format!("{users}/search"), ask).await {
            let id = user["accountId"].as_str().unwrap().to_owned();
            facts.push(json!({ "kind": "directory_membership", "directory_id": directory,
                "account_id": id, "status": user["membershipStatus"] }));
            for group in user["groups"].as_array().unwrap() {
                facts.push(json!({ "kind": "membership", "group_id": group["id"], "account_id": id }));
            }
            accounts.insert(id, user);
        }
        read_groups(case, &directory, &mut facts).await;
    }
    for (id, user) in &accounts {
        facts.push(
            json!({ "kind": "account", "account_id": id, "account_type": user["accountType"],
            "account_status": user["accountStatus"], "claim_status": user["claimStatus"],
            "name": user["name"], "email": user["email"] }),
        );
        for role in user["platformRoles"].as_array().unwrap() {
            facts.push(json!({ "kind": "platform_role", "account_id": id, "role": role }));
        }
        read_roles(case, id, &mut facts).await;
    }
    read_inventory(case, &mut facts).await;
    let mut lines: Vec<String> = facts.iter().map(Value::to_string).collect();
    lines.sort();
    lines
}

async fn read_groups(case: &Case, directory: &str, facts: &mut Vec<Value>) {
    let groups = format!("/admin/v2/orgs/{{o}}/directories/{directory}/groups");
    for group in case.post_all(&format!("{groups}/search"), json!({})).await {
        let id = group["id"].as_str().unwrap();
        facts.push(
            json!({ "kind": "group", "group_id": id, "directory_id": group["directoryId"],
            "name": group["name"] }),
        );
        for grant in case.get_all(&format!("{groups}/{id}/role-assignments")).await {
            for role in grant["roles"].as_array().unwrap() {
                facts.push(json!({ "kind": "group_role_grant", "group_id": id,
                    "resource_id": grant["resourceId"], "role": role }));
            }
        }
    }
}

async fn read_roles(case: &Case, account: &str, facts: &mut Vec<Value>) {
    let path = format!("/admin/v2/orgs/{{o}}/directories/-/users/{account}/role-assignments?limit=7");
    for held in case.get_all(&path).await {
        for assignment in held["roleAssignments"].as_array().unwrap() {
            let (resource, role) = (&held["resourceId"], &assignment["role"]);
            facts.push(json!({ "kind": "role_holding", "account_id": account, "resource_id": resource, "role": role }));
            facts.push(
                json!({ "kind": "method", "account_id": account, "resource_id": resource, "role": role,
                "methods": assignment["roleAssignmentMethods"] }),
            );
        }
    }
}

async fn read_inventory(case: &Case, facts: &mut Vec<Value>) {
    for row in case
        .post_all("/admin/v2/orgs/{o}/workspaces", json!({ "limit": 3 }))
        .await
    {
        facts.push(json!({ "kind": "workspace", "workspace_id": row["id"],
            "type_key": row["attributes"]["typeKey"], "name": row["attributes"]["name"] }));
    }
    for row in case.get_all("/admin/v1/orgs/{o}/domains").await {
        let claim = &row["attributes"]["claim"];
        facts.push(
            json!({ "kind": "domain", "domain_id": row["id"], "name": row["attributes"]["name"],
            "claim_type": claim["type"], "claim_status": claim["status"] }),
        );
    }
    for row in case.get_all("/admin/v1/orgs/{o}/policies").await {
        let told = &row["attributes"];
        facts.push(
            json!({ "kind": "policy", "policy_id": row["id"], "policy_type": told["type"],
            "name": told["name"], "status": told["status"] }),
        );
    }
    for row in case
        .get_all("/admin/api-access/v1/orgs/{o}/api-tokens?pageSize=20")
        .await
    {
        facts.push(
            json!({ "kind": "api_token", "token_id": row["id"], "account_id": row["user"]["id"],
            "label": row["label"] }),
        );
    }
}
