//! The SCIM directory of the twin: pages to the total, counted with the organization's requests, and its writes.

use crate::{told, transport, twin};
use atlassian::writes::{PatchOperation, ScimWrites};
use atlassian::{ApiError, Cursor, Scim, refusal};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeSet;
use twin::{ScimMedia, Twin, TwinOptions};

fn directory(twin: &Twin, transport: &atlassian::Transport, token: &str) -> Scim {
    Scim::beside(transport, twin.scim_base_url(), SecretString::from(token)).unwrap()
}

#[tokio::test]
async fn users_and_groups_are_read_in_both_media_types() {
    for scim_media in [ScimMedia::Scim, ScimMedia::Json] {
        let twin = twin(TwinOptions {
            scim_media,
            ..TwinOptions::default()
        })
        .await;
        let transport = transport(&twin);
        let scim = directory(&twin, &transport, twin.scim_token());
        let users = scim.users(None).await.unwrap();
        let ours = format!(r#""scim_directory_id":"{}""#, scim.directory());
        let truth = told(&twin, &[r#""kind":"scim_user""#, &ours]);
        let ids = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        assert!(users.next.is_none() && !truth.is_empty());
        assert_eq!(
            ids(users.items.iter().map(|user| user.id.as_str()).collect()),
            ids(truth
                .iter()
                .map(|line| line["scim_user_id"].as_str().unwrap())
                .collect())
        );
        assert!(users.items.iter().all(|user| user.account_id().is_some()));
        let groups = scim.groups(None).await.unwrap();
        assert_eq!(groups.items.len() as i64, scim.groups_count().await.unwrap());
        assert_eq!(transport.status().requests, 3);
        twin.stop().await;
    }
}

#[tokio::test]
async fn pages_go_on_from_where_the_last_one_ended() {
    let twin = twin(TwinOptions::default()).await;
    let transport = transport(&twin);
    let scim = directory(&twin, &transport, twin.scim_token());
    let total = scim.users_count().await.unwrap();
    let last = scim.users(Some(&Cursor::kept(total.to_string()))).await.unwrap();
    assert_eq!((last.items.len(), last.next), (1, None));
    let beyond = scim
        .users(Some(&Cursor::kept((total + 1).to_string())))
        .await
        .unwrap();
    assert_eq!((beyond.items.len(), beyond.next), (0, None));
    twin.stop().await;
}

#[tokio::test]
async fn a_wrong_token_is_said_to_be_the_scim_token() {
    let twin = twin(TwinOptions::default()).await;
    let transport = transport(&twin);
    let refused = directory(&twin, &transport, "wrong")
        .users(None)
        .await
        .unwrap_err();
    assert!(matches!(refused, ApiError::Unauthorized { .. }));
    assert!(refused.to_string().contains("SCIM token"), "{refused}");
    assert!(refused.hint().contains("--scim-token-file"));
    twin.stop().await;
}

#[tokio::test]
async fn a_user_and_a_group_are_made_changed_and_deleted() {
    let twin = twin(TwinOptions::default()).await;
    let transport = transport(&twin);
    let scim = directory(&twin, &transport, twin.scim_token());
    let writes = ScimWrites(&scim);
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "new@example.com",
        "emails": [{ "value": "new@example.com", "primary": true }],
    });
    let made = writes.user_create(&user).await.unwrap().unwrap();
    let taken = writes.user_create(&user).await.unwrap_err();
    assert_eq!(taken.hint(), refusal::advice("uniqueness"));
    let deactivate = PatchOperation {
        op: "replace",
        path: Some("active".into()),
        value: Some(json!(false)),
    };
    writes.user_patch(&made, &[deactivate]).await.unwrap();
    let group =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "new group" });
    let group = writes.group_create(&group).await.unwrap().unwrap();
    let rename = PatchOperation {
        op: "replace",
        path: Some("displayName".into()),
        value: Some(json!("other")),
    };
    let refused = writes.group_patch(&group, &[rename]).await.unwrap_err();
    assert_eq!(refused.hint(), refusal::advice("mutability"));
    writes.group_delete(&group).await.unwrap();
    writes.user_delete(&made).await.unwrap();
    let gone = writes.user_delete(&made).await.unwrap_err();
    assert!(matches!(gone, ApiError::NotFound { .. }));
    twin.stop().await;
}
