//! What an action waits for: a group that an action of the same plan makes first.
//!
//! Until that is confirmed the group has no id, and [`GroupId::made`] stands for it. Then the id is looked up, and the
//! action is kept with it before its intent is written. When the group was not made, nothing that needs it is done.

use crate::verdict::Why;
use atlassian::{Admin, ApiError};
use model::{Action, ActionState, GroupId};
use std::collections::BTreeMap;
use store::ActionRow;

/// What an action waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// Something that is not settled yet.
    Later,
    /// The real ids of these groups, which are there now.
    Ids(Vec<GroupId>),
    /// Something that was not done.
    InVain(Why),
}

/// Looks at what an action waits for among all actions of its plan.
pub(crate) fn look(action: &Action, all: &[ActionRow]) -> Needs {
    let groups = action.needs();
    if groups.is_empty() {
        return Needs::Nothing;
    }
    let mut is_later = false;
    for group in &groups {
        let maker = all.iter().find(|row| row.action.makes().as_ref() == Some(*group));
        match maker.map(|row| row.state) {
            Some(ActionState::Confirmed) => {}
            Some(ActionState::Failed | ActionState::Stuck) | None => return Needs::InVain(not_made(group)),
            Some(_) => is_later = true,
        }
    }
    if is_later {
        Needs::Later
    } else {
        Needs::Ids(groups.into_iter().cloned().collect())
    }
}

/// The real ids of groups that were made; `known` keeps them from being asked for again.
///
/// The outer error is a failure to ask.
pub(crate) async fn ids(
    admin: &Admin,
    groups: &[GroupId],
    known: &mut BTreeMap<GroupId, GroupId>,
) -> Result<Result<BTreeMap<GroupId, GroupId>, Why>, ApiError> {
    for made in groups.iter() {
        let Some((directory, name)) = made.made_as().filter(|_| !known.contains_key(made)) else {
            continue;
        };
        let found = admin.groups_named(directory.as_str(), &[name.to_owned()]).await?;
        let real = found.iter().find(|group| group.name.as_deref() == Some(name));
        match real {
            Some(real) => known.insert(made.clone(), GroupId::new(&real.id)),
            None => return Ok(Err(not_made(made))),
        };
    }
    Ok(Ok(known.clone()))
}

/// The action with real ids, and what would undo it.
pub(crate) fn with_ids(row: &ActionRow, ids: &BTreeMap<GroupId, GroupId>) -> ActionRow {
    let mut row = row.clone();
    for (made, real) in ids {
        row.action = row.action.with_group(made, real);
        row.undo = row.undo.map(|undo| undo.with_group(made, real));
    }
    row
}

fn not_made(group: &GroupId) -> Why {
    let name = group
        .made_as()
        .map_or_else(|| group.to_string(), |(_, name)| name.to_owned());
    Why {
        reason: format!("not sent, because it needs the group {name}, which was not made"),
        next_step: "see why it was not made, then make a plan for the rest".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AccountId, ActionId, DirectoryId, PlanId};

    fn row(action: Action, state: ActionState) -> ActionRow {
        ActionRow {
            id: ActionId(1),
            plan: PlanId(1),
            position: 0,
            state,
            undo: action.undo(),
            action,
            attempts: 0,
            intent_at: None,
            was_so: false,
            settled_at: None,
            reason: None,
            next_step: None,
        }
    }

    #[test]
    fn a_member_waits_for_its_group_and_fails_with_it() {
        let directory = DirectoryId::new("d");
        let make = Action::CreateGroup {
            directory: directory.clone(),
            name: "n".into(),
            description: None,
        };
        let made = GroupId::made(&directory, "n");
        let join = Action::AddMember {
            directory,
            group: made.clone(),
            account: AccountId::new("a"),
        };
        let look = |state| {
            look(
                &join,
                &[row(make.clone(), state), row(join.clone(), ActionState::Approved)],
            )
        };
        assert_eq!(look(ActionState::Approved), Needs::Later);
        assert_eq!(look(ActionState::Unknown), Needs::Later);
        assert_eq!(look(ActionState::Confirmed), Needs::Ids(vec![made.clone()]));
        assert!(matches!(look(ActionState::Failed), Needs::InVain(_)));
        let real = BTreeMap::from([(made, GroupId::new("g"))]);
        let joined = with_ids(&row(join, ActionState::Approved), &real);
        assert_eq!(joined.action.group(), Some(&GroupId::new("g")));
        assert_eq!(joined.undo.unwrap().group(), Some(&GroupId::new("g")));
    }
}
