//! The answers of SCIM, judged by their schemas.

use reqwest::Method;
use serde_json::json;

use crate::client::Case;
use crate::schemas::Judge;
use crate::scim::person;

pub async fn judge(judge: &mut Judge, case: &Case) {
    for (path, schema) in [
        ("Users?count=50", "scimGetUsers"),
        ("Groups", "scimGetGroups"),
        ("ServiceProviderConfig", "scimGetServiceProviderConfig"),
        ("Schemas", "scimGetSchemas"),
        (
            "Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
            "scimGetSchema",
        ),
        ("ResourceTypes", "scimGetResourceTypes"),
        ("ResourceTypes/User", "scimGetUserResourceType"),
        ("ResourceTypes/Group", "scimGetGroupResourceType"),
        ("Users?filter=other", "problemScim"),
        ("Users/none", "problemScim"),
        ("none", "problemScim"),
    ] {
        judge.check(schema, &case.scim(Method::GET, path, None).await.json);
    }
    let made = case
        .scim(Method::POST, "Users", Some(person("judged")))
        .await
        .json;
    judge.check("scimCreateUser", &made);
    let user = format!("Users/{}", made["id"].as_str().unwrap());
    let crew = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "judged", "members": [{ "value": made["id"] }] });
    let group = case.scim(Method::POST, "Groups", Some(crew.clone())).await.json;
    judge.check("scimCreateGroup", &group);
    let group = format!("Groups/{}", group["id"].as_str().unwrap());
    judge.check(
        "scimReplaceUser",
        &case.scim(Method::PUT, &user, Some(person("judged"))).await.json,
    );
    judge.check(
        "scimReplaceGroup",
        &case.scim(Method::PUT, &group, Some(crew)).await.json,
    );
    let patch = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "add", "path": "externalId", "value": "x" }] });
    judge.check(
        "scimPatchUser",
        &case.scim(Method::PATCH, &user, Some(patch.clone())).await.json,
    );
    judge.check(
        "scimPatchGroup",
        &case.scim(Method::PATCH, &group, Some(patch)).await.json,
    );
    judge.check("scimGetUser", &case.scim(Method::GET, &user, None).await.json);
    judge.check("scimGetGroup", &case.scim(Method::GET, &group, None).await.json);
    judge.check(
        "problemScimKey",
        &case.get("/scim/directory/none/Users").await.json,
    );
    let base = "/admin/user-provisioning/v1/org/{o}";
    let links = case
        .get(&format!("{base}/user/{}/get-scim-links", case.managed()[0]))
        .await
        .json;
    judge.check("getScimLinks", &links);
    let email = json!({ "email": "judged@acme.example.com" });
    judge.check(
        "getScimLinksByEmail",
        &case
            .post(&format!("{base}/get-scim-links-for-email"), email)
            .await
            .json,
    );
}
