//! What events name that may have changed.
//!
//! Atlassian publishes no complete list of actions (API facts, 7.4 and 18), so there are three sorts: those that change
//! nothing we keep, by a list that somebody reviewed; those we know, which name exactly what to read; and all others,
//! whose objects are read again once in a while.

use atlassian::wire::{Event, EventSubject};
use model::Family;
use std::collections::BTreeSet;
use store::Dirty;

/// Actions that change nothing that is kept. An action is added only by somebody who knows that it does not.
const WITHOUT_EFFECT: [&str; 9] = [
    "user_login",
    "user_login_failed",
    "user_logout",
    "user_sso_login",
    "user_logged_in_as_user",
    // Merely reading the list of users is logged, our own readings too.
    "organization_users_viewed",
    "confluence_audit_record_removed_content_restriction",
    "marketplace_app_installed",
    "marketplace_app_uninstalled",
];

/// Lists follow a change within one or two seconds (API facts, 2.5).
const LAG_MS: i64 = 2_000;
/// Roles on the organization within 30; how long removing an account takes is not told, so as long.
const LONG_LAG_MS: i64 = 30_000;

/// Something to be read again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// An account: its row in every directory, with its groups.
    Account(String),
    /// The roles that an account holds, one by one.
    Holdings(String),
    /// A group: its row and the roles it gives.
    Group(String),
    /// The members of a group.
    Members(String),
    /// Whether an account is in a group, where its row does not tell all its groups.
    Membership { group: String, account: String },
    /// A list as a whole.
    List(Family),
}

impl Named {
    /// The words under which the store keeps it.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Named::Account(id) => ("account", id.clone()),
            Named::Holdings(id) => ("holdings", id.clone()),
            Named::Group(id) => ("group", id.clone()),
            Named::Members(id) => ("members", id.clone()),
            // No id holds a space.
            Named::Membership { group, account } => ("membership", format!("{group} {account}")),
            Named::List(family) => ("list", family.name().to_owned()),
        }
    }

    /// What was kept under these words; `None` for words of another version.
    pub fn from_words(kind: &str, id: &str) -> Option<Named> {
        let id_owned = id.to_owned();
        Some(match kind {
            "account" => Named::Account(id_owned),
            "holdings" => Named::Holdings(id_owned),
            "group" => Named::Group(id_owned),
            "members" => Named::Members(id_owned),
            "membership" => {
                let (group, account) = id.split_once(' ')?;
                Named::Membership {
                    group: group.to_owned(),
                    account: account.to_owned(),
                }
            }
            "list" => Named::List(Family::from_name(id)?),
            _ => return None,
        })
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Nothing,
    /// The accounts it names, and whether their roles too.
    Accounts {
        with_roles: bool,
    },
    /// Accounts that came into groups or left them.
    Members,
    /// The groups it names.
    Groups,
    /// A role on the organization, of an account or a group.
    OrganizationRole,
    List(Family),
    Settings,
    ServiceAccounts,
    /// Not known.
    Unknown,
}

/// The action's meaning. Names in the spelling of maintained sources first; those of one unofficial list beside them
/// (API facts, 7.4).
fn meaning(action: &str) -> Meaning {
    use Meaning::{Accounts, Groups, List, Members, OrganizationRole};
    if WITHOUT_EFFECT.contains(&action) {
        return Meaning::Nothing;
    }
    match action {
        "user_added_to_group" | "user_removed_from_group" => Members,
        "user_granted_role"
        | "user_revoked_role"
        | "product_access_granted"
        | "product_access_revoked"
        | "user_created"
        | "user_invitation_sent"
        | "user_removed"
        | "user_suspended"
        | "user_reactivated"
        | "user_deactivated" => Accounts { with_roles: true },
        "user_profile_updated"
        | "user_email_changed"
        | "user_deletion_scheduled"
        | "user_deletion_cancelled"
        | "user_unlinked"
        | "twosv_disabled_for_user" => Accounts { with_roles: false },
        "group_created" | "group_deleted" | "group_updated" | "group_granted_role" | "group_revoked_role" => {
            Groups
        }
        "added_org_admin"
        | "removed_org_admin"
        | "org_admin_added"
        | "org_admin_removed"
        | "group_granted_admin_access" => OrganizationRole,
        "api_token_created" | "api_token_revoked" | "user_api_token_created" | "user_api_token_revoked" => {
            List(Family::ApiTokens)
        }
        "api_key_created" | "api_key_revoked" => List(Family::ApiKeys),
        "service_account_created" | "service_account_updated" | "service_account_deleted" => {
            Meaning::ServiceAccounts
        }
        "org_settings_update" => Meaning::Settings,
        _ if action.starts_with("policy_") || action.ends_with("_policy_update") => List(Family::Policies),
        _ => Meaning::Unknown,
    }
}

/// How long after it happened what an action changed can be read, in milliseconds.
pub(crate) fn lag_ms(action: &str) -> i64 {
    match meaning(action) {
        Meaning::OrganizationRole => LONG_LAG_MS,
        _ if action == "user_removed" => LONG_LAG_MS,
        _ => LAG_MS,
    }
}

/// What an event names that is to be read again.
pub(crate) fn named(event: &Event) -> BTreeSet<Named> {
    let action = event.attributes.action.as_deref().unwrap_or_default();
    let ids = |kinds: &[&str]| -> Vec<String> {
        let is_of =
            |subject: &&EventSubject| subject.kind.as_deref().is_some_and(|kind| kinds.contains(&kind));
        let subjects = event.attributes.context.iter().filter(is_of);
        let ids = subjects.filter_map(|subject| subject.id.clone());
        ids.filter(|id| !id.is_empty() && !id.contains(' ')).collect()
    };
    let accounts = ids(&["users", "invited-user"]);
    let groups = ids(&["groups"]);
    let mut all = BTreeSet::new();
    let add_accounts = |all: &mut BTreeSet<Named>, with_roles: bool| {
        all.extend(accounts.iter().cloned().map(Named::Account));
        if with_roles {
            all.extend(accounts.iter().cloned().map(Named::Holdings));
        }
    };
    match meaning(action) {
        Meaning::Nothing => {}
        Meaning::Accounts { with_roles } => add_accounts(&mut all, with_roles),
        Meaning::Members => {
            add_accounts(&mut all, false);
            for group in &groups {
                if accounts.is_empty() {
                    all.insert(Named::Members(group.clone()));
                }
                all.extend(accounts.iter().map(|account| Named::Membership {
                    group: group.clone(),
                    account: account.clone(),
                }));
            }
        }
        Meaning::Groups => all.extend(groups.into_iter().map(Named::Group)),
        Meaning::OrganizationRole => {
            add_accounts(&mut all, true);
            all.extend(groups.into_iter().map(Named::Group));
        }
        Meaning::List(family) => {
            all.insert(Named::List(family));
        }
        Meaning::Settings => {
            all.insert(Named::List(Family::Domains));
            all.insert(Named::List(Family::Policies));
        }
        Meaning::ServiceAccounts => {
            all.insert(Named::List(Family::ServiceAccounts));
            add_accounts(&mut all, true);
        }
        Meaning::Unknown => {
            add_accounts(&mut all, true);
            all.extend(groups.iter().cloned().map(Named::Members));
            all.extend(groups.into_iter().map(Named::Group));
            if !ids(&["sites"]).is_empty() {
                all.insert(Named::List(Family::Workspaces));
            }
            if !ids(&["policies"]).is_empty() {
                all.insert(Named::List(Family::Policies));
            }
        }
    }
    all
}

/// What an event names, as the store keeps it. `happened_at` in milliseconds since the epoch.
pub(crate) fn dirty(event: &Event, happened_at: i64) -> Vec<Dirty> {
    let action = event.attributes.action.as_deref().unwrap_or_default();
    let is_unknown = meaning(action) == Meaning::Unknown;
    let due_at = happened_at + lag_ms(action);
    let row = |named: Named| {
        let (kind, id) = named.words();
        Dirty {
            kind: kind.to_owned(),
            id,
            due_at,
            is_unknown,
        }
    };
    named(event).into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(action: &str, context: &str) -> Event {
        let text = format!(r#"{{"id":"e","attributes":{{"action":"{action}","context":{context}}}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn account(id: &str) -> Named {
        Named::Account(id.into())
    }

    const BOTH: &str = r#"[{"id":"a1","type":"users"},{"id":"g1","type":"groups"}]"#;

    #[test]
    fn a_view_and_a_log_in_name_nothing() {
        assert!(named(&event("organization_users_viewed", BOTH)).is_empty());
        assert!(named(&event("user_login", BOTH)).is_empty());
    }

    #[test]
    fn who_came_into_a_group_is_read_and_the_group_is_not() {
        let membership = Named::Membership {
            group: "g1".into(),
            account: "a1".into(),
        };
        let all = named(&event("user_added_to_group", BOTH));
        assert_eq!(all, BTreeSet::from([account("a1"), membership]));
        let bare = named(&event("user_added_to_group", r#"[{"id":"g1","type":"groups"}]"#));
        assert_eq!(bare, BTreeSet::from([Named::Members("g1".into())]));
    }

    #[test]
    fn an_unknown_action_names_all_its_objects() {
        let all = named(&event("something_new", BOTH));
        assert!(all.contains(&account("a1")) && all.contains(&Named::Group("g1".into())));
        assert!(
            dirty(&event("something_new", BOTH), 5)
                .iter()
                .all(|one| one.is_unknown)
        );
        assert!(
            dirty(&event("user_created", BOTH), 5)
                .iter()
                .all(|one| !one.is_unknown)
        );
    }

    #[test]
    fn roles_on_the_organization_are_waited_for() {
        let due = dirty(&event("added_org_admin", BOTH), 1_000);
        assert!(due.iter().all(|one| one.due_at == 31_000));
    }

    proptest! {
        #[test]
        fn what_is_named_is_found_under_its_words(group in "[a-z0-9:-]{1,8}", account in "[a-z0-9:-]{1,8}", action in "[a-z_]{0,20}") {
            let context = format!(r#"[{{"id":"{account}","type":"users"}},{{"id":"{group}","type":"groups"}},{{"id":"s","type":"sites"}}]"#);
            for one in named(&event(&action, &context)) {
                let (kind, id) = one.words();
                prop_assert_eq!(Named::from_words(kind, &id), Some(one));
            }
        }
    }
}
