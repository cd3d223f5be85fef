//! Every action, and everything that can go wrong with it: the end is confirmed and true, or an honest failure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::{AccountId, Action, ActionState, DirectoryId, GroupId, PlanState, ResourceId, RoleId, TokenId};
use scenarios::ChangeStage;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use twin::TwinOptions;

/// The rows of the table: one for each action there is.
const ROWS: [&str; 19] = [
    "add_member",
    "remove_member",
    "grant_role",
    "revoke_role",
    "grant_group_role",
    "revoke_group_role",
    "create_group",
    "delete_group",
    "invite",
    "create_account",
    "update_profile",
    "suspend",
    "restore",
    "remove_from_directory",
    "deactivate",
    "reactivate",
    "delete_account",
    "cancel_deletion",
    "revoke_token",
];

/// The row of an action, and the twin's name of its write. A new action does not compile until it has both.
fn row(action: &Action) -> (&'static str, &'static str) {
    match action {
        Action::AddMember { .. } => ("add_member", "addUserToGroup"),
        Action::RemoveMember { .. } => ("remove_member", "removeUserFromGroup"),
        Action::GrantRole { .. } => ("grant_role", "grantUserAccess"),
        Action::RevokeRole { .. } => ("revoke_role", "revokeUserAccess"),
        Action::GrantGroupRole { .. } => ("grant_group_role", "grantGroupAccess"),
        Action::RevokeGroupRole { .. } => ("revoke_group_role", "revokeGroupAccess"),
        Action::CreateGroup { .. } => ("create_group", "createGroup"),
        Action::DeleteGroup { .. } => ("delete_group", "deleteGroup"),
        Action::Invite { .. } => ("invite", "inviteUsers"),
        Action::CreateAccount { .. } => ("create_account", "scimCreateUser"),
        Action::UpdateProfile { .. } => ("update_profile", "updateProfile"),
        Action::Suspend { .. } => ("suspend", "suspendDirectoryUser"),
        Action::Restore { .. } => ("restore", "restoreDirectoryUser"),
        Action::RemoveFromDirectory { .. } => ("remove_from_directory", "removeDirectoryUser"),
        Action::Deactivate { .. } => ("deactivate", "disableUser"),
        Action::Reactivate { .. } => ("reactivate", "enableUser"),
        Action::DeleteAccount { .. } => ("delete_account", "deleteUser"),
        Action::CancelDeletion { .. } => ("cancel_deletion", "cancelDeleteUser"),
        Action::RevokeToken { .. } => ("revoke_token", "deleteApiToken"),
    }
}

/// What can happen to a write: the twin's name of it, and whether the write landed before.
const FAULTS: [(&str, bool); 21] = [
    ("400", false),
    ("401", false),
    ("402", false),
    ("403", false),
    ("404", false),
    ("409-1", false),
    ("409-2", false),
    ("409-3", false),
    ("415", false),
    ("429", false),
    ("429-no-retry-after", false),
    ("500", false),
    ("503", false),
    ("reset", false),
    ("500", true),
    ("503", true),
    ("reset", true),
    ("cut", true),
    ("malformed", true),
    ("content-type", true),
    // Refused although it is so: somebody else made the same change at the same time.
    ("409-2", true),
];

fn options() -> TwinOptions {
    TwinOptions {
        users: 200,
        groups: 80,
        workspaces: 5,
        directories: Some(1),
        seed: 11,
        ..TwinOptions::default()
    }
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

/// What the stage holds that actions can be about.
struct Subjects {
    lines: Vec<Value>,
    /// Group and account.
    members: BTreeSet<(String, String)>,
    admins: BTreeSet<String>,
    /// Account and resource.
    holders: BTreeSet<(String, String)>,
    directory: DirectoryId,
}

impl Subjects {
    fn of(stage: &ChangeStage) -> Subjects {
        let lines = stage.truth();
        let directory = lines
            .iter()
            .find(|line| line["kind"] == "directory_membership")
            .unwrap();
        let directory = DirectoryId::new(text(directory, "directory_id"));
        let pairs = |kind: &str, one: &str, other: &str| {
            let lines = lines.iter().filter(|line| line["kind"] == kind);
            lines.map(|line| (text(line, one), text(line, other))).collect()
        };
        Subjects {
            members: pairs("membership", "group_id", "account_id"),
            admins: pairs("platform_role", "account_id", "role")
                .into_iter()
                .map(|(account, _)| account)
                .collect(),
            holders: pairs("role_holding", "account_id", "resource_id"),
            lines,
            directory,
        }
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["kind"] == kind)
    }

    fn has(&self, line: &Value) -> bool {
        self.lines.contains(line)
    }

    fn is_admin(&self, account: &str) -> bool {
        self.admins.contains(account)
    }

    /// Active managed accounts that are no administrators.
    fn people(&self) -> Vec<String> {
        let is_plain = |line: &&Value| {
            line["account_type"] == "atlassian"
                && line["account_status"] == "active"
                && line["claim_status"] == "managed"
                && !self.is_admin(&text(line, "account_id"))
        };
        self.of_kind("account")
            .filter(is_plain)
            .map(|line| text(line, "account_id"))
            .collect()
    }

    fn with_status(&self, status: &str) -> Vec<String> {
        self.of_kind("directory_membership")
            .filter(|line| line["status"] == status)
            .map(|line| text(line, "account_id"))
            .filter(|account| !self.is_admin(account))
            .collect()
    }

    /// Actions of a row, each about something else.
    fn actions(&self, row: &str) -> Vec<Action> {
        let directory = || self.directory.clone();
        let groups: Vec<String> = self.of_kind("group").map(|line| text(line, "group_id")).collect();
        let account = |id: &String| AccountId::new(id);
        match row {
            "add_member" => {
                let action = |(group, person): (&String, String)| Action::AddMember {
                    directory: directory(),
                    group: GroupId::new(group),
                    account: AccountId::new(person),
                };
                let people = self.people();
                let pairs = groups
                    .iter()
                    .flat_map(|group| people.iter().take(9).map(move |person| (group, person)));
                let is_member =
                    |group: &String, person: &String| self.members.contains(&(group.clone(), person.clone()));
                let others = pairs.filter(|(group, person)| !is_member(group, person));
                others
                    .map(|(group, person)| action((group, person.clone())))
                    .collect()
            }
            "remove_member" => self
                .of_kind("membership")
                .map(|line| Action::RemoveMember {
                    directory: directory(),
                    group: GroupId::new(text(line, "group_id")),
                    account: AccountId::new(text(line, "account_id")),
                })
                .collect(),
            "grant_role" => {
                let holds = |person: &str, resource: &str| {
                    self.holders.contains(&(person.to_owned(), resource.to_owned()))
                };
                let mut actions = Vec::new();
                let people = self.people();
                for workspace in self.of_kind("workspace") {
                    let resource = text(workspace, "workspace_id");
                    let people = people.iter().filter(|person| !holds(person, &resource));
                    actions.extend(people.take(30).map(|person| Action::GrantRole {
                        account: AccountId::new(person),
                        resource: ResourceId::new(&resource),
                        role: RoleId::new("atlassian/user"),
                    }));
                }
                actions
            }
            "revoke_role" => self.undone("grant_role"),
            "grant_group_role" => {
                let resource = text(self.of_kind("workspace").next().unwrap(), "workspace_id");
                let gives = |group: &&String| {
                    self.of_kind("group_role_grant")
                        .any(|line| line["group_id"] == ***group && line["resource_id"] == resource)
                };
                let action = |group: &String| Action::GrantGroupRole {
                    directory: directory(),
                    group: GroupId::new(group),
                    resource: ResourceId::new(&resource),
                    role: RoleId::new("atlassian/user"),
                };
                groups.iter().filter(|group| !gives(group)).map(action).collect()
            }
            "revoke_group_role" => self.undone("grant_group_role"),
            "create_group" => (0..60)
                .map(|number| Action::CreateGroup {
                    directory: directory(),
                    name: format!("new group {number}"),
                    description: None,
                })
                .collect(),
            "delete_group" => {
                // A default group gives roles, and is not deleted.
                let gives = |group: &&String| {
                    self.of_kind("group_role_grant")
                        .any(|line| line["group_id"] == ***group)
                };
                let action = |group: &String| Action::DeleteGroup {
                    directory: directory(),
                    group: GroupId::new(group),
                };
                groups.iter().filter(|group| !gives(group)).map(action).collect()
            }
            "invite" => (0..60)
                .map(|number| Action::Invite {
                    email: format!("guest{number}@elsewhere.example"),
                    groups: Vec::new(),
                })
                .collect(),
            "create_account" => (0..60)
                .map(|number| Action::CreateAccount {
                    email: format!("new{number}@acme.example"),
                    name: format!("New Person{number}"),
                    user_name: None,
                    given_and_family: None,
                })
                .collect(),
            "update_profile" => {
                let action = |person: &String| Action::UpdateProfile {
                    account: account(person),
                    fields: BTreeMap::from([("name".to_owned(), format!("Renamed {person}"))]),
                };
                self.people().iter().map(action).collect()
            }
            "suspend" | "remove_from_directory" => {
                let places = self.with_status("active");
                let action = |person: &String| {
                    let (directory, account) = (directory(), account(person));
                    if row == "suspend" {
                        Action::Suspend { directory, account }
                    } else {
                        Action::RemoveFromDirectory { directory, account }
                    }
                };
                places.iter().map(action).collect()
            }
            "restore" => self.undone("suspend"),
            "deactivate" => self
                .people()
                .iter()
                .map(|person| Action::Deactivate {
                    account: account(person),
                })
                .collect(),
            "reactivate" => self.undone("deactivate"),
            "delete_account" => self
                .people()
                .iter()
                .map(|person| Action::DeleteAccount {
                    account: account(person),
                })
                .collect(),
            "cancel_deletion" => self.undone("delete_account"),
            "revoke_token" => self
                .of_kind("api_token")
                .map(|line| Action::RevokeToken {
                    account: AccountId::new(text(line, "account_id")),
                    token: TokenId::new(text(line, "token_id")),
                })
                .collect(),
            other => panic!("{other} has no subjects"),
        }
    }

    /// The undoing of another row's actions.
    fn undone(&self, row: &str) -> Vec<Action> {
        self.actions(row).iter().filter_map(Action::undo).collect()
    }

    /// What is done first, without faults, so that an action has something to undo.
    fn before(&self, action: &Action) -> Option<Action> {
        match action.clone() {
            Action::RevokeRole {
                account,
                resource,
                role,
            } => Some(Action::GrantRole {
                account,
                resource,
                role,
            }),
            Action::RevokeGroupRole {
                directory,
                group,
                resource,
                role,
            } => Some(Action::GrantGroupRole {
                directory,
                group,
                resource,
                role,
            }),
            Action::Restore { directory, account } => Some(Action::Suspend { directory, account }),
            Action::Reactivate { account } => Some(Action::Deactivate { account }),
            Action::CancelDeletion { account } => Some(Action::DeleteAccount { account }),
            _ => None,
        }
    }

    /// Whether the truth shows what the action wants.
    fn shows(&self, action: &Action) -> bool {
        let member = |group: &GroupId, account: &AccountId| {
            self.has(&json!({"kind": "membership", "group_id": group, "account_id": account}))
        };
        let grant = |group: &GroupId, resource: &ResourceId, role: &RoleId| {
            self.has(&json!({"kind": "group_role_grant", "group_id": group, "resource_id": resource, "role": role}))
        };
        let direct = |account: &AccountId, resource: &ResourceId, role: &RoleId| {
            self.of_kind("method").any(|line| {
                line["account_id"] == account.as_str()
                    && line["resource_id"] == resource.as_str()
                    && line["role"] == role.as_str()
                    && line["methods"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|method| method == "direct")
            })
        };
        let of_account = |account: &AccountId| {
            self.of_kind("account")
                .find(|line| line["account_id"] == account.as_str())
        };
        let is_active =
            |account: &AccountId| of_account(account).is_some_and(|line| line["account_status"] == "active");
        let place = |account: &AccountId| {
            let mut places = self.of_kind("directory_membership");
            places
                .find(|line| line["account_id"] == account.as_str())
                .map(|line| text(line, "status"))
        };
        let by_email = |email: &str| self.of_kind("account").any(|line| line["email"] == email);
        match action {
            Action::AddMember { group, account, .. } => member(group, account),
            Action::RemoveMember { group, account, .. } => !member(group, account),
            Action::GrantRole {
                account,
                resource,
                role,
            } => direct(account, resource, role),
            Action::RevokeRole {
                account,
                resource,
                role,
            } => !direct(account, resource, role),
            Action::GrantGroupRole {
                group,
                resource,
                role,
                ..
            } => grant(group, resource, role),
            Action::RevokeGroupRole {
                group,
                resource,
                role,
                ..
            } => !grant(group, resource, role),
            Action::CreateGroup { name, .. } => self.of_kind("group").any(|line| line["name"] == **name),
            Action::DeleteGroup { group, .. } => !self
                .of_kind("group")
                .any(|line| line["group_id"] == group.as_str()),
            Action::Invite { email, .. } | Action::CreateAccount { email, .. } => by_email(email),
            Action::UpdateProfile { account, fields } => {
                of_account(account).is_some_and(|line| line["name"] == *fields["name"])
            }
            Action::Suspend { account, .. } => place(account).as_deref() == Some("suspended"),
            Action::Restore { account, .. } => place(account).as_deref() == Some("active"),
            Action::RemoveFromDirectory { account, .. } => place(account).is_none(),
            Action::Deactivate { account } | Action::DeleteAccount { account } => !is_active(account),
            Action::Reactivate { account } | Action::CancelDeletion { account } => is_active(account),
            Action::RevokeToken { token, .. } => !self
                .of_kind("api_token")
                .any(|line| line["token_id"] == token.as_str()),
        }
    }
}

/// The next action of a row that the product lets through, approved.
async fn next_plan(stage: &ChangeStage, row: &str, used: &mut usize) -> (model::PlanId, Action) {
    let subjects = Subjects::of(stage);
    // The subjects are the same each time, except for those that are gone.
    let actions = subjects.actions(row);
    loop {
        let action = actions
            .get(*used)
            .unwrap_or_else(|| panic!("{row} has too few subjects"))
            .clone();
        *used += 1;
        if subjects.shows(&action) && subjects.before(&action).is_none() {
            continue;
        }
        if let Some(before) = subjects.before(&action) {
            let Some(plan) = stage.approved(vec![before], false).await.unwrap() else {
                continue;
            };
            if stage.apply(plan).await.unwrap().state != PlanState::Done {
                continue;
            }
        }
        if let Some(plan) = stage.approved(vec![action.clone()], false).await.unwrap() {
            return (plan, action);
        }
    }
}

/// Which answers and deaths are tried. SQLite sees all of them; PostgreSQL a third, another one for each row, unless
/// the whole table is asked for, as the soak does.
fn is_tried(number: usize, row: &str, on_postgres: bool) -> bool {
    let turn = ROWS.iter().position(|known| *known == row).unwrap();
    !on_postgres || std::env::var_os("ORGWARDEN_WHOLE_TABLE").is_some() || number % 3 == turn % 3
}

/// One row of the table: the action in peace, under each fault, and killed after each request.
async fn table_row(name: &str, postgres: Option<String>) {
    let is_tried = |number: usize| is_tried(number, name, postgres.is_some());
    let stage = ChangeStage::new(options(), postgres.as_deref()).await.unwrap();
    let mut used = 0;
    let first = Subjects::of(&stage).actions(name).remove(0);
    let (row_name, write) = row(&first);
    assert_eq!(row_name, name);

    let (plan, action) = next_plan(&stage, name, &mut used).await;
    let carried = stage.apply(plan).await.unwrap();
    let view = stage.plan(plan).await.unwrap();
    assert_eq!(
        carried.state,
        PlanState::Done,
        "{name}: {:?}",
        view.actions[0].reason
    );
    stage.pass_s(300);
    assert!(
        Subjects::of(&stage).shows(&action),
        "{name} is confirmed and not true"
    );
    // Again, it is so already.
    if let Some(again) = stage.approved(vec![action.clone()], false).await.unwrap() {
        assert_eq!(
            stage.apply(again).await.unwrap().state,
            PlanState::Done,
            "{name} a second time"
        );
        assert!(
            stage.plan(again).await.unwrap().actions[0].was_so,
            "{name} a second time"
        );
    }

    let faults = FAULTS.iter().enumerate().filter(|(number, _)| is_tried(*number));
    for (_, &(fault, landed)) in faults {
        let (plan, action) = next_plan(&stage, name, &mut used).await;
        let faults = json!({
            "probability": 1.0, "kinds": [fault], "operations": [write], "times": 1, "after_work": landed,
        });
        stage.faults(&faults).unwrap();
        let what = format!("{name}, {fault}, landed: {landed}");
        stage
            .apply(plan)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        stage.faults(&json!({})).unwrap();
        stage.pass_s(300);
        let view = stage.plan(plan).await.unwrap();
        let line = &view.actions[0];
        let is_true = Subjects::of(&stage).shows(&action);
        match line.state {
            ActionState::Confirmed => assert!(is_true, "{what}: confirmed and not true"),
            ActionState::Failed => {
                assert!(!is_true, "{what}: failed and true");
                assert!(
                    line.reason.is_some() && line.next_step.is_some(),
                    "{what}: no reason"
                );
            }
            ActionState::Stuck => {
                assert!(action.twice_matters(), "{what}: stuck, {:?}", line.reason);
                assert!(
                    line.reason.is_some() && line.next_step.is_some(),
                    "{what}: no reason"
                );
            }
            other => panic!("{what}: left {other:?}"),
        }
        if landed {
            assert_eq!(line.state, ActionState::Confirmed, "{what}: it landed");
        }
        if action.twice_matters() && !fault.starts_with("429") {
            assert_eq!(line.attempts, 1, "{what}: sent more than once");
        }
    }

    for requests in (1..7_u64).filter(|requests| is_tried(*requests as usize)) {
        let (plan, action) = next_plan(&stage, name, &mut used).await;
        let was_killed = stage.apply_and_die_after(plan, requests).await;
        // The lease of the dead runs out.
        stage.pass_s(120);
        let carried = stage.apply(plan).await.unwrap();
        stage.pass_s(300);
        let view = stage.plan(plan).await.unwrap();
        let what = format!("{name}, killed after {requests} requests ({was_killed})");
        let is_true = Subjects::of(&stage).shows(&action);
        if action.twice_matters() && carried.state != PlanState::Done {
            assert_eq!(view.actions[0].state, ActionState::Stuck, "{what}");
        } else {
            assert_eq!(
                carried.state,
                PlanState::Done,
                "{what}: {:?}",
                view.actions[0].reason
            );
            assert!(is_true, "{what}: confirmed and not true");
        }
    }
    stage.twin.stop().await;
}

macro_rules! rows {
    ($($row:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() {
                super::table_row(stringify!($row), None).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() {
                if let Some(url) = testkit::postgres_url().await {
                    super::table_row(stringify!($row), Some(url)).await;
                }
            })+
        }

        #[test]
        fn every_action_has_its_row() {
            let tests = [$(stringify!($row)),+];
            assert_eq!(tests, ROWS);
        }
    };
}

rows!(
    add_member,
    remove_member,
    grant_role,
    revoke_role,
    grant_group_role,
    revoke_group_role,
    create_group,
    delete_group,
    invite,
    create_account,
    update_profile,
    suspend,
    restore,
    remove_from_directory,
    deactivate,
    reactivate,
    delete_account,
    cancel_deletion,
    revoke_token,
);
