//! Accounts of a directory, with their groups, platform roles, activity and counts.

use atlassian::Page;
use atlassian::wire::Account;
use model::{AccountId, Attributes, DirectoryId, Fact, GroupId, Person, RoleId};
use store::{ActivityRow, Hint, HintRow, Observation};

/// What a page of a directory's accounts says.
pub(crate) fn account_page(directory: &DirectoryId, page: &Page<Account>) -> Observation {
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for account in page.items.iter().filter(|account| !account.account_id.is_empty()) {
        add_account(&mut observation, directory, account);
    }
    observation
}

/// What a page of a group's members says.
pub(crate) fn members_page(group: &str, page: &Page<Account>) -> Observation {
    let group = GroupId::new(group);
    let members = page.items.iter().filter(|account| !account.account_id.is_empty());
    let facts = members.map(|account| Fact::membership(&group, &AccountId::new(&account.account_id)));
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

fn add_account(observation: &mut Observation, directory: &DirectoryId, account: &Account) {
    let id = AccountId::new(&account.account_id);
    let facts = &mut observation.facts;
    facts.push(Fact::account(&id, account_attributes(account)));
    facts.push(Fact::directory_membership(
        directory,
        &id,
        membership_attributes(account),
    ));
    for group in account
        .groups
        .iter()
        .flatten()
        .filter(|group| !group.id.is_empty())
    {
        facts.push(Fact::membership(&GroupId::new(&group.id), &id));
    }
    for role in account.platform_roles.iter().flatten() {
        facts.push(Fact::platform_role(&id, &RoleId::new(role)));
    }
    observation.people.push(Person {
        account: id.clone(),
        attributes: person_attributes(account),
    });
    for product in account.product_access.iter().flatten() {
        if let Some(resource) = &product.id {
            observation.activity.push(ActivityRow {
                account: account.account_id.clone(),
                resource: resource.clone(),
                last_active_at: product.last_active_timestamp.as_deref().and_then(instant_ms),
            });
        }
    }
    if let Some(resources) = account.counts.as_ref().and_then(|counts| counts.resources) {
        observation.hints.push(HintRow {
            hint: Hint::AccountResources,
            key: [account.account_id.clone(), String::new()],
            number: resources,
        });
    }
}

fn account_attributes(account: &Account) -> Attributes {
    Attributes::new()
        .with("type", account.account_type.clone())
        .with("status", account.account_status.clone())
        .with("claim_status", account.claim_status.clone())
        .with("mfa_enabled", account.mfa_enabled)
        .with("deactivated_on", account.deactivated_on.clone())
        .with("for_deletion", account.for_deletion)
}

fn membership_attributes(account: &Account) -> Attributes {
    Attributes::new()
        .with("status", account.membership_status.clone())
        .with("composite_status", account.status.clone())
        .with("added_at", account.added_to_org.clone())
        .with("management_source", account.management_source.clone())
}

fn person_attributes(account: &Account) -> Attributes {
    Attributes::new()
        .with("name", account.name.clone())
        .with("nickname", account.nickname.clone())
        .with("email", account.email.clone())
        .with("email_verified", account.email_verified)
        .with("job_title", account.job_title.clone())
        .with("department", account.department.clone())
        .with("organization", account.organization.clone())
        .with("location", account.location.clone())
        .with("time_zone", account.time_zone.clone())
}

/// An instant as Atlassian writes it, in milliseconds since the epoch.
pub(crate) fn instant_ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(|instant| instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::FactKind;

    fn page(json: &str) -> Page<Account> {
        Page {
            items: vec![serde_json::from_str(json).unwrap()],
            next: None,
            sent_at: 5,
        }
    }

    #[test]
    fn an_expanded_account_becomes_its_facts() {
        let page = page(
            r#"{"accountId":"a1","accountType":"atlassian","accountStatus":"active","membershipStatus":"suspended",
               "email":"a@example.org","groups":[{"id":"g1","name":"x"}],"platformRoles":["atlassian/org-admin"],
               "counts":{"resources":3},"productAccess":[{"key":"confluence","id":"r1","lastActiveTimestamp":"2026-11-19T08:12:00Z"}]}"#,
        );
        let observation = account_page(&DirectoryId::new("d1"), &page);
        let kinds: Vec<FactKind> = observation.facts.iter().map(|fact| fact.kind).collect();
        assert_eq!(
            kinds,
            [
                FactKind::Account,
                FactKind::DirectoryMembership,
                FactKind::Membership,
                FactKind::PlatformRole
            ]
        );
        assert_eq!(observation.facts[1].attributes.text("status"), Some("suspended"));
        assert_eq!(observation.activity[0].last_active_at, Some(1_795_075_920_000));
        assert_eq!(observation.hints[0].number, 3);
    }

    #[test]
    fn what_is_absent_is_not_told() {
        let observation = account_page(&DirectoryId::new("d1"), &page(r#"{"accountId":"a1"}"#));
        assert!(observation.facts[0].attributes.is_empty());
        assert!(observation.people[0].attributes.is_empty());
    }
}
