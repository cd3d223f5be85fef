//! What can be changed at Atlassian, and the states that a change goes through.
//!
//! A *plan* is a proposed set of *actions*; an action is one remote change. Actions are plain values: they say what is
//! to become true, never how it is done. `provision` is the only crate that carries them out.

use crate::ids::{AccountId, DirectoryId, GroupId, ResourceId, RoleId, TokenId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change of something at Atlassian.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// An account joins a group.
    AddMember {
        /// The directory of both.
        directory: DirectoryId,
        /// The group.
        group: GroupId,
        /// Who joins.
        account: AccountId,
    },
    /// An account leaves a group.
    RemoveMember {
        /// The directory of both.
        directory: DirectoryId,
        /// The group.
        group: GroupId,
        /// Who leaves.
        account: AccountId,
    },
    /// A role is given to an account itself. The role of organization admin is held on the organization.
    GrantRole {
        /// Who gets it.
        account: AccountId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
    },
    /// A role that an account was given itself is taken.
    RevokeRole {
        /// Who loses it.
        account: AccountId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
    },
    /// A group begins to give a role.
    GrantGroupRole {
        /// The group's directory.
        directory: DirectoryId,
        /// The group.
        group: GroupId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
    },
    /// A group stops giving a role.
    RevokeGroupRole {
        /// The group's directory.
        directory: DirectoryId,
        /// The group.
        group: GroupId,
        /// On what.
        resource: ResourceId,
        /// Which.
        role: RoleId,
    },
    /// A group is made.
    CreateGroup {
        /// Where.
        directory: DirectoryId,
        /// Its name, which no other group of the directory has.
        name: String,
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// A group is deleted; who had access only through it loses that.
    DeleteGroup {
        /// Its directory.
        directory: DirectoryId,
        /// The group.
        group: GroupId,
    },
    /// A person is invited by e-mail.
    Invite {
        /// Where to.
        email: String,
        /// The groups to join.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<GroupId>,
    },
    /// An account is made through SCIM; a managed one with that address is linked instead.
    CreateAccount {
        /// The address, which is also the name in the SCIM directory unless another is given.
        email: String,
        /// The full name.
        name: String,
        /// The name in the SCIM directory, where it is not the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_name: Option<String>,
        /// The given and the family name, where they are told apart; otherwise the last word is the family name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given_and_family: Option<(String, String)>,
    },
    /// Fields of a managed account's profile get other values.
    UpdateProfile {
        /// Whose.
        account: AccountId,
        /// `name`, `nickname`, `zoneinfo` or `locale`, and the new value.
        fields: BTreeMap<String, String>,
    },
    /// An account loses its access to a directory and keeps roles and groups for later.
    Suspend {
        /// Where.
        directory: DirectoryId,
        /// Who.
        account: AccountId,
    },
    /// A suspension ends.
    Restore {
        /// Where.
        directory: DirectoryId,
        /// Who.
        account: AccountId,
    },
    /// An account is removed from a directory with all that it has there.
    RemoveFromDirectory {
        /// Where.
        directory: DirectoryId,
        /// Who.
        account: AccountId,
    },
    /// A managed account cannot be used any more, anywhere.
    Deactivate {
        /// Which.
        account: AccountId,
    },
    /// A deactivated account can be used again.
    Reactivate {
        /// Which.
        account: AccountId,
    },
    /// A managed account is deleted after 14 days and deactivated until then.
    DeleteAccount {
        /// Which.
        account: AccountId,
    },
    /// A deletion is taken back within its 14 days.
    CancelDeletion {
        /// Whose.
        account: AccountId,
    },
    /// One API token stops working.
    RevokeToken {
        /// Whose.
        account: AccountId,
        /// Which.
        token: TokenId,
    },
}

impl Action {
    /// What undoes it, as far as that is known from the action alone.
    pub fn undo(&self) -> Option<Action> {
        let undo = match self.clone() {
            Action::AddMember {
                directory,
                group,
                account,
            } => Action::RemoveMember {
                directory,
                group,
                account,
            },
            Action::RemoveMember {
                directory,
                group,
                account,
            } => Action::AddMember {
                directory,
                group,
                account,
            },
            Action::GrantRole {
                account,
                resource,
                role,
            } => Action::RevokeRole {
                account,
                resource,
                role,
            },
            Action::RevokeRole {
                account,
                resource,
                role,
            } => Action::GrantRole {
                account,
                resource,
                role,
            },
            Action::GrantGroupRole {
                directory,
                group,
                resource,
                role,
            } => Action::RevokeGroupRole {
                directory,
                group,
                resource,
                role,
            },
            Action::RevokeGroupRole {
                directory,
                group,
                resource,
                role,
            } => Action::GrantGroupRole {
                directory,
                group,
                resource,
                role,
            },
            Action::Suspend { directory, account } => Action::Restore { directory, account },
            Action::Restore { directory, account } => Action::Suspend { directory, account },
            Action::Deactivate { account } => Action::Reactivate { account },
            Action::Reactivate { account } => Action::Deactivate { account },
            Action::DeleteAccount { account } => Action::CancelDeletion { account },
            Action::CancelDeletion { .. }
            | Action::CreateGroup { .. }
            | Action::DeleteGroup { .. }
            | Action::Invite { .. }
            | Action::CreateAccount { .. }
            | Action::UpdateProfile { .. }
            | Action::RemoveFromDirectory { .. }
            | Action::RevokeToken { .. } => return None,
        };
        Some(undo)
    }

    /// The account it is about, if it is about one that exists.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Action::AddMember { account, .. }
            | Action::RemoveMember { account, .. }
            | Action::GrantRole { account, .. }
            | Action::RevokeRole { account, .. }
            | Action::UpdateProfile { account, .. }
            | Action::Suspend { account, .. }
            | Action::Restore { account, .. }
            | Action::RemoveFromDirectory { account, .. }
            | Action::Deactivate { account }
            | Action::Reactivate { account }
            | Action::DeleteAccount { account }
            | Action::CancelDeletion { account }
            | Action::RevokeToken { account, .. } => Some(account),
            Action::GrantGroupRole { .. }
            | Action::RevokeGroupRole { .. }
            | Action::CreateGroup { .. }
            | Action::DeleteGroup { .. }
            | Action::Invite { .. }
            | Action::CreateAccount { .. } => None,
        }
    }

    /// The group it is about, if it is about one that exists.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Action::AddMember { group, .. }
            | Action::RemoveMember { group, .. }
            | Action::GrantGroupRole { group, .. }
            | Action::RevokeGroupRole { group, .. }
            | Action::DeleteGroup { group, .. } => Some(group),
            _ => None,
        }
    }

    /// The groups that it names and that an action of the same plan makes first, by [`GroupId::made`].
    pub fn needs(&self) -> Vec<&GroupId> {
        let invited_to: &[GroupId] = match self {
            Action::Invite { groups, .. } => groups,
            _ => &[],
        };
        let named = self.group().into_iter().chain(invited_to);
        named.filter(|group| group.made_as().is_some()).collect()
    }

    /// The group that it makes, by [`GroupId::made`].
    pub fn makes(&self) -> Option<GroupId> {
        match self {
            Action::CreateGroup { directory, name, .. } => Some(GroupId::made(directory, name)),
            _ => None,
        }
    }

    /// The same about another group, wherever it names this one.
    pub fn with_group(&self, before: &GroupId, after: &GroupId) -> Action {
        let mut action = self.clone();
        match &mut action {
            Action::AddMember { group, .. }
            | Action::RemoveMember { group, .. }
            | Action::GrantGroupRole { group, .. }
            | Action::RevokeGroupRole { group, .. }
            | Action::DeleteGroup { group, .. }
                if group == before =>
            {
                *group = after.clone();
            }
            Action::Invite { groups, .. } => {
                for group in groups.iter_mut().filter(|group| *group == before) {
                    *group = after.clone();
                }
            }
            _ => {}
        }
        action
    }

    /// Whether it may take access away.
    pub fn takes_away(&self) -> bool {
        matches!(
            self,
            Action::RemoveMember { .. }
                | Action::RevokeRole { .. }
                | Action::RevokeGroupRole { .. }
                | Action::DeleteGroup { .. }
                | Action::Suspend { .. }
                | Action::RemoveFromDirectory { .. }
                | Action::Deactivate { .. }
                | Action::DeleteAccount { .. }
        )
    }

    /// Whether sending it a second time does more than sending it once, so that only a person may decide to.
    pub fn twice_matters(&self) -> bool {
        matches!(self, Action::Invite { .. })
    }
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$state_doc:meta])* $state:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$state_doc])* #[serde(rename = $text)] $state),*
        }

        impl $name {
            /// The word for it, in tables and in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$state => $text),*
                }
            }

            /// The state with this word.
            pub fn from_name(name: &str) -> Option<$name> {
                match name {
                    $($text => Some($name::$state),)*
                    _ => None,
                }
            }
        }
    };
}

states! {
    /// How far an action is.
    ActionState {
        /// It waits for its plan to be approved.
        Planned = "planned",
        /// It may be carried out.
        Approved = "approved",
        /// An intent is on record: the change is being sent, or was sent and is not seen yet.
        Running = "running",
        /// It was sent and nobody knows whether it landed; reading will tell.
        Unknown = "unknown",
        /// It is so, seen by reading.
        Confirmed = "confirmed",
        /// It was not done, for a reason that is on record.
        Failed = "failed",
        /// It could not be settled by reading; a person must look.
        Stuck = "stuck",
    }
}

impl ActionState {
    /// Whether nothing more happens to it by itself.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            ActionState::Confirmed | ActionState::Failed | ActionState::Stuck
        )
    }
}

states! {
    /// How far a plan is.
    PlanState {
        /// Nobody approved it yet.
        Planned = "planned",
        /// It may be carried out.
        Approved = "approved",
        /// It is being carried out, or was when its worker ended.
        Running = "running",
        /// A person paused it; what is under way is still settled.
        Paused = "paused",
        /// It stopped after a failure or a tripped guard; the rest waits.
        Stopped = "stopped",
        /// All its actions are confirmed.
        Done = "done",
        /// It came to its end, and some action failed or is stuck.
        Failed = "failed",
        /// A person gave it up before its end.
        Cancelled = "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoing_twice_is_doing() {
        let suspend = Action::Suspend {
            directory: DirectoryId::new("d"),
            account: AccountId::new("a"),
        };
        assert_eq!(suspend.undo().and_then(|undo| undo.undo()), Some(suspend));
    }

    #[test]
    fn an_action_reads_back_as_it_was_written() {
        let action = Action::RemoveMember {
            directory: DirectoryId::new("d"),
            group: GroupId::new("g"),
            account: AccountId::new("a"),
        };
        let text = serde_json::to_string(&action).unwrap();
        assert_eq!(
            text,
            r#"{"action":"remove_member","directory":"d","group":"g","account":"a"}"#
        );
        assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), action);
    }

    #[test]
    fn what_names_a_group_that_is_to_be_made_needs_that() {
        let directory = DirectoryId::new("d");
        let make = Action::CreateGroup {
            directory: directory.clone(),
            name: "a/b".into(),
            description: None,
        };
        let made = make.makes().unwrap();
        assert_eq!(made.made_as(), Some((directory, "a/b")));
        let invite = |group: &GroupId| Action::Invite {
            email: "x@acme.example".into(),
            groups: vec![GroupId::new("g"), group.clone()],
        };
        assert_eq!(invite(&made).needs(), [&made]);
        let real = GroupId::new("h");
        assert_eq!(invite(&made).with_group(&made, &real), invite(&real));
        assert!(invite(&real).needs().is_empty());
    }

    #[test]
    fn states_have_words() {
        assert_eq!(ActionState::from_name("stuck"), Some(ActionState::Stuck));
        assert_eq!(PlanState::from_name("stuck"), None);
    }
}
