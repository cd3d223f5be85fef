//! Writing operations.

use serde_json::{Value, json};
use twin::Shape;

use crate::case::{Case, ask};

/// An ordinary active account of the first directory that is in no way an administrator.
async fn ordinary(case: &Case, directory: &str) -> String {
    let request = case.client.users().search_directory_users(&case.org, directory);
    let search = ask(json!({ "status": ["active"], "expand": ["platformRoles"] }));
    let page = request
        .multi_directory_user_search_request(search)
        .send()
        .await
        .unwrap();
    let is_ordinary = |roles: &Option<Vec<_>>| roles.as_ref().is_some_and(Vec::is_empty);
    let found = page
        .data
        .into_iter()
        .find(|user| is_ordinary(&user.platform_roles));
    found.and_then(|user| user.account_id).unwrap()
}

fn has(case: &Case, kind: &str, fields: &[(&str, &str)]) -> bool {
    let fits = |fact: &Value| fields.iter().all(|(key, value)| fact[*key] == *value);
    case.facts(kind).iter().any(fits)
}

#[tokio::test]
async fn group_lives_from_creation_to_deletion() {
    let case = Case::start(Shape::Typical).await;
    let directory = case.directories().await.remove(0);
    let account = ordinary(&case, &directory).await;
    let resource = case.first("workspace", "workspace_id");
    let groups = case.client.groups();
    let org = &case.org;

    groups
        .create_group(org, &directory, "night shift")
        .description("at night")
        .send()
        .await
        .unwrap();
    let again = groups
        .create_group(org, &directory, "night shift")
        .send()
        .await
        .unwrap_err();
    case.twin.advance_s(2);
    let search = ask(json!({ "groupNames": ["night shift"] }));
    let request = groups
        .search_directory_groups(org, &directory)
        .multi_directory_group_search_request(search);
    let group = request.send().await.unwrap().data[0].id.clone().unwrap();
    groups
        .add_user_to_group(org, &directory, &group, &account)
        .send()
        .await
        .unwrap();
    let twice = groups
        .add_user_to_group(org, &directory, &group, &account)
        .send()
        .await
        .unwrap_err();
    groups
        .grant_group_access(org, &directory, &group, &resource, "atlassian/basic")
        .send()
        .await
        .unwrap();
    case.twin.advance_s(2);

    assert_eq!((again.status(), twice.status()), (Some(409), Some(409)));
    assert!(twice.body().unwrap().to_string().contains("ADMIN-UAM-409-2"));
    assert!(has(
        &case,
        "membership",
        &[("group_id", &group), ("account_id", &account)]
    ));
    assert!(has(
        &case,
        "role_holding",
        &[("account_id", &account), ("role", "atlassian/basic")]
    ));

    groups
        .revoke_group_access(org, &directory, &group, &resource, "atlassian/basic")
        .send()
        .await
        .unwrap();
    groups
        .remove_user_from_group(org, &directory, &group, &account)
        .send()
        .await
        .unwrap();
    groups.delete_group(org, &directory, &group).send().await.unwrap();
    case.twin.advance_s(2);
    assert!(!has(&case, "group", &[("group_id", &group)]));
    assert!(
        groups
            .get_group(org, &directory, &group)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn account_is_suspended_restored_and_removed() {
    let case = Case::start(Shape::Typical).await;
    let directory = case.directories().await.remove(0);
    let account = ordinary(&case, &directory).await;
    let users = case.client.users();
    let is = |status| {
        has(
            &case,
            "directory_membership",
            &[
                ("account_id", &account),
                ("directory_id", &directory),
                ("status", status),
            ],
        )
    };

    users
        .suspend_directory_user(&case.org, &directory, &account)
        .send()
        .await
        .unwrap();
    case.twin.advance_s(2);
    assert!(is("suspended"));
    users
        .restore_directory_user(&case.org, &directory, &account)
        .send()
        .await
        .unwrap();
    case.twin.advance_s(2);
    assert!(is("active"));
    users
        .remove_directory_user(&case.org, &directory, &account)
        .send()
        .await
        .unwrap();
    case.twin.advance_s(6);
    assert!(!is("active") && !is("suspended"));
}

#[tokio::test]
async fn roles_are_given_and_taken() {
    let case = Case::start(Shape::Typical).await;
    let directory = case.directories().await.remove(0);
    let account = ordinary(&case, &directory).await;
    let resource = case.first("workspace", "workspace_id");
    let users = case.client.users();
    let role = || ask(json!({ "role": "atlassian/stakeholder", "resource": resource }));
    let admin = || ask(json!({ "role": "atlassian/org-admin" }));
    let held = [
        ("account_id", account.as_str()),
        ("role", "atlassian/stakeholder"),
    ];
    let is_admin = [("account_id", account.as_str()), ("role", "atlassian/org-admin")];

    users
        .grant_user_access(&case.org, &account)
        .role_api_request(role())
        .send()
        .await
        .unwrap();
    users
        .assign_organization_role(&case.org, &account)
        .organization_level_role_api_request(admin())
        .send()
        .await
        .unwrap();
    case.twin.advance_s(31);
    assert!(has(&case, "role_holding", &held) && has(&case, "platform_role", &is_admin));
    users
        .revoke_user_access(&case.org, &account)
        .role_api_request(role())
        .send()
        .await
        .unwrap();
    users
        .revoke_organization_role(&case.org, &account)
        .organization_level_role_api_request(admin())
        .send()
        .await
        .unwrap();
    case.twin.advance_s(31);
    assert!(!has(&case, "role_holding", &held) && !has(&case, "platform_role", &is_admin));
}

#[tokio::test]
async fn people_are_invited() {
    let case = Case::start(Shape::Typical).await;
    let resource = case.first("workspace", "workspace_id");
    let rules = json!([{ "resource": resource, "role": "atlassian/user" }, { "resource": "ari:cloud:none::site/0", "role": "atlassian/user" }]);
    let invitation = ask(json!({ "emails": ["new@acme.example.com"], "permissionRules": rules }));

    let request = case
        .client
        .users()
        .invite_users(&case.org)
        .multidirectory_invite_api_request(invitation);
    let answer = request.send().await.unwrap().data.unwrap();
    case.twin.advance_s(2);

    let results = answer[0].results.as_ref().unwrap()[0]
        .role_assignment_result
        .as_ref()
        .unwrap();
    let statuses: Vec<_> = results
        .iter()
        .map(|it| it.status.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(statuses, ["INVITED", "ERROR"]);
    assert!(has(&case, "account", &[("email", "new@acme.example.com")]));
}

#[tokio::test]
async fn policy_lives_from_creation_to_deletion() {
    let case = Case::start(Shape::Typical).await;
    let policies = case.client.policies();
    let org = &case.org;
    let body = |name: &str| {
        json!({ "data": { "type": "policy", "attributes": {
            "type": "ip-allowlist", "name": name, "status": "enabled", "rule": { "in": ["192.0.2.0/24"] } } } })
    };

    let made = policies
        .create_policy(org)
        .policy_create_input(ask(body("home")))
        .send()
        .await
        .unwrap()
        .data
        .unwrap();
    case.twin.advance_s(2);
    policies
        .update_policy(org, &made.id)
        .policy_update_input(ask(body("away")))
        .send()
        .await
        .unwrap();
    let resource = "ari:cloud:jira::site/1";
    let added = policies
        .add_resource_to_policy(org, &made.id)
        .resource_input(ask(json!({ "id": resource })));
    assert_eq!(
        added
            .send()
            .await
            .unwrap()
            .data
            .unwrap()
            .attributes
            .resources
            .unwrap()[0]
            .id,
        resource
    );
    policies
        .update_policy_resource(org, &made.id, resource)
        .resource_update_input(ask(json!({})))
        .send()
        .await
        .unwrap();
    policies.validate_policy(org, &made.id).send().await.unwrap();
    case.twin.advance_s(2);
    let shown = policies
        .get_policy_by_id(org, &made.id)
        .send()
        .await
        .unwrap()
        .data
        .unwrap();
    let listed = policies.get_policies(org).send().await.unwrap().data.unwrap();
    policies
        .delete_policy_resource(org, &made.id, resource)
        .send()
        .await
        .unwrap();
    policies.delete_policy(org, &made.id).send().await.unwrap();
    case.twin.advance_s(2);

    assert_eq!(shown.attributes.name.as_deref(), Some("away"));
    assert!(listed.iter().any(|policy| policy.id == made.id));
    assert!(
        policies
            .get_policy_by_id(org, &made.id)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn refusals_are_decoded() {
    let case = Case::start(Shape::Messy).await;
    let wrong = jira::Client::builder()
        .host(case.twin.base_url())
        .auth(jira::Auth::bearer("wrong"))
        .build()
        .unwrap();
    let wrong = jira::admin::AdminClient::new(wrong);

    let unauthorized = wrong.orgs().get_orgs().send().await.unwrap_err();
    let gateway = wrong
        .workspaces()
        .query_workspaces(&case.org)
        .send()
        .await
        .unwrap_err();
    let unknown = case
        .client
        .groups()
        .get_group(&case.org, "-", "none")
        .send()
        .await
        .unwrap_err();

    assert!(unauthorized.is_auth() && gateway.is_auth() && unknown.is_not_found());
    assert_eq!(gateway.body().unwrap()["code"], 401);
    assert!(
        unknown.body().unwrap()["errors"][0]["status"].is_string()
            || unknown.body().unwrap()["errors"][0]["status"].is_number()
    );
}
