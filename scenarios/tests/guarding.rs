//! What holds changes back: approval, switches and guards, when a plan is made and when it is carried out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::plans::PlanRequest;
use app::{AppError, WritesChange};
use model::{AccountId, Action, ActionState, DirectoryId, GroupId, PlanId, PlanState, ResourceId, RoleId};
use scenarios::ChangeStage;
use serde_json::{Value, json};
use twin::TwinOptions;

async fn stage() -> ChangeStage {
    let options = TwinOptions {
        users: 80,
        groups: 12,
        workspaces: 3,
        directories: Some(1),
        seed: 5,
        ..TwinOptions::default()
    };
    ChangeStage::new(options, None).await.unwrap()
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

fn organization_admins(stage: &ChangeStage) -> Vec<String> {
    let lines = stage.truth();
    let admins = lines
        .iter()
        .filter(|line| line["kind"] == "platform_role" && line["role"] == "atlassian/org-admin");
    admins.map(|line| text(line, "account_id")).collect()
}

/// Memberships of people who are no admins, as removals.
fn removals(stage: &ChangeStage) -> Vec<Action> {
    let lines = stage.truth();
    let admins = organization_admins(stage);
    let directory = lines
        .iter()
        .find(|line| line["kind"] == "directory_membership")
        .map(|line| text(line, "directory_id"))
        .unwrap();
    lines
        .iter()
        .filter(|line| line["kind"] == "membership")
        .filter(|line| !admins.contains(&text(line, "account_id")))
        .map(|line| Action::RemoveMember {
            directory: DirectoryId::new(&directory),
            group: GroupId::new(text(line, "group_id")),
            account: AccountId::new(text(line, "account_id")),
        })
        .collect()
}

async fn made(stage: &ChangeStage, actions: Vec<Action>, actor: &str) -> PlanId {
    let request = PlanRequest {
        actions,
        goes_on: true,
        actor,
        ..PlanRequest::default()
    };
    let made = stage.app.plan_make(&request, &stage.api).await.unwrap();
    made.id.unwrap()
}

async fn set(stage: &ChangeStage, change: WritesChange) {
    stage
        .app
        .connection_set_writes("stage", &change, "boss")
        .await
        .unwrap();
}

async fn tripped(stage: &ChangeStage) -> Vec<String> {
    let view = stage.app.connection_writes(None).await.unwrap();
    view.trips.into_iter().map(|trip| trip.guard).collect()
}

#[tokio::test]
async fn who_makes_a_plan_does_not_approve_it_and_what_is_approved_is_what_was_shown() {
    let stage = stage().await;
    set(
        &stage,
        WritesChange {
            self_approval: Some(false),
            comment_above: Some(1),
            ..WritesChange::default()
        },
    )
    .await;
    let removals = removals(&stage);
    let plan = made(&stage, vec![removals[0].clone()], "ana").await;
    let hash = stage.plan(plan).await.unwrap().plan.hash;
    let app = &stage.app;
    let own = app.plan_approve(plan, Some(&hash), None, "ana").await;
    assert!(matches!(own, Err(AppError::OwnPlan { .. })), "{own:?}");
    let other = app.plan_approve(plan, Some("another"), None, "ben").await;
    assert!(matches!(other, Err(AppError::OtherHash { .. })), "{other:?}");
    let early = stage.apply(plan).await;
    assert!(matches!(early, Err(AppError::NotApproved { .. })), "{early:?}");
    app.plan_approve(plan, Some(&hash), None, "ben").await.unwrap();

    let large = made(&stage, removals[1..3].to_vec(), "ana").await;
    let silent = app.plan_approve(large, None, None, "ben").await;
    assert!(matches!(silent, Err(AppError::NoComment { .. })), "{silent:?}");

    stage.pass_s(8 * 24 * 60 * 60);
    let late = stage.apply(plan).await;
    assert!(matches!(late, Err(AppError::PlanExpired { .. })), "{late:?}");
    let late = app.plan_approve(large, None, None, "ben").await;
    assert!(matches!(late, Err(AppError::PlanExpired { .. })), "{late:?}");
    stage.twin.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_while_changes_are_off() {
    let stage = stage().await;
    let plan = stage
        .approved(removals(&stage)[..1].to_vec(), true)
        .await
        .unwrap()
        .unwrap();
    let off = WritesChange {
        writes: Some(false),
        ..WritesChange::default()
    };
    set(&stage, off).await;
    let requests = stage.requests();
    let refused = stage.apply(plan).await;
    assert!(matches!(refused, Err(AppError::WritesOff { .. })), "{refused:?}");
    assert_eq!(stage.requests(), requests);
    assert_eq!(tripped(&stage).await, ["writes"]);
    stage.twin.stop().await;
}

#[tokio::test]
async fn the_last_organization_admin_stays_although_two_plans_each_left_one() {
    let stage = stage().await;
    let admins = organization_admins(&stage);
    let revoke = |account: &String| Action::RevokeRole {
        account: AccountId::new(account),
        resource: ResourceId::new(format!("ari:cloud:platform::org/{}", stage.twin.org_id())),
        role: RoleId::new("atlassian/org-admin"),
    };
    // Organizations that have one admin only would test the plan's making.
    assert!(admins.len() > 1, "{admins:?}");
    let (last, others) = admins.split_last().unwrap();
    let first = stage
        .approved(others.iter().map(revoke).collect(), true)
        .await
        .unwrap()
        .unwrap();
    let second = stage.approved(vec![revoke(last)], true).await.unwrap().unwrap();
    assert_eq!(stage.apply(first).await.unwrap().state, PlanState::Done);
    stage.pass_s(60);
    let held = stage.apply(second).await;
    assert!(matches!(held, Err(AppError::Guarded { .. })), "{held:?}");
    assert_eq!(tripped(&stage).await, ["last_admin"]);
    let view = stage.plan(second).await.unwrap();
    assert_eq!(view.plan.state, PlanState::Approved);
    stage.twin.stop().await;
}

#[tokio::test]
async fn who_is_protected_after_the_approval_loses_nothing_unless_somebody_says_why() {
    let stage = stage().await;
    let removal = removals(&stage)[0].clone();
    let account = removal.account().unwrap().to_string();
    let plan = stage
        .approved(vec![removal.clone()], true)
        .await
        .unwrap()
        .unwrap();
    let protect = WritesChange {
        protected_accounts: Some(vec![account]),
        ..WritesChange::default()
    };
    set(&stage, protect).await;
    let held = stage.apply(plan).await;
    assert!(matches!(held, Err(AppError::Guarded { .. })), "{held:?}");

    let again = made(&stage, vec![removal], "ana").await;
    let silent = stage.app.plan_approve(again, None, None, "ben").await;
    assert!(matches!(silent, Err(AppError::Guarded { .. })), "{silent:?}");
    let reason = Some("asked for by security");
    stage.app.plan_approve(again, None, reason, "ben").await.unwrap();
    assert_eq!(stage.apply(again).await.unwrap().state, PlanState::Done);
    stage.twin.stop().await;
}

#[tokio::test]
async fn many_failures_within_an_hour_stop_everything_for_that_hour() {
    let stage = stage().await;
    let few = WritesChange {
        failures_per_hour: Some(3),
        ..WritesChange::default()
    };
    set(&stage, few).await;
    let removals = removals(&stage);
    let plan = stage
        .approved(removals[..3].to_vec(), true)
        .await
        .unwrap()
        .unwrap();
    let refuse = json!({"operations": ["removeUserFromGroup"], "probability": 1.0, "kinds": ["403"]});
    stage.faults(&refuse).unwrap();
    assert_eq!(stage.apply(plan).await.unwrap().state, PlanState::Failed);
    stage.faults(&json!({})).unwrap();
    let next = stage
        .approved(removals[3..4].to_vec(), true)
        .await
        .unwrap()
        .unwrap();
    let held = stage.apply(next).await;
    assert!(matches!(held, Err(AppError::Guarded { .. })), "{held:?}");
    assert_eq!(tripped(&stage).await, ["failures"]);
    stage.pass_s(60 * 60);
    assert_eq!(stage.apply(next).await.unwrap().state, PlanState::Done);
    stage.twin.stop().await;
}

#[tokio::test]
async fn a_plan_that_cannot_read_how_things_stand_is_stopped_and_goes_on_later() {
    let stage = stage().await;
    let plan = stage
        .approved(removals(&stage)[..2].to_vec(), true)
        .await
        .unwrap()
        .unwrap();
    stage
        .faults(&json!({"operations": ["searchDirectoryUsers"], "probability": 1.0, "kinds": ["401"]}))
        .unwrap();
    assert!(stage.apply(plan).await.is_err());
    let view = stage.plan(plan).await.unwrap();
    assert_eq!(view.plan.state, PlanState::Stopped);
    assert!(view.plan.note.unwrap().contains("cannot read how things stand"));
    stage.faults(&json!({})).unwrap();
    assert_eq!(stage.apply(plan).await.unwrap().state, PlanState::Done);
    let view = stage.plan(plan).await.unwrap();
    let confirmed = |action: &app::plans::ActionView| action.state == ActionState::Confirmed;
    assert!(view.actions.iter().all(confirmed));
    stage.twin.stop().await;
}
