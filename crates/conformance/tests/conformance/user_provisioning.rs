//! Every operation of user provisioning, with the package's own spelling of changes.

use jira::user_provisioning::{ScimGroup, ScimUser, UserProvisioningClient};
use jira::{Auth, Client};
use serde_json::json;
use twin::{ScimMedia, TwinOptions};

use crate::case::{Case, ask};

fn client(case: &Case, token: &str) -> UserProvisioningClient {
    let client = Client::builder()
        .host(case.twin.base_url())
        .auth(Auth::bearer(token))
        .build();
    UserProvisioningClient::new(client.unwrap())
}

/// The package takes bodies of `application/json` only.
fn json_media() -> TwinOptions {
    TwinOptions {
        scim_media: ScimMedia::Json,
        ..TwinOptions::default()
    }
}

fn directory(case: &Case) -> String {
    case.twin.scim_base_url().rsplit('/').next().unwrap().to_owned()
}

fn person(name: &str) -> ScimUser {
    ask(
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
        "emails": [{ "value": format!("{name}@acme.example.com"), "primary": true }] }),
    )
}

fn account(user: &ScimUser) -> String {
    let extension = user.urn_scim_schemas_extension_atlassian_external_1_0.clone();
    extension.unwrap().atlassian_account_id.unwrap()
}

#[tokio::test]
async fn users_are_made_read_changed_and_deleted() {
    let case = Case::start_with(json_media()).await;
    let (scim, d) = (client(&case, case.twin.scim_token()), directory(&case));
    let users = scim.users();

    let made = users.create_user(&d, person("ann")).send().await.unwrap();
    let id = made.id.clone().unwrap();
    let twice = users.create_user(&d, person("ann")).send().await.unwrap_err();
    assert_eq!(
        (twice.status(), &twice.body().unwrap()["scimType"]),
        (Some(409), &json!("uniqueness"))
    );
    assert_eq!(users.get_user(&d, &id).send().await.unwrap(), made);
    let found = users
        .get_users(&d)
        .filter("userName eq \"ann\"")
        .start_index(1)
        .count(5)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (found.total_results, found.resources.unwrap().len()),
        (Some(1), 1)
    );
    let cut = users
        .get_user(&d, &id)
        .attributes("userName")
        .send()
        .await
        .unwrap();
    assert!(cut.emails.is_none() && cut.user_name.is_some());
    let changes = ask(
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "operations": [{ "op": "replace", "path": "active", "value": false }] }),
    );
    assert_eq!(
        users.patch_user(&d, &id, changes).send().await.unwrap().active,
        Some(false)
    );
    let replaced = users.replace_user(&d, &id, person("ann")).send().await.unwrap();
    assert_eq!((replaced.active, replaced.id), (Some(true), Some(id.clone())));
    case.twin.advance_s(2);
    assert!(
        case.facts("account")
            .iter()
            .any(|fact| fact["account_id"] == account(&made).as_str())
    );
    users.delete_user(&d, &id).send().await.unwrap();
    assert_eq!(
        users.get_user(&d, &id).send().await.unwrap_err().status(),
        Some(404)
    );
}

#[tokio::test]
async fn groups_are_made_read_changed_and_deleted() {
    let case = Case::start_with(json_media()).await;
    let (scim, d) = (client(&case, case.twin.scim_token()), directory(&case));
    let ann = scim
        .users()
        .create_user(&d, person("ann"))
        .send()
        .await
        .unwrap()
        .id
        .unwrap();
    let groups = scim.groups();
    let crew: ScimGroup =
        ask(json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "crew" }));

    let made = groups.create_group(&d, crew).send().await.unwrap();
    let id = made.id.unwrap();
    let changes = ask(
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "operations": [{ "op": "add", "path": "members", "value": [{ "value": ann }] }] }),
    );
    let changed = groups.patch_group(&d, &id, changes).send().await.unwrap();
    assert_eq!(changed.members.unwrap()[0].value.as_deref(), Some(ann.as_str()));
    let replace = groups
        .replace_group(&d, &id)
        .schemas(["urn:ietf:params:scim:schemas:core:2.0:Group"])
        .display_name("crew");
    assert!(replace.send().await.unwrap().members.is_none());
    let renamed = groups
        .replace_group(&d, &id)
        .schemas(["urn:ietf:params:scim:schemas:core:2.0:Group"])
        .display_name("gang");
    let refused = renamed.send().await.unwrap_err();
    assert_eq!(
        (refused.status(), &refused.body().unwrap()["scimType"]),
        (Some(400), &json!("mutability"))
    );
    let found = groups
        .get_groups(&d)
        .filter("displayName eq \"crew\"")
        .send()
        .await
        .unwrap();
    assert_eq!(found.resources.unwrap()[0].id.as_deref(), Some(id.as_str()));
    assert_eq!(
        groups
            .get_group(&d, &id)
            .send()
            .await
            .unwrap()
            .display_name
            .as_deref(),
        Some("crew")
    );
    groups.delete_group(&d, &id).send().await.unwrap();
    assert_eq!(
        groups.get_group(&d, &id).send().await.unwrap_err().status(),
        Some(404)
    );
}

#[tokio::test]
async fn documents_are_read() {
    let case = Case::start_with(json_media()).await;
    let (scim, d) = (client(&case, case.twin.scim_token()), directory(&case));
    let (schemas, configuration) = (scim.schemas(), scim.service_provider_configuration());

    let all = schemas.get_schemas(&d).send().await.unwrap();
    let user = schemas.get_user_schemas(&d).send().await.unwrap();
    let group = schemas.get_group_schemas(&d).send().await.unwrap();
    let extension = schemas.get_extension_user_schemas(&d).send().await.unwrap();
    assert_eq!(all["totalResults"], 3);
    assert_eq!(
        (&user["name"], &group["name"], &extension["name"]),
        (&json!("User"), &json!("Group"), &json!("Enterprise User"))
    );
    assert_eq!(
        configuration.get_resource_types(&d).send().await.unwrap()["totalResults"],
        2
    );
    assert_eq!(
        configuration.get_user_resource_type(&d).send().await.unwrap()["endpoint"],
        "/Users"
    );
    assert_eq!(
        configuration.get_group_resource_type(&d).send().await.unwrap()["endpoint"],
        "/Groups"
    );
    assert_eq!(
        configuration
            .get_service_provider_config(&d)
            .send()
            .await
            .unwrap()["patch"]["supported"],
        true
    );
}

#[tokio::test]
async fn links_are_read_broken_and_dropped() {
    let case = Case::start_with(json_media()).await;
    let (scim, d) = (client(&case, case.twin.scim_token()), directory(&case));
    let admin = client(&case, case.twin.api_key());
    let links = admin.scim_links();
    let ann = scim.users().create_user(&d, person("ann")).send().await.unwrap();
    let bob = scim.users().create_user(&d, person("bob")).send().await.unwrap();
    case.twin.advance_s(2);

    let of_ann = links
        .get_scim_links(&case.org, account(&ann))
        .send()
        .await
        .unwrap()
        .scim_links
        .unwrap();
    let by_email = links
        .get_scim_links_by_email(&case.org, ask(json!({ "email": "ann@acme.example.com" })))
        .send()
        .await
        .unwrap();
    assert_eq!(by_email.scim_links.unwrap(), of_ann);
    assert_eq!(of_ann[0].scim_user_id, ann.id.clone().unwrap());
    links
        .unlink_scim_user(&case.org, &d, ann.id.clone().unwrap())
        .send()
        .await
        .unwrap();
    links
        .delete_provisioning_record(&case.org, account(&bob))
        .send()
        .await
        .unwrap();

    let of_ann = links
        .get_scim_links(&case.org, account(&ann))
        .send()
        .await
        .unwrap();
    assert!(of_ann.scim_links.unwrap().is_empty());
    assert_eq!(
        scim.users()
            .get_user(&d, bob.id.unwrap())
            .send()
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
}

#[tokio::test]
async fn the_media_type_of_the_standard_is_refused_by_the_package() {
    let case = Case::start_with(TwinOptions::default()).await;
    let scim = client(&case, case.twin.scim_token());

    let refused = scim.users().get_users(directory(&case)).send().await.unwrap_err();

    assert!(refused.is_schema_mismatch(), "{refused}");
}
