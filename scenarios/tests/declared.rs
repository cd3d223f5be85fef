//! Access as code: what is exported shows no drift, what changed is named, and the plan ends the difference.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::declared::{Drift, Sign};
use model::{ActionState, PlanId, PlanState};
use scenarios::ChangeStage;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use twin::{Shape, TwinOptions};

fn options(seed: u64, shape: Shape) -> TwinOptions {
    TwinOptions {
        users: 250,
        groups: 30,
        workspaces: 5,
        seed,
        shape,
        ..TwinOptions::default()
    }
}

/// One line of drift: sign, group, account, resource, role.
type Line = (Sign, String, String, String, String);

fn lines(drift: &Drift) -> BTreeSet<Line> {
    let mut all = BTreeSet::new();
    for difference in &drift.differences {
        for line in &difference.lines {
            let id = difference.id.clone().unwrap_or_default();
            let is_group = difference.kind == "group";
            let group = line.group.as_ref().map(|group| group.group_id.clone());
            let account = line.account.as_ref().map(|account| account.account_id.clone());
            all.insert((
                line.sign,
                group.unwrap_or_else(|| if is_group { id.clone() } else { String::new() }),
                account.unwrap_or_default(),
                if is_group { String::new() } else { id },
                line.role.clone().unwrap_or_default(),
            ));
        }
    }
    all
}

/// What can be declared, of a truth: groups, memberships, roles of groups, roles of accounts themselves.
fn declarable(truth: &[Value]) -> BTreeSet<[String; 4]> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut all = BTreeSet::new();
    for line in truth {
        let one = ["group_id", "account_id", "resource_id", "role"].map(|name| text(line, name));
        let is_own = || {
            let mut methods = line["methods"].as_array().unwrap().iter();
            methods.any(|method| method == "direct")
        };
        match line["kind"].as_str().unwrap() {
            "group" | "membership" | "group_role_grant" => {
                all.insert(one);
            }
            "method" if is_own() => {
                all.insert(one);
            }
            _ => {}
        }
    }
    all
}

async fn round_trip(shape: Shape) {
    for seed in [3, 4] {
        let stage = ChangeStage::new(options(seed, shape), None).await.unwrap();
        let without_methods = stage.access_file().await.unwrap();
        let drift = stage.drift(&without_methods).await;
        let drift = drift.unwrap_or_else(|error| panic!("{error}"));
        assert!(drift.is_none() && drift.unclear.is_empty(), "{drift:?}");
        stage.read_again().await.unwrap();
        let with_methods = stage.access_file().await.unwrap();
        let drift = stage.drift(&with_methods).await;
        let drift = drift.unwrap_or_else(|error| panic!("{error}"));
        assert!(drift.is_none() && drift.unclear.is_empty(), "{drift:?}");
        stage.twin.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_of_a_typical_organization_shows_no_drift() {
    round_trip(Shape::Typical).await;
    round_trip(Shape::DirectHeavy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_of_a_messy_organization_shows_no_drift() {
    round_trip(Shape::Messy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_of_nearly_nothing_shows_no_drift() {
    for shape in [Shape::Empty, Shape::Single, Shape::AllSuspended] {
        round_trip(shape).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_named_and_nothing_else_and_the_plan_ends_it() {
    for (seed, shape) in [(5, Shape::Typical), (6, Shape::Messy)] {
        let stage = ChangeStage::new(options(seed, shape), None).await.unwrap();
        stage.read_again().await.unwrap();
        let file = stage.access_file().await.unwrap();
        let before = declarable(&stage.truth());
        stage.twin.mutate(40, seed);
        stage.pass_s(60);
        stage.read_again().await.unwrap();
        let after = declarable(&stage.truth());

        let drift = stage.drift(&file).await;
        let drift = drift.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(lines(&drift), expected(&before, &after));
        assert!(!drift.is_none());

        let (plan, refused) = stage.approved_for(&drift).await.unwrap();
        let planned = confirmed(&stage, plan).await;
        stage.pass_s(300);
        stage.read_again().await.unwrap();
        let left = stage.drift(&file).await.unwrap();
        // What remains cannot be changed from here: it is gone, or an identity provider owns it.
        let gone = lines(&drift).len() - planned - refused;
        assert_eq!(lines(&left).len(), gone + refused, "{left:?}");
        assert!(lines(&left).is_subset(&lines(&drift)));
        stage.twin.stop().await;
    }
}

/// The drift of a file of everything that was, by the truths before and after.
fn expected(before: &BTreeSet<[String; 4]>, after: &BTreeSet<[String; 4]>) -> BTreeSet<Line> {
    let all = |truth: &BTreeSet<[String; 4]>, at: usize| -> BTreeSet<String> {
        truth.iter().map(|one| one[at].clone()).collect()
    };
    let (groups_before, resources_before) = (all(before, 0), all(before, 2));
    let groups_after = all(after, 0);
    let named = |sign, one: &[String; 4]| {
        let [group, account, resource, role] = one.clone();
        (sign, group, account, resource, role)
    };
    let mut expected = BTreeSet::new();
    for one in before.difference(after) {
        // A group that is gone is told once, not for each of its members.
        let is_member = one[2].is_empty() && !one[1].is_empty();
        if !is_member || groups_after.contains(&one[0]) {
            expected.insert(named(Sign::Missing, one));
        }
    }
    for one in after.difference(before) {
        // Of a group or resource that it does not name, the file says nothing.
        let is_named = if one[2].is_empty() {
            groups_before.contains(&one[0])
        } else {
            resources_before.contains(&one[2])
        };
        if is_named {
            expected.insert(named(Sign::Extra, one));
        }
    }
    expected
}

/// Carries a plan out; all of it is confirmed. Answers how many actions that is.
async fn confirmed(stage: &ChangeStage, plan: Option<PlanId>) -> usize {
    let Some(plan) = plan else { return 0 };
    stage.apply(plan).await.unwrap();
    let view = stage.plan(plan).await.unwrap();
    for action in &view.actions {
        let is_confirmed = action.state == ActionState::Confirmed;
        assert!(is_confirmed, "{}: {:?}", action.what, action.reason);
    }
    view.actions.len()
}

/// The e-mail addresses of some active people, and the id of the first workspace.
fn some(stage: &ChangeStage) -> (Vec<String>, String) {
    let truth = stage.truth();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let people = truth.iter().filter(|line| {
        line["kind"] == "account" && line["account_status"] == "active" && line["email"].is_string()
    });
    let workspace = truth.iter().find(|line| line["kind"] == "workspace").unwrap();
    (
        people.map(|line| text(line, "email")).take(6).collect(),
        text(workspace, "workspace_id"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_with_its_members_and_roles_by_one_plan() {
    let options = TwinOptions {
        directories: Some(1),
        ..options(8, Shape::Typical)
    };
    let stage = ChangeStage::new(options, None).await.unwrap();
    let (people, workspace) = some(&stage);
    let file = format!(
        "groups:\n  - name: new team\n    create: true\n    members: [\"{}\", \"{}\"]\nresources:\n  - id: \"{workspace}\"\n    ignore: [\"*\"]\n    groups:\n      - {{ group: new team, role: user }}\n",
        people[1], people[2]
    );
    let drift = stage.drift(&file).await.unwrap();
    assert_eq!((drift.missing, drift.extra), (4, 0), "{drift:?}");

    // The group is refused: what needs it is not sent.
    let (plan, _) = stage.approved_for(&drift).await.unwrap();
    let faults = json!({"probability": 1.0, "kinds": ["403"], "operations": ["createGroup"]});
    stage.faults(&faults).unwrap();
    let carried = stage.apply(plan.unwrap()).await.unwrap();
    assert_eq!(carried.state, PlanState::Failed);
    let view = stage.plan(plan.unwrap()).await.unwrap();
    for waiting in &view.actions[1..] {
        assert_eq!(waiting.needs, [view.actions[0].id.clone()]);
        assert_eq!((waiting.state, waiting.attempts), (ActionState::Failed, 0));
        assert!(waiting.reason.as_deref().unwrap().contains("new team"));
    }
    stage.faults(&json!({})).unwrap();

    let (plan, _) = stage.approved_for(&drift).await.unwrap();
    let gained = stage.plan(plan.unwrap()).await.unwrap().effects.gained_count;
    assert!(gained <= 2, "two members gain one role at most");
    let carried = stage.apply(plan.unwrap()).await.unwrap();
    let view = stage.plan(plan.unwrap()).await.unwrap();
    assert_eq!(carried.state, PlanState::Done, "{:?}", view.actions);
    stage.pass_s(300);
    stage.read_again().await.unwrap();
    assert!(stage.drift(&file).await.unwrap().is_none());
    // Its name is enough from now on.
    let absent = "groups:\n  - name: new team\n    absent: true\n";
    let drift = stage.drift(absent).await.unwrap();
    assert_eq!((drift.missing, drift.extra), (0, 1));
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_too_much_and_what_is_ignored_is_not() {
    let stage = ChangeStage::new(options(9, Shape::Typical), None).await.unwrap();
    let exported = stage.access_file().await.unwrap();
    // The first group with members: its head, its first member, the others.
    let begin = exported.find("    members:\n      - ").unwrap();
    let name_at = exported[..begin].rfind("  - name: ").unwrap();
    let group = &exported[name_at..begin];
    let members = exported[begin..].lines().skip(1);
    let members: Vec<&str> = members.take_while(|line| line.starts_with("      - ")).collect();
    let who = members[0]
        .trim_start_matches("      - ")
        .split(" #")
        .next()
        .unwrap();
    let others: String = members[1..].iter().map(|line| format!("{line}\n")).collect();
    let list = if others.is_empty() { " []" } else { "" };
    let file = |first: &str| format!("groups:\n{group}    members:\n{first}{others}");

    let all = file(&format!("{}\n", members[0]));
    assert!(stage.drift(&all).await.unwrap().is_none());
    let expired = file(&format!(
        "      - account: {who}\n        reason: for the audit\n        expires: 2020-01-31\n"
    ));
    let drift = stage.drift(&expired).await.unwrap();
    assert_eq!((drift.missing, drift.extra), (0, 1));
    let line = &drift.differences[0].lines[0];
    assert_eq!(line.note.as_deref(), Some("declared until 2020-01-31"));
    assert_eq!(line.reason.as_deref(), Some("for the audit"));
    let not_yet = expired.replace("2020", "2999");
    assert!(stage.drift(&not_yet).await.unwrap().is_none());

    let missing = format!("groups:\n{group}    members:{list}\n{others}");
    assert_eq!(stage.drift(&missing).await.unwrap().extra, 1);
    let ignored = format!("ignore:\n  accounts: [{who}]\n{missing}");
    assert!(stage.drift(&ignored).await.unwrap().is_none());
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_a_group_gives_too_is_asked_about_before_it_is_given() {
    let stage = ChangeStage::new(options(12, Shape::Typical), None).await.unwrap();
    let truth = stage.truth();
    let by_group_only = truth.iter().find(|line| {
        line["kind"] == "method"
            && line["methods"] == json!(["group_direct"])
            && line["role"] == "atlassian/user"
    });
    let held = by_group_only.unwrap();
    let file = format!(
        "resources:\n  - id: {}\n    ignore: [\"*\"]\n    accounts:\n      - {{ account: {}, role: user }}\n",
        held["resource_id"], held["account_id"]
    );
    let drift = stage.drift(&file).await.unwrap();
    assert!(drift.is_none(), "{drift:?}");
    assert_eq!(drift.unclear.len(), 1);
    let (plan, _) = stage.approved_for(&drift).await.unwrap();
    assert_eq!(confirmed(&stage, plan).await, 1);
    stage.pass_s(60);
    // Asked again, it is its own: nothing is left to plan.
    let (plan, refused) = stage.approved_for(&drift).await.unwrap();
    assert_eq!((plan, refused), (None, 0));
    stage.read_again().await.unwrap();
    let drift = stage.drift(&file).await.unwrap();
    assert!(drift.is_none() && drift.unclear.is_empty(), "{drift:?}");
    stage.twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_mean_nothing_are_told_with_their_places() {
    let stage = ChangeStage::new(options(10, Shape::Typical), None).await.unwrap();
    let (people, workspace) = some(&stage);
    let nearly = people[0].replacen('@', "x@", 1);
    let file = format!(
        "groups:\n  - name: nobody knows this\n    members: []\nresources:\n  - id: \"{workspace}\"\n    groups: []\n    accounts:\n      - {{ account: \"{nearly}\", role: usr }}\n",
    );
    let error = stage.drift(&file).await.unwrap_err().to_string();
    let told: Vec<&str> = error.lines().collect();
    let group = "access.yaml:2:11: no group is known as \"nobody knows this\"";
    assert!(
        told[0].starts_with(group) && told[0].contains("create: true"),
        "{error}"
    );
    let account = "access.yaml:8:20: no account is known as";
    assert!(
        told[1].starts_with(account) && told[1].contains(&people[0]),
        "{error}"
    );
    let role = told[2].starts_with("access.yaml:8:");
    assert!(role && told[2].contains("did you mean User (user)"), "{error}");
    stage.twin.stop().await;
}
