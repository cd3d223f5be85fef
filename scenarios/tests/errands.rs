//! Errands: single changes for a caller with an approval of its own, before and after a reading.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::plans::{Errand, Fate};
use app::views::ViewError;
use app::{AppError, WritesChange};
use model::{AccountId, GroupId, ResourceId, RoleId};
use scenarios::ChangeStage;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use twin::TwinOptions;

fn options() -> TwinOptions {
    TwinOptions {
        users: 260,
        groups: 14,
        workspaces: 3,
        directories: Some(2),
        seed: 5,
        ..TwinOptions::default()
    }
}

async fn stage() -> ChangeStage {
    ChangeStage::unread(options(), None).await.unwrap()
}

/// Large enough for people in two directories.
async fn large_stage() -> ChangeStage {
    let large = TwinOptions {
        users: 700,
        ..options()
    };
    ChangeStage::unread(large, None).await.unwrap()
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

fn all_of(stage: &ChangeStage, kind: &str) -> Vec<Value> {
    let mut lines = stage.truth();
    lines.retain(|line| line["kind"] == kind);
    lines
}

fn is_true(stage: &ChangeStage, kind: &str, of: &[(&str, &str)]) -> bool {
    let lines = all_of(stage, kind);
    lines
        .iter()
        .any(|line| of.iter().all(|(name, value)| line[*name] == *value))
}

fn admins(stage: &ChangeStage) -> BTreeSet<String> {
    let roles = all_of(stage, "platform_role");
    roles.iter().map(|line| text(line, "account_id")).collect()
}

/// The groups that an identity provider owns.
async fn synced(stage: &ChangeStage) -> BTreeSet<String> {
    let connection = stage.app.connection_named(None).await.unwrap();
    let admin = stage.app.admin(&connection, &stage.api).await.unwrap();
    let groups = admin.groups(&[], None).await.unwrap().items;
    let synced = groups
        .into_iter()
        .filter(|group| group.external_synced == Some(true));
    synced.map(|group| group.id).collect()
}

/// A membership of a group that may be changed here, of somebody without a platform role.
async fn membership(stage: &ChangeStage) -> (GroupId, AccountId) {
    let (admins, synced) = (admins(stage), synced(stage).await);
    let lines = all_of(stage, "membership");
    let line = lines
        .iter()
        .find(|line| !synced.contains(&text(line, "group_id")) && !admins.contains(&text(line, "account_id")))
        .unwrap();
    (
        GroupId::new(text(line, "group_id")),
        AccountId::new(text(line, "account_id")),
    )
}

fn member(group: &GroupId, account: &AccountId, join: bool) -> Errand {
    Errand::Member {
        group: group.clone(),
        account: account.clone(),
        join,
    }
}

#[tokio::test]
async fn an_errand_needs_no_reading_and_may_come_twice() {
    let stage = stage().await;
    let (group, account) = membership(&stage).await;
    let of = [("group_id", group.as_str()), ("account_id", account.as_str())];
    let left = stage.errand(&member(&group, &account, false)).await.unwrap();
    assert!(left.is_done() && !left.was_so(), "{left:?}");
    assert!(!is_true(&stage, "membership", &of));
    let before = stage.requests();
    let again = stage.errand(&member(&group, &account, false)).await.unwrap();
    assert!(again.was_so(), "{again:?}");
    // The group, the account in the group's directory, and whether it is a member.
    assert_eq!(stage.requests() - before, 3);
    let joined = stage.errand(&member(&group, &account, true)).await.unwrap();
    assert!(joined.is_done() && !joined.was_so(), "{joined:?}");
    assert!(is_true(&stage, "membership", &of));
    stage.twin.stop().await;
}

#[tokio::test]
async fn roles_are_given_and_taken_to_accounts_and_groups() {
    let stage = stage().await;
    let (group, account) = membership(&stage).await;
    let workspace = all_of(&stage, "workspace")
        .first()
        .map(|line| text(line, "workspace_id"));
    let resource = ResourceId::new(workspace.unwrap());
    let role = RoleId::new("atlassian/basic");
    let to_account = |give| Errand::Role {
        account: account.clone(),
        resource: resource.clone(),
        role: role.clone(),
        give,
    };
    let to_group = |give| Errand::GroupRole {
        group: group.clone(),
        resource: resource.clone(),
        role: role.clone(),
        give,
    };
    let of_account = [
        ("account_id", account.as_str()),
        ("resource_id", resource.as_str()),
        ("role", role.as_str()),
    ];
    for (errand, is_given) in [(to_account(true), true), (to_account(false), false)] {
        let done = stage.errand(&errand).await.unwrap();
        assert!(done.is_done() && !done.was_so(), "{done:?}");
        assert_eq!(is_true(&stage, "role_holding", &of_account), is_given);
    }
    let of_group = [
        ("group_id", group.as_str()),
        ("resource_id", resource.as_str()),
        ("role", role.as_str()),
    ];
    for (errand, is_given) in [(to_group(true), true), (to_group(false), false)] {
        let done = stage.errand(&errand).await.unwrap();
        assert!(done.is_done(), "{done:?}");
        assert_eq!(is_true(&stage, "group_role_grant", &of_group), is_given);
    }
    stage.twin.stop().await;
}

#[tokio::test]
async fn access_is_suspended_in_every_directory_and_given_back() {
    let stage = large_stage().await;
    let admins = admins(&stage);
    let places = all_of(&stage, "directory_membership");
    let of = |account: &str| places.iter().filter(|line| line["account_id"] == account).count();
    let twice = places
        .iter()
        .filter(|line| line["status"] == "active")
        .map(|line| text(line, "account_id"))
        .find(|account| of(account) == 2 && !admins.contains(account))
        .unwrap();
    let access = |restore| Errand::Access {
        account: AccountId::new(&twice),
        restore,
    };
    let done = stage.errand(&access(false)).await.unwrap();
    assert!(done.is_done() && !done.was_so(), "{done:?}");
    assert_eq!(done.changes.len(), 2);
    let suspended = |line: &Value| line["account_id"] == twice.as_str() && line["status"] == "suspended";
    let lines = all_of(&stage, "directory_membership");
    assert_eq!(lines.iter().filter(|line| suspended(line)).count(), 2);
    assert!(stage.errand(&access(false)).await.unwrap().was_so());
    assert!(stage.errand(&access(true)).await.unwrap().is_done());
    let lines = all_of(&stage, "directory_membership");
    assert_eq!(lines.iter().filter(|line| suspended(line)).count(), 0);
    stage.twin.stop().await;
}

#[tokio::test]
async fn accounts_are_made_with_their_id_and_deleting_one_that_is_gone_is_no_error() {
    let stage = stage().await;
    let errand = Errand::CreateAccount {
        email: "zoe.new@acme.example.com".into(),
        name: "Zoe New".into(),
        user_name: None,
        given_and_family: None,
    };
    let made = stage.errand(&errand).await.unwrap();
    assert!(made.is_done(), "{made:?}");
    let account = made.account.unwrap();
    assert!(is_true(&stage, "account", &[("account_id", account.as_str())]));
    let again = stage.errand(&errand).await.unwrap();
    assert!(
        again.was_so() && again.account.as_ref() == Some(&account),
        "{again:?}"
    );
    let delete = |account: &AccountId| Errand::DeleteAccount {
        account: account.clone(),
    };
    let gone = stage
        .errand(&delete(&AccountId::new("712020:gone")))
        .await
        .unwrap();
    assert!(gone.was_so(), "{gone:?}");
    stage.twin.stop().await;
}

#[tokio::test]
async fn what_is_unknown_switched_off_or_guarded_is_not_sent() {
    let stage = stage().await;
    let (group, account) = membership(&stage).await;
    let nobody = stage
        .errand(&member(&group, &AccountId::new("712020:nobody"), true))
        .await;
    let is_unknown = |error: &AppError| matches!(error, AppError::View(ViewError::Unknown { .. }));
    assert!(nobody.as_ref().is_err_and(is_unknown), "{nobody:?}");
    let nothing = stage
        .errand(&member(&GroupId::new("no-group"), &account, true))
        .await;
    assert!(nothing.as_ref().is_err_and(is_unknown), "{nothing:?}");
    let set = |change: WritesChange| {
        let app = &stage.app;
        async move { app.connection_set_writes("stage", &change, "boss").await.unwrap() }
    };
    set(WritesChange {
        protected_accounts: Some(vec![account.to_string()]),
        ..WritesChange::default()
    })
    .await;
    let guarded = stage.errand(&member(&group, &account, false)).await;
    assert!(matches!(guarded, Err(AppError::Guarded { .. })), "{guarded:?}");
    set(WritesChange {
        protected_accounts: Some(Vec::new()),
        protected_groups: Some(vec![group.to_string()]),
        ..WritesChange::default()
    })
    .await;
    let guarded = stage.errand(&member(&group, &account, true)).await;
    assert!(matches!(guarded, Err(AppError::Guarded { .. })), "{guarded:?}");
    set(WritesChange {
        writes: Some(false),
        ..WritesChange::default()
    })
    .await;
    let off = stage.errand(&member(&group, &account, false)).await;
    assert!(matches!(off, Err(AppError::WritesOff { .. })), "{off:?}");
    let stats = stage.twin.stats();
    let called = stats["operations"].as_object().unwrap();
    assert!(!called.contains_key("removeUserFromGroup"), "{called:?}");
    stage.twin.stop().await;
}

#[tokio::test]
async fn a_synced_group_is_refused_with_what_to_do_instead() {
    let stage = stage().await;
    let synced = synced(&stage).await;
    let lines = all_of(&stage, "membership");
    let line = lines
        .iter()
        .find(|line| synced.contains(&text(line, "group_id")))
        .unwrap();
    let (group, account) = (
        GroupId::new(text(line, "group_id")),
        AccountId::new(text(line, "account_id")),
    );
    let done = stage.errand(&member(&group, &account, false)).await.unwrap();
    let [change] = done.changes.as_slice() else {
        panic!("{done:?}")
    };
    let Fate::Refused { reason, next_step } = &change.fate else {
        panic!("{done:?}")
    };
    assert!(
        reason.contains("identity provider") && next_step.contains("identity provider"),
        "{done:?}"
    );
    stage.twin.stop().await;
}

#[tokio::test]
async fn organization_admins_are_neither_deleted_nor_suspended_by_an_errand() {
    let stage = stage().await;
    let roles = all_of(&stage, "platform_role");
    let admins = roles.iter().filter(|line| line["role"] == "atlassian/org-admin");
    let accounts: Vec<AccountId> = admins
        .map(|line| AccountId::new(text(line, "account_id")))
        .collect();
    assert!(!accounts.is_empty());
    for account in accounts {
        let restore = false;
        for errand in [
            Errand::DeleteAccount {
                account: account.clone(),
            },
            Errand::Access {
                account: account.clone(),
                restore,
            },
        ] {
            let done = stage.errand(&errand).await.unwrap();
            // By id: what is said of an errand ends in logs, which name nobody.
            assert!(
                done.changes
                    .iter()
                    .all(|change| change.what.contains(account.as_str())),
                "{done:?}"
            );
            let is_refused = |fate: &Fate| matches!(fate, Fate::Refused { .. });
            assert!(
                done.changes.iter().all(|change| is_refused(&change.fate)),
                "{done:?}"
            );
        }
    }
    stage.twin.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_and_the_change_is_made_once() {
    let stage = stage().await;
    let (group, account) = membership(&stage).await;
    let cut = json!({"probability": 1.0, "seed": 3, "kinds": ["reset"], "operations": ["removeUserFromGroup"], "times": 1, "after_work": true});
    stage.faults(&cut).unwrap();
    let done = stage.errand(&member(&group, &account, false)).await.unwrap();
    assert!(done.is_done(), "{done:?}");
    let of = [("group_id", group.as_str()), ("account_id", account.as_str())];
    assert!(!is_true(&stage, "membership", &of));
    stage.twin.stop().await;
}
