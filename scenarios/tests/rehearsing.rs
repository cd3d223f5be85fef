//! Rehearsing: a plan is carried out where it changes nothing, and reality is compared with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::ScimCredential;
use app::rehearsal::Place;
use model::{AccountId, Action, ActionState, DirectoryId, GroupId, PlanId, PlanState};
use scenarios::ChangeStage;
use secrecy::SecretString;
use serde_json::{Value, json};
use twin::{Twin, TwinOptions};

/// The twin as a place to rehearse in.
struct Copy(Twin);

impl Place for Copy {
    fn base_url(&self) -> String {
        self.0.base_url().to_owned()
    }

    fn key(&self) -> SecretString {
        SecretString::from(self.0.api_key())
    }

    fn scim(&self) -> ScimCredential {
        ScimCredential {
            url: self.0.scim_base_url().to_owned(),
            token: SecretString::from(self.0.scim_token()),
        }
    }

    fn facts(&self) -> Vec<String> {
        self.0.truth(true)
    }

    fn pass(&self, ms: i64) {
        self.0.advance_ms(ms);
    }
}

async fn copy(stage: &ChangeStage, plan: PlanId) -> Copy {
    let scene = stage.app.rehearsal_scene(plan).await.unwrap();
    let options = TwinOptions {
        organization_id: Some(scene.organization_id),
        ..TwinOptions::default()
    };
    Copy(Twin::start_from(options, scene.facts.into_iter()).await.unwrap())
}

async fn stage() -> ChangeStage {
    let options = TwinOptions {
        users: 200,
        groups: 40,
        workspaces: 5,
        directories: Some(1),
        seed: 21,
        ..TwinOptions::default()
    };
    let stage = ChangeStage::new(options, None).await.unwrap();
    stage.read_again().await.unwrap();
    stage
}

/// Leaving some groups that give roles.
fn leaving(stage: &ChangeStage) -> Vec<Action> {
    let truth = stage.truth();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let of_kind = |kind: &'static str| truth.iter().filter(move |line| line["kind"] == kind);
    let directory = text(of_kind("directory_membership").next().unwrap(), "directory_id");
    let gives = |group: &str| of_kind("group_role_grant").any(|line| line["group_id"] == group);
    let memberships = of_kind("membership").filter(|line| gives(&text(line, "group_id")));
    let action = |line: &Value| Action::RemoveMember {
        directory: DirectoryId::new(&directory),
        group: GroupId::new(text(line, "group_id")),
        account: AccountId::new(text(line, "account_id")),
    };
    memberships.step_by(17).take(12).map(action).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rehearsed_is_what_happens_and_nothing_happens_by_rehearsing() {
    let stage = stage().await;
    let before = stage.truth();
    let plan = stage.approved(leaving(&stage), false).await.unwrap().unwrap();
    let view = stage.plan(plan).await.unwrap();
    let place = copy(&stage, plan).await;
    let requests = stage.requests();
    let rehearsal = stage
        .app
        .rehearse(plan, &place, &stage.api, "test")
        .await
        .unwrap();

    assert_eq!(stage.requests(), requests, "the real one was asked");
    assert_eq!(stage.truth(), before, "the real one was changed");
    assert_eq!(rehearsal.state, PlanState::Done, "{rehearsal:?}");
    assert_eq!(rehearsal.confirmed, view.actions.len());
    assert_eq!(rehearsal.hash, view.plan.hash);
    assert!(rehearsal.requests > 0 && rehearsal.duration_ms > 0);
    assert!(rehearsal.lost_count > 0, "{rehearsal:?}");
    // What the preview worked out is what the rehearsal showed.
    let sorted = |lines: &[app::plans::EffectLine]| {
        let mut lines = lines.to_vec();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&rehearsal.lost), sorted(&view.effects.lost));
    let kept = stage.plan(plan).await.unwrap();
    assert_eq!(kept.rehearsal.as_ref(), Some(&rehearsal));
    assert_eq!(kept.reality, None);

    stage.apply(plan).await.unwrap();
    let again = stage.app.rehearse(plan, &place, &stage.api, "test").await;
    assert!(again.is_err(), "what was begun is no longer rehearsed");
    let reality = stage.plan(plan).await.unwrap().reality.unwrap();
    assert_eq!(reality.surprises, []);
    assert!(reality.requests > 0);
    assert_eq!((reality.not_gained, reality.not_lost), (None, None));
    stage.pass_s(60);
    stage.read_again().await.unwrap();
    let reality = stage.plan(plan).await.unwrap().reality.unwrap();
    assert_eq!(
        (reality.not_gained, reality.not_lost),
        (Some(vec![]), Some(vec![]))
    );
    place.0.stop().await;
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_reality_differs_it_is_said() {
    let stage = stage().await;
    let actions = leaving(&stage);
    let plan = stage
        .approved(actions[..1].to_vec(), false)
        .await
        .unwrap()
        .unwrap();
    let place = copy(&stage, plan).await;
    let rehearsal = stage
        .app
        .rehearse(plan, &place, &stage.api, "test")
        .await
        .unwrap();
    assert_eq!(rehearsal.state, PlanState::Done);
    let faults = json!({"probability": 1.0, "kinds": ["403"], "operations": ["removeUserFromGroup"]});
    stage.faults(&faults).unwrap();
    stage.apply(plan).await.unwrap();
    stage.faults(&json!({})).unwrap();
    stage.pass_s(60);
    stage.read_again().await.unwrap();
    let reality = stage.plan(plan).await.unwrap().reality.unwrap();
    assert_eq!(reality.surprises.len(), 1);
    let surprise = &reality.surprises[0];
    assert_eq!(
        (surprise.rehearsed, surprise.really),
        (ActionState::Confirmed, ActionState::Failed)
    );
    assert_eq!(reality.not_lost, Some(rehearsal.lost));
    place.0.stop().await;
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_the_one_that_was_looked_at_is_not_begun() {
    let stage = stage().await;
    let actions = leaving(&stage);
    let plan = stage
        .approved(actions[..1].to_vec(), false)
        .await
        .unwrap()
        .unwrap();
    let mut tx = stage.app.store.write().await.unwrap();
    let row = tx.plan_actions(plan).await.unwrap().remove(0);
    tx.action_rewrite(row.id, &actions[1], None).await.unwrap();
    tx.commit().await.unwrap();
    let before = stage.truth();
    let refused = stage.apply(plan).await.unwrap_err();
    assert!(matches!(refused, app::AppError::OtherHash { .. }), "{refused}");
    assert_eq!(stage.truth(), before);
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_place_are_part_of_the_rehearsal() {
    let stage = stage().await;
    let plan = stage.approved(leaving(&stage), true).await.unwrap().unwrap();
    let place = copy(&stage, plan).await;
    let faults =
        json!({"probability": 0.5, "kinds": ["403"], "operations": ["removeUserFromGroup"], "seed": 4});
    place.0.set_faults(&faults).unwrap();
    let rehearsal = stage
        .app
        .rehearse(plan, &place, &stage.api, "test")
        .await
        .unwrap();
    assert_eq!(rehearsal.state, PlanState::Failed);
    assert!(
        !rehearsal.others.is_empty() && rehearsal.confirmed > 0,
        "{rehearsal:?}"
    );
    assert!(rehearsal.others.iter().all(|other| other.reason.is_some()));
    place.0.stop().await;
    stage.twin.stop().await;
}
