//! Access that comes back after a plan took it away is noticed at the next reading, with who or what brought it back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::plans::Return;
use app::views::scope::ScopeChoice;
use model::{AccountId, Action, DirectoryId, GroupId, PlanId};
use scenarios::ChangeStage;
use serde_json::{Value, json};
use twin::TwinOptions;

async fn stage() -> ChangeStage {
    let options = TwinOptions {
        users: 60,
        groups: 12,
        workspaces: 3,
        directories: Some(1),
        ..TwinOptions::default()
    };
    ChangeStage::new(options, None).await.unwrap()
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

/// Somebody leaves a group, by a plan that is done.
async fn removal(stage: &ChangeStage) -> (PlanId, Action) {
    let lines = stage.truth();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["kind"] == kind);
    let directory = text(of("directory_membership").next().unwrap(), "directory_id");
    for line in of("membership") {
        let action = Action::RemoveMember {
            directory: DirectoryId::new(&directory),
            group: GroupId::new(text(line, "group_id")),
            account: AccountId::new(text(line, "account_id")),
        };
        if let Some(plan) = stage.approved(vec![action.clone()], false).await.unwrap() {
            stage.apply(plan).await.unwrap();
            return (plan, action);
        }
    }
    panic!("no group can be changed");
}

/// Somebody gives back what the action took away, past the product.
async fn give_back(stage: &ChangeStage, action: &Action) {
    let connection = stage.app.connection_named(None).await.unwrap();
    let admin = stage.app.admin(&connection, &stage.api).await.unwrap();
    stage.undo_past_the_product(&admin, action).await.unwrap();
    stage.pass_s(120);
}

async fn read(stage: &ChangeStage) -> Vec<Return> {
    let app = &stage.app;
    app.sync(None, false, &stage.api, &app::Silent).await.unwrap();
    let scope = app.scope(&ScopeChoice::default()).await.unwrap();
    app.returns(&scope).await.unwrap()
}

#[tokio::test]
async fn what_stays_away_is_no_return() {
    let stage = stage().await;
    removal(&stage).await;
    stage.pass_s(120);
    assert!(read(&stage).await.is_empty());
}

#[tokio::test]
async fn a_member_who_is_back_is_noticed_once_with_who_did_it() {
    let stage = stage().await;
    let (plan, action) = removal(&stage).await;
    stage.pass_s(120);
    give_back(&stage, &action).await;
    let returns = read(&stage).await;
    assert_eq!(returns.len(), 1);
    let found = &returns[0];
    assert_eq!(found.plan, plan.to_string());
    assert!(found.is_still_so && found.what.contains("leaves the group"));
    assert!(
        found.cause.ends_with("gave it again, by the audit log"),
        "{}",
        found.cause
    );
    assert_eq!(read(&stage).await.len(), 1, "it is noticed once");
    let view = stage.plan(plan).await.unwrap();
    assert_eq!(view.returns.len(), 1);
    let line = view.journal.last().unwrap();
    assert_eq!((line.event.as_str(), &line.detail), ("came back", &found.cause));

    let again = stage.approved(vec![action], false).await.unwrap().unwrap();
    stage.apply(again).await.unwrap();
    stage.pass_s(120);
    let returns = read(&stage).await;
    assert_eq!(returns.len(), 1);
    assert!(!returns[0].is_still_so, "taken away again, it is no longer there");
}

#[tokio::test]
async fn without_an_audit_log_the_cause_is_not_known() {
    let stage = stage().await;
    let (_, action) = removal(&stage).await;
    stage.pass_s(120);
    give_back(&stage, &action).await;
    let refused = json!({ "probability": 1.0, "kinds": ["403"], "operations": ["getEvents"] });
    stage.faults(&refused).unwrap();
    let returns = read(&stage).await;
    assert_eq!(returns.len(), 1);
    assert!(returns[0].cause.starts_with("not known"), "{}", returns[0].cause);
}

#[tokio::test]
async fn what_a_plan_gives_again_on_purpose_is_no_return() {
    let stage = stage().await;
    let (plan, _) = removal(&stage).await;
    let made = stage.app.plan_undo(plan, &stage.api, "maker").await.unwrap();
    let undo = made.id.unwrap();
    stage.app.plan_approve(undo, None, None, "maker").await.unwrap();
    stage.apply(undo).await.unwrap();
    stage.pass_s(120);
    assert!(read(&stage).await.is_empty());
}
