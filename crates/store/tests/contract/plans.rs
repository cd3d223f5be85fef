//! Plans, their actions and the journal of both.

use crate::reading::{HOUR, START, connect};
use model::{AccountId, Action, ActionState, PlanId, PlanState};
use store::{GuardTrip, Guards, JournalRow, NewPlan, Settlement, Store};
use testkit::TestDatabase;

on_both!(
    a_plan_reads_back_as_it_was_made,
    a_state_changes_only_from_the_one_expected,
    a_plan_waits_for_who_may_go_on_with_it,
    an_intent_is_written_once_and_counted,
    a_settled_action_says_what_became_of_it,
    what_was_confirmed_and_what_came_back_is_found,
    the_journal_keeps_its_order,
    a_guard_remembers_its_latest_trip,
    what_guards_a_connection_is_kept,
    a_planned_reading_is_hastened_and_never_put_off
);

fn deactivate(id: &str) -> Action {
    Action::Deactivate {
        account: AccountId::new(id),
    }
}

async fn make(store: &Store) -> (i64, PlanId) {
    let (organization_id, connection_id) = connect(store, "acme", "org-1").await;
    let actions = [(deactivate("a"), deactivate("a").undo()), (deactivate("b"), None)];
    let new = NewPlan {
        organization_id,
        connection_id,
        title: "two leave",
        made_by: "ana",
        made_at: START,
        comment: Some("left"),
        hash: "0a",
        expires_at: START + HOUR,
        goes_on: true,
        undo_of: None,
        preview: "{}",
        actions: &actions,
    };
    let mut tx = store.write().await.unwrap();
    let id = tx.plan_add(&new).await.unwrap();
    tx.commit().await.unwrap();
    (organization_id, id)
}

async fn a_plan_reads_back_as_it_was_made(database: TestDatabase) {
    let (organization, id) = make(&database.store).await;
    let mut tx = database.store.write().await.unwrap();
    tx.plan_preview(id, r#"{"version":1}"#).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let plan = tx.plan_find(id).await.unwrap().unwrap();
    assert_eq!(plan.state, PlanState::Planned);
    assert_eq!(
        (plan.title.as_str(), plan.comment.as_deref(), plan.goes_on),
        ("two leave", Some("left"), true)
    );
    assert_eq!(plan.preview, r#"{"version":1}"#);
    let listed = store::PlanRow {
        preview: String::new(),
        ..plan
    };
    assert_eq!(tx.plan_list(organization, 10).await.unwrap(), [listed]);
    let actions = tx.plan_actions(id).await.unwrap();
    let of = |position: usize| (actions[position].action.clone(), actions[position].undo.clone());
    assert_eq!(
        of(0),
        (
            deactivate("a"),
            Some(Action::Reactivate {
                account: AccountId::new("a")
            })
        )
    );
    assert_eq!(of(1), (deactivate("b"), None));
    assert_eq!(tx.plan_find(PlanId(999)).await.unwrap(), None);
}

async fn a_plan_waits_for_who_may_go_on_with_it(database: TestDatabase) {
    let (organization, id) = make(&database.store).await;
    let mut tx = database.store.write().await.unwrap();
    tx.plan_comment(id, "agreed").await.unwrap();
    let mut waits = Vec::new();
    for (now, person, own) in [
        (START, "ana", true),
        (START, "ana", false),
        (START, "ben", false),
        (START + HOUR + 1, "ben", false),
    ] {
        waits.push(tx.plan_waiting(organization, now, person, own).await.unwrap());
    }
    assert_eq!(waits, [1, 0, 1, 0]);
    tx.plan_move(id, PlanState::Planned, PlanState::Running)
        .await
        .unwrap();
    assert_eq!(
        tx.plan_waiting(organization, START, "ben", true).await.unwrap(),
        0
    );
    tx.plan_move(id, PlanState::Running, PlanState::Stopped)
        .await
        .unwrap();
    tx.plan_comment(id, "too late").await.unwrap();
    assert_eq!(
        tx.plan_waiting(organization, START, "ben", true).await.unwrap(),
        1
    );
    let plan = tx.plan_find(id).await.unwrap().unwrap();
    assert_eq!(plan.comment.as_deref(), Some("agreed"));
}

async fn a_state_changes_only_from_the_one_expected(database: TestDatabase) {
    let (_, id) = make(&database.store).await;
    let mut tx = database.store.write().await.unwrap();
    assert!(
        !tx.plan_move(id, PlanState::Approved, PlanState::Running)
            .await
            .unwrap()
    );
    assert!(
        tx.plan_move(id, PlanState::Planned, PlanState::Approved)
            .await
            .unwrap()
    );
    tx.plan_approved(id, "ben", START + 1).await.unwrap();
    tx.plan_started(id, START + 2).await.unwrap();
    tx.plan_ended(id, START + 3, Some("stopped")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let plan = tx.plan_find(id).await.unwrap().unwrap();
    assert_eq!(
        (plan.state, plan.approved_by.as_deref()),
        (PlanState::Approved, Some("ben"))
    );
    assert_eq!(
        (plan.started_at, plan.ended_at),
        (Some(START + 2), Some(START + 3))
    );
    assert_eq!(plan.note.as_deref(), Some("stopped"));
    assert_eq!(tx.plan_tally(id).await.unwrap(), [(ActionState::Approved, 2)]);
}

async fn an_intent_is_written_once_and_counted(database: TestDatabase) {
    let (organization, id) = make(&database.store).await;
    database.store.commit_durably(true).await.unwrap();
    let mut tx = database.store.write().await.unwrap();
    let first = tx.plan_actions(id).await.unwrap()[0].id;
    assert!(
        !tx.action_intend(first, START).await.unwrap(),
        "it is not approved"
    );
    tx.plan_approved(id, "ben", START).await.unwrap();
    let other = deactivate("c");
    assert!(tx.action_rewrite(first, &other, None).await.unwrap());
    let row = tx.plan_actions(id).await.unwrap().remove(0);
    assert_eq!((row.action, row.undo), (other, None));
    assert!(tx.action_intend(first, START + 5).await.unwrap());
    assert!(
        !tx.action_rewrite(first, &deactivate("d"), None).await.unwrap(),
        "it is under way"
    );
    assert!(
        !tx.action_intend(first, START + 6).await.unwrap(),
        "it is under way"
    );
    tx.commit().await.unwrap();
    database.store.commit_durably(false).await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    assert_eq!(tx.plan_actions(id).await.unwrap()[0].attempts, 1);
    let recent = tx.actions_since(organization, START + 5).await.unwrap();
    assert_eq!((recent.sent, recent.not_confirmed), (1, 0));
    let none = tx.actions_since(organization, START + 6).await.unwrap();
    assert_eq!((none.sent, none.not_confirmed), (0, 0));
}

async fn a_settled_action_says_what_became_of_it(database: TestDatabase) {
    let (_, id) = make(&database.store).await;
    let mut tx = database.store.write().await.unwrap();
    let first = tx.plan_actions(id).await.unwrap()[0].id;
    assert!(
        !tx.action_move(first, ActionState::Running, ActionState::Failed)
            .await
            .unwrap()
    );
    assert!(
        tx.action_move(first, ActionState::Planned, ActionState::Failed)
            .await
            .unwrap()
    );
    let settlement = Settlement {
        was_so: false,
        reason: Some("no licence".into()),
        next_step: Some("free a seat".into()),
    };
    tx.action_settled(first, START + 9, &settlement).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let action = tx.plan_actions(id).await.unwrap().remove(0);
    assert_eq!(
        (action.state, action.settled_at),
        (ActionState::Failed, Some(START + 9))
    );
    assert_eq!(action.reason.as_deref(), Some("no licence"));
    assert_eq!(action.next_step.as_deref(), Some("free a seat"));
}

async fn what_was_confirmed_and_what_came_back_is_found(database: TestDatabase) {
    let (organization, id) = make(&database.store).await;
    let mut tx = database.store.write().await.unwrap();
    let first = tx.plan_actions(id).await.unwrap()[0].id;
    tx.action_move(first, ActionState::Planned, ActionState::Confirmed)
        .await
        .unwrap();
    tx.action_settled(first, START, &Settlement::default())
        .await
        .unwrap();
    let line = |event: &str| JournalRow {
        action: Some(first),
        at: START + 1,
        actor: "the reading".into(),
        event: event.into(),
        detail: "{}".into(),
    };
    tx.journal_add(id, &[line("confirmed"), line("came back")])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let confirmed = tx.actions_confirmed(organization, START).await.unwrap();
    assert_eq!(confirmed, [tx.action_find(first).await.unwrap().unwrap()]);
    assert!(
        tx.actions_confirmed(organization, START + 1)
            .await
            .unwrap()
            .is_empty()
    );
    let back = tx.journal_events(organization, "came back").await.unwrap();
    assert_eq!(back, [(id, line("came back"))]);
    assert!(
        tx.journal_events(organization + 1, "came back")
            .await
            .unwrap()
            .is_empty()
    );
}

async fn the_journal_keeps_its_order(database: TestDatabase) {
    let (_, id) = make(&database.store).await;
    let line = |event: &str| JournalRow {
        action: None,
        at: START,
        actor: "ana".into(),
        event: event.into(),
        detail: String::new(),
    };
    let mut tx = database.store.write().await.unwrap();
    tx.journal_add(id, &[line("planned"), line("approved")])
        .await
        .unwrap();
    tx.journal_add(id, &[line("begun")]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    let lines = tx.journal_of(id, 10).await.unwrap();
    assert_eq!(lines, [line("planned"), line("approved"), line("begun")]);
}

async fn a_guard_remembers_its_latest_trip(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let trip = |at| GuardTrip {
        guard: "share".into(),
        at,
        plan: Some(PlanId(3)),
        detail: "too many".into(),
    };
    let mut tx = database.store.write().await.unwrap();
    tx.guard_tripped(connection, &trip(START)).await.unwrap();
    tx.guard_tripped(connection, &trip(START + 1)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = database.store.read().await.unwrap();
    assert_eq!(tx.guard_trips(connection).await.unwrap(), [trip(START + 1)]);
}

async fn what_guards_a_connection_is_kept(database: TestDatabase) {
    let (_, connection) = connect(&database.store, "acme", "org-1").await;
    let mut tx = database.store.write().await.unwrap();
    let before = tx.connection_find("acme").await.unwrap().unwrap();
    assert!(
        !before.writes && !before.self_approval,
        "changes are off at first"
    );
    let guards = Guards {
        version: 1,
        protected_groups: vec!["admins*".into()],
        ..Guards::default()
    };
    tx.connection_set_writes(connection, (true, false), &guards)
        .await
        .unwrap();
    let after = tx.connection_find("acme").await.unwrap().unwrap();
    assert_eq!(
        (after.writes, after.self_approval, after.guards),
        (true, false, guards)
    );
}

async fn a_planned_reading_is_hastened_and_never_put_off(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    tx.job_plan("sync", "sync/acme", "acme", START + HOUR)
        .await
        .unwrap();
    tx.job_hasten("sync/acme", START + 5).await.unwrap();
    tx.job_hasten("sync/acme", START + 2 * HOUR).await.unwrap();
    tx.commit().await.unwrap();
    let store = &database.store;
    assert_eq!(store.job_take("sync", START + 4, START + 9).await.unwrap(), None);
    assert!(
        store
            .job_take("sync", START + 5, START + 9)
            .await
            .unwrap()
            .is_some()
    );
}
