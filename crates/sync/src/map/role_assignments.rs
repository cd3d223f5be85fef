//! Role assignments of groups and of accounts.

use atlassian::Page;
use atlassian::wire::{AccountRoleAssignment, GroupRoleAssignment};
use model::{AccountId, Fact, GroupId, ResourceId, RoleId};
use store::{Hint, HintRow, Observation};

/// What a page of a group's role assignments says.
pub(crate) fn group_grants(group: &str, page: &Page<GroupRoleAssignment>) -> Observation {
    let group = GroupId::new(group);
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for assignment in page
        .items
        .iter()
        .filter(|assignment| !assignment.resource_id.is_empty())
    {
        let resource = ResourceId::new(&assignment.resource_id);
        let grants = assignment
            .roles
            .iter()
            .map(|role| Fact::group_role_grant(&group, &resource, &RoleId::new(role)));
        observation.facts.extend(grants);
    }
    observation
}

/// What a page of an account's role assignments says: its holdings and, where told and wanted, their methods.
pub(crate) fn account_assignments(
    account: &str,
    page: &Page<AccountRoleAssignment>,
    with_methods: bool,
) -> Observation {
    let id = AccountId::new(account);
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    observation.hints.push(HintRow {
        hint: Hint::ReadPrecisely,
        key: [account.to_owned(), String::new()],
        number: 1,
    });
    for assignment in page
        .items
        .iter()
        .filter(|assignment| !assignment.resource_id.is_empty())
    {
        let resource = ResourceId::new(&assignment.resource_id);
        match &assignment.role_assignments {
            Some(assignments) => {
                for assignment in assignments
                    .iter()
                    .filter(|assignment| !assignment.role.is_empty())
                {
                    let role = RoleId::new(&assignment.role);
                    observation.facts.push(Fact::role_holding(&id, &resource, &role));
                    if let (true, Some(methods)) = (with_methods, &assignment.role_assignment_methods) {
                        let mut methods = methods.clone();
                        methods.sort_unstable();
                        methods.dedup();
                        observation
                            .facts
                            .push(Fact::method(&id, &resource, &role, methods));
                    }
                }
            }
            None => {
                let roles = assignment.roles.iter().flatten();
                let holdings = roles.map(|role| Fact::role_holding(&id, &resource, &RoleId::new(role)));
                observation.facts.extend(holdings);
            }
        }
    }
    observation
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::FactKind;

    #[test]
    fn methods_are_taken_only_when_told_and_wanted() {
        let items = serde_json::from_str(
            r#"[{"resourceId":"r1","roleAssignments":[{"role":"x","roleAssignmentMethods":["group_direct","direct"]}]},
                {"resourceId":"r2","roles":["y"]}]"#,
        );
        let page = Page {
            items: items.unwrap(),
            next: None,
            sent_at: 1,
        };
        let with = account_assignments("a", &page, true);
        let without = account_assignments("a", &page, false);
        let methods = |observation: &Observation| {
            observation
                .facts
                .iter()
                .filter(|fact| fact.kind == FactKind::Method)
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(methods(&with).len(), 1);
        assert_eq!(
            methods(&with)[0].attributes.json("methods"),
            serde_json::json!(["direct", "group_direct"])
        );
        assert!(methods(&without).is_empty());
        assert_eq!(without.facts.len(), 2);
    }
}
