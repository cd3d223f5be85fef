//! Users and groups of a SCIM directory.

use atlassian::Page;
use atlassian::wire::{ScimGroup, ScimUser};
use model::{AccountId, Attributes, Fact, Person, ScimDirectoryId, ScimGroupId, ScimUserId};
use store::Observation;

/// What a page of users says. A user's name describes a person and is kept where people can be erased.
pub(crate) fn scim_users_page(directory: &ScimDirectoryId, page: &Page<ScimUser>) -> Observation {
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for user in page.items.iter().filter(|user| !user.id.is_empty()) {
        let account = user.account_id().map(AccountId::new);
        let attributes = Attributes::new().with("active", user.active);
        let id = ScimUserId::new(&user.id);
        observation
            .facts
            .push(Fact::scim_user(&id, directory, account.as_ref(), attributes));
        observation.people.push(Person {
            account: AccountId::new(&user.id),
            attributes: Attributes::new().with("email", user.user_name.clone()),
        });
    }
    observation
}

/// What a page of groups says.
pub(crate) fn scim_groups_page(directory: &ScimDirectoryId, page: &Page<ScimGroup>) -> Observation {
    let groups = page.items.iter().filter(|group| !group.id.is_empty());
    let facts = groups.map(|group| {
        let attributes = Attributes::new().with("name", group.display_name.clone());
        Fact::scim_group(&ScimGroupId::new(&group.id), directory, attributes)
    });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_user_name_is_told_of_the_person_and_the_link_is_part_of_the_fact() {
        let users = json!([
            { "id": "s-1", "userName": "ada@example.org", "active": false,
              "urn:scim:schemas:extension:atlassian-external:1.0": { "atlassianAccountId": "a-1" } },
            { "id": "s-2", "userName": "new@example.org" },
            { "userName": "lost" },
        ]);
        let page = Page {
            items: serde_json::from_value(users).unwrap(),
            next: None,
            sent_at: 5,
        };
        let observation = scim_users_page(&ScimDirectoryId::from("d"), &page);
        let keys: Vec<_> = observation.facts.iter().map(|fact| fact.key.clone()).collect();
        assert_eq!(
            keys,
            [["s-1", "d", "a-1"], ["s-2", "d", ""]].map(|key| key.map(str::to_owned))
        );
        assert_eq!(observation.facts[0].attributes.flag("active"), Some(false));
        assert!(observation.facts[0].attributes.text("email").is_none());
        assert_eq!(
            observation.people[0].attributes.text("email"),
            Some("ada@example.org")
        );
    }
}
