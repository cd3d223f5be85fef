//! Every operation of user management.

use jira::user_management::{GetManagementPermissionsRequestPrivileges, UserManagementClient};
use jira::{Auth, Client};
use serde_json::{Value, json};
use twin::{ProfilePrivileges, Shape, TwinOptions};

use crate::case::{Case, ask};

fn client(case: &Case) -> UserManagementClient {
    let client = Client::builder()
        .host(case.twin.base_url())
        .auth(Auth::bearer(case.twin.api_key()))
        .build();
    UserManagementClient::new(client.unwrap())
}

/// An account that may be changed in every way.
async fn free(case: &Case) -> String {
    let facts = case.facts("account").into_iter();
    let managed =
        facts.filter(|fact| fact["claim_status"] == "managed" && fact["account_status"] == "active");
    for fact in managed {
        let id = fact["account_id"].as_str().unwrap().to_owned();
        let rules = client(case)
            .manage()
            .get_management_permissions(id.clone())
            .send_raw()
            .await
            .unwrap();
        let may = |pointer: &str| rules.pointer(pointer) == Some(&Value::Bool(true));
        if may("/profile/name/allowed") && may("/email.set/allowed") && may("/lifecycle.delete/allowed") {
            return id;
        }
    }
    panic!("no free account");
}

#[tokio::test]
async fn privileges_are_decoded_by_field() {
    let case = Case::start(Shape::Typical).await;
    let asked = [
        GetManagementPermissionsRequestPrivileges::ProfileWrite,
        GetManagementPermissionsRequestPrivileges::EmailSet,
    ];
    let users = client(&case);
    let request = users
        .manage()
        .get_management_permissions(free(&case).await)
        .privileges(asked);

    let rules = request.send().await.unwrap();

    assert!(rules.profile_write.unwrap().contains_key("nickname") && rules.email_set.is_some());
    assert!(rules.profile.is_none() && rules.lifecycle_delete.is_none());
}

#[tokio::test]
async fn one_rule_for_all_fields_decodes_as_nothing_useful() {
    let case = Case::start_with(TwinOptions {
        profile_privileges: ProfilePrivileges::Rule,
        ..TwinOptions::default()
    })
    .await;
    let id = case.first("account", "account_id");

    let rules = client(&case)
        .manage()
        .get_management_permissions(id)
        .send()
        .await
        .unwrap();

    // The package takes the rule for a map of fields named allowed and reason.
    assert!(rules.profile.unwrap().contains_key("allowed"));
}

#[tokio::test]
async fn profile_and_email_are_read_and_written() {
    let case = Case::start(Shape::Typical).await;
    let (users, id) = (client(&case), free(&case).await);

    let profile = users.profile().get_profile(id.clone()).send().await.unwrap();
    assert_eq!(profile.account.user.account_id, id);
    let extended = ask(json!({ "department": "Night" }));
    let request = users
        .profile()
        .update_profile(id.clone())
        .name("Neu".into())
        .nickname("n".into())
        .extended_profile(extended);
    let updated = request.send().await.unwrap();
    assert_eq!(
        updated.account.extended_profile.unwrap().department.unwrap(),
        "Night"
    );
    users
        .email()
        .set_email(id.clone(), "neu@acme.example.com".into())
        .send()
        .await
        .unwrap();
    let refused = users
        .email()
        .set_email(id.clone(), "neu@other.example".into())
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status(), &refused.body().unwrap()["key"]),
        (Some(403), &json!("forbidden.unclaimedDomain"))
    );
    case.twin.advance_s(2);

    let profile = users.profile().get_profile(id).send().await.unwrap();
    assert_eq!(
        (
            profile.account.user.name.as_str(),
            profile.account.user.email.as_str()
        ),
        ("Neu", "neu@acme.example.com")
    );
}

#[tokio::test]
async fn tokens_are_listed_and_deleted() {
    let case = Case::start(Shape::Typical).await;
    let users = client(&case);
    let fact = case.facts("api_token").remove(0);
    let (account, token) = (
        fact["account_id"].as_str().unwrap(),
        fact["token_id"].as_str().unwrap(),
    );

    let before = users
        .api_tokens()
        .get_api_tokens(account.to_owned())
        .send()
        .await
        .unwrap();
    users
        .api_tokens()
        .delete_api_token(account.to_owned(), token)
        .send()
        .await
        .unwrap();
    case.twin.advance_s(2);
    let after = users
        .api_tokens()
        .get_api_tokens(account.to_owned())
        .send()
        .await
        .unwrap();

    assert!(before.iter().any(|it| it.id == token));
    assert_eq!(after.len() + 1, before.len());
}

#[tokio::test]
async fn life_of_an_account_is_led() {
    let case = Case::start(Shape::Typical).await;
    let (users, id) = (client(&case), free(&case).await);
    let status = async || {
        case.twin.advance_s(2);
        let profile = users.profile().get_profile(id.clone()).send().await.unwrap();
        profile.account.user.account_status.as_str().to_owned()
    };
    let lifecycle = users.lifecycle();

    lifecycle
        .deactivate_user(id.clone())
        .message("bye")
        .send()
        .await
        .unwrap();
    assert_eq!(status().await, "inactive");
    lifecycle.activate_user(id.clone()).send().await.unwrap();
    assert_eq!(status().await, "active");
    lifecycle.delete_account(id.clone()).send().await.unwrap();
    assert_eq!(status().await, "inactive");
    let twice = lifecycle.delete_account(id.clone()).send().await.unwrap_err();
    assert_eq!(
        (twice.status(), &twice.body().unwrap()["key"]),
        (Some(409), &json!("conflict.lifecycleErrors"))
    );
    lifecycle
        .cancel_account_deletion(id.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(status().await, "active");
}
