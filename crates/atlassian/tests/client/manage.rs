//! User management of the twin: privileges in both forms, refusals as sentences, writes that are sent once.

use crate::{account_of, told, transport, twin};
use atlassian::wire::Rule;
use atlassian::writes::{AccountWrites, ProfileChange};
use atlassian::{ApiError, Manage, refusal};
use model::{AccountId, TokenId};
use twin::{ProfilePrivileges, RepeatLifecycle, Twin, TwinOptions};

const MANAGED: [&str; 3] = [
    r#""kind":"account""#,
    r#""claim_status":"managed""#,
    r#""account_status":"active""#,
];

/// A managed account that may be renamed, and one that the identity provider owns.
async fn two_accounts(twin: &Twin, manage: &Manage) -> (AccountId, AccountId) {
    let (mut own, mut synced) = (None, None);
    for line in told(twin, &MANAGED) {
        let account = account_of(&line);
        let rules = manage.privileges(&account).await.unwrap().0;
        let rule = rules.get("profile.write/name").or(rules.get("profile.write"));
        let may_be_disabled = rules.get("lifecycle.enablement") == Some(&Rule::Allowed);
        match rule.unwrap() {
            Rule::Allowed if may_be_disabled => own = own.or(Some(account)),
            Rule::Refused { reason } if reason.as_deref() == Some("externalDirectory.scim") => {
                synced = synced.or(Some(account));
            }
            _ => {}
        }
    }
    (own.unwrap(), synced.unwrap())
}

fn name(name: &str) -> ProfileChange {
    ProfileChange {
        name: Some(name.into()),
        ..ProfileChange::default()
    }
}

#[tokio::test]
async fn privileges_are_read_in_both_forms_and_each_reason_has_advice() {
    for profile_privileges in [ProfilePrivileges::Map, ProfilePrivileges::Rule] {
        let twin = twin(TwinOptions {
            profile_privileges,
            ..TwinOptions::default()
        })
        .await;
        let manage = Manage::new(transport(&twin));
        let (_, synced) = two_accounts(&twin, &manage).await;
        for rule in manage.privileges(&synced).await.unwrap().0.values() {
            if let Rule::Refused { reason } = rule {
                let reason = reason.as_deref().unwrap();
                assert!(
                    refusal::KNOWN.iter().any(|(known, _)| *known == reason),
                    "{reason}"
                );
            }
        }
        twin.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_a_write_is_sent_once() {
    let twin = twin(TwinOptions {
        repeat_lifecycle: RepeatLifecycle::Conflict,
        ..TwinOptions::default()
    })
    .await;
    let transport = transport(&twin);
    let manage = Manage::new(transport.clone());
    let (own, synced) = two_accounts(&twin, &manage).await;
    let before = transport.status().requests;

    let writes = AccountWrites(&manage);
    let refused = writes.profile(&synced, &name("Other")).await.unwrap_err();
    assert_eq!(refused.hint(), refusal::advice("externalDirectory.scim"));
    writes.profile(&own, &name("Ada L.")).await.unwrap();
    let nowhere = writes.email(&own, "a@nowhere.example.net").await.unwrap_err();
    assert_eq!(nowhere.hint(), refusal::advice("forbidden.unclaimedDomain"));
    writes.disable(&own, Some("left")).await.unwrap();
    let again = writes.disable(&own, None).await.unwrap_err();
    assert_eq!(again.hint(), refusal::advice("ALREADY_DEACTIVATED"));
    writes.enable(&own).await.unwrap();
    writes.delete_later(&own).await.unwrap();
    let deleted = writes.enable(&own).await.unwrap_err();
    assert_eq!(deleted.hint(), refusal::advice("ACCOUNT_FOR_DELETION"));
    writes.cancel_delete(&own).await.unwrap();
    assert_eq!(transport.status().requests - before, 9);

    twin.advance_s(5);
    let profile = manage.profile(&own).await.unwrap();
    assert_eq!(profile.name.as_deref(), Some("Ada L."));
    assert_eq!(profile.account_status.as_deref(), Some("active"));
    twin.stop().await;
}

#[tokio::test]
async fn one_token_is_revoked_and_the_others_stay() {
    let twin = twin(TwinOptions::default()).await;
    let manage = Manage::new(transport(&twin));
    let tokens = told(&twin, &[r#""kind":"api_token""#]);
    let (account, token) = (account_of(&tokens[0]), tokens[0]["token_id"].as_str().unwrap());
    let listed = manage.tokens(&account).await.unwrap();
    assert!(listed.iter().any(|listed| listed.id == token));
    let writes = AccountWrites(&manage);
    writes.token_revoke(&account, &TokenId::new(token)).await.unwrap();
    let no_id = writes
        .token_revoke(&account, &TokenId::new(""))
        .await
        .unwrap_err();
    assert!(matches!(no_id, ApiError::NotAnId { .. }));
    twin.advance_s(5);
    assert_eq!(told(&twin, &[r#""kind":"api_token""#]).len(), tokens.len() - 1);
    twin.stop().await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown_and_not_repeated() {
    let twin = twin(TwinOptions::default()).await;
    let transport = transport(&twin);
    let manage = Manage::new(transport.clone());
    let (own, _) = two_accounts(&twin, &manage).await;
    let before = transport.status().requests;
    for kind in ["reset", "cut", "500", "malformed", "content-type"] {
        let faults = serde_json::json!({ "probability": 1.0, "seed": 2, "kinds": [kind] });
        twin.set_faults(&faults).unwrap();
        let answer = AccountWrites(&manage).profile(&own, &name("Ada")).await;
        // An answer of 200 that cannot be read still says that it landed.
        let is_unknown = matches!(answer, Err(ApiError::OutcomeUnknown { .. }));
        assert!(
            is_unknown || (kind == "malformed" && answer.is_ok()),
            "{kind}: {answer:?}"
        );
    }
    assert_eq!(transport.status().requests - before, 5);
    twin.stop().await;
}
