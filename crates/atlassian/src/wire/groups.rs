//! Groups, the roles they give, and the roles of an account with their methods.

use super::RawPage;
use crate::drift::Drift;
use serde::Deserialize;

/// A group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The directory it is in.
    pub directory_id: Option<String>,
    /// What may be done with it.
    pub management_access: Option<ManagementAccess>,
    /// Whether an identity provider owns it.
    pub external_synced: Option<bool>,
    /// `external`, `admins`, `team-members`, `open`; open.
    pub managed_by: Option<String>,
    /// Counts; absent unless expanded.
    pub counts: Option<GroupCounts>,
}

/// What may be done with a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ManagementAccess {
    /// Whether it may be deleted.
    pub deletable: Option<bool>,
    /// Whether its members may be changed here.
    pub modifiable: Option<bool>,
}

/// Counts of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GroupCounts {
    /// Members.
    pub users: Option<i64>,
    /// Resources on which it gives a role.
    pub resources: Option<i64>,
}

/// The roles that a group gives on one resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupRoleAssignment {
    /// The resource.
    pub resource_id: String,
    /// The roles. One published snapshot nests the list; that shape is flattened.
    #[serde(deserialize_with = "flat_roles")]
    pub roles: Vec<String>,
}

/// The roles of an account on one resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountRoleAssignment {
    /// The resource.
    pub resource_id: String,
    /// Roles with how they came about.
    pub role_assignments: Option<Vec<RoleMethods>>,
    /// Roles alone; deprecated by Atlassian, used where the list above is absent.
    pub roles: Option<Vec<String>>,
}

/// A role with how the account came to hold it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleMethods {
    /// The role.
    pub role: String,
    /// `direct`, `group_direct`, `inferred`; open. `None` when not told.
    pub role_assignment_methods: Option<Vec<String>>,
}

fn flat_roles<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum RoleOrRoles {
        One(String),
        Several(Vec<String>),
    }
    let nested = Option::<Vec<RoleOrRoles>>::deserialize(deserializer)?.unwrap_or_default();
    let flat = nested.into_iter().flat_map(|item| match item {
        RoleOrRoles::One(role) => vec![role],
        RoleOrRoles::Several(roles) => roles,
    });
    Ok(flat.collect())
}

const FIELDS: [&str; 9] = [
    "id",
    "name",
    "description",
    "directoryId",
    "managementAccess",
    "externalSynced",
    "managedBy",
    "counts",
    "links",
];

impl Group {
    /// Counts what of a page is unknown.
    pub(crate) fn note_drift(drift: &Drift, page: &RawPage, groups: &[Group]) {
        if let Some(first) = page.data.first() {
            drift.fields("group", first.get(), &FIELDS);
        }
        for group in groups {
            let known = ["external", "admins", "team-members", "open"];
            drift.value("group.managedBy", group.managed_by.as_deref(), &known);
        }
    }
}

impl AccountRoleAssignment {
    /// Counts what of a page is unknown.
    pub(crate) fn note_drift(drift: &Drift, page: &RawPage, assignments: &[AccountRoleAssignment]) {
        if let Some(first) = page.data.first() {
            let known = [
                "resourceId",
                "resourceOwner",
                "roles",
                "roleAssignments",
                "directoryId",
                "userDirectoryStatus",
            ];
            drift.fields("role_assignment", first.get(), &known);
        }
        let methods = assignments
            .iter()
            .flat_map(|assignment| assignment.role_assignments.iter().flatten());
        for method in methods.flat_map(|role| role.role_assignment_methods.iter().flatten()) {
            drift.value(
                "role_assignment.method",
                Some(method),
                &["inferred", "direct", "group_direct"],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_a_group_are_read_flat_and_nested() {
        let flat: GroupRoleAssignment =
            serde_json::from_str(r#"{"resourceId":"r","roles":["a","b"]}"#).unwrap();
        let nested: GroupRoleAssignment =
            serde_json::from_str(r#"{"resourceId":"r","roles":[["a"],["b"]]}"#).unwrap();
        let absent: GroupRoleAssignment = serde_json::from_str(r#"{"resourceId":"r"}"#).unwrap();
        assert_eq!(flat.roles, ["a", "b"]);
        assert_eq!(nested.roles, flat.roles);
        assert!(absent.roles.is_empty());
    }
}
